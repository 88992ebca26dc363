/* Sixteen single-precision lanes: one AVX-512 register, two AVX2 registers, or four of the baseline.
 *
 * Every operation is an IEEE operation on each lane, products and sums are fused only where `v16_fma` is written (these
 * files are compiled without contraction), and horizontal sums take one fixed tree. So the AVX2 and the AVX-512 build
 * of a kernel give the same bytes; the baseline has no fused multiply-add, and its bytes differ from theirs. */
#ifndef WLAW_NET_LANES_H
#define WLAW_NET_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES  16
#define INLINE static inline __attribute__((always_inline, unused))

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#include "net/lanes_avx512.h"
#elif defined(__AVX2__) && defined(__FMA__)
#include "net/lanes_avx2.h"
#else
#include "net/lanes_portable.h"
#endif

/* `part` is a whole register of a v16, PART_LANES of its lanes: loops whose sums would not fit the registers run over
 * one part after the other. part_fma and the others do to a part what v16_fma does to all sixteen lanes. */

INLINE v16 v16_zero(void) { return v16_set(0.0f); }

/* 0 1 2 .. 15 */
INLINE v16 v16_iota(void) {
  static const float numbers[LANES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return v16_load(numbers);
}

/* Horizontal sums of sixteen rows r0 .. r15 at once, by one tree: with groups of four lanes x0 .. x3 and
 * g = (x0 + x2) + (x1 + x3), a row's sum is (g0 + g1) + (g2 + g3). v16_pair_sums(r0, r1) holds, in every group,
 * x0 + x2 of both rows and x1 + x3 of both; v16_quad_sums of two such vectors the g of their four rows; v16_sum_quads
 * of four of those the sums, row j's in lane j. */

/* pairs: [8, 16], v16_pair_sums of rows 0 and 1, 2 and 3, ... */
INLINE v16 v16_sum_pairs(const float *pairs) {
  v16 quads[4];
  for (int i = 0; i < 4; i++)
    quads[i] = v16_quad_sums(v16_load(pairs + 2 * i * LANES), v16_load(pairs + (2 * i + 1) * LANES));
  return v16_sum_quads(quads[0], quads[1], quads[2], quads[3]);
}

/* rows: [16, 16] */
INLINE v16 v16_sum_rows(const float *rows) {
  v16 quads[4];
  for (int i = 0; i < 4; i++) {
    const float *four = rows + 4 * i * LANES;
    quads[i] = v16_quad_sums(v16_pair_sums(v16_load(four), v16_load(four + LANES)),
                             v16_pair_sums(v16_load(four + 2 * LANES), v16_load(four + 3 * LANES)));
  }
  return v16_sum_quads(quads[0], quads[1], quads[2], quads[3]);
}

/* Sum of the sixteen lanes, by the same tree. */
INLINE float v16_sum(v16 a) {
  float x[LANES], group[4];
  v16_store(x, a);
  for (int g = 0; g < 4; g++) group[g] = (x[4 * g] + x[4 * g + 2]) + (x[4 * g + 1] + x[4 * g + 3]);
  return (group[0] + group[1]) + (group[2] + group[3]);
}

#endif
