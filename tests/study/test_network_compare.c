/* compare --law network: what the two sides may be, what their initial law is, and what is refused. */
#include "study.h"
#include "support/alloc_fail.h"
#include "train_run.h"

static wlaw_status compare(wlaw_result **result, const char *a, const char *b, const char *const *pairs,
                           wlaw_error *err) {
  const char *inputs[] = {a, b}, *all[16] = {"law", "network"};
  size_t n = 2;
  for (; pairs && *pairs; pairs++) all[n++] = *pairs;
  all[n] = NULL;
  return call_verb(result, &wlaw_command_compare, inputs, 2, all, err);
}

static wlaw_result *compared(const char *a, const char *b, const char *const *pairs) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(compare(&result, a, b, pairs, err));
  wlaw_error_free(err);
  return result;
}

static void refused(const char *a, const char *b, const char *const *pairs, wlaw_status want, const char *says) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_status(compare(&result, a, b, pairs, err), want);
  if (!strstr(wlaw_error_message(err), says)) fail_msg("'%s' does not say '%s'", wlaw_error_message(err), says);
  wlaw_error_free(err);
}

static bool is_null(const wlaw_result *result, const char *key) {
  return json_is_null(json_object_get(result->document, key));
}

static const char *at_epoch(const char *run, int epoch) {
  static char texts[4][4200];
  static int turn;
  char *text = texts[turn++ & 3];
  snprintf(text, sizeof texts[0], "%s@%d", run, epoch);
  return text;
}

static const char *const exchangeable[] = {"input", "exchangeable", "output", "exchangeable", NULL},
                         *const labelled[] = {"input", "labelled", NULL};

/* ---- real initial weights against the law they are from */

/* 8-6-5-4, 300 networks. */
static const char *trained(const char *name, const char *const *more, size_t n_more) {
  static char path[4096];
  const char *all[24] = {"networks", "300", "epochs", "1"};
  for (size_t i = 0; i < n_more; i++) all[4 + i] = more[i];
  snprintf(path, sizeof path, "%s", test_scratch(name));
  wlaw_error *err = wlaw_error_new();
  check_ok(train(path, all, 4 + n_more, NULL, NULL, err));
  wlaw_error_free(err);
  return path;
}

/* W2^2 over the floor is a mean of squares of `numbers` Gaussian numbers or more: its standard deviation is at most
 * sqrt(2 / numbers) if they count alike. Blocks do not, and a factor 2 allows for that. */
static void near_floor(const char *run, const char *const *pairs, double numbers) {
  wlaw_result *result = compared(at_epoch(run, 0), "init", pairs);
  const double ratio = number_at(result, "wasserstein_squared") / number_at(result, "noise_floor_squared");
  check_near(ratio, 1.0, 4.0 * 2.0 * sqrt(2.0 / numbers) + 0.05); /* 0.05: order 1/networks^2 */
  assert_string_equal(text_at(result, "reference"), "exact");
  assert_true(is_null(result, "networks_b"));
  wlaw_result_free(result);
}

static void test_initial(void **state) {
  (void)state;
  static const char *const torch[] = {"init", "torch-default", "biases", "true"};
  static const char *const ntk[] = {"parameterization", "ntk", "biases", "true"};
  static const char *const nodes[] = {"init", "inverse-gamma(shape=6,scale=5)"};
  static const char *const planted[] = {"init", "bipartite(mean=2,s0=0.3,rows=0.5,columns=0.1,entries=0.2)"};
  const char *run = trained("init-torch", torch, 4);
  near_floor(run, NULL, 50.0);
  near_floor(run, labelled, 300.0);
  near_floor(run, exchangeable, 40.0);
  near_floor(trained("init-planted", planted, 2), labelled, 200.0);
  near_floor(trained("init-nodes", nodes, 2), exchangeable, 5.0); /* whose fourth moments are larger */
  /* biases are 0 on both sides, and no law with a density */
  wlaw_result *result = compared(at_epoch(trained("init-ntk", ntk, 4), 0), "init", exchangeable);
  check_near(number_at(result, "wasserstein_squared") / number_at(result, "noise_floor_squared"), 1.0, 2.5);
  assert_true(is_null(result, "kl_ab"));
  assert_non_null(strstr(text_at(result, "reason"), "has no density"));
  wlaw_result_free(result);
}

