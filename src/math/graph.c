/* Structure of graphs: components, canonical form, automorphisms. Graphs have at most 6 edges, so the canonical form is
 * a plain search, component by component (a connected graph of k edges has at most k + 1 nodes): of all labellings the
 * one with the smallest list of edges, built node by node and left as soon as its beginning is larger than the best. */
#include "math/graph.h"

#include <string.h>

enum { UNLABELLED = UINT8_MAX };

/* Edges in the order in which they are complete when nodes are labelled one by one: a list sorted this way begins with
 * the edges among the first labels. */
static int edge_compare(graph_edge a, graph_edge b) {
  const uint8_t last_a = a.from > a.to ? a.from : a.to, last_b = b.from > b.to ? b.from : b.to;
  if (last_a != last_b) return last_a < last_b ? -1 : 1;
  if (a.from != b.from) return a.from < b.from ? -1 : 1;
  return (a.to > b.to) - (a.to < b.to);
}

static int edges_compare(const graph_edge *a, const graph_edge *b, size_t n) {
  int order = 0;
  for (size_t e = 0; e < n && order == 0; e++) order = edge_compare(a[e], b[e]);
  return order;
}

static void edges_sort(graph_edge *edges, size_t n) {
  for (size_t i = 1; i < n; i++)
    for (size_t j = i; j > 0 && edge_compare(edges[j], edges[j - 1]) < 0; j--) {
      const graph_edge held = edges[j];
      edges[j] = edges[j - 1];
      edges[j - 1] = held;
    }
}

static bool is_undirected(graph_family family) {
  return family == GRAPH_UNDIRECTED || family == GRAPH_UNDIRECTED_LOOPLESS || family == GRAPH_ANTISYMMETRIC;
}

size_t wlaw_graph_components(uint8_t *component, const graph *g) {
  uint8_t root[GRAPH_NODES], number[GRAPH_NODES];
  for (uint8_t v = 0; v < g->n_nodes; v++) root[v] = v;
  for (size_t e = 0; e < g->n_edges; e++) { /* the smaller root names both */
    const uint8_t a = root[g->edges[e].from], b = root[g->edges[e].to];
    for (size_t v = 0; v < g->n_nodes; v++)
      if (root[v] == a || root[v] == b) root[v] = a < b ? a : b;
  }
  uint8_t n = 0;
  for (size_t v = 0; v < g->n_nodes; v++) {
    number[v] = root[v] == v ? n++ : number[root[v]];
    if (component) component[v] = number[v];
  }
  return n;
}

void wlaw_graph_component(graph *out, const graph *g, size_t c) {
  uint8_t component[GRAPH_NODES], label[GRAPH_NODES];
  wlaw_graph_components(component, g);
  graph part = {0};
  for (size_t v = 0; v < g->n_nodes; v++)
    if (component[v] == c) label[v] = part.n_nodes++;
  for (size_t e = 0; e < g->n_edges; e++)
    if (component[g->edges[e].from] == c)
      part.edges[part.n_edges++] = (graph_edge){label[g->edges[e].from], label[g->edges[e].to]};
  *out = part;
}

/* The search over labellings of one connected graph. */
typedef struct labelling {
  const graph *g;
  bool undirected;
  uint8_t label[GRAPH_NODES];
  graph_edge trial[GRAPH_EDGES], best[GRAPH_EDGES];
  uint64_t ties;  /* labellings that give `best`: automorphisms of the nodes */
  bool parity[2]; /* whether some of them reverse an even, an odd number of edges */
} labelling;

static graph_edge labelled_edge(const labelling *search, graph_edge edge) {
  const uint8_t a = search->label[edge.from], b = search->label[edge.to];
  return search->undirected && a > b ? (graph_edge){b, a} : (graph_edge){a, b};
}

static void finish_labelling(labelling *search) {
  const graph *g = search->g;
  const int order = edges_compare(search->trial, search->best, g->n_edges);
  if (order > 0) return;
  if (order < 0) {
    memcpy(search->best, search->trial, sizeof search->best);
    search->ties = 0;
    search->parity[0] = search->parity[1] = false;
  }
  size_t reversed = 0;
  for (size_t e = 0; e < g->n_edges; e++) reversed += search->label[g->edges[e].from] > search->label[g->edges[e].to];
  search->ties++;
  search->parity[reversed % 2] = true;
}

/* Labels 0 .. n_labelled - 1 are given and complete the first n_edges of trial. */
static void extend_labelling(labelling *search, uint8_t n_labelled, size_t n_edges) {
  const graph *g = search->g;
  if (n_labelled == g->n_nodes) {
    finish_labelling(search);
    return;
  }
  for (size_t v = 0; v < g->n_nodes; v++) {
    if (search->label[v] != UNLABELLED) continue;
    search->label[v] = n_labelled;
    size_t n = n_edges;
    bool adjacent = n_labelled == 0; /* a node beside those labelled is always smaller than one apart */
    for (size_t e = 0; e < g->n_edges; e++) {
      const graph_edge edge = g->edges[e];
      if (edge.from != v && edge.to != v) continue;
      if (search->label[edge.from] == UNLABELLED || search->label[edge.to] == UNLABELLED) continue;
      adjacent |= edge.from != edge.to;
      search->trial[n++] = labelled_edge(search, edge);
    }
    edges_sort(search->trial + n_edges, n - n_edges);
    if (adjacent && edges_compare(search->trial, search->best, n) <= 0)
      extend_labelling(search, (uint8_t)(n_labelled + 1), n);
    search->label[v] = UNLABELLED;
  }
}

