/* fit --law network through the verb: the document says what the law says, and is read back to the last digit; nothing
 * hostile is. */
#include "study/study.h"

#include "study/law_operand.h"
#include "study/network_study.h"

enum { LAYERS = 3, N = 400 };
static const size_t width[LAYERS + 1] = {3, 5, 4, 2};
static const char *const tensors[2 * LAYERS] = {"layer1.weight", "layer1.bias",   "layer2.weight",
                                                "layer2.bias",   "layer3.weight", "layer3.bias"};

/* Networks 3-5-4-2 with biases, all entries standard normal, and to all weights into and out of node i of the first
 * hidden layer `shared` times one number of the node's own. */
static const char *write_networks(const char *name, size_t n, double shared) {
  static double values[2 * LAYERS][N * 20];
  static char paths[4][4096];
  static int turn;
  char *path = paths[turn++ & 3];
  const double *pointers[2 * LAYERS];
  tensor_spec specs[2 * LAYERS];
  double own[N * 5];
  wlaw_stream stream = wlaw_stream_start(91, STREAM_TEST, 0, 1);
  wlaw_stream_normals(&stream, own, N * 5);
  for (uint32_t t = 0; t < 2 * LAYERS; t++) {
    const size_t l = t / 2, rows = width[l + 1], cols = t % 2 ? 1 : width[l];
    specs[t] = (tensor_spec){tensors[t], WLAW_F64, t % 2 ? 2 : 3, {n, rows, cols}};
    stream = wlaw_stream_start(91, STREAM_TEST, t, 0);
    wlaw_stream_normals(&stream, values[t], N * rows * cols);
    for (size_t e = 0; e < n * rows * cols; e++) {
      const size_t k = e / (rows * cols), i = e / cols % rows, j = e % cols;
      if (t == 0) values[t][e] += shared * own[k * 5 + i];
      if (t == 2) values[t][e] += shared * own[k * 5 + j];
    }
    pointers[t] = values[t];
  }
  snprintf(path, sizeof paths[0], "%s", test_scratch(name));
  write_tensors(path, specs, 2 * LAYERS, pointers);
  return path;
}

static wlaw_result *fitted(const char *path, const char *const *pairs) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(call_verb(&result, &wlaw_command_fit, &path, 1, pairs, err));
  wlaw_error_free(err);
  return result;
}

static const char *const whole[] = {"law", "network", "input", "exchangeable", "output", "exchangeable", NULL};

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
  assert_int_equal(json_array_size(json_object_get(document, "tests")), 2);
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

/* ---- reading back */

static const char *written(const wlaw_result *result, const char *name) {
  static char paths[4][4096];
  static int turn;
  char *path = paths[turn++ & 3], *bytes = result_bytes(result);
  snprintf(path, sizeof paths[0], "@%s", test_scratch(name));
  write_text(path + 1, bytes);
  free(bytes);
  return path;
}

static void check_same(const network_gaussian *a, const network_gaussian *b) {
  assert_true(wlaw_network_layout_equal(&a->layout, &b->layout));
  const network_layout *layout = &a->layout;
  const size_t T = layout->trivial;
  assert_memory_equal(a->mean, b->mean, T * sizeof(double));
  assert_memory_equal(a->trivial, b->trivial, T * T * sizeof(double));
  for (size_t s = 0; s < layout->n_sets; s++)
    if (layout->sets[s].width > 1)
      assert_memory_equal(a->sets[s], b->sets[s], layout->sets[s].copies * layout->sets[s].copies * sizeof(double));
  for (size_t e = 0; e < layout->n_entries; e++) assert_true(a->entries[e] == b->entries[e]);
}

