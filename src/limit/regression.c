#include "limit/regression.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "math/blas.h"
#include "math/cholesky.h"
#include "math/lapack.h"

/* ---- products with all test points */

typedef struct product {
  const regression *problem;
  double *mean;
  const double *cross, *coefficients;
} product;

static size_t rows_in(const regression *problem, size_t unit) {
  const size_t left = problem->m - unit * REGRESSION_ROWS;
  return left < REGRESSION_ROWS ? left : REGRESSION_ROWS;
}

static size_t unit_count(const regression *problem) { return (problem->m + REGRESSION_ROWS - 1) / REGRESSION_ROWS; }

static wlaw_status apply_rows(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  const product *p = context;
  (void)worker;
  (void)stop;
  (void)err;
  const size_t first = unit * REGRESSION_ROWS;
  const blasint n = (blasint)p->problem->n, outputs = (blasint)p->problem->outputs;
  wlaw_blas_begin();
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)rows_in(p->problem, unit), outputs, n, 1.0,
              p->cross + first * p->problem->n, n, p->coefficients, outputs, 0.0, p->mean + first * p->problem->outputs,
              outputs);
  wlaw_blas_end();
  return WLAW_OK;
}

wlaw_status wlaw_regression_apply(double *mean, const regression *problem, const double *cross,
                                  const double *coefficients, wlaw_error *err) {
  product p = {problem, mean, cross, coefficients};
  return wlaw_parallel(unit_count(problem), problem->threads, apply_rows, &p, NULL, err);
}

/* ---- the factor */

/* Adds the ridge; diagonal: [n], as it is then. */
static wlaw_status add_ridge(double *added, double *k, double *diagonal, size_t n, double ridge, wlaw_error *err) {
  double mean = 0.0;
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(k[i * (n + 1)]))
      return wlaw_fail(err, WLAW_NUMERIC, "the kernel of training point %zu with itself is not finite", i);
    mean += k[i * (n + 1)] / (double)n;
  }
  *added = ridge * mean;
  for (size_t i = 0; i < n; i++) diagonal[i] = k[i * (n + 1)] += *added;
  return WLAW_OK;
}

/* A pivot is what is left of a diagonal element after all points before are known: below the rounding of its
 * subtractions it says nothing, whatever its sign. */
static double rounding(size_t n) { return 8.0 * (double)n * DBL_EPSILON; }

/* A training point before `pivot` that coincides with it, or n: |i - j|^2 = k_ii + k_jj - 2 k_ij; the kernel as it was
 * stands above the diagonal. */
static size_t find_twin(const double *k, const double *diagonal, double ridge_added, size_t n, size_t pivot) {
  for (size_t j = 0; j < pivot; j++) {
    const double self = diagonal[pivot] + diagonal[j] - 2.0 * ridge_added;
    if (fabs(self - 2.0 * k[j * n + pivot]) <= 64.0 * DBL_EPSILON * fabs(self)) return j;
  }
  return n;
}

static wlaw_status fail_pivot(const double *k, const double *diagonal, double ridge_added, size_t n, size_t pivot,
                              wlaw_error *err) {
  const size_t twin = find_twin(k, diagonal, ridge_added, n, pivot);
  if (twin < n)
    wlaw_fail(err, WLAW_NUMERIC,
              "the kernel of the %zu training points is not positive definite (pivot %zu): points %zu and %zu have the "
              "same inputs",
              n, pivot, twin, pivot);
  else
    wlaw_fail(err, WLAW_NUMERIC,
              "the kernel of the %zu training points is not positive definite: pivot %zu is no larger than rounding", n,
              pivot);
  return wlaw_error_add_hint(err, WLAW_NUMERIC,
                             ridge_added > 0.0 || !(diagonal[pivot] > 0.0)
                                 ? "a larger --ridge makes it so, unless inputs are too small: scale them"
                                 : "a larger --ridge, such as 1e-6, makes it so");
}

