/* How far a matrix of weights has moved: two matrices of one shape, entry by entry. */
#ifndef WLAW_MEASURE_WEIGHT_CHANGE_H
#define WLAW_MEASURE_WEIGHT_CHANGE_H

#include "measure/weight_extremes.h"
#include "measure/weight_source.h"

/* Entries that are not finite on one side are left out of norms, cosine and largest, and of the side's distribution. */
typedef struct weight_change {
  double norm_a, norm_b, norm;              /* Frobenius norms of A, of B, and of B - A */
  double relative;                          /* norm / norm_a; NaN where norm_a = 0 */
  double cosine;                            /* of the angle between A and B as vectors; NaN where one is 0 */
  weight_extreme largest;                   /* entry of B - A, the first of equal magnitude; value 0: none moved */
  uint64_t new_dead_rows, new_dead_columns; /* dead (SUMMARY_TINY) in B and not in A */
  uint64_t new_nonfinite;                   /* entries finite in A alone */
  bool identical;                           /* value for value; NaN equals NaN */
  double wasserstein;                       /* W1 of the distributions of entries */
  bool exact;                               /* wasserstein is; else f32 and f64 weights are known to 2^-7 */
} weight_change;

/* Both have the same rows and columns. The same numbers at any number of threads. */
wlaw_status wlaw_weight_change(weight_change *out, const weight_source *a, const weight_source *b, unsigned threads,
                               wlaw_monitor *monitor, wlaw_error *err);

#endif
