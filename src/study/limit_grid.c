/* Where the density of an output is told: dense near 0, out to where one draw in two hundred lies. Outputs have
 * anything from normal to Cauchy tails, so that the points are z0 sinh(i h): even steps first, even ratios at the end.
 */
#include <math.h>

#include "study/limit.h"

static double closed_cdf(const limit_job *job, double z) {
  double density, cdf;
  wlaw_output_density_at(job->density, z, &density, &cdf);
  return cdf;
}

/* By symmetry above 1/2; 0 inside the atom. */
double wlaw_limit_quantile(const limit_job *job, double probability) {
  double low = 0, high = sqrt(job->inputs.variance);
  if (!job->density) return NAN;
  if (probability < 0.5) return -wlaw_limit_quantile(job, 1.0 - probability);
  if (closed_cdf(job, 0.0) >= probability) return 0.0;
  for (int i = 0; i < 1000 && closed_cdf(job, high) < probability; i++) low = high, high *= 2.0;
  for (int i = 0; i < 100 && high - low > 1e-12 * high; i++) {
    const double middle = low + (high - low) / 2.0;
    if (closed_cdf(job, middle) < probability) low = middle;
    else high = middle;
  }
  return high;
}

/* Of |Z| given Z != 0. */
static double quantile_abs(const limit_job *job, const limit_sample *sample, double probability) {
  if (!sample) {
    if (!job->density) return NAN;
    const double cdf = closed_cdf(job, 0.0);
    return wlaw_limit_quantile(job, cdf + (1.0 - cdf) * probability);
  }
  const double zero = sample->moments.probability_zero.value;
  return wlaw_draw_quantile(sample->sorted_abs, sample->draws, zero + (1.0 - zero) * probability).value;
}

void wlaw_limit_grid_set(limit_job *job, const limit_sample *sample) {
  if (job->has_grid) return; /* the closed form comes first */
  const double middle = quantile_abs(job, sample, 0.5), last = quantile_abs(job, sample, 0.995);
  if (!(middle > 0.0) || !(last > middle) || isinf(last)) return;
  job->has_grid = true;
  for (size_t i = 0; i < LIMIT_GRID; i++) /* half a step from 0, where densities may be infinite */
    job->grid[i] = middle * sinh(asinh(last / middle) * ((double)i + 0.5) / (LIMIT_GRID - 0.5));
}
