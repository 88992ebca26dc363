/* The verbs fit and compare on matrices that are symmetric, antisymmetric or zero on the diagonal. */
#include "study/study.h"

#include "study/verb_case.h"
#include "support/alloc_fail.h"

enum { NETWORKS = 60, D = 5, SIZE = D * D };

typedef struct kind {
  const char *law, *words, *keys; /* keys of the parameters, sorted */
  double sign;
  bool hollow;
} kind;

static const kind kinds[] = {
    {"symmetric", "are symmetric,", "V0 V2 VH mean", 1, false},
    {"symmetric-zero-diagonal", "are symmetric with zero diagonal,", "a0 a2 aH mean", 1, true},
    {"zero-diagonal", "are zero on the diagonal,", "H V0 V2 V3 mean", 0, true},
    {"antisymmetric", "are antisymmetric,", "V3 VH", -1, true},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void sample(double *out, const kind *of, size_t n, double level, uint32_t major) {
  wlaw_stream stream = wlaw_stream_start(91, STREAM_TEST, major, 0);
  wlaw_stream_normals(&stream, out, n * SIZE);
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < D; i++)
      for (size_t j = 0; j <= i; j++) {
        double *a = &out[k * SIZE + i * D + j], *b = &out[k * SIZE + j * D + i];
        *a += level;
        if (i != j && of->sign == 0) *b += level;
        if (i != j && of->sign != 0) *b = of->sign * *a;
        if (i == j && of->hollow) *a = 0;
      }
}

static wlaw_status fit_array(json_t **out, const double *weights, size_t n, size_t rows, const char *law,
                             wlaw_error *err) {
  wlaw_result *result = NULL;
  wlaw_options *options = NULL;
  check_ok(wlaw_options_make(&options, &wlaw_command_fit, err));
  check_ok(wlaw_options_set(options, "law", law, err));
  const wlaw_status status = wlaw_fit_array(&result, weights, n, rows, rows, options, err);
  if (status == WLAW_OK) *out = json_incref(result->document);
  wlaw_result_free(result);
  wlaw_options_free(options);
  return status;
}

static const char *sorted_keys(const json_t *object) {
  static char text[200];
  char *bytes = json_dumps(object, JSON_SORT_KEYS | JSON_COMPACT);
  json_t *sorted = json_loads(bytes, 0, NULL);
  text[0] = '\0';
  const char *key;
  json_t *value;
  json_object_foreach(sorted, key, value) {
    if (*text) strcat(text, " ");
    strcat(text, key);
  }
  json_decref(sorted);
  free(bytes);
  return text;
}

static const char *first_sentence(const json_t *document) {
  return json_string_value(json_array_get(json_object_get(document, "summary"), 0));
}

/* auto finds the space and says so; no test is made of it; by name the same numbers. */
static void auto_finds_the_space(void **state) {
  (void)state;
  static double weights[NETWORKS * SIZE];
  wlaw_error *err = wlaw_error_new();
  for (size_t k = 0; k < KINDS; k++)
    for (int rounded = 0; rounded < 2; rounded++) {
      json_t *fit = NULL, *named = NULL;
      sample(weights, &kinds[k], NETWORKS, 0.4, 1);
      /* single precision sums of a few hundred products leave M_ij and M_ji apart by some 2^-24 of their size */
      for (size_t e = 0; e < NETWORKS * SIZE && rounded; e++)
        weights[e] = (double)(float)(weights[e] * (1 + (double)(e % 7) * 2e-7));
      check_ok(fit_array(&fit, weights, NETWORKS, D, "auto", err));
      assert_string_equal(json_string_value(json_object_get(fit, "law")), kinds[k].law);
      assert_non_null(strstr(first_sentence(fit), kinds[k].words));
      assert_int_equal(json_array_size(json_object_get(fit, "tests")), 0);
      assert_int_equal(json_array_size(json_object_get(fit, "candidates")), 1);
      assert_int_equal(json_array_size(json_object_get(fit, "undetermined")), 0);
      assert_string_equal(sorted_keys(json_object_get(fit, "parameters")), kinds[k].keys);
      assert_string_equal(sorted_keys(json_object_get(fit, "standard_errors")), kinds[k].keys);
      assert_string_equal(sorted_keys(json_object_get(fit, "robust_standard_errors")), kinds[k].keys);
      assert_true(json_is_real(json_object_get(fit, "log_likelihood")));
      assert_int_equal(json_object_get(fit, "components") != NULL, k == 2);
      check_ok(fit_array(&named, weights, NETWORKS, D, kinds[k].law, err));
      assert_true(json_equal(json_object_get(fit, "parameters"), json_object_get(named, "parameters")));
      assert_int_equal(json_array_size(json_object_get(named, "summary")), 0);
      json_decref(fit);
      json_decref(named);
      /* another law is fitted when it is asked for, with a warning */
      check_ok(fit_array(&named, weights, NETWORKS, D, "permutation", err));
      const json_t *warnings = json_object_get(named, "warnings");
      const char *last = json_string_value(json_array_get(warnings, json_array_size(warnings) - 1));
      assert_non_null(strstr(last, kinds[k].law));
      if (!rounded) assert_true(json_is_null(json_object_get(named, "log_likelihood"))); /* else that of the rounding */
      json_decref(named);
    }
  wlaw_error_free(err);
}

