/* empirical(@FILE): the limits of documents of fits, arrays of samples, and what is wrong with others. */
#include "study.h"
#include "support/alloc_fail.h"
#include "support/test.h"

#include "law/node.h"
#include "study/law_operand.h"

/* The text empirical(@PATH<rest>). The result is good until the next call. */
static const char *operand_of(const char *file, const char *rest) {
  static char text[4400];
  snprintf(text, sizeof text, "empirical(@%s%s)", test_scratch(file), rest);
  return text;
}

static law_operand read_law(const char *text) {
  law_operand operand;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_operand_read(&operand, text, err));
  assert_non_null(operand.law);
  assert_true(operand.rows == 0 && operand.tensor == NULL);
  wlaw_error_free(err);
  return operand;
}

static void check_refused(const char *text, wlaw_status status, const char *says) {
  law_operand operand;
  wlaw_error *err = wlaw_error_new();
  check_status(wlaw_law_operand_read(&operand, text, err), status);
  if (!strstr(wlaw_error_message(err), says))
    fail_msg("'%s' gives \"%s\" without \"%s\"", text, wlaw_error_message(err), says);
  wlaw_error_free(err);
}

static const char layers[] =
    "{\"schema\": \"weightlaw.node-variances/1\", \"law\": \"node-variances\", \"layers\": [\n"
    "{\"name\": \"layer2.weight\", \"limit\": {\"verdict\": \"mogp\", \"a\": 0.3, \"se_a\": 0.1, \"threshold\": 0.1,\n"
    " \"residual\": 0.35, \"se_residual\": 0.02, \"reason\": null,\n"
    " \"tail\": {\"x\": [0.1, 0.2, 0.4, 0.8, 1.6], \"value\": [3.0, 1.0, 1.4, 0.5, -0.25],\n"
    "          \"se\": [0.3, 0.4, 0.1, 0.1, 0.5]}}},\n"
    "{\"name\": \"layer3.weight\", \"limit\": {\"verdict\": \"gp\", \"a\": 2, \"se_a\": \"nan\", \"threshold\": null,\n"
    " \"tail\": {\"x\": [], \"value\": [], \"se\": []}}},\n"
    "{\"name\": \"layer4.weight\", \"limit\": {\"verdict\": \"undetermined\", \"a\": null, \"reason\": \"one "
    "width\"}},\n"
    "{\"name\": \"layer5.weight\", \"limit\": {\"verdict\": \"mogp\", \"a\": null}},\n"
    "{\"name\": \"layer6.weight\", \"limit\": {\"verdict\": \"mogp\", \"a\": -0.5, \"se_a\": 1,\n"
    " \"tail\": {\"x\": [2], \"value\": [1.5], \"se\": [null]}}},\n"
    "{\"name\": \"layer7.weight\", \"limit\": null, \"reason\": \"two widths\"},\n"
    "{\"name\": \"bad1\", \"limit\": {\"verdict\": \"mogp\", \"a\": 0, \"tail\": {\"x\": [1, 2], \"value\": [1], "
    "\"se\": [1, 1]}}},\n"
    "{\"name\": \"bad2\", \"limit\": {\"verdict\": \"mogp\", \"a\": 0, \"tail\": {\"x\": [2, 1], \"value\": [1, 0], "
    "\"se\": [1, 1]}}},\n"
    "{\"name\": \"bad3\", \"limit\": {\"verdict\": \"mogp\", \"a\": 0, \"tail\": {\"x\": [1, 2], \"value\": [1, null], "
    "\"se\": [1, 1]}}}]}\n";

