/* The first layer of narrow networks, where nearly all the work is: as many inputs as there are pixels, at most 32
 * outputs. Sixteen inputs lie along the lanes. Forward: a register tile of outputs x samples runs along the inputs and
 * is summed over the lanes at the end. Backward: a register tile of outputs x inputs runs along the samples, and the
 * optimiser takes the gradient from the registers, so that it is never stored. */
#include <stdalign.h>
#include <stdbool.h>

#include "net/kernel_parts.h"
#include "net/update_lanes.h"

enum { MAX_OUTPUTS = 32, LINE = 64 };

/* The stored bytes past the last whole vector as inputs; nothing is read past the row. */
INLINE v16 convert_last(const uint8_t *row, size_t features, const float *scale, const float *shift) {
  const size_t f = features / LANES * LANES;
  uint8_t last[LANES] = {0};
  memcpy(last, row + f, features - f);
  return v16_fma(v16_bytes(last), v16_load(scale + f), v16_load(shift + f));
}

INLINE const uint8_t *row_of(const input_batch *x, const uint32_t *order, size_t s) {
  return x->bytes + (size_t)order[s] * x->features;
}

void KERNEL(fill_inputs)(const input_batch *x) {
  const size_t whole = x->features / LANES * LANES;
  for (size_t s = 0; s < x->samples; s++) {
    const uint8_t *row = row_of(x, x->order, s);
    const uint8_t *next = x->following && s < x->n_following ? row_of(x, x->following, s) : row;
    float *place = x->x + s * x->stride;
    for (size_t f = 0; f < whole; f += LANES) {
      if (f % LINE == 0) __builtin_prefetch(next + f);
      v16_store(place + f, v16_fma(v16_bytes(row + f), v16_load(x->scale + f), v16_load(x->shift + f)));
    }
    if (whole < x->stride) v16_store(place + whole, convert_last(row, x->features, x->scale, x->shift));
  }
}

/* One tile of the forward product: outputs by samples. Passed by value, so that the compiler knows that storing inputs
 * changes none of it. */
typedef struct dot_task {
  float *sums;    /* [outputs, 16, 16]: sums per lane, from place 0 of the second index on */
  const float *w; /* [outputs, stride] */
  float *x;       /* [samples, stride] */
  size_t stride, features;
  const float *scale, *shift;        /* [stride] */
  const uint8_t *row[TILE_VECTORS];  /* stored bytes of the samples */
  const uint8_t *next[TILE_VECTORS]; /* rows to be fetched meanwhile */
} dot_task;

/* Sixteen inputs of every sample times all outputs. */
INLINE void dot_step(const dot_task task, v16 sum[TILE_OUTPUTS][TILE_VECTORS], const v16 *input, size_t f,
                     const size_t outputs, const size_t samples) {
  for (size_t o = 0; o < outputs; o++) {
    v16 weight = v16_load(task.w + o * task.stride + f);
    v16_keep(&weight);
    for (size_t s = 0; s < samples; s++) sum[o][s] = v16_fma(weight, input[s], sum[o][s]);
  }
}

INLINE void dot_tile(const dot_task task, const size_t outputs, const size_t samples, const bool convert) {
  v16 sum[TILE_OUTPUTS][TILE_VECTORS], input[TILE_VECTORS];
  for (size_t o = 0; o < outputs; o++)
    for (size_t s = 0; s < samples; s++) sum[o][s] = v16_zero();
  const size_t whole = convert ? task.features / LANES * LANES : task.stride;
  for (size_t f = 0; f < whole; f += LANES) {
    for (size_t s = 0; s < samples; s++) {
      if (convert && f % LINE == 0) __builtin_prefetch(task.next[s] + f);
      input[s] = convert ? v16_fma(v16_bytes(task.row[s] + f), v16_load(task.scale + f), v16_load(task.shift + f))
                         : v16_load(task.x + s * task.stride + f);
      if (convert) v16_store(task.x + s * task.stride + f, input[s]);
    }
    dot_step(task, sum, input, f, outputs, samples);
  }
  if (whole < task.stride) {
    for (size_t s = 0; s < samples; s++) {
      input[s] = convert_last(task.row[s], task.features, task.scale, task.shift);
      v16_store(task.x + s * task.stride + whole, input[s]);
    }
    dot_step(task, sum, input, whole, outputs, samples);
  }
  for (size_t o = 0; o < outputs; o++)
    for (size_t s = 0; s < samples; s++) v16_store(task.sums + (o * LANES + s) * LANES, sum[o][s]);
}

/* The same with its sizes known to the compiler. */
#define DOT_CASE(outputs_)                                                                                             \
  case outputs_: dot_tile(task, outputs_, samples, convert); break;
INLINE void dot_rows(const dot_task task, size_t outputs, const size_t samples, const bool convert) {
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

/* Samples [at, at + samples) against all outputs. The first tile of outputs converts, the others find x filled. */
static void dot_samples(float *sums, const float *w, size_t outputs, const input_batch *x, size_t at, size_t samples) {
  dot_task task = {
      .x = x->x + at * x->stride, .stride = x->stride, .features = x->features, .scale = x->scale, .shift = x->shift};
  for (size_t s = 0; x->bytes && s < samples; s++) {
    task.row[s] = row_of(x, x->order, at + s);
    task.next[s] = x->following && at + s < x->n_following ? row_of(x, x->following, at + s) : task.row[s];
  }
  for (size_t o = 0, tile; o < outputs; o += tile) {
    tile = tile_rows(outputs - o);
    task.sums = sums + o * LANES * LANES;
    task.w = w + o * x->stride;
    const bool convert = x->bytes && o == 0;
    if (samples == TILE_VECTORS && convert) dot_rows(task, tile, TILE_VECTORS, true);
    else if (samples == TILE_VECTORS) dot_rows(task, tile, TILE_VECTORS, false);
    else if (convert) dot_rows(task, tile, 1, true);
    else dot_rows(task, tile, 1, false);
  }
}

void KERNEL(input_forward)(float *z, size_t z_stride, const float *w, size_t outputs, float scale, const float *bias,
                           const input_batch *x) {
  alignas(64) float sums[MAX_OUTPUTS * LANES * LANES];
  for (size_t first = 0; first < x->samples; first += LANES) {
    const size_t samples = x->samples - first < LANES ? x->samples - first : LANES;
    for (size_t s = 0, step; s < samples; s += step) {
      step = samples - s < TILE_VECTORS ? 1 : TILE_VECTORS;
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
