/* Fits of entry laws: errors that cover, stationary points, curvature by differences, ends of ranges, cells and units.
 */
#include "support/alloc_fail.h"
#include "support/test.h"

#include "law/entry_fit.h"
#include "measure/cell_statistics.h"

static wlaw_law *parse(const char *text) {
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  check_ok(wlaw_law_parse(&law, text, err));
  wlaw_error_free(err);
  return law;
}

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* n weights drawn from the law, times unit. */
static entry_cells drawn(const char *text, size_t n, uint64_t number, double unit) {
  wlaw_law *law = parse(text);
  wlaw_error *err = wlaw_error_new();
  double *x = malloc(n * sizeof *x);
  entry_cells cells;
  check_ok(wlaw_law_draw(law, x, 1, 1, n, 77, number, err));
  for (size_t i = 0; i < n; i++) x[i] *= unit;
  qsort(x, n, sizeof *x, compare_doubles);
  check_ok(wlaw_cells_sorted(&cells, x, n, err));
  free(x);
  wlaw_law_free(law);
  wlaw_error_free(err);
  return cells;
}

static entry_fit fitted(const char *name, const entry_cells *cells) {
  const law_ops *ops;
  entry_fit fit;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_find(&ops, name, err));
  check_ok(ops->entry->fit(&fit, cells, err));
  wlaw_error_free(err);
  assert_ptr_equal(fit.law.ops, ops);
  return fit;
}

static const char *const texts[] = {
    "normal(mean=0.1,sd=2)",
    "truncated-normal(mean=0,scale=1,cut=1.5)",
    "laplace(location=0.5,scale=1)",
    "logistic(location=0,scale=3)",
    "student(location=0,scale=1,df=3)",
    "stable(location=0,scale=2,alpha=1.6)",
    "stable(location=1,scale=1,alpha=1.1)",
    "lognormal(mu=-3,sigma=0.8)",
    "mixture(location=0,scale=1,ratio=4,share=0.2)",
};
enum { TEXTS = sizeof texts / sizeof *texts };

/* z = (estimate - truth) / error over R fits of n weights. Its mean is within 4.5 / sqrt(R) of 0 and of what bias of
 * order 1 / sqrt(n) adds; its standard deviation within 4.5 / sqrt(2 R) of 1, and 10 % for errors that are themselves
 * estimated at n = 2000. The location of the stable law and of Student's is a median, with an error of its own. */
static void errors_cover(void **state) {
  (void)state;
#if defined(__SANITIZE_ADDRESS__)
  enum { R = 40, N = 2000 };
#else
  enum { R = 250, N = 2000 };
#endif
  for (size_t t = 0; t < TEXTS; t++) {
    wlaw_law *law = parse(texts[t]);
    const size_t parameters = law->ops->n_parameters;
    double sum[LAW_MAX_PARAMETERS] = {0}, square[LAW_MAX_PARAMETERS] = {0};
    for (size_t r = 0; r < R; r++) {
      entry_cells cells = drawn(texts[t], N, r, 1.0);
      const entry_fit fit = fitted(law->ops->name, &cells);
      assert_true(fit.converged && fit.iterations <= 40);
      size_t free_parameters = 0;
      for (size_t i = 0; i < parameters; i++) {
        assert_int_equal(fit.law.counts[i], law->counts[i]);
        if (!law->counts[i]) continue;
        if (isnan(fit.standard_error[i])) { /* the truncated normal's mean stays at 0 */
          check_near(fit.law.values[i], 0.0, 0.0);
          sum[i] = NAN;
          continue;
        }
        free_parameters++;
        const double z = (fit.law.values[i] - law->values[i]) / fit.standard_error[i];
        sum[i] += z;
        square[i] += z * z;
      }
      assert_int_equal(fit.free_parameters, free_parameters);
      wlaw_cells_free(&cells);
    }
    for (size_t i = 0; i < parameters; i++) {
      if (!law->counts[i] || isnan(sum[i])) continue;
      const double mean = sum[i] / R, sd = sqrt(square[i] / R - mean * mean);
      if (!(fabs(mean) < 4.5 / sqrt(R) + 0.15 && fabs(sd - 1.0) < 4.5 / sqrt(2.0 * R) + 0.1))
        fail_msg("%s, %s: mean of z %.3f, sd %.3f", texts[t], law->ops->parameters[i].name, mean, sd);
    }
    wlaw_law_free(law);
  }
}

