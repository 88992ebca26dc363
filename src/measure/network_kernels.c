/* One pass over a weight, and Gram matrices of node vectors. */
#include "measure/network_kernels.h"

#include <stdbool.h>
#include <string.h>

#include "measure/lanes.h"

#if defined(__SSE2__)
#include <immintrin.h>
#else
typedef float loose_floats __attribute__((vector_size(L * sizeof(float)), may_alias, aligned(sizeof(float))));
#endif

#define INLINE static inline __attribute__((always_inline))

/* Written out: for a converted vector gcc converts halves and joins them, some in memory. */
INLINE lanes load_lanes(const void *x, size_t at, bool single) {
  if (!single) return *(const loose *)((const double *)x + at);
  const float *from = (const float *)x + at;
#if defined(__AVX512F__)
  return (lanes)_mm512_cvtps_pd(_mm256_loadu_ps(from));
#elif defined(__AVX2__)
  return (lanes)_mm256_cvtps_pd(_mm_loadu_ps(from));
#elif defined(__SSE2__)
  return (lanes)_mm_cvtps_pd(_mm_castsi128_ps(_mm_loadu_si64(from)));
#else
  return __builtin_convertvector(*(const loose_floats *)from, lanes);
#endif
}

INLINE double load_one(const void *x, size_t at, bool single) {
  return single ? (double)((const float *)x)[at] : ((const double *)x)[at];
}

/* R rows side by side: column sums are fetched and stored once for all of them, and R sums run at once. */
INLINE void add_rows(const size_t R, double *restrict row, double *restrict row_square, double *restrict column,
                     double *restrict column_square, const void *x, size_t first, size_t cols, double pivot,
                     bool single) {
  lanes sum[4], square[4];
  double rest[4], rest_square[4];
  for (size_t r = 0; r < R; r++) {
    sum[r] = square[r] = (lanes){0};
    rest[r] = rest_square[r] = 0.0;
  }
  size_t j = 0;
  for (; j + L <= cols; j += L) {
    lanes down = *(const loose *)(column + j), down_square = {0};
    for (size_t r = 0; r < R; r++) {
      const lanes m = load_lanes(x, (first + r) * cols + j, single) - pivot, mm = m * m;
      sum[r] += m;
      square[r] += mm;
      down += m;
      down_square += mm;
    }
    *(loose *)(column + j) = down;
    if (column_square) *(loose *)(column_square + j) += down_square;
  }
  for (; j < cols; j++)
    for (size_t r = 0; r < R; r++) {
      const double m = load_one(x, (first + r) * cols + j, single) - pivot;
      rest[r] += m;
      rest_square[r] += m * m;
      column[j] += m;
      if (column_square) column_square[j] += m * m;
    }
  for (size_t r = 0; r < R; r++) {
    row[first + r] = lanes_sum(&sum[r]) + rest[r];
    row_square[first + r] = lanes_sum(&square[r]) + rest_square[r];
  }
}

INLINE void add_all(double *restrict row, double *restrict row_square, double *restrict column,
                    double *restrict column_square, const void *x, size_t rows, size_t cols, double pivot,
                    bool single) {
  size_t i = 0;
  for (; i + 4 <= rows; i += 4) add_rows(4, row, row_square, column, column_square, x, i, cols, pivot, single);
  for (; i + 2 <= rows; i += 2) add_rows(2, row, row_square, column, column_square, x, i, cols, pivot, single);
  for (; i < rows; i++) add_rows(1, row, row_square, column, column_square, x, i, cols, pivot, single);
}

/* The square sums of columns are a branch of their own: none in the loop. */
INLINE void sums(double *row, double *row_square, double *column, double *column_square, const void *x, size_t rows,
                 size_t cols, double pivot, bool single) {
  memset(column, 0, cols * sizeof *column);
  if (column_square) {
    memset(column_square, 0, cols * sizeof *column_square);
    add_all(row, row_square, column, column_square, x, rows, cols, pivot, single);
  } else {
    add_all(row, row_square, column, NULL, x, rows, cols, pivot, single);
  }
}

static void sums_single(double *row, double *row_square, double *column, double *column_square, const float *x,
                        size_t rows, size_t cols, double pivot) {
  sums(row, row_square, column, column_square, x, rows, cols, pivot, true);
}

static void sums_double(double *row, double *row_square, double *column, double *column_square, const double *x,
                        size_t rows, size_t cols, double pivot) {
  sums(row, row_square, column, column_square, x, rows, cols, pivot, false);
}

