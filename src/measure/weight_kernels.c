#include "measure/weight_kernels.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "measure/lanes.h"
#include "tensor/dtype.h"

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

static inline lanes lanes_min(lanes a, lanes b) {
  const lane_bits first = a < b;
  return (lanes)((first & (lane_bits)a) | (~first & (lane_bits)b));
}

static inline lanes lanes_magnitude(lanes a) { return (lanes)((lane_bits)a & INT64_MAX); }

static double lanes_largest(const lanes *a) {
  double largest = ((const double *)a)[0];
  for (size_t l = 1; l < L; l++) largest = ((const double *)a)[l] > largest ? ((const double *)a)[l] : largest;
  return largest;
}

static double lanes_smallest(const lanes *a) {
  double smallest = ((const double *)a)[0];
  for (size_t l = 1; l < L; l++) smallest = ((const double *)a)[l] < smallest ? ((const double *)a)[l] : smallest;
  return smallest;
}

static void count_small(chunk_moments *sums, const double *restrict x, size_t n, const double limits[2]) {
  uint64_t zeros = 0, subnormal = 0, tiny = 0;
  for (size_t i = 0; i < n; i++) {
    const double magnitude = fabs(x[i]);
    zeros += magnitude == 0.0;
    subnormal += magnitude < limits[0];
    tiny += magnitude < limits[1];
  }
  sums->zeros = zeros;
  sums->subnormal = subnormal - zeros;
  sums->tiny = tiny - zeros;
}

static row_part row_f64(double *restrict column_squares, double *restrict column_largest, const double *restrict x,
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
  row_part part = {.sum = lanes_sum(&sum), .squares = lanes_sum(&squares), .largest = lanes_largest(&largest)};
  for (; i < n; i++) {
    const double magnitude = fabs(x[i]), square = x[i] * x[i];
    part.sum += x[i];
    part.squares += square;
    part.largest = magnitude > part.largest ? magnitude : part.largest;
    column_squares[i] += square;
    column_largest[i] = magnitude > column_largest[i] ? magnitude : column_largest[i];
  }
  return part;
}

static chunk_moments moments(const double *restrict x, size_t n, double mean, const double limits[2]) {
  lanes magnitudes = {0}, second = {0}, third = {0}, fourth = {0}, least = {0};
  least += fabs(x[0]);
  size_t i = 0;
  for (; i + L <= n; i += L) {
    const lanes value = *(const loose *)(x + i), from_mean = value - mean, square = from_mean * from_mean;
    const lanes magnitude = lanes_magnitude(value);
    magnitudes += magnitude;
    second += square;
    third += square * from_mean;
    fourth += square * square;
    least = lanes_min(least, magnitude);
  }
  chunk_moments sums = {.magnitudes = lanes_sum(&magnitudes),
                        .second = lanes_sum(&second),
                        .third = lanes_sum(&third),
                        .fourth = lanes_sum(&fourth)};
  double smallest = lanes_smallest(&least);
  for (; i < n; i++) {
    const double from_mean = x[i] - mean, square = from_mean * from_mean, magnitude = fabs(x[i]);
    sums.magnitudes += magnitude;
    sums.second += square;
    sums.third += square * from_mean;
    sums.fourth += square * square;
    smallest = magnitude < smallest ? magnitude : smallest;
  }
  if (smallest < limits[0] || smallest < limits[1]) count_small(&sums, x, n, limits);
  return sums;
}

#define INLINE static inline __attribute__((always_inline))

/* Two sets of counters: adding to the one that the store before was for would wait for it. */
INLINE void count_halves(uint32_t *restrict counters, const void *in, size_t n) {
  const stored_16 *stored = in;
  uint32_t *other = counters + COUNTER_KEYS;
  size_t i = 0;
  for (; i + 2 <= n; i += 2) {
    counters[stored[i]]++;
    other[stored[i + 1]]++;
  }
  if (i < n) counters[stored[i]]++;
}

/* Read as halves: shifts and masks would take longer than the counting. */
INLINE void count_packed(uint64_t *restrict counters, const void *in, size_t n) {
  const stored_16 *halves = in;
  const size_t upper = WLAW_HOST_IS_BIG_ENDIAN ? 0 : 1, lower = 1 - upper;
  for (size_t i = 0; i < n; i++) counters[halves[2 * i + upper]] += (UINT64_C(1) << 40) + halves[2 * i + lower];
}

static void count_16(uint32_t *counters, const void *in, size_t n) { count_halves(counters, in, n); }

