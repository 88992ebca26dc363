/* Gaussian matrix laws in the basis of Kronecker deltas: what sums over repeated indices need. */
#ifndef WLAW_LAW_DELTA_H
#define WLAW_LAW_DELTA_H

#include "law/matrix.h"

enum { DELTA_MEANS = 2, DELTA_COVARIANCES = 15 };

/* Set partitions of the indices (i, j, k, l) as restricted growth strings, in lexicographic order. */
extern const unsigned char wlaw_delta_diagrams[DELTA_COVARIANCES][4];
/* Places of the four that exist where rows and columns are two index sets. */
enum { DELTA_BOTH = 6, DELTA_ROWS = 7, DELTA_COLUMNS = 12, DELTA_ONE = 14 };

/* A law's mean and covariance as coefficients of delta diagrams: E M_ij = sum over the two diagrams, Cov(M_ij, M_kl) =
 * sum over the 15 of coefficient times the product of the deltas that make the indices of each block equal. */
typedef struct delta_law {
  bool bipartite;                       /* rows and columns are two index sets */
  double sizes[2];                      /* rows, cols */
  double mean[DELTA_MEANS];             /* of 1 and of delta_ij */
  double covariance[DELTA_COVARIANCES]; /* of M_ij M_kl, by set partition of (i, j, k, l) in the order of their
                                           restricted growth strings 0000, 0001, 0010, 0011, 0012, ... 0123 */
} delta_law;

/* bipartite: only iid and bipartite laws; otherwise the matrix is square. Linear in the law's mean and covariances. */
wlaw_status wlaw_delta_law(delta_law *out, const matrix_gaussian *law, bool bipartite, wlaw_error *err);

#endif
