#include "study/network_layers.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"
#include "study/ensemble.h"

/* A file, and how its matrices hold networks. */
typedef struct layer_file {
  const wlaw_tensors *tensors;
  bool stacked; /* [networks, rows, cols] */
  size_t count; /* networks */
} layer_file;

/* ---- biases */

/* Words of names, of weights and of the biases that go with them. */
static const char *const stems[][2] = {{"weights", "biases"},
                                       {"weight", "bias"},
                                       {"kernel", "bias"},
                                       {"vars/0", "vars/1"},
                                       {"W", "b"},
                                       {"W", "B"},
                                       {"w", "b"}};

/* The tensor whose name has word `to` where this one has `from`, at its last place. */
static size_t find_partner(const wlaw_tensors *tensors, const char *name, const char *from, const char *to) {
  const char *at = NULL;
  for (const char *next = name; (next = strstr(next, from)); next++) at = next;
  if (!at) return NETWORK_NONE;
  const size_t head = (size_t)(at - name), n = strlen(to);
  for (size_t i = 0; i < wlaw_tensors_count(tensors); i++) {
    const char *other = wlaw_tensors_name(tensors, i);
    if (strncmp(other, name, head) == 0 && strncmp(other + head, to, n) == 0 &&
        strcmp(other + head + n, at + strlen(from)) == 0)
      return i;
  }
  return NETWORK_NONE;
}

static bool has_partner(const wlaw_tensors *tensors, const char *bias) {
  for (size_t s = 0; s < sizeof stems / sizeof *stems; s++)
    if (find_partner(tensors, bias, stems[s][1], stems[s][0]) != NETWORK_NONE) return true;
  return false;
}

/* Numbers a network has in tensor i, or 0 where it is no vector of each. */
static uint64_t vector_length(const layer_file *file, size_t i) {
  const tensor_info *info = &file->tensors->info[i];
  if (info->note || info->rank == 0 || info->rank > (file->stacked ? 3 : 2)) return 0;
  if (!file->stacked) return info->count;
  return info->shape[0] == file->count ? info->count / file->count : 0;
}

/* By name; or the tensor right after the weight, if it is a vector as long as the layer is wide and nobody else's. */
static size_t find_bias(const layer_file *file, const network_layer *layer) {
  const wlaw_tensors *tensors = file->tensors;
  for (size_t s = 0; s < sizeof stems / sizeof *stems; s++) {
    const size_t i = find_partner(tensors, layer->weight, stems[s][0], stems[s][1]);
    if (i != NETWORK_NONE && i != layer->weight_index) return i;
  }
  const size_t next = layer->weight_index + 1;
  if (next >= wlaw_tensors_count(tensors)) return NETWORK_NONE;
  const tensor_role role = wlaw_layer_role(tensors, next, file->stacked);
  const uint64_t length = vector_length(file, next);
  if ((role.kind != TENSOR_BIAS && role.kind != TENSOR_OTHER) || (length != layer->rows && length != layer->cols) ||
      has_partner(tensors, wlaw_tensors_name(tensors, next)))
    return NETWORK_NONE;
  return next;
}

/* ---- shapes */

static wlaw_status take_shapes(networks *source, layer_file *file, wlaw_error *err) {
  const wlaw_tensors *tensors = file->tensors;
  const network_layer *first = NULL;
  for (size_t l = 0; l < source->n_layers; l++) {
    network_layer *layer = &source->layers[l];
    if (layer->weight_index == NETWORK_NONE) continue;
    ensemble_matrix shape;
    WLAW_TRY(wlaw_ensemble_shape(&shape, tensors, layer->weight_index, err));
    const bool is_stacked = wlaw_tensors_rank(tensors, layer->weight_index) == 3;
    if (!first) {
      first = layer;
      file->count = shape.networks;
      file->stacked = is_stacked;
    } else if (shape.networks != file->count || is_stacked != file->stacked) {
      wlaw_fail(err, WLAW_SHAPE, "it holds %zu network%s, '%s' holds %zu", shape.networks,
                shape.networks == 1 ? "" : "s", first->weight, file->count);
      return wlaw_error_in_tensor(err, WLAW_SHAPE, layer->weight);
    }
    layer->rows = shape.rows;
    layer->cols = shape.cols;
    layer->transposed = wlaw_layer_role(tensors, layer->weight_index, is_stacked).transposed;
  }
  return WLAW_OK;
}

