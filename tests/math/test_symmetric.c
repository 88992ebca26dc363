/* Symmetric matrices of any size: matrices built from known eigenvalues, the small ones beside math/small.h. */
#include "support/test.h"

#include "core/stream.h"
#include "math/small.h"
#include "math/symmetric.h"
#include "support/alloc_fail.h"

enum { MOST = 70 };

/* Orthonormal rows: Gram and Schmidt, twice, on normal numbers. */
static void random_rotation(double *q, size_t n, uint32_t major) {
  wlaw_stream stream = wlaw_stream_start(51, STREAM_TEST, major, (uint32_t)n);
  wlaw_stream_normals(&stream, q, n * n);
  for (size_t i = 0; i < n; i++) {
    for (int twice = 0; twice < 2; twice++)
      for (size_t k = 0; k < i; k++) {
        double along = 0;
        for (size_t j = 0; j < n; j++) along += q[i * n + j] * q[k * n + j];
        for (size_t j = 0; j < n; j++) q[i * n + j] -= along * q[k * n + j];
      }
    double norm = 0;
    for (size_t j = 0; j < n; j++) norm += q[i * n + j] * q[i * n + j];
    for (size_t j = 0; j < n; j++) q[i * n + j] /= sqrt(norm);
  }
}

/* sum_k values[k] q_k q_k' */
static void compose(double *out, const double *values, const double *q, size_t n) {
  memset(out, 0, n * n * sizeof *out);
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) out[i * n + j] += values[k] * q[k * n + i] * q[k * n + j];
}

static void check_matrix(size_t n) {
  static double q[MOST * MOST], a[MOST * MOST], b[MOST * MOST], root[MOST * MOST], want[MOST * MOST];
  double of_a[MOST], of_b[MOST], roots[MOST], values[MOST], x[MOST], got, log_det = 0, ratio = 0, bures = 0, norm = 0;
  wlaw_error *err = wlaw_error_new();
  random_rotation(q, n, 1);
  for (size_t k = 0; k < n; k++) {
    of_a[k] = 0.5 + (double)k;
    of_b[k] = 3.0 / (1.0 + (double)(k * k));
    roots[k] = sqrt(of_a[k]);
    log_det += log(of_a[k]);
    ratio += of_b[k] / of_a[k];
    bures += (sqrt(of_a[k]) - sqrt(of_b[k])) * (sqrt(of_a[k]) - sqrt(of_b[k]));
    x[k] = cos((double)k);
  }
  compose(a, of_a, q, n);
  compose(b, of_b, q, n);
  compose(want, roots, q, n);
  /* backward stable algorithms on matrices of condition 2 n and less: n eps of the largest eigenvalue, times 10 */
  const double tolerance = 1e-14 * (double)(n * n);
  check_ok(wlaw_symmetric_eigenvalues(values, a, n, err));
  for (size_t k = 0; k < n; k++) check_near(values[k], of_a[k], tolerance);
  check_ok(wlaw_symmetric_root(root, a, n, err));
  for (size_t i = 0; i < n * n; i++) check_near(root[i], want[i], tolerance);
  check_ok(wlaw_symmetric_log_det(&got, a, n, err));
  check_near(got, log_det, tolerance);
  check_ok(wlaw_symmetric_trace_ratio(&got, a, b, n, err));
  check_near(got, ratio, tolerance);
  check_ok(wlaw_symmetric_bures(&got, a, b, n, err));
  check_near(got, bures, tolerance);
  for (size_t k = 0; k < n; k++) {
    double along = 0;
    for (size_t j = 0; j < n; j++) along += q[k * n + j] * x[j];
    norm += along * along / of_a[k];
  }
  check_ok(wlaw_symmetric_norm(&got, a, x, n, err));
  check_near(got, norm, tolerance);
  wlaw_error_free(err);
}

static void known_eigenvalues(void **state) {
  (void)state;
  for (size_t n = 1; n <= 12; n++) check_matrix(n);
  check_matrix(33);
  check_matrix(MOST);
}

