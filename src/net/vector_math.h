/* Elementary functions on sixteen lanes. Polynomials: our own weighted least-maximum fits; errors as tested. */
#ifndef WLAW_NET_VECTOR_MATH_H
#define WLAW_NET_VECTOR_MATH_H

#include "net/lanes.h"

/* exp(x) for x <= 88, within 2 ulp; below -87 the result is exp(-87) = 1.6e-38 (no subnormals). NaN gives NaN.
 * x = n ln 2 + r with ln 2 in two parts (Cody and Waite 1980), exp(r) = 1 + r + r^2 q(r). */
INLINE v16 v16_exp(v16 x) {
  const v16 round = v16_set(12582912.0f); /* 1.5 * 2^23: adding it rounds to a whole number */
  x = v16_max(v16_set(-87.0f), x);
  const v16 n = v16_sub(v16_fma(x, v16_set(1.44269504f), round), round);
  v16 r = v16_fma(n, v16_set(-0x1.62e4p-1f), x);
  r = v16_fma(n, v16_set(-0x1.7f7d1cp-20f), r);
  v16 q = v16_fma(r, v16_set(0x1.6c6b96p-10f), v16_set(0x1.12102p-7f));
  q = v16_fma(q, r, v16_set(0x1.5555bep-5f));
  q = v16_fma(q, r, v16_set(0x1.5554d8p-3f));
  q = v16_fma(q, r, v16_set(0.5f));
  const v16 e = v16_add(v16_fma(v16_mul(r, r), q, r), v16_set(1.0f));
  return v16_mul(e, v16_power_of_two(n));
}

/* log(x) for normal x > 0, within 2 ulp or 1e-7, whichever is larger. Infinity and NaN give NaN.
 * x = m 2^e, log(m) = f - f^2/2 + f^3 q(f) with f = m - 1. */
INLINE v16 v16_log(v16 x) {
  v16 e;
  const v16 f = v16_sub(v16_split(x, &e), v16_set(1.0f));
  v16 q = v16_fma(f, v16_set(0x1.204c7ap-4f), v16_set(-0x1.d7b2b4p-4f));
  q = v16_fma(q, f, v16_set(0x1.de4e02p-4f));
  q = v16_fma(q, f, v16_set(-0x1.fcb8e6p-4f));
  q = v16_fma(q, f, v16_set(0x1.23d33ap-3f));
  q = v16_fma(q, f, v16_set(-0x1.555ca6p-3f));
  q = v16_fma(q, f, v16_set(0x1.999d5ap-3f));
  q = v16_fma(q, f, v16_set(-0x1.fffff8p-3f));
  q = v16_fma(q, f, v16_set(0x1.555554p-2f));
  const v16 square = v16_mul(f, f);
  v16 y = v16_fma(v16_mul(square, f), q, v16_mul(v16_set(-0.5f), square));
  y = v16_fma(e, v16_set(0x1.7f7d1cp-20f), y);
  y = v16_fma(e, v16_set(0x1.62e4p-1f), v16_add(y, f));
  return v16_add(y, v16_sub(x, x)); /* x - x is 0 for finite x, NaN otherwise */
}

/* tanh(x) within 3 ulp: (1 - e) / (1 + e) with e = exp(-2|x|), and its Taylor series below 0.3, where that cancels. */
INLINE v16 v16_tanh(v16 x) {
  const v16 one = v16_set(1.0f), size = v16_abs(x);
  const v16 e = v16_exp(v16_mul(v16_set(-2.0f), size));
  const v16 large = v16_with_sign(v16_div(v16_sub(one, e), v16_add(one, e)), x);
  const v16 square = v16_mul(x, x);
  v16 series = v16_fma(square, v16_set(62.0f / 2835.0f), v16_set(-17.0f / 315.0f));
  series = v16_fma(series, square, v16_set(2.0f / 15.0f));
  series = v16_fma(series, square, v16_set(-1.0f / 3.0f));
  const v16 small = v16_fma(v16_mul(series, square), x, x);
  return v16_where_greater(v16_set(0.3f), size, small, large);
}

#endif
