/* What is random about the law of whole networks, by simulation with fixed seeds: its draws, the errors of its fits,
 * its noise floor, the sizes of its tests and of its correlations' p-values. */
#include "law/dense_network.h"
#include "math/symmetric.h"

/* Standard errors away from the truth that a fixed seed may be: of some hundred comparisons none is expected beyond. */
#define Z_LIMIT 4.5
#if defined(__SANITIZE_ADDRESS__)
enum { REPLICATES = 100 };
#else
enum { REPLICATES = 600 };
#endif

static network_shape usual_shape(void) {
  return shape_of(3, (const size_t[]){2, 3, 4, 2}, true, SIDE_EXCHANGEABLE, SIDE_LABELLED);
}

/* A law with every dependence there is: the fit to dependent networks. */
static network_gaussian *some_law(network_shape shape, double level) {
  enum { OF = 60 };
  dense_ensemble all = ensemble_new(shape, OF);
  wlaw_error *err = wlaw_error_new();
  network_gaussian *law = NULL;
  ensemble_fill(&all, level, 9);
  network_moments *moments = ensemble_moments(&all);
  check_ok(wlaw_network_gaussian_new(&law, &all.layout, err));
  wlaw_network_estimate(law, moments, NETWORK_WHOLE);
  wlaw_network_moments_free(moments);
  wlaw_error_free(err);
  ensemble_free(&all);
  return law;
}

static void ensemble_draw(dense_ensemble *all, const network_sampler *sampler, uint32_t seed) {
  wlaw_error *err = wlaw_error_new();
  for (size_t k = 0; k < all->n; k++) {
    double *tensors[NETWORK_TENSORS];
    wlaw_stream stream = wlaw_stream_start(seed, STREAM_DRAW, 0, (uint32_t)k);
    for (size_t t = 0; t < all->layout.n_tensors; t++) tensors[t] = all->vectors + k * all->size + all->first[t];
    check_ok(wlaw_network_draw(tensors, sampler, &stream, err));
  }
  ensemble_split(all);
  wlaw_error_free(err);
}

static network_fit drawn_fit(dense_ensemble *all, const network_sampler *sampler, uint32_t seed,
                             network_nesting nesting) {
  network_fit fit;
  wlaw_error *err = wlaw_error_new();
  ensemble_draw(all, sampler, seed);
  network_moments *moments = ensemble_moments(all);
  check_ok(wlaw_network_fit(&fit, moments, nesting, err));
  wlaw_network_moments_free(moments);
  wlaw_error_free(err);
  return fit;
}

/* ---- draws */

/* Means and covariances of all pairs of weights, in units of their Monte Carlo errors. */
static void check_drawn_moments(network_shape shape) {
  enum { DRAWS = 20000 };
  static dense_law law;
  dense_ensemble all = ensemble_new(shape, DRAWS);
  network_gaussian *gaussian = some_law(shape, 0.3);
  network_sampler *sampler = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_sampler_new(&sampler, gaussian, err));
  ensemble_draw(&all, sampler, 1);
  dense_of_law(&law, gaussian, &all);
  const size_t n = all.size;
  for (size_t e = 0; e < n; e++) {
    double mean = 0;
    for (size_t k = 0; k < DRAWS; k++) mean += all.vectors[k * n + e] / DRAWS;
    check_near(mean, law.mean[e], Z_LIMIT * sqrt(law.covariance[e * n + e] / DRAWS));
    for (size_t f = 0; f <= e; f++) {
      double sum = 0;
      const double ee = law.covariance[e * n + e], ff = law.covariance[f * n + f], ef = law.covariance[e * n + f];
      for (size_t k = 0; k < DRAWS; k++)
        sum += (all.vectors[k * n + e] - law.mean[e]) * (all.vectors[k * n + f] - law.mean[f]) / DRAWS;
      check_near(sum, ef, Z_LIMIT * sqrt((ee * ff + ef * ef) / DRAWS));
    }
  }
  wlaw_network_sampler_free(sampler);
  wlaw_network_gaussian_free(gaussian);
  wlaw_error_free(err);
  ensemble_free(&all);
}

