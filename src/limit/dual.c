#include "limit/dual.h"

#include <math.h>
#include <string.h>

#include "core/cpu.h"
#include "limit/constants.h"
#include "limit/dual_function.h"
#include "math/quadrature.h"

const dual_kernels *wlaw_dual_kernels(void) {
#if defined(__x86_64__)
  const cpu_level level = wlaw_cpu_level();
  if (level == CPU_V4) return &wlaw_dual_kernels_v4;
  if (level == CPU_V3) return &wlaw_dual_kernels_v3;
#endif
  return &wlaw_dual_kernels_baseline;
}

const char *wlaw_dual_name(const dual_activation *activation) { return activation->function->name; }

bool wlaw_dual_has_slope(const dual_activation *activation) { return !activation->function->jumps; }

double wlaw_dual_lipschitz(const dual_activation *activation) {
  return activation->function->lipschitz(activation->parameters);
}

double wlaw_dual_homogeneity(const dual_activation *activation) {
  const dual_function *f = activation->function;
  return f->homogeneity ? f->homogeneity(activation->parameters) : NAN;
}

void wlaw_dual_apply(const dual_activation *activation, double *out, const double *x, size_t n) {
  const dual_function *f = activation->function;
  const double *p = activation->parameters;
  if (f->way == DUAL_RECTIFIED) {
    wlaw_dual_kernels()->rectify(out, x, p[0], p[1], n);
    return;
  }
  for (size_t i = 0; i < n; i++) out[i] = f->value(p, x[i]);
}

double wlaw_dual_diagonal(const dual_activation *activation, double variance) {
  const dual_function *f = activation->function;
  if (!f->diagonal) return wlaw_dual_series_diagonal(activation, variance);
  return f->diagonal(activation->parameters, variance);
}

typedef struct moment_context {
  const dual_activation *activation;
  double deviation, power;
} moment_context;

static double moment_density(double x, const void *context) {
  const moment_context *m = context;
  const double value = m->activation->function->value(m->activation->parameters, m->deviation * x);
  return pow(fabs(value), m->power) * exp(-0.5 * x * x);
}

/* Activations without a closed moment grow no faster than x^16: |phi|^power exp(-x^2/2) is nothing beyond 40 + 16 times
 * the root of power. */
double wlaw_dual_moment(const dual_activation *activation, double variance, double power) {
  const dual_function *f = activation->function;
  if (f->moment) return f->moment(activation->parameters, variance, power);
  const moment_context m = {activation, sqrt(variance), power};
  const double far = 40.0 + 16.0 * sqrt(power);
  const double sum = wlaw_integrate(moment_density, &m, -far, 0.0, 1e-13, NULL) +
                     wlaw_integrate(moment_density, &m, 0.0, far, 1e-13, NULL);
  return sum / WLAW_ROOT_TWO_PI;
}

static size_t whole_blocks(size_t n) { return (n + DUAL_LANES - 1) / DUAL_LANES * DUAL_LANES; }

enum { SIDE_PLANES = 4 + DUAL_ORDERS + 1 };

size_t wlaw_dual_side_size(size_t n) { return SIDE_PLANES * whole_blocks(n); }

void wlaw_dual_side_place(dual_side *side, double *memory, size_t n) {
  const size_t stride = whole_blocks(n);
  memset(memory, 0, 4 * stride * sizeof *memory);
  *side =
      (dual_side){n, stride, memory, memory + stride, memory + 2 * stride, memory + 3 * stride, memory + 4 * stride};
}

static void prepare_one(const dual_activation *activation, dual_side *side, size_t j) {
  const double v = side->variance[j];
  side->square[j] = wlaw_dual_diagonal(activation, v);
  switch (activation->function->way) {
    case DUAL_RECTIFIED:
      side->root[j] = sqrt(v);
      side->angle[j] = v > 0x1p-900 ? 1.0 / sqrt(v) : 0.0; /* products stay finite */
      break;
    case DUAL_ERF:
      side->root[j] = sqrt(1.0 + 4.0 * v);
      side->angle[j] = atan2(2.0 * v, side->root[j]);
      break;
    case DUAL_GELU:
      side->root[j] = sqrt(1.0 + 2.0 * v);
      side->angle[j] = atan2(v, side->root[j]);
      break;
    case DUAL_BY_PAIR:
    case DUAL_BY_SERIES: break;
  }
}

void wlaw_dual_side_prepare(const dual_activation *activation, dual_side *side) {
  if (activation->function->way == DUAL_BY_SERIES) {
    wlaw_dual_series_prepare(activation, side);
    return;
  }
  for (size_t j = 0; j < side->stride; j++) prepare_one(activation, side, j);
}

static void row_by_pair(const dual_activation *activation, const dual_side *u, size_t i, const dual_side *v, double *d,
                        double *slope) {
  for (size_t j = 0; j < v->n; j++) {
    /* the smaller variance first: (u, v) and (v, u) give the same bytes */
    const double a = fmin(u->variance[i], v->variance[j]), b = fmax(u->variance[i], v->variance[j]);
    const dual_pair pair = {a, b, d[j]};
    dual_pair next;
    activation->function->pair(activation->parameters, &pair, &next, slope ? slope + j : NULL);
    d[j] = next.d;
  }
}

void wlaw_dual_side_row(const dual_activation *activation, const dual_side *u, size_t i, const dual_side *v, double *d,
                        double *slope) {
  const dual_kernels *kernels = wlaw_dual_kernels();
  const double *p = activation->parameters, alpha = 0.5 * (p[0] + p[1]), beta = 0.5 * (p[1] - p[0]);
  const double squares[2] = {alpha * alpha, beta * beta};
  switch (activation->function->way) {
    case DUAL_RECTIFIED: kernels->rectified(squares, u, i, v, d, slope); break;
    case DUAL_ERF: kernels->erf(NULL, u, i, v, d, slope); break;
    case DUAL_GELU: kernels->gelu(NULL, u, i, v, d, slope); break;
    case DUAL_BY_SERIES: kernels->series(NULL, u, i, v, d, slope); break;
    case DUAL_BY_PAIR: row_by_pair(activation, u, i, v, d, slope); break;
  }
}

void wlaw_dual_pair(const dual_activation *activation, dual_pair pair, dual_pair *next, double *slope) {
  double memory[2][SIDE_PLANES * DUAL_LANES], d[DUAL_LANES] = {pair.d}, slopes[DUAL_LANES];
  dual_side u, v;
  wlaw_dual_side_place(&u, memory[0], 1);
  wlaw_dual_side_place(&v, memory[1], 1);
  u.variance[0] = pair.a;
  v.variance[0] = pair.b;
  wlaw_dual_side_prepare(activation, &u);
  wlaw_dual_side_prepare(activation, &v);
  wlaw_dual_side_row(activation, &u, 0, &v, d, slope ? slopes : NULL);
  *next = (dual_pair){u.square[0], v.square[0], d[0]};
  if (slope) *slope = slopes[0];
}
