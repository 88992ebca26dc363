/* The optimiser on a block whose gradient is stored. */
#include "net/kernel_parts.h"
#include "net/update_lanes.h"

INLINE void update_all(update_kind kind, const update_rule *rule, float *w, float *first, float *second,
                       const float *gradient, size_t n) {
  const update_lanes u = update_lanes_of(rule);
  const int moments = kind == UPDATE_ADAM ? 2 : kind == UPDATE_MOMENTUM ? 1 : 0;
  for (size_t i = 0; i < n; i += LANES)
    update_step(kind, &u, w + i, moments > 0 ? first + i : NULL, moments > 1 ? second + i : NULL, NULL,
                v16_load(gradient + i));
}

void KERNEL(update)(const update_rule *rule, float *w, float *first, float *second, const float *gradient, size_t n) {
  switch (rule->kind) {
    case UPDATE_SGD: update_all(UPDATE_SGD, rule, w, first, second, gradient, n); break;
    case UPDATE_MOMENTUM: update_all(UPDATE_MOMENTUM, rule, w, first, second, gradient, n); break;
    case UPDATE_ADAM: update_all(UPDATE_ADAM, rule, w, first, second, gradient, n); break;
    case UPDATE_STORE: break; /* it is stored already */
  }
}
