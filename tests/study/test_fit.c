/* The verb fit: inputs of every kind give the same numbers, every error its status and sentence. */
#include "study/ensemble.h"
#include "study/study.h"

#include <sys/resource.h>

static void normals(double *out, size_t n, uint32_t major) {
  wlaw_stream stream = wlaw_stream_start(61, STREAM_TEST, major, 0);
  wlaw_stream_normals(&stream, out, n);
}

static json_t *document_of(const double *weights, size_t networks, size_t rows, size_t cols, const char *law,
                           const char *threads) {
  wlaw_result *result = NULL;
  wlaw_options *options = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_options_make(&options, &wlaw_command_fit, err));
  check_ok(wlaw_options_set(options, "law", law, err));
  check_ok(wlaw_options_set(options, "threads", threads, err));
  check_ok(wlaw_fit_array(&result, weights, networks, rows, cols, options, err));
  json_t *document = json_incref(result->document);
  wlaw_result_free(result);
  wlaw_options_free(options);
  wlaw_error_free(err);
  return document;
}

static void keys_other_programs_rely_on(void **state) {
  (void)state;
  static const char *const keys[] = {"schema",
                                     "law",
                                     "tensor",
                                     "epoch",
                                     "rows",
                                     "cols",
                                     "networks",
                                     "networks_excluded",
                                     "log_likelihood",
                                     "aic",
                                     "bic",
                                     "parameters",
                                     "standard_errors",
                                     "robust_standard_errors",
                                     "undetermined",
                                     "stop_reason",
                                     "tests",
                                     "converged",
                                     "iterations",
                                     "summary",
                                     "warnings",
                                     "invariants"};
  static double weights[80 * 25];
  normals(weights, 80 * 25, 1);
  json_t *fit = document_of(weights, 80, 5, 5, "permutation", "1");
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
    if (!json_object_get(fit, keys[k])) fail_msg("no key %s", keys[k]);
  static const char *const blocks[] = {"parameters", "standard_errors", "robust_standard_errors"};
  for (size_t k = 0; k < 3; k++) {
    const json_t *values = json_object_get(fit, blocks[k]);
    assert_int_equal(json_array_size(json_object_get(values, "mean")), 2);
    assert_int_equal(json_array_size(json_object_get(values, "V0")), 2);
    const json_t *VH = json_object_get(values, "VH");
    assert_int_equal(json_array_size(VH), 3);
    for (size_t i = 0; i < 3; i++)
      for (size_t j = 0; j < 3; j++)
        assert_true(json_equal(json_array_get(json_array_get(VH, i), j), json_array_get(json_array_get(VH, j), i)));
    assert_true(json_is_real(json_object_get(values, "V2")) && json_is_real(json_object_get(values, "V3")));
  }
  const json_t *tests = json_object_get(fit, "tests");
  assert_int_equal(json_array_size(tests), 2);
  assert_string_equal(json_string_value(json_object_get(json_array_get(tests, 1), "null")), "bipartite");
  assert_int_equal(json_integer_value(json_object_get(json_array_get(tests, 0), "df")), 3);
  assert_int_equal(json_integer_value(json_object_get(json_array_get(tests, 1), "df")), 8);
  json_decref(fit);
}

static void auto_picks_iid_for_iid(void **state) {
  (void)state;
  static double weights[100 * 36];
  normals(weights, 100 * 36, 2);
  json_t *fit = document_of(weights, 100, 6, 6, "auto", "1");
  assert_string_equal(json_string_value(json_object_get(fit, "law")), "iid");
  assert_non_null(strstr(json_string_value(json_array_get(json_object_get(fit, "summary"), 0)), "want the law iid"));
  json_decref(fit);
  /* uniform weights: the model's error of the variance is too large by sqrt(2 / (9/5 - 1)) = 1.58 */
  for (size_t k = 0; k < 100 * 36; k++) weights[k] = 0.5 * erfc(-weights[k] / sqrt(2.0)) - 0.5;
  fit = document_of(weights, 100, 6, 6, "iid", "1");
  const json_t *warnings = json_object_get(fit, "warnings");
  assert_int_equal(json_array_size(warnings), 1);
  assert_non_null(strstr(json_string_value(json_array_get(warnings, 0)), "variance (0."));
  double error = NAN, robust = NAN;
  assert_true(wlaw_json_number(json_object_get(json_object_get(fit, "standard_errors"), "variance"), &error));
  assert_true(wlaw_json_number(json_object_get(json_object_get(fit, "robust_standard_errors"), "variance"), &robust));
  /* a standard deviation over 100 networks: relative error 1/sqrt(200) for sums of 36 terms; limit 4 of these */
  check_near(error / robust, 1.58, 1.58 * 4 / sqrt(200));
  json_decref(fit);
}

