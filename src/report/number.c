#include "report/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUS "\xe2\x88\x92"
#define DASH  "\xe2\x80\x93"
#define SPACE "\xc2\xa0" /* no line break */
#define TIMES "\xc3\x97"

/* Printable range of plain decimals; outside it a power of ten reads better. */
enum { LEAST_EXPONENT = -4, LARGEST_EXPONENT = 6, MOST_DECIMALS = 12 };

static void append(number_text *out, const char *text) {
  const size_t used = strlen(out->s), n = strlen(text);
  if (used + n < sizeof out->s) memcpy(out->s + used, text, n + 1);
}

static void append_fixed(number_text *out, double value, int decimals) {
  char digits[64];
  if (decimals < 0) decimals = 0;
  if (decimals > MOST_DECIMALS) decimals = MOST_DECIMALS;
  snprintf(digits, sizeof digits, "%.*f", decimals, fabs(value));
  const bool zero = strspn(digits, "0.") == strlen(digits);
  if (value < 0 && !zero) append(out, MINUS);
  append(out, digits);
}

static void append_power(number_text *out, int exponent) {
  static const char *const raised[] = {"\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",     "\xc2\xb3",     "\xe2\x81\xb4",
                                       "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7", "\xe2\x81\xb8", "\xe2\x81\xb9"};
  char digits[16];
  append(out, "10");
  if (exponent < 0) append(out, "\xe2\x81\xbb");
  snprintf(digits, sizeof digits, "%d", abs(exponent));
  for (const char *d = digits; *d; d++) append(out, raised[*d - '0']);
}

/* The power of ten of value once rounded to `digits` digits: 9.996 with three digits is 10^1. */
static int exponent_of(double value, int digits) {
  char text[64];
  snprintf(text, sizeof text, "%.*e", digits - 1, fabs(value));
  const char *e = strchr(text, 'e');
  return e ? atoi(e + 1) : 0;
}

static bool not_finite(number_text *out, double value) {
  if (isnan(value)) append(out, DASH);
  else if (isinf(value)) append(out, value > 0 ? "\xe2\x88\x9e" : MINUS "\xe2\x88\x9e");
  else return false;
  return true;
}

number_text wlaw_number(double value, int digits) {
  number_text out = {""};
  if (not_finite(&out, value)) return out;
  if (value == 0) {
    append(&out, "0");
    return out;
  }
  const int exponent = exponent_of(value, digits);
  if (exponent >= LEAST_EXPONENT && exponent < LARGEST_EXPONENT) {
    append_fixed(&out, value, digits - 1 - exponent);
    return out;
  }
  char mantissa[64];
  snprintf(mantissa, sizeof mantissa, "%.*e", digits - 1, fabs(value));
  *strchr(mantissa, 'e') = '\0';
  if (value < 0) append(&out, MINUS);
  if (strcmp(mantissa, "1") != 0) {
    append(&out, mantissa);
    append(&out, TIMES);
  }
  append_power(&out, exponent);
  return out;
}

number_text wlaw_number_fixed(double value, int decimals) {
  number_text out = {""};
  if (!not_finite(&out, value)) append_fixed(&out, value, decimals);
  return out;
}

number_text wlaw_number_error(double value, double error) {
  if (!isfinite(value) || !(error > 0) || isinf(error)) return wlaw_number(value, 3);
  number_text out = {""};
  int exponent = exponent_of(error, 2);
  if (value != 0 && exponent_of(value, 2) > exponent) exponent = exponent_of(value, 2);
  const bool plain = exponent >= LEAST_EXPONENT && exponent < LARGEST_EXPONENT;
  const double unit = plain ? 1.0 : pow(10.0, exponent);
  const int decimals = 1 - exponent_of(error / unit, 2);
  if (!plain) append(&out, "(");
  append_fixed(&out, value / unit, decimals);
  append(&out, SPACE "\xc2\xb1" SPACE);
  append_fixed(&out, error / unit, decimals);
  if (!plain) {
    append(&out, ")" TIMES);
    append_power(&out, exponent);
  }
  return out;
}

number_text wlaw_number_p(double p) {
  if (p >= 0 && p < 1e-300) {
    number_text out = {"<" SPACE};
    append_power(&out, -300);
    return out;
  }
  return wlaw_number(p, p >= 0.001 ? 2 : 1);
}

number_text wlaw_number_percent(double fraction) {
  number_text out = {""};
  if (not_finite(&out, fraction)) return out;
  if (fraction > 0 && fraction < 0.005) append(&out, "<" SPACE "1");
  else append_fixed(&out, 100 * fraction, 0);
  append(&out, SPACE "%");
  return out;
}

number_text wlaw_number_percent_fixed(double fraction, int decimals) {
  number_text out = wlaw_number_fixed(100 * fraction, decimals);
  if (isfinite(fraction)) append(&out, SPACE "%");
  return out;
}
