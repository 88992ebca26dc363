/* The tail index of lambda, which is that of the Levy measure at infinity: noise that multiplies leaves it as it is
 * (Breiman 1965). Hill's estimate (1975, DOI 10.1214/aos/1176343247) of the k largest values, with the k whose tail
 * lies closest to a power law (Clauset, Shalizi and Newman 2009, DOI 10.1137/070710111). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "law/power_law.h"
#include "limit/node_parts.h"
#include "measure/entry_cells.h"

enum { LARGEST = 2000 };             /* values looked at: every k among them is tried, each against all above it */
static const double doubtful = 0.05; /* level at which a lognormal tail is likelier */
/* 5 % point of the distance from an exponential law (of the logarithms) with the sample's mean, as modified below
 * (Stephens 1974, DOI 10.1080/01621459.1974.10480196); the tail chosen is the closest one, so it is passed less often.
 */
static const double too_far = 1.094;

/* Sorts values; fits their largest tenth. */
static wlaw_status fit_largest(power_law *out, double *values, double *scratch, size_t n, wlaw_error *err) {
  size_t top = n / 10 < LARGEST ? n / 10 : LARGEST;
  if (top < 2 * POWER_LAW_LEAST) top = n < 2 * POWER_LAW_LEAST ? n : 2 * POWER_LAW_LEAST;
  wlaw_sort_magnitudes(values, scratch, n);
  return wlaw_power_law_fit(out, values + n - top, top, err);
}

static const char *doubt(const power_law *fit, const power_law *noise) {
  const double root = sqrt((double)fit->n_tail);
  if (fit->reason) return "the largest nodes are too few, or all equal";
  if ((fit->distance - 0.2 / (root * root)) * (root + 0.26 + 0.5 / root) > too_far)
    return "the largest nodes follow no power law";
  if (fit->vuong < 0.0 && fit->vuong_p < doubtful) return "the largest nodes fall off faster than a power";
  if (!noise->reason && !(fit->alpha - 1.0 < 0.5 * (noise->alpha - 1.0)))
    return "the largest nodes fall off as the noise of few outputs does";
  return NULL;
}

wlaw_status wlaw_node_hill(node_estimate *out, const node_sample *sample, double *null, size_t n_null,
                           wlaw_error *err) {
  const size_t n = sample->networks * sample->width, room = n > n_null ? n : n_null;
  double *values = wlaw_array(n + room, sizeof *values);
  power_law fit, noise;
  if (!values) return wlaw_fail_memory(err, n + room, sizeof *values);
  memcpy(values, sample->mean_square, n * sizeof *values);
  wlaw_status status = fit_largest(&fit, values, values + n, n, err);
  if (status == WLAW_OK) status = fit_largest(&noise, null, values + n, n_null < n ? n_null : n, err);
  free(values);
  WLAW_TRY(status);
  out->hill_reason = doubt(&fit, &noise);
  out->hill = out->hill_reason ? NAN : fit.alpha - 1.0;
  out->se_hill = out->hill_reason ? NAN : fit.se_alpha;
  out->hill_nodes = out->hill_reason ? 0 : fit.n_tail;
  return WLAW_OK;
}
