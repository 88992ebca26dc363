/* track, and compare of two checkpoints: against numbers made from the same weights by other means. */
#include "study/study.h"

#include "core/memory.h"
#include "core/text.h"
#include "study/checkpoint.h"
#include "support/alloc_fail.h"

extern const command_spec wlaw_command_track;

enum { ROWS = 40, COLS = 30, N = ROWS * COLS, POINTS = 3 };

static wlaw_result *run_verb(const char *verb, const char *const *inputs, size_t n, const char *const *settings) {
  wlaw_error *err = wlaw_error_new();
  wlaw_options *options;
  wlaw_result *result = NULL;
  check_ok(wlaw_options_new(&options, verb, err));
  for (; settings && *settings; settings += 2) check_ok(wlaw_options_set(options, settings[0], settings[1], err));
  if (strcmp(verb, "track") == 0) check_ok(wlaw_track(&result, inputs, n, options, NULL, NULL, err));
  else check_ok(wlaw_compare(&result, inputs, n, options, NULL, NULL, err));
  wlaw_options_free(options);
  wlaw_error_free(err);
  return result;
}

static double number(const wlaw_result *result, const char *path) {
  wlaw_error *err = wlaw_error_new();
  double value = NAN;
  size_t n;
  const wlaw_status status = wlaw_result_get(result, path, &value, 1, &n, err);
  if (status != WLAW_OK || n != 1) fail_msg("%s: %s", path, wlaw_error_message(err));
  wlaw_error_free(err);
  return value;
}

static const char *text(const wlaw_result *result, const char *list, size_t i, const char *key) {
  const json_t *item = json_array_get(json_object_get(result->document, list), i);
  const char *value = json_string_value(key ? json_object_get(item, key) : item);
  return value ? value : "";
}

static bool says(const wlaw_result *result, const char *words) {
  for (size_t i = 0; i < json_array_size(json_object_get(result->document, "findings")); i++)
    if (strstr(text(result, "findings", i, NULL), words)) return true;
  return false;
}

/* Files of two tensors: W = W0 + p D (so that the distance at point p is p |D| / |W0|), and a bias. */
static const char *paths_of(size_t p) {
  static char path[POINTS][4096];
  char name[64];
  snprintf(name, sizeof name, "model-step_%zu.safetensors", 500 * p);
  snprintf(path[p], sizeof path[p], "%s", test_scratch(name));
  return path[p];
}

static double weights[POINTS][N], bias[ROWS];

static void write_points(void) {
  double step[N];
  wlaw_stream stream = wlaw_stream_start(7, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, weights[0], N);
  wlaw_stream_normals(&stream, step, N);
  wlaw_stream_normals(&stream, bias, ROWS);
  const tensor_spec specs[] = {{"layers.1.q_proj.weight", WLAW_F64, 2, {ROWS, COLS}},
                               {"layers.1.q_proj.bias", WLAW_F64, 1, {ROWS}}};
  for (size_t p = 0; p < POINTS; p++) {
    for (size_t i = 0; i < N; i++) weights[p][i] = weights[0][i] + .1 * (double)p * step[i];
    write_tensors(paths_of(p), specs, 2, (const double *const[]){weights[p], bias});
  }
}

static double norm_of_change(size_t p) {
  double change = 0, norm = 0;
  for (size_t i = 0; i < N; i++) {
    change += (weights[p][i] - weights[0][i]) * (weights[p][i] - weights[0][i]);
    norm += weights[0][i] * weights[0][i];
  }
  return sqrt(change / norm);
}

