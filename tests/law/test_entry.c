/* The initialising laws: draws against moments and distribution functions, densities by quadrature, Haar by moments.
 * Seeds are fixed, so a test that passes always passes; limits say how rare a false alarm would be on another seed. */
#include "support/test.h"

#include "law/law.h"

static wlaw_law *parse(const char *text) {
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  check_ok(wlaw_law_parse(&law, text, err));
  wlaw_error_free(err);
  return law;
}

static const char *const entry_texts[] = {
    "normal(mean=0.3,sd=2)",
    "normal(gain=1.5,fan=out)",
    "uniform(bound=0.7)",
    "uniform(sd=0.7)",
    "uniform(gain=2,fan=average)",
    "truncated-normal(scale=0.5)",
    "truncated-normal(mean=-1,sd=0.5,cut=1)",
    "truncated-normal(gain=1,fan=in,cut=0.05)",
    "truncated-normal(sd=1,cut=4)",
    "torch-default",
};
enum { N_ENTRY = sizeof entry_texts / sizeof *entry_texts };

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* n matrices of ROWS x COLS: mean and variance within 4.5 standard errors (7e-6 each), Kolmogorov-Smirnov statistic
 * sqrt(n) D below 2.2 (1.3e-4). The variance of the sample variance is that of (x - mean)^2, taken from the draws. */
static void draws_follow_their_law(void **state) {
  (void)state;
  enum { ROWS = 20, COLS = 50, N = 200, ALL = ROWS * COLS * N };
  double *x = malloc(ALL * sizeof *x);
  wlaw_error *err = wlaw_error_new();
  for (size_t t = 0; t < N_ENTRY; t++) {
    wlaw_law *law = parse(entry_texts[t]);
    check_ok(wlaw_law_draw(law, x, N, ROWS, COLS, 11 + t, 0, err));
    double mean, variance, sum = 0, square = 0, fourth = 0, eighth = 0, distance = 0;
    assert_true(law->ops->moments(law, ROWS, COLS, &mean, &variance));
    for (int i = 0; i < ALL; i++) {
      const double d2 = (x[i] - mean) * (x[i] - mean);
      sum += x[i] - mean;
      square += d2;
      fourth += d2 * d2;
      eighth += d2 * d2 * d2 * d2;
    }
    check_near(sum / ALL / sqrt(variance / ALL), 0.0, 4.5);
    const double spread = fourth / ALL - (square / ALL) * (square / ALL);
    check_near((square / ALL - variance) / sqrt(spread / ALL), 0.0, 4.5);
    const double spread4 = eighth / ALL - (fourth / ALL) * (fourth / ALL);
    check_near((fourth / ALL - law->ops->kurtosis(law) * variance * variance) / sqrt(spread4 / ALL), 0.0, 4.5);

    if (law->ops->entry) {
      wlaw_law_fix_scale(law, ROWS, COLS);
      qsort(x, ALL, sizeof *x, compare_doubles);
      for (int i = 0; i < ALL; i++) {
        const double f = law->ops->entry->cdf(law->values, x[i]);
        assert_true(f >= 0 && f <= 1);
        distance = fmax(distance, fmax(fabs(f - (double)i / ALL), fabs(f - (i + 1.0) / ALL)));
      }
      check_near(sqrt(ALL) * distance, 0.0, 2.2);
    }
    wlaw_law_free(law);
  }
  wlaw_error_free(err);
  free(x);
}

/* Second route to moments and cdf: Simpson's rule on exp(log_density), 20000 intervals over the support (8.5 standard
 * deviations for the unbounded normal, 2e-17 outside). Its error is (17/20000)^4/180 times a fourth derivative of order
 * 1, 3e-15; adding 20000 rounded terms gives up to 20000 * 1.1e-16 = 2e-12. */
