/* Small sizes, single networks, and what is not determined: fewer parameters, null likelihoods with a reason. */
#include "core/error.h"
#include "law/dense.h"
#include "law/matrix.h"
#include "law/nested.h"

static matrix_fit fitted(const law_ops *law, const double *matrices, size_t networks, size_t rows, size_t cols) {
  static double q[200 * MOMENTS_MOST];
  double pivot[2];
  matrix_moments state;
  matrix_fit fit;
  wlaw_moments_pivot(pivot, matrices, rows, cols);
  wlaw_moments_start(&state, rows, cols, pivot);
  assert_int_equal(wlaw_moments_measure(q, &state, matrices, networks, wlaw_cpu_level(), NULL), WLAW_OK);
  wlaw_moments_add(&state, q, networks);
  assert_int_equal(wlaw_matrix_fit(&fit, law, &state, NULL), WLAW_OK);
  return fit;
}

/* D = 1, 2, 3: 2, 8, 12 parameters, and still the dense likelihood of the group average. */
static void few_rows_have_few_parameters(void **state) {
  (void)state;
  enum { NETWORKS = 30 };
  static const size_t parameters[] = {0, 2, 8, 12, 13};
  static double matrices[NETWORKS * 16];
  static dense_law dense;
  for (size_t D = 1; D <= 4; D++) {
    dense_sample(matrices, NETWORKS, D, D, 0.5, 0.2, 40);
    dense_fit(&dense, matrices, NETWORKS, D, D, true);
    const matrix_fit fit = fitted(&wlaw_law_permutation, matrices, NETWORKS, D, D);
    assert_int_equal(fit.parameters, parameters[D]);
    const double want = dense_log_likelihood(&dense, matrices, NETWORKS);
    check_near(fit.log_likelihood, want, 1e-10 * fabs(want));
    size_t dimensions = 0;
    for (size_t b = 0; b < fit.gaussian.layout.n_blocks; b++)
      dimensions += fit.gaussian.layout.blocks[b].copies * fit.gaussian.layout.blocks[b].dimension;
    assert_int_equal(dimensions, D * D);
  }
}

/* One row, one column, one entry: blocks that do not exist leave no parameter. */
static void thin_matrices(void **state) {
  (void)state;
  enum { NETWORKS = 30 };
  static const struct {
    size_t rows, cols, parameters;
  } cases[] = {{1, 5, 3}, {5, 1, 3}, {1, 1, 2}, {2, 2, 5}, {2, 3, 5}};
  static double matrices[NETWORKS * 16];
  static dense_law dense;
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    dense_sample(matrices, NETWORKS, cases[c].rows, cases[c].cols, 0.5, 0.2, 41);
    dense_fit(&dense, matrices, NETWORKS, cases[c].rows, cases[c].cols, false);
    const matrix_fit fit = fitted(&wlaw_law_bipartite, matrices, NETWORKS, cases[c].rows, cases[c].cols);
    assert_int_equal(fit.parameters, cases[c].parameters);
    const double want = dense_log_likelihood(&dense, matrices, NETWORKS);
    check_near(fit.log_likelihood, want, 1e-10 * fabs(want));
  }
}

