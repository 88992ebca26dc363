/* Hypotheses about whole networks: likelihood-ratio tests and correlations have the size they name and see what is
 * there; what few networks leave open is said; every allocation may fail. */
#include "law/dense_network.h"
#include "math/special.h"
#include "support/alloc_fail.h"

/* Standard errors away from the truth that a fixed seed may be. */
#define Z_LIMIT 4.0
#if defined(__SANITIZE_ADDRESS__)
enum { REPLICATES = 200 };
#else
enum { REPLICATES = 3000 };
#endif

static network_fit fit_of(const network_moments *moments, network_nesting nesting) {
  network_fit fit;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_fit(&fit, moments, nesting, err));
  wlaw_error_free(err);
  return fit;
}

static network_test test_of(const network_moments *moments, network_nesting null, network_nesting alternative) {
  network_fit a = fit_of(moments, null), b = fit_of(moments, alternative);
  network_test test;
  wlaw_network_test(&test, &a, &b);
  wlaw_network_fit_release(&a);
  wlaw_network_fit_release(&b);
  return test;
}

static void fill_normal(dense_ensemble *all, uint32_t major) {
  wlaw_stream stream = wlaw_stream_start(71, STREAM_TEST, major, (uint32_t)all->n);
  wlaw_stream_normals(&stream, all->vectors, all->n * all->size);
  ensemble_split(all);
}

/* The null law of both statistics has no parameters: standard normal weights stand for every null. Whatever the number
 * of networks, the corrected mean is df, and the law almost a gamma law with that and the known variance. */
static void check_size(network_shape shape, size_t networks, size_t replicates) {
  dense_ensemble all = ensemble_new(shape, networks);
  double rejected[2] = {0}, raw[2] = {0}, mean[2] = {0}, df[2] = {0};
  for (uint32_t r = 0; r < replicates; r++) {
    fill_normal(&all, r);
    network_moments *moments = ensemble_moments(&all);
    for (int k = 0; k < 2; k++) {
      const network_test test = test_of(moments, (network_nesting)k, (network_nesting)(k + 1));
      df[k] = (double)test.df;
      rejected[k] += (test.p_value < 0.05) / (double)replicates;
      raw[k] += (wlaw_chi_squared_upper(test.statistic, df[k]) < 0.05) / (double)replicates;
      mean[k] += test.corrected / (double)replicates;
    }
    wlaw_network_moments_free(moments);
  }
  for (int k = 0; k < 2; k++) {
    print_message("T = %zu, N = %3zu, %s: size %.3f corrected, %.3f as it is\n", all.layout.trivial, networks,
                  k ? "bipartite in network" : "iid in bipartite    ", rejected[k], raw[k]);
    /* variance of chi-squared 2 df, and up to a half more where networks are few */
    check_near(mean[k], df[k], Z_LIMIT * sqrt(3 * df[k] / (double)replicates));
    check_near(rejected[k], 0.05, Z_LIMIT * sqrt(0.05 * 0.95 / (double)replicates));
  }
  ensemble_free(&all);
}

static void tests_have_their_size(void **state) {
  (void)state;
  const network_shape shape = shape_of(3, (const size_t[]){2, 3, 4, 2}, true, SIDE_OMITTED, SIDE_LABELLED);
  check_size(shape, 9, REPLICATES); /* T = 7 */
  check_size(shape, 20, REPLICATES);
  check_size(shape, 50, REPLICATES);
  check_size(shape, 500, REPLICATES / 5);
  const network_shape alike = shape_of(3, (const size_t[]){2, 3, 4, 2}, false, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE);
  check_size(alike, 5, REPLICATES); /* T = 3 */
  check_size(alike, 20, REPLICATES);
  const network_shape labelled = shape_of(2, (const size_t[]){12, 3, 2}, false, SIDE_LABELLED, SIDE_LABELLED);
  check_size(labelled, 16, REPLICATES); /* T = 14 */
}

