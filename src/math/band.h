/* From a symmetric band to a tridiagonal matrix of the same eigenvalues. */
#ifndef WLAW_MATH_BAND_H
#define WLAW_MATH_BAND_H

#include "math/band_kernels.h"
#include "weightlaw.h"

/* band: [n, BAND_STRIDE] as in band_kernels.h, overwritten; diagonal: [n], below: [n - 1]. Column after column is
 * cleared and the bulge this makes chased off the end (Lang 1993, DOI 10.1137/0914078). Groups of columns follow one
 * another down the band on different threads, which changes neither the order of what touches an element nor a bit. */
wlaw_status wlaw_band_tridiagonal(double *diagonal, double *below, double *band, size_t n, unsigned threads,
                                  wlaw_error *err);

#endif
