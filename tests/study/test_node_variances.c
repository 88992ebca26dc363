/* fit --law node-variances, end to end: runs and files at several widths, what is refused, and in which words. */
#include "study/study.h"

#include "law/node.h"
#include "study/empirical_operand.h"

enum { OUTPUTS = 3, INPUTS = 5, NETWORKS = 40, EPOCHS = 2 };

/* A run of layers INPUTS - width - width - OUTPUTS at epochs 0 and 1: node variances by `law`, at epoch 1 twice as
 * large; NTK: stored times sqrt(width). */
typedef struct run_plan {
  const char *name, *law;
  size_t width, outputs;
  bool ntk;
} run_plan;

static void fill(double *w, size_t rows, size_t cols, const wlaw_law *law, size_t k, uint32_t layer, double scale) {
  double lambda[256];
  wlaw_stream stream = wlaw_stream_start(77, STREAM_TEST, (uint32_t)(k * 1000 + cols), layer);
  wlaw_node_draw(law, lambda, cols, &stream);
  wlaw_stream_normals(&stream, w, rows * cols);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < cols; j++) w[i * cols + j] *= scale * sqrt(lambda[j]);
}

static const char *write_wide_run(const run_plan *plan) {
  static char path[4][4096];
  static int turn;
  char *folder = path[turn++ & 3], file[4200], text[400];
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  check_ok(wlaw_law_parse(&law, plan->law, err));
  snprintf(folder, sizeof path[0], "%s", test_scratch(plan->name));
  check_ok(wlaw_folder_make(folder, err));
  snprintf(file, sizeof file, "%s/run.json", folder);
  snprintf(
      text, sizeof text,
      "{\"schema\":\"weightlaw.run/1\",\"networks\":%d,\"layers\":[1,2,3],\"options\":{\"parameterization\":\"%s\"}}",
      NETWORKS, plan->ntk ? "ntk" : "standard");
  write_text(file, text);
  const size_t shape[3][2] = {{plan->width, INPUTS}, {plan->width, plan->width}, {plan->outputs, plan->width}};
  for (int e = 0; e < EPOCHS; e++) {
    tensor_spec specs[3];
    double *values[3];
    for (uint32_t l = 0; l < 3; l++) {
      const size_t rows = shape[l][0], cols = shape[l][1];
      specs[l] = (tensor_spec){"", WLAW_F64, 3, {NETWORKS, rows, cols}};
      specs[l].name = l == 0 ? "layer1.weight" : l == 1 ? "layer2.weight" : "layer3.weight";
      values[l] = malloc(NETWORKS * rows * cols * sizeof(double));
      for (size_t k = 0; k < NETWORKS; k++)
        fill(values[l] + k * rows * cols, rows, cols, law, k, l,
             (e ? sqrt(2) : 1) * (plan->ntk ? sqrt((double)cols) : 1));
    }
    snprintf(file, sizeof file, "%s/epoch-%04d.safetensors", folder, e);
    write_tensors(file, specs, 3, (const double *const *)values);
    for (int l = 0; l < 3; l++) free(values[l]);
  }
  wlaw_law_free(law);
  wlaw_error_free(err);
  return folder;
}

static wlaw_result *fit(const char *const *inputs, size_t n, const char *const *pairs) {
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  check_ok(call_verb(&result, &wlaw_command_fit, inputs, n, pairs, err));
  wlaw_error_free(err);
  return result;
}

static const char *verdict_of(const wlaw_result *result, size_t layer) {
  const json_t *of = json_array_get(json_object_get(result->document, "layers"), layer);
  return json_string_value(json_object_get(json_object_get(of, "limit"), "verdict"));
}

static const char *const nodes[] = {"law", "node-variances", NULL};