/* Same bytes on 1, 2 and 7 threads: chunks are cut by the data. */
static void threads_do_not_matter(void **state) {
  (void)state;
  static double weights[500 * 25];
  normals(weights, 500 * 25, 3);
  json_t *one = document_of(weights, 500, 5, 5, "auto", "1");
  static const char *const others[] = {"2", "7"};
  for (int k = 0; k < 2; k++) {
    json_t *other = document_of(weights, 500, 5, 5, "auto", others[k]);
    assert_true(json_equal(one, other));
    json_decref(other);
  }
  json_decref(one);
}

static void one_network_and_small_sizes(void **state) {
  (void)state;
  double weights[36];
  normals(weights, 36, 4);
  json_t *fit = document_of(weights, 1, 6, 6, "permutation", "1");
  const json_t *names = json_object_get(fit, "undetermined");
  assert_int_equal(json_array_size(names), 2);
  assert_string_equal(json_string_value(json_array_get(names, 0)), "mean");
  assert_string_equal(json_string_value(json_array_get(names, 1)), "V0");
  assert_true(json_is_null(json_object_get(fit, "log_likelihood")));
  assert_true(json_is_string(json_object_get(fit, "reason")));
  assert_true(json_is_null(json_array_get(json_object_get(json_object_get(fit, "parameters"), "mean"), 0)));
  assert_true(json_is_real(json_object_get(json_object_get(fit, "parameters"), "V3")));
  json_decref(fit);
  for (size_t D = 1; D <= 3; D++) {
    fit = document_of(weights, 36 / (D * D), D, D, "permutation", "1");
    static const int parameters[] = {0, 2, 8, 12};
    assert_int_equal(json_integer_value(json_object_get(fit, "free_parameters")), parameters[D]);
    assert_string_equal(json_string_value(json_object_get(fit, "law")), "permutation");
    assert_true(json_is_null(json_object_get(json_object_get(fit, "parameters"), "V2")));
    json_decref(fit);
    json_decref(document_of(weights, 36 / (D * D), D, D, "auto", "1"));
  }
}

/* An array, its .npy and .safetensors files and one file for each network: the same fit. */
static void inputs_of_every_kind(void **state) {
  (void)state;
  enum { NETWORKS = 70, ROWS = 4, COLS = 6 };
  static double weights[NETWORKS * ROWS * COLS];
  normals(weights, NETWORKS * ROWS * COLS, 5);
  json_t *memory = document_of(weights, NETWORKS, ROWS, COLS, "bipartite", "1");
  wlaw_error *err = wlaw_error_new();
  char paths[NETWORKS][4096];
  const char *inputs[NETWORKS];
  static const char *const law[] = {"law", "bipartite", NULL};
  for (int kind = 0; kind < 4; kind++) {
    size_t n = 1;
    wlaw_result *result = NULL;
    static const char *const endings[] = {"w.npy", "w.npz", "w.safetensors"};
    if (kind < 3) {
      snprintf(paths[0], sizeof paths[0], "%s", test_scratch(endings[kind]));
      write_array(paths[0], weights, NETWORKS, ROWS, COLS);
    } else {
      n = NETWORKS;
      for (size_t k = 0; k < n; k++) {
        char name[32];
        snprintf(name, sizeof name, "net%zu.safetensors", k);
        snprintf(paths[k], sizeof paths[k], "%s", test_scratch(name));
        const tensor_spec specs[] = {{"fc.bias", WLAW_F64, 1, {2}}, {"fc.weight", WLAW_F64, 2, {ROWS, COLS}}};
        const double *const values[] = {weights, weights + k * ROWS * COLS};
        write_tensors(paths[k], specs, 2, values);
      }
    }
    for (size_t k = 0; k < n; k++) inputs[k] = paths[k];
    check_ok(call_verb(&result, &wlaw_command_fit, inputs, n, law, err));
    static const char *const same[] = {"parameters", "standard_errors", "robust_standard_errors", "log_likelihood",
                                       "networks"};
    for (size_t k = 0; k < sizeof same / sizeof *same; k++)
      assert_true(json_equal(json_object_get(result->document, same[k]), json_object_get(memory, same[k])));
    wlaw_result_free(result);
  }
  json_decref(memory);
  wlaw_error_free(err);
}

