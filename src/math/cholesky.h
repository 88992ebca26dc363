/* Cholesky factors of large symmetric matrices, by blocks on all threads. */
#ifndef WLAW_MATH_CHOLESKY_H
#define WLAW_MATH_CHOLESKY_H

#include "core/monitor.h"

/* a = L L', a [n, n] row-major: its lower triangle is read and becomes L; what lies above the diagonal stays as it was.
 * *pivot: n, or the first pivot that is not positive, where the work ended. The same bytes at any number of threads. */
wlaw_status wlaw_cholesky(size_t *pivot, double *a, size_t n, unsigned threads, wlaw_monitor *monitor, wlaw_error *err);

/* x = (L L')^-1 x for x [n, columns] row-major, L in the lower triangle of factor [n, n]. One thread. */
void wlaw_cholesky_solve(const double *factor, size_t n, double *x, size_t columns);

/* rows_x[i] = L^-1 rows_x[i] for each of `rows` rows of length n. One thread. */
void wlaw_cholesky_solve_rows(const double *factor, size_t n, double *rows_x, size_t rows);

#endif
