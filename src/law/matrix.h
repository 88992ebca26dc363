/* Gaussian matrix laws: normal laws of a whole matrix whose covariance is a few numbers in the irreducible basis of a
 * symmetry. Such a law is a mean and, for each block b, a covariance of `copies` equivalent components, repeated over
 * `dimension` orthonormal directions. Likelihood, distances and errors are sums over blocks (law/block.h); a law says
 * what its blocks are and how they follow from the statistics of measure/moments.h. */
#ifndef WLAW_LAW_MATRIX_H
#define WLAW_LAW_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "law/law.h"
#include "math/graph.h"
#include "measure/moments.h"

enum { MATRIX_MEANS = 2, MATRIX_BLOCKS = 4, MATRIX_COPIES = 3, MATRIX_PARAMETERS = 13 };

typedef struct matrix_block {
  const char *name; /* of its parameters, errors and share of a distance */
  size_t copies;    /* its covariance is [copies, copies] */
  size_t dimension; /* directions it is repeated over; 0: there is no such block at this size */
  bool is_matrix;   /* written as [copies, copies] also where copies is 1 */
} matrix_block;

/* The mean, where the law has one, lies in block 0: one coordinate for each of its copies. */
typedef struct matrix_layout {
  size_t rows, cols;
  size_t means;     /* 0, or the copies of block 0 */
  double mean_unit; /* coordinate of the mean in the orthonormal basis / the number reported */
  size_t n_blocks;
  matrix_block blocks[MATRIX_BLOCKS];
} matrix_layout;

/* A law with its numbers at one size. */
typedef struct matrix_gaussian {
  const law_ops *law;
  matrix_layout layout;
  double mean[MATRIX_MEANS];                                       /* coordinates in the orthonormal basis */
  double covariance[MATRIX_BLOCKS][MATRIX_COPIES * MATRIX_COPIES]; /* [copies, copies], row-major */
} matrix_gaussian;

/* Square matrices equal to their transpose, or to its negative, or with a zero diagonal, or both: a space of its own. A
 * law of such matrices has its density there, in orthonormal coordinates, and is singular among all matrices. */
typedef enum matrix_parity { PARITY_NONE, PARITY_EVEN, PARITY_ODD } matrix_parity;
typedef struct matrix_space {
  matrix_parity parity;
  bool zero_diagonal;
  /* Blocks of the law: copies of the trivial and the standard representation, symmetric and antisymmetric rest; NULL:
   * none in this space. */
  const char *trivial, *standard, *symmetric_rest, *antisymmetric_rest;
} matrix_space;

typedef struct matrix_ops {
  /* WLAW_SHAPE when the law has no meaning at this size. */
  wlaw_status (*layout)(matrix_layout *out, size_t rows, size_t cols, wlaw_error *err);
  size_t length; /* of the statistics it reads: MOMENTS_SQUARE (rectangle at 1 x 1) or MOMENTS_RECTANGLE */
  /* The maximum of the likelihood; statistics of that length, at least one network. Fills mean and covariance. */
  void (*estimate)(matrix_gaussian *out, const matrix_moments *statistics);
  /* d(parameter)/d(mean of q), jacobian: [wlaw_matrix_parameters, MOMENTS_MOST], rows in the order means, then each
   * block's upper triangle row by row. */
  void (*influence)(double *jacobian, const matrix_gaussian *fit, const matrix_moments *statistics);
  /* The numbers written in the text of a law. */
  void (*values)(matrix_gaussian *out, const wlaw_law *law);
  /* The next wider law that can hold it (NULL: none), and itself written as that law. */
  const law_ops *wider;
  void (*widen)(matrix_gaussian *out, const matrix_gaussian *in);
  /* NULL: its matrices are all of a shape, and it is nested in the wider law: a hypothesis that can be tested.
   * Otherwise the wider law holds it without a density, and the two cannot be tested against each other. */
  const matrix_space *space;
  graph_family family; /* the invariants of its square matrices */
} matrix_ops;

