/* Likelihood-ratio tests between nested matrix laws. */
#ifndef WLAW_LAW_NESTED_H
#define WLAW_LAW_NESTED_H

#include "law/matrix.h"

enum { NESTED_CHI_SQUARED_FROM = 50, NESTED_REPLICATES = 4000 };

typedef struct nested_test {
  const law_ops *null, *alternative;
  double statistic; /* twice the difference of log-likelihoods; NaN with `reason` */
  size_t df;        /* difference of free parameters */
  double p_value;
  bool simulated;    /* p from simulated data under the null, not from chi-squared */
  size_t replicates; /* simulated ones */
  char reason[256];
} nested_test;

/* Null in alternative (both fitted to these moments). From NESTED_CHI_SQUARED_FROM networks on, p from chi-squared
 * (Wilks 1938): the nested laws are equalities of eigenvalues inside the open cone, no boundary. Below, its true size
 * is far from nominal (26 % for 5 % at 3 networks), and p = (1 + #{simulated >= observed}) / (1 + replicates) from
 * draws under the null: the statistic does not change when a component of the null is rescaled or its mean moved, so
 * its law is the same for every null, and standard normal matrices serve; their statistics are drawn directly (Wishart
 * and chi-squared). Streams (seed, STREAM_NULL, replicate, df).
 * false when both laws have the same number of parameters at this size. */
bool wlaw_nested_test(nested_test *out, const law_ops *null, const law_ops *alternative, const matrix_moments *moments,
                      uint64_t seed);

/* Moments (count, mean, comoments of the linear statistics) of `networks` standard normal matrices, as a draw. */
void wlaw_nested_draw(matrix_moments *out, size_t rows, size_t cols, size_t networks, wlaw_stream *stream);

#endif
