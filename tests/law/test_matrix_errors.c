/* Standard errors, noise floors, draws and tests by Monte Carlo. Fixed seeds: deterministic. Limits in z, chosen so
 * that a correct program passes any seed with probability above 0.99 (about 60 comparisons at |z| <= 4). */
#include "law/dense.h"
#include "law/matrix.h"
#include "law/nested.h"
#include "study/fit.h"
#include "support/moments.h"

enum { Z_LIMIT = 4 };

/* Draws come from the law they are drawn from: each fitted parameter within Z_LIMIT of its own standard errors. */
static void check_draw(const char *text, size_t rows, size_t cols) {
  enum { NETWORKS = 4000 };
  static double matrices[NETWORKS * 36];
  wlaw_law *law = NULL;
  wlaw_error *err = wlaw_error_new();
  matrix_gaussian truth;
  double want[MATRIX_PARAMETERS], got[MATRIX_PARAMETERS];
  check_ok(wlaw_law_parse(&law, text, err));
  check_ok(wlaw_law_draw(law, matrices, NETWORKS, rows, cols, 5, 0, err));
  check_ok(wlaw_matrix_gaussian(&truth, law, rows, cols, err));
  const matrix_fit fit = fitted(truth.law, matrices, NETWORKS, rows, cols);
  wlaw_matrix_pack(want, &truth);
  wlaw_matrix_pack(got, &fit.gaussian);
  for (size_t k = 0; k < fit.parameters; k++) {
    check_near((got[k] - want[k]) / fit.error[k], 0, Z_LIMIT);
    /* Under the law both errors agree: relative error of a standard deviation is 1/sqrt(2 N) for normal contributions
     * and at most 3 times that for the quadratic ones (kurtosis of chi-squared with 1 degree is 15). */
    check_near(fit.robust[k] / fit.error[k], 1, Z_LIMIT * 3 / sqrt(2.0 * NETWORKS));
  }
  wlaw_law_free(law);
  wlaw_error_free(err);
}

static void draws_have_the_law_they_name(void **state) {
  (void)state;
  check_draw("iid(mean=0.3,variance=2)", 4, 6);
  check_draw("bipartite(mean=0.5,s0=3,rows=0.5,columns=2,entries=1.5)", 4, 6);
  check_draw("bipartite(mean=0.5,s0=3,rows=0.5,columns=2,entries=1.5)", 1, 6);
  static const char thirteen[] =
      "permutation(mean=[0.5,-1],V0=[2,0.7,0.7,1],VH=[1,0.3,0.2,0.3,2,-0.4,0.2,-0.4,0.8],V2=0.6,V3=1.7)";
  for (size_t D = 1; D <= 6; D++) check_draw(thirteen, D, D);
}

/* Spread of the estimates over replicates against the errors of one fit's formulas, at iid normal weights. */
static void errors_are_the_spread_of_fits(void **state) {
  (void)state;
  enum { REPLICATES = 3000, NETWORKS = 20, D = 5 };
  static double matrices[NETWORKS * D * D];
  double mean[MATRIX_PARAMETERS] = {0}, square[MATRIX_PARAMETERS] = {0}, values[MATRIX_PARAMETERS];
  matrix_fit truth = {.networks = NETWORKS};
  for (uint32_t r = 0; r < REPLICATES; r++) {
    wlaw_stream stream = wlaw_stream_start(31, STREAM_TEST, r, 0);
    wlaw_stream_normals(&stream, matrices, NETWORKS * D * D);
    truth = fitted(&wlaw_law_permutation, matrices, NETWORKS, D, D);
    wlaw_matrix_pack(values, &truth.gaussian);
    for (size_t k = 0; k < 13; k++) {
      mean[k] += values[k] / REPLICATES;
      square[k] += values[k] * values[k] / REPLICATES;
    }
  }
  const double N = NETWORKS, n = D, v0 = (N - 1) / (N * N), vh = 1 / (N * (n - 1));
  const double d2 = n * (n - 3) / 2, d3 = (n - 1) * (n - 2) / 2;
  const double variance[13] = {1 / N, 1 / N,  2 * v0, v0,     2 * v0,       2 * vh,      vh,
                               vh,    2 * vh, vh,     2 * vh, 2 / (N * d2), 2 / (N * d3)};
  for (size_t k = 0; k < 13; k++) {
    /* the variance of a sample variance of R values is (kurtosis - 1) v^2 / R; kurtosis below 3.8 here */
    const double got = square[k] - mean[k] * mean[k];
    check_near(got / variance[k], 1, Z_LIMIT * sqrt(2.8 / REPLICATES));
  }
}