/* One matrix determines V_H, V2, V3 (8 of 13) and nothing of the mean and V0; iid it determines whole. */
static void one_network(void **state) {
  (void)state;
  double matrix[36];
  dense_sample(matrix, 1, 6, 6, 0.5, 0.2, 42);
  const matrix_fit fit = fitted(&wlaw_law_permutation, matrix, 1, 6, 6);
  assert_false(fit.mean_determined);
  assert_false(fit.determined[0]);
  for (size_t b = 1; b < 4; b++) assert_true(fit.determined[b]);
  for (size_t k = 0; k < 5; k++) assert_true(isnan(fit.error[k]));
  for (size_t k = 5; k < 13; k++) assert_true(fit.error[k] > 0);
  for (size_t k = 0; k < 13; k++) assert_true(isnan(fit.robust[k]));
  assert_true(isnan(fit.log_likelihood) && isnan(fit.aic) && isnan(fit.bic));
  assert_non_null(strstr(fit.reason, "V0"));
  /* 2 V_H / ... of the same matrix by the group average */
  static dense_law dense;
  dense_fit(&dense, matrix, 1, 6, 6, true);
  double total = 0, fitted_total = 0;
  for (size_t e = 0; e < 36; e++) total += dense.covariance[e * 36 + e];
  for (size_t b = 0; b < 4; b++)
    for (size_t a = 0; a < fit.gaussian.layout.blocks[b].copies; a++)
      fitted_total += (double)fit.gaussian.layout.blocks[b].dimension *
                      fit.gaussian.covariance[b][a * fit.gaussian.layout.blocks[b].copies + a];
  check_near(fitted_total, total, 1e-12 * total);

  const matrix_fit plain = fitted(&wlaw_law_iid, matrix, 1, 6, 6);
  assert_true(plain.mean_determined && plain.determined[0] && isfinite(plain.log_likelihood));
  const matrix_fit both = fitted(&wlaw_law_bipartite, matrix, 1, 6, 6);
  assert_true(!both.mean_determined && !both.determined[0] && both.determined[1] && both.determined[3]);
}

/* The likelihood needs N >= 3 and N(D-1) >= 3, and matrices that vary in every direction. */
static void likelihood_where_it_exists(void **state) {
  (void)state;
  double matrices[4 * 36];
  dense_sample(matrices, 4, 6, 6, 0.5, 0.2, 43);
  assert_true(isnan(fitted(&wlaw_law_permutation, matrices, 2, 6, 6).log_likelihood));
  assert_true(isfinite(fitted(&wlaw_law_permutation, matrices, 3, 6, 6).log_likelihood));
  /* D = 2: two copies of V_H, so N (D - 1) >= 2 holds from N = 3 on */
  dense_sample(matrices, 4, 2, 2, 0.5, 0.2, 44);
  assert_true(isnan(fitted(&wlaw_law_permutation, matrices, 2, 2, 2).log_likelihood));
  assert_true(isfinite(fitted(&wlaw_law_permutation, matrices, 3, 2, 2).log_likelihood));
  /* symmetric matrices: V3 and one direction of V_H are zero */
  dense_sample(matrices, 4, 6, 6, 0.5, 0.2, 45);
  for (size_t k = 0; k < 4; k++)
    for (size_t i = 0; i < 6; i++)
      for (size_t j = 0; j < i; j++) matrices[k * 36 + i * 6 + j] = matrices[k * 36 + j * 6 + i];
  const matrix_fit symmetric = fitted(&wlaw_law_permutation, matrices, 4, 6, 6);
  assert_true(isnan(symmetric.log_likelihood));
  assert_true(strlen(symmetric.reason) > 0);
  /* equal networks: V0 = 0 */
  for (size_t k = 1; k < 4; k++) memcpy(matrices + k * 36, matrices, 36 * sizeof *matrices);
  assert_true(isnan(fitted(&wlaw_law_bipartite, matrices, 4, 6, 6).log_likelihood));
}

