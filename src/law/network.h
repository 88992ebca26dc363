/* The Gaussian law of a whole network (law `network`): the normal law of all its weights and biases at once whose
 * symmetry permutes the nodes of each hidden layer, and of inputs and outputs where these are exchangeable. In the
 * coordinates of measure/network_layout.h it is a mean and a covariance of the trivial numbers, one covariance of the
 * copies of each node set, repeated over width - 1 directions, and one variance of the entries of each weight with two
 * exchangeable sides, repeated over (rows - 1)(cols - 1). New here; checked against dense covariances averaged over
 * the permutation group.
 *
 * Nested in it, on the same numbers: `bipartite`, where tensors are independent of each other (covariances are block
 * diagonal by tensor), and `iid`, where each tensor has one mean and one variance for all its entries. */
#ifndef WLAW_LAW_NETWORK_H
#define WLAW_LAW_NETWORK_H

#include "core/stream.h"
#include "law/block.h"
#include "law/law.h"
#include "law/matrix.h"
#include "measure/network_moments.h"

extern const law_ops wlaw_law_network;

typedef enum network_nesting { NETWORK_IID, NETWORK_BIPARTITE, NETWORK_WHOLE } network_nesting;
const char *wlaw_network_nesting_name(network_nesting nesting); /* "iid", "bipartite", "network" */

/* A law with its numbers; also errors of these, in the same places. */
typedef struct network_gaussian {
  network_layout layout;
  double *mean;               /* [T] */
  double *trivial;            /* [T, T] */
  double *sets[NETWORK_SETS]; /* [copies, copies] of each of layout.sets; of no meaning where width is 1 */
  double *entries;            /* [n_entries]; of no meaning where rows or cols is 1 */
  double *data;               /* all of the above, one allocation */
} network_gaussian;

wlaw_status wlaw_network_gaussian_new(network_gaussian **out, const network_layout *layout,
                                      wlaw_error *err);      /* zeros */
void wlaw_network_gaussian_free(network_gaussian *gaussian); /* NULL allowed */
/* Tensor t made iid with this mean and variance of an entry, independent of all others. */
void wlaw_network_set_iid(network_gaussian *gaussian, size_t t, double mean, double variance);
/* The same with the four variances of the law `bipartite` (law/bipartite.c): of the total, of the rows, of the columns
 * and of the rest. */
void wlaw_network_set_bipartite(network_gaussian *gaussian, size_t t, double mean, double total, double rows,
                                double columns, double rest);

/* What each trivial coordinate of tensor t is of a tensor of ones: its mean coordinate / the mean of its entries. */
double wlaw_network_unit(const network_layout *layout, size_t t);

/* Blocks in order: the trivial numbers, each set, each weight's entries. */
size_t wlaw_network_blocks(const network_layout *layout);
size_t wlaw_network_block_dimension(const network_layout *layout,
                                    size_t b); /* 0: there is no such block at this size */
size_t wlaw_network_block_copies(const network_layout *layout, size_t b);
double *wlaw_network_block(const network_gaussian *gaussian, size_t b);                           /* its covariance */
void wlaw_network_block_name(char *out, size_t capacity, const network_layout *layout, size_t b); /* "trivial",
                                                          "nodes2" (of set 2), "entries3" (of layer 3, from 1) */
/* All of them for what law/block.h computes, borrowed from the law. */
void wlaw_network_view(law_block blocks[BLOCKS_MOST], const network_gaussian *gaussian);

/* ---- fits (network_fit.c) */

typedef struct network_fit {
  network_nesting nesting;
  size_t networks, parameters;
  network_gaussian *gaussian;
  network_gaussian *error;                  /* standard errors if the law is true; NaN: not determined */
  network_gaussian *robust;                 /* sandwich, from the spread over networks; NaN: not determined */
  bool mean_determined, trivial_determined; /* the other blocks are, from one network on */
  double log_likelihood, aic, bic;          /* NaN with `reason` where the likelihood has no maximum */
  char reason[256];
} network_fit;

/* Free parameters: those of blocks that there are at this size. */
size_t wlaw_network_parameters(const network_layout *layout, network_nesting nesting);
/* Maximum likelihood, in closed form for all three. Errors of NETWORK_WHOLE alone; the other two have NULL. */
wlaw_status wlaw_network_fit(network_fit *out, const network_moments *moments, network_nesting nesting,
                             wlaw_error *err);
