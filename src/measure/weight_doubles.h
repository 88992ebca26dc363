/* Parts of a matrix of weights as doubles. */
#ifndef WLAW_MEASURE_WEIGHT_DOUBLES_H
#define WLAW_MEASURE_WEIGHT_DOUBLES_H

#include "measure/weight_source.h"

/* Rows row .. row + n_rows, columns column .. column + n_cols, times scale, into out with `stride` doubles from row to
 * row. A weight that is not finite is WLAW_VALUE naming it. */
wlaw_status wlaw_weight_doubles(double *out, size_t stride, const weight_source *source, uint64_t row, size_t n_rows,
                                uint64_t column, size_t n_cols, double scale, wlaw_error *err);

/* The power of two that brings the largest magnitude into [1/2, 1); 1 where squares of the type's numbers fit a double
 * anyway (all but f64) or all are 0. */
wlaw_status wlaw_weight_scale(double *scale, const weight_source *source, unsigned threads, wlaw_error *err);

#endif
