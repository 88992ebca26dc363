/* Jumps of the limit: lists of decreasing jumps with the mean of the rest have the laws that (a, rho) say. */
#include "math/special.h"
#include "nodes.h"
#include "support/alloc_fail.h"

static wlaw_stream stream_of(uint32_t number) { return wlaw_stream_start(1972, STREAM_TEST, number, 0); }

static void draw(node_jumps *jumps, const wlaw_law *law, double threshold, size_t most, wlaw_stream *stream) {
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_node_jumps_draw(jumps, law, threshold, most, stream, err));
  wlaw_error_free(err);
}

static double sum_of(const node_jumps *jumps) {
  double sum = 0;
  for (size_t j = 0; j < jumps->n; j++) sum += jumps->values[j];
  return sum;
}

/* Transforms of jumps above a threshold, the rest by its mean. The rest is replaced by its mean with a variance v left
 * out: E exp(-s Lambda) is too small by a factor exp(-s^2 v / 2) at most. */
static void lists_have_the_transforms(void **state) {
  (void)state;
  static const double s[] = {0.05, 0.5, 1, 3}, v = 1e-4;
  node_jumps jumps = {0};
  for (size_t i = 0; i < ALL_LAWS; i++) {
    wlaw_law *law = law_of(any_law(i));
    wlaw_stream stream = stream_of((uint32_t)i);
    tally transforms[4] = {{0}};
    const double threshold = wlaw_node_threshold(law, v);
    for (size_t k = 0; k < (size_t)(10000 * EFFORT); k++) {
      draw(&jumps, law, threshold, SIZE_MAX, &stream);
      const double sum = sum_of(&jumps) + jumps.residual;
      for (size_t j = 0; j < 4; j++) tally_add(&transforms[j], exp(-s[j] * sum));
    }
    for (size_t j = 0; j < 4; j++) {
      const double want = exp(-wlaw_node_exponent(law, s[j]));
      check_tally(&transforms[j], want, want * (s[j] * s[j] * v / 2 + 1e-12), any_law(i));
    }
    wlaw_law_free(law);
  }
  wlaw_node_jumps_free(&jumps);
}

/* A fixed number of jumps: without the rest a list of ten horseshoe jumps is off by 0.0155 at s = 1/2, with it (to mean
 * E t(jump 10)) within what is left out, s^2 / 2 of a variance near 16 / (3 10^3): 7e-4 of the transform. Two hundred
 * jumps: nothing to see at all. */
static void fixed_numbers_of_jumps(void **state) {
  (void)state;
  wlaw_law *law = law_of("horseshoe");
  wlaw_stream stream = stream_of(50);
  node_jumps jumps = {0};
  tally bare = {0}, ten = {0}, many = {0};
  const double want = exp(-wlaw_node_exponent(law, 0.5));
  for (size_t k = 0; k < (size_t)(40000 * EFFORT); k++) {
    draw(&jumps, law, 0, 10, &stream);
    assert_true(jumps.n == 10 && jumps.cut == jumps.values[9]);
    tally_add(&bare, exp(-0.5 * sum_of(&jumps)));
    tally_add(&ten, exp(-0.5 * (sum_of(&jumps) + jumps.residual)));
    if (k % 4) continue;
    draw(&jumps, law, 0, 200, &stream);
    tally_add(&many, exp(-0.5 * (sum_of(&jumps) + jumps.residual)));
  }
  check_tally(&bare, want + 0.0155, 0.0005, "ten jumps alone");
  check_tally(&ten, want, 0.001 * want, "ten jumps and the mean of the rest");
  check_tally(&many, want, 1e-5, "two hundred jumps");
  wlaw_node_jumps_free(&jumps);
  wlaw_law_free(law);
}

/* The cut is the threshold. Were it the last jump above (or everything, where there is none), the mean of jumps and
 * rest would be 2.50, 2.27 and 2.11 in place of 2 (to two decimals, from draws: 0.01). */
static void threshold_does_not_peek(void **state) {
  (void)state;
  static const double thresholds[] = {0.3, 0.1, 0.03}, peeking[] = {2.50, 2.27, 2.11};
  wlaw_law *law = law_of("beta");
  node_jumps jumps = {0};
  for (size_t i = 0; i < 3; i++) {
    wlaw_stream stream = stream_of((uint32_t)(60 + i));
    tally right = {0}, wrong = {0};
    for (size_t k = 0; k < (size_t)(40000 * EFFORT); k++) {
      draw(&jumps, law, thresholds[i], SIZE_MAX, &stream);
      assert_true(jumps.cut == thresholds[i]);
      tally_add(&right, sum_of(&jumps) + jumps.residual);
      const double last = jumps.n ? jumps.values[jumps.n - 1] : INFINITY;
      tally_add(&wrong, sum_of(&jumps) + wlaw_node_truncated_mean(law, last));
    }
    check_tally(&right, 2, 0, "mean of jumps and rest");
    check_tally(&wrong, peeking[i], 0.01, "mean when the last jump is the cut");
  }
  wlaw_node_jumps_free(&jumps);
  wlaw_law_free(law);
}