/* Degrees of freedom of the nested tests at every kind of size; no test where the laws coincide. */
static void degrees_of_freedom(void **state) {
  (void)state;
  static const struct {
    size_t rows, cols, iid_in_bipartite, bipartite_in_permutation;
  } cases[] = {{6, 6, 3, 8}, {3, 3, 3, 7}, {2, 2, 3, 3}, {1, 1, 0, 0}, {1, 4, 1, 0}, {4, 1, 1, 0}, {2, 5, 3, 0}};
  static double matrices[60 * 36], q[60 * MOMENTS_MOST];
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    matrix_moments moments;
    nested_test test;
    dense_sample(matrices, 60, cases[c].rows, cases[c].cols, 0, 0, 46);
    wlaw_moments_start(&moments, cases[c].rows, cases[c].cols, NULL);
    assert_int_equal(wlaw_moments_measure(q, &moments, matrices, 60, wlaw_cpu_level(), NULL), WLAW_OK);
    wlaw_moments_add(&moments, q, 60);
    const bool low = wlaw_nested_test(&test, &wlaw_law_iid, &wlaw_law_bipartite, &moments, 1);
    assert_int_equal(low ? test.df : 0, cases[c].iid_in_bipartite);
    const bool high = wlaw_nested_test(&test, &wlaw_law_bipartite, &wlaw_law_permutation, &moments, 1);
    assert_int_equal(high ? test.df : 0, cases[c].bipartite_in_permutation);
  }
}

static void wrong_uses_are_errors(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  matrix_moments moments;
  matrix_fit fit;
  wlaw_law *law = NULL;
  matrix_gaussian gaussian;
  wlaw_moments_start(&moments, 3, 4, NULL);
  check_status(wlaw_matrix_fit(&fit, &wlaw_law_iid, &moments, err), WLAW_VALUE); /* no network */
  moments.count = 3;
  check_status(wlaw_matrix_fit(&fit, &wlaw_law_permutation, &moments, err), WLAW_SHAPE);
  assert_string_equal(wlaw_error_hint(err), "the law bipartite takes any shape");
  check_status(wlaw_law_parse(&law, "permutaton(V2=1)", err), WLAW_NAME);
  assert_non_null(strstr(wlaw_error_message(err), "permutation"));
  check_status(wlaw_law_parse(&law, "permutation(V0=[1,2,0,1])", err), WLAW_ARGUMENT); /* not symmetric */
  check_status(wlaw_law_parse(&law, "permutation(V0=[1,2,2,1])", err), WLAW_ARGUMENT); /* not positive */
  check_status(wlaw_law_parse(&law, "permutation(VH=[1,0,0,1])", err), WLAW_ARGUMENT); /* 4 of 9 numbers */
  check_status(wlaw_law_parse(&law, "bipartite(s0=-1)", err), WLAW_ARGUMENT);
  check_ok(wlaw_law_parse(&law, "bipartite(s0=1)", err));
  check_status(wlaw_matrix_gaussian(&gaussian, law, 3, 4, err), WLAW_ARGUMENT); /* rows and so on are not set */
  wlaw_law_free(law);
  wlaw_error_free(err);
}

/* Entry laws become the Gaussian law of their mean and variance. */
static void initialisers_are_references(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  matrix_gaussian gaussian;
  check_ok(wlaw_law_parse(&law, "normal(gain=1,fan=in)", err));
  check_ok(wlaw_matrix_gaussian(&gaussian, law, 5, 20, err));
  assert_ptr_equal(gaussian.law, &wlaw_law_iid);
  check_near(gaussian.covariance[0][0], 1.0 / 20, 1e-16);
  check_near(gaussian.mean[0], 0, 0);
  wlaw_law_free(law);
  check_ok(wlaw_law_parse(&law, "iid(mean=2,variance=3)", err));
  check_ok(wlaw_matrix_gaussian(&gaussian, law, 5, 20, err));
  check_near(gaussian.mean[0], 20, 1e-14);
  check_near(gaussian.covariance[0][0], 3, 0);
  wlaw_law_free(law);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(few_rows_have_few_parameters),
      cmocka_unit_test(thin_matrices),
      cmocka_unit_test(one_network),
      cmocka_unit_test(likelihood_where_it_exists),
      cmocka_unit_test(degrees_of_freedom),
      cmocka_unit_test(wrong_uses_are_errors),
      cmocka_unit_test(initialisers_are_references),
  };
  return cmocka_run_group_tests_name("law.matrix_small", tests, NULL, NULL);
}
