/* Activations whose dual has no closed form: value and derivative, the rest is a series in Hermite polynomials
 * (dual_series.c). All are smooth but at 0. */
#include <math.h>

#include "limit/dual_function.h"

static double constant_one(const double *p) {
  (void)p;
  return 1.0;
}

static double tanh_value(const double *p, double x) {
  (void)p;
  return tanh(x);
}
static double tanh_derivative(const double *p, double x) {
  (void)p;
  const double c = cosh(fmin(fabs(x), 400.0));
  return 1.0 / (c * c);
}

static double logistic(double x) { return x < 0.0 ? exp(x) / (1.0 + exp(x)) : 1.0 / (1.0 + exp(-x)); }
static double sigmoid_value(const double *p, double x) {
  (void)p;
  return logistic(x);
}
static double sigmoid_derivative(const double *p, double x) {
  (void)p;
  return logistic(x) * logistic(-x);
}
static double sigmoid_lipschitz(const double *p) {
  (void)p;
  return 0.25;
}

static double softplus_value(const double *p, double x) {
  (void)p;
  return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

static double silu_value(const double *p, double x) {
  (void)p;
  return x * logistic(x);
}
static double silu_derivative(const double *p, double x) {
  (void)p;
  return logistic(x) * (1.0 + x * logistic(-x));
}
static double silu_lipschitz(const double *p) {
  (void)p;
  return 1.0998394; /* at 2.39936, where x tanh(x/2) = 2; rounded up */
}

static double elu_value(const double *p, double x) { return x > 0.0 ? x : p[0] * expm1(x); }
static double elu_derivative(const double *p, double x) { return x > 0.0 ? 1.0 : p[0] * exp(x); }
static double elu_lipschitz(const double *p) { return fmax(1.0, fabs(p[0])); }

const dual_function wlaw_dual_numeric[] = {{.name = "tanh",
                                            .way = DUAL_BY_SERIES,
                                            .value = tanh_value,
                                            .derivative = tanh_derivative,
                                            .lipschitz = constant_one},
                                           {.name = "sigmoid",
                                            .way = DUAL_BY_SERIES,
                                            .value = sigmoid_value,
                                            .derivative = sigmoid_derivative,
                                            .lipschitz = sigmoid_lipschitz},
                                           {.name = "softplus",
                                            .way = DUAL_BY_SERIES,
                                            .value = softplus_value,
                                            .derivative = sigmoid_value,
                                            .lipschitz = constant_one},
                                           {.name = "silu",
                                            .way = DUAL_BY_SERIES,
                                            .value = silu_value,
                                            .derivative = silu_derivative,
                                            .lipschitz = silu_lipschitz},
                                           {.name = "elu",
                                            .way = DUAL_BY_SERIES,
                                            .parameters = {{"alpha", 0.0, 1e3, 1.0, false}},
                                            .value = elu_value,
                                            .derivative = elu_derivative,
                                            .lipschitz = elu_lipschitz},
                                           {0}};