/* Degrees of freedom counted by hand, and blocks of nodes that are single left out. */
static void parameters_are_counted(void **state) {
  (void)state;
  /* 4-5-6 with biases, all exchangeable. Trivial 4 + 10; sets: inputs 1, hidden (rows, bias, columns) 6, outputs (rows,
   * bias) 3; entries 2. Bipartite: weights 5 each, biases 3 each. */
  network_layout layout = layout_of(shape_of(2, (const size_t[]){4, 5, 6}, true, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE));
  assert_int_equal(wlaw_network_parameters(&layout, NETWORK_WHOLE), 14 + 1 + 6 + 3 + 2);
  assert_int_equal(wlaw_network_parameters(&layout, NETWORK_BIPARTITE), 16);
  assert_int_equal(wlaw_network_parameters(&layout, NETWORK_IID), 8);
  /* 4-1-3 without: hidden set single. Trivial 2 + 3; inputs 1, outputs 1. Bipartite: 2 + 2 means and variances, rows or
   * columns of one side each. */
  layout = layout_of(shape_of(2, (const size_t[]){4, 1, 3}, false, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE));
  assert_int_equal(wlaw_network_parameters(&layout, NETWORK_WHOLE), 7);
  assert_int_equal(wlaw_network_parameters(&layout, NETWORK_BIPARTITE), 6);
  assert_int_equal(wlaw_network_parameters(&layout, NETWORK_IID), 4);
  /* 3-2 labelled on both sides: six means, 21 covariances. */
  layout = layout_of(shape_of(1, (const size_t[]){3, 2}, false, SIDE_LABELLED, SIDE_LABELLED));
  assert_int_equal(wlaw_network_parameters(&layout, NETWORK_WHOLE), 27);
  assert_int_equal(wlaw_network_parameters(&layout, NETWORK_BIPARTITE), 27);
  assert_int_equal(wlaw_network_parameters(&layout, NETWORK_IID), 2);
}

/* Two laws that are one: nothing to test. */
static void no_test_of_nothing(void **state) {
  (void)state;
  dense_ensemble all = ensemble_new(shape_of(1, (const size_t[]){1, 1}, false, SIDE_EXCHANGEABLE, SIDE_LABELLED), 9);
  fill_normal(&all, 1);
  network_moments *moments = ensemble_moments(&all);
  const network_test test = test_of(moments, NETWORK_BIPARTITE, NETWORK_WHOLE);
  assert_int_equal(test.df, 0);
  assert_true(isnan(test.statistic) && isnan(test.p_value));
  assert_string_equal(test.reason, "the two laws are the same for networks of this shape");
  wlaw_network_moments_free(moments);
  ensemble_free(&all);
}

static network_correlation *correlations_of(size_t *n, const network_moments *moments) {
  network_correlation *all = NULL;
  network_fit fit = fit_of(moments, NETWORK_WHOLE);
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_correlations(&all, n, &fit, err));
  wlaw_network_fit_release(&fit);
  wlaw_error_free(err);
  return all;
}

/* Independent weights: E r^2 is one over the degrees of freedom, exactly, and the p-values are uniform. */
static void correlations_under_independence(void **state) {
  (void)state;
  dense_ensemble all = ensemble_new(shape_of(3, (const size_t[]){2, 3, 4, 2}, true, SIDE_OMITTED, SIDE_LABELLED), 9);
  double squares[2] = {0}, rejected[2] = {0}, count[2] = {0}, robust[2] = {0};
  for (uint32_t r = 0; r < REPLICATES; r++) {
    size_t n;
    fill_normal(&all, r);
    network_moments *moments = ensemble_moments(&all);
    network_correlation *found = correlations_of(&n, moments);
    /* trivial: 7 coordinates, of which 2 + 2 labelled ones belong together; sets 1 and 2: bias of layer 1 and columns;
     * rows, bias, and columns to two outputs */
    assert_int_equal(n, (21 - 2) + 1 + (6 - 1));
    for (size_t k = 0; k < n; k++) {
      const bool nodes = found[k].kind == CORRELATION_NODES;
      squares[nodes] += found[k].z * found[k].z;
      rejected[nodes] += found[k].p_value < 0.05;
      robust[nodes] += found[k].robust / found[k].standard_error;
      count[nodes]++;
      assert_true(k == 0 || fabs(found[k].z) <= fabs(found[k - 1].z));
    }
    free(found);
    wlaw_network_moments_free(moments);
  }
  for (int k = 0; k < 2; k++) {
    print_message("%s: E z^2 = %.4f, size %.4f, robust error %.3f\n", k ? "nodes  " : "trivial", squares[k] / count[k],
                  rejected[k] / count[k], robust[k] / count[k]);
    /* pairs of one ensemble are uncorrelated, and z^2 has a variance below 2 */
    check_near(squares[k] / count[k], 1, Z_LIMIT * sqrt(2 / count[k]));
    check_near(rejected[k] / count[k], 0.05, Z_LIMIT * sqrt(0.05 * 0.95 / count[k]));
    check_near(robust[k] / count[k], 1, 0.2); /* of 9 networks, in proportion to 1 / sqrt(N) */
  }
  ensemble_free(&all);
}

