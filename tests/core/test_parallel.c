/* Parallel loops: the same answer and the same error at any number of threads; progress; prompt cancel. */
#include "support/test.h"

#include <pthread.h>
#include <time.h>

#include "core/error.h"
#include "core/parallel.h"
#include "core/stream.h"

enum { UNITS = 500 };

typedef struct loop_record {
  double out[UNITS];
  atomic_int calls[UNITS];
  size_t fail_from, fail_step; /* units fail_from, fail_from + fail_step, ... fail; step 0: none */
  unsigned threads;
  atomic_int outside;  /* a worker number past the threads */
  atomic_int busy[16]; /* per worker number: one unit at a time */
  atomic_int overlapping;
} loop_record;

static void sleep_ms(long ms) {
  const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&pause, NULL);
}

static wlaw_status fill(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  (void)stop;
  loop_record *record = context;
  if (worker >= record->threads) record->outside++;
  if (atomic_fetch_add(&record->busy[worker & 15], 1) != 0) record->overlapping++;
  record->calls[unit]++;
  wlaw_stream stream = wlaw_stream_start(5, STREAM_TEST, (uint32_t)unit, 0);
  wlaw_stream_normals(&stream, &record->out[unit], 1);
  atomic_fetch_sub(&record->busy[worker & 15], 1);
  if (record->fail_step && unit >= record->fail_from && (unit - record->fail_from) % record->fail_step == 0) {
    /* later failures come sooner: the first to be noticed is not the lowest */
    if (unit == record->fail_from) sleep_ms(20);
    return wlaw_fail(err, unit == record->fail_from ? WLAW_VALUE : WLAW_NUMERIC, "unit %zu", unit);
  }
  return WLAW_OK;
}

static void the_same_at_any_number_of_threads(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  static loop_record one, many;
  one = (loop_record){.threads = 1};
  check_ok(wlaw_parallel(UNITS, 1, fill, &one, NULL, err));
  static const unsigned threads[] = {2, 7, 0, 16};
  for (size_t t = 0; t < 4; t++) {
    many = (loop_record){.threads = wlaw_threads_for(threads[t], UNITS)};
    check_ok(wlaw_parallel(UNITS, threads[t], fill, &many, NULL, err));
    assert_memory_equal(one.out, many.out, sizeof one.out);
    for (size_t i = 0; i < UNITS; i++) assert_int_equal(many.calls[i], 1);
    assert_int_equal(many.outside, 0);
    assert_int_equal(many.overlapping, 0);
  }
  check_ok(wlaw_parallel(0, 7, fill, NULL, NULL, err)); /* nothing to do */
  wlaw_error_free(err);
}

static void the_lowest_failing_unit_speaks(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  static const unsigned threads[] = {1, 2, 7};
  for (int repeat = 0; repeat < 10; repeat++)
    for (size_t t = 0; t < 3; t++) {
      static loop_record record;
      record = (loop_record){.threads = threads[t], .fail_from = 40, .fail_step = 1};
      check_status(wlaw_parallel(UNITS, threads[t], fill, &record, NULL, err), WLAW_VALUE);
      assert_string_equal(wlaw_error_message(err), "unit 40");
      check_status(wlaw_parallel(UNITS, threads[t], fill, &record, NULL, NULL), WLAW_VALUE);
      for (size_t i = 0; i < 40; i++) assert_true(record.calls[i] >= 1);
      assert_int_equal(record.calls[UNITS - 1], 0); /* no more units are begun once one failed */
    }
  wlaw_error_free(err);
}

/* Unit 3 is slow and fails at its end; unit 4 fails at once; units after it wait for `stop`. */
static wlaw_status race(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  (void)worker;
  atomic_int *stopped = context;
  if (unit < 3) return WLAW_OK;
  if (unit == 4) return wlaw_fail(err, WLAW_NUMERIC, "four");
  for (int i = 0; i < 50 && !(unit > 4 && atomic_load(stop)); i++) {
    sleep_ms(2);
    if (unit == 3 && atomic_load(stop)) return wlaw_fail(err, WLAW_CANCELLED, "three was stopped");
  }
  if (unit == 3) return wlaw_fail(err, WLAW_VALUE, "three");
  if (!atomic_load(stop)) return WLAW_OK;
  ++*stopped;
  return wlaw_fail(err, WLAW_CANCELLED, "stopped");
}

