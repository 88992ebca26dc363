/* The node variances of trained networks: estimates of lambda_j from the outgoing weights of node j, and what their
 * limit is. Arrays only; src/study reads the runs.
 *
 * Given lambda_j the m outgoing weights of node j are N(0, lambda_j) (sigma_v = 1: only the product is identified), so
 * their mean square is lambda_j chi2_m / m. Few outputs make a noise that must not be taken for a law: its distribution
 * is known, and is divided out. The limit is Gaussian where the variance of an output is spread over ever more nodes,
 * and a mixture where some nodes keep a share of it (Lee, Ayed, Jung, Lee, Yang and Caron 2023, JMLR 24(289), theorem
 * 12): that is what estimates at several widths are asked. */
#ifndef WLAW_LIMIT_NODE_ESTIMATE_H
#define WLAW_LIMIT_NODE_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/monitor.h"
#include "weightlaw.h"

/* ---- node_sample.c: mean squares of one layer of an ensemble ---- */

/* The outgoing weights of one hidden layer: networks matrices [outputs, width]. A mean weight into an output is no part
 * of lambda; where there is one, common to the networks or each network's own, it is taken out. */
typedef struct node_sample {
  size_t networks, width, outputs;
  double *mean_square;    /* [networks, width] */
  double *row_sum;        /* [networks, outputs]: sums over nodes, before anything was taken out */
  double *centre;         /* [networks, outputs]: taken out; NULL: nothing is */
  double *cosine;         /* [networks, 2]: sum over pairs of nodes of squared cosines of their weights, and how many */
  bool common, own;       /* what was taken out: the mean over networks; each network's own */
  double p_common, p_own; /* p-values of these means being 0; NaN: not tested */
  double directions;   /* effective number of outputs: 1 / E cos^2 of two nodes' weights; `outputs` where it may be */
  double p_directions; /* p-value of all directions being alike */
} node_sample;

wlaw_status wlaw_node_sample_new(node_sample *out, size_t networks, size_t width, size_t outputs, wlaw_error *err);
void wlaw_node_sample_free(node_sample *sample); /* safe on a zeroed one */
/* Measures network k; scratch: wlaw_node_sample_scratch(width) doubles. Safe from several threads for different k. */
size_t wlaw_node_sample_scratch(size_t width);
void wlaw_node_sample_add(node_sample *sample, size_t k, const double *weights, double *scratch);
/* Once every network was added: tests the means and, where they are significant, fills centre and says so: then every
 * network has to be added once more. */
wlaw_status wlaw_node_sample_centre(node_sample *sample, bool *again, wlaw_error *err);
/* Divides by the degrees of freedom that are left, and finds the effective number of outputs. */
void wlaw_node_sample_finish(node_sample *sample);

/* ---- node_estimate.c: one width ---- */

typedef struct node_curve { /* on a common grid of x, ascending */
  size_t n;
  double *x, *value, *se;
} node_curve;

typedef struct node_estimate {
  size_t width, networks, empty;            /* empty: networks whose weights are all 0, which have no shares */
  bool over_nodes;                          /* errors come from nodes resampled, not networks (few networks) */
  double total, se_total;                   /* E sum_j lambda_j */
  double total_variance, se_total_variance; /* between networks, noise of few outputs removed */
  double share_largest, se_share_largest;   /* E max_j / sum_j of the mean squares */
  double share_null;                        /* the same if every lambda were equal (noise alone) */
  double concentration, se_concentration;   /* E sum of squared shares, noise removed: 1 / participation ratio */
  double dominance, se_dominance;           /* E (sum of shares^(3/2))^2: 1 / effective nodes of order 3/2; decides */
  double p_equal, p_equal_simulated;        /* of lambda_j all equal: dispersion by chi-squared, and simulated */
  double hill, se_hill;                     /* tail index of lambda; NaN: hill_reason says why */
  size_t hill_nodes;
  const char *hill_reason;
  double typical; /* variance of a node: the median network's total (the mean, where that is 0) over the width */
  double second_moment_check; /* E sum lambda^2 of the deconvolved curve over its exact value */
  node_curve tail;            /* p P(lambda > x), deconvolved */
  node_curve truncated;       /* p E lambda 1{lambda <= x}, deconvolved */
} node_estimate;

typedef struct node_settings {
  const double *x; /* [n], the grid of the curves */
  size_t n;
  uint64_t seed;
  uint32_t which; /* number of this sample among those of one study: samples get random numbers of their own */
  unsigned threads;
} node_settings;

/* A grid for samples to be compared, factor sqrt 2: from a quarter of the smallest typical variance of a node to
 * twice the largest of all. Caller frees. WLAW_VALUE where every weight is 0. */
wlaw_status wlaw_node_grid(double **x, size_t *n, const node_sample *samples, size_t n_samples, wlaw_error *err);
wlaw_status wlaw_node_estimate(node_estimate *out, const node_sample *sample, const node_settings *settings,
                               wlaw_monitor *monitor, wlaw_error *err);
void wlaw_node_estimate_free(node_estimate *estimate); /* safe on a zeroed one */

/* ---- node_extrapolate.c: several widths ---- */

typedef enum node_verdict { NODE_UNDETERMINED, NODE_IS_GP, NODE_IS_MOGP } node_verdict;
const char *wlaw_node_verdict_name(node_verdict verdict);

/* A value over widths, as the straight line limit + slope / p, and as the power C p^-exponent that vanishes. */
typedef struct node_trend {
  double limit, se_limit, chi_squared, p_value; /* of the line, on points - 2 degrees of freedom */
  double exponent, se_exponent, power_chi_squared, power_p_value;
} node_trend;

typedef struct node_limit {
  node_verdict verdict;
  const char *reason;           /* why undetermined; NULL otherwise */
  node_trend dominance;         /* decides */
  double total, se_total;       /* extrapolated; NaN: no mean, or on no line */
  double a, se_a;               /* location: truncated mean towards h = 0; NaN: not determined */
  double threshold;             /* the smallest h from which on every line fits; below it nothing is known of jumps */
  double residual, se_residual; /* truncated mean at the threshold: a and the jumps below it */
  node_curve tail, truncated;   /* from the threshold on */
  double chi_squared, p_value;  /* of the line of `dominance` */
} node_limit;
/* estimates: [n], curves on one grid. Fewer than three different widths: undetermined, with the reason. */
wlaw_status wlaw_node_extrapolate(node_limit *out, const node_estimate *estimates, size_t n, wlaw_error *err);
void wlaw_node_limit_free(node_limit *limit);

#endif