static void search_labellings(labelling *search, const graph *connected, graph_family family) {
  *search = (labelling){.g = connected, .undirected = is_undirected(family)};
  memset(search->label, UNLABELLED, sizeof search->label);
  memset(search->best, UINT8_MAX, sizeof search->best);
  extend_labelling(search, 0, 0);
}

static int part_compare(const graph *a, const graph *b) {
  if (a->n_edges != b->n_edges) return a->n_edges > b->n_edges ? -1 : 1; /* large components first */
  if (a->n_nodes != b->n_nodes) return a->n_nodes < b->n_nodes ? -1 : 1;
  return edges_compare(a->edges, b->edges, a->n_edges);
}

/* Canonical components in their order; the automorphisms of each in ties, in the same order. Returns their number. */
static size_t canonical_parts(graph parts[GRAPH_EDGES], uint64_t ties[GRAPH_EDGES], const graph *g,
                              graph_family family) {
  const size_t n = wlaw_graph_components(NULL, g);
  for (size_t c = 0; c < n; c++) {
    graph part;
    labelling search;
    wlaw_graph_component(&part, g, c);
    search_labellings(&search, &part, family);
    memcpy(part.edges, search.best, part.n_edges * sizeof *part.edges);
    size_t at = c;
    for (; at > 0 && part_compare(&part, &parts[at - 1]) < 0; at--) {
      parts[at] = parts[at - 1];
      ties[at] = ties[at - 1];
    }
    parts[at] = part;
    ties[at] = search.ties;
  }
  return n;
}

void wlaw_graph_join(graph *out, const graph *part) {
  const uint8_t shift = out->n_nodes;
  for (size_t e = 0; e < part->n_edges; e++)
    out->edges[out->n_edges++] =
        (graph_edge){(uint8_t)(part->edges[e].from + shift), (uint8_t)(part->edges[e].to + shift)};
  out->n_nodes = (uint8_t)(shift + part->n_nodes);
}

void wlaw_graph_canonical(graph *g, graph_family family) {
  graph parts[GRAPH_EDGES], joined = {0};
  uint64_t ties[GRAPH_EDGES];
  const size_t n = canonical_parts(parts, ties, g, family);
  for (size_t c = 0; c < n; c++) wlaw_graph_join(&joined, &parts[c]);
  *g = joined;
}

uint64_t wlaw_graph_automorphisms(const graph *g, graph_family family) {
  graph parts[GRAPH_EDGES];
  uint64_t ties[GRAPH_EDGES], count = 1, equal_parts = 0;
  const size_t n = canonical_parts(parts, ties, g, family);
  for (size_t c = 0; c < n; c++) {
    equal_parts = c > 0 && part_compare(&parts[c], &parts[c - 1]) == 0 ? equal_parts + 1 : 1;
    count *= ties[c] * equal_parts;
    uint64_t parallel = 0;
    for (size_t e = 0; e < parts[c].n_edges; e++) {
      parallel = e > 0 && edge_compare(parts[c].edges[e], parts[c].edges[e - 1]) == 0 ? parallel + 1 : 1;
      count *= parallel;
    }
  }
  return count;
}

static bool is_bipartite(const graph *g) {
  bool out[GRAPH_NODES] = {false}, in[GRAPH_NODES] = {false};
  for (size_t e = 0; e < g->n_edges; e++) out[g->edges[e].from] = in[g->edges[e].to] = true;
  for (size_t v = 0; v < g->n_nodes; v++)
    if (out[v] && in[v]) return false;
  return true;
}

static bool is_loopless(const graph *g) {
  for (size_t e = 0; e < g->n_edges; e++)
    if (g->edges[e].from == g->edges[e].to) return false;
  return true;
}

/* Two equal components may be exchanged, but that reverses an even number of edges: each alone decides. */
static bool vanishes(const graph *g) {
  const size_t n = wlaw_graph_components(NULL, g);
  for (size_t c = 0; c < n; c++) {
    graph part;
    labelling search;
    wlaw_graph_component(&part, g, c);
    search_labellings(&search, &part, GRAPH_ANTISYMMETRIC);
    if (search.parity[0] && search.parity[1]) return true;
  }
  return false;
}

bool wlaw_graph_in_family(const graph *g, graph_family family) {
  switch (family) {
    case GRAPH_DIRECTED:
    case GRAPH_UNDIRECTED: return true;
    case GRAPH_BIPARTITE: return is_bipartite(g);
    case GRAPH_LOOPLESS:
    case GRAPH_UNDIRECTED_LOOPLESS: return is_loopless(g);
    case GRAPH_ANTISYMMETRIC: return is_loopless(g) && !vanishes(g);
  }
  return false;
}

int wlaw_graph_compare(const graph *a, const graph *b) {
  if (a->n_edges != b->n_edges) return a->n_edges < b->n_edges ? -1 : 1;
  const size_t number_a = wlaw_graph_number(a), number_b = wlaw_graph_number(b);
  if (number_a != number_b) return number_a < number_b ? -1 : 1;
  const bool connected_a = wlaw_graph_components(NULL, a) == 1, connected_b = wlaw_graph_components(NULL, b) == 1;
  if (connected_a != connected_b) return connected_a ? -1 : 1;
  if (a->n_nodes != b->n_nodes) return a->n_nodes < b->n_nodes ? -1 : 1;
  return edges_compare(a->edges, b->edges, a->n_edges);
}
