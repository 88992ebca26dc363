/* Symmetric stable densities: closed forms, a rule of integration, symmetry of routes (point by point and by table),
 * derivatives by differences. tests/law/test_entry_laws.c compares with Zolotarev's integrals in 30 digits. */
#include "support/test.h"

#include "math/stable.h"

static const double alphas[] = {0.5, 0.51, 0.6, 0.8, 0.95, 1.0,    1.05,
                                1.3, 1.5,  1.7, 1.9, 1.99, 1.9999, STABLE_TABLE_MOST};
enum { ALPHAS = sizeof alphas / sizeof *alphas };

/* Cauchy's and the normal law; near 16 the ray gives way to the series. Rounding of about 60 terms of size 1: 1e-15. */
static void closed_forms(void **state) {
  (void)state;
  const double pi = acos(-1.0);
  for (double x = 0.0; x < 100.0; x = 1.07 * x + 0.01) {
    check_near(wlaw_stable_density(1.0, x), 1.0 / (pi * (1.0 + x * x)), 4e-14);
    check_near(wlaw_stable_density(1.0, -x) * (1.0 + x * x) * pi, 1.0, 4e-14 * pi * (1.0 + x * x));
    check_near(wlaw_stable_cdf(1.0, x), 0.5 + atan(x) / pi, 4e-14);
    check_near(wlaw_stable_cdf(1.0, -x), 0.5 - atan(x) / pi, 4e-14);
    check_near(wlaw_stable_density(2.0, x), exp(-0.25 * x * x) / sqrt(4.0 * pi), 1e-16);
    check_near(wlaw_stable_cdf(2.0, x), 0.5 * erfc(-0.5 * x), 1e-15);
    /* the nodes know nothing of the closed form: alpha = 2 is reached as a limit, with a difference of order 1e-12 */
    check_near(wlaw_stable_density(2.0 - 1e-12, x), wlaw_stable_density(2.0, x), 1e-12);
  }
  for (size_t i = 0; i < ALPHAS; i++) /* f(0) = Gamma(1 + 1/alpha) / pi */
    check_near(wlaw_stable_density(alphas[i], 0.0) * pi / tgamma(1.0 + 1.0 / alphas[i]), 1.0, 1e-13);
  check_near(wlaw_stable_density(0.2, 0.0) * pi / tgamma(6.0), 1.0, 1e-11);
}

/* Accuracy the header promises: 1e-9 of the maximum between grid points, and of F. In the series' region the table and
 * the point-by-point route are the same sum. */
static void table_agrees_with_points(void **state) {
  (void)state;
  stable_table *table = malloc(sizeof *table);
  for (size_t i = 0; i < ALPHAS; i++) {
    wlaw_stable_table(table, alphas[i]);
    const double top = wlaw_stable_density(alphas[i], 0.0);
    for (int k = 0; k <= 3000; k++) {
      const double x = 24.0 * pow(k / 3000.0, 3.0);
      stable_jet jet;
      wlaw_stable_at(&jet, table, x);
      check_near((jet.f - wlaw_stable_density(alphas[i], x)) / top, 0.0, 1e-9);
      check_near(jet.upper, wlaw_stable_cdf(alphas[i], -x), 1e-10);
    }
  }
  free(table);
}

/* Derivatives against central differences of what they are derivatives of. Steps of 1e-4 in alpha and of x leave
 * 1e-8 / 6 times a third derivative, of order 100 for alpha above 0.8; differences of values good to 1e-11 add 1e-7. */
static void derivatives(void **state) {
  (void)state;
  stable_table *tables = malloc(3 * sizeof *tables);
  for (size_t i = 3; i + 2 < ALPHAS; i++) {
    const double h = 1e-4, a = alphas[i], top = wlaw_stable_density(a, 0.0);
    for (int k = 0; k < 3; k++) wlaw_stable_table(&tables[k], a + (k - 1) * h);
    for (double x = 0.003; x < 60.0; x *= 1.1) {
      stable_jet jet, by_alpha[2], by_x[2];
      const double step = 1e-4 * x;
      wlaw_stable_at(&jet, &tables[1], x);
      for (int k = 0; k < 2; k++) {
        wlaw_stable_at(&by_alpha[k], &tables[2 * k], x);
        wlaw_stable_at(&by_x[k], &tables[1], x + (k ? step : -step));
      }
      check_near((by_alpha[1].f - by_alpha[0].f) / (2 * h) / top, jet.f_a / top, 2e-6);
      check_near((by_alpha[1].f_a - by_alpha[0].f_a) / (2 * h) / top, jet.f_aa / top, 5e-6);
      check_near((by_alpha[1].f_x - by_alpha[0].f_x) / (2 * h) / top, jet.f_ax / top, 5e-6);
      check_near((by_x[1].upper - by_x[0].upper) / (2 * step) / top, -jet.f / top, 1e-6);
      check_near((by_x[1].f - by_x[0].f) / (2 * step) * x / top, jet.f_x * x / top, 2e-6);
      check_near((by_x[1].f_x - by_x[0].f_x) / (2 * step) * x * x / top, jet.f_xx * x * x / top, 1e-5);
    }
  }
  free(tables);
}

/* Where the ray ends and the series begins (x = 16), and where it ends in a normal's tail, nothing jumps; logarithms of
 * densities are finite everywhere. */
static void far_out(void **state) {
  (void)state;
  for (size_t i = 0; i < ALPHAS; i++) {
    const double below = wlaw_stable_density(alphas[i], 16.0),
                 above = wlaw_stable_density(alphas[i], nextafter(16.0, 17.0));
    check_near(below / above, 1.0, 1e-12 / above);
    for (double x = 1e-300; x < 1e30; x *= 3.0) {
      assert_true(isfinite(log(wlaw_stable_density(alphas[i], x))));
      const double f = wlaw_stable_cdf(alphas[i], -x);
      assert_true(f > 0.0 && f <= 0.5 + 1e-12);
    }
    /* f ~ alpha sin(pi alpha / 2) Gamma(alpha) / pi x^(-alpha - 1) (Nolan 2020, theorem 1.2), next term x^-alpha */
    const double x = 1e12, first = tgamma(1.0 + alphas[i]) * sin(0.5 * acos(-1.0) * alphas[i]) / acos(-1.0);
    check_near(wlaw_stable_density(alphas[i], x) * pow(x, alphas[i] + 1.0) / first, 1.0,
               3.0 * pow(x, -alphas[i]) + 1e-12);
  }
  for (double gap = 0.1; gap > 1e-15; gap *= 0.7)
    for (double x = 0.0; x < 40.0; x += 0.37) assert_true(isfinite(log(wlaw_stable_density(2.0 - gap, x))));
  assert_true(isnan(wlaw_stable_density(0.1, 1.0)) && isnan(wlaw_stable_density(2.1, 1.0)));
  assert_true(isnan(wlaw_stable_density(1.5, NAN)) && isnan(wlaw_stable_cdf(1.5, NAN)) &&
              isnan(wlaw_stable_cdf(NAN, 1)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(closed_forms),
      cmocka_unit_test(table_agrees_with_points),
      cmocka_unit_test(derivatives),
      cmocka_unit_test(far_out),
  };
  return cmocka_run_group_tests_name("math.stable", tests, NULL, NULL);
}
