/* Documents, metrics, settings and weights into a series, each against numbers computed by hand or by definition. */
#include "support/test.h"

#include "core/json.h"
#include "core/stream.h"
#include "report/read.h"

static json_t *parse(const char *text) {
  json_t *document = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_json_parse(&document, text, strlen(text), err));
  wlaw_error_free(err);
  return document;
}

static const char fit_text[] =
    "{\"law\": \"permutation\", \"networks\": 500, \"networks_excluded\": 3, \"log_likelihood\": -10.5, \"aic\": 47,"
    " \"bic\": null, \"parameters\": {\"mean\": [1, 2], \"V0\": [[3, 4], [4, 5]], \"VH\": [[6, 7, 8], [7, 9, 10],"
    " [8, 10, 11]], \"V2\": 12, \"V3\": null}, \"standard_errors\": {\"mean\": [0.1, 0.2], \"V2\": \"inf\"},"
    " \"robust_standard_errors\": null, \"tests\": [{\"null\": \"iid\", \"alternative\": \"bipartite\", \"statistic\":"
    " 4.5, \"df\": 3, \"p_value\": 0.21}, {\"null\": \"iid\", \"alternative\": \"permutation\", \"p_value\": 0},"
    " {\"null\": 7}, 8], \"candidates\": [{\"law\": \"bipartite\", \"parameters\": {\"mean\": [1.5], \"s0\": 2},"
    " \"bic\": 60}, {\"law\": \"no such law\"}, 5, {\"law\": \"iid\", \"bic\": 70}]}";

static tensor_point *point_of(report_series **series, size_t n_epochs) {
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_series_new(series, n_epochs, 1, err));
  wlaw_error_free(err);
  return (*series)->tensors[0].points;
}

static void fit_document(void **state) {
  (void)state;
  report_series *series = NULL;
  tensor_point *point = point_of(&series, 1);
  json_t *document = parse(fit_text);
  wlaw_read_fit(point, document);
  const law_fit *fit = &point->fits[REPORT_PERMUTATION];
  assert_true(fit->present);
  /* the upper triangles row by row: 1 2 | 3 4 5 | 6 7 8 9 10 11 | 12 | V3 is null */
  for (size_t p = 0; p < 12; p++) check_near(fit->value[p], (double)p + 1, 0);
  assert_true(isnan(fit->value[12]));
  check_near(fit->error[1], 0.2, 0);
  assert_true(isnan(fit->error[5]) && isinf(fit->error[11]) && isnan(fit->robust[0]) && isnan(fit->bic));
  check_near(fit->log_likelihood, -10.5, 0);
  assert_true(point->fits[REPORT_BIPARTITE].present);
  check_near(point->fits[REPORT_BIPARTITE].value[0], 1.5, 0);
  check_near(point->fits[REPORT_BIPARTITE].value[1], 2, 0);
  assert_false(point->fits[REPORT_IID].present); /* a candidate without parameters */
  check_near(point->tests[REPORT_BIPARTITE].p_value, 0.21, 0);
  assert_false(point->tests[REPORT_PERMUTATION].present); /* not a test of neighbours */
  assert_int_equal(point->chosen, REPORT_PERMUTATION);
  check_near(point->excluded, 3, 0);
  json_decref(document);
  wlaw_series_free(series);
}

static void fit_documents_of_anything(void **state) {
  (void)state;
  static const char *const texts[] = {"{}",
                                      "[]",
                                      "{\"law\": 3}",
                                      "{\"law\": \"permutation\", \"parameters\": []}",
                                      "{\"law\": \"permutation\", \"parameters\": {\"VH\": 3, \"V0\": [[]]}}",
                                      "{\"candidates\": {}, \"tests\": 4}"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    report_series *series = NULL;
    tensor_point *point = point_of(&series, 1);
    json_t *document = parse(texts[i]);
    wlaw_read_fit(point, document);
    for (size_t p = 0; p < REPORT_PARAMETERS_MOST; p++)
      assert_true(isnan(wlaw_point_value(point, REPORT_PERMUTATION, p)));
    json_decref(document);
    wlaw_series_free(series);
  }
}