/* Training moves the networks; both orders of the sides; no network of its own in the distance to itself. */
static void test_epochs(void **state) {
  (void)state;
  const char *run = trained("epochs", NULL, 0);
  wlaw_result *result = compared(at_epoch(run, 1), at_epoch(run, 0), NULL), *swapped;
  assert_true(json_is_true(json_object_get(result->document, "paired")));
  const double moved = number_at(result, "wasserstein_squared");
  assert_true(number_at(result, "debiased_squared") > 10.0 * number_at(result, "standard_error"));
  check_near(number_at(result, "epoch_a"), 1, 0);
  check_near(number_at(result, "jackknife_groups"), 200, 0);
  double sum = 0.0;
  const char *key;
  json_t *value;
  json_object_foreach(json_object_get(result->document, "blocks"), key, value) sum += json_number_value(value);
  check_near(sum, 1.0, 1e-12);
  swapped = compared(at_epoch(run, 0), at_epoch(run, 1), NULL);
  check_near(number_at(swapped, "wasserstein_squared"), moved, 1e-12 * moved);
  check_near(number_at(swapped, "kl_ab"), number_at(result, "kl_ba"), 1e-9 * number_at(result, "kl_ba"));
  wlaw_result_free(swapped);
  wlaw_result_free(result);

  result = compared(run, at_epoch(run, 1), exchangeable);
  check_near(number_at(result, "wasserstein_squared"), 0.0, 1e-12);
  check_near(number_at(result, "debiased_squared"), 0.0, 1e-12);
  wlaw_result_free(result);
}

/* The document of a fit of the run's last epoch, outputs exchangeable: its path. */
static const char *fitted_inputs(const char *run, const char *name, const char *input) {
  static char path[4096];
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  const char *const options[] = {"law", "network", "output", "exchangeable", "input", input, NULL};
  check_ok(call_verb(&result, &wlaw_command_fit, &run, 1, options, err));
  char *json = json_dumps(result->document, JSON_REAL_PRECISION(17));
  snprintf(path, sizeof path, "%s", test_scratch(name));
  write_text(path, json);
  free(json);
  wlaw_result_free(result);
  wlaw_error_free(err);
  return path;
}

static const char *fitted(const char *run, const char *name) { return fitted_inputs(run, name, "omit"); }

/* Networks drawn from a fitted law: that law is what they began with, where nodes are taken as it takes them. */
static void test_init_from(void **state) {
  (void)state;
  const char *const more[] = {"init-from", fitted(trained("teacher", NULL, 0), "teacher.json")};
  static const char *const outputs[] = {"output", "exchangeable", NULL};
  const char *run = trained("pupil", more, 2);
  near_floor(run, outputs, 10.0);
  near_floor(run, exchangeable, 10.0); /* with the first weight, which is from --init */
  refused(at_epoch(run, 0), "init", NULL, WLAW_ARGUMENT, "the run began with a fitted law of networks");
  /* biases from --init beside weights from the fit */
  const char *const biased[] = {more[0], more[1], "biases", "true", "init", "torch-default"};
  run = trained("pupil-biased", biased, 6);
  near_floor(run, outputs, 10.0);
  near_floor(run, exchangeable, 10.0);
}

/* What is left of the fitted law where less is compared than it covers. */
static void test_init_from_more(void **state) {
  (void)state;
  static const char *const biases[] = {"biases", "true"};
  static const char *const all[] = {"input", "labelled", "output", "exchangeable", NULL};
  const char *const more[] = {"biases", "true", "init-from",
                              fitted_inputs(trained("teacher-labelled", biases, 2), "labelled.json", "labelled")};
  const char *run = trained("pupil-labelled", more, 4);
  near_floor(run, all, 100.0);
  near_floor(run, all + 2, 20.0);
}

/* Rows tied to columns, node by node, are outside of every law of networks. */
static void test_init_from_permutation(void **state) {
  (void)state;
  const char *path = test_scratch("permutation.json");
  write_text(path,
             "{\"schema\":\"weightlaw.fit/1\",\"law\":\"permutation\",\"tensor\":\"layer2.weight\",\"rows\":6,"
             "\"cols\":6,\"networks\":50,\"parameters\":{\"mean\":[0.5,-1],\"V0\":[[2,0.7],[0.7,1]],"
             "\"VH\":[[1,0.3,0.2],[0.3,2,-0.4],[0.2,-0.4,0.8]],\"V2\":0.6,\"V3\":1.7}}");
  const char *const more[] = {"hidden", "6,6", "init-from", path};
  refused(at_epoch(trained("tied", more, 4), 0), "init", NULL, WLAW_ARGUMENT, "no law of networks does");
}

