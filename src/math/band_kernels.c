#include "math/band_kernels.h"

#include <math.h>
#include <string.h>

/* Below the diagonal a band is a matrix whose columns lie BAND_STRIDE - 1 doubles apart. */
enum { LD = BAND_STRIDE - 1, LANES = 8 };

static inline size_t least(size_t a, size_t b) { return a < b ? a : b; }

static inline double *element(double *band, size_t row, size_t column) {
  return band + column * BAND_STRIDE + (row - column);
}

/* In lanes: compilers may not reorder sums. */
static inline double dot(const double *a, const double *b, size_t n) {
  double part[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t l = 0; l < LANES; l++) part[l] += a[i + l] * b[i + l];
  for (size_t l = 0; i + l < n; l++) part[l] += a[i + l] * b[i + l];
  for (size_t half = LANES / 2; half > 0; half /= 2)
    for (size_t l = 0; l < half; l++) part[l] += part[l + half];
  return part[0];
}

/* The reflection (v[0] = 1) that turns x into (x[0], 0, ...), and x so turned. As LAPACK's dlarfg. */
static inline void reflect(band_reflection *r, double *x, size_t first, size_t length) {
  r->first = first;
  r->length = length;
  r->tau = 0.0;
  if (length == 0) return;
  const double rest = dot(x + 1, x + 1, length - 1);
  memset(r->v, 0, sizeof r->v);
  r->v[0] = 1.0;
  if (!(rest > 0.0)) return;
  const double beta = -copysign(sqrt(x[0] * x[0] + rest), x[0]), scale = 1.0 / (x[0] - beta);
  r->tau = (beta - x[0]) / beta;
  for (size_t i = 1; i < length; i++) {
    r->v[i] = x[i] * scale;
    x[i] = 0.0;
  }
  x[0] = beta;
}

/* D = H D H of the lower triangle: D -= v w' + w v' with w = tau D v - (tau^2 / 2) (v' D v) v. */
static inline void both_sides(const band_reflection *r, double *d, size_t m) {
  double w[BAND_WIDTH] = {0};
  const double *v = r->v;
  for (size_t j = 0; j < m; j++) {
    const double *column = d + j * LD;
    const double vj = v[j];
    w[j] += column[j] * vj + dot(column + j + 1, v + j + 1, m - j - 1);
    for (size_t i = j + 1; i < m; i++) w[i] += column[i] * vj;
  }
  const double half = 0.5 * r->tau * dot(w, v, m);
  for (size_t i = 0; i < m; i++) w[i] = r->tau * (w[i] - half * v[i]);
  for (size_t j = 0; j < m; j++) {
    double *column = d + j * LD;
    const double vj = v[j], wj = w[j];
    for (size_t i = j; i < m; i++) column[i] -= v[i] * wj + w[i] * vj;
  }
}

/* E = E H for the block below, then its first column cleared by the next reflection, applied to the others. */
static inline void block_below(band_reflection *r, double *e, size_t k, size_t m) {
  double y[BAND_WIDTH] = {0};
  band_reflection next;
  for (size_t j = 0; j < m; j++)
    for (size_t i = 0; i < k; i++) y[i] += e[j * LD + i] * r->v[j];
  for (size_t i = 0; i < k; i++) y[i] *= r->tau;
  for (size_t i = 0; i < k; i++) e[i] -= y[i]; /* v[0] = 1 */
  reflect(&next, e, r->first + m, k);
  for (size_t j = 1; j < m; j++) {
    double *column = e + j * LD;
    const double vj = r->v[j];
    for (size_t i = 0; i < k; i++) column[i] -= y[i] * vj;
    const double along = next.tau * dot(column, next.v, k);
    for (size_t i = 0; i < k; i++) column[i] -= along * next.v[i];
  }
  *r = next;
}

static void start(band_reflection *r, double *band, size_t n, size_t column) {
  reflect(r, element(band, column + 1, column), column + 1, least(BAND_WIDTH, n - column - 1));
}

static void step(band_reflection *r, double *band, size_t n) {
  const size_t first = r->first, m = r->length, k = least(BAND_WIDTH, n - first - m);
  double *d = element(band, first, first), *e = d + m;
  if (m == BAND_WIDTH && k == BAND_WIDTH) { /* sizes that a compiler can see */
    both_sides(r, d, BAND_WIDTH);
    block_below(r, e, BAND_WIDTH, BAND_WIDTH);
    return;
  }
  both_sides(r, d, m);
  if (k > 0) block_below(r, e, k, m);
  else r->length = 0;
}

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)

const band_kernels PASTE(wlaw_band_kernels_, WLAW_LEVEL) = {start, step};
