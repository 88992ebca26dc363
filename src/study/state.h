/* state.safetensors: what a resume needs. Random numbers need nothing (a value is a function of network and epoch). */
#ifndef WLAW_STUDY_STATE_H
#define WLAW_STUDY_STATE_H

#include "core/json.h"

typedef struct ensemble_state {
  size_t networks, floats;         /* floats: of one network's parameter block */
  float *weights, *first, *second; /* [networks, floats]; moments NULL where the optimiser has none */
  uint64_t *step;                  /* [networks] */
  double *loss_sum;                /* [networks]; of the epoch in hand */
  uint64_t completed;              /* epochs whose snapshot and metrics are on disk */
} ensemble_state;

/* Zeroed arrays. moments: 0, 1 or 2. */
wlaw_status wlaw_state_make(ensemble_state *state, size_t networks, size_t floats, unsigned moments, wlaw_error *err);
void wlaw_state_release(ensemble_state *state); /* safe on a zeroed struct */
wlaw_status wlaw_state_save(const ensemble_state *state, const char *path, wlaw_error *err);
/* Into arrays already made; shapes must agree. */
wlaw_status wlaw_state_load(ensemble_state *state, const char *path, wlaw_error *err);

#endif
