/* Regression with an infinitely wide network: kernel ridge regression, which is a Gaussian process's posterior
 * (Rasmussen and Williams 2006, algorithm 2.1). Prior mean 0: targets are best centred. */
#ifndef WLAW_LIMIT_REGRESSION_H
#define WLAW_LIMIT_REGRESSION_H

#include "core/monitor.h"

/* Training targets and what joins test points to them, borrowed. */
typedef struct regression {
  size_t n, m, outputs; /* training points, test points */
  const double *y;      /* [n, outputs] */
  const double *cross;  /* [m, n]: kernel of test with training points */
  const double *prior;  /* [m]: of each test point with itself */
  unsigned threads;
} regression;

/* Posterior mean [m, outputs] and, where not NULL, posterior variance [m] (of the function, without noise, the same for
 * all outputs) under the kernel k [n, n] + ridge * its mean diagonal on the diagonal. k's lower triangle and diagonal
 * are overwritten. log_evidence (or NULL): ln density of y, the sum over outputs.
 * WLAW_NUMERIC names the first pivot where k is not positive definite to rounding, and the two training points that
 * coincide where that is why. */
wlaw_status wlaw_regression_posterior(double *mean, double *variance, double *log_evidence, const regression *problem,
                                      double ridge, double *k, wlaw_monitor *monitor, wlaw_error *err);

/* mean [m, outputs] = cross [m, n] coefficients [n, outputs]. */
wlaw_status wlaw_regression_apply(double *mean, const regression *problem, const double *cross,
                                  const double *coefficients, wlaw_error *err);

enum { REGRESSION_ROWS = 128 }; /* test points in a unit of parallel work */

#endif
