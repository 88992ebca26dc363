/* The forward pass of the first layer of narrow networks: as many inputs as there are pixels, at most 32 outputs.
 * Sixteen inputs lie along the lanes; a register tile of outputs x samples runs along the inputs and is summed over the
 * lanes at the end. */
#include <stdalign.h>

#include "net/input_lanes.h"
#include "net/kernel_parts.h"

enum { PAIRS = LANES / 2 };

void KERNEL(fill_inputs)(const input_batch *x) {
  for (size_t s = 0; s < x->samples; s++)
    for (size_t f = 0; f < x->stride; f += LANES)
      v16_store(x->x + s * x->stride + f,
                v16_fma(load_input(*x, s, f, true), v16_load(x->scale + f), v16_load(x->shift + f)));
}

/* constant: w times the inputs' shift; scaled: w times their scale, unless NULL. w: `outputs` rows of all_outputs, as
 * below. */
INLINE void shift_rows(float *constant, float *scaled, const float *w, size_t all_outputs, const input_batch x,
                       const size_t outputs) {
  v16 sum[TILE_OUTPUTS];
  for (size_t o = 0; o < outputs; o++) sum[o] = v16_zero();
  for (size_t f = 0; f < x.stride; f += LANES) {
    const v16 scale = v16_load(x.scale + f), shift = v16_load(x.shift + f);
    for (size_t o = 0; o < outputs; o++) {
      const v16 weight = v16_load(w + f * all_outputs + o * LANES);
      if (scaled) v16_store(scaled + f * all_outputs + o * LANES, v16_mul(weight, scale));
      sum[o] = v16_fma(weight, shift, sum[o]);
    }
  }
  for (size_t o = 0; o < outputs; o++) constant[o] = v16_sum(sum[o]);
}

#define SHIFT_CASE(outputs_)                                                                                           \
  case outputs_:                                                                                                       \
    if (scaled) shift_rows(constant + o, scaled + o * LANES, w + o * LANES, outputs, *x, outputs_);                    \
    else shift_rows(constant + o, NULL, w + o * LANES, outputs, *x, outputs_);                                         \
    break;
static void shift_weights(float *constant, float *scaled, const float *w, size_t outputs, const input_batch *x) {
  for (size_t o = 0, tile; o < outputs; o += tile) {
    tile = tile_rows(outputs - o);
    switch (tile) {
      TILE_CASES(SHIFT_CASE)
      default: break;
    }
  }
}

INLINE part load_input_part(const input_batch x, size_t s, size_t f, const bool bytes) {
  const size_t at = s * x.stride + f;
  return bytes ? part_bytes(x.bytes + at) : part_load(x.x + at);
}

/* Blocks of inputs that are not 0 in one or two samples, 64 of them. */
INLINE uint64_t blocks_of(const input_batch x, size_t at, const size_t samples, size_t word) {
  const uint64_t *row = x.blocks + at * x.block_words + word;
  return samples > 1 ? row[0] | row[x.block_words] : row[0];
}

/* One tile of the forward product: `outputs` rows of w by one or two samples from `at` on. What is left to be summed
 * over the lanes goes to pairs: [outputs, 8, 16], one of the eight (v16_pair_sums). w: [stride / 16, all_outputs, 16]
 * from the tile's first output on. */
INLINE void dot_tile(float *pairs, const float *w, size_t all_outputs, const input_batch x, size_t at,
                     const size_t outputs, const size_t samples, const bool bytes) {
  for (size_t lane = 0; lane < LANES; lane += PART_LANES) {
    part sum[TILE_OUTPUTS][2], input[2];
    for (size_t o = 0; o < outputs; o++) sum[o][0] = sum[o][1] = part_zero();
    for (size_t word = 0; word < x.block_words; word++)
      for (uint64_t left = blocks_of(x, at, samples, word); left; left &= left - 1) {
        const size_t f = (64 * word + (size_t)__builtin_ctzll(left)) * LANES;
        for (size_t s = 0; s < samples; s++) input[s] = load_input_part(x, at + s, f + lane, bytes);
        for (size_t o = 0; o < outputs; o++) {
          part weight = part_load(w + f * all_outputs + o * LANES + lane);
          part_keep(&weight);
          for (size_t s = 0; s < samples; s++) sum[o][s] = part_fma(weight, input[s], sum[o][s]);
        }
      }
    for (size_t o = 0; o < outputs; o++)
      part_store(pairs + o * PAIRS * LANES + lane, part_pair_sums(sum[o][0], sum[o][1]));
  }
}

/* The same with its sizes known to the compiler. */
#define DOT_CASE(outputs_)                                                                                             \
  case outputs_: dot_tile(pairs, w, all_outputs, x, at, outputs_, samples, bytes); break;
INLINE void dot_rows(float *pairs, const float *w, size_t all_outputs, const input_batch x, size_t at, size_t outputs,
                     const size_t samples, const bool bytes) {
  switch (outputs) {
    TILE_CASES(DOT_CASE)
    default: break;
  }
}

/* Samples [at, at + samples) against all outputs. */
INLINE void dot_samples(float *pairs, const float *w, size_t outputs, const input_batch *x, size_t at, size_t samples,
                        const bool bytes) {
  for (size_t o = 0, tile; o < outputs; o += tile) {
    tile = tile_rows(outputs - o);
    float *const out = pairs + o * PAIRS * LANES;
    if (samples == 2) dot_rows(out, w + o * LANES, outputs, *x, at, tile, 2, bytes);
    else dot_rows(out, w + o * LANES, outputs, *x, at, tile, 1, bytes);
  }
}

/* Functions of their own: inlined into one, GCC runs short of registers and keeps a sum of the innermost loop in
 * memory.
 */
#define OUTLINE static __attribute__((noinline))
OUTLINE void dot_bytes(float *pairs, const float *w, size_t outputs, const input_batch *x, size_t at, size_t samples) {
  dot_samples(pairs, w, outputs, x, at, samples, true);
}
OUTLINE void dot_floats(float *pairs, const float *w, size_t outputs, const input_batch *x, size_t at, size_t samples) {
  dot_samples(pairs, w, outputs, x, at, samples, false);
}

void KERNEL(input_forward)(float *z, size_t z_stride, const float *w, float *scaled, size_t outputs, float scale,
                           const float *bias, const input_batch *x) {
  alignas(64) float pairs[MAX_OUTPUTS * PAIRS * LANES];
  float constant[MAX_OUTPUTS];
  const bool common = x->common_scale != 0.0f; /* then the sums are scaled, not the weights */
  const v16 factor = v16_set(common ? x->common_scale : 1.0f);
  shift_weights(constant, common ? NULL : scaled, w, outputs, x);
  if (!common) w = scaled;
  for (size_t first = 0; first < x->samples; first += LANES) {
    const size_t samples = x->samples - first < LANES ? x->samples - first : LANES;
    for (size_t s = 0, step; s < samples; s += step) {
      step = samples - s < 2 ? 1 : 2;
      (x->bytes ? dot_bytes : dot_floats)(pairs + s / 2 * LANES, w, outputs, x, first + s, step);
    }
    for (size_t o = 0; o < outputs; o++) {
      float *of_output = pairs + o * PAIRS * LANES;
      const size_t there = (samples + 1) / 2;
      if (there < PAIRS) memset(of_output + there * LANES, 0, (PAIRS - there) * LANES * sizeof *of_output);
      const v16 sum = v16_fma(factor, v16_sum_pairs(of_output), v16_set(constant[o]));
      v16_store(z + o * z_stride + first, v16_fma(v16_set(scale), sum, v16_set(bias ? bias[o] : 0.0f)));
    }
  }
}
