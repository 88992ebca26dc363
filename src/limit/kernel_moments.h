/* Mean and mean square of the random kernel of one input, layer by layer. */
#ifndef WLAW_LIMIT_KERNEL_MOMENTS_H
#define WLAW_LIMIT_KERNEL_MOMENTS_H

#include "limit/random_kernel.h"

/* Sums over a layer's nodes: E Lambda, and Var of sum lambda_j y_j = squares E y^2 - means (E y)^2 for iid y_j >= 0. */
typedef struct lambda_sums {
  double mean, squares, means;
} lambda_sums;
lambda_sums wlaw_lambda_sums_limit(const wlaw_law *law);
/* NaN where the law does not know its moments at a finite width. */
lambda_sums wlaw_lambda_sums_finite(const wlaw_law *law, size_t width);

typedef struct kernel_moments {
  double mean, square; /* E K, E K^2; INFINITY where they do not exist, NaN where they are not known */
  bool random;         /* false: K is a number */
} kernel_moments;

/* K^(1) = variance. */
kernel_moments wlaw_kernel_moments_first(double variance);
/* From K^(l) to K^(l+1) = sigma_b^2 + sigma_v^2 sum_j lambda_j phi(zeta_j)^2, zeta_j ~ N(0, K^(l)). Exact where K^(l) is
 * a number, and after that for activations homogeneous of degree 0 or 1; NaN otherwise. */
kernel_moments wlaw_kernel_moments_next(kernel_moments now, const limit_network *network, lambda_sums sums);

/* The layers that matter to the law of one input's outputs: K^(from+1) is the number `variance`, layers from .. depth-1
 * follow. Layers without jumps in front are gone, and behind an activation of degree 0 all but the last. */
typedef struct limit_tail {
  size_t from;
  double variance;
} limit_tail;
limit_tail wlaw_limit_tail(const limit_network *network, double variance);

/* P(phi(x) != 0) for x normal with any positive variance; NaN where it depends on the variance. */
double wlaw_activation_support(const dual_activation *activation);

#endif