static void tracks_files(void **state) {
  (void)state;
  write_points();
  const char *const inputs[] = {paths_of(0), paths_of(1), paths_of(2)};
  wlaw_result *got = run_verb("track", inputs, 3, NULL);
  assert_string_equal(text(got, "tensors", 0, "name"), "layers.1.q_proj.weight");
  assert_string_equal(text(got, "tensors", 0, "kind"), "q");
  check_near(number(got, "tensors.0.block"), 1, 0);
  for (size_t p = 0; p < POINTS; p++) {
    char path[80];
    double sum = 0, squares = 0;
    for (size_t i = 0; i < N; i++) sum += weights[p][i], squares += weights[p][i] * weights[p][i];
    snprintf(path, sizeof path, "points.%zu.epoch", p);
    check_near(number(got, path), 500.0 * (double)p, 0);
    snprintf(path, sizeof path, "tensors.0.points.%zu.distance", p);
    check_near(number(got, path), norm_of_change(p), 1e-13); /* N roundings of 2^-53 */
    snprintf(path, sizeof path, "tensors.0.points.%zu.mean", p);
    check_near(number(got, path), sum / N, 1e-14);
    snprintf(path, sizeof path, "tensors.0.points.%zu.scale", p);
    check_near(number(got, path), sqrt(squares / N), 1e-13);
    snprintf(path, sizeof path, "tensors.1.points.%zu.distance", p);
    check_near(number(got, path), 0, 0);
  }
  check_near(number(got, "tensors.0.points.0.drift_k"), 0, 0);
  const double k[] = {number(got, "tensors.0.points.0.k"), number(got, "tensors.0.points.2.k")};
  const double se[] = {number(got, "tensors.0.points.0.se_k"), number(got, "tensors.0.points.2.se_k")};
  /* of a normal sample of N: 1.2054 with error 1.365 / sqrt(N) (0.039); four errors */
  check_near(k[0], 1.2054, 4 * 1.365 / sqrt(N));
  check_near(se[0], 1.365 / sqrt(N), .2 * se[0]);
  check_near(number(got, "tensors.0.points.2.drift_k"), (k[1] - k[0]) / sqrt(se[0] * se[0] + se[1] * se[1]), 1e-12);
  assert_true(says(got, "layers.1.q_proj.weight has moved most"));
  assert_false(says(got, "order"));
  wlaw_result_free(got);

  /* in another order; one tensor only; with spectra */
  const char *const backwards[] = {paths_of(2), paths_of(0)}, *const settings[] = {"tensor", "*.weight", "spectra",
                                                                                   "true", NULL};
  got = run_verb("track", backwards, 2, settings);
  assert_int_equal(json_array_size(json_object_get(got->document, "tensors")), 1);
  assert_true(says(got, "not in the order"));
  assert_true(number(got, "tensors.0.points.1.alpha") > 1);
  wlaw_result_free(got);
}

/* A tensor that is not there at the first point, one of another shape, one that breaks. */
static void tensors_come_and_break(void **state) {
  (void)state;
  double values[12] = {1, -2, 3, 4, 5, -6, 7, 8, 9, 10, 11, 12}, broken[12];
  memcpy(broken, values, sizeof broken);
  broken[5] = NAN;
  for (size_t i = 8; i < 12; i++) broken[i] = 0;
  const tensor_spec early[] = {{"a.weight", WLAW_F64, 2, {3, 4}}, {"b.weight", WLAW_F64, 2, {3, 4}}};
  const tensor_spec late[] = {
      {"c.weight", WLAW_F64, 2, {3, 4}}, {"b.weight", WLAW_F64, 2, {2, 6}}, {"a.weight", WLAW_F64, 2, {3, 4}}};
  write_tensors(test_scratch("early.safetensors"), early, 2, (const double *const[]){values, values});
  write_tensors(test_scratch("late.safetensors"), late, 3, (const double *const[]){values, values, broken});
  const char *const inputs[] = {test_scratch("early.safetensors"), test_scratch("late.safetensors")};
  wlaw_result *got = run_verb("track", inputs, 2, NULL);
  assert_int_equal(json_array_size(json_object_get(got->document, "tensors")), 3);
  assert_string_equal(text(got, "tensors", 2, "name"), "c.weight");
  assert_true(json_is_null(
      json_array_get(json_object_get(json_array_get(json_object_get(got->document, "tensors"), 2), "points"), 0)));
  check_near(number(got, "tensors.0.points.1.nonfinite"), 1, 0);
  check_near(number(got, "tensors.0.points.1.dead_rows"), 1, 0);
  assert_true(isnan(number(got, "tensors.1.points.1.distance")));
  assert_true(isnan(number(got, "tensors.2.points.1.distance")));
  assert_true(isnan(number(got, "points.0.epoch")));
  assert_true(says(got, "a.weight has 1 weights that are not finite from"));
  assert_true(says(got, "dead rows go from 0 to 1"));
  wlaw_result_free(got);

  got = run_verb("compare", inputs, 2, NULL);
  assert_int_equal(json_array_size(json_object_get(got->document, "tensors")), 1);
  check_near(number(got, "tensors.0.new_nonfinite"), 1, 0);
  check_near(number(got, "tensors.0.new_dead_rows"), 1, 0);
  check_near(number(got, "tensors.0.severity"), 3, 0);
  check_near(number(got, "tensors.0.largest_change.value"), -12, 0);
  check_near(number(got, "tensors.0.largest_change.row"), 2, 0);
  assert_string_equal(text(got, "only_b", 0, NULL), "c.weight");
  assert_string_equal(text(got, "different_shape", 0, NULL), "b.weight");
  wlaw_result_free(got);
}

