/* fit --law network through the verb: what the document says, what is not determined, what is refused. */
#include "study/network_fit.h"

/* A sentence of the list with this text in it. */
static bool says(const json_t *document, const char *key, const char *text) {
  const json_t *list = json_object_get(document, key);
  for (size_t i = 0; i < json_array_size(list); i++)
    if (strstr(json_string_value(json_array_get(list, i)), text)) return true;
  return false;
}

static void keys_of_the_document(void **state) {
  (void)state;
  static const char *const keys[] = {"schema",
                                     "law",
                                     "input",
                                     "epoch",
                                     "layers",
                                     "inputs",
                                     "outputs",
                                     "networks",
                                     "networks_excluded",
                                     "exclude_rule",
                                     "free_parameters",
                                     "log_likelihood",
                                     "aic",
                                     "bic",
                                     "parameters",
                                     "standard_errors",
                                     "robust_standard_errors",
                                     "trivial_names",
                                     "undetermined",
                                     "reasons",
                                     "converged",
                                     "iterations",
                                     "stop_reason",
                                     "tests",
                                     "candidates",
                                     "correlations",
                                     "n_correlations",
                                     "squared_norms",
                                     "summary",
                                     "warnings"};
  const char *path = write_networks("keys.safetensors", N, 0.0);
  wlaw_result *result = fitted(path, (const char *const[]){"law", "network", NULL});
  const json_t *document = result->document;
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
    if (!json_object_get(document, keys[k])) fail_msg("no key %s", keys[k]);
  assert_string_equal(text_at(result, "law"), "network");
  assert_string_equal(text_at(result, "inputs"), "omit");
  assert_string_equal(text_at(result, "outputs"), "labelled");
  /* Trivial: layer2.weight, two outputs of layer3.weight, two hidden biases, two entries of the last one. Sets 1: bias,
   * columns; 2: rows, bias, two outputs. Entries of layer 2. 7 means, 28 + 3 + 10 covariances, 1 variance. */
  assert_int_equal(json_array_size(json_object_get(document, "trivial_names")), 7);
  assert_string_equal(json_string_value(json_array_get(json_object_get(document, "trivial_names"), 2)),
                      "layer3.weight, output 1");
  check_near(number_at(result, "free_parameters"), 7 + 28 + 3 + 10 + 1, 0.0);
  static const char *const shapes[] = {"parameters", "standard_errors", "robust_standard_errors"};
  for (size_t k = 0; k < 3; k++) {
    const json_t *values = json_object_get(document, shapes[k]), *nodes = json_object_get(values, "nodes"),
                 *entries = json_object_get(values, "entries");
    assert_int_equal(json_array_size(json_object_get(values, "mean")), 7);
    assert_int_equal(json_array_size(json_object_get(values, "trivial")), 7);
    assert_int_equal(json_array_size(nodes), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(nodes, 1), "set")), 2);
    assert_int_equal(json_array_size(json_object_get(json_array_get(nodes, 1), "covariance")), 4);
    assert_string_equal(json_string_value(json_array_get(json_object_get(json_array_get(nodes, 1), "copies"), 2)),
                        "output 0");
    assert_int_equal(json_array_size(entries), 3);
    assert_true(json_is_null(json_array_get(entries, 0)) && json_is_real(json_array_get(entries, 1)) &&
                json_is_null(json_array_get(entries, 2)));
  }
  const json_t *first = json_array_get(json_object_get(document, "layers"), 0);
  assert_true(json_is_false(json_object_get(first, "covered")));
  assert_string_equal(json_string_value(json_object_get(first, "bias")), "layer1.bias");
  const json_t *tests = json_object_get(document, "tests");
  assert_int_equal(json_array_size(tests), 2);
  assert_string_equal(json_string_value(json_object_get(json_array_get(tests, 0), "method")),
                      "gamma law of the exact mean and variance");
  assert_int_equal(json_array_size(json_object_get(document, "candidates")), 3);
  /* independent entries of one variance: the narrowest law, and nothing beyond chance */
  assert_true(says(document, "summary", "The data want the law iid"));
  assert_true(says(document, "summary", "None of"));
  wlaw_result_free(result);
}

