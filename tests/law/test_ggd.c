/* The generalised Gaussian: density against cdf and moments, draws, fits against simulation, the normal and Laplace
 * cases in closed form, the moment rule's published values, influence against weights that are added. */
#include "law/entry_checks.h"
#include "law/ggd.h"
#include "math/special.h"
#include "support/alloc_fail.h"

static void density_cdf_and_moments_agree(void **state) {
  (void)state;
  check_density("ggd(shape=1,scale=1)", 1, 1e-10);
  check_density("ggd(shape=2,sd=0.02)", 0.02, 1e-10);
  check_density("ggd(shape=0.5,scale=0.3)", 0.3, 1e-10);
  check_density("ggd(shape=1.37,gain=2,fan=out)", 1, 1e-10);
  check_density("ggd(shape=8,scale=3)", 3, 1e-8);
}

static void draws_follow_their_law(void **state) {
  (void)state;
  static const char *const texts[] = {"ggd",
                                      "ggd(shape=0.02,scale=1)",
                                      "ggd(shape=0.1,sd=1)",
                                      "ggd(shape=0.7,scale=2)",
                                      "ggd(shape=2,gain=1,fan=average)",
                                      "ggd(shape=20,scale=1)",
                                      "ggd(shape=1000,sd=1)"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) check_draws(texts[i], 3 + i);
}

/* Shape 2 is the normal law with sd = scale / sqrt(2), shape 1 the Laplace law. */
static void special_shapes(void **state) {
  (void)state;
  wlaw_law *two = parse_law("ggd(shape=2,sd=0.7)"), *normal = parse_law("normal(sd=0.7)"),
           *one = parse_law("ggd(scale=3)");
  for (double x = -4; x <= 4; x += 0.37) {
    check_near(two->ops->entry->log_density(two->values, x), normal->ops->entry->log_density(normal->values, x), 1e-13);
    check_near(two->ops->entry->cdf(two->values, x), normal->ops->entry->cdf(normal->values, x), 1e-15);
    check_near(one->ops->entry->log_density(one->values, x), -log(6) - fabs(x) / 3, 1e-14);
  }
  check_near(two->ops->entry->cdf(two->values, -14) / normal->ops->entry->cdf(normal->values, -14), 1, 1e-12);
  check_near(two->ops->kurtosis(two), 3, 1e-13);
  check_near(one->ops->kurtosis(one), 6, 1e-13);
  /* entropies: ln(sd sqrt(2 pi e)), 1 + ln(2 scale), and that of a uniform on (-3, 3) nearly */
  check_near(wlaw_ggd_entropy(2, 0.7 * sqrt(2)), log(0.7) + 0.5 * log(2 * 3.14159265358979323846) + 0.5, 1e-14);
  check_near(wlaw_ggd_entropy(1, 3), 1 + log(6), 1e-14);
  check_near(wlaw_ggd_entropy(1000, 3), log(6), 2e-3);
  wlaw_law_free(two);
  wlaw_law_free(normal);
  wlaw_law_free(one);
}

static void fits_and_their_errors(void **state) {
  (void)state;
  check_fit_errors("ggd(shape=0.05,scale=1)", 1, 2000, 1); /* ln scale has an error of 40 */
  check_fit_errors("ggd(shape=0.4,scale=0.001)", 2, 2000, 2);
  check_fit_errors("ggd(shape=1,scale=20)", 2, 2000, 3);
  check_fit_errors("ggd(shape=2,scale=0.05)", 2, 2000, 4);
  check_fit_errors("ggd(shape=4,scale=1)", 2, 2000, 5);
  check_fit_errors("ggd(shape=20,scale=1e-30)", 2, 4000, 6);
}

/* Information of the law itself by the gamma function: Var z^shape ln z and so on of z^shape ~ Gamma(1/shape) gives
 * n se_shape^2 = shape^2 (1 + shape ... ) written out for two shapes in numbers: at shape 1, E d2/dnu2 with psi(2) =
 * 1 - gamma and psi'(2) = pi^2/6 - 1. A sample's own curvature differs by its spread over sqrt(n), here 3e-3. */
