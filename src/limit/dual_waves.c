/* Sines and the exponential: E exp(i(su + tv)) is all they need. For sin(x + phase)
 *     dual = (e^(-d/2) - C e^(-(a + b) + d/2)) / 2,    C = cos(2 phase), a + b + 2c = 2(a + b) - d,
 * and rbf is sqrt(2) sin(sqrt(2 gamma) x + pi/4), whose dual is e^(-gamma d) (Rahimi and Recht 2007). */
#include <math.h>

#include "limit/constants.h"
#include "limit/dual_function.h"

static double sin_value(const double *p, double x) { return sin(x + p[0]); }
static double sin_diagonal(const double *p, double v) {
  const double C = cos(2.0 * p[0]);
  return 0.5 * ((1.0 - C) - C * expm1(-2.0 * v));
}

/* E (phi(u) - phi(v))^2 = (1 - e^(-d/2)) (1 + C e^(d/2 - a - b)) - (C/2) (e^-a - e^-b)^2 */
static void sin_pair(const double *p, const dual_pair *pair, dual_pair *next, double *slope) {
  const double C = cos(2.0 * p[0]), sum = 0.5 * pair->d - pair->a - pair->b, apart = expm1(-0.5 * pair->d);
  const double low = fmin(pair->a, pair->b), e = exp(-low) * expm1(-fabs(pair->a - pair->b));
  next->d = -apart * ((1.0 + C) + C * expm1(sum)) - 0.5 * C * e * e;
  if (slope) *slope = 0.5 * ((1.0 + C) + apart + C * expm1(sum));
}

static void cosine(double *p) { p[0] = 0.5 * WLAW_PI; }
static double one(const double *p) {
  (void)p;
  return 1.0;
}

static double rbf_value(const double *p, double x) { return sqrt(2.0) * sin(sqrt(2.0 * p[0]) * x + 0.25 * WLAW_PI); }
static double rbf_diagonal(const double *p, double v) {
  (void)p;
  (void)v;
  return 1.0;
}
static void rbf_pair(const double *p, const dual_pair *pair, dual_pair *next, double *slope) {
  next->d = -2.0 * expm1(-p[0] * pair->d);
  if (slope) *slope = 2.0 * p[0] * exp(-p[0] * pair->d);
}
static double rbf_lipschitz(const double *p) { return 2.0 * sqrt(p[0]); }

static double exp_value(const double *p, double x) {
  (void)p;
  return exp(x);
}
static double exp_diagonal(const double *p, double v) {
  (void)p;
  return exp(2.0 * v);
}
static void exp_pair(const double *p, const dual_pair *pair, dual_pair *next, double *slope) {
  (void)p;
  const double high = fmax(pair->a, pair->b), e = exp(high) * expm1(-fabs(pair->a - pair->b));
  next->d = e * e - 2.0 * exp(pair->a + pair->b) * expm1(-0.5 * pair->d);
  if (slope) *slope = exp(pair->a + pair->b - 0.5 * pair->d);
}
static double exp_moment(const double *p, double v, double power) {
  (void)p;
  return exp(0.5 * power * power * v);
}
static double none(const double *p) {
  (void)p;
  return INFINITY;
}

#define SINE .way = DUAL_BY_PAIR, .value = sin_value, .diagonal = sin_diagonal, .pair = sin_pair, .lipschitz = one
const dual_function wlaw_dual_waves[] = {{.name = "sin", .parameters = {{"phase", -1e3, 1e3, 0.0, false}}, SINE},
                                         {.name = "cos", .complete = cosine, SINE},
                                         {.name = "rbf",
                                          .way = DUAL_BY_PAIR,
                                          .parameters = {{"gamma", 1e-6, 1e6, 1.0, false}},
                                          .value = rbf_value,
                                          .diagonal = rbf_diagonal,
                                          .pair = rbf_pair,
                                          .lipschitz = rbf_lipschitz},
                                         {.name = "exp",
                                          .way = DUAL_BY_PAIR,
                                          .value = exp_value,
                                          .diagonal = exp_diagonal,
                                          .pair = exp_pair,
                                          .moment = exp_moment,
                                          .lipschitz = none},
                                         {0}};
