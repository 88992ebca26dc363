/* Numbers for people: few digits, true minus signs, powers of ten as such. */
#ifndef WLAW_REPORT_NUMBER_H
#define WLAW_REPORT_NUMBER_H

/* Returned by value, so that `wlaw_number(x, 3).s` can be printed in place. UTF-8, at most 47 bytes. */
typedef struct number_text {
  char s[48];
} number_text;

/* value with so many significant digits: 0.00153, 1.75, 3.1×10⁻⁷; "–" for NaN, "∞", "−∞". */
number_text wlaw_number(double value, int digits);
/* value with so many digits after the point. */
number_text wlaw_number_fixed(double value, int decimals);
/* "0.942 ± 0.012": both to two significant digits of the error; the value alone when the error is not known. */
number_text wlaw_number_error(double value, double error);
/* A probability: "0.031", "4×10⁻⁷", "< 10⁻³⁰⁰", "–". */
number_text wlaw_number_p(double p);
/* A fraction as "63 %"; "< 1 %" for a positive one that would round to nothing. */
number_text wlaw_number_percent(double fraction);
/* "86.4 %" */
number_text wlaw_number_percent_fixed(double fraction, int decimals);

#endif
