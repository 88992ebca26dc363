/* Opening: the files of whole networks, and which networks stay. Which tensors make the layers: network_layers.c;
 * reading: networks_read.c. */
#include "study/networks.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"
#include "study/kept_networks.h"
#include "study/network_layers.h"

void wlaw_networks_close(networks *source) {
  if (!source) return;
  for (size_t l = 0; l < source->n_layers; l++) {
    free(source->layers[l].weight);
    free(source->layers[l].bias);
  }
  for (size_t i = 0; i < source->n_paths; i++) free(source->paths[i]);
  free(source->layers);
  free(source->paths);
  free(source->kept);
  free(source->label);
  free(source->uncovered);
  if (source->lock) pthread_mutex_destroy(source->lock);
  free(source->lock);
  wlaw_tensors_close(source->tensors);
  wlaw_run_close(source->run);
  free(source);
}

wlaw_status wlaw_networks_exclude(networks *source, const uint64_t *numbers, size_t n, wlaw_error *err) {
  return wlaw_kept_exclude(&source->kept, &source->n, &source->excluded, numbers, n, source->label, err);
}

uint64_t wlaw_networks_number(const networks *source, size_t k) { return wlaw_kept_number(source->kept, k); }

static bool is_single(const wlaw_tensors *tensors, size_t i) {
  return i == NETWORK_NONE || wlaw_tensors_dtype(tensors, i) == WLAW_F32;
}

static bool is_concurrent(const wlaw_tensors *tensors, size_t i) {
  return i == NETWORK_NONE || tensors->info[i].plain || tensors->info[i].concurrent;
}

/* How one file with every network is read. */
static wlaw_status prepare_tensors(networks *source, wlaw_error *err) {
  bool concurrent = true;
  source->single = true;
  for (size_t l = 0; l < source->n_layers; l++) {
    const network_layer *layer = &source->layers[l];
    source->single = source->single && !layer->transposed && is_single(source->tensors, layer->weight_index) &&
                     is_single(source->tensors, layer->bias_index);
    concurrent = concurrent && is_concurrent(source->tensors, layer->weight_index) &&
                 is_concurrent(source->tensors, layer->bias_index);
  }
  if (concurrent) return WLAW_OK;
  source->lock = malloc(sizeof *source->lock);
  if (source->lock && pthread_mutex_init(source->lock, NULL) == 0) return WLAW_OK;
  free(source->lock);
  source->lock = NULL;
  return wlaw_fail_memory(err, 1, sizeof *source->lock);
}

static wlaw_status open_run(networks *source, const networks_request *request, wlaw_error *err) {
  WLAW_TRY(wlaw_run_open(&source->run, request->paths[0], err));
  source->has_epoch = true;
  source->epoch = request->epoch;
  WLAW_TRY(wlaw_run_open_snapshot(&source->tensors, &source->epoch, source->run, request->has_epoch, err));
  WLAW_TRY(wlaw_network_layers(source, &source->n, source->tensors, request, err));
  if (source->n != source->run->networks) {
    wlaw_fail(err, WLAW_SHAPE, "it has %zu networks, the run has %zu", source->n, source->run->networks);
    return wlaw_error_in_file(err, WLAW_SHAPE, source->tensors->file.path);
  }
  WLAW_TRY(prepare_tensors(source, err));
  if (!request->exclude_dead) return WLAW_OK;
  uint64_t *dead = NULL;
  size_t n = 0;
  WLAW_TRY(wlaw_run_dead(&dead, &n, source->run, source->epoch, err));
  const wlaw_status status = wlaw_networks_exclude(source, dead, n, err);
  free(dead);
  return status;
}

/* One of several files. */
static wlaw_status open_file(networks *source, const networks_request *request, size_t k, const wlaw_tensors *tensors,
                             wlaw_error *err) {
  size_t count = 1;
  if (k == 0) {
    WLAW_TRY(wlaw_network_layers(source, &count, tensors, request, err));
    source->single = true;
  }
  if (count != 1) {
    wlaw_fail(err, WLAW_SHAPE, "it holds %zu networks; of several files each holds one", count);
    return wlaw_error_in_file(err, WLAW_SHAPE, request->paths[k]);
  }
  for (size_t l = 0; l < source->n_layers; l++) {
    size_t weight, bias;
    WLAW_TRY(wlaw_network_layer_match(&weight, &bias, tensors, &source->layers[l], request->paths[0], err));
    source->single =
        source->single && !source->layers[l].transposed && is_single(tensors, weight) && is_single(tensors, bias);
  }
  return WLAW_OK;
}

static wlaw_status open_files(networks *source, const networks_request *request, wlaw_error *err) {
  source->paths = wlaw_array(request->n_paths, sizeof *source->paths);
  if (!source->paths) return wlaw_fail_memory(err, request->n_paths, sizeof *source->paths);
  for (size_t k = 0; k < request->n_paths; k++) {
    wlaw_tensors *tensors = NULL;
    source->paths[k] = wlaw_text_duplicate(request->paths[k], strlen(request->paths[k]));
    if (!source->paths[k]) return wlaw_fail_memory(err, strlen(request->paths[k]), 1);
    source->n_paths++;
    WLAW_TRY(wlaw_tensors_open(&tensors, request->paths[k], err));
    const wlaw_status status = open_file(source, request, k, tensors, err);
    wlaw_tensors_close(tensors);
    WLAW_TRY(status);
  }
  source->n = request->n_paths;
  return WLAW_OK;
}

static wlaw_status open_source(networks *source, const networks_request *request, wlaw_error *err) {
  const char *path = request->paths[0];
  source->label = wlaw_text_duplicate(path, strlen(path));
  if (!source->label) return wlaw_fail_memory(err, strlen(path) + 1, 1);
  if (request->n_paths == 1 && wlaw_run_is(path)) return open_run(source, request, err);
  WLAW_TRY(wlaw_run_needed(path, request->has_epoch, request->exclude_dead, err));
  if (request->n_paths > 1) return open_files(source, request, err);
  WLAW_TRY(wlaw_tensors_open(&source->tensors, path, err));
  WLAW_TRY(wlaw_network_layers(source, &source->n, source->tensors, request, err));
  return prepare_tensors(source, err);
}

wlaw_status wlaw_networks_open(networks **out, const networks_request *request, wlaw_error *err) {
  if (request->n_paths == 0) return wlaw_fail(err, WLAW_ARGUMENT, "a run directory or a tensor file is needed");
  networks *source = calloc(1, sizeof *source);
  if (!source) return wlaw_fail_memory(err, 1, sizeof *source);
  const wlaw_status status = open_source(source, request, err);
  if (status == WLAW_OK) *out = source;
  else wlaw_networks_close(source);
  return status;
}

void wlaw_networks_shape(network_shape *out, const networks *source, network_side input, network_side output) {
  *out = (network_shape){.layers = source->n_layers, .input = input, .output = output};
  out->width[0] = source->layers[0].cols;
  for (size_t l = 0; l < source->n_layers; l++) {
    out->width[l + 1] = source->layers[l].rows;
    out->bias[l] = source->layers[l].bias;
  }
}

void wlaw_networks_names(const char **names, const networks *source, const network_layout *layout) {
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const network_layer *layer = &source->layers[layout->tensors[t].layer];
    names[t] = layout->tensors[t].is_bias ? layer->bias : layer->weight;
  }
}
