#include "limit/kernel_moments.h"

#include <math.h>

lambda_sums wlaw_lambda_sums_limit(const wlaw_law *law) {
  const double squares = wlaw_node_moment(law, 2, INFINITY);
  const bool fixed = law->ops->node->fixed_jump != NULL;
  return (lambda_sums){.mean = wlaw_node_mean(law),
                       .squares = squares,
                       .means = fixed ? squares : 0.0,
                       .nodes = wlaw_node_location(law) > 0.0 ? INFINITY : wlaw_node_tail(law, 0.0),
                       .poisson = !fixed};
}

lambda_sums wlaw_lambda_sums_finite(const wlaw_law *law, size_t width) {
  const node_ops *node = law->ops->node;
  if (!node->finite_moment) return (lambda_sums){.mean = NAN, .squares = NAN, .means = NAN, .nodes = NAN};
  const double p = (double)width, mean = node->finite_moment(law, 1, width),
               square = node->finite_moment(law, 2, width);
  /* deterministic variances differ from node to node: the squares of their means sum to their squares */
  const double means = node->fixed_jump ? p * square : p * mean * mean;
  return (lambda_sums){
      .mean = p * mean, .squares = p * square, .means = isfinite(square) ? means : 0.0, .nodes = NAN, .poisson = true};
}

kernel_moments wlaw_kernel_moments_first(double variance) {
  return (kernel_moments){.mean = variance, .square = variance * variance, .zero = variance > 0.0 ? 0.0 : 1.0};
}

/* Infinite sums times 0 are 0 here: a node that is never active does not matter. */
static double times(double a, double b) { return a == 0.0 || b == 0.0 ? 0.0 : a * b; }

static double value_at(const dual_activation *activation, double x) {
  wlaw_dual_apply(activation, &x, &x, 1);
  return x;
}

/* P(phi(x) != 0), x normal of any positive variance; NaN where it may depend on the variance. Functions that are not
 * homogeneous are analytic, or at least vanish on no interval, if they do not at many places. */
static double support(const dual_activation *activation) {
  if (!isnan(wlaw_dual_homogeneity(activation)))
    return 0.5 * (value_at(activation, 1.0) != 0.0) + 0.5 * (value_at(activation, -1.0) != 0.0);
  for (int i = 0; i < 100; i++) {
    if (value_at(activation, 0.0873 * (i - 49.5)) == 0.0) return NAN;
  }
  return 1.0;
}

/* P(no node with lambda > 0 has phi != 0) where phi != 0 has chance q. */
static double chance_of_none(lambda_sums sums, double q) {
  if (q == 0.0) return 1.0;
  return sums.poisson ? exp(-sums.nodes * q) : pow(1.0 - q, sums.nodes);
}

static double next_zero(double zero, const limit_network *network, lambda_sums sums) {
  if (network->bias_variance > 0.0) return 0.0;
  const double alive = zero < 1.0 ? (1.0 - zero) * chance_of_none(sums, support(&network->activation)) : 0.0;
  const double at_zero = value_at(&network->activation, 0.0) == 0.0 ? 1.0 : chance_of_none(sums, 1.0);
  return alive + times(zero, at_zero);
}

kernel_moments wlaw_kernel_moments_next(kernel_moments now, const limit_network *network, lambda_sums sums) {
  const dual_activation *activation = &network->activation;
  const double degree = wlaw_dual_homogeneity(activation), bias = network->bias_variance;
  kernel_moments next = {.mean = NAN, .square = NAN, .zero = next_zero(now.zero, network, sums), .random = true};
  if (now.random && degree != 0.0 && degree != 1.0) return next;
  /* K' = bias + T U, T = sigma_v^2 sum lambda_j phi(sqrt(unit) N_j)^2, and U independent of T: K, 1{K > 0}, or 1 */
  const double unit = now.random ? 1.0 : now.mean;
  const double u = !now.random ? 1.0 : degree == 1.0 ? now.mean : 1.0 - now.zero;
  const double uu = !now.random ? 1.0 : degree == 1.0 ? now.square : 1.0 - now.zero;
  /* layers without jumps do without the fourth moment, an integral that may take long */
  const double m2 = wlaw_dual_diagonal(activation, unit),
               m4 = sums.squares == 0.0 ? 0.0 : wlaw_dual_moment(activation, unit, 4.0);
  const double mean = network->weight_variance * times(sums.mean, m2);
  const double variance =
      network->weight_variance * network->weight_variance * (times(sums.squares, m4) - times(sums.means, m2 * m2));
  next.mean = bias + times(mean, u);
  next.square = bias * bias + times(2.0 * bias, times(mean, u)) + times(variance + mean * mean, uu);
  next.random = now.random || variance > 0.0;
  return next;
}

limit_tail wlaw_limit_tail(const limit_network *network, double variance) {
  limit_tail tail = {.variance = variance};
  const bool steps = wlaw_dual_homogeneity(&network->activation) == 0.0;
  kernel_moments now = wlaw_kernel_moments_first(variance);
  for (size_t l = 0; l < network->depth; l++) {
    /* a step does not see how large a kernel is, unless it is 0 */
    if (!now.random || (steps && now.zero == 0.0))
      tail = (limit_tail){.from = l, .variance = now.random ? 1.0 : now.mean};
    now = wlaw_kernel_moments_next(now, network, wlaw_lambda_sums_limit(network->laws[l]));
  }
  if (!now.random) tail = (limit_tail){.from = network->depth, .variance = now.mean};
  return tail;
}
