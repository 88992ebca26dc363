/* The verb from end to end: a tensor file, a run written by hand, runs with parts missing; outputs, errors, memory. */
#include "support/test.h"

#include "core/file.h"
#include "core/json.h"
#include "core/option.h"
#include "core/result.h"
#include "core/stream.h"
#include "report/number.h"
#include "study/ensemble.h"
#include "support/alloc_fail.h"
#include "tensor/writer.h"

#include "report/markup.h"

extern const command_spec wlaw_command_report;

enum { NETWORKS = 12, EPOCHS = 3, WIDE = 6, NARROW = 4 };

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
  fclose(file);
}

static void write_tensors(const char *path, const tensor_spec *specs, size_t n, uint32_t epoch, bool broken) {
  wlaw_error *err = wlaw_error_new();
  tensor_writer *writer = NULL;
  check_ok(wlaw_writer_open(&writer, path, specs, n, NULL, err));
  wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, epoch, 0);
  for (size_t i = 0; i < n; i++) {
    size_t count = 1;
    for (size_t d = 0; d < specs[i].rank; d++) count *= specs[i].shape[d];
    for (size_t k = 0; k < count; k++) {
      double z;
      wlaw_stream_normals(&stream, &z, 1);
      const float value = broken && k == 5 ? NAN : (float)(0.5 * z + 0.1 * epoch);
      check_ok(wlaw_writer_add(writer, &value, sizeof value, err));
    }
  }
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
}

static const char config[] =
    "{\"schema\": \"weightlaw.run/1\", \"networks\": 12, \"epochs\": 2, \"data\": {\"name\": \"<b>data</b>\"},"
    " \"options\": {\"init\": \"normal(sd=0.5)\", \"order\": \"independent\", \"optimizer\": \"adam\","
    " \"activation\": \"relu\"}, \"init\": \"normal(sd=0.5)\", \"layers\": [{\"name\": \"layer1\", \"rows\": 4,"
    " \"cols\": 6}, {\"name\": \"layer2\", \"rows\": 4, \"cols\": 4}]}\n";

static const tensor_spec layers[] = {{"layer1.weight", WLAW_F32, 3, {NETWORKS, NARROW, WIDE}},
                                     {"layer2.weight", WLAW_F32, 3, {NETWORKS, NARROW, NARROW}}};

/* A run of EPOCHS snapshots; `broken` names one whose weights hold a NaN (-1: none). */
static const char *make_run(const char *name, int broken) {
  static char folder[4096];
  char path[4200], rows[4096] = "epoch,network,train_loss,test_loss,test_accuracy,condition\n";
  wlaw_error *err = wlaw_error_new();
  snprintf(folder, sizeof folder, "%s", test_scratch(name));
  check_ok(wlaw_folder_make(folder, err));
  snprintf(path, sizeof path, "%s/run.json", folder);
  write_text(path, config);
  for (int e = 0; e < EPOCHS; e++) {
    snprintf(path, sizeof path, "%s/epoch-%04d.safetensors", folder, e);
    write_tensors(path, layers, 2, (uint32_t)e, e == broken);
    for (int k = 0; k < NETWORKS; k++)
      snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "%d,%d,%s,%g,%g,%s\n", e, k, e ? "1.5" : "",
               2.0 - 0.1 * k, k ? 0.5 + 0.01 * k : 0.1, k || !e ? "ok" : "constant");
  }
  snprintf(path, sizeof path, "%s/metrics.csv", folder);
  write_text(path, rows);
  wlaw_error_free(err);
  return folder;
}

static wlaw_status report_with(const char *input, const char *const *pairs, wlaw_result **result, wlaw_error *err) {
  wlaw_options *options = NULL;
  wlaw_status status = wlaw_options_make(&options, &wlaw_command_report, err);
  for (; status == WLAW_OK && pairs[0]; pairs += 2) status = wlaw_options_set(options, pairs[0], pairs[1], err);
  if (status == WLAW_OK) status = wlaw_report(result, &input, 1, options, NULL, NULL, err);
  wlaw_options_free(options);
  return status;
}

static char *page_of(const char *path) {
  char *text = NULL;
  size_t n = 0;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_input_whole(&text, &n, path, 1 << 24, err));
  wlaw_error_free(err);
  return text;
}

