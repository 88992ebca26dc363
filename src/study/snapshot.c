#include "study/snapshot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "study/run.h"
#include "tensor/writer.h"

typedef enum part_kind { PART_WEIGHT, PART_BIAS, PART_NODE_VARIANCE, PART_KINDS } part_kind;

enum { MOST_PARTS = PART_KINDS * MLP_MAX_LAYERS };

typedef struct snapshot_plan {
  tensor_spec specs[MOST_PARTS];
  char names[MOST_PARTS][40];
  size_t layer[MOST_PARTS];
  part_kind kind[MOST_PARTS];
  size_t n, largest; /* bytes of the largest tensor of one network */
} snapshot_plan;

static bool has_part(const train_plan *plan, uint64_t epoch, size_t l, part_kind kind) {
  const mlp *net = &plan->config.mlp;
  if (kind == PART_BIAS) return net->biases;
  if (kind == PART_NODE_VARIANCE) /* weights that are trained leave them after epoch 0 */
    return plan->init.law->ops->node && l > 0 && (net->node_scales || epoch == 0);
  return true;
}

static void describe(snapshot_plan *out, const train_plan *plan, uint64_t epoch) {
  static const char *const names[PART_KINDS] = {"weight", "bias", "node_variance"};
  const mlp *net = &plan->config.mlp;
  for (size_t l = 0; l < net->layers; l++) {
    const size_t rows = net->width[l + 1], cols = net->width[l];
    for (part_kind kind = PART_WEIGHT; kind < PART_KINDS; kind++) {
      if (!plan->keep[l] || !has_part(plan, epoch, l, kind)) continue;
      const size_t i = out->n++;
      snprintf(out->names[i], sizeof out->names[i], "layer%zu.%s", l + 1, names[kind]);
      const tensor_spec specs[PART_KINDS] = {{out->names[i], WLAW_F32, 3, {plan->networks, rows, cols}},
                                             {out->names[i], WLAW_F32, 2, {plan->networks, rows}},
                                             {out->names[i], WLAW_F64, 2, {plan->networks, cols}}};
      out->specs[i] = specs[kind];
      out->layer[i] = l;
      out->kind[i] = kind;
    }
    const size_t bytes = rows * cols * sizeof(float), variances = cols * sizeof(double);
    if (bytes > out->largest) out->largest = bytes;
    if (variances > out->largest) out->largest = variances;
  }
}

/* One network's tensor into values; its size in bytes. */
static size_t fill_part(void *values, part_kind kind, const trainer *with, const train_plan *plan, const float *block,
                        size_t network, size_t l) {
  const size_t rows = plan->config.mlp.width[l + 1], cols = plan->config.mlp.width[l];
  if (kind == PART_BIAS) {
    wlaw_train_unpack(with, block, l, NULL, values);
    return rows * sizeof(float);
  }
  if (kind == PART_NODE_VARIANCE) {
    double *const variances = values;
    wlaw_train_node_variances(with, plan->init.law, (uint32_t)network, l, variances);
    for (size_t j = 0; j < cols; j++) variances[j] = exp(variances[j]);
    return cols * sizeof *variances;
  }
  float *const weight = values;
  const float *scales = wlaw_train_scales(with, block, l);
  wlaw_train_unpack(with, block, l, weight, NULL);
  for (size_t i = 0; scales && i < rows * cols; i++) weight[i] *= scales[i % cols];
  return rows * cols * sizeof *weight;
}

static wlaw_status write_tensor(tensor_writer *writer, const snapshot_plan *snapshot, size_t i, const trainer *with,
                                const train_plan *plan, const float *blocks, size_t floats, void *values,
                                wlaw_error *err) {
  for (size_t k = 0; k < plan->networks; k++) {
    const size_t bytes = fill_part(values, snapshot->kind[i], with, plan, blocks + k * floats, k, snapshot->layer[i]);
    WLAW_TRY(wlaw_writer_add(writer, values, bytes, err));
  }
  return WLAW_OK;
}

wlaw_status wlaw_snapshot_write(const char *folder, uint64_t epoch, const trainer *with, const train_plan *plan,
                                const float *blocks, size_t floats, wlaw_error *err) {
  static const char *const metadata[] = {"format", "pt", NULL}; /* what PyTorch's own loaders look for */
  snapshot_plan *snapshot = calloc(1, sizeof *snapshot);
  char *path = wlaw_run_snapshot_path(folder, epoch);
  void *values = NULL;
  tensor_writer *writer = NULL;
  wlaw_status status = snapshot && path ? WLAW_OK : wlaw_fail_memory(err, 1, sizeof *snapshot);
  if (status == WLAW_OK) {
    describe(snapshot, plan, epoch);
    values = wlaw_array(snapshot->largest, 1);
    status = values ? wlaw_writer_open(&writer, path, snapshot->specs, snapshot->n, metadata, err)
                    : wlaw_fail_memory(err, snapshot->largest, 1);
  }
  for (size_t i = 0; status == WLAW_OK && i < snapshot->n; i++)
    status = write_tensor(writer, snapshot, i, with, plan, blocks, floats, values, err);
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