static void densities_integrate_to_cdf_and_moments(void **state) {
  (void)state;
  for (size_t t = 0; t < N_ENTRY; t++) {
    wlaw_law *law = parse(entry_texts[t]);
    double mean, variance;
    assert_true(law->ops->moments(law, 30, 40, &mean, &variance));
    wlaw_law_fix_scale(law, 30, 40);
    const entry_ops *entry = law->ops->entry;
    if (!entry) {
      wlaw_law_free(law);
      continue;
    }
    assert_true(isnan(entry->log_density(law->values, NAN)) && isnan(entry->cdf(law->values, NAN)));
    /* the support: where the cdf leaves 0, by bisection */
    double inside = mean, outside = mean - 8.5 * sqrt(variance);
    if (isinf(entry->log_density(law->values, outside))) {
      for (int i = 0; i < 200; i++) {
        const double middle = 0.5 * (inside + outside);
        if (isinf(entry->log_density(law->values, middle))) outside = middle;
        else inside = middle;
      }
      outside = inside;
    }
    enum { N = 20000 };
    const double width = 2 * (mean - outside), h = width / N;
    double mass = 0, first = 0, second = 0, fourth = 0;
    for (int i = 0; i <= N; i++) {
      /* the last point may round to just outside the support: its density is that of the first, by symmetry */
      const double x = outside + h * (i < N ? i : 0), at = i < N ? x : mean + (mean - outside);
      const double weight = (i == 0 || i == N ? 1 : i % 2 ? 4 : 2) * h / 3;
      const double f = weight * exp(entry->log_density(law->values, x));
      mass += f;
      first += f * at;
      second += f * (at - mean) * (at - mean);
      fourth += f * pow(at - mean, 4);
      if (i % 2000 == 0 && i < N && i > 0) /* Simpson's partial sum with the end point's weight made 1 */
        check_near(mass - (1.0 / 2) * f, entry->cdf(law->values, x), 2e-12);
    }
    check_near(mass, 1.0, 1e-11);
    check_near(first, mean, 1e-11);
    check_near(second / variance, 1.0, 1e-11);
    check_near(fourth / (variance * variance), law->ops->kurtosis(law), 3e-11);
    wlaw_law_free(law);
  }
}

/* Both branches of the truncated variance meet at cut 3, and small cuts tend to the uniform's c^2/3. */
static void truncated_variance_is_continuous(void **state) {
  (void)state;
  char text[80];
  double variance[2], kurtosis[2], mean;
  for (int k = 0; k < 2; k++) {
    snprintf(text, sizeof text, "truncated-normal(scale=1,cut=%.17g)", k ? nextafter(3.0, 4.0) : 3.0);
    wlaw_law *law = parse(text);
    law->ops->moments(law, 1, 1, &mean, &variance[k]);
    kurtosis[k] = law->ops->kurtosis(law);
    wlaw_law_free(law);
  }
  check_near(variance[0] / variance[1], 1.0, 1e-14);
  check_near(kurtosis[0] / kurtosis[1], 1.0, 1e-13);
  /* 1 - 2 c phi(c) / (2 Phi(c) - 1) at c = 3 and 2 in 40-digit arithmetic */
  check_near(variance[0], 0.9733369246625414766, 1e-14);
  wlaw_law *two = parse("truncated-normal(scale=1)");
  two->ops->moments(two, 1, 1, &mean, &variance[0]);
  check_near(variance[0], 0.7737413035499232472, 1e-14);
  wlaw_law_free(two);
  wlaw_law *small = parse("truncated-normal(scale=1,cut=0.01)");
  small->ops->moments(small, 1, 1, &mean, &variance[0]);
  check_near(variance[0] / (1e-4 / 3), 1.0, 1e-4 * 2 / 15 * 1.01); /* c^2/3 (1 - 2 c^2/15 + ...) */
  wlaw_law_free(small);
}

/* Scale rules in numbers: [out=rows, in=cols] = [30, 120]. */
static void fans(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double variance;
  } cases[] = {
      {"normal", 1.0 / 120},
      {"normal(gain=2)", 4.0 / 120},
      {"normal(fan=out)", 1.0 / 30},
      {"normal(fan=average)", 1.0 / 75},
      {"uniform(gain=0.57735026918962573)", 1.0 / 360},
      {"torch-default", 1.0 / 360},
      {"truncated-normal(gain=3)", 9.0 / 120},
      {"truncated-normal(sd=0.1,cut=1)", 0.01},
      {"uniform(bound=6)", 12.0},
      {"orthogonal(gain=2)", 4.0 / 120},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    wlaw_law *law = parse(cases[i].text);
    double mean, variance, fixed;
    assert_true(law->ops->moments(law, 30, 120, &mean, &variance));
    check_near(variance / cases[i].variance, 1.0, 1e-14);
    check_near(mean, 0.0, 0.0);
    wlaw_law_fix_scale(law, 30, 120); /* afterwards the shape no longer matters, except where no scale is a parameter */
    assert_true(law->ops->moments(law, 7, 9, &mean, &fixed));
    if (law->ops->entry) check_near(fixed / variance, 1.0, 1e-14);
    wlaw_law_free(law);
  }
}

