/* The Weibull probability plot of magnitudes: y = ln(-ln(1 - F)) on ln|w| over the middle 80 %, F = (i - 1/2) / n,
 * unweighted least squares; k = slope, lambda = exp(-intercept / k). arXiv 2605.18898 (protocol "sort"). */
#ifndef WLAW_LAW_WEIBULL_PLOT_H
#define WLAW_LAW_WEIBULL_PLOT_H

#include "measure/entry_cells.h"
#include "weightlaw.h"

enum { WEIBULL_LEAST = 100 }; /* magnitudes: of fewer k would have an error of 0.14 and more */

typedef struct weibull_plot {
  double k, lambda, r2;
  double se_k, se_lambda; /* of independent weights: delta method at the empirical distribution */
  uint64_t n;             /* magnitudes it rests on */
  const char *reason;     /* NULL, or why k is not determined (then NaN): a constant */
} weibull_plot;

/* The least squares over all n order statistics, without visiting them one by one. Exact where cells are narrow (tied
 * weights share their ranks). Inside a cell of some width the weights follow a density that is linear there and has the
 * cell's mean: 1e-9 for weights that lie as evenly; of a million random f32 weights k is off by 1e-7, of more by 1 /
 * sqrt(n) of that (1e-4 standard errors), because cells at the ends of the middle 80 % are cut in two.
 * magnitudes: positive, ascending. */
void wlaw_weibull_plot(weibull_plot *out, const entry_cells *magnitudes);
/* The same of a sorted array, exactly: for tensors small enough to sort. */
void wlaw_weibull_plot_sorted(weibull_plot *out, const double *magnitudes, size_t n);

/* Influence functions of k and of ln lambda at the midpoint magnitude of each of the ENTRY_KEYS keys of a table's
 * kind (measure/entry_cells.h): what one weight of that size adds to n (k_n - k). Zero mean over the weights; 0 for
 * keys that are not finite, and everywhere where k is not determined. */
void wlaw_weibull_influence(float *of_k, float *of_log_lambda, const entry_cells *magnitudes, entry_key_kind kind);

/* The published protocols, to 1e-9. "npm-sort": the plot above. "npm-hist": log10|w| in single precision on 1024 equal
 * bins over [-12, 2], mid-rank F, count-weighted least squares on bin centres (npm-weibull-py 0.4). Ours is the nearest
 * single precision number; NumPy's is off by a last place or so that depends on the processor, and one weight in 1e5 is
 * as near to the end of a bin: it may be counted in the next one, which moves k by up to 1e-6. */
enum { NPM_BINS = 1024 };
typedef struct npm_histogram {
  uint64_t count[NPM_BINS];
} npm_histogram;
void wlaw_npm_add(npm_histogram *histogram, const float *weights, size_t n);
void wlaw_npm_fit(weibull_plot *out, const npm_histogram *histogram); /* standard errors NaN */

#endif