static void compares_checkpoints(void **state) {
  (void)state;
  write_points();
  const char *const inputs[] = {paths_of(0), paths_of(2)};
  wlaw_result *got = run_verb("compare", inputs, 2, NULL);
  assert_string_equal(json_string_value(json_object_get(got->document, "schema")), "weightlaw.changes/1");
  check_near(number(got, "tensors.0.relative_change"), norm_of_change(2), 1e-13);
  const json_t *bias_changes = json_array_get(json_object_get(got->document, "tensors"), 1);
  assert_true(json_is_true(json_object_get(bias_changes, "identical")));
  assert_true(json_is_null(json_object_get(bias_changes, "largest_change")));
  check_near(number(got, "tensors.1.wasserstein"), 0, 0);
  assert_true(says(got, "1 of 2 tensors are identical"));
  /* the same k as track has */
  wlaw_result *tracked = run_verb("track", inputs, 2, NULL);
  double k[2];
  size_t n;
  assert_int_equal(wlaw_result_get(got, "tensors.0.k", k, 2, &n, NULL), WLAW_OK);
  check_near(k[1], number(tracked, "tensors.0.points.1.k"), 0);
  check_near(number(got, "tensors.0.change_k"), number(tracked, "tensors.0.points.1.drift_k"), 0);
  wlaw_result_free(tracked);
  wlaw_result_free(got);
}

/* Stored [in, out]: output 4 moves most, and output 2 dies. */
static void rows_are_outputs(void **state) {
  (void)state;
  double before[15], after[15];
  for (size_t i = 0; i < 15; i++) before[i] = after[i] = 1 + (double)i;
  after[1 * 5 + 4] = -100;
  for (size_t r = 0; r < 3; r++) after[r * 5 + 2] = 0;
  const tensor_spec spec = {"h.0.mlp.c_fc.weight", WLAW_F64, 2, {3, 5}};
  write_tensors(test_scratch("before.safetensors"), &spec, 1, (const double *const[]){before});
  write_tensors(test_scratch("after.safetensors"), &spec, 1, (const double *const[]){after});
  const char *const inputs[] = {test_scratch("before.safetensors"), test_scratch("after.safetensors")};
  wlaw_result *got = run_verb("compare", inputs, 2, NULL);
  check_near(number(got, "tensors.0.rows"), 5, 0);
  check_near(number(got, "tensors.0.largest_change.row"), 4, 0);
  check_near(number(got, "tensors.0.largest_change.column"), 1, 0);
  check_near(number(got, "tensors.0.new_dead_rows"), 1, 0);
  check_near(number(got, "tensors.0.new_dead_columns"), 0, 0);
  wlaw_result_free(got);
}

/* When two operands mean checkpoints, and when a distance of laws. */
static const char *schema_of(const char *a, const char *b, const char *const *settings) {
  static char schema[64];
  const char *const inputs[] = {a, b};
  wlaw_result *got = run_verb("compare", inputs, 2, settings);
  snprintf(schema, sizeof schema, "%s", json_string_value(json_object_get(got->document, "schema")));
  wlaw_result_free(got);
  return schema;
}

static void which_comparison_is_meant(void **state) {
  (void)state;
  static double stacked[60 * 12];
  wlaw_stream stream = wlaw_stream_start(8, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, stacked, 60 * 12);
  char a[4096], b[4096], experts[4096];
  snprintf(a, sizeof a, "%s", test_scratch("stacked-a.npy"));
  snprintf(b, sizeof b, "%s", test_scratch("stacked-b.npy"));
  snprintf(experts, sizeof experts, "%s", test_scratch("experts.safetensors"));
  write_array(a, stacked, 60, 3, 4);
  write_array(b, stacked, 60, 3, 4);
  const tensor_spec spec = {"blk.0.ffn_up_exps.weight", WLAW_F64, 3, {60, 3, 4}};
  write_tensors(experts, &spec, 1, (const double *const[]){stacked});
  assert_string_equal(schema_of(a, b, NULL), "weightlaw.compare/1");
  assert_string_equal(schema_of(experts, experts, NULL), "weightlaw.changes/1");
  assert_string_equal(schema_of(experts, experts, (const char *const[]){"law", "iid", NULL}), "weightlaw.compare/1");
  assert_string_equal(schema_of(a, "iid(mean=0,variance=1)", NULL), "weightlaw.compare/1");
}

static int stop_at_once(void *user, double fraction, const char *what) {
  (void)user, (void)fraction, (void)what;
  return 1;
}

