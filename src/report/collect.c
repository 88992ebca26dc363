#include "report/collect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/result.h"
#include "report/read.h"
#include "study/ensemble.h"

/* What one unit of work (a tensor at an epoch) brings back. */
typedef struct unit_result {
  wlaw_result *fits[1 + REPORT_LAWS]; /* the automatic one, then single laws that it left out */
  wlaw_result *distance;
} unit_result;

typedef struct collector {
  const collect_request *request;
  report_series *series;
  unit_result *units;    /* [n_epochs * n_tensors], epoch slowest */
  bool *wants_histogram; /* [n_epochs] */
} collector;

/* Failures that end the report; all others leave a gap. */
static bool is_fatal(wlaw_status status) { return status == WLAW_MEMORY || status == WLAW_CANCELLED; }

/* Keeps the sentence of a failure that leaves a gap; returns what the unit shall return. */
static wlaw_status keep_reason(char **why, wlaw_status status, const wlaw_error *reason, wlaw_error *err) {
  if (status == WLAW_OK) return WLAW_OK;
  if (is_fatal(status)) {
    wlaw_error_copy(err, reason);
    return status;
  }
  const char *message = reason ? wlaw_error_message(reason) : wlaw_status_message(status);
  return wlaw_series_set_text(why, message) ? WLAW_OK : wlaw_fail_memory(err, strlen(message), 1);
}

static wlaw_status set_options(wlaw_options *options, const char *const *pairs, wlaw_error *err) {
  for (; pairs[0]; pairs += 2)
    if (pairs[1]) WLAW_TRY(wlaw_options_set(options, pairs[0], pairs[1], err));
  return WLAW_OK;
}

/* An epoch as text, or NULL where the input has none. */
typedef struct epoch_text {
  char s[32];
} epoch_text;

static const char *epoch_option(epoch_text *text, const report_series *series, size_t e) {
  if (!series->is_run) return NULL;
  snprintf(text->s, sizeof text->s, "%.0f", series->epochs[e]);
  return text->s;
}

/* The tensor's name as an option; NULL for a file's only, nameless array. */
static const char *tensor_option(const report_series *series, const report_tensor *tensor) {
  return series->n_tensors == 1 && !*tensor->name ? NULL : tensor->name;
}

static wlaw_status fit_law(wlaw_result **result, const collector *all, const report_tensor *tensor, size_t e,
                           const char *law, wlaw_error *err) {
  epoch_text epoch;
  const char *const pairs[] = {"law",     law,
                               "tensor",  tensor_option(all->series, tensor),
                               "epoch",   epoch_option(&epoch, all->series, e),
                               "exclude", all->series->is_run ? all->request->exclude : NULL,
                               "seed",    all->request->seed,
                               "threads", "1",
                               NULL,      NULL};
  wlaw_options *options = NULL;
  wlaw_status status = wlaw_options_new(&options, "fit", err);
  if (status == WLAW_OK) status = set_options(options, pairs, err);
  if (status == WLAW_OK) status = wlaw_fit(result, &all->request->input, 1, options, NULL, NULL, err);
  wlaw_options_free(options);
  return status;
}

/* The laws whose parameters the page shows and the automatic fit did not give. */
static wlaw_status fit_missing_laws(unit_result *unit, const collector *all, const report_tensor *tensor, size_t e,
                                    wlaw_error *err) {
  tensor_point *seen = wlaw_array(1, sizeof *seen);
  if (!seen) return wlaw_fail_memory(err, 1, sizeof *seen);
  wlaw_read_fit(seen, unit->fits[0]->document);
  wlaw_status status = WLAW_OK;
  for (int k = 0; status == WLAW_OK && k < REPORT_LAWS; k++) {
    const bool applies = k != REPORT_PERMUTATION || tensor->rows == tensor->cols;
    if (!applies || seen->fits[k].present) continue;
    status = fit_law(&unit->fits[1 + k], all, tensor, e, wlaw_report_law_name((report_law)k), err);
    if (!is_fatal(status)) status = WLAW_OK;
  }
  free(seen);
  return status;
}

/* The law in which a tensor is compared with its initial law. */
static const char *distance_law(const collector *all, const report_tensor *tensor) {
  const char *law = all->request->law;
  const bool square = tensor->rows == tensor->cols;
  if (strcmp(law, "auto") != 0 && (square || strcmp(law, wlaw_report_law_name(REPORT_PERMUTATION)) != 0)) return law;
  return wlaw_report_law_name(square ? REPORT_PERMUTATION : REPORT_BIPARTITE);
}

