#include "math/incomplete_gamma.h"

#include <float.h>
#include <math.h>

#include "math/special.h"

/* Sum over k >= first of (-x)^k / (k! (k - alpha)), |x| <= 1. */
static double power_series(double alpha, double x, int first) {
  double term = first == 2 ? 0.5 * x * x : -x, sum = 0.0;
  for (int k = first; fabs(term) > 0.1 * DBL_EPSILON * fabs(sum); k++) {
    sum += term / (k - alpha);
    term *= -x / (k + 1);
  }
  return sum;
}

/* x <= 1: Gamma(-alpha) less the integral over (0, x), term by term (DLMF 8.7.3). Gamma(-alpha) has poles at alpha = 0
 * and 1, and so has the term of k = 0 or 1: what is left of the two is written with functions that vanish there. */
static double upper_near_zero(double alpha, double x) {
  const double power = pow(x, -alpha), log_x = log(x);
  if (alpha <= 0.5) {
    const double growth = power > 4.0 ? power - 1.0 : expm1(-alpha * log_x); /* power is the more exact far from 1 */
    return (growth - wlaw_gamma1pm1(-alpha)) / alpha - power * power_series(alpha, x, 1);
  }
  const double e = 1.0 - alpha;
  return power / alpha + (expm1(e * log_x) - (wlaw_gamma1pm1(e) + e) / alpha) / e - power * power_series(alpha, x, 2);
}

/* x > 1: the continued fraction of DLMF 8.9.2, contracted, from the front (Lentz 1976, DOI 10.1364/AO.15.000668); its
 * partial denominators are positive. About 80 terms at x = 1, fewer beyond. */
static double upper_by_fraction(double alpha, double x) {
  double b = x + 1.0 + alpha, c = HUGE_VAL, d = 1.0 / b, h = d;
  for (int n = 1; n < 1000; n++) {
    const double a = -n * (n + alpha);
    b += 2.0;
    d = 1.0 / (a * d + b);
    c = b + a / c;
    h *= c * d;
    if (fabs(c * d - 1.0) <= DBL_EPSILON) break;
  }
  return exp(-x) * pow(x, -alpha) * h;
}

double wlaw_gamma_upper_negative(double alpha, double x) {
  if (!(alpha > 0.0 && alpha < 1.0) || !(x >= 0.0)) return NAN;
  if (x == 0.0) return INFINITY;
  if (isinf(x)) return 0.0;
  return x <= 1.0 ? upper_near_zero(alpha, x) : upper_by_fraction(alpha, x);
}

#define LARGEST_FACTOR 170.0 /* Gamma(s) is a double up to here */

double wlaw_gamma_lower_scaled(double s, double x, double power) {
  if (!(s > 0.0) || !(x > 0.0)) return NAN;
  if (x > s + 1.0) {
    const double share = wlaw_gamma_lower(s, x);
    if (s > LARGEST_FACTOR) return share * exp(wlaw_log_gamma(s) + (power - s) * log(x));
    const double half =
        pow(x, 0.5 * (power - s)); /* in two steps: the power alone may vanish where the result does not */
    return share * (half * tgamma(s)) * half;
  }
  double term = 1.0 / s, sum = 0.0; /* e^-x times positive terms (DLMF 8.11.4) */
  for (int k = 1; term > 0.1 * DBL_EPSILON * sum; k++) {
    sum += term;
    term *= x / (s + k);
  }
  return exp(-x) * pow(x, power) * sum;
}