/* rows y = sum_j W1_ij / sqrt 3 and columns x = sum_k W2_ki / 2 have variances 1 + 3 s^2, 1 + 4 s^2 and covariance
 * 2 sqrt(3) s^2, s = .5: correlation .866 / sqrt(1.75 * 2) = .463. Its estimate from N (5 - 1) rows has the standard
 * error (1 - .463^2) / sqrt(1600) = .0196; limit 4 of these. */
static void a_planted_correlation_is_told(void **state) {
  (void)state;
  const char *path = write_networks("planted.safetensors", N, 0.5);
  wlaw_result *result = fitted(path, whole);
  const json_t *document = result->document, *first = json_array_get(json_object_get(document, "correlations"), 0);
  assert_string_equal(json_string_value(json_object_get(first, "kind")), "nodes");
  assert_int_equal(json_integer_value(json_object_get(first, "set")), 1);
  assert_string_equal(json_string_value(json_object_get(first, "a")), "rows of layer1.weight");
  assert_string_equal(json_string_value(json_object_get(first, "b")), "columns of layer2.weight");
  check_near(json_real_value(json_object_get(first, "correlation")), sqrt(3) / 2 / sqrt(3.5), 4 * 0.0196);
  check_near(json_real_value(json_object_get(first, "standard_error")), 1 / sqrt(4.0 * N), 1e-12);
  assert_true(json_real_value(json_object_get(first, "p_adjusted")) < 1e-10);
  const json_t *norms = json_array_get(json_object_get(document, "squared_norms"), 0);
  assert_string_equal(json_string_value(json_object_get(norms, "outgoing")), "layer2.weight");
  const json_t *sums = json_object_get(norms, "sums");
  assert_true(json_equal(json_object_get(sums, "correlation"), json_object_get(first, "correlation")));
  assert_true(says(document, "summary", "Nodes of hidden layer 1 with large incoming sums have large outgoing sums: "));
  assert_true(says(document, "summary", "The data want the law network"));
  assert_true(says(document, "summary", "rejects bipartite in favour of network"));
  wlaw_result_free(result);
}

/* A labelled bias that is minus the sum of the weights before it: a number of its own, and no sum. */
static void a_labelled_bias_is_no_sum(void **state) {
  (void)state;
  enum { NETWORKS = 50 };
  static double weight[2 * NETWORKS], bias[NETWORKS];
  const double *const pointers[] = {weight, bias};
  const tensor_spec specs[] = {{"layer1.weight", WLAW_F64, 3, {NETWORKS, 1, 2}},
                               {"layer1.bias", WLAW_F64, 2, {NETWORKS, 1}}};
  wlaw_stream stream = wlaw_stream_start(92, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, weight, 2 * NETWORKS);
  for (size_t k = 0; k < NETWORKS; k++) bias[k] = -weight[2 * k] - weight[2 * k + 1];
  const char *path = test_scratch("labelled.safetensors");
  write_tensors(path, specs, 2, pointers);
  wlaw_result *result = fitted(path, (const char *const[]){"law", "network", "input", "exchangeable", NULL});
  assert_true(says(result->document, "summary",
                   "Networks where layer1.weight, output 0 has a large sum have a small layer1.bias, output 0: "));
  wlaw_result_free(result);
}

