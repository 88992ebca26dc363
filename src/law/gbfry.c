/* gbfry(alpha=0.5, tau=2, c=1): node variances of the generalised BFRY law, whose limit has a power law at either end
 * (Ayed, Lee and Caron 2019, "Beyond the Chinese restaurant and Pitman-Yor processes", PMLR 97; for networks, Lee et
 * al. 2023, JMLR 24(289)):
 *     rho(dx) = s / Gamma(1 - alpha) c^tau x^(-1 - tau) gamma(s, x / c) dx,  s = tau - alpha,
 * gamma(s, y) the lower incomplete gamma function. rho is a mixture over v in (0, 1) of exponentially tilted stable
 * measures x^(-1 - alpha) e^(-v x / c), with weights v^(s - 1): a node of finite width is c times a tilted BFRY
 * variable (law/bfry.h) times a Pareto(tau) one, with the mass alpha p tau / s that makes p times its density tend to
 * rho. The mean of the sum is c s / (tau - 1), for tau > 1. Below, y = x / c. */
#include <math.h>

#include "core/error.h"
#include "law/bfry.h"
#include "law/node_inverse.h"
#include "math/incomplete_gamma.h"
#include "math/quadrature.h"
#include "math/special.h"

enum { GBFRY_ALPHA, GBFRY_TAU, GBFRY_C, GBFRY_ROWS };

static const law_parameter gbfry_parameters[GBFRY_ROWS] = {
    {.name = "alpha",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "0.5",
     .low = 0,
     .high = 1,
     .open_low = true,
     .open_high = true,
     .doc = "index of the power law of small variances"},
    {.name = "tau",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "2",
     .low = 0,
     .high = 1000,
     .open_low = true,
     .doc =
         "index of the power law of large ones, above alpha; the sum has a mean for tau > 1, a variance for tau > 2"},
    NODE_POSITIVE_ROW("c", "1", "scale; mean (tau - 1) / (tau - alpha) gives the sum a mean"),
};

static wlaw_status gbfry_check(const wlaw_law *law, wlaw_error *err) {
  const double *p = law->values;
  if (p[GBFRY_TAU] > p[GBFRY_ALPHA]) return WLAW_OK;
  wlaw_fail(err, WLAW_ARGUMENT, "gbfry needs tau above alpha, and %g is not above %g", p[GBFRY_TAU], p[GBFRY_ALPHA]);
  return wlaw_error_add_hint(err, WLAW_ARGUMENT, "positive-stable has one power law throughout");
}

static double gbfry_mass(const double *p, size_t width) {
  return p[GBFRY_ALPHA] * (double)width * (p[GBFRY_TAU] / (p[GBFRY_TAU] - p[GBFRY_ALPHA]));
}

static void gbfry_draw_log(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width,
                           wlaw_stream *stream) {
  (void)first;
  const double alpha = law->values[GBFRY_ALPHA], tau = law->values[GBFRY_TAU], log_c = log(law->values[GBFRY_C]);
  const double mass = gbfry_mass(law->values, width);
  for (size_t j = 0; j < n; j++) {
    const double log_pareto = -log(wlaw_stream_open(stream)) / tau;
    log_lambda[j] = log_c + wlaw_bfry_log(alpha, mass, stream) + log_pareto;
  }
}

/* s / Gamma(1 - alpha) */
static double gbfry_unit(const double *p) {
  return (p[GBFRY_TAU] - p[GBFRY_ALPHA]) * exp(-wlaw_log_gamma(1.0 - p[GBFRY_ALPHA]));
}

/* unit / tau times y^-tau gamma(s, y) + Gamma(-alpha, y), both positive */
static double gbfry_tail(const wlaw_law *law, double x) {
  const double *p = law->values, alpha = p[GBFRY_ALPHA], y = x / p[GBFRY_C];
  if (!(y > 0.0)) return INFINITY;
  return gbfry_unit(p) / p[GBFRY_TAU] *
         (wlaw_gamma_lower_scaled(p[GBFRY_TAU] - alpha, y, -alpha) + wlaw_gamma_upper_negative(alpha, y));
}

static double gbfry_density(const wlaw_law *law, double x) {
  const double *p = law->values, alpha = p[GBFRY_ALPHA];
  return gbfry_unit(p) * wlaw_gamma_lower_scaled(p[GBFRY_TAU] - alpha, x / p[GBFRY_C], -alpha) / x;
}

static node_tail gbfry_at_zero(const wlaw_law *law) {
  const double alpha = law->values[GBFRY_ALPHA];
  return (node_tail){alpha, exp(alpha * log(law->values[GBFRY_C]) - wlaw_log_gamma(1.0 - alpha)) / alpha};
}

static node_tail gbfry_at_infinity(const wlaw_law *law) {
  const double alpha = law->values[GBFRY_ALPHA], tau = law->values[GBFRY_TAU];
  const double log_constant =
      wlaw_log_gamma(1.0 + tau - alpha) - wlaw_log_gamma(1.0 - alpha) + tau * log(law->values[GBFRY_C]);
  return (node_tail){tau, exp(log_constant) / tau};
}