extern const law_ops wlaw_law_iid, wlaw_law_bipartite, wlaw_law_permutation, wlaw_law_symmetric,
    wlaw_law_symmetric_zero_diagonal, wlaw_law_zero_diagonal, wlaw_law_antisymmetric;

/* For law_ops.check: lists (the mean, covariances row by row) have all their numbers, and covariances are symmetric and
 * positive semi-definite. */
wlaw_status wlaw_matrix_check(const wlaw_law *law, wlaw_error *err);
/* One matrix of the permutation law, [D, D]. */
wlaw_status wlaw_permutation_draw(const matrix_gaussian *law, double *out, wlaw_stream *stream, wlaw_error *err);

/* Free parameters: means and upper triangles of the blocks there are. */
size_t wlaw_matrix_parameters(const matrix_layout *layout);

/* A parsed law at a size. Entry laws with a mean and a variance (an initialiser) become iid with those: exact for
 * normal, otherwise the Gaussian law of the same second moments. */
wlaw_status wlaw_matrix_gaussian(matrix_gaussian *out, const wlaw_law *law, size_t rows, size_t cols, wlaw_error *err);
/* A law's numbers as a written law, to draw from; not for laws with a space, which are embedded in permutation first.
 */
void wlaw_matrix_law(wlaw_law *out, const matrix_gaussian *in);
/* The same distribution written as the law `as`, wider or equal; WLAW_ARGUMENT when `as` cannot hold it. */
wlaw_status wlaw_matrix_embed(matrix_gaussian *out, const matrix_gaussian *in, const law_ops *as, wlaw_error *err);

/* ---- fits ---- */

typedef struct matrix_fit {
  matrix_gaussian gaussian;
  size_t networks, parameters;
  double error[MATRIX_PARAMETERS];  /* standard errors if the law is true; NaN: not determined */
  double robust[MATRIX_PARAMETERS]; /* sandwich: from the spread over networks; NaN: not determined */
  bool mean_determined, determined[MATRIX_BLOCKS];
  double log_likelihood, aic, bic; /* NaN with `reason` when the likelihood has no maximum */
  char reason[256];
} matrix_fit;

/* Maximum likelihood from the statistics of at least one network; WLAW_VALUE when they are not of the law's space. */
wlaw_status wlaw_matrix_fit(matrix_fit *out, const law_ops *law, const matrix_moments *moments, wlaw_error *err);
/* Estimate alone, for loops over replicates. The layout must fit the moments' shape. */
void wlaw_matrix_estimate(matrix_gaussian *out, const law_ops *law, const matrix_layout *layout,
                          const matrix_moments *moments);
/* At the maximum of the likelihood: -1/2 N (n (1 + ln 2 pi) + sum_b dimension_b ln det V_b), n the dimension of the
 * law's space: rows x cols, or less. */
double wlaw_matrix_log_likelihood(const matrix_gaussian *maximum, size_t networks);
/* false with a sentence when some block is singular, so that no density exists. networks: of the fit, 0 for a law
 * known exactly. */
bool wlaw_matrix_regular(const matrix_gaussian *gaussian, size_t networks, char *reason, size_t capacity);

/* ---- distances: both written as the same law at the same size ---- */

/* Squared Wasserstein-2 distance, and what the mean and each block give to it: parts[0] mean, parts[1 + b]. */
double wlaw_matrix_wasserstein_squared(double parts[1 + MATRIX_BLOCKS], const matrix_gaussian *a,
                                       const matrix_gaussian *b);
/* Kullback-Leibler divergence of f from g, in nats; both regular. */
double wlaw_matrix_kl(const matrix_gaussian *f, const matrix_gaussian *g);
/* What a fit to `networks` draws of this law is away from it on average, squared, to order 1/networks. */
double wlaw_matrix_noise_floor(const matrix_gaussian *gaussian, size_t networks);

#endif