/* Variances of the quadratic invariants of one iid matrix with moments w2, w4 (uniform on [-1, 1]: 1/3, 1/5). */
static void invariants_fluctuate_as_derived(void **state) {
  (void)state;
  enum { NETWORKS = 20000, D = 4 };
  static double matrices[NETWORKS * D * D], q[NETWORKS * MOMENTS_MOST];
  const double n = D, w2 = 1.0 / 3, w4 = 1.0 / 5;
  wlaw_stream stream = wlaw_stream_start(32, STREAM_TEST, 0, 0);
  for (size_t e = 0; e < NETWORKS * D * D; e++) matrices[e] = 2 * wlaw_stream_uniform(&stream) - 1;
  double mean[13] = {0}, square[13] = {0}, fourth[13] = {0};
  matrix_moments one;
  wlaw_moments_start(&one, D, D, NULL);
  assert_int_equal(wlaw_moments_measure(q, &one, matrices, NETWORKS, wlaw_cpu_level(), NULL), WLAW_OK);
  static double values[NETWORKS][13];
  for (size_t k = 0; k < NETWORKS; k++) {
    wlaw_moments_start(&one, D, D, NULL);
    wlaw_moments_add(&one, q + k * 13, 1);
    assert_true(wlaw_moments_invariants(values[k], &one));
    for (size_t a = 0; a < 13; a++) mean[a] += values[k][a] / NETWORKS;
  }
  for (size_t k = 0; k < NETWORKS; k++)
    for (size_t a = 0; a < 13; a++) {
      const double d = values[k][a] - mean[a];
      square[a] += d * d / NETWORKS;
      fourth[a] += d * d * d * d / NETWORKS;
    }
  const double i4 = n * w4 + n * (2 * n - 3) * w2 * w2, i7 = n * n * w4 + n * n * (2 * n - 3) * w2 * w2,
               i9 = n * w4 + n * (n * n + n - 3) * w2 * w2, i10 = n * n * w4 + n * n * (2 * n * n - 3) * w2 * w2,
               i12 = n * w4 + n * (2 * n - 3) * w2 * w2;
  const struct {
    size_t at;
    double variance;
  } cases[] = {{3, i4}, {6, i7}, {7, i7}, {8, i9}, {12, i9}, {9, i10}, {11, i12}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const size_t a = cases[c].at;
    const double error = sqrt((fourth[a] - square[a] * square[a]) / NETWORKS);
    check_near((square[a] - cases[c].variance) / error, 0, Z_LIMIT);
  }
}

/* The mean of W2^2 between fits to iid weights and the law itself: 7.5, 3 and 1.5 sigma^2 / N to order 1/N. */
static void noise_floors(void **state) {
  (void)state;
  enum { REPLICATES = 2000, NETWORKS = 200, D = 4 };
  static const struct {
    const law_ops *law;
    double want;
  } cases[] = {{&wlaw_law_permutation, 7.5}, {&wlaw_law_bipartite, 3}, {&wlaw_law_iid, 1.5}};
  matrix_gaussian exact = {.law = &wlaw_law_iid};
  assert_int_equal(wlaw_law_iid.matrix->layout(&exact.layout, D, D, NULL), WLAW_OK);
  exact.covariance[0][0] = 1;
  for (size_t c = 0; c < 3; c++) {
    double mean = 0, square = 0;
    matrix_gaussian reference;
    matrix_layout layout;
    assert_int_equal(wlaw_matrix_embed(&reference, &exact, cases[c].law, NULL), WLAW_OK);
    assert_int_equal(cases[c].law->matrix->layout(&layout, D, D, NULL), WLAW_OK);
    check_near(wlaw_matrix_noise_floor(&reference, NETWORKS), cases[c].want / NETWORKS, 1e-14);
    for (uint32_t r = 0; r < REPLICATES; r++) {
      matrix_moments drawn;
      matrix_gaussian fit;
      wlaw_stream stream = wlaw_stream_start(33, STREAM_TEST, r, (uint32_t)c);
      wlaw_nested_draw(&drawn, D, D, NETWORKS, &stream);
      wlaw_matrix_estimate(&fit, cases[c].law, &layout, &drawn);
      const double w2 = wlaw_matrix_wasserstein_squared(NULL, &fit, &reference) * NETWORKS;
      mean += w2 / REPLICATES;
      square += w2 * w2 / REPLICATES;
    }
    const double error = sqrt((square - mean * mean) / REPLICATES);
    /* terms of order 1/N^2 add at most about 1/N of the floor */
    check_near(mean, cases[c].want, Z_LIMIT * error + cases[c].want / NETWORKS);
  }
}

/* The statistics drawn directly have the law of those measured on normal matrices: means and variances of the
 * likelihood ratio from both routes. */
