/* Training through an epoch, and evaluation. */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/monitor.h"
#include "net/trainer.h"

enum { TEST_PIECE = 128 };

static size_t whole_lanes(size_t n) { return (n + MLP_LANES - 1) / MLP_LANES * MLP_LANES; }

static void gather_values(const trainer *t, float *x, const sample_set *set, const uint32_t *order, size_t n) {
  const size_t features = t->dataset->features;
  const bool as_stored = wlaw_mlp_is_narrow(&t->config->mlp, 0);
  for (size_t s = 0; s < n; s++) {
    const float *row = set->values + (size_t)order[s] * features;
    float *const out = x + s * t->input_stride;
    for (size_t f = 0; f < features; f++) out[f] = as_stored ? row[f] : t->scale[f] * row[f] + t->shift[f];
  }
}

static void gather_bytes(const trainer *t, uint8_t *bytes, const sample_set *set, const uint32_t *order, size_t n) {
  const size_t features = t->dataset->features;
  for (size_t s = 0; s < n; s++)
    memcpy(bytes + s * t->input_stride, set->bytes + (size_t)order[s] * features, features);
}

static void gather_blocks(const trainer *t, train_scratch *scratch, const sample_set *set, const uint32_t *order,
                          size_t n) {
  const size_t words = wlaw_block_words(t->input_stride);
  const uint64_t *of_set = set == &t->dataset->train ? t->train_blocks : t->test_blocks;
  for (size_t s = 0; of_set && s < n; s++)
    memcpy(scratch->blocks + s * words, of_set + (size_t)order[s] * words, words * sizeof *of_set);
}

/* n samples that lie at `bytes`, or where that is NULL in scratch->x. */
static input_batch batch_of(const trainer *t, train_scratch *scratch, const uint8_t *bytes, const uint64_t *blocks,
                            size_t n) {
  return (input_batch){.x = scratch->x,
                       .bytes = bytes,
                       .samples = n,
                       .stride = t->input_stride,
                       .scale = t->scale,
                       .shift = t->shift,
                       .common_scale = t->common_scale,
                       .blocks = blocks,
                       .block_words = wlaw_block_words(t->input_stride),
                       .lists = scratch->lists,
                       .lengths = scratch->lengths,
                       .list_stride = t->columns + MLP_LANES,
                       .features = t->dataset->features};
}

input_batch wlaw_batch_gather(const trainer *t, train_scratch *scratch, const sample_set *set, const uint32_t *order,
                              size_t n) {
  for (size_t s = 0; s < n; s++) scratch->labels[s] = set->labels[order[s]];
  memset(scratch->labels + n, 0, whole_lanes(n) - n);
  if (set->bytes) gather_bytes(t, scratch->bytes, set, order, n);
  else gather_values(t, scratch->x, set, order, n);
  gather_blocks(t, scratch, set, order, n);
  const input_batch batch = batch_of(t, scratch, set->bytes ? scratch->bytes : NULL, scratch->blocks, n);
  if (scratch->blocks) t->pass.kernels->list_samples(scratch->lists, scratch->lengths, batch.list_stride, &batch);
  return batch;
}

/* Batch number `step` of an epoch whose order is in scratch->order. */
static input_batch epoch_batch(const trainer *t, train_scratch *scratch, size_t step) {
  const size_t n = t->dataset->train.n, size = t->config->batch, first = step * size;
  const size_t here = n - first < size ? n - first : size, next = first + here;
  if (t->train_keys) wlaw_blocks_order(scratch->order + first, here, t->train_keys, scratch->lists); /* room for now */
  input_batch batch = wlaw_batch_gather(t, scratch, &t->dataset->train, scratch->order + first, here);
  if (next < n && batch.bytes) {
    batch.stored = t->dataset->train.bytes;
    batch.following = scratch->order + next;
    batch.n_following = n - next < size ? n - next : size;
  }
  return batch;
}

static void shuffle(const trainer *t, train_scratch *scratch, uint32_t network, uint32_t epoch) {
  wlaw_stream stream = wlaw_stream_start(t->config->seed, STREAM_SHUFFLE, network, epoch);
  wlaw_stream_shuffle(&stream, scratch->order, (uint32_t)t->dataset->train.n);
}

/* Steps [from, to) of the epoch for n networks that share each batch. Ends early, after a whole step, at *stop (NULL:
 * never). Returns the step reached. */
static size_t run_steps(const trainer *t, train_scratch *scratch, network_state *states, size_t n, uint32_t epoch,
                        size_t from, size_t to, const atomic_bool *stop) {
  for (size_t step = from; step < to; step++) {
    if (stop && atomic_load_explicit(stop, memory_order_relaxed)) return step;
    input_batch batch = epoch_batch(t, scratch, step);
    if (n > 1 && batch.bytes && !wlaw_mlp_is_narrow(&t->config->mlp, 0)) {
      /* Several networks read the floats: convert once. */
      t->pass.kernels->fill_inputs(&batch);
      batch.bytes = NULL;
    }
    const update_rule rule = wlaw_update_rule(t->config, epoch, states[0].step + 1);
    for (size_t k = 0; k < n; k++) {
      network_state *const state = states + k;
      state->loss_sum += wlaw_pass_step(&t->pass, &scratch->space, &rule, state->weights, state->first, state->second,
                                        &batch, scratch->labels);
      state->step++;
      batch.n_following = 0; /* the first network has fetched them */
    }
  }
  return to;
}