static void count_zeros(uint64_t zeros[2], const void *in, size_t n) {
  const stored_32 *stored = in;
  uint32_t positive = 0, negative = 0;
  for (size_t i = 0; i < n; i++) {
    positive += stored[i] == 0;
    negative += stored[i] == 0x80000000u;
  }
  zeros[0] += positive;
  zeros[1] += negative;
}

static void count_32(uint64_t *counters, uint64_t zeros[2], const void *in, size_t n) {
  count_packed(counters, in, n);
  count_zeros(zeros, in, n);
}

/* ---- one pass over part of a row: the counters wait for memory, the sums for arithmetic, and so they go together */

enum { GROUP = 32 }; /* weights at once: short enough for the processor to look from one group into the next */

typedef float half_singles __attribute__((vector_size(L * sizeof(float))));

typedef enum stored_type { STORED_F16, STORED_BF16, STORED_F32 } stored_type;

INLINE void count_group(stored_type type, void *counters, const void *in, size_t n) {
  if (type == STORED_F32) count_packed(counters, in, n);
  else count_halves(counters, in, n);
}

/* Bits of a stored weight in binary32's fields (binary16: times 2^-112). */
INLINE uint32_t single_bits(stored_type type, const void *in, size_t i) {
  if (type == STORED_F32) return ((const stored_32 *)in)[i];
  const uint32_t half = ((const stored_16 *)in)[i];
  return type == STORED_BF16 ? half << 16 : (half & 0x8000u) << 16 | (half & 0x7FFFu) << 13;
}

typedef struct row_state {
  lanes sum, squares;
  int32_t largest;
  uint32_t bad;
} row_state;

/* Bits of the first magnitude that is not finite, as single_bits gives them. */
INLINE uint32_t infinite_bits(stored_type type) { return type == STORED_F16 ? 0x7C00u << 13 : 0x7F800000u; }

/* The largest magnitude of n, as single_bits gives it. As halves first: twice the lanes. */
INLINE uint32_t largest_bits(stored_type type, const void *in, size_t n) {
  if (type == STORED_F32) {
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++) {
      const uint32_t magnitude = ((const stored_32 *)in)[i] & INT32_MAX;
      most = magnitude > most ? magnitude : most;
    }
    return most;
  }
  uint16_t most = 0;
  for (size_t i = 0; i < n; i++) {
    const uint16_t magnitude = ((const stored_16 *)in)[i] & 0x7FFF;
    most = magnitude > most ? magnitude : most;
  }
  return single_bits(type, &most, 0);
}

/* L floats to double. */
INLINE lanes widen(const float *x) {
#if defined(__AVX512F__)
  return (lanes)_mm512_cvtps_pd(_mm256_loadu_ps(x)); /* GCC 12 makes four instructions of the line below */
#else
  half_singles narrow_lanes;
  memcpy(&narrow_lanes, x, sizeof narrow_lanes);
  return __builtin_convertvector(narrow_lanes, lanes);
#endif
}

/* n <= GROUP weights; x: [n] or NULL. finite: all of them are, and row->largest is known. */
INLINE void add_group(row_state *row, stored_type type, bool finite, double *restrict column_squares,
                      int32_t *restrict column_largest, double *restrict x, const void *in, size_t n) {
  float value[GROUP];
  uint32_t bad = 0;
  int32_t largest = 0;
  for (size_t i = 0; i < n; i++) {
    const uint32_t bits = single_bits(type, in, i), magnitude = bits & INT32_MAX;
    const uint32_t is_bad = !finite && magnitude >= infinite_bits(type);
    const int32_t top = (int32_t)(is_bad ? 0 : magnitude);
    value[i] = float_of(is_bad ? 0 : bits) * (type == STORED_F16 ? 0x1p112f : 1.0f);
    bad |= is_bad;
    if (!finite) largest = top > largest ? top : largest;
    column_largest[i] = top > column_largest[i] ? top : column_largest[i];
  }
  row->bad |= bad;
  row->largest = largest > row->largest ? largest : row->largest;
  size_t i = 0;
  for (; i + L <= n; i += L) {
    const lanes wide = widen(value + i), square = wide * wide;
    row->squares += square;
    *(loose *)(column_squares + i) += square;
    if (!x) continue;
    row->sum += wide;
    *(loose *)(x + i) = wide;
  }
  for (; i < n; i++) {
    const double wide = (double)value[i];
    row->squares[0] += wide * wide;
    column_squares[i] += wide * wide;
    if (!x) continue;
    row->sum[0] += wide;
    x[i] = wide;
  }
}

