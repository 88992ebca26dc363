/* horseshoe(c=pi): node variances (c U / p)^2 at width p, U half-Cauchy (Carvalho, Polson and Scott 2010, DOI
 * 10.1093/biomet/asq017). Their sum is stable of index 1/2 at infinite width: rhobar(x) = (2 c / pi) x^(-1/2) (Lee et
 * al. 2023, JMLR 24(289), model d, which has c = pi); no mean exists.
 * regularised-horseshoe(c=pi,slab=1): lambda / (1 + lambda / slab) in place of lambda, so that no variance exceeds
 * `slab` (Piironen and Vehtari 2017, DOI 10.1214/17-EJS1337SI). */
#include <math.h>

#include "law/node.h"

static const double PI = 3.14159265358979323846;

enum { HORSESHOE_C, HORSESHOE_SLAB };

#define C_ROW                                                                                                          \
  NODE_POSITIVE_ROW("c", "3.141592653589793", "scale: a node's standard deviation is c U / p, U half-Cauchy")

static const law_parameter horseshoe_parameters[] = {
    C_ROW,
    NODE_POSITIVE_ROW("slab", "1", "largest variance a node can have"),
};

static void horseshoe_draw_log(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width,
                               wlaw_stream *stream) {
  (void)first;
  const double scale = law->values[HORSESHOE_C] / (double)width;
  for (size_t j = 0; j < n; j++) log_lambda[j] = 2.0 * log(scale * tan(0.5 * PI * wlaw_stream_open(stream)));
}

/* (2 c / pi), the constant of rhobar at 0. */
static double unit_of(const wlaw_law *law) { return 2.0 / PI * law->values[HORSESHOE_C]; }

static double horseshoe_tail(const wlaw_law *law, double x) { return unit_of(law) / sqrt(x); }

static double horseshoe_jump(const wlaw_law *law, double t) {
  const double root = unit_of(law) / t;
  return root * root;
}

static double horseshoe_density(const wlaw_law *law, double x) { return 0.5 * unit_of(law) / (x * sqrt(x)); }

static double horseshoe_moment(const wlaw_law *law, int power, double eps) {
  return unit_of(law) * (power == 1 ? sqrt(eps) : eps * sqrt(eps) / 3.0);
}

static node_tail horseshoe_at(const wlaw_law *law) { return (node_tail){.index = 0.5, .constant = unit_of(law)}; }

/* kappa Gamma(1 - alpha) s^alpha for alpha = 1/2 */
static double horseshoe_exponent(const wlaw_law *law, double s) { return unit_of(law) * sqrt(PI * s); }

static double horseshoe_finite_moment(const wlaw_law *law, int power, size_t width) {
  (void)law, (void)power, (void)width;
  return INFINITY;
}

static const node_ops horseshoe_node = {
    .kind = "stable",
    .draw_log = horseshoe_draw_log,
    .tail = horseshoe_tail,
    .jump = horseshoe_jump,
    .density = horseshoe_density,
    .moment = horseshoe_moment,
    .at_zero = horseshoe_at,
    .at_infinity = horseshoe_at,
    .exponent = horseshoe_exponent,
    .finite_moment = horseshoe_finite_moment,
};

const law_ops wlaw_law_horseshoe = {
    .name = "horseshoe",
    .summary = "node variances (c U/p)^2, U half-Cauchy: stable of index 1/2 at infinite width",
    .source = "Carvalho, Polson and Scott 2010, DOI 10.1093/biomet/asq017; Lee et al. 2023, JMLR 24(289), model d",
    .parameters = horseshoe_parameters,
    .n_parameters = 1,
    .draw = wlaw_node_matrix_draw,
    .node = &horseshoe_node,
};

static void regularised_draw_log(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width,
                                 wlaw_stream *stream) {
  const double log_slab = log(law->values[HORSESHOE_SLAB]);
  horseshoe_draw_log(law, log_lambda, first, n, width, stream);
  for (size_t j = 0; j < n; j++) { /* -ln(1 / lambda + 1 / slab), the larger of the two taken out */
    const double larger = fmin(log_lambda[j], log_slab), smaller = fmax(log_lambda[j], log_slab);
    log_lambda[j] = larger - log1p(exp(larger - smaller));
  }
}

/* 1 / x - 1 / slab, the inverse of the variance before it was regularised. */
static double regularised_tail(const wlaw_law *law, double x) {
  const double slab = law->values[HORSESHOE_SLAB];
  return x < slab ? unit_of(law) * sqrt((slab - x) / slab / x) : 0.0;
}

