/* Matrices of weights of every type for tests: bytes and the doubles they stand for. */
#ifndef TESTS_MEASURE_WEIGHTS_H
#define TESTS_MEASURE_WEIGHTS_H

#include "core/stream.h"
#include "measure/entry_cells.h"
#include "measure/weight_source.h"
#include "support/test.h"

static const wlaw_dtype weight_types[] = {WLAW_F16, WLAW_BF16, WLAW_F32, WLAW_F64};
enum { WEIGHT_TYPES = 4 };

/* One weight rounded towards 0; NaN and infinities as such. */
static inline void put_weight(unsigned char *bytes, wlaw_dtype dtype, size_t i, double value) {
  const float single = (float)value;
  uint32_t bits;
  memcpy(&bits, &single, sizeof bits);
  uint16_t half = (uint16_t)(bits >> 16);
  if (dtype == WLAW_F16)
    half = (uint16_t)(wlaw_entry_key(ENTRY_KEY_F16, fabs(value)) | (signbit(value) ? 0x8000u : 0u));
  if (dtype == WLAW_F64) memcpy(bytes + 8 * i, &value, 8);
  else if (dtype == WLAW_F32) memcpy(bytes + 4 * i, &single, 4);
  else memcpy(bytes + 2 * i, &half, 2);
}

/* What weights a test matrix is made of. */
typedef enum weight_mix {
  MIX_NORMAL, /* rows and columns of different scales, mean 0.3 of the scale */
  MIX_BITS,   /* every bit drawn: NaN payloads, infinities, subnormals, both zeros */
  MIX_HEALTH, /* normal ones with zeros, tiny, subnormal and non-finite ones, a dead row and a dead column */
  MIX_EQUAL,  /* one value */
  MIX_ZERO,   /* zeros of both signs */
  MIX_COUNT
} weight_mix;

static inline double drawn_weight(wlaw_stream *stream, weight_mix mix, wlaw_dtype dtype, size_t r, size_t c) {
  static const double odd[] = {0.0, -0.0, 1e-13, -3e-13, 1e-12,   INFINITY, -INFINITY,
                               NAN, 6e-8, -6e-8, 1e-40,  -1e-320, 60000.0,  -60000.0};
  double normal;
  wlaw_stream_normals(stream, &normal, 1);
  const double value = (0.3 + normal) * (0.05 + 0.01 * (double)(r % 7)) * (1.0 + (double)(c % 5));
  if (mix == MIX_EQUAL) return 0.34375;
  if (mix == MIX_ZERO) return (r + c) % 3 ? 0.0 : -0.0;
  if (mix == MIX_HEALTH) {
    const uint32_t which = wlaw_stream_below(stream, 60);
    if (r == 1 || c == 2) return which < 30 ? 0.0 : dtype == WLAW_F16 ? 0.0 : 1e-14;
    if (which < sizeof odd / sizeof *odd) return odd[which];
  }
  return value;
}

/* bytes: rows * cols weights of dtype; values: the same as doubles (may be NULL). */
static inline void draw_weights(void *bytes, double *values, wlaw_dtype dtype, weight_mix mix, size_t rows, size_t cols,
                                uint32_t seed) {
  wlaw_stream stream = wlaw_stream_start(seed, STREAM_TEST, (uint32_t)mix, (uint32_t)dtype);
  const size_t size = wlaw_dtype_size(dtype);
  for (size_t i = 0; i < rows * cols; i++) {
    const uint64_t bits = wlaw_stream_u64(&stream);
    if (mix == MIX_BITS) memcpy((unsigned char *)bytes + i * size, &bits, size);
    else put_weight(bytes, dtype, i, drawn_weight(&stream, mix, dtype, i / cols, i % cols));
  }
  if (values) wlaw_dtype_to_double(values, bytes, dtype, rows * cols);
}

static inline int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* A weight as a table of its type counts it: f64 rounded to f32, finite ones staying finite and other than 0. */
static inline double counted_weight(double value, wlaw_dtype dtype) {
  if (dtype != WLAW_F64 || value == 0.0 || !isfinite(value)) return value;
  const double magnitude = fabs(value), most = 0x1.fffffep127;
  const float rounded = magnitude > most ? (float)most : (float)magnitude;
  return copysign(rounded > 0.0f ? (double)rounded : 0x1p-149, value);
}

#endif
