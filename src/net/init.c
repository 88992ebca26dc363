/* Initial weights: drawn in double from the law, rounded into the block. */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "law/node.h"
#include "net/trainer.h"

wlaw_status wlaw_train_check_init(const mlp *net, const wlaw_law *law, wlaw_error *err) {
  const char *name = law->ops->name;
  if (!law->ops->node) {
    if (net->node_scales)
      return wlaw_fail(err, WLAW_ARGUMENT, "the law '%s' gives no node a variance that could be kept fixed", name);
    return law->ops->draw ? WLAW_OK : wlaw_law_cannot(law->ops, "draw", err);
  }
  if (net->layers < 2)
    return wlaw_fail(err, WLAW_ARGUMENT, "the law '%s' is of hidden nodes, and the network has none", name);
  if (net->ntk) {
    wlaw_fail(err, WLAW_ARGUMENT, "the law '%s' scales the weights itself and has no NTK parameterization", name);
    return wlaw_error_add_hint(err, WLAW_ARGUMENT, "--train-scales no trains numbers of order 1");
  }
  for (size_t l = 1; l < net->layers; l++) WLAW_TRY(wlaw_node_check_width(law, net->width[l], err));
  return WLAW_OK;
}

void wlaw_train_node_variances(const trainer *t, const wlaw_law *law, uint32_t k, size_t layer, double *log_lambda) {
  const size_t width = t->config->mlp.width[layer];
  wlaw_stream stream = wlaw_stream_start(t->config->seed, STREAM_NODES, k, (uint32_t)layer);
  law->ops->node->draw_log(law, log_lambda, 0, width, width, &stream);
}

/* Room for the numbers of the largest layer. */
typedef struct init_space {
  double *values; /* [out, in] and the bias */
  float *rounded; /* likewise */
  double *scale;  /* [in] */
} init_space;

/* values: [out, in] from the law of node variances. scales: where the block has them, else NULL. */
static void draw_nodes(const trainer *t, const wlaw_law *law, wlaw_stream *stream, uint32_t k, size_t l,
                       init_space *space, float *scales) {
  const size_t in = t->config->mlp.width[l], out = t->config->mlp.width[l + 1];
  wlaw_stream_normals(stream, space->values, out * in);
  if (l > 0) wlaw_train_node_variances(t, law, k, l, space->scale);
  for (size_t j = 0; j < in; j++) {
    const double scale = l > 0 ? exp(0.5 * space->scale[j]) : 1.0 / sqrt((double)in);
    if (l > 0 && scales) scales[j] = (float)scale;
    else
      for (size_t o = 0; o < out; o++) space->values[o * in + j] *= scale;
  }
}

/* What a law gives to the whole network: views into values, NULL where it gives nothing. */
typedef struct network_draw {
  double *values;
  const double *weight[MLP_MAX_LAYERS], *bias[MLP_MAX_LAYERS];
} network_draw;

/* On failure, too, the caller frees values. */
static wlaw_status draw_network(network_draw *out, const trainer *t, const initial_laws *laws, uint32_t k,
                                wlaw_error *err) {
  const network_layout *layout = laws->layout;
  double *tensors[NETWORK_TENSORS];
  size_t numbers = 0;
  *out = (network_draw){0};
  if (!laws->network) return WLAW_OK;
  for (size_t i = 0; i < layout->n_tensors; i++) numbers += layout->tensors[i].rows * layout->tensors[i].cols;
  out->values = wlaw_array(numbers, sizeof *out->values);
  if (!out->values) return wlaw_fail_memory(err, numbers, sizeof *out->values);
  double *next = out->values;
  for (size_t i = 0; i < layout->n_tensors; i++) {
    const network_tensor *tensor = &layout->tensors[i];
    (tensor->is_bias ? out->bias : out->weight)[tensor->layer] = tensors[i] = next;
    next += tensor->rows * tensor->cols;
  }
  wlaw_stream stream = wlaw_stream_start(t->config->seed, STREAM_INIT, k, STREAM_SHARED);
  return wlaw_network_draw(tensors, laws->network, &stream, err);
}

