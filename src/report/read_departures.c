/* What the fits of a tensor's laws miss, at all its epochs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "report/read.h"
#include "study/departure_study.h"

wlaw_status wlaw_departure_rows_read(departure_rows *out, const invariant_set *set, ensemble *source, size_t matrix,
                                     wlaw_error *err) {
  out->observed = (invariant_moments){.length = set->n, .mean = wlaw_array(2 * set->n, sizeof(double))};
  if (!out->observed.mean) return wlaw_fail_memory(err, 2 * set->n, sizeof(double));
  out->observed.squares = out->observed.mean + set->n;
  const wlaw_status status =
      wlaw_ensemble_measure_invariants(&out->moments, &out->observed, set->plan, source, matrix, 1, NULL, err);
  if (status != WLAW_OK) wlaw_departure_rows_free(out);
  return status;
}

void wlaw_departure_rows_free(departure_rows *rows) {
  free(rows->observed.mean);
  rows->observed = (invariant_moments){0};
}

/* One law at the epochs that have a fit of it: `at` their numbers. */
typedef struct law_epochs {
  matrix_gaussian *laws; /* [n] */
  size_t *at, n;
  graph_prediction *predicted; /* [n, n_graphs] */
} law_epochs;

static wlaw_status fit_epochs(law_epochs *out, const law_ops *law, const departure_rows *const *epochs,
                              size_t n_epochs) {
  for (size_t e = 0; e < n_epochs; e++) {
    matrix_fit fit;
    if (epochs[e]->observed.count == 0) continue;
    const wlaw_status status = wlaw_matrix_fit(&fit, law, &epochs[e]->moments, NULL);
    if (status == WLAW_MEMORY) return status;
    if (status != WLAW_OK) continue;
    out->laws[out->n] = fit.gaussian;
    out->at[out->n++] = e;
  }
  return WLAW_OK;
}

static wlaw_status judge_epochs(report_tensor *tensor, report_law k, const law_epochs *of,
                                const departure_rows *const *epochs, wlaw_error *err) {
  const size_t n = tensor->n_graphs;
  for (size_t i = 0; i < of->n; i++) {
    departure *departures = wlaw_array(n, sizeof *departures);
    if (!departures) return wlaw_fail_memory(err, n, sizeof *departures);
    tensor->points[of->at[i]].departures[k] = departures;
    WLAW_TRY(wlaw_departures_judge(departures, &epochs[of->at[i]]->observed, of->predicted + i * n, err));
  }
  return WLAW_OK;
}

static const double PATIENCE = 2.0; /* seconds of one core for the global test of one matrix */
enum { FEWEST = 199 };              /* replicates, where more would take longer */

static wlaw_status read_leaders(report_tensor *tensor, const departure *departures, const departure_test *test,
                                wlaw_error *err) {
  departure_group groups[DEPARTURE_GROUPS];
  size_t n, left;
  WLAW_TRY(wlaw_departures_group(groups, &n, &left, departures, test, tensor->n_graphs, err));
  for (size_t i = 0; i < n && i < REPORT_LEADERS; i++)
    tensor->leaders[tensor->n_leaders++] = (departure_leader){groups[i].leader, groups[i].followers};
  return WLAW_OK;
}

/* The global test, of the widest law at the last epoch alone: it costs more than all the rest. */
static wlaw_status simulate_last(report_tensor *tensor, tensor_point *last, report_law k, const invariant_set *set,
                                 const matrix_gaussian *law, const departure_null *null, wlaw_error *err) {
  departure_test test;
  wlaw_departures_test(&test, last->departures[k], set->n);
  if (null->networks < 2 || null->replicates == 0 || test.tested == 0) return WLAW_OK;
  departure_null affordable = *null;
  const double each = wlaw_departure_replicate_seconds(set, law, null->networks);
  if ((double)affordable.replicates * each > PATIENCE && affordable.replicates > FEWEST) affordable.replicates = FEWEST;
  if ((double)affordable.replicates * each > PATIENCE) return WLAW_OK;
  wlaw_status status = wlaw_departures_simulate(&test, last->departures[k], set, law, &affordable, NULL, err);
  if (status == WLAW_OK) {
    last->global_p[k] = test.p_value;
    status = read_leaders(tensor, last->departures[k], &test, err);
  }
  wlaw_departure_test_free(&test);
  return status;
}

wlaw_status wlaw_read_departures(report_tensor *tensor, report_law k, const invariant_set *set,
                                 const departure_rows *const *epochs, size_t n_epochs, const departure_null *null,
                                 wlaw_error *err) {
  const int own = wlaw_series_own_law(tensor, n_epochs);
  const report_law widest = own >= 0                       ? (report_law)own
                            : tensor->rows == tensor->cols ? REPORT_PERMUTATION
                                                           : REPORT_BIPARTITE;
  if (k > widest || (own >= 0 && k < widest)) return WLAW_OK;
  law_epochs of = {.laws = wlaw_array(n_epochs, sizeof *of.laws),
                   .at = wlaw_array(n_epochs, sizeof *of.at),
                   .predicted = wlaw_array(n_epochs * set->n, sizeof *of.predicted)};
  wlaw_status status = of.laws && of.at && of.predicted
                           ? fit_epochs(&of, wlaw_report_law_ops(k), epochs, n_epochs)
                           : wlaw_fail_memory(err, n_epochs * set->n, sizeof *of.predicted);
  if (status == WLAW_OK && of.n > 0) status = wlaw_wick_predict(of.predicted, set->wick, of.laws, of.n, err);
  if (status == WLAW_OK) status = judge_epochs(tensor, k, &of, epochs, err);
  const size_t last = n_epochs - 1;
  if (status == WLAW_OK && k == widest && of.n > 0 && of.at[of.n - 1] == last) {
    departure_null of_last = *null;
    of_last.networks = epochs[last]->observed.count;
    status = simulate_last(tensor, &tensor->points[last], k, set, &of.laws[of.n - 1], &of_last, err);
  }
  free(of.laws);
  free(of.at);
  free(of.predicted);
  return status;
}

wlaw_status wlaw_read_graphs(report_tensor *tensor, const invariant_set *set, wlaw_error *err) {
  tensor->family = set->family;
  tensor->graphs = wlaw_array(set->n, sizeof *tensor->graphs);
  if (!tensor->graphs) return wlaw_fail_memory(err, set->n, sizeof *tensor->graphs);
  memcpy(tensor->graphs, set->graphs, set->n * sizeof *tensor->graphs);
  tensor->n_graphs = set->n;
  return WLAW_OK;
}
