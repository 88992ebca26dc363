#include "net/pass.h"

#include "core/error.h"
#include "core/memory.h"
#include "math/blas.h"

static size_t whole_lanes(size_t n) { return (n + MLP_LANES - 1) / MLP_LANES * MLP_LANES; }

static size_t widest_layer(const mlp *net) {
  size_t widest = 0;
  for (size_t l = 1; l <= net->layers; l++)
    if (net->width[l] > widest) widest = net->width[l];
  return widest;
}

wlaw_status wlaw_pass_space_new(pass_space *out, const mlp *net, size_t stride, wlaw_error *err) {
  *out = (pass_space){.stride = stride};
  const mlp_layout layout = wlaw_mlp_layout(net);
  const size_t widest = widest_layer(net), gradient = layout.trained;
  const size_t scaled = wlaw_mlp_is_narrow(net, 0) ? layout.tail : 0;
  size_t rows = 2 * widest, floats;
  for (size_t l = 0; l < net->layers; l++) rows += net->width[l + 1] * (l + 1 < net->layers ? 2 : 1);
  if (__builtin_mul_overflow(rows, stride, &floats) || __builtin_add_overflow(floats, gradient, &floats) ||
      __builtin_add_overflow(floats, scaled, &floats))
    return wlaw_fail(err, WLAW_LIMIT, "a batch of %zu samples needs more memory than can be addressed", stride);
  float *at = out->storage = wlaw_array(floats, sizeof(float));
  if (!at) return wlaw_fail_memory(err, floats, sizeof(float));
  out->gradient = at;
  at += gradient;
  out->scaled = at;
  at += scaled;
  for (int i = 0; i < 2; i++) {
    out->delta[i] = at;
    at += widest * stride;
  }
  for (size_t l = 0; l < net->layers; l++) {
    out->z[l] = at;
    at += net->width[l + 1] * stride;
    if (l + 1 == net->layers) continue;
    out->h[l] = at;
    at += net->width[l + 1] * stride;
  }
  return WLAW_OK;
}

void wlaw_pass_space_free(pass_space *space) {
  free(space->storage);
  *space = (pass_space){0};
}

/* Parameters and shape of layer l in a block. */
typedef struct layer_view {
  size_t inputs, outputs;
  size_t at, row; /* place of the weights, distance of their rows */
  size_t bias_at;
  float scale;
  bool narrow;
} layer_view;

static layer_view view_layer(const pass *p, size_t l) {
  return (layer_view){.inputs = p->net->width[l],
                      .outputs = p->net->width[l + 1],
                      .at = p->layout.weight[l],
                      .row = p->layout.stride[l],
                      .bias_at = p->layout.bias[l],
                      .scale = (float)wlaw_mlp_scale(p->net, l),
                      .narrow = wlaw_mlp_is_narrow(p->net, l)};
}

/* z: [O, B] = scale W x^T + b.  W: [O, F], x: [B, F] */
static void input_forward(const pass *p, const pass_space *space, const float *block, const input_batch *batch) {
  float *const z = space->z[0];
  const size_t stride = space->stride;
  const layer_view layer = view_layer(p, 0);
  const float *w = block + layer.at, *bias = p->net->biases ? block + layer.bias_at : NULL;
  if (layer.narrow) {
    p->kernels->input_forward(z, stride, w, space->scaled, layer.outputs, layer.scale, bias, batch);
    return;
  }
  if (batch->bytes) p->kernels->fill_inputs(batch);
  wlaw_sgemm(false, true, layer.outputs, batch->samples, layer.inputs, 1.0f, w, layer.row, batch->x, batch->stride,
             0.0f, z, stride);
  p->kernels->scale_and_shift(z, layer.outputs, batch->samples, whole_lanes(batch->samples), stride, layer.scale, bias);
}

/* z: [O, B] = scale W h + b.  W: [O, I], h: [I, B] */
static void linear_forward(const pass *p, size_t l, float *z, const float *h, size_t stride, const float *block,
                           size_t samples) {
  const layer_view layer = view_layer(p, l);
  const float *w = block + layer.at, *bias = p->net->biases ? block + layer.bias_at : NULL;
  if (layer.narrow) {
    p->kernels->lane_multiply(z, &(lane_product){w, layer.row, 1, h, layer.outputs, layer.inputs, whole_lanes(samples),
                                                 stride, layer.scale, bias});
    return;
  }
  wlaw_sgemm(false, false, layer.outputs, samples, layer.inputs, 1.0f, w, layer.row, h, stride, 0.0f, z, stride);
  p->kernels->scale_and_shift(z, layer.outputs, samples, whole_lanes(samples), stride, layer.scale, bias);
}

