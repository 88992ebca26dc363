/* Results: the two-call document, and numbers by path. */
#include "support/test.h"

#include "core/result.h"

static wlaw_result *make(void) {
  json_t *document = json_pack("{s:s, s:{s:[[f,f],[f,n]], s:f}, s:[{s:s},{s:f}], s:{s:{s:i}, s:{s:i}}, s:b}", "schema",
                               "weightlaw.test/1", "parameters", "VH", 1.0, 2.0, 3.0, "mean", 0.5, "layers", "w", "inf",
                               "w", -2.5, "by_name", "layer2", "weight.x", 7, "layer2.weight", "x", 8, "paired", 1);
  wlaw_result *result = NULL;
  assert_int_equal(wlaw_result_wrap(&result, document, false, NULL), WLAW_OK);
  return result;
}

static void numbers_by_path(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = make();
  double out[8] = {0};
  size_t count = 0;
  check_ok(wlaw_result_get(result, "parameters.VH", out, 8, &count, err));
  assert_int_equal(count, 4);
  assert_true(out[0] == 1 && out[1] == 2 && out[2] == 3 && isnan(out[3]));
  check_ok(wlaw_result_get(result, "parameters.VH.1.0", out, 8, &count, err));
  assert_true(count == 1 && out[0] == 3);
  check_ok(wlaw_result_get(result, "layers.0.w", out, 8, &count, err));
  assert_true(isinf(out[0]));
  check_ok(wlaw_result_get(result, "by_name.layer2.weight.x", out, 8, &count, err)); /* the longest key first */
  assert_true(out[0] == 8);
  out[1] = 99;
  check_ok(wlaw_result_get(result, "parameters.VH", out, 1, &count, err)); /* no room: counted, not stored */
  assert_true(count == 4 && out[0] == 1 && out[1] == 99);
  check_ok(wlaw_result_get(result, "parameters.VH", NULL, 0, &count, err));
  assert_int_equal(count, 4);
  static const char *const nothing[] = {"",
                                        "nope",
                                        "parameters",
                                        "parameters.nope",
                                        "schema",
                                        "paired",
                                        "layers.2.w",
                                        "layers.-1.w",
                                        "layers.x",
                                        "parameters.VH.0.0.0",
                                        "layers",
                                        "parameters.",
                                        "layers.18446744073709551616"};
  for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
    if (wlaw_result_get(result, nothing[i], out, 8, &count, err) != WLAW_NAME)
      fail_msg("'%s' gave %zu numbers", nothing[i], count);
  wlaw_result_free(result);
  wlaw_error_free(err);
}

static void the_document(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = make();
  size_t needed = 0;
  check_ok(wlaw_result_json(result, NULL, 0, &needed, err));
  char *text = malloc(needed);
  check_ok(wlaw_result_json(result, text, needed, NULL, err));
  assert_int_equal(strlen(text) + 1, needed);
  assert_true(strncmp(text, "{\n \"by_name\": {", 15) == 0); /* keys are sorted */
  check_status(wlaw_result_json(result, text, needed - 1, NULL, err), WLAW_LIMIT);
  free(text);
  wlaw_result_free(result);
  wlaw_result_free(NULL);
  wlaw_error_free(err);
}

static void a_result_nobody_wants_or_that_failed(void **state) {
  (void)state;
  wlaw_result *result = NULL;
  assert_int_equal(wlaw_result_wrap(NULL, json_object(), false, NULL), WLAW_OK);
  assert_int_equal(wlaw_result_wrap(&result, json_object(), true, NULL), WLAW_MEMORY);
  assert_int_equal(wlaw_result_wrap(&result, NULL, false, NULL), WLAW_MEMORY);
  assert_null(result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_by_path),
      cmocka_unit_test(the_document),
      cmocka_unit_test(a_result_nobody_wants_or_that_failed),
  };
  return cmocka_run_group_tests_name("core.result", tests, NULL, NULL);
}
