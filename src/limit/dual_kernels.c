/* Pairs of one input with many, without cancellation: everything is written in d = a + b - 2c, det = ab - c^2 and
 * differences of a and b that are formed first. Derivations: docs/kernels.md. Sums of two products that u and v
 * exchange, as aq + bp, are written as ((a + b)(p + q) - (a - b)(p - q))/2: contracted to a fused multiply-add the
 * first would round by the order, and (u, v) must give the bytes of (v, u). */
#include "limit/dual_kernels.h"

#include <math.h>
#include <string.h>

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)
#define INLINE       static inline __attribute__((always_inline))

/* Polynomials below: interpolation at Chebyshev points, coefficients found with 60 digits. Truncation errors are
 * relative; the evaluation adds at most two roundings. Plain Horner steps: the loops around them fill the pipeline. */

/* asin(x) / x, h = x^2 in [0, 1/2]: within 3.3e-17. */
INLINE double arcsine_ratio(double h) {
  double q = 0x1.c751137d17be2p-1;
  q = q * h - 0x1.a3b414e8fbd83p+1;
  q = q * h + 0x1.70821a42b32e0p+2;
  q = q * h - 0x1.8eacd96273eb1p+2;
  q = q * h + 0x1.2917a8328b8c8p+2;
  q = q * h - 0x1.3ed52eb63958cp+1;
  q = q * h + 0x1.0219811b2d5bap+0;
  q = q * h - 0x1.2ffed4e682168p-2;
  q = q * h + 0x1.426bd3d739317p-4;
  q = q * h - 0x1.54fd1ff49c16fp-9;
  q = q * h + 0x1.b03e2652d5511p-7;
  q = q * h + 0x1.c44fb258f47f6p-7;
  q = q * h + 0x1.1c7f1339913c4p-6;
  q = q * h + 0x1.6e893a3f28ea7p-6;
  q = q * h + 0x1.f1c730cb592e5p-6;
  q = q * h + 0x1.6db6db397446bp-5;
  q = q * h + 0x1.3333333379e36p-4;
  q = q * h + 0x1.55555555552f8p-3;
  return q * h + 1.0;
}

/* (sin t - t cos t) / x^3 with t = 2 asin(x), h = x^2 in [0, 1/2]: within 5.6e-17. */
INLINE double segment_ratio(double h) {
  double q = 0x1.d18e89daa61c3p-4;
  q = q * h - 0x1.8a212dae9bc7dp-2;
  q = q * h + 0x1.4105e116b1193p-1;
  q = q * h - 0x1.3fca1ee043462p-1;
  q = q * h + 0x1.b765541b7f1e9p-2;
  q = q * h - 0x1.a9ddbaa8ccce6p-3;
  q = q * h + 0x1.4120c5b77f035p-4;
  q = q * h - 0x1.22130b0261c4fp-6;
  q = q * h + 0x1.035e67859a17ep-7;
  q = q * h + 0x1.14f8975e1985fp-8;
  q = q * h + 0x1.b35c9d6236727p-8;
  q = q * h + 0x1.2f12a36498a94p-7;
  q = q * h + 0x1.c324b9922d113p-7;
  q = q * h + 0x1.6a051f1f11f13p-6;
  q = q * h + 0x1.45145169f1fd9p-5;
  q = q * h + 0x1.5f15f15ede49cp-4;
  q = q * h + 0x1.111111111121bp-2;
  return q * h + 0x1.5555555555555p+1;
}

