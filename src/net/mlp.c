#include "net/mlp.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "math/blas.h"

enum { BLOCK = 16 };

static size_t padded(size_t n) { return (n + BLOCK - 1) / BLOCK * BLOCK; }

wlaw_status wlaw_mlp_check(const mlp *net, wlaw_error *err) {
  if (net->layers < 1 || net->layers > MLP_MAX_LAYERS)
    return wlaw_fail(err, WLAW_ARGUMENT, "a network has 1 to %d layers, not %zu", MLP_MAX_LAYERS, net->layers);
  size_t total = 0;
  for (size_t l = 0; l <= net->layers; l++) {
    if (net->width[l] == 0) return wlaw_fail(err, WLAW_ARGUMENT, "layer %zu of the network is empty (width 0)", l);
    if (!wlaw_blas_size_ok(net->width[l]) || !wlaw_blas_size_ok(net->width[l] + BLOCK))
      return wlaw_fail(err, WLAW_LIMIT, "width %zu of layer %zu is too large", net->width[l], l);
    if (l == 0) continue;
    size_t weights, layer;
    if (__builtin_mul_overflow(padded(net->width[l - 1]), net->width[l], &weights) ||
        __builtin_add_overflow(weights, net->width[l] + BLOCK, &layer) ||
        __builtin_add_overflow(total, layer, &total) || total > SIZE_MAX / 64)
      return wlaw_fail(err, WLAW_LIMIT, "the network has more weights than memory can address");
  }
  return WLAW_OK;
}

mlp_layout wlaw_mlp_layout(const mlp *net) {
  mlp_layout layout = {0};
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
  layout.floats = padded(at);
  return layout;
}

void wlaw_mlp_pack(const mlp *net, size_t layer, float *block, const float *weight, const float *bias) {
  const mlp_layout layout = wlaw_mlp_layout(net);
  const size_t in = net->width[layer], out = net->width[layer + 1];
  for (size_t o = 0; o < out; o++) {
    float *row = block + layout.weight[layer] + o * layout.stride[layer];
    memset(row, 0, layout.stride[layer] * sizeof *row);
    if (weight) memcpy(row, weight + o * in, in * sizeof *row);
  }
  if (!net->biases) return;
  if (bias) memcpy(block + layout.bias[layer], bias, out * sizeof *bias);
  else memset(block + layout.bias[layer], 0, out * sizeof *block);
}

void wlaw_mlp_unpack(const mlp *net, size_t layer, const float *block, float *weight, float *bias) {
  const mlp_layout layout = wlaw_mlp_layout(net);
  const size_t in = net->width[layer], out = net->width[layer + 1];
  for (size_t o = 0; weight && o < out; o++)
    memcpy(weight + o * in, block + layout.weight[layer] + o * layout.stride[layer], in * sizeof *weight);
  if (!bias) return;
  if (net->biases) memcpy(bias, block + layout.bias[layer], out * sizeof *bias);
  else memset(bias, 0, out * sizeof *bias);
}

size_t wlaw_mlp_parameters(const mlp *net) {
  size_t total = 0;
  for (size_t l = 0; l < net->layers; l++) total += net->width[l + 1] * (net->width[l] + (net->biases ? 1 : 0));
  return total;
}

double wlaw_mlp_scale(const mlp *net, size_t layer) { return net->ntk ? 1.0 / sqrt((double)net->width[layer]) : 1.0; }
