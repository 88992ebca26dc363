/* Sums over rows r, over columns c, the diagonal d, and the squared norms of the symmetric and antisymmetric parts
 *     A = sum_i M_ii^2 + sum_{i<j} (M_ij + M_ji)^2 / 2        B = sum_{i<j} (M_ij - M_ji)^2 / 2
 * (= (Q + T) / 2 and (Q - T) / 2 with Q = sum M_ij^2, T = sum M_ij M_ji, without their cancellation), then the 13
 * statistics. Lanes are written out as loops over MOMENTS_LANES so that every instruction set adds in one order. */
#include "measure/moments_kernels.h"

#include <math.h>
#include <string.h>

enum { L = MOMENTS_LANES, TILE = MOMENTS_TILE };

#define EACH_LANE for (size_t l = 0; l < L; l++)

static double lanes_sum(const double a[L]) { return ((a[0] + a[1]) + (a[2] + a[3])) + ((a[4] + a[5]) + (a[6] + a[7])); }

/* out[e, lane] = matrices[lane, e] - pivot; lanes past count are zero. */
static void lanes_gather(double *restrict out, const double *restrict matrices, size_t count, size_t entries,
                         double pivot) {
  if (count < L) memset(out, 0, entries * L * sizeof *out);
  for (size_t l = 0; l < count; l++)
    for (size_t e = 0; e < entries; e++) out[e * L + l] = matrices[l * entries + e] - pivot;
}

/* The last step for `lanes` matrices side by side (1 or L): r, c, d: [size, lanes], overwritten; A, B: [lanes]. */
static inline __attribute__((always_inline)) void square_finish(double *restrict q, double *restrict r,
                                                                double *restrict c, double *restrict d, const double *A,
                                                                const double *B, size_t size, size_t count,
                                                                size_t lanes) {
  const double D = (double)size, of_v3 = size > 2 ? sqrt(D / (D - 2.0)) : 0.0, of_v12 = 1.0 / sqrt(D);
  double s[L] = {0}, t[L] = {0}, g[8][L] = {{0}};
  for (size_t i = 0; i < size; i++)
    for (size_t l = 0; l < lanes; l++) {
      s[l] += r[i * lanes + l];
      t[l] += d[i * lanes + l];
    }
  for (size_t i = 0; i < size; i++)
    for (size_t l = 0; l < lanes; l++) {
      const size_t at = i * lanes + l;
      const double x = c[at] - s[l] / D, y = r[at] - s[l] / D, z = d[at] - t[l] / D;
      const double v1 = x * of_v12, v2 = y * of_v12, v3 = of_v3 * (z - (x + y) / D);
      g[0][l] += v1 * v1;
      g[1][l] += v1 * v2;
      g[2][l] += v1 * v3;
      g[3][l] += v2 * v2;
      g[4][l] += v2 * v3;
      g[5][l] += v3 * v3;
      g[6][l] += (v1 + v2) * (v1 + v2);
      g[7][l] += (v1 - v2) * (v1 - v2);
    }
  for (size_t l = 0; l < count; l++) {
    double *out = q + l * 13;
    const double S1 = s[l] / D, S2 = (t[l] - S1) / sqrt(D - 1.0);
    out[0] = S1;
    out[1] = S2;
    out[2] = S1 * S1;
    out[3] = S1 * S2;
    out[4] = S2 * S2;
    for (size_t k = 0; k < 6; k++) out[5 + k] = g[k][l];
    const double P2 = A[l] - (out[2] + out[4] + 0.5 * g[6][l] + g[5][l]), P3 = B[l] - 0.5 * g[7][l];
    /* Rounding may leave less than nothing; NaN must stay NaN. Below 4 (3) rows the space is empty. */
    out[11] = size < 4 && P2 == P2 ? 0.0 : P2 < 0.0 ? 0.0 : P2;
    out[12] = size < 3 && P3 == P3 ? 0.0 : P3 < 0.0 ? 0.0 : P3;
  }
}

