/* The law of lambda from that of lambda chi2_m / m: maximum likelihood over all laws (Kiefer and Wolfowitz 1956;
 * Koenker and Mizera 2014, DOI 10.1080/01621459.2013.869224), on a grid in ln lambda with an atom at 0. Parts of
 * node_estimate.c.
 */
#ifndef WLAW_LIMIT_NODE_DECONVOLVE_H
#define WLAW_LIMIT_NODE_DECONVOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weightlaw.h"

/* Cells of ln y and of ln lambda, and the probability of one given the other. Bin 0 holds all y below exp(low), atom
 * `grid` is lambda = 0, which puts y there. */
typedef struct node_kernel {
  double low, step;   /* bin b >= 1: [low + (b - 1) step, low + b step) */
  size_t bins;        /* with bin 0 */
  size_t grid;        /* atoms, each in the middle of a cell of RATIO bins */
  double *chance;     /* [2 bins]: of falling d bins to the right of the atom's own, at d + bins */
  double *below;      /* [grid]: of bin 0 */
  size_t left, right; /* chances further off are below 1e-20 and counted as 0 */
} node_kernel;

/* degrees > 0: of the chi-squared noise. y from `least` to `largest`; smaller ones count as 0. WLAW_LIMIT where the
 * range makes no grid. */
wlaw_status wlaw_node_kernel_new(node_kernel *out, double degrees, double least, double largest, wlaw_error *err);
void wlaw_node_kernel_free(node_kernel *kernel); /* safe on a zeroed one */
size_t wlaw_node_kernel_bin(const node_kernel *kernel, double y);

/* Room for one thread's fits. */
typedef struct node_room node_room;
wlaw_status wlaw_node_room_new(node_room **out, const node_kernel *kernel, wlaw_error *err);
void wlaw_node_room_free(node_room *room); /* NULL allowed */

/* weights: [grid + 1], summing to 1; its entry is where to start (all 0: from the counts). counts: [bins]. Stops when
 * the log-likelihood is within `tolerance` of the largest possible; false where it does not get there. */
bool wlaw_node_npmle(double *weights, const node_kernel *kernel, const double *counts, double tolerance,
                     node_room *room);

/* P(lambda > x) and E lambda 1{lambda <= x} at ascending x: [n]. The mass of an atom is spread evenly over its cell. */
void wlaw_node_curves(double *tail, double *truncated, const node_kernel *kernel, const double *weights,
                      const double *x, size_t n);
/* E lambda^2. */
double wlaw_node_square(const node_kernel *kernel, const double *weights);

#endif
