#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#include "core/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/memory.h"

struct parallel_worker;

typedef struct parallel_loop {
  parallel_work work;
  void *context;
  size_t n;
  atomic_size_t done;
  struct parallel_worker *workers; /* [started] */
  pthread_mutex_t lock;            /* guards all that follows, and the workers' unit */
  pthread_cond_t finished;
  size_t next; /* first unit not yet handed out */
  bool closed; /* no more units are handed out: one failed, or the caller cancelled */
  bool cancelled;
  size_t failed_unit;
  wlaw_status status;
  wlaw_error *err; /* the caller's; may be NULL */
  unsigned running, started;
} parallel_loop;

typedef struct parallel_worker {
  parallel_loop *loop;
  wlaw_error *err; /* own copy; NULL when the caller wants none */
  unsigned number;
  size_t unit; /* in hand */
  atomic_bool stop;
  pthread_t thread;
} parallel_worker;

unsigned wlaw_threads_available(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return (unsigned)CPU_COUNT(&set);
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (unsigned)online : 1;
}

unsigned wlaw_threads_for(unsigned threads, size_t n_units) {
  if (threads == 0) threads = wlaw_threads_available();
  if (threads > 1024) threads = 1024;
  if (threads > n_units) threads = (unsigned)n_units;
  return threads ? threads : 1;
}

/* Units after a failed one are asked to stop, those before it run to their end: one of them may fail too, and then its
 * error is the answer, whatever the timing. */
static void record_failure(parallel_loop *loop, size_t unit, wlaw_status status, const wlaw_error *err) {
  pthread_mutex_lock(&loop->lock);
  /* a unit that only obeyed the caller's cancel must not hide a failure */
  const bool obeyed = status == WLAW_CANCELLED && loop->cancelled;
  if (!obeyed && (loop->status == WLAW_OK || unit < loop->failed_unit)) {
    loop->status = status;
    loop->failed_unit = unit;
    wlaw_error_copy(loop->err, err);
    for (unsigned i = 0; i < loop->started; i++)
      if (loop->workers[i].unit > unit) atomic_store(&loop->workers[i].stop, true);
  }
  loop->closed = true;
  pthread_mutex_unlock(&loop->lock);
}

static void cancel(parallel_loop *loop) {
  pthread_mutex_lock(&loop->lock);
  loop->closed = loop->cancelled = true;
  for (unsigned i = 0; i < loop->started; i++) atomic_store(&loop->workers[i].stop, true);
  pthread_mutex_unlock(&loop->lock);
}

static bool take_unit(parallel_worker *worker) {
  parallel_loop *loop = worker->loop;
  pthread_mutex_lock(&loop->lock);
  const bool taken = !loop->closed && loop->next < loop->n;
  if (taken) worker->unit = loop->next++;
  pthread_mutex_unlock(&loop->lock);
  return taken;
}

static void do_unit(parallel_worker *worker) {
  parallel_loop *loop = worker->loop;
  const wlaw_status status = loop->work(loop->context, worker->unit, worker->number, &worker->stop, worker->err);
  if (status != WLAW_OK) record_failure(loop, worker->unit, status, worker->err);
  else atomic_fetch_add(&loop->done, 1);
}

static void *run_units(void *argument) {
  parallel_worker *worker = argument;
  parallel_loop *loop = worker->loop;
  while (take_unit(worker)) do_unit(worker);
  pthread_mutex_lock(&loop->lock);
  loop->running--;
  pthread_cond_signal(&loop->finished);
  pthread_mutex_unlock(&loop->lock);
  return NULL;
}

static double fraction_done(parallel_loop *loop) { return (double)atomic_load(&loop->done) / (double)loop->n; }

static void run_here(parallel_loop *loop, wlaw_monitor *monitor) {
  parallel_worker worker = {.loop = loop, .err = loop->err};
  loop->workers = &worker;
  loop->started = 1;
  while (take_unit(&worker)) {
    do_unit(&worker);
    if (wlaw_monitor_report(monitor, fraction_done(loop))) cancel(loop);
  }
}

static void wait_and_report(parallel_loop *loop, wlaw_monitor *monitor) {
  pthread_mutex_lock(&loop->lock);
  while (loop->running) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 100000000;
    if (until.tv_nsec >= 1000000000) {
      until.tv_nsec -= 1000000000;
      until.tv_sec++;
    }
    pthread_cond_timedwait(&loop->finished, &loop->lock, &until);
    if (!loop->running) break;
    pthread_mutex_unlock(&loop->lock);
    if (wlaw_monitor_report(monitor, fraction_done(loop))) cancel(loop);
    pthread_mutex_lock(&loop->lock);
  }
  pthread_mutex_unlock(&loop->lock);
}

static void run_on_threads(parallel_loop *loop, parallel_worker *workers, unsigned threads, wlaw_monitor *monitor) {
  loop->workers = workers;
  for (unsigned i = 0; i < threads; i++) {
    workers[i] = (parallel_worker){.loop = loop, .err = loop->err ? wlaw_error_new() : NULL, .number = i};
    if (loop->err && !workers[i].err) break;
    /* counted before it starts: it may end before this thread looks again */
    pthread_mutex_lock(&loop->lock);
    const bool made = pthread_create(&workers[i].thread, NULL, run_units, &workers[i]) == 0;
    loop->running += made;
    loop->started += made;
    pthread_mutex_unlock(&loop->lock);
    if (!made) break;
  }
  const unsigned started = loop->started;
  if (started > 0) wait_and_report(loop, monitor);
  for (unsigned i = 0; i < started; i++) pthread_join(workers[i].thread, NULL);
  for (unsigned i = 0; i < threads; i++) wlaw_error_free(workers[i].err);
  if (started == 0) run_here(loop, monitor);
}

wlaw_status wlaw_parallel(size_t n, unsigned threads, parallel_work work, void *context, wlaw_monitor *monitor,
                          wlaw_error *err) {
  parallel_loop loop = {.work = work, .context = context, .n = n, .status = WLAW_OK, .err = err};
  if (n == 0) return WLAW_OK;
  if (wlaw_monitor_report(monitor, 0.0)) return wlaw_fail_cancelled(err);
  threads = wlaw_threads_for(threads, n);
  /* One worker and nobody watching: no thread needed. With a monitor even one worker is a thread, so that progress and
   * cancel stay prompt during a long unit. */
  const bool here = threads == 1 && !(monitor && monitor->call);
  parallel_worker *workers = here ? NULL : wlaw_array(threads, sizeof *workers);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_mutex_init(&loop.lock, NULL);
  pthread_cond_init(&loop.finished, &monotonic);
  if (workers) run_on_threads(&loop, workers, threads, monitor);
  else run_here(&loop, monitor);
  pthread_cond_destroy(&loop.finished);
  pthread_mutex_destroy(&loop.lock);
  pthread_condattr_destroy(&monotonic);
  free(workers);
  if (loop.status != WLAW_OK) return loop.status;
  if (atomic_load(&loop.done) < n) return wlaw_fail_cancelled(err);
  return WLAW_OK;
}
