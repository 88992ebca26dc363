/* inverse-gamma(shape=2,scale=2): node variances with density proportional to x^(-shape-1) e^(-(scale / p) / x) at
 * width p, so that weights out of a node are together Student's of 2 shape degrees of freedom. Sums tend to their mean
 * scale / (shape - 1), and the network to a Gaussian process, as for every law X / p with E X finite (Lee et al. 2023,
 * JMLR 24(289), model a). For shape <= 1 the sums grow without bound. */
#include <math.h>

#include "core/error.h"
#include "law/bfry.h"
#include "law/node.h"

enum { IG_SHAPE, IG_SCALE, IG_ROWS };

static const law_parameter inverse_gamma_parameters[IG_ROWS] = {
    NODE_POSITIVE_ROW("shape", "2", "tails of a node's variance fall like x^-shape; above 1"),
    NODE_POSITIVE_ROW("scale", "2", "width times the scale of a node's variance; a = scale / (shape - 1)"),
};

static wlaw_status inverse_gamma_check(const wlaw_law *law, wlaw_error *err) {
  if (law->values[IG_SHAPE] > 1.0) return WLAW_OK;
  return wlaw_fail(err, WLAW_ARGUMENT,
                   "the law 'inverse-gamma' has no mean at shape=%g and no limit at infinite width; give a shape above "
                   "1, or the law positive-stable for variances without a mean",
                   law->values[IG_SHAPE]);
}

static void inverse_gamma_draw_log(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width,
                                   wlaw_stream *stream) {
  (void)first;
  const double log_scale = log(law->values[IG_SCALE] / (double)width);
  for (size_t j = 0; j < n; j++) log_lambda[j] = log_scale - wlaw_gamma_log(law->values[IG_SHAPE], stream);
}

static double inverse_gamma_location(const wlaw_law *law) {
  return law->values[IG_SCALE] / (law->values[IG_SHAPE] - 1.0);
}

static double inverse_gamma_kurtosis(const wlaw_law *law) {
  const double shape = law->values[IG_SHAPE];
  return shape > 2.0 ? 3.0 * (shape - 1.0) / (shape - 2.0) : INFINITY;
}

static double inverse_gamma_finite_index(const wlaw_law *law) { return law->values[IG_SHAPE]; }

static double inverse_gamma_finite_moment(const wlaw_law *law, int power, size_t width) {
  const double mean = inverse_gamma_location(law) / (double)width, shape = law->values[IG_SHAPE];
  if (power == 1) return mean;
  return shape > 2.0 ? mean * mean * (shape - 1.0) / (shape - 2.0) : INFINITY;
}

static const node_ops inverse_gamma_node = {
    .kind = "none",
    .draw_log = inverse_gamma_draw_log,
    .location = inverse_gamma_location,
    .finite_index = inverse_gamma_finite_index,
    .finite_moment = inverse_gamma_finite_moment,
    .is_scaled = true,
};

const law_ops wlaw_law_inverse_gamma = {
    .name = "inverse-gamma",
    .summary = "node variances inverse-gamma(shape, scale/p): a Gaussian process at infinite width",
    .source = "Lee, Ayed, Jung, Lee, Yang and Caron 2023, JMLR 24(289), model a",
    .parameters = inverse_gamma_parameters,
    .n_parameters = IG_ROWS,
    .check = inverse_gamma_check,
    .draw = wlaw_node_matrix_draw,
    .moments = wlaw_node_matrix_moments,
    .kurtosis = inverse_gamma_kurtosis,
    .node = &inverse_gamma_node,
};
