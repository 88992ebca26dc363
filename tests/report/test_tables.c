/* Values read back from the page's tables against direct computation and against the other verbs. */
#include "support/test.h"

#include "core/json.h"
#include "core/result.h"
#include "report/number.h"
#include "report/read.h"
#include "study/ensemble.h"

#include "report/markup.h"
#include "report/pages.h"

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

static wlaw_result *fit_of(const char *path, const char *law) {
  wlaw_error *err = wlaw_error_new();
  wlaw_options *options = NULL;
  wlaw_result *fit = NULL;
  check_ok(wlaw_options_new(&options, "fit", err));
  check_ok(wlaw_options_set(options, "law", law, err));
  check_ok(wlaw_options_set(options, "degree", "4", err));
  check_ok(wlaw_options_set(options, "replicates", "499", err));
  check_ok(wlaw_fit(&fit, &path, 1, options, NULL, NULL, err));
  wlaw_options_free(options);
  wlaw_error_free(err);
  return fit;
}

/* Every row of the table of departures under the heading `after` against the verb fit. */
static void check_departures(const char *page, const char *after, size_t rows, const wlaw_result *fit) {
  static const char *const keys[] = {"observed", "predicted", "sd", "deviation_se", "deviation_sd", "relative"};
  static const size_t digits[] = {4, 4, 4, 3, 3, 3};
  double last = INFINITY;
  for (size_t row = 0; row < rows; row++) {
    char formula[64];
    table_heading(formula, sizeof formula, page, after, row);
    const json_t *one = json_array_get(json_object_get(fit->document, "invariants"), place_of(fit, formula));
    double value = 0;
    for (size_t c = 0; c < sizeof digits / sizeof *digits; c++) {
      char cell[64], want[64];
      table_cell(cell, sizeof cell, page, after, row, c);
      assert_true(wlaw_json_number(json_object_get(one, keys[c]), &value));
      snprintf(want, sizeof want, "%s%s", c > 2 && value > 0 ? "+" : "", wlaw_number(value, (int)digits[c]).s);
      assert_string_equal(cell, want);
      if (c == 3) assert_true(fabs(value) <= last);
      if (c == 3) last = fabs(value);
    }
  }
}

/* The table of departures, and one of its values against a plain sum over the weights. */
static void departures_of_a_file(void **state) {
  (void)state;
  enum { MANY = 300 };
  static double weights[MANY * NARROW * NARROW];
  const char *path = make_skewed("skewed.npy", MANY);
  wlaw_error *err = wlaw_error_new();
  wlaw_result *fit = fit_of(path, "permutation");
  char *page = report_page(path, "skewed.html", "1");
  markup_check(page);
  check_holds(page, "skewed entries");
  check_departures(page, "the 40 furthest", 40, fit);
  ensemble *source = NULL;
  double sum = 0;
  check_ok(wlaw_ensemble_open(&source, &(ensemble_request){.paths = &path, .n_paths = 1}, err));
  check_ok(wlaw_ensemble_read(source, 0, 0, MANY, weights, err));
  wlaw_ensemble_close(source);
  for (size_t i = 0; i < MANY * NARROW * NARROW; i++) sum += weights[i] * weights[i] * weights[i];
  bool seen = false;
  for (size_t row = 0; row < 40; row++) {
    char formula[64], cell[64];
    table_heading(formula, sizeof formula, page, "the 40 furthest", row);
    if (strcmp(formula, "sum M_ij M_ij M_ij") != 0) continue;
    table_cell(cell, sizeof cell, page, "the 40 furthest", row, 0);
    assert_string_equal(cell, wlaw_number(sum / MANY, 4).s);
    seen = true;
  }
  assert_true(seen);
  free(page);
  wlaw_result_free(fit);
  wlaw_error_free(err);
}

/* The skewed matrices again, made symmetric (a plus its transpose), or their diagonal made zero. */
static const char *make_own(const char *name, uint64_t networks, bool symmetric) {
  static char path[4096];
  const char *from = make_skewed("whole.npy", networks);
  const tensor_spec spec = {"", WLAW_F64, 3, {networks, NARROW, NARROW}};
  wlaw_error *err = wlaw_error_new();
  ensemble *source = NULL;
  tensor_writer *writer = NULL;
  snprintf(path, sizeof path, "%s", test_scratch(name));
  check_ok(wlaw_ensemble_open(&source, &(ensemble_request){.paths = &from, .n_paths = 1}, err));
  check_ok(wlaw_writer_open(&writer, path, &spec, 1, NULL, err));
  for (uint64_t k = 0; k < networks; k++) {
    double a[NARROW][NARROW], b[NARROW][NARROW];
    check_ok(wlaw_ensemble_read(source, 0, k, 1, &a[0][0], err));
    for (size_t i = 0; i < NARROW; i++)
      for (size_t j = 0; j < NARROW; j++) b[i][j] = symmetric ? a[i][j] + a[j][i] : i == j ? 0 : a[i][j];
    check_ok(wlaw_writer_add(writer, b, sizeof b, err));
  }
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_ensemble_close(source);
  wlaw_error_free(err);
  return path;
}

