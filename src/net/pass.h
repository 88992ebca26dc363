/* Forward and backward of one batch through one network, and the optimiser's step. */
#ifndef WLAW_NET_PASS_H
#define WLAW_NET_PASS_H

#include "net/kernels.h"

/* Activations and gradients of one batch, samples along the columns (kernels.h). */
typedef struct pass_space {
  size_t stride;            /* columns there is room for */
  float *z[MLP_MAX_LAYERS]; /* [width[l+1], stride]: what layer l gives */
  float *h[MLP_MAX_LAYERS]; /* [width[l+1], stride]: phi(z[l]), times the node scales; NULL for the last layer */
  float *delta[2];          /* [widest, stride]: dL/dz of the layer in hand and of the one before it */
  float *gradient;          /* [layout.trained] */
  float *scaled;            /* narrow first layers: its weights times the inputs' scale */
  void *storage;
} pass_space;

/* stride: a multiple of 16. */
wlaw_status wlaw_pass_space_new(pass_space *out, const mlp *net, size_t stride, wlaw_error *err);
void wlaw_pass_space_free(pass_space *space); /* safe on a zeroed struct */

typedef struct pass {
  const mlp *net;
  mlp_layout layout;
  const net_kernels *kernels;
} pass;

/* Logits into space->z[layers-1]; where the first layer is wide, fills batch->x from batch->bytes if these are given.
 */
void wlaw_pass_forward(const pass *p, pass_space *space, const float *block, const input_batch *batch);

/* Sum over the samples of the loss before the step; labels: [samples rounded up to 16]. The gradient of the mean loss
 * is applied by the rule, or stored in space->gradient in the block's layout (UPDATE_STORE). */
double wlaw_pass_step(const pass *p, pass_space *space, const update_rule *rule, float *block, float *first,
                      float *second, const input_batch *batch, const uint8_t *labels);

#endif
