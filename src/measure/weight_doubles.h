/* Parts of a matrix of weights as doubles. */
#ifndef WLAW_MEASURE_WEIGHT_DOUBLES_H
#define WLAW_MEASURE_WEIGHT_DOUBLES_H

#include "measure/weight_source.h"

/* Rows row .. row + n_rows, columns column .. column + n_cols, times scale, into out with `stride` doubles from row to
 * row. A weight that is not finite is WLAW_VALUE naming it. */
wlaw_status wlaw_weight_doubles(double *out, size_t stride, const weight_source *source, uint64_t row, size_t n_rows,
                                uint64_t column, size_t n_cols, double scale, wlaw_error *err);

/* The largest magnitude of all weights; the first that is not finite is WLAW_VALUE naming it. */
wlaw_status wlaw_weight_largest(double *largest, const weight_source *source, unsigned threads, wlaw_error *err);

/* The power of two that brings a largest magnitude into [1/2, 1); 1 for 0. */
double wlaw_weight_scale(double largest);

/* Whether squares of weights of this type may overflow or vanish in double. */
bool wlaw_weight_needs_scale(const weight_source *source);

#endif
