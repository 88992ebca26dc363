/* Inner loops of dual activations and kernels, compiled once per instruction set. Arrays have whole blocks of
 * DUAL_LANES numbers, so that every entry takes the same instructions wherever it stands. */
#ifndef WLAW_LIMIT_DUAL_KERNELS_H
#define WLAW_LIMIT_DUAL_KERNELS_H

#include "limit/dual.h"

enum { DUAL_PANEL = 2 * DUAL_LANES };

/* One input u against many, v: d in: E (u - v)^2, out: E (phi(u) - phi(v))^2; slope (or NULL): E phi'(u) phi'(v). */
typedef void (*dual_row)(const double *constants, const dual_side *u, size_t i, const dual_side *v, double *d,
                         double *slope);

typedef struct dual_kernels {
  dual_row rectified; /* constants: alpha^2, beta^2 of phi(x) = alpha x + beta |x| */
  dual_row erf, gelu; /* no constants */
  dual_row series;
  /* below x where x < 0, above x elsewhere; in place allowed */
  void (*rectify)(double *out, const double *x, double below, double above, size_t n);
  /* A node of the rule that finds coefficients, n inputs: series[k, :] += polynomials[k] times even or odd by k. */
  void (*coefficients)(double *series, size_t stride, size_t n, const double *polynomials, const double *even,
                       const double *odd);
  /* out [rows, panels * DUAL_PANEL], ld apart, += x y': x [rows, features], stride apart; y packed by panels,
   * [panels, features, DUAL_PANEL]. Every entry is summed in the order of the features, whatever the shape. */
  void (*products)(double *out, size_t ld, const double *x, size_t rows, size_t stride, const double *packed,
                   size_t features, size_t panels);
  /* Products x y' become scale |x - y|^2; returns how many are at most `near` of |x|^2 + |y|^2 (or not a number). */
  size_t (*distances)(double *d, double norm, const double *norms, double scale, double near, size_t n);
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
