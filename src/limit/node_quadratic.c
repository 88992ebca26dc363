#include "limit/node_quadratic.h"

#include <math.h>

static const double ridge = 1e-10;

/* z: the maximum over the free unknowns, others 0. false: a is not positive there. */
static bool solve_free(quadratic *problem) {
  size_t n = 0;
  double *l = problem->factor;
  for (size_t i = 0; i < problem->n; i++) {
    problem->z[i] = 0.0;
    if (problem->free[i]) problem->place[n++] = i;
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = problem->a[problem->place[i] * QUADRATIC_MOST + problem->place[j]] * (i == j ? 1.0 + ridge : 1.0);
      for (size_t k = 0; k < j; k++) sum -= l[i * QUADRATIC_MOST + k] * l[j * QUADRATIC_MOST + k];
      if (i == j && !(sum > 0.0)) return false;
      l[i * QUADRATIC_MOST + j] = i == j ? sqrt(sum) : sum / l[j * QUADRATIC_MOST + j];
    }
  double y[QUADRATIC_MOST];
  for (size_t i = 0; i < n; i++) {
    y[i] = problem->b[problem->place[i]];
    for (size_t k = 0; k < i; k++) y[i] -= l[i * QUADRATIC_MOST + k] * y[k];
    y[i] /= l[i * QUADRATIC_MOST + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; k++) y[i] -= l[k * QUADRATIC_MOST + i] * y[k];
    y[i] /= l[i * QUADRATIC_MOST + i];
    problem->z[problem->place[i]] = y[i];
  }
  return true;
}

/* From x towards z until the first unknown is 0; those that are become fixed. true: z was reached. */
static bool move(quadratic *problem) {
  double length = 1.0;
  size_t stop = problem->n;
  for (size_t i = 0; i < problem->n; i++) {
    if (!problem->free[i] || problem->z[i] > 0.0) continue;
    const double reach = problem->x[i] > 0.0 ? problem->x[i] / (problem->x[i] - problem->z[i]) : 0.0;
    if (reach <= length) {
      length = reach;
      stop = i;
    }
  }
  for (size_t i = 0; i < problem->n; i++)
    if (problem->free[i]) problem->x[i] = fmax(0.0, problem->x[i] + length * (problem->z[i] - problem->x[i]));
  if (stop == problem->n) return true;
  problem->x[stop] = 0.0;
  problem->free[stop] = false;
  return false;
}

/* The fixed unknown that most wants to grow; n: none does. */
static size_t worst(const quadratic *problem, double scale) {
  size_t most = problem->n;
  double best = 1e-12 * scale;
  for (size_t i = 0; i < problem->n; i++) {
    if (problem->free[i]) continue;
    double slope = problem->b[i];
    for (size_t j = 0; j < problem->n; j++) slope -= problem->a[i * QUADRATIC_MOST + j] * problem->x[j];
    if (slope > best) {
      best = slope;
      most = i;
    }
  }
  return most;
}

void wlaw_quadratic_solve(quadratic *problem) {
  double scale = 0.0;
  for (size_t i = 0; i < problem->n; i++) {
    problem->free[i] = problem->x[i] > 0.0;
    scale = fmax(scale, fabs(problem->b[i]));
  }
  for (size_t round = 0; round < 3 * QUADRATIC_MOST; round++) {
    if (!solve_free(problem)) return;
    if (!move(problem)) continue;
    const size_t add = worst(problem, scale);
    if (add == problem->n) return;
    problem->free[add] = true;
  }
}
