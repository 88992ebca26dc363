/* metrics.csv into quantiles over the networks that live, and marks for those that do not. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "report/read.h"

static int compare_reals(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Linear interpolation between order statistics (Hyndman and Fan 1996, type 7). sorted: [n], n > 0. */
static double quantile(const double *sorted, size_t n, double p) {
  const double at = p * (double)(n - 1);
  const size_t below = (size_t)at;
  if (below + 1 >= n) return sorted[n - 1];
  return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

static void summarise(metric_spread *out, double *values, size_t n) {
  static const double levels[QUANTILES] = {0.05, 0.25, 0.5, 0.75, 0.95};
  if (n == 0) return;
  qsort(values, n, sizeof *values, compare_reals);
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += values[i];
  out->mean = sum / (double)n;
  for (int q = 0; q < QUANTILES; q++) out->quantile[q] = quantile(values, n, levels[q]);
}

/* Equal values of one epoch become one mark. */
static void mark_dead(report_metrics *out, report_metric m, double epoch, double *values, size_t n) {
  if (n) qsort(values, n, sizeof *values, compare_reals);
  for (size_t i = 0; i < n; i++) {
    dead_mark *last = out->n_dead[m] ? &out->dead[m][out->n_dead[m] - 1] : NULL;
    if (last && last->epoch >= epoch && fabs(last->value - values[i]) <= 1e-4 * fabs(last->value)) last->networks++;
    else out->dead[m][out->n_dead[m]++] = (dead_mark){epoch, values[i], 1};
  }
}

static const double *column(const run_metrics *metrics, report_metric m) {
  switch (m) {
    case METRIC_ACCURACY: return metrics->test_accuracy;
    case METRIC_TEST_LOSS: return metrics->test_loss;
    default: return metrics->train_loss;
  }
}

/* scratch: [2 * networks] */
static void read_epoch(report_metrics *out, const run_metrics *metrics, report_metric m, size_t e, double *scratch) {
  const size_t n = metrics->networks;
  double *alive = scratch, *dead = scratch + n;
  size_t n_alive = 0, n_dead = 0;
  for (size_t k = 0; k < n; k++) {
    const double value = column(metrics, m)[e * n + k];
    if (!isfinite(value)) continue;
    if (metrics->condition[e * n + k] == NETWORK_OK) alive[n_alive++] = value;
    else dead[n_dead++] = value;
  }
  summarise(&out->spread[m][e], alive, n_alive);
  mark_dead(out, m, out->epochs[e], dead, n_dead);
}

static void read_last_accuracy(report_metrics *out, const run_metrics *metrics) {
  const size_t n = metrics->networks, last = (metrics->n_epochs - 1) * n;
  for (size_t k = 0; k < n; k++)
    if (isfinite(metrics->test_accuracy[last + k]))
      out->final_accuracy[out->n_final++] = metrics->test_accuracy[last + k];
}

static size_t count_dead(const run_metrics *metrics) {
  size_t dead = 0;
  for (size_t i = 0; i < metrics->n_epochs * metrics->networks; i++) dead += metrics->condition[i] != NETWORK_OK;
  return dead;
}

static bool allocate(report_metrics *out, const run_metrics *metrics) {
  const size_t dead = count_dead(metrics);
  bool made = true;
  for (int m = 0; m < REPORT_METRICS; m++) {
    out->dead[m] = wlaw_array(dead, sizeof(dead_mark));
    made = made && out->dead[m];
  }
  out->final_accuracy = wlaw_array(metrics->networks, sizeof(double));
  return made && out->final_accuracy;
}

wlaw_status wlaw_read_metrics(report_metrics **out, const run_metrics *metrics, wlaw_error *err) {
  report_metrics *made = NULL;
  WLAW_TRY(wlaw_series_metrics_new(&made, metrics->n_epochs, err));
  double *scratch = wlaw_array(2 * metrics->networks, sizeof *scratch);
  if (!scratch || !allocate(made, metrics)) {
    free(scratch);
    wlaw_series_metrics_free(made);
    return wlaw_fail_memory(err, metrics->networks, sizeof(double));
  }
  made->networks = metrics->networks;
  for (size_t e = 0; e < metrics->n_epochs; e++) {
    made->epochs[e] = (double)e;
    for (size_t k = 0; k < metrics->networks; k++) {
      const network_condition condition = metrics->condition[e * metrics->networks + k];
      made->constant[e] += condition == NETWORK_CONSTANT;
      made->nonfinite[e] += condition == NETWORK_NONFINITE;
    }
    for (int m = 0; m < REPORT_METRICS; m++) read_epoch(made, metrics, (report_metric)m, e, scratch);
  }
  if (metrics->n_epochs > 0) read_last_accuracy(made, metrics);
  free(scratch);
  *out = made;
  return WLAW_OK;
}
