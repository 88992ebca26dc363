/* Which graphs are looked at, and what they cost. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"
#include "study/departures.h"

graph_family wlaw_departure_family(const law_ops *law, size_t rows, size_t cols) {
  return rows != cols ? GRAPH_BIPARTITE : law ? law->matrix->family : GRAPH_DIRECTED;
}

/* Appends graphs that are not there yet. */
static wlaw_status append(invariant_set *set, const graph *graphs, size_t n, wlaw_error *err) {
  graph *more = wlaw_array(set->n + n, sizeof *more);
  if (!more) return wlaw_fail_memory(err, set->n + n, sizeof *more);
  if (set->n > 0) memcpy(more, set->graphs, set->n * sizeof *more);
  free(set->graphs);
  set->graphs = more;
  for (size_t i = 0; i < n; i++) {
    size_t k = 0;
    while (k < set->n && wlaw_graph_compare(&set->graphs[k], &graphs[i]) != 0) k++;
    if (k == set->n) set->graphs[set->n++] = graphs[i];
  }
  return WLAW_OK;
}

static wlaw_status append_degree(invariant_set *set, size_t degree, wlaw_error *err) {
  graph *graphs = NULL;
  size_t n = 0;
  WLAW_TRY(wlaw_graph_list(&graphs, &n, set->family, degree, err));
  const wlaw_status status = append(set, graphs, n, err);
  free(graphs);
  return status;
}

/* Empty pieces ("a;;b", a final ';') are passed over; a text of nothing else is an error. */
static wlaw_status append_texts(invariant_set *set, const char *texts, wlaw_error *err) {
  size_t found = 0;
  for (const char *at = texts; *at;) {
    const size_t length = strcspn(at, ";");
    if (strspn(at, " ") < length) {
      graph one;
      char *text = wlaw_text_duplicate(at, length);
      if (!text) return wlaw_fail_memory(err, length, 1);
      const wlaw_status status = wlaw_graph_parse(&one, text, set->family, err);
      free(text);
      WLAW_TRY(status);
      WLAW_TRY(append(set, &one, 1, err));
      found++;
    }
    at += length + (at[length] == ';');
  }
  if (found > 0) return WLAW_OK;
  wlaw_fail(err, WLAW_ARGUMENT, "no graph is named");
  return wlaw_error_add_hint(err, WLAW_ARGUMENT, "a graph is a list of edges such as 0-1,1-2,2-0");
}

wlaw_status wlaw_invariant_set_make(invariant_set *out, graph_family family, size_t degree, const char *texts,
                                    wlaw_error *err) {
  wlaw_status status = WLAW_OK;
  *out = (invariant_set){.family = family};
  for (size_t d = 1; d <= degree && status == WLAW_OK; d++) status = append_degree(out, d, err);
  if (texts && status == WLAW_OK) status = append_texts(out, texts, err);
  if (status == WLAW_OK)
    status = wlaw_invariant_plan_new(&out->plan, out->graphs, out->n, family == GRAPH_BIPARTITE, err);
  if (status == WLAW_OK) status = wlaw_wick_plan_new(&out->wick, out->graphs, out->n, family == GRAPH_BIPARTITE, err);
  if (status != WLAW_OK) wlaw_invariant_set_free(out);
  return status;
}

void wlaw_invariant_set_free(invariant_set *set) {
  wlaw_invariant_plan_free(set->plan);
  wlaw_wick_plan_free(set->wick);
  free(set->graphs);
  *set = (invariant_set){0};
}

/* Seconds: of a multiply-add of the plan, of a normal number drawn and measured, of the expectation of a graph under
 * one more law, of a step of the variance of a graph. */
static const double multiply_add = 3e-10, number = 6e-8, expectation = 1e-6, step = 1e-7;

double wlaw_departure_measure_seconds(const invariant_set *set, size_t rows, size_t cols, size_t networks) {
  return multiply_add * (double)networks * wlaw_invariant_plan_cost(set->plan, rows, cols);
}

double wlaw_departure_predict_seconds(const invariant_set *set) {
  double steps = 0.0;
  for (size_t k = 0; k < set->n; k++) steps += wlaw_graph_predict_cost(&set->graphs[k], set->family == GRAPH_BIPARTITE);
  return steps * step;
}

double wlaw_departure_replicate_seconds(const invariant_set *set, const matrix_gaussian *law, size_t networks) {
  const size_t rows = law->layout.rows, cols = law->layout.cols;
  return wlaw_departure_measure_seconds(set, rows, cols, networks) +
         number * (double)networks * (double)rows * (double)cols + expectation * (double)set->n;
}
