/* Regression with an infinitely wide network: kernel ridge (Gaussian-process posterior), and gradient flow on the mean
 * squared error at a finite time (Lee, Xiao, Schoenholz, Bahri, Novak, Sohl-Dickstein and Pennington 2019). */
#ifndef WLAW_LIMIT_REGRESSION_H
#define WLAW_LIMIT_REGRESSION_H

#include "core/monitor.h"

/* Posterior mean and, where variance is not NULL, posterior variance of each test point ([m], without the noise), for
 * kernel k: [n, n] + ridge * mean diagonal on the diagonal (overwritten by its factor), cross: [m, n], prior: [m]
 * kernel of each test point with itself, y: [n, outputs], mean: [m, outputs]. log_evidence (or NULL): of each output.
 * WLAW_NUMERIC naming the first pivot where k is not positive definite, and the two inputs that coincide where that is
 * why. */
typedef struct regression {
  size_t n, m, outputs;
  double ridge; /* relative to the mean diagonal */
  unsigned threads;
  const double *y;
} regression;
wlaw_status wlaw_regression_posterior(double *mean, double *variance, double *log_evidence, const regression *problem,
                                      double *k, const double *cross, const double *prior, wlaw_monitor *monitor,
                                      wlaw_error *err);

/* Gradient flow for a time t = learning rate * steps (INFINITY: to the end) from networks at initialisation: mean over
 * networks, and variance. ntk, nngp: [n, n]; cross_ntk, cross_nngp: [m, n]; prior: [m] NNGP of each test point.
 * Stable at eigenvalues 0: (1 - e^(-l u)) / l -> u. */
wlaw_status wlaw_regression_flow(double *mean, double *variance, const regression *problem, double time, double *ntk,
                                 const double *nngp, const double *cross_ntk, const double *cross_nngp,
                                 const double *prior, wlaw_monitor *monitor, wlaw_error *err);

#endif
