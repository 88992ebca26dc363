#include "report/scale.h"

#include <math.h>

/* Beyond these the arithmetic of spans and ticks overflows or loses its digits; smaller numbers are drawn as 0. */
static const double LARGEST = 1e300, SMALLEST = 1e-290;

void wlaw_range_add(data_range *range, double value) {
  if (!isfinite(value)) return;
  value = fabs(value) < SMALLEST ? 0.0 : fmin(fmax(value, -LARGEST), LARGEST);
  if (wlaw_range_is_empty(range)) *range = (data_range){value, value};
  range->low = fmin(range->low, value);
  range->high = fmax(range->high, value);
}

void wlaw_range_add_all(data_range *range, const double *values, size_t n) {
  for (size_t i = 0; i < n; i++) wlaw_range_add(range, values[i]);
}

bool wlaw_range_is_empty(const data_range *range) { return !(range->low <= range->high); }

/* A range that cannot be divided into ticks is widened: by a tenth of its size, or to a width of 1 around 0. */
static data_range with_width(data_range range) {
  if (wlaw_range_is_empty(&range)) return (data_range){0.0, 1.0};
  const double size = fmax(fabs(range.low), fabs(range.high));
  if (range.high - range.low > 1e-9 * size) return range;
  const double margin = size > 0 ? 0.1 * size : 0.5;
  return (data_range){range.low - margin, range.high + margin};
}

/* 1, 2 or 5 times a power of ten. */
typedef struct round_step {
  double digit;
  int exponent;
} round_step;

static double step_value(round_step step) { return step.digit * pow(10.0, step.exponent); }

static round_step step_at_least(double raw) {
  const int exponent = (int)floor(log10(raw));
  const double mantissa = raw / pow(10.0, exponent);
  if (mantissa <= 1.0 + 1e-9) return (round_step){1, exponent};
  if (mantissa <= 2.0 + 1e-9) return (round_step){2, exponent};
  if (mantissa <= 5.0 + 1e-9) return (round_step){5, exponent};
  return (round_step){1, exponent + 1};
}

/* k steps, divided rather than multiplied for small steps: 3 * 0.1 is not 0.3. */
static double step_multiple(double k, round_step step) {
  return step.exponent < 0 ? k * step.digit / pow(10.0, -step.exponent) : k * step.digit * pow(10.0, step.exponent);
}

static scale linear(scale_ticks *ticks, scale_kind kind, data_range range, size_t wanted) {
  const bool whole = kind == SCALE_INTEGER;
  round_step step = step_at_least((range.high - range.low) / (double)wanted);
  if (whole && step.exponent < 0) step = (round_step){1, 0};
  const double slack = whole ? 0 : 1e-9, width = step_value(step);
  const double first = whole ? ceil(range.low / width - slack) : floor(range.low / width + slack);
  const double last = whole ? floor(range.high / width + slack) : ceil(range.high / width - slack);
  ticks->n = 0;
  ticks->decimals = step.exponent < 0 ? -step.exponent : 0;
  for (double k = first; k <= last && ticks->n < TICKS_MOST; k++) ticks->at[ticks->n++] = step_multiple(k, step);
  const double largest = fmax(fabs(range.low), fabs(range.high));
  if (largest >= 1e6 || (largest < 1e-3 && largest > 0)) ticks->decimals = -1;
  scale made = {.kind = kind, .low = range.low, .high = range.high};
  if (whole) return made;
  made.low = step_multiple(first, step);
  made.high = step_multiple(last, step);
  return made;
}

/* Largest of 1, 2, 5 times a power of ten that is not above value, or the least not below it. */
static double round_log(double value, bool up) {
  static const double digits[] = {1, 2, 5, 10};
  const double power = pow(10.0, floor(log10(value)));
  for (int i = 0; i < 4; i++) {
    const double here = digits[i] * power;
    if (up && here >= value * (1 - 1e-9)) return here;
    if (!up && i < 3 && digits[i + 1] * power > value * (1 + 1e-9)) return here;
  }
  return 10 * power;
}

static scale logarithmic(scale_ticks *ticks, data_range range, size_t wanted) {
  scale made = {.kind = SCALE_LOG, .low = round_log(range.low, false), .high = round_log(range.high, true)};
  if (!(made.low < made.high)) made.low /= 10;
  const double first = floor(log10(made.low) + 1e-9), decades = log10(made.high) - first;
  const double every = fmax(1.0, ceil(decades / (double)wanted));
  const bool between = decades <= 2.5; /* few decades: ticks at 2 and 5 too */
  static const double digits[] = {1, 2, 5};
  ticks->n = 0;
  ticks->decimals = -1;
  for (double decade = first; decade <= first + decades + 1e-9; decade += every)
    for (int i = 0; i < (between ? 3 : 1); i++) {
      const double at = decade < 0 ? digits[i] / pow(10.0, -decade) : digits[i] * pow(10.0, decade);
      const bool inside = at >= made.low * (1 - 1e-9) && at <= made.high * (1 + 1e-9);
      if (inside && ticks->n < TICKS_MOST) ticks->at[ticks->n++] = at;
    }
  return made;
}

scale wlaw_scale_make(scale_ticks *ticks, scale_kind kind, data_range range, size_t wanted) {
  if (wanted < 2) wanted = 2;
  if (wanted > 12) wanted = 12;
  if (kind != SCALE_LOG) return linear(ticks, kind, with_width(range), wanted);
  if (wlaw_range_is_empty(&range) || !(range.high > 0)) range = (data_range){0.1, 1.0};
  if (!(range.low > 0)) range.low = range.high / 1000;
  return logarithmic(ticks, range, wanted);
}

double wlaw_scale_at(const scale *axis, double value) {
  if (!isfinite(value) || (axis->kind == SCALE_LOG && !(value > 0))) return NAN;
  value = fmin(fmax(value, axis->low), axis->high);
  const bool log_scale = axis->kind == SCALE_LOG;
  const double part = log_scale ? (log(value) - log(axis->low)) / (log(axis->high) - log(axis->low))
                                : (value - axis->low) / (axis->high - axis->low);
  return axis->from + part * (axis->to - axis->from);
}

number_text wlaw_tick_text(const scale_ticks *ticks, size_t i) {
  if (ticks->decimals >= 0) return wlaw_number_fixed(ticks->at[i], ticks->decimals);
  number_text shortest = {""};
  for (int digits = 1; digits <= 4; digits++) {
    shortest = wlaw_number(ticks->at[i], digits);
    /* One digit unless that would move the tick. */
    const double unit = ticks->at[i] == 0 ? 1 : pow(10.0, floor(log10(fabs(ticks->at[i]))) - digits + 1);
    const double parts = ticks->at[i] / unit;
    if (fabs(parts - round(parts)) < 1e-6) break;
  }
  return shortest;
}
