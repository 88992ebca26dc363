/* Mean, mean square and chance of 0 of the random kernel of one input, layer by layer. */
#ifndef WLAW_LIMIT_KERNEL_MOMENTS_H
#define WLAW_LIMIT_KERNEL_MOMENTS_H

#include "limit/random_kernel.h"

/* Sums over a layer's nodes. */
typedef struct lambda_sums {
  double mean;           /* E Lambda */
  double squares, means; /* Var of sum lambda_j y_j = squares E y^2 - means (E y)^2 for iid y_j >= 0 */
  double nodes;          /* expected number with lambda > 0; NaN: not known */
  bool poisson;          /* the number is Poisson, otherwise fixed */
} lambda_sums;
lambda_sums wlaw_lambda_sums_limit(const wlaw_law *law);
/* Of `width` nodes; NaN where the law does not know their moments, INFINITY where there are none. */
lambda_sums wlaw_lambda_sums_finite(const wlaw_law *law, size_t width);

typedef struct kernel_moments {
  double mean, square; /* E K, E K^2; INFINITY where they do not exist, NaN where they are not known */
  double zero;         /* P(K = 0); NaN: not known */
  bool random;         /* false: K is a number */
} kernel_moments;

/* K^(1) = variance. */
kernel_moments wlaw_kernel_moments_first(double variance);
/* From K^(l) to K^(l+1) = sigma_b^2 + sigma_v^2 sum_j lambda_j phi(zeta_j)^2, zeta_j ~ N(0, K^(l)). Exact where K^(l)
 * is a number, and after that for activations homogeneous of degree 0 or 1; mean and square are NaN otherwise. */
kernel_moments wlaw_kernel_moments_next(kernel_moments now, const limit_network *network, lambda_sums sums);

/* The layers that matter to the law of one input's outputs: K^(from+1) is the number `variance`, layers from .. depth-1
 * follow (none: K^(L+1) is that number). Layers without jumps in front are gone, and where the activation has degree 0,
 * all but the last. */
typedef struct limit_tail {
  size_t from;
  double variance;
} limit_tail;
limit_tail wlaw_limit_tail(const limit_network *network, double variance);

#endif
