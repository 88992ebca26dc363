/* Invariants in words. */
#ifndef WLAW_STUDY_GRAPH_MEANING_H
#define WLAW_STUDY_GRAPH_MEANING_H

#include "math/graph.h"

enum { GRAPH_MEANING = 256 }; /* bytes that hold the words of any graph */

/* What it says of the weights when the invariant of g, canonical in the family, departs from what a Gaussian law
 * predicts: "skewed entries: ...". Lower case and no full stop, to stand after a colon. Either sign of the departure is
 * meant. Weights are [out, in]: rows are output neurons, columns are input neurons. */
void wlaw_graph_meaning(char *out, size_t capacity, const graph *g, graph_family family);

#endif
