/* What one input's outputs follow at infinite width, in closed form (limits of Lee et al. 2023, table 1, made
 * explicit). Z_k = sqrt(S) N_k. All for one input of kernel K^(1) = `variance`. NaN: not determined; `reason` says why.
 */
#ifndef WLAW_LIMIT_OUTPUT_LAW_H
#define WLAW_LIMIT_OUTPUT_LAW_H

#include "limit/random_kernel.h"

typedef struct output_law {
  double mean_square;               /* E Z^2; INFINITY where it does not exist */
  double kurtosis;                  /* Pearson's */
  double square_correlation;        /* of Z_1^2 and Z_2^2 */
  double tail_index, tail_constant; /* P(|Z| > z) ~ constant z^-index; index INFINITY: lighter than any power */
  double probability_zero;          /* P(Z = 0) */
  const char *name;                 /* "normal", "normal product", "Cauchy", ... where the law has a name, or NULL */
  const char *reason_tail;          /* why tail_constant is NaN, or NULL */
  const char *reason_moments;
} output_law;

void wlaw_output_law(output_law *out, const limit_network *network, double variance);
/* Density and distribution function of Z at z, where they are known in closed form or by quadrature (one hidden layer,
 * or a homogeneous activation without bias); false: only by draws. An atom at 0 is not part of the density. */
bool wlaw_output_density(double *density, double *cdf, const limit_network *network, double variance, double z);
/* Simulated finite width p with constant variances: exact kurtosis 3 (1 + 5/p)^depth for relu without bias, and its
 * like for any law and activation with finite moments; NaN where it does not exist at that width. */
double wlaw_output_kurtosis_finite(const limit_network *network, double variance, size_t width);

/* P(max_j |W_jk| <= w) over the weights of the last hidden layer into one output, and its quantile. */
double wlaw_max_weight_cdf(const wlaw_law *law, double weight_variance, double w);
double wlaw_max_weight_quantile(const wlaw_law *law, double weight_variance, double probability);

#endif
