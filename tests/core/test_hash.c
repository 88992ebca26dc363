/* SHA-256 against the examples of FIPS 180-4 (NIST, "SHA-256 example" and the million-a message). */
#include "support/test.h"

#include "core/hash.h"

static void known_answers(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  char *million = malloc(1000000);
  memset(million, 'a', 1000000);
  const struct {
    const char *text;
    size_t n;
    const char *digest;
  } cases[] = {
      {"", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {million, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char hex[65];
    check_ok(wlaw_hash_bytes(hex, cases[i].text, cases[i].n, err));
    assert_string_equal(hex, cases[i].digest);
  }
  free(million);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(known_answers)};
  return cmocka_run_group_tests_name("core.hash", tests, NULL, NULL);
}
