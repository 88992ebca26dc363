/* Maxima of b'x - x'a x / 2 over x >= 0: the steps of a maximum likelihood over mixtures. */
#ifndef WLAW_LIMIT_NODE_QUADRATIC_H
#define WLAW_LIMIT_NODE_QUADRATIC_H

#include <stdbool.h>
#include <stddef.h>

enum { QUADRATIC_MOST = 96 };

typedef struct quadratic {
  size_t n;                                  /* <= QUADRATIC_MOST */
  double a[QUADRATIC_MOST * QUADRATIC_MOST]; /* [n, n], rows QUADRATIC_MOST apart; symmetric, not negative */
  double b[QUADRATIC_MOST];
  double x[QUADRATIC_MOST]; /* where to start, >= 0; the answer */
  /* the solver's own */
  double factor[QUADRATIC_MOST * QUADRATIC_MOST], z[QUADRATIC_MOST];
  bool free[QUADRATIC_MOST];
  size_t place[QUADRATIC_MOST];
} quadratic;

/* Lawson and Hanson 1974, chapter 23, on the normal equations. Neighbouring atoms make these nearly singular: a ridge
 * of 1e-10 of the diagonal keeps the factor, and the caller's line search bears what it costs. */
void wlaw_quadratic_solve(quadratic *problem);

#endif
