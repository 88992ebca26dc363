#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#include "core/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/memory.h"

typedef struct parallel_loop {
  parallel_work work;
  void *context;
  size_t n;
  atomic_size_t next, done;
  atomic_bool stop;
  pthread_mutex_t lock; /* guards failed_unit, status, err, running */
  pthread_cond_t finished;
  size_t failed_unit;
  wlaw_status status;
  wlaw_error *err; /* the caller's; may be NULL */
  unsigned running;
} parallel_loop;

typedef struct parallel_worker {
  parallel_loop *loop;
  wlaw_error *err; /* own copy; NULL when the caller wants none */
  unsigned number;
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

static void record_failure(parallel_loop *loop, size_t unit, wlaw_status status, const wlaw_error *err) {
  pthread_mutex_lock(&loop->lock);
  /* A unit that only noticed `stop` must not hide the reason for it. */
  const bool real = status != WLAW_CANCELLED;
  const bool held_real = loop->status != WLAW_OK && loop->status != WLAW_CANCELLED;
  if (loop->status == WLAW_OK || (real && !held_real) || (real == held_real && unit < loop->failed_unit)) {
    loop->status = status;
    loop->failed_unit = unit;
    wlaw_error_copy(loop->err, err);
  }
  pthread_mutex_unlock(&loop->lock);
  atomic_store(&loop->stop, true);
}

static void *run_units(void *argument) {
  parallel_worker *worker = argument;
  parallel_loop *loop = worker->loop;
  while (!atomic_load(&loop->stop)) {
    const size_t unit = atomic_fetch_add(&loop->next, 1);
    if (unit >= loop->n) break;
    const wlaw_status status = loop->work(loop->context, unit, worker->number, &loop->stop, worker->err);
    if (status != WLAW_OK) record_failure(loop, unit, status, worker->err);
    else atomic_fetch_add(&loop->done, 1);
  }
  pthread_mutex_lock(&loop->lock);
  loop->running--;
  pthread_cond_signal(&loop->finished);
  pthread_mutex_unlock(&loop->lock);
  return NULL;
}

static void run_here(parallel_loop *loop, wlaw_monitor *monitor) {
  while (!atomic_load(&loop->stop) && loop->next < loop->n) {
    const size_t unit = loop->next++;
    const wlaw_status status = loop->work(loop->context, unit, 0, &loop->stop, loop->err);
    if (status != WLAW_OK) {
      loop->status = status;
      return;
    }
    loop->done++;
    if (wlaw_monitor_report(monitor, (double)loop->done / (double)loop->n)) atomic_store(&loop->stop, true);
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
    if (wlaw_monitor_report(monitor, (double)loop->done / (double)loop->n)) atomic_store(&loop->stop, true);
    pthread_mutex_lock(&loop->lock);
  }
  pthread_mutex_unlock(&loop->lock);
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
  if (!workers) {
    run_here(&loop, monitor);
  } else {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&loop.lock, NULL);
    pthread_cond_init(&loop.finished, &monotonic);
    pthread_condattr_destroy(&monotonic);
    unsigned started = 0;
    for (unsigned i = 0; i < threads; i++) {
      workers[i] = (parallel_worker){.loop = &loop, .err = err ? wlaw_error_new() : NULL, .number = i};
      if (err && !workers[i].err) break;
      pthread_mutex_lock(&loop.lock);
      loop.running++;
      pthread_mutex_unlock(&loop.lock);
      if (pthread_create(&workers[i].thread, NULL, run_units, &workers[i]) != 0) {
        pthread_mutex_lock(&loop.lock);
        loop.running--;
        pthread_mutex_unlock(&loop.lock);
        break;
      }
      started++;
    }
    if (started == 0) run_here(&loop, monitor);
    else wait_and_report(&loop, monitor);
    for (unsigned i = 0; i < started; i++) pthread_join(workers[i].thread, NULL);
    for (unsigned i = 0; i < threads; i++) wlaw_error_free(workers[i].err);
    pthread_cond_destroy(&loop.finished);
    pthread_mutex_destroy(&loop.lock);
    free(workers);
  }
  if (loop.status != WLAW_OK) return loop.status;
  if (loop.done < n) return wlaw_fail_cancelled(err);
  return WLAW_OK;
}