/* PyTorch's default is uniform with gain 1/sqrt(3) and the same draws; biases have the weights' bound, and only there.
 */
static void torch_default_is_a_uniform(void **state) {
  (void)state;
  wlaw_law *torch = parse("torch-default"), *uniform = parse("uniform(gain=0.57735026918962573)");
  double a[600], b[600], bias[1000], largest = 0;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_draw(torch, a, 1, 20, 30, 3, 0, err));
  check_ok(wlaw_law_draw(uniform, b, 1, 20, 30, 3, 0, err));
  for (int i = 0; i < 600; i++) check_near(a[i], b[i], 1e-15);
  wlaw_stream stream = wlaw_stream_start(4, STREAM_TEST, 0, 0);
  check_ok(torch->ops->draw_bias(torch, bias, 1000, 25, &stream, err));
  for (int i = 0; i < 1000; i++) largest = fmax(largest, fabs(bias[i]));
  assert_true(largest < 0.2 && largest > 0.199); /* 1000 draws all below 0.199: (0.995)^1000 = 0.7 % */
  assert_null(uniform->ops->draw_bias);
  wlaw_law_free(torch);
  wlaw_law_free(uniform);
  wlaw_error_free(err);
}

/* Rows or columns orthonormal to 1e-12 (rounding of a QR grows like n eps: 200 * 2e-16 = 4e-14). */
static void orthogonal_is_orthogonal(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{1, 1}, {1, 5}, {5, 1}, {10, 10}, {10, 784}, {784, 10}, {200, 150}, {64, 65}};
  wlaw_law *law = parse("orthogonal(gain=3)");
  wlaw_error *err = wlaw_error_new();
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    const size_t rows = shapes[s][0], cols = shapes[s][1], thin = rows < cols ? rows : cols;
    double *w = malloc(rows * cols * sizeof *w);
    check_ok(wlaw_law_draw(law, w, 1, rows, cols, 5, s, err));
    for (size_t a = 0; a < thin; a++)
      for (size_t b = 0; b < thin; b++) {
        double dot = 0;
        if (rows >= cols)
          for (size_t i = 0; i < rows; i++) dot += w[i * cols + a] * w[i * cols + b];
        else
          for (size_t i = 0; i < cols; i++) dot += w[a * cols + i] * w[b * cols + i];
        check_near(dot / 9, a == b, 1e-12);
      }
    free(w);
  }
  wlaw_law_free(law);
  wlaw_error_free(err);
}

/* Haar moments (Collins and Sniady 2006, DOI 10.1007/s00220-006-1554-3): for Q in O(n), E Q_ij^2 = 1/n,
 * E Q_ij^4 = 3/(n(n+2)), E Q_11^2 Q_12^2 = 1/(n(n+2)), E Q_11^2 Q_22^2 = (n+1)/((n-1)n(n+2)),
 * E Q_11 Q_12 Q_21 Q_22 = -1/((n-1)n(n+2)), E Q_11 = 0: the last is what a missing sign rule breaks.
 * N = 40000 draws, 4.5 standard errors from the draws themselves. */
static void orthogonal_is_haar(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{3, 3}, {2, 4}, {4, 2}};
  enum { N = 40000, M = 6 };
  wlaw_law *law = parse("orthogonal");
  wlaw_error *err = wlaw_error_new();
  double *w = malloc(N * 9 * sizeof *w);
  for (size_t s = 0; s < 3; s++) {
    const size_t rows = shapes[s][0], cols = shapes[s][1];
    const double n = (double)(rows > cols ? rows : cols);
    const double want[M] = {0,
                            1 / n,
                            3 / (n * (n + 2)),
                            1 / (n * (n + 2)),
                            (n + 1) / ((n - 1) * n * (n + 2)),
                            -1 / ((n - 1) * n * (n + 2))};
    check_ok(wlaw_law_draw(law, w, N, rows, cols, 21, 0, err));
    double sum[M] = {0}, square[M] = {0};
    for (size_t k = 0; k < N; k++) {
      const double *q = w + k * rows * cols, q11 = q[0], q12 = q[1], q21 = q[cols], q22 = q[cols + 1];
      const double value[M] = {
          q11, q11 * q11, pow(q11, 4), q11 * q11 * q12 * q12, q11 * q11 * q22 * q22, q11 * q12 * q21 * q22};
      for (int m = 0; m < M; m++) {
        sum[m] += value[m];
        square[m] += value[m] * value[m];
      }
    }
    for (int m = 0; m < M; m++) {
      const double mean = sum[m] / N, se = sqrt((square[m] / N - mean * mean) / N);
      check_near((mean - want[m]) / se, 0.0, 4.5);
    }
    /* every diagonal entry has mean 0: unsigned QR gives them one sign */
    for (size_t i = 0; i < 2; i++) {
      double diagonal = 0;
      for (size_t k = 0; k < N; k++) diagonal += w[k * rows * cols + i * cols + i];
      check_near(diagonal / N / sqrt(1 / n / N), 0.0, 4.5);
    }
  }
  free(w);
  wlaw_law_free(law);
  wlaw_error_free(err);
}

