/* Text: the growing buffer, UTF-8 by a second route, escapes, nearest names, strict numbers. */
#include "support/test.h"

#include "core/stream.h"
#include "core/text.h"

static void a_buffer_grows_to_what_is_put_in(void **state) {
  (void)state;
  text_buffer text = {0};
  assert_string_equal(wlaw_text_string(&text), "");
  char *expected = calloc(1, 1 << 17);
  size_t length = 0;
  for (int i = 0; i < 5000; i++) {
    wlaw_text_add(&text, "%d:%s,", i, i % 3 ? "x" : "");
    length += (size_t)sprintf(expected + length, "%d:%s,", i, i % 3 ? "x" : "");
    if (i % 100 == 0) {
      wlaw_text_add_bytes(&text, "ab\0c", 2);
      memcpy(expected + length, "ab", 3);
      length += 2;
    }
  }
  wlaw_text_add_bytes(&text, NULL, 0);
  assert_false(text.failed);
  assert_int_equal(text.length, length);
  assert_string_equal(wlaw_text_string(&text), expected);
  wlaw_text_add_bytes(&text, "x", SIZE_MAX - 3); /* a length that overflows: the text stays */
  assert_true(text.failed);
  wlaw_text_add(&text, "more");
  assert_string_equal(wlaw_text_string(&text), expected);
  wlaw_text_free(&text);
  assert_string_equal(wlaw_text_string(&text), "");
  free(expected);
}

static size_t encode(unsigned char out[4], uint32_t c, size_t length) {
  static const unsigned char lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
  if (length == 1) out[0] = (unsigned char)c;
  for (size_t i = length; length > 1 && i-- > 1; c >>= 6) out[i] = (unsigned char)(0x80 | (c & 0x3F));
  if (length > 1) out[0] = (unsigned char)(lead[length] | c);
  return length;
}

/* Second route: every code point in every length it can be written in; exactly the shortest of a non-surrogate is text.
 */
static void utf8_is_every_code_point_written_the_shortest_way(void **state) {
  (void)state;
  static const uint32_t first[5] = {0, 0, 0x80, 0x800, 0x10000}, last[5] = {0, 0x7F, 0x7FF, 0xFFFF, 0x1FFFFF};
  for (size_t length = 1; length <= 4; length++)
    for (uint32_t c = 0; c <= last[length]; c++) {
      unsigned char bytes[4];
      encode(bytes, c, length);
      const bool text = c >= first[length] && c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF);
      if (wlaw_text_is_utf8((const char *)bytes, length) != text) fail_msg("U+%04X in %zu bytes", c, length);
      for (size_t cut = 1; cut < length; cut++) /* a part of a character is none */
        if (wlaw_text_is_utf8((const char *)bytes, cut)) fail_msg("U+%04X cut to %zu bytes", c, cut);
    }
  assert_true(wlaw_text_is_utf8("", 0));
  assert_true(wlaw_text_is_utf8("a\0b", 3));
  for (int byte = 0x80; byte <= 0xFF; byte++) {
    const char lone = (char)byte;
    assert_false(wlaw_text_is_utf8(&lone, 1));
  }
}

static void printable_is_printable_for_any_bytes(void **state) {
  (void)state;
  wlaw_stream stream = wlaw_stream_start(11, STREAM_TEST, 0, 0);
  for (int repeat = 0; repeat < 20000; repeat++) {
    char in[40], out[64];
    const size_t n = wlaw_stream_below(&stream, sizeof in), capacity = 1 + wlaw_stream_below(&stream, sizeof out);
    for (size_t i = 0; i < n; i++) in[i] = (char)(1 + wlaw_stream_below(&stream, 255));
    in[n < sizeof in ? n : sizeof in - 1] = '\0';
    memset(out, 'Z', sizeof out);
    wlaw_text_printable(out, capacity, in);
    const size_t length = strnlen(out, sizeof out);
    assert_true(length < capacity);
    assert_true(wlaw_text_is_utf8(out, length));
    for (size_t i = 0; i < length; i++) assert_true((unsigned char)out[i] >= 0x20 && out[i] != 0x7F);
  }
  char whole[32];
  wlaw_text_printable(whole, sizeof whole, "tab\t \xe2\x82\xac \xe2\x82");
  assert_string_equal(whole, "tab\\x09 \xe2\x82\xac \\xe2\\x82");
  wlaw_text_printable(whole, 0, "x"); /* nothing to write in: nothing written */
  assert_string_equal(whole, "tab\\x09 \xe2\x82\xac \\xe2\\x82");
  wlaw_text_words(whole, 12, "mean_square_");
  assert_string_equal(whole, "mean square");
  wlaw_text_words(whole, 0, "a_b");
  assert_string_equal(whole, "mean square");
}

