/* Networks of infinite width whose layers follow node laws (law/node.h): draws of the random kernel and of outputs.
 *     K^(1) = sigma_b^2 + sigma_v^2 x x' / features
 *     K^(l+1) = sigma_b^2 + sigma_v^2 a_l dual(K^(l)) + sigma_v^2 sum_j lambda_j phi(zeta_j) phi(zeta_j)'
 * lambda_1 > lambda_2 > ... the points of a Poisson process with intensity rho_l, zeta_j iid N(0, K^(l)); given
 * K^(L+1) outputs are iid N(0, K^(L+1)) over inputs (Lee et al. 2023, theorem 4.1). Points below a threshold are
 * replaced by their mean: the variance left out is at most `tolerance` of each layer. */
#ifndef WLAW_LIMIT_RANDOM_KERNEL_H
#define WLAW_LIMIT_RANDOM_KERNEL_H

#include "core/stream.h"
#include "law/node.h"
#include "limit/dual.h"

enum { LIMIT_MOST_LAYERS = 64 };

/* A network described layer by layer: laws[l] of hidden layer l = 0 .. depth-1 (borrowed; may be the same). */
typedef struct limit_network {
  const wlaw_law *laws[LIMIT_MOST_LAYERS];
  size_t depth;
  dual_activation activation;
  double weight_variance, bias_variance; /* sigma_v^2 (of V, and of the first layer), sigma_b^2 */
} limit_network;

/* Prepared for n inputs: thresholds, first kernel. gram: [n, n] x x' / features. */
typedef struct random_kernel random_kernel;
wlaw_status wlaw_random_kernel_new(random_kernel **out, const limit_network *network, const double *gram, size_t n,
                                   double tolerance, size_t most_jumps, wlaw_error *err);
void wlaw_random_kernel_free(random_kernel *kernel);
/* Draw number k of a seed: `outputs` output vectors [outputs, n], and where not NULL the last kernel [n, n]. Fixed
 * bytes for (seed, k) on any number of threads; the object is read-only while drawing (scratch is of the caller:
 * wlaw_random_kernel_scratch doubles). */
size_t wlaw_random_kernel_scratch(const random_kernel *kernel);
wlaw_status wlaw_random_kernel_draw(const random_kernel *kernel, double *z, size_t outputs, double *k_last,
                                    uint64_t seed, uint64_t k, double *scratch, wlaw_error *err);

/* The same network at a finite width, every hidden layer with `width` nodes: for what theory is held against. weights
 * beyond epsilon[e] kept only, for e < n_epsilons (the same draw pruned; z_pruned: [n_epsilons, outputs, n] or NULL).
 * largest (or NULL): largest |W| into an output of the last layer. */
size_t wlaw_finite_scratch(const limit_network *network, size_t n, size_t width);
wlaw_status wlaw_finite_draw(const limit_network *network, const double *gram_root, size_t n, size_t width, double *z,
                             size_t outputs, const double *epsilon, size_t n_epsilons, double *z_pruned,
                             double *largest, uint64_t seed, uint64_t k, double *scratch, wlaw_error *err);

#endif
