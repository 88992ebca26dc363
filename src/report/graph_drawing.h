/* Small pictures of graphs. Deterministic; colours come from the style sheet. */
#ifndef WLAW_REPORT_GRAPH_DRAWING_H
#define WLAW_REPORT_GRAPH_DRAWING_H

#include "core/text.h"
#include "math/graph.h"

/* A <div class="graph"> around an <svg> of 90 x 70 pixels: nodes as dots, parallel edges curved, arrow heads in the
 * middle of edges where the family has directions; bipartite: rows filled, columns hollow. Title: the formula;
 * description: what the invariant says of the weights. g is canonical in the family; id is unique in the page and a
 * valid XML name. */
void wlaw_graph_drawing(text_buffer *out, const char *id, const graph *g, graph_family family);

#endif