/* values: [out, in] and the bias behind it. */
static wlaw_status draw_layer(const trainer *t, const initial_laws *laws, const network_draw *drawn, uint32_t k,
                              size_t l, init_space *space, float *block, wlaw_error *err) {
  const mlp *net = &t->config->mlp;
  const wlaw_law *law = laws->law, *own = laws->weight[l];
  const size_t in = net->width[l], out = net->width[l + 1];
  double *const values = space->values, *const bias = values + in * out;
  wlaw_stream stream = wlaw_stream_start(t->config->seed, STREAM_INIT, k, (uint32_t)l);
  if (drawn->weight[l]) memcpy(values, drawn->weight[l], in * out * sizeof *values);
  else if (own) WLAW_TRY(own->ops->draw(own, values, out, in, &stream, err));
  else if (law->ops->node)
    draw_nodes(t, law, &stream, k, l, space, net->node_scales ? block + t->pass.layout.scale[l] : NULL);
  else WLAW_TRY(law->ops->draw(law, values, out, in, &stream, err));
  if (drawn->bias[l]) memcpy(bias, drawn->bias[l], out * sizeof *bias);
  else if (net->biases && law->ops->draw_bias) return law->ops->draw_bias(law, bias, out, in, &stream, err);
  else memset(bias, 0, out * sizeof *bias);
  return WLAW_OK;
}

static wlaw_status init_layer(const trainer *t, const initial_laws *laws, const network_draw *drawn, uint32_t k,
                              size_t l, init_space *space, float *block, wlaw_error *err) {
  const mlp *net = &t->config->mlp;
  const size_t out = net->width[l + 1], weights = net->width[l] * out;
  WLAW_TRY(draw_layer(t, laws, drawn, k, l, space, block, err));
  /* The NTK parameterization trains W / scale, so that both parameterizations start as the same function. */
  const double larger = 1.0 / wlaw_mlp_scale(net, l);
  for (size_t i = 0; i < weights; i++) space->rounded[i] = (float)(space->values[i] * larger);
  for (size_t i = weights; i < weights + out; i++) space->rounded[i] = (float)space->values[i];
  wlaw_mlp_pack(net, l, block, t->dataset->place, space->rounded, space->rounded + weights);
  return WLAW_OK;
}

wlaw_status wlaw_train_init(const trainer *t, const initial_laws *laws, uint32_t k, float *block, wlaw_error *err) {
  const mlp *net = &t->config->mlp;
  size_t most = 0, widest = 0;
  network_draw drawn = {0};
  WLAW_TRY(wlaw_train_check_init(net, laws->law, err));
  for (size_t l = 0; l < net->layers; l++) {
    const size_t numbers = net->width[l + 1] * (net->width[l] + 1);
    if (numbers > most) most = numbers;
    if (net->width[l] > widest) widest = net->width[l];
  }
  init_space space = {.values = wlaw_array(most, sizeof *space.values),
                      .rounded = wlaw_array(most, sizeof *space.rounded),
                      .scale = wlaw_array(widest, sizeof *space.scale)};
  wlaw_status status =
      space.values && space.rounded && space.scale ? WLAW_OK : wlaw_fail_memory(err, most, sizeof *space.values);
  if (status == WLAW_OK) status = draw_network(&drawn, t, laws, k, err);
  if (status == WLAW_OK) memset(block, 0, t->pass.layout.floats * sizeof *block);
  for (size_t l = 0; status == WLAW_OK && l < net->layers; l++)
    status = init_layer(t, laws, &drawn, k, l, &space, block, err);
  free(drawn.values);
  free(space.values);
  free(space.rounded);
  free(space.scale);
  return status;
}
