#include "net/trainer.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "math/blas.h"

enum { TEST_PIECE = 128 };

static size_t whole_lanes(size_t n) { return (n + MLP_LANES - 1) / MLP_LANES * MLP_LANES; }

static wlaw_status check_set(const wlaw_dataset *dataset, const sample_set *set, const char *which, wlaw_error *err) {
  if (set->n == 0) return wlaw_fail(err, WLAW_VALUE, "data set %s has no %s samples", dataset->name, which);
  if (set->n > UINT32_MAX)
    return wlaw_fail(err, WLAW_LIMIT, "data set %s has %zu %s samples; at most %u can be shuffled", dataset->name,
                     set->n, which, UINT32_MAX);
  if (!set->labels || (set->bytes != NULL) == (set->values != NULL) ||
      (set->bytes != NULL) != (dataset->train.bytes != NULL))
    return wlaw_fail(err, WLAW_ARGUMENT, "the %s samples of data set %s are not bytes or floats with labels", which,
                     dataset->name);
  for (size_t i = 0; i < set->n; i++)
    if (set->labels[i] >= dataset->classes)
      return wlaw_fail(err, WLAW_VALUE, "label %u of %s sample %zu is not below the number of classes, %zu",
                       set->labels[i], which, i, dataset->classes);
  return WLAW_OK;
}

static wlaw_status check_config(const train_config *config, const wlaw_dataset *dataset, wlaw_error *err) {
  const mlp *net = &config->mlp;
  WLAW_TRY(wlaw_mlp_check(net, err));
  WLAW_TRY(wlaw_optimizer_check(config, err));
  if (config->batch == 0) return wlaw_fail(err, WLAW_ARGUMENT, "a batch holds at least one sample");
  if (net->width[0] != dataset->features)
    return wlaw_fail(err, WLAW_SHAPE, "the network takes %zu inputs, the data have %zu", net->width[0],
                     dataset->features);
  if (net->width[net->layers] != dataset->classes)
    return wlaw_fail(err, WLAW_SHAPE, "the network has %zu outputs, the data %zu classes", net->width[net->layers],
                     dataset->classes);
  WLAW_TRY(check_set(dataset, &dataset->train, "training", err));
  return check_set(dataset, &dataset->test, "test", err);
}

static wlaw_status fill_trainer(trainer *t, wlaw_error *err) {
  const train_config *config = t->config;
  const size_t n = t->dataset->train.n, batch = config->batch < n ? config->batch : n;
  t->steps_per_epoch = (n + batch - 1) / batch;
  t->columns = whole_lanes(batch > TEST_PIECE ? batch : TEST_PIECE);
  t->input_stride = t->pass.layout.stride[0];
  if (!wlaw_blas_size_ok(t->columns)) return wlaw_fail(err, WLAW_LIMIT, "a batch of %zu samples is too large", batch);
  t->scale = wlaw_array(t->input_stride, sizeof(float));
  t->shift = wlaw_array(t->input_stride, sizeof(float));
  if (!t->scale || !t->shift) return wlaw_fail_memory(err, t->input_stride, 2 * sizeof(float));
  memcpy(t->scale, t->dataset->scale, t->dataset->features * sizeof(float));
  memcpy(t->shift, t->dataset->shift, t->dataset->features * sizeof(float));
  t->common_scale = t->scale[0];
  for (size_t f = 1; f < t->dataset->features; f++)
    if (t->scale[f] != t->scale[0]) t->common_scale = 0.0f;
  if (!wlaw_mlp_is_narrow(&config->mlp, 0)) return WLAW_OK;
  const size_t features = t->dataset->features;
  WLAW_TRY(wlaw_blocks_find(&t->train_blocks, &t->dataset->train, features, t->input_stride, err));
  WLAW_TRY(
      wlaw_blocks_keys(&t->train_keys, t->train_blocks, t->dataset->train.n, wlaw_block_words(t->input_stride), err));
  return wlaw_blocks_find(&t->test_blocks, &t->dataset->test, features, t->input_stride, err);
}

