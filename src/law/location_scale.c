#include "law/location_scale.h"

#include <math.h>

#include "core/error.h"
#include "core/memory.h"
#include "measure/cell_statistics.h"

void wlaw_location_scale_complete(wlaw_law *law) { wlaw_scale_complete(law, LAW_SD, law->counts[LAW_SCALE] > 0); }

wlaw_status wlaw_location_scale_check(const wlaw_law *law, wlaw_error *err) {
  return wlaw_scale_check(law, LAW_SD, LAW_SCALE, err);
}

double wlaw_location_scale(const double *p, double unit_sd) {
  return isnan(p[LAW_SCALE]) ? p[LAW_SD] / unit_sd : p[LAW_SCALE];
}

double wlaw_location_scale_for(const wlaw_law *law, double unit_sd, size_t rows, size_t cols) {
  if (law->counts[LAW_SCALE]) return law->values[LAW_SCALE];
  return wlaw_scale_sd(law, LAW_SD, rows, cols) / unit_sd;
}

wlaw_status wlaw_entry_residuals(entry_residuals *out, const entry_cells *cells, wlaw_error *err) {
  *out = (entry_residuals){.n = cells->n,
                           .size = wlaw_array(cells->n, sizeof *out->size),
                           .share = wlaw_array(cells->n, sizeof *out->share),
                           .total = (double)cells->total};
  if (!out->size || !out->share) {
    wlaw_entry_residuals_free(out);
    return wlaw_fail_memory(err, cells->n, 2 * sizeof *out->size);
  }
  double mean = 0.0;
  if (cells->n) {
    out->location = wlaw_cells_quantile(cells, 0.5);
    out->unit = 0.5 * (wlaw_cells_quantile(cells, 0.75) - wlaw_cells_quantile(cells, 0.25));
  }
  for (size_t i = 0; i < cells->n; i++) {
    out->share[i] = (double)cells->count[i] / out->total;
    out->size[i] = fabs(cells->value[i] - out->location);
    mean += out->share[i] * out->size[i];
  }
  if (!(out->unit > 0.0)) out->unit = mean;
  if (!(out->unit > 0.0) || cells->n < 2) {
    wlaw_entry_residuals_free(out);
    return wlaw_fail(err, WLAW_VALUE, "all weights are equal; a law cannot be fitted to them");
  }
  for (size_t i = 0; i < cells->n; i++) out->size[i] /= out->unit;
  return WLAW_OK;
}

void wlaw_entry_residuals_free(entry_residuals *residuals) {
  free(residuals->size);
  free(residuals->share);
  *residuals = (entry_residuals){0};
}

void wlaw_entry_set_median(entry_fit *fit, const entry_residuals *residuals, double scale, double density_there) {
  wlaw_entry_fit_set(fit, LAW_LOCATION, residuals->location, 0.5 * scale / (density_there * sqrt(residuals->total)));
}
