/* The laws of symmetric, antisymmetric and zero-diagonal matrices against brute force: group averages of covariances,
 * densities and distances on the space, both kinds of standard errors, and the permutation law they are inside of. */
#include "law/spaces.h"
#include "study/fit.h"

enum { NETWORKS = 40 };

static const size_t parameters[RELATIVES][7] = {
    {0, 2, 6, 8, 9, 9, 9}, {0, 0, 2, 3, 4, 4, 4}, {0, 0, 3, 6, 7, 7, 7}, {0, 0, 1, 2, 2, 2, 2}};
static const size_t directions[RELATIVES][7] = {
    {0, 1, 3, 6, 10, 15, 21}, {0, 0, 1, 3, 6, 10, 15}, {0, 0, 2, 6, 12, 20, 30}, {0, 0, 1, 3, 6, 10, 15}};

static void sample(double *out, const law_ops *law, size_t networks, size_t D, double level, uint32_t major) {
  dense_sample(out, networks, D, D, level, 0.3 * level + 0.2, major);
  for (size_t k = 0; k < networks; k++) into_space(out + k * D * D, law, D);
}

/* The dense law in the coordinates of the basis, and the matrices too. Sums stay short of the mean's digits: the group
 * average is formed about its own mean. */
static void dense_of(dense_law *reduced, double *coordinates, const space_forms *f, const double *matrices) {
  static dense_law dense;
  dense_fit(&dense, matrices, NETWORKS, f->D, f->D, true);
  reduce(reduced, f, &dense);
  for (size_t k = 0; k < NETWORKS && coordinates; k++)
    for (size_t a = 0; a < f->basis_size; a++) {
      double sum = 0;
      for (size_t e = 0; e < f->size; e++) sum += f->basis[a][e] * matrices[k * f->size + e];
      coordinates[k * f->basis_size + a] = sum;
    }
}

/* Errors by their definitions. Under the law the variance of a mean over N networks of (M - mean)' Q (M - mean) is
 * 2 tr (Q C Q C) / N (Isserlis); the robust error is the spread of the N values. */
static void check_errors(const matrix_fit *fit, const space_forms *f, const dense_law *dense, const double *matrices) {
  static double left[DENSE_MOST * DENSE_MOST], product[DENSE_MOST * DENSE_MOST];
  for (size_t k = 0; k < f->parameters; k++) {
    double values[NETWORKS], mean = 0, spread = 0, variance = 0;
    for (size_t n = 0; n < NETWORKS; n++) {
      const double *M = matrices + n * f->size;
      values[n] = 0;
      for (size_t e = 0; e < f->size; e++) {
        if (k < f->means) values[n] += f->trivially[k][e] * (M[e] - dense->mean[e]);
        for (size_t g = 0; g < f->size && k >= f->means; g++)
          values[n] += (M[e] - dense->mean[e]) * f->form[k][e * f->size + g] * (M[g] - dense->mean[g]);
      }
      mean += values[n] / NETWORKS;
    }
    for (size_t n = 0; n < NETWORKS; n++) spread += (values[n] - mean) * (values[n] - mean);
    if (k < f->means) {
      for (size_t e = 0; e < f->size; e++)
        for (size_t g = 0; g < f->size; g++)
          variance += f->trivially[k][e] * dense->covariance[e * f->size + g] * f->trivially[k][g];
    } else {
      dense_multiply(left, f->form[k], dense->covariance, f->size);
      dense_multiply(product, left, left, f->size);
      variance = 2 * dense_trace(product, f->size);
    }
    check_near(fit->error[k], sqrt(variance / NETWORKS), 1e-9 * fit->error[k]);
    check_near(fit->robust[k], sqrt(spread) / NETWORKS, 1e-9 * fit->robust[k]);
  }
}

