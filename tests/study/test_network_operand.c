/* The document of fit --law network read back: the same law to the last digit, and nothing hostile. */
#include "study/network_fit.h"

#include "study/law_operand.h"
#include "support/alloc_fail.h"

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

/* Puts something else at a random place: a child of a child of ... */
static void damage(json_t *document, wlaw_stream *stream) {
  static const char *const values[] = {"null", "-1",   "0",      "1e308", "\"nan\"",       "\"x\"", "[]",
                                       "{}",   "[[]]", "1e-320", "2",     "1099511627776", "true",  "9007199254740993"};
  const uint32_t n = sizeof values / sizeof *values;
  for (;;) {
    const size_t size = json_is_array(document) ? json_array_size(document) : json_object_size(document);
    uint32_t which = wlaw_stream_below(stream, (uint32_t)size);
    void *at = json_object_iter(document);
    for (uint32_t k = 0; k < which && json_is_object(document); k++) at = json_object_iter_next(document, at);
    json_t *child = json_is_array(document) ? json_array_get(document, which) : json_object_iter_value(at);
    const bool leaf = json_is_array(child) ? !json_array_size(child) : !json_object_size(child);
    if (!leaf && wlaw_stream_below(stream, 4) > 0) {
      document = child;
      continue;
    }
    json_t *value = json_loads(values[wlaw_stream_below(stream, n)], JSON_DECODE_ANY, NULL);
    if (json_is_array(document)) json_array_set_new(document, which, value);
    else json_object_iter_set_new(document, at, value);
    return;
  }
}

/* Whatever is accepted has finite numbers; sanitizers watch the rest. */
static void random_damage(void **state) {
  (void)state;
  wlaw_result *result = fitted(write_networks("damage.safetensors", 30, 0.0), whole);
  json_t *short_one = json_object();
  static const char *const keys[] = {"schema", "law", "networks", "layers", "inputs", "outputs", "parameters"};
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
    json_object_set(short_one, keys[k], json_object_get(result->document, keys[k]));
  size_t accepted = 0;
  for (uint32_t trial = 0; trial < 4000; trial++) {
    wlaw_stream stream = wlaw_stream_start(94, STREAM_TEST, trial, 0);
    json_t *document = json_deep_copy(short_one);
    for (uint32_t k = wlaw_stream_below(&stream, 3) + 1; k > 0; k--) damage(document, &stream);
    network_operand operand;
    wlaw_error *err = wlaw_error_new();
    if (wlaw_network_operand_parse(&operand, document, err) == WLAW_OK) {
      accepted++;
      for (size_t i = 0; i < operand.gaussian->layout.trivial; i++)
        if (!isfinite(operand.gaussian->mean[i])) fail_msg("trial %u: a mean that is not finite", trial);
      wlaw_network_operand_release(&operand);
    } else if (!*wlaw_error_message(err)) {
      fail_msg("trial %u: refused without a sentence", trial);
    }
    wlaw_error_free(err);
    json_decref(document);
  }
  assert_true(accepted > 0); /* some damage is none: another mean, a name */
  json_decref(short_one);
  wlaw_result_free(result);
}

/* Not alloc_fail_each: Jansson cuts the first text of more than 15 bytes short when its buffer cannot grow, and what
 * errno says of it is gone after the next number. Here that text is the schema, and the sentence is of that. */
static void memory_refused(void **state) {
  (void)state;
  wlaw_result *result = fitted(write_networks("memory.safetensors", 30, 0.0), whole);
  json_t *document = json_object();
  static const char *const keys[] = {"schema", "law", "networks", "layers", "inputs", "outputs", "parameters"};
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
    json_object_set(document, keys[k], json_object_get(result->document, keys[k]));
  char *text = json_dumps(document, JSON_REAL_PRECISION(17)), path[4096];
  network_operand want;
  wlaw_error *err = wlaw_error_new();
  snprintf(path, sizeof path, "@%s", test_scratch("memory.json"));
  write_text(path + 1, text);
  check_ok(wlaw_network_operand_read(&want, path, err));
  for (int persistent = 0; persistent < 2; persistent++)
    for (size_t nth = 1, refusals = 1; refusals > 0; nth++) {
      const long live = alloc_live();
      network_operand got;
      wlaw_error_clear(err);
      alloc_fail_start(nth, persistent);
      const wlaw_status status = wlaw_network_operand_read(&got, path, err);
      refusals = alloc_fail_stop();
      if (status == WLAW_OK) {
        check_same(got.gaussian, want.gaussian); /* to the last digit */
        wlaw_network_operand_release(&got);
      } else if (status != WLAW_MEMORY && !strstr(wlaw_error_message(err), "its schema is 'weightlaw.fit/'")) {
        fail_msg("allocation %zu refused: %s", nth, wlaw_error_message(err));
      }
      assert_true(status == WLAW_OK || refusals > 0);
      if (alloc_live() != live) fail_msg("allocation %zu refused: %ld blocks stay", nth, alloc_live() - live);
    }
  wlaw_network_operand_release(&want);
  wlaw_error_free(err);
  free(text);
  json_decref(document);
  wlaw_result_free(result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_document_read_back_is_the_law),
      cmocka_unit_test(labelled_inputs_have_long_documents),
      cmocka_unit_test(each_kind_of_law_where_it_belongs),
      cmocka_unit_test(nothing_in_a_document_is_believed),
      cmocka_unit_test(random_damage),
      cmocka_unit_test(memory_refused),
  };
  return cmocka_run_group_tests_name("study.network_operand", tests, NULL, NULL);
}
