/* One step of the chase of a bulge down a symmetric band; compiled once per instruction set. */
#ifndef WLAW_MATH_BAND_KERNELS_H
#define WLAW_MATH_BAND_KERNELS_H

#include <stddef.h>

enum { BAND_WIDTH = 32, BAND_STRIDE = 2 * BAND_WIDTH }; /* the bulge fills one width more below the band */

/* A reflection 1 - tau v v' of rows and columns first .. first + length - 1. */
typedef struct band_reflection {
  size_t first, length;
  double tau, v[BAND_WIDTH];
} band_reflection;

/* band: the lower triangle, element (i, j) at band[j * BAND_STRIDE + i - j], zero beyond BAND_WIDTH.
 * start: the reflection that clears column `column` below its first subdiagonal, and that column cleared.
 * step: applies r on both sides of its diagonal block, and to the block below; then clears the first column of that one
 * by the next reflection, which replaces r (length 0 at the end of the matrix) and is applied to the block's rest. */
typedef struct band_kernels {
  void (*start)(band_reflection *r, double *band, size_t n, size_t column);
  void (*step)(band_reflection *r, double *band, size_t n);
} band_kernels;

extern const band_kernels wlaw_band_kernels_baseline;
#if defined(__x86_64__)
extern const band_kernels wlaw_band_kernels_v3, wlaw_band_kernels_v4;
#endif

#endif
