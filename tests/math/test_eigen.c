/* Eigenvalues against closed forms and against the matrix's own traces, at sizes on both ways to the tridiagonal. */
#include "support/test.h"

#include <float.h>

#include "core/stream.h"
#include "math/eigen.h"
#include "support/alloc_fail.h"

/* a_ij = min(i, j): the inverse is tridiagonal (2 on the diagonal but 1 at its end, -1 beside), whose eigenvalues are
 * 4 sin^2((2k - 1) pi / (4n + 2)). */
static void smaller_index(double *a, size_t n) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) a[i * n + j] = i <= j ? (double)(i + 1) : -1e300; /* below: must not be read */
}

static void closed_form(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  static const size_t sizes[] = {1, 2, 3, 31, 64, 65, 300, 1024, 1025, 1056, 1057, 1087};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    const size_t n = sizes[s];
    double *a = malloc((n * n + n) * sizeof *a), *values = a + n * n;
    assert_non_null(a);
    smaller_index(a, n);
    check_ok(wlaw_eigenvalues(values, a, n, 2, NULL, err));
    const double step = acos(-1.0) / (double)(4 * n + 2), largest = 0.25 / (sin(step) * sin(step));
    for (size_t k = 0; k < n; k++) {
      const double sine = sin((double)(2 * (n - k) - 1) * step);
      /* backward stable: some eps |a|, which grows with the number of reflections at most as its root (seen: 3 eps) */
      check_near(values[k], 0.25 / (sine * sine), (4 + sqrt((double)n)) * DBL_EPSILON * largest);
    }
    free(a);
  }
  wlaw_error_free(err);
}

/* A random matrix: sum of eigenvalues = trace, sum of squares = squared norm; the same bytes with any threads. */
static void random_matrices(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  static const size_t sizes[] = {200, 1100};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    const size_t n = sizes[s];
    double *kept = malloc((2 * n * n + 2 * n) * sizeof *kept), *a = kept + n * n, *one = a + n * n, *many = one + n;
    assert_non_null(kept);
    wlaw_stream stream = wlaw_stream_start(5, STREAM_TEST, 0, (uint32_t)n);
    wlaw_stream_normals(&stream, kept, n * n);
    long double trace = 0, squares = 0, sum = 0, sum_squares = 0;
    for (size_t i = 0; i < n; i++) {
      trace += kept[i * n + i];
      for (size_t j = i; j < n; j++) squares += (i == j ? 1.0L : 2.0L) * kept[i * n + j] * kept[i * n + j];
    }
    memcpy(a, kept, n * n * sizeof *a);
    check_ok(wlaw_eigenvalues(one, a, n, 1, NULL, err));
    memcpy(a, kept, n * n * sizeof *a);
    check_ok(wlaw_eigenvalues(many, a, n, 3, NULL, err));
    assert_memory_equal(one, many, n * sizeof *one);
    for (size_t k = 0; k < n; k++) {
      sum += one[k];
      sum_squares += (long double)one[k] * one[k];
      if (k) assert_true(one[k] >= one[k - 1]);
    }
    /* n errors of eps |a| = 2 sqrt(n) eps at the most; in squares twice |a| times as much */
    const double error = (double)n * 2 * sqrt((double)n) * DBL_EPSILON;
    check_near((double)(sum - trace), 0, error);
    check_near((double)(sum_squares - squares), 0, error * 4 * sqrt((double)n));
    free(kept);
  }
  wlaw_error_free(err);
}

static void tridiagonal_vectors(void **state) {
  (void)state;
  enum { N = 40 };
  double values[N], below[N], vectors[N * N];
  for (size_t i = 0; i < N; i++) {
    values[i] = (double)(i % 7);
    below[i] = 1.0 + (double)(i % 3);
  }
  assert_int_equal(wlaw_tridiagonal_eigen(values, below, vectors, N, NULL), WLAW_OK);
  for (size_t k = 0; k < N; k++)
    for (size_t i = 0; i < N; i++) {
      const double *v = vectors + k * N;
      double product = (double)(i % 7) * v[i];
      if (i) product += (1.0 + (double)((i - 1) % 3)) * v[i - 1];
      if (i + 1 < N) product += (1.0 + (double)(i % 3)) * v[i + 1];
      check_near(product, values[k] * v[i], 100 * DBL_EPSILON * 12); /* |a| < 12 */
    }
}

static wlaw_status solve_both_ways(void *context, wlaw_error *err) {
  static double a[1100 * 1100], values[1100];
  (void)context;
  smaller_index(a, 20);
  wlaw_status status = wlaw_eigenvalues(values, a, 20, 1, NULL, err);
  if (status != WLAW_OK) return status;
  smaller_index(a, 1030);
  return wlaw_eigenvalues(values, a, 1030, 1, NULL, err);
}

static void refused_memory(void **state) {
  (void)state;
  alloc_fail_each(solve_both_ways, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(closed_form), cmocka_unit_test(random_matrices),
                                     cmocka_unit_test(tridiagonal_vectors), cmocka_unit_test(refused_memory)};
  return cmocka_run_group_tests_name("math.eigen", tests, NULL, NULL);
}
