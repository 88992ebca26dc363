/* Infinitely wide networks after a finite time of training: gradient flow on the mean squared error, linear in the
 * network's function because its tangent kernel T stays as it was (Jacot, Gabriel and Hongler 2018; Lee, Xiao,
 * Schoenholz, Bahri, Novak, Sohl-Dickstein and Pennington 2019, DOI 10.48550/arXiv.1902.06720, equations 13 to 16).
 * With the loss |f - y|^2 / (2 M), M = n outputs, and u = time / M the training points follow f' = -T (f - y) / M, so
 *     f_t(x) = f_0(x) + A (y - f_0),   A = T(x, .) T^-1 (1 - e^(-T u))
 * where f_0 is a draw of the Gaussian process with the NNGP kernel K: over networks, mean A y and variance
 * K(x, x) - 2 A K(., x) + A K A'. With T = K only the last layer is trained, and the flow ends in the posterior. */
#ifndef WLAW_LIMIT_GRADIENT_FLOW_H
#define WLAW_LIMIT_GRADIENT_FLOW_H

#include "limit/regression.h"

/* T = sum of values[k] v_k v_k'. */
typedef struct gradient_flow {
  size_t n;
  double *values;        /* [n], ascending; owned */
  const double *vectors; /* [n, n], v_k in row k: the caller's matrix */
} gradient_flow;

/* ntk [n, n] of the training points, overwritten and borrowed. */
wlaw_status wlaw_flow_new(gradient_flow *out, double *ntk, size_t n, wlaw_error *err);
void wlaw_flow_free(gradient_flow *flow); /* safe on a zeroed struct */

/* Gradient descent, u' = learning rate / M, follows the flow up to this learning rate and diverges beyond:
 * 2 (1 + momentum) M / largest eigenvalue; INFINITY where T = 0. */
double wlaw_flow_largest_rate(const gradient_flow *flow, size_t outputs, double momentum);

/* After `time` = learning rate times steps, INFINITY to the end: mean over networks [m, outputs] and, where not NULL,
 * variance [m]. cross and prior of the problem are those of K; nngp [n, n] (NULL where variance is), cross_ntk [m, n].
 */
wlaw_status wlaw_flow_predict(double *mean, double *variance, const gradient_flow *flow, const regression *problem,
                              double time, const double *nngp, const double *cross_ntk, wlaw_monitor *monitor,
                              wlaw_error *err);

#endif
