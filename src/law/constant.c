/* constant(c=2): every node has variance c / p at width p, the usual initialisation: c = 2 is He's gain for relu. The
 * limit is the Gaussian process of a = c, rho = 0 (Neal 1996; model "iid" of Lee et al. 2023, JMLR 24(289)). */
#include <math.h>

#include "law/node.h"

static const law_parameter constant_parameters[] = {
    NODE_POSITIVE_ROW("c", "2", "sum of the variances of a layer's nodes"),
};

static void constant_draw_log(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width,
                              wlaw_stream *stream) {
  (void)first, (void)stream;
  for (size_t j = 0; j < n; j++) log_lambda[j] = log(law->values[0] / (double)width);
}

static double constant_location(const wlaw_law *law) { return law->values[0]; }

static double constant_kurtosis(const wlaw_law *law) {
  (void)law;
  return 3.0;
}

static double constant_finite_moment(const wlaw_law *law, int power, size_t width) {
  const double lambda = law->values[0] / (double)width;
  return power == 1 ? lambda : lambda * lambda;
}

static const node_ops constant_node = {
    .kind = "none",
    .draw_log = constant_draw_log,
    .location = constant_location,
    .finite_moment = constant_finite_moment,
    .is_scaled = true,
};

const law_ops wlaw_law_constant = {
    .name = "constant",
    .summary = "node variances c/p, all alike: a Gaussian process at infinite width",
    .source = "Neal 1996, Bayesian Learning for Neural Networks, DOI 10.1007/978-1-4612-0745-0",
    .parameters = constant_parameters,
    .n_parameters = 1,
    .draw = wlaw_node_matrix_draw,
    .moments = wlaw_node_matrix_moments,
    .kurtosis = constant_kurtosis,
    .node = &constant_node,
};
