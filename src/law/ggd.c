/* ggd(shape=1, scale= | sd= | gain=, fan=): generalised Gaussian (exponential power, Subbotin 1923) about 0. */
#include "law/ggd.h"

#include <math.h>

#include "core/error.h"
#include "law/fan.h"
#include "math/special.h"

enum { GGD_SHAPE, GGD_SCALE, GGD_SD, GGD_ROWS = GGD_SD + SCALE_ROWS };

/* Shapes beyond: the law is the uniform within 1/1000 of its width; tails reach 1e85 scales. */
#define LEAST_SHAPE 0.02
#define MOST_SHAPE  1000.0

extern const law_ops wlaw_law_ggd;

static const law_parameter ggd_parameters[GGD_ROWS] = {
    {.name = "shape",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "1",
     .low = LEAST_SHAPE,
     .high = MOST_SHAPE,
     .doc = "exponent: 2 is the normal law, 1 the Laplace law"},
    {.name = "scale",
     .kind = PARAMETER_REAL,
     .length = 1,
     .low = LAW_LEAST_SCALE,
     .high = LAW_MOST_SCALE,
     .doc = "where the density has fallen by a factor e, in place of sd"},
    LAW_SCALE_ROWS,
};

/* ln of E|w|^order / scale^order. */
static double log_moment(double shape, double order) {
  return wlaw_log_gamma((order + 1.0) / shape) - wlaw_log_gamma(1.0 / shape);
}

static void ggd_complete(wlaw_law *law) { wlaw_scale_complete(law, GGD_SD, law->counts[GGD_SCALE] > 0); }

static wlaw_status ggd_check(const wlaw_law *law, wlaw_error *err) {
  return wlaw_scale_check(law, GGD_SD, GGD_SCALE, err);
}

/* The scale when the standard deviation is sd. */
static double scale_of(const double *p, double sd) {
  return isnan(p[GGD_SCALE]) ? sd * exp(-0.5 * log_moment(p[GGD_SHAPE], 2.0)) : p[GGD_SCALE];
}

static double scale_for(const wlaw_law *law, size_t rows, size_t cols) {
  return scale_of(law->values, wlaw_scale_sd(law, GGD_SD, rows, cols));
}

/* (|w| / scale)^shape is Gamma(1 / shape), which is Gamma(1 + 1 / shape) times a uniform to the power of the shape: w
 * is a uniform on (-1, 1) times a root of the former (Walker and Gutierrez-Pena 1999), without underflow at any shape.
 */
static wlaw_status ggd_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                            wlaw_error *err) {
  (void)err;
  const double scale = scale_for(law, rows, cols), power = 1.0 / law->values[GGD_SHAPE];
  for (size_t i = 0; i < rows * cols; i++) {
    const double bound = scale * pow(wlaw_stream_gamma(stream, 1.0 + power), power);
    out[i] = bound * (2.0 * wlaw_stream_open(stream) - 1.0);
  }
  return WLAW_OK;
}

static bool ggd_mean_variance(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  const double scale = scale_for(law, rows, cols);
  *mean = 0.0;
  *variance = scale * scale * exp(log_moment(law->values[GGD_SHAPE], 2.0));
  return true;
}

static double ggd_kurtosis(const wlaw_law *law) {
  const double shape = law->values[GGD_SHAPE];
  return exp(log_moment(shape, 4.0) - 2.0 * log_moment(shape, 2.0));
}

static double ggd_log_density(const double *p, double x) {
  const double shape = p[GGD_SHAPE], scale = scale_of(p, p[GGD_SD + SCALE_SD]);
  return log(0.5 * shape / scale) - wlaw_log_gamma(1.0 / shape) - pow(fabs(x) / scale, shape);
}