static void draws_have_the_law(void **state) {
  (void)state;
  check_drawn_moments(usual_shape());
  check_drawn_moments(shape_of(2, (const size_t[]){3, 2, 2}, true, SIDE_LABELLED, SIDE_EXCHANGEABLE));
  check_drawn_moments(shape_of(1, (const size_t[]){3, 2}, true, SIDE_LABELLED, SIDE_LABELLED));
  check_drawn_moments(shape_of(2, (const size_t[]){4, 1, 3}, false, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE));
}

/* The fit to 3 networks is singular: its draws vary only where these do, and it has no density. */
static void singular_laws_are_drawn_from(void **state) {
  (void)state;
  static dense_law law;
  static double vectors[DENSE_MOST * DENSE_MOST];
  double values[DENSE_MOST];
  dense_ensemble few = ensemble_new(usual_shape(), 3), all = ensemble_new(usual_shape(), 50);
  wlaw_error *err = wlaw_error_new();
  network_sampler *sampler = NULL;
  network_fit fit;
  ensemble_fill(&few, 0.3, 5);
  network_moments *moments = ensemble_moments(&few);
  check_ok(wlaw_network_fit(&fit, moments, NETWORK_WHOLE, err));
  assert_true(isnan(fit.log_likelihood) && isnan(fit.aic) && isnan(fit.bic));
  assert_string_equal(fit.reason, "3 networks leave the 8x8 covariance of the trivial numbers singular");
  check_ok(wlaw_network_sampler_new(&sampler, fit.gaussian, err));
  ensemble_draw(&all, sampler, 2);
  dense_of_law(&law, fit.gaussian, &all);
  dense_eigen(values, vectors, law.covariance, all.size);
  size_t null = 0;
  while (null < all.size && values[null] < 1e-12 * values[all.size - 1]) null++;
  assert_int_equal(null, 8 - 2);
  for (size_t k = 0; k < all.n; k++)
    for (size_t d = 0; d < null; d++) {
      double along = 0;
      for (size_t e = 0; e < all.size; e++)
        along += vectors[d * all.size + e] * (all.vectors[k * all.size + e] - law.mean[e]);
      check_near(along, 0, 1e-6); /* eigenvalues that are zero to 1e-16 have roots of 1e-8 */
    }
  wlaw_network_sampler_free(sampler);
  wlaw_network_fit_release(&fit);
  wlaw_network_moments_free(moments);
  wlaw_error_free(err);
  ensemble_free(&few);
  ensemble_free(&all);
}

/* Labelled inputs of pictures: 795 copies, singular, in seconds. Squared distances of draws from the mean have the
 * trace of the law for their mean; the distance between two such laws is that of its parts. */