static char *report_page(const char *input, const char *name, const char *threads) {
  wlaw_error *err = wlaw_error_new();
  const char *path = test_scratch(name);
  const char *const pairs[] = {"output", path, "force", "true", "threads", threads, NULL};
  check_ok(report_with(input, pairs, NULL, err));
  wlaw_error_free(err);
  return page_of(path);
}

static void check_holds(const char *page, const char *what) {
  if (!strstr(page, what)) fail_msg("the page has no '%s'", what);
}

static void run(void **state) {
  (void)state;
  const char *folder = make_run("run", -1);
  char *one = report_page(folder, "one.html", "1"), *three = report_page(folder, "three.html", "3");
  assert_string_equal(one, three);
  markup_check(one);
  static const char *const sections[] = {"training",   "distance", "invariants", "laws",
                                         "parameters", "weights",  "notes",      "configuration"};
  for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
    char id[64];
    snprintf(id, sizeof id, "<section id=\"%s\"", sections[i]);
    check_holds(one, id);
  }
  check_holds(one, "&lt;b&gt;data&lt;/b&gt;");
  check_holds(one, "layer2.weight (4 \xc3\x97 4)");
  check_holds(one, "1 network is dead by the last epoch");
  check_holds(one, "layer1.weight is the first matrix");
  check_holds(one, "With 12 networks");
  assert_null(strstr(one, "1970"));
  free(one);
  free(three);
}

/* Cell `column` (from 0, the heading aside) of row `row` (from 0) of the first table after `after`. */
static void table_cell(char *out, size_t capacity, const char *page, const char *after, size_t row, size_t column) {
  const char *at = strstr(page, after);
  if (at) at = strstr(at, "<tbody>");
  for (size_t r = 0; at && r <= row; r++) at = strstr(at + 1, "<tr>");
  for (size_t c = 0; at && c <= column; c++) at = strstr(at + 1, "<td>");
  const char *end = at ? strstr(at, "</td>") : NULL;
  if (!end || (size_t)(end - at) - 4 >= capacity) fail_msg("no cell %zu, %zu after '%s'", row, column, after);
  memcpy(out, at + 4, (size_t)(end - at) - 4);
  out[end - at - 4] = '\0';
}

/* The heading of row `row` of that table. */
static void table_heading(char *out, size_t capacity, const char *page, const char *after, size_t row) {
  static const char open[] = "<th scope=\"row\">";
  const char *at = strstr(page, after);
  if (at) at = strstr(at, "<tbody>");
  for (size_t r = 0; at && r <= row; r++) at = strstr(at + 1, open);
  const char *end = at ? strstr(at, "</th>") : NULL;
  if (!end || (size_t)(end - at) - strlen(open) >= capacity) fail_msg("no row %zu after '%s'", row, after);
  snprintf(out, capacity, "%.*s", (int)(end - at) - (int)strlen(open), at + strlen(open));
}

/* The table of invariants against the weights in the run's files: I3, the sum of squares, whose mean is D^2 sd^2 under
 * the initial law normal(sd=0.5), with variance 2 D^2 sd^4. */
static void table_of_invariants(void **state) {
  (void)state;
  const char *folder = make_run("invariants", -1);
  char *page = report_page(folder, "invariants.html", "1");
  const char *section = strstr(page, "<section id=\"invariants\"");
  assert_non_null(section);
  wlaw_error *err = wlaw_error_new();
  for (size_t e = 0; e < EPOCHS; e++) {
    const ensemble_request request = {
        .paths = &folder, .n_paths = 1, .tensor = "layer2.weight", .has_epoch = true, .epoch = e};
    ensemble *source = NULL;
    double weights[NETWORKS * NARROW * NARROW], sum = 0, square = 0;
    check_ok(wlaw_ensemble_open(&source, &request, err));
    check_ok(wlaw_ensemble_read(source, 0, 0, NETWORKS, weights, err));
    wlaw_ensemble_close(source);
    for (size_t k = 0; k < NETWORKS; k++) {
      double one = 0;
      for (size_t i = 0; i < NARROW * NARROW; i++) one += pow(weights[k * NARROW * NARROW + i], 2);
      sum += one;
      square += one * one;
    }
    const double mean = sum / NETWORKS, sd = sqrt((square - sum * mean) / (NETWORKS - 1));
    const double expected = 16 * 0.25, of_one = sqrt(2.0 * 16) * 0.25;
    const double want[] = {(double)e, mean, sd, expected, of_one, (mean - expected) * sqrt(NETWORKS) / of_one};
    for (size_t c = 0; c < sizeof want / sizeof *want; c++) {
      char cell[64];
      table_cell(cell, sizeof cell, section, "layer2.weight", 2 * EPOCHS + e, c);
      assert_string_equal(cell, c ? wlaw_number(want[c], 4).s : wlaw_number_fixed(want[c], 0).s);
    }
  }
  wlaw_error_free(err);
  free(page);
}

