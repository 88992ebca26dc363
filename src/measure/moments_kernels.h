/* The inner kernel of measure/moments.c: one pass over each matrix, compiled once per instruction set. */
#ifndef WLAW_MEASURE_MOMENTS_KERNELS_H
#define WLAW_MEASURE_MOMENTS_KERNELS_H

#include <stddef.h>

enum {
  MOMENTS_LANES = 8,    /* most matrices side by side in a register */
  MOMENTS_SMALL = 1024, /* most entries of a matrix that goes that way */
  MOMENTS_TILE = 32     /* large square matrices go by pairs of tiles (I, J) and (J, I) */
};

/* pivot[0] is taken off every entry, pivot[1] off the diagonal besides. q: [count, 13] (square, size >= 2) or
 * [count, 5] (rows x cols), in the order of measure/moments.h. scratch: wlaw_moments_scratch() doubles.
 * The numbers of a matrix depend on the matrix, the shape and the pivot, never on its place among the others. */
typedef struct moments_kernels {
  void (*square_small)(double *q, const double *matrices, size_t count, size_t size, const double pivot[2],
                       double *scratch);
  void (*square_large)(double *q, const double *matrix, size_t size, const double pivot[2], double *scratch);
  void (*rectangle_small)(double *q, const double *matrices, size_t count, size_t rows, size_t cols,
                          const double pivot[2], double *scratch);
  void (*rectangle_large)(double *q, const double *matrix, size_t rows, size_t cols, const double pivot[2],
                          double *scratch);
  /* mean: [length], comoment: [length, length] = sum of (q - mean)(q - mean)' over n >= 1 rows of q, two passes */
  void (*spread)(double *mean, double *comoment, const double *q, size_t n, size_t length);
} moments_kernels;

extern const moments_kernels wlaw_moments_kernels_baseline;
#if defined(__x86_64__)
extern const moments_kernels wlaw_moments_kernels_v3, wlaw_moments_kernels_v4;
#endif

#endif
