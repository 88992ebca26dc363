#include "net/mlp.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "math/blas.h"

static size_t padded(size_t n) { return (n + MLP_LANES - 1) / MLP_LANES * MLP_LANES; }

wlaw_status wlaw_mlp_check(const mlp *net, wlaw_error *err) {
  if (net->layers < 1 || net->layers > MLP_MAX_LAYERS)
    return wlaw_fail(err, WLAW_ARGUMENT, "a network has 1 to %d layers, not %zu", MLP_MAX_LAYERS, net->layers);
  size_t total = 0;
  for (size_t l = 0; l <= net->layers; l++) {
    if (net->width[l] == 0) return wlaw_fail(err, WLAW_ARGUMENT, "layer %zu of the network is empty (width 0)", l);
    if (!wlaw_blas_size_ok(net->width[l]) || !wlaw_blas_size_ok(net->width[l] + MLP_LANES))
      return wlaw_fail(err, WLAW_LIMIT, "width %zu of layer %zu is too large", net->width[l], l);
    if (l == 0) continue;
    size_t weights, layer;
    if (__builtin_mul_overflow(padded(net->width[l - 1]), net->width[l], &weights) ||
        __builtin_add_overflow(weights, net->width[l] + MLP_LANES, &layer) ||
        __builtin_add_overflow(total, layer, &total) || total > SIZE_MAX / 64)
      return wlaw_fail(err, WLAW_LIMIT, "the network has more weights than memory can address");
  }
  return WLAW_OK;
}

mlp_layout wlaw_mlp_layout(const mlp *net) {
  mlp_layout layout = {.lanes = wlaw_mlp_is_narrow(net, 0)};
  size_t at = 0;
  for (size_t l = 0; l < net->layers; l++) {
    layout.stride[l] = l == 0 ? padded(net->width[0]) : net->width[l];
    layout.weight[l] = at;
    at += layout.stride[l] * net->width[l + 1];
    if (l == 0) layout.tail = at;
  }
  for (size_t l = 0; net->biases && l < net->layers; l++) {
    layout.bias[l] = at;
    at += net->width[l + 1];
  }
  layout.trained = at = padded(at);
  for (size_t l = 1; net->node_scales && l < net->layers; l++) {
    layout.scale[l] = at;
    at += net->width[l];
  }
  layout.floats = padded(at);
  return layout;
}

/* Place of weight (o, i) within layer l, i as stored. */
static size_t weight_place(const mlp *net, const mlp_layout *layout, size_t l, size_t o, size_t i) {
  if (l == 0 && layout->lanes) return i / MLP_LANES * MLP_LANES * net->width[1] + o * MLP_LANES + i % MLP_LANES;
  return o * layout->stride[l] + i;
}

static size_t stored(size_t layer, const uint32_t *place, size_t i) { return layer == 0 && place ? place[i] : i; }

void wlaw_mlp_pack(const mlp *net, size_t layer, float *block, const uint32_t *place, const float *weight,
                   const float *bias) {
  const mlp_layout layout = wlaw_mlp_layout(net);
  const size_t in = net->width[layer], out = net->width[layer + 1];
  float *weights = block + layout.weight[layer];
  memset(weights, 0, layout.stride[layer] * out * sizeof *weights);
  for (size_t o = 0; weight && o < out; o++)
    for (size_t i = 0; i < in; i++)
      weights[weight_place(net, &layout, layer, o, stored(layer, place, i))] = weight[o * in + i];
  if (!net->biases) return;
  if (bias) memcpy(block + layout.bias[layer], bias, out * sizeof *bias);
  else memset(block + layout.bias[layer], 0, out * sizeof *block);
}

void wlaw_mlp_unpack(const mlp *net, size_t layer, const float *block, const uint32_t *place, float *weight,
                     float *bias) {
  const mlp_layout layout = wlaw_mlp_layout(net);
  const size_t in = net->width[layer], out = net->width[layer + 1];
  const float *weights = block + layout.weight[layer];
  for (size_t o = 0; weight && o < out; o++)
    for (size_t i = 0; i < in; i++)
      weight[o * in + i] = weights[weight_place(net, &layout, layer, o, stored(layer, place, i))];
  if (!bias) return;
  if (net->biases) memcpy(bias, block + layout.bias[layer], out * sizeof *bias);
  else memset(bias, 0, out * sizeof *bias);
}

bool wlaw_mlp_is_narrow(const mlp *net, size_t layer) {
  return net->width[layer + 1] <= MLP_NARROW && (layer == 0 || net->width[layer] <= MLP_NARROW);
}

size_t wlaw_mlp_parameters(const mlp *net) {
  size_t total = 0;
  for (size_t l = 0; l < net->layers; l++) total += net->width[l + 1] * (net->width[l] + (net->biases ? 1 : 0));
  return total;
}

double wlaw_mlp_scale(const mlp *net, size_t layer) { return net->ntk ? 1.0 / sqrt((double)net->width[layer]) : 1.0; }