/* How many exceed a threshold is Poisson of mean rhobar, hence variance too: (n - m)^2 has mean m. Largest and third
 * largest: rhobar of them is Gamma(1) and Gamma(3). */
static void counts_and_order(void **state) {
  (void)state;
  const size_t n = (size_t)(10000 * EFFORT);
  double *first = malloc(n * sizeof *first), *third = malloc(n * sizeof *third);
  node_jumps jumps = {0};
  assert_non_null(first);
  assert_non_null(third);
  for (size_t i = 0; i < CONTINUOUS_LAWS; i++) {
    const char *text = continuous_laws[i];
    wlaw_law *law = law_of(text);
    wlaw_stream stream = stream_of((uint32_t)(100 + i));
    const double threshold = wlaw_node_jump(law, 6);
    tally count = {0}, square = {0};
    for (size_t k = 0; k < n; k++) {
      draw(&jumps, law, threshold, SIZE_MAX, &stream);
      tally_add(&count, (double)jumps.n);
      tally_add(&square, ((double)jumps.n - 6) * ((double)jumps.n - 6));
      for (size_t j = 0; j < jumps.n; j++) {
        assert_true(jumps.values[j] > threshold);
        assert_true(!j || jumps.values[j] < jumps.values[j - 1] || jumps.values[j] > 1 - 1e-15);
      }
      draw(&jumps, law, 0, 3, &stream);
      first[k] = wlaw_gamma_lower(1, wlaw_node_tail(law, jumps.values[0]));
      third[k] = wlaw_gamma_lower(3, wlaw_node_tail(law, jumps.values[2]));
    }
    check_tally(&count, 6, 0, text);
    check_tally(&square, 6, 0, text);
    /* beta(b = 0.05): a jump within rounding of 1 has no rhobar */
    if (!strstr(text, "b=0.05")) check_uniform(first, n, 0, text);
    if (!strstr(text, "b=0.05")) check_uniform(third, n, 0, text);
    wlaw_law_free(law);
  }
  wlaw_node_jumps_free(&jumps);
  free(first);
  free(third);
}

/* Of a layer's weights into one output, the j-th largest square is 8 / (pi Gamma_j^2) for the horseshoe of c = pi: a
 * Poisson process of squares W^2 = lambda N^2 has the tail E rhobar(x / N^2). Here the largest three of 400 jumps. */
static void squared_weights_are_ordered(void **state) {
  (void)state;
  const size_t n = (size_t)(4000 * EFFORT);
  const double pi = acos(-1.0);
  double *u = malloc(n * sizeof *u), squares[400], v[400];
  wlaw_law *law = law_of("horseshoe");
  wlaw_stream stream = stream_of(200);
  node_jumps jumps = {0};
  assert_non_null(u);
  for (size_t k = 0; k < n; k++) {
    draw(&jumps, law, 0, 400, &stream);
    wlaw_stream_normals(&stream, v, 400);
    for (size_t j = 0; j < 400; j++) squares[j] = jumps.values[j] * v[j] * v[j];
    qsort(squares, 400, sizeof *squares, ascending);
    u[k] = wlaw_gamma_lower(3, sqrt(8 / (pi * squares[397])));
  }
  check_uniform(u, n, 0, "third largest squared weight");
  wlaw_node_jumps_free(&jumps);
  wlaw_law_free(law);
  free(u);
}

/* Same stream, same jumps; a higher threshold or a smaller number keeps the first of them. */
static void lists_are_prefixes(void **state) {
  (void)state;
  wlaw_law *law = law_of("gbfry");
  wlaw_stream streams[3] = {stream_of(300), stream_of(300), stream_of(300)};
  node_jumps all = {0}, few = {0}, high = {0};
  draw(&all, law, 1e-4, SIZE_MAX, &streams[0]);
  draw(&few, law, 1e-4, 5, &streams[1]);
  draw(&high, law, 1e-2, SIZE_MAX, &streams[2]);
  assert_true(few.n == 5 && high.n > 0 && high.n < all.n && all.n > 5);
  assert_memory_equal(few.values, all.values, 5 * sizeof(double));
  assert_memory_equal(high.values, all.values, high.n * sizeof(double));
  assert_true(high.cut == 1e-2);
  check_near(few.residual, wlaw_node_truncated_mean(law, few.values[4]), 1e-12);
  wlaw_node_jumps_free(&all);
  wlaw_node_jumps_free(&few);
  wlaw_node_jumps_free(&high);
  wlaw_law_free(law);
}

