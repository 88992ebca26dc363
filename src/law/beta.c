/* beta(eta=1,b=0.5): node variances Beta(eta / p, b) at width p. The limit is a beta process: rho(dx) = eta x^-1
 * (1 - x)^(b-1) dx on (0, 1) (Hjort 1990, DOI 10.1214/aos/1176347749; Lee et al. 2023, JMLR 24(289), model c, which has
 * eta = 1, b = 1/2). rhobar = eta F(x), F(x) = integral of y^-1 (1 - y)^(b-1) over (x, 1):
 *     F = 2 artanh sqrt(1 - x) for b = 1/2, -ln x for b = 1. */
#include <float.h>
#include <math.h>

#include "law/bfry.h"
#include "law/node_inverse.h"
#include "math/quadrature.h"
#include "math/special.h"

static const double EULER = 0.57721566490153286061;

enum { BETA_ETA, BETA_B, BETA_ROWS };

static const law_parameter beta_parameters[BETA_ROWS] = {
    NODE_POSITIVE_ROW("eta", "1", "mass of the process: eta / b is the mean of the sum of a layer's variances"),
    {.name = "b",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "0.5",
     .low = 1e-3,
     .high = 1e6,
     .doc = "second shape: below 1 a pole at variance 1, above 1 large variances are rare"},
};

static void beta_draw_log(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width,
                          wlaw_stream *stream) {
  (void)first;
  const double shape = law->values[BETA_ETA] / (double)width;
  for (size_t j = 0; j < n; j++) { /* X / (X + Y) */
    const double x = wlaw_gamma_log(shape, stream), y = wlaw_gamma_log(law->values[BETA_B], stream);
    log_lambda[j] = x < y ? x - y - log1p(exp(x - y)) : -log1p(exp(y - x));
  }
}

/* -ln x - psi(b) - gamma - sum over k >= 1 of (1 - b)_k x^k / (k! k), from the integral over (0, 1) of ((1 - y)^(b-1) -
 * 1) / y = -psi(b) - gamma. For x max(b, 2) <= 1, where terms fall at least like 1 / k!. */
static double tail_near_zero(double b, double x) {
  double sum = -log(x) - wlaw_digamma(b) - EULER, term = 1.0;
  for (int k = 1; k < 200; k++) {
    term *= (k - b) / k * x;
    sum -= term / k;
    if (fabs(term) <= DBL_EPSILON * sum) break;
  }
  return sum;
}

/* The incomplete beta function B_z(b, 0), z = 1 - x, by its continued fraction (DLMF 8.17.22, with b = 0 there), which
 * Lentz's method sums (Thompson and Barnett 1986); fast for x > 1 / (b + 2). */
static double tail_fraction(double b, double x) {
  const double z = 1.0 - x;
  double c = 1.0, d = 0.0, value = 1.0;
  for (int k = 1; k < 10000; k++) {
    const double m = k / 2;
    const double top = k % 2 ? -(b + m) * (b + m) : -m * m; /* b + 0 + m: the second parameter is 0 */
    const double part = z * top / ((b + k - 1.0) * (b + k));
    d = 1.0 / (1.0 + part * d);
    c = 1.0 + part / c;
    value *= c * d;
    if (fabs(c * d - 1.0) <= DBL_EPSILON) break;
  }
  return exp(b * log1p(-x)) / b / value;
}

static double beta_tail(const wlaw_law *law, double x) {
  const double eta = law->values[BETA_ETA], b = law->values[BETA_B];
  if (x >= 1.0) return 0.0;
  if (b == 1.0) return -eta * log(x);
  if (b == 0.5) return eta * (2.0 * log1p(sqrt(1.0 - x)) - log(x));
  return eta * (x * fmax(b, 2.0) <= 1.0 ? tail_near_zero(b, x) : tail_fraction(b, x));
}

static double beta_density(const wlaw_law *law, double x) {
  return x < 1.0 ? law->values[BETA_ETA] / x * exp((law->values[BETA_B] - 1.0) * log1p(-x)) : 0.0;
}

/* From F = (1 - x)^b / b (1 + O(1 - x)), or near F = -ln x - psi(b) - gamma. */
static double tail_inverse(const wlaw_law *law, double t, double unit) {
  const double b = law->values[BETA_B], near_one = pow(b * unit, 1.0 / b);
  if (near_one < 1e-8) return 1.0 - near_one; /* exact: squares are below the rounding of x */
  const double start = near_one < 0.5 ? 1.0 - near_one : fmin(exp(-unit - wlaw_digamma(b) - EULER), 0.5);
  return wlaw_node_inverse(law, t, start);
}

static double beta_jump(const wlaw_law *law, double t) {
  const double unit = t / law->values[BETA_ETA], b = law->values[BETA_B];
  if (b == 1.0) return exp(-unit);
  if (b != 0.5) return tail_inverse(law, t, unit);
  const double sech = 1.0 / cosh(0.5 * unit);
  return sech * sech;
}

static double beta_moment(const wlaw_law *law, int power, double eps) {
  const double eta = law->values[BETA_ETA], b = law->values[BETA_B], x = fmin(eps, 1.0);
  if (power == 1) return -eta / b * expm1(b * log1p(-x));
  return eta / (b * (b + 1.0)) * wlaw_beta_lower(2.0, b, x);
}

/* (1 - e^(-s x)) / x as a function of y = (1 - x)^b, in which the pole at x = 1 is gone. */
static double exponent_at(double y, const void *context) {
  const double *of = context, s = of[0], b = of[1], x = -expm1(log(y) / b);
  return x > 0.0 ? -expm1(-s * x) / x : s;
}

/* e^-v ((1 - v / s)^(b-1) - 1) / v */
static double remainder_at(double v, const void *context) {
  const double *of = context, s = of[0], b = of[1];
  return exp(-v) * expm1((b - 1.0) * log1p(-v / s)) / v;
}

static double beta_exponent(const wlaw_law *law, double s) {
  const double b = law->values[BETA_B], of[] = {s, b};
  /* Large s, to e^-45: with (1 - x)^(b-1) = 1 + rest, the integral over (0, 1) of (1 - e^(-s x)) / x is ln s + gamma,
   * and that of rest / x is -psi(b) - gamma. */
  if (s > 50.0 * fmax(b, 1.0))
    return law->values[BETA_ETA] *
           (log(s) - wlaw_digamma(b) - wlaw_integrate(remainder_at, of, 0.0, 45.0, 1e-12, NULL));
  return law->values[BETA_ETA] / b * wlaw_integrate(exponent_at, of, 0.0, 1.0, 1e-12, NULL);
}

static double beta_finite_moment(const wlaw_law *law, int power, size_t width) {
  const double shape = law->values[BETA_ETA] / (double)width, both = shape + law->values[BETA_B];
  return power == 1 ? shape / both : shape * (shape + 1.0) / (both * (both + 1.0));
}

static const node_ops beta_node = {
    .kind = "beta",
    .draw_log = beta_draw_log,
    .tail = beta_tail,
    .jump = beta_jump,
    .density = beta_density,
    .moment = beta_moment,
    .exponent = beta_exponent,
    .finite_moment = beta_finite_moment,
};

const law_ops wlaw_law_beta = {
    .name = "beta",
    .summary = "node variances Beta(eta/p, b): a beta process at infinite width",
    .source = "Hjort 1990, DOI 10.1214/aos/1176347749; Lee et al. 2023, JMLR 24(289), model c",
    .parameters = beta_parameters,
    .n_parameters = BETA_ROWS,
    .draw = wlaw_node_matrix_draw,
    .moments = wlaw_node_matrix_moments,
    .node = &beta_node,
};
