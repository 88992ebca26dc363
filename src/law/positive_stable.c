/* positive-stable(alpha=0.5,kappa=2): node variances p^(-1/alpha) X at width p, X positive stable, so that their sum
 * has the law of X at every width: E exp(-s X) = exp(-kappa Gamma(1 - alpha) s^alpha), rhobar(x) = kappa x^-alpha
 * (Samorodnitsky and Taqqu 1994; Lee et al. 2023, JMLR 24(289)). alpha = 1/2 and kappa = 2 c / pi give the limit of
 * horseshoe(c). No mean exists. */
#include <math.h>

#include "core/error.h"
#include "law/node.h"
#include "math/special.h"

enum { STABLE_ALPHA, STABLE_KAPPA, STABLE_ROWS };

static const law_parameter stable_parameters[STABLE_ROWS] = {
    {.name = "alpha",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "0.5",
     .low = 0.1,
     .high = 1,
     .open_high = true,
     .doc = "index of stability: P(lambda > x) falls like x^-alpha; below 0.1 variances leave the range of doubles"},
    NODE_POSITIVE_ROW("kappa", "2", "expected number of variances above 1"),
};

/* The largest of a layer's variances are of the order of kappa^(1/alpha), and their squares are formed. */
static wlaw_status stable_check(const wlaw_law *law, wlaw_error *err) {
  const double digits = log10(law->values[STABLE_KAPPA]) / law->values[STABLE_ALPHA];
  if (fabs(digits) <= 60.0) return WLAW_OK;
  return wlaw_fail(err, WLAW_ARGUMENT,
                   "the law 'positive-stable' has variances of the order kappa^(1/alpha) = 1e%.0f; give a kappa that "
                   "puts them between 1e-60 and 1e60",
                   digits);
}

/* ln of X with E exp(-s X) = exp(-s^alpha): Kanter 1975, DOI 10.1214/aop/1176996309, corollary 4.1. */
static double standard_log(double alpha, wlaw_stream *stream) {
  const double angle = 3.14159265358979323846 * wlaw_stream_open(stream), w = -log(wlaw_stream_open(stream));
  return log(sin(alpha * angle)) - log(sin(angle)) / alpha +
         (1.0 - alpha) / alpha * (log(sin((1.0 - alpha) * angle)) - log(w));
}

static void stable_draw_log(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width,
                            wlaw_stream *stream) {
  (void)first;
  const double alpha = law->values[STABLE_ALPHA];
  const double log_scale = (log(law->values[STABLE_KAPPA] / (double)width) + wlaw_log_gamma(1.0 - alpha)) / alpha;
  for (size_t j = 0; j < n; j++) log_lambda[j] = log_scale + standard_log(alpha, stream);
}

static double stable_tail(const wlaw_law *law, double x) {
  return law->values[STABLE_KAPPA] * pow(x, -law->values[STABLE_ALPHA]);
}

static double stable_jump(const wlaw_law *law, double t) {
  return pow(t / law->values[STABLE_KAPPA], -1.0 / law->values[STABLE_ALPHA]);
}

static double stable_density(const wlaw_law *law, double x) {
  return law->values[STABLE_ALPHA] * stable_tail(law, x) / x;
}

static double stable_moment(const wlaw_law *law, int power, double eps) {
  const double alpha = law->values[STABLE_ALPHA];
  return law->values[STABLE_KAPPA] * alpha / (power - alpha) * pow(eps, power - alpha);
}

static node_tail stable_at(const wlaw_law *law) {
  return (node_tail){.index = law->values[STABLE_ALPHA], .constant = law->values[STABLE_KAPPA]};
}

static double stable_exponent(const wlaw_law *law, double s) {
  const double alpha = law->values[STABLE_ALPHA];
  return law->values[STABLE_KAPPA] * exp(wlaw_log_gamma(1.0 - alpha)) * pow(s, alpha);
}

static double stable_finite_moment(const wlaw_law *law, int power, size_t width) {
  (void)law, (void)power, (void)width;
  return INFINITY;
}

static const node_ops stable_node = {
    .kind = "stable",
    .draw_log = stable_draw_log,
    .tail = stable_tail,
    .jump = stable_jump,
    .density = stable_density,
    .moment = stable_moment,
    .at_zero = stable_at,
    .at_infinity = stable_at,
    .exponent = stable_exponent,
    .finite_moment = stable_finite_moment,
};

const law_ops wlaw_law_positive_stable = {
    .name = "positive-stable",
    .summary = "node variances positive stable of index alpha: their sum has one law at every width",
    .source = "Kanter 1975, DOI 10.1214/aop/1176996309; Lee et al. 2023, JMLR 24(289)",
    .parameters = stable_parameters,
    .n_parameters = STABLE_ROWS,
    .check = stable_check,
    .draw = wlaw_node_matrix_draw,
    .node = &stable_node,
};