static double regularised_jump(const wlaw_law *law, double t) {
  return 1.0 / (1.0 / horseshoe_jump(law, t) + 1.0 / law->values[HORSESHOE_SLAB]);
}

static double regularised_density(const wlaw_law *law, double x) {
  const double slab = law->values[HORSESHOE_SLAB];
  return x < slab ? 0.5 * unit_of(law) / (x * sqrt(x) * sqrt((slab - x) / slab)) : 0.0;
}

/* With x = slab sin^2(v / 2): x rho(dx) = unit sqrt(slab) dv / 2 and x^2 rho(dx) = unit slab^(3/2) (1 - cos v) dv / 4.
 */
static double regularised_moment(const wlaw_law *law, int power, double eps) {
  const double slab = law->values[HORSESHOE_SLAB], v = 2.0 * asin(sqrt(fmin(eps / slab, 1.0))), w = v * v;
  if (power == 1) return 0.5 * unit_of(law) * sqrt(slab) * v;
  const double gap = v > 0.5 ? v - sin(v) /* by its series where that cancels */
                             : v * w / 6.0 * (1.0 - w / 20.0 * (1.0 - w / 42.0 * (1.0 - w / 72.0 * (1.0 - w / 110.0))));
  return 0.25 * unit_of(law) * slab * sqrt(slab) * gap;
}

/* E lambda = slab E X^2 / (slab + X^2) for X Cauchy of scale k, E slab / (slab + X^2) = sqrt(slab) / (sqrt(slab) + k).
 */
/* With r = sqrt(slab): E lambda as above, and E lambda^2 from the derivative of E 1 / (slab + X^2) by slab. */
static double regularised_finite_moment(const wlaw_law *law, int power, size_t width) {
  const double slab = law->values[HORSESHOE_SLAB], r = sqrt(slab), k = law->values[HORSESHOE_C] / (double)width;
  const double share = k / (r + k);
  return power == 1 ? slab * share : slab * slab * share * (k + 0.5 * r) / (r + k);
}

/* e^-h (I_0(h) + I_1(h)), modified Bessel functions: (1 + cos t) e^(h (cos t - 1)) on average over a period, by the
 * trapezoidal rule, which 64 points make exact to rounding for h < 40; from there on by the series of DLMF 10.40.1. */
static double bessel_sum(double h) {
  if (h < 40.0) {
    enum { POINTS = 64 };
    double sum = 1.0; /* half of t = 0; at t = pi there is nothing */
    for (int k = 1; k < POINTS; k++) {
      const double sine = sin(0.5 * PI * k / POINTS), square = sine * sine;
      sum += 2.0 * (1.0 - square) * exp(-2.0 * h * square);
    }
    return sum / POINTS;
  }
  double sum = 2.0, zero = 1.0, one = 1.0; /* terms of I_0 and I_1 */
  for (int k = 1; k < 20; k++) {
    const double odd = (2 * k - 1) * (2 * k - 1), unit = 8.0 * k * h;
    zero *= odd / unit;
    one *= (odd - 4.0) / unit;
    sum += zero + one;
  }
  return sum / sqrt(2.0 * PI * h);
}

/* Its derivative by s is c sqrt(slab) e^-h I_0(h), h = s slab / 2, whose integral is in closed form (DLMF 10.43.8). */
static double regularised_exponent(const wlaw_law *law, double s) {
  const double slab = law->values[HORSESHOE_SLAB], half = 0.5 * s * slab;
  if (half > 1e17) return horseshoe_exponent(law, s); /* the series is 2 to all digits, and half may be infinite */
  return law->values[HORSESHOE_C] * sqrt(slab) * s * bessel_sum(half);
}

static const node_ops regularised_node = {
    .kind = "regularised stable",
    .draw_log = regularised_draw_log,
    .tail = regularised_tail,
    .jump = regularised_jump,
    .density = regularised_density,
    .moment = regularised_moment,
    .exponent = regularised_exponent,
    .finite_moment = regularised_finite_moment,
    .at_zero = horseshoe_at,
};

const law_ops wlaw_law_regularised_horseshoe = {
    .name = "regularised-horseshoe",
    .alias = "regularized-horseshoe",
    .summary = "the same, no variance above slab",
    .source = "Piironen and Vehtari 2017, DOI 10.1214/17-EJS1337SI",
    .parameters = horseshoe_parameters,
    .n_parameters = 2,
    .draw = wlaw_node_matrix_draw,
    .moments = wlaw_node_matrix_moments,
    .node = &regularised_node,
};