/* Blocks of 3 x 3 on a diagonal: what math/small.h says of each adds up; also rank deficient ones. */
static void blocks_add_up(void **state) {
  (void)state;
  enum { BLOCKS = 7, N = 3 * BLOCKS };
  static double x[N * N], y[N * N];
  double got, bures = 0, log_det = 0, q[9];
  wlaw_error *err = wlaw_error_new();
  for (int rank = 1; rank <= 3; rank++) {
    memset(x, 0, sizeof x);
    memset(y, 0, sizeof y);
    bures = log_det = 0;
    for (uint32_t b = 0; b < BLOCKS; b++) {
      double value[3] = {1.0, rank > 1 ? 0.3 : 0.0, rank > 2 ? 2.0 : 0.0};
      random_rotation(q, 3, 10 + b);
      double small_x[9], small_y[9];
      compose(small_x, value, q, 3);
      random_rotation(q, 3, 30 + b);
      value[0] = 0.7;
      compose(small_y, value, q, 3);
      for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
          x[(3 * b + i) * N + 3 * b + j] = small_x[3 * i + j];
          y[(3 * b + i) * N + 3 * b + j] = small_y[3 * i + j];
        }
      bures += wlaw_small_bures(small_x, small_y, 3);
      log_det += wlaw_small_log_det(small_x, 3);
    }
    /* wlaw_small_bures of singular matrices takes roots of eigenvalues that are zero to 1e-16 */
    check_ok(wlaw_symmetric_bures(&got, x, y, N, err));
    check_near(got, bures, rank == 3 ? 1e-12 : 1e-6);
    check_ok(wlaw_symmetric_log_det(&got, x, N, err));
    if (rank == 3) check_near(got, log_det, 1e-12);
  }
  wlaw_error_free(err);
}

/* Matrices that commute and are close: the distance keeps its digits. Singular ones: no density, but a root. */
static void close_and_singular(void **state) {
  (void)state;
  enum { N = 20 };
  static double q[N * N], a[N * N], b[N * N], root[N * N];
  double of_a[N], of_b[N], want = 0, got;
  wlaw_error *err = wlaw_error_new();
  random_rotation(q, N, 2);
  for (size_t k = 0; k < N; k++) {
    of_a[k] = 1.0 + (double)k / N;
    of_b[k] = of_a[k] * (1 + 1e-6 * cos((double)k));
    want += (sqrt(of_a[k]) - sqrt(of_b[k])) * (sqrt(of_a[k]) - sqrt(of_b[k]));
  }
  compose(a, of_a, q, N);
  compose(b, of_b, q, N);
  check_ok(wlaw_symmetric_bures(&got, a, b, N, err));
  check_near(got, want, 1e-7 * want); /* entries of 1, differences of 1e-6, roundings of 1e-15 */
  check_ok(wlaw_symmetric_bures(&got, a, a, N, err));
  assert_true(got == 0.0);
  for (size_t k = 0; k < N / 2; k++) of_a[k] = 0;
  compose(a, of_a, q, N);
  check_ok(wlaw_symmetric_root(root, a, N, err));
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) {
      double product = 0;
      for (size_t k = 0; k < N; k++) product += root[i * N + k] * root[j * N + k];
      check_near(product, a[i * N + j], 1e-13);
    }
  a[0] -= 1.0; /* indefinite without doubt: rounding cannot make a pivot positive */
  check_ok(wlaw_symmetric_log_det(&got, a, N, err));
  assert_true(got == -INFINITY);
  check_ok(wlaw_symmetric_trace_ratio(&got, a, b, N, err));
  assert_true(isnan(got));
  check_ok(wlaw_symmetric_norm(&got, a, of_b, N, err));
  assert_true(isnan(got));
  wlaw_error_free(err);
}

static wlaw_status use_everything(void *context, wlaw_error *err) {
  enum { N = 9 };
  const double *a = context;
  double values[N], out[N * N], b[N * N], got;
  memcpy(b, a, sizeof b);
  b[0] += 1.0;
  wlaw_status status = wlaw_symmetric_eigenvalues(values, a, N, err);
  if (status == WLAW_OK) status = wlaw_symmetric_root(out, a, N, err);
  if (status == WLAW_OK) status = wlaw_symmetric_log_det(&got, a, N, err);
  if (status == WLAW_OK) status = wlaw_symmetric_trace_ratio(&got, a, b, N, err);
  if (status == WLAW_OK) status = wlaw_symmetric_norm(&got, a, values, N, err);
  if (status == WLAW_OK) status = wlaw_symmetric_bures(&got, a, b, N, err);
  return status;
}

static void refused_memory(void **state) {
  (void)state;
  double a[81], q[81], values[9];
  random_rotation(q, 9, 3);
  for (size_t k = 0; k < 9; k++) values[k] = (double)(k % 5); /* singular: the root of an eigensystem too */
  compose(a, values, q, 9);
  alloc_fail_each(use_everything, a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_eigenvalues),
      cmocka_unit_test(blocks_add_up),
      cmocka_unit_test(close_and_singular),
      cmocka_unit_test(refused_memory),
  };
  return cmocka_run_group_tests_name("math.symmetric", tests, NULL, NULL);
}