/* The same numbers as of the law fitted without a document. */
static void a_document_read_back_is_the_law(void **state) {
  (void)state;
  static const char *const inputs[] = {"omit", "exchangeable", "labelled"}, *const outputs[] = {"labelled",
                                                                                                "exchangeable"};
  const char *path = write_networks("back.safetensors", 60, 0.3);
  wlaw_error *err = wlaw_error_new();
  for (int i = 0; i < 3; i++)
    for (int o = 0; o < 2; o++) {
      wlaw_result *result =
          fitted(path, (const char *const[]){"law", "network", "input", inputs[i], "output", outputs[o], NULL});
      const char *text = written(result, "back.json");
      networks *source = NULL;
      network_operand operand;
      network_shape shape;
      network_layout layout;
      network_sample sample = {0};
      network_fit fit = {0};
      const networks_request request = {.paths = &path, .n_paths = 1, .input = wlaw_network_input(inputs[i])};
      check_ok(wlaw_networks_open(&source, &request, err));
      wlaw_networks_shape(&shape, source, request.input, wlaw_network_output(outputs[o]));
      check_ok(wlaw_network_layout(&layout, &shape, err));
      check_ok(wlaw_networks_measure(&sample, source, &layout, false, 1, NULL, err));
      check_ok(wlaw_network_fit(&fit, sample.total, NETWORK_WHOLE, err));
      assert_true(wlaw_network_operand_is(text));
      check_ok(wlaw_network_operand_read(&operand, text, err));
      check_same(operand.gaussian, fit.gaussian);
      assert_int_equal(operand.networks, 60);
      assert_string_equal(operand.names[0], i == 0 ? "layer2.weight" : "layer1.weight");
      assert_string_equal(operand.names[layout.n_tensors - 1], "layer3.bias");
      wlaw_network_operand_release(&operand);
      wlaw_network_fit_release(&fit);
      wlaw_network_sample_release(&sample);
      wlaw_networks_close(source);
      wlaw_result_free(result);
    }
  wlaw_error_free(err);
}

/* 784-2-2-2 with labelled inputs: a document of some 100 MB is written and read (under a sanitizer a shorter one). */
#ifdef __SANITIZE_ADDRESS__
enum { INPUTS = 200 };
#else
enum { INPUTS = 784 };
#endif
static void labelled_inputs_have_long_documents(void **state) {
  (void)state;
  enum { FEW = 6 };
  const size_t rows[3] = {2, 2, 2}, cols[3] = {INPUTS, 2, 2};
  static double values[3][FEW * 2 * INPUTS];
  const double *pointers[3] = {values[0], values[1], values[2]};
  tensor_spec specs[3];
  for (uint32_t l = 0; l < 3; l++) {
    specs[l] = (tensor_spec){tensors[2 * l], WLAW_F64, 3, {FEW, rows[l], cols[l]}};
    wlaw_stream stream = wlaw_stream_start(92, STREAM_TEST, l, 0);
    wlaw_stream_normals(&stream, values[l], FEW * rows[l] * cols[l]);
  }
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("long.safetensors"));
  write_tensors(path, specs, 3, pointers);
  wlaw_result *result = fitted(path, (const char *const[]){"law", "network", "input", "labelled", NULL});
  assert_true(json_is_null(json_object_get(result->document, "log_likelihood")));
  if (!strstr(text_at(result, "reason"), "singular")) fail_msg("'%s'", text_at(result, "reason"));
  const char *text = written(result, "long.json");
  wlaw_result_free(result);
  network_operand operand;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_operand_read(&operand, text, err));
  assert_int_equal(operand.gaussian->layout.sets[0].copies, INPUTS + 1);
  /* the last input's variance, by hand: centred pairs of two nodes */
  double square = 0.0;
  for (size_t k = 0; k < FEW; k++) {
    const double *w = values[0] + k * 2 * INPUTS;
    const double half = (w[INPUTS - 1] - w[2 * INPUTS - 1]) / 2;
    square += 2 * half * half / FEW;
  }
  const size_t c = INPUTS - 1;
  check_near(operand.gaussian->sets[0][c * (INPUTS + 1) + c], square, 1e-13 * square);
  wlaw_network_operand_release(&operand);
  wlaw_error_free(err);
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

/* ---- laws where others are wanted, and hostile documents */

