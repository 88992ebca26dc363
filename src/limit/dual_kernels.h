/* Inner loops of dual activations and kernels, compiled once per instruction set. Arrays have whole blocks of
 * DUAL_LANES numbers, so that every entry takes the same instructions wherever it stands. */
#ifndef WLAW_LIMIT_DUAL_KERNELS_H
#define WLAW_LIMIT_DUAL_KERNELS_H

#include "limit/dual.h"

/* One input u against many, v: d in: E (u - v)^2, out: E (phi(u) - phi(v))^2; slope (or NULL): E phi'(u) phi'(v). */
typedef void (*dual_row)(const double *constants, const dual_side *u, size_t i, const dual_side *v, double *d,
                         double *slope);

typedef struct dual_kernels {
  dual_row rectified; /* constants: alpha^2, beta^2 of phi(x) = alpha x + beta |x| */
  dual_row erf, gelu; /* no constants */
  dual_row series;
  /* Coefficients of one input in the Hermite polynomials: out[k * stride] = sum_i node[i] even or odd of h_k. */
  void (*coefficients)(double *out, size_t stride, const double *nodes, const double *even, const double *odd);
  /* One layer further: d *= weight_variance; ntk (or NULL) = k(a, b, d) + weight_variance * slope * ntk. */
  void (*advance)(double *d, double *ntk, const double *slope, double a, const double *b, double weight_variance,
                  size_t n);
  /* k = (a + b - d) / 2 */
  void (*covariance)(double *k, double a, const double *b, const double *d, size_t n);
} dual_kernels;

extern const dual_kernels wlaw_dual_kernels_baseline;
#if defined(__x86_64__)
extern const dual_kernels wlaw_dual_kernels_v3, wlaw_dual_kernels_v4;
#endif
const dual_kernels *wlaw_dual_kernels(void); /* of this processor */

#endif
