/* What pruning does at infinite width: nodes with lambda <= epsilon removed. */
#ifndef WLAW_LIMIT_TRUNCATION_H
#define WLAW_LIMIT_TRUNCATION_H

#include "limit/random_kernel.h"

typedef enum compressible { COMPRESSIBLE_YES, COMPRESSIBLE_NO, COMPRESSIBLE_UNDETERMINED } compressible;

typedef struct truncation {
  double error;                     /* E (Z - Z_eps)^2; NaN: only a bound (several layers) */
  double square;                    /* E (E((Z - Z_eps)^2 | kernel))^2 for one hidden layer, NaN for several */
  double bound;                     /* upper bound for any depth; INFINITY where means do not exist */
  const char *reason;               /* why error is NaN or bound INFINITY, or NULL */
  double active[LIMIT_MOST_LAYERS]; /* expected number of nodes above epsilon in each layer */
  double empty;                     /* probability that some layer keeps none */
} truncation;

/* The same epsilon > 0 in every layer. variance: K^(1) of the input. */
void wlaw_truncation(truncation *out, const limit_network *network, double variance, double epsilon);
/* d ln t / d ln eps at 0: 1 - index_at_zero; 0 with a floor (a > 0); INFINITY where no jump is smaller than some
 * epsilon. */
double wlaw_truncation_slope(const wlaw_law *law);
/* Whether removing nodes costs nothing at infinite width, and in one sentence why. */
compressible wlaw_compressible(const char **why, const limit_network *network);

/* Share of the sum of lambda, and so of output variance, that goes when the fraction of nodes with the smallest lambda
 * is removed: one layer of `width` nodes, `draws` draws of the finite law. The mean of heavy-tailed laws is made by
 * rare draws: the median says what a single network loses. */
typedef struct truncation_share {
  double mean, standard_error, median;
} truncation_share;
wlaw_status wlaw_truncation_share(truncation_share *out, const wlaw_law *law, double fraction, size_t width,
                                  size_t draws, uint64_t seed, wlaw_error *err);

#endif
