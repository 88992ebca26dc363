/* Maxima known in closed form, by analytic Hessians and by differences of gradients, inside the box and at its ends. */
#include "support/test.h"

#include "math/newton.h"

/* -(cosh(a x + b y - 1) - 1) - (cosh(c y - x - 2) - 1): strictly concave, its maximum where both arguments vanish. */
static const double coefficients[3] = {1.3, 0.4, 2.0};

static bool valley(double *value, double *gradient, double *hessian, const double *at, const void *context) {
  const double *k = context, u = k[0] * at[0] + k[1] * at[1] - 1, v = k[2] * at[1] - at[0] - 2;
  *value = 2 - cosh(u) - cosh(v);
  gradient[0] = -k[0] * sinh(u) + sinh(v);
  gradient[1] = -k[1] * sinh(u) - k[2] * sinh(v);
  if (hessian) {
    hessian[0] = -k[0] * k[0] * cosh(u) - cosh(v);
    hessian[1] = hessian[2] = -k[0] * k[1] * cosh(u) + k[2] * cosh(v);
    hessian[3] = -k[1] * k[1] * cosh(u) - k[2] * k[2] * cosh(v);
  }
  return isfinite(*value);
}

static newton_problem valley_problem(bool differences) {
  return (newton_problem){.n = 2,
                          .function = valley,
                          .differences = differences,
                          .context = coefficients,
                          .low = {-50, -50},
                          .high = {50, 50}};
}

/* u = v = 0: y = (1 + 2 k0) / (k1 + k0 k2), x = k2 y - 2; the Hessian there is -(J' J), J the Jacobian of (u, v). */
static void finds_a_known_maximum(void **state) {
  (void)state;
  const double *k = coefficients, y = (1 + 2 * k[0]) / (k[1] + k[0] * k[2]), x = k[2] * y - 2;
  const double det = k[0] * k[2] + k[1]; /* of J = [k0, k1; -1, k2] */
  for (int differences = 0; differences < 2; differences++) {
    const newton_problem problem = valley_problem(differences);
    for (int start = -30; start <= 30; start += 15) {
      newton_maximum found;
      wlaw_newton_maximize(&found, &problem, (double[]){start, -start / 2.0});
      assert_true(found.converged && !found.at_bound[0] && !found.at_bound[1]);
      check_near(found.at[0], x, 1e-14 * 50);
      check_near(found.at[1], y, 1e-14 * 50);
      double covariance[4];
      wlaw_newton_covariance(covariance, &found, 2, 10);
      /* (J'J)^-1 = [k1^2 + k2^2, -(k0 k1 - k2); ., k0^2 + 1] / det^2; differences are good to 1e-10 */
      const double tolerance = differences ? 1e-9 : 1e-13;
      check_near(covariance[0] * 10, (k[1] * k[1] + k[2] * k[2]) / (det * det), tolerance);
      check_near(covariance[1] * 10, -(k[0] * k[1] - k[2]) / (det * det), tolerance);
      check_near(covariance[2], covariance[1], 0);
      check_near(covariance[3] * 10, (k[0] * k[0] + 1) / (det * det), tolerance);
    }
  }
}

/* With x cut at 0 below the maximum's 0.4, the rest is the maximum along y, where the slope in y vanishes. */
static void stops_at_the_end_of_a_range(void **state) {
  (void)state;
  for (int differences = 0; differences < 2; differences++) {
    newton_problem problem = valley_problem(differences);
    problem.high[0] = 0;
    newton_maximum found;
    wlaw_newton_maximize(&found, &problem, (double[]){-20, 3});
    double value, gradient[2], covariance[4], hessian[4];
    assert_true(found.converged && found.at_bound[0] && !found.at_bound[1] && found.at[0] == 0);
    assert_string_equal(found.stop_reason, "a parameter is at the end of its range");
    assert_true(valley(&value, gradient, hessian, found.at, coefficients));
    assert_true(gradient[0] > 0.1);
    check_near(gradient[1], 0, 1e-13);
    wlaw_newton_covariance(covariance, &found, 2, 1);
    assert_true(isnan(covariance[0]) && isnan(covariance[1]) && isnan(covariance[2]));
    check_near(covariance[3] * hessian[3], -1, differences ? 1e-9 : 1e-13);
  }
}

/* x^2 exp(-x): convex near 0, where Newton's own step would run to the minimum; the maximum is at 2. */
static bool hill(double *value, double *gradient, double *hessian, const double *at, const void *context) {
  (void)context;
  const double x = at[0], e = exp(-x);
  *value = x * x * e;
  *gradient = (2 * x - x * x) * e;
  if (hessian) *hessian = (2 - 4 * x + x * x) * e;
  return x < 1e3;
}

static void climbs_where_the_function_is_convex(void **state) {
  (void)state;
  const newton_problem problem = {.n = 1, .function = hill, .low = {0.01}, .high = {100}};
  newton_maximum found;
  for (double start = 0.01; start < 30; start *= 1.7) {
    wlaw_newton_maximize(&found, &problem, &start);
    if (!found.converged) fail_msg("from %g: %s", start, found.stop_reason);
    check_near(found.at[0], 2, 1e-14);
  }
}

static bool undefined(double *value, double *gradient, double *hessian, const double *at, const void *context) {
  (void)at, (void)context, (void)hessian;
  *value = *gradient = NAN;
  return true;
}

static void says_why_it_did_not_start(void **state) {
  (void)state;
  const newton_problem problem = {.n = 1, .function = undefined, .low = {0}, .high = {1}};
  newton_maximum found;
  wlaw_newton_maximize(&found, &problem, (double[]){0.5});
  assert_false(found.converged);
  assert_string_equal(found.stop_reason, "the likelihood is not finite where the search starts");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_a_known_maximum),
      cmocka_unit_test(stops_at_the_end_of_a_range),
      cmocka_unit_test(climbs_where_the_function_is_convex),
      cmocka_unit_test(says_why_it_did_not_start),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
