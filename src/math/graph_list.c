/* Enumeration: every connected graph arises from a connected one with an edge less (leave out an edge of a cycle, or a
 * leaf), and every graph is a multiset of connected ones. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "math/graph.h"

static int compare_graphs(const void *a, const void *b) { return wlaw_graph_compare(a, b); }

static size_t sort_unique(graph *graphs, size_t n) {
  qsort(graphs, n, sizeof *graphs, compare_graphs);
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (kept == 0 || wlaw_graph_compare(&graphs[i], &graphs[kept - 1]) != 0) graphs[kept++] = graphs[i];
  return kept;
}

/* g with one more edge (a, b), in every way that stays connected and in the family; b or a may be a new node. */
static size_t extend_graph(graph *out, const graph *g, graph_family family) {
  size_t n = 0;
  for (uint8_t a = 0; a <= g->n_nodes; a++)
    for (uint8_t b = 0; b <= g->n_nodes; b++) {
      const bool is_new = a == g->n_nodes || b == g->n_nodes;
      if (a == b && is_new) continue;
      graph more = *g;
      more.edges[more.n_edges++] = (graph_edge){a, b};
      more.n_nodes = (uint8_t)(more.n_nodes + is_new);
      if (!wlaw_graph_in_family(&more, family)) continue;
      wlaw_graph_canonical(&more, family);
      out[n++] = more;
    }
  return n;
}

/* The connected graphs by degree. */
typedef struct connected_lists {
  graph *graphs[GRAPH_EDGES + 1];
  size_t n[GRAPH_EDGES + 1];
} connected_lists;

static void free_lists(connected_lists *lists) {
  for (size_t k = 0; k <= GRAPH_EDGES; k++) free(lists->graphs[k]);
}

static wlaw_status list_connected(connected_lists *lists, graph_family family, size_t degree, wlaw_error *err) {
  enum { EXTENSIONS = (GRAPH_EDGES + 1) * (GRAPH_EDGES + 1) - 1 }; /* of a connected graph with GRAPH_EDGES nodes */
  const graph loop = {.n_edges = 1, .n_nodes = 1}, edge = {.n_edges = 1, .n_nodes = 2, .edges = {{0, 1}}};
  lists->graphs[1] = wlaw_array(2, sizeof(graph));
  if (!lists->graphs[1]) return wlaw_fail_memory(err, 2, sizeof(graph));
  if (wlaw_graph_in_family(&loop, family)) lists->graphs[1][lists->n[1]++] = loop;
  lists->graphs[1][lists->n[1]++] = edge;
  for (size_t k = 2; k <= degree; k++) {
    const size_t most = lists->n[k - 1] * EXTENSIONS;
    graph *found = lists->graphs[k] = wlaw_array(most, sizeof *found);
    if (!found) return wlaw_fail_memory(err, most, sizeof *found);
    size_t n = 0;
    for (size_t i = 0; i < lists->n[k - 1]; i++) n += extend_graph(found + n, &lists->graphs[k - 1][i], family);
    lists->n[k] = sort_unique(found, n);
  }
  return WLAW_OK;
}

/* Appends to out (or counts, out NULL) the multisets of connected graphs that complete `begun`, whose last component
 * has `largest` edges and is number `last` among those. */
static size_t join_components(graph *out, const connected_lists *lists, const graph *begun, size_t left, size_t largest,
                              size_t last) {
  if (left == 0) {
    if (out) *out = *begun;
    return 1;
  }
  size_t n = 0;
  for (size_t k = left < largest ? left : largest; k > 0; k--)
    for (size_t i = k == largest ? last : 0; i < lists->n[k]; i++) {
      graph more = *begun;
      wlaw_graph_join(&more, &lists->graphs[k][i]);
      n += join_components(out ? out + n : NULL, lists, &more, left - k, k, i);
    }
  return n;
}

static wlaw_status list_all(graph **out, size_t *n, const connected_lists *lists, graph_family family, size_t degree,
                            wlaw_error *err) {
  const graph empty = {0};
  const size_t count = join_components(NULL, lists, &empty, degree, degree, 0);
  graph *graphs = wlaw_array(count, sizeof *graphs);
  if (!graphs) return wlaw_fail_memory(err, count, sizeof *graphs);
  join_components(graphs, lists, &empty, degree, degree, 0);
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    wlaw_graph_canonical(&graphs[i], family);
    if (wlaw_graph_in_family(&graphs[i], family)) graphs[kept++] = graphs[i];
  }
  qsort(graphs, kept, sizeof *graphs, compare_graphs);
  *out = graphs;
  *n = kept;
  return WLAW_OK;
}

wlaw_status wlaw_graph_list(graph **out, size_t *n, graph_family family, size_t degree, wlaw_error *err) {
  if (degree < 1 || degree > GRAPH_EDGES)
    return wlaw_fail(err, WLAW_ARGUMENT, "graphs are listed for degrees 1 to %d, not %zu", GRAPH_EDGES, degree);
  /* A part of a graph that does not vanish may vanish: build all, then choose. */
  const graph_family base = family == GRAPH_ANTISYMMETRIC ? GRAPH_UNDIRECTED_LOOPLESS : family;
  connected_lists lists = {0};
  wlaw_status status = list_connected(&lists, base, degree, err);
  if (status == WLAW_OK) status = list_all(out, n, &lists, family, degree, err);
  free_lists(&lists);
  return status;
}