/* Incoming and outgoing weights of a node of hidden layer 1 scaled together: squared norms correlate, sums do not. Sums
 * that correlate: the first pair, by name. */
static void correlations_that_are_there(void **state) {
  (void)state;
  enum { NETWORKS = 300 };
  dense_ensemble all =
      ensemble_new(shape_of(2, (const size_t[]){5, 4, 5}, false, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE), NETWORKS);
  wlaw_error *err = wlaw_error_new();
  fill_normal(&all, 1);
  wlaw_stream stream = wlaw_stream_start(72, STREAM_TEST, 0, 0);
  for (size_t k = 0; k < NETWORKS; k++)
    for (size_t i = 0; i < 4; i++) {
      const double scale = 0.5 + wlaw_stream_uniform(&stream);
      for (size_t j = 0; j < 5; j++) {
        all.vectors[k * all.size + i * 5 + j] *= scale;
        all.vectors[k * all.size + 20 + j * 4 + i] *= scale;
      }
    }
  ensemble_split(&all);
  size_t n;
  network_moments *moments = ensemble_moments(&all);
  network_correlation *norms = NULL, *sums = correlations_of(&n, moments);
  for (size_t k = 0; k < n; k++) assert_true(fabs(sums[k].z) < Z_LIMIT);
  free(sums);
  check_ok(wlaw_network_norm_correlations(&norms, &n, moments, err));
  assert_int_equal(n, 1);
  assert_int_equal(all.layout.sets[norms[0].set].set, 1);
  assert_true(norms[0].z > 8 && norms[0].p_value < 1e-12);
  double of[3] = {0}, each[NETWORKS][3] = {{0}}; /* written out */
  for (size_t k = 0; k < NETWORKS; k++) {
    double p[4] = {0}, q[4] = {0}, pm = 0, qm = 0;
    for (size_t i = 0; i < 4; i++) {
      for (size_t j = 0; j < 5; j++) {
        p[i] += pow(all.vectors[k * all.size + i * 5 + j], 2);
        q[i] += pow(all.vectors[k * all.size + 20 + j * 4 + i], 2);
      }
      pm += p[i] / 4;
      qm += q[i] / 4;
    }
    for (size_t i = 0; i < 4; i++) {
      each[k][0] += (p[i] - pm) * (p[i] - pm);
      each[k][1] += (p[i] - pm) * (q[i] - qm);
      each[k][2] += (q[i] - qm) * (q[i] - qm);
    }
    for (size_t a = 0; a < 3; a++) of[a] += each[k][a];
  }
  check_near(norms[0].value, of[1] / sqrt(of[0] * of[2]), 1e-12);
  check_near(norms[0].standard_error, 1 / sqrt(3.0 * NETWORKS), 1e-15);
  double jackknife = 0, spread = 0; /* the former to order 1/NETWORKS the delta method */
  for (size_t k = 0; k < NETWORKS; k++) {
    jackknife += pow((of[1] - each[k][1]) / sqrt((of[0] - each[k][0]) * (of[2] - each[k][2])) - norms[0].value, 2);
    spread += pow(each[k][1] - of[1] / NETWORKS, 2) / (of[0] * of[2]);
  }
  check_near(norms[0].robust / sqrt(fmax(jackknife, spread)), 1.0, 20.0 / NETWORKS);
  free(norms);
  wlaw_network_moments_free(moments);
  for (size_t k = 0; k < NETWORKS; k++) /* columns of layer 2 follow the rows of layer 1 */
    for (size_t i = 0; i < 4; i++)
      for (size_t j = 0; j < 5; j++)
        all.vectors[k * all.size + 20 + j * 4 + i] += 0.3 * all.vectors[k * all.size + i * 5 + 2];
  ensemble_split(&all);
  moments = ensemble_moments(&all);
  sums = correlations_of(&n, moments);
  assert_int_equal(sums[0].kind, CORRELATION_NODES);
  assert_int_equal(all.layout.sets[sums[0].set].set, 1);
  assert_true(sums[0].value > 0.1 && sums[0].z > 5 && sums[0].p_value < 1e-6);
  const network_test test = test_of(moments, NETWORK_BIPARTITE, NETWORK_WHOLE);
  assert_true(test.p_value < 1e-6);
  free(sums);
  wlaw_network_moments_free(moments);
  wlaw_error_free(err);
  ensemble_free(&all);
}