/* The path step by step against the verb compare, and its length against the sum of the steps. */
static void table_of_steps(void **state) {
  (void)state;
  static const char *const keys[] = {"wasserstein", "wasserstein_squared", "debiased_squared", "standard_error"};
  const char *folder = make_run("steps", -1);
  char *page = report_page(folder, "steps.html", "1");
  const char *at = strstr(page, "Step by step");
  at = at ? strstr(at, "layer2.weight (4") : NULL;
  assert_non_null(at);
  wlaw_error *err = wlaw_error_new();
  double path = 0;
  for (size_t e = 1; e < EPOCHS; e++) {
    char here[4200], before[4200], cell[64];
    const char *const inputs[] = {here, before};
    wlaw_options *options = NULL;
    wlaw_result *result = NULL;
    size_t n = 0;
    snprintf(here, sizeof here, "%s@%zu", folder, e);
    snprintf(before, sizeof before, "%s@%zu", folder, e - 1);
    check_ok(wlaw_options_new(&options, "compare", err));
    check_ok(wlaw_options_set(options, "tensor", "layer2.weight", err));
    check_ok(wlaw_compare(&result, inputs, 2, options, NULL, NULL, err));
    for (size_t c = 0; c < 4; c++) {
      double value;
      check_ok(wlaw_result_get(result, keys[c], &value, 1, &n, err));
      if (c == 0) path += value;
      table_cell(cell, sizeof cell, at, "Numbers", e - 1, c);
      assert_string_equal(cell, wlaw_number(value, 3).s);
    }
    table_cell(cell, sizeof cell, at, "Numbers", e - 1, 4);
    assert_string_equal(cell, wlaw_number(path, 3).s);
    wlaw_result_free(result);
    wlaw_options_free(options);
  }
  wlaw_error_free(err);
  free(page);
}

/* One snapshot cannot be fitted, then not even be read, then it is gone, and the metrics: gaps with their reasons,
 * never a failure. */
static void run_with_gaps(void **state) {
  (void)state;
  const char *folder = make_run("gaps", 1);
  char path[4200];
  char *page = report_page(folder, "gaps.html", "2");
  markup_check(page);
  check_holds(page, "No fit for layer1.weight at 1 epoch, first at epoch 1");
  assert_null(strstr(page, "No law could be fitted")); /* the last epoch is whole */
  free(page);
  snprintf(path, sizeof path, "%s/epoch-0001.safetensors", folder);
  assert_int_equal(truncate(path, 100), 0);
  page = report_page(folder, "gaps.html", "2");
  markup_check(page);
  check_holds(page, "No fit for layer2.weight at 1 epoch");
  free(page);
  snprintf(path, sizeof path, "%s/metrics.csv", folder);
  assert_int_equal(unlink(path), 0);
  snprintf(path, sizeof path, "%s/epoch-0001.safetensors", folder);
  assert_int_equal(unlink(path), 0);
  page = report_page(folder, "gaps.html", "2");
  markup_check(page);
  check_holds(page, "No accuracy and loss");
  assert_null(strstr(page, "No fit for"));
  free(page);
}

static void file_of_one_tensor(void **state) {
  (void)state;
  static const tensor_spec specs[] = {{"", WLAW_F32, 3, {60, NARROW, NARROW}}, {"", WLAW_F32, 2, {WIDE, NARROW}}};
  for (size_t i = 0; i < 2; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s", test_scratch("weights.npy"));
    write_tensors(path, &specs[i], 1, 0, false);
    char *page = report_page(path, "file.html", "1");
    markup_check(page);
    check_holds(page, "File weights.npy");
    check_holds(page, "<section id=\"weights\"");
    assert_null(strstr(page, "<section id=\"distance\""));
    free(page);
  }
}

