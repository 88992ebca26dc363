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

wlaw_status wlaw_departure_summarise(departure_summary *out, const departure *departures, size_t n, wlaw_error *err) {
  double *sizes[DEVIATION_UNITS], *numbers = wlaw_array(DEVIATION_UNITS * (n + 1), sizeof *numbers);
  size_t known[DEVIATION_UNITS] = {0};
  if (!numbers) return wlaw_fail_memory(err, DEVIATION_UNITS * (n + 1), sizeof *numbers);
  for (size_t unit = 0; unit < DEVIATION_UNITS; unit++) sizes[unit] = numbers + unit * n;
  *out = (departure_summary){.worst = 0};
  for (size_t k = 0; k < n; k++) {
    const departure *one = &departures[k];
    const double deviations[DEVIATION_UNITS] = {one->deviation_se, one->deviation_sd, one->relative};
    if (!isfinite(one->deviation_se)) continue;
    if (out->tested == 0 || fabs(one->deviation_se) > fabs(departures[out->worst].deviation_se)) out->worst = k;
    out->tested++;
    out->beyond += one->p_adjusted < 0.05;
    for (size_t unit = 0; unit < DEVIATION_UNITS; unit++)
      if (isfinite(deviations[unit])) sizes[unit][known[unit]++] = fabs(deviations[unit]);
  }
  for (size_t unit = 0; unit < DEVIATION_UNITS; unit++) out->sizes[unit] = spread_of(sizes[unit], known[unit]);
  free(numbers);
  return WLAW_OK;
}

int wlaw_series_widest(const report_tensor *tensor, size_t e) {
  for (int k = REPORT_LAWS; k-- > 0;)
    if (tensor->points[e].departures[k]) return k;
  return -1;
}
