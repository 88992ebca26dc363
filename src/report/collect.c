#include "report/collect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "law/space.h"
#include "report/collect_unit.h"
#include "study/initial.h"

/* Where weights are independent and alike at first; else NaN. */
static initial_moments initial_moments_of(const collector *all, const report_tensor *tensor) {
  matrix_gaussian gaussian;
  double kurtosis;
  const initial_moments unknown = {NAN, NAN, NAN};
  if (wlaw_initial_law(&gaussian, &kurtosis, all->run, tensor->name, tensor->rows, tensor->cols, NULL) != WLAW_OK)
    return unknown;
  if (gaussian.law != &wlaw_law_iid) return unknown;
  return (initial_moments){gaussian.mean[0], gaussian.covariance[0][0], kurtosis};
}

/* The invariants of a tensor through training. */
static wlaw_status read_changes(collector *all, size_t t, wlaw_error *err) {
  const size_t n = all->series->n_epochs;
  const invariant_rows **rows = wlaw_array(n, sizeof *rows);
  if (!rows) return wlaw_fail_memory(err, n, sizeof *rows);
  for (size_t e = 0; e < n; e++) rows[e] = &all->units[e * all->series->n_tensors + t].invariants;
  const initial_moments initial = initial_moments_of(all, &all->series->tensors[t]);
  wlaw_read_changes(&all->series->tensors[t], rows, n, &initial);
  free(rows);
  return WLAW_OK;
}

/* One law of one tensor at all epochs: the unit of the work on departures. */
static wlaw_status judge_law(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  (void)worker;
  (void)stop;
  collector *all = context;
  const size_t n = all->series->n_epochs, t = unit / REPORT_LAWS;
  report_tensor *tensor = &all->series->tensors[t];
  if (!wlaw_collect_set(all, tensor)) return WLAW_OK;
  const departure_rows **rows = wlaw_array(n, sizeof *rows);
  if (!rows) return wlaw_fail_memory(err, n, sizeof *rows);
  for (size_t e = 0; e < n; e++) rows[e] = &all->units[e * all->series->n_tensors + t].departures;
  const departure_null null = {.replicates = 499, .seed = all->request->seed_number, .threads = 1};
  const wlaw_status status = wlaw_read_departures(tensor, (report_law)(unit % REPORT_LAWS),
                                                  wlaw_collect_set(all, tensor), rows, n, &null, err);
  free(rows);
  return status;
}

/* Documents into numbers, in order, so that names of blocks are given once. */
static wlaw_status read_units(collector *all, wlaw_error *err) {
  report_series *series = all->series;
  for (size_t unit = 0; unit < series->n_epochs * series->n_tensors; unit++) {
    report_tensor *tensor = &series->tensors[unit % series->n_tensors];
    tensor_point *point = &tensor->points[unit / series->n_tensors];
    const unit_result *result = &all->units[unit];
    for (size_t k = 1; k <= REPORT_LAWS; k++)
      if (result->fits[k]) wlaw_read_fit(point, result->fits[k]->document);
    if (result->fits[0]) wlaw_read_fit(point, result->fits[0]->document);
    if (result->distance) WLAW_TRY(wlaw_read_distance(&point->distance, tensor, result->distance->document, err));
    if (result->step) WLAW_TRY(wlaw_read_distance(&point->step, tensor, result->step->document, err));
  }
  return WLAW_OK;
}

static wlaw_status read_invariants(collector *all, wlaw_error *err) {
  report_series *series = all->series;
  for (size_t t = 0; t < series->n_tensors; t++) {
    if (all->run) WLAW_TRY(read_changes(all, t, err));
    const invariant_set *set = wlaw_collect_set(all, &series->tensors[t]);
    if (set) WLAW_TRY(wlaw_read_graphs(&series->tensors[t], set, err));
  }
  return WLAW_OK;
}

