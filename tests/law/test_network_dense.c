/* The law of whole networks against brute force: means and covariances of all weights averaged over the whole
 * permutation group, dense densities and distances; the two laws nested in it likewise. */
#include "law/dense_network.h"

enum { NETWORKS = 40 };

typedef void (*shape_check)(network_shape shape, double level);

/* Every side, with biases and without, of shapes whose group can be gone through; level: 0, or 1000 standard
 * deviations. */
static void for_all_shapes(shape_check check) {
  static const size_t widths[][4] = {{2, 3, 4, 2}, {3, 2, 2}, {2, 3, 2}, {1, 2, 3}, {2, 2}, {4, 1, 3}, {3, 3}};
  static const size_t layers[] = {3, 2, 2, 2, 1, 2, 1};
  for (size_t w = 0; w < sizeof layers / sizeof *layers; w++)
    for (int bias = 0; bias < 2; bias++)
      for (int in = SIDE_EXCHANGEABLE; in <= SIDE_OMITTED; in++)
        for (int out = SIDE_EXCHANGEABLE; out <= SIDE_LABELLED; out++)
          for (int far = 0; far < 2; far++)
            if (bias || layers[w] > 1 || in != SIDE_OMITTED)
              check(shape_of(layers[w], widths[w], bias, (network_side)in, (network_side)out), far ? 1000.0 : 0.1);
}

static void check_same_law(const dense_law *got, const dense_law *want) {
  double largest = 0;
  for (size_t e = 0; e < want->size * want->size; e++) largest = fmax(largest, fabs(want->covariance[e]));
  for (size_t e = 0; e < want->size; e++) check_near(got->mean[e], want->mean[e], 1e-12 * (1 + fabs(want->mean[e])));
  for (size_t e = 0; e < want->size * want->size; e++)
    check_near(got->covariance[e], want->covariance[e], 1e-9 * largest);
}

static void check_fits(network_shape shape, double level) {
  static dense_law want, got;
  dense_ensemble all = ensemble_new(shape, NETWORKS);
  wlaw_error *err = wlaw_error_new();
  ensemble_fill(&all, level, 1);
  network_moments *moments = ensemble_moments(&all);
  for (int nesting = NETWORK_IID; nesting <= NETWORK_WHOLE; nesting++) {
    network_fit fit;
    check_ok(wlaw_network_fit(&fit, moments, (network_nesting)nesting, err));
    dense_fit_network(&want, &all, (network_nesting)nesting);
    dense_of_law(&got, fit.gaussian, &all);
    check_same_law(&got, &want);
    const double likelihood = dense_log_likelihood(&want, all.vectors, NETWORKS), k = (double)fit.parameters;
    assert_int_equal(fit.parameters, wlaw_network_parameters(&all.layout, (network_nesting)nesting));
    check_near(fit.log_likelihood, likelihood, 1e-9 * fabs(likelihood));
    check_near(fit.aic, 2 * k - 2 * likelihood, 1e-9 * fabs(likelihood));
    check_near(fit.bic, k * log(NETWORKS) - 2 * likelihood, 1e-9 * fabs(likelihood));
    wlaw_network_fit_release(&fit);
  }
  wlaw_network_moments_free(moments);
  wlaw_error_free(err);
  ensemble_free(&all);
}

static void fits_are_group_averages(void **state) {
  (void)state;
  for_all_shapes(check_fits);
}

