/* Kernel regression against a direct inverse, the chain rule of densities and its own residual; gradient flow against
 * differential equations integrated step by step, against both ends of time and against descent in steps. */
#include <float.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/stream.h"
#include "limit/gradient_flow.h"
#include "math/cholesky.h"
#include "support/test.h"

#include "support/alloc_fail.h"

enum { N = 7, M = 4, OUT = 2, ALL = N + M };

/* A positive definite kernel of ALL points: features' products; training points first. outputs y. */
typedef struct toy {
  double k[ALL * ALL], train[N * N], cross[M * N], prior[M], y[N * OUT];
} toy;

static void cut(toy *t) {
  for (size_t i = 0; i < ALL; i++)
    for (size_t j = 0; j < ALL; j++) {
      if (i < N && j < N) t->train[i * N + j] = t->k[i * ALL + j];
      if (i >= N && j < N) t->cross[(i - N) * N + j] = t->k[i * ALL + j];
      if (i >= N && i == j) t->prior[i - N] = t->k[i * ALL + j];
    }
}

static void make_toy(toy *t, uint32_t which) {
  enum { FEATURES = 40 };
  double x[ALL * FEATURES];
  wlaw_stream stream = wlaw_stream_start(11, STREAM_TEST, which, 0);
  wlaw_stream_normals(&stream, x, ALL * FEATURES);
  wlaw_stream_normals(&stream, t->y, N * OUT);
  for (size_t i = 0; i < ALL; i++)
    for (size_t j = 0; j < ALL; j++) {
      t->k[i * ALL + j] = 0.0;
      for (size_t f = 0; f < FEATURES; f++) t->k[i * ALL + j] += x[i * FEATURES + f] * x[j * FEATURES + f] / FEATURES;
    }
  cut(t);
}

static regression problem_of(const toy *t) {
  return (regression){.n = N, .m = M, .outputs = OUT, .y = t->y, .cross = t->cross, .prior = t->prior, .threads = 1};
}

/* inverse of a [n, n] by Gauss-Jordan elimination with pivots, in long double */
static void invert(long double *out, const double *a, size_t n) {
  long double work[ALL][2 * ALL] = {{0}};
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) work[i][j] = (long double)a[i * n + j];
    work[i][n + i] = 1;
  }
  for (size_t c = 0; c < n; c++) {
    size_t best = c;
    for (size_t i = c; i < n; i++)
      if (fabsl(work[i][c]) > fabsl(work[best][c])) best = i;
    for (size_t j = 0; j < 2 * n; j++) {
      const long double kept = work[c][j];
      work[c][j] = work[best][j];
      work[best][j] = kept;
    }
    for (size_t i = 0; i < n; i++) {
      const long double factor = i == c ? 0 : work[i][c] / work[c][c];
      for (size_t j = 0; j < 2 * n; j++) work[i][j] -= factor * work[c][j];
    }
    const long double pivot = work[c][c];
    for (size_t j = 0; j < 2 * n; j++) work[c][j] /= pivot;
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) out[i * n + j] = work[i][n + j];
}

/* The condition number of the toys is about 10: both routes agree to some hundred roundings. */
static void posterior_is_the_inverse(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  for (uint32_t which = 0; which < 5; which++) {
    toy t;
    make_toy(&t, which);
    const double ridge = 0.05 * which;
    double trace = 0.0, k[N * N], mean[M * OUT], variance[M], evidence;
    long double inverse[N * N];
    for (size_t i = 0; i < N; i++) trace += t.train[i * (N + 1)];
    memcpy(k, t.train, sizeof k);
    for (size_t i = 0; i < N; i++) k[i * (N + 1)] += ridge * trace / N;
    invert(inverse, k, N);
    memcpy(k, t.train, sizeof k);
    const regression problem = problem_of(&t);
    check_ok(wlaw_regression_posterior(mean, variance, &evidence, &problem, ridge, k, NULL, err));
    for (size_t i = 0; i < M; i++) {
      long double want_variance = t.prior[i];
      for (size_t o = 0; o < OUT; o++) {
        long double want = 0;
        for (size_t j = 0; j < N; j++)
          for (size_t l = 0; l < N; l++) want += t.cross[i * N + j] * inverse[j * N + l] * t.y[l * OUT + o];
        check_near(mean[i * OUT + o], (double)want, 1e-13);
      }
      for (size_t j = 0; j < N; j++)
        for (size_t l = 0; l < N; l++) want_variance -= t.cross[i * N + j] * inverse[j * N + l] * t.cross[i * N + l];
      check_near(variance[i], (double)want_variance, 1e-13);
    }
  }
  wlaw_error_free(err);
}

