/* Many departures in a few numbers. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "report/series.h"

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Quantiles between order statistics, as everywhere on the page (Hyndman and Fan 1996, type 7). */
static size_spread spread_of(double *sizes, size_t n) {
  static const double at[QUANTILES] = {0.05, 0.25, 0.5, 0.75, 0.95};
  size_spread out = {NAN, {NAN, NAN, NAN, NAN, NAN}};
  if (n == 0) return out;
  qsort(sizes, n, sizeof *sizes, ascending);
  out.most = sizes[n - 1];
  for (size_t q = 0; q < QUANTILES; q++) {
    const double place = at[q] * (double)(n - 1);
    const size_t below = (size_t)place, above = below + 1 < n ? below + 1 : below;
    out.quantile[q] = sizes[below] + (place - (double)below) * (sizes[above] - sizes[below]);
  }
  return out;
}

static void add_size(double *sizes, size_t *n, double value) {
  if (isfinite(value)) sizes[(*n)++] = fabs(value);
}

wlaw_status wlaw_departure_summarise(departure_summary *out, const departure *departures, size_t n, wlaw_error *err) {
  double *errors = wlaw_array(3 * (n + 1), sizeof *errors), *sds = errors + n, *relations = sds + n;
  if (!errors) return wlaw_fail_memory(err, 3 * n, sizeof *errors);
  size_t n_errors = 0, n_sds = 0, n_relations = 0;
  *out = (departure_summary){.worst = 0};
  for (size_t k = 0; k < n; k++) {
    const departure *one = &departures[k];
    if (!isfinite(one->deviation_se)) continue;
    if (out->tested == 0 || fabs(one->deviation_se) > fabs(departures[out->worst].deviation_se)) out->worst = k;
    out->tested++;
    out->beyond += one->p_adjusted < 0.05;
    add_size(errors, &n_errors, one->deviation_se);
    add_size(sds, &n_sds, one->deviation_sd);
    add_size(relations, &n_relations, one->relative);
  }
  out->in_errors = spread_of(errors, n_errors);
  out->in_sds = spread_of(sds, n_sds);
  out->in_relation = spread_of(relations, n_relations);
  free(errors);
  return WLAW_OK;
}

int wlaw_series_widest(const report_tensor *tensor, size_t e) {
  for (int k = REPORT_LAWS; k-- > 0;)
    if (tensor->points[e].departures[k]) return k;
  return -1;
}
