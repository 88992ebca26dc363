/* Training one network for (part of) an epoch: the unit of parallel work. Same bytes whatever runs beside it. */
#ifndef WLAW_NET_TRAIN_H
#define WLAW_NET_TRAIN_H

#include <stdatomic.h>

#include "core/cpu.h"
#include "core/stream.h"
#include "data/dataset.h"
#include "law/network.h"
#include "net/mlp.h"

typedef enum optimizer { OPTIMIZER_SGD, OPTIMIZER_ADAM, OPTIMIZER_ADAMW } optimizer; /* PyTorch's meaning of each */
typedef enum schedule { SCHEDULE_CONSTANT, SCHEDULE_STEP, SCHEDULE_COSINE } schedule;

typedef struct train_config {
  mlp mlp;
  optimizer optimizer;
  double lr, momentum, beta1, beta2, epsilon, weight_decay;
  schedule schedule; /* by epoch: step multiplies by step_factor every step_epochs; cosine goes to 0 at `epochs` */
  uint32_t step_epochs;
  double step_factor;
  uint32_t batch, epochs;
  bool shared_order; /* one order of samples for all networks */
  uint64_t seed;
} train_config;

/* What must survive between calls; the same bytes go to state.safetensors. Arrays are [wlaw_train_floats(config)], in
 * the layout of the parameter block (mlp_layout); moments are NULL where the optimiser has none. */
typedef struct network_state {
  float *weights, *first, *second;
  uint64_t step;   /* optimiser steps done since initialisation */
  double loss_sum; /* sum over the finished batches of the epoch in hand, of (mean batch loss * batch size) */
} network_state;

typedef struct evaluation {
  double loss, accuracy; /* means over the test set */
  bool constant;         /* every test sample gives the same logits */
  bool finite;           /* logits and loss */
} evaluation;

/* Everything shared by the networks of a run: configuration, data, kernels. Read-only while networks train. */
typedef struct trainer trainer;
/* level: CPU_LEVELS for the processor's best. The dataset and config must outlive the trainer. */
wlaw_status wlaw_trainer_new(trainer **out, const train_config *config, const wlaw_dataset *dataset, cpu_level level,
                             wlaw_error *err);
void wlaw_trainer_free(trainer *trainer);

/* Scratch space of one worker. */
typedef struct train_scratch train_scratch;
wlaw_status wlaw_scratch_new(train_scratch **out, const trainer *trainer, wlaw_error *err);
void wlaw_scratch_free(train_scratch *scratch);

/* Floats in a network's parameter block (layout is internal: padded, maybe transposed; padding is 0). */
size_t wlaw_train_floats(const trainer *trainer);
size_t wlaw_train_steps_per_epoch(const trainer *trainer);
/* One layer out of a block: weight [out, in] row-major, bias [out] (NULL: not wanted). */
void wlaw_train_unpack(const trainer *trainer, const float *block, size_t layer, float *weight, float *bias);
/* The node scales of a layer's inputs, [in], by which column j of that weight is to be multiplied. NULL: there are
 * none. */
const float *wlaw_train_scales(const trainer *trainer, const float *block, size_t layer);

/* Where initial weights come from: law gives every weight and bias that has no law of its own. */
typedef struct initial_laws {
  const wlaw_law *law;
  const wlaw_law *weight[MLP_MAX_LAYERS]; /* of the weight of one layer; NULL: it has none */
  const network_sampler *network; /* of the tensors of its layout, whose layers are those of the network; NULL: */
  const network_layout *layout;   /* there is none */
} initial_laws;

/* init.c: initial weights of network number k from streams (seed, STREAM_INIT, k, layer), what a law gives to the whole
 * network from (seed, STREAM_INIT, k, STREAM_SHARED). A law that draws matrices
 * draws every layer. From a law of node variances the first layer is normal with variance 1/in and every later one
 * sqrt(lambda_j) V, V standard normal, with variances of its own (wlaw_train_node_variances); with node scales the
 * block holds V, and sqrt(lambda_j) as the scale of node j. */
wlaw_status wlaw_train_init(const trainer *trainer, const initial_laws *laws, uint32_t k, float *block,
                            wlaw_error *err);
/* ln lambda of the inputs of layer >= 1, [in], of network number k, from the stream (seed, STREAM_NODES, k, layer). */
void wlaw_train_node_variances(const trainer *trainer, const wlaw_law *law, uint32_t k, size_t layer,
                               double *log_lambda);
/* Whether a law can initialise these networks: WLAW_ARGUMENT otherwise. */
wlaw_status wlaw_train_check_init(const mlp *net, const wlaw_law *law, wlaw_error *err);

/* Train networks first .. first+n-1 (states[0 .. n-1]), all at the same step, from there to the end of `epoch`
 * (1-based), or until *stop: then every network has ended the same step and the status is WLAW_CANCELLED. With a shared
 * order networks of a group share the gathered batches; results do not depend on the grouping. */
wlaw_status wlaw_train_epoch(const trainer *trainer, train_scratch *scratch, network_state *states, uint32_t first,
                             size_t n, uint32_t epoch, const atomic_bool *stop, wlaw_error *err);
/* The mean loss over the given training samples and its gradient in the block's layout (gradient: [floats]), by the
 * kernels that train; n <= the configured batch. For tests and for whoever wants to look at gradients. */
double wlaw_train_gradient(const trainer *trainer, train_scratch *scratch, const float *block, const uint32_t *samples,
                           size_t n, float *gradient);
/* Units to cut the work on `networks` networks into: with a shared order groups of at most TRAIN_MOST_GROUP, as many
 * for every thread; otherwise one network each. Unit u has networks [u networks / units, (u + 1) networks / units). */
enum { TRAIN_MOST_GROUP = 8 };
size_t wlaw_train_units(const trainer *trainer, size_t networks, unsigned threads);

/* Loss and accuracy on the test set. The loss is summed in double over samples in order. */
void wlaw_train_evaluate(const trainer *trainer, train_scratch *scratch, const float *block, evaluation *out);
/* The same, and what the network gives: outputs [classes, test samples], or NULL. */
void wlaw_train_outputs(const trainer *trainer, train_scratch *scratch, const float *block, evaluation *out,
                        float *outputs);

#endif