static void square_small(double *q, const double *matrices, size_t count, size_t size, const double pivot[2],
                         double *scratch) {
  double *restrict M = scratch, *restrict r = M + size * size * L, *restrict c = r + size * L,
                   *restrict d = c + size * L;
  double A[L] = {0}, B[L] = {0}, D2[L] = {0};
  lanes_gather(M, matrices, count, size * size, pivot[0]);
  memset(r, 0, 2 * size * L * sizeof *r);
  for (size_t i = 0; i < size; i++) {
    double row[L], column[L];
    const double *diagonal = M + (i * size + i) * L;
    EACH_LANE {
      const double m = diagonal[l] - pivot[1];
      d[i * L + l] = m;
      D2[l] += m * m;
      row[l] = r[i * L + l] + m;
      column[l] = c[i * L + l] + m;
    }
    for (size_t j = i + 1; j < size; j++) {
      const double *restrict a = M + (i * size + j) * L, *restrict b = M + (j * size + i) * L;
      double *restrict rj = r + j * L, *restrict cj = c + j * L;
      EACH_LANE {
        const double plus = a[l] + b[l], minus = a[l] - b[l];
        row[l] += a[l];
        column[l] += b[l];
        rj[l] += b[l];
        cj[l] += a[l];
        A[l] += plus * plus;
        B[l] += minus * minus;
      }
    }
    EACH_LANE {
      r[i * L + l] = row[l];
      c[i * L + l] = column[l];
    }
  }
  EACH_LANE {
    A[l] = 0.5 * A[l] + D2[l];
    B[l] *= 0.5;
  }
  square_finish(q, r, c, d, A, B, size, count, L);
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
    for (size_t j = 0; j < TILE; j += L)
      for (size_t k = 0; k < L; k++) EACH_LANE out[(i + k) * TILE + j + l] = in[(j + l) * TILE + i + k];
}

/* a: tile (I, J); b: tile (J, I) transposed. r and c take both tiles; half of A and B when I = J, where every pair
 * comes twice and r, c take `a` alone. */
static void tile_add(double *restrict rI, double *restrict cI, double *restrict rJ, double *restrict cJ,
                     double *restrict A, double *restrict B, const double *restrict a, const double *restrict b,
                     size_t height) {
  for (size_t i = 0; i < height; i++) {
    double row[L] = {0}, column[L] = {0};
    for (size_t j = 0; j < TILE; j += L) EACH_LANE {
        const double m = a[i * TILE + j + l], w = b[i * TILE + j + l], plus = m + w, minus = m - w;
        row[l] += m;
        column[l] += w;
        rJ[j + l] += w;
        cJ[j + l] += m;
        A[l] += plus * plus;
        B[l] += minus * minus;
      }
    rI[i] += lanes_sum(row);
    cI[i] += lanes_sum(column);
  }
}

static void square_large(double *q, const double *matrix, size_t size, const double pivot[2], double *scratch) {
  const size_t padded = (size + TILE - 1) / TILE * TILE;
  double *r = scratch, *c = r + padded, *d = c + padded;
  double *unused = d + padded; /* [2, TILE]: what a diagonal tile would add twice */
  double a[TILE * TILE], b[TILE * TILE], transposed[TILE * TILE];
  double off[2][L] = {{0}}, on[2][L] = {{0}};
  memset(r, 0, (3 * padded + 2 * TILE) * sizeof *r);
  for (size_t I = 0; I < size; I += TILE) {
    const size_t height = size - I < TILE ? size - I : TILE;
    tile_load(a, matrix, size, I, I, pivot);
    tile_transpose(transposed, a);
    tile_add(r + I, unused, unused + TILE, c + I, on[0], on[1], a, transposed, height);
    for (size_t i = 0; i < height; i++) d[I + i] = a[i * TILE + i];
    for (size_t J = I + TILE; J < size; J += TILE) {
      tile_load(a, matrix, size, I, J, pivot);
      tile_load(b, matrix, size, J, I, pivot);
      tile_transpose(transposed, b);
      tile_add(r + I, c + I, r + J, c + J, off[0], off[1], a, transposed, height);
    }
  }
  const double A = 0.5 * (lanes_sum(off[0]) + 0.5 * lanes_sum(on[0]));
  const double B = 0.5 * (lanes_sum(off[1]) + 0.5 * lanes_sum(on[1]));
  square_finish(q, r, c, d, &A, &B, size, 1, 1);
}

