/* The first layer of narrow networks, where nearly all the work is: as many inputs as there are pixels, at most 32
 * outputs. Sixteen inputs lie along the lanes. Forward: a register tile of outputs x samples runs along the inputs and
 * is summed over the lanes at the end. Backward: a register tile of outputs x inputs runs along the samples, and the
 * optimiser takes the gradient from the registers, so that it is never stored. */
#include <stdalign.h>
#include <stdbool.h>

#include "net/kernel_parts.h"
#include "net/update_lanes.h"

enum { MAX_OUTPUTS = 32, LINE = 64 };

/* Sixteen stored bytes as inputs; `left` of them exist (the last row of the data set must not be read past). */
INLINE v16 convert_bytes(const input_batch *x, const uint8_t *row, size_t f) {
  const v16 scale = v16_load(x->scale + f), shift = v16_load(x->shift + f);
  if (f + LANES <= x->features) return v16_fma(v16_bytes(row + f), scale, shift);
  uint8_t last[LANES] = {0};
  memcpy(last, row + f, x->features - f);
  return v16_fma(v16_bytes(last), scale, shift);
}

static void fill_row(const input_batch *x, size_t s) {
  const uint8_t *row = x->bytes + (size_t)x->order[s] * x->features;
  for (size_t f = 0; f < x->stride; f += LANES) v16_store(x->x + s * x->stride + f, convert_bytes(x, row, f));
}

static void fetch_following(const input_batch *x, size_t s) {
  if (!x->following || s >= x->n_following) return;
  const uint8_t *row = x->bytes + (size_t)x->following[s] * x->features;
  for (size_t f = 0; f < x->features; f += LINE) __builtin_prefetch(row + f, 0, 2);
  __builtin_prefetch(row + x->features - 1, 0, 2);
}

void KERNEL(fill_inputs)(const input_batch *x) {
  for (size_t s = 0; s < x->samples; s++) {
    fill_row(x, s);
    fetch_following(x, s);
  }
}

/* Lane sums still to be done, of `samples` (1 or 2) samples and `outputs` outputs: sums: [outputs, 16, 16]. */
INLINE void dot_tile(float *sums, const float *w, const float *x, size_t stride, const size_t outputs,
                     const size_t samples) {
  v16 sum[TILE_OUTPUTS][TILE_VECTORS];
  for (size_t o = 0; o < outputs; o++)
    for (size_t s = 0; s < samples; s++) sum[o][s] = v16_zero();
  for (size_t f = 0; f < stride; f += LANES) {
    v16 input[TILE_VECTORS];
    for (size_t s = 0; s < samples; s++) input[s] = v16_load(x + s * stride + f);
    for (size_t o = 0; o < outputs; o++) {
      const v16 weight = v16_load(w + o * stride + f);
      for (size_t s = 0; s < samples; s++) sum[o][s] = v16_fma(weight, input[s], sum[o][s]);
    }
  }
  for (size_t o = 0; o < outputs; o++)
    for (size_t s = 0; s < samples; s++) v16_store(sums + (o * LANES + s) * LANES, sum[o][s]);
}

/* The same with both sizes known to the compiler. */
#define DOT_CASE(outputs_)                                                                                             \
  case outputs_: dot_tile(sums, w, x, stride, outputs_, samples); break;