/* atan(t) / t, z = t^2 in [0, 1]: within 1e-16. */
INLINE double arctangent_ratio(double z) {
  double q = -0x1.4482c0163d204p-16;
  q = q * z + 0x1.c14a3545e0a7cp-13;
  q = q * z - 0x1.26fa8be8f2d94p-10;
  q = q * z + 0x1.ebab523909113p-9;
  q = q * z - 0x1.269ea671762eep-7;
  q = q * z + 0x1.11ef1192e2d46p-6;
  q = q * z - 0x1.a2ea9496cdc41p-6;
  q = q * z + 0x1.15793204f6645p-5;
  q = q * z - 0x1.4e5363aab942cp-5;
  q = q * z + 0x1.7e76af7f41c7cp-5;
  q = q * z - 0x1.ad0cbb28b3bd7p-5;
  q = q * z + 0x1.e16e04b1e64abp-5;
  q = q * z - 0x1.11079c6f13efap-4;
  q = q * z + 0x1.3b128d748b90cp-4;
  q = q * z - 0x1.745cfe507e396p-4;
  q = q * z + 0x1.c71c7058c2e99p-4;
  q = q * z - 0x1.2492491e1db71p-3;
  q = q * z + 0x1.999999997aa26p-3;
  q = q * z - 0x1.555555555537bp-2;
  return q * z + 1.0;
}

/* atan2(y, x) for y, x >= 0; 0 for 0, 0. */
INLINE double arctangent(double y, double x) {
  const double small = y < x ? y : x, large = y < x ? x : y, t = small / (large + 0x1p-1022);
  const double angle = t * arctangent_ratio(t * t);
  return y <= x ? angle : 0x1.921fb54442d18p+0 - angle;
}

/* With angle t between u and v: h = sin^2(t/2) = (d - (sqrt a - sqrt b)^2) / (4 sqrt(ab)), and
 *     E (|u| - |v|)^2 = (sqrt a - sqrt b)^2 + 4 sqrt(ab) (k - (sin s - s cos s) / pi),   E sign u sign v = 1 - 2t/pi
 * with k = min(h, 1 - h) = sin^2(s/2), s = min(t, pi - t). */
INLINE void rectified_row(const double *constants, const dual_side *u, size_t i, const dual_side *v, double *restrict d,
                          double *restrict slope) {
  const double alpha2 = constants[0], beta2 = constants[1], root = u->root[i], inverse = 0.25 * u->angle[i];
  const double *restrict roots = v->root, *restrict inverses = v->angle;
  const size_t blocks = v->stride / DUAL_LANES;
  for (size_t j = 0; j < blocks * DUAL_LANES; j++) {
    const double e = root - roots[j], f = root + roots[j], e2 = e * e, g4 = 4.0 * root * roots[j];
    const double scale = inverse * inverses[j], h = (d[j] - e2) * scale;
    const double other = (f * f - d[j]) * scale; /* 1 - h */
    const double least = h < other ? h : other, k = least > 0.0 ? least : 0.0, x = sqrt(k);
    const double apart = e2 + g4 * (k - 0x1.45f306dc9c883p-2 * (x * k * segment_ratio(k)));
    d[j] = alpha2 * d[j] + beta2 * apart;
    if (slope) {
      const double sign = 1.0 - 0x1.45f306dc9c883p+0 * (x * arcsine_ratio(k));
      slope[j] = alpha2 + beta2 * (h < other ? sign : -sign);
    }
  }
}
static void rectified(const double *constants, const dual_side *u, size_t i, const dual_side *v, double *d,
                      double *slope) {
  if (slope) rectified_row(constants, u, i, v, d, slope);
  else rectified_row(constants, u, i, v, d, NULL);
}

static void rectify(double *out, const double *x, double below, double above, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = x[i] * (x[i] < 0.0 ? below : above);
}

/* With A = 1 + 2a, p = sqrt(1 + 4a) (`root`), B and q of v: sin(angle_a) = 2a/A, sin(t) = 2c/sqrt(AB), and
 *     E (phi(u) - phi(v))^2 = (2/pi) (angle_a + angle_b - 2t) = (4/pi) atan(N/M),
 *     N = 8 det + (p - q)^2/2,   M = 2aq + 2bp + 4c sqrt(AB - 4c^2)    for c >= 0;
 * for c < 0 it is (4/pi) (angle_a + angle_b) less the same at |c|. Slope: (4/pi) / sqrt(AB - 4c^2). */
