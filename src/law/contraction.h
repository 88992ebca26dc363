/* Wick's theorem (Isserlis 1918) on classes of partitions, tabulated once for a list of graphs: a class of m edges is a
 * sum of classes of m - 1 edges (one edge replaced by its mean) and of m - 2 (two by their covariance). With A the sum
 * over single edges and B that over pairs, the polynomial is exp(A + B) of it in Wick-ordered (Hermite) form:
 *   :O:_(k-n) part = sum over a + 2b = n of A^a B^b / (a! b!),   n part_(k-n) = A part_(k-n+1) + 2 B part_(k-n+2),
 * whose end n = k is the expectation. */
#ifndef WLAW_LAW_CONTRACTION_H
#define WLAW_LAW_CONTRACTION_H

#include "law/partition.h"

/* Coefficient of a diagram times sizes of what it closes: (diagram, closed rows, closed columns). */
enum { FACTOR_DIAGRAMS = DELTA_MEANS + DELTA_COVARIANCES, FACTOR_POWERS = 3 };
enum { FACTORS = FACTOR_DIAGRAMS * FACTOR_POWERS * FACTOR_POWERS };

typedef struct contraction_term {
  double weight;   /* of A + 2B: how often it comes, twice for a pair */
  uint32_t target; /* class, numbered over all levels */
  uint32_t factor;
} contraction_term;

typedef struct contraction_plan {
  bool bipartite;
  size_t degree; /* most edges */
  class_table levels[GRAPH_EDGES + 1];
  size_t start[GRAPH_EDGES + 2]; /* number of the first class of a level; levels above are empty */
  contraction_term *terms;
  size_t *first; /* [start[degree + 1] + 1]: terms of class c are first[c] ... first[c + 1] - 1 */
  size_t n_graphs;
  uint32_t *class_of; /* of graph */
  uint8_t *n_edges;   /* of graph */
} contraction_plan;

wlaw_status wlaw_contraction_plan(contraction_plan *out, const graph *graphs, size_t n, bool bipartite,
                                  wlaw_error *err);
void wlaw_contraction_plan_free(contraction_plan *plan);

void wlaw_contraction_factors(double factors[FACTORS], const delta_law *law);
/* Expectations of all classes of up to `most` edges; values: [start[most + 1]]. */
void wlaw_contraction_means(double *values, const contraction_plan *plan, const double factors[FACTORS], size_t most);
/* Wick-ordered parts of m edges, of all classes with more: out: [start[degree + 1], levels[m].count], rows of classes
 * with fewer edges are 0. */
void wlaw_contraction_parts(double *out, const contraction_plan *plan, const double factors[FACTORS], size_t m);

#endif
