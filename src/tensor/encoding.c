/* The block layouts are those of ggml (https://github.com/ggml-org/ggml, ggml-common.h: block_q4_0 and so on). A block
 * holds one half-precision scale d and small integers q; the "K" blocks hold 256 weights in runs of 16 or 32, each with
 * a scale of its own in 4 to 8 bits. Products are exact in f32 up to the last one, so every order gives the same bytes.
 */
#include "tensor/encoding.h"

#include <string.h>

#include "core/error.h"

static float half_at(const unsigned char *bytes) {
  const uint16_t bits = (uint16_t)(bytes[0] | bytes[1] << 8);
  double value;
  wlaw_dtype_to_double(&value, &bits, WLAW_F16, 1);
  return (float)value;
}

static float float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Bytes 0 .. 15 of a block of 32 hold weight j in the low and weight j + 16 in the high four bits. */
enum { SMALL = 32, HALF = SMALL / 2, LARGE = 256 };

static void unpack_q4_0(float *out, const unsigned char *block, size_t n) {
  for (; n--; out += SMALL, block += 18) {
    const float d = half_at(block);
    for (int j = 0; j < HALF; j++) {
      out[j] = d * (float)((block[2 + j] & 15) - 8);
      out[j + HALF] = d * (float)((block[2 + j] >> 4) - 8);
    }
  }
}

static void unpack_q4_1(float *out, const unsigned char *block, size_t n) {
  for (; n--; out += SMALL, block += 20) {
    const float d = half_at(block), least = half_at(block + 2);
    for (int j = 0; j < HALF; j++) {
      out[j] = d * (float)(block[4 + j] & 15) + least;
      out[j + HALF] = d * (float)(block[4 + j] >> 4) + least;
    }
  }
}

/* The fifth bits of 32 weights, bit j that of weight j. */
static int fifth_bit(const unsigned char *high, int j) { return (high[j / 8] >> j % 8 & 1) << 4; }

static void unpack_q5_0(float *out, const unsigned char *block, size_t n) {
  for (; n--; out += SMALL, block += 22) {
    const float d = half_at(block);
    for (int j = 0; j < HALF; j++) {
      out[j] = d * (float)(((block[6 + j] & 15) | fifth_bit(block + 2, j)) - 16);
      out[j + HALF] = d * (float)((block[6 + j] >> 4 | fifth_bit(block + 2, j + HALF)) - 16);
    }
  }
}

static void unpack_q5_1(float *out, const unsigned char *block, size_t n) {
  for (; n--; out += SMALL, block += 24) {
    const float d = half_at(block), least = half_at(block + 2);
    for (int j = 0; j < HALF; j++) {
      out[j] = d * (float)((block[8 + j] & 15) | fifth_bit(block + 4, j)) + least;
      out[j + HALF] = d * (float)(block[8 + j] >> 4 | fifth_bit(block + 4, j + HALF)) + least;
    }
  }
}

static void unpack_q8_0(float *out, const unsigned char *block, size_t n) {
  for (; n--; out += SMALL, block += 34) {
    const float d = half_at(block);
    for (int j = 0; j < SMALL; j++) out[j] = d * (float)(int8_t)block[2 + j];
  }
}

/* 16 bytes of scale (low four bits) and minimum (high), 64 of two-bit q, d, minimum's d. */
static void unpack_q2_k(float *out, const unsigned char *block, size_t n) {
  for (; n--; block += 84) {
    const float d = half_at(block + 80), d_least = half_at(block + 82);
    for (int run = 0; run < LARGE / 16; run++, out += 16) {
      const float scale = d * (float)(block[run] & 15), least = d_least * (float)(block[run] >> 4);
      const unsigned char *q = block + 16 + run / 8 * 32 + run % 2 * 16;
      for (int j = 0; j < 16; j++) out[j] = scale * (float)(q[j] >> run % 8 / 2 * 2 & 3) - least;
    }
  }
}

/* 32 bytes of third bits (set: 4 less is taken off), 64 of two-bit q, 12 of 16 six-bit scales, d. */
static void unpack_q3_k(float *out, const unsigned char *block, size_t n) {
  for (; n--; block += 110) {
    const unsigned char *packed = block + 96;
    const float d = half_at(block + 108);
    for (int run = 0; run < LARGE / 16; run++, out += 16) {
      const int low = run < 8 ? packed[run] & 15 : packed[run - 8] >> 4;
      const int high = packed[8 + run % 4] >> run / 4 * 2 & 3;
      const float scale = d * (float)((low | high << 4) - 32);
      const unsigned char *third = block + run % 2 * 16, *q = third + 32 + run / 8 * 32;
      for (int j = 0; j < 16; j++)
        out[j] = scale * (float)((q[j] >> run % 8 / 2 * 2 & 3) - (third[j] >> run / 2 & 1 ? 0 : 4));
    }
  }
}

