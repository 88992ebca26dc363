#include "report/series.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"

static void fill(double *values, size_t n, double value) {
  for (size_t i = 0; i < n; i++) values[i] = value;
}

static void point_clear(tensor_point *point) {
  *point = (tensor_point){.chosen = -1, .networks = NAN, .excluded = NAN};
  for (int k = 0; k < REPORT_LAWS; k++) {
    law_fit *fit = &point->fits[k];
    fill(fit->value, REPORT_PARAMETERS_MOST, NAN);
    fill(fit->error, REPORT_PARAMETERS_MOST, NAN);
    fill(fit->robust, REPORT_PARAMETERS_MOST, NAN);
    fit->log_likelihood = fit->aic = fit->bic = NAN;
    point->global_p[k] = NAN;
  }
  for (int k = 0; k < REPORT_NESTED; k++) point->tests[k] = (law_test){false, false, NAN, NAN, NAN};
  point->distance = (law_distance){false, NAN, NAN, NAN, NAN, NAN, NAN, NAN, {0}};
  fill(point->distance.share, REPORT_BLOCKS_MOST, NAN);
  point->step = point->distance;
  for (int k = 0; k < REPORT_INVARIANTS; k++) point->invariants[k] = (invariant_change){NAN, NAN, NAN, NAN, NAN};
}

wlaw_status wlaw_series_new(report_series **out, size_t n_epochs, size_t n_tensors, wlaw_error *err) {
  report_series *series = wlaw_array(1, sizeof *series);
  if (!series) return wlaw_fail_memory(err, 1, sizeof *series);
  series->networks = NAN;
  series->epochs = wlaw_array(n_epochs, sizeof *series->epochs);
  series->tensors = wlaw_array(n_tensors, sizeof *series->tensors);
  bool made = series->epochs && series->tensors;
  if (series->tensors) series->n_tensors = n_tensors;
  series->n_epochs = n_epochs;
  for (size_t t = 0; made && t < n_tensors; t++) {
    fill(series->tensors[t].initial_mean, REPORT_INVARIANTS, NAN);
    fill(series->tensors[t].initial_sd, REPORT_INVARIANTS, NAN);
    series->tensors[t].points = wlaw_array(n_epochs, sizeof(tensor_point));
    made = series->tensors[t].points != NULL;
    for (size_t e = 0; made && e < n_epochs; e++) point_clear(&series->tensors[t].points[e]);
  }
  if (!made) {
    wlaw_series_free(series);
    return wlaw_fail_memory(err, n_epochs * n_tensors, sizeof(tensor_point));
  }
  *out = series;
  return WLAW_OK;
}

wlaw_status wlaw_series_nodes_new(report_series *series, size_t n, wlaw_error *err) {
  series->nodes = wlaw_array(n, sizeof *series->nodes);
  if (!series->nodes) return wlaw_fail_memory(err, n, sizeof *series->nodes);
  series->n_nodes = n;
  for (size_t k = 0; k < n; k++) {
    series->nodes[k] = (report_nodes){NAN, wlaw_array(series->n_epochs, sizeof(node_correlation))};
    if (!series->nodes[k].points) return wlaw_fail_memory(err, series->n_epochs, sizeof(node_correlation));
    for (size_t e = 0; e < series->n_epochs; e++) series->nodes[k].points[e] = (node_correlation){NAN, NAN, NAN, NAN};
  }
  return WLAW_OK;
}

static void tensor_release(report_tensor *tensor, size_t n_epochs) {
  for (size_t e = 0; tensor->points && e < n_epochs; e++) {
    for (int k = 0; k < REPORT_LAWS; k++) free(tensor->points[e].departures[k]);
    free(tensor->points[e].histogram);
    free(tensor->points[e].why_no_fit);
    free(tensor->points[e].why_no_choice);
    free(tensor->points[e].why_no_distance);
  }
  for (size_t b = 0; b < REPORT_BLOCKS_MOST; b++) free(tensor->blocks[b]);
  free(tensor->graphs);
  free(tensor->why_no_departures);
  free(tensor->points);
  free(tensor->name);
  free(tensor->reference);
}

