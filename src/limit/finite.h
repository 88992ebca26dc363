/* Networks of finite width with the same node laws, every hidden layer with `width` nodes: what the theory of infinite
 * width is held against. Pre-activations of the next layer are drawn given all nodes of this one, which is exact: they
 * are normal and independent over nodes, so that no width x width matrix is needed. Weights into outputs are drawn. */
#ifndef WLAW_LIMIT_FINITE_H
#define WLAW_LIMIT_FINITE_H

#include "limit/random_kernel.h"

/* Prepared for n inputs (gram: [n, n] of x x' / features) and for pruning at n_epsilons thresholds: the same network
 * without the nodes of lambda <= epsilon[e] in every hidden layer. */
typedef struct finite_network finite_network;
wlaw_status wlaw_finite_new(finite_network **out, const limit_network *network, const double *gram, size_t n,
                            size_t width, const double *epsilon, size_t n_epsilons, wlaw_error *err);
void wlaw_finite_free(finite_network *finite);

/* Draw number k of a seed: z: [outputs, n], and where not NULL z_pruned: [n_epsilons, outputs, n] (the same network
 * pruned) and the largest |W| into output 0. Fixed bytes for (seed, k); scratch: wlaw_finite_scratch doubles, allocated
 * memory. WLAW_NUMERIC where a kernel leaves the range of doubles. */
size_t wlaw_finite_scratch(const finite_network *finite);
wlaw_status wlaw_finite_draw(const finite_network *finite, double *z, size_t outputs, double *z_pruned, double *largest,
                             uint64_t seed, uint64_t k, double *scratch, wlaw_error *err);

#endif
