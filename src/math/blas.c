#include "math/blas.h"

#include <cblas.h>
#include <limits.h>
#include <pthread.h>

bool wlaw_blas_size_ok(size_t size) { return size <= (size_t)INT_MAX; }

static void hold_to_one_thread(void) {
  /* 0: built without threads. */
  if (openblas_get_parallel() != 0) openblas_set_num_threads(1);
}

void wlaw_blas_one_thread(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT; /* the setting belongs to the process, as OpenBLAS's own does */
  pthread_once(&once, hold_to_one_thread);
}

static CBLAS_TRANSPOSE transposed(bool yes) { return yes ? CblasTrans : CblasNoTrans; }

void wlaw_sgemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
                size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc) {
  wlaw_blas_one_thread();
  cblas_sgemm(CblasRowMajor, transposed(transpose_a), transposed(transpose_b), (blasint)m, (blasint)n, (blasint)k,
              alpha, a, (blasint)lda, b, (blasint)ldb, beta, c, (blasint)ldc);
}

const char *wlaw_blas_config(void) { return openblas_get_config(); }

const char *wlaw_blas_core(void) { return openblas_get_corename(); }
