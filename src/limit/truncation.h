/* What pruning does at infinite width: nodes with lambda <= epsilon removed. */
#ifndef WLAW_LIMIT_TRUNCATION_H
#define WLAW_LIMIT_TRUNCATION_H

#include "limit/random_kernel.h"

typedef enum compressible { COMPRESSIBLE_YES, COMPRESSIBLE_NO, COMPRESSIBLE_UNDETERMINED } compressible;

typedef struct truncation {
  double error;                     /* E (Z - Z_eps)^2; NaN: only a bound (deep) or no mean square */
  double bound;                     /* upper bound for any depth; INFINITY where means do not exist */
  double active[LIMIT_MOST_LAYERS]; /* expected number of nodes kept in each layer; INFINITY where a > 0 keeps most */
  double empty;                     /* probability that some layer keeps none */
} truncation;

/* The same epsilon in every layer. variance: K^(1) of the input. */
void wlaw_truncation(truncation *out, const limit_network *network, double variance, double epsilon);
/* d ln t / d ln eps at 0: 1 - index_at_zero; 0 with a floor. */
double wlaw_truncation_slope(const wlaw_law *law);
/* Whether removing nodes costs nothing at infinite width, and in one sentence why. */
compressible wlaw_compressible(const char **why, const limit_network *network);
/* Share of output variance that goes when the given fraction of nodes with the smallest lambda is removed, one layer of
 * `width` nodes, averaged over `draws` draws of the finite law; standard error beside it. */
wlaw_status wlaw_truncation_share(double *share, double *standard_error, const wlaw_law *law, double fraction,
                                  size_t width, size_t draws, uint64_t seed, wlaw_error *err);

#endif
