/* Kernel matrices against the recursion written out for one pair in long double; cuts, threads, duplicates, errors. */
#include "limit/all_activations.h"

#include "core/stream.h"
#include "limit/kernel.h"
#include "support/alloc_fail.h"

typedef long double real;
static const real pi = 3.14159265358979323846264338327950288L;

/* dual and slope as the literature writes them, in a, b, c. */
typedef void (*dual_of)(real a, real b, real c, real *dual, real *slope);
static void relu(real a, real b, real c, real *dual, real *slope) {
  const real angle = atan2l(sqrtl(fmaxl(a * b - c * c, 0.0L)), c);
  *dual = sqrtl(a * b) * (sinl(angle) + (pi - angle) * cosl(angle)) / (2.0L * pi);
  *slope = (pi - angle) / (2.0L * pi);
}
static void erf_dual(real a, real b, real c, real *dual, real *slope) {
  const real M = (1.0L + 2.0L * a) * (1.0L + 2.0L * b) - 4.0L * c * c;
  *dual = 2.0L / pi * atan2l(2.0L * c, sqrtl(M));
  *slope = 4.0L / pi / sqrtl(M);
}
static void sine(real a, real b, real c, real *dual, real *slope) {
  const real apart = expl(-0.5L * (a + b) + c), together = expl(-0.5L * (a + b) - c);
  *dual = 0.5L * (apart - together);
  *slope = 0.5L * (apart + together);
}

static void pair_kernel(const kernel_spec *spec, dual_of f, const double *x, const double *y, size_t n, real *nngp,
                        real *ntk) {
  const real w = spec->weight_variance, bias = spec->bias_variance;
  real a = 0.0L, b = 0.0L, c = 0.0L, dual, slope, t;
  for (size_t k = 0; k < n; k++) {
    a += (real)x[k] * x[k];
    b += (real)y[k] * y[k];
    c += (real)x[k] * y[k];
  }
  a = bias + w * a / (real)n;
  b = bias + w * b / (real)n;
  t = c = bias + w * c / (real)n;
  for (size_t layer = 0; layer < spec->depth; layer++) {
    real da, db, unused;
    f(a, b, c, &dual, &slope);
    f(a, a, a, &da, &unused);
    f(b, b, b, &db, &unused);
    a = bias + w * da;
    b = bias + w * db;
    c = bias + w * dual;
    t = c + w * slope * t;
  }
  *nngp = c;
  *ntk = t;
}

typedef struct data {
  double *x;
  size_t n, features;
  kernel_inputs inputs;
} data;

static data make_data(size_t n, size_t features, uint32_t which) {
  data made = {malloc(n * features * sizeof(double)), n, features, {0}};
  assert_non_null(made.x);
  wlaw_stream stream = wlaw_stream_start(3, STREAM_TEST, which, 0);
  wlaw_stream_normals(&stream, made.x, n * features);
  for (size_t i = 0; i < n; i++) /* norms that differ */
    for (size_t k = 0; k < features; k++) made.x[i * features + k] *= 0.5 + (double)(i % 5);
  assert_int_equal(wlaw_kernel_inputs_new(&made.inputs, made.x, n, features, NULL), WLAW_OK);
  return made;
}
static void free_data(data *made) {
  wlaw_kernel_inputs_free(&made->inputs);
  free(made->x);
}

static kernel_spec spec_of(const char *text, size_t depth, bool ntk) {
  return (kernel_spec){activation_of(text), depth, 1.7, 0.1, ntk};
}

/* 30 roundings a layer of numbers of the size of the diagonal. */
static void against_the_recursion(void **state) {
  (void)state;
  static const struct {
    const char *text;
    dual_of f;
  } rows[] = {{"relu", relu}, {"erf", erf_dual}, {"sin", sine}};
  data a = make_data(140, 300, 1), b = make_data(131, 300, 2); /* more than a tile, a chunk of features and odd ends */
  double *out = malloc(a.n * b.n * sizeof *out);
  assert_non_null(out);
  for (size_t r = 0; r < 3; r++)
    for (size_t depth = 1; depth <= 3; depth += 2)
      for (int ntk = 0; ntk < 2; ntk++) {
        const kernel_spec spec = spec_of(rows[r].text, depth, ntk);
        assert_int_equal(wlaw_kernel_matrix(out, &spec, &a.inputs, &b.inputs, 2, NULL, NULL), WLAW_OK);
        for (size_t i = 0; i < a.n; i += 3)
          for (size_t j = 0; j < b.n; j += 2) {
            real k[2];
            pair_kernel(&spec, rows[r].f, a.x + i * a.features, b.x + j * b.features, a.features, &k[0], &k[1]);
            check_near(out[i * b.n + j], (double)k[ntk], 1e-13 * (double)depth * (1.0 + fabs((double)k[ntk])) * 10.0);
          }
      }
  free(out);
  free_data(&a);
  free_data(&b);
}