/* The tail 3, 1, 1.4, 0.5, -0.25 has 1 and 1.4 out of order: both become 1.2; the last is 0. */
static void limits_of_documents(void **state) {
  (void)state;
  write_text(test_scratch("nodes.json"), layers);
  law_operand operand = read_law(operand_of("nodes.json", "#layer2.weight"));
  const node_measure *measure = wlaw_law_empirical_measure(operand.law);
  assert_non_null(measure);
  assert_int_equal(measure->n, 4);
  static const double x[] = {0.1, 0.2, 0.8, 1.6}, weight[] = {0.0, 1.8, 0.7, 0.5}, se[] = {0.0, 0.5, 0.0, 0.0};
  const double root = sqrt(2.0);
  for (size_t i = 0; i < 4; i++) check_near(measure->x[i], x[i] / root, 1e-15);
  for (size_t i = 1; i < 4; i++) check_near(measure->weight[i], weight[i], 1e-15);
  check_near(measure->se[1], se[1], 1e-15);                   /* hypot(0.3, 0.4) */
  check_near(measure->weight[0], 0.05 / (0.1 / root), 1e-14); /* jumps below the threshold: residual - a */
  check_near(measure->se[0], 0.02 / (0.1 / root), 1e-15);
  check_near(wlaw_node_location(operand.law), 0.3, 0.0);
  check_near(measure->se_a, 0.1, 0.0);
  check_near(wlaw_node_truncated_mean(operand.law, 0.1), 0.35, 1e-15);
  check_near(wlaw_node_tail(operand.law, 0.1), 3.0, 1e-15);
  char *text = wlaw_law_written(operand.law);
  assert_string_equal(text, operand_of("nodes.json", "#layer2.weight"));
  free(text);
  wlaw_law_operand_release(&operand);

  operand = read_law(operand_of("nodes.json", "#layer3.weight"));
  assert_int_equal(wlaw_node_regime(operand.law), NODE_GP);
  check_near(wlaw_node_mean(operand.law), 2.0, 0.0);
  wlaw_law_operand_release(&operand);

  operand = read_law(operand_of("nodes.json", "#layer6.weight"));
  check_near(wlaw_node_location(operand.law), 0.0, 0.0);
  check_near(wlaw_node_jump(operand.law, 1.0), 2.0, 0.0);
  assert_true(isnan(wlaw_law_empirical_measure(operand.law)->se[0]));
  wlaw_law_operand_release(&operand);
}

static void documents_that_say_nothing(void **state) {
  (void)state;
  write_text(test_scratch("nodes.json"), layers);
  write_text(test_scratch("fit.json"), " \n{\"schema\": \"weightlaw.fit/1\", \"law\": \"iid\"}");
  write_text(test_scratch("empty.json"), "{}");
  write_text(test_scratch("broken.json"), "{\"schema\": ");
  check_refused(operand_of("nodes.json", "#layer4.weight"), WLAW_VALUE,
                "the limit of the layer 'layer4.weight' is not determined: one width");
  check_refused(operand_of("nodes.json", "#layer4.weight"), WLAW_VALUE, "runs of at least three widths");
  check_refused(operand_of("nodes.json", "#layer7.weight"), WLAW_VALUE, "is not determined: two widths");
  check_refused(operand_of("nodes.json", "#layer5.weight"), WLAW_VALUE, "a of the layer 'layer5.weight'");
  check_refused(operand_of("nodes.json", ""), WLAW_NAME, "it has 9 layers; name one as empirical(@FILE#LAYER)");
  check_refused(operand_of("nodes.json", "#layer9"), WLAW_NAME, "it has no layer 'layer9'");
  check_refused(operand_of("nodes.json", "#layer2.weight,threshold=1"), WLAW_ARGUMENT, "a threshold of its own");
  check_refused(operand_of("nodes.json", "#bad1"), WLAW_FORMAT, "lists x, value and se of one length");
  check_refused(operand_of("nodes.json", "#bad2"), WLAW_FORMAT, "point 1 of its tail");
  check_refused(operand_of("nodes.json", "#bad3"), WLAW_FORMAT, "point 1 of its tail");
  check_refused(operand_of("fit.json", ""), WLAW_FORMAT, "its schema is 'weightlaw.fit/1'");
  check_refused(operand_of("empty.json", ""), WLAW_FORMAT, "its schema is ''");
  check_refused(operand_of("broken.json", ""), WLAW_FORMAT, "broken.json");
}

enum { NETWORKS = 3, NODES = 4 };
static const double samples[NETWORKS * NODES] = {0.5, 0.01, 0.02, 0.0, 0.03, 0.5, 2.0, 0.1, 0.04, 0.0, 0.0, 0.0};

static void write_samples(const char *file, const double *values, size_t rank) {
  const tensor_spec spec = {"nodes", WLAW_F64, rank, {NETWORKS, NODES}};
  const tensor_spec flat = {"nodes", WLAW_F64, 1, {NETWORKS * NODES}};
  write_tensors(test_scratch(file), rank == 1 ? &flat : &spec, 1, &values);
}

