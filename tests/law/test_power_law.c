/* Power-law tails: every tail walked through by hand, classical data sets and the tensors of a trained model against
 * the published protocol, recovery of what was drawn, the lognormal alternative, the bootstrap. */
#include "support/test.h"

#include <float.h>

#include "core/json.h"
#include "core/stream.h"
#include "law/power_law.h"
#include "measure/spectrum.h"
#include "support/alloc_fail.h"

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* n values above 1, density proportional to x^-alpha. */
static double *pareto(size_t n, double alpha, uint32_t major) {
  double *x = malloc(n * sizeof *x);
  assert_non_null(x);
  wlaw_stream stream = wlaw_stream_start(41, STREAM_TEST, major, 0);
  for (size_t i = 0; i < n; i++) x[i] = pow(wlaw_stream_open(&stream), -1.0 / (alpha - 1.0));
  qsort(x, n, sizeof *x, compare);
  return x;
}

static double *lognormal(size_t n, double sigma, uint32_t major) {
  double *x = malloc(n * sizeof *x);
  assert_non_null(x);
  wlaw_stream stream = wlaw_stream_start(42, STREAM_TEST, major, 0);
  wlaw_stream_normals(&stream, x, n);
  for (size_t i = 0; i < n; i++) x[i] = exp(sigma * x[i]);
  qsort(x, n, sizeof *x, compare);
  return x;
}

/* The definition: each tail's sum and distance from the start, in long double. */
static void by_definition(double *alpha, double *distance, size_t *first, const double *x, size_t n) {
  *distance = 2;
  for (size_t i = 0; i + 1 < n; i++) {
    long double sum = 0, most = 0;
    const long double m = (long double)(n - i);
    for (size_t j = i; j < n; j++) sum += logl((long double)x[j] / x[i]);
    if (!(sum > 0)) continue;
    for (size_t j = i; j < n; j++)
      most = fmaxl(most, fabsl(1 - powl((long double)x[j] / x[i], -m / sum) - (long double)(j - i) / m));
    if ((double)most < *distance) {
      *distance = (double)most;
      *alpha = (double)(1 + m / sum);
      *first = i;
    }
  }
}

static void every_tail(void **state) {
  (void)state;
  for (uint32_t k = 0; k < 40; k++) {
    const size_t n = 10 + 37 * k % 400;
    double *x = k % 2 ? pareto(n, 1.5 + 0.2 * k, k) : lognormal(n, 0.3 * k + 0.1, k), alpha = 0, distance;
    size_t first = 0;
    if (k % 5 == 0) /* ties */
      for (size_t i = 0; i < n; i++) x[i] = ceil(4 * x[i]);
    by_definition(&alpha, &distance, &first, x, n);
    power_law fit;
    assert_int_equal(wlaw_power_law_fit(&fit, x, n, NULL), WLAW_OK);
    assert_null(fit.reason);
    assert_int_equal(fit.n, n);
    assert_int_equal(fit.n_tail, n - first);
    check_near(fit.xmin, x[first], 0);
    /* logarithms of order ln(x_max), n_tail of them, to eps each */
    check_near(fit.alpha, alpha, 1e-12 * alpha);
    check_near(fit.distance, distance, 1e-13);
    check_near(fit.se_alpha, (alpha - 1) / sqrt((double)(n - first)), 1e-12 * alpha);
    assert_true(isnan(fit.p_value));
    free(x);
  }
}

/* The facts of data sets from Clauset, Shalizi and Newman 2009 by the rule of the header; xmin in units of the file. */
static void classical_data(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double alpha, xmin;
  } known[] = {{"blackouts", 2.27263721983, 230e3},
               {"cities", 2.36995212269, 52.457e3},
               {"flares", 1.78848587084, 316},
               {"surnames", 2.24956328653, 44.7678e3},
               {"fires", NAN, 6324},
               {"quakes", NAN, NAN},
               {"terrorism", NAN, 18},
               {"words", NAN, 23}};
  enum { MOST = 210000 };
  double *x = malloc(MOST * sizeof *x);
  assert_non_null(x);
  for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
    char name[64];
    snprintf(name, sizeof name, "../reference/powerlaw/%s.txt", known[k].name);
    FILE *file = fopen(test_data(name), "r");
    assert_non_null(file);
    size_t n = 0;
    while (n < MOST && fscanf(file, "%lf", &x[n]) == 1) n++;
    assert_true(feof(file));
    fclose(file);
    qsort(x, n, sizeof *x, compare);
    power_law fit;
    assert_int_equal(wlaw_power_law_fit(&fit, x, n, NULL), WLAW_OK);
    assert_null(fit.reason);
    if (!isnan(known[k].alpha)) check_near(fit.alpha, known[k].alpha, 5.1e-12); /* the printed digits */
    if (!isnan(known[k].xmin)) check_near(fit.xmin, known[k].xmin, 1e-12 * known[k].xmin);
    assert_true(fit.distance > 0 && fit.distance < 0.1);
  }
  free(x);
}

