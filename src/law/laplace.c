/* laplace(location=0, scale= | sd= | gain=, fan=): f(x) = exp(-|x - location| / scale) / (2 scale), sd = sqrt(2) scale.
 * Kotz, Kozubowski and Podgorski 2001, The Laplace Distribution and Generalizations, DOI 10.1007/978-1-4612-0173-1. */
#include <math.h>

#include "core/error.h"
#include "law/location_scale.h"

static const double UNIT_SD = 1.41421356237309504880;

extern const law_ops wlaw_law_laplace;

static const law_parameter laplace_parameters[LOCATION_SCALE_ROWS] = {
    LAW_LOCATION_SCALE_ROWS("mean distance from the location")};

static wlaw_status laplace_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                                wlaw_error *err) {
  (void)err;
  const double location = law->values[LAW_LOCATION], scale = wlaw_location_scale_for(law, UNIT_SD, rows, cols);
  for (size_t i = 0; i < rows * cols; i++) {
    const double u = wlaw_stream_open(stream);
    out[i] = location + scale * (u < 0.5 ? log(2.0 * u) : -log(2.0 * (1.0 - u)));
  }
  return WLAW_OK;
}

static bool laplace_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  const double scale = wlaw_location_scale_for(law, UNIT_SD, rows, cols);
  *mean = law->values[LAW_LOCATION];
  *variance = 2.0 * scale * scale;
  return true;
}

static double laplace_kurtosis(const wlaw_law *law) {
  (void)law;
  return 6.0;
}

static double laplace_log_density(const double *p, double x) {
  const double scale = wlaw_location_scale(p, UNIT_SD);
  return -fabs(x - p[LAW_LOCATION]) / scale - log(2.0 * scale);
}

static double laplace_cdf(const double *p, double x) {
  const double z = (x - p[LAW_LOCATION]) / wlaw_location_scale(p, UNIT_SD), tail = 0.5 * exp(-fabs(z));
  return z > 0.0 ? 1.0 - tail : tail;
}

/* The median is the maximum of the likelihood, and the mean distance from it. */
static wlaw_status laplace_fit(entry_fit *fit, const entry_cells *cells, wlaw_error *err) {
  entry_residuals residuals;
  WLAW_TRY(wlaw_entry_residuals(&residuals, cells, err));
  double scale = 0.0;
  for (size_t i = 0; i < residuals.n; i++) scale += residuals.share[i] * residuals.size[i];
  scale *= residuals.unit;
  wlaw_entry_fit_start(fit, &wlaw_law_laplace);
  wlaw_entry_set_median(fit, &residuals, scale, 0.5);
  wlaw_entry_fit_set(fit, LAW_SCALE, scale, scale / sqrt(residuals.total));
  wlaw_entry_fit_finish_closed(fit, 2, cells);
  wlaw_entry_residuals_free(&residuals);
  return WLAW_OK;
}

static const entry_ops laplace_entry = {.log_density = laplace_log_density, .cdf = laplace_cdf, .fit = laplace_fit};

const law_ops wlaw_law_laplace = {
    .name = "laplace",
    .alias = "double-exponential",
    .summary = "independent entries, exponential on either side of the location",
    .source = "Kotz, Kozubowski and Podgorski 2001, DOI 10.1007/978-1-4612-0173-1",
    .parameters = laplace_parameters,
    .n_parameters = LOCATION_SCALE_ROWS,
    .complete = wlaw_location_scale_complete,
    .check = wlaw_location_scale_check,
    .draw = laplace_draw,
    .moments = laplace_moments,
    .kurtosis = laplace_kurtosis,
    .entry = &laplace_entry,
};
