/* weibull(shape=1, scale= | sd= | gain=, fan=): |w| has a Weibull law, either sign alike: P(|w| > x) = exp(-(x /
 * scale)^shape), E w^2 = scale^2 Gamma(1 + 2 / shape). */
#include <math.h>

#include "core/error.h"
#include "law/entry_fit.h"
#include "law/fan.h"
#include "math/special.h"

enum { WEIBULL_SHAPE, WEIBULL_SCALE, WEIBULL_SD, WEIBULL_ROWS = WEIBULL_SD + SCALE_ROWS };

#define LEAST_SHAPE 0.02
#define MOST_SHAPE  1000.0

extern const law_ops wlaw_law_weibull;

static const law_parameter weibull_parameters[WEIBULL_ROWS] = {
    {.name = "shape",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "1",
     .low = LEAST_SHAPE,
     .high = MOST_SHAPE,
     .doc = "k: 1 is the Laplace law; below, the density has a pole at 0, above, it vanishes there"},
    {.name = "scale",
     .kind = PARAMETER_REAL,
     .length = 1,
     .low = LAW_LEAST_SCALE,
     .high = LAW_MOST_SCALE,
     .doc = "lambda: magnitude that a share 1/e of entries exceeds, in place of sd"},
    LAW_SCALE_ROWS,
};

static void weibull_complete(wlaw_law *law) { wlaw_scale_complete(law, WEIBULL_SD, law->counts[WEIBULL_SCALE] > 0); }

static wlaw_status weibull_check(const wlaw_law *law, wlaw_error *err) {
  return wlaw_scale_check(law, WEIBULL_SD, WEIBULL_SCALE, err);
}

/* The scale when the root mean square is sd. */
static double scale_of(const double *p, double sd) {
  return isnan(p[WEIBULL_SCALE]) ? sd * exp(-0.5 * wlaw_log_gamma(1.0 + 2.0 / p[WEIBULL_SHAPE])) : p[WEIBULL_SCALE];
}

static double scale_for(const wlaw_law *law, size_t rows, size_t cols) {
  return scale_of(law->values, wlaw_scale_sd(law, WEIBULL_SD, rows, cols));
}

static wlaw_status weibull_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                                wlaw_error *err) {
  (void)err;
  const double scale = scale_for(law, rows, cols), power = 1.0 / law->values[WEIBULL_SHAPE];
  for (size_t i = 0; i < rows * cols; i++) {
    /* one uniform tells the sign and, by its distance from there to the end, the magnitude */
    const double u = 2.0 * wlaw_stream_open(stream) - 1.0, size = scale * pow(-log1p(-fabs(u)), power);
    out[i] = u < 0.0 ? -size : size;
  }
  return WLAW_OK;
}

static bool weibull_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  const double scale = scale_for(law, rows, cols);
  *mean = 0.0;
  *variance = scale * scale * exp(wlaw_log_gamma(1.0 + 2.0 / law->values[WEIBULL_SHAPE]));
  return true;
}

static double weibull_kurtosis(const wlaw_law *law) {
  const double a = 1.0 / law->values[WEIBULL_SHAPE];
  return exp(wlaw_log_gamma(1.0 + 4.0 * a) - 2.0 * wlaw_log_gamma(1.0 + 2.0 * a));
}

static double weibull_log_density(const double *p, double x) {
  const double shape = p[WEIBULL_SHAPE], scale = scale_of(p, p[WEIBULL_SD + SCALE_SD]);
  if (x == 0.0) return shape < 1.0 ? INFINITY : shape > 1.0 ? -INFINITY : -log(2.0 * scale);
  const double l = log(fabs(x) / scale);
  return log(0.5 * shape / scale) + (shape - 1.0) * l - exp(shape * l);
}

static double weibull_cdf(const double *p, double x) {
  const double z = pow(fabs(x) / scale_of(p, p[WEIBULL_SD + SCALE_SD]), p[WEIBULL_SHAPE]);
  return x < 0.0 ? 0.5 * exp(-z) : 0.5 - 0.5 * expm1(-z);
}

/* Mean log-likelihood at shape exp(a) and scale^shape = mean |w|^shape, but for terms that do not depend on a: concave
 * in a (Cohen 1965, DOI 10.1080/00401706.1965.10490300). Magnitudes have geometric mean 1. */
static bool profile(double *value, double *gradient, double *hessian, const double *at, const void *context) {
  const double shape = exp(*at);
  const entry_power power = wlaw_entry_power(context, shape);
  *value = *at - power.log_mean;
  *gradient = 1.0 - shape * power.first;
  if (hessian) *hessian = -shape * power.first - shape * shape * (power.second - power.first * power.first);
  return isfinite(*value);
}

static wlaw_status weibull_fit(entry_fit *fit, const entry_cells *cells, wlaw_error *err) {
  entry_magnitudes magnitudes;
  WLAW_TRY(wlaw_entry_magnitudes(&magnitudes, cells, err));
  const newton_problem problem = {
      .n = 1, .function = profile, .context = &magnitudes, .low = {log(LEAST_SHAPE)}, .high = {log(MOST_SHAPE)}};
  newton_maximum maximum;
  wlaw_newton_maximize(&maximum, &problem, (double[]){0.0});
  const double shape = wlaw_newton_exp(&maximum, 0, LEAST_SHAPE, MOST_SHAPE), n = magnitudes.total;
  const entry_power power = wlaw_entry_power(&magnitudes, shape);
  const double log_scale = power.log_mean / shape, scale = magnitudes.unit * exp(log_scale);
  wlaw_entry_magnitudes_free(&magnitudes);

  /* minus the second derivatives in (shape, ln scale): means of z^k ln z and z^k (ln z)^2, z = |w| / scale */
  const double first = power.first - log_scale;
  const double second = power.second - 2.0 * log_scale * power.first + log_scale * log_scale;
  const double ss = 1.0 / (shape * shape) + second, sl = -shape * first, ll = shape * shape;
  const double det = ss * ll - sl * sl;
  const bool edge = maximum.at_bound[0];
  wlaw_entry_fit_start(fit, &wlaw_law_weibull);
  wlaw_entry_fit_set(fit, WEIBULL_SHAPE, shape, edge ? NAN : sqrt(ll / (det * n)));
  wlaw_entry_fit_set(fit, WEIBULL_SCALE, scale, scale * (edge ? sqrt(1.0 / (ll * n)) : sqrt(ss / (det * n))));
  wlaw_entry_fit_finish(fit, &maximum, 2, cells);
  return WLAW_OK;
}

static const entry_ops weibull_entry = {.log_density = weibull_log_density, .cdf = weibull_cdf, .fit = weibull_fit};

const law_ops wlaw_law_weibull = {
    .name = "weibull",
    .summary = "independent entries of random sign whose magnitude has a Weibull law",
    .source = "Johnson, Kotz and Balakrishnan 1994, Continuous Univariate Distributions 1, chapter 21",
    .parameters = weibull_parameters,
    .n_parameters = WEIBULL_ROWS,
    .complete = weibull_complete,
    .check = weibull_check,
    .draw = weibull_draw,
    .moments = weibull_moments,
    .kurtosis = weibull_kurtosis,
    .entry = &weibull_entry,
};
