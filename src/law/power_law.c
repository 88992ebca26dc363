#include "law/power_law.h"

#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/stream.h"

/* ---- the tail that lies closest to its own power law */

/* A tail start[i .. n) that may be chosen. low: the distance at some of its points, so at most the whole distance. */
typedef struct tail {
  double low, slope; /* slope: alpha - 1 */
  size_t first;
} tail;

enum { PROBES = 24 };

/* |F(x_j) - (j - first) / m| with F = 1 - (x_j / x_first)^-slope. */
static double distance_at(const double *logs, const tail *t, size_t j, double m) {
  return fabs(1.0 - exp(-t->slope * (logs[j] - logs[t->first])) - (double)(j - t->first) / m);
}

static double probe(const double *logs, const tail *t, size_t n) {
  const size_t m = n - t->first;
  double most = 0.0;
  for (size_t k = 1; k <= PROBES; k++)
    most = fmax(most, distance_at(logs, t, t->first + (m - 1) * k / PROBES, (double)m));
  return most;
}

/* The whole distance, or any number above `enough` once it is seen to be larger. */
static double whole_distance(const double *logs, const tail *t, size_t n, double enough) {
  const double m = (double)(n - t->first);
  double most = t->low;
  for (size_t j = t->first; j < n && most <= enough; j++) most = fmax(most, distance_at(logs, t, j, m));
  return most;
}

static int compare_tails(const void *a, const void *b) {
  const tail *x = a, *y = b;
  if (x->low != y->low) return x->low < y->low ? -1 : 1;
  return (x->first > y->first) - (x->first < y->first);
}

/* Every exponent in one sweep from the top: sum ln(x_j / x_i) grows by m ln(x_i+1 / x_i), all terms positive. */
static size_t list_tails(tail *tails, const double *logs, size_t n) {
  double sum = 0.0;
  size_t n_tails = 0;
  for (size_t i = n - 1; i-- > 0;) {
    sum += (double)(n - 1 - i) * (logs[i + 1] - logs[i]);
    tail t = {.slope = (double)(n - i) / sum, .first = i};
    if (!(sum > 0.0) || !isfinite(t.slope)) continue;
    t.low = probe(logs, &t, n);
    tails[n_tails++] = t;
  }
  return n_tails;
}

/* Best first by the lower bound, so that most tails are never walked through, and the search is still exact. */
static tail closest_tail(double *distance, tail *tails, size_t n_tails, const double *logs, size_t n) {
  qsort(tails, n_tails, sizeof *tails, compare_tails);
  tail best = tails[0];
  *distance = whole_distance(logs, &best, n, (double)INFINITY);
  for (size_t k = 1; k < n_tails && tails[k].low <= *distance; k++) {
    const double d = whole_distance(logs, &tails[k], n, *distance);
    if (!(d < *distance || (d == *distance && tails[k].first < best.first))) continue;
    *distance = d;
    best = tails[k];
  }
  return best;
}

static power_law undetermined(size_t n, const char *reason) {
  const double nothing = (double)NAN;
  return (power_law){.alpha = nothing,
                     .se_alpha = nothing,
                     .xmin = nothing,
                     .distance = nothing,
                     .n = n,
                     .vuong = nothing,
                     .vuong_p = nothing,
                     .p_value = nothing,
                     .reason = reason};
}

/* logs, tails: room for n. x: positive, ascending. Leaves vuong to the caller. */
static power_law fit_positive(const double *x, size_t n, double *logs, tail *tails) {
  if (n < POWER_LAW_LEAST) return undetermined(n, "fewer than 10 positive eigenvalues");
  for (size_t i = 0; i < n; i++) logs[i] = log(x[i]);
  const size_t n_tails = list_tails(tails, logs, n);
  if (n_tails == 0) return undetermined(n, "all eigenvalues are equal");
  power_law fit = undetermined(n, NULL);
  const tail best = closest_tail(&fit.distance, tails, n_tails, logs, n);
  fit.n_tail = n - best.first;
  fit.alpha = 1.0 + best.slope;
  fit.se_alpha = best.slope / sqrt((double)fit.n_tail);
  fit.xmin = x[best.first];
  return fit;
}