static double ggd_cdf(const double *p, double x) {
  const double shape = p[GGD_SHAPE], size = fabs(x) / scale_of(p, p[GGD_SD + SCALE_SD]), z = pow(size, shape);
  if (z < 1e-17) { /* z itself may underflow: there the density is that at 0 */
    const double half = 0.5 * size * exp(-wlaw_log_gamma(1.0 + 1.0 / shape));
    return x < 0.0 ? 0.5 - half : 0.5 + half;
  }
  return x < 0.0 ? 0.5 * wlaw_gamma_upper(1.0 / shape, z) : 0.5 + 0.5 * wlaw_gamma_lower(1.0 / shape, z);
}

double wlaw_ggd_entropy(double shape, double scale) {
  return 1.0 / shape + log(2.0 * scale / shape) + wlaw_log_gamma(1.0 / shape);
}

/* ---- the moment rule */

double wlaw_ggd_ratio(double shape) { return exp(log_moment(shape, 2.0) - 2.0 * log_moment(shape, 1.0)); }

void wlaw_ggd_moment_rule(ggd_moments *out, double mean_magnitude, double mean_square) {
  *out = (ggd_moments){.rho = mean_square / (mean_magnitude * mean_magnitude), .shape = NAN, .scale = NAN};
  double low = log(LEAST_SHAPE), high = log(MOST_SHAPE); /* the ratio falls with the shape */
  if (!(out->rho <= wlaw_ggd_ratio(LEAST_SHAPE) && out->rho >= wlaw_ggd_ratio(MOST_SHAPE))) return;
  for (int i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (wlaw_ggd_ratio(exp(middle)) > out->rho) low = middle;
    else high = middle;
  }
  out->shape = exp(0.5 * (low + high));
  out->scale = sqrt(mean_square) * exp(-0.5 * log_moment(out->shape, 2.0));
}

/* ---- maximum likelihood */

/* Mean log-likelihood at shape exp(a) and the scale that is best for it, scale^shape = shape * mean |w|^shape (Varanasi
 * and Aazhang 1989, DOI 10.1121/1.398700); magnitudes in their unit. */
static bool profile(double *value, double *gradient, double *hessian, const double *at, const void *context) {
  const double shape = exp(*at), a = 1.0 / shape;
  const entry_power power = wlaw_entry_power(context, shape);
  const double level = *at + power.log_mean; /* ln scale^shape */
  const double bent = (wlaw_digamma(a) + level) * a;
  *value = *at - wlaw_log_gamma(a) - a * (level + 1.0);
  *gradient = 1.0 + bent - power.first;
  if (hessian)
    *hessian = a - a * a * wlaw_trigamma(a) + power.first - bent - shape * (power.second - power.first * power.first);
  return isfinite(*value);
}

/* Mean of minus the second derivatives in (shape, ln scale) where the scale is the best: [0] shape, [1] both, [2]
 * scale. log_scale: in the magnitudes' unit. */
static void information(double out[3], double shape, double log_scale, const entry_magnitudes *magnitudes) {
  const double a = 1.0 / shape;
  const entry_power power = wlaw_entry_power(magnitudes, shape);
  /* mean of z^shape is 1 / shape, z = |w| / scale; of z^shape ln z and z^shape (ln z)^2: */
  const double first = a * (power.first - log_scale);
  const double second = a * (power.second - 2.0 * log_scale * power.first + log_scale * log_scale);
  out[0] = a * a * (1.0 + 2.0 * a * wlaw_digamma(a) + a * a * wlaw_trigamma(a)) + second;
  out[1] = -(a + shape * first);
  out[2] = shape;
}

static double start_of(const entry_magnitudes *magnitudes) {
  ggd_moments rule;
  wlaw_ggd_moment_rule(&rule, exp(wlaw_entry_power(magnitudes, 1.0).log_mean),
                       exp(wlaw_entry_power(magnitudes, 2.0).log_mean));
  return isnan(rule.shape) ? log(rule.rho < 2.0 ? 100.0 : 0.1) : log(rule.shape);
}

