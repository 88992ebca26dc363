/* BLAS for the rest of the library: a row-major product on one thread, and which BLAS this is. */
#ifndef WLAW_MATH_BLAS_H
#define WLAW_MATH_BLAS_H

#include <stdbool.h>
#include <stddef.h>

#include "weightlaw.h"

/* c = alpha * op(a) op(b) + beta * c, row-major, op(a): [m, k], op(b): [k, n], c: [m, n]; ld: row strides as stored.
 * One thread. Sizes must fit an int (wlaw_blas_size_ok); the bits depend on the BLAS core and on the whole shape. */
void wlaw_sgemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
                size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

/* Whether a matrix size or stride fits BLAS's integers. */
bool wlaw_blas_size_ok(size_t size);

/* Around every direct call of BLAS or LAPACK, here and elsewhere. A threaded OpenBLAS is held to one thread: all
 * threads are ours. A build without threads has no locks either, and two threads in it at once use the same buffer and
 * get wrong results; there calls wait for one another (correct, but slow: --version names the build). */
void wlaw_blas_begin(void);
void wlaw_blas_end(void);

/* "OpenBLAS 0.3.21 ... SINGLE_THREADED" and "Haswell": for --version, run.json and benches. */
const char *wlaw_blas_config(void);
const char *wlaw_blas_core(void);

#endif
