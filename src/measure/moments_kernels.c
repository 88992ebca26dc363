/* Sums over rows r, over columns c, the diagonal d, and the squared norms of the symmetric and antisymmetric parts
 *     A = sum_i M_ii^2 + sum_{i<j} (M_ij + M_ji)^2 / 2        B = sum_{i<j} (M_ij - M_ji)^2 / 2
 * (= (Q + T) / 2 and (Q - T) / 2 with Q = sum M_ij^2, T = sum M_ij M_ji, without their cancellation), then the 13
 * statistics. */
#include "measure/moments_kernels.h"

#include <math.h>
#include <string.h>

#include "measure/lanes.h"

enum { TILE = MOMENTS_TILE };

/* The last step for L matrices side by side. r, c, d: [size]. */
static void square_finish(double *restrict q, const lanes *restrict r, const lanes *restrict c, const lanes *restrict d,
                          const lanes *restrict A, const lanes *restrict B, size_t size, size_t count) {
  const double D = (double)size, of_v12 = 1.0 / sqrt(D), of_v3 = size > 2 ? sqrt(D / (D - 2.0)) : 0.0;
  const double per_D = 1.0 / D, of_S2 = 1.0 / sqrt(D - 1.0);
  lanes s = {0}, t = {0}, g[8] = {{0}}, out[13];
  for (size_t i = 0; i < size; i++) {
    s += r[i];
    t += d[i];
  }
  const lanes S1 = s / D, tD = t / D, S2 = (t - S1) * of_S2;
  for (size_t i = 0; i < size; i++) {
    const lanes x = c[i] - S1, y = r[i] - S1, z = d[i] - tD;
    const lanes v1 = x * of_v12, v2 = y * of_v12, v3 = of_v3 * (z - (x + y) * per_D);
    g[0] += v1 * v1;
    g[1] += v1 * v2;
    g[2] += v1 * v3;
    g[3] += v2 * v2;
    g[4] += v2 * v3;
    g[5] += v3 * v3;
    g[6] += (v1 + v2) * (v1 + v2);
    g[7] += (v1 - v2) * (v1 - v2);
  }
  out[0] = S1;
  out[1] = S2;
  out[2] = S1 * S1;
  out[3] = S1 * S2;
  out[4] = S2 * S2;
  for (size_t k = 0; k < 6; k++) out[5 + k] = g[k];
  out[11] = *A - (out[2] + out[4] + 0.5 * g[6] + g[5]);
  out[12] = *B - 0.5 * g[7];
  for (size_t l = 0; l < count; l++) {
    for (size_t k = 0; k < 13; k++) q[l * 13 + k] = ((const double *)out)[k * L + l];
    double *P2 = q + l * 13 + 11, *P3 = P2 + 1;
    /* Rounding may leave less than nothing; NaN must stay NaN. Below 4 (3) rows the space is empty. */
    if (*P2 < 0.0 || (size < 4 && *P2 == *P2)) *P2 = 0.0;
    if (*P3 < 0.0 || (size < 3 && *P3 == *P3)) *P3 = 0.0;
  }
}

static void square_lanes(double *q, const double *matrices, size_t count, size_t size, const double pivot[2],
                         double *scratch) {
  lanes *restrict M = (lanes *)scratch, *restrict r = M + size * size, *restrict c = r + size, *restrict d = c + size;
  lanes A = {0}, B = {0}, D2 = {0};
  lanes_gather(M, matrices, count, size * size, pivot[0]);
  memset(r, 0, 2 * size * sizeof *r);
  for (size_t i = 0; i < size; i++) {
    const lanes m = M[i * size + i] - pivot[1];
    lanes row = r[i] + m, column = c[i] + m;
    d[i] = m;
    D2 += m * m;
    for (size_t j = i + 1; j < size; j++) {
      const lanes a = M[i * size + j], b = M[j * size + i], plus = a + b, minus = a - b;
      row += a;
      column += b;
      r[j] += b;
      c[j] += a;
      A += plus * plus;
      B += minus * minus;
    }
    r[i] = row;
    c[i] = column;
  }
  A = 0.5 * A + D2;
  B *= 0.5;
  square_finish(q, r, c, d, &A, &B, size, count);
}

static void square_small(double *q, const double *matrices, size_t count, size_t size, const double pivot[2],
                         double *scratch) {
  for (size_t k = 0; k < count; k += L)
    square_lanes(q + k * 13, matrices + k * size * size, count - k < L ? count - k : L, size, pivot, scratch);
}

