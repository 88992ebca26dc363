/* What one input's outputs follow at infinite width, in closed form (limits of Lee et al. 2023, table 1, made
 * explicit). Z_k = sqrt(K^(L+1)) N_k. All for one input of kernel K^(1) = `variance`. NaN: not determined; a reason
 * says why. */
#ifndef WLAW_LIMIT_OUTPUT_LAW_H
#define WLAW_LIMIT_OUTPUT_LAW_H

#include "limit/random_kernel.h"

typedef struct output_law {
  double mean_square;               /* E Z^2; INFINITY where it does not exist */
  double kurtosis;                  /* Pearson's; INFINITY where E Z^4 does not exist */
  double square_correlation;        /* of Z_1^2 and Z_2^2 */
  double tail_index, tail_constant; /* P(|Z| > z) ~ constant z^-index; index INFINITY: lighter than any power */
  double probability_zero;          /* P(Z = 0) */
  const char *name;                 /* "normal", "normal product", "Cauchy", ... where the law has a name, or NULL */
  const char *reason_tail;          /* why tail_index or tail_constant is NaN, or NULL */
  const char *reason_moments;       /* why a moment, the correlation or probability_zero is NaN, or NULL */
} output_law;

void wlaw_output_law(output_law *out, const limit_network *network, double variance);

/* Kurtosis of an output where every hidden layer has `width` nodes: 3 (1 + 5/p)^depth for relu, constant variances and
 * no bias. INFINITY where the fourth moment does not exist at that width; NaN with *reason (or NULL) where it is not
 * known. */
double wlaw_output_kurtosis_finite(const char **reason, const limit_network *network, double variance, size_t width);

#endif
