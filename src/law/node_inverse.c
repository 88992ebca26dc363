#include "law/node_inverse.h"

#include <math.h>

/* Newton's method on ln rhobar as a function of ln x, which is concave for the laws that come here: from above the
 * answer it converges from above, doubling its digits; from elsewhere, or where rhobar is out of range, the bracket
 * holds it. Steps multiply x, so that its last digit is not lost in a logarithm. */
double wlaw_node_inverse(const wlaw_law *law, double t, double start) {
  const node_ops *node = law->ops->node;
  double x = start, low = 0.0, high = INFINITY, stride = 4.0;
  for (int round = 0; round < 2000 && x > 0.0; round++) {
    const double tail = node->tail(law, x), density = node->density(law, x);
    if (tail > t) low = x;
    else high = x;
    const double step = isfinite(density) ? log(tail / t) * tail / (x * density) : NAN; /* of ln x */
    double next = x * exp(step);
    if (fabs(step) <= 1e-8) return next; /* the error left is of the order of the step's square */
    if (!(next > low && next < high)) {
      if (isinf(high)) next = x * stride;
      else next = low > 0.0 ? sqrt(low) * sqrt(high) : x / stride;
      stride *= stride < 1e100 ? stride : 1.0;
    }
    if (next == x || isinf(next)) return x;
    x = next;
  }
  return x;
}
