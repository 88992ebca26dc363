/* normal(mean=0, sd= | gain=, fan=): independent N(mean, sd^2) entries. */
#include <math.h>

#include "core/error.h"
#include "law/entry_fit.h"
#include "law/fan.h"
#include "measure/cell_statistics.h"

enum { NORMAL_MEAN, NORMAL_SCALE, NORMAL_ROWS = NORMAL_SCALE + SCALE_ROWS };

extern const law_ops wlaw_law_normal;

static const law_parameter normal_parameters[NORMAL_ROWS] = {
    {.name = "mean",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "0",
     .low = -LAW_MOST_SCALE,
     .high = LAW_MOST_SCALE,
     .doc = "mean of an entry"},
    LAW_SCALE_ROWS,
};

static void normal_complete(wlaw_law *law) { wlaw_scale_complete(law, NORMAL_SCALE, false); }

static wlaw_status normal_check(const wlaw_law *law, wlaw_error *err) {
  return wlaw_scale_check(law, NORMAL_SCALE, SIZE_MAX, err);
}

static wlaw_status normal_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                               wlaw_error *err) {
  (void)err;
  const double mean = law->values[NORMAL_MEAN], sd = wlaw_scale_sd(law, NORMAL_SCALE, rows, cols);
  wlaw_stream_normals(stream, out, rows * cols);
  for (size_t i = 0; i < rows * cols; i++) out[i] = mean + sd * out[i];
  return WLAW_OK;
}

static bool normal_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  const double sd = wlaw_scale_sd(law, NORMAL_SCALE, rows, cols);
  *mean = law->values[NORMAL_MEAN];
  *variance = sd * sd;
  return true;
}

static double normal_kurtosis(const wlaw_law *law) {
  (void)law;
  return 3.0;
}

static double normal_log_density(const double *p, double x) {
  const double sd = p[NORMAL_SCALE + SCALE_SD], z = (x - p[NORMAL_MEAN]) / sd;
  return -0.5 * z * z - log(sd) - 0.91893853320467274178; /* log(2 pi) / 2 */
}

static double normal_cdf(const double *p, double x) {
  const double z = (x - p[NORMAL_MEAN]) / p[NORMAL_SCALE + SCALE_SD];
  return 0.5 * erfc(-z * 0.70710678118654752440);
}

static wlaw_status normal_fit(entry_fit *fit, const entry_cells *cells, wlaw_error *err) {
  double mean, variance;
  wlaw_cells_moments(&mean, &variance, cells);
  if (!(variance > 0.0))
    return wlaw_fail(err, WLAW_VALUE, "all weights are equal; a normal law cannot be fitted to them");
  const double sd = sqrt(variance), error = sd / sqrt((double)cells->total);
  wlaw_entry_fit_start(fit, &wlaw_law_normal);
  wlaw_entry_fit_set(fit, NORMAL_MEAN, mean, error);
  wlaw_entry_fit_set(fit, NORMAL_SCALE + SCALE_SD, sd, error * 0.70710678118654752440);
  wlaw_entry_fit_finish_closed(fit, 2, cells);
  return WLAW_OK;
}

static const entry_ops normal_entry = {.log_density = normal_log_density, .cdf = normal_cdf, .fit = normal_fit};

const law_ops wlaw_law_normal = {
    .name = "normal",
    .alias = "gaussian",
    .summary = "independent normal entries; scale by sd, or by gain and fan",
    .source = "He, Zhang, Ren and Sun 2015, DOI 10.1109/ICCV.2015.123 (gain and fan)",
    .parameters = normal_parameters,
    .n_parameters = NORMAL_ROWS,
    .complete = normal_complete,
    .check = normal_check,
    .draw = normal_draw,
    .moments = normal_moments,
    .kurtosis = normal_kurtosis,
    .entry = &normal_entry,
};
