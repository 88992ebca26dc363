/* The plan behind measure/invariants.h: the values of graphs as shared expressions, and the steps that compute them.
 * Matrix-vector products that can be taken at the same time go in one pass over the rows of all matrices they read. */
#ifndef WLAW_MEASURE_INVARIANT_PLAN_H
#define WLAW_MEASURE_INVARIANT_PLAN_H

#include "measure/invariant_expression.h"
#include "measure/invariants.h"

enum {
  PLAN_VECTORS = 4,            /* most vectors one row is multiplied with at once */
  PLAN_DEPTH = GRAPH_EDGES - 1 /* most products of rows that are kept while a pass works on some rows */
};

/* One thing done with some rows of a pass. Rows of elementwise products stand in buffers 1 ... PLAN_DEPTH; buffer 0
 * stands for the rows of `matrix` itself. */
typedef struct row_step {
  uint8_t n_vectors; /* 0: buffer[to] = buffer[from] * rows of factor, elementwise */
  uint8_t from, to;
  uint32_t matrix, factor;
  uint32_t x[PLAN_VECTORS], y[PLAN_VECTORS]; /* y = buffer[from] x */
} row_step;

/* One expression, or a pass over all rows: row_steps[first ... last - 1]. */
typedef struct plan_step {
  bool is_pass;
  uint32_t number; /* of the expression; of a pass: a matrix with its rows and columns */
  size_t first, last;
} plan_step;

struct invariant_plan {
  bool bipartite;
  expression *expressions;
  size_t n_expressions;
  uint32_t *values; /* [n_graphs]: the expression of each graph */
  size_t n_graphs;
  plan_step *steps;
  size_t n_steps;
  row_step *row_steps;
  size_t n_row_steps;
  invariant_plan *tall; /* for matrices with more rows than columns, where other products are cheap; square: itself */
};

/* Fills the steps of a plan whose expressions are complete. */
wlaw_status wlaw_plan_schedule(invariant_plan *plan, wlaw_error *err);

/* How matrices lie in memory: as many as a register has lanes side by side, or one by rows, padded. */
typedef enum invariant_layout { LAYOUT_SIDE_BY_SIDE, LAYOUT_ALONE, LAYOUTS } invariant_layout;

/* wlaw_invariants_measure with the layout chosen by the caller. */
wlaw_status wlaw_invariants_measure_as(double *values, const invariant_plan *plan, const double *matrices, size_t n,
                                       size_t rows, size_t cols, cpu_level level, invariant_layout layout,
                                       wlaw_error *err);

#endif
