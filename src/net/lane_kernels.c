/* Products of narrow layers after the first: at most 32 x 32 weights, the samples of the batch along the lanes. */
#include <stdalign.h>

#include "net/kernel_parts.h"
#include "net/lanes.h"

/* Rows [r, r + rows) and columns [c, c + 16 vectors) of the product. */
INLINE void product_tile(float *out, const lane_product *p, size_t r, size_t c, const size_t rows,
                         const size_t vectors) {
  v16 sum[TILE_OUTPUTS][TILE_VECTORS];
  for (size_t i = 0; i < rows; i++)
    for (size_t v = 0; v < vectors; v++) sum[i][v] = v16_zero();
  for (size_t k = 0; k < p->inner; k++) {
    v16 column[TILE_VECTORS];
    for (size_t v = 0; v < vectors; v++) column[v] = v16_load(p->b + k * p->stride + c + v * LANES);
    for (size_t i = 0; i < rows; i++) {
      const v16 a = v16_set(p->a[(r + i) * p->step_r + k * p->step_k]);
      for (size_t v = 0; v < vectors; v++) sum[i][v] = v16_fma(a, column[v], sum[i][v]);
    }
  }
  const v16 scale = v16_set(p->scale);
  for (size_t i = 0; i < rows; i++) {
    const v16 bias = v16_set(p->bias ? p->bias[r + i] : 0.0f);
    for (size_t v = 0; v < vectors; v++)
      v16_store(out + (r + i) * p->stride + c + v * LANES, v16_fma(scale, sum[i][v], bias));
  }
}

#define PRODUCT_CASE(rows_)                                                                                            \
  case rows_: product_tile(out, p, r, c, rows_, vectors); break;

INLINE void product_rows(float *out, const lane_product *p, size_t r, size_t c, size_t rows, const size_t vectors) {
  switch (rows) {
    TILE_CASES(PRODUCT_CASE)
    default: break;
  }
}

void KERNEL(lane_multiply)(float *out, const lane_product *p) {
  const size_t wide = TILE_VECTORS * LANES;
  for (size_t r = 0, rows; r < p->rows; r += rows) {
    const size_t left = p->rows - r, tiles = (left + TILE_OUTPUTS - 1) / TILE_OUTPUTS;
    rows = (left + tiles - 1) / tiles;
    for (size_t c = 0; c < p->columns; c += wide)
      if (c + wide <= p->columns) product_rows(out, p, r, c, rows, TILE_VECTORS);
      else product_rows(out, p, r, c, rows, 1);
  }
}

/* sums: [16, 16]: lane sums still to be done of rows[i] . d, i < count (a constant). */
INLINE void dots(float *sums, const float *d, const float *rows, size_t columns, size_t stride, const size_t count) {
  v16 sum[LANES];
  for (size_t i = 0; i < count; i++) sum[i] = v16_zero();
  for (size_t c = 0; c < columns; c += LANES) {
    const v16 column = v16_load(d + c);
    for (size_t i = 0; i < count; i++) sum[i] = v16_fma(column, v16_load(rows + i * stride + c), sum[i]);
  }
  for (size_t i = 0; i < count; i++) v16_store(sums + i * LANES, sum[i]);
}

void KERNEL(lane_outer)(float *dw, const float *delta, const float *h, size_t outputs, size_t inputs, size_t columns,
                        size_t stride) {
  enum { FEW = 5 };
  for (size_t i = 0; i < inputs; i += LANES) {
    alignas(64) float sums[LANES * LANES] = {0}; /* rows past the last input stay 0 */
    const size_t count = inputs - i < LANES ? inputs - i : LANES;
    const float *rows = h + i * stride;
    for (size_t o = 0; o < outputs; o++) {
      const float *d = delta + o * stride;
      size_t k = 0;
      for (; k + FEW <= count; k += FEW) dots(sums + k * LANES, d, rows + k * stride, columns, stride, FEW);
      for (; k < count; k++) dots(sums + k * LANES, d, rows + k * stride, columns, stride, 1);
      v16_store_first(dw + o * inputs + i, v16_sum_rows(sums), count);
    }
  }
}

void KERNEL(row_sums)(float *db, const float *delta, size_t outputs, size_t columns, size_t stride) {
  for (size_t o = 0; o < outputs; o++) {
    v16 sum = v16_zero();
    for (size_t c = 0; c < columns; c += LANES) sum = v16_add(sum, v16_load(delta + o * stride + c));
    db[o] = v16_sum(sum);
  }
}
