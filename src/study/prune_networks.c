/* The work of `prune`: network by network, weights read once, columns of removed nodes set to 0, outputs compared. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "study/prune.h"

typedef struct ranked_node {
  double score;
  size_t node;
} ranked_node;

typedef struct prune_scratch {
  train_scratch *train;
  double *values;                     /* [largest matrix], of the layer in hand */
  float *weights[MLP_MAX_LAYERS];     /* [out, in] */
  float *biases[MLP_MAX_LAYERS];      /* [out] */
  double *norm;                       /* [widest]: of the weights into each node of the layer before */
  double *lambda[MLP_MAX_LAYERS];     /* [in] */
  ranked_node *order[MLP_MAX_LAYERS]; /* [in], those that go first in front */
  float *block;
  float *whole, *pruned; /* outputs [classes, test samples] */
} prune_scratch;

size_t wlaw_prune_count(double fraction, size_t width) {
  const size_t count = (size_t)floor(fraction * (double)width + 1e-9); /* 0.95 * 500 is 475 */
  return count < width ? count : width - 1;
}

static wlaw_status scratch_new(prune_scratch *out, const pruning *work, wlaw_error *err) {
  const mlp *net = &work->recalled.plan.config.mlp;
  const size_t outputs =
      work->recalled.dataset->test.n * work->recalled.dataset->classes; /* as many as there are samples */
  size_t largest = 0, widest = 0;
  bool all = true;
  for (size_t l = 0; l < net->layers; l++) {
    const size_t in = net->width[l], rows = net->width[l + 1];
    if (in * rows > largest) largest = in * rows;
    if (rows > widest) widest = rows;
    out->weights[l] = wlaw_array(in * rows, sizeof(float));
    out->biases[l] = wlaw_array(rows, sizeof(float));
    out->lambda[l] = wlaw_array(work->chosen[l] ? in : 1, sizeof(double));
    out->order[l] = wlaw_array(work->chosen[l] ? in : 1, sizeof(ranked_node));
    all = all && out->weights[l] && out->biases[l] && out->lambda[l] && out->order[l];
  }
  out->values = wlaw_array(largest, sizeof *out->values);
  out->norm = wlaw_array(widest, sizeof *out->norm);
  out->block = wlaw_array(wlaw_train_floats(work->trainer), sizeof *out->block);
  out->whole = wlaw_array(outputs, sizeof *out->whole);
  out->pruned = wlaw_array(outputs, sizeof *out->pruned);
  all = all && out->values && out->norm && out->block && out->whole && out->pruned;
  if (!all) return wlaw_fail_memory(err, largest, sizeof *out->values);
  return wlaw_scratch_new(&out->train, work->trainer, err);
}

static void scratch_free(prune_scratch *scratch) {
  for (size_t l = 0; l < MLP_MAX_LAYERS; l++) {
    free(scratch->weights[l]);
    free(scratch->biases[l]);
    free(scratch->lambda[l]);
    free(scratch->order[l]);
  }
  free(scratch->values);
  free(scratch->norm);
  free(scratch->block);
  free(scratch->whole);
  free(scratch->pruned);
  wlaw_scratch_free(scratch->train);
}

/* Ascending scores, equal ones by number; what is not a number goes last. */
static int compare(const void *a, const void *b) {
  const ranked_node *x = a, *y = b;
  if (isnan(x->score) != isnan(y->score)) return isnan(x->score) ? 1 : -1;
  if (x->score < y->score || x->score > y->score) return x->score < y->score ? -1 : 1;
  return (x->node > y->node) - (x->node < y->node);
}

/* A tensor [networks, n] of doubles or floats: the row of one network. */
static wlaw_status read_row(pruning *work, size_t tensor, size_t network, size_t n, double *out, wlaw_error *err) {
  pthread_mutex_lock(&work->source->lock);
  const wlaw_status status = wlaw_tensors_read(work->source->tensors, tensor, network * n, n, out, err);
  pthread_mutex_unlock(&work->source->lock);
  return status;
}

/* Mean squares of the columns of values: [rows, cols]. */
static void column_squares(double *out, const double *values, size_t rows, size_t cols) {
  for (size_t j = 0; j < cols; j++) out[j] = 0.0;
  for (size_t i = 0; i < rows * cols; i++) out[i % cols] += values[i] * values[i] / (double)rows;
}

