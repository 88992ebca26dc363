/* Graphs in documents: the verb graphs, and what every list of invariants says of each. */
#ifndef WLAW_STUDY_GRAPHS_H
#define WLAW_STUDY_GRAPHS_H

#include "core/json.h"
#include "math/graph.h"

/* Puts what a canonical graph is into object: name ("" without one), graph, formula, degree, nodes, connected, edges.
 */
void wlaw_graph_put(bool *failed, json_t *object, const graph *g, graph_family family);

#endif
