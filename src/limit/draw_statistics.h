/* Statistics of draws of a network's outputs for one input. z: [draws, outputs]; rows are independent, the outputs of a
 * row are exchangeable (given the random kernel they are iid normal), so that moments take the mean over a row as one
 * observation. */
#ifndef WLAW_LIMIT_DRAW_STATISTICS_H
#define WLAW_LIMIT_DRAW_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "weightlaw.h"

typedef struct draw_estimate {
  double value, se; /* NaN: not determined */
} draw_estimate;

/* Standard errors by the delta method over rows. square_correlation: of Z_1^2 and Z_2^2, NaN for one output. */
typedef struct draw_moments {
  draw_estimate mean_square, kurtosis, square_correlation, probability_zero;
} draw_moments;
void wlaw_draw_moments(draw_moments *out, const double *z, size_t draws, size_t outputs);

/* z of the differences between the moments of two samples, a minus b. Fourth powers of heavy tails make the standard
 * errors of one sample too small just where it missed the tail, so that a difference over them is no z. Here it is that
 * of the means of the influences (those of the delta method, taken at the estimates of both samples together) over its
 * standard deviation if rows are dealt to the samples at random: mean 0 and variance 1 whatever the tails. NaN: no
 * variance. */
typedef struct draw_scores {
  double mean_square, kurtosis, square_correlation;
} draw_scores;
draw_scores wlaw_draw_moment_scores(const double *a, size_t n_a, const double *b, size_t n_b, size_t outputs);

/* The share of n sorted values below x, those at x by half. */
double wlaw_draw_share_below(const double *sorted, size_t n, double x);

/* Quantile of n sorted values, and its error: half the distance between the order statistics one binomial standard
 * deviation below and above. */
draw_estimate wlaw_draw_quantile(const double *sorted, size_t n, double probability);

/* Mutual information of |Z_1| and |Z_2| in nats, on INFORMATION_BINS^2 cells of [0, INFORMATION_RANGE]^2, of which the
 * last hold all that lies beyond. plug_in: of the relative frequencies. corrected: with entropies by Grassberger (2003,
 * arXiv:physics/0307138, equation 35), which has a much smaller bias where cells hold few pairs than Miller and Madow
 * have. se: of both, by the delta method. */
enum { INFORMATION_BINS = 50 };
static const double INFORMATION_RANGE = 5.0;
typedef struct draw_information {
  double plug_in, corrected, se; /* NaN: fewer than two draws or outputs */
} draw_information;
wlaw_status wlaw_draw_information(draw_information *out, const double *z, size_t draws, size_t outputs,
                                  wlaw_error *err);

/* Density of a law symmetric about 0, from |z| of n sorted by size: n_grid values at ascending points of [0, ...), each
 * the count between the midpoints to its neighbours. Zeros (an atom) are left out. */
void wlaw_draw_density(double *density, const double *grid, size_t n_grid, const double *sorted_abs, size_t n);

/* Kolmogorov and Smirnov. */
typedef struct draw_ks {
  double statistic, p_value;
} draw_ks;
/* Against a law whose distribution function may jump at 0 only. */
typedef bool (*draw_cdf)(const void *law, double z, double *value);
/* false: the law has no distribution function there. */
bool wlaw_draw_ks(draw_ks *out, const double *sorted, size_t n, draw_cdf cdf, const void *law);
draw_ks wlaw_draw_ks_two(const double *a, size_t n_a, const double *b, size_t n_b);

/* Ascending; for what the others want sorted. */
void wlaw_draw_sort(double *values, size_t n);

#endif