static wlaw_status compare_with_initial(wlaw_result **result, const collector *all, const report_tensor *tensor,
                                        size_t e, wlaw_error *err) {
  const char *const pairs[] = {
      "law", distance_law(all, tensor), "tensor", tensor->name, "exclude", all->request->exclude, "threads", "1", NULL,
      NULL};
  text_buffer here = {0};
  wlaw_text_add(&here, "%s@%.0f", all->request->input, all->series->epochs[e]);
  wlaw_options *options = NULL;
  wlaw_status status =
      here.failed ? wlaw_fail_memory(err, strlen(all->request->input), 1) : wlaw_options_new(&options, "compare", err);
  if (status == WLAW_OK) status = set_options(options, pairs, err);
  const char *const inputs[] = {wlaw_text_string(&here), "init"};
  if (status == WLAW_OK) status = wlaw_compare(result, inputs, 2, options, NULL, NULL, err);
  wlaw_options_free(options);
  wlaw_text_free(&here);
  return status;
}

static wlaw_status read_weights(weight_histogram **out, const collector *all, const report_tensor *tensor, size_t e,
                                wlaw_error *err) {
  const ensemble_request request = {
      .paths = &all->request->input,
      .n_paths = 1,
      .tensor = tensor_option(all->series, tensor),
      .has_epoch = all->series->is_run,
      .epoch = all->series->is_run ? (uint64_t)all->series->epochs[e] : 0,
      .exclude_dead = all->series->is_run && strcmp(all->request->exclude, "dead") == 0,
  };
  ensemble *source = NULL;
  WLAW_TRY(wlaw_ensemble_open(&source, &request, err));
  const wlaw_status status = wlaw_read_histogram(out, source, 0, err);
  wlaw_ensemble_close(source);
  return status;
}

static wlaw_status collect_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  (void)worker;
  collector *all = context;
  const size_t n_tensors = all->series->n_tensors, e = unit / n_tensors;
  report_tensor *tensor = &all->series->tensors[unit % n_tensors];
  tensor_point *point = &tensor->points[e];
  unit_result *result = &all->units[unit];
  wlaw_error *reason = wlaw_error_new();
  wlaw_status status = fit_law(&result->fits[0], all, tensor, e, "auto", reason);
  if (status == WLAW_OK) status = fit_missing_laws(result, all, tensor, e, reason);
  status = keep_reason(&point->why_no_fit, status, reason, err);
  wlaw_error_clear(reason);
  const char *unchosen = result->fits[0] ? wlaw_read_unchosen(result->fits[0]->document) : NULL;
  if (status == WLAW_OK && unchosen && !wlaw_series_set_text(&point->why_no_choice, unchosen))
    status = wlaw_fail_memory(err, strlen(unchosen), 1);
  if (status == WLAW_OK && all->series->is_run && !atomic_load(stop)) {
    status = compare_with_initial(&result->distance, all, tensor, e, reason);
    status = keep_reason(&point->why_no_distance, status, reason, err);
  }
  if (status == WLAW_OK && all->wants_histogram[e] && !atomic_load(stop)) {
    status = read_weights(&point->histogram, all, tensor, e, err);
    if (!is_fatal(status)) status = WLAW_OK; /* the fit gave the reason */
  }
  wlaw_error_free(reason);
  return status;
}

/* Documents into numbers, in order, so that names of blocks are given once. */
static wlaw_status read_units(collector *all, wlaw_error *err) {
  report_series *series = all->series;
  for (size_t unit = 0; unit < series->n_epochs * series->n_tensors; unit++) {
    const size_t e = unit / series->n_tensors;
    report_tensor *tensor = &series->tensors[unit % series->n_tensors];
    const unit_result *result = &all->units[unit];
    for (size_t k = 1; k <= REPORT_LAWS; k++)
      if (result->fits[k]) wlaw_read_fit(&tensor->points[e], result->fits[k]->document);
    if (result->fits[0]) wlaw_read_fit(&tensor->points[e], result->fits[0]->document);
    if (result->distance) WLAW_TRY(wlaw_read_distance(tensor, e, result->distance->document, err));
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
    status = wlaw_parallel(n, all->request->threads, collect_unit, all, monitor, err);
  }
  if (status == WLAW_OK) status = read_units(all, err);
  for (size_t unit = 0; all->units && unit < n; unit++) {
    for (size_t k = 0; k <= REPORT_LAWS; k++) wlaw_result_free(all->units[unit].fits[k]);
    wlaw_result_free(all->units[unit].distance);
  }
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
  status = keep_reason(&series->why_no_metrics, status, reason, err);
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
  wlaw_run_close(run);
  if (status == WLAW_OK) {
    collector all = {.request = request, .series = series};
    if (monitor) monitor->what = "fitting";
    status = run_units(&all, monitor, err);
  }
  if (status == WLAW_OK) status = check_not_empty(series, request->input, err);
  if (status == WLAW_OK) *out = series;
  else wlaw_series_free(series);
  return status;
}