static void errors_of_a_large_laplace_sample(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = parse_law("ggd(shape=1,scale=1)");
  entry_cells cells = draw_cells(law, 1000000, 9, 0);
  entry_fit fit;
  check_ok(law->ops->entry->fit(&fit, &cells, err));
  const double psi1 = -0.57721566490153286, trigamma1 = 1.6449340668482264, psi2 = psi1 + 1, trigamma2 = trigamma1 - 1;
  const double ss = 1 + 2 * psi1 + trigamma1 + trigamma2 + psi2 * psi2, sl = -(1 + psi2), ll = 1;
  const double det = ss * ll - sl * sl;
  check_near(fit.standard_error[0] * 1000 / sqrt(ll / det), 1, 0.01);
  check_near(fit.standard_error[1] * 1000 / sqrt(ss / det), 1, 0.01);
  assert_int_equal(fit.free_parameters, 2);
  wlaw_cells_free(&cells);
  wlaw_law_free(law);
  wlaw_error_free(err);
}

static void says_where_it_stops(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  enum { N = 1000 };
  double x[N];
  entry_cells cells;
  entry_fit fit;
  const law_ops *ops;
  check_ok(wlaw_law_find(&ops, "ggd", err));
  /* all equal: as uniform as can be */
  for (int i = 0; i < N; i++) x[i] = i < N / 2 ? -0.25 : 0.25;
  check_ok(wlaw_cells_sorted(&cells, x, N, err));
  check_ok(ops->entry->fit(&fit, &cells, err));
  assert_true(fit.converged && fit.law.values[0] == 1000 && isnan(fit.standard_error[0]));
  assert_string_equal(fit.stop_reason, "as good as uniform: the likelihood still grows at shape 1000");
  float *table = malloc(2 * ENTRY_KEYS * sizeof *table);
  check_ok(wlaw_ggd_influence(table, table + ENTRY_KEYS, &fit, &cells, ENTRY_KEY_F32, err));
  for (int i = 0; i < 2 * ENTRY_KEYS; i++) assert_true(table[i] == 0);
  free(table);
  wlaw_cells_free(&cells);
  /* the n uniform weights themselves: a finite shape, large, with its error */
  for (int i = 0; i < N; i++) x[i] = (2 * i + 1.0) / N - 1;
  check_ok(wlaw_cells_sorted(&cells, x, N, err));
  check_ok(ops->entry->fit(&fit, &cells, err));
  assert_true(fit.converged && fit.law.values[0] > 50);
  wlaw_cells_free(&cells);
  /* magnitudes over 600 orders of ten: too spread for the least shape */
  for (int i = 0; i < N; i++) x[i] = (i < N / 2 ? -1 : 1) * pow(10, 300 - 1.2 * (i < N / 2 ? i : N - 1 - i));
  check_ok(wlaw_cells_sorted(&cells, x, N, err));
  check_ok(ops->entry->fit(&fit, &cells, err));
  assert_string_equal(fit.stop_reason, "the likelihood still grows at the least shape, 0.02");
  wlaw_cells_free(&cells);
  cells = (entry_cells){0};
  check_status(ops->entry->fit(&fit, &cells, err), WLAW_VALUE);
  wlaw_error_free(err);
}

static void moment_rule_has_its_published_values(void **state) {
  (void)state;
  static const double published[][2] = {{0.1, 216.8266}, {0.5, 3.333333}, {1, 2},       {1.2, 1.841271},
                                        {1.5, 1.698140}, {2, 1.570796},   {3, 1.460998}};
  ggd_moments rule;
  for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
    check_near(wlaw_ggd_ratio(published[i][0]) / published[i][1], 1, 4e-7);
    /* back from the ratio: conditioning d ln nu / d ln rho is below 6 here */
    wlaw_ggd_moment_rule(&rule, 0.3, 0.09 * wlaw_ggd_ratio(published[i][0]));
    check_near(rule.shape / published[i][0], 1, 1e-13 * 6);
  }
  check_near(rule.scale, sqrt(0.09 * rule.rho * tgamma(1.0 / 3) / tgamma(1)), 1e-13);
  wlaw_ggd_moment_rule(&rule, 1, 4.0 / 3);
  assert_true(isnan(rule.shape) && isnan(rule.scale));
  wlaw_ggd_moment_rule(&rule, 0, 0);
  assert_true(isnan(rule.shape));
}

/* A share 1e-4 of weights added at +-x: parameters move by its influence, to the second order, 1e-4 times influences of
 * up to 100. */