static void each_kind_of_law_where_it_belongs(void **state) {
  (void)state;
  const char *path = write_networks("kinds.safetensors", 20, 0.0);
  wlaw_result *network = fitted(path, whole);
  wlaw_result *matrix = fitted(path, (const char *const[]){"law", "bipartite", "tensor", "layer2.weight", NULL});
  char of_networks[4096], of_matrices[4096];
  snprintf(of_networks, sizeof of_networks, "%s", written(network, "kind-network.json"));
  snprintf(of_matrices, sizeof of_matrices, "%s", written(matrix, "kind-matrix.json"));
  wlaw_error *err = wlaw_error_new();
  law_operand law;
  network_operand operand;
  check_status(wlaw_law_operand_read(&law, of_networks, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "law of whole networks, where the law of one matrix is wanted"));
  check_ok(wlaw_law_operand_read(&law, of_matrices, err));
  wlaw_law_operand_release(&law);
  check_status(wlaw_network_operand_read(&operand, of_matrices, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "a fit of the law 'bipartite', not of whole networks"));
  assert_true(wlaw_network_operand_is(of_networks));
  assert_false(wlaw_network_operand_is(of_matrices));
  assert_false(wlaw_network_operand_is("iid(variance=1)"));
  assert_false(wlaw_network_operand_is("@"));
  assert_false(wlaw_network_operand_is("@no-such-file"));
  check_status(wlaw_network_operand_read(&operand, "iid(variance=1)", err), WLAW_ARGUMENT);
  strcat(of_networks, "#layer2.weight");
  check_status(wlaw_network_operand_read(&operand, of_networks, err), WLAW_ARGUMENT);
  wlaw_error_free(err);
  wlaw_result_free(network);
  wlaw_result_free(matrix);
}

/* What to put at a path of the document ("a.1.b"), and what the refusal must say. NULL: the key is taken away. */
typedef struct mutation {
  const char *path, *value;
  wlaw_status status;
  const char *says;
} mutation;

static const mutation mutations[] = {
    {"schema", "\"weightlaw.compare/1\"", WLAW_FORMAT, "its schema is 'weightlaw.compare/1'"},
    {"schema", NULL, WLAW_FORMAT, "its schema is ''"},
    {"law", "7", WLAW_ARGUMENT, "a fit of the law ''"},
    {"networks", "0", WLAW_FORMAT, "the 'networks' of the document"},
    {"networks", "2.5", WLAW_FORMAT, "not a positive integer"},
    {"layers", "[]", WLAW_FORMAT, "a list of 1 to 64 layers"},
    {"layers", NULL, WLAW_FORMAT, "a list of 1 to 64 layers"},
    {"layers.1.rows", "-4", WLAW_FORMAT, "the 'rows' of layer2.weight"},
    {"layers.1.rows", "9000000000000000000", WLAW_SHAPE, "where the layer below has 9000000000000000000 rows"},
    {"layers.2.rows", "9000000000000000000", WLAW_LIMIT, "cannot be in memory"},
    {"layers.0.cols", "4000000000", WLAW_FORMAT, "nodes"},
    {"layers.1.cols", "6", WLAW_SHAPE, "layer2.weight has 6 columns where the layer below has 5 rows"},
    {"layers.1.name", NULL, WLAW_FORMAT, "layer 2 has no name"},
    {"layers.1.bias", "3", WLAW_FORMAT, "neither a name nor null"},
    {"layers.1.bias", "null", WLAW_FORMAT, "mean"},
    {"inputs", "\"omitted\"", WLAW_FORMAT, "its 'inputs'"},
    {"outputs", "\"omit\"", WLAW_FORMAT, "its 'outputs'"},
    {"outputs", NULL, WLAW_FORMAT, "its 'outputs'"},
    {"outputs", "\"labelled\"", WLAW_FORMAT, "mean"},
    {"parameters", "null", WLAW_FORMAT, "mean"},
    {"parameters.mean", "[]", WLAW_FORMAT, "mean is not the list of 6 numbers"},
    {"parameters.mean", NULL, WLAW_FORMAT, "mean"},
    {"parameters.mean", "null", WLAW_VALUE, "does not determine mean"},
    {"parameters.mean.2", "null", WLAW_VALUE, "does not determine mean"},
    {"parameters.mean.2", "\"nan\"", WLAW_FORMAT, "mean holds something that is not a finite number"},
    {"parameters.mean.2", "{}", WLAW_FORMAT, "mean holds something"},
    {"parameters.trivial", "null", WLAW_VALUE, "does not determine trivial"},
    {"parameters.trivial", NULL, WLAW_FORMAT, "trivial"},
    {"parameters.trivial.3", "[1]", WLAW_FORMAT, "trivial is not the covariance of 6 numbers"},
    {"parameters.trivial.3.1", "0.125", WLAW_FORMAT, "trivial is not symmetric"},
    {"parameters.trivial.3.3", "-1.0", WLAW_FORMAT, "trivial is not a covariance"},
    {"parameters.nodes", "[]", WLAW_FORMAT, "the 4 node sets"},
    {"parameters.nodes.1.set", "2", WLAW_FORMAT, "nodes1 is not of the nodes and copies"},
    {"parameters.nodes.1.width", "4", WLAW_FORMAT, "nodes1 is not of the nodes and copies"},
    {"parameters.nodes.1.copies.1", "\"rows\"", WLAW_FORMAT, "nodes1 is not of the nodes and copies"},
    {"parameters.nodes.1.copies", NULL, WLAW_FORMAT, "nodes1 is not of the nodes and copies"},
    {"parameters.nodes.2.covariance", "[[1]]", WLAW_FORMAT, "nodes2 is not the covariance of 3 numbers"},
    {"parameters.nodes.2.covariance.0.0", "\"inf\"", WLAW_FORMAT, "nodes2 holds something"},
    {"parameters.nodes.2.covariance.0.0", "null", WLAW_VALUE, "does not determine nodes2"},
    {"parameters.entries", "[]", WLAW_FORMAT, "a number for each of its 3 layers"},
    {"parameters.entries.1", "-0.5", WLAW_FORMAT, "entries2 is not a variance"},
    {"parameters.entries.1", "\"inf\"", WLAW_FORMAT, "entries2 is not a variance"},
    {"parameters.entries.1", "null", WLAW_VALUE, "does not determine entries2"},
};

