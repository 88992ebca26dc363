#include "study/snapshot.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "study/run.h"
#include "tensor/writer.h"

typedef struct snapshot_plan {
  tensor_spec specs[2 * MLP_MAX_LAYERS];
  char names[2 * MLP_MAX_LAYERS][40];
  size_t layer[2 * MLP_MAX_LAYERS];
  bool bias[2 * MLP_MAX_LAYERS];
  size_t n, largest; /* floats of the largest tensor of one network */
} snapshot_plan;

static void describe(snapshot_plan *out, const train_plan *plan) {
  const mlp *net = &plan->config.mlp;
  for (size_t l = 0; l < net->layers; l++) {
    const size_t rows = net->width[l + 1], cols = net->width[l];
    if (!plan->keep[l]) continue;
    if (rows * cols > out->largest) out->largest = rows * cols;
    for (int bias = 0; bias <= net->biases; bias++) {
      const size_t i = out->n++;
      snprintf(out->names[i], sizeof out->names[i], "layer%zu.%s", l + 1, bias ? "bias" : "weight");
      out->specs[i] = (tensor_spec){out->names[i], WLAW_F32, bias ? 2 : 3, {plan->networks, rows, cols}};
      out->layer[i] = l;
      out->bias[i] = bias;
    }
  }
}

static wlaw_status write_tensor(tensor_writer *writer, const snapshot_plan *snapshot, size_t i, const trainer *with,
                                const float *blocks, size_t floats, size_t networks, float *values, wlaw_error *err) {
  const tensor_spec *spec = &snapshot->specs[i];
  const size_t count = (size_t)spec->shape[1] * (spec->rank == 3 ? (size_t)spec->shape[2] : 1);
  for (size_t k = 0; k < networks; k++) {
    float *weight = snapshot->bias[i] ? NULL : values, *bias = snapshot->bias[i] ? values : NULL;
    wlaw_train_unpack(with, blocks + k * floats, snapshot->layer[i], weight, bias);
    WLAW_TRY(wlaw_writer_add(writer, values, count * sizeof *values, err));
  }
  return WLAW_OK;
}

wlaw_status wlaw_snapshot_write(const char *folder, uint64_t epoch, const trainer *with, const train_plan *plan,
                                const float *blocks, size_t floats, wlaw_error *err) {
  static const char *const metadata[] = {"format", "pt", NULL}; /* what PyTorch's own loaders look for */
  snapshot_plan *snapshot = calloc(1, sizeof *snapshot);
  char *path = wlaw_run_snapshot_path(folder, epoch);
  float *values = NULL;
  tensor_writer *writer = NULL;
  wlaw_status status = snapshot && path ? WLAW_OK : wlaw_fail_memory(err, 1, sizeof *snapshot);
  if (status == WLAW_OK) {
    describe(snapshot, plan);
    values = wlaw_array(snapshot->largest, sizeof *values);
    status = values ? wlaw_writer_open(&writer, path, snapshot->specs, snapshot->n, metadata, err)
                    : wlaw_fail_memory(err, snapshot->largest, sizeof *values);
  }
  for (size_t i = 0; status == WLAW_OK && i < snapshot->n; i++)
    status = write_tensor(writer, snapshot, i, with, blocks, floats, plan->networks, values, err);
  if (status == WLAW_OK) {
    status = wlaw_writer_commit(writer, err);
    writer = NULL;
  }
  wlaw_writer_discard(writer);
  free(values);
  free(path);
  free(snapshot);
  return status;
}
