/* JSON: the house rules on numbers, keys and untrusted text; refused documents. */
#include "support/test.h"

#include "core/json.h"
#include "core/stream.h"

static void documents_are_deterministic(void **state) {
  (void)state;
  bool failed = false;
  json_t *document = json_object();
  const double values[] = {0.1, NAN, INFINITY, -INFINITY, -0.0, 3};
  wlaw_json_put(&failed, document, "z", wlaw_json_reals(values, 6));
  wlaw_json_put(&failed, document, "a", wlaw_json_matrix(values, 1, 2));
  wlaw_json_put(&failed, document, "m", wlaw_json_count(UINT64_MAX >> 1));
  wlaw_json_put(&failed, document, "n", wlaw_json_count(UINT64_MAX));
  wlaw_json_put(&failed, document, "t", wlaw_json_text("a\xff\n"));
  assert_false(failed);
  text_buffer text = {0};
  wlaw_json_write(&text, document);
  assert_false(text.failed);
  assert_string_equal(wlaw_text_string(&text),
                      "{\n \"a\": [\n  [\n   0.10000000000000001,\n   \"nan\"\n  ]\n ],\n \"m\": 9223372036854775807,\n"
                      " \"n\": 1.8446744073709552e19,\n \"t\": \"a\\\\xff\\\\x0a\",\n \"z\": [\n"
                      "  0.10000000000000001,\n  \"nan\",\n  \"inf\",\n  \"-inf\",\n  -0.0,\n  3.0\n ]\n}\n");
  wlaw_text_free(&text);
  json_decref(document);
}

/* Every double written comes back with the same bits. */
static void numbers_survive(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_stream stream = wlaw_stream_start(13, STREAM_TEST, 0, 0);
  enum { N = 3000 };
  static double values[N], back[N];
  static const double corners[] = {0.0, -0.0,     5e-324,   2.2250738585072014e-308, 1.7976931348623157e308,
                                   NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < N; i++) {
    const uint64_t bits = wlaw_stream_u64(&stream);
    memcpy(&values[i], &bits, 8);
    if (i < 8) values[i] = corners[i];
  }
  json_t *array = wlaw_json_reals(values, N), *read = NULL;
  text_buffer text = {0};
  wlaw_json_write(&text, array);
  check_ok(wlaw_json_parse(&read, wlaw_text_string(&text), text.length, err));
  for (size_t i = 0; i < N; i++) {
    assert_true(wlaw_json_number(json_array_get(read, i), &back[i]));
    if (isnan(values[i])) assert_true(isnan(back[i]));
    else assert_memory_equal(&values[i], &back[i], 8);
  }
  json_decref(array);
  json_decref(read);
  wlaw_text_free(&text);
  wlaw_error_free(err);
}

static void what_is_a_number(void **state) {
  (void)state;
  double number = 0;
  json_t *values = json_pack("[n, s, s, s, i, f, s, b, [], {}]", "nan", "inf", "-inf", 3, 2.5, "3", 1);
  assert_non_null(values);
  assert_true(wlaw_json_number(json_array_get(values, 0), &number) && isnan(number));
  assert_true(wlaw_json_number(json_array_get(values, 1), &number) && isnan(number));
  assert_true(wlaw_json_number(json_array_get(values, 2), &number) && number > 0 && isinf(number));
  assert_true(wlaw_json_number(json_array_get(values, 3), &number) && number < 0 && isinf(number));
  assert_true(wlaw_json_number(json_array_get(values, 4), &number) && number == 3);
  assert_true(wlaw_json_number(json_array_get(values, 5), &number) && number == 2.5);
  for (size_t i = 6; i < 10; i++) assert_false(wlaw_json_number(json_array_get(values, i), &number));
  assert_false(wlaw_json_number(NULL, &number));
  json_decref(values);
}

static void refused_documents(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  static const char *const documents[] = {
      "",         "{",    "{\"a\":1,\"a\":2}", "[1,]",          "{} x",
      "\"\xff\"", "[01]", "[1e999]",           "\"a\\u0000b\"", "{\"a\\u0000\":1}",
      "[NaN]",    "'a'",  "\"\\ud800\"",       "nul",           "[99999999999999999999]"};
  for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
    json_t *read = (json_t *)state;
    if (wlaw_json_parse(&read, documents[i], strlen(documents[i]), err) != WLAW_FORMAT)
      fail_msg("'%s': %s", documents[i], wlaw_error_message(err));
    assert_null(read);
    assert_true(wlaw_error_byte(err) >= 0);
  }
  json_t *read = NULL;
  check_status(wlaw_json_parse(&read, "[1, x]", 6, err), WLAW_FORMAT);
  assert_non_null(strstr(wlaw_error_message(err), "byte 5: not valid JSON"));
  check_status(wlaw_json_parse(&read, "[1]\0", 4, err), WLAW_FORMAT); /* bytes after the document count */
  char deep[200001];                                                  /* nesting cannot overflow the stack */
  memset(deep, '[', 100000);
  memset(deep + 100000, ']', 100000);
  check_status(wlaw_json_parse(&read, deep, 200000, err), WLAW_FORMAT);
  wlaw_error_free(err);
}

static void failure_is_sticky(void **state) {
  (void)state;
  bool failed = false;
  json_t *document = json_object(), *array = json_array();
  wlaw_json_put(&failed, document, "a", NULL); /* what a constructor gives when memory is out */
  assert_true(failed);
  wlaw_json_put(&failed, document, "b", wlaw_json_real(1));
  assert_true(failed);
  failed = false;
  wlaw_json_append(&failed, array, NULL);
  assert_true(failed);
  failed = false;
  wlaw_json_put(&failed, NULL, "a", wlaw_json_real(1)); /* nor is the value lost: a leak checker watches */
  assert_true(failed);
  json_decref(document);
  json_decref(array);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(documents_are_deterministic),
      cmocka_unit_test(numbers_survive),
      cmocka_unit_test(what_is_a_number),
      cmocka_unit_test(refused_documents),
      cmocka_unit_test(failure_is_sticky),
  };
  return cmocka_run_group_tests_name("core.json", tests, NULL, NULL);
}
