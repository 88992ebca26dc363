/* orthogonal(gain=1): gain times a Haar-distributed matrix with orthonormal rows or columns, whichever are shorter in
 * number (Saxe, McClelland and Ganguli 2014, arXiv 1312.6120). The Q of a Gaussian's QR factors is Haar only when R's
 * diagonal is made positive (Mezzadri 2007, Notices of the AMS 54:592, arXiv math-ph/0609050). */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "law/fan.h"
#include "math/blas.h"

/* LAPACK, column-major; OpenBLAS with 32-bit integers. */
void dgeqrf_(const int *m, const int *n, double *a, const int *lda, double *tau, double *work, const int *lwork,
             int *info);
void dorgqr_(const int *m, const int *n, const int *k, double *a, const int *lda, const double *tau, double *work,
             const int *lwork, int *info);

static const law_parameter orthogonal_parameters[] = {
    {.name = "gain",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "1",
     .low = LAW_LEAST_SCALE,
     .high = LAW_MOST_SCALE,
     .doc = "every singular value of the matrix"},
};

enum { QR_BLOCK = 32 };

/* q: [tall, thin] column-major, standard normal entries in, orthonormal Haar columns out. scratch: thin * (2 +
 * QR_BLOCK) numbers. false: LAPACK refused (never for valid sizes and finite entries). */
static bool orthonormalise(double *q, int tall, int thin, double *scratch) {
  double *tau = scratch, *diagonal = tau + thin, *work = diagonal + thin;
  const int lwork = thin * QR_BLOCK;
  int info = 0;
  wlaw_blas_begin();
  dgeqrf_(&tall, &thin, q, &tall, tau, work, &lwork, &info);
  wlaw_blas_end();
  if (info) return false;
  for (int j = 0; j < thin; j++) diagonal[j] = q[(size_t)j * (size_t)tall + (size_t)j];
  wlaw_blas_begin();
  dorgqr_(&tall, &thin, &thin, q, &tall, tau, work, &lwork, &info);
  wlaw_blas_end();
  if (info) return false;
  for (int j = 0; j < thin; j++) {
    double *column = q + (size_t)j * (size_t)tall;
    if (diagonal[j] >= 0.0) continue;
    for (int i = 0; i < tall; i++) column[i] = -column[i];
  }
  return true;
}

static wlaw_status orthogonal_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                                   wlaw_error *err) {
  const size_t tall = rows > cols ? rows : cols, thin = rows > cols ? cols : rows;
  if (tall > INT_MAX || thin > INT_MAX / QR_BLOCK)
    return wlaw_fail(err, WLAW_LIMIT, "an orthogonal matrix of %zu x %zu is too large to be drawn", rows, cols);
  double *q = wlaw_array(tall * thin, sizeof *q), *scratch = wlaw_array(thin * (2 + QR_BLOCK), sizeof *scratch);
  wlaw_status status = WLAW_OK;
  if (!q || !scratch) status = wlaw_fail_memory(err, tall * thin, sizeof *q);
  if (status == WLAW_OK) {
    wlaw_stream_normals(stream, q, tall * thin);
    if (!orthonormalise(q, (int)tall, (int)thin, scratch))
      status = wlaw_fail(err, WLAW_NUMERIC, "the QR factors of a %zu x %zu matrix could not be found", tall, thin);
  }
  if (status == WLAW_OK) {
    /* column-major [tall, thin] is row-major [thin, tall]: wide matrices are there already */
    const double gain = law->values[0];
    const size_t across = rows >= cols ? tall : 1, down = rows >= cols ? 1 : tall;
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < cols; j++) out[i * cols + j] = gain * q[i * down + j * across];
  }
  free(q);
  free(scratch);
  return status;
}

static bool orthogonal_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  const double gain = law->values[0];
  *mean = 0.0;
  *variance = gain * gain / (double)(rows > cols ? rows : cols);
  return true;
}

const law_ops wlaw_law_orthogonal = {
    .name = "orthogonal",
    .summary = "gain times a random matrix with orthonormal rows or columns (Haar)",
    .source = "Saxe, McClelland and Ganguli 2014, arXiv 1312.6120; Mezzadri 2007, arXiv math-ph/0609050",
    .parameters = orthogonal_parameters,
    .n_parameters = 1,
    .draw = orthogonal_draw,
    .moments = orthogonal_moments,
};
