/* The backward pass of the first layer of narrow networks, with the optimiser's step: the gradient goes from the
 * registers into the update and is never stored. Sixteen inputs lie along the lanes; a register tile of outputs x
 * inputs runs along the samples. */
#include "net/input_lanes.h"
#include "net/kernel_parts.h"
#include "net/update_lanes.h"

enum { LINE = 64 };

/* What the tiles of one step share. */
typedef struct backward_step {
  const update_rule *rule;
  float *w, *first, *second, *gradient;
  const float *delta;
  size_t delta_stride, outputs;
  const input_batch *x;
  float delta_sum[MAX_OUTPUTS];
} backward_step;

/* What of the following batch is to be fetched next: the bytes at, at + 1, ... at + 63 of row `row`, then of the next
 * row. One line goes with each sample of a tile; when the backward pass is through, all of them are near. */
typedef struct fetch_cursor {
  size_t row, at;
} fetch_cursor;

INLINE void fetch_following(const input_batch x, size_t row, size_t at) {
  __builtin_prefetch(x.stored + (size_t)x.following[row] * x.features + at, 0, 2);
}

static void fetch_rest(const input_batch *x, fetch_cursor at) {
  for (; at.at < x->features; at = (fetch_cursor){0, at.at + LINE})
    for (; at.row < x->n_following; at.row++) fetch_following(*x, at.row, at.at);
}

/* The gradient of sixteen weights of output o, from sum = sum over samples of delta p, and their update. */
INLINE void take_gradient(const backward_step step, update_kind kind, const update_lanes *u, size_t o, size_t f,
                          v16 sum, v16 delta_sum) {
  const bool one = kind == UPDATE_MOMENTUM || kind == UPDATE_ADAM, two = kind == UPDATE_ADAM;
  const size_t at = f * step.outputs + o * LANES;
  const v16 scale = v16_load(step.x->scale + f), shift = v16_load(step.x->shift + f);
  update_step(kind, u, step.w + at, one ? step.first + at : NULL, two ? step.second + at : NULL,
              kind == UPDATE_STORE ? step.gradient + at : NULL, v16_fma(shift, delta_sum, v16_mul(scale, sum)));
}

/* Outputs [o, o + outputs) and inputs [f, f + 16 vectors). */
INLINE void backward_tile(const backward_step *step, fetch_cursor *cursor, update_kind kind, size_t o, size_t f,
                          const size_t outputs, const size_t vectors, const bool bytes) {
  const input_batch x = *step->x;
  const size_t delta_stride = step->delta_stride;
  const float *delta = step->delta + o * delta_stride;
  v16 sum[TILE_OUTPUTS][TILE_VECTORS];
  for (size_t r = 0; r < outputs; r++)
    for (size_t v = 0; v < vectors; v++) sum[r][v] = v16_zero();
  if (cursor->row == x.n_following) *cursor = (fetch_cursor){0, cursor->at + LINE};
  const size_t at = cursor->at, rows = at < x.features ? x.n_following : 0;
  size_t row = cursor->row;
  const size_t t = f / (2 * LANES);
  const uint32_t *list = x.lists + t * x.list_stride, *const end = list + x.lengths[t];
  for (; list < end; list++) {
    const size_t s = *list;
    if (row < rows) fetch_following(x, row++, at);
    v16 input[TILE_VECTORS];
    for (size_t v = 0; v < vectors; v++) input[v] = load_input(x, s, f + v * LANES, bytes);
    for (size_t r = 0; r < outputs; r++) {
      const v16 d = v16_set(delta[r * delta_stride + s]);
      for (size_t v = 0; v < vectors; v++) sum[r][v] = v16_fma(d, input[v], sum[r][v]);
    }
  }
  cursor->row = row;
  const update_lanes u = update_lanes_of(step->rule);
  for (size_t r = 0; r < outputs; r++)
    for (size_t v = 0; v < vectors; v++)
      take_gradient(*step, kind, &u, o + r, f + v * LANES, sum[r][v], v16_set(step->delta_sum[o + r]));
}

#define BACKWARD_CASE(outputs_)                                                                                        \
  case outputs_: backward_tile(step, cursor, kind, o, f, outputs_, vectors, bytes); break;

INLINE void backward_rows(const backward_step *step, fetch_cursor *cursor, update_kind kind, size_t o, size_t f,
                          size_t outputs, const size_t vectors, const bool bytes) {
  switch (outputs) {
    TILE_CASES(BACKWARD_CASE)
    default: break;
  }
}

INLINE void backward_all(const backward_step *step, update_kind kind, const bool bytes) {
  const size_t stride = step->x->stride, outputs = step->outputs;
  fetch_cursor cursor = {0, 0};
  for (size_t f = 0; f < stride; f += TILE_VECTORS * LANES)
    for (size_t o = 0, tile; o < outputs; o += tile) {
      tile = tile_rows(outputs - o);
      if (f + TILE_VECTORS * LANES <= stride) backward_rows(step, &cursor, kind, o, f, tile, TILE_VECTORS, bytes);
      else backward_rows(step, &cursor, kind, o, f, tile, 1, bytes);
    }
  fetch_rest(step->x, cursor);
}

/* One loop for each rule. */
INLINE void backward_by_rule(const backward_step *step, update_kind kind, const bool bytes) {
  switch (kind) {
    case UPDATE_STORE: backward_all(step, UPDATE_STORE, bytes); break;
    case UPDATE_SGD: backward_all(step, UPDATE_SGD, bytes); break;
    case UPDATE_MOMENTUM: backward_all(step, UPDATE_MOMENTUM, bytes); break;
    case UPDATE_ADAM: backward_all(step, UPDATE_ADAM, bytes); break;
  }
}

void KERNEL(input_backward)(const update_rule *rule, float *w, float *first, float *second, float *gradient,
                            const float *delta, size_t delta_stride, size_t outputs, const input_batch *x) {
  backward_step step = {rule, w, first, second, gradient, delta, delta_stride, outputs, x, {0}};
  KERNEL(row_sums)(step.delta_sum, delta, outputs, (x->samples + LANES - 1) / LANES * LANES, delta_stride);
  if (x->bytes) backward_by_rule(&step, rule->kind, true);
  else backward_by_rule(&step, rule->kind, false);
}