static double moved(entry_fit fit, const entry_cells *cells, const size_t *which, const double *by) {
  for (size_t k = 0; k < 2; k++) fit.law.values[which[k]] += by[k] * fit.standard_error[which[k]];
  return wlaw_entry_log_likelihood(&fit.law, cells);
}

/* The likelihood is stationary in scale and shape, and the inverse of its second differences has the squared errors on
 * its diagonal. In units of an error the second difference is of order 1 and the step 0.05; third derivatives of order
 * 1 / sqrt(n) leave 0.05^2 and less, rounding of a sum near 1e4 leaves 1e-12 / 0.05^2. Stable: 1e-11 n from the table.
 */
static void errors_are_the_curvature(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t which[2];
  } cases[] = {
      {"normal(mean=0.1,sd=2)", {0, 1}},   {"laplace(scale=1)", {1, 1}},  {"logistic(scale=3)", {1, 1}},
      {"student(scale=1,df=3)", {1, 5}},   {"stable(alpha=1.6)", {1, 2}}, {"stable(alpha=0.8)", {1, 2}},
      {"lognormal(mu=0,sigma=1)", {0, 4}},
  };
  const double h = 0.05;
  for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
    wlaw_law *law = parse(cases[t].text);
    entry_cells cells = drawn(cases[t].text, 1000, 3, 1.0);
    const entry_fit fit = fitted(law->ops->name, &cells);
    const double here = wlaw_entry_log_likelihood(&fit.law, &cells);
    check_near(fit.log_likelihood, here, 1e-7 * fabs(here));
    const size_t *w = cases[t].which;
    double hessian[2][2];
    for (int i = 0; i < 2; i++) {
      double plus[2] = {0}, minus[2] = {0};
      plus[i] = h;
      minus[i] = -h;
      const double up = moved(fit, &cells, w, plus), down = moved(fit, &cells, w, minus);
      check_near((up - down) / (2 * h), 0.0, 2e-3); /* slope in errors: nats per error, plus third derivatives' h^2 */
      hessian[i][i] = -(up + down - 2 * here) / (h * h);
    }
    const double both = moved(fit, &cells, w, (double[]){h, h}) + moved(fit, &cells, w, (double[]){-h, -h});
    const double cross = moved(fit, &cells, w, (double[]){h, -h}) + moved(fit, &cells, w, (double[]){-h, h});
    hessian[0][1] = -(both - cross) / (4 * h * h);
    if (w[0] == w[1]) {
      check_near(hessian[0][0], 1.0, 5e-3);
    } else {
      const double det = hessian[0][0] * hessian[1][1] - hessian[0][1] * hessian[0][1];
      check_near(hessian[1][1] / det, 1.0, 1e-2);
      check_near(hessian[0][0] / det, 1.0, 1e-2);
    }
    wlaw_cells_free(&cells);
    wlaw_law_free(law);
  }
}

/* The mixture has three unknowns: no step of half an error along or between any of them gains. */
static void mixture_is_at_its_maximum(void **state) {
  (void)state;
  entry_cells cells = drawn("mixture(scale=1,ratio=5,share=0.3)", 5000, 1, 1.0);
  const entry_fit fit = fitted("mixture", &cells);
  assert_true(fit.converged);
  static const size_t which[3] = {1, 5, 6};
  for (int a = -1; a <= 1; a++)
    for (int b = -1; b <= 1; b++)
      for (int c = -1; c <= 1; c++) {
        entry_fit other = fit;
        const int by[3] = {a, b, c};
        for (int k = 0; k < 3; k++) other.law.values[which[k]] += 0.5 * by[k] * fit.standard_error[which[k]];
        if (a || b || c) assert_true(wlaw_entry_log_likelihood(&other.law, &cells) < fit.log_likelihood);
      }
  wlaw_cells_free(&cells);
}

