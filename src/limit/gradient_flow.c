#include "limit/gradient_flow.h"

#include <float.h>
#include <math.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "math/blas.h"
#include "math/eigen.h"
#include "math/lapack.h"

wlaw_status wlaw_flow_new(gradient_flow *out, double *ntk, size_t n, wlaw_error *err) {
  *out = (gradient_flow){n, wlaw_array(n, sizeof *out->values), ntk};
  if (!out->values) return wlaw_fail_memory(err, n, sizeof *out->values);
  const wlaw_status status = wlaw_eigensystem(out->values, ntk, n, err);
  if (status != WLAW_OK) wlaw_flow_free(out);
  return status;
}

void wlaw_flow_free(gradient_flow *flow) {
  free(flow->values);
  *flow = (gradient_flow){0};
}

double wlaw_flow_largest_rate(const gradient_flow *flow, size_t outputs, double momentum) {
  const double largest = flow->n ? flow->values[flow->n - 1] : 0.0;
  return largest > 0.0 ? 2.0 * (1.0 + momentum) * (double)flow->n * (double)outputs / largest : INFINITY;
}

/* (1 - e^(-l u)) / l for each eigenvalue; its limit at l = 0 is u. Eigenvalues below the rounding of the largest are 0
 * as far as can be told; their directions do not reach a test point (T(x, .) v = 0), except by rounding, which a u
 * beyond 1 / rounding would blow up: there they are left out, as the pseudo-inverse does at the end of time. */
static void filter(double *gain, const gradient_flow *flow, double u) {
  const double lost = (double)flow->n * DBL_EPSILON * flow->values[flow->n - 1];
  for (size_t k = 0; k < flow->n; k++) {
    const double l = flow->values[k];
    if (l > lost) gain[k] = -expm1(-l * u) / l;
    else gain[k] = u * lost < 1.0 ? u : 0.0;
  }
}

/* coefficients [n, outputs] = V gain V' y. */
static wlaw_status coefficients_of(double *coefficients, const gradient_flow *flow, const regression *problem,
                                   const double *gain, wlaw_error *err) {
  const size_t n = flow->n, outputs = problem->outputs;
  double *rotated = wlaw_array(n * outputs, sizeof *rotated);
  if (!rotated) return wlaw_fail_memory(err, n * outputs, sizeof *rotated);
  const blasint order = (blasint)n, columns = (blasint)outputs;
  wlaw_blas_begin();
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, order, columns, order, 1.0, flow->vectors, order, problem->y,
              columns, 0.0, rotated, columns);
  for (size_t i = 0; i < n * outputs; i++) rotated[i] *= gain[i / outputs];
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, order, columns, order, 1.0, flow->vectors, order, rotated,
              columns, 0.0, coefficients, columns);
  wlaw_blas_end();
  free(rotated);
  return WLAW_OK;
}

typedef struct spread {
  const gradient_flow *flow;
  const regression *problem;
  const double *nngp, *cross_ntk, *gain;
  double *variance, *scratch; /* [m]; [workers, 2, REGRESSION_ROWS, n] */
} spread;

static double dot(const double *a, const double *b, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* One block of A = T(x, .) V gain V', then K(x, x) - 2 A K(., x) + A K A' row by row. */
static wlaw_status variance_rows(void *context, size_t unit, unsigned worker, const atomic_bool *stop,
                                 wlaw_error *err) {
  const spread *s = context;
  (void)stop; /* a unit is short */
  (void)err;
  const size_t n = s->flow->n, first = unit * REGRESSION_ROWS, left = s->problem->m - first;
  const size_t rows = left < REGRESSION_ROWS ? left : REGRESSION_ROWS;
  const blasint m = (blasint)rows, order = (blasint)n;
  double *p = s->scratch + 2 * worker * REGRESSION_ROWS * n, *a = p + REGRESSION_ROWS * n;
  wlaw_blas_begin();
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, order, order, 1.0, s->cross_ntk + first * n, order,
              s->flow->vectors, order, 0.0, p, order);
  for (size_t i = 0; i < rows * n; i++) p[i] *= s->gain[i % n];
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, order, order, 1.0, p, order, s->flow->vectors, order, 0.0,
              a, order);
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, order, order, 1.0, a, order, s->nngp, order, 0.0, p, order);
  wlaw_blas_end();
  for (size_t i = 0; i < rows; i++) {
    const double *row = a + i * n;
    const double value =
        s->problem->prior[first + i] - 2.0 * dot(row, s->problem->cross + (first + i) * n, n) + dot(row, p + i * n, n);
    s->variance[first + i] = fmax(value, 0.0); /* below 0 by rounding alone */
  }
  return WLAW_OK;
}

static wlaw_status flow_variance(spread *s, wlaw_monitor *monitor, wlaw_error *err) {
  const size_t units = (s->problem->m + REGRESSION_ROWS - 1) / REGRESSION_ROWS, each = 2 * REGRESSION_ROWS * s->flow->n;
  const unsigned threads = wlaw_threads_for(s->problem->threads, units);
  s->scratch = wlaw_array(threads * each, sizeof *s->scratch);
  if (!s->scratch) return wlaw_fail_memory(err, threads * each, sizeof *s->scratch);
  const wlaw_status status = wlaw_parallel(units, threads, variance_rows, s, monitor, err);
  free(s->scratch);
  return status;
}

wlaw_status wlaw_flow_predict(double *mean, double *variance, const gradient_flow *flow, const regression *problem,
                              double time, const double *nngp, const double *cross_ntk, wlaw_monitor *monitor,
                              wlaw_error *err) {
  const size_t n = flow->n, targets = n * problem->outputs;
  double *gain = wlaw_array(n + targets, sizeof *gain);
  if (!gain) return wlaw_fail_memory(err, n + targets, sizeof *gain);
  double *coefficients = gain + n;
  filter(gain, flow, time / (double)targets);
  wlaw_status status = coefficients_of(coefficients, flow, problem, gain, err);
  if (status == WLAW_OK) status = wlaw_regression_apply(mean, problem, cross_ntk, coefficients, err);
  if (status == WLAW_OK && variance) {
    spread s = {
        .flow = flow, .problem = problem, .nngp = nngp, .cross_ntk = cross_ntk, .gain = gain, .variance = variance};
    status = flow_variance(&s, monitor, err);
  }
  free(gain);
  return status;
}