static double number(const json_t *row, const char *key) {
  double value = (double)NAN;
  assert_true(wlaw_json_number(json_object_get(row, key), &value));
  return value;
}

/* The weights of stories260K: exponents and norms by a singular value decomposition in double and WWFit. */
static void trained_model(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  json_t *reference = json_load_file(test_data("checkpoints/stories260K/reference_fits.json"), 0, NULL);
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, test_data("checkpoints/stories260K/model-f32.safetensors"), err));
  size_t i, checked = 0;
  json_t *row;
  json_array_foreach(json_object_get(reference, "rows"), i, row) {
    size_t t;
    if (!json_object_get(row, "ww_alpha") || json_is_null(json_object_get(row, "ww_alpha"))) continue;
    check_ok(wlaw_tensors_find(&t, tensors, json_string_value(json_object_get(row, "name")), err));
    weight_source source;
    const uint64_t *shape = wlaw_tensors_shape(tensors, t);
    check_ok(wlaw_source_tensor(&source, tensors, t, shape[0], shape[1], NULL, err));
    weight_spectrum spectrum;
    check_ok(wlaw_weight_spectrum(&spectrum, &source, 1, 1, NULL, err));
    const double *e = spectrum.eigenvalues, largest = e[spectrum.n - 1];
    size_t small = 0;
    while (small < spectrum.n && !(e[small] > 1e-5)) small++;
    power_law fit;
    spectrum_measures measures;
    check_ok(wlaw_power_law_fit(&fit, e + small, spectrum.n - small, err));
    wlaw_spectrum_measures(&measures, &spectrum, fit.alpha, (double)NAN);
    assert_int_equal(spectrum.n - small, number(row, "ww_nevals"));
    assert_int_equal(fit.n_tail, number(row, "ww_ntail"));
    check_near(measures.spectral_norm / number(row, "sv_max"), 1, 1e-13);
    check_near(spectrum.trace / number(row, "frob2"), 1, 1e-13);
    check_near(measures.stable_rank / number(row, "stable_rank"), 1, 1e-13);
    /* an eigenvalue x carries an error of some eps lambda_max; ln(x / xmin) and so alpha of about that over xmin */
    const double limit = fmax(1e-12, 10 * DBL_EPSILON * largest / number(row, "ww_xmin"));
    assert_true(limit < 1e-9);
    check_near(fit.alpha / number(row, "ww_alpha"), 1, limit * fit.alpha);
    check_near(fit.xmin / number(row, "ww_xmin"), 1, limit);
    check_near(fit.se_alpha / number(row, "ww_sigma"), 1, limit * fit.alpha);
    check_near(fit.distance, number(row, "ww_D"), limit);
    wlaw_weight_spectrum_free(&spectrum);
    wlaw_source_free(&source);
    checked++;
  }
  assert_true(checked >= 36); /* 5 blocks of 7 matrices and the embedding */
  wlaw_tensors_close(tensors);
  json_decref(reference);
  wlaw_error_free(err);
}

/* Exact Pareto samples: the exponent is found within four standard errors, and units do not matter. */
static void recovery(void **state) {
  (void)state;
  static const double exponents[] = {1.5, 2.0, 3.5, 8.0};
  for (uint32_t k = 0; k < 4; k++) {
    enum { N = 4000 };
    double *x = pareto(N, exponents[k], 100 + k);
    power_law fit, scaled;
    assert_int_equal(wlaw_power_law_fit(&fit, x, N, NULL), WLAW_OK);
    check_near(fit.alpha, exponents[k], 4 * fit.se_alpha);
    for (size_t i = 0; i < N; i++) x[i] *= 0x1p-300;
    assert_int_equal(wlaw_power_law_fit(&scaled, x, N, NULL), WLAW_OK);
    assert_int_equal(scaled.n_tail, fit.n_tail);
    check_near(scaled.alpha, fit.alpha, 1e-9); /* logarithms of -200 instead of 2 */
    free(x);
  }
}