/* Below 0.1, which is not above itself: 0.03, 0.13 and 0.04 a network. */
static void arrays_of_samples(void **state) {
  (void)state;
  static const char *const files[] = {"nodes.npy", "nodes.npz", "nodes.safetensors"};
  static const char *const rests[] = {",threshold=0.1", " ,  threshold = 0.1 ", "#nodes,threshold=1e-1"};
  for (size_t f = 0; f < 3; f++)
    for (size_t r = 0; r < (f ? 3 : 2); r++) {
      write_samples(files[f], samples, 2);
      law_operand operand = read_law(operand_of(files[f], rests[r]));
      const node_measure *measure = wlaw_law_empirical_measure(operand.law);
      const double mean = 0.2 / 3, v0 = 0.03 - mean, v1 = 0.13 - mean, v2 = 0.04 - mean;
      check_near(measure->a, mean, 1e-16);
      check_near(measure->se_a, sqrt((v0 * v0 + v1 * v1 + v2 * v2) / 2 / 3), 1e-16);
      assert_int_equal(measure->n, 2);
      check_near(measure->x[0], 0.5, 0.0);
      check_near(measure->weight[0], 2.0 / 3, 1e-16);
      check_near(measure->se[0], sqrt(2.0) / 3, 1e-15);
      check_near(measure->x[1], 2.0, 0.0);
      check_near(measure->weight[1], 1.0 / 3, 0.0);
      wlaw_law_operand_release(&operand);
    }
  law_operand operand = read_law(operand_of("nodes.npy", ",threshold=2"));
  assert_int_equal(wlaw_node_regime(operand.law), NODE_GP);
  check_near(wlaw_node_mean(operand.law), 3.2 / 3, 1e-15);
  wlaw_law_operand_release(&operand);
  operand = read_law(operand_of("nodes.npy", ",threshold=0"));
  check_near(wlaw_node_location(operand.law), 0.0, 0.0);
  check_near(wlaw_node_tail(operand.law, 0.0), 8.0 / 3, 1e-15);
  wlaw_law_operand_release(&operand);
}

/* More elements than one block, networks cut by its end; the law of the samples comes back: beta(eta=1,b=1) has rhobar
 * = -ln x and mean 1, within 4.5 standard errors of its Poisson counts. */
static void large_arrays(void **state) {
  (void)state;
  enum { MANY = 70, WIDE = 3001 };
  double *values = malloc((size_t)MANY * WIDE * sizeof *values);
  wlaw_law *law = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_law_parse(&law, "beta(eta=1,b=1)", err));
  for (uint32_t k = 0; k < MANY; k++) {
    wlaw_stream stream = wlaw_stream_start(8, STREAM_TEST, k, 0);
    wlaw_node_draw(law, values + (size_t)k * WIDE, WIDE, &stream);
  }
  const tensor_spec spec = {"nodes", WLAW_F64, 2, {MANY, WIDE}};
  const double *pointer = values;
  write_tensors(test_scratch("large.npy"), &spec, 1, &pointer);
  law_operand operand = read_law(operand_of("large.npy", ",threshold=0.01"));
  double below = 0.0;
  for (size_t i = 0; i < (size_t)MANY * WIDE; i++) below += values[i] <= 0.01 ? values[i] / MANY : 0.0;
  check_near(wlaw_node_location(operand.law), below, 1e-12);
  for (double x = 0.01; x < 1.0; x *= 2.0) {
    double above = 0.0;
    for (size_t i = 0; i < (size_t)MANY * WIDE; i++) above += values[i] > x;
    check_near(wlaw_node_tail(operand.law, x), above / MANY, 1e-12);
    check_near(wlaw_node_tail(operand.law, x), wlaw_node_tail(law, x), 4.5 * sqrt(wlaw_node_tail(law, x) / MANY));
  }
  check_near(wlaw_node_location(operand.law), 0.01, 4.5 * wlaw_law_empirical_measure(operand.law)->se_a);
  wlaw_law_operand_release(&operand);
  wlaw_law_free(law);
  wlaw_error_free(err);
  free(values);
}