/* ln p(y) = sum over points of ln p(y_i | those before): each factor is a posterior of its own, of one test point. A
 * kernel of constant diagonal makes the ridge, relative to the mean diagonal, the same noise in all of them. */
static void evidence_is_a_product_of_predictions(void **state) {
  (void)state;
  const double ridge = 0.1;
  wlaw_error *err = wlaw_error_new();
  toy t;
  make_toy(&t, 9);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) t.train[i * N + j] = i == j ? 1.5 : exp(-0.3 * (double)((i - j) * (i - j)));
  double want = 0.0;
  for (size_t i = 0; i < N; i++) {
    double k[N * N], cross[N], mean[OUT] = {0}, variance = 1.5;
    for (size_t a = 0; a < i; a++)
      for (size_t b = 0; b < i; b++) k[a * i + b] = t.train[a * N + b];
    for (size_t a = 0; a < i; a++) cross[a] = t.train[i * N + a];
    const regression part = {
        .n = i, .m = 1, .outputs = OUT, .y = t.y, .cross = cross, .prior = &variance, .threads = 1};
    double posterior = variance;
    if (i) check_ok(wlaw_regression_posterior(mean, &posterior, NULL, &part, ridge, k, NULL, err));
    const double total = posterior + ridge * 1.5;
    for (size_t o = 0; o < OUT; o++) {
      const double d = t.y[i * OUT + o] - mean[o];
      want -= 0.5 * (d * d / total + log(2 * 3.14159265358979323846 * total));
    }
  }
  double mean[M * OUT], evidence;
  const regression problem = problem_of(&t);
  check_ok(wlaw_regression_posterior(mean, NULL, &evidence, &problem, ridge, t.train, NULL, err));
  check_near(evidence, want, 1e-12);
  wlaw_error_free(err);
}

/* Three blocks of 256 rows and a part: L L' is the matrix (errors of Cholesky's method are below (n + 1) eps trace:
 * Higham 2002, theorem 10.3), what lies above the diagonal is untouched, bytes are those of one thread. */
static void blocks_and_threads_do_not_show(void **state) {
  (void)state;
  enum { D = 800 };
  double *a = wlaw_array(D * D, sizeof *a), *first = wlaw_array(D * D, sizeof *a), *work = wlaw_array(D * D, sizeof *a);
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++)
      a[i * D + j] = exp(-fabs((double)i - (double)j) / 50.0) + (i == j ? 0.1 + 1e-4 * (double)i : 0.0);
  for (unsigned threads = 1; threads <= 3; threads++) {
    size_t pivot = 0;
    memcpy(work, a, D * D * sizeof *a);
    check_ok(wlaw_cholesky(&pivot, work, D, threads, NULL, err));
    assert_int_equal(pivot, D);
    if (threads == 1) memcpy(first, work, D * D * sizeof *a);
    assert_memory_equal(first, work, D * D * sizeof *a);
  }
  for (size_t i = 0; i < D; i += 13)
    for (size_t j = 0; j <= i; j += 7) {
      double product = 0.0;
      for (size_t k = 0; k <= j; k++) product += first[i * D + k] * first[j * D + k];
      check_near(product, a[i * D + j], (D + 1) * DBL_EPSILON * 1.2);
      if (j < i) assert_true(first[j * D + i] == a[j * D + i]);
    }
  size_t pivot = 0;
  memcpy(work, a, D * D * sizeof *a);
  work[601 * (D + 1)] = 0.5; /* less than its neighbour explains */
  check_ok(wlaw_cholesky(&pivot, work, D, 2, NULL, err));
  assert_int_equal(pivot, 601);
  free(a);
  free(first);
  free(work);
  wlaw_error_free(err);
}

static void check_message(const wlaw_error *err, const char *part) {
  if (!strstr(wlaw_error_message(err), part)) fail_msg("'%s' lacks '%s'", wlaw_error_message(err), part);
}

