/* Conversion to double against the definition of each type; strided views against brute force. */
#include "support/test.h"

#include "tensor/encoding.h"
#include "tensor/view.h"

/* A binary floating-point number from its fields (IEEE 754-2019, 3.4): the second route. */
static double by_fields(uint32_t bits, int exponent_bits, int fraction_bits) {
  const uint32_t fraction = bits & ((1u << fraction_bits) - 1);
  const int exponent = (int)(bits >> fraction_bits & ((1u << exponent_bits) - 1));
  const int bias = (1 << (exponent_bits - 1)) - 1;
  double magnitude;
  if (exponent == (1 << exponent_bits) - 1) magnitude = fraction ? (double)NAN : (double)INFINITY;
  else if (exponent == 0) magnitude = ldexp(fraction, 1 - bias - fraction_bits);
  else magnitude = ldexp(fraction + (double)(1u << fraction_bits), exponent - bias - fraction_bits);
  return bits >> (exponent_bits + fraction_bits) & 1 ? -magnitude : magnitude;
}

/* Exact: same value and sign of zero, or NaN both. */
static void check_same(double got, double want, unsigned bits) {
  if (isnan(want) ? !isnan(got) : !(got == want && !signbit(got) == !signbit(want)))
    fail_msg("bits %04x give %.17g, expected %.17g", bits, got, want);
}

static void every_half(void **state) {
  (void)state;
  enum { N = 1 << 16 };
  static uint16_t bits[N];
  static double f16[N], bf16[N];
  for (unsigned k = 0; k < N; k++) bits[k] = (uint16_t)k;
  wlaw_dtype_to_double(f16, bits, WLAW_F16, N);
  wlaw_dtype_to_double(bf16, bits, WLAW_BF16, N);
  for (unsigned k = 0; k < N; k++) {
    check_same(f16[k], by_fields(k, 5, 10), k);
    check_same(bf16[k], by_fields(k, 8, 7), k);
  }
}

/* E5M2 has the fields of an IEEE type; E4M3 uses the largest exponent for numbers and keeps one code for NaN. */
static void every_8_bit_float(void **state) {
  (void)state;
  unsigned char bytes[256];
  float e4m3[256], e5m2[256];
  for (unsigned k = 0; k < 256; k++) bytes[k] = (unsigned char)k;
  wlaw_encoding_find("f8_e4m3")->unpack(e4m3, bytes, 256);
  wlaw_encoding_find("f8_e5m2")->unpack(e5m2, bytes, 256);
  for (unsigned k = 0; k < 256; k++) {
    const double top = ldexp(8 + (k & 7), 5) * (k >> 7 ? -1 : 1); /* exponent 15: 2^8 (1 + fraction / 8) */
    const double want = (k & 127) == 127 ? (double)NAN : (k & 0x78) == 0x78 ? top : by_fields(k, 4, 3);
    check_same((double)e4m3[k], want, k);
    check_same((double)e5m2[k], by_fields(k, 5, 2), k);
  }
}

static void wide_types(void **state) {
  (void)state;
  double out[4];
  const float f32[] = {0x1p-149f, -0.0f, INFINITY, NAN};
  wlaw_dtype_to_double(out, f32, WLAW_F32, 4);
  for (int k = 0; k < 4; k++) check_same(out[k], f32[k], (unsigned)k);
  const double f64[] = {0x1p-1074, -1e308, -INFINITY, NAN};
  wlaw_dtype_to_double(out, f64, WLAW_F64, 4);
  for (int k = 0; k < 4; k++) check_same(out[k], f64[k], (unsigned)k);
  const int64_t i64[] = {INT64_MIN, INT64_MAX, -1, (INT64_C(1) << 53) + 1};
  wlaw_dtype_to_double(out, i64, WLAW_I64, 4);
  assert_true(out[0] == -0x1p63 && out[1] == 0x1p63 && out[2] == -1 && out[3] == 0x1p53);
  const uint64_t u64[] = {UINT64_MAX, 0, UINT64_C(1) << 63, 7};
  wlaw_dtype_to_double(out, u64, WLAW_U64, 4);
  assert_true(out[0] == 0x1p64 && out[1] == 0 && out[2] == 0x1p63 && out[3] == 7);
  const int32_t i32[] = {INT32_MIN, INT32_MAX};
  wlaw_dtype_to_double(out, i32, WLAW_I32, 2);
  assert_true(out[0] == -0x1p31 && out[1] == 0x1p31 - 1);
  const uint32_t u32[] = {UINT32_MAX};
  wlaw_dtype_to_double(out, u32, WLAW_U32, 1);
  assert_true(out[0] == 0x1p32 - 1);
  const int16_t i16[] = {INT16_MIN, INT16_MAX};
  wlaw_dtype_to_double(out, i16, WLAW_I16, 2);
  assert_true(out[0] == -32768 && out[1] == 32767);
  const uint16_t u16[] = {65535};
  wlaw_dtype_to_double(out, u16, WLAW_U16, 1);
  assert_true(out[0] == 65535);
  const uint8_t bytes[] = {0, 1, 128, 255};
  wlaw_dtype_to_double(out, bytes, WLAW_I8, 4);
  assert_true(out[0] == 0 && out[1] == 1 && out[2] == -128 && out[3] == -1);
  wlaw_dtype_to_double(out, bytes, WLAW_U8, 4);
  assert_true(out[2] == 128 && out[3] == 255);
  wlaw_dtype_to_double(out, bytes, WLAW_BOOL, 4);
  assert_true(out[0] == 0 && out[1] == 1 && out[2] == 1 && out[3] == 1);
}