static json_t *step(json_t *from, const char *key) {
  return json_is_array(from) ? json_array_get(from, strtoul(key, NULL, 10)) : json_object_get(from, key);
}

static void mutate(json_t *document, const mutation *change) {
  char path[128], *key = path, *dot;
  json_t *value = change->value ? json_loads(change->value, JSON_DECODE_ANY, NULL) : NULL;
  snprintf(path, sizeof path, "%s", change->path);
  for (; (dot = strchr(key, '.')) != NULL; key = dot + 1) {
    *dot = '\0';
    document = step(document, key);
  }
  if (!step(document, key)) fail_msg("the document has no %s", change->path);
  if (json_is_array(document)) json_array_set_new(document, strtoul(key, NULL, 10), value);
  else if (value) json_object_set_new(document, key, value);
  else json_object_del(document, key);
}

static void nothing_in_a_document_is_believed(void **state) {
  (void)state;
  wlaw_result *result = fitted(write_networks("hostile.safetensors", 30, 0.0), whole);
  wlaw_error *err = wlaw_error_new();
  network_operand operand;
  for (size_t m = 0; m < sizeof mutations / sizeof *mutations; m++) {
    json_t *document = json_deep_copy(result->document);
    mutate(document, &mutations[m]);
    const wlaw_status status = wlaw_network_operand_parse(&operand, document, err);
    if (status != mutations[m].status || !strstr(wlaw_error_message(err), mutations[m].says))
      fail_msg("%s = %s: %s: %s", mutations[m].path, mutations[m].value ? mutations[m].value : "absent",
               wlaw_status_name(status), wlaw_error_message(err));
    assert_null(operand.gaussian);
    json_decref(document);
  }
  check_ok(wlaw_network_operand_parse(&operand, result->document, err));
  wlaw_network_operand_release(&operand);
  wlaw_error_free(err);
  wlaw_result_free(result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_of_the_document),
      cmocka_unit_test(a_planted_correlation_is_told),
      cmocka_unit_test(p_values_are_adjusted),
      cmocka_unit_test(a_document_read_back_is_the_law),
      cmocka_unit_test(labelled_inputs_have_long_documents),
      cmocka_unit_test(one_network),
      cmocka_unit_test(a_hidden_layer_of_one_node),
      cmocka_unit_test(checkpoints_of_one_network_each),
      cmocka_unit_test(threads_do_not_matter),
      cmocka_unit_test(options_that_mean_nothing),
      cmocka_unit_test(covariances_too_large_for_a_document),
      cmocka_unit_test(each_kind_of_law_where_it_belongs),
      cmocka_unit_test(nothing_in_a_document_is_believed),
  };
  return cmocka_run_group_tests_name("study.network_fit", tests, NULL, NULL);
}
