/* Options: every kind at its bounds, presets, nearest names; the tables of the real commands are sound. */
#include "support/test.h"

#include "commands.h"
#include "core/error.h"
#include "core/json.h"
#include "core/text.h"

static const option_spec rows[] = {
    {"flag", 'f', OPTION_FLAG, NULL, "false", NULL, 0, 0, "x"},
    {"count", 0, OPTION_COUNT, "N", "5", NULL, 2, 10, "x"},
    {"unset", 0, OPTION_COUNT, "N", NULL, NULL, 0, 10, "x"},
    {"real", 0, OPTION_REAL, "R", "0.5", NULL, -1, 1, "x"},
    {"unset-real", 0, OPTION_REAL, "R", NULL, NULL, -1, 1, "x"},
    {"text", 0, OPTION_TEXT, "T", NULL, NULL, 0, 0, "x"},
    {"choice", 0, OPTION_CHOICE, "C", "red", "red|green|-1,1", 0, 0, "x"},
    {"counts", 0, OPTION_COUNTS, "L", "1,2", NULL, 1, 50, "x"},
    {"reals", 0, OPTION_REALS, "R,...", "0.5,1e-3", NULL, 0, 1, "x"},
};
static const command_spec command = {
    .name = "test", .options = rows, .n_options = sizeof rows / sizeof *rows, .examples = "", .details = ""};
static const command_spec other = {.name = "other", .options = rows, .n_options = 1};

static void values_at_their_bounds(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_options *options = NULL;
  check_ok(wlaw_options_make(&options, &command, err));
  static const char *const good[][2] = {{"flag", "true"},      {"flag", "false"},   {"count", "2"},
                                        {"count", "10"},       {"real", "-1"},      {"real", "1"},
                                        {"real", "1e-3"},      {"text", ""},        {"choice", "-1,1"},
                                        {"choice", "red"},     {"counts", ""},      {"counts", "1"},
                                        {"counts", "1-50"},    {"counts", "3,1-2"}, {"seed", "18446744073709549568"},
                                        {"progress", "never"}, {"reals", ""},       {"reals", "0,1,1e-9"}};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    check_ok(wlaw_options_set(options, good[i][0], good[i][1], err));
    assert_true(wlaw_option_is_set(options, &command, good[i][0]));
    assert_string_equal(wlaw_option_text(options, &command, good[i][0]), good[i][1]);
  }
  static const char *const bad[][2] = {{"flag", "yes"},         {"flag", ""},
                                       {"count", "1"},          {"count", "11"},
                                       {"count", "2.0"},        {"count", ""},
                                       {"real", "1.0001"},      {"real", "nan"},
                                       {"real", "inf"},         {"real", ""},
                                       {"real", "0.5x"},        {"choice", ""},
                                       {"choice", "gree"},      {"choice", "red|"},
                                       {"choice", "red|green"}, {"counts", "0"},
                                       {"counts", "51"},        {"counts", "2-1"},
                                       {"counts", "1,"},        {"counts", ",1"},
                                       {"counts", "1--2"},      {"counts", "1-2-3"},
                                       {"counts", "a"},         {"counts", "1-99999999999999999999"},
                                       {"threads", "1025"},     {"progress", "sometimes"},
                                       {"reals", "1.1"},        {"reals", "0.5,"},
                                       {"reals", ",1"},         {"reals", "0.5 1"},
                                       {"reals", "nan"},        {"reals", "0.5,,1"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const char *before = wlaw_option_text(options, &command, bad[i][0]);
    if (wlaw_options_set(options, bad[i][0], bad[i][1], err) != WLAW_ARGUMENT)
      fail_msg("--%s '%s' was taken", bad[i][0], bad[i][1]);
    assert_non_null(strstr(wlaw_error_message(err), bad[i][0]));
    assert_ptr_equal(wlaw_option_text(options, &command, bad[i][0]), before); /* a refused value changes nothing */
  }
  wlaw_options_free(options);
  wlaw_options_free(NULL);
  wlaw_error_free(err);
}

