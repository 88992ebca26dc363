#include "math/blas.h"

#include <cblas.h>
#include <limits.h>
#include <pthread.h>

bool wlaw_blas_size_ok(size_t size) { return size <= (size_t)INT_MAX; }

/* The setting belongs to the process, as OpenBLAS's own does; so do the buffers that the lock guards. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static bool is_threaded(void) { return openblas_get_parallel() != 0; }

static void hold_to_one_thread(void) {
  if (is_threaded()) openblas_set_num_threads(1);
}

void wlaw_blas_begin(void) {
  pthread_once(&once, hold_to_one_thread);
  if (!is_threaded()) pthread_mutex_lock(&one_at_a_time);
}

void wlaw_blas_end(void) {
  if (!is_threaded()) pthread_mutex_unlock(&one_at_a_time);
}

static CBLAS_TRANSPOSE transposed(bool yes) { return yes ? CblasTrans : CblasNoTrans; }

void wlaw_sgemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha, const float *a,
                size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc) {
  wlaw_blas_begin();
  cblas_sgemm(CblasRowMajor, transposed(transpose_a), transposed(transpose_b), (blasint)m, (blasint)n, (blasint)k,
              alpha, a, (blasint)lda, b, (blasint)ldb, beta, c, (blasint)ldc);
  wlaw_blas_end();
}

const char *wlaw_blas_config(void) { return openblas_get_config(); }

const char *wlaw_blas_core(void) { return openblas_get_corename(); }