static void simulated_statistics_are_measured_ones(void **state) {
  (void)state;
  enum { REPLICATES = 3000, NETWORKS = 5, D = 4 };
  static double matrices[NETWORKS * D * D];
  double mean[2][2] = {{0}}, square[2][2] = {{0}};
  for (uint32_t r = 0; r < REPLICATES; r++)
    for (int route = 0; route < 2; route++) {
      matrix_moments moments;
      matrix_layout layout;
      wlaw_stream stream = wlaw_stream_start(34, STREAM_TEST, r, (uint32_t)route);
      if (route) {
        wlaw_nested_draw(&moments, D, D, NETWORKS, &stream);
      } else {
        wlaw_stream_normals(&stream, matrices, NETWORKS * D * D);
        moments = measured(NULL, matrices, NETWORKS, D, D);
      }
      double last = 0;
      static const law_ops *const laws[] = {&wlaw_law_iid, &wlaw_law_bipartite, &wlaw_law_permutation};
      for (int k = 0; k < 3; k++) {
        matrix_gaussian fit;
        assert_int_equal(laws[k]->matrix->layout(&layout, D, D, NULL), WLAW_OK);
        wlaw_matrix_estimate(&fit, laws[k], &layout, &moments);
        const double now = wlaw_matrix_log_likelihood(&fit, NETWORKS), ratio = 2 * (now - last);
        last = now;
        if (k == 0) continue;
        mean[route][k - 1] += ratio / REPLICATES;
        square[route][k - 1] += ratio * ratio / REPLICATES;
      }
    }
  for (int k = 0; k < 2; k++) {
    double variance[2];
    for (int route = 0; route < 2; route++) variance[route] = square[route][k] - mean[route][k] * mean[route][k];
    check_near((mean[0][k] - mean[1][k]) / sqrt((variance[0] + variance[1]) / REPLICATES), 0, Z_LIMIT);
    /* kurtosis of the ratio is below 6: its log variance has variance 5 / R on each side */
    check_near(log(variance[0] / variance[1]), 0, Z_LIMIT * sqrt(10.0 / REPLICATES));
  }
}

/* The test rejects a true null at its nominal rate: with the simulated null at 5 networks, with chi-squared at 60
 * (documented size at 50: about 5 %). The statistic is pivotal: the null here is far from standard normal. */
static void size_of_the_tests(void **state) {
  (void)state;
  enum { REPLICATES = 400, D = 4 };
  static double matrices[60 * D * D];
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  check_ok(wlaw_law_parse(&law, "bipartite(mean=3,s0=9,rows=0.2,columns=4,entries=1.5)", err));
  static const size_t networks[] = {5, 60};
  for (int n = 0; n < 2; n++) {
    double rejected = 0;
    for (uint32_t r = 0; r < REPLICATES; r++) {
      nested_test test;
      check_ok(wlaw_law_draw(law, matrices, networks[n], D, D, 600 + (uint64_t)n, r * 100, err));
      const matrix_moments moments = measured(NULL, matrices, networks[n], D, D);
      assert_true(wlaw_nested_test(&test, &wlaw_law_bipartite, &wlaw_law_permutation, &moments, 1));
      assert_int_equal(test.df, 8);
      assert_int_equal(test.simulated, networks[n] < NESTED_CHI_SQUARED_FROM);
      rejected += test.p_value < 0.05;
    }
    /* chi-squared at 60 networks: true size about 0.055 */
    check_near(rejected / REPLICATES, 0.05, Z_LIMIT * sqrt(0.05 * 0.95 / REPLICATES) + 0.005);
  }
  wlaw_law_free(law);
  wlaw_error_free(err);
}

/* And it sees what is there: weights with row effects are not iid. */
static void tests_have_power(void **state) {
  (void)state;
  enum { NETWORKS = 60, D = 6 };
  static double matrices[NETWORKS * D * D];
  wlaw_error *err = wlaw_error_new();
  matrix_study study;
  dense_sample(matrices, NETWORKS, D, D, 0, 0.5, 50); /* every structure: only permutation is true */
  matrix_moments moments = measured(NULL, matrices, NETWORKS, D, D);
  check_ok(wlaw_study_fit(&study, &moments, NULL, 1, err));
  assert_int_equal(study.n_fits, 3);
  assert_int_equal(study.by_bic, 2);
  assert_int_equal(study.by_test, 2);
  for (int k = 0; k < 2; k++) assert_true(study.tests[k].p_value < 1e-6);
  wlaw_stream stream = wlaw_stream_start(35, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, matrices, NETWORKS * D * D);
  moments = measured(NULL, matrices, NETWORKS, D, D);
  check_ok(wlaw_study_fit(&study, &moments, NULL, 1, err));
  assert_int_equal(study.by_bic, 0);
  assert_int_equal(study.by_test, 0);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_have_the_law_they_name),
      cmocka_unit_test(errors_are_the_spread_of_fits),
      cmocka_unit_test(invariants_fluctuate_as_derived),
      cmocka_unit_test(noise_floors),
      cmocka_unit_test(simulated_statistics_are_measured_ones),
      cmocka_unit_test(size_of_the_tests),
      cmocka_unit_test(tests_have_power),
  };
  return cmocka_run_group_tests_name("law.matrix_errors", tests, NULL, NULL);
}
