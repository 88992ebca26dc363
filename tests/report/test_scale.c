/* Ticks on known ranges, and the properties every scale has whatever its range. */
#include "support/test.h"

#include "core/stream.h"
#include "report/scale.h"

static void check_ticks(scale_kind kind, double low, double high, size_t wanted, const char *want) {
  scale_ticks ticks;
  const scale made = wlaw_scale_make(&ticks, kind, (data_range){low, high}, wanted);
  char got[256] = "";
  for (size_t i = 0; i < ticks.n; i++) {
    strcat(got, i ? " " : "");
    strcat(got, wlaw_tick_text(&ticks, i).s);
  }
  assert_string_equal(got, want);
  assert_true(made.low < made.high);
}

static void known_ranges(void **state) {
  (void)state;
  check_ticks(SCALE_LINEAR, 0, 1, 5, "0.0 0.2 0.4 0.6 0.8 1.0");
  check_ticks(SCALE_LINEAR, 0.0013, 0.0027, 4, "0.0010 0.0015 0.0020 0.0025 0.0030");
  check_ticks(SCALE_LINEAR, -3.1, 4.2, 5,
              "\xe2\x88\x92"
              "4 \xe2\x88\x92"
              "2 0 2 4 6");
  check_ticks(SCALE_LINEAR, 5, 5, 4, "4.5 5.0 5.5"); /* no width: a tenth either side */
  check_ticks(SCALE_INTEGER, 0, 10, 6, "0 2 4 6 8 10");
  check_ticks(SCALE_INTEGER, 0, 3, 6, "0 1 2 3");
  check_ticks(SCALE_INTEGER, 0, 47, 6, "0 10 20 30 40");
  check_ticks(SCALE_LOG, 0.0013, 1.9, 6, "0.001 0.01 0.1 1");
  check_ticks(SCALE_LOG, 3, 40, 6, "2 5 10 20 50");
  check_ticks(SCALE_LINEAR, 1, -1, 5, "0.0 0.2 0.4 0.6 0.8 1.0"); /* empty */
}

static void ends_are_pixels(void **state) {
  (void)state;
  scale_ticks ticks;
  scale made = wlaw_scale_make(&ticks, SCALE_LOG, (data_range){0.01, 100}, 5);
  made.from = 200;
  made.to = 0;
  check_near(wlaw_scale_at(&made, 0.01), 200, 1e-9);
  check_near(wlaw_scale_at(&made, 1), 100, 1e-9);
  check_near(wlaw_scale_at(&made, 1e9), 0, 1e-9); /* clamped */
  assert_true(isnan(wlaw_scale_at(&made, 0)));
  assert_true(isnan(wlaw_scale_at(&made, -1)));
  assert_true(isnan(wlaw_scale_at(&made, NAN)));
  assert_true(isnan(wlaw_scale_at(&made, INFINITY)));
}

/* Any range, hostile ones too: the scale covers it, ticks ascend inside the scale, no label is empty. */
static void any_range(void **state) {
  (void)state;
  static const double corners[] = {0, 1, -1, 1e-300, -1e-300, 1e308, -1e308, 5e-324, 1e-9, 123.456, NAN, INFINITY};
  enum { CORNERS = sizeof corners / sizeof *corners, RANDOM = 2000 };
  wlaw_stream stream = wlaw_stream_start(11, STREAM_TEST, 0, 0);
  for (size_t trial = 0; trial < CORNERS * CORNERS + RANDOM; trial++) {
    double a = corners[trial % CORNERS], b = corners[trial / CORNERS % CORNERS];
    if (trial >= CORNERS * CORNERS) {
      a = (wlaw_stream_uniform(&stream) - 0.5) * pow(10, 20 * (wlaw_stream_uniform(&stream) - 0.5));
      b = a + wlaw_stream_uniform(&stream) * pow(10, 20 * (wlaw_stream_uniform(&stream) - 0.5));
    }
    data_range range = RANGE_EMPTY;
    wlaw_range_add(&range, a);
    wlaw_range_add(&range, b);
    for (int kind = SCALE_LINEAR; kind <= SCALE_INTEGER; kind++)
      for (size_t wanted = 0; wanted < 15; wanted += 7) {
        scale_ticks ticks;
        const scale made = wlaw_scale_make(&ticks, (scale_kind)kind, range, wanted);
        if (!(made.low < made.high) || !isfinite(made.low) || !isfinite(made.high) || ticks.n > TICKS_MOST)
          fail_msg("[%g, %g] kind %d: scale [%g, %g], %zu ticks", a, b, kind, made.low, made.high, ticks.n);
        for (size_t i = 0; i < ticks.n; i++) {
          const double slack = 1e-6 * (made.high - made.low);
          if (!(ticks.at[i] >= made.low - slack && ticks.at[i] <= made.high + slack))
            fail_msg("[%g, %g] kind %d: tick %g outside [%g, %g]", a, b, kind, ticks.at[i], made.low, made.high);
          if (i && !(ticks.at[i] > ticks.at[i - 1])) fail_msg("[%g, %g]: ticks do not ascend", a, b);
          assert_true(strlen(wlaw_tick_text(&ticks, i).s) > 0);
        }
        if (kind == SCALE_LINEAR && !wlaw_range_is_empty(&range)) {
          const double slack = 1e-6 * (made.high - made.low);
          if (!(made.low <= range.low + slack && made.high >= range.high - slack))
            fail_msg("[%g, %g] is not covered by [%g, %g]", range.low, range.high, made.low, made.high);
        }
      }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_ranges),
      cmocka_unit_test(ends_are_pixels),
      cmocka_unit_test(any_range),
  };
  return cmocka_run_group_tests_name("report.scale", tests, NULL, NULL);
}