/* The p-values of Holm's correction recomputed by its definition. */
static void p_values_are_adjusted(void **state) {
  (void)state;
  wlaw_result *result = fitted(write_networks("holm.safetensors", 100, 0.1), whole);
  const json_t *list = json_object_get(result->document, "correlations");
  const size_t n = (size_t)number_at(result, "n_correlations");
  assert_true(n > 10 && json_array_size(list) == n);
  for (size_t k = 0; k < n; k++) {
    const double own = json_number_value(json_object_get(json_array_get(list, k), "p_value"));
    double most = 0.0;
    for (size_t j = 0; j < n; j++) {
      const double p = json_number_value(json_object_get(json_array_get(list, j), "p_value"));
      size_t smaller = 0;
      for (size_t i = 0; i < n; i++)
        smaller += json_number_value(json_object_get(json_array_get(list, i), "p_value")) < p;
      if (p <= own) most = fmax(most, fmin(1.0, p * (double)(n - smaller)));
    }
    check_near(json_number_value(json_object_get(json_array_get(list, k), "p_adjusted")), most, 1e-14);
  }
  wlaw_result_free(result);
}

/* ---- what is not determined */

static void one_network(void **state) {
  (void)state;
  const char *path = write_networks("one.safetensors", 1, 0.0);
  wlaw_result *result = fitted(path, whole);
  const json_t *document = result->document, *names = json_object_get(document, "undetermined");
  assert_int_equal(json_array_size(names), 2);
  assert_string_equal(json_string_value(json_array_get(names, 0)), "mean");
  assert_string_equal(json_string_value(json_array_get(names, 1)), "trivial");
  const json_t *parameters = json_object_get(document, "parameters");
  assert_true(json_is_null(json_object_get(parameters, "mean")) &&
              json_is_null(json_object_get(parameters, "trivial")));
  assert_true(json_is_real(json_array_get(json_object_get(parameters, "entries"), 1)));
  assert_true(json_is_null(json_object_get(document, "bic")));
  assert_non_null(json_object_get(document, "reason"));
  const json_t *test = json_array_get(json_object_get(document, "tests"), 1);
  assert_true(json_is_null(json_object_get(test, "p_value")) && json_is_string(json_object_get(test, "reason")));
  assert_true(says(document, "warnings", "One network: the mean and covariance of the trivial numbers"));
  network_operand operand;
  wlaw_error *err = wlaw_error_new();
  check_status(wlaw_network_operand_read(&operand, written(result, "one.json"), err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "does not determine mean, trivial of the law network"));
  assert_null(operand.gaussian);
  wlaw_error_free(err);
  wlaw_result_free(result);
}

/* Layers 2-1-2: the set of the hidden node and the entries beside it do not exist. */
static void a_hidden_layer_of_one_node(void **state) {
  (void)state;
  double values[2][40];
  const double *pointers[2] = {values[0], values[1]};
  for (uint32_t l = 0; l < 2; l++) {
    wlaw_stream stream = wlaw_stream_start(93, STREAM_TEST, l, 0);
    wlaw_stream_normals(&stream, values[l], 40);
  }
  const tensor_spec specs[2] = {{tensors[0], WLAW_F64, 3, {20, 1, 2}}, {tensors[2], WLAW_F64, 3, {20, 2, 1}}};
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("narrow.safetensors"));
  write_tensors(path, specs, 2, pointers);
  wlaw_result *result = fitted(path, whole);
  const json_t *document = result->document, *nodes = json_object_get(json_object_get(document, "parameters"), "nodes");
  assert_int_equal(json_array_size(nodes), 3);
  assert_true(json_is_null(json_object_get(json_array_get(nodes, 1), "covariance")));
  assert_true(json_is_array(json_object_get(json_array_get(nodes, 0), "covariance")));
  assert_non_null(json_object_get(json_object_get(document, "reasons"), "nodes1"));
  assert_non_null(json_object_get(json_object_get(document, "reasons"), "entries2"));
  assert_true(says(document, "warnings", "Hidden layer 1 has one node"));
  assert_true(json_is_real(json_object_get(document, "bic")));
  network_operand operand;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_operand_read(&operand, written(result, "narrow.json"), err));
  wlaw_network_operand_release(&operand);
  wlaw_error_free(err);
  wlaw_result_free(result);
}