/* Weights without heavy tails: Student's and the stable law end as normal laws, the mixture as one. A uniform is a
 * truncated normal cut at nearly nothing. */
static void ends_of_ranges(void **state) {
  (void)state;
  entry_cells cells = drawn("truncated-normal(scale=1,cut=2)", 3000, 1, 1.0);
  double mean, variance;
  wlaw_cells_moments(&mean, &variance, &cells);
  const entry_fit student = fitted("student", &cells), stable = fitted("stable", &cells);
  const entry_fit mixture = fitted("mixture", &cells), normal = fitted("normal", &cells);
  check_near(student.law.values[5], 1e4, 1e-6);
  assert_true(isnan(student.standard_error[5]) && student.converged);
  check_near(stable.law.values[2], 2.0, 0.0);
  assert_true(isnan(stable.standard_error[2]) && stable.converged);
  check_near(stable.law.values[1] * sqrt(2.0) / sqrt(variance), 1.0, 1e-3); /* about the median, not the mean */
  check_near(mixture.law.values[1] / stable.law.values[1], sqrt(2.0), 1e-12);
  check_near(mixture.law.values[5], 1.0, 0.0);
  check_near(mixture.law.values[6], 0.0, 0.0);
  assert_true(isnan(mixture.standard_error[5]) && mixture.converged);
  check_near(stable.log_likelihood, mixture.log_likelihood, 1e-9 * fabs(normal.log_likelihood));
  wlaw_cells_free(&cells);
  entry_cells flat = drawn("uniform(bound=3)", 3000, 1, 1.0);
  const entry_fit uniform = fitted("uniform", &flat), truncated = fitted("truncated-normal", &flat);
  check_near(uniform.law.values[0], fmax(-flat.value[0], flat.value[flat.n - 1]), 0.0);
  check_near(uniform.standard_error[0] * 3000 / 3, 1.0, 0.01);
  assert_true(truncated.law.values[5] < 0.8);
  check_near(truncated.log_likelihood, uniform.log_likelihood, 8.0); /* a parameter or two: a few nats */
  wlaw_cells_free(&flat);
}

/* A change of unit changes scales alone, from 1e-30 to 1e30. */
/* Of normal weights every other sample has its maximum at some hundreds or thousands of degrees of freedom, where the
 * likelihood is so flat that the search must see through rounding. The densities are mpmath's. */
static void students_law_near_the_normal(void **state) {
  (void)state;
  for (uint64_t number = 0; number < 60; number++) {
    entry_cells cells = drawn("normal(sd=1)", 4000, number, 1.0);
    const entry_fit student = fitted("student", &cells);
    if (!student.converged)
      fail_msg("sample %d: df %g +- %g, %s", (int)number, student.law.values[5], student.standard_error[5],
               student.stop_reason);
    wlaw_cells_free(&cells);
  }
  static const double degrees[] = {199, 201, 1000, 1e4};
  static const double expected[] = {-2.0445039667426576, -2.04449818642163575, -2.0440485396728882,
                                    -2.04394947703145116};
  for (size_t i = 0; i < 4; i++) {
    const double p[] = {0, 1, (double)NAN, (double)NAN, (double)NAN, degrees[i]};
    wlaw_law *law = parse("student(scale=1)");
    check_near(law->ops->entry->log_density(p, 1.5), expected[i], i == 0 ? 1e-13 : 1e-15);
    wlaw_law_free(law);
  }
}