/* Matrices that are symmetric, say, at some epochs alone have one law there and others elsewhere. */
static wlaw_status leave_out_mixed(report_tensor *tensor, size_t n_epochs, wlaw_error *err) {
  if (wlaw_series_own_law(tensor, n_epochs) >= 0) return WLAW_OK;
  for (size_t e = 0; e < n_epochs; e++) {
    const int chosen = tensor->points[e].chosen;
    if (chosen < REPORT_NESTED) continue;
    char why[160];
    snprintf(why, sizeof why, "its matrices are %s at some epochs and not at others, so they have no one law to test",
             wlaw_space_words(wlaw_report_law_ops((report_law)chosen)->matrix->space));
    return wlaw_series_set_text(&tensor->why_no_departures, why) ? WLAW_OK : wlaw_fail_memory(err, sizeof why, 1);
  }
  return WLAW_OK;
}

/* The invariants to look at; matrices whose invariants take longer than a reader waits are left out. */
static wlaw_status choose_invariants(collector *all, wlaw_error *err) {
  static const double patience = 60; /* seconds of one core for all of them */
  const collect_request *request = all->request;
  double spent = 0;
  for (size_t t = 0; t < all->series->n_tensors && request->degree > 0; t++) {
    report_tensor *tensor = &all->series->tensors[t];
    WLAW_TRY(leave_out_mixed(tensor, all->series->n_epochs, err));
    if (tensor->why_no_departures) continue;
    const graph_family family = wlaw_collect_family(all, tensor);
    invariant_set *set = &all->sets[family];
    if (set->n == 0) WLAW_TRY(wlaw_invariant_set_make(set, family, request->degree, NULL, err));
    const double seconds = (double)all->series->n_epochs *
                           wlaw_departure_measure_seconds(set, tensor->rows, tensor->cols, tensor->networks);
    if (request->degree_is_set || spent + seconds <= patience) {
      spent += seconds;
      continue;
    }
    char why[160];
    snprintf(why, sizeof why, "its invariants would take about %.2g s of one core to evaluate; --degree %zu insists",
             seconds, request->degree);
    if (!wlaw_series_set_text(&tensor->why_no_departures, why)) return wlaw_fail_memory(err, sizeof why, 1);
  }
  return WLAW_OK;
}

static wlaw_status run_units(collector *all, wlaw_monitor *monitor, wlaw_error *err) {
  const size_t n = all->series->n_epochs * all->series->n_tensors;
  size_t shown[3];
  const size_t n_shown = wlaw_series_histogram_epochs(shown, all->series->n_epochs);
  all->units = wlaw_array(n, sizeof *all->units);
  all->wants_histogram = wlaw_array(all->series->n_epochs, sizeof(bool));
  wlaw_status status = all->units && all->wants_histogram ? WLAW_OK : wlaw_fail_memory(err, n, sizeof *all->units);
  if (status == WLAW_OK) {
    for (size_t i = 0; i < n_shown; i++) all->wants_histogram[shown[i]] = true;
    status = wlaw_parallel(n, all->request->threads, wlaw_collect_fits, all, monitor, err);
  }
  if (status == WLAW_OK) status = read_units(all, err);
  if (status == WLAW_OK) status = choose_invariants(all, err);
  if (status == WLAW_OK) status = wlaw_parallel(n, all->request->threads, wlaw_collect_weights, all, monitor, err);
  if (status == WLAW_OK) status = read_invariants(all, err);
  if (status == WLAW_OK)
    status = wlaw_parallel(all->series->n_tensors * REPORT_LAWS, all->request->threads, judge_law, all, monitor, err);
  for (size_t unit = 0; all->units && unit < n; unit++) wlaw_unit_release(&all->units[unit]);
  for (size_t k = 0; k < sizeof all->sets / sizeof *all->sets; k++) wlaw_invariant_set_free(&all->sets[k]);
  free(all->units);
  free(all->wants_histogram);
  return status;
}

/* The matrices of the first snapshot; later ones that lack one of them leave gaps. */
static wlaw_status open_series(report_series **out, const collect_request *request, const run_directory *run,
                               wlaw_error *err) {
  const ensemble_request ask = {
      .paths = &request->input, .n_paths = 1, .has_epoch = run != NULL, .epoch = run ? run->epochs[0] : 0};
  ensemble *source = NULL;
  report_series *series = NULL;
  WLAW_TRY(wlaw_ensemble_open(&source, &ask, err));
  wlaw_status status = wlaw_series_new(&series, run ? run->n_epochs : 1, source->n_matrices, err);
  for (size_t t = 0; status == WLAW_OK && t < source->n_matrices; t++) {
    report_tensor *tensor = &series->tensors[t];
    tensor->rows = source->matrices[t].rows;
    tensor->cols = source->matrices[t].cols;
    tensor->networks = source->matrices[t].networks;
    tensor->is_first = source->matrices[t].first;
    tensor->is_last = source->matrices[t].last;
    if (!wlaw_series_set_text(&tensor->name, source->matrices[t].name)) status = wlaw_fail_memory(err, 1, 64);
  }
  for (size_t e = 0; status == WLAW_OK && run && e < run->n_epochs; e++) series->epochs[e] = (double)run->epochs[e];
  wlaw_ensemble_close(source);
  if (status == WLAW_OK) *out = series;
  else wlaw_series_free(series);
  return status;
}