static void a_run(void **state) {
  (void)state;
  const char *run = write_run("run", 0.1, "standard");
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  static const char *const epoch1[] = {"epoch", "1", NULL};
  check_ok(call_verb(&result, &wlaw_command_fit, &run, 1, epoch1, err));
  assert_string_equal(text_at(result, "schema"), "weightlaw.fits/1");
  const json_t *fits = json_object_get(result->document, "fits");
  assert_int_equal(json_array_size(fits), 3);
  static const char *const words[] = {"first matrix", NULL, "last matrix"};
  for (size_t l = 0; l < 3; l++) {
    const json_t *warnings = json_object_get(json_array_get(fits, l), "warnings");
    const char *first = json_string_value(json_array_get(warnings, 0));
    if (words[l]) assert_non_null(strstr(first ? first : "", words[l]));
    else assert_true(!first || !strstr(first, "matrix"));
  }
  wlaw_result_free(result);

  static const char *const dead[] = {"epoch", "1", "tensor", "layer2.weight", "exclude", "dead", NULL};
  check_ok(call_verb(&result, &wlaw_command_fit, &run, 1, dead, err));
  check_near(number_at(result, "networks"), RUN_NETWORKS - 1, 0);
  check_near(number_at(result, "networks_excluded"), 1, 0);
  check_near(number_at(result, "epoch"), 1, 0);
  wlaw_result_free(result);

  /* the last epoch, where network 5 is not a number */
  check_status(call_verb(&result, &wlaw_command_fit, &run, 1, NULL, err), WLAW_VALUE);
  const char *message = wlaw_error_message(err);
  assert_non_null(strstr(message, "network 5 has a weight that is not a number, at row 0, column 6"));
  assert_non_null(strstr(wlaw_error_hint(err), "--exclude dead"));
  assert_string_equal(wlaw_error_tensor(err), "layer1.weight");
  static const char *const last[] = {"exclude", "dead", NULL};
  check_ok(call_verb(&result, &wlaw_command_fit, &run, 1, last, err));
  wlaw_result_free(result);

  static const char *const far[] = {"epoch", "9", NULL};
  check_status(call_verb(&result, &wlaw_command_fit, &run, 1, far, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_hint(err), "0, 1, 2"));
  static const char *const no_tensor[] = {"epoch", "0", "tensor", "layer2.wieght", NULL};
  check_status(call_verb(&result, &wlaw_command_fit, &run, 1, no_tensor, err), WLAW_NAME);
  wlaw_error_free(err);
}

/* What is read in blocks equals what is read at once: kept networks in pieces. */
static void blocks_of_kept_networks(void **state) {
  (void)state;
  const char *run = write_run("kept", 0.1, "standard");
  wlaw_error *err = wlaw_error_new();
  ensemble *source = NULL;
  const ensemble_request request = {.paths = &run, .n_paths = 1, .tensor = "layer2.weight", .has_epoch = true};
  check_ok(wlaw_ensemble_open(&source, &request, err));
  static double all[RUN_NETWORKS * 16], kept[RUN_NETWORKS * 16];
  check_ok(wlaw_ensemble_read(source, 0, 0, RUN_NETWORKS, all, err));
  const uint64_t out[] = {0, 7, 8, 59, 1000};
  check_ok(wlaw_ensemble_exclude(source, out, 5, err));
  assert_int_equal(source->excluded, 4);
  assert_int_equal(source->matrices[0].networks, RUN_NETWORKS - 4);
  check_ok(wlaw_ensemble_read(source, 0, 0, RUN_NETWORKS - 4, kept, err));
  for (size_t k = 0; k < RUN_NETWORKS - 4; k++)
    assert_memory_equal(kept + 16 * k, all + 16 * wlaw_ensemble_network(source, k), 16 * sizeof *kept);
  const uint64_t again[] = {1};
  check_ok(wlaw_ensemble_exclude(source, again, 1, err));
  assert_int_equal(source->excluded, 5);
  assert_int_equal(wlaw_ensemble_network(source, 0), 2);
  wlaw_ensemble_close(source);
  wlaw_error_free(err);
}