/* The start: rhobar is below what it tends to at either end. */
static double gbfry_jump(const wlaw_law *law, double t) {
  const double *p = law->values, alpha = p[GBFRY_ALPHA], tau = p[GBFRY_TAU];
  const double log_t = log(t) + wlaw_log_gamma(1.0 - alpha);
  const double small = -(log_t + log(alpha)) / alpha;
  const double large = (wlaw_log_gamma(1.0 + tau - alpha) - log_t - log(tau)) / tau;
  return wlaw_node_inverse(law, t, p[GBFRY_C] * exp(fmin(small, large)));
}

/* Integral of y^(power - 1 - tau) gamma(s, y) over (0, most), most <= 1: the series of gamma(s, y) term by term. */
static double moment_near_zero(double s, double order, double most) {
  double term = 1.0, sum = 0.0;
  for (int k = 0; fabs(term) > 1e-18; k++) {
    sum += term / ((s + k) * (order + k));
    term *= -most / (k + 1);
  }
  return pow(most, order) * sum;
}

typedef struct upper_part {
  double s, excess;
} upper_part;

/* y^(-1 - excess) Gamma(s, y) dy, y = e^u */
static double upper_integrand(double u, const void *context) {
  const upper_part *part = context;
  return exp(-part->excess * u) * wlaw_gamma_upper(part->s, exp(u));
}

/* The same integral over (1, most), where excess = tau - power is too near 0 for the general formula to keep its
 * digits: Gamma(s) less the upper function, which is negligible from y = 100 on. */
static double moment_near_tie(double s, double excess, double most) {
  const upper_part part = {s, excess};
  const double log_most = log(most), end = fmin(log_most, log(100.0));
  const double power = excess == 0.0 ? log_most : -expm1(-excess * log_most) / excess;
  return tgamma(s) * (power - wlaw_integrate(upper_integrand, &part, 0.0, end, 1e-12, NULL));
}

/* c^power unit times the integral of y^(power - 1 - tau) gamma(s, y) over (0, most), by parts in general. */
static double gbfry_moment(const wlaw_law *law, int power, double eps) {
  const double *p = law->values, alpha = p[GBFRY_ALPHA], s = p[GBFRY_TAU] - alpha;
  const double most = eps / p[GBFRY_C], excess = p[GBFRY_TAU] - power, order = power - alpha;
  const double unit = gbfry_unit(p) * (power == 1 ? p[GBFRY_C] : p[GBFRY_C] * p[GBFRY_C]);
  if (!(most > 0.0)) return 0.0;
  if (isinf(most)) return excess > 0.0 ? unit * tgamma(order) / excess : INFINITY;
  if (most <= 1.0) return unit * moment_near_zero(s, order, most);
  if (fabs(excess) < 0.125) return unit * (moment_near_zero(s, order, 1.0) + moment_near_tie(s, excess, most));
  return unit * (tgamma(order) * wlaw_gamma_lower(order, most) - wlaw_gamma_lower_scaled(s, most, order)) / excess;
}

typedef struct exponent_part {
  double alpha, s, theta;
} exponent_part;

/* e^-z ((theta + v)^alpha - v^alpha), v = e^(-z / s): one of the tilted stable measures. */
static double exponent_integrand(double z, const void *context) {
  const exponent_part *part = context;
  const double v = exp(-z / part->s);
  return exp(-z) * pow(part->theta + v, part->alpha) * -expm1(-part->alpha * log1p(part->theta / v));
}

static double gbfry_exponent(const wlaw_law *law, double s) {
  const double *p = law->values;
  const exponent_part part = {p[GBFRY_ALPHA], p[GBFRY_TAU] - p[GBFRY_ALPHA], s * p[GBFRY_C]};
  if (!(part.theta > 0.0)) return 0.0;
  const double bend = part.s * (1.0 + fmax(0.0, -log(part.theta))); /* v = theta / e */
  return (wlaw_integrate(exponent_integrand, &part, 0.0, fmin(bend, 750.0), 1e-12, NULL) +
          wlaw_integrate(exponent_integrand, &part, bend, INFINITY, 1e-12, NULL)) /
         part.alpha;
}

/* c^power E X^power tau / (tau - power), the last of a Pareto variable. */
static double gbfry_finite_moment(const wlaw_law *law, int power, size_t width) {
  const double *p = law->values, tau = p[GBFRY_TAU], mass = gbfry_mass(p, width);
  if (!(tau > power)) return INFINITY;
  return pow(p[GBFRY_C], power) * wlaw_bfry_moment(p[GBFRY_ALPHA], mass, power) * tau / (tau - power);
}

static const node_ops gbfry_node = {
    .kind = "generalised BFRY",
    .draw_log = gbfry_draw_log,
    .tail = gbfry_tail,
    .jump = gbfry_jump,
    .density = gbfry_density,
    .moment = gbfry_moment,
    .at_zero = gbfry_at_zero,
    .at_infinity = gbfry_at_infinity,
    .exponent = gbfry_exponent,
    .finite_moment = gbfry_finite_moment,
};

const law_ops wlaw_law_gbfry = {
    .name = "gbfry",
    .summary = "node variances with a power law of small ones (alpha) and another of large ones (tau)",
    .source = "Ayed, Lee and Caron 2019, PMLR 97; Lee, Ayed, Jung, Lee, Yang and Caron 2023, JMLR 24(289)",
    .parameters = gbfry_parameters,
    .n_parameters = GBFRY_ROWS,
    .check = gbfry_check,
    .draw = wlaw_node_matrix_draw,
    .moments = wlaw_node_matrix_moments,
    .node = &gbfry_node,
};
