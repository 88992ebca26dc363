#include "net/optimizer.h"

#include <math.h>

#include "core/error.h"

static const double pi = 3.14159265358979323846;

double wlaw_schedule_rate(const train_config *config, uint32_t epoch) {
  const uint32_t done = epoch > 0 ? epoch - 1 : 0;
  switch (config->schedule) {
    case SCHEDULE_STEP: return config->lr * pow(config->step_factor, (double)(done / config->step_epochs));
    case SCHEDULE_COSINE: return config->lr * 0.5 * (1.0 + cos(pi * (double)done / (double)config->epochs));
    case SCHEDULE_CONSTANT: break;
  }
  return config->lr;
}

int wlaw_optimizer_moments(const train_config *config) {
  if (config->optimizer != OPTIMIZER_SGD) return 2;
  return config->momentum != 0.0 ? 1 : 0;
}

update_rule wlaw_update_rule(const train_config *config, uint32_t epoch, uint64_t step) {
  const double lr = wlaw_schedule_rate(config, epoch);
  if (config->optimizer == OPTIMIZER_SGD)
    return (update_rule){.kind = config->momentum != 0.0 ? UPDATE_MOMENTUM : UPDATE_SGD,
                         .rate = (float)lr,
                         .decay = (float)config->weight_decay,
                         .shrink = 1.0f,
                         .momentum = (float)config->momentum};
  const double correction1 = 1.0 - pow(config->beta1, (double)step);
  const double correction2 = 1.0 - pow(config->beta2, (double)step);
  const bool decoupled = config->optimizer == OPTIMIZER_ADAMW;
  return (update_rule){.kind = UPDATE_ADAM,
                       .rate = (float)(lr / correction1),
                       .decay = decoupled ? 0.0f : (float)config->weight_decay,
                       .shrink = decoupled ? (float)(1.0 - lr * config->weight_decay) : 1.0f,
                       .first_share = (float)(1.0 - config->beta1),
                       .beta2 = (float)config->beta2,
                       .second_share = (float)(1.0 - config->beta2),
                       .root_scale = (float)(1.0 / sqrt(correction2)),
                       .epsilon = (float)config->epsilon};
}

static bool between(double x, double low, double high) { return x >= low && x <= high; }

wlaw_status wlaw_optimizer_check(const train_config *config, wlaw_error *err) {
  if (!between(config->lr, 0.0, 1e30))
    return wlaw_fail(err, WLAW_ARGUMENT, "learning rate %g is not a number from 0 up", config->lr);
  if (!between(config->weight_decay, 0.0, 1e30))
    return wlaw_fail(err, WLAW_ARGUMENT, "weight decay %g is not a number from 0 up", config->weight_decay);
  if (config->optimizer == OPTIMIZER_SGD) {
    if (!(between(config->momentum, 0.0, 1.0) && config->momentum < 1.0))
      return wlaw_fail(err, WLAW_ARGUMENT, "momentum %g is not in [0, 1)", config->momentum);
  } else {
    if (!(between(config->beta1, 0.0, 1.0) && config->beta1 < 1.0))
      return wlaw_fail(err, WLAW_ARGUMENT, "beta1 %g is not in [0, 1)", config->beta1);
    if (!(between(config->beta2, 0.0, 1.0) && config->beta2 < 1.0))
      return wlaw_fail(err, WLAW_ARGUMENT, "beta2 %g is not in [0, 1)", config->beta2);
    if (!(between(config->epsilon, 0.0, 1e30) && (float)config->epsilon > 0.0f))
      return wlaw_fail(err, WLAW_ARGUMENT, "epsilon %g is not a positive single-precision number", config->epsilon);
  }
  if (config->schedule == SCHEDULE_STEP) {
    if (config->step_epochs == 0) return wlaw_fail(err, WLAW_ARGUMENT, "the step schedule needs step-epochs >= 1");
    if (!between(config->step_factor, 0.0, 1e30))
      return wlaw_fail(err, WLAW_ARGUMENT, "step factor %g is not a number from 0 up", config->step_factor);
  }
  if (config->schedule == SCHEDULE_COSINE && config->epochs == 0)
    return wlaw_fail(err, WLAW_ARGUMENT, "the cosine schedule needs a number of epochs");
  return WLAW_OK;
}
