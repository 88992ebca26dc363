/* Inner loops of the passes over weights, compiled once per instruction set. */
#ifndef WLAW_MEASURE_WEIGHT_KERNELS_H
#define WLAW_MEASURE_WEIGHT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "core/cpu.h"

enum {
  WEIGHT_CHUNK = 4096,   /* weights of a row at a time: the sums of their columns stay in the nearest caches */
  COUNTER_KEYS = 1 << 16 /* a sign and an entry key */
};

/* Of part of a row of weights of at most 32 bits, or of doubles. */
typedef struct row_part {
  double sum, squares, largest; /* of finite weights; largest magnitude. sum: where they are handed out as doubles */
  uint64_t bad;                 /* not 0: some are not finite */
  uint64_t zeros[2];            /* by sign; counted for f32 alone */
} row_part;

/* What a chunk adds to measure/weight_moments.h, and counts of small magnitudes. */
typedef struct chunk_moments {
  double magnitudes, second, third, fourth; /* sums of |x| and of powers of x - mean */
  uint64_t zeros, subnormal, tiny;          /* x = 0; 0 < |x| < limit[0]; 0 < |x| < limit[1] */
} chunk_moments;

/* One pass over part of a row: counts as count_16 and count_32 do (counters NULL: does not), adds squares to
 * column_squares [n], raises column_largest [n] (bits of floats; of f16 times 2^-112), hands out x [n] as decode does
 * (NULL: does not). */
typedef row_part (*row_kernel)(void *counters, double *column_squares, int32_t *column_largest, double *x,
                               const void *in, size_t n);

/* Weights as stored need no alignment; n <= WEIGHT_CHUNK unless said otherwise. */
typedef struct weight_kernels {
  /* Exactly, those that are not finite as 0; returns how many are not. */
  size_t (*decode_f16)(double *out, const void *in, size_t n);
  size_t (*decode_bf16)(double *out, const void *in, size_t n);
  size_t (*decode_f32)(double *out, const void *in, size_t n);
  size_t (*decode_f64)(double *out, const void *in, size_t n);
  row_kernel row_f16, row_bf16, row_f32;
  /* The same of doubles, finite ones; nothing is counted. */
  row_part (*row_f64)(double *column_squares, double *column_largest, const double *x, size_t n);
  /* n >= 1 */
  chunk_moments (*moments)(const double *x, size_t n, double mean, const double limits[2]);
  /* Any n. Counts by all 16 bits, neighbours in different ones of COUNTER_KEYS x 2 counters. */
  void (*count_16)(uint32_t *counters, const void *in, size_t n);
  /* Any n. Adds 2^40 + (lower 16 bits) to the counter of the upper 16, and counts the zeros by sign besides. */
  void (*count_32)(uint64_t *counters, uint64_t zeros[2], const void *in, size_t n);
  /* To binary32, no finite one to infinity and none to 0. */
  void (*narrow)(float *out, const double *in, size_t n);
  /* out = |x| * row * columns: balanced magnitudes of part of a row, row and columns the inverse scales. */
  void (*balance)(double *out, const double *x, double row, const double *columns, size_t n);
  void (*balance_32)(float *out, const double *x, double row, const double *columns, size_t n); /* rounded */
  /* Sum of x^2 * columns; and columns += x^2 * row. */
  double (*row_squares)(const double *x, const double *columns, size_t n);
  void (*column_squares)(double *columns, const double *x, double row, size_t n);
  /* Adds functions[key], four of them, of each weight to columns: [n, 4] and to row: [4]. */
  void (*influence_16)(double *columns, double *row, const float *functions, const void *in, size_t n);
  void (*influence_32)(double *columns, double *row, const float *functions, const void *in, size_t n);
} weight_kernels;

extern const weight_kernels wlaw_weight_kernels_baseline;
#if defined(__x86_64__)
extern const weight_kernels wlaw_weight_kernels_v3, wlaw_weight_kernels_v4;
#endif

#endif
