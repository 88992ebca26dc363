/* The first layer of narrow networks, where nearly all the work is: as many inputs as there are pixels, at most 32
 * outputs. Sixteen inputs lie along the lanes. Forward: a register tile of outputs x samples runs along the inputs and
 * is summed over the lanes at the end. Backward: a register tile of outputs x inputs runs along the samples, and the
 * optimiser takes the gradient from the registers, so that it is never stored. */
#include <stdalign.h>
#include <stdbool.h>

#include "net/kernel_parts.h"
#include "net/update_lanes.h"

enum { MAX_OUTPUTS = 32, LINE = 64 };

/* Inputs f .. f + 15 of sample s. bytes is a constant where this is inlined: converting costs less than storing and
 * reading four times as much. */
INLINE v16 load_input(const input_batch x, size_t s, size_t f, v16 scale, v16 shift, const bool bytes) {
  const size_t at = s * x.stride + f;
  return bytes ? v16_fma(v16_bytes(x.bytes + at), scale, shift) : v16_load(x.x + at);
}

void KERNEL(fill_inputs)(const input_batch *x) {
  for (size_t s = 0; s < x->samples; s++)
    for (size_t f = 0; f < x->stride; f += LANES)
      v16_store(x->x + s * x->stride + f, load_input(*x, s, f, v16_load(x->scale + f), v16_load(x->shift + f), true));
}

/* One tile of the forward product: `outputs` rows of w by `samples` samples from `at` on. What is left to be summed
 * over the lanes goes to sums: [outputs, 16, 16]. w: [stride / 16, all_outputs, 16] from the tile's first output on. */