static wlaw_status factor(double *k, double *diagonal, const regression *problem, double ridge, wlaw_monitor *monitor,
                          wlaw_error *err) {
  const size_t n = problem->n;
  size_t pivot = 0;
  double added = 0.0;
  WLAW_TRY(add_ridge(&added, k, diagonal, n, ridge, err));
  WLAW_TRY(wlaw_cholesky(&pivot, k, n, problem->threads, monitor, err));
  for (size_t i = 0; i < pivot; i++) {
    const double root = k[i * (n + 1)];
    if (!(root * root > rounding(n) * diagonal[i])) pivot = i;
  }
  return pivot == n ? WLAW_OK : fail_pivot(k, diagonal, added, n, pivot, err);
}

/* ---- the posterior */

static double evidence(const double *factor, const double *solved, const regression *problem) {
  const double pi = 3.14159265358979323846, n = (double)problem->n;
  double square = 0.0, half_log_det = 0.0;
  for (size_t i = 0; i < problem->n * problem->outputs; i++) square += problem->y[i] * solved[i];
  for (size_t i = 0; i < problem->n; i++) half_log_det += log(factor[i * (problem->n + 1)]);
  return -0.5 * square - (double)problem->outputs * (half_log_det + 0.5 * n * log(2.0 * pi));
}

typedef struct posterior {
  const regression *problem;
  const double *factor;
  double *variance, *scratch; /* [m]; [workers, REGRESSION_ROWS, n] */
} posterior;

/* prior - |L^-1 cross|^2; what rounding leaves below 0 is 0. */
static wlaw_status variance_rows(void *context, size_t unit, unsigned worker, const atomic_bool *stop,
                                 wlaw_error *err) {
  const posterior *p = context;
  (void)stop; /* a unit is short */
  (void)err;
  const size_t n = p->problem->n, first = unit * REGRESSION_ROWS, rows = rows_in(p->problem, unit);
  double *solved = p->scratch + worker * REGRESSION_ROWS * n;
  memcpy(solved, p->problem->cross + first * n, rows * n * sizeof *solved);
  wlaw_cholesky_solve_rows(p->factor, n, solved, rows);
  for (size_t i = 0; i < rows; i++) {
    double explained = 0.0;
    for (size_t j = 0; j < n; j++) explained += solved[i * n + j] * solved[i * n + j];
    p->variance[first + i] = fmax(p->problem->prior[first + i] - explained, 0.0);
  }
  return WLAW_OK;
}

static wlaw_status posterior_variance(double *variance, const regression *problem, const double *factor,
                                      wlaw_monitor *monitor, wlaw_error *err) {
  const unsigned threads = wlaw_threads_for(problem->threads, unit_count(problem));
  const size_t each = REGRESSION_ROWS * problem->n;
  posterior p = {problem, factor, variance, wlaw_array(threads * each, sizeof *p.scratch)};
  if (!p.scratch) return wlaw_fail_memory(err, threads * each, sizeof *p.scratch);
  const wlaw_status status = wlaw_parallel(unit_count(problem), threads, variance_rows, &p, monitor, err);
  free(p.scratch);
  return status;
}

wlaw_status wlaw_regression_posterior(double *mean, double *variance, double *log_evidence, const regression *problem,
                                      double ridge, double *k, wlaw_monitor *monitor, wlaw_error *err) {
  const size_t n = problem->n, targets = n * problem->outputs;
  const monitor_span whole = wlaw_monitor_span(monitor);
  double *diagonal = wlaw_array(n + targets, sizeof *diagonal);
  if (!diagonal) return wlaw_fail_memory(err, n + targets, sizeof *diagonal);
  double *solved = diagonal + n;
  wlaw_monitor_stage(monitor, &whole, 0.0, 0.3);
  wlaw_status status = factor(k, diagonal, problem, ridge, monitor, err);
  if (status == WLAW_OK) {
    memcpy(solved, problem->y, targets * sizeof *solved);
    wlaw_cholesky_solve(k, n, solved, problem->outputs);
    if (log_evidence) *log_evidence = evidence(k, solved, problem);
    status = wlaw_regression_apply(mean, problem, problem->cross, solved, err);
  }
  wlaw_monitor_stage(monitor, &whole, 0.3, 1.0);
  if (status == WLAW_OK && variance) status = posterior_variance(variance, problem, k, monitor, err);
  free(diagonal);
  wlaw_monitor_stage(monitor, &whole, 0.0, 1.0);
  return status;
}
