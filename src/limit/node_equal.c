/* Are the node variances of a layer all equal, as in the networks whose limit is the plain Gaussian process? Then the
 * mean squares over their sum are Dirichlet, whatever the common variance: the null has no unknowns. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/stream.h"
#include "limit/node_parts.h"
#include "math/special.h"

enum { NULL_NETWORKS = 1000, NULL_VALUES = 4000000, LEAST_NETWORKS = 10, PICKS = 20000000, REPLICATES = 999 };

/* Mean and variance of sum x_j^2, x Dirichlet with p parameters `shape`. */
static void dispersion_moments(double *mean, double *variance, double p, double shape) {
  const double all = p * shape, square = shape * (shape + 1.0),
               fourth = p * square * (shape + 2.0) * (shape + 3.0) + p * (p - 1.0) * square * square;
  *mean = p * square / (all * (all + 1.0));
  *variance = fourth / (all * (all + 1.0) * (all + 2.0) * (all + 3.0)) - *mean * *mean;
}

/* Share of ensembles of equal variances whose mean dispersion is as large, ensembles put together from the null
 * networks. */
static double simulate(const double *dispersions, size_t n_null, double observed, size_t networks,
                       const node_settings *settings) {
  const size_t fit = PICKS / networks, replicates = fit < REPLICATES ? (fit < 99 ? 99 : fit) : REPLICATES;
  size_t as_large = 0;
  for (size_t r = 0; r < replicates; r++) {
    wlaw_stream stream = wlaw_stream_start(settings->seed, STREAM_NULL, (uint32_t)r, ~settings->which);
    double sum = 0.0;
    for (size_t k = 0; k < networks; k++) sum += dispersions[wlaw_stream_below(&stream, (uint32_t)n_null)];
    as_large += sum / (double)networks >= observed;
  }
  return (1.0 + (double)as_large) / (1.0 + (double)replicates);
}

wlaw_status wlaw_node_test_equal(node_estimate *out, double **null, size_t *n, const node_sample *sample,
                                 const node_shares *shares, const node_settings *settings, wlaw_error *err) {
  const size_t p = sample->width, fit = NULL_VALUES / p;
  const size_t n_null = fit > NULL_NETWORKS ? NULL_NETWORKS : fit < LEAST_NETWORKS ? LEAST_NETWORKS : fit;
  const double shape = 0.5 * sample->directions, networks = (double)(sample->networks - out->empty);
  double observed = 0.0, largest = 0.0, mean, variance;
  *n = n_null * p;
  *null = wlaw_array(*n + n_null, sizeof **null);
  if (!*null) return wlaw_fail_memory(err, *n + n_null, sizeof **null);
  double *dispersions = *null + *n;
  for (size_t r = 0; r < n_null; r++) {
    wlaw_stream stream = wlaw_stream_start(settings->seed, STREAM_NULL, (uint32_t)r, settings->which);
    double *y = *null + r * p;
    for (size_t j = 0; j < p; j++) y[j] = wlaw_stream_gamma(&stream, shape) / shape;
    const node_shares one = wlaw_node_shares(y, p);
    largest += one.largest / (double)n_null;
    dispersions[r] = one.dispersion;
  }
  out->share_null = largest;
  out->p_equal = out->p_equal_simulated = NAN;
  if (!(networks > 0.0) || p < 2) return WLAW_OK;
  for (size_t k = 0; k < sample->networks; k++)
    if (!isnan(shares[k].dispersion)) observed += shares[k].dispersion / networks;
  dispersion_moments(&mean, &variance, (double)p, shape);
  /* positive and skewed: chi-squared of the same mean and variance */
  const double df = 2.0 * networks * (mean - 1.0 / (double)p) * (mean - 1.0 / (double)p) / variance;
  out->p_equal = wlaw_chi_squared_upper(df * (observed - 1.0 / (double)p) / (mean - 1.0 / (double)p), df);
  out->p_equal_simulated = simulate(dispersions, n_null, observed, (size_t)networks, settings);
  return WLAW_OK;
}