wlaw_status wlaw_train_epoch(const trainer *t, train_scratch *scratch, network_state *states, uint32_t first, size_t n,
                             uint32_t epoch, const atomic_bool *stop, wlaw_error *err) {
  if (epoch == 0) return wlaw_fail(err, WLAW_ARGUMENT, "epochs of training count from 1");
  if (n == 0) return WLAW_OK;
  const uint64_t steps = t->steps_per_epoch, start = (uint64_t)(epoch - 1) * steps, at = states[0].step;
  for (size_t k = 0; k < n; k++)
    if (states[k].step != at || at < start || at > start + steps)
      return wlaw_fail(err, WLAW_ARGUMENT, "network %zu is at step %llu, which is not in epoch %u like its neighbours'",
                       first + k, (unsigned long long)states[k].step, epoch);
  if (at == start)
    for (size_t k = 0; k < n; k++) states[k].loss_sum = 0.0;
  const size_t from = (size_t)(at - start);
  size_t to = (size_t)steps;
  if (t->config->shared_order) {
    shuffle(t, scratch, STREAM_SHARED, epoch);
    to = run_steps(t, scratch, states, n, epoch, from, to, stop);
  } else {
    /* One network after the other: the first looks at stop, the others follow to the step it has reached. */
    for (size_t k = 0; k < n; k++) {
      shuffle(t, scratch, first + (uint32_t)k, epoch);
      to = run_steps(t, scratch, states + k, 1, epoch, from, to, k == 0 ? stop : NULL);
    }
  }
  return to < steps ? wlaw_fail_cancelled(err) : WLAW_OK;
}

size_t wlaw_train_units(const trainer *t, size_t networks, unsigned threads) {
  if (!t->config->shared_order) return networks;
  const size_t round = (size_t)threads * TRAIN_MOST_GROUP, rounds = networks / round + (networks % round != 0);
  return networks < rounds * threads ? networks : rounds * threads;
}

double wlaw_train_gradient(const trainer *t, train_scratch *scratch, const float *block, const uint32_t *samples,
                           size_t n, float *gradient) {
  const input_batch batch = wlaw_batch_gather(t, scratch, &t->dataset->train, samples, n);
  const update_rule rule = {.kind = UPDATE_STORE};
  /* UPDATE_STORE only reads the weights, but the step takes what it may change: a copy keeps the caller's const. */
  memcpy(gradient, block, t->pass.layout.floats * sizeof *gradient);
  const double total = wlaw_pass_step(&t->pass, &scratch->space, &rule, gradient, NULL, NULL, &batch, scratch->labels);
  memset(gradient, 0, t->pass.layout.floats * sizeof *gradient);
  memcpy(gradient, scratch->space.gradient, t->pass.layout.trained * sizeof *gradient);
  return total / (double)n;
}

/* Test samples first .. first + n - 1: bytes without padding are used where they lie. */
static input_batch test_batch(const trainer *t, train_scratch *scratch, size_t first, size_t n) {
  const sample_set *test = &t->dataset->test;
  if (test->bytes && t->dataset->features == t->input_stride) {
    memcpy(scratch->labels, test->labels + first, n);
    memset(scratch->labels + n, 0, whole_lanes(n) - n);
    const size_t words = wlaw_block_words(t->input_stride);
    return batch_of(t, scratch, test->bytes + first * t->input_stride,
                    t->test_blocks ? t->test_blocks + first * words : NULL, n);
  }
  uint32_t order[TEST_PIECE];
  for (size_t s = 0; s < n; s++) order[s] = (uint32_t)(first + s);
  return wlaw_batch_gather(t, scratch, test, order, n);
}

void wlaw_train_evaluate(const trainer *t, train_scratch *scratch, const float *block, evaluation *out) {
  wlaw_train_outputs(t, scratch, block, out, NULL);
}

void wlaw_train_outputs(const trainer *t, train_scratch *scratch, const float *block, evaluation *out, float *outputs) {
  const sample_set *test = &t->dataset->test;
  const size_t last = t->config->mlp.layers - 1, classes = t->dataset->classes, stride = scratch->space.stride;
  *out = (evaluation){.constant = true, .finite = true};
  float reference[UINT8_MAX + 1] = {0};
  size_t correct = 0;
  for (size_t first = 0; first < test->n; first += TEST_PIECE) {
    const size_t n = test->n - first < TEST_PIECE ? test->n - first : TEST_PIECE;
    const input_batch batch = test_batch(t, scratch, first, n);
    wlaw_pass_forward(&t->pass, &scratch->space, block, &batch);
    const float *z = scratch->space.z[last];
    for (size_t c = 0; outputs && c < classes; c++)
      memcpy(outputs + c * test->n + first, z + c * stride, n * sizeof *outputs);
    for (size_t c = 0; first == 0 && c < classes; c++) reference[c] = z[c * stride];
    out->loss += t->pass.kernels->loss(NULL, z, scratch->labels, classes, n, stride, t->config->mlp.loss);
    bool finite, constant;
    correct += t->pass.kernels->score(z, scratch->labels, reference, classes, n, stride, &finite, &constant);
    out->finite &= finite;
    out->constant &= constant;
  }
  out->loss /= (double)test->n;
  out->accuracy = (double)correct / (double)test->n;
  if (!isfinite(out->loss)) out->finite = false;
  if (!out->finite) out->constant = false;
}
