#include "math/band.h"

#include <sched.h>
#include <stdatomic.h>

#include "core/cpu.h"
#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"

enum { GROUP = 16, SPINS = 2000 };

typedef struct band_chase {
  const band_kernels *kernels;
  double *band;
  size_t n;
  atomic_size_t *steps_done; /* [groups]: by the last sweep of each */
} band_chase;

static const band_kernels *kernels_of(cpu_level level) {
#if defined(__x86_64__)
  if (level == CPU_V4) return &wlaw_band_kernels_v4;
  if (level == CPU_V3) return &wlaw_band_kernels_v3;
#endif
  (void)level;
  return &wlaw_band_kernels_baseline;
}

/* Reflections of the sweep that clears `column`: rows column + 1 .. n - 1 in pieces of BAND_WIDTH. */
static size_t steps_of(size_t n, size_t column) { return (n - column - 2) / BAND_WIDTH + 1; }

static void wait_for(atomic_size_t *done, size_t steps) {
  for (unsigned spins = 0; atomic_load_explicit(done, memory_order_acquire) < steps; spins++)
    if (spins > SPINS) sched_yield();
}

/* Step t of a sweep touches what steps t and t + 1 of the sweep before touch, and nothing of its later ones. So within
 * a group each sweep follows two steps behind the one before (while the block is in the cache), and the group's first
 * behind the last of the group before. Units are handed out in order: that one is done or on its way. */
static wlaw_status chase_group(void *context, size_t group, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  band_chase *chase = context;
  (void)worker;
  (void)stop;
  (void)err;
  const size_t n = chase->n, first = group * GROUP, sweeps = n - 2 - first < GROUP ? n - 2 - first : GROUP;
  const size_t before = first > 0 ? steps_of(n, first - 1) : 0, most = steps_of(n, first);
  band_reflection reflections[GROUP];
  for (size_t tick = 0; tick < most + 2 * (sweeps - 1); tick++)
    for (size_t s = 0; s < sweeps && 2 * s <= tick; s++) {
      const size_t t = tick - 2 * s;
      if (t >= steps_of(n, first + s)) continue;
      if (s == 0 && group > 0) wait_for(&chase->steps_done[group - 1], t + 2 < before ? t + 2 : before);
      if (t == 0) chase->kernels->start(&reflections[s], chase->band, n, first + s);
      chase->kernels->step(&reflections[s], chase->band, n);
      if (s + 1 == sweeps) atomic_store_explicit(&chase->steps_done[group], t + 1, memory_order_release);
    }
  return WLAW_OK;
}

wlaw_status wlaw_band_tridiagonal(double *diagonal, double *below, double *band, size_t n, unsigned threads,
                                  wlaw_error *err) {
  const size_t groups = n > 2 ? (n - 3) / GROUP + 1 : 0;
  band_chase chase = {.kernels = kernels_of(wlaw_cpu_level()), .band = band, .n = n};
  chase.steps_done = wlaw_array(groups, sizeof *chase.steps_done);
  if (!chase.steps_done) return wlaw_fail_memory(err, groups, sizeof *chase.steps_done);
  const wlaw_status status = wlaw_parallel(groups, threads, chase_group, &chase, NULL, err);
  for (size_t i = 0; i < n; i++) {
    diagonal[i] = band[i * BAND_STRIDE];
    if (i + 1 < n) below[i] = band[i * BAND_STRIDE + 1];
  }
  free(chase.steps_done);
  return status;
}
