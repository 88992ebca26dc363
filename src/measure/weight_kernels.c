#include "measure/weight_kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "measure/lanes.h"

/* Stored weights, at any address. */
typedef uint16_t stored_16 __attribute__((may_alias, aligned(1)));
typedef uint32_t stored_32 __attribute__((may_alias, aligned(1)));
typedef uint64_t stored_64 __attribute__((may_alias, aligned(1)));

static inline float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline double double_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* As wlaw_dtype_to_double: in binary32's fields a binary16 reads as value * 2^-112. */
static size_t decode_f16(double *restrict out, const void *in, size_t n) {
  const stored_16 *stored = in;
  uint32_t bad = 0;
  for (size_t i = 0; i < n; i++) {
    const uint32_t half = stored[i], is_bad = (half & 0x7FFFu) >= 0x7C00u;
    const uint32_t bits = (half & 0x8000u) << 16 | (half & 0x7FFFu) << 13;
    bad += is_bad;
    out[i] = (double)(float_of(is_bad ? 0 : bits) * 0x1p112f);
  }
  return bad;
}

static size_t decode_bf16(double *restrict out, const void *in, size_t n) {
  const stored_16 *stored = in;
  uint32_t bad = 0;
  for (size_t i = 0; i < n; i++) {
    const uint32_t bits = (uint32_t)stored[i] << 16, is_bad = (bits & 0x7FFFFFFFu) >= 0x7F800000u;
    bad += is_bad;
    out[i] = (double)float_of(is_bad ? 0 : bits);
  }
  return bad;
}

static size_t decode_f32(double *restrict out, const void *in, size_t n) {
  const stored_32 *stored = in;
  uint32_t bad = 0;
  for (size_t i = 0; i < n; i++) {
    const uint32_t bits = stored[i], is_bad = (bits & 0x7FFFFFFFu) >= 0x7F800000u;
    bad += is_bad;
    out[i] = (double)float_of(is_bad ? 0 : bits);
  }
  return bad;
}

static size_t decode_f64(double *restrict out, const void *in, size_t n) {
  const stored_64 *stored = in;
  uint64_t bad = 0;
  for (size_t i = 0; i < n; i++) {
    const uint64_t bits = stored[i], is_bad = (bits & INT64_MAX) >= UINT64_C(0x7FF) << 52;
    bad += is_bad;
    out[i] = double_of(is_bad ? 0 : bits);
  }
  return bad;
}

typedef int64_t lane_bits __attribute__((vector_size(L * sizeof(int64_t))));

static inline lanes lanes_max(lanes a, lanes b) {
  const lane_bits first = a > b;
  return (lanes)((first & (lane_bits)a) | (~first & (lane_bits)b));
}

static inline lanes lanes_magnitude(lanes a) { return (lanes)((lane_bits)a & INT64_MAX); }

static double lanes_largest(const lanes *a) {
  double largest = ((const double *)a)[0];
  for (size_t l = 1; l < L; l++) largest = ((const double *)a)[l] > largest ? ((const double *)a)[l] : largest;
  return largest;
}

static row_sums scales(double *restrict column_squares, double *restrict column_largest, const double *restrict x,
                       size_t n) {
  lanes sum = {0}, squares = {0}, largest = {0};
  size_t i = 0;
  for (; i + L <= n; i += L) {
    const lanes value = *(const loose *)(x + i), square = value * value, magnitude = lanes_magnitude(value);
    sum += value;
    squares += square;
    largest = lanes_max(largest, magnitude);
    *(loose *)(column_squares + i) += square;
    *(loose *)(column_largest + i) = lanes_max(*(const loose *)(column_largest + i), magnitude);
  }
  row_sums sums = {lanes_sum(&sum), lanes_sum(&squares), lanes_largest(&largest)};
  for (; i < n; i++) {
    const double magnitude = fabs(x[i]), square = x[i] * x[i];
    sums.sum += x[i];
    sums.squares += square;
    sums.largest = magnitude > sums.largest ? magnitude : sums.largest;
    column_squares[i] += square;
    column_largest[i] = magnitude > column_largest[i] ? magnitude : column_largest[i];
  }
  return sums;
}