INLINE void add_groups(row_state *row, stored_type type, bool finite, void *counters, double *restrict column_squares,
                       int32_t *restrict column_largest, double *restrict x, const void *in, size_t n) {
  const size_t size = type == STORED_F32 ? 4 : 2;
  const unsigned char *stored = in;
  size_t i = 0;
  for (; i + GROUP <= n; i += GROUP, stored += GROUP * size) {
    if (counters) count_group(type, counters, stored, GROUP);
    add_group(row, type, finite, column_squares + i, column_largest + i, x ? x + i : NULL, stored, GROUP);
  }
  if (i == n) return;
  if (counters) count_group(type, counters, stored, n - i);
  add_group(row, type, finite, column_squares + i, column_largest + i, x ? x + i : NULL, stored, n - i);
}

/* Weights that are not finite are so rare that those which are need not be told from them one by one. */
INLINE row_part do_row(stored_type type, void *counters, double *restrict column_squares,
                       int32_t *restrict column_largest, double *restrict x, const void *in, size_t n) {
  row_state row = {0};
  const uint32_t largest = largest_bits(type, in, n);
  if (largest < infinite_bits(type)) {
    row.largest = (int32_t)largest;
    add_groups(&row, type, true, counters, column_squares, column_largest, x, in, n);
  } else add_groups(&row, type, false, counters, column_squares, column_largest, x, in, n);
  return (row_part){.sum = lanes_sum(&row.sum),
                    .squares = lanes_sum(&row.squares),
                    .largest = (double)(float_of((uint32_t)row.largest) * (type == STORED_F16 ? 0x1p112f : 1.0f)),
                    .bad = row.bad};
}

static row_part row_f16(void *counters, double *column_squares, int32_t *column_largest, double *x, const void *in,
                        size_t n) {
  return do_row(STORED_F16, counters, column_squares, column_largest, x, in, n);
}

static row_part row_bf16(void *counters, double *column_squares, int32_t *column_largest, double *x, const void *in,
                         size_t n) {
  return do_row(STORED_BF16, counters, column_squares, column_largest, x, in, n);
}

static row_part row_f32(void *counters, double *column_squares, int32_t *column_largest, double *x, const void *in,
                        size_t n) {
  row_part part = do_row(STORED_F32, counters, column_squares, column_largest, x, in, n);
  if (counters) count_zeros(part.zeros, in, n);
  return part;
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

static void balance_32(float *restrict out, const double *restrict x, double row, const double *restrict columns,
                       size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = (float)(fabs(x[i]) * row * columns[i]);
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

#define FUNCTIONS_AT(key) __builtin_convertvector(*(const four_floats *)(functions + 4 * (key)), four)

/* Four sums over the row in turn: one would wait for its last addition at every weight. */
#define INFLUENCE(name, stored_type, key_of)                                                                           \
  static void name(double *restrict columns, double *restrict row, const float *restrict functions, const void *in,    \
                   size_t n) {                                                                                         \
    const stored_type *stored = in;                                                                                    \
    four sums[4] = {{0}};                                                                                              \
    size_t i = 0;                                                                                                      \
    for (; i + 4 <= n; i += 4)                                                                                         \
      for (size_t k = 0; k < 4; k++) {                                                                                 \
        const four value = FUNCTIONS_AT(key_of(stored[i + k]));                                                        \
        sums[k] += value;                                                                                              \
        *(four *)(columns + 4 * (i + k)) += value;                                                                     \
      }                                                                                                                \
    for (; i < n; i++) {                                                                                               \
      const four value = FUNCTIONS_AT(key_of(stored[i]));                                                              \
      sums[0] += value;                                                                                                \
      *(four *)(columns + 4 * i) += value;                                                                             \
    }                                                                                                                  \
    *(four *)row += (sums[0] + sums[1]) + (sums[2] + sums[3]);                                                         \
  }
#define WHOLE(bits) (size_t)((bits)&0x7FFF)
#define UPPER(bits) (size_t)((bits) >> 16 & 0x7FFF)
INFLUENCE(influence_16, stored_16, WHOLE)
INFLUENCE(influence_32, stored_32, UPPER)

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)

const weight_kernels PASTE(wlaw_weight_kernels_, WLAW_LEVEL) = {
    .decode_f16 = decode_f16,
    .decode_bf16 = decode_bf16,
    .decode_f32 = decode_f32,
    .decode_f64 = decode_f64,
    .row_f16 = row_f16,
    .row_bf16 = row_bf16,
    .row_f32 = row_f32,
    .row_f64 = row_f64,
    .moments = moments,
    .count_16 = count_16,
    .count_32 = count_32,
    .narrow = narrow,
    .balance = balance,
    .balance_32 = balance_32,
    .row_squares = row_squares,
    .column_squares = column_squares,
    .influence_16 = influence_16,
    .influence_32 = influence_32,
};