/* out[TILE, TILE] = the tile at (top, left) minus the pivot, zero outside the matrix. */
static void tile_load(double *restrict out, const double *restrict matrix, size_t size, size_t top, size_t left,
                      const double pivot[2]) {
  const size_t height = size - top < TILE ? size - top : TILE, width = size - left < TILE ? size - left : TILE;
  if (height < TILE || width < TILE) memset(out, 0, TILE * TILE * sizeof *out);
  for (size_t i = 0; i < height; i++) {
    const double *from = matrix + (top + i) * size + left;
    for (size_t j = 0; j < width; j++) out[i * TILE + j] = from[j] - pivot[0];
  }
  if (top == left)
    for (size_t i = 0; i < height; i++) out[i * TILE + i] -= pivot[1];
}

static void tile_transpose(double *restrict out, const double *restrict in) {
  for (size_t i = 0; i < TILE; i += L)
    for (size_t j = 0; j < TILE; j += L) {
      lanes block[L];
      block_transpose(block, in + j * TILE + i, TILE, 0.0);
      for (size_t k = 0; k < L; k++) *(lanes *)(out + (i + k) * TILE + j) = block[k];
    }
}

/* a: tile (I, J); b: tile (J, I) transposed. r and c take both tiles; half of A and B when I = J, where every pair
 * comes twice and r, c take `a` alone. r, c: lane 0 of each is the sum. */
static void tile_add(double *restrict rI, double *restrict cI, double *restrict rJ, double *restrict cJ,
                     lanes *restrict A, lanes *restrict B, const double *restrict a, const double *restrict b,
                     size_t height) {
  for (size_t i = 0; i < height; i++) {
    lanes row = {0}, column = {0};
    for (size_t j = 0; j < TILE; j += L) {
      const lanes m = *(const lanes *)(a + i * TILE + j), w = *(const lanes *)(b + i * TILE + j);
      const lanes plus = m + w, minus = m - w;
      row += m;
      column += w;
      *(lanes *)(rJ + j) += w;
      *(lanes *)(cJ + j) += m;
      *A += plus * plus;
      *B += minus * minus;
    }
    rI[i] += lanes_sum(&row);
    cI[i] += lanes_sum(&column);
  }
}

static void square_large(double *q, const double *matrix, size_t size, const double pivot[2], double *scratch) {
  const size_t padded = (size + TILE - 1) / TILE * TILE;
  lanes *side = (lanes *)scratch; /* [3, size]: r, c, d of this matrix in lane 0 */
  double *r = scratch + 3 * size * L, *c = r + padded, *d = c + padded;
  double *unused = d + padded; /* [2, TILE]: what a diagonal tile would add twice */
  double a[TILE * TILE] __attribute__((aligned(64))), b[TILE * TILE] __attribute__((aligned(64))),
      transposed[TILE * TILE] __attribute__((aligned(64)));
  lanes off[2] = {{0}}, on[2] = {{0}};
  memset(scratch, 0, (3 * size * L + 3 * padded + 2 * TILE) * sizeof *scratch);
  for (size_t I = 0; I < size; I += TILE) {
    const size_t height = size - I < TILE ? size - I : TILE;
    tile_load(a, matrix, size, I, I, pivot);
    tile_transpose(transposed, a);
    tile_add(r + I, unused, unused + TILE, c + I, &on[0], &on[1], a, transposed, height);
    for (size_t i = 0; i < height; i++) d[I + i] = a[i * TILE + i];
    for (size_t J = I + TILE; J < size; J += TILE) {
      tile_load(a, matrix, size, I, J, pivot);
      tile_load(b, matrix, size, J, I, pivot);
      tile_transpose(transposed, b);
      tile_add(r + I, c + I, r + J, c + J, &off[0], &off[1], a, transposed, height);
    }
  }
  const lanes A = {0.5 * (lanes_sum(&off[0]) + 0.5 * lanes_sum(&on[0]))};
  const lanes B = {0.5 * (lanes_sum(&off[1]) + 0.5 * lanes_sum(&on[1]))};
  for (size_t i = 0; i < size; i++) {
    scratch[i * L] = r[i];
    scratch[(size + i) * L] = c[i];
    scratch[(2 * size + i) * L] = d[i];
  }
  square_finish(q, side, side + size, side + 2 * size, &A, &B, size, 1);
}