/* Atoms: a list that ends within an atom leaves the rest of the atom, not all of it. */
static void atoms(void **state) {
  (void)state;
  wlaw_law *law = law_of("bernoulli(c=5)");
  wlaw_stream stream = stream_of(201);
  node_jumps jumps = {0};
  tally all = {0}, two = {0}, square = {0};
  for (size_t k = 0; k < (size_t)(40000 * EFFORT); k++) {
    draw(&jumps, law, 0, SIZE_MAX, &stream);
    assert_true(jumps.residual == 0 && sum_of(&jumps) == (double)jumps.n);
    tally_add(&all, (double)jumps.n);
    tally_add(&square, ((double)jumps.n - 5) * ((double)jumps.n - 5));
    draw(&jumps, law, 0, 2, &stream);
    tally_add(&two, sum_of(&jumps) + jumps.residual);
  }
  check_tally(&all, 5, 0, "number of ones");
  check_tally(&square, 5, 0, "variance of the number of ones");
  check_tally(&two, 5, 0, "two ones and the mean of the rest");
  draw(&jumps, law, wlaw_node_threshold(law, 6), SIZE_MAX, &stream);
  assert_true(jumps.n == 0 && jumps.residual == 5); /* everything replaced by its mean, as asked */
  wlaw_node_jumps_free(&jumps);
  wlaw_law_free(law);
}

/* Laws whose jumps are no chance: those above the threshold, and what they leave of c. */
static void fixed_jumps(void **state) {
  (void)state;
  wlaw_law *law = law_of("powerlaw(s=2,c=3)"), *flat = law_of("powerlaw(s=1,c=3)"), *one = law_of("constant(c=4)");
  wlaw_stream stream = stream_of(202);
  const double unit = 3 / (acos(-1.0) * acos(-1.0) / 6);
  node_jumps jumps = {0};
  draw(&jumps, law, unit / 50, SIZE_MAX, &stream);
  assert_int_equal(jumps.n, 7);
  for (size_t j = 0; j < 7; j++) check_near(jumps.values[j], unit / (double)((j + 1) * (j + 1)), 1e-14);
  check_near(sum_of(&jumps) + jumps.residual, 3, 1e-13);
  draw(&jumps, law, 0, 5, &stream);
  assert_true(jumps.n == 5 && jumps.cut == jumps.values[4]);
  check_near(sum_of(&jumps) + jumps.residual, 3, 1e-13);
  draw(&jumps, flat, 0, SIZE_MAX, &stream);
  assert_true(jumps.n == 0 && jumps.residual == 3);
  draw(&jumps, one, 0.5, SIZE_MAX, &stream);
  assert_true(jumps.n == 0 && jumps.residual == 4);
  wlaw_node_jumps_free(&jumps);
  wlaw_law_free(law);
  wlaw_law_free(flat);
  wlaw_law_free(one);
}

static wlaw_status draw_many(void *context, wlaw_error *err) {
  wlaw_stream stream = stream_of(203);
  node_jumps jumps = {0};
  const wlaw_status status = wlaw_node_jumps_draw(&jumps, context, 0, 100, &stream, err);
  wlaw_node_jumps_free(&jumps);
  return status;
}

static wlaw_status draw_matrix(void *context, wlaw_error *err) {
  double out[40];
  return wlaw_law_draw(context, out, 1, 4, 10, 1, 0, err);
}

static void allocations_may_fail(void **state) {
  (void)state;
  wlaw_law *law = law_of("horseshoe");
  alloc_fail_each(draw_many, law);
  alloc_fail_each(draw_matrix, law);
  wlaw_law_free(law);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lists_have_the_transforms),
      cmocka_unit_test(fixed_numbers_of_jumps),
      cmocka_unit_test(threshold_does_not_peek),
      cmocka_unit_test(counts_and_order),
      cmocka_unit_test(squared_weights_are_ordered),
      cmocka_unit_test(lists_are_prefixes),
      cmocka_unit_test(atoms),
      cmocka_unit_test(fixed_jumps),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests_name("law.node_jumps", tests, NULL, NULL);
}