/* Three widths of either kind, every layer after the first; epochs are told apart, the scale of NTK is taken off. */
static void fits_runs_at_three_widths(void **state) {
  (void)state;
  const run_plan plans[] = {
      {"gp-16", "constant(c=2)", 16, OUTPUTS, false}, {"gp-32", "constant(c=2)", 32, OUTPUTS, false},
      {"gp-64", "constant(c=2)", 64, OUTPUTS, true},  {"m-16", "bernoulli(c=3)", 16, OUTPUTS, false},
      {"m-32", "bernoulli(c=3)", 32, OUTPUTS, false}, {"m-64", "bernoulli(c=3)", 64, OUTPUTS, false}};
  static const char *const first[] = {"law", "node-variances", "epoch", "0", NULL};
  char paths[6][4096];
  const char *inputs[6];
  for (size_t i = 0; i < 6; i++) {
    snprintf(paths[i], sizeof paths[i], "%s", write_wide_run(&plans[i]));
    inputs[i] = paths[i];
  }
  wlaw_result *result = fit(inputs, 3, first);
  assert_string_equal(text_at(result, "schema"), "weightlaw.node-variances/1");
  check_near(number_at(result, "epoch"), 0, 0);
  assert_int_equal(json_array_size(json_object_get(result->document, "layers")), 2);
  for (size_t l = 0; l < 2; l++) {
    char path[100];
    assert_string_equal(verdict_of(result, l), "gp");
    snprintf(path, sizeof path, "layers.%zu.limit.se_a", l);
    const double se = number_at(result, path);
    snprintf(path, sizeof path, "layers.%zu.limit.a", l);
    check_near(number_at(result, path), 2, 4 * se);
    for (int w = 0; w < 3; w++) { /* 40 networks, relative error of a total sqrt(2 / (40 p m)): at most .032 */
      snprintf(path, sizeof path, "layers.%zu.widths.%d.total", l, w);
      check_near(number_at(result, path), 2, 4 * 2 * 0.033);
    }
  }
  wlaw_result_free(result);
  result = fit(inputs, 3, nodes);
  check_near(number_at(result, "epoch"), 1, 0);
  check_near(number_at(result, "layers.1.widths.2.total"), 4, 0.5);
  wlaw_result_free(result);
  result = fit(inputs + 3, 3, first);
  for (size_t l = 0; l < 2; l++) assert_string_equal(verdict_of(result, l), "mogp");
  check_near(number_at(result, "layers.1.limit.a"), 0, 4 * number_at(result, "layers.1.limit.se_a"));
  wlaw_result_free(result);
}

/* What the fit writes, empirical(@FILE) reads: a law with the limit's tail. */
static void feeds_empirical(void **state) {
  (void)state;
  static const char *const last[] = {"law", "node-variances", "tensor", "layer3.weight", NULL};
  const size_t widths[] = {16, 32, 64};
  char paths[3][4096];
  const char *inputs[3];
  for (size_t i = 0; i < 3; i++) {
    char name[32];
    snprintf(name, sizeof name, "e-%zu", widths[i]);
    const run_plan plan = {name, "bernoulli(c=3)", widths[i], OUTPUTS, false};
    snprintf(paths[i], sizeof paths[i], "%s", write_wide_run(&plan));
    inputs[i] = paths[i];
  }
  wlaw_result *result = fit(inputs, 3, last);
  json_t *limit = json_object_get(json_array_get(json_object_get(result->document, "layers"), 0), "limit");
  json_object_set_new(limit, "residual", json_real(0.25)); /* small jumps beside a */
  char *bytes = result_bytes(result), text[4200];
  const char *file = test_scratch("nodes.json");
  write_text(file, bytes);
  free(bytes);
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  snprintf(text, sizeof text, "empirical(@%s)", file);
  check_ok(wlaw_empirical_operand_read(&law, text, err));
  assert_int_equal(wlaw_node_regime(law), NODE_MOGP);
  check_near(wlaw_node_location(law), number_at(result, "layers.0.limit.a"), 1e-15);
  check_near(wlaw_node_truncated_mean(law, number_at(result, "layers.0.limit.threshold")), 0.25, 1e-12);
  check_near(wlaw_node_tail(law, 0.5), 3, 0.8); /* atoms of weight 2 (epoch 1), 3 a network, 40 networks: 3 errors */
  check_near(wlaw_node_tail(law, 16), 0, 0.05);
  wlaw_law_free(law);
  wlaw_error_free(err);
  wlaw_result_free(result);
}

/* One width: curves, no limit. The same seed gives the same bytes on 1 and 3 threads. */
static void one_width_prints_curves(void **state) {
  (void)state;
  const run_plan plan = {"one", "constant(c=2)", 16, OUTPUTS, false};
  const char *run = write_wide_run(&plan);
  static const char *const one[] = {"law", "node-variances", "threads", "1", NULL}, *const three[] = {
                                                                                        "law", "node-variances",
                                                                                        "threads", "3", NULL};
  wlaw_result *a = fit(&run, 1, one), *b = fit(&run, 1, three);
  char *x = result_bytes(a), *y = result_bytes(b);
  assert_string_equal(x, y);
  assert_string_equal(verdict_of(a, 0), "undetermined");
  assert_non_null(strstr(x, "one width"));
  assert_true(number_at(a, "layers.0.widths.0.tail.value.0") > 15);
  free(x);
  free(y);
  wlaw_result_free(a);
  wlaw_result_free(b);
}

