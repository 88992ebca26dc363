#include "math/stable.h"

#include <math.h>
#include <string.h>

#include "math/special.h"

#define PI 3.14159265358979323846

enum { MOST_NODES = 192 };
/* Beyond this the series has reached its smallest term, e^-40 of the first, or converges (alpha <= 1). */
static const double FAR = 16.0;
static const double DIGITS = 37.0; /* -ln of the smallest contribution kept */

typedef struct complex_number {
  double re, im;
} complex_number;

static complex_number times(complex_number a, complex_number b) {
  return (complex_number){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static complex_number polar(double log_size, double angle) {
  const double size = exp(log_size);
  return (complex_number){size * cos(angle), size * sin(angle)};
}

/* exp(i x t) */
static complex_number wave(double x, complex_number t) { return polar(-x * t.im, x * t.re); }

/* Nodes t on the ray and weights of dt / t including exp(-t^alpha). The integrand is analytic and bounded in a sector
 * of half-angle `angle` about the ray, so that a step of 2 pi angle / 37 leaves e^-37. */
typedef struct ray_nodes {
  size_t n;
  double angle;
  complex_number t[MOST_NODES], weight[MOST_NODES], power[MOST_NODES], log_t[MOST_NODES]; /* power: t^alpha */
} ray_nodes;

static void ray_make(ray_nodes *out, double alpha) {
  const double angle = 0.25 * PI / fmax(alpha, 1.0), h = 2.0 * PI * angle / DIGITS;
  const double last = log(1.1 * DIGITS / cos(alpha * angle)) / alpha, first = -log(DIGITS / fmin(alpha, 1.0));
  out->angle = angle;
  out->n = 0;
  for (double j = floor(first / h); j * h <= last + h && out->n < MOST_NODES; j++) {
    const double u = j * h, log_r = u - exp(-u);
    const size_t i = out->n++;
    out->log_t[i] = (complex_number){log_r, angle};
    out->t[i] = polar(log_r, angle);
    out->power[i] = polar(alpha * log_r, alpha * angle);
    out->weight[i] = polar(log(h * (1.0 + exp(-u))) - out->power[i].re, -out->power[i].im);
  }
}

static double ray_density(const ray_nodes *ray, double x) {
  double sum = 0.0;
  for (size_t i = 0; i < ray->n; i++) sum += times(times(ray->weight[i], ray->t[i]), wave(x, ray->t[i])).re;
  return sum / PI;
}

static double ray_upper(const ray_nodes *ray, double x) {
  double sum = 0.0;
  for (size_t i = 0; i < ray->n; i++) sum += times(ray->weight[i], wave(x, ray->t[i])).im;
  return 0.5 - (ray->angle + sum) / PI;
}

/* Coefficients of f = sum_k (-1)^(k+1) Gamma(alpha k + 1) / k! sin(pi alpha k / 2) x^(-alpha k - 1) / pi. */
static void series_make(stable_table *table) {
  for (int k = 1; k <= STABLE_TERMS; k++) {
    const double at = table->alpha * k + 1.0, angle = 0.5 * PI * fmod(table->alpha * k, 4.0);
    table->size[k - 1] = (k % 2 ? 1.0 : -1.0) * exp(wlaw_log_gamma(at) - wlaw_log_gamma(k + 1.0)) / PI;
    table->psi[k - 1] = wlaw_digamma(at);
    table->psi1[k - 1] = wlaw_trigamma(at);
    table->sine[k - 1] = sin(angle);
    table->cosine[k - 1] = cos(angle);
  }
}

/* The series and its derivatives, term by term, up to its smallest term. */
static void series_at(stable_jet *out, const stable_table *table, double x) {
  const double alpha = table->alpha, log_x = log(x), ratio = exp(-alpha * log_x);
  double power = 1.0 / x, before = INFINITY;
  *out = (stable_jet){0};
  for (int k = 1; k <= STABLE_TERMS; k++) {
    power *= ratio;
    const double e = table->size[k - 1] * power, s = table->sine[k - 1], c = table->cosine[k - 1] * 0.5 * PI * k;
    if (!(fabs(e) < before)) break;
    before = fabs(e);
    const double slope = -(alpha * k + 1.0) / x; /* d/dx of the power */
    const double grow = k * (table->psi[k - 1] - log_x), bend = grow * grow + (double)k * k * table->psi1[k - 1];
    const double by_alpha = e * (grow * s + c);
    out->upper += e * s * x / (alpha * k);
    out->f += e * s;
    out->f_x += e * s * slope;
    out->f_xx += e * s * slope * (slope - 1.0 / x);
    out->f_a += by_alpha;
    out->f_ax += by_alpha * slope - e * s * k / x;
    out->f_aa += e * (bend * s + 2.0 * grow * c - 0.25 * PI * PI * k * k * s);
    if (before < 1e-18 * fabs(out->f)) break;
  }
}

static double normal_density(double x) { return exp(-0.25 * x * x) / sqrt(4.0 * PI); }

/* Near alpha = 2 the sums cancel to rounding in the normal's tail, above which the series' first term must stay. */
static double far_floor(double alpha, double x) {
  if (x < 6.0 || alpha < 1.9) return 0.0;
  return exp(wlaw_log_gamma(alpha + 1.0) - (alpha + 1.0) * log(x)) * sin(0.5 * PI * alpha) / PI;
}

static int alpha_known(double alpha) { return alpha >= STABLE_LEAST_ALPHA && alpha <= 2.0; }

double wlaw_stable_density(double alpha, double x) {
  if (!alpha_known(alpha) || isnan(x)) return NAN;
  x = fabs(x);
  if (alpha == 2.0) return normal_density(x);
  if (x > FAR) {
    stable_table table = {.alpha = alpha};
    stable_jet jet;
    series_make(&table);
    series_at(&jet, &table, x);
    return jet.f;
  }
  ray_nodes nodes;
  ray_make(&nodes, alpha);
  return fmax(ray_density(&nodes, x), far_floor(alpha, x));
}

static double upper(double alpha, double x) {
  if (alpha == 2.0) return 0.5 * erfc(0.5 * x);
  if (x > FAR) {
    stable_table table = {.alpha = alpha};
    stable_jet jet;
    series_make(&table);
    series_at(&jet, &table, x);
    return jet.upper;
  }
  ray_nodes nodes;
  ray_make(&nodes, alpha);
  return fmax(ray_upper(&nodes, x), far_floor(alpha, x) * x / alpha);
}

double wlaw_stable_cdf(double alpha, double x) {
  if (!alpha_known(alpha) || isnan(x)) return NAN;
  return x > 0.0 ? 1.0 - upper(alpha, x) : upper(alpha, -x);
}

/* F (less 1/2), then f, f_a, f_aa with two derivatives by x each: sums over the nodes of Re(coefficient * wave). */
enum { SUMS = 10, SUMS_PADDED = 12 };

typedef struct table_nodes {
  ray_nodes ray;
  double re[MOST_NODES][SUMS_PADDED], im[MOST_NODES][SUMS_PADDED];
  complex_number wave[MOST_NODES], step[MOST_NODES];
} table_nodes;

static void coefficients_make(table_nodes *nodes) {
  const ray_nodes *ray = &nodes->ray;
  for (size_t i = 0; i < ray->n; i++) {
    const complex_number log_t = ray->log_t[i], power = ray->power[i], t = ray->t[i];
    const complex_number a = times((complex_number){-power.re, -power.im}, log_t); /* d/d alpha of -t^alpha */
    const complex_number aa = times(a, (complex_number){a.re + log_t.re, a.im + log_t.im});
    const complex_number factor[3] = {{1.0, 0.0}, a, aa};
    memset(nodes->re[i], 0, sizeof nodes->re[i]);
    memset(nodes->im[i], 0, sizeof nodes->im[i]);
    nodes->re[i][0] = ray->weight[i].im / PI; /* Re(-i w e) = Im(w e) */
    nodes->im[i][0] = -ray->weight[i].re / PI;
    for (int by_alpha = 0; by_alpha < 3; by_alpha++) {
      complex_number c = times(times(ray->weight[i], t), factor[by_alpha]);
      for (int by_x = 0; by_x < 3; by_x++) {
        nodes->re[i][1 + 3 * by_alpha + by_x] = c.re / PI;
        nodes->im[i][1 + 3 * by_alpha + by_x] = c.im / PI;
        c = times(c, (complex_number){-t.im, t.re}); /* i t */
      }
    }
  }
}

static void sums_at(double *restrict sums, table_nodes *nodes) {
  memset(sums, 0, SUMS_PADDED * sizeof *sums);
  for (size_t i = 0; i < nodes->ray.n; i++) {
    const complex_number e = nodes->wave[i];
    const double *restrict re = nodes->re[i], *restrict im = nodes->im[i];
    for (int q = 0; q < SUMS_PADDED; q++) sums[q] += re[q] * e.re - im[q] * e.im;
    nodes->wave[i] = times(e, nodes->step[i]);
  }
  sums[0] += nodes->ray.angle / PI;
}

/* The quintic with value, first and second derivative (by the place in the interval) given at 0 and at 1. */
static void quintic(double *c, const double *left, const double *right) {
  c[0] = left[0];
  c[1] = left[1];
  c[2] = 0.5 * left[2];
  const double v = right[0] - c[0] - c[1] - c[2], d = right[1] - c[1] - 2.0 * c[2], s = right[2] - 2.0 * c[2];
  c[3] = 10.0 * v - 4.0 * d + 0.5 * s;
  c[4] = -15.0 * v + 7.0 * d - s;
  c[5] = 6.0 * v - 3.0 * d + 0.5 * s;
}

static void interval_make(double (*polynomials)[6], const double *left, const double *right, double h) {
  static const int first[4] = {0, 1, 4, 7}; /* F's derivatives are f and f_x, which follow it */
  for (int p = 0; p < 4; p++) {
    const double *a = left + first[p], *b = right + first[p];
    quintic(polynomials[p], (double[]){a[0], h * a[1], h * h * a[2]}, (double[]){b[0], h * b[1], h * h * b[2]});
  }
}

void wlaw_stable_table(stable_table *table, double alpha) {
  table_nodes nodes;
  table->alpha = alpha;
  ray_make(&nodes.ray, alpha);
  coefficients_make(&nodes);
  series_make(table);
  for (int block = 0; block < STABLE_BLOCKS; block++) {
    const double end = ldexp(FAR, block - STABLE_BLOCKS + 1), start = block ? 0.5 * end : 0.0;
    const double h = (end - start) / STABLE_STEPS;
    table->step[block] = h;
    for (size_t i = 0; i < nodes.ray.n; i++) {
      nodes.wave[i] = wave(start, nodes.ray.t[i]);
      nodes.step[i] = wave(h, nodes.ray.t[i]);
    }
    double sums[2][SUMS_PADDED];
    sums_at(sums[0], &nodes);
    for (int i = 0; i < STABLE_STEPS; i++) {
      sums_at(sums[(i + 1) % 2], &nodes);
      interval_make(table->grid[block * STABLE_STEPS + i], sums[i % 2], sums[(i + 1) % 2], h);
    }
  }
}

static double value(const double *c, double u) {
  return c[0] + u * (c[1] + u * (c[2] + u * (c[3] + u * (c[4] + u * c[5]))));
}

static double slope(const double *c, double u) {
  return c[1] + u * (2.0 * c[2] + u * (3.0 * c[3] + u * (4.0 * c[4] + u * (5.0 * c[5]))));
}

static double curvature(const double *c, double u) {
  return 2.0 * c[2] + u * (6.0 * c[3] + u * (12.0 * c[4] + u * (20.0 * c[5])));
}

void wlaw_stable_at(stable_jet *out, const stable_table *table, double x) {
  if (!(x < FAR)) {
    series_at(out, table, x);
    return;
  }
  int exponent;
  frexp(x, &exponent); /* x in [2^(exponent - 1), 2^exponent) */
  int block = exponent - 5 + STABLE_BLOCKS;
  if (x < table->step[0] * STABLE_STEPS) block = 0;
  const double h = table->step[block], place = (x - (block ? STABLE_STEPS * h : 0.0)) / h;
  const int interval = place < STABLE_STEPS - 1 ? (int)place : STABLE_STEPS - 1;
  const double u = place - interval;
  const double(*c)[6] = table->grid[block * STABLE_STEPS + interval];
  out->upper = 0.5 - value(c[0], u);
  out->f = value(c[1], u);
  out->f_x = slope(c[1], u) / h;
  out->f_xx = curvature(c[1], u) / (h * h);
  out->f_a = value(c[2], u);
  out->f_ax = slope(c[2], u) / h;
  out->f_aa = value(c[3], u);
}