/* A file that cannot be fitted: the first lines say so, and claim nothing that is not known. */
static void file_without_a_fit(void **state) {
  (void)state;
  static const tensor_spec spec = {"", WLAW_F32, 3, {60, NARROW, NARROW}};
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("broken.npy"));
  write_tensors(path, &spec, 1, 0, true);
  char *page = report_page(path, "broken.html", "1");
  markup_check(page);
  check_holds(page, "broken.npy holds the matrix (4 \xc3\x97 4).");
  check_holds(page, "No law could be fitted to the matrix: ");
  check_holds(page, "No fit for the matrix: ");
  free(page);
}

/* All weights alike: parameters, but no likelihood, and the page says why. */
static void file_without_a_choice(void **state) {
  (void)state;
  static const tensor_spec spec = {"", WLAW_F64, 3, {3, 2, 2}};
  static const double ones[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  char path[4096];
  wlaw_error *err = wlaw_error_new();
  tensor_writer *writer = NULL;
  snprintf(path, sizeof path, "%s", test_scratch("constant.npy"));
  check_ok(wlaw_writer_open(&writer, path, &spec, 1, NULL, err));
  check_ok(wlaw_writer_add(writer, ones, sizeof ones, err));
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
  char *page = report_page(path, "constant.html", "1");
  markup_check(page);
  check_holds(page, "No law could be chosen for the matrix: the matrices do not vary");
  check_holds(page, "No choice of a law for the matrix: ");
  free(page);
}

/* 2 x 2 matrices have 8 parameters, not 13. */
static void smallest_matrices(void **state) {
  (void)state;
  static const tensor_spec spec = {"", WLAW_F32, 3, {60, 2, 2}};
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("small.npy"));
  write_tensors(path, &spec, 1, 0, false);
  char *page = report_page(path, "small.html", "1");
  markup_check(page);
  check_holds(page, "further parameters of the permutation law are needed");
  assert_null(strstr(page, "8 further parameters"));
  free(page);
}

static void outputs(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *folder = make_run("outputs", -1), *path = test_scratch("page.html");
  const char *const plain[] = {"output", path, NULL},
                    *const forced[] = {"output",    path, "force", "true", "title", "A <title>", "source-date-epoch",
                                       "951782400", NULL};
  const char *const nowhere[] = {"output", test_scratch("no/such/folder.html"), NULL};
  wlaw_result *result = NULL;
  check_ok(report_with(folder, plain, &result, err));
  double bytes = 0;
  size_t n = 0;
  check_ok(wlaw_result_get(result, "bytes", &bytes, 1, &n, err));
  char *page = page_of(path);
  check_near(bytes, (double)strlen(page), 0);
  wlaw_result_free(result);
  check_status(report_with(folder, plain, NULL, err), WLAW_EXISTS);
  char *kept = page_of(path);
  assert_string_equal(page, kept);
  check_ok(report_with(folder, forced, NULL, err));
  free(page);
  free(kept);
  page = page_of(path);
  check_holds(page, "<h1>A &lt;title&gt;</h1>");
  check_holds(page, "2000-02-29"); /* 951782400 by `date -u -d @951782400` */
  free(page);
  check_status(report_with(folder, nowhere, NULL, err), WLAW_IO);
  const char *const over_a_folder[] = {"output", folder, NULL};
  check_status(report_with(folder, over_a_folder, NULL, err), WLAW_ARGUMENT);
  wlaw_error_free(err);
}

static void inputs_that_cannot_be(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  char path[4200];
  const char *const pairs[] = {"output", test_scratch("never.html"), NULL};
  check_status(report_with(test_scratch("not-there.npy"), pairs, NULL, err), WLAW_IO);
  const char *folder = make_run("no-snapshots", -1);
  for (int e = 0; e < EPOCHS; e++) {
    snprintf(path, sizeof path, "%s/epoch-%04d.safetensors", folder, e);
    assert_int_equal(unlink(path), 0);
  }
  check_status(report_with(folder, pairs, NULL, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "no snapshot"));
  snprintf(path, sizeof path, "%s", test_scratch("empty-folder"));
  check_ok(wlaw_folder_make(path, err));
  check_status(report_with(path, pairs, NULL, err), WLAW_IO);
  assert_false(wlaw_path_exists(pairs[1]));
  wlaw_error_free(err);
}