/* Files of arrays [networks, outputs, nodes] and arrays in memory are one layer; a file of one network as well. */
static void fits_files_and_arrays(void **state) {
  (void)state;
  enum { N = 12, M = 4, P = 20 };
  double *values = malloc(N * M * P * sizeof *values);
  wlaw_stream stream = wlaw_stream_start(4, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, values, N * M * P);
  write_array(test_scratch("n.npy"), values, N, M, P);
  const char *file = test_scratch("n.npy");
  wlaw_result *result = fit(&file, 1, nodes), *other = NULL;
  wlaw_error *err = wlaw_error_new();
  wlaw_options *options = NULL;
  check_ok(wlaw_options_make(&options, &wlaw_command_fit, err));
  check_ok(wlaw_options_set(options, "law", "node-variances", err));
  check_ok(wlaw_fit_array(&other, values, N, M, P, options, err));
  check_near(number_at(result, "layers.0.widths.0.total"), 20, 4 * 20 * sqrt(2.0 / (N * M * P)));
  check_near(number_at(result, "layers.0.widths.0.total"), number_at(other, "layers.0.widths.0.total"), 0);
  wlaw_result_free(other);
  check_ok(wlaw_fit_array(&other, values, 1, M, P, options, err));
  assert_string_equal(
      json_string_value(json_object_get(
          json_array_get(json_object_get(json_array_get(json_object_get(other->document, "layers"), 0), "widths"), 0),
          "bootstrap")),
      "nodes");
  wlaw_result_free(other);
  wlaw_result_free(result);
  wlaw_options_free(options);
  wlaw_error_free(err);
  free(values);
}

static void refused(const char *const *inputs, size_t n, const char *const *pairs, wlaw_status status,
                    const char *sentence) {
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  check_status(call_verb(&result, &wlaw_command_fit, inputs, n, pairs, err), status);
  if (!strstr(wlaw_error_message(err), sentence)) fail_msg("'%s' lacks '%s'", wlaw_error_message(err), sentence);
  wlaw_error_free(err);
}

static void refuses(void **state) {
  (void)state;
  static const char *const degree[] = {"law", "node-variances", "degree", "3", NULL},
                           *const first[] = {"law", "node-variances", "tensor", "layer1.weight", NULL},
                           *const zero[] = {"law", "node-variances", "epoch", "0", NULL},
                           *const epoch[] = {"law", "node-variances", "epoch", "9", NULL};
  char paths[3][4096];
  const run_plan a = {"a", "constant", 16, 3, false}, b = {"b", "constant", 32, 4, false};
  snprintf(paths[0], sizeof paths[0], "%s", write_wide_run(&a));
  snprintf(paths[1], sizeof paths[1], "%s", write_wide_run(&b));
  snprintf(paths[2], sizeof paths[2], "%s", write_run("small", 0, "standard"));
  const char *inputs[] = {paths[0], paths[1]}, *last[] = {paths[0], paths[2]}, *broken[] = {paths[2]};
  refused(inputs, 1, degree, WLAW_ARGUMENT, "--degree has no meaning for --law node-variances");
  refused(inputs, 1, first, WLAW_SHAPE, "the columns of the first matrix are inputs, not nodes");
  refused(inputs, 1, epoch, WLAW_ARGUMENT, "no snapshot of epoch 9");
  refused(inputs, 2, nodes, WLAW_SHAPE, "its networks have 4 outputs");
  refused(last, 2, nodes, WLAW_ARGUMENT, "its last snapshot is of epoch 2");
  refused(broken, 1, nodes, WLAW_VALUE, "network 5 has one that is not a number among the outgoing weights of node 2");
  refused(broken, 1, nodes, WLAW_VALUE, "--exclude dead");
  refused(NULL, 0, nodes, WLAW_ARGUMENT, "a run directory or a tensor file is needed");
  static const char *const dead[] = {"law", "node-variances", "exclude", "dead", NULL};
  wlaw_result *result = fit(broken, 1, dead);
  check_near(number_at(result, "widths.0.networks_excluded"), 1, 0);
  wlaw_result_free(result);
  const run_plan c = {"c", "constant", 16, 3, false};
  const char *same[] = {paths[0], write_wide_run(&c)};
  result = fit(same, 2, zero); /* the same width twice: two points of one width */
  assert_string_equal(verdict_of(result, 0), "undetermined");
  wlaw_result_free(result);
  double none[12] = {0};
  write_array(test_scratch("zero.npy"), none, 2, 2, 3);
  const char *empty = test_scratch("zero.npy");
  refused(&empty, 1, nodes, WLAW_VALUE, "every outgoing weight is 0");
  none[3] = 1e200;
  write_array(test_scratch("huge.npy"), none, 2, 2, 3);
  empty = test_scratch("huge.npy");
  refused(&empty, 1, nodes, WLAW_VALUE, "fourth power overflows");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fits_runs_at_three_widths),
      cmocka_unit_test(feeds_empirical),
      cmocka_unit_test(one_width_prints_curves),
      cmocka_unit_test(fits_files_and_arrays),
      cmocka_unit_test(refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
