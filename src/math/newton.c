#include "math/newton.h"

#include <math.h>
#include <string.h>

enum { MOST = NEWTON_MOST, ITERATIONS = 100, HALVINGS = 40 };

/* Central differences of the gradient, inside the box: with steps of 1e-5 the error is of order 1e-10. */
static bool differences(double *hessian, const newton_problem *problem, const double *at) {
  const size_t n = problem->n;
  double full[MOST * MOST];
  for (size_t j = 0; j < n; j++) {
    double point[MOST], upper[MOST], lower[MOST], value;
    memcpy(point, at, n * sizeof *point);
    const double b = fmin(at[j] + 1e-5, problem->high[j]), a = fmax(at[j] - 1e-5, problem->low[j]);
    point[j] = b;
    if (!problem->function(&value, upper, NULL, point, problem->context)) return false;
    point[j] = a;
    if (!problem->function(&value, lower, NULL, point, problem->context)) return false;
    for (size_t i = 0; i < n; i++) full[i * n + j] = (upper[i] - lower[i]) / (b - a);
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) hessian[i * n + j] = 0.5 * (full[i * n + j] + full[j * n + i]);
  return true;
}

/* Value, gradient and Hessian, all finite. */
static bool evaluate(double *value, double *gradient, double *hessian, const newton_problem *problem,
                     const double *at) {
  if (!problem->function(value, gradient, problem->differences ? NULL : hessian, at, problem->context)) return false;
  if (problem->differences && !differences(hessian, problem, at)) return false;
  double sum = *value;
  for (size_t i = 0; i < problem->n; i++) sum += gradient[i];
  for (size_t i = 0; i < problem->n * problem->n; i++) sum += hessian[i];
  return isfinite(sum);
}

/* The unknowns that may move, and their number. */
static size_t free_unknowns(size_t *which, const bool *at_bound, size_t n) {
  size_t m = 0;
  for (size_t i = 0; i < n; i++)
    if (!at_bound[i]) which[m++] = i;
  return m;
}

static void restrict_to(double *out, const double *hessian, const size_t *which, size_t m, size_t n) {
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < m; j++) out[i * m + j] = -hessian[which[i] * n + which[j]];
}

/* The Newton step with |eigenvalues| in place of eigenvalues; returns its largest component before it is shortened.
 * rise: what the gradient promises along the step. */
static double newton_step(double *step, double *rise, const double *gradient, const double *hessian,
                          const bool *at_bound, size_t n) {
  size_t which[MOST] = {0};
  const size_t m = free_unknowns(which, at_bound, n);
  double part[MOST * MOST], values[MOST], v[MOST * MOST], longest = 0.0;
  restrict_to(part, hessian, which, m, n);
  wlaw_small_eigen(values, v, part, m);
  double most = 0.0;
  for (size_t k = 0; k < m; k++) most = fmax(most, fabs(values[k]));
  for (size_t i = 0; i < n; i++) step[i] = 0.0;
  for (size_t k = 0; k < m; k++) {
    double along = 0.0;
    for (size_t i = 0; i < m; i++) along += v[i * m + k] * gradient[which[i]];
    const double curvature = fmax(fabs(values[k]), fmax(1e-12 * most, 1e-300));
    for (size_t i = 0; i < m; i++) step[which[i]] += v[i * m + k] * (along / curvature);
  }
  for (size_t i = 0; i < n; i++) longest = fmax(longest, fabs(step[i]));
  if (longest > 1.0)
    for (size_t i = 0; i < n; i++) step[i] /= longest;
  *rise = 0.0;
  for (size_t i = 0; i < n; i++) *rise += gradient[i] * step[i];
  return longest;
}

static void find_bounds(bool *at_bound, const newton_problem *problem, const double *at, const double *gradient) {
  for (size_t i = 0; i < problem->n; i++)
    at_bound[i] = (at[i] <= problem->low[i] && gradient[i] < 0.0) || (at[i] >= problem->high[i] && gradient[i] > 0.0);
}