/* dW: [O, I] = delta h^T, dh: [I, B] = W^T delta.  delta: [O, B] (times the layer's scale), h: [I, B] */
static void linear_backward(const pass *p, size_t l, float *gradient, float *dh, const float *delta, const float *h,
                            size_t stride, const float *block, size_t samples) {
  const layer_view layer = view_layer(p, l);
  const float *w = block + layer.at;
  float *dw = gradient + layer.at;
  if (layer.narrow) {
    const size_t columns = whole_lanes(samples);
    p->kernels->lane_outer(dw, delta, h, layer.outputs, layer.inputs, columns, stride);
    p->kernels->lane_multiply(
        dh, &(lane_product){w, 1, layer.row, delta, layer.inputs, layer.outputs, columns, stride, 1.0f, NULL});
    return;
  }
  wlaw_sgemm(false, true, layer.outputs, layer.inputs, samples, 1.0f, delta, stride, h, stride, 0.0f, dw, layer.row);
  wlaw_sgemm(true, false, layer.inputs, samples, layer.outputs, 1.0f, w, layer.row, delta, stride, 0.0f, dh, stride);
  p->kernels->scale_and_shift(dh, layer.inputs, samples, whole_lanes(samples), stride, 1.0f, NULL);
}

/* rows: [width[l], stride], what layer l >= 1 is given or its gradient, times the scales of those nodes. */
static void scale_nodes(const pass *p, size_t l, float *rows, const float *block, size_t columns, size_t stride) {
  if (p->net->node_scales) p->kernels->scale_rows(rows, block + p->layout.scale[l], p->net->width[l], columns, stride);
}

void wlaw_pass_forward(const pass *p, pass_space *space, const float *block, const input_batch *batch) {
  const mlp *net = p->net;
  const size_t columns = whole_lanes(batch->samples);
  input_forward(p, space, block, batch);
  for (size_t l = 1; l < net->layers; l++) {
    p->kernels->activate(space->h[l - 1], space->z[l - 1], net->width[l], columns, space->stride, net->activation);
    scale_nodes(p, l, space->h[l - 1], block, columns, space->stride);
    linear_forward(p, l, space->z[l], space->h[l - 1], space->stride, block, batch->samples);
  }
}

/* db: [O] = sum over samples of delta; then delta *= scale, which is what the weights see. */
static void bias_backward(const pass *p, size_t l, float *gradient, float *delta, size_t stride, size_t samples) {
  const layer_view layer = view_layer(p, l);
  const size_t columns = whole_lanes(samples);
  if (p->net->biases) p->kernels->row_sums(gradient + layer.bias_at, delta, layer.outputs, columns, stride);
  if (p->net->ntk) p->kernels->scale_and_shift(delta, layer.outputs, samples, columns, stride, layer.scale, NULL);
}

static float *offset(float *array, size_t n) { return array ? array + n : NULL; }

double wlaw_pass_step(const pass *p, pass_space *space, const update_rule *rule, float *block, float *first,
                      float *second, const input_batch *batch, const uint8_t *labels) {
  const mlp *net = p->net;
  const size_t samples = batch->samples, columns = whole_lanes(samples), stride = space->stride;
  wlaw_pass_forward(p, space, block, batch);

  float *delta = space->delta[0], *before = space->delta[1];
  const size_t last = net->layers - 1;
  const double total =
      p->kernels->loss(delta, space->z[last], labels, net->width[net->layers], samples, stride, net->loss);
  for (size_t l = last; l >= 1; l--) {
    bias_backward(p, l, space->gradient, delta, stride, samples);
    linear_backward(p, l, space->gradient, before, delta, space->h[l - 1], stride, block, samples);
    scale_nodes(p, l, before, block, columns, stride);
    p->kernels->activate_backward(before, space->z[l - 1], net->width[l], columns, stride, net->activation);
    float *const swapped = delta;
    delta = before;
    before = swapped;
  }

  bias_backward(p, 0, space->gradient, delta, stride, samples);
  const layer_view layer = view_layer(p, 0);
  size_t done = 0; /* floats of the block that are updated already */
  if (layer.narrow) {
    p->kernels->input_backward(rule, block, first, second, space->gradient, delta, stride, layer.outputs, batch);
    done = p->layout.tail;
  } else {
    /* dW: [O, F] = delta x.  x: [B, F], zero in the padding, so that the padding of W stays zero */
    wlaw_sgemm(false, false, layer.outputs, layer.row, samples, 1.0f, delta, stride, batch->x, batch->stride, 0.0f,
               space->gradient, layer.row);
  }
  if (rule->kind != UPDATE_STORE && p->layout.trained > done)
    p->kernels->update(rule, block + done, offset(first, done), offset(second, done), space->gradient + done,
                       p->layout.trained - done);
  return total;
}
