#include <math.h>

#include "math/quadrature.h"

/* Orthonormal Hermite polynomials (probabilists') of degree n and n - 1 at x, by their recurrence. */
static void polynomials(double *top, double *below, double x, size_t n) {
  double previous = 0.0, current = 1.0;
  for (size_t k = 0; k < n; k++) {
    const double next = (x * current - sqrt((double)k) * previous) / sqrt((double)(k + 1));
    previous = current;
    current = next;
  }
  *top = current;
  *below = previous;
}

/* The root number i from above, by Newton's method with the roots already found divided out (they are simple and real).
 * h_n' = sqrt(n) h_(n-1). */
void wlaw_hermite_rule(double *nodes, double *weights, size_t n) {
  for (size_t i = 0; i < (n + 1) / 2; i++) {
    /* above the largest root, or a little below the last one found */
    double x = i == 0 ? 2.0 * sqrt((double)n) : nodes[n - i];
    if (i > 0) x -= 1e-3 * (i > 1 ? nodes[n - i + 1] - nodes[n - i] : 1.0);
    for (int round = 0; round < 200; round++) {
      double top, below, deflated = 0.0;
      polynomials(&top, &below, x, n);
      for (size_t k = 0; k < i; k++) deflated += 1.0 / (x - nodes[n - 1 - k]) + 1.0 / (x + nodes[n - 1 - k]);
      const double slope = sqrt((double)n) * below - top * deflated, step = top / slope;
      x -= step;
      if (!(fabs(step) > 4e-16 * (1.0 + fabs(x)))) break;
    }
    if (2 * i + 1 == n) x = 0.0;
    double top, below;
    polynomials(&top, &below, x, n);
    nodes[n - 1 - i] = x;
    nodes[i] = -x;
    weights[i] = weights[n - 1 - i] = 1.0 / ((double)n * below * below);
  }
}
