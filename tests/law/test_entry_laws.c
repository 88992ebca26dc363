/* Densities, distribution functions, moments and draws of entry laws. tests/fixtures/entry_laws.json holds values in 30
 * digits by other routes (scripts/make_entry_laws_fixture.py). */
#include "support/test.h"

#include <jansson.h>

#include "law/entry_fit.h"

static wlaw_law *parse(const char *text) {
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  check_ok(wlaw_law_parse(&law, text, err));
  wlaw_error_free(err);
  return law;
}

/* Log-densities to 1e-12 where the density is a formula (rounding grows with |log f|); the stable law's to 1e-11 of its
 * maximum, relative to the density. Distribution functions to 1e-13, in the lower tail of formulas 1e-10 of
 * themselves (Student's at 1e-45: an incomplete beta function). */
static void agree_with_the_fixture(void **state) {
  (void)state;
  json_error_t where;
  json_t *fixture = json_load_file(TEST_SOURCE_DIR "/fixtures/entry_laws.json", JSON_REJECT_DUPLICATES, &where);
  if (!fixture) fail_msg("entry_laws.json:%d: %s", where.line, where.text);
  const char *text;
  json_t *rows;
  size_t compared = 0;
  json_object_foreach(fixture, text, rows) {
    wlaw_law *law = parse(text);
    const entry_ops *entry = law->ops->entry;
    const bool stable = strcmp(law->ops->name, "stable") == 0;
    const double top = stable ? entry->log_density(law->values, 0.0) : NAN;
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) {
      const double x = json_number_value(json_array_get(row, 0)), log_f = json_number_value(json_array_get(row, 1));
      const double f = json_number_value(json_array_get(row, 2)), got = entry->cdf(law->values, x);
      if (json_is_number(json_array_get(row, 1)))
        check_near(entry->log_density(law->values, x), log_f,
                   stable ? 1e-12 + 1e-11 * exp(top - log_f) : 1e-12 * (1.0 + fabs(log_f)));
      if (stable) check_near(got, f, x > 16.0 || x < -16.0 ? 1e-13 : 1e-12);
      else check_near(got, f, x < 0.0 ? 1e-10 * f + 1e-300 : 1e-15);
      compared++;
    }
    wlaw_law_free(law);
  }
  json_decref(fixture);
  assert_int_equal(compared, 7 * 13 + 9 * 12);
}

/* Integral of g over (0, inf): the trapezoidal rule after x = exp(pi/2 sinh u) (Takahasi and Mori 1974), exact to
 * 1e-12 for densities smooth inside. */
typedef struct half_line_sums {
  double mass, second, fourth;
} half_line_sums;

static half_line_sums half_line(const wlaw_law *law, double centre, int side) {
  half_line_sums sums = {0};
  const double h = 1.0 / 256;
  for (int k = -1100; k <= 1100; k++) {
    const double u = k * h, x = exp(1.5707963267948966 * sinh(u));
    const double f = exp(law->ops->entry->log_density(law->values, centre + side * x));
    if (!(f > 0.0) || !isfinite(x)) continue;
    const double weight = h * 1.5707963267948966 * cosh(u) * x * f;
    sums.mass += weight;
    sums.second += weight * x * x;
    sums.fourth += weight * x * x * x * x;
  }
  return sums;
}

static const char *const moment_texts[] = {
    "laplace(location=0.25,scale=2)",
    "laplace(sd=0.5)",
    "logistic(scale=0.7)",
    "logistic(location=-3,sd=1.5)",
    "student(scale=1,df=9)",
    "student(sd=2,df=6.5)",
    "stable(scale=3,alpha=2)",
    "lognormal(mu=1,sigma=0.5)",
    "lognormal(sd=1,sigma=0.25)",
    "mixture(scale=0.5,ratio=4,share=0.25)",
    "mixture(sd=1,ratio=2,share=0.5)",
};
enum { MOMENT_TEXTS = sizeof moment_texts / sizeof *moment_texts };

/* moments() and kurtosis() against integrals of the density. What a heavy tail leaves beyond the last node is the least
 * for df = 6.5: x^(4 - 7.5) at e^(pi/2 sinh 4.3). */
static void densities_have_their_moments(void **state) {
  (void)state;
  for (size_t t = 0; t < MOMENT_TEXTS; t++) {
    wlaw_law *law = parse(moment_texts[t]);
    double mean, variance;
    assert_true(law->ops->moments(law, 30, 40, &mean, &variance));
    const half_line_sums above = half_line(law, mean, 1), below = half_line(law, mean, -1);
    check_near(above.mass, 0.5, 1e-11);
    check_near(below.mass, 0.5, 1e-11);
    check_near((above.second + below.second) / variance, 1.0, 1e-10);
    check_near((above.fourth + below.fourth) / (variance * variance) / law->ops->kurtosis(law), 1.0, 1e-9);
    wlaw_law_free(law);
  }
}

