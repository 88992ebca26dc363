/* Networks of infinite width whose layers follow node laws (law/node.h): draws of the random kernel and of outputs.
 *     K^(1) = sigma_b^2 + sigma_v^2 x x' / features
 *     K^(l+1) = sigma_b^2 + sigma_v^2 a_l dual(K^(l)) + sigma_v^2 sum_j lambda_j phi(zeta_j) phi(zeta_j)'
 * lambda_1 > lambda_2 > ... the points of a Poisson process with intensity rho_l, zeta_j iid N(0, K^(l)); given
 * K^(L+1) outputs are iid N(0, K^(L+1)) over inputs (Lee et al. 2023, theorem 4.1). */
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

wlaw_status wlaw_limit_network_check(const limit_network *network, wlaw_error *err);

/* K^(1) of n inputs with the matrix gram: [n, n] of x x' / features; out may be gram. */
void wlaw_limit_first_kernel(double *out, const limit_network *network, const double *gram, size_t n);

/* Prepared for n inputs: thresholds, first kernel and its root. Points below a fixed threshold are replaced by their
 * mean, in closed form. The variance left out of a layer's Lambda is at most `tolerance` times wlaw_node_scale squared,
 * which moves E exp(-Lambda / scale) by the share tolerance / 2; and for what is smaller than that scale, no point
 * comes above the threshold with at most the chance `tolerance`. tolerance 0: every point (finite measures only). At
 * most `most_jumps` points a layer are drawn one by one, the rest replaced by their mean. */
typedef struct random_kernel random_kernel;
wlaw_status wlaw_random_kernel_new(random_kernel **out, const limit_network *network, const double *gram, size_t n,
                                   double tolerance, size_t most_jumps, wlaw_error *err);
void wlaw_random_kernel_free(random_kernel *kernel);
/* The threshold of hidden layer l; INFINITY: all of it is replaced by its mean. */
double wlaw_random_kernel_threshold(const random_kernel *kernel, size_t layer);
/* Draw number k of a seed: `outputs` output vectors z: [outputs, n], and where not NULL the last kernel [n, n]. Fixed
 * bytes for (seed, k) on any number of threads; the object is read-only while drawing. scratch is of the caller:
 * wlaw_random_kernel_scratch doubles, allocated memory. WLAW_NUMERIC where a kernel leaves the range of doubles. */
size_t wlaw_random_kernel_scratch(const random_kernel *kernel);
wlaw_status wlaw_random_kernel_draw(const random_kernel *kernel, double *z, size_t outputs, double *k_last,
                                    uint64_t seed, uint64_t k, double *scratch, wlaw_error *err);

#endif