/* r: [rows, lanes], c: [cols, lanes], Q: [lanes]. */
static inline __attribute__((always_inline)) void rectangle_finish(double *restrict q, const double *restrict r,
                                                                   const double *restrict c, const double *Q,
                                                                   size_t rows, size_t cols, size_t count,
                                                                   size_t lanes) {
  const double m = (double)rows, n = (double)cols;
  double s[L] = {0}, y2[L] = {0}, x2[L] = {0};
  for (size_t i = 0; i < rows; i++)
    for (size_t l = 0; l < lanes; l++) s[l] += r[i * lanes + l];
  for (size_t i = 0; i < rows; i++)
    for (size_t l = 0; l < lanes; l++) {
      const double y = r[i * lanes + l] - s[l] / m;
      y2[l] += y * y;
    }
  for (size_t j = 0; j < cols; j++)
    for (size_t l = 0; l < lanes; l++) {
      const double x = c[j * lanes + l] - s[l] / n;
      x2[l] += x * x;
    }
  for (size_t l = 0; l < count; l++) {
    double *out = q + l * 5;
    out[0] = s[l] / sqrt(m * n);
    out[1] = out[0] * out[0];
    out[2] = rows > 1 ? y2[l] / n : y2[l] - y2[l];
    out[3] = cols > 1 ? x2[l] / m : x2[l] - x2[l];
    const double rest = Q[l] - (out[1] + out[2] + out[3]);
    out[4] = (rows == 1 || cols == 1) && rest == rest ? 0.0 : rest < 0.0 ? 0.0 : rest;
  }
}

static void rectangle_small(double *q, const double *matrices, size_t count, size_t rows, size_t cols,
                            const double pivot[2], double *scratch) {
  double *restrict M = scratch, *restrict r = M + rows * cols * L, *restrict c = r + rows * L;
  double Q[L] = {0};
  lanes_gather(M, matrices, count, rows * cols, pivot[0]);
  memset(c, 0, cols * L * sizeof *c);
  for (size_t i = 0; i < rows; i++) {
    double row[L] = {0};
    for (size_t j = 0; j < cols; j++) {
      const double *restrict a = M + (i * cols + j) * L;
      double *restrict cj = c + j * L;
      EACH_LANE {
        row[l] += a[l];
        cj[l] += a[l];
        Q[l] += a[l] * a[l];
      }
    }
    EACH_LANE r[i * L + l] = row[l];
  }
  rectangle_finish(q, r, c, Q, rows, cols, count, L);
}

static void rectangle_large(double *q, const double *matrix, size_t rows, size_t cols, const double pivot[2],
                            double *scratch) {
  double *r = scratch, *restrict c = r + rows;
  double squares[L] = {0}, tail = 0.0;
  memset(c, 0, cols * sizeof *c);
  for (size_t i = 0; i < rows; i++) {
    const double *restrict a = matrix + i * cols;
    double row[L] = {0}, rest = 0.0;
    size_t j = 0;
    for (; j + L <= cols; j += L) EACH_LANE {
        const double m = a[j + l] - pivot[0];
        row[l] += m;
        c[j + l] += m;
        squares[l] += m * m;
      }
    for (; j < cols; j++) {
      const double m = a[j] - pivot[0];
      rest += m;
      c[j] += m;
      tail += m * m;
    }
    r[i] = lanes_sum(row) + rest;
  }
  const double Q = lanes_sum(squares) + tail;
  rectangle_finish(q, r, c, &Q, rows, cols, 1, 1);
}

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)

const moments_kernels PASTE(wlaw_moments_kernels_, WLAW_LEVEL) = {square_small, square_large, rectangle_small,
                                                                  rectangle_large};
