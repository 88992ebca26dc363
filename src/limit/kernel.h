/* Kernels of infinitely wide multilayer perceptrons with independent weights: NNGP and NTK (NTK parameterisation, all
 * layers and biases trained; Jacot, Gabriel and Hongler 2018).
 *     K_1 = T_1 = sigma_b^2 + sigma_w^2 x x' / features
 *     K_l+1 = sigma_b^2 + sigma_w^2 dual(K_l),   T_l+1 = K_l+1 + sigma_w^2 slope(K_l) T_l,   l = 1 .. depth */
#ifndef WLAW_LIMIT_KERNEL_H
#define WLAW_LIMIT_KERNEL_H

#include "core/monitor.h"
#include "limit/dual.h"

typedef struct kernel_spec {
  dual_activation activation;
  size_t depth; /* hidden layers */
  double weight_variance, bias_variance;
  bool ntk; /* false: NNGP */
} kernel_spec;

wlaw_status wlaw_kernel_check(const kernel_spec *spec, wlaw_error *err);

/* Rows of inputs in double, [n, features], with their squared norms. */
typedef struct kernel_inputs {
  const double *x;
  size_t n, features;
  double *norms; /* [n], |x|^2; wlaw_kernel_inputs_new fills it */
} kernel_inputs;
/* x is borrowed. WLAW_VALUE for a value that is not finite, naming its place. */
wlaw_status wlaw_kernel_inputs_new(kernel_inputs *out, const double *x, size_t n, size_t features, wlaw_error *err);
void wlaw_kernel_inputs_free(kernel_inputs *inputs);

/* The kernel of each input with itself, exact: nngp, ntk [n], either may be NULL. WLAW_NUMERIC where it overflows,
 * naming the input and the layer: call it before wlaw_kernel_block. */
wlaw_status wlaw_kernel_diagonal(double *nngp, double *ntk, const kernel_spec *spec, const kernel_inputs *inputs,
                                 wlaw_error *err);

/* The block rows [row, row + rows) x columns [col, col + cols) of the kernel between two sets of inputs (a == b: its
 * diagonal is exact) into out, ld numbers from one row to the next. NNGP into nngp, NTK into ntk; either may be NULL.
 * One thread; scratch: wlaw_kernel_scratch() doubles. The bytes of an entry depend on its two inputs alone, however the
 * whole is cut; work goes by tiles of KERNEL_TILE rows and columns. */
enum { KERNEL_TILE = 128 };
size_t wlaw_kernel_scratch(void);
void wlaw_kernel_block(const kernel_spec *spec, const kernel_inputs *a, size_t row, size_t rows, const kernel_inputs *b,
                       size_t col, size_t cols, double *nngp, double *ntk, size_t ld, double *scratch);

/* The whole matrix in tiles on all threads; symmetric ones are made half and mirrored. out: [a->n, b->n]. */
wlaw_status wlaw_kernel_matrix(double *out, const kernel_spec *spec, const kernel_inputs *a, const kernel_inputs *b,
                               unsigned threads, wlaw_monitor *monitor, wlaw_error *err);

#endif
