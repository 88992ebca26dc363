/* The matrix laws against brute force: group averages of D^2 x D^2 covariances, dense densities and distances. */
#include "law/dense.h"
#include "law/matrix.h"
#include "support/moments.h"

enum { NETWORKS = 40 };

/* Orthonormal maps from matrices onto the copies, written from the definitions. T: [k, D^2] rows. */
static void trivial_copies(double T[2][DENSE_MOST], size_t D) {
  const double n = (double)D;
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++) {
      T[0][i * D + j] = 1 / n;
      T[1][i * D + j] = ((i == j) - 1 / n) / sqrt(n - 1);
    }
}

/* v_a of the matrix unit E_ij, centred: columns, rows, diagonal. */
static void standard_copy(double *v, size_t a, size_t i, size_t j, size_t D) {
  const double n = (double)D;
  for (size_t k = 0; k < D; k++) {
    const double x = (k == j) - 1 / n, y = (k == i) - 1 / n, z = i == j ? (k == i) - 1 / n : 0;
    v[k] = a == 0 ? x / sqrt(n) : a == 1 ? y / sqrt(n) : sqrt(n / (n - 2)) * (z - x / n - y / n);
  }
}

/* <v_a . v_b> over a covariance, divided by D - 1. */
static double standard_block(const double *C, size_t a, size_t b, size_t D) {
  double sum = 0, va[6], vb[6];
  for (size_t e = 0; e < D * D; e++)
    for (size_t f = 0; f < D * D; f++) {
      standard_copy(va, a, e / D, e % D, D);
      standard_copy(vb, b, f / D, f % D, D);
      for (size_t k = 0; k < D; k++) sum += C[e * D * D + f] * va[k] * vb[k];
    }
  return sum / ((double)D - 1);
}

/* tr C over the (anti)symmetric matrices. */
static double parity_trace(const double *C, size_t D, double sign) {
  double sum = 0;
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++)
      sum += 0.5 * (C[(i * D + j) * D * D + i * D + j] + sign * C[(i * D + j) * D * D + j * D + i]);
  return sum;
}

static void check_block(const double *got, const double *want, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(want[i]));
  for (size_t i = 0; i < n; i++) check_near(got[i], want[i], 1e-9 * largest);
}

static void check_permutation(size_t D, double level) {
  static double matrices[NETWORKS * DENSE_MOST];
  static dense_law dense;
  const double n = (double)D;
  dense_sample(matrices, NETWORKS, D, D, level, 0.3 * level, 1);
  dense_fit(&dense, matrices, NETWORKS, D, D, true);
  const matrix_fit fit = fitted(&wlaw_law_permutation, matrices, NETWORKS, D, D);
  const double *C = dense.covariance;
  const size_t size = D * D;
  double T[2][DENSE_MOST], mean[2] = {0}, V0[4] = {0}, VH[9];
  trivial_copies(T, D);
  for (size_t a = 0; a < 2; a++)
    for (size_t e = 0; e < size; e++) {
      mean[a] += T[a][e] * dense.mean[e];
      for (size_t b = 0; b < 2; b++)
        for (size_t f = 0; f < size; f++) V0[2 * a + b] += T[a][e] * C[e * size + f] * T[b][f];
    }
  check_block(fit.gaussian.mean, mean, 2);
  check_block(fit.gaussian.covariance[0], V0, 4);
  for (size_t a = 0; a < 3; a++)
    for (size_t b = 0; b < 3; b++) VH[3 * a + b] = standard_block(C, a, b, D);
  check_block(fit.gaussian.covariance[1], VH, 9);
  const double even = parity_trace(C, D, 1), odd = parity_trace(C, D, -1);
  const double plus = (VH[0] + 2 * VH[1] + VH[4]) / 2, minus = (VH[0] - 2 * VH[1] + VH[4]) / 2;
  const double V2 = (even - V0[0] - V0[3] - (n - 1) * (plus + VH[8])) / (n * (n - 3) / 2);
  const double V3 = (odd - (n - 1) * minus) / ((n - 1) * (n - 2) / 2);
  check_near(fit.gaussian.covariance[2][0], V2, 1e-9 * V2);
  check_near(fit.gaussian.covariance[3][0], V3, 1e-9 * V3);
  assert_int_equal(fit.parameters, 13);
  const double likelihood = dense_log_likelihood(&dense, matrices, NETWORKS);
  check_near(fit.log_likelihood, likelihood, 1e-9 * fabs(likelihood));
  check_near(fit.aic, 26 - 2 * likelihood, 1e-9 * fabs(likelihood));
  check_near(fit.bic, 13 * log(NETWORKS) - 2 * likelihood, 1e-9 * fabs(likelihood));
}

