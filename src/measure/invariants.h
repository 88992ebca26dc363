/* Polynomial invariants of matrices: the values of many graphs at once. The graphs are compiled into a plan of products
 * of matrices, matrix-vector products and dot products that share what they have in common; the plan is run on batches,
 * one matrix a lane where matrices are small, and with BLAS where they are large. */
#ifndef WLAW_MEASURE_INVARIANTS_H
#define WLAW_MEASURE_INVARIANTS_H

#include "core/cpu.h"
#include "math/graph.h"

typedef struct invariant_plan invariant_plan;

/* A plan for n graphs (connected or not, canonical or not). bipartite: nodes with outgoing edges are rows, those with
 * incoming edges columns, of an m x n matrix; otherwise matrices are square. A plan is only read by what follows:
 * threads may share it. WLAW_ARGUMENT: a graph without edges, with an isolated node, or not bipartite. Caller frees. */
wlaw_status wlaw_invariant_plan_new(invariant_plan **out, const graph *graphs, size_t n, bool bipartite,
                                    wlaw_error *err);
void wlaw_invariant_plan_free(invariant_plan *plan); /* NULL allowed */

/* Multiply-adds one [rows, cols] matrix takes: for estimates of time before starting. */
double wlaw_invariant_plan_cost(const invariant_plan *plan, size_t rows, size_t cols);

/* values: [n, n_graphs] of matrices: [n, rows, cols]. Values that overflow are not finite, and neither are those of a
 * matrix with entries that are not, wherever these enter. A value is the same in any batch. level: at most
 * wlaw_cpu_level(). WLAW_SHAPE: no entries, or not square though the plan is for square matrices. Work space is
 * taken once a call, so that calls for many matrices (64, say) cost less than calls for each. */
wlaw_status wlaw_invariants_measure(double *values, const invariant_plan *plan, const double *matrices, size_t n,
                                    size_t rows, size_t cols, cpu_level level, wlaw_error *err);

/* Mean and sum of squared deviations of each invariant over networks; mergeable in order (Chan, Golub and LeVeque
 * 1983). mean, squares: [length], owned by the caller. */
typedef struct invariant_moments {
  size_t length;
  uint64_t count;
  double *mean, *squares;
} invariant_moments;

/* Adds n rows of values: [n, length]. */
void wlaw_invariant_moments_add(invariant_moments *state, const double *values, size_t n);
void wlaw_invariant_moments_merge(invariant_moments *into, const invariant_moments *from);

#endif
