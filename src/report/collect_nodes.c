/* Correlations of incoming with outgoing weights over the nodes of each hidden layer, at every snapshot of a run,
 * through the fit of the law network. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "report/collect_unit.h"

typedef struct node_work {
  const collector *all;
  wlaw_result **fits; /* [n_epochs]; NULL where there is none */
  char **why;         /* [n_epochs] */
} node_work;

static wlaw_status fit_with(const node_work *work, size_t e, const char *input, wlaw_error *err) {
  const char *const pairs[] = {
      "law",     "network", "input", input, "output", "exchangeable", "exclude", work->all->request->exclude,
      "threads", "1",       NULL,    NULL};
  return wlaw_collect_fit(&work->fits[e], work->all, e, pairs, err);
}

/* Inputs and outputs are taken as exchangeable: the sum of a node's weights is one number. A snapshot without the first
 * layer still has the others. */
static wlaw_status fit_epoch(void *context, size_t e, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  (void)worker;
  (void)stop;
  const node_work *work = context;
  wlaw_error *reason = wlaw_error_new();
  wlaw_status status = fit_with(work, e, "exchangeable", reason);
  if (status != WLAW_OK && !wlaw_collect_is_fatal(status) && fit_with(work, e, "omit", NULL) == WLAW_OK)
    status = WLAW_OK;
  status = wlaw_collect_reason(&work->why[e], status, reason, err);
  wlaw_error_free(reason);
  return status;
}

/* The larger of both errors: a few networks with large weights are most of a correlation, and the robust one alone
 * knows. */
static double error_of(const json_t *norms, const char *under_none, const char *robust) {
  return fmax(wlaw_read_number(norms, under_none), wlaw_read_number(norms, robust));
}

static void read_point(node_correlation *point, const json_t *norms) {
  *point = (node_correlation){.sums = wlaw_read_number(norms, "sums.correlation"),
                              .sums_error = error_of(norms, "sums.standard_error", "sums.robust_standard_error"),
                              .norms = wlaw_read_number(norms, "correlation"),
                              .norms_error = error_of(norms, "standard_error", "robust_standard_error")};
}

static wlaw_status read_fits(report_series *series, const node_work *work, wlaw_error *err) {
  for (size_t e = 0; e < series->n_epochs; e++) {
    const json_t *list = work->fits[e] ? json_object_get(work->fits[e]->document, "squared_norms") : NULL;
    if (!series->nodes && json_array_size(list) > 0)
      WLAW_TRY(wlaw_series_nodes_new(series, json_array_size(list), err));
    for (size_t k = 0; k < series->n_nodes; k++) {
      const json_t *norms = json_array_get(list, k);
      if (!norms) continue;
      series->nodes[k].set = wlaw_read_number(norms, "set");
      read_point(&series->nodes[k].points[e], norms);
    }
  }
  for (size_t e = 0; e < series->n_epochs && !series->nodes; e++)
    if (work->why[e] && !wlaw_series_set_text(&series->why_no_nodes, work->why[e])) return wlaw_fail_memory(err, 1, 64);
  return WLAW_OK;
}

wlaw_status wlaw_collect_nodes(collector *all, wlaw_monitor *monitor, wlaw_error *err) {
  const size_t n = all->series->n_epochs;
  if (all->series->n_tensors < 2) return WLAW_OK; /* no hidden layer, or none with weights on both sides */
  node_work work = {.all = all, .fits = wlaw_array(n, sizeof *work.fits), .why = wlaw_array(n, sizeof *work.why)};
  wlaw_status status = work.fits && work.why ? WLAW_OK : wlaw_fail_memory(err, n, sizeof *work.fits);
  if (status == WLAW_OK) status = wlaw_parallel(n, all->request->threads, fit_epoch, &work, monitor, err);
  if (status == WLAW_OK) status = read_fits(all->series, &work, err);
  for (size_t e = 0; e < n; e++) {
    if (work.fits) wlaw_result_free(work.fits[e]);
    if (work.why) free(work.why[e]);
  }
  free(work.fits);
  free(work.why);
  return status;
}
