/* v16 as a plain array, for the baseline and for processors other than x86 (see lanes.h). No fused multiply-add: the
 * bytes differ from the other levels. */
#ifndef WLAW_NET_LANES_PORTABLE_H
#define WLAW_NET_LANES_PORTABLE_H

#include <math.h>

#define TILE_OUTPUTS     2
#define TILE_VECTORS     1
#define TILE_CASES(CASE) CASE(1) CASE(2) /* every number of outputs in a tile */

typedef float float4 __attribute__((vector_size(16)));
typedef int32_t int4 __attribute__((vector_size(16)));

typedef struct v16 {
  float4 q[4];
} v16;

typedef float4 part;
#define PART_LANES 4

#define V16_EACH(expression)                                                                                           \
  do {                                                                                                                 \
    v16 each_;                                                                                                         \
    for (int i = 0; i < 4; i++) {                                                                                      \
      each_.q[i] = (expression);                                                                                       \
    }                                                                                                                  \
    return each_;                                                                                                      \
  } while (0)

INLINE float4 four_load(const float *p) {
  float4 a;
  memcpy(&a, p, sizeof a);
  return a;
}
INLINE float4 four_set(float x) { return (float4){x, x, x, x}; }
INLINE float4 four_where(int4 mask, float4 yes, float4 no) { return (float4)((mask & (int4)yes) | (~mask & (int4)no)); }
INLINE float4 four_sqrt(float4 a) { return (float4){sqrtf(a[0]), sqrtf(a[1]), sqrtf(a[2]), sqrtf(a[3])}; }

INLINE v16 v16_load(const float *p) { V16_EACH(four_load(p + 4 * i)); }
INLINE void v16_store(float *p, v16 a) { memcpy(p, a.q, sizeof a.q); }
INLINE void v16_store_first(float *p, v16 a, size_t n) {
  float all[LANES];
  v16_store(all, a);
  for (size_t i = 0; i < n; i++) p[i] = all[i];
}
INLINE void v16_keep(v16 *a) { (void)a; }
INLINE v16 v16_set(float x) { V16_EACH(four_set(x)); }
INLINE v16 v16_add(v16 a, v16 b) { V16_EACH(a.q[i] + b.q[i]); }
INLINE v16 v16_sub(v16 a, v16 b) { V16_EACH(a.q[i] - b.q[i]); }
INLINE v16 v16_mul(v16 a, v16 b) { V16_EACH(a.q[i] * b.q[i]); }
INLINE v16 v16_div(v16 a, v16 b) { V16_EACH(a.q[i] / b.q[i]); }
INLINE v16 v16_sqrt(v16 a) { V16_EACH(four_sqrt(a.q[i])); }
INLINE v16 v16_fma(v16 a, v16 b, v16 c) { V16_EACH(a.q[i] * b.q[i] + c.q[i]); }
INLINE v16 v16_max(v16 a, v16 b) { V16_EACH(four_where(a.q[i] > b.q[i], a.q[i], b.q[i])); }
INLINE v16 v16_abs(v16 a) { V16_EACH((float4)((int4)a.q[i] & INT32_MAX)); }
INLINE v16 v16_where_greater(v16 a, v16 b, v16 yes, v16 no) {
  V16_EACH(four_where(a.q[i] > b.q[i], yes.q[i], no.q[i]));
}
INLINE v16 v16_with_sign(v16 magnitude, v16 sign) {
  V16_EACH((float4)((int4)magnitude.q[i] | ((int4)sign.q[i] & INT32_MIN)));
}
INLINE float4 four_powers_of_two(float4 n) {
  int4 bits;
  for (int i = 0; i < 4; i++) bits[i] = n[i] >= -126.0f && n[i] <= 127.0f ? ((int32_t)n[i] + 127) * (1 << 23) : 0;
  return (float4)bits;
}
INLINE v16 v16_power_of_two(v16 n) { V16_EACH(four_powers_of_two(n.q[i])); }
INLINE v16 v16_split(v16 x, v16 *e) {
  v16 m;
  for (int i = 0; i < 4; i++) {
    const int4 bits = (int4)x.q[i] - 0x3f3504f3, exponent = bits >> 23;
    for (int k = 0; k < 4; k++) e->q[i][k] = (float)exponent[k];
    m.q[i] = (float4)((bits & 0x007fffff) + 0x3f3504f3);
  }
  return m;
}
INLINE part part_zero(void) { return four_set(0.0f); }
INLINE part part_load(const float *p) { return four_load(p); }
INLINE void part_store(float *p, part a) { memcpy(p, &a, sizeof a); }
INLINE void part_keep(part *a) { (void)a; }
INLINE part part_bytes(const uint8_t *p) { return (part){(float)p[0], (float)p[1], (float)p[2], (float)p[3]}; }
INLINE v16 v16_bytes(const uint8_t *p) { V16_EACH(part_bytes(p + 4 * i)); }
INLINE part part_fma(part a, part b, part c) { return a * b + c; }
INLINE part part_pair_sums(part a, part b) {
  return __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
}
INLINE v16 v16_pair_sums(v16 a, v16 b) { V16_EACH(part_pair_sums(a.q[i], b.q[i])); }
INLINE v16 v16_quad_sums(v16 a, v16 b) {
  V16_EACH(__builtin_shufflevector(a.q[i], b.q[i], 0, 1, 4, 5) + __builtin_shufflevector(a.q[i], b.q[i], 2, 3, 6, 7));
}
INLINE float4 four_row_sums(v16 quads) { return (quads.q[0] + quads.q[1]) + (quads.q[2] + quads.q[3]); }
INLINE v16 v16_sum_quads(v16 a, v16 b, v16 c, v16 d) {
  return (v16){{four_row_sums(a), four_row_sums(b), four_row_sums(c), four_row_sums(d)}};
}

#endif