static void twins_are_named(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  double k[N * N], mean[M * OUT], evidence;
  for (int exact = 0; exact < 2; exact++) {
    toy t;
    make_toy(&t, 3);
    for (size_t j = 0; j < ALL; j++) t.k[5 * ALL + j] = t.k[2 * ALL + j];
    for (size_t j = 0; j < ALL; j++) t.k[j * ALL + 5] = t.k[j * ALL + 2];
    t.k[5 * ALL + 5] = t.k[2 * ALL + 2] * (exact ? 1 : 1 + 1e-15); /* rounding may make the pivot positive */
    cut(&t);
    const regression problem = problem_of(&t);
    memcpy(k, t.train, sizeof k);
    check_status(wlaw_regression_posterior(mean, NULL, NULL, &problem, 0.0, k, NULL, err), WLAW_NUMERIC);
    check_message(err, "points 2 and 5 have the same inputs");
    check_message(err, "pivot 5");
    assert_non_null(strstr(wlaw_error_hint(err), "--ridge"));
    memcpy(k, t.train, sizeof k);
    check_ok(wlaw_regression_posterior(mean, NULL, &evidence, &problem, 1e-6, k, NULL, err));
    assert_true(isfinite(evidence));
  }
  toy t;
  make_toy(&t, 4);
  t.train[3 * N + 6] = t.train[6 * N + 3] = 40.0; /* no kernel at all */
  const regression problem = problem_of(&t);
  check_status(wlaw_regression_posterior(mean, NULL, NULL, &problem, 0.0, t.train, NULL, err), WLAW_NUMERIC);
  check_message(err, "pivot 6");
  assert_null(strstr(wlaw_error_message(err), "same"));
  make_toy(&t, 4);
  t.train[2 * (N + 1)] = NAN;
  check_status(wlaw_regression_posterior(mean, NULL, NULL, &problem, 0.0, t.train, NULL, err), WLAW_NUMERIC);
  check_message(err, "point 2");
  wlaw_error_free(err);
}

/* ---- gradient flow */

typedef struct flow_state {
  double mean[ALL * OUT], covariance[ALL * ALL]; /* of the functions at all points, training points first */
} flow_state;

/* f' = -T(., X) (f - y) / (N OUT): means follow it, covariances C' = -(B C + C B'), B = T(., X) / (N OUT). */
static void slope(flow_state *out, const flow_state *at, const double *ntk, const double *y) {
  for (size_t i = 0; i < ALL; i++) {
    for (size_t o = 0; o < OUT; o++) {
      out->mean[i * OUT + o] = 0.0;
      for (size_t j = 0; j < N; j++)
        out->mean[i * OUT + o] -= ntk[i * ALL + j] * (at->mean[j * OUT + o] - y[j * OUT + o]) / (N * OUT);
    }
    for (size_t l = 0; l < ALL; l++) {
      out->covariance[i * ALL + l] = 0.0;
      for (size_t j = 0; j < N; j++)
        out->covariance[i * ALL + l] -=
            (ntk[i * ALL + j] * at->covariance[j * ALL + l] + ntk[l * ALL + j] * at->covariance[i * ALL + j]) /
            (N * OUT);
    }
  }
}

static flow_state moved(const flow_state *at, const flow_state *slope_there, double h) {
  flow_state out;
  for (size_t i = 0; i < ALL * OUT; i++) out.mean[i] = at->mean[i] + h * slope_there->mean[i];
  for (size_t i = 0; i < ALL * ALL; i++) out.covariance[i] = at->covariance[i] + h * slope_there->covariance[i];
  return out;
}

/* Classical Runge-Kutta, `steps` steps. */
static void integrate(flow_state *s, const double *ntk, const double *y, double time, int steps) {
  const double h = time / steps;
  for (int k = 0; k < steps; k++) {
    flow_state a, b, c, d;
    slope(&a, s, ntk, y);
    flow_state at = moved(s, &a, h / 2);
    slope(&b, &at, ntk, y);
    at = moved(s, &b, h / 2);
    slope(&c, &at, ntk, y);
    at = moved(s, &c, h);
    slope(&d, &at, ntk, y);
    at = moved(s, &a, h / 6);
    at = moved(&at, &b, h / 3);
    at = moved(&at, &c, h / 3);
    *s = moved(&at, &d, h / 6);
  }
}

/* nngp: the toy's own kernel; ntk: another's, or the same. */
static void flow_of(double *mean, double *variance, const toy *ntk, const toy *nngp, double time) {
  wlaw_error *err = wlaw_error_new();
  gradient_flow flow;
  double vectors[N * N];
  memcpy(vectors, ntk->train, sizeof vectors);
  check_ok(wlaw_flow_new(&flow, vectors, N, err));
  regression problem = problem_of(nngp);
  problem.threads = 2;
  check_ok(wlaw_flow_predict(mean, variance, &flow, &problem, time, nngp->train, ntk->cross, NULL, err));
  wlaw_flow_free(&flow);
  wlaw_error_free(err);
}

