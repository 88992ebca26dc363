/* Statuses from one list; errors composed of where, what and hint; NULL accepted everywhere. */
#include "support/test.h"

#include <errno.h>

#include "core/error.h"
#include "core/text.h"

static void every_status_has_a_name_a_meaning_and_a_documented_exit_code(void **state) {
  (void)state;
  int seen[256] = {0};
#define CHECK_STATUS(name, value, exit_code, meaning)                                                                  \
  assert_string_equal(wlaw_status_name(WLAW_##name), #name);                                                           \
  assert_string_equal(wlaw_status_message(WLAW_##name), meaning);                                                      \
  assert_int_equal(wlaw_status_exit_code(WLAW_##name), exit_code);                                                     \
  assert_int_equal((int)WLAW_##name, value);                                                                           \
  assert_int_equal(seen[value]++, 0);                                                                                  \
  assert_true(exit_code == 0 || (exit_code >= 2 && exit_code <= 6) || exit_code == 130);                               \
  assert_true((exit_code == 0) == (value == 0));
  WLAW_STATUS_LIST(CHECK_STATUS)
#undef CHECK_STATUS
  assert_string_equal(wlaw_status_name((wlaw_status)999), "?");
  assert_string_equal(wlaw_status_message((wlaw_status)999), "?");
  assert_int_equal(wlaw_status_exit_code((wlaw_status)999), 2);
}

static void parts_make_one_sentence(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  assert_int_equal(wlaw_error_status(err), WLAW_OK);
  assert_string_equal(wlaw_error_message(err), "");
  assert_true(wlaw_error_byte(err) == -1);
  assert_int_equal(wlaw_fail(err, WLAW_FORMAT, "header %s after %d bytes", "ends", 7), WLAW_FORMAT);
  wlaw_error_add_hint(err, WLAW_FORMAT, "copy the file again");
  wlaw_error_at_byte(err, WLAW_FORMAT, 7);
  wlaw_error_in_tensor(err, WLAW_FORMAT, "layer2.weight");
  assert_int_equal(wlaw_error_in_file(err, WLAW_FORMAT, "run/epoch-0007.safetensors"), WLAW_FORMAT);
  assert_string_equal(wlaw_error_message(err),
                      "run/epoch-0007.safetensors: tensor 'layer2.weight': byte 7: header ends after 7 bytes; "
                      "copy the file again");
  /* the innermost caller knows best: later ones do not overwrite */
  wlaw_error_in_file(err, WLAW_FORMAT, "other");
  wlaw_error_in_tensor(err, WLAW_FORMAT, "other");
  wlaw_error_at_byte(err, WLAW_FORMAT, 8);
  wlaw_error_add_hint(err, WLAW_FORMAT, "other");
  assert_string_equal(wlaw_error_file(err), "run/epoch-0007.safetensors");
  assert_string_equal(wlaw_error_tensor(err), "layer2.weight");
  assert_string_equal(wlaw_error_hint(err), "copy the file again");
  assert_true(wlaw_error_byte(err) == 7);
  /* a new failure forgets the parts of the old one */
  wlaw_fail(err, WLAW_IO, "gone");
  assert_string_equal(wlaw_error_message(err), "gone");
  assert_string_equal(wlaw_error_file(err), "");
  wlaw_error_clear(err);
  assert_int_equal(wlaw_error_status(err), WLAW_OK);
  wlaw_error_free(err);
}

static void untrusted_text_is_escaped_and_cut_at_a_character(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_fail(err, WLAW_NAME, "no tensor '%s'", "a\033[31m\nb\xff\xc2\x85\xc3\xa9");
  assert_string_equal(wlaw_error_message(err), "no tensor 'a\\x1b[31m\\x0ab\\xff\\xc2\\x85\xc3\xa9'");
  wlaw_error_in_file(err, WLAW_NAME, "x\ry");
  assert_string_equal(wlaw_error_file(err), "x\\x0dy");
  char longer[5000];
  for (size_t i = 0; i + 2 < sizeof longer; i += 2) memcpy(longer + i, "\xc3\xa9", 3);
  longer[sizeof longer - 2] = longer[sizeof longer - 1] = '\0';
  wlaw_fail(err, WLAW_NAME, "%s", longer);
  wlaw_error_add_hint(err, WLAW_NAME, "%s", longer);
  wlaw_error_in_file(err, WLAW_NAME, longer);
  wlaw_error_in_tensor(err, WLAW_NAME, longer);
  const char *message = wlaw_error_message(err);
  assert_true(strlen(message) > 1000);
  assert_true(wlaw_text_is_utf8(message, strlen(message)));
  wlaw_error_free(err);
}

static void nobody_asked_for_details(void **state) {
  (void)state;
  assert_int_equal(wlaw_fail(NULL, WLAW_VALUE, "x"), WLAW_VALUE);
  assert_int_equal(wlaw_error_in_file(NULL, WLAW_VALUE, "x"), WLAW_VALUE);
  assert_int_equal(wlaw_error_in_tensor(NULL, WLAW_VALUE, "x"), WLAW_VALUE);
  assert_int_equal(wlaw_error_at_byte(NULL, WLAW_VALUE, 1), WLAW_VALUE);
  assert_int_equal(wlaw_error_add_hint(NULL, WLAW_VALUE, "x"), WLAW_VALUE);
  assert_int_equal(wlaw_fail_memory(NULL, 1, 1), WLAW_MEMORY);
  errno = ENOSPC;
  assert_int_equal(wlaw_fail_errno(NULL, "x", "writing"), WLAW_IO);
  wlaw_error_clear(NULL);
  wlaw_error_free(NULL);
  wlaw_error_copy(NULL, NULL);
  assert_int_equal(wlaw_error_status(NULL), WLAW_OK);
  assert_string_equal(wlaw_error_message(NULL), "");
  assert_string_equal(wlaw_error_file(NULL), "");
  assert_string_equal(wlaw_error_tensor(NULL), "");
  assert_string_equal(wlaw_error_hint(NULL), "");
  assert_true(wlaw_error_byte(NULL) == -1);
}

static void the_system_says_why(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  errno = ENOSPC;
  assert_int_equal(wlaw_fail_errno(err, "out.npy", "writing failed"), WLAW_IO);
  assert_string_equal(wlaw_error_message(err), "out.npy: writing failed: No space left on device");
  errno = ENOMEM; /* the one reason that is not about the file */
  assert_int_equal(wlaw_fail_errno(err, "out.npy", "writing failed"), WLAW_MEMORY);
  wlaw_error_at_byte(err, WLAW_MEMORY, UINT64_MAX); /* no offset of a file: left out */
  assert_true(wlaw_error_byte(err) == -1);
  wlaw_error *copy = wlaw_error_new();
  wlaw_error_copy(copy, err);
  assert_string_equal(wlaw_error_message(copy), wlaw_error_message(err));
  assert_int_equal(wlaw_error_status(copy), WLAW_MEMORY);
  wlaw_error_free(copy);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_status_has_a_name_a_meaning_and_a_documented_exit_code),
      cmocka_unit_test(parts_make_one_sentence),
      cmocka_unit_test(untrusted_text_is_escaped_and_cut_at_a_character),
      cmocka_unit_test(nobody_asked_for_details),
      cmocka_unit_test(the_system_says_why),
  };
  return cmocka_run_group_tests_name("core.error", tests, NULL, NULL);
}
