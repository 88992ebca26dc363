/* The Fortran routines of LAPACK that are used, as OpenBLAS exports them (no header of its own declares all of them).
 * Matrices are column-major, numbers are passed by address, and each text argument has its length at the end. Call them
 * between wlaw_blas_begin and wlaw_blas_end. */
#ifndef WLAW_MATH_LAPACK_H
#define WLAW_MATH_LAPACK_H

#include <cblas.h>
#include <stddef.h>

/* Householder QR, and the triangular factor T of the product of its reflectors, 1 - V T V'; dgeqrt3 gives both. */
void dgeqrf_(const blasint *m, const blasint *n, double *a, const blasint *lda, double *tau, double *work,
             const blasint *lwork, blasint *info);
void dgeqrt3_(const blasint *m, const blasint *n, double *a, const blasint *lda, double *t, const blasint *ldt,
              blasint *info);
void dlarft_(const char *direct, const char *storev, const blasint *n, const blasint *k, const double *v,
             const blasint *ldv, const double *tau, double *t, const blasint *ldt, size_t direct_length,
             size_t storev_length);
/* To tridiagonal form. */
void dsytrd_(const char *uplo, const blasint *n, double *a, const blasint *lda, double *d, double *e, double *tau,
             double *work, const blasint *lwork, blasint *info, size_t uplo_length);
/* Eigenvalues of a tridiagonal matrix, ascending, without and with eigenvectors. */
void dsterf_(const blasint *n, double *d, double *e, blasint *info);
void dstev_(const char *jobz, const blasint *n, double *d, double *e, double *z, const blasint *ldz, double *work,
            blasint *info, size_t jobz_length);
/* Cholesky's factorisation of a positive semidefinite matrix, with diagonal pivots. */
void dpstrf_(const char *uplo, const blasint *n, double *a, const blasint *lda, blasint *piv, blasint *rank,
             const double *tol, double *work, blasint *info, size_t uplo_length);
/* Cholesky factor; all eigenvalues, ascending, and eigenvectors of a symmetric matrix (divide and conquer). */
void dpotrf_(const char *uplo, const blasint *n, double *a, const blasint *lda, blasint *info, size_t uplo_length);
void dsyevd_(const char *jobz, const char *uplo, const blasint *n, double *a, const blasint *lda, double *w,
             double *work, const blasint *lwork, blasint *iwork, const blasint *liwork, blasint *info,
             size_t jobz_length, size_t uplo_length);
/* Singular values and vectors (divide and conquer). */
void dgesdd_(const char *jobz, const blasint *m, const blasint *n, double *a, const blasint *lda, double *s, double *u,
             const blasint *ldu, double *vt, const blasint *ldvt, double *work, const blasint *lwork, blasint *iwork,
             blasint *info, size_t jobz_length);

#endif