static void check_distances(network_shape shape, double level) {
  static dense_law A, B;
  dense_ensemble a = ensemble_new(shape, NETWORKS), b = ensemble_new(shape, NETWORKS);
  wlaw_error *err = wlaw_error_new();
  network_fit fa, fb;
  ensemble_fill(&a, level, 2);
  ensemble_fill(&b, level + 0.2, 3);
  for (size_t e = 0; e < b.n * b.size; e++) b.vectors[e] = level + 1.4 * (b.vectors[e] - level);
  ensemble_split(&b);
  network_moments *ma = ensemble_moments(&a), *mb = ensemble_moments(&b);
  check_ok(wlaw_network_fit(&fa, ma, NETWORK_WHOLE, err));
  check_ok(wlaw_network_fit(&fb, mb, NETWORK_WHOLE, err));
  dense_fit_network(&A, &a, NETWORK_WHOLE);
  dense_fit_network(&B, &b, NETWORK_WHOLE);
  double got, total = 0, parts[1 + BLOCKS_MOST];
  const double want = dense_wasserstein_squared(&A, &B);
  check_ok(wlaw_network_wasserstein_squared(&got, parts, fa.gaussian, fb.gaussian, err));
  check_near(got, want, 1e-9 * want);
  for (size_t k = 0; k < 1 + wlaw_network_blocks(&a.layout); k++) total += parts[k];
  check_near(total, got, 1e-14 * got);
  check_ok(wlaw_network_wasserstein_squared(&got, NULL, fb.gaussian, fa.gaussian, err));
  check_near(got, want, 1e-9 * want);
  check_ok(wlaw_network_wasserstein_squared(&got, NULL, fa.gaussian, fa.gaussian, err));
  assert_true(got == 0.0);
  check_ok(wlaw_network_kl(&got, fa.gaussian, fb.gaussian, err));
  check_near(got, dense_kl(&A, &B), 1e-9 * got);
  check_ok(wlaw_network_kl(&got, fb.gaussian, fa.gaussian, err));
  check_near(got, dense_kl(&B, &A), 1e-9 * got);
  wlaw_network_fit_release(&fa);
  wlaw_network_fit_release(&fb);
  wlaw_network_moments_free(ma);
  wlaw_network_moments_free(mb);
  wlaw_error_free(err);
  ensemble_free(&a);
  ensemble_free(&b);
}

static void distances_are_dense_distances(void **state) {
  (void)state;
  for_all_shapes(check_distances);
}

/* The robust errors against contributions of single networks, written out. */
static void check_robust(network_shape shape, double level) {
  dense_ensemble all = ensemble_new(shape, NETWORKS);
  wlaw_error *err = wlaw_error_new();
  ensemble_fill(&all, level, 4);
  const network_layout *layout = &all.layout;
  const size_t T = layout->trivial;
  network_moments *moments = ensemble_moments(&all);
  network_fit fit;
  check_ok(wlaw_network_fit(&fit, moments, NETWORK_WHOLE, err));
  exact_network *x = calloc(NETWORKS, sizeof *x);
  for (size_t k = 0; k < NETWORKS; k++) {
    const double *whole[NETWORK_TENSORS];
    for (size_t t = 0; t < layout->n_tensors; t++) whole[t] = all.vectors + k * all.size + all.first[t];
    x[k] = exact_new(layout);
    exact_measure(&x[k], layout, whole, NULL);
  }
  for (size_t b = 0; b <= layout->n_sets; b++) {
    const size_t copies = wlaw_network_block_copies(layout, b), width = b ? layout->sets[b - 1].width : 1;
    const double *V = wlaw_network_block(fit.gaussian, b), *error = wlaw_network_block(fit.robust, b);
    for (size_t i = 0; i < copies; i++)
      for (size_t j = 0; j < copies; j++) {
        long double spread = 0;
        for (size_t k = 0; k < NETWORKS; k++) {
          const long double *u = b ? x[k].copies + x[k].first_copy[b - 1] : x[k].trivial;
          long double own = 0;
          for (size_t d = 0; d < width; d++)
            own += b ? u[i * width + d] * u[j * width + d] / (long double)(width - 1)
                     : (u[i] - (long double)fit.gaussian->mean[i]) * (u[j] - (long double)fit.gaussian->mean[j]);
          spread += (own - (long double)V[i * copies + j]) * (own - (long double)V[i * copies + j]);
        }
        const double want = sqrt((double)spread) / NETWORKS;
        if (b && width == 1) assert_true(isnan(error[i * copies + j]));
        else check_near(error[i * copies + j], want, 1e-7 * sqrt(V[i * copies + i] * V[j * copies + j]));
      }
  }
  for (size_t i = 0; i < T; i++) assert_true(fit.robust->mean[i] == fit.error->mean[i]);
  for (size_t k = 0; k < NETWORKS; k++) exact_free(&x[k]);
  free(x);
  wlaw_network_fit_release(&fit);
  wlaw_network_moments_free(moments);
  wlaw_error_free(err);
  ensemble_free(&all);
}

static void robust_errors_are_spreads(void **state) {
  (void)state;
  for_all_shapes(check_robust);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fits_are_group_averages),
      cmocka_unit_test(distances_are_dense_distances),
      cmocka_unit_test(robust_errors_are_spreads),
  };
  return cmocka_run_group_tests_name("law.network_dense", tests, NULL, NULL);
}
