/* Draws of the limit: the jumps of a Poisson process in decreasing order (Ferguson and Klass 1972), and the mean of
 * what lies below the last one. The cut must not depend on the jump that would come next: a threshold fixed beforehand
 * or the last jump kept leaves a Poisson process below it, "the first jump not kept" does not (its mean is then too
 * large: 2.50 in place of 2 for beta(eta=1,b=0.5) and a threshold of 0.3). */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "law/node.h"

static wlaw_status push(node_jumps *jumps, double value, wlaw_error *err) {
  if (jumps->n == jumps->capacity) {
    const size_t more = jumps->capacity ? 2 * jumps->capacity : 32;
    double *grown = more > SIZE_MAX / sizeof *grown ? NULL : realloc(jumps->values, more * sizeof *grown);
    if (!grown) return wlaw_fail_memory(err, more, sizeof *grown);
    jumps->values = grown;
    jumps->capacity = more;
  }
  jumps->values[jumps->n++] = value;
  return WLAW_OK;
}

/* E of the sum of all that comes after jump `last`, the n-th, whose arrival is t. Where last is an atom of rho, part of
 * its mass rho{last} = (rhobar(last), ...] lies before t. */
static double mean_after(const wlaw_law *law, double last, double t) {
  return wlaw_node_truncated_mean(law, last) - last * fmax(t - wlaw_node_tail(law, last), 0.0);
}

wlaw_status wlaw_node_jumps_draw(node_jumps *jumps, const wlaw_law *law, double threshold, size_t most,
                                 wlaw_stream *stream, wlaw_error *err) {
  const node_ops *node = law->ops->node;
  double t = 0.0;
  jumps->n = 0;
  jumps->cut = threshold;
  for (;;) {
    if (jumps->n == most) {
      jumps->cut = jumps->values[most - 1];
      jumps->residual = mean_after(law, jumps->cut, t);
      return WLAW_OK;
    }
    t = node->fixed_jump ? (double)(jumps->n + 1) : t - log(wlaw_stream_open(stream));
    const double jump = node->fixed_jump ? node->fixed_jump(law, jumps->n + 1) : wlaw_node_jump(law, t);
    if (!(jump > threshold)) break;
    WLAW_TRY(push(jumps, jump, err));
  }
  jumps->residual = wlaw_node_truncated_mean(law, threshold);
  return WLAW_OK;
}

void wlaw_node_jumps_free(node_jumps *jumps) {
  free(jumps->values);
  *jumps = (node_jumps){0};
}