static void presets_count_where_nothing_is_set(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_options *options = NULL;
  check_ok(wlaw_options_make(&options, &command, err));
  wlaw_options *const both[] = {NULL, options};
  for (size_t i = 0; i < 2; i++) {
    assert_false(wlaw_option_flag(both[i], &command, "flag"));
    assert_true(wlaw_option_count(both[i], &command, "count") == 5);
    assert_true(wlaw_option_count(both[i], &command, "unset") == 0);
    check_near(wlaw_option_real(both[i], &command, "real"), 0.5, 0);
    assert_true(isnan(wlaw_option_real(both[i], &command, "unset-real")));
    assert_null(wlaw_option_text(both[i], &command, "text"));
    assert_int_equal(wlaw_option_choice(both[i], &command, "choice"), 0);
    assert_true(wlaw_option_count(both[i], &command, "seed") == 1);
    assert_false(wlaw_option_is_set(both[i], &command, "count"));
    assert_null(wlaw_option_text(both[i], &command, "no such row"));
    assert_false(wlaw_option_is_set(both[i], &command, "no such row"));
    uint64_t *values = NULL;
    size_t n = 0;
    check_ok(wlaw_option_counts(both[i], &command, "counts", &values, &n, err));
    assert_int_equal(n, 2);
    assert_true(values[0] == 1 && values[1] == 2);
    free(values);
    double *reals = NULL;
    check_ok(wlaw_option_reals(both[i], &command, "reals", &reals, &n, err));
    assert_int_equal(n, 2);
    assert_true(reals[0] == 0.5 && reals[1] == 1e-3);
    free(reals);
  }
  check_ok(wlaw_options_set(options, "choice", "-1,1", err));
  assert_int_equal(wlaw_option_choice(options, &command, "choice"), 2);
  check_ok(wlaw_options_set(options, "counts", "7,3-5,3", err));
  uint64_t *values = NULL;
  size_t n = 0;
  check_ok(wlaw_option_counts(options, &command, "counts", &values, &n, err));
  static const uint64_t expected[] = {7, 3, 4, 5, 3};
  assert_int_equal(n, 5);
  assert_memory_equal(values, expected, sizeof expected);
  free(values);
  check_ok(wlaw_options_set(options, "counts", "", err));
  check_ok(wlaw_option_counts(options, &command, "counts", &values, &n, err));
  assert_true(n == 0 && !values);
  double *reals = NULL;
  check_ok(wlaw_options_set(options, "reals", "", err));
  check_ok(wlaw_option_reals(options, &command, "reals", &reals, &n, err));
  assert_true(n == 0 && !reals);
  wlaw_options_free(options);
  wlaw_error_free(err);
}

static void names_and_owners(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_options *options = NULL;
  check_ok(wlaw_options_make(&options, &command, err));
  check_status(wlaw_options_set(options, "cuont", "5", err), WLAW_NAME);
  assert_string_equal(wlaw_error_hint(err), "did you mean --count?");
  check_status(wlaw_options_set(options, "qqqqqqqqqqq", "5", err), WLAW_NAME);
  assert_string_equal(wlaw_error_hint(err), "see weightlaw help test");
  check_status(wlaw_options_set(options, "choice", "gren", err), WLAW_ARGUMENT);
  assert_string_equal(wlaw_error_hint(err), "did you mean 'green'?");
  check_ok(wlaw_options_check(options, &command, err));
  check_ok(wlaw_options_check(NULL, &command, err));
  check_status(wlaw_options_check(options, &other, err), WLAW_ARGUMENT);
  wlaw_options_free(options);
  check_status(wlaw_options_new(&options, "tarin", err), WLAW_NAME);
  assert_string_equal(wlaw_error_hint(err), "did you mean 'train'?");
  wlaw_error_free(err);
}