/* The scale and the minimum of run r of 32 weights, six bits each, in 12 bytes: of runs 0 .. 3 in the low bits of bytes
 * r and r + 4; of runs 4 .. 7 the low four bits in byte r + 4, the high two above those of run r - 4. */
static void scale_and_minimum(int *scale, int *least, const unsigned char *packed, int r) {
  if (r < 4) {
    *scale = packed[r] & 63;
    *least = packed[r + 4] & 63;
  } else {
    *scale = (packed[r + 4] & 15) | packed[r - 4] >> 6 << 4;
    *least = packed[r + 4] >> 4 | packed[r] >> 6 << 4;
  }
}

/* d, minimum's d, 12 bytes of scales, 128 of four-bit q: run r is the low or high half of bytes 32 (r / 2) and on. */
static void unpack_q4_k(float *out, const unsigned char *block, size_t n) {
  for (; n--; block += 144) {
    const float d = half_at(block), d_least = half_at(block + 2);
    for (int run = 0; run < LARGE / 32; run++, out += 32) {
      int scale, least;
      scale_and_minimum(&scale, &least, block + 4, run);
      const float step = d * (float)scale, shift = d_least * (float)least;
      const unsigned char *q = block + 16 + run / 2 * 32;
      for (int j = 0; j < 32; j++) out[j] = step * (float)(q[j] >> run % 2 * 4 & 15) - shift;
    }
  }
}

/* As q4_K with 32 bytes of fifth bits (bit r of byte j: weight j of run r) before q. */
static void unpack_q5_k(float *out, const unsigned char *block, size_t n) {
  for (; n--; block += 176) {
    const float d = half_at(block), d_least = half_at(block + 2);
    for (int run = 0; run < LARGE / 32; run++, out += 32) {
      int scale, least;
      scale_and_minimum(&scale, &least, block + 4, run);
      const float step = d * (float)scale, shift = d_least * (float)least;
      const unsigned char *fifth = block + 16, *q = block + 48 + run / 2 * 32;
      for (int j = 0; j < 32; j++)
        out[j] = step * (float)((q[j] >> run % 2 * 4 & 15) | (fifth[j] >> run & 1) << 4) - shift;
    }
  }
}

/* 128 bytes of low four bits, 64 of high two bits, 16 signed scales, d. Runs 0 .. 3 of 32 weights are in the first half
 * of each, 4 .. 7 in the second; of a half, runs 0 and 1 have the low halves of its 64 bytes, 2 and 3 the high ones. */
static void unpack_q6_k(float *out, const unsigned char *block, size_t n) {
  for (; n--; block += 210) {
    const float d = half_at(block + 208);
    for (int run = 0; run < LARGE / 32; run++, out += 32) {
      const int quarter = run % 4;
      const unsigned char *low = block + run / 4 * 64 + quarter % 2 * 32, *high = block + 128 + run / 4 * 32;
      const float scales[2] = {d * (float)(int8_t)block[192 + 2 * run], d * (float)(int8_t)block[193 + 2 * run]};
      for (int j = 0; j < 32; j++) {
        const int q = (low[j] >> quarter / 2 * 4 & 15) | (high[j] >> quarter * 2 & 3) << 4;
        out[j] = scales[j / 16] * (float)(q - 32);
      }
    }
  }
}

/* Open Compute Project, Microscaling Formats v1.0 (2023), 5.3: a shared power of two (E8M0) and elements of E2M1. */
static void unpack_mxfp4(float *out, const unsigned char *block, size_t n) {
  static const float e2m1[16] = {0, .5f, 1, 1.5f, 2, 3, 4, 6, -0.0f, -.5f, -1, -1.5f, -2, -3, -4, -6};
  for (; n--; out += SMALL, block += 17) {
    /* 2^(e - 127): 0 is subnormal in f32, 255 is NaN */
    const uint32_t e = block[0];
    const float scale = float_of_bits(e == 0 ? UINT32_C(1) << 22 : e == 255 ? UINT32_C(0x7FC00000) : e << 23);
    for (int j = 0; j < HALF; j++) {
      out[j] = scale * e2m1[block[1 + j] & 15];
      out[j + HALF] = scale * e2m1[block[1 + j] >> 4];
    }
  }
}

