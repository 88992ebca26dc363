/* What a Gaussian matrix law predicts for polynomial invariants: expectation, variance, and the standard error of
 * observed minus predicted when the law was fitted to the same networks. By Wick's theorem (Isserlis 1918): edges are
 * taken one by one, each as a mean or paired with a later one; means and covariances are sums of delta diagrams (set
 * partitions of the indices they carry); states with the same edges used and the same partition of the nodes still in
 * use are added up. */
#ifndef WLAW_LAW_WICK_H
#define WLAW_LAW_WICK_H

#include "law/matrix.h"
#include "math/graph.h"

enum { DELTA_MEANS = 2, DELTA_COVARIANCES = 15 };

/* A law's mean and covariance as coefficients of delta diagrams. */
typedef struct delta_law {
  bool bipartite;                       /* rows and columns are two index sets */
  double sizes[2];                      /* rows, cols */
  double mean[DELTA_MEANS];             /* of 1 and of delta_ij */
  double covariance[DELTA_COVARIANCES]; /* of M_ij M_kl, by set partition of (i, j, k, l) in the order of their
                                           restricted growth strings 0000, 0001, 0010, 0011, 0012, ... 0123 */
} delta_law;

/* bipartite: only iid and bipartite laws; otherwise the matrix is square. */
wlaw_status wlaw_delta_law(delta_law *out, const matrix_gaussian *law, bool bipartite, wlaw_error *err);

typedef struct graph_prediction {
  double mean;     /* E[O] under the law */
  double variance; /* Var O of one network under the law */
  double residual; /* N times the variance of (mean of O over N networks) - (E[O] under the law fitted to the same
                      networks), to leading order in 1/N: Var O less what the fit explains (score test) */
  bool fitted;     /* the residual is zero by construction: the law's own statistics, and functions of them */
} graph_prediction;

/* Predictions of one graph under n laws of one size (one epoch each, say), which share the work of the combinatorics.
 * out: [n]. errors false: the means alone, variance and residual NaN. */
wlaw_status wlaw_graph_predict(graph_prediction *out, const graph *g, const matrix_gaussian *laws, size_t n,
                               bool bipartite, bool errors, wlaw_error *err);

#endif
