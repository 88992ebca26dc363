/* The verb `graphs`: which polynomial invariants there are, and what one is. */
#include "study/graphs.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/option.h"
#include "core/result.h"
#include "study/graph_meaning.h"

static const option_spec options_table[] = {
    {"degree", 'k', OPTION_COUNT, "K", "2", NULL, 1, GRAPH_EDGES, "list the graphs with K edges"},
    {"family", 0, OPTION_CHOICE, "FAMILY", "directed",
     "directed|bipartite|loopless|undirected|undirected-loopless|antisymmetric", 0, 0,
     "what matrix: any square one; rows and columns permuted apart; zero diagonal; symmetric; symmetric with zero "
     "diagonal; antisymmetric"},
    {"connected", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0, "only connected graphs: the others are products of these"},
    {"graph", 'g', OPTION_TEXT, "EDGES", NULL, NULL, 0, 0, "describe this graph instead, such as 0-1,1-2,2-0"},
};

extern const command_spec wlaw_command_graphs;
const command_spec wlaw_command_graphs = {
    .name = "graphs",
    .summary = "list the polynomial invariants of a matrix, or describe one",
    .operands = "--degree K | --graph EDGES",
    .examples =
        "weightlaw graphs --degree 3\n"
        "    the 52 cubic invariants of a square matrix\n"
        "weightlaw graphs --degree 4 --family bipartite --connected\n"
        "    the quartic ones of a matrix whose rows and columns are permuted apart\n"
        "weightlaw graphs --graph 0-1,1-2,2-0\n"
        "    one of them: its formula, its symmetry, and what it says of the weights\n",
    .details =
        "An invariant that permuting the index set does not change is a sum over graphs: an edge a-b stands for a\n"
        "factor M_ab, and every node is summed over all indices. Graphs that differ in the numbers of their nodes or\n"
        "the order of their edges are the same; each is written in one canonical form.\n\n"
        "Names I1 to I13 are those of the literature (Ramgoolam 2019), which numbers degrees 1 and 2. Automorphisms\n"
        "are the permutations of nodes and of equal edges that leave the graph as it is.",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_graphs,
};

void wlaw_graph_put(bool *failed, json_t *object, const graph *g, graph_family family) {
  char formula[64], text[64];
  json_t *edges = json_array();
  for (size_t e = 0; e < g->n_edges; e++)
    wlaw_json_append(failed, edges, json_pack("[i,i]", (int)g->edges[e].from, (int)g->edges[e].to));
  wlaw_graph_formula(formula, sizeof formula, g);
  wlaw_graph_text(text, sizeof text, g);
  wlaw_json_put(failed, object, "name", json_string(wlaw_graph_name(g, family)));
  wlaw_json_put(failed, object, "graph", json_string(text));
  wlaw_json_put(failed, object, "formula", json_string(formula));
  wlaw_json_put(failed, object, "degree", wlaw_json_count(g->n_edges));
  wlaw_json_put(failed, object, "nodes", wlaw_json_count(g->n_nodes));
  wlaw_json_put(failed, object, "connected", json_boolean(wlaw_graph_components(NULL, g) == 1));
  wlaw_json_put(failed, object, "edges", edges);
}

static json_t *graph_json(bool *failed, const graph *g, size_t number, graph_family family) {
  char meaning[GRAPH_MEANING];
  json_t *object = json_object();
  wlaw_graph_put(failed, object, g, family);
  wlaw_graph_meaning(meaning, sizeof meaning, g, family);
  wlaw_json_put(failed, object, "number", wlaw_json_count(number));
  wlaw_json_put(failed, object, "automorphisms", wlaw_json_count(wlaw_graph_automorphisms(g, family)));
  wlaw_json_put(failed, object, "meaning", json_string(meaning));
  return object;
}

/* What of a list to show: one graph (or NULL), or the connected ones. */
typedef struct choice {
  graph_family family;
  const graph *one;
  bool connected;
} choice;

static json_t *list_json(bool *failed, const graph *graphs, size_t n, const choice *wanted) {
  json_t *document = json_object(), *list = json_array();
  size_t connected = 0;
  for (size_t i = 0; i < n; i++) {
    const bool whole = wlaw_graph_components(NULL, &graphs[i]) == 1;
    connected += whole;
    if (wanted->one ? wlaw_graph_compare(&graphs[i], wanted->one) == 0 : whole || !wanted->connected)
      wlaw_json_append(failed, list, graph_json(failed, &graphs[i], i + 1, wanted->family));
  }
  wlaw_json_put(failed, document, "schema", json_string("weightlaw.graphs/1"));
  wlaw_json_put(failed, document, "family", json_string(wlaw_graph_family_name(wanted->family)));
  wlaw_json_put(failed, document, "count", wlaw_json_count(n));
  wlaw_json_put(failed, document, "connected", wlaw_json_count(connected));
  wlaw_json_put(failed, document, "graphs", list);
  return document;
}

wlaw_status wlaw_graphs(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                        wlaw_progress progress, void *user, wlaw_error *err) {
  (void)progress;
  (void)user;
  const command_spec *command = &wlaw_command_graphs;
  WLAW_TRY(wlaw_options_check(options, command, err));
  const char *text = wlaw_option_text(options, command, "graph");
  choice wanted = {.family = (graph_family)wlaw_option_choice(options, command, "family"),
                   .connected = wlaw_option_flag(options, command, "connected")};
  size_t degree = (size_t)wlaw_option_count(options, command, "degree"), n = 0;
  if (n_inputs > 0) {
    wlaw_fail(err, WLAW_ARGUMENT, "graphs takes options and no operands, not '%s'", inputs[0]);
    return wlaw_error_add_hint(err, WLAW_ARGUMENT, "to describe a graph, write --graph %s", inputs[0]);
  }
  if (text && (wlaw_option_is_set(options, command, "degree") || wanted.connected))
    return wlaw_fail(err, WLAW_ARGUMENT, "--graph describes one graph; --degree and --connected list many");
  graph one, *graphs = NULL;
  if (text && strchr(text, ';'))
    return wlaw_fail(err, WLAW_ARGUMENT, "--graph describes one graph at a time, not '%.80s'", text);
  if (text) {
    WLAW_TRY(wlaw_graph_parse(&one, text, wanted.family, err));
    wanted.one = &one;
    degree = one.n_edges;
  }
  WLAW_TRY(wlaw_graph_list(&graphs, &n, wanted.family, degree, err));
  bool failed = false;
  json_t *document = list_json(&failed, graphs, n, &wanted);
  wlaw_json_put(&failed, document, "degree", wlaw_json_count(degree));
  wlaw_json_put(&failed, document, "input", text ? wlaw_json_text(text) : json_null());
  free(graphs);
  return wlaw_result_wrap(result, document, failed, err);
}
