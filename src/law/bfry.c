#include "law/bfry.h"

#include <math.h>

double wlaw_gamma_log(double shape, wlaw_stream *stream) {
  if (shape >= 1.0) return log(wlaw_stream_gamma(stream, shape));
  const double power = log(wlaw_stream_open(stream)) / shape;
  return log(wlaw_stream_gamma(stream, shape + 1.0)) + power;
}

/* x^(-1) (1 - e^(-t x)) is the integral of e^(-u x) over u in (0, t): given u, X is Gamma(1 - alpha) of rate 1 + u, and
 * 1 + u has a density like its power alpha - 1 on (1, 1 + t), whose quantile function is in closed form. */
double wlaw_bfry_log(double alpha, double mass, wlaw_stream *stream) {
  const double log_rate = log1p(wlaw_stream_open(stream) * mass) / alpha;
  return wlaw_gamma_log(1.0 - alpha, stream) - log_rate;
}

/* alpha Gamma(power - alpha) (1 - (1 + t)^(alpha - power)) / (Gamma(1 - alpha) mass), 1 + t = (1 + mass)^(1 / alpha) */
double wlaw_bfry_moment(double alpha, double mass, int power) {
  const double falling = power == 1 ? 1.0 : 1.0 - alpha;
  return alpha * falling * -expm1((1.0 - power / alpha) * log1p(mass)) / mass;
}

double wlaw_log_growth(double s, double rate) {
  const double ratio = s / rate;
  return isinf(ratio) ? log(s) - log(rate) : log1p(ratio);
}
