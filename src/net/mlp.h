/* Multilayer perceptrons: shape, parameter block with named views, forward and backward as mathematics.
 *
 * Layer l = 0 .. layers-1 maps width[l] inputs to width[l+1] outputs:
 *     z_l = scale_l * W_l h_(l-1) + b_l        W_l: [width[l+1], width[l]], h_(-1) = x
 *     h_l = s_l phi(z_l) for all but the last layer, whose z are the logits
 * scale_l = 1 in the standard parameterization and 1/sqrt(width[l]) in the NTK parameterization (Jacot, Gabriel and
 * Hongler 2018), where the trained parameter is drawn sqrt(width[l]) times larger, so both start as the same function.
 * s_l = 1, or with node_scales a number for each node that is not trained: the next layer's weights are W s_l, and
 * training W instead of them gives each node a learning rate of its own, s_l^2 (Blier, Wolinski and Ollivier 2019,
 * "Learning with random learning rates"). */
#ifndef WLAW_NET_MLP_H
#define WLAW_NET_MLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weightlaw.h"

typedef enum activation {
  ACTIVATION_RELU,
  ACTIVATION_LEAKY_RELU, /* slope 0.01, as PyTorch */
  ACTIVATION_TANH,
  ACTIVATION_ERF,
  ACTIVATION_GELU, /* exact, by erf */
  ACTIVATION_SIN,
  ACTIVATION_LINEAR
} activation;

typedef enum loss {
  LOSS_CROSS_ENTROPY,
  LOSS_MSE
} loss; /* mean over samples; MSE: mean over samples and outputs, one-hot */

enum { MLP_MAX_LAYERS = 64 };

typedef struct mlp {
  size_t layers;
  size_t width[MLP_MAX_LAYERS + 1];
  bool biases, ntk, node_scales;
  activation activation;
  loss loss;
} mlp;

/* Layers of at most this many outputs (and, after the first, inputs) run on our own kernels, the others on BLAS. */
enum { MLP_NARROW = 32, MLP_LANES = 16 };

/* Where layer l lives in a network's parameter block (floats). Weights are row-major, rows `stride[l]` apart, except in
 * a narrow first layer (lanes): there weight (o, i) is at (i / 16) * 16 * out + o * 16 + i % 16, so that the kernels
 * read sixteen inputs of every output in a row. The first layer's inputs are padded with zeros to whole vectors. It
 * comes first (its update is fused into its gradient); everything after it that is trained is one contiguous tail. Node
 * scales, which are not, come last. */
typedef struct mlp_layout {
  size_t weight[MLP_MAX_LAYERS], stride[MLP_MAX_LAYERS], bias[MLP_MAX_LAYERS];
  size_t scale[MLP_MAX_LAYERS]; /* of the inputs of layer l >= 1: [width[l]], where there are node scales */
  bool lanes;                   /* how layer 0 is stored */
  size_t tail;                  /* first float after layer 0's weights */
  size_t trained, floats;       /* what is trained, and the whole block: multiples of 16 */
} mlp_layout;

/* WLAW_ARGUMENT for a shape without layers or with an empty one, WLAW_LIMIT for one that does not fit. */
wlaw_status wlaw_mlp_check(const mlp *net, wlaw_error *err);
/* net must have passed wlaw_mlp_check. */
mlp_layout wlaw_mlp_layout(const mlp *net);
/* weight: [out, in] row-major, as trained; bias: [out]. Either may be NULL: not wanted / zeros. place: where the data
 * set stores input i of the first layer (wlaw_dataset.place), or NULL. */
void wlaw_mlp_pack(const mlp *net, size_t layer, float *block, const uint32_t *place, const float *weight,
                   const float *bias);
void wlaw_mlp_unpack(const mlp *net, size_t layer, const float *block, const uint32_t *place, float *weight,
                     float *bias);
/* Trained numbers of one network: weights and, if any, biases. */
size_t wlaw_mlp_parameters(const mlp *net);
/* Whether a layer runs on our own kernels. */
bool wlaw_mlp_is_narrow(const mlp *net, size_t layer);
/* The factor of W_l h: 1, or 1/sqrt(width[l]) in the NTK parameterization. */
double wlaw_mlp_scale(const mlp *net, size_t layer);

#endif