static wlaw_status describe_run(report_series *series, const collect_request *request, const run_directory *run,
                                wlaw_error *err) {
  const ensemble_request rule = {.exclude_dead = strcmp(request->exclude, "dead") == 0};
  run_metrics *metrics = NULL;
  series->is_run = true;
  WLAW_TRY(wlaw_read_settings(series, run->config, err));
  if (rule.exclude_dead && !wlaw_series_set_text(&series->exclusion, wlaw_ensemble_rule(&rule)))
    return wlaw_fail_memory(err, 1, 64);
  wlaw_error *reason = wlaw_error_new();
  wlaw_status status = wlaw_run_metrics_read(&metrics, run, reason);
  status = wlaw_collect_reason(&series->why_no_metrics, status, reason, err);
  wlaw_error_free(reason);
  if (status == WLAW_OK && metrics) status = wlaw_read_metrics(&series->metrics, metrics, err);
  wlaw_run_metrics_free(metrics);
  return status;
}

/* The last part of a path, trailing slashes aside. */
static bool name_source(report_series *series, const char *path) {
  size_t n = strlen(path);
  while (n > 1 && path[n - 1] == '/') n--;
  char *copy = wlaw_text_duplicate(path, n);
  const bool named = copy && wlaw_series_set_text(&series->source, wlaw_path_name(copy));
  free(copy);
  return named;
}

/* Nothing to show at all is an error: the reason of the first gap. */
static wlaw_status check_not_empty(const report_series *series, const char *input, wlaw_error *err) {
  const char *why = NULL;
  for (size_t t = 0; t < series->n_tensors; t++)
    for (size_t e = 0; e < series->n_epochs; e++) {
      const tensor_point *point = &series->tensors[t].points[e];
      for (int k = 0; k < REPORT_LAWS; k++)
        if (point->fits[k].present) return WLAW_OK;
      if (point->histogram || series->metrics) return WLAW_OK;
      if (!why) why = point->why_no_fit;
    }
  return wlaw_error_in_file(
      err, wlaw_fail(err, WLAW_VALUE, "there is nothing to report: %s", why ? why : "no weight matrix was found"),
      input);
}

wlaw_status wlaw_collect(report_series **out, const collect_request *request, wlaw_monitor *monitor, wlaw_error *err) {
  run_directory *run = NULL;
  report_series *series = NULL;
  wlaw_status status = WLAW_OK;
  if (wlaw_path_is_folder(request->input)) {
    WLAW_TRY(wlaw_run_open(&run, request->input, err));
    if (run->n_epochs == 0) {
      status = wlaw_fail(err, WLAW_VALUE, "the run has no snapshot yet");
      wlaw_error_in_file(err, status, request->input);
      wlaw_error_add_hint(err, status, "finish it with weightlaw train --resume");
    }
  }
  if (status == WLAW_OK) status = open_series(&series, request, run, err);
  if (status == WLAW_OK && !name_source(series, request->input)) status = wlaw_fail_memory(err, 1, 1);
  if (status == WLAW_OK && run) status = describe_run(series, request, run, err);
  if (status == WLAW_OK) {
    collector all = {.request = request, .run = run, .series = series};
    if (monitor) monitor->what = "fitting";
    status = run_units(&all, monitor, err);
    if (status == WLAW_OK && run) status = wlaw_collect_nodes(&all, monitor, err);
  }
  wlaw_run_close(run);
  if (status == WLAW_OK) status = check_not_empty(series, request->input, err);
  if (status == WLAW_OK) *out = series;
  else wlaw_series_free(series);
  return status;
}