/* sigma_w^2 = 2, no bias, relu: K stays 2 |x|^2 / features and T_(L+1) = (L + 1) K on the diagonal. */
static void diagonal_of_relu(void **state) {
  (void)state;
  data a = make_data(9, 7, 4);
  double nngp[9], ntk[9];
  const kernel_spec spec = {activation_of("relu"), 5, 2.0, 0.0, true};
  assert_int_equal(wlaw_kernel_diagonal(nngp, ntk, &spec, &a.inputs, NULL), WLAW_OK);
  for (size_t i = 0; i < a.n; i++) {
    check_near(nngp[i], 2.0 * a.inputs.norms[i] / 7.0, 1e-14 * nngp[i]);
    check_near(ntk[i], 6.0 * nngp[i], 1e-14 * ntk[i]);
  }
  free_data(&a);
}

/* Any cut, any number of threads, either order of the inputs: the same bytes; the diagonal too. */
static void bytes_do_not_depend_on_cuts(void **state) {
  (void)state;
  enum { N = 150 };
  data a = make_data(N, 33, 5);
  double *whole = malloc(N * N * sizeof *whole), *other = malloc(N * N * sizeof *other), diagonal[N];
  double *scratch = malloc(wlaw_kernel_scratch() * sizeof *scratch);
  assert_true(whole && other && scratch);
  for (size_t k = 0; k < ALL_ACTIVATIONS; k++)
    for (int ntk = 0; ntk < 2; ntk++) {
      const kernel_spec spec = {activation_of(all_activations[k]), 2, 0.02, 0.05, ntk};
      if (ntk && !wlaw_dual_has_slope(&spec.activation)) continue;
      assert_int_equal(wlaw_kernel_matrix(whole, &spec, &a.inputs, &a.inputs, 3, NULL, NULL), WLAW_OK);
      assert_int_equal(wlaw_kernel_diagonal(ntk ? NULL : diagonal, ntk ? diagonal : NULL, &spec, &a.inputs, NULL),
                       WLAW_OK);
      for (size_t i = 0; i < N; i++) {
        assert_true(whole[i * N + i] == diagonal[i]);
        for (size_t j = 0; j < N; j++) assert_true(whole[i * N + j] == whole[j * N + i]);
      }
      memset(other, 0xff, N * N * sizeof *other);
      for (size_t r = 0; r < N; r += 41) { /* below the diagonal too */
        const size_t rows = N - r < 41 ? N - r : 41;
        wlaw_kernel_block(&spec, &a.inputs, r, rows, &a.inputs, 0, 13, ntk ? NULL : other + r * N,
                          ntk ? other + r * N : NULL, N, scratch);
        wlaw_kernel_block(&spec, &a.inputs, r, rows, &a.inputs, 13, N - 13, ntk ? NULL : other + r * N + 13,
                          ntk ? other + r * N + 13 : NULL, N, scratch);
      }
      for (size_t i = 0; i < N * N; i++)
        if (whole[i] != other[i])
          fail_msg("%s: entry %zu, %zu: %.17g and %.17g", all_activations[k], i / N, i % N, whole[i], other[i]);
    }
  free(whole);
  free(other);
  free(scratch);
  free_data(&a);
}

/* Inputs of float32 and their neighbours: duplicates give the diagonal exactly, and the neural tangent kernel of nearly
 * equal ones, whose slope is 1/2 - angle / 2 pi, is right to rounding at angles where 1 - cos has no digit. */
static void near_duplicates(void **state) {
  (void)state;
  enum { N = 8, D = 64 };
  double x[N * D], out[N * N];
  data a = make_data(1, D, 6);
  for (size_t i = 0; i < N; i++)
    for (size_t k = 0; k < D; k++) {
      const float at = (float)a.x[k];
      x[i * D + k] = i < 2 ? (double)at : (double)at * (1.0 + (k % 2 ? 1.0 : -1.0) * pow(10.0, -(double)(2 + i)));
      if (i == 7) x[i * D + k] = (double)nextafterf(at, k % 2 ? INFINITY : -INFINITY);
    }
  kernel_inputs inputs;
  assert_int_equal(wlaw_kernel_inputs_new(&inputs, x, N, D, NULL), WLAW_OK);
  const kernel_spec spec = {activation_of("relu"), 1, 2.0, 0.0, true};
  assert_int_equal(wlaw_kernel_matrix(out, &spec, &inputs, &inputs, 1, NULL, NULL), WLAW_OK);
  assert_true(out[1] == out[0] && out[N] == out[0] && out[N + 1] == out[0]);
  for (size_t i = 2; i < N; i++) {
    real norm = 0.0L, other = 0.0L, apart = 0.0L;
    for (size_t k = 0; k < D; k++) {
      const real e = (real)x[k] - x[i * D + k];
      norm += (real)x[k] * x[k];
      other += (real)x[i * D + k] * x[i * D + k];
      apart += e * e;
    }
    const real g = sqrtl(norm * other), roots = sqrtl(norm) - sqrtl(other);
    const real angle = 2.0L * asinl(sqrtl((apart - roots * roots) / (4.0L * g)));
    const real c = 0.5L * (norm + other - apart), scale = 2.0L / D;
    const real ntk = scale * (g * (sinl(angle) + (pi - angle) * cosl(angle)) + (pi - angle) * c) / pi;
    assert_true(angle > 0.0L && angle < 2e-4L);
    check_near(out[i], (double)ntk, 1e-14 * (double)ntk);
  }
  wlaw_kernel_inputs_free(&inputs);
  free_data(&a);
}

