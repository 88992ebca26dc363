/* Eigenvalues of dense symmetric matrices. */
#ifndef WLAW_MATH_EIGEN_H
#define WLAW_MATH_EIGEN_H

#include "core/monitor.h"

/* All eigenvalues, ascending, of a [n, n] row-major, of which the upper triangle is read and all is overwritten. Their
 * errors are of the order of eps |a|_2. Large matrices go to a band and from there to a tridiagonal one (Bischof, Lang
 * and Sun 2000, DOI 10.1145/365723.365735), the former by products cut into tiles for all threads; small ones go there
 * at once. The same bytes at any number of threads. */
wlaw_status wlaw_eigenvalues(double *values, double *a, size_t n, unsigned threads, wlaw_monitor *monitor,
                             wlaw_error *err);

/* Eigenvalues, ascending, and eigenvectors of a [n, n]: row k of a becomes the one of value k. One thread, LAPACK's
 * divide and conquer (Gu and Eisenstat 1995, DOI 10.1137/S0895479892241287). */
wlaw_status wlaw_eigensystem(double *values, double *a, size_t n, wlaw_error *err);

/* Of a symmetric tridiagonal matrix: diagonal [n] becomes the eigenvalues, ascending; below [n - 1] is overwritten;
 * vectors: [n, n], vector k in vectors[k * n ...], or NULL. */
wlaw_status wlaw_tridiagonal_eigen(double *diagonal, double *below, double *vectors, size_t n, wlaw_error *err);

#endif