static size_t count_not_positive(const double *ascending, size_t n) {
  size_t none = 0;
  while (none < n && !(ascending[none] > 0.0)) none++;
  return none;
}

wlaw_status wlaw_power_law_fit(power_law *out, const double *ascending, size_t n, wlaw_error *err) {
  const size_t none = count_not_positive(ascending, n), m = n - none;
  double *logs = wlaw_array(m, sizeof *logs);
  tail *tails = wlaw_array(m, sizeof *tails);
  const bool ready = logs && tails;
  if (ready) *out = fit_positive(ascending + none, m, logs, tails);
  free(logs);
  free(tails);
  if (!ready) return wlaw_fail_memory(err, m, sizeof *tails);
  wlaw_power_law_vuong(out, ascending, n);
  return WLAW_OK;
}

/* ---- bootstrap */

typedef struct bootstrap {
  const power_law *fit;
  const double *x; /* [n], positive */
  size_t n;
  uint64_t seed;
  double *samples, *logs; /* [workers, n] */
  tail *tails;            /* [workers, n] */
  unsigned char *farther; /* [replicates] */
} bootstrap;

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Each value comes from the fitted tail, or is one of the values below it. */
static void draw_sample(double *sample, const bootstrap *boot, size_t replicate) {
  const size_t below = boot->n - boot->fit->n_tail;
  wlaw_stream stream = wlaw_stream_start(boot->seed, STREAM_BOOTSTRAP, (uint32_t)replicate, 0);
  for (size_t i = 0; i < boot->n; i++) {
    const double pick = wlaw_stream_uniform(&stream) * (double)boot->n;
    sample[i] = pick < (double)below
                    ? boot->x[(size_t)pick]
                    : boot->fit->xmin * pow(wlaw_stream_open(&stream), -1.0 / (boot->fit->alpha - 1.0));
  }
  qsort(sample, boot->n, sizeof *sample, compare_doubles);
}

static wlaw_status fit_replicate(void *context, size_t replicate, unsigned worker, const atomic_bool *stop,
                                 wlaw_error *err) {
  bootstrap *boot = context;
  double *sample = boot->samples + worker * boot->n;
  (void)stop;
  (void)err;
  draw_sample(sample, boot, replicate);
  const power_law again = fit_positive(sample, boot->n, boot->logs + worker * boot->n, boot->tails + worker * boot->n);
  boot->farther[replicate] = !again.reason && again.distance >= boot->fit->distance;
  return WLAW_OK;
}

wlaw_status wlaw_power_law_bootstrap(power_law *fit, const double *ascending, size_t n, size_t replicates,
                                     uint64_t seed, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  if (fit->reason || replicates == 0) return WLAW_OK;
  if (replicates > UINT32_MAX) return wlaw_fail(err, WLAW_LIMIT, "%zu bootstrap samples are too many", replicates);
  const size_t none = count_not_positive(ascending, n), workers = wlaw_threads_for(threads, replicates);
  bootstrap boot = {.fit = fit, .x = ascending + none, .n = n - none, .seed = seed};
  boot.samples = wlaw_array(workers * boot.n, sizeof *boot.samples);
  boot.logs = wlaw_array(workers * boot.n, sizeof *boot.logs);
  boot.tails = wlaw_array(workers * boot.n, sizeof *boot.tails);
  boot.farther = wlaw_array(replicates, sizeof *boot.farther);
  wlaw_status status = boot.samples && boot.logs && boot.tails && boot.farther
                           ? wlaw_parallel(replicates, threads, fit_replicate, &boot, monitor, err)
                           : wlaw_fail_memory(err, workers * boot.n, sizeof *boot.tails);
  size_t farther = 0;
  for (size_t r = 0; r < replicates && status == WLAW_OK; r++) farther += boot.farther[r];
  if (status == WLAW_OK) fit->p_value = (double)farther / (double)replicates;
  free(boot.samples);
  free(boot.logs);
  free(boot.tails);
  free(boot.farther);
  return status;
}