static void errors(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  double x[] = {1.0, 2.0, NAN, 4.0}, out[4];
  kernel_inputs inputs, others;
  check_status(wlaw_kernel_inputs_new(&inputs, x, 2, 2, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "input 1: feature 0 is nan"));
  x[2] = 1e200;
  check_status(wlaw_kernel_inputs_new(&inputs, x, 2, 2, err), WLAW_VALUE);
  check_status(wlaw_kernel_inputs_new(&inputs, x, 0, 2, err), WLAW_ARGUMENT);
  x[2] = 3.0;
  check_ok(wlaw_kernel_inputs_new(&inputs, x, 2, 2, err));
  check_ok(wlaw_kernel_inputs_new(&others, x, 4, 1, err));
  kernel_spec spec = spec_of("relu", 2, false);
  check_status(wlaw_kernel_matrix(out, &spec, &inputs, &others, 1, NULL, err), WLAW_SHAPE);
  spec.depth = 0;
  check_status(wlaw_kernel_matrix(out, &spec, &inputs, &inputs, 1, NULL, err), WLAW_ARGUMENT);
  spec = spec_of("relu", 2, false);
  spec.weight_variance = 0.0;
  check_status(wlaw_kernel_check(&spec, err), WLAW_ARGUMENT);
  spec.weight_variance = NAN;
  check_status(wlaw_kernel_check(&spec, err), WLAW_ARGUMENT);
  spec = spec_of("relu", 2, false);
  spec.bias_variance = -1.0;
  check_status(wlaw_kernel_check(&spec, err), WLAW_ARGUMENT);
  spec = spec_of("sign", 2, true);
  check_status(wlaw_kernel_check(&spec, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "no neural tangent kernel"));
  spec = spec_of("exp", 4, false);
  check_status(wlaw_kernel_matrix(out, &spec, &inputs, &inputs, 1, NULL, err), WLAW_NUMERIC);
  assert_non_null(strstr(wlaw_error_message(err), "the kernel of input 0 overflows in layer 3"));
  spec = spec_of("erf", 2, false);
  spec.weight_variance = 1e80;
  check_status(wlaw_kernel_diagonal(out, NULL, &spec, &inputs, err), WLAW_NUMERIC);
  assert_non_null(strstr(wlaw_error_message(err), "overflows in layer 1"));
  spec = spec_of("relu", 40, false);
  spec.weight_variance = 1e-9;
  spec.bias_variance = 0.0;
  check_status(wlaw_kernel_diagonal(out, NULL, &spec, &inputs, err), WLAW_NUMERIC);
  assert_non_null(strstr(wlaw_error_message(err), "vanishes in layer"));
  wlaw_kernel_inputs_free(&inputs);
  wlaw_kernel_inputs_free(&others);
  wlaw_error_free(err);
}

static wlaw_status make_and_free(void *context, wlaw_error *err) {
  double x[6] = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, out[9];
  kernel_inputs inputs;
  wlaw_status status = wlaw_kernel_inputs_new(&inputs, x, 3, 2, err);
  if (status == WLAW_OK) status = wlaw_kernel_matrix(out, context, &inputs, &inputs, 2, NULL, err);
  wlaw_kernel_inputs_free(&inputs);
  return status;
}
static void allocations_may_fail(void **state) {
  (void)state;
  kernel_spec spec = spec_of("relu", 2, true);
  alloc_fail_each(make_and_free, &spec);
}

static int stop_at_once(void *user, double fraction, const char *what) {
  (void)user;
  (void)fraction;
  (void)what;
  return 1;
}
static void cancelled(void **state) {
  (void)state;
  data a = make_data(400, 20, 8);
  double *out = malloc(a.n * a.n * sizeof *out);
  const kernel_spec spec = spec_of("tanh", 3, true);
  wlaw_monitor monitor = {.call = stop_at_once};
  assert_non_null(out);
  assert_int_equal(wlaw_kernel_matrix(out, &spec, &a.inputs, &a.inputs, 2, &monitor, NULL), WLAW_CANCELLED);
  free(out);
  free_data(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(against_the_recursion),
      cmocka_unit_test(diagonal_of_relu),
      cmocka_unit_test(bytes_do_not_depend_on_cuts),
      cmocka_unit_test(near_duplicates),
      cmocka_unit_test(errors),
      cmocka_unit_test(allocations_may_fail),
      cmocka_unit_test(cancelled),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
