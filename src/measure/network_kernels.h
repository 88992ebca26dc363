/* The inner kernels of measure/network_moments.c, compiled once per instruction set. */
#ifndef WLAW_MEASURE_NETWORK_KERNELS_H
#define WLAW_MEASURE_NETWORK_KERNELS_H

#include <stddef.h>

enum {
  NETWORK_LANES = 8, /* the most doubles in a register: vectors of nodes are padded to a multiple of it with zeros */
  NETWORK_TILE = 16  /* the most copies side by side: rows of copies are padded to a multiple of it */
};

/* Vectors of copies over nodes of several networks, `step` doubles from one network to the next. */
typedef struct network_vectors {
  const double *left, *right; /* the same for a Gram matrix */
  size_t copies, nodes, stride, networks, step;
} network_vectors;

typedef struct network_kernels {
  /* Of x - pivot, x: [rows, cols] float or double: sums and sums of squares over each row and each column,
   * column_square NULL where it is not wanted. */
  void (*sums_single)(double *row, double *row_square, double *column, double *column_square, const float *x,
                      size_t rows, size_t cols, double pivot);
  void (*sums_double)(double *row, double *row_square, double *column, double *column_square, const double *x,
                      size_t rows, size_t cols, double pivot);
  /* out[i * step] = (sum[i] - total / n) * scale, and the sum of their squares. */
  double (*centre)(double *out, size_t step, const double *sum, size_t n, double total, double scale);
  /* For each network in turn, with g_ab = sum over nodes of left_a right_b: products += g, squares += g^2 (NULL: not
   * wanted); both [copies, copies], where left is right the upper triangle alone. Few copies: copy a of a network is
   * [stride] nodes. Many: node i is [stride] copies. What is added does not depend on how networks are cut into calls.
   */
  void (*gram_few)(double *products, double *squares, const network_vectors *v);
  void (*gram_many)(double *products, double *squares, const network_vectors *v);
} network_kernels;

extern const network_kernels wlaw_network_kernels_baseline;
#if defined(__x86_64__)
extern const network_kernels wlaw_network_kernels_v3, wlaw_network_kernels_v4;
#endif

#endif