static bool is_covered(const networks *source, size_t i) {
  for (size_t l = 0; l < source->n_layers; l++)
    if (source->layers[l].weight_index == i || source->layers[l].bias_index == i) return true;
  return false;
}

/* A tensor counts once: a bias stored as a matrix may have been taken for a weight. */
static wlaw_status take_biases(networks *source, const layer_file *file, wlaw_error *err) {
  for (size_t l = 0; l < source->n_layers; l++) {
    network_layer *layer = &source->layers[l];
    if (layer->weight_index == NETWORK_NONE) continue;
    const size_t i = find_bias(file, layer);
    if (i == NETWORK_NONE || is_covered(source, i)) continue;
    const char *name = wlaw_tensors_name(file->tensors, i);
    layer->bias_index = i;
    layer->bias = wlaw_text_duplicate(name, strlen(name));
    if (!layer->bias) return wlaw_fail_memory(err, strlen(name) + 1, 1);
    const uint64_t length = vector_length(file, i);
    if (length == layer->rows || length == layer->cols) continue;
    wlaw_fail(err, WLAW_SHAPE, "it is no bias of a matrix that is %zux%zu in every network", layer->rows, layer->cols);
    return wlaw_error_in_tensor(err, WLAW_SHAPE, name);
  }
  return WLAW_OK;
}

typedef enum orientation { AS_NAMED, OUT_IN, IN_OUT } orientation;

static network_layer oriented(const network_layer *stored, orientation how) {
  network_layer layer = *stored;
  if (layer.weight_index == NETWORK_NONE) return layer;
  if (how != AS_NAMED) layer.transposed = how == IN_OUT;
  if (layer.transposed) {
    layer.rows = stored->cols;
    layer.cols = stored->rows;
  }
  return layer;
}

static wlaw_status check_chain(const networks *source, const layer_file *file, orientation how, wlaw_error *err) {
  network_layer before = {0};
  for (size_t l = 0; l < source->n_layers; l++) {
    const network_layer layer = oriented(&source->layers[l], how);
    if (l > 0 && before.rows != layer.cols) {
      wlaw_fail(err, WLAW_SHAPE, "'%s' has %zu output%s and '%s', after it, %zu input%s: the layers do not chain",
                before.weight, before.rows, before.rows == 1 ? "" : "s", layer.weight, layer.cols,
                layer.cols == 1 ? "" : "s");
      return wlaw_error_add_hint(err, WLAW_SHAPE, NETWORK_LAYERS_HINT);
    }
    if (layer.bias && vector_length(file, layer.bias_index) != layer.rows)
      return wlaw_fail(err, WLAW_SHAPE, "its bias '%s' has not the %zu outputs of '%s'", layer.bias, layer.rows,
                       layer.weight);
    before = layer;
  }
  return WLAW_OK;
}

static wlaw_status orient(networks *source, const layer_file *file, wlaw_error *err) {
  orientation how = AS_NAMED;
  while (how <= IN_OUT && check_chain(source, file, how, NULL) != WLAW_OK) how++;
  if (how > IN_OUT) return check_chain(source, file, AS_NAMED, err);
  size_t total = 0;
  for (size_t l = 0; l < source->n_layers; l++) {
    source->layers[l] = oriented(&source->layers[l], how);
    const size_t sizes[] = {source->layers[l].rows, source->layers[l].cols + 1, sizeof(double)};
    size_t bytes;
    if (!wlaw_product(&bytes, sizes, 3) || __builtin_add_overflow(total, bytes, &total) || total > PTRDIFF_MAX)
      return wlaw_fail(err, WLAW_LIMIT, "one network is larger than memory can be");
  }
  return WLAW_OK;
}

/* ---- the rest of the file */

