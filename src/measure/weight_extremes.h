/* The largest entries of a matrix, with their places. */
#ifndef WLAW_MEASURE_WEIGHT_EXTREMES_H
#define WLAW_MEASURE_WEIGHT_EXTREMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEIGHT_EXTREMES = 8 };

typedef struct weight_extreme {
  double value; /* as stored, with its sign; may be infinite */
  uint64_t row, column;
} weight_extreme;

/* In order: by falling magnitude, then by row, then by column. */
typedef struct weight_extremes {
  weight_extreme entry[WEIGHT_EXTREMES];
  size_t n;
} weight_extremes;

/* Whether an entry of this magnitude that comes after all others would be taken. */
bool wlaw_extremes_want(const weight_extremes *extremes, double magnitude);
/* Takes an entry if it is among the largest. Not NaN, not 0. */
void wlaw_extremes_add(weight_extremes *extremes, const weight_extreme *entry);
void wlaw_extremes_merge(weight_extremes *into, const weight_extremes *from);

#endif