INLINE void dot_rows(float *sums, const float *w, const float *x, size_t stride, size_t outputs, const size_t samples) {
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

static void dot_samples(float *sums, const float *w, size_t outputs, const input_batch *x, size_t s, size_t samples) {
  const float *rows = x->x + s * x->stride;
  for (size_t o = 0, tile; o < outputs; o += tile) {
    tile = tile_rows(outputs - o);
    if (samples == TILE_VECTORS)
      dot_rows(sums + o * LANES * LANES, w + o * x->stride, rows, x->stride, tile, TILE_VECTORS);
    else dot_rows(sums + o * LANES * LANES, w + o * x->stride, rows, x->stride, tile, 1);
  }
}

void KERNEL(input_forward)(float *z, size_t z_stride, const float *w, size_t outputs, float scale, const float *bias,
                           const input_batch *x) {
  alignas(64) float sums[MAX_OUTPUTS * LANES * LANES];
  for (size_t first = 0; first < x->samples; first += LANES) {
    const size_t samples = x->samples - first < LANES ? x->samples - first : LANES;
    for (size_t s = 0, step; s < samples; s += step) {
      step = samples - s < TILE_VECTORS ? 1 : TILE_VECTORS;
      for (size_t k = first + s; x->bytes && k < first + s + step; k++) {
        fill_row(x, k);
        fetch_following(x, k);
      }
      dot_samples(sums + s * LANES, w, outputs, x, first + s, step);
    }
    for (size_t o = 0; o < outputs; o++) {
      float *rows = sums + o * LANES * LANES;
      memset(rows + samples * LANES, 0, (LANES - samples) * LANES * sizeof *rows);
      v16_store(z + o * z_stride + first, v16_fma(v16_set(scale), v16_sum_rows(rows), v16_set(bias ? bias[o] : 0.0f)));
    }
  }
}

/* What the backward tiles of one step share. */
typedef struct backward_step {
  const update_rule *rule;
  float *w, *first, *second, *gradient;
  const float *delta;
  size_t delta_stride;
  const input_batch *x;
} backward_step;

/* Gradient of the weights [o, o + outputs) x [f, f + 16 vectors), and their update. */
INLINE void backward_tile(const backward_step *step, update_kind kind, size_t o, size_t f, const size_t outputs,
                          const size_t vectors) {
  const size_t stride = step->x->stride, samples = step->x->samples;
  const float *x = step->x->x + f, *delta = step->delta + o * step->delta_stride;
  v16 sum[TILE_OUTPUTS][TILE_VECTORS];
  for (size_t r = 0; r < outputs; r++)
    for (size_t v = 0; v < vectors; v++) sum[r][v] = v16_zero();
  for (size_t s = 0; s < samples; s++) {
    v16 input[TILE_VECTORS];
    for (size_t v = 0; v < vectors; v++) input[v] = v16_load(x + s * stride + v * LANES);
    for (size_t r = 0; r < outputs; r++) {
      const v16 d = v16_set(delta[r * step->delta_stride + s]);
      for (size_t v = 0; v < vectors; v++) sum[r][v] = v16_fma(d, input[v], sum[r][v]);
    }
  }
  const update_lanes u = update_lanes_of(step->rule);
  const bool one = kind == UPDATE_MOMENTUM || kind == UPDATE_ADAM, two = kind == UPDATE_ADAM;
  for (size_t r = 0; r < outputs; r++)
    for (size_t v = 0; v < vectors; v++) {
      const size_t at = (o + r) * stride + f + v * LANES;
      update_step(kind, &u, step->w + at, one ? step->first + at : NULL, two ? step->second + at : NULL,
                  kind == UPDATE_STORE ? step->gradient + at : NULL, sum[r][v]);
    }
}

#define BACKWARD_CASE(outputs_)                                                                                        \
  case outputs_: backward_tile(step, kind, o, f, outputs_, vectors); break;

INLINE void backward_rows(const backward_step *step, update_kind kind, size_t o, size_t f, size_t outputs,
                          const size_t vectors) {
  switch (outputs) {
    TILE_CASES(BACKWARD_CASE)
    default: break;
  }
}

INLINE void backward_all(const backward_step *step, update_kind kind, size_t outputs) {
  const size_t stride = step->x->stride;
  for (size_t f = 0; f < stride; f += TILE_VECTORS * LANES)
    for (size_t o = 0, tile; o < outputs; o += tile) {
      tile = tile_rows(outputs - o);
      if (f + TILE_VECTORS * LANES <= stride) backward_rows(step, kind, o, f, tile, TILE_VECTORS);
      else backward_rows(step, kind, o, f, tile, 1);
    }
}

void KERNEL(input_backward)(const update_rule *rule, float *w, float *first, float *second, float *gradient,
                            const float *delta, size_t delta_stride, size_t outputs, const input_batch *x) {
  const backward_step step = {rule, w, first, second, gradient, delta, delta_stride, x};
  switch (rule->kind) {
    case UPDATE_STORE: backward_all(&step, UPDATE_STORE, outputs); break;
    case UPDATE_SGD: backward_all(&step, UPDATE_SGD, outputs); break;
    case UPDATE_MOMENTUM: backward_all(&step, UPDATE_MOMENTUM, outputs); break;
    case UPDATE_ADAM: backward_all(&step, UPDATE_ADAM, outputs); break;
  }
}
