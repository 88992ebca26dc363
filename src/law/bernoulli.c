/* bernoulli(c=2): a node has variance 1 with probability c / p at width p, else 0. Infinitely wide, a layer has
 * Poisson(c) active nodes: rho = c delta_1 (Lee et al. 2023, JMLR 24(289), model b). */
#include <math.h>

#include "law/node.h"

static const law_parameter bernoulli_parameters[] = {
    NODE_POSITIVE_ROW("c", "2", "expected number of active nodes of a layer"),
};

static void bernoulli_draw_log(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width,
                               wlaw_stream *stream) {
  (void)first;
  const double chance = law->values[0] / (double)width;
  for (size_t j = 0; j < n; j++) log_lambda[j] = wlaw_stream_uniform(stream) < chance ? 0.0 : -INFINITY;
}

static double bernoulli_least_width(const wlaw_law *law) { return law->values[0]; }

static double bernoulli_tail(const wlaw_law *law, double x) { return x < 1.0 ? law->values[0] : 0.0; }

static double bernoulli_jump(const wlaw_law *law, double t) { return t < law->values[0] ? 1.0 : 0.0; }

static double bernoulli_moment(const wlaw_law *law, int power, double eps) {
  (void)power;
  return eps >= 1.0 ? law->values[0] : 0.0;
}

static double bernoulli_exponent(const wlaw_law *law, double s) { return -law->values[0] * expm1(-s); }

static double bernoulli_finite_moment(const wlaw_law *law, int power, size_t width) {
  (void)power;
  return law->values[0] / (double)width;
}

static const node_ops bernoulli_node = {
    .kind = "atom",
    .draw_log = bernoulli_draw_log,
    .tail = bernoulli_tail,
    .jump = bernoulli_jump,
    .moment = bernoulli_moment,
    .exponent = bernoulli_exponent,
    .least_width = bernoulli_least_width,
    .finite_moment = bernoulli_finite_moment,
};

const law_ops wlaw_law_bernoulli = {
    .name = "bernoulli",
    .summary = "node variances 1 with probability c/p, else 0: finitely many active nodes",
    .source = "Lee, Ayed, Jung, Lee, Yang and Caron 2023, JMLR 24(289), model b",
    .parameters = bernoulli_parameters,
    .n_parameters = 1,
    .draw = wlaw_node_matrix_draw,
    .moments = wlaw_node_matrix_moments,
    .node = &bernoulli_node,
};
