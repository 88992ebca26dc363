/* Radix sort of magnitudes: the bits of a double that is not negative rise with it. */
#include <stdint.h>
#include <string.h>

#include "measure/entry_cells.h"

enum { DIGIT_BITS = 11, DIGITS = 6, DIGIT_VALUES = 1 << DIGIT_BITS, INSERT_BELOW = 48 };

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static size_t digit_of(double value, unsigned digit) {
  return (size_t)(bits_of(value) >> digit * DIGIT_BITS) & (DIGIT_VALUES - 1);
}

static void insertion_sort(double *values, size_t n) {
  for (size_t i = 1; i < n; i++) {
    const double value = values[i];
    size_t at = i;
    for (; at > 0 && values[at - 1] > value; at--) values[at] = values[at - 1];
    values[at] = value;
  }
}

void wlaw_sort_magnitudes(double *values, double *scratch, size_t n) {
  if (n < INSERT_BELOW) {
    insertion_sort(values, n);
    return;
  }
  double *from = values, *to = scratch;
  uint64_t varied = 0; /* bits that are not the same in all: of bf16 and f32 weights the lower half never is */
  for (size_t i = 1; i < n; i++) varied |= bits_of(values[i]) ^ bits_of(values[0]);
  for (unsigned digit = 0; digit < DIGITS; digit++) {
    size_t place[DIGIT_VALUES] = {0}, sum = 0;
    if ((varied >> digit * DIGIT_BITS & (DIGIT_VALUES - 1)) == 0) continue;
    for (size_t i = 0; i < n; i++) place[digit_of(from[i], digit)]++;
    for (size_t d = 0; d < DIGIT_VALUES; d++) {
      const size_t count = place[d];
      place[d] = sum;
      sum += count;
    }
    for (size_t i = 0; i < n; i++) to[place[digit_of(from[i], digit)]++] = from[i];
    double *swap = from;
    from = to;
    to = swap;
  }
  if (from != values) memcpy(values, from, n * sizeof *values);
}