/* One network 30 times as large as 49 others carries the whole correlation: its error is as large as itself. */
static void one_network_dominates(void **state) {
  (void)state;
  enum { MANY = 50 };
  dense_ensemble all =
      ensemble_new(shape_of(2, (const size_t[]){5, 4, 5}, false, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE), MANY);
  wlaw_error *err = wlaw_error_new();
  fill_normal(&all, 1);
  for (size_t i = 0; i < all.size; i++) all.vectors[i] *= 30;
  ensemble_split(&all);
  network_moments *moments = ensemble_moments(&all);
  network_correlation *norms = NULL;
  size_t n;
  check_ok(wlaw_network_norm_correlations(&norms, &n, moments, err));
  assert_int_equal(n, 1);
  check_near(norms[0].robust / fabs(norms[0].value), 1.0, 0.02); /* sqrt(1 - 1/50), and 30^-4 of the others */
  free(norms);
  wlaw_network_moments_free(moments);
  wlaw_error_free(err);
  ensemble_free(&all);
}

/* ---- few networks */

static void one_network(void **state) {
  (void)state;
  dense_ensemble all =
      ensemble_new(shape_of(2, (const size_t[]){5, 4, 6}, true, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE), 1);
  size_t n;
  fill_normal(&all, 1);
  network_moments *moments = ensemble_moments(&all);
  network_fit fit = fit_of(moments, NETWORK_WHOLE);
  assert_false(fit.mean_determined);
  assert_false(fit.trivial_determined);
  for (size_t i = 0; i < all.layout.trivial; i++) assert_true(isnan(fit.error->mean[i]));
  for (size_t i = 0; i < 16; i++) {
    assert_true(fit.gaussian->trivial[i] == 0.0);
    assert_true(isnan(fit.error->trivial[i]));
  }
  for (size_t b = 1; b < wlaw_network_blocks(&all.layout); b++) {
    assert_true(wlaw_network_block(fit.gaussian, b)[0] > 0);
    assert_true(wlaw_network_block(fit.error, b)[0] > 0);
    assert_true(isnan(wlaw_network_block(fit.robust, b)[0]));
  }
  assert_string_equal(fit.reason, "1 network leaves the 4x4 covariance of the trivial numbers singular");
  wlaw_network_fit_release(&fit);
  /* iid needs no second network; bipartite does for its levels */
  fit = fit_of(moments, NETWORK_IID);
  assert_true(isfinite(fit.log_likelihood));
  wlaw_network_fit_release(&fit);
  fit = fit_of(moments, NETWORK_BIPARTITE);
  assert_string_equal(fit.reason,
                      "1 network leaves the 1x1 covariance of the trivial numbers of the weight of layer 1 "
                      "singular");
  wlaw_network_fit_release(&fit);
  network_correlation *found = correlations_of(&n, moments);
  for (size_t k = 0; k < n; k++) {
    assert_int_equal(found[k].kind, CORRELATION_NODES);
    assert_true(found[k].p_value > 0 && found[k].p_value <= 1);
  }
  assert_int_equal(n, 3 + 1);
  free(found);
  wlaw_network_moments_free(moments);
  ensemble_free(&all);
}