/* sd and gain speak of the standard deviation of an entry, whatever the law's own parameters. */
static void scales(void **state) {
  (void)state;
  static const char *const texts[][2] = {
      {"laplace(sd=0.3)", "laplace(gain=3)"},
      {"logistic(sd=0.3)", "logistic(gain=3)"},
      {"student(sd=0.3,df=3)", "student(gain=3,df=3)"},
      {"lognormal(sd=0.3,sigma=0.5)", "lognormal(gain=3,sigma=0.5)"},
      {"mixture(sd=0.3,ratio=5,share=0.125)", "mixture(gain=3,ratio=5,share=0.125)"},
  };
  for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
    wlaw_law *a = parse(texts[t][0]), *b = parse(texts[t][1]);
    double mean[2], variance[2], x[2][6];
    wlaw_error *err = wlaw_error_new();
    assert_true(a->ops->moments(a, 20, 100, &mean[0], &variance[0]) &&
                b->ops->moments(b, 20, 100, &mean[1], &variance[1]));
    check_near(variance[0], 0.09, 1e-15);
    check_near(variance[1], 0.09, 1e-15);
    wlaw_law_fix_scale(b, 20, 100);
    check_near(b->ops->entry->log_density(b->values, 0.2), a->ops->entry->log_density(a->values, 0.2), 1e-13);
    check_ok(wlaw_law_draw(a, x[0], 1, 2, 3, 5, 0, err));
    check_ok(wlaw_law_draw(b, x[1], 1, 2, 3, 5, 0, err));
    for (int i = 0; i < 6; i++) check_near(x[0][i], x[1][i], 1e-15);
    wlaw_law_free(a);
    wlaw_law_free(b);
    wlaw_error_free(err);
  }
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  check_status(wlaw_law_parse(&law, "student(df=2)", err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "no standard deviation at df=2"));
  check_status(wlaw_law_parse(&law, "student(df=1,sd=3)", err), WLAW_ARGUMENT);
  check_status(wlaw_law_parse(&law, "laplace(scale=1,sd=3)", err), WLAW_ARGUMENT);
  check_status(wlaw_law_parse(&law, "lognormal(mu=1,gain=3)", err), WLAW_ARGUMENT);
  check_status(wlaw_law_parse(&law, "stable(alpha=2.5)", err), WLAW_ARGUMENT);
  wlaw_error_free(err);
  double mean, variance;
  wlaw_law *heavy = parse("student(scale=1,df=2)"), *stable = parse("stable(alpha=1.9)"), *t3 = parse("student(df=3)");
  assert_false(heavy->ops->moments(heavy, 1, 1, &mean, &variance) ||
               stable->ops->moments(stable, 1, 1, &mean, &variance));
  assert_true(isnan(heavy->ops->kurtosis(heavy)) && isnan(stable->ops->kurtosis(stable)));
  assert_true(isinf(t3->ops->kurtosis(t3)));
  wlaw_law_free(heavy);
  wlaw_law_free(stable);
  wlaw_law_free(t3);
}

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Kolmogorov-Smirnov: sqrt(n) D above 2.2 has probability 1.3e-4 (each of 14 laws, fixed seeds). evaluate() gives what
 * cdf() does. */
static void draws_follow_their_law(void **state) {
  (void)state;
  static const char *const texts[] = {
      "laplace(location=1,scale=2)",
      "logistic(scale=0.1)",
      "student(scale=3,df=0.7)",
      "student(scale=1,df=3)",
      "student(scale=1,df=50)",
      "stable(alpha=0.5)",
      "stable(alpha=0.9)",
      "stable(alpha=1)",
      "stable(location=2,alpha=1.3)",
      "stable(alpha=1.8)",
      "stable(alpha=2,scale=5)",
      "lognormal(mu=-4,sigma=2)",
      "mixture(scale=0.1,ratio=6,share=0.3)",
      "lognormal(mu=2,sigma=0.3)",
  };
#if defined(__SANITIZE_ADDRESS__)
  enum { N = 20000 };
#else
  enum { N = 200000 };
#endif
  double *x = malloc(2 * N * sizeof *x), *cdf = x + N;
  wlaw_error *err = wlaw_error_new();
  for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
    wlaw_law *law = parse(texts[t]);
    check_ok(wlaw_law_draw(law, x, 1, 1, N, 31 + t, 0, err));
    qsort(x, N, sizeof *x, compare_doubles);
    wlaw_entry_evaluate(law, x, N, NULL, cdf);
    double distance = 0;
    for (int i = 0; i < N; i++) {
      assert_true(cdf[i] >= 0 && cdf[i] <= 1 && isfinite(x[i]));
      distance = fmax(distance, fmax(fabs(cdf[i] - (double)i / N), fabs(cdf[i] - (i + 1.0) / N)));
      if (i % (N / 10) == 0) check_near(cdf[i], law->ops->entry->cdf(law->values, x[i]), 1e-10);
    }
    if (!(sqrt(N) * distance < 2.2)) fail_msg("%s: sqrt(n) D = %g", texts[t], sqrt(N) * distance);
    wlaw_law_free(law);
  }
  wlaw_error_free(err);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agree_with_the_fixture),
      cmocka_unit_test(densities_have_their_moments),
      cmocka_unit_test(scales),
      cmocka_unit_test(draws_follow_their_law),
  };
  return cmocka_run_group_tests_name("law.entry_laws", tests, NULL, NULL);
}
