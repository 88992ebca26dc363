/* One weight of a network alone: the fit of the whole network, looked at there, is the bipartite fit of that weight. */
#include "law/dense_network.h"
#include "law/matrix.h"

enum { NETWORKS = 40 };

static void check_weight(const dense_ensemble *all, const network_gaussian *law, size_t t, double level) {
  const network_tensor *tensor = &all->layout.tensors[t];
  const size_t rows = tensor->rows, cols = tensor->cols;
  wlaw_error *err = wlaw_error_new();
  matrix_gaussian got;
  matrix_moments moments;
  matrix_fit fit;
  check_ok(wlaw_network_marginal(&got, law, t, err));
  assert_ptr_equal(got.law, &wlaw_law_bipartite);
  double pivot[2], q[NETWORKS * MOMENTS_MOST];
  wlaw_moments_pivot(pivot, all->tensors[t], rows, cols);
  wlaw_moments_start(&moments, rows, cols, pivot);
  check_ok(wlaw_moments_measure(q, &moments, all->tensors[t], NETWORKS, wlaw_cpu_level(), err));
  wlaw_moments_add(&moments, q, NETWORKS);
  check_ok(wlaw_matrix_fit(&fit, &wlaw_law_bipartite, &moments, err));
  /* A mean 1000 standard deviations away costs its square's share of 53 bits: 1e6 * 2^-53 * 36 numbers = 4e-9. */
  const double tolerance = level > 1 ? 1e-7 : 1e-11;
  check_near(got.mean[0], fit.gaussian.mean[0], tolerance * (1 + fabs(got.mean[0])));
  for (size_t b = 0; b < 4; b++)
    if (got.layout.blocks[b].dimension > 0)
      check_near(got.covariance[b][0], fit.gaussian.covariance[b][0], tolerance * (1 + got.covariance[b][0]));
  wlaw_error_free(err);
}

static void check_shape(network_shape shape, double level) {
  dense_ensemble all = ensemble_new(shape, NETWORKS);
  network_fit fit;
  wlaw_error *err = wlaw_error_new();
  ensemble_fill(&all, level, 5);
  network_moments *moments = ensemble_moments(&all);
  check_ok(wlaw_network_fit(&fit, moments, NETWORK_WHOLE, err));
  for (size_t t = 0; t < all.layout.n_tensors; t++)
    if (!all.layout.tensors[t].is_bias) check_weight(&all, fit.gaussian, t, level);
  wlaw_network_fit_release(&fit);
  wlaw_network_moments_free(moments);
  ensemble_free(&all);
  wlaw_error_free(err);
}

static void a_weight_alone_is_its_own_fit(void **state) {
  (void)state;
  static const size_t widths[][4] = {{4, 5, 3, 6}, {3, 4, 2}, {1, 2, 3}, {5, 3}, {4, 1, 3}, {1, 4}};
  static const size_t layers[] = {3, 2, 2, 1, 2, 1};
  for (size_t w = 0; w < sizeof layers / sizeof *layers; w++)
    for (int bias = 0; bias < 2; bias++)
      for (int in = SIDE_EXCHANGEABLE; in <= SIDE_LABELLED; in++)
        for (int out = SIDE_EXCHANGEABLE; out <= SIDE_LABELLED; out++)
          for (int far = 0; far < 2; far++)
            check_shape(shape_of(layers[w], widths[w], bias, (network_side)in, (network_side)out), far ? 1000 : 0.1);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_weight_alone_is_its_own_fit)};
  return cmocka_run_group_tests_name("law.network_marginal", tests, NULL, NULL);
}
