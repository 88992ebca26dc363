#include "math/small.h"

#include <math.h>
#include <string.h>

enum { MOST = SMALL_MOST };

/* One rotation in the plane (p, q) that makes a[p, q] zero (Golub and Van Loan, Matrix Computations, 8.5). false: it is
 * zero already. */
static bool rotate(double *a, double *v, size_t n, size_t p, size_t q) {
  const double apq = a[p * n + q];
  if (apq == 0.0) return false;
  const double theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
  const double t = (theta >= 0.0 ? 1.0 : -1.0) / (fabs(theta) + hypot(theta, 1.0));
  const double c = 1.0 / hypot(t, 1.0), s = t * c;
  for (size_t k = 0; k < n; k++) {
    const double akp = a[k * n + p], akq = a[k * n + q];
    a[k * n + p] = c * akp - s * akq;
    a[k * n + q] = s * akp + c * akq;
  }
  for (size_t k = 0; k < n; k++) {
    const double apk = a[p * n + k], aqk = a[q * n + k];
    a[p * n + k] = c * apk - s * aqk;
    a[q * n + k] = s * apk + c * aqk;
    const double vkp = v[k * n + p], vkq = v[k * n + q];
    v[k * n + p] = c * vkp - s * vkq;
    v[k * n + q] = s * vkp + c * vkq;
  }
  a[p * n + q] = a[q * n + p] = 0.0;
  return true;
}

static void swap_columns(double *a, size_t n, size_t j, size_t k) {
  for (size_t i = 0; i < n; i++) {
    const double held = a[i * n + j];
    a[i * n + j] = a[i * n + k];
    a[i * n + k] = held;
  }
}

void wlaw_small_eigen(double *values, double *vectors, const double *a, size_t n) {
  enum { SWEEPS = 30 }; /* convergence is quadratic: 4 or 5 are enough */
  double work[MOST * MOST], v[MOST * MOST] = {0};
  memcpy(work, a, n * n * sizeof *work);
  for (size_t i = 0; i < n; i++) v[i * n + i] = 1.0;
  bool turned = true;
  for (int sweep = 0; sweep < SWEEPS && turned; sweep++) {
    turned = false;
    for (size_t p = 0; p + 1 < n; p++)
      for (size_t q = p + 1; q < n; q++) turned |= rotate(work, v, n, p, q);
  }
  for (size_t i = 0; i < n; i++) values[i] = work[i * n + i];
  for (size_t i = 0; i + 1 < n; i++)
    for (size_t j = i + 1; j < n; j++)
      if (values[j] < values[i]) {
        const double held = values[i];
        values[i] = values[j];
        values[j] = held;
        swap_columns(v, n, i, j);
      }
  if (vectors) memcpy(vectors, v, n * n * sizeof *v);
}

void wlaw_small_root(double *out, const double *a, size_t n) {
  double values[MOST], v[MOST * MOST];
  wlaw_small_eigen(values, v, a, n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      out[i * n + j] = 0.0;
      for (size_t k = 0; k < n; k++)
        if (!(values[k] <= 0.0)) out[i * n + j] += sqrt(values[k]) * v[i * n + k] * v[j * n + k];
    }
}

void wlaw_small_multiply(double *out, const double *a, const double *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      out[i * n + j] = 0.0;
      for (size_t k = 0; k < n; k++) out[i * n + j] += a[i * n + k] * b[k * n + j];
    }
}

bool wlaw_small_cholesky(double *lower, const double *a, size_t n) {
  memset(lower, 0, n * n * sizeof *lower);
  for (size_t j = 0; j < n; j++) {
    double left = a[j * n + j];
    for (size_t k = 0; k < j; k++) left -= lower[j * n + k] * lower[j * n + k];
    if (!(left > 0.0)) return false;
    lower[j * n + j] = sqrt(left);
    for (size_t i = j + 1; i < n; i++) {
      double entry = a[i * n + j];
      for (size_t k = 0; k < j; k++) entry -= lower[i * n + k] * lower[j * n + k];
      lower[i * n + j] = entry / lower[j * n + j];
    }
  }
  return true;
}

double wlaw_small_log_det(const double *a, size_t n) {
  double lower[MOST * MOST], sum = 0.0;
  if (!wlaw_small_cholesky(lower, a, n)) return -INFINITY;
  for (size_t i = 0; i < n; i++) sum += 2.0 * log(lower[i * n + i]);
  return sum;
}

double wlaw_small_trace_ratio(const double *a, const double *b, size_t n) {
  double lower[MOST * MOST], trace = 0.0;
  if (!wlaw_small_cholesky(lower, a, n)) return NAN;
  for (size_t column = 0; column < n; column++) {
    double x[MOST] = {0};
    for (size_t i = 0; i < n; i++) { /* L z = b[:, column], then L' x = z */
      x[i] = b[i * n + column];
      for (size_t k = 0; k < i; k++) x[i] -= lower[i * n + k] * x[k];
      x[i] /= lower[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
      for (size_t k = i + 1; k < n; k++) x[i] -= lower[k * n + i] * x[k];
      x[i] /= lower[i * n + i];
    }
    trace += x[column];
  }
  return trace;
}

double wlaw_small_bures(const double *x, const double *y, size_t n) {
  double A[MOST * MOST], B[MOST * MOST], G[MOST * MOST], GG[MOST * MOST] = {0}, values[MOST], V[MOST * MOST];
  if (memcmp(x, y, n * n * sizeof *x) == 0) return 0.0;
  wlaw_small_root(A, x, n);
  wlaw_small_root(B, y, n);
  wlaw_small_multiply(G, B, A, n); /* G = B A = W S V'; the best U is W V' */
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      for (size_t k = 0; k < n; k++) GG[i * n + j] += G[k * n + i] * G[k * n + j];
  wlaw_small_eigen(values, V, GG, n);
  double trace = 0.0, overlap = 0.0, apart = 0.0;
  for (size_t i = 0; i < n; i++) {
    trace += x[i * n + i] + y[i * n + i];
    overlap += values[i] > 0.0 ? sqrt(values[i]) : 0.0;
  }
  /* A singular product leaves W undetermined, and there the plain formula is as good as any. */
  if (!(values[0] > 1e-12 * values[n - 1])) return trace > 2.0 * overlap ? trace - 2.0 * overlap : 0.0;
  double U[MOST * MOST] = {0}, BU[MOST * MOST];
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < n; i++) {
      double gv = 0.0;
      for (size_t j = 0; j < n; j++) gv += G[i * n + j] * V[j * n + k];
      for (size_t j = 0; j < n; j++) U[i * n + j] += gv / sqrt(values[k]) * V[j * n + k];
    }
  wlaw_small_multiply(BU, B, U, n);
  for (size_t i = 0; i < n * n; i++) apart += (A[i] - BU[i]) * (A[i] - BU[i]);
  return apart;
}