static void reason_of(char *out, network_shape shape, size_t networks, network_nesting nesting, bool constant) {
  dense_ensemble all = ensemble_new(shape, networks);
  fill_normal(&all, 2);
  if (constant) /* the last weight */
    for (size_t k = 0; k < networks; k++) all.vectors[k * all.size + all.size - 1] = 0.25;
  ensemble_split(&all);
  network_moments *moments = ensemble_moments(&all);
  network_fit fit = fit_of(moments, nesting);
  strcpy(out, fit.reason);
  assert_true((out[0] != '\0') == isnan(fit.log_likelihood));
  wlaw_network_fit_release(&fit);
  wlaw_network_moments_free(moments);
  ensemble_free(&all);
}

static void reasons_name_the_block(void **state) {
  (void)state;
  char reason[256];
  const network_shape labelled = shape_of(2, (const size_t[]){6, 2, 2}, false, SIDE_LABELLED, SIDE_LABELLED);
  reason_of(reason, labelled, 8, NETWORK_WHOLE, false);
  assert_string_equal(reason, "8 networks leave the 8x8 covariance of the trivial numbers singular");
  reason_of(reason, labelled, 9, NETWORK_WHOLE, false);
  assert_string_equal(reason, "");
  reason_of(reason, labelled, 6, NETWORK_BIPARTITE, false);
  assert_string_equal(reason,
                      "6 networks leave the 6x6 covariance of the trivial numbers of the weight of layer 1 "
                      "singular");
  reason_of(reason, labelled, 7, NETWORK_BIPARTITE, false);
  assert_string_equal(reason, "");
  const network_shape narrow = shape_of(2, (const size_t[]){6, 2, 1}, false, SIDE_LABELLED, SIDE_EXCHANGEABLE);
  reason_of(reason, narrow, 6, NETWORK_WHOLE, false);
  assert_string_equal(reason, "6 networks leave the 7x7 covariance of the trivial numbers singular");
  reason_of(reason, shape_of(1, (const size_t[]){6, 2}, false, SIDE_EXCHANGEABLE, SIDE_LABELLED), 5, NETWORK_WHOLE,
            false);
  assert_string_equal(reason, "");
  reason_of(reason, shape_of(1, (const size_t[]){2, 1}, true, SIDE_EXCHANGEABLE, SIDE_LABELLED), 9, NETWORK_WHOLE,
            true);
  assert_string_equal(reason,
                      "the networks do not vary in some direction of the bias of layer 1 (a variance is zero to "
                      "rounding)");
}

/* Tensors have units of their own, as biases of a few small steps have: a likelihood there is stays there. */
static void units_of_tensors(void **state) {
  (void)state;
  double log_likelihood[2];
  enum { NETWORKS = 40, SMALLER = 30 };
  for (int small = 0; small < 2; small++) {
    dense_ensemble all =
        ensemble_new(shape_of(1, (const size_t[]){2, 1}, true, SIDE_EXCHANGEABLE, SIDE_LABELLED), NETWORKS);
    fill_normal(&all, 3);
    for (size_t k = 0; small && k < NETWORKS; k++) { /* the bias */
      double *bias = &all.vectors[k * all.size + all.size - 1];
      *bias = ldexp(*bias, -SMALLER);
    }
    ensemble_split(&all);
    network_moments *moments = ensemble_moments(&all);
    network_fit fit = fit_of(moments, NETWORK_WHOLE);
    assert_string_equal(fit.reason, "");
    log_likelihood[small] = fit.log_likelihood;
    wlaw_network_fit_release(&fit);
    wlaw_network_moments_free(moments);
    ensemble_free(&all);
  }
  check_near(log_likelihood[1], log_likelihood[0] + NETWORKS * SMALLER * log(2.0), 1e-9);
}

