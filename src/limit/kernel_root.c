#include "limit/kernel_root.h"

#include <math.h>

#include "core/error.h"
#include "math/blas.h"
#include "math/lapack.h"

size_t wlaw_kernel_root_scratch(size_t n) { return 4 * n; }

wlaw_status wlaw_kernel_root(double *root, size_t *rank, double *a, size_t n, double *scratch, wlaw_error *err) {
  for (size_t i = 0; i < n; i++) {
    for (size_t j = i; j < n; j++) {
      if (!isfinite(a[i * n + j]))
        return wlaw_fail(err, WLAW_NUMERIC, "the kernel of inputs %zu and %zu leaves the range of doubles", i, j);
    }
  }
  if (n == 1) {
    root[0] = sqrt(fmax(a[0], 0.0));
    *rank = root[0] > 0.0;
    return WLAW_OK;
  }
  /* the upper triangle of rows is LAPACK's lower one of columns */
  const blasint order = (blasint)n;
  const double to_rounding = -1.0;
  blasint found = 0, info = 0, *pivots = (blasint *)(void *)(scratch + 2 * n);
  double *scale = scratch + 3 * n;
  for (size_t i = 0; i < n; i++) scale[i] = sqrt(fmax(a[i * n + i], 0.0));
  /* of the correlations: an input much smaller than others is no rounding error of theirs */
  for (size_t i = 0; i < n; i++) {
    for (size_t j = i; j < n; j++) {
      const double r = scale[i] > 0.0 && scale[j] > 0.0 ? a[i * n + j] / scale[i] / scale[j] : 0.0;
      a[i * n + j] = fmin(fmax(r, -1.0), 1.0);
    }
  }
  wlaw_blas_begin();
  dpstrf_("L", &order, a, &order, pivots, &found, &to_rounding, scratch, &info, 1);
  wlaw_blas_end();
  *rank = (size_t)found;
  for (size_t i = 0; i < n; i++) {
    const size_t input = (size_t)(pivots[i] - 1);
    for (size_t k = 0; k < *rank; k++) root[input * n + k] = k <= i ? scale[input] * a[k * n + i] : 0.0;
  }
  return WLAW_OK;
}

void wlaw_kernel_root_draw(double *out, size_t rows, const double *root, size_t rank, size_t n, double *normals,
                           wlaw_stream *stream) {
  if (rank == 0) {
    for (size_t i = 0; i < rows * n; i++) out[i] = 0.0;
    return;
  }
  wlaw_stream_normals(stream, normals, rows * rank);
  if (n == 1) {
    for (size_t i = 0; i < rows; i++) out[i] = root[0] * normals[i];
    return;
  }
  wlaw_blas_begin();
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)rows, (blasint)n, (blasint)rank, 1.0, normals,
              (blasint)rank, root, (blasint)n, 0.0, out, (blasint)n);
  wlaw_blas_end();
}