/* Numbers that are finite, and whose squares are not: no answer rather than inf and NaN. */
static void test_overflow(void **state) {
  (void)state;
  const char *run = trained("overflow", NULL, 0);
  char text[4200];
  json_error_t ignored;
  const char *path = fitted(run, "overflow.json");
  json_t *document = json_load_file(path, 0, &ignored);
  assert_non_null(document);
  json_array_set_new(json_object_get(json_object_get(document, "parameters"), "mean"), 0, json_real(1e200));
  char *json = json_dumps(document, JSON_REAL_PRECISION(17));
  write_text(path, json);
  free(json);
  json_decref(document);
  snprintf(text, sizeof text, "@%s", path);
  refused(text, run, NULL, WLAW_NUMERIC, "overflows");
}

/* The document of a fit is a side; what it takes as exchangeable is taken over. */
static void test_fit_side(void **state) {
  (void)state;
  const char *run = trained("fitted", NULL, 0);
  char text[4200];
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  snprintf(text, sizeof text, "@%s", fitted(run, "network-fit.json"));

  const char *sides[] = {text, at_epoch(run, 1)}; /* the law need not be named: the fit says it */
  check_ok(call_verb(&result, &wlaw_command_compare, sides, 2, NULL, err));
  assert_string_equal(text_at(result, "law"), "network");
  assert_string_equal(text_at(result, "outputs"), "exchangeable");
  check_near(number_at(result, "wasserstein_squared"), 0.0, 1e-12);
  check_near(number_at(result, "networks_a"), 300, 0);
  assert_true(is_null(result, "standard_error"));
  assert_non_null(
      strstr(json_string_value(json_object_get(json_object_get(result->document, "reasons"), "standard_error")),
             "A is their fit"));
  wlaw_result_free(result);
  result = compared(text, text, NULL);
  check_near(number_at(result, "wasserstein_squared"), 0.0, 1e-12);
  wlaw_result_free(result);

  static const char *const other[] = {"output", "labelled", NULL}, *const epoch[] = {"epoch", "0", NULL},
                           *const paired[] = {"paired", "true", NULL};
  refused(text, run, other, WLAW_ARGUMENT, "which is fitted with --output exchangeable");
  refused(text, text, epoch, WLAW_ARGUMENT, "--epoch needs a run directory");
  refused(text, run, paired, WLAW_ARGUMENT, "--paired needs networks on both sides");
  refused(text, "init", NULL, WLAW_ARGUMENT, "the other side is not a run");
  static const char *const one_layer[] = {"hidden", ""};
  run = trained("one-layer", one_layer, 2);
  refused(run, text, NULL, WLAW_SHAPE, "one-layer: without its inputs a network of one layer");
  wlaw_error_free(err);
}

/* ---- small files */

static const char *write_networks(const char *name, size_t n, size_t hidden, bool bias, uint32_t number) {
  static char paths[4][4096];
  static double values[3][4096];
  static int turn;
  char *path = paths[turn++ & 3];
  const tensor_spec specs[3] = {{"a.weight", WLAW_F64, 3, {n, hidden, 4}},
                                {"b.weight", WLAW_F64, 3, {n, 2, hidden}},
                                {"a.bias", WLAW_F64, 2, {n, hidden}}};
  const double *pointers[3] = {values[0], values[1], values[2]};
  for (uint32_t t = 0; t < 3; t++) {
    wlaw_stream stream = wlaw_stream_start(52, STREAM_TEST, number, t);
    wlaw_stream_normals(&stream, values[t], 4096);
  }
  snprintf(path, sizeof paths[0], "%s", test_scratch(name));
  write_tensors(path, specs, bias ? 3 : 2, pointers);
  return path;
}