/* A law of the matrices' own, its components beside its parameters; a law that the page does not know. */
static void fit_of_a_law_of_their_own(void **state) {
  (void)state;
  report_series *series = NULL;
  tensor_point *points = point_of(&series, 3);
  json_t *own = parse(
             "{\"law\": \"zero-diagonal\", \"bic\": 4, \"parameters\": {\"mean\": 1, \"V0\": 2, \"H\": [[3, 4], "
             "[4, 5]], \"V2\": 6, \"V3\": 7}, \"components\": {\"network\": 8, \"actor\": -9, \"partner\": 10, "
             "\"actor_partner_covariance\": 11, \"relationship\": 12, \"reciprocity\": 13}, "
             "\"component_standard_errors\": {\"actor\": 0.5}, \"robust_standard_errors\": {\"actor\": 1}}"),
         *strange = parse("{\"law\": \"strange\", \"parameters\": {}}");
  const law_fit *fit = &points[0].fits[REPORT_ZERO_DIAGONAL];
  wlaw_read_fit(&points[0], own);
  assert_int_equal(points[0].chosen, REPORT_ZERO_DIAGONAL);
  assert_true(fit->present);
  for (size_t p = 0; p < 13; p++) check_near(fit->value[p], p == 8 ? -9 : (double)p + 1, 0);
  check_near(fit->error[8], 0.5, 0);
  assert_true(isnan(fit->robust[8]));
  assert_int_equal(wlaw_point_best_bic(&points[0]), -1); /* nothing to compare it with */
  wlaw_read_fit(&points[1], strange);
  assert_int_equal(points[1].chosen, -1);
  /* the tensor's own law: of all its epochs that have a fit */
  const report_tensor *tensor = &series->tensors[0];
  assert_int_equal(wlaw_series_own_law(tensor, 1), REPORT_ZERO_DIAGONAL);
  points[2].chosen = REPORT_ZERO_DIAGONAL;
  assert_int_equal(wlaw_series_own_law(tensor, 3), REPORT_ZERO_DIAGONAL);
  points[2].chosen = REPORT_ANTISYMMETRIC;
  assert_int_equal(wlaw_series_own_law(tensor, 3), -1);
  points[2].chosen = REPORT_PERMUTATION;
  assert_int_equal(wlaw_series_own_law(tensor, 3), -1);
  assert_int_equal(wlaw_series_own_law(tensor, 0), -1);
  json_decref(own);
  json_decref(strange);
  wlaw_series_free(series);
}

static void distance_document(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  report_series *series = NULL;
  point_of(&series, 2);
  json_t *document = parse(
      "{\"wasserstein\": 0.5, \"wasserstein_squared\": 0.25, \"noise_floor_squared\": 0.01,"
      "\"standard_error\": null, \"kl_ab\": \"inf\", \"blocks\": {\"V3\": 0.1, \"V2\": 0.2,"
      "\"other\": 0.05, \"VH\": 0.3, \"mean\": 0.35, \"V0\": null}}");
  check_ok(wlaw_read_distance(&series->tensors[0].points[1].distance, &series->tensors[0], document, err));
  const report_tensor *tensor = &series->tensors[0];
  static const char *const order[] = {"mean", "V0", "VH", "V2", "V3", "other"};
  static const double shares[] = {0.35, NAN, 0.3, 0.2, 0.1, 0.05};
  assert_int_equal(tensor->n_blocks, 6);
  for (size_t b = 0; b < 6; b++) {
    assert_string_equal(tensor->blocks[b], order[b]);
    const double share = tensor->points[1].distance.share[b];
    if (isnan(shares[b])) assert_true(isnan(share));
    else check_near(share, shares[b], 0);
  }
  assert_true(tensor->points[1].distance.present);
  assert_false(tensor->points[0].distance.present);
  assert_true(isnan(tensor->points[1].distance.standard_error));
  json_decref(document);
  wlaw_series_free(series);
  wlaw_error_free(err);
}

/* 5 networks, 2 epochs; one dies at epoch 1, one has no number. */
static void metrics_of_networks(void **state) {
  (void)state;
  double accuracy[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 0.1, 0.7, NAN, 0.8};
  double loss[] = {5, 4, 3, 2, 1, 1, 2.3, 2, NAN, 3}, train[] = {NAN, NAN, NAN, NAN, NAN, 1, 2, 3, 4, 5};
  network_condition condition[10] = {NETWORK_OK};
  condition[6] = NETWORK_CONSTANT;
  condition[8] = NETWORK_NONFINITE;
  const run_metrics metrics = {2, 5, train, loss, accuracy, condition};
  report_metrics *made = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_read_metrics(&made, &metrics, err));
  /* type 7 on 0.1 .. 0.5: position 0.05 * 4 = 0.2 */
  const metric_spread *first = &made->spread[METRIC_ACCURACY][0], *second = &made->spread[METRIC_ACCURACY][1];
  check_near(first->quantile[QUANTILE_5], 0.12, 1e-15);
  check_near(first->quantile[QUANTILE_25], 0.2, 1e-15);
  check_near(first->quantile[QUANTILE_50], 0.3, 1e-15);
  check_near(first->quantile[QUANTILE_95], 0.48, 1e-15);
  check_near(first->mean, 0.3, 1e-15);
  check_near(second->quantile[QUANTILE_50], 0.8, 1e-15); /* of 0.7, 0.8, 0.9 */
  assert_true(isnan(made->spread[METRIC_TRAIN_LOSS][0].mean));
  assert_int_equal(made->n_dead[METRIC_ACCURACY], 1);
  check_near(made->dead[METRIC_ACCURACY][0].value, 0.1, 0);
  check_near(made->dead[METRIC_ACCURACY][0].epoch, 1, 0);
  check_near(made->constant[1] + 10 * made->nonfinite[1], 11, 0);
  check_near(made->constant[0] + made->nonfinite[0], 0, 0);
  assert_int_equal(made->n_final, 4);
  wlaw_series_metrics_free(made);
  wlaw_error_free(err);
}

static const char *setting(const report_series *series, const char *name) {
  for (size_t i = 0; i < series->n_settings; i++)
    if (strcmp(series->settings[i].name, name) == 0) return series->settings[i].value;
  return NULL;
}