static void influence_is_what_an_added_weight_does(void **state) {
  (void)state;
  enum { N = 100000, ADDED = 10 };
  wlaw_error *err = wlaw_error_new();
  /* Student weights: the law is not true, so that its own information would not do */
  double *x = malloc((N + ADDED) * sizeof *x), *kept = malloc(N * sizeof *x), normals[4];
  wlaw_stream stream = wlaw_stream_start(8, STREAM_TEST, 0, 0);
  for (int i = 0; i < N; i++) {
    wlaw_stream_normals(&stream, normals, 4);
    kept[i] = normals[0] / sqrt((normals[1] * normals[1] + normals[2] * normals[2] + normals[3] * normals[3]) / 3);
  }
  qsort(kept, N, sizeof *kept, compare_doubles);
  entry_cells cells;
  entry_fit fit, moved;
  const law_ops *ops;
  float *of_shape = malloc(ENTRY_KEYS * sizeof *of_shape), *of_scale = malloc(ENTRY_KEYS * sizeof *of_scale);
  check_ok(wlaw_law_find(&ops, "ggd", err));
  check_ok(wlaw_cells_sorted(&cells, kept, N, err));
  check_ok(ops->entry->fit(&fit, &cells, err));
  check_ok(wlaw_ggd_influence(of_shape, of_scale, &fit, &cells, ENTRY_KEY_F32, err));
  double mean = 0, mean_scale = 0;
  for (size_t i = 0; i < cells.n; i++) {
    const unsigned key = wlaw_entry_key(ENTRY_KEY_F32, fabs(cells.value[i]));
    mean += (double)of_shape[key] / N, mean_scale += (double)of_scale[key] / N;
  }
  /* keys stand for magnitudes up to 2^-8 away, evenly: 2^-16 / 3 times second derivatives of a few */
  check_near(mean, 0, 1e-4);
  check_near(mean_scale, 0, 1e-4);
  wlaw_cells_free(&cells);
  for (double place = 0.003; place < 20; place *= 3) {
    memcpy(x, kept, N * sizeof *x);
    for (int i = 0; i < ADDED; i++) x[N + i] = i % 2 ? place : -place;
    qsort(x, N + ADDED, sizeof *x, compare_doubles);
    check_ok(wlaw_cells_sorted(&cells, x, N + ADDED, err));
    check_ok(ops->entry->fit(&moved, &cells, err));
    const unsigned key = wlaw_entry_key(ENTRY_KEY_F32, place);
    const double by_shape = (moved.law.values[0] - fit.law.values[0]) * N / ADDED;
    const double by_scale = log(moved.law.values[1] / fit.law.values[1]) * N / ADDED;
    check_near(by_shape, (double)of_shape[key], 0.02 * (1 + fabs(by_shape)));
    check_near(by_scale, (double)of_scale[key], 0.02 * (1 + fabs(by_scale)));
    wlaw_cells_free(&cells);
  }
  assert_true(of_shape[0x7F80] == 0 && isfinite(of_shape[0x7F7F]) && isfinite(of_scale[0x7F7F]));
  free(of_shape);
  free(of_scale);
  free(kept);
  free(x);
  wlaw_error_free(err);
}

typedef struct refit {
  const law_ops *ops;
  entry_cells cells;
  float *tables;
} refit;

static wlaw_status fit_again(void *context, wlaw_error *err) {
  const refit *r = context;
  entry_fit fit;
  const wlaw_status status = r->ops->entry->fit(&fit, &r->cells, err);
  if (status != WLAW_OK) return status;
  return wlaw_ggd_influence(r->tables, r->tables + ENTRY_KEYS, &fit, &r->cells, ENTRY_KEY_F16, err);
}

static void refused_allocations_are_told(void **state) {
  (void)state;
  wlaw_law *law = parse_law("ggd");
  refit r = {.ops = law->ops, .cells = draw_cells(law, 500, 1, 0), .tables = malloc(2 * ENTRY_KEYS * sizeof(float))};
  alloc_fail_each(fit_again, &r);
  wlaw_cells_free(&r.cells);
  free(r.tables);
  wlaw_law_free(law);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(density_cdf_and_moments_agree),
      cmocka_unit_test(draws_follow_their_law),
      cmocka_unit_test(special_shapes),
      cmocka_unit_test(fits_and_their_errors),
      cmocka_unit_test(errors_of_a_large_laplace_sample),
      cmocka_unit_test(says_where_it_stops),
      cmocka_unit_test(moment_rule_has_its_published_values),
      cmocka_unit_test(influence_is_what_an_added_weight_does),
      cmocka_unit_test(refused_allocations_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