static void permutation_is_the_group_average(void **state) {
  (void)state;
  for (size_t D = 4; D <= 6; D++) {
    check_permutation(D, 0.2);
    check_permutation(D, 1000.0);
  }
}

static void distances_are_dense_distances(void **state) {
  (void)state;
  static double a[NETWORKS * DENSE_MOST], b[NETWORKS * DENSE_MOST];
  static dense_law A, B;
  for (size_t D = 4; D <= 6; D++)
    for (int far = 0; far < 2; far++) {
      dense_sample(a, NETWORKS, D, D, far * 1000.0, 1, 2);
      dense_sample(b, NETWORKS, D, D, far * 1000.0 + 0.1, 0, 3);
      for (size_t e = 0; e < NETWORKS * D * D; e++) b[e] = far * 1000.0 + 1.7 * (b[e] - far * 1000.0);
      const matrix_fit fa = fitted(&wlaw_law_permutation, a, NETWORKS, D, D);
      const matrix_fit fb = fitted(&wlaw_law_permutation, b, NETWORKS, D, D);
      dense_fit(&A, a, NETWORKS, D, D, true);
      dense_fit(&B, b, NETWORKS, D, D, true);
      double parts[1 + MATRIX_BLOCKS], total = 0;
      const double want = dense_wasserstein_squared(&A, &B);
      const double got = wlaw_matrix_wasserstein_squared(parts, &fa.gaussian, &fb.gaussian);
      check_near(got, want, 1e-9 * want);
      for (size_t k = 0; k < 1 + MATRIX_BLOCKS; k++) total += parts[k];
      check_near(total, got, 1e-15 * got);
      check_near(wlaw_matrix_wasserstein_squared(NULL, &fb.gaussian, &fa.gaussian), want, 1e-9 * want);
      assert_true(wlaw_matrix_wasserstein_squared(NULL, &fa.gaussian, &fa.gaussian) == 0.0);
      const double ab = dense_kl(&A, &B), ba = dense_kl(&B, &A);
      check_near(wlaw_matrix_kl(&fa.gaussian, &fb.gaussian), ab, 1e-9 * ab);
      check_near(wlaw_matrix_kl(&fb.gaussian, &fa.gaussian), ba, 1e-9 * ba);
    }
}

static void bipartite_is_the_group_average(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{4, 5}, {5, 4}, {4, 4}, {6, 2}, {2, 6}};
  static double a[NETWORKS * DENSE_MOST], b[NETWORKS * DENSE_MOST];
  static dense_law A, B;
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    for (int far = 0; far < 2; far++) {
      const size_t m = shapes[s][0], n = shapes[s][1], size = m * n;
      dense_sample(a, NETWORKS, m, n, far * 1000.0, 0.5, 4);
      dense_sample(b, NETWORKS, m, n, far * 1000.0 + 1, 0, 5);
      for (size_t e = 0; e < NETWORKS * size; e++) b[e] = far * 1000.0 + 0.6 * (b[e] - far * 1000.0);
      dense_fit(&A, a, NETWORKS, m, n, false);
      dense_fit(&B, b, NETWORKS, m, n, false);
      const matrix_fit fa = fitted(&wlaw_law_bipartite, a, NETWORKS, m, n);
      const matrix_fit fb = fitted(&wlaw_law_bipartite, b, NETWORKS, m, n);
      /* Along the vectors u (x) w with u, w constant or a difference of two coordinates. */
      for (size_t block = 0; block < 4; block++) {
        double T[DENSE_MOST], value = 0;
        for (size_t i = 0; i < m; i++)
          for (size_t j = 0; j < n; j++) {
            const double u = block & 1 ? ((i == 0) - (double)(i == 1)) / sqrt(2) : 1 / sqrt((double)m);
            const double w = block & 2 ? ((j == 0) - (double)(j == 1)) / sqrt(2) : 1 / sqrt((double)n);
            T[i * n + j] = u * w;
          }
        for (size_t e = 0; e < size; e++)
          for (size_t f = 0; f < size; f++) value += T[e] * A.covariance[e * size + f] * T[f];
        check_near(fa.gaussian.covariance[block][0], value, 1e-9 * value);
      }
      check_near(fa.gaussian.mean[0], A.mean[0] * sqrt((double)size), 1e-9 * fmax(1, fabs(A.mean[0])));
      const double likelihood = dense_log_likelihood(&A, a, NETWORKS), w2 = dense_wasserstein_squared(&A, &B);
      check_near(fa.log_likelihood, likelihood, 1e-9 * fabs(likelihood));
      check_near(wlaw_matrix_wasserstein_squared(NULL, &fa.gaussian, &fb.gaussian), w2, 1e-9 * w2);
      check_near(wlaw_matrix_kl(&fa.gaussian, &fb.gaussian), dense_kl(&A, &B), 1e-9 * dense_kl(&A, &B));
    }
}

