/* The monitor: at most ten reports a second, stages scaled into the whole, a cancel that sticks. */
#include "support/test.h"

#include <time.h>

#include "core/monitor.h"

typedef struct heard {
  int calls, answer;
  double fraction;
  const char *what;
} heard;

static int hear(void *user, double fraction, const char *what) {
  heard *h = user;
  h->calls++;
  h->fraction = fraction;
  h->what = what;
  return h->answer;
}

static void at_most_ten_a_second(void **state) {
  (void)state;
  heard h = {0};
  wlaw_monitor monitor = {.call = hear, .user = &h};
  const uint64_t start = wlaw_clock_ns();
  while (wlaw_clock_ns() - start < 550000000u) assert_false(wlaw_monitor_report(&monitor, 0.5));
  /* the first at once, then one each tenth: 6 in 0.55 s, fewer on a machine that sleeps over some */
  assert_true(h.calls >= 2 && h.calls <= 6);
  assert_string_equal(h.what, "");
}

static void a_stage_is_a_part_of_the_whole(void **state) {
  (void)state;
  static const double cases[][4] = {/* from, span, fraction, shown */
                                    {0, 0, 0.25, 0.25},
                                    {0.5, 0.25, 0, 0.5},
                                    {0.5, 0.25, 1, 0.75},
                                    {0.5, 0.25, 7, 0.75},
                                    {0.5, 0.25, -1, -1.0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    heard h = {0};
    wlaw_monitor monitor = {.call = hear, .user = &h, .what = "x", .from = cases[i][0], .span = cases[i][1]};
    wlaw_monitor_report(&monitor, cases[i][2]);
    assert_int_equal(h.calls, 1);
    check_near(h.fraction, cases[i][3], 0);
    assert_string_equal(h.what, "x");
  }
}

static void a_cancel_sticks(void **state) {
  (void)state;
  heard h = {.answer = 7};
  wlaw_monitor monitor = {.call = hear, .user = &h};
  assert_true(wlaw_monitor_report(&monitor, 0));
  h.answer = 0;
  assert_true(wlaw_monitor_report(&monitor, 0));
  assert_int_equal(h.calls, 1); /* nobody is asked again */
  assert_false(wlaw_monitor_report(NULL, 0));
  wlaw_monitor silent = {0};
  assert_false(wlaw_monitor_report(&silent, 0));
  assert_int_equal(wlaw_fail_cancelled(NULL), WLAW_CANCELLED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(at_most_ten_a_second),
      cmocka_unit_test(a_stage_is_a_part_of_the_whole),
      cmocka_unit_test(a_cancel_sticks),
  };
  return cmocka_run_group_tests_name("core.monitor", tests, NULL, NULL);
}