static void unaligned_and_swapped(void **state) {
  (void)state;
  unsigned char room[1 + 8];
  const double value = -1.2345678901234567e-300;
  memcpy(room + 1, &value, 8);
  double out;
  wlaw_dtype_to_double(&out, room + 1, WLAW_F64, 1);
  assert_true(out == value);
  for (int d = 0; d < WLAW_DTYPE_COUNT; d++) {
    unsigned char bytes[16], swapped[16];
    for (unsigned char k = 0; k < 16; k++) bytes[k] = swapped[k] = k;
    const size_t size = wlaw_dtype_size((wlaw_dtype)d);
    wlaw_dtype_swap(swapped, (wlaw_dtype)d, 16 / size);
    for (size_t k = 0; k < 16; k++) assert_int_equal(swapped[k], bytes[k / size * size + size - 1 - k % size]);
  }
  assert_int_equal(wlaw_dtype_size(WLAW_DTYPE_COUNT), 0);
  assert_string_equal(wlaw_dtype_text(WLAW_BF16), "bf16");
}

/* All windows of a view against four nested loops. The array is a[i][j][k][l] of a larger block, axes permuted, one of
 * them backwards, one broadcast (stride 0). */
static void views(void **state) {
  (void)state;
  static int16_t block[5][4][3];
  for (int i = 0; i < 60; i++) (&block[0][0][0])[i] = (int16_t)(i * i - 900);
  const tensor_view view = {
      .base = &block[0][3][0],
      .dtype = WLAW_I16,
      .rank = 4,
      .shape = {3, 2, 4, 5},
      .stride = {sizeof block[0][0][0], 0, -(int64_t)sizeof block[0][0], sizeof block[0]},
  };
  double want[120], got[120];
  size_t n = 0;
  for (int k = 0; k < 3; k++)
    for (int twice = 0; twice < 2; twice++)
      for (int j = 0; j < 4; j++)
        for (int i = 0; i < 5; i++) want[n++] = block[i][3 - j][k];
  wlaw_error *err = wlaw_error_new();
  for (size_t first = 0; first <= n; first++)
    for (size_t count = 0; count <= n - first; count += 7) {
      check_ok(wlaw_view_read(&view, first, count, got, err));
      assert_memory_equal(got, want + first, count * sizeof *got);
    }
  check_status(wlaw_view_read(&view, 0, 121, got, err), WLAW_ARGUMENT);
  check_status(wlaw_view_read(&view, UINT64_MAX, 2, got, err), WLAW_ARGUMENT);

  tensor_view row_major;
  check_ok(wlaw_view_contiguous(&row_major, block, WLAW_I16, 3, (const uint64_t[]){5, 4, 3}, err));
  check_ok(wlaw_view_read(&row_major, 1, 59, got, err));
  for (int i = 0; i < 59; i++) assert_true(got[i] == (&block[0][0][0])[i + 1]);
  const uint64_t large[3] = {UINT64_MAX, 2, 1};
  check_status(wlaw_view_contiguous(&row_major, block, WLAW_I16, 3, large, err), WLAW_LIMIT);
  check_status(wlaw_view_contiguous(&row_major, block, WLAW_I16, WLAW_MAX_RANK + 1, large, err), WLAW_ARGUMENT);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_half), cmocka_unit_test(every_8_bit_float),
      cmocka_unit_test(wide_types), cmocka_unit_test(unaligned_and_swapped),
      cmocka_unit_test(views),
  };
  return cmocka_run_group_tests_name("tensor.dtype", tests, NULL, NULL);
}