/* Weights x + 0.3 (x^2 - 1), x normal: skewed. */
static const char *make_skewed(const char *name, uint64_t networks) {
  static char path[4096];
  const tensor_spec spec = {"", WLAW_F64, 3, {networks, NARROW, NARROW}};
  wlaw_error *err = wlaw_error_new();
  tensor_writer *writer = NULL;
  wlaw_stream stream = wlaw_stream_start(5, STREAM_TEST, 0, 0);
  snprintf(path, sizeof path, "%s", test_scratch(name));
  check_ok(wlaw_writer_open(&writer, path, &spec, 1, NULL, err));
  for (size_t i = 0; i < networks * NARROW * NARROW; i++) {
    double x;
    wlaw_stream_normals(&stream, &x, 1);
    x += 0.3 * (x * x - 1);
    check_ok(wlaw_writer_add(writer, &x, sizeof x, err));
  }
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
  return path;
}

/* The place of the invariant `formula` in the list of fit's document. */
static size_t place_of(const wlaw_result *fit, const char *formula) {
  const json_t *list = json_object_get(fit->document, "invariants");
  for (size_t k = 0; k < json_array_size(list); k++)
    if (strcmp(json_string_value(json_object_get(json_array_get(list, k), "formula")), formula) == 0) return k;
  fail_msg("fit has no invariant '%s'", formula);
  return 0;
}

/* Every row of the table of departures against the verb fit, and one value against a plain sum over the weights. */
static void departures_of_a_file(void **state) {
  (void)state;
  enum { MANY = 300 };
  static double weights[MANY * NARROW * NARROW];
  const char *path = make_skewed("skewed.npy", MANY);
  wlaw_error *err = wlaw_error_new();
  wlaw_options *options = NULL;
  wlaw_result *fit = NULL;
  check_ok(wlaw_options_new(&options, "fit", err));
  check_ok(wlaw_options_set(options, "law", "permutation", err));
  check_ok(wlaw_options_set(options, "degree", "4", err));
  check_ok(wlaw_options_set(options, "replicates", "499", err));
  check_ok(wlaw_fit(&fit, &path, 1, options, NULL, NULL, err));
  char *page = report_page(path, "skewed.html", "1");
  markup_check(page);
  check_holds(page, "skewed entries");
  static const char *const keys[] = {"observed",     "predicted", "sd",      "deviation_se",
                                     "deviation_sd", "relative",  "p_value", "p_adjusted"};
  static const size_t digits[] = {4, 4, 4, 3, 3, 3};
  bool seen = false;
  double last = INFINITY;
  for (size_t row = 0; row < 40; row++) {
    char formula[64];
    table_heading(formula, sizeof formula, page, "the 40 furthest", row);
    const json_t *one = json_array_get(json_object_get(fit->document, "invariants"), place_of(fit, formula));
    double value = 0;
    for (size_t c = 0; c < sizeof digits / sizeof *digits; c++) {
      char cell[64], want[64];
      table_cell(cell, sizeof cell, page, "the 40 furthest", row, c);
      assert_true(wlaw_json_number(json_object_get(one, keys[c]), &value));
      snprintf(want, sizeof want, "%s%s", c > 2 && value > 0 ? "+" : "", wlaw_number(value, (int)digits[c]).s);
      assert_string_equal(cell, want);
      if (c == 3) assert_true(fabs(value) <= last);
      if (c == 3) last = fabs(value);
      if (c != 0 || strcmp(formula, "sum M_ij M_ij M_ij") != 0) continue;
      /* observed */
      ensemble *source = NULL;
      double sum = 0;
      check_ok(wlaw_ensemble_open(&source, &(ensemble_request){.paths = &path, .n_paths = 1}, err));
      check_ok(wlaw_ensemble_read(source, 0, 0, MANY, weights, err));
      wlaw_ensemble_close(source);
      for (size_t i = 0; i < MANY * NARROW * NARROW; i++) sum += weights[i] * weights[i] * weights[i];
      assert_string_equal(cell, wlaw_number(sum / MANY, 4).s);
      seen = true;
    }
  }
  assert_true(seen);
  free(page);
  wlaw_result_free(fit);
  wlaw_options_free(options);
  wlaw_error_free(err);
}