static wlaw_status describe_rest(networks *source, const wlaw_tensors *tensors, wlaw_error *err) {
  enum { NAMED = 3 };
  size_t n = 0;
  text_buffer text = {0};
  for (size_t i = 0; i < wlaw_tensors_count(tensors); i++) {
    if (is_covered(source, i) || wlaw_tensors_rank(tensors, i) == 0) continue;
    if (n++ < NAMED) wlaw_text_add(&text, "%s%s", n > 1 ? ", " : "", wlaw_tensors_name(tensors, i));
  }
  if (n == 0) return WLAW_OK;
  if (n > NAMED) wlaw_text_add(&text, " and %zu more", n - NAMED);
  wlaw_text_add(&text, n == 1 ? " is no weight or bias of a layer, and the law does not cover it."
                              : " are no weights or biases of layers, and the law does not cover them.");
  source->uncovered = wlaw_text_duplicate(wlaw_text_string(&text), text.length);
  const bool failed = text.failed || !source->uncovered;
  wlaw_text_free(&text);
  return failed ? wlaw_fail_memory(err, 256, 1) : WLAW_OK;
}

static wlaw_status find_layers(networks *source, layer_file *file, const networks_request *request, wlaw_error *err) {
  WLAW_TRY(wlaw_network_weights(source, file->tensors, request, err));
  WLAW_TRY(take_shapes(source, file, err));
  WLAW_TRY(take_biases(source, file, err));
  WLAW_TRY(orient(source, file, err));
  return describe_rest(source, file->tensors, err);
}

wlaw_status wlaw_network_layers(networks *source, size_t *count, const wlaw_tensors *tensors,
                                const networks_request *request, wlaw_error *err) {
  layer_file file = {.tensors = tensors};
  source->layers = wlaw_array(NETWORK_LAYERS, sizeof *source->layers);
  if (!source->layers) return wlaw_fail_memory(err, NETWORK_LAYERS, sizeof *source->layers);
  const wlaw_status status = find_layers(source, &file, request, err);
  *count = file.count;
  return status == WLAW_OK ? WLAW_OK : wlaw_error_in_file(err, status, tensors->file.path);
}

static wlaw_status lacks(const char *name, const char *first, wlaw_error *err) {
  wlaw_fail(err, WLAW_SHAPE, "it has no tensor '%s', which %s has", name, first);
  return wlaw_error_add_hint(err, WLAW_SHAPE, "several files are networks of one architecture");
}

/* The bias that goes with a layer: the one the first file has, or none in either. */
static wlaw_status match_bias(size_t *bias, const layer_file *file, const network_layer *layer, const char *first,
                              wlaw_error *err) {
  if (layer->bias) {
    wlaw_status status = wlaw_tensors_find(bias, file->tensors, layer->bias, err);
    if (status == WLAW_NAME) return lacks(layer->bias, first, err);
    if (status == WLAW_OK && vector_length(file, *bias) != layer->rows) {
      status = wlaw_fail(err, WLAW_SHAPE, "it is no vector of %zu numbers, as in %s", layer->rows, first);
      wlaw_error_in_tensor(err, status, layer->bias);
    }
    return status;
  }
  const size_t other = find_bias(file, layer);
  if (other == NETWORK_NONE || wlaw_layer_role(file->tensors, other, false).kind != TENSOR_BIAS) return WLAW_OK;
  wlaw_fail(err, WLAW_SHAPE, "it has a bias '%s' of '%s', and %s has none", wlaw_tensors_name(file->tensors, other),
            layer->weight, first);
  return wlaw_error_add_hint(err, WLAW_SHAPE, "several files are networks of one architecture");
}

wlaw_status wlaw_network_layer_match(size_t *weight, size_t *bias, const wlaw_tensors *tensors,
                                     const network_layer *layer, const char *first, wlaw_error *err) {
  const bool nameless = wlaw_tensors_count(tensors) == 1 && !*wlaw_tensors_name(tensors, 0);
  char none[] = "";
  const ensemble_matrix stored = {.name = nameless ? none : layer->weight,
                                  .rows = layer->transposed ? layer->cols : layer->rows,
                                  .cols = layer->transposed ? layer->rows : layer->cols};
  network_layer here = *layer;
  wlaw_status status = wlaw_ensemble_match(weight, tensors, &stored, first, err);
  *bias = NETWORK_NONE;
  if (status == WLAW_NAME) {
    status = lacks(layer->weight, first, err);
  } else if (status == WLAW_OK) {
    const layer_file file = {.tensors = tensors, .count = 1};
    here.weight_index = *weight;
    status = match_bias(bias, &file, &here, first, err);
  } else {
    return status; /* which names the file */
  }
  return status == WLAW_OK ? WLAW_OK : wlaw_error_in_file(err, status, tensors->file.path);
}
