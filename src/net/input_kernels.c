/* The forward pass of the first layer of narrow networks: as many inputs as there are pixels, at most 32 outputs.
 * Sixteen inputs lie along the lanes; a register tile of outputs x samples runs along the inputs and is summed over the
 * lanes at the end. */
#include <stdalign.h>

#include "net/input_lanes.h"
#include "net/kernel_parts.h"

void KERNEL(fill_inputs)(const input_batch *x) {
  for (size_t s = 0; s < x->samples; s++)
    for (size_t f = 0; f < x->stride; f += LANES)
      v16_store(x->x + s * x->stride + f,
                v16_fma(load_input(*x, s, f, true), v16_load(x->scale + f), v16_load(x->shift + f)));
}

/* scaled: w times the inputs' scale; constant: w times their shift. w: `outputs` rows of all_outputs, as below. */
INLINE void scale_rows(float *scaled, float *constant, const float *w, size_t all_outputs, const input_batch x,
                       const size_t outputs) {
  v16 sum[TILE_OUTPUTS];
  for (size_t o = 0; o < outputs; o++) sum[o] = v16_zero();
  for (size_t f = 0; f < x.stride; f += LANES) {
    const v16 scale = v16_load(x.scale + f), shift = v16_load(x.shift + f);
    for (size_t o = 0; o < outputs; o++) {
      const v16 weight = v16_load(w + f * all_outputs + o * LANES);
      v16_store(scaled + f * all_outputs + o * LANES, v16_mul(weight, scale));
      sum[o] = v16_fma(weight, shift, sum[o]);
    }
  }
  for (size_t o = 0; o < outputs; o++) constant[o] = v16_sum(sum[o]);
}

#define SCALE_CASE(outputs_)                                                                                           \
  case outputs_: scale_rows(scaled + o * LANES, constant + o, w + o * LANES, outputs, *x, outputs_); break;
static void scale_weights(float *scaled, float *constant, const float *w, size_t outputs, const input_batch *x) {
  for (size_t o = 0, tile; o < outputs; o += tile) {
    tile = tile_rows(outputs - o);
    switch (tile) {
      TILE_CASES(SCALE_CASE)
      default: break;
    }
  }
}

/* One tile of the forward product: `outputs` rows of w by `samples` samples from `at` on. What is left to be summed
 * over the lanes goes to sums: [outputs, 16, 16]. w: [stride / 16, all_outputs, 16] from the tile's first output on. */
INLINE void dot_tile(float *sums, const float *w, size_t all_outputs, const input_batch x, size_t at,
                     const size_t outputs, const size_t samples, const bool bytes) {
  v16 sum[TILE_OUTPUTS][TILE_VECTORS], input[TILE_VECTORS];
  for (size_t o = 0; o < outputs; o++)
    for (size_t s = 0; s < samples; s++) sum[o][s] = v16_zero();
  for (size_t f = 0; f < x.stride; f += LANES) {
    for (size_t s = 0; s < samples; s++) input[s] = load_input(x, at + s, f, bytes);
    for (size_t o = 0; o < outputs; o++) {
      v16 weight = v16_load(w + f * all_outputs + o * LANES);
      v16_keep(&weight);
      for (size_t s = 0; s < samples; s++) sum[o][s] = v16_fma(weight, input[s], sum[o][s]);
    }
  }
  for (size_t o = 0; o < outputs; o++)
    for (size_t s = 0; s < samples; s++) v16_store(sums + (o * LANES + s) * LANES, sum[o][s]);
}

/* The same with its sizes known to the compiler. */
#define DOT_CASE(outputs_)                                                                                             \
  case outputs_: dot_tile(sums, w, all_outputs, x, at, outputs_, samples, bytes); break;
INLINE void dot_rows(float *sums, const float *w, size_t all_outputs, const input_batch x, size_t at, size_t outputs,
                     const size_t samples, const bool bytes) {
  switch (outputs) {
    TILE_CASES(DOT_CASE)
    default: break;
  }
}

/* Samples [at, at + samples) against all outputs. */
INLINE void dot_samples(float *sums, const float *w, size_t outputs, const input_batch *x, size_t at, size_t samples,
                        const bool bytes) {
  for (size_t o = 0, tile; o < outputs; o += tile) {
    tile = tile_rows(outputs - o);
    float *const out = sums + o * LANES * LANES;
    if (samples == TILE_VECTORS) dot_rows(out, w + o * LANES, outputs, *x, at, tile, TILE_VECTORS, bytes);
    else dot_rows(out, w + o * LANES, outputs, *x, at, tile, 1, bytes);
  }
}

void KERNEL(input_forward)(float *z, size_t z_stride, const float *w, float *scaled, size_t outputs, float scale,
                           const float *bias, const input_batch *x) {
  alignas(64) float sums[MAX_OUTPUTS * LANES * LANES];
  float constant[MAX_OUTPUTS];
  scale_weights(scaled, constant, w, outputs, x);
  for (size_t first = 0; first < x->samples; first += LANES) {
    const size_t samples = x->samples - first < LANES ? x->samples - first : LANES;
    for (size_t s = 0, step; s < samples; s += step) {
      step = samples - s < TILE_VECTORS ? 1 : TILE_VECTORS;
      if (x->bytes) dot_samples(sums + s * LANES, scaled, outputs, x, first + s, step, true);
      else dot_samples(sums + s * LANES, scaled, outputs, x, first + s, step, false);
    }
    for (size_t o = 0; o < outputs; o++) {
      float *rows = sums + o * LANES * LANES;
      if (samples < LANES) memset(rows + samples * LANES, 0, (LANES - samples) * LANES * sizeof *rows);
      const v16 sum = v16_add(v16_sum_rows(rows), v16_set(constant[o]));
      v16_store(z + o * z_stride + first, v16_fma(v16_set(scale), sum, v16_set(bias ? bias[o] : 0.0f)));
    }
  }
}
