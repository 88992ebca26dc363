/* From data to pixels: ranges, linear and logarithmic scales, round tick values. */
#ifndef WLAW_REPORT_SCALE_H
#define WLAW_REPORT_SCALE_H

#include <stdbool.h>
#include <stddef.h>

#include "report/number.h"

/* Smallest interval holding the finite numbers seen. Start with RANGE_EMPTY. */
typedef struct data_range {
  double low, high;
} data_range;
#define RANGE_EMPTY ((data_range){1.0, -1.0})
void wlaw_range_add(data_range *range, double value); /* non-finite values are ignored */
void wlaw_range_add_all(data_range *range, const double *values, size_t n);
bool wlaw_range_is_empty(const data_range *range);

typedef enum scale_kind { SCALE_LINEAR, SCALE_LOG, SCALE_INTEGER } scale_kind;

typedef struct scale {
  scale_kind kind;
  double low, high; /* low < high; positive for SCALE_LOG */
  double from, to;  /* pixels of low and of high */
} scale;

enum { TICKS_MOST = 16 };
typedef struct scale_ticks {
  double at[TICKS_MOST];
  size_t n;
  int decimals; /* of linear labels; negative: label each number for itself */
} scale_ticks;

/* A scale over range with about `wanted` ticks (2 to 12). SCALE_LINEAR and SCALE_LOG widen the range to round numbers;
 * SCALE_INTEGER keeps it and has whole ticks. An empty range becomes [0, 1]; one of no width is widened; numbers not
 * above 0 do not count on a log scale. */
scale wlaw_scale_make(scale_ticks *ticks, scale_kind kind, data_range range, size_t wanted);
/* Pixel of value; NaN where it has none (not finite, or not positive on a log scale). Values outside are clamped to
 * the ends. */
double wlaw_scale_at(const scale *axis, double value);
number_text wlaw_tick_text(const scale_ticks *ticks, size_t i);

#endif