void wlaw_series_free(report_series *series) {
  if (!series) return;
  for (size_t t = 0; t < series->n_tensors; t++) tensor_release(&series->tensors[t], series->n_epochs);
  for (size_t s = 0; s < series->n_settings; s++) {
    free(series->settings[s].name);
    free(series->settings[s].value);
  }
  for (size_t k = 0; k < series->n_nodes; k++) free(series->nodes[k].points);
  free(series->nodes);
  wlaw_series_metrics_free(series->metrics);
  char *const texts[] = {series->title,          series->source,      series->initial_law, series->data,
                         series->architecture,   series->optimizer,   series->exclusion,   series->date,
                         series->why_no_metrics, series->why_no_nodes};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
  free(series->settings);
  free(series->tensors);
  free(series->epochs);
  free(series);
}

wlaw_status wlaw_series_metrics_new(report_metrics **out, size_t n_epochs, wlaw_error *err) {
  report_metrics *metrics = wlaw_array(1, sizeof *metrics);
  if (!metrics) return wlaw_fail_memory(err, 1, sizeof *metrics);
  metrics->n = n_epochs;
  metrics->epochs = wlaw_array(n_epochs, sizeof(double));
  metrics->constant = wlaw_array(n_epochs, sizeof(double));
  metrics->nonfinite = wlaw_array(n_epochs, sizeof(double));
  bool made = metrics->epochs && metrics->constant && metrics->nonfinite;
  for (int m = 0; m < REPORT_METRICS; m++) {
    metrics->spread[m] = wlaw_array(n_epochs, sizeof(metric_spread));
    made = made && metrics->spread[m];
    for (size_t e = 0; made && e < n_epochs; e++) {
      metrics->spread[m][e].mean = NAN;
      fill(metrics->spread[m][e].quantile, QUANTILES, NAN);
    }
  }
  if (!made) {
    wlaw_series_metrics_free(metrics);
    return wlaw_fail_memory(err, n_epochs, sizeof(metric_spread));
  }
  *out = metrics;
  return WLAW_OK;
}

void wlaw_series_metrics_free(report_metrics *metrics) {
  if (!metrics) return;
  for (int m = 0; m < REPORT_METRICS; m++) {
    free(metrics->spread[m]);
    free(metrics->dead[m]);
  }
  free(metrics->epochs);
  free(metrics->constant);
  free(metrics->nonfinite);
  free(metrics->final_accuracy);
  free(metrics);
}

bool wlaw_series_set_text(char **place, const char *text) {
  char *copy = text ? wlaw_text_duplicate(text, strlen(text)) : NULL;
  free(*place);
  *place = copy;
  return copy || !text;
}

wlaw_status wlaw_series_add_setting(report_series *series, const char *name, const char *value, wlaw_error *err) {
  const size_t n = series->n_settings;
  report_setting *rows = realloc(series->settings, (n + 1) * sizeof *rows);
  if (!rows) return wlaw_fail_memory(err, n + 1, sizeof *rows);
  series->settings = rows;
  rows[n] = (report_setting){NULL, NULL};
  series->n_settings++;
  if (!wlaw_series_set_text(&rows[n].name, name) || !wlaw_series_set_text(&rows[n].value, value))
    return wlaw_fail_memory(err, strlen(value), 1);
  return WLAW_OK;
}

size_t wlaw_series_histogram_epochs(size_t *index, size_t n_epochs) {
  if (n_epochs == 0) return 0;
  const size_t wanted[] = {0, (n_epochs - 1) / 2, n_epochs - 1};
  size_t n = 0;
  for (size_t i = 0; i < 3; i++)
    if (n == 0 || wanted[i] > index[n - 1]) index[n++] = wanted[i];
  return n;
}

int wlaw_series_own_law(const report_tensor *tensor, size_t n_epochs) {
  int own = -1;
  for (size_t e = 0; e < n_epochs; e++) {
    const int chosen = tensor->points[e].chosen;
    if (chosen < 0 || chosen == own) continue; /* no fit, or as before */
    if (chosen < REPORT_NESTED || own >= 0) return -1;
    own = chosen;
  }
  return own;
}

double wlaw_point_value(const tensor_point *point, report_law law, size_t parameter) {
  return point->fits[law].present ? point->fits[law].value[parameter] : NAN;
}

int wlaw_point_best_bic(const tensor_point *point) {
  int best = -1, known = 0;
  for (int k = 0; k < REPORT_LAWS; k++) {
    if (!point->fits[k].present || !isfinite(point->fits[k].bic)) continue;
    known++;
    if (best < 0 || point->fits[k].bic < point->fits[best].bic) best = k;
  }
  return known > 1 ? best : -1;
}
