/* Pruning the networks of a run: what its parts share. */
#ifndef WLAW_STUDY_PRUNE_H
#define WLAW_STUDY_PRUNE_H

#include "study/ensemble.h"
#include "study/recall.h"

typedef enum prune_by { PRUNE_LAMBDA, PRUNE_NORM } prune_by;

/* A network whole or pruned. */
typedef struct prune_outcome {
  double accuracy, loss, output_error; /* the last: sum (z - z_pruned)^2 / sum z^2 over test samples and outputs */
} prune_outcome;

typedef struct pruning {
  ensemble *source;
  recalled_run recalled;
  trainer *trainer; /* evaluates weights: no node scales */
  prune_by by;
  double *fractions;
  size_t n_fractions;
  bool chosen[MLP_MAX_LAYERS]; /* the inputs of layer l, hidden nodes of layer l of the network (from 1), are pruned */
  size_t weight[MLP_MAX_LAYERS];   /* matrix of layer l in the source */
  size_t bias[MLP_MAX_LAYERS];     /* tensor of its bias, where there are biases */
  size_t variance[MLP_MAX_LAYERS]; /* tensor of node variances, SIZE_MAX: none */
  unsigned threads;
  struct prune_scratch *scratch; /* [threads] */
  prune_outcome *outcomes;       /* [networks, 1 + n_fractions], the whole network first */
  bool *finite;                  /* [networks]: outputs of the whole network are finite numbers */
  double *removed;               /* [networks, n_fractions, layers]: share of sum lambda that was removed */
} pruning;

/* Nodes that go: the fraction of the width rounded down, so that one stays. */
size_t wlaw_prune_count(double fraction, size_t width);

/* prune_networks.c: fills outcomes, finite and removed; scratch likewise. */
wlaw_status wlaw_prune_networks(pruning *work, wlaw_monitor *monitor, wlaw_error *err);

/* prune_json.c. seed: of the theory's draws. */
wlaw_status wlaw_prune_json(json_t **out, const pruning *work, uint64_t seed, wlaw_error *err);

#endif
