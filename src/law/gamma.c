/* gamma(eta=1, rate=1): node variances Gamma(eta / p, rate) at width p. Their sum is Gamma(eta, rate) at every width,
 * and the limit a gamma process: rho(dx) = eta x^-1 e^(-rate x) dx, rhobar(x) = eta E1(rate x) (Lee et al. 2023, JMLR
 * 24(289), section 4). */
#include <math.h>

#include "law/bfry.h"
#include "law/node_inverse.h"
#include "math/special.h"

enum { GAMMA_ETA, GAMMA_RATE, GAMMA_ROWS };

static const law_parameter gamma_parameters[GAMMA_ROWS] = {
    NODE_POSITIVE_ROW("eta", "1", "shape of the sum of a layer's node variances"),
    NODE_POSITIVE_ROW("rate", "1", "rate of their exponential tail; the sum has mean eta / rate"),
};

static void gamma_draw_log(const wlaw_law *law, double *log_lambda, size_t first, size_t n, size_t width,
                           wlaw_stream *stream) {
  (void)first;
  const double *p = law->values, shape = p[GAMMA_ETA] / (double)width, log_rate = log(p[GAMMA_RATE]);
  for (size_t j = 0; j < n; j++) log_lambda[j] = wlaw_gamma_log(shape, stream) - log_rate;
}

static double gamma_tail(const wlaw_law *law, double x) {
  return law->values[GAMMA_ETA] * wlaw_exponential_integral(fmax(law->values[GAMMA_RATE] * x, 0.0));
}

static double gamma_density(const wlaw_law *law, double x) {
  return law->values[GAMMA_ETA] / x * exp(-law->values[GAMMA_RATE] * x);
}

/* The start: E1(y) < e^-y ln(1 + 1/y), which is below e^-y from y = 1 on and below ln(1 + 1/y) everywhere. */
static double gamma_jump(const wlaw_law *law, double t) {
  const double e1 = t / law->values[GAMMA_ETA], above = fmin(fmax(1.0, -log(e1)), 1.0 / expm1(e1));
  return wlaw_node_inverse(law, t, above / law->values[GAMMA_RATE]);
}

static double gamma_moment(const wlaw_law *law, int power, double eps) {
  const double eta = law->values[GAMMA_ETA], rate = law->values[GAMMA_RATE];
  if (power == 1) return -eta / rate * expm1(-rate * fmax(eps, 0.0));
  return eta / rate / rate * wlaw_gamma_lower(2.0, rate * eps);
}

static double gamma_exponent(const wlaw_law *law, double s) {
  return law->values[GAMMA_ETA] * wlaw_log_growth(s, law->values[GAMMA_RATE]);
}

static double gamma_finite_moment(const wlaw_law *law, int power, size_t width) {
  const double shape = law->values[GAMMA_ETA] / (double)width, rate = law->values[GAMMA_RATE];
  return power == 1 ? shape / rate : shape * (shape + 1.0) / (rate * rate);
}

static const node_ops gamma_node = {
    .kind = "gamma",
    .draw_log = gamma_draw_log,
    .tail = gamma_tail,
    .jump = gamma_jump,
    .density = gamma_density,
    .moment = gamma_moment,
    .exponent = gamma_exponent,
    .finite_moment = gamma_finite_moment,
};

const law_ops wlaw_law_gamma = {
    .name = "gamma",
    .summary = "node variances Gamma(eta/p, rate): a gamma process at infinite width",
    .source = "Lee, Ayed, Jung, Lee, Yang and Caron 2023, JMLR 24(289)",
    .parameters = gamma_parameters,
    .n_parameters = GAMMA_ROWS,
    .draw = wlaw_node_matrix_draw,
    .moments = wlaw_node_matrix_moments,
    .node = &gamma_node,
};
