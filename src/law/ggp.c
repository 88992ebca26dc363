/* ggp(alpha=0.5, beta=1, mean=1): node variances whose limit is a generalised gamma process, a power law at 0 with an
 * exponential tail: rho(dx) = eta / Gamma(1 - alpha) x^(-1 - alpha) e^(-beta x) dx, eta = mean beta^(1 - alpha) (Brix
 * 1999, DOI 10.1239/aap/1029955251; for networks, Lee et al. 2023, JMLR 24(289)). At width p the expected number of
 * nodes near x is rho(dx) (1 - e^(-t x)), (1 + t / beta)^alpha = 1 + alpha p / (eta beta^alpha): law/bfry.h.
 * Below, y = beta x. */
#include <float.h>
#include <math.h>

#include "law/bfry.h"
#include "law/node_inverse.h"
#include "math/incomplete_gamma.h"
#include "math/special.h"

enum { GGP_ALPHA, GGP_BETA, GGP_MEAN, GGP_ROWS };

static const law_parameter ggp_parameters[GGP_ROWS] = {
    {.name = "alpha",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "0.5",
     .low = 0,
     .high = 1,
     .open_low = true,
     .open_high = true,
     .doc = "index of the power law of small variances"},
    NODE_POSITIVE_ROW("beta", "1", "rate of the exponential tail of large ones"),
    NODE_POSITIVE_ROW("mean", "1", "of the sum of a layer's node variances"),
};

/* (1 + t / beta)^alpha - 1 */
static double ggp_mass(const double *p, size_t width) {
  return p[GGP_ALPHA] * (double)width / (p[GGP_MEAN] * p[GGP_BETA]);
}

static void ggp_draw_log(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width,
                         wlaw_stream *stream) {
  (void)first;
  const double *p = law->values, mass = ggp_mass(p, width), log_beta = log(p[GGP_BETA]);
  for (size_t j = 0; j < n; j++) log_lambda[j] = wlaw_bfry_log(p[GGP_ALPHA], mass, stream) - log_beta;
}

/* rhobar(x) = unit Gamma(-alpha, y) */
static double ggp_unit(const double *p) { return p[GGP_MEAN] * p[GGP_BETA] * exp(-wlaw_log_gamma(1.0 - p[GGP_ALPHA])); }

static double ggp_tail(const wlaw_law *law, double x) {
  const double *p = law->values;
  return ggp_unit(p) * wlaw_gamma_upper_negative(p[GGP_ALPHA], fmax(p[GGP_BETA] * x, 0.0));
}

static double ggp_density(const wlaw_law *law, double x) {
  const double *p = law->values, y = p[GGP_BETA] * x;
  return ggp_unit(p) * pow(y, -p[GGP_ALPHA]) * exp(-y) / x;
}

/* The start: Gamma(-alpha, y) is below y^-alpha / alpha, and from y = 1 on below e^-y. */
static double ggp_jump(const wlaw_law *law, double t) {
  const double *p = law->values, upper = t / ggp_unit(p);
  const double above = fmin(fmax(1.0, -log(upper)), pow(p[GGP_ALPHA] * upper, -1.0 / p[GGP_ALPHA]));
  return wlaw_node_inverse(law, t, above / p[GGP_BETA]);
}

static double ggp_moment(const wlaw_law *law, int power, double eps) {
  const double *p = law->values, y = p[GGP_BETA] * eps;
  if (power == 1) return p[GGP_MEAN] * wlaw_gamma_lower(1.0 - p[GGP_ALPHA], y);
  return p[GGP_MEAN] / p[GGP_BETA] * (1.0 - p[GGP_ALPHA]) * wlaw_gamma_lower(2.0 - p[GGP_ALPHA], y);
}

static node_tail ggp_at_zero(const wlaw_law *law) {
  const double *p = law->values;
  return (node_tail){p[GGP_ALPHA], ggp_unit(p) * pow(p[GGP_BETA], -p[GGP_ALPHA]) / p[GGP_ALPHA]};
}

/* eta / alpha ((beta + s)^alpha - beta^alpha); alpha to 0: eta ln(1 + s / beta) */
static double ggp_exponent(const wlaw_law *law, double s) {
  const double *p = law->values, log_ratio = wlaw_log_growth(s, p[GGP_BETA]), growth = p[GGP_ALPHA] * log_ratio;
  return p[GGP_MEAN] * p[GGP_BETA] * (growth > DBL_EPSILON ? expm1(growth) / p[GGP_ALPHA] : log_ratio);
}

static double ggp_finite_moment(const wlaw_law *law, int power, size_t width) {
  const double *p = law->values, mass = ggp_mass(p, width);
  return wlaw_bfry_moment(p[GGP_ALPHA], mass, power) / (power == 1 ? p[GGP_BETA] : p[GGP_BETA] * p[GGP_BETA]);
}

static const node_ops ggp_node = {
    .kind = "generalised gamma",
    .draw_log = ggp_draw_log,
    .tail = ggp_tail,
    .jump = ggp_jump,
    .density = ggp_density,
    .moment = ggp_moment,
    .at_zero = ggp_at_zero,
    .exponent = ggp_exponent,
    .finite_moment = ggp_finite_moment,
};

const law_ops wlaw_law_ggp = {
    .name = "ggp",
    .alias = "generalised-gamma",
    .summary = "node variances of a generalised gamma process: power law at 0, exponential tail",
    .source = "Brix 1999, DOI 10.1239/aap/1029955251; Lee, Ayed, Jung, Lee, Yang and Caron 2023, JMLR 24(289)",
    .parameters = ggp_parameters,
    .n_parameters = GGP_ROWS,
    .draw = wlaw_node_matrix_draw,
    .moments = wlaw_node_matrix_moments,
    .node = &ggp_node,
};
