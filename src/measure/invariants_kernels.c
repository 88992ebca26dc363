#include "measure/invariants_kernels.h"

#include <string.h>

#include "measure/lanes.h"

/* Accumulators of a product's tile: as many as leave registers for operands. */
#if defined(__AVX512F__)
enum { TALL = 4, BROAD = 4 };
#else
enum { TALL = 2, BROAD = 4 };
#endif

#define INLINE static inline __attribute__((always_inline))

static void gather(double *out, const double *matrices, size_t count, size_t entries) {
  lanes_gather((lanes *)out, matrices, count, entries, 0.0);
}

static void scatter(double *values, const double *const *numbers, size_t n, size_t count) {
  for (size_t g = 0; g < n; g += L) {
    lanes block[L], rows[L];
    for (size_t k = 0; k < L; k++) block[k] = *(const lanes *)numbers[g + k < n ? g + k : n - 1];
    block_transpose(rows, (const double *)block, L, 0.0);
    for (size_t l = 0; l < count; l++)
      if (g + L <= n) *(loose *)(values + l * n + g) = rows[l];
      else
        for (size_t k = 0; g + k < n; k++) values[l * n + g + k] = ((const double *)&rows[l])[k];
  }
}

static void multiply(double *out, const double *a, const double *b, size_t n) {
  lanes *c = (lanes *)out;
  const lanes *p = (const lanes *)a, *q = (const lanes *)b;
  for (size_t k = 0; k < n; k++) c[k] = p[k] * q[k];
}

static void scale(double *out, const double *a, const double *x, size_t rows, size_t width) {
  for (size_t i = 0; i < rows; i++) multiply(out + i * width * L, a + i * width * L, x, width);
}

static void transpose_side_by_side(double *out, const double *a, size_t rows, size_t width) {
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < width; j++) ((lanes *)out)[j * rows + i] = ((const lanes *)a)[i * width + j];
}

/* The L x L block of `from` transposed to `to`; rows are `stride` doubles apart. */
static void block_move(double *to, size_t to_stride, const double *from, size_t from_stride) {
  lanes block[L];
  block_transpose(block, from, from_stride, 0.0);
  for (size_t k = 0; k < L; k++) *(lanes *)(to + k * to_stride) = block[k];
}

static void transpose_alone(double *out, const double *a, size_t rows, size_t width) {
  const size_t padded = (rows + L - 1) / L * L;
  for (size_t i = 0; i < padded; i += L)
    for (size_t j = 0; j < width * L; j += L)
      block_move(out + j * padded + i, padded, a + i * width * L + j, width * L);
}

static void mirror(double *a, size_t rows, size_t width) {
  const size_t stride = width * L;
  for (size_t i = 0; i < rows; i += L) {
    for (size_t j = 0; j < i; j += L) block_move(a + i * stride + j, stride, a + j * stride + i, stride);
    for (size_t k = i; k < i + L; k++)
      for (size_t j = i; j < k; j++) a[k * stride + j] = a[j * stride + k];
  }
}

/* y[v][i] for n vectors and the rows i ... i + height - 1, both constants where this is expanded. */
INLINE void apply_tile(double *const *y, const double *a, const double *const *x, size_t n, size_t i, size_t height,
                       size_t width, bool alone) {
  lanes sum[4][2] = {{{0}}};
  const lanes *rows = (const lanes *)a + i * width;
  for (size_t j = 0; j < width; j++)
    for (size_t v = 0; v < n; v++)
      for (size_t k = 0; k < height; k++) sum[v][k] += rows[k * width + j] * ((const lanes *)x[v])[j];
  for (size_t v = 0; v < n; v++)
    for (size_t k = 0; k < height; k++)
      if (alone) y[v][i + k] = lanes_sum(&sum[v][k]);
      else ((lanes *)y[v])[i + k] = sum[v][k];
}

INLINE void apply_vectors(double *const *y, const double *a, const double *const *x, size_t n, size_t rows,
                          size_t width, bool alone) {
  size_t i = 0;
  for (; i + 2 <= rows; i += 2) apply_tile(y, a, x, n, i, 2, width, alone);
  for (; i < rows; i++) apply_tile(y, a, x, n, i, 1, width, alone);
}

INLINE void apply(double *const *y, const double *a, const double *const *x, size_t n, size_t rows, size_t width,
                  bool alone) {
  switch (n) {
    case 1: apply_vectors(y, a, x, 1, rows, width, alone); break;
    case 2: apply_vectors(y, a, x, 2, rows, width, alone); break;
    case 3: apply_vectors(y, a, x, 3, rows, width, alone); break;
    default: apply_vectors(y, a, x, 4, rows, width, alone); break;
  }
}