static void arrays_that_are_none(void **state) {
  (void)state;
  double values[NETWORKS * NODES];
  write_samples("nodes.npy", samples, 2);
  check_refused(operand_of("nodes.npy", ""), WLAW_ARGUMENT, "samples need a threshold");
  check_refused(operand_of("nodes.npy", ""), WLAW_ARGUMENT, "nodes.npy,threshold=h)");
  check_refused(operand_of("nodes.npy", ",threshold=-1"), WLAW_ARGUMENT, "the threshold '-1'");
  check_refused(operand_of("nodes.npy", ",threshold=nan"), WLAW_ARGUMENT, "the threshold 'nan'");
  check_refused(operand_of("nodes.npy", ",threshold=1,threshold=1"), WLAW_IO, "nodes.npy,threshold=1");
  check_refused(operand_of("none.npy", ",threshold=1"), WLAW_IO, "none.npy");
  write_samples("flat.npy", samples, 1);
  check_refused(operand_of("flat.npy", ",threshold=1"), WLAW_SHAPE, "an array [networks, nodes]");
  write_samples("named.safetensors", samples, 2);
  check_refused(operand_of("named.safetensors", "#node,threshold=1"), WLAW_NAME, "there is no tensor 'node'");
  write_text(test_scratch("text.txt"), "0.5 0.1");
  check_refused(operand_of("text.txt", ",threshold=1"), WLAW_FORMAT, "text.txt");
  static const double bad[] = {-1e-9, NAN, INFINITY};
  for (size_t k = 0; k < 3; k++) {
    memcpy(values, samples, sizeof values);
    values[6] = bad[k];
    write_samples("bad.npy", values, 2);
    check_refused(operand_of("bad.npy", ",threshold=1"), WLAW_VALUE,
                  "the sample of network 1, node 2 (counted from 0)");
  }
  tensor_spec specs[2] = {{"a", WLAW_F64, 2, {NETWORKS, NODES}}, {"b", WLAW_F64, 2, {NETWORKS, NODES}}};
  const double *const pair[] = {samples, samples};
  write_tensors(test_scratch("two.npz"), specs, 2, pair);
  check_refused(operand_of("two.npz", ",threshold=1"), WLAW_NAME, "it holds 2 tensors");
}

/* What opens like the law and is not it goes to the grammar of laws. */
static void other_texts(void **state) {
  (void)state;
  check_refused("empirical", WLAW_ARGUMENT, "is measured and cannot be written out");
  check_refused("empirical()", WLAW_ARGUMENT, "is measured and cannot be written out");
  check_refused("empirical(threshold=1)", WLAW_NAME, "no parameter 'threshold'");
  check_refused("empiric(@x)", WLAW_NAME, "did you mean 'empirical'?");
  check_refused("empirical(@x", WLAW_ARGUMENT, "')' is missing at the end");
  check_refused("empirical(@)", WLAW_ARGUMENT, "names no file");
  check_refused("empirical(@#x)", WLAW_ARGUMENT, "names no file");
  check_refused("empirical(@,threshold=1)", WLAW_ARGUMENT, "names no file");
  write_samples("nodes.npy", samples, 2);
  char text[4400];
  snprintf(text, sizeof text, "  empirical ( @%s , threshold=1 ) ", test_scratch("nodes.npy"));
  law_operand operand = read_law(text);
  wlaw_law_operand_release(&operand);
}

/* A safetensors file whose header is 0x0a7b bytes long begins with "{\n" as JSON may. */
static void told_apart_by_content(void **state) {
  (void)state;
  char header[0x0a7b + 1];
  const int used =
      snprintf(header, sizeof header, "{\"nodes\":{\"dtype\":\"F64\",\"shape\":[3,4],\"data_offsets\":[0,96]}}");
  memset(header + used, ' ', sizeof header - (size_t)used);
  FILE *file = fopen(test_scratch("like.json"), "wb");
  const unsigned char length[8] = {0x7b, 0x0a};
  assert_int_equal(fwrite(length, 1, 8, file), 8);
  assert_int_equal(fwrite(header, 1, 0x0a7b, file), 0x0a7b);
  assert_int_equal(fwrite(samples, 1, sizeof samples, file), sizeof samples);
  fclose(file);
  law_operand operand = read_law(operand_of("like.json", ",threshold=1"));
  check_near(wlaw_node_tail(operand.law, 1.0), 1.0 / 3, 0.0);
  wlaw_law_operand_release(&operand);
}

static wlaw_status read_and_release(void *context, wlaw_error *err) {
  law_operand operand = {0};
  const wlaw_status status = wlaw_law_operand_read(&operand, context, err);
  wlaw_law_operand_release(&operand);
  return status;
}

/* Not of documents: Jansson leaves a byte out of a string when memory is refused, and its numbers clear errno. */
static void allocations_may_fail(void **state) {
  (void)state;
  char text[4400];
  write_samples("nodes.npz", samples, 2);
  snprintf(text, sizeof text, "%s", operand_of("nodes.npz", ",threshold=0.1"));
  alloc_fail_each(read_and_release, text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(limits_of_documents),   cmocka_unit_test(documents_that_say_nothing),
      cmocka_unit_test(arrays_of_samples),     cmocka_unit_test(large_arrays),
      cmocka_unit_test(arrays_that_are_none),  cmocka_unit_test(other_texts),
      cmocka_unit_test(told_apart_by_content), cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests_name("study.empirical_operand", tests, NULL, NULL);
}