wlaw_status wlaw_trainer_new(trainer **out, const train_config *config, const wlaw_dataset *dataset, cpu_level level,
                             wlaw_error *err) {
  WLAW_TRY(check_config(config, dataset, err));
  const cpu_level best = wlaw_cpu_level();
  if (level == CPU_LEVELS) level = best;
  if (level > best)
    return wlaw_fail(err, WLAW_ARGUMENT, "this processor cannot run kernels for %s", wlaw_cpu_level_name(level));
  trainer *t = wlaw_array(1, sizeof *t);
  if (!t) return wlaw_fail_memory(err, 1, sizeof *t);
  t->config = config;
  t->dataset = dataset;
  t->pass = (pass){.net = &config->mlp, .layout = wlaw_mlp_layout(&config->mlp), .kernels = wlaw_net_kernels(level)};
  const wlaw_status status = fill_trainer(t, err);
  if (status != WLAW_OK) {
    wlaw_trainer_free(t);
    return status;
  }
  *out = t;
  return WLAW_OK;
}

void wlaw_trainer_free(trainer *t) {
  if (!t) return;
  free(t->scale);
  free(t->shift);
  free(t->train_blocks);
  free(t->test_blocks);
  free(t->train_keys);
  free(t);
}

/* No more than the batch itself has: its size was checked. */
static wlaw_status fill_blocks(train_scratch *scratch, const trainer *t, wlaw_error *err) {
  const size_t words = wlaw_block_words(t->input_stride), lists = wlaw_block_lists(t->input_stride);
  scratch->blocks = wlaw_array(t->columns * words, sizeof *scratch->blocks);
  scratch->lists = wlaw_array((t->columns + MLP_LANES) * lists, sizeof *scratch->lists);
  scratch->lengths = wlaw_array(lists, sizeof *scratch->lengths);
  const bool all = scratch->blocks && scratch->lists && scratch->lengths;
  return all ? WLAW_OK : wlaw_fail_memory(err, t->columns, lists * sizeof *scratch->lists);
}

static wlaw_status fill_scratch(train_scratch *scratch, const trainer *t, wlaw_error *err) {
  const bool bytes = t->dataset->train.bytes != NULL;
  const bool floats = !bytes || !wlaw_mlp_is_narrow(&t->config->mlp, 0);
  size_t inputs;
  if (__builtin_mul_overflow(t->columns, t->input_stride, &inputs))
    return wlaw_fail(err, WLAW_LIMIT, "a batch of %zu samples needs more memory than can be addressed", t->columns);
  if (!(scratch->order = wlaw_array(t->dataset->train.n, sizeof *scratch->order)))
    return wlaw_fail_memory(err, t->dataset->train.n, sizeof *scratch->order);
  if (floats && !(scratch->x = wlaw_array(inputs, sizeof(float)))) return wlaw_fail_memory(err, inputs, sizeof(float));
  if (bytes && !(scratch->bytes = wlaw_array(inputs, 1))) return wlaw_fail_memory(err, inputs, 1);
  if (!(scratch->labels = wlaw_array(t->columns, 1))) return wlaw_fail_memory(err, t->columns, 1);
  if (t->train_blocks) WLAW_TRY(fill_blocks(scratch, t, err));
  return wlaw_pass_space_new(&scratch->space, &t->config->mlp, t->columns, err);
}

wlaw_status wlaw_scratch_new(train_scratch **out, const trainer *t, wlaw_error *err) {
  train_scratch *scratch = wlaw_array(1, sizeof *scratch);
  if (!scratch) return wlaw_fail_memory(err, 1, sizeof *scratch);
  const wlaw_status status = fill_scratch(scratch, t, err);
  if (status != WLAW_OK) {
    wlaw_scratch_free(scratch);
    return status;
  }
  *out = scratch;
  return WLAW_OK;
}

void wlaw_scratch_free(train_scratch *scratch) {
  if (!scratch) return;
  free(scratch->order);
  free(scratch->x);
  free(scratch->bytes);
  free(scratch->labels);
  free(scratch->blocks);
  free(scratch->lists);
  free(scratch->lengths);
  wlaw_pass_space_free(&scratch->space);
  free(scratch);
}

size_t wlaw_train_floats(const trainer *t) { return t->pass.layout.floats; }

size_t wlaw_train_steps_per_epoch(const trainer *t) { return t->steps_per_epoch; }

const float *wlaw_train_scales(const trainer *t, const float *block, size_t layer) {
  return t->config->mlp.node_scales && layer > 0 ? block + t->pass.layout.scale[layer] : NULL;
}

void wlaw_train_unpack(const trainer *t, const float *block, size_t layer, float *weight, float *bias) {
  wlaw_mlp_unpack(&t->config->mlp, layer, block, t->dataset->place, weight, bias);
}