/* 128 MB of matrices are fitted in less than 64 MB: read in blocks, never kept. */
static void memory_does_not_grow_with_the_file(void **state) {
  (void)state;
#if defined(__SANITIZE_ADDRESS__)
  skip(); /* freed blocks are held back there */
#endif
  enum { NETWORKS = 1000, D = 128 };
  static double matrix[D * D];
  const tensor_spec spec = {"weights", WLAW_F64, 3, {NETWORKS, D, D}};
  const char *path = test_scratch("large.npy");
  tensor_writer *writer = NULL;
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  struct rusage use;
  check_ok(wlaw_writer_open(&writer, path, &spec, 1, NULL, err));
  for (size_t k = 0; k < NETWORKS; k++) {
    normals(matrix, D * D, (uint32_t)(100 + k % 20));
    check_ok(wlaw_writer_add(writer, matrix, sizeof matrix, err));
  }
  check_ok(wlaw_writer_commit(writer, err));
  static const char *const two[] = {"threads", "2", NULL};
  check_ok(call_verb(&result, &wlaw_command_fit, &path, 1, two, err));
  wlaw_result_free(result);
  getrusage(RUSAGE_SELF, &use);
  remove(path);
  if (use.ru_maxrss >= 64 * 1024) fail_msg("%ld KiB were resident", use.ru_maxrss);
  wlaw_error_free(err);
}

static void bad_input(void **state) {
  (void)state;
  double weights[5 * 12];
  normals(weights, 60, 6);
  char a[4096], b[4096];
  snprintf(a, sizeof a, "%s", test_scratch("a.npy"));
  snprintf(b, sizeof b, "%s", test_scratch("b.npy"));
  write_array(a, weights, 1, 3, 4);
  write_array(b, weights, 1, 4, 3);
  const char *ragged[] = {a, a, b};
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  check_status(call_verb(&result, &wlaw_command_fit, ragged, 3, NULL, err), WLAW_SHAPE);
  assert_string_equal(wlaw_error_file(err), b);
  write_array(b, weights, 2, 3, 4);
  check_status(call_verb(&result, &wlaw_command_fit, ragged, 3, NULL, err), WLAW_SHAPE);
  static const char *const square[] = {"law", "permutation", NULL};
  check_status(call_verb(&result, &wlaw_command_fit, ragged, 1, square, err), WLAW_SHAPE);
  static const char *const unknown[] = {"law", "permutaton", NULL};
  check_status(call_verb(&result, &wlaw_command_fit, ragged, 1, unknown, err), WLAW_NAME);
  assert_non_null(strstr(wlaw_error_message(err), "permutation"));
  static const char *const entry[] = {"law", "uniform", NULL};
  check_status(call_verb(&result, &wlaw_command_fit, ragged, 1, entry, err), WLAW_ARGUMENT);
  static const char *const epoch[] = {"epoch", "1", NULL};
  check_status(call_verb(&result, &wlaw_command_fit, ragged, 1, epoch, err), WLAW_ARGUMENT);
  const char *missing = "no-such-file.npy";
  check_status(call_verb(&result, &wlaw_command_fit, &missing, 1, NULL, err), WLAW_IO);
  check_status(call_verb(&result, &wlaw_command_fit, NULL, 0, NULL, err), WLAW_ARGUMENT);
  const tensor_spec line = {"x", WLAW_F64, 1, {5}};
  const double *const values[] = {weights};
  write_tensors(b, &line, 1, values);
  const char *of_rank_one = b;
  check_status(call_verb(&result, &wlaw_command_fit, &of_rank_one, 1, NULL, err), WLAW_SHAPE);
  check_status(wlaw_fit_array(&result, weights, 0, 3, 4, NULL, err), WLAW_SHAPE);
  check_status(wlaw_fit_array(&result, weights, SIZE_MAX / 2, 3, 4, NULL, err), WLAW_LIMIT);
  /* fourth powers beyond double precision, either way; just within they are fitted */
  static const struct {
    double scale;
    wlaw_status status;
  } scales[] = {{1e100, WLAW_VALUE}, {1e-100, WLAW_VALUE}, {1e60, WLAW_OK}, {1e-60, WLAW_OK}};
  for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
    double scaled[60];
    for (size_t k = 0; k < 60; k++) scaled[k] = scales[i].scale * weights[k];
    check_status(wlaw_fit_array(&result, scaled, 5, 3, 4, NULL, err), scales[i].status);
    if (scales[i].status == WLAW_OK) wlaw_result_free(result);
    else assert_non_null(strstr(wlaw_error_message(err), "fourth powers"));
  }
  weights[17] = INFINITY;
  check_status(wlaw_fit_array(&result, weights, 5, 3, 4, NULL, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "network 1 has a weight that is infinite, at row 1, column 1"));
  weights[17] = 1e200;
  check_status(wlaw_fit_array(&result, weights, 5, 3, 4, NULL, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "overflow"));
  wlaw_error_free(err);
}