static void a_failure_stops_only_the_units_after_it(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  atomic_int stopped = 0;
  check_status(wlaw_parallel(7, 7, race, &stopped, NULL, err), WLAW_VALUE);
  assert_string_equal(wlaw_error_message(err), "three");
  assert_true(stopped <= 2);
  wlaw_error_free(err);
}

typedef struct watcher {
  pthread_t thread;
  int calls, foreign, cancel_at;
  double last;
  uint64_t last_ns, closest_ns;
  int backwards;
} watcher;

static int watch(void *user, double fraction, const char *what) {
  watcher *w = user;
  const uint64_t now = wlaw_clock_ns();
  if (!pthread_equal(w->thread, pthread_self())) w->foreign++;
  if (w->calls && now - w->last_ns < w->closest_ns) w->closest_ns = now - w->last_ns;
  if (fraction < w->last || fraction < 0 || fraction > 1) w->backwards++;
  assert_string_equal(what, "testing");
  w->last = fraction;
  w->last_ns = now;
  w->calls++;
  return w->cancel_at && w->calls >= w->cancel_at;
}

static wlaw_status slow(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  (void)unit;
  (void)worker;
  (void)err;
  const long ms = *(const long *)context;
  for (long i = 0; i < ms; i += 2) {
    if (atomic_load(stop)) return wlaw_fail_cancelled(err);
    sleep_ms(2);
  }
  return WLAW_OK;
}

static void progress_comes_from_the_calling_thread_ten_times_a_second(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  static const unsigned threads[] = {1, 3};
  for (size_t t = 0; t < 2; t++) {
    watcher w = {.thread = pthread_self(), .closest_ns = UINT64_MAX};
    wlaw_monitor monitor = {.call = watch, .user = &w, .what = "testing"};
    long ms = 10;
    check_ok(wlaw_parallel(60, threads[t], slow, &ms, &monitor, err));
    assert_int_equal(w.foreign, 0);
    assert_int_equal(w.backwards, 0);
    assert_true(w.calls >= 2);
    assert_true(w.closest_ns >= 99000000u); /* the clock is read again in the callback: a little later */
  }
  wlaw_error_free(err);
}

static void cancel_is_prompt_even_inside_one_long_unit(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  static const unsigned threads[] = {1, 2, 7};
  for (size_t t = 0; t < 3; t++) {
    watcher w = {.thread = pthread_self(), .closest_ns = UINT64_MAX, .cancel_at = 3};
    wlaw_monitor monitor = {.call = watch, .user = &w, .what = "testing"};
    long ms = 60000;
    const uint64_t start = wlaw_clock_ns();
    check_status(wlaw_parallel(7, threads[t], slow, &ms, &monitor, err), WLAW_CANCELLED);
    /* third report at 0.2 s, the units look every 2 ms; 2 s allow for a busy machine */
    assert_true(wlaw_clock_ns() - start < 2000000000u);
    assert_true(monitor.cancelled);
    /* sticky: the next loop of the same call does not begin */
    check_status(wlaw_parallel(7, threads[t], slow, &ms, &monitor, err), WLAW_CANCELLED);
  }
  wlaw_error_free(err);
}

static void how_many_threads(void **state) {
  (void)state;
  assert_true(wlaw_threads_available() >= 1);
  assert_int_equal(wlaw_threads_for(4, 2), 2);
  assert_int_equal(wlaw_threads_for(4, 0), 1);
  assert_int_equal(wlaw_threads_for(100000, 100000), 1024);
  assert_int_equal(wlaw_threads_for(0, 100000), wlaw_threads_available());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_same_at_any_number_of_threads),
      cmocka_unit_test(the_lowest_failing_unit_speaks),
      cmocka_unit_test(a_failure_stops_only_the_units_after_it),
      cmocka_unit_test(progress_comes_from_the_calling_thread_ten_times_a_second),
      cmocka_unit_test(cancel_is_prompt_even_inside_one_long_unit),
      cmocka_unit_test(how_many_threads),
  };
  return cmocka_run_group_tests_name("core.parallel", tests, NULL, NULL);
}
