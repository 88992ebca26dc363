/* Deterministic parallel loops on POSIX threads that end before the call returns. */
#ifndef WLAW_CORE_PARALLEL_H
#define WLAW_CORE_PARALLEL_H

#include <stdatomic.h>
#include <stddef.h>

#include "core/monitor.h"

/* Work on unit number `unit`. `worker` (0 .. threads-1) picks a scratch space; results must not depend on it.
 * `stop` turns true when the caller cancelled or a lower-numbered unit failed: long units look at it and return
 * WLAW_CANCELLED. */
typedef wlaw_status (*parallel_work)(void *context, size_t unit, unsigned worker, const atomic_bool *stop,
                                     wlaw_error *err);

/* Runs units 0 .. n-1, each once, handed out in index order to `threads` workers (0: wlaw_threads_available()).
 * The calling thread reports progress (units done / n); it works itself only where one worker needs no monitor or no
 * thread can be made. Returns the status and error of the lowest-numbered unit that fails, at any number of threads;
 * WLAW_CANCELLED when the monitor says stop. */
wlaw_status wlaw_parallel(size_t n, unsigned threads, parallel_work work, void *context, wlaw_monitor *monitor,
                          wlaw_error *err);

/* The processors this process may run on (at least 1). */
unsigned wlaw_threads_available(void);
/* threads, or wlaw_threads_available() for 0; at most n_units and 1024; at least 1: the number of scratch spaces. */
unsigned wlaw_threads_for(unsigned threads, size_t n_units);

#endif