/* One layer of a network: weights, bias, and which of its inputs go first. */
static wlaw_status read_layer(pruning *work, prune_scratch *scratch, size_t network, size_t l, wlaw_error *err) {
  const mlp *net = &work->recalled.plan.config.mlp;
  const size_t in = net->width[l], out = net->width[l + 1];
  double *const values = scratch->values;
  if (net->biases) {
    WLAW_TRY(read_row(work, work->bias[l], network, out, values, err));
    for (size_t o = 0; o < out; o++) scratch->biases[l][o] = (float)values[o];
  }
  WLAW_TRY(wlaw_ensemble_read(work->source, work->weight[l], network, 1, values, err));
  for (size_t i = 0; i < in * out; i++) scratch->weights[l][i] = (float)values[i];
  if (work->chosen[l]) {
    if (work->variance[l] == SIZE_MAX) column_squares(scratch->lambda[l], values, out, in);
    else WLAW_TRY(read_row(work, work->variance[l], network, in, scratch->lambda[l], err));
    for (size_t j = 0; j < in; j++)
      scratch->order[l][j] = (ranked_node){work->by == PRUNE_NORM ? scratch->norm[j] : scratch->lambda[l][j], j};
    qsort(scratch->order[l], in, sizeof *scratch->order[l], compare);
  }
  for (size_t o = 0; o < out; o++) { /* of the nodes that the next layer's inputs are */
    double sum = 0.0;
    for (size_t i = 0; i < in; i++) sum += values[o * in + i] * values[o * in + i];
    scratch->norm[o] = sqrt(sum);
  }
  return WLAW_OK;
}

/* Removes `count` inputs of layer l; their share of the sum of lambda. */
static double remove_nodes(const mlp *net, prune_scratch *scratch, size_t l, size_t count) {
  const size_t in = net->width[l], out = net->width[l + 1];
  double removed = 0.0, all = 0.0;
  for (size_t j = 0; j < in; j++) {
    const size_t node = scratch->order[l][j].node;
    all += scratch->lambda[l][node];
    if (j >= count) continue;
    removed += scratch->lambda[l][node];
    for (size_t o = 0; o < out; o++) scratch->weights[l][o * in + node] = 0.0f;
  }
  return all == 0.0 ? 0.0 : removed / all;
}

static double relative_error(const float *whole, const float *pruned, size_t n) {
  double error = 0.0, square = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double z = (double)whole[i], difference = z - (double)pruned[i];
    error += difference * difference;
    square += z * z;
  }
  return error == 0.0 ? 0.0 : error / square; /* outputs that are all 0 lose nothing */
}

/* The weights that scratch holds, evaluated; outputs of the whole network to compare with, or NULL. */
static prune_outcome evaluate(const pruning *work, prune_scratch *scratch, float *outputs, bool *finite) {
  const mlp *net = &work->recalled.plan.config.mlp;
  const wlaw_dataset *data = work->recalled.dataset;
  evaluation found;
  for (size_t l = 0; l < net->layers; l++)
    wlaw_mlp_pack(net, l, scratch->block, data->place, scratch->weights[l], scratch->biases[l]);
  wlaw_train_outputs(work->trainer, scratch->train, scratch->block, &found, outputs);
  if (finite) *finite = found.finite;
  return (prune_outcome){found.accuracy, found.loss,
                         relative_error(scratch->whole, outputs, data->test.n * data->classes)};
}

/* Fractions in ascending order each take what the ones before have left: nodes once removed stay so. */
static wlaw_status prune_network(void *context, size_t k, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  pruning *work = context;
  prune_scratch *scratch = &work->scratch[worker];
  const mlp *net = &work->recalled.plan.config.mlp;
  prune_outcome *outcomes = work->outcomes + k * (1 + work->n_fractions);
  for (size_t l = 0; l < net->layers; l++) WLAW_TRY(read_layer(work, scratch, k, l, err));
  outcomes[0] = evaluate(work, scratch, scratch->whole, &work->finite[k]);
  for (size_t f = 0; f < work->n_fractions; f++) {
    if (atomic_load(stop)) return WLAW_CANCELLED;
    double *removed = work->removed + (k * work->n_fractions + f) * net->layers;
    for (size_t l = 0; l < net->layers; l++)
      removed[l] =
          work->chosen[l] ? remove_nodes(net, scratch, l, wlaw_prune_count(work->fractions[f], net->width[l])) : 0.0;
    outcomes[1 + f] = evaluate(work, scratch, scratch->pruned, NULL);
  }
  return WLAW_OK;
}

wlaw_status wlaw_prune_networks(pruning *work, wlaw_monitor *monitor, wlaw_error *err) {
  const size_t n = work->source->run->networks, layers = work->recalled.plan.config.mlp.layers;
  const size_t rows = n * work->n_fractions;
  work->outcomes = wlaw_array(n + rows, sizeof *work->outcomes);
  work->finite = wlaw_array(n, sizeof *work->finite);
  work->removed = wlaw_array(rows, layers * sizeof *work->removed);
  const unsigned threads = wlaw_threads_for(work->threads, n);
  work->scratch = wlaw_array(threads, sizeof *work->scratch);
  wlaw_status status = work->outcomes && work->finite && work->removed && work->scratch
                           ? WLAW_OK
                           : wlaw_fail_memory(err, n + rows, layers * sizeof *work->removed);
  for (unsigned t = 0; t < threads && status == WLAW_OK; t++) status = scratch_new(&work->scratch[t], work, err);
  if (status == WLAW_OK) status = wlaw_parallel(n, threads, prune_network, work, monitor, err);
  for (unsigned t = 0; t < threads && work->scratch; t++) scratch_free(&work->scratch[t]);
  free(work->scratch);
  work->scratch = NULL;
  return status;
}