/* The array of an .npy file has no name, and the one layer it is gets one; a file given twice is told. */
static void arrays_without_a_name(void **state) {
  (void)state;
  static const tensor_spec spec = {.name = "", .dtype = WLAW_F64, .rank = 2, .shape = {3, 2}};
  static const double numbers[2][6] = {{1, -2, 3, 4, 0, 5}, {2, 2, -1, 0, 7, 1}};
  char paths[2][4096];
  wlaw_error *err = wlaw_error_new();
  for (int k = 0; k < 2; k++) {
    tensor_writer *writer = NULL;
    snprintf(paths[k], sizeof paths[k], "%s", test_scratch(k ? "b.npy" : "a.npy"));
    check_ok(wlaw_writer_open(&writer, paths[k], &spec, 1, NULL, err));
    check_ok(wlaw_writer_add(writer, numbers[k], sizeof numbers[k], err));
    check_ok(wlaw_writer_commit(writer, err));
  }
  const char *const inputs[] = {paths[0], paths[1], paths[0]}, *const options[] = {
                                                                   "law",    "network",      "input", "exchangeable",
                                                                   "output", "exchangeable", NULL};
  for (size_t n = 2; n <= 3; n++) {
    wlaw_result *result = NULL;
    check_ok(call_verb(&result, &wlaw_command_fit, inputs, n, options, err));
    const json_t *layer = json_array_get(json_object_get(result->document, "layers"), 0);
    assert_string_equal(json_string_value(json_object_get(layer, "name")), "weight");
    assert_true(says(result->document, "warnings", "a.npy is given more than once") == (n == 3));
    wlaw_result_free(result);
  }
  wlaw_error_free(err);
}

static void checkpoints_of_one_network_each(void **state) {
  (void)state;
  char paths[3][4096];
  const char *inputs[3];
  for (int k = 0; k < 3; k++) {
    char name[64];
    snprintf(name, sizeof name, "checkpoints/mnist_mlp_ensemble10/ensemble_%d.pt", k);
    snprintf(paths[k], sizeof paths[k], "%s", test_data(name));
    inputs[k] = paths[k];
  }
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(call_verb(&result, &wlaw_command_fit, inputs, 3, (const char *const[]){"law", "network", NULL}, err));
  assert_int_equal((int)number_at(result, "networks"), 3);
  const json_t *layers = json_object_get(result->document, "layers");
  assert_int_equal(json_array_size(layers), 4);
  assert_string_equal(json_string_value(json_object_get(json_array_get(layers, 1), "bias")), "net.3.bias");
  assert_true(says(result->document, "warnings", "net.1.weight"));
  wlaw_result_free(result);
  wlaw_error_free(err);
}

/* Network 5 is dead at epoch 1, and not a number at epoch 2. */
static void runs_and_networks_left_out(void **state) {
  (void)state;
  const char *run = write_run("network-run", 0.1, "standard");
  wlaw_result *result = fitted(run, (const char *const[]){"law", "network", "epoch", "1", "exclude", "dead", NULL});
  assert_int_equal((int)number_at(result, "epoch"), 1);
  assert_int_equal((int)number_at(result, "networks"), RUN_NETWORKS - 1);
  assert_int_equal((int)number_at(result, "networks_excluded"), 1);
  assert_true(says(result->document, "warnings", "1 networks are left out"));
  wlaw_result_free(result);
  wlaw_error *err = wlaw_error_new();
  check_status(call_verb(&result, &wlaw_command_fit, &run, 1,
                         (const char *const[]){"law", "network", "input", "labelled", NULL}, err),
               WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "layer1.weight"));
  assert_non_null(strstr(wlaw_error_message(err), "network 5"));
  wlaw_error_free(err);
}

/* ---- threads, options */