/* The 8-bit floats of P. Micikevicius et al., "FP8 formats for deep learning", arXiv:2209.05433 (2022), table 1. E4M3
 * has no infinity and one NaN; its exponent's bias is 120 less than that of f32. */
static void unpack_f8_e4m3(float *out, const unsigned char *bytes, size_t n) {
  for (size_t k = 0; k < n; k++) {
    const uint32_t sign = (uint32_t)(bytes[k] & 0x80) << 24, magnitude = bytes[k] & 0x7F;
    out[k] = magnitude == 0x7F ? float_of_bits(sign | 0x7FC00000) : float_of_bits(sign | magnitude << 20) * 0x1p120f;
  }
}

/* E5M2 is the upper half of an f16; its exponent's bias is 112 less than that of f32. */
static void unpack_f8_e5m2(float *out, const unsigned char *bytes, size_t n) {
  for (size_t k = 0; k < n; k++) {
    const uint32_t sign = (uint32_t)(bytes[k] & 0x80) << 24, magnitude = (uint32_t)(bytes[k] & 0x7F) << 21;
    const bool finite = (bytes[k] & 0x7F) < 0x7C;
    out[k] = finite ? float_of_bits(sign | magnitude) * 0x1p112f : float_of_bits(sign | 0x7F800000 | magnitude);
  }
}

static const tensor_encoding encodings[] = {
    {"q4_0", SMALL, 18, unpack_q4_0},  {"q4_1", SMALL, 20, unpack_q4_1},   {"q5_0", SMALL, 22, unpack_q5_0},
    {"q5_1", SMALL, 24, unpack_q5_1},  {"q8_0", SMALL, 34, unpack_q8_0},   {"q2_K", LARGE, 84, unpack_q2_k},
    {"q3_K", LARGE, 110, unpack_q3_k}, {"q4_K", LARGE, 144, unpack_q4_k},  {"q5_K", LARGE, 176, unpack_q5_k},
    {"q6_K", LARGE, 210, unpack_q6_k}, {"mxfp4", SMALL, 17, unpack_mxfp4}, {"f8_e4m3", 1, 1, unpack_f8_e4m3},
    {"f8_e5m2", 1, 1, unpack_f8_e5m2},
};

const tensor_encoding *wlaw_encoding_find(const char *name) {
  for (size_t k = 0; k < sizeof encodings / sizeof *encodings; k++)
    if (strcmp(encodings[k].name, name) == 0) return &encodings[k];
  return NULL;
}

void wlaw_encoding_apply(tensor_info *info, const tensor_encoding *encoding) {
  info->dtype = WLAW_F32;
  info->encoding = encoding->name;
  info->plain = false;
  info->concurrent = true;
  info->big_endian = WLAW_HOST_IS_BIG_ENDIAN; /* of what is unpacked */
}

wlaw_status wlaw_encoding_read(const tensor_encoding *encoding, const input_file *file, uint64_t offset, uint64_t from,
                               void *out, size_t n, wlaw_error *err) {
  enum { ELEMENTS = 1 << 13 }; /* unpacked at a time; no block has more bytes than 9/8 of its elements */
  unsigned char blocks[ELEMENTS + ELEMENTS / 8];
  float values[ELEMENTS];
  const size_t unpacked = encoding->elements * sizeof *values, most = ELEMENTS / encoding->elements;
  for (unsigned char *to = out; n;) {
    const uint64_t block = from / unpacked;
    const size_t skip = (size_t)(from % unpacked), wanted = (skip + n - 1) / unpacked + 1;
    const size_t count = wanted < most ? wanted : most;
    WLAW_TRY(wlaw_input_read(file, offset + block * encoding->block_bytes, blocks, count * encoding->block_bytes, err));
    encoding->unpack(values, blocks, count);
    const size_t held = count * unpacked - skip, piece = n < held ? n : held;
    memcpy(to, (const unsigned char *)values + skip, piece);
    to += piece;
    from += piece;
    n -= piece;
  }
  return WLAW_OK;
}

wlaw_status wlaw_tensors_read_encoded(wlaw_tensors *tensors, size_t i, uint64_t from, void *out, size_t n,
                                      wlaw_error *err) {
  const tensor_info *info = &tensors->info[i];
  return wlaw_encoding_read(wlaw_encoding_find(info->encoding), &tensors->file, info->offset, from, out, n, err);
}