/* What is of no space is fitted as ever, and refused by name with the reason and its size. */
static void others_are_refused_by_name(void **state) {
  (void)state;
  static const kind plain = {.sign = 0};
  static const char *const why[] = {"M_ij - M_ji should be zero", "M_ij - M_ji should be zero", "M_ii should be zero",
                                    "M_ij + M_ji should be zero"};
  static double weights[NETWORKS * SIZE];
  wlaw_error *err = wlaw_error_new();
  json_t *fit = NULL;
  sample(weights, &plain, NETWORKS, 0, 2);
  check_ok(fit_array(&fit, weights, NETWORKS, D, "auto", err));
  assert_string_equal(json_string_value(json_object_get(fit, "law")), "iid");
  json_decref(fit);
  for (size_t k = 0; k < KINDS; k++) {
    check_status(fit_array(&fit, weights, NETWORKS, D, kinds[k].law, err), WLAW_VALUE);
    assert_non_null(strstr(wlaw_error_message(err), why[k]));
    assert_string_equal(wlaw_error_hint(err), "use --law auto");
    wlaw_error_clear(err);
  }
  /* one entry of one network, a hundredth of the others */
  sample(weights, &kinds[0], NETWORKS, 0, 3);
  weights[7] += 0.01;
  check_status(fit_array(&fit, weights, NETWORKS, D, "symmetric", err), WLAW_VALUE);
  wlaw_error_clear(err);
  /* a symmetric matrix has a diagonal */
  weights[7] -= 0.01;
  check_status(fit_array(&fit, weights, NETWORKS, D, "symmetric-zero-diagonal", err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "M_ii"));
  wlaw_error_clear(err);
  check_status(fit_array(&fit, weights, NETWORKS * D, 1, "antisymmetric", err), WLAW_SHAPE);
  wlaw_error_free(err);
}

/* Weights that are all alike have every symmetry, which says nothing; 1x1 and 2x2 matrices have a law too. */
static void small_and_empty(void **state) {
  (void)state;
  static double weights[NETWORKS * SIZE];
  wlaw_error *err = wlaw_error_new();
  json_t *fit = NULL;
  check_ok(fit_array(&fit, weights, NETWORKS, D, "auto", err));
  assert_string_equal(json_string_value(json_object_get(fit, "law")), "iid");
  json_decref(fit);
  for (size_t e = 0; e < NETWORKS * SIZE; e++) weights[e] = 0.1;
  check_ok(fit_array(&fit, weights, NETWORKS, D, "auto", err));
  assert_string_equal(json_string_value(json_object_get(fit, "law")), "iid");
  json_decref(fit);
  memset(weights, 0, sizeof weights);
  check_ok(fit_array(&fit, weights, NETWORKS, D, "zero-diagonal", err));
  assert_true(json_is_null(json_object_get(fit, "log_likelihood")));
  json_decref(fit);
  sample(weights, &kinds[0], NETWORKS, 1, 4);
  check_ok(fit_array(&fit, weights, NETWORKS, 1, "symmetric", err));
  const json_t *parameters = json_object_get(fit, "parameters"), *reasons = json_object_get(fit, "reasons");
  assert_int_equal(json_array_size(json_object_get(parameters, "mean")), 1);
  assert_true(json_is_null(json_object_get(parameters, "VH")) && json_is_null(json_object_get(parameters, "V2")));
  assert_non_null(json_object_get(reasons, "VH"));
  json_decref(fit);
  for (size_t k = 0; k < NETWORKS; k++) {
    weights[4 * k] = weights[4 * k + 3] = 0;
    weights[4 * k + 1] += 1;
  }
  check_ok(fit_array(&fit, weights, NETWORKS, 2, "auto", err));
  assert_string_equal(json_string_value(json_object_get(fit, "law")), "zero-diagonal");
  assert_true(json_is_real(json_object_get(fit, "log_likelihood")));
  assert_non_null(json_object_get(json_object_get(fit, "reasons"), "components"));
  json_decref(fit);
  for (size_t k = 0; k < NETWORKS; k++) weights[4 * k + 1] = weights[4 * k + 2];
  check_ok(fit_array(&fit, weights, NETWORKS, 2, "auto", err));
  assert_string_equal(json_string_value(json_object_get(fit, "law")), "symmetric-zero-diagonal");
  assert_true(json_is_real(json_object_get(fit, "log_likelihood")));
  json_decref(fit);
  wlaw_error_free(err);
}

static const char *file_of(const kind *of, double level, uint32_t major, const char *name) {
  static double weights[NETWORKS * SIZE];
  const char *path = test_scratch(name);
  sample(weights, of, NETWORKS, level, major);
  write_array(path, weights, NETWORKS, D, D);
  return path;
}

