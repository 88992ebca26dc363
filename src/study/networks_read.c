/* Reading whole networks in blocks, tensor by tensor. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "study/network_layers.h"

static size_t number_size(const networks *source) { return source->single ? sizeof(float) : sizeof(double); }

size_t wlaw_networks_bytes(const networks *source, const network_layout *layout) {
  return wlaw_network_dimension(layout) * number_size(source);
}

/* matrix: [rows, cols], stored [cols, rows]. */
static void transpose(double *matrix, double *room, size_t rows, size_t cols) {
  memcpy(room, matrix, rows * cols * sizeof *room);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < cols; j++) matrix[i * cols + j] = room[j * rows + i];
}

/* Networks first .. first+count-1 of a file's tensor i, which is tensor t of the law; out: [count, rows, cols]. */
static wlaw_status read_tensor(void *out, const networks *source, wlaw_tensors *tensors, size_t i,
                               const network_tensor *t, uint64_t first, size_t count, wlaw_error *err) {
  const size_t entries = t->rows * t->cols;
  if (source->single) return wlaw_tensors_read_stored(tensors, i, first * entries, count * entries, out, err);
  double *const values = out;
  WLAW_TRY(wlaw_tensors_read(tensors, i, first * entries, count * entries, values, err));
  if (t->is_bias || !source->layers[t->layer].transposed) return WLAW_OK;
  double *room = wlaw_array(entries, sizeof *room);
  if (!room) return wlaw_fail_memory(err, entries, sizeof *room);
  for (size_t k = 0; k < count; k++) transpose(values + k * entries, room, t->rows, t->cols);
  free(room);
  return WLAW_OK;
}

typedef struct reading {
  const networks *source;
  const network_layout *layout;
  char *to[NETWORK_TENSORS];     /* [count, rows, cols] */
  size_t bytes[NETWORK_TENSORS]; /* of one network */
} reading;

/* Of one file with every network; neighbours in the file are read together. */
static wlaw_status read_stacked(const reading *work, size_t first, size_t count, wlaw_error *err) {
  const networks *source = work->source;
  for (size_t t = 0; t < work->layout->n_tensors; t++) {
    const network_tensor *tensor = &work->layout->tensors[t];
    const network_layer *layer = &source->layers[tensor->layer];
    const size_t i = tensor->is_bias ? layer->bias_index : layer->weight_index;
    for (size_t k = 0, run; k < count; k += run) {
      const uint64_t network = wlaw_networks_number(source, first + k);
      for (run = 1; k + run < count && wlaw_networks_number(source, first + k + run) == network + run;) run++;
      WLAW_TRY(read_tensor(work->to[t] + k * work->bytes[t], source, source->tensors, i, tensor, network, run, err));
    }
  }
  return WLAW_OK;
}

/* Place k of a block, from a file of its own. */
static wlaw_status read_file(const reading *work, size_t k, const char *path, wlaw_error *err) {
  const networks *source = work->source;
  wlaw_tensors *tensors = NULL;
  WLAW_TRY(wlaw_tensors_open(&tensors, path, err));
  wlaw_status status = WLAW_OK;
  for (size_t t = 0; t < work->layout->n_tensors && status == WLAW_OK; t++) {
    const network_tensor *tensor = &work->layout->tensors[t];
    size_t weight, bias; /* looked for again: the file may have changed since it was first opened */
    status = wlaw_network_layer_match(&weight, &bias, tensors, &source->layers[tensor->layer], source->paths[0], err);
    const size_t i = tensor->is_bias ? bias : weight;
    if (status == WLAW_OK && source->single && wlaw_tensors_dtype(tensors, i) != WLAW_F32)
      status = wlaw_error_in_file(err, wlaw_fail(err, WLAW_VALUE, "the file changed while it was read"), path);
    if (status == WLAW_OK)
      status = read_tensor(work->to[t] + k * work->bytes[t], source, tensors, i, tensor, 0, 1, err);
  }
  wlaw_tensors_close(tensors);
  return status;
}

wlaw_status wlaw_networks_read(network_block *block, void *buffer, const networks *source, const network_layout *layout,
                               size_t first, size_t count, wlaw_error *err) {
  reading work = {.source = source, .layout = layout};
  char *to = buffer;
  for (size_t t = 0; t < layout->n_tensors; t++) {
    work.bytes[t] = layout->tensors[t].rows * layout->tensors[t].cols * number_size(source);
    block->tensors[t] = work.to[t] = to;
    to += count * work.bytes[t];
  }
  block->single = source->single;
  for (size_t k = 0; k < count && source->n_paths > 0; k++)
    WLAW_TRY(read_file(&work, k, source->paths[wlaw_networks_number(source, first + k)], err));
  if (source->n_paths > 0) return WLAW_OK;
  if (source->lock) pthread_mutex_lock(source->lock);
  const wlaw_status status = read_stacked(&work, first, count, err);
  if (source->lock) pthread_mutex_unlock(source->lock);
  return status;
}