static void stops_when_asked(void **state) {
  (void)state;
  write_points();
  wlaw_error *err = wlaw_error_new();
  const char *const inputs[] = {paths_of(0), paths_of(1)};
  check_status(wlaw_track(NULL, inputs, 2, NULL, stop_at_once, NULL, err), WLAW_CANCELLED);
  check_status(wlaw_compare(NULL, inputs, 2, NULL, stop_at_once, NULL, err), WLAW_CANCELLED);
  wlaw_error_free(err);
}

static void refuses(void **state) {
  (void)state;
  write_points();
  wlaw_error *err = wlaw_error_new();
  wlaw_options *options;
  const char *run = write_run("tracked-run", .1, "standard");
  const char *const one[] = {paths_of(0)}, *const mixed[] = {paths_of(0), run},
                    *const missing[] = {paths_of(0), "no such file"};
  check_status(wlaw_track(NULL, one, 1, NULL, NULL, NULL, err), WLAW_ARGUMENT);
  check_status(wlaw_track(NULL, one, 0, NULL, NULL, NULL, err), WLAW_ARGUMENT);
  check_status(wlaw_track(NULL, mixed, 2, NULL, NULL, NULL, err), WLAW_ARGUMENT);
  check_status(wlaw_track(NULL, missing, 2, NULL, NULL, NULL, err), WLAW_IO);
  check_ok(wlaw_options_new(&options, "track", err));
  check_ok(wlaw_options_set(options, "spectra", "true", err));
  check_status(wlaw_track(NULL, &run, 1, options, NULL, NULL, err), WLAW_ARGUMENT);
  wlaw_options_free(options);
  const tensor_spec spec = {"other", WLAW_F64, 1, {ROWS}};
  write_tensors(test_scratch("other.safetensors"), &spec, 1, (const double *const[]){bias});
  const char *const strangers[] = {paths_of(0), test_scratch("other.safetensors")};
  check_status(wlaw_compare(NULL, strangers, 2, NULL, NULL, NULL, err), WLAW_NAME);
  check_ok(wlaw_options_new(&options, "compare", err));
  check_ok(wlaw_options_set(options, "heads", "4", err));
  check_ok(wlaw_options_set(options, "law", "iid", err));
  check_status(wlaw_compare(NULL, strangers, 2, options, NULL, NULL, err), WLAW_ARGUMENT);
  wlaw_options_free(options);
  wlaw_error_free(err);
}

/* A run's snapshots, their networks pooled. The last epoch of this run holds NaN: its law is of the others. */
static void tracks_runs(void **state) {
  (void)state;
  const char *run = write_run("tracked-run", .1, "standard");
  wlaw_result *got = run_verb("track", &run, 1, NULL);
  assert_int_equal(json_array_size(json_object_get(got->document, "points")), 3);
  check_near(number(got, "networks"), RUN_NETWORKS, 0);
  check_near(number(got, "points.2.epoch"), 2, 0);
  assert_string_equal(text(got, "tensors", 0, "name"), "layer1.weight");
  check_near(number(got, "tensors.0.rows"), RUN_NETWORKS * RUN_HIDDEN, 0);
  check_near(number(got, "tensors.0.columns"), RUN_INPUTS, 0);
  assert_true(number(got, "tensors.0.points.2.nonfinite") > 0);
  assert_true(says(got, "networks are pooled"));
  assert_true(says(got, "not finite from epoch 2 on"));
  wlaw_result_free(got);
}

