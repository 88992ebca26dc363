/* pgw(shape=1, power=1, scale=1, hazard=1): |w| has the adapted power generalised Weibull law of Burke, Jones and
 * Noufaily 2020 (J. R. Stat. Soc. C 69:429-457, arXiv 1901.03212), either sign alike:
 *   P(|w| > x) = exp(-hazard H),  H = ((power + 1) / power) ((1 + s / (power + 1))^power - 1),  s = (x / scale)^shape.
 * power 0 is the log-logistic law (with a hazard: Burr XII), 1 the Weibull law, infinity s -> exp(s) - 1 (shape 1:
 * Gompertz). Fits keep the hazard at 1, which near the Weibull law cannot be told from a scale. */
#include <math.h>

#include "core/error.h"
#include "law/entry_fit.h"
#include "law/fan.h"

enum { PGW_SHAPE, PGW_POWER, PGW_SCALE, PGW_HAZARD, PGW_ROWS };

#define LEAST_SHAPE 0.02
#define MOST_SHAPE  1000.0
#define MOST_POWER  1000.0

extern const law_ops wlaw_law_pgw;

static const law_parameter pgw_parameters[PGW_ROWS] = {
    {.name = "shape",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "1",
     .low = LEAST_SHAPE,
     .high = MOST_SHAPE,
     .doc = "exponent at small magnitudes, where P(|w| < x) goes as x^shape"},
    {.name = "power",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "1",
     .low = 0,
     .high = MOST_POWER,
     .doc = "of the tail: 0 is log-logistic, 1 Weibull, large Gompertz"},
    {.name = "scale",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "1",
     .low = LAW_LEAST_SCALE,
     .high = LAW_MOST_SCALE,
     .doc = "unit of the magnitude"},
    {.name = "hazard",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "1",
     .low = 1e-6,
     .high = 1e6,
     .doc = "factor of the cumulative hazard; not fitted"},
};

/* (exp(z) - 1) / z and its derivative, from m = exp(z) - 1. */
static double growth(double z, double m) {
  return fabs(z) < 1e-2 ? 1.0 + z / 2 * (1.0 + z / 3 * (1.0 + z / 4 * (1.0 + z / 5))) : m / z;
}
static double growth_slope(double z, double m) {
  if (fabs(z) < 1e-2) return 0.5 + z * (1.0 / 3 + z * (1.0 / 8 + z * (1.0 / 30 + z / 144)));
  return ((m + 1.0) * (z - 1.0) + 1.0) / (z * z);
}

/* H of s; continuous in the power at 0. */
static double cumulative_hazard(double power, double s) {
  const double l = log1p(s / (power + 1.0));
  return (power + 1.0) * l * growth(power * l, expm1(power * l));
}

/* ln s where H is h. */
static double log_inverse_hazard(double power, double h) {
  const double y = power * h / (power + 1.0), a = y < 1e-300 ? h / (power + 1.0) : log1p(y) / power;
  return log1p(power) + (a > 36.0 ? a : log(expm1(a)));
}

static wlaw_status pgw_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                            wlaw_error *err) {
  (void)err;
  const double *p = law->values;
  for (size_t i = 0; i < rows * cols; i++) {
    /* one uniform tells the sign and, by its distance from there to the end, the magnitude */
    const double u = 2.0 * wlaw_stream_open(stream) - 1.0, h = -log1p(-fabs(u)) / p[PGW_HAZARD];
    const double size = p[PGW_SCALE] * exp(log_inverse_hazard(p[PGW_POWER], h) / p[PGW_SHAPE]);
    out[i] = u < 0.0 ? -size : size;
  }
  return WLAW_OK;
}

/* E (|w| / scale)^order = integral of exp(-x) s(x / hazard)^(order / shape) over x > 0, by the double exponential rule
 * x = exp(t - exp(-t)) (Takahasi and Mori 1974, DOI 10.2977/prims/1195192451); infinity where it does not exist, or
 * lies beyond x = e^12. */
static double moment(const double *p, double order) {
  const double a = order / p[PGW_SHAPE], step = 1.0 / 64.0;
  double sum = 0.0, last = 0.0;
  if (p[PGW_POWER] == 0.0 && a >= p[PGW_HAZARD]) return INFINITY; /* tail s^-hazard */
  for (double t = -6.0; t <= 12.0; t += step) {
    const double x = exp(t - exp(-t));
    last = exp(a * log_inverse_hazard(p[PGW_POWER], x / p[PGW_HAZARD]) - x) * x * (1.0 + exp(-t));
    sum += last;
  }
  return last <= 1e-17 * sum ? step * sum : INFINITY;
}

static bool pgw_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  (void)rows, (void)cols;
  *mean = 0.0;
  *variance = law->values[PGW_SCALE] * law->values[PGW_SCALE] * moment(law->values, 2.0);
  return isfinite(*variance);
}

static double pgw_kurtosis(const wlaw_law *law) {
  const double second = moment(law->values, 2.0);
  return isfinite(second) ? moment(law->values, 4.0) / (second * second) : NAN;
}

