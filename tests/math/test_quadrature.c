/* Quadrature: integrals with closed forms, and moments of the normal law. */
#include "support/test.h"

#include "math/quadrature.h"

static void check_close(double value, double expected, double tolerance) {
  if (!(fabs(value - expected) <= tolerance * fabs(expected))) fail_msg("%.17g, not %.17g", value, expected);
}

static double power(double x, const void *context) { return pow(x, *(const double *)context); }
static double cauchy(double x, const void *context) {
  (void)context;
  return 1.0 / (1.0 + x * x);
}

static void integrates(void **state) {
  (void)state;
  const double exponent = 3.5;
  double error;
  check_close(wlaw_integrate(power, &exponent, 0.0, 2.0, 1e-12, &error), pow(2.0, 4.5) / 4.5, 1e-12);
  check_close(wlaw_integrate(cauchy, NULL, -INFINITY, INFINITY, 1e-12, &error), acos(-1.0), 1e-12);
  check_close(wlaw_integrate(cauchy, NULL, 1.0, INFINITY, 1e-12, &error), 0.25 * acos(-1.0), 1e-12);
}

/* E N^2k = (2k - 1)!!, exact up to degree 2n - 1; sums of n positive terms round to n half-units. */
static void hermite_moments(void **state) {
  (void)state;
  const size_t sizes[] = {1, 2, 3, 25, 64, 255, 256};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    double nodes[HERMITE_MOST], weights[HERMITE_MOST];
    const size_t n = sizes[s];
    wlaw_hermite_rule(nodes, weights, n);
    double moment = 1.0;
    for (size_t k = 0; k < n && k < 40; k++) {
      double sum = 0.0;
      for (size_t i = 0; i < n; i++) sum += weights[i] * pow(nodes[i], 2.0 * (double)k);
      check_close(sum / moment, 1.0, 1e-12);
      moment *= 2.0 * (double)k + 1.0;
    }
    for (size_t i = 1; i < n; i++) assert_true(nodes[i - 1] < nodes[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(integrates), cmocka_unit_test(hermite_moments)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
