/* Philox against Random123's known answers, and the distributions against their moments and ranges. */
#include "support/test.h"

#include "core/stream.h"

/* Known-answer vectors of Random123's kat_vectors file for philox4x32-10 (counter, key -> output). */
static void philox_known_answers(void **state) {
  (void)state;
  static const struct {
    uint32_t counter[4], key[2], out[4];
  } kat[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (size_t k = 0; k < sizeof kat / sizeof *kat; k++) {
    wlaw_stream stream = wlaw_stream_start(0, STREAM_TEST, 0, 0);
    memcpy(stream.counter, kat[k].counter, sizeof stream.counter);
    memcpy(stream.key, kat[k].key, sizeof stream.key);
    for (int i = 0; i < 4; i++) assert_int_equal(wlaw_stream_u32(&stream), kat[k].out[i]);
  }
}

/* Means of n draws against the law's, z-limit 4.5 (false alarm 7e-6 each); fixed seed, so the test is deterministic. */
static void moments(void **state) {
  (void)state;
  enum { N = 1 << 20 };
  wlaw_stream stream = wlaw_stream_start(7, STREAM_TEST, 1, 0);
  double sum[4] = {0}, low = 1, high = 0;
  for (int i = 0; i < N; i++) {
    const double u = wlaw_stream_uniform(&stream);
    if (u < low) low = u;
    if (u > high) high = u;
    sum[0] += u;
  }
  assert_true(low >= 0.0 && high < 1.0);
  check_near((sum[0] / N - 0.5) / sqrt(1.0 / 12 / N), 0.0, 4.5);

  static double z[N];
  wlaw_stream_normals(&stream, z, N);
  memset(sum, 0, sizeof sum);
  for (int i = 0; i < N; i++)
    for (int k = 0; k < 4; k++) sum[k] += pow(z[i], k + 1);
  const double mean[4] = {0, 1, 0, 3}, variance[4] = {1, 2, 15, 96};
  for (int k = 0; k < 4; k++) check_near((sum[k] / N - mean[k]) / sqrt(variance[k] / N), 0.0, 4.5);

  const double shapes[] = {0.05, 0.7, 1.0, 3.5, 400.0};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    const double a = shapes[s];
    double first = 0, second = 0;
    for (int i = 0; i < N; i++) {
      const double g = wlaw_stream_gamma(&stream, a);
      first += g;
      second += g * g;
    }
    check_near((first / N - a) / sqrt(a / N), 0.0, 4.5);
    /* Var(g^2) = a(a+1)(a+2)(a+3) - a^2(a+1)^2 */
    check_near((second / N - a * (a + 1)) / sqrt((a * (a + 1) * ((a + 2) * (a + 3) - a * (a + 1))) / N), 0.0, 4.5);
  }
}

static void normals_do_not_depend_on_the_call_pattern(void **state) {
  (void)state;
  double whole[64], parts[64];
  wlaw_stream a = wlaw_stream_start(1, STREAM_TEST, 2, 0), b = a;
  wlaw_stream_normals(&a, whole, 64);
  for (int i = 0; i < 64; i += 16) wlaw_stream_normals(&b, parts + i, 16);
  assert_memory_equal(whole, parts, sizeof whole);
}

/* Pearson's chi-squared of the first shuffled element and of below(): 10 cells, 9 degrees, limit 33.7 (p = 1e-4). */
static void shuffle_and_below(void **state) {
  (void)state;
  enum { N = 200000, CELLS = 10 };
  double shuffled[CELLS] = {0}, below[CELLS] = {0};
  for (uint32_t i = 0; i < N; i++) {
    wlaw_stream stream = wlaw_stream_start(3, STREAM_TEST, i, 5);
    uint32_t order[CELLS];
    wlaw_stream_shuffle(&stream, order, CELLS);
    unsigned seen = 0;
    for (int k = 0; k < CELLS; k++) seen |= 1u << order[k];
    assert_int_equal(seen, (1u << CELLS) - 1);
    shuffled[order[0]]++;
    below[wlaw_stream_below(&stream, CELLS)]++;
  }
  double x2[2] = {0};
  for (int k = 0; k < CELLS; k++) {
    x2[0] += pow(shuffled[k] - N / CELLS, 2) / (N / CELLS);
    x2[1] += pow(below[k] - N / CELLS, 2) / (N / CELLS);
  }
  check_near(x2[0], 0, 33.7);
  check_near(x2[1], 0, 33.7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(philox_known_answers),
      cmocka_unit_test(moments),
      cmocka_unit_test(normals_do_not_depend_on_the_call_pattern),
      cmocka_unit_test(shuffle_and_below),
  };
  return cmocka_run_group_tests_name("core.stream", tests, NULL, NULL);
}
