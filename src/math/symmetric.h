/* Dense algebra of symmetric matrices of any size, stored in full, row-major [n, n]: covariances. Up to SMALL_MOST by
 * math/small.h, where nothing is allocated and nothing fails; larger ones by LAPACK, on one thread. */
#ifndef WLAW_MATH_SYMMETRIC_H
#define WLAW_MATH_SYMMETRIC_H

#include <stddef.h>

#include "weightlaw.h"

/* Eigenvalues, ascending. */
wlaw_status wlaw_symmetric_eigenvalues(double *values, const double *a, size_t n, wlaw_error *err);
/* The symmetric square root of a positive semi-definite a: negative eigenvalues, of rounding, count as 0. */
wlaw_status wlaw_symmetric_root(double *out, const double *a, size_t n, wlaw_error *err);
/* ln det a of a positive definite a; -inf where it is singular. */
wlaw_status wlaw_symmetric_log_det(double *out, const double *a, size_t n, wlaw_error *err);
/* trace(a^-1 b) and x' a^-1 x, a positive definite; NaN otherwise. */
wlaw_status wlaw_symmetric_trace_ratio(double *out, const double *a, const double *b, size_t n, wlaw_error *err);
wlaw_status wlaw_symmetric_norm(double *out, const double *a, const double *x, size_t n, wlaw_error *err);
/* Squared Bures distance of covariances, as wlaw_small_bures, whose digits it keeps where x and y are close. */
wlaw_status wlaw_symmetric_bures(double *out, const double *x, const double *y, size_t n, wlaw_error *err);

#endif
