#include "law/contraction.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

/* Terms of one class while it is expanded: targets are numbered within their level. */
enum { MOST_TERMS = GRAPH_EDGES * DELTA_MEANS + GRAPH_EDGES * (GRAPH_EDGES - 1) / 2 * DELTA_COVARIANCES };

typedef struct term_list {
  contraction_term terms[MOST_TERMS];
  size_t count;
} term_list;

static void add_term(term_list *list, size_t from, double weight, size_t target, size_t diagram,
                     const uint8_t closed[2]) {
  const size_t factor = (diagram * FACTOR_POWERS + closed[0]) * FACTOR_POWERS + closed[1];
  for (size_t t = from; t < list->count; t++)
    if (list->terms[t].target == target && list->terms[t].factor == factor) {
      list->terms[t].weight += weight;
      return;
    }
  list->terms[list->count++] =
      (contraction_term){.weight = weight, .target = (uint32_t)target, .factor = (uint32_t)factor};
}

static bool usable(const contraction_plan *plan, size_t diagram) {
  return !plan->bipartite || diagram == DELTA_BOTH || diagram == DELTA_ROWS || diagram == DELTA_COLUMNS ||
         diagram == DELTA_ONE;
}

/* Single edges first; *singles: how many terms these make. */
static bool expand(term_list *list, size_t *singles, contraction_plan *plan, size_t m, partition p) {
  uint8_t closed[2];
  size_t target;
  list->count = 0;
  for (size_t e = 0; e < m; e++)
    for (size_t d = 0; d < (plan->bipartite ? 1 : DELTA_MEANS); d++) {
      const partition left = wlaw_partition_mean(p, m, e, d, closed);
      if (!wlaw_class_find(&target, &plan->levels[m - 1], left)) return false;
      add_term(list, 0, 1.0, target, d, closed);
    }
  *singles = list->count;
  for (size_t e = 0; e < m; e++)
    for (size_t f = e + 1; f < m; f++)
      for (size_t d = 0; d < DELTA_COVARIANCES; d++) {
        if (!usable(plan, d)) continue;
        const partition left = wlaw_partition_pair(p, m, e, f, d, closed);
        if (!wlaw_class_find(&target, &plan->levels[m - 2], left)) return false;
        add_term(list, *singles, 2.0, target, DELTA_MEANS + d, closed);
      }
  return true;
}

/* All classes of one level expanded, their terms behind one another. */
typedef struct level_terms {
  contraction_term *terms;
  size_t *first, *singles; /* [classes + 1], [classes] */
} level_terms;

static bool expand_level(level_terms *out, contraction_plan *plan, size_t m) {
  const class_table *table = &plan->levels[m];
  const size_t per_class = m * DELTA_MEANS + m * (m - 1) / 2 * DELTA_COVARIANCES;
  term_list list;
  *out = (level_terms){.terms = wlaw_array(table->count * per_class, sizeof *out->terms),
                       .first = wlaw_array(table->count + 1, sizeof *out->first),
                       .singles = wlaw_array(table->count, sizeof *out->singles)};
  if (!out->terms || !out->first || !out->singles) return false;
  for (size_t c = 0; c < table->count; c++) {
    if (!expand(&list, &out->singles[c], plan, m, table->map.keys[table->classes[c].first])) return false;
    memcpy(out->terms + out->first[c], list.terms, list.count * sizeof *list.terms);
    out->first[c + 1] = out->first[c] + list.count;
  }
  return true;
}

/* Levels behind one another, fewest edges first, targets numbered over all levels. */
static bool join_levels(contraction_plan *plan, const level_terms levels[GRAPH_EDGES + 1]) {
  size_t n_terms = 0, at = 0, class = 0;
  for (size_t m = 0; m <= GRAPH_EDGES; m++) {
    plan->start[m + 1] = plan->start[m] + plan->levels[m].count;
    if (m > 0 && m <= plan->degree) n_terms += levels[m].first[plan->levels[m].count];
  }
  plan->terms = wlaw_array(n_terms, sizeof *plan->terms);
  plan->first = wlaw_array(plan->start[plan->degree + 1] + 1, sizeof *plan->first);
  if (!plan->terms || !plan->first) return false;
  for (size_t m = 0; m <= plan->degree; m++)
    for (size_t c = 0; c < plan->levels[m].count; c++) {
      plan->first[class ++] = at;
      if (m == 0) continue;
      for (size_t t = levels[m].first[c]; t < levels[m].first[c + 1]; t++) {
        const bool single = t < levels[m].first[c] + levels[m].singles[c];
        plan->terms[at] = levels[m].terms[t];
        plan->terms[at++].target += (uint32_t)plan->start[single ? m - 1 : m - 2];
      }
    }
  plan->first[class] = at;
  return true;
}

