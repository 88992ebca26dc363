/* Continuous power-law tails by Clauset, Shalizi and Newman 2009 (DOI 10.1137/070710111). */
#ifndef WLAW_LAW_POWER_LAW_H
#define WLAW_LAW_POWER_LAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/monitor.h"
#include "weightlaw.h"

enum { POWER_LAW_LEAST = 10 }; /* positive values below which nothing is said */

typedef struct power_law {
  double alpha, se_alpha; /* (alpha - 1) / sqrt(n_tail) */
  double xmin, distance;  /* Kolmogorov-Smirnov distance of the tail */
  size_t n;               /* positive values */
  size_t n_tail; /* values in the tail, xmin included; where xmin occurs more than once, not all of them may be */
  double vuong, vuong_p; /* normalised log-likelihood ratio against a lognormal tail (> 0: power law), two-sided p */
  double p_value;        /* semi-parametric bootstrap; NaN unless asked for */
  const char *reason;    /* NULL, or why nothing is determined (then all numbers are NaN): a constant */
} power_law;

/* ascending: [n], positive values only count. Each order statistic but the largest is tried as xmin (also those of a
 * tie, as the published protocol of weightwatcher does), with alpha = 1 + n / sum ln(x / xmin) and the distance
 * max |F(x_i) - i / n|, i = 0 .. n - 1; the smallest distance wins, the first of equals. */
wlaw_status wlaw_power_law_fit(power_law *out, const double *ascending, size_t n, wlaw_error *err);

/* Fills vuong and vuong_p for a fit of `ascending` (wlaw_power_law_fit calls it). The alternative is a lognormal
 * truncated at xmin, by maximum likelihood; the test is that of Vuong 1989 (DOI 10.2307/1912557). Where the truncated
 * lognormal's likelihood grows until it becomes the power law itself, they cannot be told apart: 0 and 1. */
void wlaw_power_law_vuong(power_law *fit, const double *ascending, size_t n);

/* Fills p_value: share of `replicates` samples like this one, with the fitted tail, whose own fits are no closer
 * (Clauset, Shalizi and Newman 2009, section 4.1; small: not a power law). The same at any number of threads. */
wlaw_status wlaw_power_law_bootstrap(power_law *fit, const double *ascending, size_t n, size_t replicates,
                                     uint64_t seed, unsigned threads, wlaw_monitor *monitor, wlaw_error *err);

#endif
