/* The laws of |w|, weibull and pgw: densities against cdf and moments, draws, the laws that pgw contains, fits against
 * simulation and against the ends of their ranges. */
#include "law/entry_checks.h"

static void densities_cdfs_and_moments_agree(void **state) {
  (void)state;
  check_density("weibull(shape=1,scale=1)", 1, 1e-10);
  check_density("weibull(shape=0.6,sd=0.02)", 0.02, 1e-10);
  check_density("weibull(shape=1.9,gain=2,fan=out)", 1, 1e-10);
  check_density("weibull(shape=8,scale=3)", 3, 1e-7);
  check_density("pgw(shape=1.2,power=1,scale=0.1)", 0.1, 1e-10);
  check_density("pgw(shape=0.8,power=0.4,scale=1)", 1, 1e-9);
  check_density("pgw(shape=9,power=0,scale=2)", 2, 1e-7);
  check_density("pgw(shape=1,power=3,scale=1,hazard=0.5)", 1, 1e-9);
  check_density("pgw(shape=1.1,power=1000,scale=1)", 1, 1e-9);
}

static void draws_follow_their_law(void **state) {
  (void)state;
  static const char *const texts[] = {"weibull",
                                      "weibull(shape=0.02,scale=1)",
                                      "weibull(shape=1.2,sd=0.02)",
                                      "weibull(shape=1000,gain=1)",
                                      "pgw",
                                      "pgw(shape=0.7,power=0,scale=3)",
                                      "pgw(shape=3,power=0.2,scale=1,hazard=4)",
                                      "pgw(shape=1,power=1000,scale=0.1)"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) check_draws(texts[i], 30 + i);
}

static double magnitude_above(const wlaw_law *law, double x) { return 2 * law->ops->entry->cdf(law->values, -x); }

/* Tails in closed form: log-logistic 1 / (1 + s), Burr XII (1 + s)^-3, Weibull exp(-s), Gompertz exp(-0.2 (exp(x) -
 * 1)). The power has no infinity: at 1000 the last differs by a relative s^2 / 2000 of the hazard. */
static void pgw_holds_its_laws(void **state) {
  (void)state;
  wlaw_law *logistic = parse_law("pgw(shape=1.7,power=0,scale=2)"),
           *burr = parse_law("pgw(shape=1.7,power=0,scale=2,hazard=3)");
  wlaw_law *weibull = parse_law("pgw(shape=1.7,power=1,scale=2)"), *plain = parse_law("weibull(shape=1.7,scale=2)");
  wlaw_law *gompertz = parse_law("pgw(shape=1,power=1000,scale=1,hazard=0.2)"),
           *small = parse_law("pgw(shape=1.7,power=1e-9,scale=2)");
  for (double x = 0.01; x < 3; x *= 1.3) {
    const double s = pow(x / 2, 1.7);
    check_near(magnitude_above(logistic, x), 1 / (1 + s), 1e-14);
    check_near(magnitude_above(burr, x), pow(1 + s, -3), 1e-14);
    check_near(magnitude_above(weibull, x), exp(-s), 1e-14);
    check_near(magnitude_above(small, x), magnitude_above(logistic, x), 2e-9);
    check_near(magnitude_above(gompertz, x) / exp(-0.2 * expm1(x)), 1, x * x * exp(x) / 2000);
    check_near(weibull->ops->entry->log_density(weibull->values, x), plain->ops->entry->log_density(plain->values, x),
               1e-13);
    check_near(weibull->ops->entry->cdf(weibull->values, x), plain->ops->entry->cdf(plain->values, x), 1e-15);
  }
  /* moments of the Burr law: E s^a = 3 B(3 - a, 1 + a), a = order / shape; the log-logistic has none of order 2 */
  double mean, variance;
  const double a = 2 / 1.7, b = 4 / 1.7;
  assert_true(burr->ops->moments(burr, 1, 1, &mean, &variance));
  check_near(variance / (4 * 3 * tgamma(3 - a) * tgamma(1 + a) / tgamma(4)), 1, 1e-12);
  check_near(burr->ops->kurtosis(burr) * variance * variance / (16 * 3 * tgamma(3 - b) * tgamma(1 + b) / tgamma(4)), 1,
             1e-12);
  assert_false(logistic->ops->moments(logistic, 1, 1, &mean, &variance));
  assert_true(plain->ops->moments(plain, 1, 1, &mean, &variance));
  check_near(variance, 4 * tgamma(1 + a), 1e-13);
  assert_true(weibull->ops->moments(weibull, 1, 1, &mean, &mean));
  check_near(mean, variance, 1e-12);
  /* at 0 the density has a pole, a value or a zero */
  static const char *const at_zero[][2] = {{"weibull(shape=0.9,scale=2)", "pgw(shape=0.9)"},
                                           {"weibull(shape=1,scale=1)", "pgw(shape=1)"},
                                           {"weibull(shape=1.1,scale=2)", "pgw(shape=1.1)"}};
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 2; j++) {
      wlaw_law *law = parse_law(at_zero[i][j]);
      const double at = law->ops->entry->log_density(law->values, 0);
      assert_true(i == 1 ? fabs(at + log(2)) < 1e-15 : at == (i == 0 ? INFINITY : -INFINITY));
      wlaw_law_free(law);
    }
  wlaw_law_free(logistic);
  wlaw_law_free(burr);
  wlaw_law_free(weibull);
  wlaw_law_free(plain);
  wlaw_law_free(gompertz);
  wlaw_law_free(small);
}