static bool build(contraction_plan *plan, const graph *graphs) {
  level_terms levels[GRAPH_EDGES + 1] = {{0}};
  size_t class;
  bool ok = true;
  for (size_t m = 0; m <= GRAPH_EDGES; m++) plan->levels[m].n_edges = m;
  for (size_t g = 0; g < plan->n_graphs && ok; g++) {
    const size_t m = plan->n_edges[g] = graphs[g].n_edges;
    ok = wlaw_class_find(&class, &plan->levels[m], wlaw_partition_of_graph(&graphs[g]));
    plan->class_of[g] = (uint32_t) class;
    plan->degree = m > plan->degree ? m : plan->degree;
  }
  /* A class only reaches levels below its own. */
  for (size_t m = plan->degree; m > 0 && ok; m--) ok = expand_level(&levels[m], plan, m);
  ok = ok && join_levels(plan, levels);
  for (size_t m = 0; m <= GRAPH_EDGES; m++) {
    free(levels[m].terms);
    free(levels[m].first);
    free(levels[m].singles);
  }
  for (size_t g = 0; g < plan->n_graphs && ok; g++) plan->class_of[g] += (uint32_t)plan->start[plan->n_edges[g]];
  return ok;
}

static wlaw_status check_graph(const graph *g, bool bipartite, wlaw_error *err) {
  bool row[GRAPH_NODES] = {false}, column[GRAPH_NODES] = {false};
  if (g->n_edges < 1 || g->n_edges > GRAPH_EDGES)
    return wlaw_fail(err, WLAW_LIMIT, "a graph of %u edges cannot be predicted: 1 to %d can", (unsigned)g->n_edges,
                     (int)GRAPH_EDGES);
  for (size_t e = 0; e < g->n_edges; e++) {
    if (g->edges[e].from >= GRAPH_NODES || g->edges[e].to >= GRAPH_NODES)
      return wlaw_fail(err, WLAW_ARGUMENT, "an edge of the graph has a node above %d", (int)GRAPH_NODES - 1);
    row[g->edges[e].from] = column[g->edges[e].to] = true;
  }
  for (size_t v = 0; v < GRAPH_NODES && bipartite; v++)
    if (row[v] && column[v])
      return wlaw_fail(err, WLAW_ARGUMENT,
                       "node %zu of the graph has outgoing and incoming edges, but rows and columns of the matrix are "
                       "two index sets",
                       v);
  return WLAW_OK;
}

wlaw_status wlaw_contraction_plan(contraction_plan *out, const graph *graphs, size_t n, bool bipartite,
                                  wlaw_error *err) {
  *out = (contraction_plan){.bipartite = bipartite, .n_graphs = n};
  for (size_t g = 0; g < n; g++) WLAW_TRY(check_graph(&graphs[g], bipartite, err));
  out->class_of = wlaw_array(n, sizeof *out->class_of);
  out->n_edges = wlaw_array(n, sizeof *out->n_edges);
  if (out->class_of && out->n_edges && build(out, graphs)) return WLAW_OK;
  wlaw_contraction_plan_free(out);
  return wlaw_fail(err, WLAW_MEMORY, "no memory for the contractions of %zu graphs", n);
}

void wlaw_contraction_plan_free(contraction_plan *plan) {
  for (size_t m = 0; m <= GRAPH_EDGES; m++) wlaw_class_table_free(&plan->levels[m]);
  free(plan->terms);
  free(plan->first);
  free(plan->class_of);
  free(plan->n_edges);
  *plan = (contraction_plan){0};
}

void wlaw_contraction_factors(double factors[FACTORS], const delta_law *law) {
  for (size_t d = 0; d < FACTOR_DIAGRAMS; d++) {
    double row = d < DELTA_MEANS ? law->mean[d] : law->covariance[d - DELTA_MEANS];
    for (size_t r = 0; r < FACTOR_POWERS; r++, row *= law->sizes[0]) {
      double value = row;
      for (size_t c = 0; c < FACTOR_POWERS; c++, value *= law->sizes[1]) *factors++ = value;
    }
  }
}

void wlaw_contraction_means(double *values, const contraction_plan *plan, const double factors[FACTORS], size_t most) {
  for (size_t c = 0; c < plan->start[1]; c++) values[c] = 1.0;
  for (size_t m = 1; m <= most; m++)
    for (size_t c = plan->start[m]; c < plan->start[m + 1]; c++) {
      double sum = 0.0;
      for (size_t t = plan->first[c]; t < plan->first[c + 1]; t++)
        sum += plan->terms[t].weight * factors[plan->terms[t].factor] * values[plan->terms[t].target];
      values[c] = sum / (double)m;
    }
}

void wlaw_contraction_parts(double *out, const contraction_plan *plan, const double factors[FACTORS], size_t m) {
  const size_t n = plan->levels[m].count;
  memset(out, 0, plan->start[plan->degree + 1] * n * sizeof *out);
  for (size_t c = 0; c < n; c++) out[(plan->start[m] + c) * n + c] = 1.0;
  for (size_t k = m + 1; k <= plan->degree; k++)
    for (size_t c = plan->start[k]; c < plan->start[k + 1]; c++)
      for (size_t t = plan->first[c]; t < plan->first[c + 1]; t++) {
        const double factor = plan->terms[t].weight * factors[plan->terms[t].factor] / (double)(k - m);
        const double *target = out + plan->terms[t].target * n;
        if (factor == 0.0 || plan->terms[t].target < plan->start[m]) continue;
        for (size_t d = 0; d < n; d++) out[c * n + d] += factor * target[d];
      }
}
