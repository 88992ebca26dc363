/* The node variances of trained networks: estimates of lambda_j from the outgoing weights of node j, and what their
 * limit is: tests, tails, extrapolation over widths. Arrays only; src/study reads the runs.
 *
 * Given lambda_j the `outputs` outgoing weights have the mean square lambda_j chi2_outputs / outputs (sigma_v = 1). Few
 * outputs make a noise that must not be taken for a law: its distribution is known and is divided out. */
#ifndef WLAW_LIMIT_NODE_ESTIMATE_H
#define WLAW_LIMIT_NODE_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weightlaw.h"

/* One layer of an ensemble at one width: mean squares of the outgoing weights of each node. */
typedef struct node_sample {
  size_t networks, width, outputs;
  double *mean_square; /* [networks, width] after the mean over networks (or columns) was taken out, if it was */
  bool centred;        /* the mean weight into each output was removed: outputs - 1 degrees of freedom */
} node_sample;

typedef struct node_curve { /* on a common grid of x */
  size_t n;
  double *x, *value, *se;
} node_curve;

typedef struct node_estimate {
  double total, se_total;                   /* E sum_j lambda_j */
  double total_variance, se_total_variance; /* between networks, noise of few outputs removed */
  double share_largest, se_share_largest;   /* E max lambda / sum lambda */
  double share_null;                        /* the same if every lambda were equal (noise alone) */
  double p_value_equal;                     /* against lambda_j all equal */
  double p_value_gaussian;                  /* against "largest share -> 0": see docs */
  double hill, se_hill;                     /* tail index of lambda at infinity */
  size_t hill_nodes;
  node_curve tail;      /* p P(lambda > x) deconvolved */
  node_curve truncated; /* p E lambda 1{lambda <= h} deconvolved */
} node_estimate;

wlaw_status wlaw_node_estimate(node_estimate *out, const node_sample *sample, uint64_t seed, unsigned threads,
                               wlaw_error *err);
void wlaw_node_estimate_free(node_estimate *estimate);

/* Several widths: truncated mean and tail extrapolated linearly in 1/p on a common grid, by weighted least squares; the
 * location a is the truncated mean towards h = 0 less the jumps below h. At least three widths. */
typedef struct node_limit {
  double a, se_a;
  double threshold; /* the h at which a and the jumps part */
  node_curve tail, truncated;
  double chi_squared, p_value; /* of the straight line in 1/p */
  const char *verdict;         /* "gp", "mogp" or "undetermined" */
} node_limit;
wlaw_status wlaw_node_extrapolate(node_limit *out, const node_estimate *estimates, const size_t *widths, size_t n,
                                  wlaw_error *err);
void wlaw_node_limit_free(node_limit *limit);

#endif