static void test_files(void **state) {
  (void)state;
  const char *a = write_networks("nets-a.safetensors", 50, 3, true, 1),
             *b = write_networks("nets-b.safetensors", 60, 3, true, 2);
  wlaw_result *result = compared(a, b, NULL);
  assert_true(json_is_false(json_object_get(result->document, "paired")));
  check_near(number_at(result, "jackknife_groups"), 50, 0);
  assert_true(number_at(result, "wasserstein_squared") < 3.0 * number_at(result, "noise_floor_squared"));
  const json_t *layer = json_array_get(json_object_get(result->document, "layers"), 0);
  assert_string_equal(json_string_value(json_object_get(layer, "bias")), "a.bias");
  assert_true(json_is_false(json_object_get(layer, "covered")));
  wlaw_result_free(result);
  /* one layer of them */
  static const char *const last[] = {"layers", "b.weight", "input", "labelled", NULL};
  result = compared(a, b, last);
  const json_t *warning = json_array_get(json_object_get(result->document, "warnings"), 0);
  check_near((double)json_integer_value(
                 json_object_get(json_array_get(json_object_get(result->document, "layers"), 0), "rows")),
             2, 0);
  assert_non_null(strstr(json_string_value(warning), "A: a.weight, a.bias are no weights or biases of layers"));
  wlaw_result_free(result);

  static const char *const paired[] = {"paired", "true", NULL}, *const tensor[] = {"tensor", "a.weight", NULL},
                           *const heads[] = {"heads", "2", NULL}, *const epoch[] = {"epoch", "0", NULL};
  refused(a, b, paired, WLAW_ARGUMENT, "not 50 and 60");
  refused(a, b, tensor, WLAW_ARGUMENT, "option --tensor has no meaning for --law network");
  refused(a, b, heads, WLAW_ARGUMENT, "option --heads");
  refused(a, b, epoch, WLAW_ARGUMENT, "--epoch needs a run directory");
  refused(a, "init", NULL, WLAW_ARGUMENT, "the other side is not a run");
  refused(a, "iid(variance=1)", NULL, WLAW_IO, "a side is a run, a file, @FIT.json or init");
  refused(a, write_networks("wide.safetensors", 50, 5, false, 3), NULL, WLAW_SHAPE,
          "A is of networks 4-3-2 with 1 biases, inputs omit, outputs labelled, B of networks 4-5-2 without biases");
  const char *inputs[] = {a, b};
  wlaw_result *none = NULL;
  wlaw_error *err = wlaw_error_new();
  check_status(call_verb(&none, &wlaw_command_compare, inputs, 2, labelled, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "option --input has no meaning without --law network"));
  wlaw_error_free(err);
}

/* Networks that one epoch leaves out are left out of the other. */
static void test_dead(void **state) {
  (void)state;
  const char *run = write_run("dead-networks", 0.5, "standard");
  static const char *const dead[] = {"exclude", "dead", NULL};
  refused(at_epoch(run, 2), at_epoch(run, 0), NULL, WLAW_VALUE, "--exclude dead");
  wlaw_result *result = compared(at_epoch(run, 2), at_epoch(run, 0), dead);
  check_near(number_at(result, "networks_a"), RUN_NETWORKS - 1, 0);
  check_near(number_at(result, "networks_b"), RUN_NETWORKS - 1, 0);
  check_near(number_at(result, "networks_excluded_b"), 1, 0);
  wlaw_result_free(result);
}

static void test_single(void **state) {
  (void)state;
  const char *a = write_networks("one-a.safetensors", 1, 3, true, 4),
             *b = write_networks("one-b.safetensors", 1, 3, true, 5);
  wlaw_result *result = compared(a, b, NULL);
  assert_true(is_null(result, "noise_floor_squared") && is_null(result, "standard_error") && is_null(result, "kl_ab"));
  assert_true(number_at(result, "wasserstein_squared") > 0.0);
  assert_int_equal(json_array_size(json_object_get(result->document, "warnings")), 2);
  wlaw_result_free(result);
}

static wlaw_status compare_files(void *context, wlaw_error *err) {
  const char *const *inputs = context;
  wlaw_result *result = NULL;
  wlaw_options *options = NULL;
  wlaw_status status = wlaw_options_make(&options, &wlaw_command_compare, err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "law", "network", err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "threads", "1", err);
  if (status == WLAW_OK) status = wlaw_command_compare.call(&result, inputs, 2, options, NULL, NULL, err);
  wlaw_result_free(result);
  wlaw_options_free(options);
  return status;
}

static void test_memory(void **state) {
  (void)state;
  const char *inputs[] = {write_networks("memory-a.safetensors", 12, 3, true, 6),
                          write_networks("memory-b.safetensors", 12, 3, true, 7)};
  alloc_fail_each(compare_files, inputs);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_initial),        cmocka_unit_test(test_epochs),
      cmocka_unit_test(test_init_from),      cmocka_unit_test(test_overflow),
      cmocka_unit_test(test_init_from_more), cmocka_unit_test(test_init_from_permutation),
      cmocka_unit_test(test_fit_side),       cmocka_unit_test(test_files),
      cmocka_unit_test(test_dead),           cmocka_unit_test(test_single),
      cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
