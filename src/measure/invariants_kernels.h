/* The inner loops of measure/invariants.c, compiled once per instruction set. A lane vector is a register's width of
 * doubles. Side by side, L matrices lie in its lanes and an entry is one lane vector; alone, a row is made of lane
 * vectors, padded with zeros, and numbers stand in the first lane. */
#ifndef WLAW_MEASURE_INVARIANTS_KERNELS_H
#define WLAW_MEASURE_INVARIANTS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/cpu.h"

enum { INVARIANTS_LANES = 8 /* most doubles in a lane vector */ };

/* An operand of a product, side by side: strides of rows and columns in lane vectors. */
typedef struct product_operand {
  const double *data;
  size_t row, col;
} product_operand;

typedef struct invariants_layout {
  /* out: a, [rows, width lane vectors], transposed; alone: rows and columns come in whole blocks of lanes */
  void (*transpose)(double *out, const double *a, size_t rows, size_t width);
  /* y[v][i] = sum_j a_ij x[v][j] for n <= 4 vectors, a: [rows, width lane vectors] */
  void (*apply)(double *const *y, const double *a, const double *const *x, size_t n, size_t rows, size_t width);
  /* out = sum_i a_i b_i over n lane vectors */
  void (*dot)(double *out, const double *a, const double *b, size_t n);
} invariants_layout;

typedef struct invariants_kernels {
  size_t lanes;
  invariants_layout layouts[2]; /* by invariant_layout */
  /* out[e], lane l = matrices[l, e]; lanes past count are zero */
  void (*gather)(double *out, const double *matrices, size_t count, size_t entries);
  /* values[l, g] = lane l < count of *numbers[g]; values: [count, n] */
  void (*scatter)(double *values, const double *const *numbers, size_t n, size_t count);
  /* out = a b elementwise, n lane vectors */
  void (*multiply)(double *out, const double *a, const double *b, size_t n);
  /* out_ij = a_ij x_j, [rows, width lane vectors]; out may be a */
  void (*scale)(double *out, const double *a, const double *x, size_t rows, size_t width);
  /* Side by side: out = a b, [rows, cols]; symmetric: it is known to be */
  void (*product)(double *out, product_operand a, product_operand b, size_t rows, size_t inner, size_t cols,
                  bool symmetric);
  /* Alone: the lower triangle from the upper one, [rows, width lane vectors] */
  void (*mirror)(double *a, size_t rows, size_t width);
  /* mean and sum of squared deviations of `length` columns over n >= 1 rows, `stride` apart; two passes */
  void (*spread)(double *mean, double *squares, const double *values, size_t n, size_t length, size_t stride);
} invariants_kernels;

/* Those of an instruction set. */
const invariants_kernels *wlaw_invariants_kernels(cpu_level level);

extern const invariants_kernels wlaw_invariants_kernels_baseline;
#if defined(__x86_64__)
extern const invariants_kernels wlaw_invariants_kernels_v3, wlaw_invariants_kernels_v4;
#endif

#endif