static void too_little(void **state) {
  (void)state;
  double x[40];
  power_law fit;
  for (size_t i = 0; i < 40; i++) x[i] = i < 31 ? 0.0 : (double)i;
  assert_int_equal(wlaw_power_law_fit(&fit, x, 40, NULL), WLAW_OK);
  assert_string_equal(fit.reason, "fewer than 10 positive eigenvalues");
  assert_int_equal(fit.n, 9);
  assert_true(isnan(fit.alpha) && isnan(fit.se_alpha) && isnan(fit.distance) && isnan(fit.vuong));
  assert_int_equal(wlaw_power_law_bootstrap(&fit, x, 40, 100, 1, 1, NULL, NULL), WLAW_OK);
  assert_true(isnan(fit.p_value));
  for (size_t i = 0; i < 40; i++) x[i] = 3.0;
  assert_int_equal(wlaw_power_law_fit(&fit, x, 40, NULL), WLAW_OK);
  assert_string_equal(fit.reason, "all eigenvalues are equal");
  assert_int_equal(wlaw_power_law_fit(&fit, x, 0, NULL), WLAW_OK);
  assert_non_null(fit.reason);
}

/* Largest log-likelihood of the truncated lognormal by a search on a grid that closes in, and Vuong's statistic. */
static double lognormal_likelihood(double *each, const double *x, size_t n, double xmin, double mu, double sigma) {
  const double beyond = log(0.5 * erfc((log(xmin) - mu) / sigma / sqrt(2)));
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    const double z = (log(x[i]) - mu) / sigma;
    const double l = -log(x[i]) - 0.5 * z * z - log(sigma) - 0.5 * log(2 * acos(-1.0)) - beyond;
    if (each) each[i] = l;
    sum += l;
  }
  return sum;
}

static void vuong_by_search(void **state) {
  (void)state;
  enum { N = 300 };
  static const double sigmas[] = {0.2, 0.7, 1.5};
  for (uint32_t k = 0; k < 3; k++) {
    double *x = lognormal(N, sigmas[k], 200 + k), lognormals[N];
    power_law fit = {.alpha = 0, .n_tail = N - 60, .xmin = x[60]}; /* a cut on the flank */
    const double *tail = x + 60;
    double sum = 0;
    for (size_t i = 0; i < fit.n_tail; i++) sum += log(tail[i] / fit.xmin);
    fit.alpha = 1 + (double)fit.n_tail / sum;
    wlaw_power_law_vuong(&fit, x, N);
    double mu = log(tail[fit.n_tail / 2]), sigma = sigmas[k], best = -1e300, step = 0.5;
    while (step > 1e-10) {
      bool better = false;
      for (int way = 0; way < 16; way++) { /* both change at once on the way along a ridge */
        const double angle = acos(-1.0) * way / 8;
        const double other_mu = mu + step * cos(angle), other_sigma = sigma * exp(step * sin(angle));
        const double l = lognormal_likelihood(NULL, tail, fit.n_tail, fit.xmin, other_mu, other_sigma);
        if (l > best && (log(fit.xmin) - other_mu) / other_sigma < 30) { /* erfc underflows beyond */
          best = l;
          mu = other_mu;
          sigma = other_sigma;
          better = true;
        }
      }
      if (!better) step *= 0.5;
    }
    lognormal_likelihood(lognormals, tail, fit.n_tail, fit.xmin, mu, sigma);
    double ratio = 0, squares = 0;
    const double m = (double)fit.n_tail;
    for (size_t i = 0; i < fit.n_tail; i++) {
      const double d = log((fit.alpha - 1) / fit.xmin) - fit.alpha * log(tail[i] / fit.xmin) - lognormals[i];
      ratio += d;
      squares += d * d;
    }
    const double z = ratio / sqrt(m * (squares / m - ratio * ratio / m / m));
    assert_true(z < 0);
    check_near(fit.vuong, z, 1e-5 * fabs(z)); /* the search ends where the likelihood is flat to 1e-13 */
    check_near(fit.vuong_p, erfc(fabs(z) / sqrt(2)), 1e-4 * fit.vuong_p + 1e-12);
    free(x);
  }
}