/* Both sides in one space: its law, with a divergence. One side elsewhere: permutation, where that has none. */
static void distances(void **state) {
  (void)state;
  static const kind plain = {.sign = 0};
  wlaw_error *err = wlaw_error_new();
  for (size_t k = 0; k < KINDS; k++) {
    char a[4096], b[4096];
    wlaw_result *own = NULL, *wide = NULL, *mixed = NULL;
    snprintf(a, sizeof a, "%s", file_of(&kinds[k], 0.2, 5, "a.npy"));
    snprintf(b, sizeof b, "%s", file_of(&kinds[k], 0.5, 6, "b.npy"));
    const char *const inputs[] = {a, b}, *const wider[] = {"law", "permutation", NULL};
    check_ok(call_verb(&own, &wlaw_command_compare, inputs, 2, NULL, err));
    assert_string_equal(text_at(own, "law"), kinds[k].law);
    assert_string_equal(sorted_keys(json_object_get(own->document, "blocks")), kinds[k].keys);
    assert_true(isfinite(number_at(own, "kl_ab")) && isfinite(number_at(own, "kl_ba")));
    check_ok(call_verb(&wide, &wlaw_command_compare, inputs, 2, wider, err));
    assert_string_equal(text_at(wide, "law"), "permutation");
    const double squared = number_at(own, "wasserstein_squared"), floor = number_at(own, "noise_floor_squared");
    /* roots of eigenvalues that are zero to rounding */
    check_near(number_at(wide, "wasserstein_squared"), squared, 1e-7 * squared);
    check_near(number_at(wide, "noise_floor_squared"), floor, 1e-9 * floor);
    assert_true(isnan(number_at(wide, "kl_ab")));
    assert_non_null(strstr(text_at(wide, "reason"), "no density"));
    snprintf(b, sizeof b, "%s", file_of(&plain, 0.5, 7, "plain.npy"));
    check_ok(call_verb(&mixed, &wlaw_command_compare, inputs, 2, NULL, err));
    assert_string_equal(text_at(mixed, "law"), "permutation");
    assert_true(isnan(number_at(mixed, "kl_ab")));
    wlaw_result_free(own);
    wlaw_result_free(wide);
    wlaw_result_free(mixed);
    const char *const narrow[] = {"law", kinds[k].law, NULL};
    check_status(call_verb(&own, &wlaw_command_compare, inputs, 2, narrow, err), WLAW_VALUE);
    wlaw_error_clear(err);
    const char *const against[] = {a, "iid(variance=1)"};
    check_status(call_verb(&own, &wlaw_command_compare, against, 2, narrow, err), WLAW_ARGUMENT);
    wlaw_error_clear(err);
  }
  wlaw_error_free(err);
}

/* A law in numbers names its space; the distance from its own draws is their noise, at most a few times its mean. */
static void a_law_in_numbers(void **state) {
  (void)state;
  static const char text[] = "antisymmetric(VH=2,V3=0.5)";
  static double weights[NETWORKS * SIZE];
  wlaw_error *err = wlaw_error_new();
  wlaw_law *law = NULL;
  wlaw_result *result = NULL;
  check_ok(wlaw_law_parse(&law, text, err));
  check_ok(wlaw_law_draw(law, weights, NETWORKS, D, D, 3, 0, err));
  const char *const inputs[] = {test_scratch("drawn.npy"), text};
  write_array(inputs[0], weights, NETWORKS, D, D);
  check_ok(call_verb(&result, &wlaw_command_compare, inputs, 2, NULL, err));
  assert_string_equal(text_at(result, "law"), "antisymmetric");
  assert_true(number_at(result, "wasserstein_squared") < 8 * number_at(result, "noise_floor_squared"));
  assert_true(number_at(result, "kl_ab") < 0.2);
  wlaw_result_free(result);
  wlaw_law_free(law);
  wlaw_error_free(err);
}

static void refused_allocations(void **state) {
  (void)state;
  char hollow[4096], odd[4096];
  snprintf(hollow, sizeof hollow, "%s", file_of(&kinds[2], 0.2, 8, "hollow.npy"));
  snprintf(odd, sizeof odd, "%s", file_of(&kinds[3], 0.2, 9, "odd.npy"));
  verb_case cases[] = {
      {&wlaw_command_fit, {hollow}, 1},
      {&wlaw_command_fit, {odd}, 1},
      {&wlaw_command_compare, {odd, odd}, 2},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) alloc_fail_each(run_verb, &cases[c]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(auto_finds_the_space), cmocka_unit_test(others_are_refused_by_name),
      cmocka_unit_test(small_and_empty),      cmocka_unit_test(distances),
      cmocka_unit_test(a_law_in_numbers),     cmocka_unit_test(refused_allocations),
  };
  return cmocka_run_group_tests_name("study.spaces", tests, NULL, NULL);
}
