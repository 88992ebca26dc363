#include "measure/invariant_plan.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "measure/invariant_elimination.h"

static wlaw_status graph_check(const graph *g, bool bipartite, wlaw_error *err) {
  bool out[GRAPH_NODES] = {false}, in[GRAPH_NODES] = {false};
  if (g->n_edges < 1 || g->n_edges > GRAPH_EDGES || g->n_nodes < 1 || g->n_nodes > GRAPH_NODES)
    return wlaw_fail(err, WLAW_ARGUMENT, "an invariant has 1 to %d edges, not %d", (int)GRAPH_EDGES, (int)g->n_edges);
  for (size_t k = 0; k < g->n_edges; k++) {
    const graph_edge e = g->edges[k];
    if (e.from >= g->n_nodes || e.to >= g->n_nodes)
      return wlaw_fail(err, WLAW_ARGUMENT, "edge %d-%d of an invariant names a node that it has not got", (int)e.from,
                       (int)e.to);
    out[e.from] = in[e.to] = true;
  }
  for (size_t v = 0; v < g->n_nodes; v++) {
    if (!out[v] && !in[v]) return wlaw_fail(err, WLAW_ARGUMENT, "node %zu of an invariant has no edge", v);
    if (bipartite && out[v] && in[v])
      return wlaw_fail(err, WLAW_ARGUMENT,
                       "node %zu of an invariant is both a row and a column, which a rectangular matrix cannot give",
                       v);
  }
  return WLAW_OK;
}

/* The value of a graph: the product of those of its components. */
static bool graph_value(uint32_t *value, expression_table *table, const graph *g) {
  const size_t n = wlaw_graph_components(NULL, g);
  uint32_t all = 0;
  for (size_t c = 0; c < n; c++) {
    graph part;
    uint32_t number;
    wlaw_graph_component(&part, g, c);
    if (!wlaw_graph_eliminate(&number, table, &part) || !wlaw_expressions_reserve(table, 1)) return false;
    all = c == 0 ? number : wlaw_expression(table, NUMBER_PRODUCT, all, number);
  }
  *value = all;
  return true;
}

/* sizes: what costs are judged by. */
static wlaw_status plan_fill(invariant_plan *plan, const graph *graphs, size_t n, const double sizes[2],
                             wlaw_error *err) {
  expression_table table;
  plan->n_graphs = n;
  plan->values = wlaw_array(n, sizeof *plan->values);
  if (!plan->values) return wlaw_fail_memory(err, n, sizeof *plan->values);
  wlaw_expressions_start(&table, plan->bipartite, sizes);
  bool enough = wlaw_expressions_reserve(&table, 1);
  if (enough) (void)wlaw_expression(&table, MATRIX_GIVEN, 0, 0);
  for (size_t k = 0; enough && k < n; k++) enough = graph_value(&plan->values[k], &table, &graphs[k]);
  plan->expressions = table.all;
  plan->n_expressions = table.n;
  return enough ? wlaw_plan_schedule(plan, err) : wlaw_fail_memory(err, table.n, sizeof *table.all);
}

static wlaw_status plan_new(invariant_plan **out, const graph *graphs, size_t n, bool bipartite, const double sizes[2],
                            wlaw_error *err) {
  invariant_plan *plan = wlaw_array(1, sizeof *plan);
  if (!plan) return wlaw_fail_memory(err, 1, sizeof *plan);
  plan->bipartite = bipartite;
  plan->tall = plan;
  const wlaw_status status = plan_fill(plan, graphs, n, sizes, err);
  if (status != WLAW_OK) wlaw_invariant_plan_free(plan);
  else *out = plan;
  return status;
}

wlaw_status wlaw_invariant_plan_new(invariant_plan **out, const graph *graphs, size_t n, bool bipartite,
                                    wlaw_error *err) {
  static const double square[2] = {64.0, 64.0}, wide[2] = {32.0, 128.0}, tall[2] = {128.0, 32.0};
  invariant_plan *plan, *other;
  for (size_t k = 0; k < n; k++) WLAW_TRY(graph_check(&graphs[k], bipartite, err));
  WLAW_TRY(plan_new(&plan, graphs, n, bipartite, bipartite ? wide : square, err));
  if (bipartite) {
    const wlaw_status status = plan_new(&other, graphs, n, true, tall, err);
    if (status != WLAW_OK) {
      wlaw_invariant_plan_free(plan);
      return status;
    }
    plan->tall = other;
  }
  *out = plan;
  return WLAW_OK;
}

void wlaw_invariant_plan_free(invariant_plan *plan) {
  if (!plan) return;
  if (plan->tall != plan) wlaw_invariant_plan_free(plan->tall);
  free(plan->expressions);
  free(plan->values);
  free(plan->steps);
  free(plan->row_steps);
  free(plan);
}

double wlaw_invariant_plan_cost(const invariant_plan *plan, size_t rows, size_t cols) {
  const double sizes[2] = {(double)rows, (double)cols};
  double cost = 0.0;
  if (rows > cols) plan = plan->tall;
  for (size_t k = 0; k < plan->n_expressions; k++)
    cost += wlaw_expression_cost(plan->expressions, &plan->expressions[k], sizes);
  return cost;
}