/* A number of fit's document, errors beside it, as the page writes them; a component has no robust one. */
static void parameter_text(char *out, size_t capacity, const wlaw_result *fit, bool component, const char *path) {
  const json_t *document = fit->document, *robust = json_object_get(document, "robust_standard_errors");
  const json_t *values = json_object_get(document, component ? "components" : "parameters");
  const json_t *errors = json_object_get(document, component ? "component_standard_errors" : "standard_errors");
  const double value = wlaw_read_number(values, path), error = wlaw_read_number(errors, path);
  assert_true(isfinite(value) && isfinite(error));
  const number_text exact = wlaw_number_error(value, error);
  if (component) snprintf(out, capacity, "%s", exact.s);
  else snprintf(out, capacity, "%s (%s)", exact.s, wlaw_number(wlaw_read_number(robust, path), 2).s);
}

/* Matrices with a law of their own: its parameters, components and departures as the verb fit has them, and nothing of
 * the laws of all matrices. The histogram leaves out a diagonal of zeros. */
static void laws_of_their_own(void **state) {
  (void)state;
  enum { MANY = 200, PARAMETERS = 13 };
  static const struct {
    const char *law, *paths[PARAMETERS];
    size_t n, parameters, invariants, entries;
  } cases[] = {
      {"symmetric",
       {"mean.0", "mean.1", "V0.0.0", "V0.0.1", "V0.1.1", "VH.0.0", "VH.0.1", "VH.1.1", "V2"},
       9,
       9,
       111,
       NARROW * NARROW},
      {"zero-diagonal",
       {"mean", "V0", "H.0.0", "H.0.1", "H.1.1", "V2", "V3", "network", "actor", "partner", "actor_partner_covariance",
        "relationship", "reciprocity"},
       13,
       7,
       161,
       NARROW * (NARROW - 1)},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char name[64], text[160], cell[160], want[160];
    snprintf(name, sizeof name, "%s.npy", cases[i].law);
    const char *path = make_own(name, MANY, i == 0);
    wlaw_result *fit = fit_of(path, "auto");
    char *page = report_page(path, "own-1.html", "1"), *again = report_page(path, "own-3.html", "3");
    assert_string_equal(page, again);
    markup_check(page);
    snprintf(text, sizeof text, "have a law of their own, %s, which is fitted alone", cases[i].law);
    check_holds(page, text);
    assert_null(strstr(page, "No law could be"));
    assert_null(strstr(page, "<section id=\"laws\""));
    for (size_t p = 0; p < cases[i].n; p++) {
      const bool component = p >= cases[i].parameters;
      snprintf(text, sizeof text, "Numbers: %s%s law", component ? "components of variance, " : "", cases[i].law);
      parameter_text(want, sizeof want, fit, component, cases[i].paths[p]);
      table_cell(cell, sizeof cell, page, text, 0, component ? p - cases[i].parameters : p);
      assert_string_equal(cell, want);
    }
    assert_int_equal(json_array_size(json_object_get(fit->document, "invariants")), cases[i].invariants);
    snprintf(text, sizeof text, "the 40 furthest of %zu", cases[i].invariants);
    check_departures(page, text, 40, fit);
    table_cell(cell, sizeof cell, strstr(page, "<section id=\"weights\""), "Numbers", 0, 1);
    assert_string_equal(cell, wlaw_number_fixed((double)(MANY * cases[i].entries), 0).s);
    free(page);
    free(again);
    wlaw_result_free(fit);
  }
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(table_of_invariants),  cmocka_unit_test(table_of_steps),
      cmocka_unit_test(departures_of_a_file), cmocka_unit_test(laws_of_their_own),
      cmocka_unit_test(departures_of_a_run),  cmocka_unit_test(no_departures_wanted),
  };
  return cmocka_run_group_tests_name("report.tables", tests, NULL, NULL);
}
