/* The weights of the layers, in their order. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "study/network_layers.h"

tensor_role wlaw_layer_role(const wlaw_tensors *tensors, size_t i, bool stacked) {
  const size_t rank = wlaw_tensors_rank(tensors, i);
  const bool drops = stacked && rank > 0;
  return wlaw_tensor_role(wlaw_tensors_name(tensors, i), rank - drops, wlaw_tensors_shape(tensors, i) + drops);
}

static bool is_weight(const wlaw_tensors *tensors, size_t i, size_t rank) {
  if (wlaw_tensors_rank(tensors, i) != rank || *wlaw_tensors_note(tensors, i)) return false;
  if (wlaw_layer_role(tensors, i, false).kind == TENSOR_CONV) return false;
  switch (wlaw_layer_role(tensors, i, rank == 3).kind) {
    case TENSOR_EMBED:
    case TENSOR_NORM:
    case TENSOR_BIAS:
    case TENSOR_BUFFER: return false;
    default: return true;
  }
}

static wlaw_status append(networks *source, const wlaw_tensors *tensors, size_t i, wlaw_error *err) {
  const char *given = wlaw_tensors_name(tensors, i), *name = *given ? given : "weight"; /* the array of an .npy file */
  network_layer *layer = &source->layers[source->n_layers];
  *layer = (network_layer){.weight_index = i, .bias_index = NETWORK_NONE};
  layer->weight = wlaw_text_duplicate(name, strlen(name));
  if (!layer->weight) return wlaw_fail_memory(err, strlen(name) + 1, 1);
  source->n_layers++;
  return WLAW_OK;
}

/* Whether two names are the same but for their numbers. */
static bool differ_in_numbers(const char *a, const char *b) {
  while (*a && *b) {
    if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
      a += strspn(a, "0123456789");
      b += strspn(b, "0123456789");
    } else if (*a++ != *b++) {
      return false;
    }
  }
  return *a == *b;
}

/* Of two such names: whether the first number that differs is smaller in a. */
static bool comes_before(const char *a, const char *b) {
  while (*a && *b) {
    if (!isdigit((unsigned char)*a)) {
      a++;
      b++;
      continue;
    }
    a += strspn(a, "0");
    b += strspn(b, "0");
    const size_t n = strspn(a, "0123456789"), m = strspn(b, "0123456789");
    if (n != m) return n < m;
    const int order = strncmp(a, b, n);
    if (order != 0) return order < 0;
    a += n;
    b += m;
  }
  return false;
}

/* Writers that sort names put 10 before 2: names that differ in numbers alone change places to stand in their order. */
static void order_by_number(networks *source) {
  for (size_t i = 0; i < source->n_layers; i++)
    for (size_t j = i + 1; j < source->n_layers; j++) {
      network_layer *a = &source->layers[i], *b = &source->layers[j];
      if (!differ_in_numbers(a->weight, b->weight) || !comes_before(b->weight, a->weight)) continue;
      const network_layer held = *a;
      *a = *b;
      *b = held;
    }
}

static wlaw_status choose_all(networks *source, const wlaw_tensors *tensors, wlaw_error *err) {
  const size_t n = wlaw_tensors_count(tensors);
  size_t rank = 3, found = 0;
  for (;; rank--) {
    for (size_t i = 0; i < n; i++) found += is_weight(tensors, i, rank);
    if (found > 0) break;
    if (rank == 2) return wlaw_fail(err, WLAW_SHAPE, "there are no matrices among its %zu tensors", n);
  }
  if (found > NETWORK_LAYERS) {
    wlaw_fail(err, WLAW_LIMIT, "it has %zu matrices, and a network of the law at most %d", found, NETWORK_LAYERS);
    return wlaw_error_add_hint(err, WLAW_LIMIT, NETWORK_LAYERS_HINT);
  }
  for (size_t i = 0; i < n; i++)
    if (is_weight(tensors, i, rank)) WLAW_TRY(append(source, tensors, i, err));
  order_by_number(source);
  return WLAW_OK;
}

static wlaw_status choose_one(networks *source, const wlaw_tensors *tensors, const char *name, wlaw_error *err) {
  size_t i;
  if (source->n_layers == NETWORK_LAYERS)
    return wlaw_fail(err, WLAW_LIMIT, "--layers has more than %d names", NETWORK_LAYERS);
  WLAW_TRY(wlaw_tensors_find(&i, tensors, name, err));
  for (size_t l = 0; l < source->n_layers; l++)
    if (source->layers[l].weight_index == i) return wlaw_fail(err, WLAW_ARGUMENT, "--layers names '%s' twice", name);
  return append(source, tensors, i, err);
}

