/* Continuous power-law tails by Clauset, Shalizi and Newman 2009 (DOI 10.1137/070710111). */
#ifndef WLAW_LAW_POWER_LAW_H
#define WLAW_LAW_POWER_LAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/monitor.h"
#include "weightlaw.h"

typedef struct power_law {
  double alpha, se_alpha; /* (alpha - 1) / sqrt(n_tail) */
  double xmin, distance;  /* Kolmogorov-Smirnov distance of the tail */
  size_t n_tail;          /* values >= xmin */
  double vuong, vuong_p;  /* normalised log-likelihood ratio against a lognormal tail (> 0: power law), two-sided p */
  double p_value;         /* semi-parametric bootstrap; NaN unless asked for */
  const char *reason;     /* NULL, or why nothing is determined */
} power_law;

/* ascending: [n], positive values only count. Every value but the largest is tried as xmin; the smallest distance wins,
 * the first of equals. */
void wlaw_power_law_fit(power_law *out, const double *ascending, size_t n);
/* Fills p_value: share of `replicates` synthetic samples whose distance is as large. */
wlaw_status wlaw_power_law_bootstrap(power_law *fit, const double *ascending, size_t n, size_t replicates,
                                     uint64_t seed, unsigned threads, wlaw_monitor *monitor, wlaw_error *err);

#endif