static void threads_do_not_matter(void **state) {
  (void)state;
  const char *path = write_networks("threads.safetensors", N, 0.2);
  char *bytes[3];
  static const char *const threads[] = {"1", "2", "7"};
  for (int k = 0; k < 3; k++) {
    wlaw_result *result = fitted(path, (const char *const[]){"law", "network", "threads", threads[k], NULL});
    bytes[k] = result_bytes(result);
    wlaw_result_free(result);
  }
  assert_string_equal(bytes[0], bytes[1]);
  assert_string_equal(bytes[0], bytes[2]);
  for (int k = 0; k < 3; k++) free(bytes[k]);
}

static void options_that_mean_nothing(void **state) {
  (void)state;
  const struct {
    const char *pairs[7], *says;
  } cases[] = {
      {{"input", "labelled", NULL}, "option --input has no meaning without --law network"},
      {{"output", "exchangeable", NULL}, "option --output has no meaning without --law network"},
      {{"layers", "layer1.weight", "law", "permutation", NULL}, "option --layers has no meaning without --law network"},
      {{"layers", "a", "law", "node-variances", NULL}, "option --layers has no meaning without --law network"},
      {{"law", "network", "tensor", "layer2.weight", NULL}, "option --tensor has no meaning for --law network"},
      {{"law", "network", "graph", "0-1", NULL}, "option --graph has no meaning for --law network"},
      {{"law", "network", "replicates", "9", NULL}, "option --replicates has no meaning for --law network"},
      {{"law", "network", "patience", "9", NULL}, "option --patience has no meaning for --law network"},
      {{"law", "network", "degree", "1", NULL}, "option --degree takes 2, 3 or 4 for --law network"},
  };
  const char *path = write_networks("options.safetensors", 3, 0.0);
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    check_status(call_verb(&result, &wlaw_command_fit, &path, 1, cases[c].pairs, err), WLAW_ARGUMENT);
    if (!strstr(wlaw_error_message(err), cases[c].says))
      fail_msg("'%s' does not say '%s'", wlaw_error_message(err), cases[c].says);
  }
  wlaw_options *options = NULL;
  const double weights[4] = {1, 2, 3, 4};
  check_ok(wlaw_options_make(&options, &wlaw_command_fit, err));
  check_ok(wlaw_options_set(options, "law", "network", err));
  check_status(wlaw_fit_array(&result, weights, 1, 2, 2, options, err), WLAW_ARGUMENT);
  wlaw_options_free(options);
  wlaw_error_free(err);
}

static void covariances_too_large_for_a_document(void **state) {
  (void)state;
  static double values[2][2000];
  const double *pointers[2] = {values[0], values[1]};
  const tensor_spec specs[2] = {{tensors[0], WLAW_F64, 3, {1, 1, 1500}}, {tensors[2], WLAW_F64, 3, {1, 2, 1}}};
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("wide.safetensors"));
  write_tensors(path, specs, 2, pointers);
  const char *input = path;
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_status(call_verb(&result, &wlaw_command_fit, &input, 1,
                         (const char *const[]){"law", "network", "input", "labelled", NULL}, err),
               WLAW_LIMIT);
  assert_non_null(strstr(wlaw_error_message(err), "a document holds at most"));
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_of_the_document),
      cmocka_unit_test(a_planted_correlation_is_told),
      cmocka_unit_test(a_labelled_bias_is_no_sum),
      cmocka_unit_test(p_values_are_adjusted),
      cmocka_unit_test(one_network),
      cmocka_unit_test(a_hidden_layer_of_one_node),
      cmocka_unit_test(checkpoints_of_one_network_each),
      cmocka_unit_test(arrays_without_a_name),
      cmocka_unit_test(runs_and_networks_left_out),
      cmocka_unit_test(threads_do_not_matter),
      cmocka_unit_test(options_that_mean_nothing),
      cmocka_unit_test(covariances_too_large_for_a_document),
  };
  return cmocka_run_group_tests_name("study.network_fit", tests, NULL, NULL);
}