static void units_do_not_matter(void **state) {
  (void)state;
  for (size_t t = 0; t < TEXTS; t++) {
    wlaw_law *law = parse(texts[t]);
    entry_cells one = drawn(texts[t], 1000, 5, 1.0);
    const entry_fit want = fitted(law->ops->name, &one);
    for (int k = -1; k <= 1; k += 2) {
      const double unit = ldexp(1.0, 100 * k);
      entry_cells cells = drawn(texts[t], 1000, 5, unit);
      const entry_fit fit = fitted(law->ops->name, &cells);
      check_near(fit.log_likelihood, want.log_likelihood - 1000 * log(unit), 1e-6);
      for (size_t i = 0; i < law->ops->n_parameters; i++) {
        if (!law->counts[i]) continue;
        const char *name = law->ops->parameters[i].name;
        const bool scales = strcmp(name, "scale") == 0 || strcmp(name, "sd") == 0 || strcmp(name, "location") == 0 ||
                            strcmp(name, "mean") == 0;
        const double expected = strcmp(name, "mu") == 0 ? want.law.values[i] + log(unit)
                                : scales                ? want.law.values[i] * unit
                                                        : want.law.values[i];
        check_near((fit.law.values[i] - expected) / (scales ? unit : 1.0), 0.0, 1e-8);
      }
      wlaw_cells_free(&cells);
    }
    wlaw_cells_free(&one);
    wlaw_law_free(law);
  }
}

static void nothing_to_fit(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const double equal[5] = {2, 2, 2, 2, 2}, two[4] = {-1, -1, 1, 1};
  entry_cells none, one, pair;
  check_ok(wlaw_cells_sorted(&none, equal, 0, err));
  check_ok(wlaw_cells_sorted(&one, equal, 5, err));
  check_ok(wlaw_cells_sorted(&pair, two, 4, err));
  for (size_t i = 0; i < wlaw_n_laws; i++) {
    const law_ops *ops = wlaw_laws[i];
    if (!ops->entry || !ops->entry->fit) continue;
    entry_fit fit;
    check_status(ops->entry->fit(&fit, &none, err), WLAW_VALUE);
    /* equal magnitudes lie at the end of a shape's range, or are no law: whatever is said, it is said */
    const wlaw_status equal_weights = ops->entry->fit(&fit, &one, err), two_weights = ops->entry->fit(&fit, &pair, err);
    assert_true(equal_weights == WLAW_OK || equal_weights == WLAW_VALUE);
    assert_true(two_weights == WLAW_OK || two_weights == WLAW_VALUE);
    const char *first = ops->parameters[0].name;
    if (strcmp(first, "location") == 0 || strcmp(first, "mean") == 0) assert_int_equal(equal_weights, WLAW_VALUE);
  }
  wlaw_cells_free(&none);
  wlaw_cells_free(&one);
  wlaw_cells_free(&pair);
  wlaw_error_free(err);
}

static wlaw_status fit_all(void *context, wlaw_error *err) {
  for (size_t i = 0; i < wlaw_n_laws; i++) {
    entry_fit fit;
    if (!wlaw_laws[i]->entry || !wlaw_laws[i]->entry->fit) continue;
    const wlaw_status status = wlaw_laws[i]->entry->fit(&fit, context, err);
    if (status != WLAW_OK) return status;
  }
  return WLAW_OK;
}

static void refused_memory(void **state) {
  (void)state;
  entry_cells cells = drawn("normal(sd=1)", 100, 0, 1.0);
  alloc_fail_each(fit_all, &cells);
  wlaw_cells_free(&cells);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(errors_cover),
      cmocka_unit_test(errors_are_the_curvature),
      cmocka_unit_test(mixture_is_at_its_maximum),
      cmocka_unit_test(ends_of_ranges),
      cmocka_unit_test(students_law_near_the_normal),
      cmocka_unit_test(units_do_not_matter),
      cmocka_unit_test(nothing_to_fit),
      cmocka_unit_test(refused_memory),
  };
  return cmocka_run_group_tests_name("law.entry_fits", tests, NULL, NULL);
}
