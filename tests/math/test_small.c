/* Small symmetric matrices against LAPACK and identities; the chi-squared tail against closed forms. */
#include "support/test.h"

#include "core/stream.h"
#include "math/small.h"
#include "math/special.h"

extern void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
                   const int *lwork, int *info);

/* A A' of a normal [n, n] matrix, one direction scaled by `scale`. */
static void covariance(double *out, size_t n, double scale, uint32_t major) {
  double a[9];
  wlaw_stream stream = wlaw_stream_start(91, STREAM_TEST, major, (uint32_t)n);
  wlaw_stream_normals(&stream, a, n * n);
  for (size_t i = 0; i < n; i++) a[i * n] *= scale;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      out[i * n + j] = 0;
      for (size_t k = 0; k < n; k++) out[i * n + j] += a[i * n + k] * a[j * n + k];
    }
}

static void eigenvalues_of_lapack(void **state) {
  (void)state;
  for (uint32_t r = 0; r < 300; r++)
    for (size_t n = 1; n <= 3; n++) {
      double a[9], values[3], vectors[9], work[64], lapack[9], want[3];
      const int order = (int)n, lwork = 64;
      int info = 0;
      covariance(a, n, r % 3 == 0 ? 1e-9 : r % 3 == 1 ? 1 : 1e6, r);
      if (r % 7 == 0) /* repeated eigenvalues, and negative ones */
        for (size_t e = 0; e < n * n; e++) a[e] = e % (n + 1) == 0 ? -2 : 0;
      memcpy(lapack, a, sizeof a);
      dsyev_("N", "U", &order, lapack, &order, want, work, &lwork, &info);
      assert_int_equal(info, 0);
      wlaw_small_eigen(values, vectors, a, n);
      const double size = fmax(fabs(want[0]), fabs(want[n - 1]));
      for (size_t k = 0; k < n; k++) {
        check_near(values[k], want[k], 2e-15 * (double)n * size);
        for (size_t i = 0; i < n; i++) { /* A v = value v */
          double sum = 0;
          for (size_t j = 0; j < n; j++) sum += a[i * n + j] * vectors[j * n + k];
          check_near(sum, values[k] * vectors[i * n + k], 2e-15 * (double)n * size);
        }
      }
    }
}

static void roots_determinants_traces(void **state) {
  (void)state;
  for (uint32_t r = 0; r < 100; r++)
    for (size_t n = 1; n <= 3; n++) {
      double a[9], b[9], root[9], square[9], values[3], log_det = 0, lower[9], product[9];
      covariance(a, n, 0.5, r);
      covariance(b, n, 2, 1000 + r);
      wlaw_small_root(root, a, n);
      wlaw_small_multiply(square, root, root, n);
      wlaw_small_eigen(values, NULL, a, n);
      for (size_t e = 0; e < n * n; e++) check_near(square[e], a[e], 1e-14 * values[n - 1]);
      for (size_t k = 0; k < n; k++) log_det += log(values[k]);
      /* relative error of the smallest eigenvalue: eps times the condition */
      check_near(wlaw_small_log_det(a, n), log_det, 1e-14 * values[n - 1] / values[0]);
      assert_true(wlaw_small_cholesky(lower, a, n));
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
          double sum = 0;
          for (size_t k = 0; k < n; k++) sum += lower[i * n + k] * lower[j * n + k];
          check_near(sum, a[i * n + j], 1e-14 * values[n - 1]);
        }
      wlaw_small_multiply(product, a, b, n); /* trace(a^-1 (a b)) = trace b */
      double trace = 0;
      for (size_t i = 0; i < n; i++) trace += b[i * n + i];
      check_near(wlaw_small_trace_ratio(a, product, n), trace, 1e-13 * trace * values[n - 1] / values[0]);
    }
  const double indefinite[4] = {1, 2, 2, 1}, one[4] = {1, 0, 0, 1};
  assert_true(isinf(wlaw_small_log_det(indefinite, 2)));
  assert_true(isnan(wlaw_small_trace_ratio(indefinite, one, 2)));
}

