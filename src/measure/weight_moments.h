/* Moments of many weights, merged from parts: Chan, Golub and LeVeque 1983 (DOI 10.1080/00031305.1983.10483115), third
 * and fourth by Pebay 2008 (DOI 10.2172/1028931, eq. 2.1). */
#ifndef WLAW_MEASURE_WEIGHT_MOMENTS_H
#define WLAW_MEASURE_WEIGHT_MOMENTS_H

#include "measure/entry_cells.h"

typedef struct weight_moments {
  uint64_t count;
  double mean, second, third, fourth; /* sums of powers of weight - mean */
  double magnitudes;                  /* sum of |weight| */
  double min, max;
} weight_moments;

/* All but min and max. Either may be empty (zeroed). */
void wlaw_weight_moments_merge(weight_moments *into, const weight_moments *from);

/* Of the finite weights of one or two tables (b may be NULL) whose cells are not wide: exact but for rounding. */
void wlaw_weight_moments_table(weight_moments *out, const entry_table *a, const entry_table *b);

#endif