/* Three features, and a fourth that training points have 1e-8 of and test points fully: its eigenvalue, 1e-16, is below
 * the rounding of the others, and what it moves at test points in a time of 300, 1e-8 * 300 / 14, is not. */
static void make_faint(toy *t) {
  enum { FEATURES = 4 };
  double x[ALL * FEATURES];
  wlaw_stream stream = wlaw_stream_start(12, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, x, ALL * FEATURES);
  for (size_t i = 0; i < N; i++) x[i * FEATURES + 3] *= 1e-8;
  for (size_t i = 0; i < ALL; i++)
    for (size_t j = 0; j < ALL; j++) {
      t->k[i * ALL + j] = 0.0;
      for (size_t f = 0; f < FEATURES; f++) t->k[i * ALL + j] += x[i * FEATURES + f] * x[j * FEATURES + f];
    }
  cut(t);
}

/* 4000 steps of at most h l / (N OUT) = 300 / 4000 * 20 / 14: the error of order h^4 is below 1e-9 of the values, for
 * what has not decayed by then. */
static void flow_is_the_differential_equation(void **state) {
  (void)state;
  toy ntk, nngp;
  make_toy(&nngp, 22);
  for (int run = 0; run < 6; run++) {
    const double time = (double[]){3.0, 30.0, 300.0}[run % 3];
    flow_state s = {{0}, {0}};
    double mean[M * OUT], variance[M];
    if (run < 3) make_toy(&ntk, 21);
    else make_faint(&ntk);
    memcpy(s.covariance, nngp.k, sizeof s.covariance);
    integrate(&s, ntk.k, nngp.y, time, 4000);
    flow_of(mean, variance, &ntk, &nngp, time);
    for (size_t i = 0; i < M; i++) {
      for (size_t o = 0; o < OUT; o++) check_near(mean[i * OUT + o], s.mean[(N + i) * OUT + o], 1e-9);
      check_near(variance[i], s.covariance[(N + i) * (ALL + 1)], 1e-9);
    }
  }
}

static void flow_begins_and_ends_where_it_should(void **state) {
  (void)state;
  toy ntk, nngp;
  double mean[M * OUT], variance[M], want[M * OUT], want_variance[M], k[N * N];
  wlaw_error *err = wlaw_error_new();
  make_toy(&ntk, 31);
  make_toy(&nngp, 32);
  flow_of(mean, variance, &ntk, &nngp, 0.0);
  for (size_t i = 0; i < M; i++) assert_true(variance[i] == nngp.prior[i] && mean[i * OUT] == 0.0);
  /* the end: interpolation by the NTK, whatever the NNGP; with one kernel, its posterior */
  flow_of(mean, variance, &ntk, &nngp, INFINITY);
  regression problem = problem_of(&nngp);
  problem.cross = ntk.cross;
  problem.prior = ntk.prior;
  memcpy(k, ntk.train, sizeof k);
  check_ok(wlaw_regression_posterior(want, want_variance, NULL, &problem, 0.0, k, NULL, err));
  for (size_t i = 0; i < M * OUT; i++) check_near(mean[i], want[i], 1e-12);
  double late[M * OUT];
  flow_of(late, variance, &ntk, &nngp, 1e6);
  for (size_t i = 0; i < M * OUT; i++) check_near(late[i], want[i], 1e-12);
  memcpy(ntk.y, nngp.y, sizeof ntk.y);
  flow_of(mean, variance, &ntk, &ntk, INFINITY);
  for (size_t i = 0; i < M; i++) check_near(variance[i], want_variance[i], 1e-12);
  wlaw_error_free(err);
}

/* A training point that stands twice with one target: an eigenvalue 0. Points 5 and 2 pull twice as hard, and at the
 * end nothing tells them from one. */