static void lists_of_integers(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  uint64_t *values = NULL;
  size_t n = 0;
  check_ok(wlaw_counts_parse(&values, &n, "0-99999", 0, 1000000, err));
  assert_int_equal(n, 100000);
  free(values);
  check_status(wlaw_counts_parse(&values, &n, "0-100000", 0, 1000000, err), WLAW_ARGUMENT); /* too many to mean it */
  check_status(wlaw_counts_parse(&values, &n, "0-18446744073709551615", 0, UINT64_MAX, err), WLAW_ARGUMENT);
  check_status(wlaw_counts_parse(&values, &n, "5", 6, 7, err), WLAW_ARGUMENT);
  check_ok(wlaw_counts_parse(&values, &n, "18446744073709551615", 0, UINT64_MAX, err));
  assert_true(n == 1 && values[0] == UINT64_MAX);
  free(values);
  wlaw_error_free(err);
}

static void check_row(const command_spec *owner, const option_spec *row) {
  wlaw_error *err = wlaw_error_new();
  wlaw_options *options = NULL;
  check_ok(wlaw_options_make(&options, owner, err));
  /* the first row of that name: a common one is not hidden, and a name comes once */
  if (wlaw_option_find(owner, row->name) != row) fail_msg("%s: --%s is there twice", owner->name, row->name);
  if (row->preset) check_ok(wlaw_options_set(options, row->name, row->preset, err));
  assert_non_null(row->doc);
  const size_t length = strlen(row->doc);
  if (length == 0 || row->doc[length - 1] == '.') fail_msg("%s --%s: help '%s'", owner->name, row->name, row->doc);
  assert_true(wlaw_text_is_utf8(row->doc, length));
  assert_true((row->kind == OPTION_FLAG) == (row->metavar == NULL));
  assert_true((row->kind == OPTION_CHOICE) == (row->choices != NULL));
  assert_true(strncmp(row->name, "no-", 3) != 0); /* --no-NAME is the command line's */
  wlaw_options_free(options);
  wlaw_error_free(err);
}

static void the_tables_of_every_command_are_sound(void **state) {
  (void)state;
  for (size_t c = 0; c < wlaw_n_commands; c++) {
    const command_spec *spec = wlaw_commands[c];
    bool letters[128] = {false};
    assert_true(*spec->name && *spec->summary && *spec->operands && *spec->examples && *spec->details);
    assert_non_null(spec->call);
    for (size_t i = 0; i < spec->n_options; i++) {
      check_row(spec, &spec->options[i]);
      const unsigned char letter = (unsigned char)spec->options[i].letter;
      assert_true(letter < 128 && letter != 'h' && (!letter || !letters[letter]));
      letters[letter] = true;
    }
    for (size_t i = 0; i < wlaw_n_common_options; i++) check_row(spec, &wlaw_common_options[i]);
  }
}

static void the_tables_as_json(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  size_t needed = 0;
  check_ok(wlaw_commands_json(NULL, 0, &needed, err));
  char *text = malloc(needed);
  check_ok(wlaw_commands_json(text, needed, NULL, err));
  json_t *document = NULL;
  check_ok(wlaw_json_parse(&document, text, strlen(text), err));
  assert_string_equal(json_string_value(json_object_get(document, "schema")), "weightlaw.commands/1");
  const json_t *list = json_object_get(document, "commands");
  assert_int_equal(json_array_size(list), wlaw_n_commands);
  for (size_t c = 0; c < wlaw_n_commands; c++) {
    const json_t *object = json_array_get(list, c);
    assert_string_equal(json_string_value(json_object_get(object, "name")), wlaw_commands[c]->name);
    assert_int_equal(json_array_size(json_object_get(object, "options")),
                     wlaw_commands[c]->n_options + wlaw_n_common_options);
  }
  check_status(wlaw_commands_json(text, needed - 1, NULL, err), WLAW_LIMIT);
  json_decref(document);
  free(text);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_at_their_bounds),
      cmocka_unit_test(presets_count_where_nothing_is_set),
      cmocka_unit_test(names_and_owners),
      cmocka_unit_test(lists_of_integers),
      cmocka_unit_test(the_tables_of_every_command_are_sound),
      cmocka_unit_test(the_tables_as_json),
  };
  return cmocka_run_group_tests_name("core.option", tests, NULL, NULL);
}
