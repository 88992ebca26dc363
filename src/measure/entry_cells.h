/* The distribution of weights by the leading bits of their magnitudes, and as ascending cells.
 *
 * The upper bits of a float's magnitude are a monotone key, so 32,768 counters are the order statistics of bf16 and f16
 * weights; of f32 weights they are narrow cells (at most 2^-7 wide, relatively), whose means the low bits' sums keep
 * exactly.
 */
#ifndef WLAW_MEASURE_ENTRY_CELLS_H
#define WLAW_MEASURE_ENTRY_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weightlaw.h"

enum { ENTRY_KEYS = 1 << 15 };

/* Which 15 bits: of bf16 or of the upper half of an f32 (f64 is rounded to f32), or of f16. */
typedef enum entry_key_kind { ENTRY_KEY_F32, ENTRY_KEY_F16 } entry_key_kind;

/* Counts of finite and non-finite weights other than 0 by sign (1: negative) and key. low: sum of the 16 bits below the
 * key (f32 only). Flat and mergeable; sums of integers, so that the order of merging is of no account. */
typedef struct entry_table {
  uint64_t kind;       /* entry_key_kind */
  uint64_t cells_wide; /* 0: all weights of a key are equal (bf16, f16) */
  uint64_t zeros;      /* of either sign: counted here alone */
  uint64_t count[2][ENTRY_KEYS], low[2][ENTRY_KEYS];
} entry_table;

/* The magnitude at a key's lower end (cells that are not wide: its only value); NaN for keys that are not finite. */
double wlaw_entry_key_value(entry_key_kind kind, unsigned key);
/* Width of the range of magnitudes that share a key; 0 for keys that are not finite. */
double wlaw_entry_key_width(entry_key_kind kind, unsigned key);
/* The key a magnitude falls into; finite magnitudes beyond the format's share its last finite key. */
unsigned wlaw_entry_key(entry_key_kind kind, double magnitude);

/* Weights in ascending order, gathered. Caller frees with wlaw_cells_free. */
typedef struct entry_cells {
  size_t n;
  double *value;   /* [n] mean weight of the cell, ascending */
  double *low;     /* [n] lower end of the cell's range */
  double *width;   /* [n] of the range; 0: all its weights are equal to value */
  uint64_t *count; /* [n], at least 1 */
  uint64_t total;
} entry_cells;

/* Of finite weights other than 0, from one or two tables (b may be NULL) of one kind. */
wlaw_status wlaw_cells_signed(entry_cells *out, const entry_table *a, const entry_table *b, wlaw_error *err);
wlaw_status wlaw_cells_magnitudes(entry_cells *out, const entry_table *a, const entry_table *b, wlaw_error *err);
/* Of an ascending array without zeros: equal neighbours share a cell. */
wlaw_status wlaw_cells_sorted(entry_cells *out, const double *ascending, size_t n, wlaw_error *err);
void wlaw_cells_free(entry_cells *cells); /* safe on a zeroed struct */

/* Ascending by value, in place; scratch: [n]. Radix sort of the bits; all values >= 0, none NaN, no -0. */
void wlaw_sort_magnitudes(double *values, double *scratch, size_t n);

#endif