INLINE void erf_row(const dual_side *u, size_t i, const dual_side *v, double *restrict d, double *restrict slope) {
  const double a = u->variance[i], p = u->root[i], angle = u->angle[i];
  const double *restrict bs = v->variance, *restrict qs = v->root, *restrict angles = v->angle;
  const size_t blocks = v->stride / DUAL_LANES;
  for (size_t j = 0; j < blocks * DUAL_LANES; j++) {
    const double b = bs[j], q = qs[j], c = 0.5 * (a + b - d[j]), e = a - b, r = 4.0 * e / (p + q);
    double det4 = d[j] * (2.0 * (a + b) - d[j]) - e * e;
    det4 = det4 > 0.0 ? det4 : 0.0;
    const double root = sqrt(1.0 + 2.0 * (a + b) + det4), size = c < 0.0 ? -c : c;
    const double turn = arctangent(2.0 * det4 + 0.5 * (r * r), (a + b) * (p + q) - e * r + 4.0 * size * root);
    d[j] = 0x1.45f306dc9c883p+0 * (c < 0.0 ? angle + angles[j] - turn : turn);
    if (slope) slope[j] = 0x1.45f306dc9c883p+0 / root;
  }
}
static void error_function(const double *constants, const dual_side *u, size_t i, const dual_side *v, double *d,
                           double *slope) {
  (void)constants;
  if (slope) erf_row(u, i, v, d, slope);
  else erf_row(u, i, v, d, NULL);
}

/* With A = 1 + a, p = sqrt(1 + 2a) (`root`), y_a = a/A, B, q and y_b of v, Q = AB, D = sqrt(Q - c^2), w(p) = p + 1/p,
 * sin(angle_a) = y_a, t = asin(c / sqrt Q) and turn = angle_a + angle_b - 2t, two pi times E (phi(u) - phi(v))^2 is
 *     pi d/2 + (a + b) turn/2 + (a - b)(angle_a - angle_b)/2 + d t + 2 det/(QD)
 *     + w(D) (y_a - y_b)^2 + (y_a^2 + y_b^2) (w(p) + w(q) - 2w(D))/2 + (y_a^2 - y_b^2) (w(p) - w(q))/2,
 * with turn = 2 atan(N/M), N = 2 det + (p - q)^2/2, M = aq + bp + 2|c|D, and D^2 - pq = N - det. */
INLINE void gelu_row(const dual_side *u, size_t i, const dual_side *v, double *restrict d, double *restrict slope) {
  const double a = u->variance[i], p = u->root[i], angle = u->angle[i], share = a / (1.0 + a);
  const double *restrict bs = v->variance, *restrict qs = v->root, *restrict angles = v->angle;
  const size_t blocks = v->stride / DUAL_LANES;
  for (size_t j = 0; j < blocks * DUAL_LANES; j++) {
    const double b = bs[j], q = qs[j], apart = d[j], sum = a + b, c = 0.5 * (sum - apart), e = a - b, pq = p * q;
    const double det4 = apart * (2.0 * sum - apart) - e * e, det = det4 > 0.0 ? 0.25 * det4 : 0.0;
    const double r = 2.0 * e / (p + q), excess = det + 0.5 * (r * r), N = det + excess;
    const double D2 = 1.0 + sum + det, D = sqrt(D2), Q = (1.0 + a) * (1.0 + b);
    const double both = 0.5 * (sum * (p + q) - e * r);
    const double size = c < 0.0 ? -c : c, half = arctangent(N, both + 2.0 * size * D), whole = angle + angles[j];
    const double turn = 2.0 * (c < 0.0 ? whole - half : half), t = 0.5 * (whole - turn);
    const double far = e < 0.0 ? -e : e;
    const double between = far * arctangent(far * (sum + 2.0 * a * b), both * (pq + a * b));
    const double other = b / (1.0 + b), step = e / Q, two = share + other, inverse = 1.0 / pq,
                 level = -2.0 * N / (p + q + 2.0 * D);
    const double waves = level * (1.0 + inverse) + 2.0 * excess * inverse / D;
    const double shape = step * step * (D + 1.0 / D) + 0.25 * (two * two + step * step) * waves +
                         0.5 * (step * two) * (r * (1.0 - inverse)) + 2.0 * det / (Q * D);
    d[j] = 0.25 * apart + 0x1.45f306dc9c883p-3 * (shape + 0.5 * (sum * turn + between) + apart * t);
    if (slope) slope[j] = 0.25 + 0x1.45f306dc9c883p-3 * ((1.0 / D2 + (1.0 - a * b) / Q + 1.0) * c / D + t);
  }
}
static void gelu(const double *constants, const dual_side *u, size_t i, const dual_side *v, double *d, double *slope) {
  (void)constants;
  if (slope) gelu_row(u, i, v, d, slope);
  else gelu_row(u, i, v, d, NULL);
}