static void check_law(size_t which, size_t D, double level) {
  static double matrices[NETWORKS * DENSE_MOST], coordinates[NETWORKS * DENSE_MOST];
  static dense_law dense, reduced;
  static space_forms f;
  const law_ops *law = relatives[which];
  double got[MATRIX_PARAMETERS], largest = 0;
  make_forms(&f, law, D);
  assert_int_equal(f.basis_size, directions[which][D]);
  sample(matrices, law, NETWORKS, D, level, 1);
  const matrix_fit fit = fitted(law, matrices, NETWORKS, D, D);
  assert_int_equal(fit.parameters, parameters[which][D]);
  assert_int_equal(fit.parameters, f.parameters);
  dense_fit(&dense, matrices, NETWORKS, D, D, true);
  wlaw_matrix_pack(got, &fit.gaussian);
  for (size_t k = 0; k < f.parameters; k++)
    if (k >= f.means) largest = fmax(largest, fabs(got[k]));
  for (size_t k = 0; k < f.parameters; k++) {
    double want = 0;
    for (size_t e = 0; e < f.size && k < f.means; e++) want += f.trivially[k][e] * dense.mean[e];
    if (k >= f.means) want = form_value(&f, k, dense.covariance);
    check_near(got[k], want, 1e-9 * (k < f.means ? fmax(1, fabs(want)) : largest));
  }
  check_errors(&fit, &f, &dense, matrices);
  dense_of(&reduced, coordinates, &f, matrices);
  const double likelihood = dense_log_likelihood(&reduced, coordinates, NETWORKS), count = (double)fit.parameters;
  check_near(fit.log_likelihood, likelihood, 1e-9 * fabs(likelihood));
  check_near(fit.aic, 2 * count - 2 * likelihood, 1e-9 * fabs(likelihood));
  check_near(fit.bic, count * log(NETWORKS) - 2 * likelihood, 1e-9 * fabs(likelihood));
}

static void fits_are_group_averages_on_the_space(void **state) {
  (void)state;
  for (size_t law = 0; law < RELATIVES; law++)
    for (size_t D = 1; D <= 6; D++)
      for (int far = 0; far < 2 && exists(relatives[law], D); far++) check_law(law, D, far ? 1000.0 : 0.2);
}

/* Distances on the space; W2 also as permutation laws, where both are singular and the divergence has no value. */
static void distances_are_dense_distances(void **state) {
  (void)state;
  static double a[NETWORKS * DENSE_MOST], b[NETWORKS * DENSE_MOST];
  static dense_law A, B;
  static space_forms f;
  for (size_t law = 0; law < RELATIVES; law++)
    for (size_t D = 1; D <= 6; D++) {
      if (!exists(relatives[law], D)) continue;
      make_forms(&f, relatives[law], D);
      sample(a, relatives[law], NETWORKS, D, 1.0, 2);
      sample(b, relatives[law], NETWORKS, D, 0.6, 3);
      for (size_t e = 0; e < NETWORKS * f.size; e++) b[e] *= 1.7;
      dense_of(&A, NULL, &f, a);
      dense_of(&B, NULL, &f, b);
      const matrix_fit fa = fitted(relatives[law], a, NETWORKS, D, D);
      const matrix_fit fb = fitted(relatives[law], b, NETWORKS, D, D);
      double parts[1 + MATRIX_BLOCKS], total = 0;
      const double want = dense_wasserstein_squared(&A, &B), ab = dense_kl(&A, &B), ba = dense_kl(&B, &A);
      const double got = wlaw_matrix_wasserstein_squared(parts, &fa.gaussian, &fb.gaussian);
      check_near(got, want, 1e-9 * want);
      for (size_t k = 0; k < 1 + MATRIX_BLOCKS; k++) total += parts[k];
      check_near(total, got, 1e-15 * got);
      check_near(wlaw_matrix_kl(&fa.gaussian, &fb.gaussian), ab, 1e-9 * ab);
      check_near(wlaw_matrix_kl(&fb.gaussian, &fa.gaussian), ba, 1e-9 * ba);
      matrix_gaussian wide_a, wide_b;
      char reason[200];
      assert_int_equal(wlaw_matrix_embed(&wide_a, &fa.gaussian, &wlaw_law_permutation, NULL), WLAW_OK);
      assert_int_equal(wlaw_matrix_embed(&wide_b, &fb.gaussian, &wlaw_law_permutation, NULL), WLAW_OK);
      /* roots of eigenvalues that are zero to rounding: sqrt(1e-16) of the largest */
      check_near(wlaw_matrix_wasserstein_squared(NULL, &wide_a, &wide_b), want, 1e-7 * want);
      assert_int_equal(wlaw_matrix_regular(&wide_a, 0, reason, sizeof reason), D == 1);
      /* the permutation law fitted to the same matrices is the law put back */
      const matrix_fit whole = fitted(&wlaw_law_permutation, a, NETWORKS, D, D);
      double put_back[MATRIX_PARAMETERS], of_whole[MATRIX_PARAMETERS];
      wlaw_matrix_pack(put_back, &wide_a);
      wlaw_matrix_pack(of_whole, &whole.gaussian);
      for (size_t k = 0; k < whole.parameters; k++) check_near(put_back[k], of_whole[k], 1e-11);
    }
}

