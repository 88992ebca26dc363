/* Weights as codes: the lattice of repeated values they may lie on, and the bits their codes cost. */
#ifndef WLAW_MEASURE_WEIGHT_CODES_H
#define WLAW_MEASURE_WEIGHT_CODES_H

#include "measure/weight_source.h"
#include "measure/weight_summary.h"

/* Values offset + step * integer, fewer than their number format would allow: the mark of dequantised weights. */
typedef struct weight_lattice {
  bool found;
  bool by_row;    /* every row, or group of weights in it, has a step of its own; step is then the median */
  uint64_t group; /* so many weights have a step of their own; 0: the whole row */
  double step;
  double offset;     /* 0 where 0 is on the lattice; NaN: each row has its own */
  unsigned bits;     /* that number the levels from the least to the largest value, 12 at most */
  uint64_t distinct; /* values other than 0 in what was looked at; by_row: in one row, at most */
} weight_lattice;

/* From a sample of up to 32,768 weights. Formats with a scale for each group of weights in a row (q4_0, q4_K) are not
 * found. */
wlaw_status wlaw_weight_lattice(weight_lattice *out, const weight_source *source, wlaw_error *err);

/* Bits per weight of the codes round(w / 2^-13), ties to even, of finite weights: Shannon entropy, and the mean
 * exponential-Golomb code length 2 floor(log2(e + 2^k)) - k + 1 of code number e in order of falling frequency, with
 * the best order k. NaN where there are none, and where f32 or f64 weights go beyond 256. */
typedef struct weight_bits {
  double entropy, exp_golomb;
  unsigned order;
  uint64_t codes; /* different ones */
} weight_bits;

/* The summary's tables hold all there is to know of bf16 and f16 weights; others are walked through once more. */
wlaw_status wlaw_weight_bits(weight_bits *out, const weight_source *source, const weight_summary *summary,
                             unsigned threads, wlaw_monitor *monitor, wlaw_error *err);

#endif
