/* One optimiser step on sixteen weights (see optimizer.h for the rules). */
#ifndef WLAW_NET_UPDATE_LANES_H
#define WLAW_NET_UPDATE_LANES_H

#include "net/lanes.h"
#include "net/optimizer.h"

/* The rule's numbers in registers. */
typedef struct update_lanes {
  v16 rate, decay, shrink, momentum, first_share, beta2, second_share, root_scale, epsilon;
} update_lanes;

INLINE update_lanes update_lanes_of(const update_rule *rule) {
  return (update_lanes){v16_set(-rule->rate),        v16_set(rule->decay),       v16_set(rule->shrink),
                        v16_set(rule->momentum),     v16_set(rule->first_share), v16_set(rule->beta2),
                        v16_set(rule->second_share), v16_set(rule->root_scale),  v16_set(rule->epsilon)};
}

/* kind is a constant where this is inlined. g: the gradient; w, first, second: sixteen floats each. */
INLINE void update_step(update_kind kind, const update_lanes *u, float *w, float *first, float *second, float *gradient,
                        v16 g) {
  if (kind == UPDATE_STORE) {
    v16_store(gradient, g);
    return;
  }
  const v16 weight = v16_load(w);
  g = v16_fma(u->decay, weight, g);
  if (kind == UPDATE_SGD) {
    v16_store(w, v16_fma(u->rate, g, weight));
  } else if (kind == UPDATE_MOMENTUM) {
    const v16 velocity = v16_fma(u->momentum, v16_load(first), g);
    v16_store(first, velocity);
    v16_store(w, v16_fma(u->rate, velocity, weight));
  } else {
    const v16 before = v16_load(first);
    const v16 mean = v16_fma(u->first_share, v16_sub(g, before), before);
    const v16 square = v16_fma(v16_mul(u->second_share, g), g, v16_mul(u->beta2, v16_load(second)));
    const v16 below = v16_fma(v16_sqrt(square), u->root_scale, u->epsilon);
    v16_store(first, mean);
    v16_store(second, square);
    v16_store(w, v16_fma(u->rate, v16_div(mean, below), v16_mul(u->shrink, weight)));
  }
}

#endif
