/* Graphs as text: "0-1,1-2,2-0", as formulas, and the names the literature gives them. */
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "math/graph.h"

static const char *const family_names[] = {
    [GRAPH_DIRECTED] = "directed",
    [GRAPH_BIPARTITE] = "bipartite",
    [GRAPH_LOOPLESS] = "loopless",
    [GRAPH_UNDIRECTED] = "undirected",
    [GRAPH_UNDIRECTED_LOOPLESS] = "undirected-loopless",
    [GRAPH_ANTISYMMETRIC] = "antisymmetric",
};

const char *wlaw_graph_family_name(graph_family family) { return family_names[family]; }

/* The canonical graphs of degrees 1 and 2 as Ramgoolam (2019, DOI 10.1016/j.nuclphysb.2019.114682) numbers them. */
static const struct {
  const char *name;
  graph graph;
} literature[] = {
    {"I1", {1, 1, {{0, 0}}}},          {"I2", {1, 2, {{0, 1}}}},          {"I3", {2, 2, {{0, 1}, {0, 1}}}},
    {"I4", {2, 2, {{0, 1}, {1, 0}}}},  {"I5", {2, 2, {{0, 0}, {0, 1}}}},  {"I6", {2, 2, {{0, 0}, {1, 0}}}},
    {"I7", {2, 3, {{0, 1}, {0, 2}}}},  {"I8", {2, 3, {{0, 1}, {2, 1}}}},  {"I9", {2, 3, {{0, 1}, {1, 2}}}},
    {"I10", {2, 4, {{0, 1}, {2, 3}}}}, {"I11", {2, 1, {{0, 0}, {0, 0}}}}, {"I12", {2, 2, {{0, 0}, {1, 1}}}},
    {"I13", {2, 3, {{0, 0}, {1, 2}}}},
};

size_t wlaw_graph_number(const graph *g) {
  for (size_t i = 0; i < sizeof literature / sizeof *literature; i++)
    if (memcmp(g, &literature[i].graph, sizeof *g) == 0) return i + 1;
  return 0;
}

const char *wlaw_graph_name(const graph *g, graph_family family) {
  const size_t number = family == GRAPH_DIRECTED ? wlaw_graph_number(g) : 0;
  return number > 0 ? literature[number - 1].name : "";
}

void wlaw_graph_text(char *out, size_t capacity, const graph *g) {
  size_t at = 0;
  if (capacity > 0) out[0] = '\0';
  for (size_t e = 0; e < g->n_edges && at < capacity; e++)
    at += (size_t)snprintf(out + at, capacity - at, "%s%d-%d", e ? "," : "", g->edges[e].from, g->edges[e].to);
}

void wlaw_graph_formula(char *out, size_t capacity, const graph *g) {
  static const char indices[GRAPH_NODES + 1] = "ijklmnpqrstu";
  size_t at = (size_t)snprintf(out, capacity, "sum");
  for (size_t e = 0; e < g->n_edges && at < capacity; e++)
    at += (size_t)snprintf(out + at, capacity - at, " M_%c%c", indices[g->edges[e].from], indices[g->edges[e].to]);
}

typedef struct parser {
  const char *text, *at;
  unsigned labels[GRAPH_NODES]; /* as written, by node */
  graph g;
  wlaw_error *err;
} parser;

static wlaw_status fail_here(const parser *p, const char *what) {
  return wlaw_fail(p->err, WLAW_ARGUMENT, "graph '%.80s', character %zu: %s", p->text, (size_t)(p->at - p->text) + 1,
                   what);
}

static void skip_spaces(parser *p) { p->at += strspn(p->at, " \t"); }

static wlaw_status parse_node(parser *p, uint8_t *node) {
  skip_spaces(p);
  const size_t digits = strspn(p->at, "0123456789");
  if (digits == 0) return fail_here(p, "a node is missing: edges are written 0-1, with commas between");
  if (digits > 3) return fail_here(p, "nodes are numbers from 0 to 999");
  unsigned label = 0;
  for (size_t i = 0; i < digits; i++) label = 10 * label + (unsigned)(*p->at++ - '0');
  *node = 0;
  while (*node < p->g.n_nodes && p->labels[*node] != label) ++*node;
  if (*node == p->g.n_nodes) p->labels[p->g.n_nodes++] = label;
  return WLAW_OK;
}

static wlaw_status parse_edges(parser *p) {
  for (;;) {
    graph_edge edge;
    if (p->g.n_edges == GRAPH_EDGES) return fail_here(p, "graphs have at most 6 edges");
    WLAW_TRY(parse_node(p, &edge.from));
    skip_spaces(p);
    if (*p->at != '-') return fail_here(p, "'-' is missing: edges are written 0-1, with commas between");
    p->at++;
    WLAW_TRY(parse_node(p, &edge.to));
    p->g.edges[p->g.n_edges++] = edge;
    skip_spaces(p);
    if (*p->at == '\0') return WLAW_OK;
    if (*p->at != ',') return fail_here(p, "',' is missing between two edges");
    p->at++;
  }
}

wlaw_status wlaw_graph_parse(graph *out, const char *text, graph_family family, wlaw_error *err) {
  static const char *const reasons[] = {
      [GRAPH_BIPARTITE] = "a node has both outgoing and incoming edges, but rows and columns are two index sets",
      [GRAPH_LOOPLESS] = "it has a loop, but the diagonal is zero",
      [GRAPH_UNDIRECTED_LOOPLESS] = "it has a loop, but the diagonal is zero",
      [GRAPH_ANTISYMMETRIC] = "its invariant is zero for every antisymmetric matrix",
  };
  parser p = {.text = text, .at = text, .err = err};
  WLAW_TRY(parse_edges(&p));
  if (!wlaw_graph_in_family(&p.g, family))
    return wlaw_fail(err, WLAW_ARGUMENT, "the graph '%.80s' is not of the family %s: %s", text,
                     wlaw_graph_family_name(family), reasons[family]);
  wlaw_graph_canonical(&p.g, family);
  *out = p.g;
  return WLAW_OK;
}