/* Matrix k is a function of (seed, k) alone; other seeds and numbers differ. */
static void draws_are_numbered(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < wlaw_n_laws; i++) {
    const law_ops *ops = wlaw_laws[i];
    if (!ops->draw || ops->matrix || ops->of_networks || ops->argument) continue; /* numbers of their own */
    wlaw_law *law = parse(ops->name);
    double whole[10][12], one[12];
    const uint64_t first = (UINT64_C(1) << 32) - 5; /* crosses the halves of the number */
    check_ok(wlaw_law_draw(law, whole[0], 10, 3, 4, 9, first, err));
    for (size_t k = 0; k < 10; k++) {
      check_ok(wlaw_law_draw(law, one, 1, 3, 4, 9, first + k, err));
      assert_memory_equal(one, whole[k], sizeof one);
      if (k) assert_memory_not_equal(whole[k], whole[k - 1], sizeof one);
    }
    check_ok(wlaw_law_draw(law, one, 1, 3, 4, 10, first, err));
    assert_memory_not_equal(one, whole[0], sizeof one);
    wlaw_law_free(law);
  }
  wlaw_error_free(err);
}

static void bad_draws_are_refused(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = parse("normal");
  double x[4];
  check_ok(wlaw_law_draw(law, NULL, 0, 2, 2, 1, 0, err));
  check_status(wlaw_law_draw(law, NULL, 1, 2, 2, 1, 0, err), WLAW_ARGUMENT);
  check_status(wlaw_law_draw(NULL, x, 1, 2, 2, 1, 0, err), WLAW_ARGUMENT);
  check_status(wlaw_law_draw(law, x, 1, 0, 2, 1, 0, err), WLAW_ARGUMENT);
  check_status(wlaw_law_draw(law, x, 1, SIZE_MAX / 4, 2, 1, 0, err), WLAW_LIMIT);
  check_status(wlaw_law_draw(law, x, SIZE_MAX, 2, 2, 1, 0, err), WLAW_LIMIT);
  check_status(wlaw_law_draw(law, x, 1, (size_t)1 << 20, (size_t)1 << 12, 1, 0, err), WLAW_LIMIT);
  check_status(wlaw_law_draw(law, x, 1, 2, 2, 1, UINT64_MAX, err), WLAW_ARGUMENT);
  assert_true(wlaw_law_can(law, "draw") && wlaw_law_can(law, "density") && wlaw_law_can(law, "moments"));
  assert_false(wlaw_law_can(law, "fit") || wlaw_law_can(law, "fly") || wlaw_law_can(NULL, "draw"));
  check_status(wlaw_law_cannot(law->ops, "fit", err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "the law 'normal' has no 'fit'; it has: draw, density, moments"));
  assert_true(isnan(law->ops->entry->cdf(law->values, 0.1))); /* a scale by fan needs a shape first */
  check_status(wlaw_law_require(law, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "needs a value for sd"));
  wlaw_law_free(law);
  wlaw_law_free(NULL);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_follow_their_law),
      cmocka_unit_test(densities_integrate_to_cdf_and_moments),
      cmocka_unit_test(truncated_variance_is_continuous),
      cmocka_unit_test(fans),
      cmocka_unit_test(torch_default_is_a_uniform),
      cmocka_unit_test(orthogonal_is_orthogonal),
      cmocka_unit_test(orthogonal_is_haar),
      cmocka_unit_test(draws_are_numbered),
      cmocka_unit_test(bad_draws_are_refused),
  };
  return cmocka_run_group_tests_name("law.entry", tests, NULL, NULL);
}