typedef double eight __attribute__((vector_size(DUAL_LANES * sizeof(double)), aligned(sizeof(double)), may_alias));

/* u = s e_k, v = t f_k: coefficients of phi' (dual_series.c), `angle` the means of phi. With r = correlation and
 * m_k = 1 - r^k summed up from 1 - r,
 *     E (phi(u) - phi(v))^2 = (mean - mean')^2 + sum over k >= 1 of [(s e_(k-1) - t f_(k-1))^2 + 2 s t e f m_k] / k,
 *     E phi'(u) phi'(v) = sum over k >= 0 of e_k f_k r^k;
 * the last coefficient stands for order 4 DUAL_ORDERS. */
INLINE void series_row(const dual_side *u, size_t i, const dual_side *v, double *d, double *slope) {
  const size_t stride = v->stride;
  for (size_t j = 0; j < stride; j += DUAL_LANES) {
    const double s = u->root[i];
    const eight t = *(const eight *)(v->root + j), g = s * t, nothing = {0}, small = nothing + 0x1p-1022;
    double falls[DUAL_LANES]; /* 1 - r in [0, 2], 1 for inputs of variance 0 */
    for (size_t l = 0; l < DUAL_LANES; l++) {
      const double e = s - v->root[j + l], both = s * v->root[j + l], fall = (d[j + l] - e * e) / (2.0 * both);
      falls[l] = !(both > 0.0) ? 1.0 : fall < 0.0 ? 0.0 : fall > 2.0 ? 2.0 : fall;
    }
    const eight fall = *(const eight *)falls, r = 1.0 - fall;
    const eight mean = u->angle[i] - *(const eight *)(v->angle + j);
    eight power = nothing + 1.0, fallen = nothing, sum = mean * mean, product = nothing;
    for (size_t k = 0; k <= DUAL_ORDERS; k++) {
      const double mine = u->series[k * u->stride + i];
      const eight theirs = *(const eight *)(v->series + k * stride + j), both = mine * theirs;
      if (k == DUAL_ORDERS) {
        const eight cube = power * power * power, last = power / (r + small); /* r^3K, r^(K - 1) */
        fallen = fallen * ((1.0 + power) * (1.0 + power * power));
        product += both * (last * cube);
      } else {
        product += both * power;
        fallen += power * fall;
        power *= r;
      }
      const eight x = 0.5 * ((s + t) * (mine - theirs) + (s - t) * (mine + theirs));
      sum += (x * x + 2.0 * g * both * fallen) / (double)(k == DUAL_ORDERS ? 4 * k : k + 1);
    }
    *(eight *)(d + j) = sum;
    if (slope) *(eight *)(slope + j) = product;
  }
}
static void series(const double *constants, const dual_side *u, size_t i, const dual_side *v, double *d,
                   double *slope) {
  (void)constants;
  if (slope) series_row(u, i, v, d, slope);
  else series_row(u, i, v, d, NULL);
}

