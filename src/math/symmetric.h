/* Dense algebra of symmetric matrices of any size, stored in full, row-major [n, n]: covariances. Up to SMALL_MOST by
 * math/small.h, larger ones by LAPACK. */
#ifndef WLAW_MATH_SYMMETRIC_H
#define WLAW_MATH_SYMMETRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "weightlaw.h"

/* Eigenvalues, ascending; vectors (or NULL): row k belongs to value k. */
wlaw_status wlaw_symmetric_eigen(double *values, double *vectors, const double *a, size_t n, wlaw_error *err);
/* out = A with A A' = a, a positive semi-definite (negative eigenvalues, of rounding, count as 0): also where it is
 * singular. A is the symmetric square root. */
wlaw_status wlaw_symmetric_root(double *out, const double *a, size_t n, wlaw_error *err);
/* ln det a of a positive definite a; -inf where it is singular. */
wlaw_status wlaw_symmetric_log_det(double *out, const double *a, size_t n, wlaw_error *err);
/* trace(a^-1 b), a positive definite; NaN otherwise. */
wlaw_status wlaw_symmetric_trace_ratio(double *out, const double *a, const double *b, size_t n, wlaw_error *err);
/* Squared Bures distance, as wlaw_small_bures (which keeps its digits where x and y are close). */
wlaw_status wlaw_symmetric_bures(double *out, const double *x, const double *y, size_t n, wlaw_error *err);

#endif