static double centre(double *restrict out, size_t step, const double *restrict sum, size_t n, double total,
                     double scale) {
  const double mean = total / (double)n;
  lanes squares = {0};
  double rest = 0.0;
  size_t i = 0;
  for (; step == 1 && i + L <= n; i += L) {
    const lanes u = (*(const loose *)(sum + i) - mean) * scale;
    *(loose *)(out + i) = u;
    squares += u * u;
  }
  for (; i < n; i++) {
    const double u = (sum[i] - mean) * scale;
    out[i * step] = u;
    rest += u * u;
  }
  return lanes_sum(&squares) + rest;
}

/* a, b: [n], n a multiple of L, aligned. */
static double dot(const double *a, const double *b, size_t n) {
  lanes even = {0}, odd = {0};
  size_t i = 0;
  for (; i + 2 * L <= n; i += 2 * L) {
    even += *(const lanes *)(a + i) * *(const lanes *)(b + i);
    odd += *(const lanes *)(a + i + L) * *(const lanes *)(b + i + L);
  }
  for (; i < n; i += L) even += *(const lanes *)(a + i) * *(const lanes *)(b + i);
  even += odd;
  return lanes_sum(&even);
}

static void gram_few(double *products, double *squares, const network_vectors *v) {
  const size_t n = v->copies;
  const bool symmetric = v->left == v->right;
  for (size_t k = 0; k < v->networks; k++)
    for (size_t a = 0; a < n; a++)
      for (size_t b = symmetric ? a : 0; b < n; b++) {
        const double g = dot(v->left + k * v->step + a * v->stride, v->right + k * v->step + b * v->stride, v->stride);
        products[a * n + b] += g;
        if (squares) squares[a * n + b] += g * g;
      }
}

/* A tile of sums: rows a .., columns b .. of [copies, copies], as many as are there. */
enum { HEIGHT = L == 8 ? 8 : 4, WIDTH = 2 * L, PANEL = 4 * WIDTH };

typedef lanes tile[HEIGHT][2];

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static void tile_load(tile out, const double *sums, size_t copies, size_t a, size_t b) {
  const size_t height = least(copies - a, HEIGHT), width = least(copies - b, WIDTH);
  if (height < HEIGHT || width < WIDTH) memset(out, 0, sizeof(tile));
  for (size_t i = 0; i < height; i++) memcpy(out[i], sums + (a + i) * copies + b, width * sizeof *sums);
}

static void tile_store(double *sums, tile in, size_t copies, size_t a, size_t b) {
  const size_t height = least(copies - a, HEIGHT), width = least(copies - b, WIDTH);
  for (size_t i = 0; i < height; i++) memcpy(sums + (a + i) * copies + b, in[i], width * sizeof *sums);
}

static void tile_add(tile products, tile squares, const network_vectors *v, size_t a, size_t b) {
  for (size_t k = 0; k < v->networks; k++) {
    const double *left = v->left + k * v->step + a, *right = v->right + k * v->step + b;
    tile g = {{{0}}};
    for (size_t i = 0; i < v->nodes; i++, left += v->stride, right += v->stride) {
      const lanes r0 = *(const lanes *)right, r1 = *(const lanes *)(right + L);
      for (size_t h = 0; h < HEIGHT; h++) {
        g[h][0] += left[h] * r0;
        g[h][1] += left[h] * r1;
      }
    }
    for (size_t h = 0; h < HEIGHT; h++)
      for (size_t w = 0; w < 2; w++) {
        products[h][w] += g[h][w];
        squares[h][w] += g[h][w] * g[h][w];
      }
  }
}

/* Of a symmetric matrix, tiles that reach the diagonal and those right of it. Their columns of a panel stay in the
 * cache while the rows go by. */
static void gram_many(double *products, double *squares, const network_vectors *v) {
  const size_t n = v->copies;
  const bool symmetric = v->left == v->right;
  tile product, square = {{{0}}};
  for (size_t panel = 0; panel < n; panel += PANEL)
    for (size_t a = 0; a < (symmetric ? least(panel + PANEL, n) : n); a += HEIGHT)
      for (size_t b = panel; b < least(panel + PANEL, n); b += WIDTH) {
        if (symmetric && b + WIDTH <= a) continue;
        tile_load(product, products, n, a, b);
        if (squares) tile_load(square, squares, n, a, b);
        tile_add(product, square, v, a, b);
        tile_store(products, product, n, a, b);
        if (squares) tile_store(squares, square, n, a, b);
      }
}

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)

const network_kernels PASTE(wlaw_network_kernels_, WLAW_LEVEL) = {sums_single, sums_double, centre, gram_few,
                                                                  gram_many};