void wlaw_network_fit_release(network_fit *fit); /* safe on a zeroed struct */
/* The estimate alone, for replicates. */
void wlaw_network_estimate(network_gaussian *out, const network_moments *moments, network_nesting nesting);
/* *regular false with a sentence where some block is singular, so that no density exists. networks: of the fit of the
 * nesting NETWORK_WHOLE, 0 for a law known exactly. */
wlaw_status wlaw_network_regular(bool *regular, const network_gaussian *gaussian, size_t networks, char *reason,
                                 size_t capacity, wlaw_error *err);

/* Likelihood-ratio test of one nesting in a wider one, both fitted to the same networks. Under the null hypothesis the
 * statistic's law has no parameters, and its mean and variance are sums of polygamma functions: the p-value is that of
 * the gamma law with these two, which is chi-squared's with df for many networks and close for few (two moments where
 * Bartlett 1937, DOI 10.1098/rspa.1937.0109, takes one). */
typedef struct network_test {
  network_nesting null, alternative;
  size_t df;
  double statistic;          /* twice the difference of log-likelihoods; NaN with `reason`, as what follows */
  double corrected, p_value; /* statistic * df / mean */
  char reason[256];
} network_test;
void wlaw_network_test(network_test *out, const network_fit *null, const network_fit *alternative);

/* ---- correlations between tensors (network_correlation.c) */

typedef enum correlation_kind { CORRELATION_TRIVIAL, CORRELATION_NODES, CORRELATION_NORMS } correlation_kind;
typedef struct network_correlation {
  correlation_kind kind;
  size_t set;            /* place in layout.sets (NODES, NORMS) */
  size_t a, b;           /* trivial coordinates, or copies of the set; NORMS: incoming and outgoing */
  double value;          /* in [-1, 1]; NaN where a variance is zero, and so all that follows */
  double standard_error; /* if there is no correlation and the law is true: 1 / sqrt(degrees of freedom) */
  double robust;  /* if there is no correlation, from the spread over networks; NaN with one network, or where the
                   * moments have no sums for it */
  double z;       /* value / standard_error */
  double p_value; /* two-sided, of Student's t with the degrees of freedom there are: exact under the law */
} network_correlation;
/* Every pair of two different tensors in one set, or trivial, where there are at least two degrees of freedom; largest
 * |z| first. Caller frees *out. */
wlaw_status wlaw_network_correlations(network_correlation **out, size_t *n, const network_fit *whole, wlaw_error *err);
/* Of the squared norms of a node's incoming and outgoing weights, for each set that has both, sets in order. Caller
 * frees *out. */
wlaw_status wlaw_network_norm_correlations(network_correlation **out, size_t *n, const network_moments *moments,
                                           wlaw_error *err);

/* ---- distances (network_distance.c): of one layout */

/* Squared Wasserstein-2 distance, and what the mean and each block give to it: parts [1 + blocks] or NULL. */
wlaw_status wlaw_network_wasserstein_squared(double *squared, double *parts, const network_gaussian *a,
                                             const network_gaussian *b, wlaw_error *err);
/* Kullback-Leibler divergence of f from g, nats; both regular. */
wlaw_status wlaw_network_kl(double *out, const network_gaussian *f, const network_gaussian *g, wlaw_error *err);
/* What a fit to `networks` draws is away from the law on average, squared, to order 1/networks. */
wlaw_status wlaw_network_noise_floor(double *out, const network_gaussian *gaussian, size_t networks, wlaw_error *err);

/* ---- one weight alone (network_marginal.c) */

/* The law of weight t (no bias) as a bipartite law: exact where both its sides are exchangeable. Where one is labelled,
 * the law averaged over permutations of these nodes, which has the expectations that a fit of one matrix estimates. */
wlaw_status wlaw_network_marginal(matrix_gaussian *out, const network_gaussian *law, size_t t, wlaw_error *err);

/* ---- draws (network_draw.c) */

/* Square roots of the covariances, made once; also of singular ones. May be used by several threads at once. */
typedef struct network_sampler network_sampler;
wlaw_status wlaw_network_sampler_new(network_sampler **out, const network_gaussian *gaussian, wlaw_error *err);
void wlaw_network_sampler_free(network_sampler *sampler); /* NULL allowed */
/* One network: tensors[t] is [rows, cols] of layout.tensors[t]. Network number k of a seed is the caller's stream
 * (seed, STREAM_DRAW, halves of k). */
wlaw_status wlaw_network_draw(double *const tensors[], const network_sampler *sampler, wlaw_stream *stream,
                              wlaw_error *err);

#endif
