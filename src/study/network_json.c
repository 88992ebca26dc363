/* A law of whole networks as JSON (docs/network.md): its numbers, or errors of these in the same shape. */
#include <math.h>
#include <string.h>

#include "study/fit.h"
#include "study/network_study.h"

network_side wlaw_network_input(const char *text) {
  if (strcmp(text, "labelled") == 0) return SIDE_LABELLED;
  return strcmp(text, "exchangeable") == 0 ? SIDE_EXCHANGEABLE : SIDE_OMITTED;
}

network_side wlaw_network_output(const char *text) {
  return strcmp(text, "exchangeable") == 0 ? SIDE_EXCHANGEABLE : SIDE_LABELLED;
}

const char *wlaw_network_side_name(network_side side) {
  static const char *const names[] = {
      [SIDE_EXCHANGEABLE] = "exchangeable", [SIDE_LABELLED] = "labelled", [SIDE_OMITTED] = "omit"};
  return names[side];
}

static bool is_unknown(const double *values, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!isnan(values[i])) return false;
  return true;
}

static json_t *vector_json(bool *failed, const double *values, size_t n) {
  json_t *array = json_array();
  for (size_t i = 0; i < n && !*failed; i++) wlaw_json_append(failed, array, wlaw_json_determined(values[i]));
  return array;
}

/* [n, n]; null where nothing of it is known, which spares documents pages of nulls. */
static json_t *covariance_json(bool *failed, const double *values, size_t n) {
  if (is_unknown(values, n * n)) return json_null();
  json_t *rows = json_array();
  for (size_t i = 0; i < n && !*failed; i++) wlaw_json_append(failed, rows, vector_json(failed, values + i * n, n));
  return rows;
}

static json_t *set_json(bool *failed, const network_gaussian *gaussian, size_t s) {
  const network_set *set = &gaussian->layout.sets[s];
  json_t *object = json_object(), *copies = json_array();
  for (size_t c = 0; c < set->copies && !*failed; c++) {
    char key[32];
    wlaw_network_copy_key(key, sizeof key, &gaussian->layout, s, c);
    wlaw_json_append(failed, copies, json_string(key));
  }
  wlaw_json_put(failed, object, "set", wlaw_json_count(set->set));
  wlaw_json_put(failed, object, "width", wlaw_json_count(set->width));
  wlaw_json_put(failed, object, "copies", copies);
  wlaw_json_put(failed, object, "covariance",
                set->width > 1 ? covariance_json(failed, gaussian->sets[s], set->copies) : json_null());
  return object;
}

/* A number for each layer. */
static json_t *entries_json(bool *failed, const network_gaussian *gaussian) {
  const network_layout *layout = &gaussian->layout;
  json_t *entries = json_array();
  for (size_t l = 0; l < layout->shape.layers; l++) {
    double value = NAN;
    for (size_t t = 0; t < layout->n_tensors; t++) {
      const network_tensor *tensor = &layout->tensors[t];
      if (tensor->layer == l && tensor->entries != NETWORK_NONE && tensor->rows > 1 && tensor->cols > 1)
        value = gaussian->entries[tensor->entries];
    }
    wlaw_json_append(failed, entries, wlaw_json_determined(value));
  }
  return entries;
}

json_t *wlaw_network_json(bool *failed, const network_gaussian *gaussian) {
  const network_layout *layout = &gaussian->layout;
  json_t *object = json_object(), *nodes = json_array();
  for (size_t s = 0; s < layout->n_sets; s++) wlaw_json_append(failed, nodes, set_json(failed, gaussian, s));
  wlaw_json_put(
      failed, object, "mean",
      is_unknown(gaussian->mean, layout->trivial) ? json_null() : vector_json(failed, gaussian->mean, layout->trivial));
  wlaw_json_put(failed, object, "trivial", covariance_json(failed, gaussian->trivial, layout->trivial));
  wlaw_json_put(failed, object, "nodes", nodes);
  wlaw_json_put(failed, object, "entries", entries_json(failed, gaussian));
  return object;
}

json_t *wlaw_network_layers_json(bool *failed, const networks *source) {
  json_t *layers = json_array();
  for (size_t l = 0; l < source->n_layers; l++) {
    const network_layer *layer = &source->layers[l];
    json_t *object = json_object();
    wlaw_json_put(failed, object, "name", wlaw_json_text(layer->weight));
    wlaw_json_put(failed, object, "bias", layer->bias ? wlaw_json_text(layer->bias) : json_null());
    wlaw_json_put(failed, object, "rows", wlaw_json_count(layer->rows));
    wlaw_json_put(failed, object, "cols", wlaw_json_count(layer->cols));
    wlaw_json_append(failed, layers, object);
  }
  return layers;
}