/* Diagonal matrices have sum (sqrt x - sqrt y)^2; in general tr X + tr Y - 2 tr (X^1/2 Y X^1/2)^1/2. */
static void bures_distances(void **state) {
  (void)state;
  const double x[9] = {4, 0, 0, 0, 9, 0, 0, 0, 1}, y[9] = {1, 0, 0, 0, 16, 0, 0, 0, 0};
  check_near(wlaw_small_bures(x, y, 3), 1 + 1 + 1, 1e-14);
  check_near(wlaw_small_bures(x, x, 3), 0, 0);
  for (uint32_t r = 0; r < 100; r++)
    for (size_t n = 1; n <= 3; n++) {
      double a[9], b[9], root[9], half[9], inner[9], want = 0, size = 0, trace = 0, values[3];
      covariance(a, n, 0.5, r);
      covariance(b, n, 2, 2000 + r);
      wlaw_small_root(root, a, n);
      wlaw_small_multiply(half, root, b, n);
      wlaw_small_multiply(inner, half, root, n);
      wlaw_small_root(half, inner, n);
      for (size_t i = 0; i < n; i++) {
        want += a[i * n + i] + b[i * n + i] - 2 * half[i * n + i];
        size += a[i * n + i] + b[i * n + i];
        trace += a[i * n + i];
      }
      /* the roots of the oracle lose half the digits of small eigenvalues */
      check_near(wlaw_small_bures(a, b, n), want, 1e-8 * size);
      check_near(wlaw_small_bures(b, a, n), wlaw_small_bures(a, b, n), 1e-8 * size);
      /* close by: (1 + t)^2 a is t^2 tr a away, which the plain formula loses in its rounding */
      const double t = 1e-6;
      wlaw_small_eigen(values, NULL, a, n);
      for (size_t e = 0; e < n * n; e++) b[e] = (1 + t) * (1 + t) * a[e];
      if (values[0] > 1e-4 * values[n - 1]) check_near(wlaw_small_bures(a, b, n), t * t * trace, 1e-4 * t * t * trace);
    }
}

/* df = 2: exp(-x/2); df = 1: erfc(sqrt(x/2)); df + 2 from df by one term. */
static void chi_squared_tail(void **state) {
  (void)state;
  const double xs[] = {1e-8, 0.3, 1, 3.84, 11, 40, 300, 1400};
  for (size_t k = 0; k < sizeof xs / sizeof *xs; k++) {
    const double x = xs[k];
    double one = erfc(sqrt(x / 2)), two = exp(-x / 2);
    for (int df = 1; df <= 11; df += 2) {
      /* exp of a number near 700 has relative error 700 eps */
      check_near(wlaw_chi_squared_upper(x, df), one, 1e-12 * one);
      check_near(wlaw_chi_squared_upper(x, df + 1), two, 1e-12 * two);
      one += exp(df / 2.0 * log(x / 2) - x / 2 - lgamma(df / 2.0 + 1));
      two += exp((df + 1) / 2.0 * log(x / 2) - x / 2 - lgamma((df + 1) / 2.0 + 1));
    }
  }
  check_near(wlaw_chi_squared_upper(0, 3), 1, 0);
  check_near(wlaw_chi_squared_upper(INFINITY, 3), 0, 0);
  assert_true(isnan(wlaw_chi_squared_upper(NAN, 3)) && isnan(wlaw_chi_squared_upper(1, 0)) &&
              isnan(wlaw_chi_squared_upper(1, -2)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(eigenvalues_of_lapack),
      cmocka_unit_test(roots_determinants_traces),
      cmocka_unit_test(bures_distances),
      cmocka_unit_test(chi_squared_tail),
  };
  return cmocka_run_group_tests_name("math.small", tests, NULL, NULL);
}