/* ---- the registry's row, and memory */

static void the_row(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  double out[4];
  check_ok(wlaw_law_parse(&law, "network", err));
  assert_true(wlaw_law_can(law, "fit") && wlaw_law_can(law, "distance") && wlaw_law_can(law, "draw"));
  assert_false(wlaw_law_can(law, "density") || wlaw_law_can(law, "moments") || wlaw_law_can(law, "limit"));
  check_status(wlaw_law_draw(law, out, 1, 2, 2, 1, 0, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "@FIT.json"));
  wlaw_law_free(law);
  wlaw_error_free(err);
}

static wlaw_status use_everything(void *context, wlaw_error *err) {
  const network_moments *moments = context;
  network_fit fit = {0};
  network_correlation *found = NULL;
  network_sampler *sampler = NULL;
  network_gaussian *other = NULL;
  double squared, kl, floor, weights[64];
  double *tensors[NETWORK_TENSORS] = {weights, weights + 20, weights + 40};
  size_t n;
  wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, 0, 0);
  wlaw_status status = wlaw_network_fit(&fit, moments, NETWORK_WHOLE, err);
  if (status == WLAW_OK) status = wlaw_network_correlations(&found, &n, &fit, err);
  free(found);
  found = NULL;
  if (status == WLAW_OK) status = wlaw_network_norm_correlations(&found, &n, moments, err);
  free(found);
  if (status == WLAW_OK) status = wlaw_network_gaussian_new(&other, &moments->layout, err);
  for (size_t t = 0; other && t < moments->layout.n_tensors; t++) wlaw_network_set_iid(other, t, 0.1, 1.0);
  if (status == WLAW_OK) status = wlaw_network_wasserstein_squared(&squared, NULL, fit.gaussian, other, err);
  if (status == WLAW_OK) status = wlaw_network_kl(&kl, fit.gaussian, other, err);
  if (status == WLAW_OK) status = wlaw_network_noise_floor(&floor, fit.gaussian, 30, err);
  if (status == WLAW_OK) status = wlaw_network_sampler_new(&sampler, fit.gaussian, err);
  if (status == WLAW_OK) status = wlaw_network_draw(tensors, sampler, &stream, err);
  wlaw_network_sampler_free(sampler);
  wlaw_network_gaussian_free(other);
  wlaw_network_fit_release(&fit);
  return status;
}

static void refused_memory(void **state) {
  (void)state;
  dense_ensemble all = ensemble_new(shape_of(2, (const size_t[]){5, 3, 4}, false, SIDE_LABELLED, SIDE_LABELLED), 30);
  fill_normal(&all, 3);
  network_moments *moments = ensemble_moments(&all);
  alloc_fail_each(use_everything, moments);
  moments->count = 0;
  network_fit fit;
  wlaw_error *err = wlaw_error_new();
  check_status(wlaw_network_fit(&fit, moments, NETWORK_WHOLE, err), WLAW_VALUE);
  wlaw_error_free(err);
  wlaw_network_moments_free(moments);
  ensemble_free(&all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tests_have_their_size),
      cmocka_unit_test(parameters_are_counted),
      cmocka_unit_test(no_test_of_nothing),
      cmocka_unit_test(correlations_under_independence),
      cmocka_unit_test(correlations_that_are_there),
      cmocka_unit_test(one_network_dominates),
      cmocka_unit_test(one_network),
      cmocka_unit_test(reasons_name_the_block),
      cmocka_unit_test(units_of_tensors),
      cmocka_unit_test(the_row),
      cmocka_unit_test(refused_memory),
  };
  return cmocka_run_group_tests_name("law.network_tests", tests, NULL, NULL);
}