/* On the permutation law the noise of a fit is the same: the singular directions have none. */
static void noise_floor_is_that_of_permutation(void **state) {
  (void)state;
  static double a[NETWORKS * DENSE_MOST];
  for (size_t law = 0; law < RELATIVES; law++)
    for (size_t D = 2; D <= 5; D++) {
      sample(a, relatives[law], NETWORKS, D, 1.0, 4);
      const matrix_fit fit = fitted(relatives[law], a, NETWORKS, D, D);
      const matrix_fit whole = fitted(&wlaw_law_permutation, a, NETWORKS, D, D);
      const double floor = wlaw_matrix_noise_floor(&fit.gaussian, NETWORKS);
      check_near(wlaw_matrix_noise_floor(&whole.gaussian, NETWORKS), floor, 1e-9 * floor);
    }
}

static void one_network(void **state) {
  (void)state;
  double matrix[36];
  for (size_t law = 0; law < RELATIVES; law++) {
    sample(matrix, relatives[law], 1, 6, 0.5, 5);
    const matrix_fit fit = fitted(relatives[law], matrix, 1, 6, 6);
    const bool has_mean = relatives[law] != &wlaw_law_antisymmetric;
    assert_int_equal(fit.mean_determined, !has_mean);
    assert_int_equal(fit.determined[0], !has_mean);
    assert_true(fit.determined[1]);
    /* 15 numbers determine both variances of an antisymmetric matrix */
    assert_int_equal(isfinite(fit.log_likelihood), !has_mean);
    for (size_t k = 0; k < fit.parameters; k++) assert_true(isnan(fit.robust[k]));
    sample(matrix, relatives[law], 1, 2, 0.5, 5); /* two rows: one number, which is all of a variance without a mean */
    assert_int_equal(fitted(relatives[law], matrix, 1, 2, 2).determined[0], !has_mean);
  }
}

/* Social relations: networks whose covariance is exactly that of the model give its components back. The 2 D^2 points
 * +- D root(C) e_k have mean 0 and covariance C. */
static void social_relations_components(void **state) {
  (void)state;
  static const double actor = 2, partner = 0.7, both = -0.4, relationship = 1.5, reciprocity = 0.6, network = 0.3;
  static double C[DENSE_MOST * DENSE_MOST], root[DENSE_MOST * DENSE_MOST], points[2 * DENSE_MOST * DENSE_MOST];
  static const struct {
    const char *name;
    double value;
  } want[] = {{"network", network},           {"actor", actor},
              {"partner", partner},           {"actor_partner_covariance", both},
              {"relationship", relationship}, {"reciprocity", reciprocity}};
  for (size_t D = 3; D <= 6; D++) {
    const size_t size = D * D;
    for (size_t e = 0; e < size; e++)
      for (size_t g = 0; g < size; g++) {
        const size_t i = e / D, j = e % D, k = g / D, l = g % D;
        C[e * size + g] = i == j || k == l
                              ? 0
                              : network + (i == k) * actor + (j == l) * partner + ((i == l) + (j == k)) * both +
                                    (i == k && j == l) * relationship + (i == l && j == k) * reciprocity;
      }
    dense_function(root, C, size, 'r');
    for (size_t n = 0; n < size; n++)
      for (size_t e = 0; e < size; e++) {
        const double value = e % (D + 1) == 0 ? 0 : (double)D * root[n * size + e];
        points[2 * n * size + e] = value;
        points[(2 * n + 1) * size + e] = -value;
      }
    const matrix_fit fit = fitted(&wlaw_law_zero_diagonal, points, 2 * size, D, D);
    bool failed = false;
    json_t *document = json_object();
    wlaw_components_put(&failed, document, &fit);
    const json_t *components = json_object_get(document, "components");
    assert_false(failed);
    assert_int_equal(json_object_size(components), 6);
    for (size_t c = 0; c < 6; c++) {
      double value = 0;
      assert_true(wlaw_json_number(json_object_get(components, want[c].name), &value));
      if (D < 4) assert_true(isnan(value)); /* three rows: four equations for five numbers */
      else check_near(value, want[c].value, 1e-9);
    }
    json_decref(document);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fits_are_group_averages_on_the_space), cmocka_unit_test(distances_are_dense_distances),
      cmocka_unit_test(noise_floor_is_that_of_permutation),   cmocka_unit_test(one_network),
      cmocka_unit_test(social_relations_components),
  };
  return cmocka_run_group_tests_name("law.space_dense", tests, NULL, NULL);
}
