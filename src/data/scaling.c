/* From stored values to inputs: x = scale[f] * stored + shift[f]. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "data/source.h"

void wlaw_scaling_range(wlaw_dataset *dataset, double low, double high) {
  for (size_t f = 0; f < dataset->features; f++) {
    dataset->scale[f] = (float)((high - low) / 255.0);
    dataset->shift[f] = (float)low;
  }
}

/* row: [features], sample i as double. */
static void sample_row(double *row, const sample_set *set, size_t i, size_t features) {
  if (set->bytes) {
    const uint8_t *stored = set->bytes + i * features;
    for (size_t f = 0; f < features; f++) row[f] = stored[f];
  } else {
    const float *stored = set->values + i * features;
    for (size_t f = 0; f < features; f++) row[f] = (double)stored[f];
  }
}

/* Two passes: sums for the mean, then squares about it. The second pass also sums the deviations, whose square over n
 * takes off what rounding left in the mean (Chan, Golub and LeVeque 1983, DOI 10.1080/00031305.1983.10483115). */
static void feature_moments(double *mean, double *variance, double *deviation, double *row, const sample_set *set,
                            size_t features) {
  const double n = (double)set->n;
  for (size_t i = 0; i < set->n; i++) {
    sample_row(row, set, i, features);
    for (size_t f = 0; f < features; f++) mean[f] += row[f];
  }
  for (size_t f = 0; f < features; f++) mean[f] /= n;
  for (size_t i = 0; i < set->n; i++) {
    sample_row(row, set, i, features);
    for (size_t f = 0; f < features; f++) {
      const double d = row[f] - mean[f];
      deviation[f] += d;
      variance[f] += d * d;
    }
  }
  for (size_t f = 0; f < features; f++) variance[f] = (variance[f] - deviation[f] * deviation[f] / n) / n;
}

/* A constant feature has a variance of exactly 0: up to 2^29 equal numbers of 24 bits add up without rounding in
 * double, so the mean is the number itself. */
wlaw_status wlaw_scaling_standardize(wlaw_dataset *dataset, wlaw_error *err) {
  const size_t features = dataset->features;
  double *work = wlaw_array(features, 4 * sizeof *work);
  if (!work) return wlaw_fail_memory(err, features, 4 * sizeof *work);
  double *mean = work, *variance = work + features;
  feature_moments(mean, variance, work + 2 * features, work + 3 * features, &dataset->train, features);
  for (size_t f = 0; f < features; f++) {
    const double sd = sqrt(variance[f]);
    const bool varies = sd > 0.0;
    dataset->scale[f] = varies ? (float)(1.0 / sd) : 0.0f;
    dataset->shift[f] = varies ? (float)(-mean[f] / sd) : 0.0f;
  }
  free(work);
  return WLAW_OK;
}
