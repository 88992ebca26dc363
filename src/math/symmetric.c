#include "math/symmetric.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "math/blas.h"
#include "math/cholesky.h"
#include "math/eigen.h"
#include "math/lapack.h"
#include "math/small.h"

/* `matrices` of [n, n], the first a copy of a. */
static wlaw_status copy_of(double **out, const double *a, size_t n, size_t matrices, wlaw_error *err) {
  const size_t sizes[] = {n, n, matrices};
  size_t numbers;
  if (!wlaw_blas_size_ok(n) || !wlaw_product(&numbers, sizes, 3))
    return wlaw_fail(err, WLAW_LIMIT, "a symmetric matrix of order %zu is too large for BLAS", n);
  *out = wlaw_array(numbers, sizeof **out);
  if (!*out) return wlaw_fail_memory(err, numbers, sizeof **out);
  memcpy(*out, a, n * n * sizeof *a);
  return WLAW_OK;
}

/* out = op(a) b, [n, n]. */
static void multiply(double *out, bool transpose_a, const double *a, const double *b, size_t n) {
  const blasint order = (blasint)n;
  wlaw_blas_begin();
  cblas_dgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, CblasNoTrans, order, order, order, 1.0, a, order,
              b, order, 0.0, out, order);
  wlaw_blas_end();
}

wlaw_status wlaw_symmetric_eigenvalues(double *values, const double *a, size_t n, wlaw_error *err) {
  if (n <= SMALL_MOST) {
    wlaw_small_eigen(values, NULL, a, n);
    return WLAW_OK;
  }
  double *copy;
  WLAW_TRY(copy_of(&copy, a, n, 1, err));
  const wlaw_status status = wlaw_eigenvalues(values, copy, n, 1, NULL, err);
  free(copy);
  return status;
}

wlaw_status wlaw_symmetric_root(double *out, const double *a, size_t n, wlaw_error *err) {
  if (n <= SMALL_MOST) {
    wlaw_small_root(out, a, n);
    return WLAW_OK;
  }
  double *vectors, *values = wlaw_array(n, sizeof *values);
  if (!values) return wlaw_fail_memory(err, n, sizeof *values);
  wlaw_status status = copy_of(&vectors, a, n, 1, err);
  if (status == WLAW_OK) {
    status = wlaw_eigensystem(values, vectors, n, err);
    for (size_t k = 0; status == WLAW_OK && k < n; k++) /* row k is a vector: (l^1/4 v)' (l^1/4 v) */
      for (size_t i = 0; i < n; i++) vectors[k * n + i] *= values[k] > 0.0 ? sqrt(sqrt(values[k])) : 0.0;
    if (status == WLAW_OK) multiply(out, true, vectors, vectors, n);
    free(vectors);
  }
  free(values);
  return status;
}

/* a = L L' in a copy with room for `matrices`; *pivot < n: it is not positive definite. */
static wlaw_status factor(double **copy, size_t *pivot, const double *a, size_t n, size_t matrices, wlaw_error *err) {
  WLAW_TRY(copy_of(copy, a, n, matrices, err));
  const wlaw_status status = wlaw_cholesky(pivot, *copy, n, 1, NULL, err);
  if (status != WLAW_OK) free(*copy);
  return status;
}

wlaw_status wlaw_symmetric_log_det(double *out, const double *a, size_t n, wlaw_error *err) {
  if (n <= SMALL_MOST) {
    *out = wlaw_small_log_det(a, n);
    return WLAW_OK;
  }
  double *lower;
  size_t pivot;
  WLAW_TRY(factor(&lower, &pivot, a, n, 1, err));
  *out = pivot < n ? -INFINITY : 0.0;
  for (size_t i = 0; pivot == n && i < n; i++) *out += 2.0 * log(lower[i * n + i]);
  free(lower);
  return WLAW_OK;
}

wlaw_status wlaw_symmetric_trace_ratio(double *out, const double *a, const double *b, size_t n, wlaw_error *err) {
  if (n <= SMALL_MOST) {
    *out = wlaw_small_trace_ratio(a, b, n);
    return WLAW_OK;
  }
  double *lower;
  size_t pivot;
  WLAW_TRY(factor(&lower, &pivot, a, n, 2, err));
  *out = pivot < n ? NAN : 0.0;
  if (pivot == n) {
    double *ratio = lower + n * n;
    memcpy(ratio, b, n * n * sizeof *b);
    wlaw_cholesky_solve(lower, n, ratio, n);
    for (size_t i = 0; i < n; i++) *out += ratio[i * n + i];
  }
  free(lower);
  return WLAW_OK;
}