static void pictures(void **state) {
  (void)state;
  enum { NETWORKS = 20, DRAWS = 40 };
  const network_shape shape = shape_of(3, (const size_t[]){784, 10, 10, 10}, true, SIDE_LABELLED, SIDE_LABELLED);
  dense_ensemble few = ensemble_new(shape, NETWORKS), all = ensemble_new(shape, DRAWS);
  wlaw_error *err = wlaw_error_new();
  wlaw_stream stream = wlaw_stream_start(62, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, few.vectors, NETWORKS * few.size);
  ensemble_split(&few);
  network_moments *moments = ensemble_moments(&few);
  network_sampler *sampler = NULL;
  network_gaussian *iid = NULL;
  network_fit fit;
  check_ok(wlaw_network_fit(&fit, moments, NETWORK_WHOLE, err));
  assert_string_equal(fit.reason, "20 networks leave the 807x807 covariance of the trivial numbers singular");
  check_ok(wlaw_network_sampler_new(&sampler, fit.gaussian, err));
  ensemble_draw(&all, sampler, 3);
  double trace = 0, squares = 0, sum = 0, squared, nuclear = 0;
  for (size_t b = 0; b < wlaw_network_blocks(&all.layout); b++) {
    const size_t n = wlaw_network_block_copies(&all.layout, b);
    const double dimension = (double)wlaw_network_block_dimension(&all.layout, b),
                 *V = wlaw_network_block(fit.gaussian, b);
    double *root = malloc(n * n * sizeof *root);
    check_ok(wlaw_symmetric_root(root, V, n, err));
    for (size_t i = 0; i < n; i++) {
      trace += dimension * V[i * n + i];
      nuclear += dimension * root[i * n + i];
    }
    for (size_t i = 0; i < n * n; i++) squares += dimension * V[i] * V[i];
    free(root);
  }
  for (size_t t = 0; t < all.layout.n_tensors; t++) /* means of tensors are alike in every entry but for labels */
    for (size_t k = 0; k < DRAWS; k++) {
      const network_tensor *tensor = &all.layout.tensors[t];
      for (size_t i = 0; i < tensor->rows; i++)
        for (size_t j = 0; j < tensor->cols; j++) {
          const size_t label = tensor->rows_labelled ? i : tensor->cols_labelled ? j : 0;
          const double mean = fit.gaussian->mean[tensor->trivial + label] / wlaw_network_unit(&all.layout, t);
          sum += pow(all.vectors[k * all.size + all.first[t] + i * tensor->cols + j] - mean, 2) / DRAWS;
        }
    }
  check_near(sum, trace, Z_LIMIT * sqrt(2 * squares / DRAWS));
  /* from a multiple of the identity: tr V + n v - 2 sqrt(v) tr V^1/2, and the means */
  check_ok(wlaw_network_gaussian_new(&iid, &all.layout, err));
  for (size_t t = 0; t < all.layout.n_tensors; t++) wlaw_network_set_iid(iid, t, 0, 2.0);
  double means = 0;
  for (size_t i = 0; i < all.layout.trivial; i++) means += fit.gaussian->mean[i] * fit.gaussian->mean[i];
  check_ok(wlaw_network_wasserstein_squared(&squared, NULL, fit.gaussian, iid, err));
  const double want = means + trace + 2.0 * (double)all.size - 2 * sqrt(2.0) * nuclear;
  check_near(squared, want, 1e-6 * want); /* roots of zeros that are 1e-16 */
  wlaw_network_sampler_free(sampler);
  wlaw_network_gaussian_free(iid);
  wlaw_network_fit_release(&fit);
  wlaw_network_moments_free(moments);
  wlaw_error_free(err);
  ensemble_free(&few);
  ensemble_free(&all);
}

/* Network k of a seed, whatever was drawn before it. */
static void draws_repeat(void **state) {
  (void)state;
  dense_ensemble two = ensemble_new(usual_shape(), 2), again = ensemble_new(usual_shape(), 2);
  wlaw_error *err = wlaw_error_new();
  network_gaussian *law = some_law(usual_shape(), 0.3);
  network_sampler *sampler = NULL;
  check_ok(wlaw_network_sampler_new(&sampler, law, err));
  ensemble_draw(&two, sampler, 7);
  ensemble_draw(&again, sampler, 8);
  assert_memory_not_equal(two.vectors, again.vectors, two.size * sizeof(double));
  ensemble_draw(&again, sampler, 7);
  assert_memory_equal(two.vectors, again.vectors, 2 * two.size * sizeof(double));
  assert_memory_not_equal(two.vectors, two.vectors + two.size, two.size * sizeof(double));
  wlaw_network_sampler_free(sampler);
  wlaw_network_gaussian_free(law);
  wlaw_error_free(err);
  ensemble_free(&two);
  ensemble_free(&again);
}

/* ---- errors */

typedef struct spread {
  double truth, sum, squares, model, robust, covered, covered_robust;
} spread;

