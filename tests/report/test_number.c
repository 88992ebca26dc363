/* Numbers as text: rounding that carries, ranges, errors. */
#include "support/test.h"

#include "report/number.h"

#define NBSP "\xc2\xa0"
#define PM   NBSP "\xc2\xb1" NBSP

static void significant_digits(void **state) {
  (void)state;
  assert_string_equal(wlaw_number(0.0015344, 3).s, "0.00153");
  assert_string_equal(wlaw_number(1.749, 2).s, "1.7");
  assert_string_equal(wlaw_number(9.996, 3).s, "10.0"); /* the rounding carries: one decimal less */
  assert_string_equal(wlaw_number(-0.25, 2).s,
                      "\xe2\x88\x92"
                      "0.25");
  assert_string_equal(wlaw_number(123456, 3).s, "123456");
  assert_string_equal(wlaw_number(0, 3).s, "0");
  assert_string_equal(wlaw_number(-0.0, 3).s, "0");
  assert_string_equal(wlaw_number(2.5e-7, 2).s,
                      "2.5\xc3\x97"
                      "10\xe2\x81\xbb\xe2\x81\xb7");
  assert_string_equal(wlaw_number(1e12, 1).s, "10\xc2\xb9\xc2\xb2");
  assert_string_equal(wlaw_number(-9.99e-11, 1).s,
                      "\xe2\x88\x92"
                      "10\xe2\x81\xbb\xc2\xb9\xe2\x81\xb0");
}

static void not_finite(void **state) {
  (void)state;
  assert_string_equal(wlaw_number(NAN, 3).s, "\xe2\x80\x93");
  assert_string_equal(wlaw_number(INFINITY, 3).s, "\xe2\x88\x9e");
  assert_string_equal(wlaw_number(-INFINITY, 3).s, "\xe2\x88\x92\xe2\x88\x9e");
  assert_string_equal(wlaw_number_fixed(NAN, 2).s, "\xe2\x80\x93");
  assert_string_equal(wlaw_number_error(NAN, 1).s, "\xe2\x80\x93");
  assert_string_equal(wlaw_number_percent(NAN).s, "\xe2\x80\x93");
  assert_string_equal(wlaw_number_p(NAN).s, "\xe2\x80\x93");
}

static void with_errors(void **state) {
  (void)state;
  assert_string_equal(wlaw_number_error(0.94212, 0.01234).s, "0.942" PM "0.012");
  assert_string_equal(wlaw_number_error(-1.75, 0.0996).s,
                      "\xe2\x88\x92"
                      "1.75" PM "0.10");
  assert_string_equal(wlaw_number_error(0.001, 0.05).s, "0.001" PM "0.050");
  assert_string_equal(wlaw_number_error(1234.5, 56).s, "1234" PM "56");
  assert_string_equal(wlaw_number_error(2e-9, 3e-10).s, "(2.00" PM
                                                        "0.30)\xc3\x97"
                                                        "10\xe2\x81\xbb\xe2\x81\xb9");
  assert_string_equal(wlaw_number_error(0.5, NAN).s, "0.500"); /* no error: the value alone */
  assert_string_equal(wlaw_number_error(0.5, 0).s, "0.500");
  assert_string_equal(wlaw_number_error(-1e-9, 0.1).s, "0.00" PM "0.10"); /* never "-0.00" */
}

static void probabilities_and_shares(void **state) {
  (void)state;
  assert_string_equal(wlaw_number_p(0.0312).s, "0.031");
  assert_string_equal(wlaw_number_p(4.4e-7).s,
                      "4\xc3\x97"
                      "10\xe2\x81\xbb\xe2\x81\xb7");
  assert_string_equal(wlaw_number_p(0).s, "<" NBSP
                                          ""
                                          "10\xe2\x81\xbb\xc2\xb3\xe2\x81\xb0\xe2\x81\xb0");
  assert_string_equal(wlaw_number_p(6e-318).s, wlaw_number_p(0).s);
  assert_string_equal(wlaw_number_percent(0.626).s, "63" NBSP "%");
  assert_string_equal(wlaw_number_percent(0.001).s, "<" NBSP
                                                    ""
                                                    "1" NBSP "%");
  assert_string_equal(wlaw_number_percent(0).s, "0" NBSP "%");
  assert_string_equal(wlaw_number_percent_fixed(0.8644, 1).s, "86.4" NBSP "%");
}

/* The longest texts there are end with a NUL inside the struct. */
static void longest(void **state) {
  (void)state;
  const double values[] = {1.7976931348623157e308, -1.7976931348623157e308, 4.9e-324, -123456.789012345};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    for (int digits = 1; digits <= 15; digits++) {
      assert_true(strlen(wlaw_number(values[i], digits).s) < sizeof(number_text));
      assert_true(strlen(wlaw_number_error(values[i], fabs(values[i]) / 3).s) < sizeof(number_text));
      assert_true(strlen(wlaw_number_fixed(values[i], digits).s) < sizeof(number_text));
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(significant_digits),       cmocka_unit_test(not_finite), cmocka_unit_test(with_errors),
      cmocka_unit_test(probabilities_and_shares), cmocka_unit_test(longest),
  };
  return cmocka_run_group_tests_name("report.number", tests, NULL, NULL);
}
