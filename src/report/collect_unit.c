#include "report/collect_unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

bool wlaw_collect_is_fatal(wlaw_status status) { return status == WLAW_MEMORY || status == WLAW_CANCELLED; }

wlaw_status wlaw_collect_reason(char **why, wlaw_status status, const wlaw_error *reason, wlaw_error *err) {
  if (status == WLAW_OK) return WLAW_OK;
  if (wlaw_collect_is_fatal(status)) {
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

wlaw_status wlaw_collect_fit(wlaw_result **result, const collector *all, size_t e, const char *const *pairs,
                             wlaw_error *err) {
  epoch_text epoch;
  const char *const at[] = {"epoch", epoch_option(&epoch, all->series, e), NULL, NULL};
  wlaw_options *options = NULL;
  wlaw_status status = wlaw_options_new(&options, "fit", err);
  if (status == WLAW_OK) status = set_options(options, pairs, err);
  if (status == WLAW_OK) status = set_options(options, at, err);
  if (status == WLAW_OK) status = wlaw_fit(result, &all->request->input, 1, options, NULL, NULL, err);
  wlaw_options_free(options);
  return status;
}

static wlaw_status fit_law(wlaw_result **result, const collector *all, const report_tensor *tensor, size_t e,
                           const char *law, wlaw_error *err) {
  const char *const pairs[] = {"law",     law,
                               "tensor",  tensor_option(all->series, tensor),
                               "exclude", all->series->is_run ? all->request->exclude : NULL,
                               "seed",    all->request->seed,
                               "threads", "1",
                               NULL,      NULL};
  return wlaw_collect_fit(result, all, e, pairs, err);
}

/* The laws whose parameters the page shows and the automatic fit did not give; a law of the matrices' own is alone. */
static wlaw_status fit_missing_laws(unit_result *unit, const collector *all, const report_tensor *tensor, size_t e,
                                    wlaw_error *err) {
  tensor_point *seen = wlaw_array(1, sizeof *seen);
  if (!seen) return wlaw_fail_memory(err, 1, sizeof *seen);
  wlaw_read_fit(seen, unit->fits[0]->document);
  wlaw_status status = WLAW_OK;
  for (int k = 0; status == WLAW_OK && seen->chosen < REPORT_NESTED && k < REPORT_NESTED; k++) {
    const bool applies = k != REPORT_PERMUTATION || tensor->rows == tensor->cols;
    if (!applies || seen->fits[k].present) continue;
    status = fit_law(&unit->fits[1 + k], all, tensor, e, wlaw_report_law_name((report_law)k), err);
    if (!wlaw_collect_is_fatal(status)) status = WLAW_OK;
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

/* With the initial law (before: NULL), or with the same networks at the snapshot before. */
static wlaw_status compare_with(wlaw_result **result, const collector *all, const report_tensor *tensor, size_t e,
                                const double *before, wlaw_error *err) {
  const char *const pairs[] = {
      "law", distance_law(all, tensor), "tensor", tensor->name, "exclude", all->request->exclude, "threads", "1", NULL,
      NULL};
  text_buffer here = {0}, there = {0};
  wlaw_text_add(&here, "%s@%.0f", all->request->input, all->series->epochs[e]);
  if (before) wlaw_text_add(&there, "%s@%.0f", all->request->input, *before);
  else wlaw_text_add(&there, "init");
  wlaw_options *options = NULL;
  wlaw_status status = here.failed || there.failed ? wlaw_fail_memory(err, strlen(all->request->input), 1)
                                                   : wlaw_options_new(&options, "compare", err);
  if (status == WLAW_OK) status = set_options(options, pairs, err);
  const char *const inputs[] = {wlaw_text_string(&here), wlaw_text_string(&there)};
  if (status == WLAW_OK) status = wlaw_compare(result, inputs, 2, options, NULL, NULL, err);
  wlaw_options_free(options);
  wlaw_text_free(&here);
  wlaw_text_free(&there);
  return status;
}

graph_family wlaw_collect_family(const collector *all, const report_tensor *tensor) {
  const int own = wlaw_series_own_law(tensor, all->series->n_epochs);
  return wlaw_departure_family(own >= 0 ? wlaw_report_law_ops((report_law)own) : NULL, tensor->rows, tensor->cols);
}

const invariant_set *wlaw_collect_set(const collector *all, const report_tensor *tensor) {
  const invariant_set *set = &all->sets[wlaw_collect_family(all, tensor)];
  return set->n > 0 && !tensor->why_no_departures ? set : NULL;
}

static wlaw_status read_weights(unit_result *result, tensor_point *point, const collector *all,
                                const report_tensor *tensor, size_t e, wlaw_error *err) {
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
  wlaw_status status = WLAW_OK;
  const bool no_diagonal = wlaw_report_no_diagonal(point->chosen);
  if (all->wants_histogram[e]) status = wlaw_read_histogram(&point->histogram, source, 0, no_diagonal, err);
  if (status == WLAW_OK && all->series->is_run) status = wlaw_read_invariants(&result->invariants, source, 0, err);
  const invariant_set *set = wlaw_collect_set(all, tensor);
  if (status == WLAW_OK && set) status = wlaw_departure_rows_read(&result->departures, set, source, 0, err);
  wlaw_ensemble_close(source);
  return status;
}

wlaw_status wlaw_collect_fits(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  (void)worker;
  collector *all = context;
  const size_t n_tensors = all->series->n_tensors, e = unit / n_tensors;
  report_tensor *tensor = &all->series->tensors[unit % n_tensors];
  tensor_point *point = &tensor->points[e];
  unit_result *result = &all->units[unit];
  wlaw_error *reason = wlaw_error_new();
  wlaw_status status = fit_law(&result->fits[0], all, tensor, e, "auto", reason);
  if (status == WLAW_OK) status = fit_missing_laws(result, all, tensor, e, reason);
  status = wlaw_collect_reason(&point->why_no_fit, status, reason, err);
  wlaw_error_clear(reason);
  const json_t *document = result->fits[0] ? result->fits[0]->document : NULL;
  const char *unchosen = json_string_value(json_object_get(document, "reason"));
  if (status == WLAW_OK && unchosen && !wlaw_series_set_text(&point->why_no_choice, unchosen))
    status = wlaw_fail_memory(err, strlen(unchosen), 1);
  if (status == WLAW_OK && all->series->is_run && !atomic_load(stop)) {
    status = compare_with(&result->distance, all, tensor, e, NULL, reason);
    status = wlaw_collect_reason(&point->why_no_distance, status, reason, err);
  }
  wlaw_error_free(reason);
  /* Where the rest fails, the fit gave the reason. */
  if (status == WLAW_OK && all->series->is_run && e > 0 && !atomic_load(stop)) {
    status = compare_with(&result->step, all, tensor, e, &all->series->epochs[e - 1], err);
    if (!wlaw_collect_is_fatal(status)) status = WLAW_OK;
  }
  return status;
}

wlaw_status wlaw_collect_weights(void *context, size_t unit, unsigned worker, const atomic_bool *stop,
                                 wlaw_error *err) {
  (void)worker;
  (void)stop;
  collector *all = context;
  const size_t n_tensors = all->series->n_tensors, e = unit / n_tensors;
  report_tensor *tensor = &all->series->tensors[unit % n_tensors];
  const wlaw_status status = read_weights(&all->units[unit], &tensor->points[e], all, tensor, e, err);
  return wlaw_collect_is_fatal(status) ? status : WLAW_OK;
}

void wlaw_unit_release(unit_result *unit) {
  for (size_t k = 0; k <= REPORT_LAWS; k++) wlaw_result_free(unit->fits[k]);
  wlaw_result_free(unit->distance);
  wlaw_result_free(unit->step);
  wlaw_invariant_rows_free(&unit->invariants);
  wlaw_departure_rows_free(&unit->departures);
}
