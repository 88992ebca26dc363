/* logistic(location=0, scale= | sd= | gain=, fan=): F(x) = 1 / (1 + exp(-(x - location) / scale)), sd = pi scale /
 * sqrt(3). Johnson, Kotz and Balakrishnan 1995, Continuous Univariate Distributions 2, chapter 23. */
#include <math.h>

#include "core/error.h"
#include "law/location_scale.h"

static const double UNIT_SD = 1.81379936423421785059; /* pi / sqrt(3) */

extern const law_ops wlaw_law_logistic;

static const law_parameter logistic_parameters[LOCATION_SCALE_ROWS] = {
    LAW_LOCATION_SCALE_ROWS("scale s of 1 / (1 + exp(-x / s))")};

static wlaw_status logistic_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                                 wlaw_error *err) {
  (void)err;
  const double location = law->values[LAW_LOCATION], scale = wlaw_location_scale_for(law, UNIT_SD, rows, cols);
  for (size_t i = 0; i < rows * cols; i++) {
    const double u = wlaw_stream_open(stream);
    out[i] = location + scale * (log(u) - log(1.0 - u));
  }
  return WLAW_OK;
}

static bool logistic_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  const double sd = UNIT_SD * wlaw_location_scale_for(law, UNIT_SD, rows, cols);
  *mean = law->values[LAW_LOCATION];
  *variance = sd * sd;
  return true;
}

static double logistic_kurtosis(const wlaw_law *law) {
  (void)law;
  return 4.2;
}

static double logistic_log_density(const double *p, double x) {
  const double scale = wlaw_location_scale(p, UNIT_SD), z = fabs(x - p[LAW_LOCATION]) / scale;
  return -z - 2.0 * log1p(exp(-z)) - log(scale);
}

static double logistic_cdf(const double *p, double x) {
  return 1.0 / (1.0 + exp((p[LAW_LOCATION] - x) / wlaw_location_scale(p, UNIT_SD)));
}

/* at: ln scale. */
static bool logistic_likelihood(double *value, double *gradient, double *hessian, const double *at,
                                const void *context) {
  const entry_residuals *residuals = context;
  const double inverse = exp(-at[0]);
  *value = gradient[0] = hessian[0] = 0.0;
  for (size_t i = 0; i < residuals->n; i++) {
    const double z = residuals->size[i] * inverse, e = exp(-z), t = (1.0 - e) / (1.0 + e); /* tanh(z / 2) */
    *value += residuals->share[i] * (-z - 2.0 * log1p(e));
    gradient[0] += residuals->share[i] * z * t;
    hessian[0] -= residuals->share[i] * z * (t + 0.5 * z * (1.0 - t * t));
  }
  *value -= at[0];
  gradient[0] -= 1.0;
  return true;
}

static wlaw_status logistic_fit(entry_fit *fit, const entry_cells *cells, wlaw_error *err) {
  entry_residuals residuals;
  WLAW_TRY(wlaw_entry_residuals(&residuals, cells, err));
  const newton_problem problem = {
      .n = 1, .function = logistic_likelihood, .context = &residuals, .low = {-60.0}, .high = {60.0}};
  newton_maximum maximum;
  double variance;
  wlaw_newton_maximize(&maximum, &problem, (double[]){0.0});
  wlaw_newton_covariance(&variance, &maximum, 1, residuals.total);
  const double scale = residuals.unit * exp(maximum.at[0]);
  wlaw_entry_fit_start(fit, &wlaw_law_logistic);
  wlaw_entry_set_median(fit, &residuals, scale, 0.25);
  wlaw_entry_fit_set(fit, LAW_SCALE, scale, scale * sqrt(variance));
  wlaw_entry_fit_finish(fit, &maximum, 2, cells);
  wlaw_entry_residuals_free(&residuals);
  return WLAW_OK;
}

static const entry_ops logistic_entry = {.log_density = logistic_log_density, .cdf = logistic_cdf, .fit = logistic_fit};

const law_ops wlaw_law_logistic = {
    .name = "logistic",
    .summary = "independent logistic entries: a little heavier in the tails than normal ones",
    .source = "Johnson, Kotz and Balakrishnan 1995, Continuous Univariate Distributions 2, chapter 23",
    .parameters = logistic_parameters,
    .n_parameters = LOCATION_SCALE_ROWS,
    .complete = wlaw_location_scale_complete,
    .check = wlaw_location_scale_check,
    .draw = logistic_draw,
    .moments = logistic_moments,
    .kurtosis = logistic_kurtosis,
    .entry = &logistic_entry,
};
