/* Directed multigraphs with few edges: the polynomial invariants of a matrix under permutations of its index set. An
 * edge (a, b) stands for a factor M_ab, the nodes are summed over all indices, and loops are diagonal entries; a graph
 * with k edges and no isolated node is an invariant of degree k (Kartsaklis, Ramgoolam and Sadrzadeh 2019, Linguistic
 * matrix theory, DOI 10.4171/AIHPD/75). How many there are: OEIS A052171, by number of nodes A136564. */
#ifndef WLAW_MATH_GRAPH_H
#define WLAW_MATH_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weightlaw.h"

enum { GRAPH_EDGES = 6, GRAPH_NODES = 12 };

/* Which graphs give different invariants, by the symmetry of the matrix. */
typedef enum graph_family {
  GRAPH_DIRECTED,            /* any square matrix */
  GRAPH_BIPARTITE,           /* rows and columns are two index sets: a node has only outgoing or only incoming edges */
  GRAPH_LOOPLESS,            /* zero diagonal */
  GRAPH_UNDIRECTED,          /* symmetric */
  GRAPH_UNDIRECTED_LOOPLESS, /* symmetric, zero diagonal */
  GRAPH_ANTISYMMETRIC /* reversing an edge changes the sign: graphs with an odd automorphism vanish and are out */
} graph_family;

typedef struct graph_edge {
  uint8_t from, to; /* factor M_{from, to} */
} graph_edge;

/* Nodes are 0 .. n_nodes - 1, none isolated. */
typedef struct graph {
  uint8_t n_edges, n_nodes;
  graph_edge edges[GRAPH_EDGES];
} graph;

/* Relabels nodes and sorts edges so that isomorphic graphs (of the family) become equal bytes. Components lie one after
 * another, large ones first; edges are in the order in which the nodes they join appear, so that formulas read i, j, k.
 * Antisymmetric: up to the sign of the value. */
void wlaw_graph_canonical(graph *g, graph_family family);
/* Total order of canonical graphs: degree, then that of wlaw_graph_list. */
int wlaw_graph_compare(const graph *a, const graph *b);

/* Canonical graphs of exactly `degree` edges (1 .. GRAPH_EDGES), in a fixed order: that of the literature where it has
 * one (I1 ... I13), otherwise connected ones first, then by nodes, then by edges. Caller frees *out. */
wlaw_status wlaw_graph_list(graph **out, size_t *n, graph_family family, size_t degree, wlaw_error *err);

/* Number of connected components; component[node] is its number, from 0. component may be NULL. */
size_t wlaw_graph_components(uint8_t *component, const graph *g);
/* Component number c as a graph of its own. */
void wlaw_graph_component(graph *out, const graph *g, size_t c);
/* Permutations of nodes and of edges (those between the same nodes) that leave the graph as it is. */
uint64_t wlaw_graph_automorphisms(const graph *g, graph_family family);
/* Whether every edge is one the family has and the invariant does not vanish. */
bool wlaw_graph_in_family(const graph *g, graph_family family);
/* Adds the nodes and edges of part to out, beside those there; at most GRAPH_EDGES edges in all. */
void wlaw_graph_join(graph *out, const graph *part);

/* "0-1,1-2,2-0", made canonical in the family; nodes are any numbers up to 999, spaces are allowed. WLAW_ARGUMENT names
 * what cannot be read, an edge the family does not have, an invariant that vanishes, or a degree above GRAPH_EDGES. */
wlaw_status wlaw_graph_parse(graph *out, const char *text, graph_family family, wlaw_error *err);
/* "0-1,1-2,2-0"; capacity 64 always holds it. */
void wlaw_graph_text(char *out, size_t capacity, const graph *g);
/* "sum M_ij M_jk M_ki", indices i, j, k, l, m, n, p, q, r, s, t, u; capacity 64 always holds it. */
void wlaw_graph_formula(char *out, size_t capacity, const graph *g);
/* 1 ... 13: the place of a canonical graph among the literature's I1 ... I13; 0 otherwise. */
size_t wlaw_graph_number(const graph *g);
/* "I7" for the invariants the literature numbers (degrees 1 and 2, directed); "" otherwise. */
const char *wlaw_graph_name(const graph *g, graph_family family);
/* "directed", "bipartite", ...: as the option --family of `weightlaw graphs` writes it. */
const char *wlaw_graph_family_name(graph_family family);

#endif