/* Direct two-pass mean and variance over all entries; the likelihood from its definition. */
static void iid_is_the_plain_normal(void **state) {
  (void)state;
  static double a[NETWORKS * DENSE_MOST];
  for (int far = 0; far < 2; far++) {
    const size_t m = 3, n = 5, total = NETWORKS * m * n;
    dense_sample(a, NETWORKS, m, n, far * 1000.0, 0, 6);
    long double mean = 0, variance = 0;
    for (size_t e = 0; e < total; e++) mean += (long double)a[e] / (long double)total;
    for (size_t e = 0; e < total; e++) variance += (a[e] - mean) * (a[e] - mean) / (long double)total;
    const matrix_fit fit = fitted(&wlaw_law_iid, a, NETWORKS, m, n);
    check_near(fit.gaussian.mean[0] / fit.gaussian.layout.mean_unit, (double)mean, 1e-12 * fmax(1, fabs((double)mean)));
    check_near(fit.gaussian.covariance[0][0], (double)variance, 1e-11 * (double)variance);
    const double likelihood = -0.5 * (double)total * (1 + log(2 * acos(-1.0) * (double)variance));
    check_near(fit.log_likelihood, likelihood, 1e-11 * fabs(likelihood));
  }
}

/* The narrower law fitted, then written as the wider ones, is the same distribution: dense covariance and density. */
static void narrower_laws_embed(void **state) {
  (void)state;
  static double a[NETWORKS * DENSE_MOST], b[NETWORKS * DENSE_MOST];
  static dense_law A, B;
  for (size_t D = 4; D <= 6; D++) {
    dense_sample(a, NETWORKS, D, D, 0.3, 0.5, 7);
    dense_sample(b, NETWORKS, D, D, 0.1, 0.2, 8);
    dense_fit(&A, a, NETWORKS, D, D, false);
    dense_fit(&B, b, NETWORKS, D, D, true);
    const matrix_fit narrow = fitted(&wlaw_law_bipartite, a, NETWORKS, D, D);
    const matrix_fit wide = fitted(&wlaw_law_permutation, b, NETWORKS, D, D);
    matrix_gaussian embedded;
    assert_int_equal(wlaw_matrix_embed(&embedded, &narrow.gaussian, &wlaw_law_permutation, NULL), WLAW_OK);
    const double w2 = dense_wasserstein_squared(&A, &B), kl = dense_kl(&A, &B);
    check_near(wlaw_matrix_wasserstein_squared(NULL, &embedded, &wide.gaussian), w2, 1e-9 * w2);
    check_near(wlaw_matrix_kl(&embedded, &wide.gaussian), kl, 1e-9 * kl);
    check_near(wlaw_matrix_log_likelihood(&embedded, NETWORKS), narrow.log_likelihood,
               1e-12 * fabs(narrow.log_likelihood));

    const matrix_fit plain = fitted(&wlaw_law_iid, a, NETWORKS, D, D);
    double mean = plain.gaussian.mean[0] / (double)D;
    memset(A.covariance, 0, sizeof A.covariance);
    for (size_t e = 0; e < D * D; e++) {
      A.mean[e] = mean;
      A.covariance[e * D * D + e] = plain.gaussian.covariance[0][0];
    }
    assert_int_equal(wlaw_matrix_embed(&embedded, &plain.gaussian, &wlaw_law_permutation, NULL), WLAW_OK);
    check_near(wlaw_matrix_kl(&embedded, &wide.gaussian), dense_kl(&A, &B), 1e-9 * dense_kl(&A, &B));
    assert_int_equal(wlaw_matrix_embed(&embedded, &wide.gaussian, &wlaw_law_bipartite, NULL), WLAW_ARGUMENT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(permutation_is_the_group_average),
      cmocka_unit_test(distances_are_dense_distances),
      cmocka_unit_test(bipartite_is_the_group_average),
      cmocka_unit_test(iid_is_the_plain_normal),
      cmocka_unit_test(narrower_laws_embed),
  };
  return cmocka_run_group_tests_name("law.matrix_dense", tests, NULL, NULL);
}