/* Moves out->at along the step as far as the function grows (Armijo's rule); false where it cannot. */
static bool line_search(newton_maximum *out, double *gradient, const newton_problem *problem, const double *step) {
  const size_t n = problem->n;
  double share = 1.0;
  for (int halving = 0; halving < HALVINGS; halving++, share *= 0.5) {
    double point[MOST], value, slope[MOST], hessian[MOST * MOST], rise = 0.0;
    for (size_t i = 0; i < n; i++) {
      point[i] = fmin(fmax(out->at[i] + share * step[i], problem->low[i]), problem->high[i]);
      rise += gradient[i] * (point[i] - out->at[i]);
    }
    /* a rise below the value's rounding cannot be seen: the step is taken on trust */
    const double rounding = 1e-14 * (1.0 + fabs(out->value));
    if (!evaluate(&value, slope, hessian, problem, point) || !(value >= out->value + 1e-4 * rise - rounding)) continue;
    memcpy(out->at, point, n * sizeof *point);
    memcpy(gradient, slope, n * sizeof *slope);
    memcpy(out->hessian, hessian, n * n * sizeof *hessian);
    out->value = value;
    return true;
  }
  return false;
}

void wlaw_newton_maximize(newton_maximum *out, const newton_problem *problem, const double *start) {
  const size_t n = problem->n;
  double gradient[MOST], step[MOST];
  *out = (newton_maximum){.stop_reason = "no convergence in 100 iterations"};
  for (size_t i = 0; i < n; i++) out->at[i] = fmin(fmax(start[i], problem->low[i]), problem->high[i]);
  if (!evaluate(&out->value, gradient, out->hessian, problem, out->at)) {
    out->stop_reason = "the likelihood is not finite where the search starts";
    return;
  }
  for (bool last = false; out->iterations < ITERATIONS;) {
    find_bounds(out->at_bound, problem, out->at, gradient);
    double rise;
    const double longest = newton_step(step, &rise, gradient, out->hessian, out->at_bound, n);
    if (last || longest == 0.0) {
      out->converged = true;
      break;
    }
    /* Steps shrink quadratically: one of 1e-8 leaves an error at the level of rounding. Where the function is so flat
     * that rounding alone makes longer ones, a rise of 1e-18 is the end: as a mean log-likelihood's, it is that of a
     * thousandth of a standard error of 10^12 samples. */
    last = longest < 1e-8 || rise < 1e-18;
    out->iterations++;
    if (!line_search(out, gradient, problem, step)) {
      out->converged = last;
      if (!last) out->stop_reason = "no step along the gradient raises the likelihood";
      break;
    }
  }
  if (!out->converged) return;
  out->stop_reason = "the step is below rounding";
  for (size_t i = 0; i < n; i++)
    if (out->at_bound[i]) out->stop_reason = "a parameter is at the end of its range";
}

double wlaw_newton_exp(const newton_maximum *maximum, size_t i, double low, double high) {
  const double value = exp(maximum->at[i]);
  if (maximum->at_bound[i]) return value * value > low * high ? high : low;
  return fmin(fmax(value, low), high);
}

void wlaw_newton_covariance(double *covariance, const newton_maximum *maximum, size_t unknowns, double n) {
  size_t which[MOST] = {0};
  const size_t m = free_unknowns(which, maximum->at_bound, unknowns);
  double part[MOST * MOST], values[MOST], v[MOST * MOST];
  for (size_t i = 0; i < unknowns * unknowns; i++) covariance[i] = NAN;
  restrict_to(part, maximum->hessian, which, m, unknowns);
  wlaw_small_eigen(values, v, part, m);
  if (m == 0 || !(values[0] > 0.0)) return;
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < m; j++) {
      double sum = 0.0;
      for (size_t k = 0; k < m; k++) sum += v[i * m + k] * v[j * m + k] / values[k];
      covariance[which[i] * unknowns + which[j]] = sum / n;
    }
}