static void vuong_tells_apart(void **state) {
  (void)state;
  enum { N = 3000 };
  double *tail = pareto(N, 2.5, 300), *body = lognormal(N, 0.5, 301);
  power_law fit;
  assert_int_equal(wlaw_power_law_fit(&fit, tail, N, NULL), WLAW_OK);
  assert_true(fit.vuong_p > 0.01); /* a lognormal can imitate a power law: no verdict against the truth */
  fit = (power_law){.alpha = 1 + 1 / 0.4, .n_tail = N, .xmin = body[0]};
  wlaw_power_law_vuong(&fit, body, N);
  assert_true(fit.vuong < -5 && fit.vuong_p < 1e-6);
  /* wider than a power law (mixture of two): the lognormal's likelihood has no maximum */
  for (size_t i = 0; i < N; i++) tail[i] = i % 2 ? pow(tail[i], 10) : tail[i];
  qsort(tail, N, sizeof *tail, compare);
  fit = (power_law){.alpha = 1.3, .n_tail = N, .xmin = tail[0]};
  wlaw_power_law_vuong(&fit, tail, N);
  assert_true(fit.vuong == 0.0 && fit.vuong_p == 1.0);
  free(tail);
  free(body);
}

/* p is uniform under the law: not small for Pareto samples; small for a body without a tail. Threads change nothing. */
static void bootstrap(void **state) {
  (void)state;
  enum { N = 400, REPLICATES = 100 };
  double *x = pareto(N, 2.5, 400), *body = lognormal(4 * N, 0.3, 401);
  power_law fit, again;
  assert_int_equal(wlaw_power_law_fit(&fit, x, N, NULL), WLAW_OK);
  again = fit;
  assert_int_equal(wlaw_power_law_bootstrap(&fit, x, N, REPLICATES, 7, 1, NULL, NULL), WLAW_OK);
  assert_int_equal(wlaw_power_law_bootstrap(&again, x, N, REPLICATES, 7, 3, NULL, NULL), WLAW_OK);
  assert_true(fit.p_value == again.p_value);
  assert_true(fit.p_value > 0.02);
  /* a uniform body: all values in one octave, cut off sharply; its "tail" is none */
  for (size_t i = 0; i < 4 * N; i++) body[i] = 1.0 + (double)i / (4 * N);
  assert_int_equal(wlaw_power_law_fit(&fit, body, 4 * N, NULL), WLAW_OK);
  fit.n_tail = 4 * N; /* the whole of it taken as a tail */
  fit.xmin = 1.0;
  fit.alpha = 3.4;
  fit.distance = 0.2;
  assert_int_equal(wlaw_power_law_bootstrap(&fit, body, 4 * N, REPLICATES, 7, 2, NULL, NULL), WLAW_OK);
  assert_true(fit.p_value == 0.0);
  free(x);
  free(body);
}

/* The search visits few of the N tails: 16,384 values take far less than the N^2 / 2 = 1.3e8 powers (over a second). */
static void many_values(void **state) {
  (void)state;
#ifdef __SANITIZE_ADDRESS__
  skip();
#endif
  enum { N = 16384 };
  power_law fit;
  double *x[] = {pareto(N, 2.2, 500), lognormal(N, 1.0, 501), lognormal(N, 0.1, 502)};
  for (size_t k = 0; k < 3; k++) {
    const uint64_t start = wlaw_clock_ns();
    assert_int_equal(wlaw_power_law_fit(&fit, x[k], N, NULL), WLAW_OK);
    print_message("%d values: %.3f s\n", N, (double)(wlaw_clock_ns() - start) * 1e-9);
    free(x[k]);
  }
}

static wlaw_status fit_and_bootstrap(void *context, wlaw_error *err) {
  power_law fit;
  const wlaw_status status = wlaw_power_law_fit(&fit, context, 50, err);
  return status != WLAW_OK ? status : wlaw_power_law_bootstrap(&fit, context, 50, 4, 1, 1, NULL, err);
}

static void refused_memory(void **state) {
  (void)state;
  double *x = pareto(50, 2.5, 600);
  alloc_fail_each(fit_and_bootstrap, x);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_tail),        cmocka_unit_test(classical_data),
                                     cmocka_unit_test(trained_model),     cmocka_unit_test(recovery),
                                     cmocka_unit_test(too_little),        cmocka_unit_test(vuong_by_search),
                                     cmocka_unit_test(vuong_tells_apart), cmocka_unit_test(bootstrap),
                                     cmocka_unit_test(many_values),       cmocka_unit_test(refused_memory)};
  return cmocka_run_group_tests_name("law.power_law", tests, NULL, NULL);
}
