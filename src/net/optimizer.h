/* Optimisers and learning-rate schedules in PyTorch's meaning (torch.optim.SGD, Adam, AdamW; 2.x defaults). */
#ifndef WLAW_NET_OPTIMIZER_H
#define WLAW_NET_OPTIMIZER_H

#include "net/train.h"

/* What a step does to one weight w with gradient g; every number of one step, rounded to single precision at the end.
 *     STORE     the gradient is written out and nothing changes
 *     SGD       g += decay w;  w -= rate g
 *     MOMENTUM  g += decay w;  m = momentum m + g;  w -= rate m
 *     ADAM      g += decay w;  m += (1-beta1)(g - m);  v = beta2 v + (1-beta2) g^2
 *               w = shrink w - rate m / (sqrt(v) root_scale + epsilon)
 * With rate = lr / (1 - beta1^t) and root_scale = 1 / sqrt(1 - beta2^t) (Kingma and Ba 2015, algorithm 1); Adam has
 * decay = weight decay and shrink = 1, AdamW decay = 0 and shrink = 1 - lr * weight decay (Loshchilov and Hutter 2019).
 * PyTorch divides by sqrt(1 - beta2^t) where we multiply by its inverse, and does not fuse multiply-adds: the results
 * differ by rounding only. */
typedef enum update_kind { UPDATE_STORE, UPDATE_SGD, UPDATE_MOMENTUM, UPDATE_ADAM } update_kind;

typedef struct update_rule {
  update_kind kind;
  float rate, decay, shrink;
  float momentum;
  float first_share, beta2, second_share; /* 1 - beta1, beta2, 1 - beta2 */
  float root_scale, epsilon;
} update_rule;

/* Learning rate of an epoch (1-based). */
double wlaw_schedule_rate(const train_config *config, uint32_t epoch);
/* The rule of optimiser step number `step` (1-based, counted since initialisation) in an epoch. */
update_rule wlaw_update_rule(const train_config *config, uint32_t epoch, uint64_t step);

/* Moments the optimiser keeps: 0, 1 (momentum) or 2 (Adam). */
int wlaw_optimizer_moments(const train_config *config);

/* Ranges of every optimiser and schedule number. */
wlaw_status wlaw_optimizer_check(const train_config *config, wlaw_error *err);

#endif