wlaw_status wlaw_symmetric_norm(double *out, const double *a, const double *x, size_t n, wlaw_error *err) {
  if (n <= SMALL_MOST) {
    double outer[SMALL_MOST * SMALL_MOST];
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) outer[i * n + j] = x[i] * x[j];
    *out = wlaw_small_trace_ratio(a, outer, n);
    return WLAW_OK;
  }
  double *lower;
  size_t pivot;
  WLAW_TRY(factor(&lower, &pivot, a, n, 2, err));
  *out = pivot < n ? NAN : 0.0;
  if (pivot == n) {
    double *solved = lower + n * n;
    memcpy(solved, x, n * sizeof *x);
    wlaw_cholesky_solve_rows(lower, n, solved, 1);
    for (size_t i = 0; i < n; i++) *out += solved[i] * solved[i];
  }
  free(lower);
  return WLAW_OK;
}

/* g = W S V' becomes W V', the orthogonal matrix U with the largest trace(U' g): any one of them where g is singular.
 * room: [n, n]. */
static wlaw_status polar(double *g, double *room, size_t n, wlaw_error *err) {
  const blasint order = (blasint)n, query = -1;
  blasint info = 0;
  double size = 0.0;
  if (!wlaw_blas_size_ok(n) || !wlaw_blas_size_ok(7 * n + 4 * n * n)) /* its workspace */
    return wlaw_fail(err, WLAW_LIMIT, "a matrix of order %zu is too large for LAPACK's integers", n);
  double *values = wlaw_array(n, sizeof *values), *right = wlaw_array(n * n, sizeof *right);
  blasint *integers = wlaw_array(8 * n, sizeof *integers);
  wlaw_blas_begin();
  dgesdd_("A", &order, &order, g, &order, values, room, &order, right, &order, &size, &query, integers, &info, 1);
  wlaw_blas_end();
  const blasint lwork = (blasint)size;
  double *work = wlaw_array((size_t)lwork, sizeof *work);
  wlaw_status status = WLAW_OK;
  if (!values || !right || !integers || !work) {
    status = wlaw_fail_memory(err, (size_t)lwork, sizeof *work);
  } else {
    wlaw_blas_begin();
    dgesdd_("A", &order, &order, g, &order, values, room, &order, right, &order, work, &lwork, integers, &info, 1);
    /* column-major: g' = V S W', and the product of its vectors is (W V')' there, W V' here */
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, order, order, order, 1.0, room, order, right, order, 0.0, g,
                order);
    wlaw_blas_end();
    if (info) status = wlaw_fail(err, WLAW_NUMERIC, "the singular values were not found: dgesdd gave %d", (int)info);
  }
  free(values);
  free(right);
  free(integers);
  free(work);
  return status;
}

/* A with A A' = a: the Cholesky factor, or the symmetric root where a is singular. */
static wlaw_status any_root(double *out, const double *a, size_t n, wlaw_error *err) {
  size_t pivot;
  memcpy(out, a, n * n * sizeof *out);
  WLAW_TRY(wlaw_cholesky(&pivot, out, n, 1, NULL, err));
  if (pivot < n) return wlaw_symmetric_root(out, a, n, err);
  for (size_t i = 0; i < n; i++) memset(out + i * n + i + 1, 0, (n - i - 1) * sizeof *out);
  return WLAW_OK;
}

/* |A - B U|^2, smallest at the polar factor U of B'A. */
wlaw_status wlaw_symmetric_bures(double *out, const double *x, const double *y, size_t n, wlaw_error *err) {
  if (n <= SMALL_MOST) {
    *out = wlaw_small_bures(x, y, n);
    return WLAW_OK;
  }
  *out = 0.0;
  if (memcmp(x, y, n * n * sizeof *x) == 0) return WLAW_OK;
  double *a;
  WLAW_TRY(copy_of(&a, x, n, 4, err));
  double *b = a + n * n, *u = b + n * n, *room = u + n * n;
  wlaw_status status = any_root(a, x, n, err);
  if (status == WLAW_OK) status = any_root(b, y, n, err);
  if (status == WLAW_OK) {
    multiply(u, true, b, a, n);
    status = polar(u, room, n, err);
  }
  if (status == WLAW_OK) {
    multiply(room, false, b, u, n);
    for (size_t i = 0; i < n * n; i++) *out += (a[i] - room[i]) * (a[i] - room[i]);
  }
  free(a);
  return status;
}