static void the_nearest_name(void **state) {
  (void)state;
  const char *const names[] = {"train", "fit", "compare", "report", "data"};
  static const char *const cases[][2] = {{"tarin", "train"},    {"trian", "train"},   {"fti", "fit"},
                                         {"compar", "compare"}, {"reprot", "report"}, {"dat", "data"},
                                         {"train", "train"},    {"xyzzyxyzzy", NULL}, {"somethingelse", NULL}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *nearest = wlaw_text_nearest(cases[i][0], names, 5);
    if (cases[i][1]) assert_string_equal(nearest, cases[i][1]);
    else assert_null(nearest);
  }
  assert_null(wlaw_text_nearest("x", names, 0));
  char longer[300]; /* only a start of it is looked at */
  memset(longer, 'a', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  const char *const one[] = {longer};
  assert_ptr_equal(wlaw_text_nearest(longer, one, 1), longer);
}

static void numbers_are_strict(void **state) {
  (void)state;
  double real;
  uint64_t count;
  static const char *const reals[] = {"1", "-1.5", "+2e3", ".5", "1e-300", "0x1p-3"};
  static const double values[] = {1, -1.5, 2000, .5, 1e-300, .125};
  for (size_t i = 0; i < 6; i++) {
    assert_true(wlaw_text_real(reals[i], &real));
    check_near(real, values[i], 0);
  }
  static const char *const not_reals[] = {"",      " 1", "1 ", "1,5", "nan", "inf", "-inf",
                                          "1e999", "e5", "1x", "--1", "-",   "."};
  for (size_t i = 0; i < sizeof not_reals / sizeof *not_reals; i++)
    if (wlaw_text_real(not_reals[i], &real)) fail_msg("'%s' read as a number", not_reals[i]);
  assert_false(wlaw_text_real(NULL, &real));
  assert_true(wlaw_text_u64("18446744073709551615", &count));
  assert_true(count == UINT64_MAX);
  assert_true(wlaw_text_u64("007", &count) && count == 7);
  static const char *const not_counts[] = {
      "", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x10", "18446744073709551616", "99999999999999999999999"};
  for (size_t i = 0; i < sizeof not_counts / sizeof *not_counts; i++)
    if (wlaw_text_u64(not_counts[i], &count)) fail_msg("'%s' read as an integer", not_counts[i]);
  assert_false(wlaw_text_u64(NULL, &count));
}

/* Every pattern of up to five of "a", ".", "*", "?" and every text of up to five of "a", "b", ".", against the rule
 * written as a recursion. */
static bool matches_slowly(const char *pattern, const char *text, char barrier) {
  if (!*pattern) return !*text;
  if (*pattern == '*') {
    return matches_slowly(pattern + 1, text, barrier) ||
           (*text && *text != barrier && matches_slowly(pattern, text + 1, barrier));
  }
  return *text && (*pattern == *text || (*pattern == '?' && *text != barrier)) &&
         matches_slowly(pattern + 1, text + 1, barrier);
}

static void write_word(char *out, const char *letters, unsigned number) {
  const unsigned n = (unsigned)strlen(letters) + 1; /* a digit 0 is no letter */
  for (; number; number /= n) {
    if (number % n) *out++ = letters[number % n - 1];
  }
  *out = '\0';
}

static void patterns_match(void **state) {
  (void)state;
  for (unsigned p = 0; p < 3125; p++) {
    for (unsigned t = 0; t < 1024; t++) {
      char pattern[8], text[8];
      write_word(pattern, "a.*?", p);
      write_word(text, "ab.", t);
      for (int b = 0; b < 2; b++) {
        const char barrier = b ? '.' : '\0';
        if (wlaw_text_matches(pattern, text, barrier) != matches_slowly(pattern, text, barrier))
          fail_msg("'%s' and '%s', barrier '%c'", pattern, text, barrier);
      }
    }
  }
}

static void two_call_text(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  char out[6] = "ZZZZZ";
  size_t needed = 0;
  check_ok(wlaw_text_copy_out("five5", NULL, 0, &needed, err));
  assert_int_equal(needed, 6);
  check_status(wlaw_text_copy_out("five5", out, 5, &needed, err), WLAW_LIMIT);
  assert_string_equal(out, "ZZZZZ");
  check_ok(wlaw_text_copy_out("five5", out, 6, NULL, err));
  assert_string_equal(out, "five5");
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_buffer_grows_to_what_is_put_in),
      cmocka_unit_test(utf8_is_every_code_point_written_the_shortest_way),
      cmocka_unit_test(printable_is_printable_for_any_bytes),
      cmocka_unit_test(the_nearest_name),
      cmocka_unit_test(numbers_are_strict),
      cmocka_unit_test(patterns_match),
      cmocka_unit_test(two_call_text),
  };
  return cmocka_run_group_tests_name("core.text", tests, NULL, NULL);
}