/* r: [rows], c: [cols]. */
static void rectangle_finish(double *restrict q, const lanes *restrict r, const lanes *restrict c,
                             const lanes *restrict Q, size_t rows, size_t cols, size_t count) {
  const double m = (double)rows, n = (double)cols;
  lanes s = {0}, y2 = {0}, x2 = {0}, out[5];
  for (size_t i = 0; i < rows; i++) s += r[i];
  for (size_t i = 0; i < rows; i++) y2 += (r[i] - s / m) * (r[i] - s / m);
  for (size_t j = 0; j < cols; j++) x2 += (c[j] - s / n) * (c[j] - s / n);
  out[0] = s / sqrt(m * n);
  out[1] = out[0] * out[0];
  out[2] = rows > 1 ? y2 / n : y2 - y2;
  out[3] = cols > 1 ? x2 / m : x2 - x2;
  out[4] = *Q - (out[1] + out[2] + out[3]);
  for (size_t l = 0; l < count; l++) {
    for (size_t k = 0; k < 5; k++) q[l * 5 + k] = ((const double *)out)[k * L + l];
    double *rest = q + l * 5 + 4;
    if (*rest < 0.0 || ((rows == 1 || cols == 1) && *rest == *rest)) *rest = 0.0;
  }
}

static void rectangle_lanes(double *q, const double *matrices, size_t count, size_t rows, size_t cols,
                            const double pivot[2], double *scratch) {
  lanes *restrict M = (lanes *)scratch, *restrict r = M + rows * cols, *restrict c = r + rows, Q = {0};
  lanes_gather(M, matrices, count, rows * cols, pivot[0]);
  memset(c, 0, cols * sizeof *c);
  for (size_t i = 0; i < rows; i++) {
    lanes row = {0};
    for (size_t j = 0; j < cols; j++) {
      const lanes a = M[i * cols + j];
      row += a;
      c[j] += a;
      Q += a * a;
    }
    r[i] = row;
  }
  rectangle_finish(q, r, c, &Q, rows, cols, count);
}

static void rectangle_small(double *q, const double *matrices, size_t count, size_t rows, size_t cols,
                            const double pivot[2], double *scratch) {
  for (size_t k = 0; k < count; k += L)
    rectangle_lanes(q + k * 5, matrices + k * rows * cols, count - k < L ? count - k : L, rows, cols, pivot, scratch);
}

static void rectangle_large(double *q, const double *matrix, size_t rows, size_t cols, const double pivot[2],
                            double *scratch) {
  lanes *r = (lanes *)scratch, *c = r + rows; /* of this matrix in lane 0 */
  double *restrict sums = (double *)(c + cols);
  lanes squares = {0};
  double tail = 0.0;
  memset(scratch, 0, ((rows + cols) * L + cols) * sizeof *scratch);
  for (size_t i = 0; i < rows; i++) {
    const double *restrict a = matrix + i * cols;
    lanes row = {0};
    double rest = 0.0;
    size_t j = 0;
    for (; j + L <= cols; j += L) {
      const lanes m = *(const loose *)(a + j) - pivot[0];
      row += m;
      *(loose *)(sums + j) += m;
      squares += m * m;
    }
    for (; j < cols; j++) {
      const double m = a[j] - pivot[0];
      rest += m;
      sums[j] += m;
      tail += m * m;
    }
    scratch[i * L] = lanes_sum(&row) + rest;
  }
  for (size_t j = 0; j < cols; j++) scratch[(rows + j) * L] = sums[j];
  const lanes Q = {lanes_sum(&squares) + tail};
  rectangle_finish(q, r, c, &Q, rows, cols, 1);
}

/* Sums of q and of (q - mean)(q - mean)' over n rows of q: [n, length]. Rows are padded to whole vectors and taken four
 * at a time (the last group filled up with zeros). */
static void spread(double *restrict mean, double *restrict comoment, const double *restrict q, size_t n,
                   size_t length) {
  enum { PAD = 16, PARTS = PAD / L, GROUP = 4 };
  double sum[PAD] = {0};
  lanes products[PAD][PARTS] = {{{0}}}, delta[GROUP][PARTS] = {{{0}}};
  for (size_t k = 0; k < n; k++)
    for (size_t a = 0; a < length; a++) sum[a] += q[k * length + a];
  for (size_t a = 0; a < length; a++) mean[a] = sum[a] / (double)n;
  for (size_t k = 0; k < n; k += GROUP) {
    for (size_t g = 0; g < GROUP; g++)
      for (size_t a = 0; a < length; a++) ((double *)delta[g])[a] = k + g < n ? q[(k + g) * length + a] - mean[a] : 0.0;
    for (size_t a = 0; a < length; a++)
      for (size_t g = 0; g < GROUP; g++)
        for (size_t h = 0; h < PARTS; h++) products[a][h] += ((const double *)delta[g])[a] * delta[g][h];
  }
  for (size_t a = 0; a < length; a++)
    for (size_t b = 0; b < length; b++) comoment[a * length + b] = ((const double *)products[a])[b];
}

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)

const moments_kernels PASTE(wlaw_moments_kernels_, WLAW_LEVEL) = {square_small, square_large, rectangle_small,
                                                                  rectangle_large, spread};
