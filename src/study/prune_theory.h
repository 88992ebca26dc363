/* What the law a run was drawn from says pruning costs, before training. */
#ifndef WLAW_STUDY_PRUNE_THEORY_H
#define WLAW_STUDY_PRUNE_THEORY_H

#include "limit/truncation.h"
#include "study/prune.h"

typedef struct prune_theory {
  truncation_share shares[MLP_MAX_LAYERS]; /* of the inputs of layer l; 0 where none go, NaN: not known */
  double share, bound;                     /* of the relative output error; NaN: not determined */
  const char *reason;                      /* why one of them is not; else NULL */
} prune_theory;

/* theory: [n_fractions]. */
wlaw_status wlaw_prune_theory(prune_theory *theory, const pruning *work, uint64_t seed, wlaw_error *err);

#endif