/* Numbers of a law in one array: network_gaussian.data. */
static size_t law_length(const network_layout *layout) {
  size_t n = layout->trivial;
  for (size_t b = 0; b < wlaw_network_blocks(layout); b++)
    n += wlaw_network_block_copies(layout, b) * wlaw_network_block_copies(layout, b);
  return n;
}

/* Fits to many drawn ensembles: the variance of each parameter's estimate beside the mean squares of both its errors,
 * and how often the truth is within 1.96 of them. */
static void errors_are_the_spread_of_fits(void **state) {
  (void)state;
  enum { NETWORKS = 200 };
  dense_ensemble all = ensemble_new(usual_shape(), NETWORKS);
  network_gaussian *law = some_law(usual_shape(), 0.3);
  network_sampler *sampler = NULL;
  wlaw_error *err = wlaw_error_new();
  const size_t n = law_length(&all.layout);
  spread *of = calloc(n, sizeof *of);
  check_ok(wlaw_network_sampler_new(&sampler, law, err));
  for (uint32_t r = 0; r < REPLICATES; r++) {
    network_fit fit = drawn_fit(&all, sampler, 100 + r, NETWORK_WHOLE);
    for (size_t i = 0; i < n; i++) {
      const double off = fit.gaussian->data[i] - law->data[i];
      of[i].sum += off / REPLICATES;
      of[i].squares += off * off / REPLICATES;
      of[i].model += fit.error->data[i] * fit.error->data[i] / REPLICATES;
      of[i].robust += fit.robust->data[i] * fit.robust->data[i] / REPLICATES;
      of[i].covered += (fabs(off) <= 1.96 * fit.error->data[i]) / (double)REPLICATES;
      of[i].covered_robust += (fabs(off) <= 1.96 * fit.robust->data[i]) / (double)REPLICATES;
    }
    wlaw_network_fit_release(&fit);
  }
  double covered = 0, covered_robust = 0;
  for (size_t i = 0; i < n; i++) {
    const double variance = of[i].squares - of[i].sum * of[i].sum;
    /* The variance of R estimates is off by sqrt(2 / R); errors have a bias of up to 5 / N: population divisors, and
     * fourth moments about an estimated mean. */
    const double tolerance = Z_LIMIT * sqrt(2.0 / REPLICATES) + 5.0 / NETWORKS;
    check_near(of[i].model / variance, 1, tolerance);
    check_near(of[i].robust / variance, 1, tolerance);
    check_near(of[i].covered, 0.95, Z_LIMIT * sqrt(0.05 * 0.95 / REPLICATES) + 0.01);
    covered += of[i].covered / (double)n;
    covered_robust += of[i].covered_robust / (double)n;
  }
  print_message("coverage of 95 %% intervals: model %.4f, robust %.4f\n", covered, covered_robust);
  check_near(covered, 0.95, 0.01); /* skewed estimates of variances, errors off by 1 / N */
  check_near(covered_robust, 0.95, 0.01);
  free(of);
  wlaw_network_sampler_free(sampler);
  wlaw_network_gaussian_free(law);
  wlaw_error_free(err);
  ensemble_free(&all);
}

/* Uniform weights: the law's errors of variances of entries are too large by 1.1, of trivial numbers less, and the
 * robust ones are right. */
