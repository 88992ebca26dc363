#include "limit/sum_exponent.h"

#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "limit/random_kernel.h"

#define STEP             0.125 /* of both grids: the error of the trapezoidal rule is of the order of exp(-pi^2 / (2 STEP)) */
#define INVERSE_ROOT_TAU 0.39894228040143267794
#define LOWEST           (-40.0) /* ln |zeta| */
#define LOG_MOST         690.0   /* ln of about the largest double */

enum { DEGREE = 7 };

static void add_node(sum_nodes *out, const dual_activation *activation, double zeta, double weight) {
  double value;
  wlaw_dual_apply(activation, &value, &zeta, 1);
  if (value == 0.0 || weight < 1e-20) return;
  out->log_square[out->n] = 2.0 * log(fabs(value));
  out->weight[out->n++] = weight;
}

void wlaw_sum_nodes(sum_nodes *out, const dual_activation *activation, double variance) {
  out->n = 0;
  for (size_t i = 0; i < SUM_NODES / 2; i++) {
    const double x = exp(LOWEST + STEP * (double)i);
    const double weight = STEP * x * INVERSE_ROOT_TAU * exp(-0.5 * x * x);
    add_node(out, activation, sqrt(variance) * x, weight);
    add_node(out, activation, -sqrt(variance) * x, weight);
  }
}

double wlaw_sum_exponent(const wlaw_law *law, const sum_nodes *nodes, double s) {
  double sum = 0.0;
  for (size_t i = 0; i < nodes->n; i++)
    sum += nodes->weight[i] * wlaw_node_exponent(law, s * exp(nodes->log_square[i]));
  return sum;
}

wlaw_status wlaw_exponent_table_new(exponent_table *out, const wlaw_law *law, wlaw_error *err) {
  const double scale = wlaw_node_scale(law), middle = scale > 0.0 ? -log(scale) : 0.0;
  const double end = fmin(middle + 400.0, LOG_MOST);
  /* 120 below the middle every exponent is a power of s to all digits */
  out->start = fmax(middle - 120.0, -LOG_MOST);
  const size_t most = (size_t)((end - out->start) / STEP) + 1;
  out->n = 0;
  out->log_exponent = wlaw_array(most, sizeof *out->log_exponent);
  if (!out->log_exponent) return wlaw_fail_memory(err, most, sizeof *out->log_exponent);
  while (out->n < most) {
    const double value = wlaw_node_exponent(law, exp(out->start + STEP * (double)out->n));
    if (!(value > 0.0 && isfinite(value)))
      return wlaw_fail(err, WLAW_NUMERIC, "the Laplace exponent of %s is %g at s = %g", law->ops->name, value,
                       exp(out->start + STEP * (double)out->n));
    out->log_exponent[out->n++] = log(value);
    if (value > 1e6 && out->n > DEGREE) break; /* exp(-value) is 0 already */
  }
  return WLAW_OK;
}

void wlaw_exponent_table_free(exponent_table *table) {
  free(table->log_exponent);
  table->log_exponent = NULL;
}

static double line(double at, double left, double right) { return left + at * (right - left); }

/* Lagrange's polynomial through DEGREE + 1 neighbours, in its barycentric form. */
static double interpolate(const exponent_table *table, double log_s) {
  static const double weights[DEGREE + 1] = {-1.0, 7.0, -21.0, 35.0, -35.0, 21.0, -7.0, 1.0};
  const double *y = table->log_exponent, at = (log_s - table->start) / STEP, last = (double)(table->n - 1);
  if (at <= 0.0) return line(at, y[0], y[1]);
  if (at >= last) return line(at - last, y[table->n - 1], 2.0 * y[table->n - 1] - y[table->n - 2]);
  const double first = fmin(fmax(floor(at) - DEGREE / 2, 0.0), last - DEGREE);
  const double *near = y + (size_t)first;
  double top = 0.0, bottom = 0.0;
  for (int i = 0; i <= DEGREE; i++) {
    const double gap = at - first - i;
    if (gap == 0.0) return near[i];
    top += weights[i] / gap * near[i];
    bottom += weights[i] / gap;
  }
  return top / bottom;
}

double wlaw_exponent_table_sum(const exponent_table *table, const sum_nodes *nodes, double log_s) {
  double sum = 0.0;
  for (size_t i = 0; i < nodes->n; i++) sum += nodes->weight[i] * exp(interpolate(table, log_s + nodes->log_square[i]));
  return sum;
}