static wlaw_status choose_named(networks *source, const wlaw_tensors *tensors, const char *names, wlaw_error *err) {
  for (;; names++) {
    const size_t n = strcspn(names, ",");
    if (n == 0) return wlaw_fail(err, WLAW_ARGUMENT, "--layers has an empty name");
    char *name = wlaw_text_duplicate(names, n);
    if (!name) return wlaw_fail_memory(err, n + 1, 1);
    const wlaw_status status = choose_one(source, tensors, name, err);
    free(name);
    WLAW_TRY(status);
    names += n;
    if (!*names) return WLAW_OK;
  }
}

/* Layers named in a run follow each other there, or the nodes between them are not the same. */
static wlaw_status check_neighbours(const networks *source, wlaw_error *err) {
  uint64_t before = 0, layer = 0;
  for (size_t l = 0; l < source->n_layers; l++, before = layer) {
    if (!wlaw_run_weight_layer(source->layers[l].weight, &layer)) {
      wlaw_fail(err, WLAW_ARGUMENT, "it is no weight of the run");
      return wlaw_error_in_tensor(err, WLAW_ARGUMENT, source->layers[l].weight);
    }
    if (l > 0 && layer != before + 1)
      return wlaw_fail(err, WLAW_ARGUMENT, "--layers names '%s' after '%s', and it does not follow it in the run",
                       source->layers[l].weight, source->layers[l - 1].weight);
  }
  return WLAW_OK;
}

/* The first layer of a run, whose snapshots have not got it: its shape stands in run.json. */
static wlaw_status take_missing(networks *source, const json_t *recorded, const char *name, wlaw_error *err) {
  const json_int_t rows = json_integer_value(json_object_get(recorded, "rows")),
                   cols = json_integer_value(json_object_get(recorded, "cols"));
  if (rows < 1 || cols < 1) return wlaw_fail(err, WLAW_FORMAT, "run.json has no shape of %s", name);
  network_layer *layer = &source->layers[source->n_layers];
  *layer = (network_layer){.weight_index = NETWORK_NONE, .bias_index = NETWORK_NONE};
  layer->rows = (size_t)rows;
  layer->cols = (size_t)cols;
  layer->weight = wlaw_text_duplicate(name, strlen(name));
  if (!layer->weight) return wlaw_fail_memory(err, strlen(name) + 1, 1);
  source->n_layers++;
  return WLAW_OK;
}

static size_t find_quietly(const wlaw_tensors *tensors, const char *name) {
  for (size_t i = 0; i < wlaw_tensors_count(tensors); i++)
    if (strcmp(wlaw_tensors_name(tensors, i), name) == 0) return i;
  return NETWORK_NONE;
}

static wlaw_status choose_of_run(networks *source, const wlaw_tensors *tensors, network_side input, wlaw_error *err) {
  const json_t *layers = json_object_get(source->run->config, "layers");
  const size_t n = json_array_size(layers);
  if (n == 0) return choose_all(source, tensors, err);
  if (n > NETWORK_LAYERS)
    return wlaw_fail(err, WLAW_LIMIT, "networks of %zu layers are more than %d", n, NETWORK_LAYERS);
  for (size_t l = 0; l < n; l++) {
    char name[40];
    snprintf(name, sizeof name, "layer%zu.weight", l + 1);
    const size_t i = find_quietly(tensors, name);
    if (i != NETWORK_NONE) {
      WLAW_TRY(append(source, tensors, i, err));
    } else if (l == 0 && n > 1 && input == SIDE_OMITTED) {
      WLAW_TRY(take_missing(source, json_array_get(layers, 0), name, err));
    } else {
      wlaw_fail(err, WLAW_SHAPE, "the run does not keep %s, and the law of a network needs every layer", name);
      if (l == 0) wlaw_error_add_hint(err, WLAW_SHAPE, "--input omit does without the first");
      return WLAW_SHAPE;
    }
  }
  return WLAW_OK;
}

wlaw_status wlaw_network_weights(networks *source, const wlaw_tensors *tensors, const networks_request *request,
                                 wlaw_error *err) {
  if (!request->layers)
    return source->run ? choose_of_run(source, tensors, request->input, err) : choose_all(source, tensors, err);
  WLAW_TRY(choose_named(source, tensors, request->layers, err));
  return source->run ? check_neighbours(source, err) : WLAW_OK;
}