static void robust_errors_do_not_believe(void **state) {
  (void)state;
  enum { NETWORKS = 200 };
  dense_ensemble all =
      ensemble_new(shape_of(2, (const size_t[]){4, 5, 4}, true, SIDE_EXCHANGEABLE, SIDE_LABELLED), NETWORKS);
  wlaw_error *err = wlaw_error_new();
  const size_t n = law_length(&all.layout);
  spread *of = calloc(n, sizeof *of);
  for (uint32_t r = 0; r < REPLICATES; r++) {
    wlaw_stream stream = wlaw_stream_start(61, STREAM_TEST, r, 0);
    network_fit fit;
    for (size_t e = 0; e < all.n * all.size; e++) all.vectors[e] = wlaw_stream_uniform(&stream);
    ensemble_split(&all);
    network_moments *moments = ensemble_moments(&all);
    check_ok(wlaw_network_fit(&fit, moments, NETWORK_WHOLE, err));
    for (size_t i = 0; i < n; i++) {
      of[i].sum += fit.gaussian->data[i] / REPLICATES;
      of[i].squares += fit.gaussian->data[i] * fit.gaussian->data[i] / REPLICATES;
      of[i].model += fit.error->data[i] * fit.error->data[i] / REPLICATES;
      of[i].robust += fit.robust->data[i] * fit.robust->data[i] / REPLICATES;
    }
    wlaw_network_fit_release(&fit);
    wlaw_network_moments_free(moments);
  }
  for (size_t i = 0; i < n; i++)
    check_near(of[i].robust / (of[i].squares - of[i].sum * of[i].sum), 1,
               Z_LIMIT * sqrt(2.0 / REPLICATES) + 5.0 / NETWORKS);
  const spread *entries = of + all.layout.trivial + all.layout.trivial * all.layout.trivial;
  assert_true(entries->model > 1.15 * entries->robust); /* variances: 1.1 squared and more */
  free(of);
  wlaw_error_free(err);
  ensemble_free(&all);
}

static void noise_floors(void **state) {
  (void)state;
  enum { NETWORKS = 400 };
  dense_ensemble all = ensemble_new(usual_shape(), NETWORKS);
  network_gaussian *law = some_law(usual_shape(), 0.3);
  network_sampler *sampler = NULL;
  wlaw_error *err = wlaw_error_new();
  double mean = 0, squares = 0, floor, squared;
  check_ok(wlaw_network_sampler_new(&sampler, law, err));
  check_ok(wlaw_network_noise_floor(&floor, law, NETWORKS, err));
  for (uint32_t r = 0; r < REPLICATES; r++) {
    network_fit fit = drawn_fit(&all, sampler, 5000 + r, NETWORK_WHOLE);
    check_ok(wlaw_network_wasserstein_squared(&squared, NULL, fit.gaussian, law, err));
    mean += squared / REPLICATES;
    squares += squared * squared / REPLICATES;
    wlaw_network_fit_release(&fit);
  }
  print_message("mean of W2^2 over its floor: %.4f\n", mean / floor);
  /* the next order of 8 copies at N networks: some 8 / N of the floor */
  check_near(mean, floor, Z_LIMIT * sqrt((squares - mean * mean) / REPLICATES) + 8.0 / NETWORKS * floor);
  /* iid: (means + half the covariance parameters) variance / N, whatever the shape */
  network_gaussian *iid = NULL;
  check_ok(wlaw_network_gaussian_new(&iid, &all.layout, err));
  for (size_t t = 0; t < all.layout.n_tensors; t++) wlaw_network_set_iid(iid, t, 0.7, 2.0);
  const double T = (double)all.layout.trivial, parameters = (double)wlaw_network_parameters(&all.layout, NETWORK_WHOLE);
  check_ok(wlaw_network_noise_floor(&floor, iid, 10, err));
  check_near(floor, (T + 0.5 * (parameters - T)) * 2.0 / 10, 1e-12);
  wlaw_network_gaussian_free(iid);
  wlaw_network_sampler_free(sampler);
  wlaw_network_gaussian_free(law);
  wlaw_error_free(err);
  ensemble_free(&all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_have_the_law),
      cmocka_unit_test(singular_laws_are_drawn_from),
      cmocka_unit_test(pictures),
      cmocka_unit_test(draws_repeat),
      cmocka_unit_test(errors_are_the_spread_of_fits),
      cmocka_unit_test(robust_errors_do_not_believe),
      cmocka_unit_test(noise_floors),
  };
  return cmocka_run_group_tests_name("law.network_draws", tests, NULL, NULL);
}
