/* Draws of the limit: the jumps of a Poisson process in decreasing order (Ferguson and Klass 1972), and the mean of
 * what lies below the cut. Below a threshold fixed beforehand, or below jump number `most`, lies a Poisson process, and
 * its mean is that of rho there. It is not below the last jump kept because the next one turned out smaller than the
 * threshold (beta(eta=1,b=0.5) and threshold 0.3: the sum would have mean 2.50 in place of 2), nor below that next one.
 */
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

/* E of the sum of all that comes after the jump `last`, whose arrival is t. Where rho has an atom there, the arrivals
 * from rhobar(last) to t have been spent on it. */
static double mean_after(const wlaw_law *law, double last, double t) {
  return wlaw_node_truncated_mean(law, last) - last * fmax(t - wlaw_node_tail(law, last), 0.0);
}

wlaw_status wlaw_node_jumps_draw(node_jumps *jumps, const wlaw_law *law, double threshold, size_t most,
                                 wlaw_stream *stream, wlaw_error *err) {
  const node_ops *node = law->ops->node;
  const bool any = wlaw_node_regime(law) == NODE_MOGP;
  double t = 0.0;
  jumps->n = 0;
  while (any && jumps->n < most) {
    t = node->fixed_jump ? (double)(jumps->n + 1) : t - log(wlaw_stream_open(stream));
    const double jump = node->fixed_jump ? node->fixed_jump(law, jumps->n + 1) : node->jump(law, t);
    if (!(jump > threshold)) break;
    WLAW_TRY(push(jumps, jump, err));
  }
  const bool full = jumps->n == most;
  jumps->cut = full ? jumps->values[most - 1] : threshold;
  jumps->residual = full ? mean_after(law, jumps->cut, t) : wlaw_node_truncated_mean(law, threshold);
  return WLAW_OK;
}

void wlaw_node_jumps_free(node_jumps *jumps) {
  free(jumps->values);
  *jumps = (node_jumps){0};
}