INLINE void dot_tile(float *sums, const float *w, size_t all_outputs, const input_batch x, size_t at,
                     const size_t outputs, const size_t samples, const bool bytes) {
  v16 sum[TILE_OUTPUTS][TILE_VECTORS], input[TILE_VECTORS];
  for (size_t o = 0; o < outputs; o++)
    for (size_t s = 0; s < samples; s++) sum[o][s] = v16_zero();
  for (size_t f = 0; f < x.stride; f += LANES) {
    const v16 scale = v16_load(x.scale + f), shift = v16_load(x.shift + f);
    for (size_t s = 0; s < samples; s++) input[s] = load_input(x, at + s, f, scale, shift, bytes);
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

/* The next tile of rows: whole ones, or what is left split evenly, so that no tile is a sliver. */
static size_t tile_rows(size_t left) {
  const size_t tiles = (left + TILE_OUTPUTS - 1) / TILE_OUTPUTS;
  return (left + tiles - 1) / tiles;
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

void KERNEL(input_forward)(float *z, size_t z_stride, const float *w, size_t outputs, float scale, const float *bias,
                           const input_batch *x) {
  alignas(64) float sums[MAX_OUTPUTS * LANES * LANES];
  for (size_t first = 0; first < x->samples; first += LANES) {
    const size_t samples = x->samples - first < LANES ? x->samples - first : LANES;
    for (size_t s = 0, step; s < samples; s += step) {
      step = samples - s < TILE_VECTORS ? 1 : TILE_VECTORS;
      if (x->bytes) dot_samples(sums + s * LANES, w, outputs, x, first + s, step, true);
      else dot_samples(sums + s * LANES, w, outputs, x, first + s, step, false);
    }
    for (size_t o = 0; o < outputs; o++) {
      float *rows = sums + o * LANES * LANES;
      if (samples < LANES) memset(rows + samples * LANES, 0, (LANES - samples) * LANES * sizeof *rows);
      v16_store(z + o * z_stride + first, v16_fma(v16_set(scale), v16_sum_rows(rows), v16_set(bias ? bias[o] : 0.0f)));
    }
  }
}

/* What the backward tiles of one step share. */
typedef struct backward_step {
  const update_rule *rule;
  float *w, *first, *second, *gradient;
  const float *delta;
  size_t delta_stride, outputs;
  const input_batch *x;
} backward_step;

/* The bytes f .. f + 63 of row s of the following batch: when the backward pass is through, all of it is near. */
INLINE void fetch_following(const input_batch x, size_t s, size_t f) {
  if (s < x.n_following) __builtin_prefetch(x.stored + (size_t)x.following[s] * x.features + f, 0, 2);
}

/* Gradient of the weights of outputs [o, o + outputs) and inputs [f, f + 16 vectors), and their update. */
INLINE void backward_tile(const backward_step *step, update_kind kind, size_t o, size_t f, const size_t outputs,
                          const size_t vectors, const bool bytes) {
  const input_batch x = *step->x;
  const size_t delta_stride = step->delta_stride;
  const float *delta = step->delta + o * delta_stride;
  const bool fetch = o == 0 && f % LINE == 0 && x.following;
  v16 sum[TILE_OUTPUTS][TILE_VECTORS], scale[TILE_VECTORS], shift[TILE_VECTORS];
  for (size_t v = 0; v < vectors; v++) {
    scale[v] = v16_load(x.scale + f + v * LANES);
    shift[v] = v16_load(x.shift + f + v * LANES);
  }
  for (size_t r = 0; r < outputs; r++)
    for (size_t v = 0; v < vectors; v++) sum[r][v] = v16_zero();
  for (size_t s = 0; s < x.samples; s++) {
    v16 input[TILE_VECTORS];
    if (fetch) fetch_following(x, s, f);
    for (size_t v = 0; v < vectors; v++) input[v] = load_input(x, s, f + v * LANES, scale[v], shift[v], bytes);
    for (size_t r = 0; r < outputs; r++) {
      const v16 d = v16_set(delta[r * delta_stride + s]);
      for (size_t v = 0; v < vectors; v++) sum[r][v] = v16_fma(d, input[v], sum[r][v]);
    }
  }
  const update_lanes u = update_lanes_of(step->rule);
  const bool one = kind == UPDATE_MOMENTUM || kind == UPDATE_ADAM, two = kind == UPDATE_ADAM;
  for (size_t r = 0; r < outputs; r++)
    for (size_t v = 0; v < vectors; v++) {
      const size_t at = (f + v * LANES) * step->outputs + (o + r) * LANES;
      update_step(kind, &u, step->w + at, one ? step->first + at : NULL, two ? step->second + at : NULL,
                  kind == UPDATE_STORE ? step->gradient + at : NULL, sum[r][v]);
    }
}

#define BACKWARD_CASE(outputs_)                                                                                        \
  case outputs_: backward_tile(step, kind, o, f, outputs_, vectors, bytes); break;

INLINE void backward_rows(const backward_step *step, update_kind kind, size_t o, size_t f, size_t outputs,
                          const size_t vectors, const bool bytes) {
  switch (outputs) {
    TILE_CASES(BACKWARD_CASE)
    default: break;
  }
}

INLINE void backward_all(const backward_step *step, update_kind kind, const bool bytes) {
  const size_t stride = step->x->stride, outputs = step->outputs;
  for (size_t f = 0; f < stride; f += TILE_VECTORS * LANES)
    for (size_t o = 0, tile; o < outputs; o += tile) {
      tile = tile_rows(outputs - o);
      if (f + TILE_VECTORS * LANES <= stride) backward_rows(step, kind, o, f, tile, TILE_VECTORS, bytes);
      else backward_rows(step, kind, o, f, tile, 1, bytes);
    }
}

/* One loop for each rule. */
INLINE void backward_by_rule(const backward_step *step, const bool bytes) {
  switch (step->rule->kind) {
    case UPDATE_STORE: backward_all(step, UPDATE_STORE, bytes); break;
    case UPDATE_SGD: backward_all(step, UPDATE_SGD, bytes); break;
    case UPDATE_MOMENTUM: backward_all(step, UPDATE_MOMENTUM, bytes); break;
    case UPDATE_ADAM: backward_all(step, UPDATE_ADAM, bytes); break;
  }
}

void KERNEL(input_backward)(const update_rule *rule, float *w, float *first, float *second, float *gradient,
                            const float *delta, size_t delta_stride, size_t outputs, const input_batch *x) {
  const backward_step step = {rule, w, first, second, gradient, delta, delta_stride, outputs, x};
  if (x->bytes) backward_by_rule(&step, true);
  else backward_by_rule(&step, false);
}
