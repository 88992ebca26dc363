/* One pass over a weight, and Gram matrices of node vectors. */
#include "measure/network_kernels.h"

#include <stdbool.h>
#include <string.h>

#include "measure/lanes.h"

typedef float loose_floats __attribute__((vector_size(L * sizeof(float)), may_alias, aligned(sizeof(float))));

#define INLINE static inline __attribute__((always_inline))

INLINE lanes load_lanes(const void *x, size_t at, bool single) {
  if (single) return __builtin_convertvector(*(const loose_floats *)((const float *)x + at), lanes);
  return *(const loose *)((const double *)x + at);
}

INLINE double load_one(const void *x, size_t at, bool single) {
  return single ? (double)((const float *)x)[at] : ((const double *)x)[at];
}

/* R rows side by side: column sums are fetched and stored once for all of them, and R sums run at once. */
INLINE void add_rows(const size_t R, double *restrict row, double *restrict row_square, double *restrict column,
                     double *restrict column_square, const void *x, size_t first, size_t cols, double pivot,
                     bool single) {
  lanes sum[4] = {{0}}, square[4] = {{0}};
  double rest[4] = {0}, rest_square[4] = {0};
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
        if (symmetric) products[b * n + a] = products[a * n + b];
        if (!squares) continue;
        squares[a * n + b] += g * g;
        if (symmetric) squares[b * n + a] = squares[a * n + b];
      }
}

/* A tile of sums: rows a0 .., columns b0 .. of [copies, copies], as many as are there. */
enum { HEIGHT = L == 8 ? 8 : 4, WIDTH = 2 * L };

typedef struct tile_place {
  size_t a0, b0, height, width, copies;
  bool symmetric;
} tile_place;

static void tile_load(lanes tile[HEIGHT][2], const double *from, const tile_place *at) {
  memset(tile, 0, HEIGHT * WIDTH * sizeof(double));
  for (size_t a = 0; a < at->height; a++)
    memcpy(tile[a], from + (at->a0 + a) * at->copies + at->b0, at->width * sizeof(double));
}

/* Of a symmetric matrix the upper half is kept, and copied to the lower one. */
static void tile_store(double *to, const lanes tile[HEIGHT][2], const tile_place *at) {
  for (size_t a = 0; a < at->height; a++) {
    const size_t i = at->a0 + a;
    const double *values = (const double *)tile[a];
    if (!at->symmetric) memcpy(to + i * at->copies + at->b0, values, at->width * sizeof(double));
    else
      for (size_t b = 0; b < at->width; b++)
        if (at->b0 + b >= i) to[i * at->copies + at->b0 + b] = to[(at->b0 + b) * at->copies + i] = values[b];
  }
}

static void tile_add(lanes products[HEIGHT][2], lanes squares[HEIGHT][2], const network_vectors *v, size_t a0,
                     size_t b0) {
  for (size_t k = 0; k < v->networks; k++) {
    const double *left = v->left + k * v->step + a0, *right = v->right + k * v->step + b0;
    lanes g[HEIGHT][2] = {{{0}}};
    for (size_t i = 0; i < v->nodes; i++, left += v->stride, right += v->stride) {
      const lanes r0 = *(const lanes *)right, r1 = *(const lanes *)(right + L);
      for (size_t a = 0; a < HEIGHT; a++) {
        g[a][0] += left[a] * r0;
        g[a][1] += left[a] * r1;
      }
    }
    for (size_t a = 0; a < HEIGHT; a++)
      for (size_t h = 0; h < 2; h++) {
        products[a][h] += g[a][h];
        squares[a][h] += g[a][h] * g[a][h];
      }
  }
}

static void gram_many(double *products, double *squares, const network_vectors *v) {
  lanes product[HEIGHT][2], square[HEIGHT][2];
  tile_place at = {.copies = v->copies, .symmetric = v->left == v->right};
  for (at.a0 = 0; at.a0 < v->copies; at.a0 += HEIGHT) {
    at.height = v->copies - at.a0 < HEIGHT ? v->copies - at.a0 : HEIGHT;
    for (at.b0 = at.symmetric ? at.a0 / WIDTH * WIDTH : 0; at.b0 < v->copies; at.b0 += WIDTH) {
      at.width = v->copies - at.b0 < WIDTH ? v->copies - at.b0 : WIDTH;
      tile_load(product, products, &at);
      if (squares) tile_load(square, squares, &at);
      else memset(square, 0, sizeof square);
      tile_add(product, square, v, at.a0, at.b0);
      tile_store(products, (const lanes(*)[2])product, &at);
      if (squares) tile_store(squares, (const lanes(*)[2])square, &at);
    }
  }
}

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)

const network_kernels PASTE(wlaw_network_kernels_, WLAW_LEVEL) = {sums_single, sums_double, gram_few, gram_many};
