/* A normal law with a symmetry is a list of blocks: in block b `copies` equivalent coordinates with one covariance,
 * repeated over `dimension` orthonormal directions, all independent between directions and blocks. Likelihood,
 * distances, errors and noise are sums over blocks, written here once for matrices (law/matrix.h) and whole networks
 * (law/network.h). Blocks of up to SMALL_MOST copies need no memory: with these alone nothing here fails. */
#ifndef WLAW_LAW_BLOCK_H
#define WLAW_LAW_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "weightlaw.h"

enum { BLOCKS_MOST = 130 }; /* trivial numbers, node sets and entries of 64 layers */

typedef struct law_block {
  size_t copies;
  size_t dimension;         /* 0: there is no such block at this size */
  const double *mean;       /* [copies], along one of the directions; NULL: no mean in this block */
  const double *covariance; /* [copies, copies] */
} law_block;

/* Free numbers: means and upper triangles of the blocks there are. */
size_t wlaw_blocks_parameters(const law_block *blocks, size_t n);
/* Rows of data the block's covariance is estimated from: networks x dimension, less one where a mean is taken off. */
double wlaw_block_freedom(const law_block *block, size_t networks);
/* The first block whose estimate from so many networks is singular: fewer rows than copies; n: none. */
size_t wlaw_blocks_few(const law_block *blocks, size_t n, size_t networks);
/* *at: the first block whose covariance is singular to rounding; n: none. n <= BLOCKS_MOST. */
wlaw_status wlaw_blocks_flat(size_t *at, const law_block *blocks, size_t n, wlaw_error *err);

/* Standard errors of estimates under the law: of a covariance's entry (Wishart) and of the mean's coordinate. */
double wlaw_block_error(const law_block *block, size_t i, size_t j, size_t networks);
double wlaw_block_mean_error(const law_block *block, size_t i, size_t networks);

/* At the maximum of the likelihood: -1/2 N (n (1 + ln 2 pi) + sum_b dimension_b ln det V_b), n the dimension of the
 * law's space. */
wlaw_status wlaw_blocks_log_likelihood(double *out, const law_block *blocks, size_t n, size_t networks,
                                       wlaw_error *err);
/* Squared Wasserstein-2 distance; parts: [1 + n] or NULL, what the means and each block give to it. */
wlaw_status wlaw_blocks_wasserstein_squared(double *squared, double *parts, const law_block *a, const law_block *b,
                                            size_t n, wlaw_error *err);
/* Kullback-Leibler divergence of f from g, in nats; no block flat. */
wlaw_status wlaw_blocks_kl(double *out, const law_block *f, const law_block *g, size_t n, wlaw_error *err);
/* Squared distance of a fit to `networks` draws from the law, on average, to order 1/networks. */
wlaw_status wlaw_blocks_noise_floor(double *out, const law_block *blocks, size_t n, size_t networks, wlaw_error *err);

#endif
