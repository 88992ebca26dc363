/* lognormal(mu= | sd= | gain=, fan=, sigma=1): ln|w| is N(mu, sigma^2), either sign alike; E w^2 = exp(2 mu + 2
 * sigma^2). Johnson, Kotz and Balakrishnan 1994, Continuous Univariate Distributions 1, chapter 14. */
#include <math.h>

#include "core/error.h"
#include "law/entry_fit.h"
#include "law/fan.h"

enum { LOGNORMAL_MU, LOGNORMAL_SD, LOGNORMAL_SIGMA = LOGNORMAL_SD + SCALE_ROWS, LOGNORMAL_ROWS };

extern const law_ops wlaw_law_lognormal;

static const law_parameter lognormal_parameters[LOGNORMAL_ROWS] = {
    {.name = "mu",
     .kind = PARAMETER_REAL,
     .length = 1,
     .low = -230,
     .high = 230,
     .doc = "mean of ln|w|, in place of sd"},
    LAW_SCALE_ROWS,
    {.name = "sigma",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "1",
     .low = 1e-6,
     .high = 15,
     .doc = "standard deviation of ln|w|"},
};

static void lognormal_complete(wlaw_law *law) { wlaw_scale_complete(law, LOGNORMAL_SD, law->counts[LOGNORMAL_MU] > 0); }

static wlaw_status lognormal_check(const wlaw_law *law, wlaw_error *err) {
  return wlaw_scale_check(law, LOGNORMAL_SD, LOGNORMAL_MU, err);
}

/* mu when the root mean square is sd. */
static double mu_of(const double *p, double sd) {
  return isnan(p[LOGNORMAL_MU]) ? log(sd) - p[LOGNORMAL_SIGMA] * p[LOGNORMAL_SIGMA] : p[LOGNORMAL_MU];
}

static wlaw_status lognormal_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                                  wlaw_error *err) {
  (void)err;
  const double mu = mu_of(law->values, wlaw_scale_sd(law, LOGNORMAL_SD, rows, cols));
  wlaw_stream_normals(stream, out, rows * cols);
  for (size_t i = 0; i < rows * cols; i++) {
    const double size = exp(mu + law->values[LOGNORMAL_SIGMA] * out[i]);
    out[i] = wlaw_stream_u32(stream) >> 31 ? size : -size;
  }
  return WLAW_OK;
}

static bool lognormal_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  const double sigma = law->values[LOGNORMAL_SIGMA];
  *mean = 0.0;
  *variance = exp(2.0 * (mu_of(law->values, wlaw_scale_sd(law, LOGNORMAL_SD, rows, cols)) + sigma * sigma));
  return true;
}

static double lognormal_kurtosis(const wlaw_law *law) {
  return exp(4.0 * law->values[LOGNORMAL_SIGMA] * law->values[LOGNORMAL_SIGMA]);
}

static double standardised(const double *p, double size) {
  return (log(size) - mu_of(p, p[LOGNORMAL_SD + SCALE_SD])) / p[LOGNORMAL_SIGMA];
}

static double lognormal_log_density(const double *p, double x) {
  if (x == 0.0) return -INFINITY;
  const double size = fabs(x), z = standardised(p, size);
  return -0.5 * z * z - log(2.0 * p[LOGNORMAL_SIGMA] * size) - 0.91893853320467274178; /* log(2 pi) / 2 */
}

static double lognormal_cdf(const double *p, double x) {
  if (x == 0.0) return 0.5;
  const double outside = 0.25 * erfc(standardised(p, fabs(x)) * 0.70710678118654752440); /* P(w > |x|) */
  return x > 0.0 ? 1.0 - outside : outside;
}

static wlaw_status lognormal_fit(entry_fit *fit, const entry_cells *cells, wlaw_error *err) {
  entry_magnitudes magnitudes;
  WLAW_TRY(wlaw_entry_magnitudes(&magnitudes, cells, err));
  double square = 0.0; /* logarithms are centred: unit is the geometric mean */
  for (size_t i = 0; i < magnitudes.n; i++) square += magnitudes.share[i] * magnitudes.log[i] * magnitudes.log[i];
  const double sigma = sqrt(square), mu = log(magnitudes.unit), root = sqrt(magnitudes.total);
  wlaw_entry_magnitudes_free(&magnitudes);
  if (!(sigma > lognormal_parameters[LOGNORMAL_SIGMA].low))
    return wlaw_fail(err, WLAW_VALUE, "all magnitudes are equal; a lognormal law cannot be fitted to them");
  wlaw_entry_fit_start(fit, &wlaw_law_lognormal);
  wlaw_entry_fit_set(fit, LOGNORMAL_MU, mu, sigma / root);
  wlaw_entry_fit_set(fit, LOGNORMAL_SIGMA, sigma, sigma / (root * 1.41421356237309504880));
  wlaw_entry_fit_finish_closed(fit, 2, cells);
  return WLAW_OK;
}

static const entry_ops lognormal_entry = {
    .log_density = lognormal_log_density, .cdf = lognormal_cdf, .fit = lognormal_fit};

const law_ops wlaw_law_lognormal = {
    .name = "lognormal",
    .summary = "independent entries of random sign whose magnitude is lognormal",
    .source = "Johnson, Kotz and Balakrishnan 1994, Continuous Univariate Distributions 1, chapter 14",
    .parameters = lognormal_parameters,
    .n_parameters = LOGNORMAL_ROWS,
    .complete = lognormal_complete,
    .check = lognormal_check,
    .draw = lognormal_draw,
    .moments = lognormal_moments,
    .kurtosis = lognormal_kurtosis,
    .entry = &lognormal_entry,
};