static void flow_bears_a_singular_kernel(void **state) {
  (void)state;
  toy t;
  double mean[M * OUT], variance[M], want[M * OUT], want_variance[M], k[(N - 1) * (N - 1)], cross[M * (N - 1)];
  wlaw_error *err = wlaw_error_new();
  make_toy(&t, 41);
  for (size_t j = 0; j < ALL; j++) t.k[6 * ALL + j] = t.k[2 * ALL + j];
  for (size_t j = 0; j < ALL; j++) t.k[j * ALL + 6] = t.k[j * ALL + 2];
  for (size_t o = 0; o < OUT; o++) t.y[6 * OUT + o] = t.y[2 * OUT + o];
  cut(&t);
  for (size_t i = 0; i < N - 1; i++)
    for (size_t j = 0; j < N - 1; j++) k[i * (N - 1) + j] = t.train[i * N + j];
  for (size_t i = 0; i < M; i++)
    for (size_t j = 0; j < N - 1; j++) cross[i * (N - 1) + j] = t.cross[i * N + j];
  regression fewer = problem_of(&t);
  fewer.n = N - 1;
  fewer.cross = cross;
  check_ok(wlaw_regression_posterior(want, want_variance, NULL, &fewer, 0.0, k, NULL, err));
  flow_of(mean, variance, &t, &t, INFINITY);
  for (size_t i = 0; i < M * OUT; i++) check_near(mean[i], want[i], 1e-12);
  for (size_t i = 0; i < M; i++) check_near(variance[i], want_variance[i], 1e-12);
  flow_state s = {{0}, {0}};
  memcpy(s.covariance, t.k, sizeof s.covariance);
  integrate(&s, t.k, t.y, 20.0, 4000);
  flow_of(mean, variance, &t, &t, 20.0);
  for (size_t i = 0; i < M; i++) check_near(mean[i * OUT], s.mean[(N + i) * OUT], 1e-9);
  for (size_t i = 0; i < M; i++) check_near(variance[i], s.covariance[(N + i) * (ALL + 1)], 1e-9);
  memset(&t.k, 0, sizeof t.k); /* no kernel: nothing is learnt, nothing is NaN */
  cut(&t);
  flow_of(mean, variance, &t, &t, INFINITY);
  for (size_t i = 0; i < M; i++) assert_true(mean[i * OUT] == 0.0 && variance[i] == 0.0);
  wlaw_error_free(err);
}

/* Largest |f - y| after 5000 steps of gradient descent with momentum on the training points, or when it is huge. */
static double descend(const toy *t, double rate, double momentum) {
  double f[N] = {0}, velocity[N] = {0}, worst = 0.0;
  for (int step = 0; step < 5000 && worst < 1e6; step++) {
    double gradient[N];
    for (size_t i = 0; i < N; i++) {
      gradient[i] = 0.0;
      for (size_t j = 0; j < N; j++) gradient[i] += t->train[i * N + j] * (f[j] - t->y[j * OUT]) / (N * OUT);
    }
    worst = 0.0;
    for (size_t i = 0; i < N; i++) {
      f[i] += velocity[i] = momentum * velocity[i] - rate * gradient[i];
      worst = fmax(worst, fabs(f[i] - t->y[i * OUT]));
    }
  }
  return worst;
}

static void steps_beyond_the_largest_rate_diverge(void **state) {
  (void)state;
  toy t;
  double vectors[N * N];
  gradient_flow flow;
  wlaw_error *err = wlaw_error_new();
  make_toy(&t, 51);
  memcpy(vectors, t.train, sizeof vectors);
  check_ok(wlaw_flow_new(&flow, vectors, N, err));
  for (double momentum = 0.0; momentum < 1.0; momentum += 0.9) {
    const double largest = wlaw_flow_largest_rate(&flow, OUT, momentum);
    assert_true(descend(&t, 0.99 * largest, momentum) < 1e-6);
    assert_true(descend(&t, 1.01 * largest, momentum) > 1e3);
  }
  wlaw_flow_free(&flow);
  wlaw_error_free(err);
}

static wlaw_status everything(void *context, wlaw_error *err) {
  const toy *t = context;
  double mean[M * OUT], variance[M], evidence, k[N * N];
  const regression problem = problem_of(t);
  gradient_flow flow;
  memcpy(k, t->train, sizeof k);
  WLAW_TRY(wlaw_regression_posterior(mean, variance, &evidence, &problem, 0.1, k, NULL, err));
  memcpy(k, t->train, sizeof k);
  WLAW_TRY(wlaw_flow_new(&flow, k, N, err));
  const wlaw_status status = wlaw_flow_predict(mean, variance, &flow, &problem, 2.0, t->train, t->cross, NULL, err);
  wlaw_flow_free(&flow);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  toy t;
  make_toy(&t, 61);
  alloc_fail_each(everything, &t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(posterior_is_the_inverse),          cmocka_unit_test(evidence_is_a_product_of_predictions),
      cmocka_unit_test(blocks_and_threads_do_not_show),    cmocka_unit_test(twins_are_named),
      cmocka_unit_test(flow_is_the_differential_equation), cmocka_unit_test(flow_begins_and_ends_where_it_should),
      cmocka_unit_test(flow_bears_a_singular_kernel),      cmocka_unit_test(steps_beyond_the_largest_rate_diverge),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