/* Predictions at all epochs of a run are made together; each is what its snapshot alone gives. */
static void departures_of_a_run(void **state) {
  (void)state;
  const char *folder = make_run("departures", -1);
  char *all = report_page(folder, "departures.html", "2"), path[4200], section[96];
  for (int e = 0; e + 1 < EPOCHS; e++) {
    snprintf(path, sizeof path, "%s/epoch-%04d.safetensors", folder, e);
    assert_int_equal(unlink(path), 0);
  }
  char *last = report_page(folder, "departures.html", "1");
  for (size_t layer = 1; layer <= 2; layer++)
    for (size_t row = 0; row < 10; row++)
      for (size_t c = 0; c < 6; c++) {
        char one[64], other[64];
        snprintf(section, sizeof section, "layer%zu.weight (4", layer);
        const char *in_all = strstr(strstr(all, "<section id=\"departures\""), section);
        const char *in_last = strstr(strstr(last, "<section id=\"departures\""), section);
        assert_true(in_all && in_last);
        table_cell(one, sizeof one, in_all, "Numbers: the ", row, c);
        table_cell(other, sizeof other, in_last, "Numbers: the ", row, c);
        assert_string_equal(one, other);
      }
  free(all);
  free(last);
}

static void no_departures_wanted(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *path = test_scratch("none.html"), *input = make_skewed("none.npy", 60);
  const char *const pairs[] = {"output", path, "degree", "0", NULL};
  check_ok(report_with(input, pairs, NULL, err));
  char *page = page_of(path);
  markup_check(page);
  assert_null(strstr(page, "id=\"departures\""));
  free(page);
  wlaw_error_free(err);
}

static int refuse(void *user, double fraction, const char *what) {
  (void)user;
  (void)fraction;
  (void)what;
  return 1;
}

static void cancelled(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *folder = make_run("cancelled", -1), *path = test_scratch("cancelled.html");
  wlaw_options *options = NULL;
  check_ok(wlaw_options_make(&options, &wlaw_command_report, err));
  check_ok(wlaw_options_set(options, "output", path, err));
  check_status(wlaw_report(NULL, &folder, 1, options, refuse, NULL, err), WLAW_CANCELLED);
  assert_false(wlaw_path_exists(path));
  wlaw_options_free(options);
  wlaw_error_free(err);
}

typedef struct report_paths {
  char input[4096], output[4096];
} report_paths;

static wlaw_status report_again(void *context, wlaw_error *err) {
  const report_paths *paths = context;
  /* to degree 1, which the widest law fits: the simulated null is refused its memory in report.departures_memory */
  const char *const pairs[] = {"output", paths->output, "force", "true", "threads", "1", "degree", "1", NULL};
  wlaw_result *result = NULL;
  const wlaw_status status = report_with(paths->input, pairs, &result, err);
  wlaw_result_free(result);
  return status;
}

static void memory(void **state) {
  (void)state;
  static report_paths paths;
  const tensor_spec spec = {"w", WLAW_F32, 3, {50, 3, 3}}; /* 50: no simulated tests */
  snprintf(paths.input, sizeof paths.input, "%s", test_scratch("memory.npy"));
  snprintf(paths.output, sizeof paths.output, "%s", test_scratch("memory.html"));
  write_tensors(paths.input, &spec, 1, 0, false);
  alloc_fail_each(report_again, &paths);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(run),
      cmocka_unit_test(table_of_invariants),
      cmocka_unit_test(table_of_steps),
      cmocka_unit_test(run_with_gaps),
      cmocka_unit_test(file_of_one_tensor),
      cmocka_unit_test(file_without_a_fit),
      cmocka_unit_test(file_without_a_choice),
      cmocka_unit_test(smallest_matrices),
      cmocka_unit_test(departures_of_a_file),
      cmocka_unit_test(departures_of_a_run),
      cmocka_unit_test(no_departures_wanted),
      cmocka_unit_test(outputs),
      cmocka_unit_test(inputs_that_cannot_be),
      cmocka_unit_test(cancelled),
      cmocka_unit_test(memory),
  };
  return cmocka_run_group_tests_name("report.report", tests, NULL, NULL);
}
