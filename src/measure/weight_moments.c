#include "measure/weight_moments.h"

#include <math.h>

void wlaw_weight_moments_merge(weight_moments *into, const weight_moments *from) {
  if (from->count == 0) return;
  if (into->count == 0) {
    *into = *from;
    return;
  }
  const double a = (double)into->count, b = (double)from->count, n = a + b;
  const double delta = from->mean - into->mean, square = delta * delta;
  into->fourth += from->fourth + square * square * (a * b * (a * a - a * b + b * b) / (n * n * n)) +
                  6.0 * square * (a * a * from->second + b * b * into->second) / (n * n) +
                  4.0 * delta * (a * from->third - b * into->third) / n;
  into->third += from->third + delta * square * (a * b * (a - b) / (n * n)) +
                 3.0 * delta * (a * from->second - b * into->second) / n;
  into->second += from->second + square * (a * b / n);
  into->mean += delta * (b / n);
  into->magnitudes += from->magnitudes;
  into->count += from->count;
}

static uint64_t count_of(const entry_table *a, const entry_table *b, int sign, unsigned key) {
  return a->count[sign][key] + (b ? b->count[sign][key] : 0);
}

/* Calls for every finite value met would be two loops over the keys: this is the body of both. */
static void add_value(weight_moments *m, double value, uint64_t count) {
  const double n = (double)count, from_mean = value - m->mean, square = from_mean * from_mean;
  m->second += n * square;
  m->third += n * square * from_mean;
  m->fourth += n * square * square;
}

void wlaw_weight_moments_table(weight_moments *out, const entry_table *a, const entry_table *b) {
  const entry_key_kind kind = (entry_key_kind)a->kind;
  const uint64_t zeros = a->zeros + (b ? b->zeros : 0);
  double sum = 0.0;
  *out = (weight_moments){.count = zeros, .min = zeros ? 0.0 : INFINITY, .max = zeros ? 0.0 : -INFINITY};
  for (int sign = 0; sign < 2; sign++)
    for (unsigned key = 0; key < ENTRY_KEYS; key++) {
      const uint64_t count = count_of(a, b, sign, key);
      const double magnitude = count ? wlaw_entry_key_value(kind, key) : NAN;
      if (isnan(magnitude)) continue;
      const double value = sign ? -magnitude : magnitude;
      out->count += count;
      sum += (double)count * value;
      out->magnitudes += (double)count * magnitude;
      out->min = fmin(out->min, value);
      out->max = fmax(out->max, value);
    }
  if (out->count == 0) return;
  out->mean = sum / (double)out->count;
  add_value(out, 0.0, zeros);
  for (int sign = 0; sign < 2; sign++)
    for (unsigned key = 0; key < ENTRY_KEYS; key++) {
      const uint64_t count = count_of(a, b, sign, key);
      const double magnitude = count ? wlaw_entry_key_value(kind, key) : NAN;
      if (!isnan(magnitude)) add_value(out, sign ? -magnitude : magnitude, count);
    }
}
