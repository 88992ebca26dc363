/* Given all lambda, with weights sqrt(lambda) V before training and no biases, the removal of nodes by lambda leaves
 * V standard normal. With Z_l what layer l of a network gives, Q_l = E phi(Z_l)^2 and r_l the share of sum lambda that
 * goes among its nodes,
 *     E Z_l+1^2 = Lambda_l Q_l,    E (Z_l+1 - Z'_l+1)^2 <= Lambda_l (r_l Q_l + (1 - r_l) Lip^2 E (Z_l - Z'_l)^2),
 * an equality for the first hidden layer, where Z_l = Z'_l (Lee et al. 2023, JMLR 24(289)). For a positively
 * homogeneous phi and symmetric Z_l, Q_l = E Z_l^2 / g with a constant g, so relative errors obey e_l+1 <= r_l + (1 -
 * r_l) g Lip^2 e_l,    e_1 = 0; layers are independent, so that the same holds for the means over networks. */
#include "study/prune_theory.h"

#include <math.h>

#include "core/error.h"
#include "law/node.h"

enum { DRAWS = 1000 };

/* g Lip^2 of above; NaN: not positively homogeneous. */
static double growth(activation kind) {
  switch (kind) {
    case ACTIVATION_RELU: return 2.0;
    case ACTIVATION_LEAKY_RELU: return 2.0 / (1.0 + 0.01 * 0.01);
    case ACTIVATION_LINEAR: return 1.0;
    case ACTIVATION_TANH:
    case ACTIVATION_ERF:
    case ACTIVATION_GELU:
    case ACTIVATION_SIN: break;
  }
  return NAN;
}

static void combine(prune_theory *theory, const mlp *net) {
  const double factor = growth(net->activation);
  double error = 0.0;
  for (size_t l = 1; l < net->layers; l++) {
    const double carried = error > 0.0 ? factor * error : 0.0; /* nothing is carried before the first layer pruned */
    error = theory->shares[l].mean + (1.0 - theory->shares[l].mean) * carried;
  }
  theory->bound = error;
  theory->share = net->layers == 2 ? error : NAN;
  if (net->layers == 2) return;
  theory->reason = isnan(error) ? "a relative bound for several hidden layers needs relu, leaky-relu or linear"
                                : "with several hidden layers the error is only bounded";
}

/* The share at one layer: of an earlier layer of the same width where there is one. */
static wlaw_status layer_share(prune_theory *theory, const pruning *work, size_t l, double fraction, uint64_t seed,
                               wlaw_error *err) {
  const mlp *net = &work->recalled.plan.config.mlp;
  for (size_t k = 1; k < l; k++)
    if (work->chosen[k] && net->width[k] == net->width[l]) {
      theory->shares[l] = theory->shares[k];
      return WLAW_OK;
    }
  return wlaw_truncation_share(&theory->shares[l], work->recalled.plan.init.law, fraction, net->width[l], DRAWS, seed,
                               err);
}

wlaw_status wlaw_prune_theory(prune_theory *theory, const pruning *work, uint64_t seed, wlaw_error *err) {
  const train_plan *plan = &work->recalled.plan;
  const char *reason = NULL;
  if (!plan->init.law->ops->node) reason = "the law the run was drawn from gives nodes no variances of their own";
  else if (work->by == PRUNE_NORM) reason = "theory speaks of nodes removed by lambda";
  for (size_t f = 0; f < work->n_fractions; f++) {
    theory[f] = (prune_theory){.reason = reason};
    for (size_t l = 1; l < plan->config.mlp.layers; l++) {
      if (!work->chosen[l]) continue;
      theory[f].shares[l] = (truncation_share){NAN, NAN, NAN};
      if (!reason) WLAW_TRY(layer_share(&theory[f], work, l, work->fractions[f], seed, err));
    }
    if (reason) theory[f].share = theory[f].bound = NAN;
    else combine(&theory[f], &plan->config.mlp);
  }
  return WLAW_OK;
}
