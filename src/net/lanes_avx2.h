/* v16 as two 256-bit registers (see lanes.h and lanes_avx512.h for what each operation is). */
#ifndef WLAW_NET_LANES_AVX2_H
#define WLAW_NET_LANES_AVX2_H

#include <immintrin.h>

/* Sixteen registers: twelve for accumulators. */
#define TILE_OUTPUTS     6
#define TILE_VECTORS     1
#define TILE_CASES(CASE) CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) /* every number of outputs in a tile */

typedef struct v16 {
  __m256 lo, hi;
} v16;

typedef __m256 part;
#define PART_LANES 8

INLINE v16 v16_of(__m256 lo, __m256 hi) { return (v16){lo, hi}; }
INLINE v16 v16_load(const float *p) { return v16_of(_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)); }
INLINE void v16_store(float *p, v16 a) {
  _mm256_storeu_ps(p, a.lo);
  _mm256_storeu_ps(p + 8, a.hi);
}
INLINE void v16_store_first(float *p, v16 a, size_t n) {
  float all[LANES];
  v16_store(all, a);
  for (size_t i = 0; i < n; i++) p[i] = all[i];
}
INLINE void v16_keep(v16 *a) { __asm__("" : "+x"(a->lo), "+x"(a->hi)); }
INLINE v16 v16_set(float x) { return v16_of(_mm256_set1_ps(x), _mm256_set1_ps(x)); }
INLINE __m256 eight_bytes(const uint8_t *p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
INLINE v16 v16_bytes(const uint8_t *p) { return v16_of(eight_bytes(p), eight_bytes(p + 8)); }
INLINE v16 v16_add(v16 a, v16 b) { return v16_of(_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)); }
INLINE v16 v16_sub(v16 a, v16 b) { return v16_of(_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)); }
INLINE v16 v16_mul(v16 a, v16 b) { return v16_of(_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)); }
INLINE v16 v16_div(v16 a, v16 b) { return v16_of(_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)); }
INLINE v16 v16_sqrt(v16 a) { return v16_of(_mm256_sqrt_ps(a.lo), _mm256_sqrt_ps(a.hi)); }
INLINE v16 v16_fma(v16 a, v16 b, v16 c) {
  return v16_of(_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi));
}
INLINE v16 v16_max(v16 a, v16 b) { return v16_of(_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)); }
INLINE v16 v16_abs(v16 a) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  return v16_of(_mm256_andnot_ps(sign, a.lo), _mm256_andnot_ps(sign, a.hi));
}
INLINE v16 v16_where_greater(v16 a, v16 b, v16 yes, v16 no) {
  return v16_of(_mm256_blendv_ps(no.lo, yes.lo, _mm256_cmp_ps(a.lo, b.lo, _CMP_GT_OQ)),
                _mm256_blendv_ps(no.hi, yes.hi, _mm256_cmp_ps(a.hi, b.hi, _CMP_GT_OQ)));
}
INLINE v16 v16_with_sign(v16 magnitude, v16 sign) {
  const __m256 bit = _mm256_set1_ps(-0.0f);
  return v16_of(_mm256_or_ps(magnitude.lo, _mm256_and_ps(sign.lo, bit)),
                _mm256_or_ps(magnitude.hi, _mm256_and_ps(sign.hi, bit)));
}
INLINE __m256 eight_powers_of_two(__m256 n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
INLINE v16 v16_power_of_two(v16 n) { return v16_of(eight_powers_of_two(n.lo), eight_powers_of_two(n.hi)); }
INLINE __m256 eight_split(__m256 x, __m256 *e) {
  const __m256i offset = _mm256_set1_epi32(0x3f3504f3);
  const __m256i bits = _mm256_sub_epi32(_mm256_castps_si256(x), offset);
  *e = _mm256_cvtepi32_ps(_mm256_srai_epi32(bits, 23));
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x007fffff)), offset));
}
INLINE v16 v16_split(v16 x, v16 *e) {
  v16 m;
  m.lo = eight_split(x.lo, &e->lo);
  m.hi = eight_split(x.hi, &e->hi);
  return m;
}

INLINE part part_zero(void) { return _mm256_setzero_ps(); }
INLINE part part_load(const float *p) { return _mm256_loadu_ps(p); }
INLINE void part_store(float *p, part a) { _mm256_storeu_ps(p, a); }
INLINE void part_keep(part *a) { __asm__("" : "+x"(*a)); }
INLINE part part_bytes(const uint8_t *p) { return eight_bytes(p); }
INLINE part part_fma(part a, part b, part c) { return _mm256_fmadd_ps(a, b, c); }
INLINE part part_pair_sums(part a, part b) { return _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b)); }
INLINE v16 v16_pair_sums(v16 a, v16 b) { return v16_of(part_pair_sums(a.lo, b.lo), part_pair_sums(a.hi, b.hi)); }
INLINE __m256 eight_quad_sums(__m256 a, __m256 b) {
  const __m256d c = _mm256_castps_pd(a), d = _mm256_castps_pd(b);
  return _mm256_add_ps(_mm256_castpd_ps(_mm256_unpacklo_pd(c, d)), _mm256_castpd_ps(_mm256_unpackhi_pd(c, d)));
}
INLINE v16 v16_quad_sums(v16 a, v16 b) { return v16_of(eight_quad_sums(a.lo, b.lo), eight_quad_sums(a.hi, b.hi)); }
/* (g0 + g1) + (g2 + g3) of four rows */
INLINE __m128 four_row_sums(v16 quads) {
  return _mm_add_ps(_mm_add_ps(_mm256_castps256_ps128(quads.lo), _mm256_extractf128_ps(quads.lo, 1)),
                    _mm_add_ps(_mm256_castps256_ps128(quads.hi), _mm256_extractf128_ps(quads.hi, 1)));
}
INLINE v16 v16_sum_quads(v16 a, v16 b, v16 c, v16 d) {
  return v16_of(_mm256_set_m128(four_row_sums(b), four_row_sums(a)),
                _mm256_set_m128(four_row_sums(d), four_row_sums(c)));
}

#endif
