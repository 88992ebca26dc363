/* Rules over tensors: how they are read, what they are held against, how mistakes are told. */
#include "study/check.h"
#include "support/test.h"

#include "core/error.h"

static json_t *parsed(const char *text) {
  json_error_t why;
  json_t *value = json_loads(text, 0, &why);
  if (!value) fail_msg("%s: %s", text, why.text);
  return value;
}

static json_t *example(void) {
  return parsed(
      "{\"name\": \"\", \"kind\": \"q\", \"nonfinite\": 0, \"transposed\": false, \"largest\": [], \"min\": 0.5,"
      "\"weibull\": {\"k\": 1.2, \"r2\": 0.9, \"reason\": null}, \"lattice\": {\"bits\": 4}, \"best_law\": null}");
}

static json_t *three(void) {
  return parsed(
      "[{\"name\": \"a\", \"kind\": \"q\", \"nonfinite\": 0, \"transposed\": false, \"min\": \"-inf\","
      "  \"weibull\": {\"k\": 1.0, \"r2\": 0.99, \"reason\": null}, \"lattice\": null, \"best_law\": \"normal\"},"
      " {\"name\": \"b\", \"kind\": \"k\", \"nonfinite\": 2, \"transposed\": true, \"min\": -1,"
      "  \"weibull\": {\"k\": 1.3, \"r2\": 0.9, \"reason\": null}, \"lattice\": {\"bits\": 4}, \"best_law\": \"ggd\"},"
      " {\"name\": \"c\", \"kind\": \"q\", \"nonfinite\": 0, \"transposed\": false, \"min\": \"nan\","
      "  \"weibull\": {\"k\": null, \"r2\": null, \"reason\": \"few\"}, \"lattice\": null, \"best_law\": null}]");
}

/* What the one rule finds: names of the tensors that break it, "held against n" in *held. */
static void run_one(char *broken, double *held, const char *text) {
  json_t *keys = example(), *tensors = three();
  check_rules *rules = NULL;
  wlaw_error *err = wlaw_error_new();
  bool failed = false;
  check_ok(wlaw_check_parse(&rules, text, keys, err));
  json_t *check = wlaw_check_run(&failed, rules, tensors);
  assert_false(failed);
  const json_t *rule = json_array_get(json_object_get(check, "rules"), 0),
               *failures = json_object_get(rule, "failures");
  *broken = '\0';
  for (size_t i = 0; i < json_array_size(failures); i++)
    strcat(broken, json_string_value(json_object_get(json_array_get(failures, i), "tensor")));
  *held = json_number_value(json_object_get(rule, "tensors"));
  assert_int_equal(json_is_true(json_object_get(check, "passed")), *broken == '\0');
  assert_int_equal(json_is_true(json_object_get(rule, "passed")), *broken == '\0');
  json_decref(check);
  json_decref(keys);
  json_decref(tensors);
  wlaw_check_free(rules);
  wlaw_error_free(err);
}

static void rules_find_what_breaks_them(void **state) {
  (void)state;
  static const struct {
    const char *rule, *broken;
    double held;
  } cases[] = {
      {"nonfinite==0", "b", 3},
      {" nonfinite = 0 ", "b", 3},
      {"nonfinite != 0", "ac", 3},
      {"nonfinite<2", "b", 3},
      {"nonfinite<=2", "", 3},
      {"nonfinite>0", "ac", 3},
      {"nonfinite>=2", "ac", 3},
      {"weibull.k in 1.0..1.4", "", 2}, /* c: not determined */
      {"weibull.k in 1.1 .. 1.4", "a", 2},
      {"weibull.k in -inf..1.2", "b", 2},
      {"q:weibull.k>0.9", "", 1},
      {"q:weibull.k>1", "a", 1},
      {"embed:weibull.k>1", "", 0},
      {"weibull.k!=null", "c", 3},
      {"lattice==null", "b", 3},
      {"lattice.bits>=4", "", 1},
      {"min>-inf", "ac", 3}, /* nan breaks every rule */
      {"min!=5", "c", 3},
      {"min==-inf", "bc", 3},
      {"best_law==normal", "b", 2},
      {"best_law!=normal", "a", 2},
      {"transposed==false", "b", 3},
      {"kind!=k", "b", 3},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    char broken[16];
    double held;
    run_one(broken, &held, cases[c].rule);
    if (strcmp(broken, cases[c].broken) != 0) fail_msg("%s: broken by '%s'", cases[c].rule, broken);
    if (held != cases[c].held) fail_msg("%s: held against %g", cases[c].rule, held);
  }
}

static void mistakes_are_told(void **state) {
  (void)state;
  static const struct {
    const char *rules;
    wlaw_status status;
    const char *says;
  } cases[] = {
      {"", WLAW_ARGUMENT, "no rule"},
      {"nonfinite==0,,min>1", WLAW_ARGUMENT, "empty rule"},
      {"nonfinite", WLAW_ARGUMENT, "no comparison"},
      {"==0", WLAW_ARGUMENT, "no comparison"},
      {"nonfinite==", WLAW_ARGUMENT, "no value"},
      {"nonfinit==0", WLAW_NAME, "did you mean 'nonfinite'?"},
      {"k>1", WLAW_NAME, "did you mean 'weibull.k'?"},
      {"weibull>1", WLAW_NAME, "no 'weibull'"},
      {"largest==1", WLAW_NAME, "no 'largest'"},
      {"qq:weibull.k>1", WLAW_NAME, "did you mean 'q'?"},
      {"weibull.k in 1.0", WLAW_ARGUMENT, "low..high"},
      {"weibull.k in 1.4..1.0", WLAW_ARGUMENT, "empty"},
      {"weibull.k in a..b", WLAW_ARGUMENT, "numbers"},
      {"weibull.k==large", WLAW_ARGUMENT, "it is a number"},
      {"kind==3", WLAW_ARGUMENT, "it is a text"},
      {"kind<q", WLAW_ARGUMENT, "only numbers have an order"},
      {"transposed==2", WLAW_ARGUMENT, "true or false"},
      {"weibull.k>null", WLAW_ARGUMENT, "order"},
  };
  json_t *keys = example();
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    check_rules *rules = NULL;
    wlaw_error *err = wlaw_error_new();
    check_status(wlaw_check_parse(&rules, cases[c].rules, keys, err), cases[c].status);
    if (!strstr(wlaw_error_message(err), cases[c].says)) fail_msg("%s: %s", cases[c].rules, wlaw_error_message(err));
    assert_null(rules);
    wlaw_error_free(err);
  }
  json_decref(keys);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(rules_find_what_breaks_them),
                                     cmocka_unit_test(mistakes_are_told)};
  return cmocka_run_group_tests_name("study.check", tests, NULL, NULL);
}