static void apply_side_by_side(double *const *y, const double *a, const double *const *x, size_t n, size_t rows,
                               size_t width) {
  apply(y, a, x, n, rows, width, false);
}

static void apply_alone(double *const *y, const double *a, const double *const *x, size_t n, size_t rows,
                        size_t width) {
  apply(y, a, x, n, rows, width, true);
}

static lanes sum_products(const double *a, const double *b, size_t n) {
  const lanes *p = (const lanes *)a, *q = (const lanes *)b;
  lanes even = {0}, odd = {0};
  size_t k = 0;
  for (; k + 2 <= n; k += 2) {
    even += p[k] * q[k];
    odd += p[k + 1] * q[k + 1];
  }
  if (k < n) even += p[k] * q[k];
  return even + odd;
}

static void dot_side_by_side(double *out, const double *a, const double *b, size_t n) {
  *(lanes *)out = sum_products(a, b, n);
}

static void dot_alone(double *out, const double *a, const double *b, size_t n) {
  const lanes sum = sum_products(a, b, n);
  *out = lanes_sum(&sum);
}

/* out[0 ... tall - 1, 0 ... broad - 1], both constants where this is expanded. */
INLINE void product_tile(lanes *out, size_t stride, product_operand a, product_operand b, size_t inner, size_t tall,
                         size_t broad) {
  lanes sum[TALL][BROAD] = {{{0}}};
  const lanes *p = (const lanes *)a.data, *q = (const lanes *)b.data;
  for (size_t k = 0; k < inner; k++, p += a.col, q += b.row)
    for (size_t i = 0; i < tall; i++)
      for (size_t j = 0; j < broad; j++) sum[i][j] += p[i * a.row] * q[j * b.col];
  for (size_t i = 0; i < tall; i++)
    for (size_t j = 0; j < broad; j++) out[i * stride + j] = sum[i][j];
}

static product_operand moved(product_operand a, size_t row, size_t col) {
  a.data += (row * a.row + col * a.col) * L;
  return a;
}

/* Tiles at the end overlap those before: the same sums again, and no smaller tiles. */
static void product(double *out, product_operand a, product_operand b, size_t rows, size_t inner, size_t cols,
                    bool symmetric) {
  const bool tiles = rows >= TALL && cols >= BROAD;
  const size_t tall = tiles ? TALL : 1, broad = tiles ? BROAD : 1;
  for (size_t top = 0; top < rows; top += tall) {
    const size_t i = top + tall <= rows ? top : rows - tall;
    for (size_t left = 0; left < cols; left += broad) {
      const size_t j = left + broad <= cols ? left : cols - broad;
      if (symmetric && j + broad <= i) continue;
      lanes *to = (lanes *)out + i * cols + j;
      if (tiles) product_tile(to, cols, moved(a, i, 0), moved(b, 0, j), inner, TALL, BROAD);
      else product_tile(to, cols, moved(a, i, 0), moved(b, 0, j), inner, 1, 1);
    }
  }
  for (size_t i = 0; symmetric && i < rows; i++)
    for (size_t j = 0; j < i; j++) ((lanes *)out)[i * cols + j] = ((const lanes *)out)[j * cols + i];
}

/* A loop over all columns of one row at a time: it stays in L1 and is a vector loop. */
static void spread(double *restrict mean, double *restrict squares, const double *restrict values, size_t n,
                   size_t length, size_t stride) {
  memset(mean, 0, length * sizeof *mean);
  memset(squares, 0, length * sizeof *squares);
  for (size_t k = 0; k < n; k++)
    for (size_t a = 0; a < length; a++) mean[a] += values[k * stride + a];
  for (size_t a = 0; a < length; a++) mean[a] /= (double)n;
  for (size_t k = 0; k < n; k++)
    for (size_t a = 0; a < length; a++) {
      const double delta = values[k * stride + a] - mean[a];
      squares[a] += delta * delta;
    }
}

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)

const invariants_kernels PASTE(wlaw_invariants_kernels_, WLAW_LEVEL) = {
    .lanes = L,
    .layouts = {{transpose_side_by_side, apply_side_by_side, dot_side_by_side},
                {transpose_alone, apply_alone, dot_alone}},
    .gather = gather,
    .scatter = scatter,
    .multiply = multiply,
    .scale = scale,
    .product = product,
    .mirror = mirror,
    .spread = spread,
};
