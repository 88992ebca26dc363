/* The largest weight of a layer into one output, at infinite width. */
#ifndef WLAW_LIMIT_MAX_WEIGHT_H
#define WLAW_LIMIT_MAX_WEIGHT_H

#include "law/node.h"

/* P(max_j |W_j| <= w), W_j = sqrt(weight_variance lambda_j) N_j; w >= 0. */
double wlaw_max_weight_cdf(const wlaw_law *law, double weight_variance, double w);
/* inf{w: P(max <= w) >= probability}, 0 < probability < 1; 0 where rho = 0. */
double wlaw_max_weight_quantile(const wlaw_law *law, double weight_variance, double probability);

#endif