static void settings_of_a_run(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  report_series *series = NULL;
  point_of(&series, 1);
  json_t *config = parse(
      "{\"networks\": 12, \"init\": \"normal(gain=1)\", \"data\": {\"name\": \"mnist\", \"shape\":"
      " [1, 28, 28]}, \"options\": {\"order\": \"shared\", \"activation\": \"tanh\", \"biases\":"
      " \"true\", \"optimizer\": \"sgd\", \"lr\": \"0.050000000000000003\"}, \"layers\": [{\"rows\": 7, \"cols\": 30},"
      " {\"rows\": 3, \"cols\": 7}], \"odd\": [[1], {\"a\": null}], \"flag\": true}");
  check_ok(wlaw_read_settings(series, config, err));
  check_near(series->networks, 12, 0);
  assert_true(series->shared_order);
  assert_string_equal(series->architecture, "of shape 30-7-3 (tanh, with biases)");
  assert_string_equal(series->optimizer, "sgd at a learning rate of 0.05");
  assert_string_equal(series->data, "mnist");
  assert_string_equal(setting(series, "data.shape"), "1, 28, 28");
  assert_string_equal(setting(series, "options.lr"), "0.050000000000000003");
  assert_string_equal(setting(series, "layers.2.rows"), "3");
  assert_string_equal(setting(series, "odd.2.a"), "none");
  assert_string_equal(setting(series, "flag"), "true");
  json_decref(config);
  config = parse("{\"networks\": \"many\", \"options\": 3, \"layers\": {\"a\": 1}, \"data\": null}");
  check_ok(wlaw_read_settings(series, config, err));
  assert_true(isnan(series->networks));
  json_decref(config);
  wlaw_series_free(series);
  wlaw_error_free(err);
}

/* Histogram and moments by definition, in one piece; tolerances: 1e-12 is 4000 roundings of sums of size 1. */
static void histogram_by_definition(void **state) {
  (void)state;
  enum { NETWORKS = 3000, ROWS = 5, COLS = 7, N = NETWORKS * ROWS * COLS };
  static double w[N];
  wlaw_stream stream = wlaw_stream_start(5, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, w, N);
  for (size_t i = 0; i < N; i++) w[i] = 100 + w[i] + 0.2 * w[i] * w[i];
  wlaw_error *err = wlaw_error_new();
  ensemble *source = NULL;
  weight_histogram *h = NULL;
  check_ok(wlaw_ensemble_array(&source, w, NETWORKS, ROWS, COLS, err));
  check_ok(wlaw_read_histogram(&h, source, 0, false, err));
  double mean = 0, m2 = 0, m3 = 0, m4 = 0, inside = 0;
  for (size_t i = 0; i < N; i++) mean += w[i] / N;
  for (size_t i = 0; i < N; i++) {
    const double d = w[i] - mean;
    m2 += d * d / N;
    m3 += d * d * d / N;
    m4 += d * d * d * d / N;
  }
  check_near(h->mean, mean, 1e-12 * 100);
  check_near(h->sd, sqrt(m2), 1e-12);
  check_near(h->skewness, m3 / pow(m2, 1.5), 1e-11);
  check_near(h->kurtosis, m4 / (m2 * m2), 1e-11);
  for (size_t b = 0; b < HISTOGRAM_BINS; b++) inside += h->counts[b];
  check_near(inside + h->below + h->above, N, 0);
  check_near(h->count, N, 0);
  double third = 0; /* one bin counted anew */
  const double low = h->low + 20 * h->bin_width, high = low + h->bin_width;
  for (size_t i = 0; i < N; i++) third += w[i] >= low && w[i] < high;
  check_near(h->counts[20], third, 2); /* edges may round either way */
  free(h);
  wlaw_ensemble_close(source);
  wlaw_error_free(err);
}

static void histograms_of_few_weights(void **state) {
  (void)state;
  static const double cases[][2] = {{3, 3}, {0, 0}, {-1, 1}, {1e-300, 2e-300}, {1e300, -1e300}};
  wlaw_error *err = wlaw_error_new();
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    ensemble *source = NULL;
    weight_histogram *h = NULL;
    double inside = 0;
    check_ok(wlaw_ensemble_array(&source, cases[c], 2, 1, 1, err));
    check_ok(wlaw_read_histogram(&h, source, 0, false, err));
    for (size_t b = 0; b < HISTOGRAM_BINS; b++) inside += h->counts[b];
    check_near(inside, 2, 0);
    assert_true(h->bin_width > 0);
    free(h);
    wlaw_ensemble_close(source);
  }
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fit_document),
      cmocka_unit_test(fit_documents_of_anything),
      cmocka_unit_test(fit_of_a_law_of_their_own),
      cmocka_unit_test(distance_document),
      cmocka_unit_test(metrics_of_networks),
      cmocka_unit_test(settings_of_a_run),
      cmocka_unit_test(histogram_by_definition),
      cmocka_unit_test(histograms_of_few_weights),
  };
  return cmocka_run_group_tests_name("report.read", tests, NULL, NULL);
}