static wlaw_status ggd_fit(entry_fit *fit, const entry_cells *cells, wlaw_error *err) {
  entry_magnitudes magnitudes;
  WLAW_TRY(wlaw_entry_magnitudes(&magnitudes, cells, err));
  const newton_problem problem = {
      .n = 1, .function = profile, .context = &magnitudes, .low = {log(LEAST_SHAPE)}, .high = {log(MOST_SHAPE)}};
  newton_maximum maximum;
  wlaw_newton_maximize(&maximum, &problem, (double[]){start_of(&magnitudes)});
  const double shape = wlaw_newton_exp(&maximum, 0, LEAST_SHAPE, MOST_SHAPE);
  const double log_scale = (maximum.at[0] + wlaw_entry_power(&magnitudes, shape).log_mean) / shape;
  double info[3];
  information(info, shape, log_scale, &magnitudes);
  const double det = info[0] * info[2] - info[1] * info[1], n = magnitudes.total;
  const double scale = magnitudes.unit * exp(log_scale);
  wlaw_entry_magnitudes_free(&magnitudes);

  const bool edge = maximum.at_bound[0];
  if (edge && shape > 1.0) maximum.stop_reason = "as good as uniform: the likelihood still grows at shape 1000";
  if (edge && shape < 1.0) maximum.stop_reason = "the likelihood still grows at the least shape, 0.02";
  wlaw_entry_fit_start(fit, &wlaw_law_ggd);
  wlaw_entry_fit_set(fit, GGD_SHAPE, shape, edge || !(det > 0.0) ? NAN : sqrt(info[2] / (det * n)));
  wlaw_entry_fit_set(fit, GGD_SCALE, scale, scale * (edge ? sqrt(1.0 / (info[2] * n)) : sqrt(info[0] / (det * n))));
  wlaw_entry_fit_finish(fit, &maximum, 2, cells);
  return WLAW_OK;
}

wlaw_status wlaw_ggd_influence(float *of_shape, float *of_log_scale, const entry_fit *fit, const entry_cells *cells,
                               entry_key_kind kind, wlaw_error *err) {
  const double shape = fit->law.values[GGD_SHAPE], scale = fit->law.values[GGD_SCALE], a = 1.0 / shape;
  entry_magnitudes magnitudes;
  WLAW_TRY(wlaw_entry_magnitudes(&magnitudes, cells, err));
  double info[3];
  information(info, shape, log(scale / magnitudes.unit), &magnitudes);
  wlaw_entry_magnitudes_free(&magnitudes);
  const double det = info[0] * info[2] - info[1] * info[1];
  const bool determined = det > 0.0 && !isnan(fit->standard_error[GGD_SHAPE]);
  for (unsigned key = 0; key < ENTRY_KEYS; key++) {
    const double end = wlaw_entry_key_value(kind, key);
    of_shape[key] = of_log_scale[key] = 0.0f;
    if (isnan(end) || !determined) continue;
    const double l = log((end + 0.5 * wlaw_entry_key_width(kind, key)) / scale);
    const double power = fmin(exp(shape * l), 1e30); /* of magnitudes that no weight has: finite, times a count of 0 */
    const double by_shape = a + a * a * wlaw_digamma(a) - power * l, by_scale = shape * power - 1.0;
    of_shape[key] = (float)((info[2] * by_shape - info[1] * by_scale) / det);
    of_log_scale[key] = (float)((info[0] * by_scale - info[1] * by_shape) / det);
  }
  return WLAW_OK;
}

static const entry_ops ggd_entry = {.log_density = ggd_log_density, .cdf = ggd_cdf, .fit = ggd_fit};

const law_ops wlaw_law_ggd = {
    .name = "ggd",
    .alias = "generalised-gaussian",
    .summary = "independent generalised Gaussian entries about 0; scale by scale, by sd, or by gain and fan",
    .source = "Nadarajah 2005, DOI 10.1080/02664760500079464",
    .parameters = ggd_parameters,
    .n_parameters = GGD_ROWS,
    .complete = ggd_complete,
    .check = ggd_check,
    .draw = ggd_draw,
    .moments = ggd_mean_variance,
    .kurtosis = ggd_kurtosis,
    .entry = &ggd_entry,
};