static chunk_moments moments(const double *restrict x, size_t n, double mean, const double limits[2]) {
  lanes magnitudes = {0}, second = {0}, third = {0}, fourth = {0}, min = {0}, max = {0};
  min += x[0];
  max += x[0];
  size_t i = 0;
  for (; i + L <= n; i += L) {
    const lanes value = *(const loose *)(x + i), from_mean = value - mean, square = from_mean * from_mean;
    magnitudes += lanes_magnitude(value);
    second += square;
    third += square * from_mean;
    fourth += square * square;
    min = -lanes_max(-min, -value);
    max = lanes_max(max, value);
  }
  const lanes least = -min;
  chunk_moments sums = {.magnitudes = lanes_sum(&magnitudes),
                        .second = lanes_sum(&second),
                        .third = lanes_sum(&third),
                        .fourth = lanes_sum(&fourth),
                        .min = -lanes_largest(&least),
                        .max = lanes_largest(&max)};
  for (; i < n; i++) {
    const double from_mean = x[i] - mean, square = from_mean * from_mean;
    sums.magnitudes += fabs(x[i]);
    sums.second += square;
    sums.third += square * from_mean;
    sums.fourth += square * square;
    sums.min = x[i] < sums.min ? x[i] : sums.min;
    sums.max = x[i] > sums.max ? x[i] : sums.max;
  }
  uint64_t zeros = 0, subnormal = 0, tiny = 0;
  for (size_t k = 0; k < n; k++) {
    const double magnitude = fabs(x[k]);
    zeros += magnitude == 0.0;
    subnormal += magnitude < limits[0];
    tiny += magnitude < limits[1];
  }
  sums.zeros = zeros;
  sums.subnormal = subnormal - zeros;
  sums.tiny = tiny - zeros;
  return sums;
}

/* Two sets of counters: adding to the one that the store before was for would wait for it. */
static void count_16(uint32_t *restrict counters, const void *in, size_t n) {
  const stored_16 *stored = in;
  uint32_t *other = counters + COUNTER_KEYS;
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const uint64_t four = *(const stored_64 *)(stored + i);
    counters[four & 0xFFFF]++;
    other[four >> 16 & 0xFFFF]++;
    counters[four >> 32 & 0xFFFF]++;
    other[four >> 48]++;
  }
  for (; i < n; i++) counters[stored[i]]++;
}

static void count_32(uint64_t *restrict counters, uint64_t zeros[2], const void *in, size_t n) {
  const stored_32 *stored = in;
  for (size_t i = 0; i < n; i++) counters[stored[i] >> 16] += UINT64_C(1) << 40 | (stored[i] & 0xFFFF);
  size_t positive = 0, negative = 0;
  for (size_t i = 0; i < n; i++) {
    positive += stored[i] == 0;
    negative += stored[i] == 0x80000000u;
  }
  zeros[0] += positive;
  zeros[1] += negative;
}

static void narrow(float *restrict out, const double *restrict in, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const double magnitude = fabs(in[i]), most = magnitude > FLT_MAX ? FLT_MAX : magnitude;
    const float rounded = (float)(magnitude < INFINITY ? most : magnitude);
    out[i] = copysignf(rounded == 0.0f && magnitude > 0.0 ? 0x1p-149f : rounded, (float)in[i]);
  }
}

static void balance(double *restrict out, const double *restrict x, double row, const double *restrict columns,
                    size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = fabs(x[i]) * row * columns[i];
}

static double row_squares(const double *restrict x, const double *restrict columns, size_t n) {
  lanes part = {0};
  size_t i = 0;
  for (; i + L <= n; i += L) {
    const lanes value = *(const loose *)(x + i);
    part += value * value * *(const loose *)(columns + i);
  }
  double sum = lanes_sum(&part);
  for (; i < n; i++) sum += x[i] * x[i] * columns[i];
  return sum;
}

static void column_squares(double *restrict columns, const double *restrict x, double row, size_t n) {
  for (size_t i = 0; i < n; i++) columns[i] += x[i] * x[i] * row;
}

typedef float four_floats __attribute__((vector_size(4 * sizeof(float)), may_alias));
typedef double four __attribute__((vector_size(4 * sizeof(double)), may_alias));

#define INFLUENCE(name, stored_type, key_of)                                                                           \
  static void name(double *restrict columns, double *restrict row, const float *restrict functions, const void *in,    \
                   size_t n) {                                                                                         \
    const stored_type *stored = in;                                                                                    \
    four sum = *(four *)row;                                                                                           \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const size_t key = key_of(stored[i]) & 0x7FFF;                                                                   \
      const four value = __builtin_convertvector(*(const four_floats *)(functions + 4 * key), four);                   \
      sum += value;                                                                                                    \
      *(four *)(columns + 4 * i) += value;                                                                             \
    }                                                                                                                  \
    *(four *)row = sum;                                                                                                \
  }
#define WHOLE(bits) (size_t)(bits)
#define UPPER(bits) (size_t)((bits) >> 16)
INFLUENCE(influence_16, stored_16, WHOLE)
INFLUENCE(influence_32, stored_32, UPPER)

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)

const weight_kernels PASTE(wlaw_weight_kernels_, WLAW_LEVEL) = {
    decode_f16, decode_bf16, decode_f32, decode_f64,  scales,         moments,      count_16,
    count_32,   narrow,      balance,    row_squares, column_squares, influence_16, influence_32};