static void epochs_in_names(void **state) {
  (void)state;
  static const struct {
    const char *path;
    int64_t epoch;
  } cases[] = {{"epoch_3000.pt", 3000},
               {"a/step1000.safetensors", 1000},
               {"runs/checkpoint-500/model.safetensors", 500},
               {"checkpoint-500/epoch7.pt", 7},
               {"global_step_12/model.pt", 12},
               {"model-EPOCH=03.ckpt", 3},
               {"/iter_0004.pth", 4},
               {"model.ckpt", -1},
               {"model.pt", -1},
               {"/model.pt", -1},
               {"step", -1},
               {"epoch99999999999999999999.pt", -1},
               {"deep/epoch_3/inner/model.pt", -1},
               {"epochs_12.pt", -1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint64_t epoch = 0;
    const bool told = wlaw_path_epoch(&epoch, cases[i].path);
    if (told != (cases[i].epoch >= 0) || (told && epoch != (uint64_t)cases[i].epoch))
      fail_msg("%s: %s %llu", cases[i].path, told ? "told" : "not told", (unsigned long long)epoch);
  }
}

/* Files that others made. */
static void epochs_of_a_physics_network(void **state) {
  (void)state;
  char paths[8][4096];
  const char *inputs[8];
  for (size_t p = 0; p < 8; p++) {
    char name[80];
    snprintf(name, sizeof name, "checkpoints/pinn_steps/epoch_%zu000.pt", p);
    if (p == 0) snprintf(name, sizeof name, "checkpoints/pinn_steps/epoch_0.pt");
    snprintf(paths[p], sizeof paths[p], "%s", test_data(name));
    inputs[p] = paths[p];
  }
  wlaw_result *got = run_verb("track", inputs, 8, NULL);
  const size_t n = json_array_size(json_object_get(got->document, "tensors"));
  assert_int_equal(n, 12);
  check_near(number(got, "points.7.epoch"), 7000, 0);
  /* all weights together, from the distances and the scales: .205 after 1000 epochs, growing to .319, as the data's
   * list has it to three digits */
  double last = 0;
  for (size_t p = 1; p < 8; p++) {
    double change = 0, norm = 0;
    for (size_t t = 0; t < n; t++) {
      char path[80];
      snprintf(path, sizeof path, "tensors.%zu.points.%zu.distance", t, p);
      const double distance = number(got, path);
      snprintf(path, sizeof path, "tensors.%zu.points.0.scale", t);
      const double scale = number(got, path);
      snprintf(path, sizeof path, "tensors.%zu.rows", t);
      double count = number(got, path);
      snprintf(path, sizeof path, "tensors.%zu.columns", t);
      count *= number(got, path);
      change += distance * distance * scale * scale * count;
      norm += scale * scale * count;
    }
    const double distance = sqrt(change / norm);
    assert_true(distance > last);
    last = distance;
    if (p == 1) check_near(distance, .205, 5.1e-4);
  }
  check_near(last, .319, 5.1e-4);
  /* hidden layers begin uniform: k = 1.3751, four errors of 16384 weights */
  check_near(number(got, "tensors.2.points.0.k"), 1.3751188054, 4 * number(got, "tensors.2.points.0.se_k"));
  wlaw_result_free(got);
}

static void rounding_is_told_apart(void **state) {
  (void)state;
  const char *const inputs[] = {test_data("checkpoints/stories260K/model-f32.safetensors"),
                                test_data("checkpoints/stories260K/model-bf16.safetensors")};
  wlaw_result *got = run_verb("compare", inputs, 2, NULL);
  const size_t n = json_array_size(json_object_get(got->document, "tensors"));
  assert_int_equal(n, 47);
  assert_true(says(got, "47 of 47 tensors differ by no more than rounding"));
  for (size_t t = 0; t < n; t++) {
    char path[80];
    snprintf(path, sizeof path, "tensors.%zu.relative_change", t);
    assert_true(number(got, path) < 0x1p-8); /* bf16 has 8 bits of significand */
    snprintf(path, sizeof path, "tensors.%zu.severity", t);
    check_near(number(got, path), 0, 0);
  }
  wlaw_result_free(got);
}

static wlaw_status track_two(void *context, wlaw_error *err) {
  wlaw_result *result = NULL;
  const wlaw_status status = wlaw_track(&result, context, 2, NULL, NULL, NULL, err);
  wlaw_result_free(result);
  return status;
}

static wlaw_status compare_two(void *context, wlaw_error *err) {
  wlaw_result *result = NULL;
  const wlaw_status status = wlaw_compare(&result, context, 2, NULL, NULL, NULL, err);
  wlaw_result_free(result);
  return status;
}

static void memory_may_run_out(void **state) {
  (void)state;
  const double values[4] = {1, 2, 3, 4}, later[4] = {1, 2, 4, 0};
  const tensor_spec spec = {"a.weight", WLAW_F64, 1, {4}};
  write_tensors(test_scratch("small1.safetensors"), &spec, 1, (const double *const[]){values});
  write_tensors(test_scratch("small2.safetensors"), &spec, 1, (const double *const[]){later});
  const char *inputs[] = {test_scratch("small1.safetensors"), test_scratch("small2.safetensors")};
  alloc_fail_each(track_two, inputs);
  alloc_fail_each(compare_two, inputs);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tracks_files),
      cmocka_unit_test(tensors_come_and_break),
      cmocka_unit_test(compares_checkpoints),
      cmocka_unit_test(rows_are_outputs),
      cmocka_unit_test(which_comparison_is_meant),
      cmocka_unit_test(stops_when_asked),
      cmocka_unit_test(refuses),
      cmocka_unit_test(tracks_runs),
      cmocka_unit_test(epochs_in_names),
      cmocka_unit_test(epochs_of_a_physics_network),
      cmocka_unit_test(rounding_is_told_apart),
      cmocka_unit_test(memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
