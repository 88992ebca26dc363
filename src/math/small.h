/* Dense algebra of 1x1 to 3x3 symmetric matrices, stored in full, row-major [n, n]: the covariances of a few copies of
 * one irreducible component. */
#ifndef WLAW_MATH_SMALL_H
#define WLAW_MATH_SMALL_H

#include <stdbool.h>
#include <stddef.h>

enum { SMALL_MOST = 3 };

/* Eigenvalues ascending; vectors (or NULL): column k belongs to value k. Cyclic Jacobi rotations. */
void wlaw_small_eigen(double *values, double *vectors, const double *a, size_t n);
/* The symmetric square root; negative eigenvalues (rounding) count as 0. */
void wlaw_small_root(double *out, const double *a, size_t n);
/* out = a b, all [n, n]; out overlaps neither. */
void wlaw_small_multiply(double *out, const double *a, const double *b, size_t n);
/* a = L L', L lower; false unless a is positive definite. */
bool wlaw_small_cholesky(double *lower, const double *a, size_t n);
/* ln det a of a positive definite a; -inf when it is singular. */
double wlaw_small_log_det(const double *a, size_t n);
/* trace(a^-1 b), a positive definite; NaN otherwise. */
double wlaw_small_trace_ratio(const double *a, const double *b, size_t n);
/* Squared Bures distance tr X + tr Y - 2 tr (X^1/2 Y X^1/2)^1/2 of covariances: the squared Wasserstein-2 distance of
 * centred Gaussians (Dowson and Landau 1982, DOI 10.1016/0047-259X(82)90077-X). Formed as min over orthogonal U of
 * |X^1/2 - Y^1/2 U|^2 (Bhatia, Jain and Lim 2019, DOI 10.1016/j.exmath.2018.01.002), which keeps its digits when X and
 * Y are close. */
double wlaw_small_bures(const double *x, const double *y, size_t n);

#endif
