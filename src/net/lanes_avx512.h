/* v16 as one 512-bit register (see lanes.h). */
#ifndef WLAW_NET_LANES_AVX512_H
#define WLAW_NET_LANES_AVX512_H

#include <immintrin.h>

/* Largest register tile: outputs x vectors of accumulators that fit 32 registers beside their operands. */
#define TILE_OUTPUTS 10
#define TILE_VECTORS 2
#define TILE_CASES(CASE)                                                                                               \
  CASE(1)                                                                                                              \
  CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) /* every number of outputs in a tile */

typedef __m512 v16;

typedef v16 part;
#define PART_LANES 16

INLINE v16 v16_load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void v16_store(float *p, v16 a) { _mm512_storeu_ps(p, a); }
/* The first n lanes only, 1 <= n <= 16. */
INLINE void v16_store_first(float *p, v16 a, size_t n) {
  _mm512_mask_storeu_ps(p, (__mmask16)(0xffffu >> (16 - n)), a);
}
/* Holds a in registers: where it is used twice GCC would rather read memory twice, and loads are what is scarce. */
INLINE void v16_keep(v16 *a) { __asm__("" : "+v"(*a)); }
INLINE v16 v16_set(float x) { return _mm512_set1_ps(x); }
INLINE v16 v16_bytes(const uint8_t *p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
}
INLINE v16 v16_add(v16 a, v16 b) { return _mm512_add_ps(a, b); }
INLINE v16 v16_sub(v16 a, v16 b) { return _mm512_sub_ps(a, b); }
INLINE v16 v16_mul(v16 a, v16 b) { return _mm512_mul_ps(a, b); }
INLINE v16 v16_div(v16 a, v16 b) { return _mm512_div_ps(a, b); }
INLINE v16 v16_sqrt(v16 a) { return _mm512_sqrt_ps(a); }
/* a * b + c, rounded once. */
INLINE v16 v16_fma(v16 a, v16 b, v16 c) { return _mm512_fmadd_ps(a, b, c); }
/* a > b ? a : b: b where either is NaN. */
INLINE v16 v16_max(v16 a, v16 b) { return _mm512_max_ps(a, b); }
INLINE v16 v16_abs(v16 a) { return _mm512_abs_ps(a); }
/* a > b ? yes : no */
INLINE v16 v16_where_greater(v16 a, v16 b, v16 yes, v16 no) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_GT_OQ), no, yes);
}
/* magnitude (>= 0) with the sign of sign */
INLINE v16 v16_with_sign(v16 magnitude, v16 sign) {
  return _mm512_or_ps(magnitude, _mm512_and_ps(sign, _mm512_set1_ps(-0.0f)));
}
/* 2^n for whole n in [-126, 127] */
INLINE v16 v16_power_of_two(v16 n) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23));
}
/* x = m * 2^e with m in [sqrt(1/2), sqrt(2)), for positive normal x. Returns m. */
INLINE v16 v16_split(v16 x, v16 *e) {
  const __m512i offset = _mm512_set1_epi32(0x3f3504f3); /* sqrt(1/2) */
  const __m512i bits = _mm512_sub_epi32(_mm512_castps_si512(x), offset);
  *e = _mm512_cvtepi32_ps(_mm512_srai_epi32(bits, 23));
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_and_si512(bits, _mm512_set1_epi32(0x007fffff)), offset));
}

INLINE v16 v16_pair_sums(v16 a, v16 b) { return _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b)); }
INLINE part part_zero(void) { return _mm512_setzero_ps(); }
INLINE part part_load(const float *p) { return v16_load(p); }
INLINE void part_store(float *p, part a) { v16_store(p, a); }
INLINE void part_keep(part *a) { v16_keep(a); }
INLINE part part_bytes(const uint8_t *p) { return v16_bytes(p); }
INLINE part part_fma(part a, part b, part c) { return v16_fma(a, b, c); }
INLINE part part_pair_sums(part a, part b) { return v16_pair_sums(a, b); }
INLINE v16 v16_quad_sums(v16 a, v16 b) {
  const __m512d c = _mm512_castps_pd(a), d = _mm512_castps_pd(b);
  return _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(c, d)), _mm512_castpd_ps(_mm512_unpackhi_pd(c, d)));
}
INLINE v16 v16_group_sums(v16 a, v16 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
}
INLINE v16 v16_sum_quads(v16 a, v16 b, v16 c, v16 d) {
  return v16_group_sums(v16_group_sums(a, b), v16_group_sums(c, d));
}

#endif
