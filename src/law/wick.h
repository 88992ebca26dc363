/* What a Gaussian matrix law predicts for polynomial invariants: expectation, variance, and the standard error of
 * observed minus predicted when the law was fitted to the same networks. By Wick's theorem (Isserlis 1918) on classes
 * of graphs: an edge is replaced by its mean, two edges by their covariance, both sums of delta diagrams; equal graphs
 * are added up at every step. */
#ifndef WLAW_LAW_WICK_H
#define WLAW_LAW_WICK_H

#include "law/matrix.h"
#include "math/graph.h"

typedef struct graph_prediction {
  double mean;     /* E[O] under the law */
  double variance; /* Var O of one network under the law */
  double residual; /* N times the variance of (mean of O over N networks) - (E[O] under the law fitted to the same
                      networks), to leading order in 1/N: Var O less what the fit explains (score test) */
  bool fitted;     /* the residual is zero by construction: the law's own statistics, and functions of them */
  double chaos[GRAPH_EDGES]; /* parts of the variance: of Wick-ordered degree 1, 2, ... (Wiener 1938) */
} graph_prediction;

/* The combinatorics of a list of graphs, for any law and size. bipartite: rows and columns are two index sets (laws iid
 * and bipartite); otherwise the matrix is square. Caller frees. May be used by several threads at once. */
typedef struct wick_plan wick_plan;
wlaw_status wlaw_wick_plan_new(wick_plan **out, const graph *graphs, size_t n, bool bipartite, wlaw_error *err);
void wlaw_wick_plan_free(wick_plan *plan); /* NULL allowed */

/* E[O] alone of the plan's graphs under one law; means: [n_graphs]. */
wlaw_status wlaw_wick_means(double *means, const wick_plan *plan, const matrix_gaussian *law, wlaw_error *err);
/* Everything, under n laws of one size (one epoch each, say), which share the work; out: [n, n_graphs]. What comes out
 * for a law is the same to rounding whichever laws it is asked with. WLAW_VALUE where variances overflow or vanish. */
wlaw_status wlaw_wick_predict(graph_prediction *out, const wick_plan *plan, const matrix_gaussian *laws, size_t n,
                              wlaw_error *err);

/* Steps the variance of one graph takes at most, each about 0.1 microseconds on one core: for estimates of time before
 * starting (degree 4: 1e5, 6: 1e7 where every node is shared by edges). bipartite: as in wlaw_wick_plan_new. */
double wlaw_graph_predict_cost(const graph *g, bool bipartite);

/* One graph under n laws of one size; out: [n]. errors false: the means alone, the rest NaN and not fitted. */
wlaw_status wlaw_graph_predict(graph_prediction *out, const graph *g, const matrix_gaussian *laws, size_t n,
                               bool bipartite, bool errors, wlaw_error *err);

#endif