static double pgw_log_density(const double *p, double x) {
  const double shape = p[PGW_SHAPE], power = p[PGW_POWER], front = log(0.5 * p[PGW_HAZARD] * shape / p[PGW_SCALE]);
  if (x == 0.0) return shape < 1.0 ? INFINITY : shape > 1.0 ? -INFINITY : front;
  const double l = log(fabs(x) / p[PGW_SCALE]), s = exp(shape * l);
  return front + (shape - 1.0) * l + (power - 1.0) * log1p(s / (power + 1.0)) -
         p[PGW_HAZARD] * cumulative_hazard(power, s);
}

static double pgw_cdf(const double *p, double x) {
  const double s = pow(fabs(x) / p[PGW_SCALE], p[PGW_SHAPE]), h = p[PGW_HAZARD] * cumulative_hazard(p[PGW_POWER], s);
  return x < 0.0 ? 0.5 * exp(-h) : 0.5 - 0.5 * expm1(-h);
}

/* Mean log-likelihood, but for a constant, at (ln shape, ln(1 + power), ln scale). */
static bool likelihood(double *value, double *gradient, double *hessian, const double *at, const void *context) {
  (void)hessian; /* from differences */
  const entry_magnitudes *magnitudes = context;
  const double shape = exp(at[0]), power = expm1(at[1]);
  *value = at[0] - at[2];
  gradient[0] = gradient[1] = gradient[2] = 0.0;
  for (size_t i = 0; i < magnitudes->n; i++) {
    const double share = magnitudes->share[i], l = magnitudes->log[i] - at[2], s = exp(shape * l);
    const double u = s / (power + 1.0), ratio = u / (1.0 + u), log_base = log1p(u);
    const double z = power * log_base, m = expm1(z), e = growth(z, m), hazard = (power + 1.0) * log_base * e;
    *value += share * ((shape - 1.0) * l + (power - 1.0) * log_base - hazard);
    /* d ln f / d ln s, and by the power (of ln(1 + u): -ratio / (power + 1)) */
    const double by_log_s = 1.0 + (power - 1.0) * ratio - s * ((m + 1.0) / (1.0 + u));
    const double slope = growth_slope(z, m) * log_base;
    const double by_power = log_base * (1.0 - e) - (power - 1.0) / (power + 1.0) * ratio + ratio * e -
                            slope * ((power + 1.0) * log_base - power * ratio);
    gradient[0] += share * (1.0 + shape * l * by_log_s);
    gradient[1] += share * (power + 1.0) * by_power;
    gradient[2] -= share * shape * by_log_s;
  }
  return isfinite(*value);
}

static wlaw_status pgw_fit(entry_fit *fit, const entry_cells *cells, wlaw_error *err) {
  entry_magnitudes magnitudes;
  WLAW_TRY(wlaw_entry_magnitudes(&magnitudes, cells, err));
  const newton_problem problem = {.n = 3,
                                  .function = likelihood,
                                  .differences = true,
                                  .context = &magnitudes,
                                  .low = {log(LEAST_SHAPE), 0.0, -200.0},
                                  .high = {log(MOST_SHAPE), log1p(MOST_POWER), 200.0}};
  /* from the Weibull law whose ln|w| has this variance (pi / shape)^2 / 6 and mean ln scale - 0.577 / shape */
  const double variance = wlaw_entry_power(&magnitudes, 0.0).second;
  const double shape = fmin(fmax(1.2825498301618641 / sqrt(variance), LEAST_SHAPE), MOST_SHAPE);
  newton_maximum maximum;
  double covariance[9];
  wlaw_newton_maximize(&maximum, &problem, (double[]){log(shape), log(2.0), 0.57721566490153286 / shape});
  wlaw_newton_covariance(covariance, &maximum, 3, magnitudes.total);
  const double scale = magnitudes.unit * exp(maximum.at[2]), power = fmin(expm1(maximum.at[1]), MOST_POWER);
  const double fitted = wlaw_newton_exp(&maximum, 0, LEAST_SHAPE, MOST_SHAPE);
  wlaw_entry_magnitudes_free(&magnitudes);

  wlaw_entry_fit_start(fit, &wlaw_law_pgw);
  wlaw_entry_fit_set(fit, PGW_SHAPE, fitted, fitted * sqrt(covariance[0]));
  wlaw_entry_fit_set(fit, PGW_POWER, power, (power + 1.0) * sqrt(covariance[4]));
  wlaw_entry_fit_set(fit, PGW_SCALE, scale, scale * sqrt(covariance[8]));
  wlaw_entry_fit_set(fit, PGW_HAZARD, 1.0, NAN);
  wlaw_entry_fit_finish(fit, &maximum, 3, cells);
  return WLAW_OK;
}

static const entry_ops pgw_entry = {.log_density = pgw_log_density, .cdf = pgw_cdf, .fit = pgw_fit};

const law_ops wlaw_law_pgw = {
    .name = "pgw",
    .alias = "power-generalised-weibull",
    .summary = "independent entries of random sign; |w| log-logistic, Burr XII, Weibull, Gompertz or between them",
    .source = "Burke, Jones and Noufaily 2020, J. R. Stat. Soc. C 69:429-457, arXiv 1901.03212",
    .parameters = pgw_parameters,
    .n_parameters = PGW_ROWS,
    .draw = pgw_draw,
    .moments = pgw_moments,
    .kurtosis = pgw_kurtosis,
    .entry = &pgw_entry,
};
