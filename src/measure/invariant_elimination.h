/* The value of a connected graph as an expression: nodes are eliminated (summed over) one by one, in the order that
 * adds least to what is computed already. */
#ifndef WLAW_MEASURE_INVARIANT_ELIMINATION_H
#define WLAW_MEASURE_INVARIANT_ELIMINATION_H

#include "math/graph.h"
#include "measure/invariant_expression.h"

/* Adds the value of g, which is connected, to the table; false when memory runs out. */
bool wlaw_graph_eliminate(uint32_t *value, expression_table *table, const graph *g);

#endif