static void coefficients(double *series, size_t stride, size_t n, const double *polynomials, const double *even,
                         const double *odd) {
  for (size_t j = 0; j < n; j += DUAL_LANES) {
    const eight parts[2] = {*(const eight *)(even + j), *(const eight *)(odd + j)};
    for (size_t k = 0; k < DUAL_ORDERS; k++) *(eight *)(series + k * stride + j) += polynomials[k] * parts[k & 1];
  }
}

/* Rows at once: two vectors of sums each fit the registers. */
#if defined(__AVX512F__)
enum { ROWS = 8 };
#elif defined(__AVX2__)
enum { ROWS = 2 };
#else
enum { ROWS = 1 };
#endif

INLINE void products_of(double *out, size_t ld, const double *x, size_t stride, const double *packed, size_t features,
                        size_t rows) {
  eight sum[ROWS][2];
  for (size_t r = 0; r < rows; r++)
    for (size_t h = 0; h < 2; h++) sum[r][h] = *(const eight *)(out + r * ld + h * DUAL_LANES);
  for (size_t k = 0; k < features; k++)
    for (size_t r = 0; r < rows; r++)
      for (size_t h = 0; h < 2; h++)
        sum[r][h] += x[r * stride + k] * *(const eight *)(packed + (2 * k + h) * DUAL_LANES);
  for (size_t r = 0; r < rows; r++)
    for (size_t h = 0; h < 2; h++) *(eight *)(out + r * ld + h * DUAL_LANES) = sum[r][h];
}

static void products(double *out, size_t ld, const double *x, size_t rows, size_t stride, const double *packed,
                     size_t features, size_t panels) {
  for (size_t p = 0; p < panels; p++) {
    const double *panel = packed + p * features * DUAL_PANEL;
    double *to = out + p * DUAL_PANEL;
    size_t r = 0;
    for (; r + ROWS <= rows; r += ROWS) products_of(to + r * ld, ld, x + r * stride, stride, panel, features, ROWS);
    for (; r < rows; r++) products_of(to + r * ld, ld, x + r * stride, stride, panel, features, 1);
  }
}

static size_t distances(double *restrict d, double norm, const double *restrict norms, double scale, double near,
                        size_t n) {
  const size_t blocks = n / DUAL_LANES;
  for (size_t j = 0; j < blocks * DUAL_LANES; j++) d[j] = scale * ((norm + norms[j]) - 2.0 * d[j]);
  size_t count = 0;
  for (size_t j = 0; j < blocks * DUAL_LANES; j++) count += d[j] > scale * near * (norm + norms[j]) ? 0 : 1;
  return count;
}

static void advance(double *restrict d, double *restrict ntk, const double *restrict slope, double a,
                    const double *restrict b, double weight_variance, size_t n) {
  const size_t blocks = n / DUAL_LANES;
  for (size_t j = 0; j < blocks * DUAL_LANES; j++) d[j] *= weight_variance;
  if (!ntk) return;
  for (size_t j = 0; j < blocks * DUAL_LANES; j++)
    ntk[j] = 0.5 * (a + b[j] - d[j]) + weight_variance * slope[j] * ntk[j];
}

static void covariance(double *restrict k, double a, const double *restrict b, const double *restrict d, size_t n) {
  const size_t blocks = n / DUAL_LANES;
  for (size_t j = 0; j < blocks * DUAL_LANES; j++) k[j] = 0.5 * (a + b[j] - d[j]);
}

const dual_kernels PASTE(wlaw_dual_kernels_, WLAW_LEVEL) = {.rectified = rectified,
                                                            .erf = error_function,
                                                            .gelu = gelu,
                                                            .series = series,
                                                            .rectify = rectify,
                                                            .coefficients = coefficients,
                                                            .products = products,
                                                            .distances = distances,
                                                            .advance = advance,
                                                            .covariance = covariance};