/* A law for square matrices, asked of a file with one square and one not: the other is left out and named. */
static void matrices_without_a_meaning(void **state) {
  (void)state;
  double weights[60];
  normals(weights, 60, 11);
  const tensor_spec specs[] = {{"square.weight", WLAW_F64, 3, {3, 4, 4}}, {"wide.weight", WLAW_F64, 3, {3, 2, 3}}};
  const double *const values[] = {weights, weights};
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("mixed.npz"));
  write_tensors(path, specs, 2, values);
  const char *input = path;
  static const char *const square[] = {"law", "permutation", NULL};
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  check_ok(call_verb(&result, &wlaw_command_fit, &input, 1, square, err));
  assert_int_equal(json_array_size(json_object_get(result->document, "fits")), 1);
  const json_t *notes = json_object_get(result->document, "notes");
  assert_int_equal(json_array_size(notes), 1);
  assert_non_null(strstr(json_string_value(json_array_get(notes, 0)), "wide.weight is left out"));
  wlaw_result_free(result);
  wlaw_error_free(err);
}

/* Which matrix is the last is a matter of the network, not of what its snapshots hold. */
static void snapshots_of_some_layers(void **state) {
  (void)state;
  const char *run = write_run("some-layers", 0.1, "standard");
  static const char *const options[] = {"epoch", "0", "tensor", "layer3.weight", NULL};
  wlaw_error *err = wlaw_error_new();
  for (int layers = 3; layers <= 4; layers++) {
    char file[4200], text[300];
    snprintf(file, sizeof file, "%s/run.json", run);
    snprintf(text, sizeof text,
             "{\"schema\":\"weightlaw.run/1\",\"networks\":%d,\"options\":{},\"layers\":[{},{},{}%s]}", RUN_NETWORKS,
             layers == 4 ? ",{}" : "");
    write_text(file, text);
    wlaw_result *result = NULL;
    check_ok(call_verb(&result, &wlaw_command_fit, &run, 1, options, err));
    char *bytes = result_bytes(result);
    assert_true((strstr(bytes, "is the last matrix") != NULL) == (layers == 3));
    free(bytes);
    wlaw_result_free(result);
  }
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(matrices_without_a_meaning),
      cmocka_unit_test(keys_other_programs_rely_on),
      cmocka_unit_test(auto_picks_iid_for_iid),
      cmocka_unit_test(threads_do_not_matter),
      cmocka_unit_test(one_network_and_small_sizes),
      cmocka_unit_test(inputs_of_every_kind),
      cmocka_unit_test(a_run),
      cmocka_unit_test(snapshots_of_some_layers),
      cmocka_unit_test(blocks_of_kept_networks),
      cmocka_unit_test(memory_does_not_grow_with_the_file),
      cmocka_unit_test(bad_input),
  };
  return cmocka_run_group_tests_name("study.fit", tests, NULL, NULL);
}