static void fits_and_their_errors(void **state) {
  (void)state;
  check_fit_errors("weibull(shape=0.1,scale=1)", 2, 1000, 1);
  check_fit_errors("weibull(shape=1.2,scale=0.02)", 2, 1000, 2);
  check_fit_errors("weibull(shape=30,scale=1e20)", 2, 1000, 3);
  check_fit_errors("pgw(shape=1.2,power=0.7,scale=0.02,hazard=1)", 3, 5000, 4);
  check_fit_errors("pgw(shape=0.5,power=2,scale=1,hazard=1)", 3, 5000, 5);
}

/* Weights with a tail heavier than any of the family, and with an end: the power goes to its bound and says so. */
static void says_where_it_stops(void **state) {
  (void)state;
  enum { N = 2000 };
  wlaw_error *err = wlaw_error_new();
  double x[N];
  entry_cells cells;
  entry_fit fit;
  const law_ops *ops;
  check_ok(wlaw_law_find(&ops, "pgw", err));
  for (int i = 0; i < N; i++) {
    const double u = (i + 0.5) / N; /* Burr XII of hazard 0.3: a tail x^-0.3 under a start x^1 */
    x[i] = pow(1 - u, -1 / 0.3) - 1;
  }
  check_ok(wlaw_cells_sorted(&cells, x, N, err));
  check_ok(ops->entry->fit(&fit, &cells, err));
  assert_true(fit.converged && fit.law.values[1] == 0 && isnan(fit.standard_error[1]));
  assert_true(fit.standard_error[0] > 0 && fit.standard_error[2] > 0);
  assert_string_equal(fit.stop_reason, "a parameter is at the end of its range");
  wlaw_cells_free(&cells);
  for (int i = 0; i < N; i++) x[i] = (2 * i + 1.0) / N - 1;
  check_ok(wlaw_cells_sorted(&cells, x, N, err));
  check_ok(ops->entry->fit(&fit, &cells, err));
  assert_true(isfinite(fit.log_likelihood));
  print_message("uniform: shape %g power %g scale %g: %s\n", fit.law.values[0], fit.law.values[1], fit.law.values[2],
                fit.stop_reason);
  /* equal magnitudes: no finite shape */
  for (int i = 0; i < N; i++) x[i] = 0.25;
  wlaw_cells_free(&cells);
  check_ok(wlaw_cells_sorted(&cells, x, N, err));
  check_ok(wlaw_law_find(&ops, "weibull", err));
  check_ok(ops->entry->fit(&fit, &cells, err));
  assert_true(fit.law.values[0] == 1000 && isnan(fit.standard_error[0]));
  check_near(fit.law.values[1], 0.25, 1e-12);
  wlaw_cells_free(&cells);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(densities_cdfs_and_moments_agree),
      cmocka_unit_test(draws_follow_their_law),
      cmocka_unit_test(pgw_holds_its_laws),
      cmocka_unit_test(fits_and_their_errors),
      cmocka_unit_test(says_where_it_stops),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
