#include "tensor/dtype.h"

#include <stdint.h>
#include <string.h>

size_t wlaw_dtype_size(wlaw_dtype dtype) {
  switch (dtype) {
#define DTYPE_SIZE(name, bytes, text)                                                                                  \
  case WLAW_##name: return bytes;
    WLAW_DTYPE_LIST(DTYPE_SIZE)
#undef DTYPE_SIZE
    case WLAW_DTYPE_COUNT: break;
  }
  return 0;
}

const char *wlaw_dtype_text(wlaw_dtype dtype) {
  switch (dtype) {
#define DTYPE_TEXT(name, bytes, text)                                                                                  \
  case WLAW_##name: return text;
    WLAW_DTYPE_LIST(DTYPE_TEXT)
#undef DTYPE_TEXT
    case WLAW_DTYPE_COUNT: break;
  }
  return "?";
}

static float float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* IEEE 754 binary16. Shifted into binary32's fields, exponent and fraction read as value * 2^-112 (the biases differ by
 * 112), subnormals included, so one exact multiplication finishes finite numbers. */
static double double_of_f16(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000u) << 16, magnitude = (uint32_t)(half & 0x7FFFu) << 13;
  if (magnitude >= 0x7C00u << 13) return float_of_bits(sign | 0x7F800000u | magnitude); /* infinity, NaN */
  return (double)(float_of_bits(sign | magnitude) * 0x1p112f);
}

static double double_of_bf16(uint16_t upper_half) { return float_of_bits((uint32_t)upper_half << 16); }

/* memcpy: stored elements need not be aligned */
#define CONVERT(type, expression)                                                                                      \
  for (size_t i = 0; i < count; i++) {                                                                                 \
    type value;                                                                                                        \
    memcpy(&value, bytes + i * sizeof value, sizeof value);                                                            \
    out[i] = (expression);                                                                                             \
  }                                                                                                                    \
  break

void wlaw_dtype_to_double(double *out, const void *in, wlaw_dtype dtype, size_t count) {
  const unsigned char *bytes = in;
  switch (dtype) {
    case WLAW_F16: CONVERT(uint16_t, double_of_f16(value));
    case WLAW_BF16: CONVERT(uint16_t, double_of_bf16(value));
    case WLAW_F32: CONVERT(float, (double)value);
    case WLAW_F64: CONVERT(double, value);
    case WLAW_I8: CONVERT(int8_t, (double)value);
    case WLAW_I16: CONVERT(int16_t, (double)value);
    case WLAW_I32: CONVERT(int32_t, (double)value);
    case WLAW_I64: CONVERT(int64_t, (double)value);
    case WLAW_U8: CONVERT(uint8_t, (double)value);
    case WLAW_U16: CONVERT(uint16_t, (double)value);
    case WLAW_U32: CONVERT(uint32_t, (double)value);
    case WLAW_U64: CONVERT(uint64_t, (double)value);
    case WLAW_BOOL: CONVERT(uint8_t, value ? 1.0 : 0.0);
    case WLAW_DTYPE_COUNT: break;
  }
}

#define SWAP(type, swap)                                                                                               \
  for (size_t i = 0; i < count; i++) {                                                                                 \
    type value;                                                                                                        \
    memcpy(&value, at + i * sizeof value, sizeof value);                                                               \
    value = swap(value);                                                                                               \
    memcpy(at + i * sizeof value, &value, sizeof value);                                                               \
  }                                                                                                                    \
  break

void wlaw_dtype_swap(void *bytes, wlaw_dtype dtype, size_t count) {
  unsigned char *at = bytes;
  switch (wlaw_dtype_size(dtype)) {
    case 2: SWAP(uint16_t, __builtin_bswap16);
    case 4: SWAP(uint32_t, __builtin_bswap32);
    case 8: SWAP(uint64_t, __builtin_bswap64);
    default: break;
  }
}
