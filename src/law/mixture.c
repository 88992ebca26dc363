/* mixture(location=0, scale= | sd= | gain=, fan=, ratio=3, share=0.2): normal entries about one location; a share of
 * them has the standard deviation ratio * scale, the others scale. sd = scale sqrt(1 - share + share ratio^2).
 * Fit: the EM algorithm (Dempster, Laird and Rubin 1977, DOI 10.1111/j.2517-6161.1977.tb01600.x) from several starts
 * leads near the maximum, Newton's method to it; errors from the observed information. */
#include <math.h>

#include "core/error.h"
#include "law/location_scale.h"

enum { MIXTURE_RATIO = LOCATION_SCALE_ROWS, MIXTURE_SHARE, MIXTURE_ROWS };

extern const law_ops wlaw_law_mixture;

static const law_parameter mixture_parameters[MIXTURE_ROWS] = {
    LAW_LOCATION_SCALE_ROWS("standard deviation of the narrow component"),
    {.name = "ratio",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "3",
     .low = 1,
     .high = 1e4,
     .doc = "standard deviation of the wide component over that of the narrow one"},
    {.name = "share",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "0.2",
     .low = 0,
     .high = 1,
     .doc = "share of the wide component"},
};

static double unit_sd(const double *p) {
  return sqrt(1.0 + p[MIXTURE_SHARE] * (p[MIXTURE_RATIO] * p[MIXTURE_RATIO] - 1.0));
}

static wlaw_status mixture_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                                wlaw_error *err) {
  (void)err;
  const double *p = law->values, narrow = wlaw_location_scale_for(law, unit_sd(p), rows, cols);
  wlaw_stream_normals(stream, out, rows * cols);
  for (size_t i = 0; i < rows * cols; i++) {
    const bool wide = wlaw_stream_open(stream) < p[MIXTURE_SHARE];
    out[i] = p[LAW_LOCATION] + out[i] * (wide ? narrow * p[MIXTURE_RATIO] : narrow);
  }
  return WLAW_OK;
}

static bool mixture_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  const double unit = unit_sd(law->values), sd = unit * wlaw_location_scale_for(law, unit, rows, cols);
  *mean = law->values[LAW_LOCATION];
  *variance = sd * sd;
  return true;
}

static double mixture_kurtosis(const wlaw_law *law) {
  const double unit = unit_sd(law->values), square = unit * unit;
  const double fourth = 1.0 + law->values[MIXTURE_SHARE] * (pow(law->values[MIXTURE_RATIO], 4) - 1.0);
  return 3.0 * fourth / (square * square);
}

static double mixture_log_density(const double *p, double x) {
  const double narrow = wlaw_location_scale(p, unit_sd(p)), z = (x - p[LAW_LOCATION]) / narrow, half = 0.5 * z * z;
  const double ratio = p[MIXTURE_RATIO], wide_half = half / (ratio * ratio);
  /* the wide component's exponential is the larger one and taken out */
  const double sum = (1.0 - p[MIXTURE_SHARE]) * exp(wide_half - half) + p[MIXTURE_SHARE] / ratio;
  return log(sum) - wide_half - log(narrow) - 0.91893853320467274178; /* log(2 pi) / 2 */
}

static double mixture_cdf(const double *p, double x) {
  const double z = (p[LAW_LOCATION] - x) / wlaw_location_scale(p, unit_sd(p)) * 0.70710678118654752440;
  return 0.5 * ((1.0 - p[MIXTURE_SHARE]) * erfc(z) + p[MIXTURE_SHARE] * erfc(z / p[MIXTURE_RATIO]));
}

/* Unknowns of the search. */
enum { LOG_NARROW, LOG_RATIO, LOGIT_SHARE, UNKNOWNS };

static double share_of(double logit) { return 1.0 / (1.0 + exp(-logit)); }

/* at: ln scale, ln ratio, logit share. g: probability that the weight is of the wide component; a1, a2: derivatives of
 * the components' log-densities by the logarithms of their standard deviations. */
static bool mixture_likelihood(double *value, double *gradient, double *hessian, const double *at,
                               const void *context) {
  const entry_residuals *residuals = context;
  const double inverse = exp(-2.0 * at[LOG_NARROW]), flat = exp(-2.0 * at[LOG_RATIO]);
  const double share = share_of(at[LOGIT_SHARE]), height = share * exp(-at[LOG_RATIO]);
  double v = 0.0, d[3] = {0}, h11 = 0.0, h12 = 0.0, h13 = 0.0, h22 = 0.0, h23 = 0.0, h33 = 0.0;
  for (size_t i = 0; i < residuals->n; i++) {
    const double count = residuals->share[i];
    const double q1 = residuals->size[i] * residuals->size[i] * inverse, q2 = q1 * flat, a1 = q1 - 1.0, a2 = q2 - 1.0;
    const double sum = (1.0 - share) * exp(0.5 * (q2 - q1)) + height;
    const double g = height / sum, bend = count * g * (1.0 - g), wide = -2.0 * q2 * g, narrow = -2.0 * q1 * (1.0 - g);
    v += count * (log(sum) - 0.5 * q2);
    d[0] += count * ((1.0 - g) * a1 + g * a2);
    d[1] += count * g * a2;
    d[2] += count * g;
    h11 += bend * (a2 - a1) * (a2 - a1) + count * (narrow + wide);
    h12 += bend * a2 * (a2 - a1) + count * wide;
    h13 += bend * (a2 - a1);
    h22 += bend * a2 * a2 + count * wide;
    h23 += bend * a2;
    h33 += bend;
  }
  *value = v - at[LOG_NARROW];
  gradient[0] = d[0];
  gradient[1] = d[1];
  gradient[2] = d[2] - share;
  const double full[9] = {h11, h12, h13, h12, h22, h23, h13, h23, h33 - share * (1.0 - share)};
  for (int i = 0; i < 9; i++) hessian[i] = full[i];
  return isfinite(v);
}

/* Rounds of the EM algorithm; returns the mean log-likelihood (less a constant) before the last of them. */
static double mixture_em(double *at, const entry_residuals *residuals, int rounds) {
  double value = -INFINITY;
  for (int round = 0; round < rounds; round++) {
    const double inverse = exp(-2.0 * at[LOG_NARROW]), flat = exp(-2.0 * at[LOG_RATIO]);
    const double share = share_of(at[LOGIT_SHARE]), height = share * exp(-at[LOG_RATIO]);
    double wide = 0.0, wide_square = 0.0, square = 0.0;
    value = -at[LOG_NARROW];
    for (size_t i = 0; i < residuals->n; i++) {
      const double s = residuals->size[i] * residuals->size[i], q1 = s * inverse, q2 = q1 * flat;
      const double sum = (1.0 - share) * exp(0.5 * (q2 - q1)) + height, g = height / sum;
      value += residuals->share[i] * (log(sum) - 0.5 * q2);
      wide += residuals->share[i] * g;
      wide_square += residuals->share[i] * g * s;
      square += residuals->share[i] * s;
    }
    const double narrow = (square - wide_square) / (1.0 - wide), broad = wide_square / wide;
    if (!(narrow > 0.0 && broad > narrow && isfinite(broad))) return -INFINITY;
    at[LOG_NARROW] = 0.5 * log(narrow);
    at[LOG_RATIO] = 0.5 * log(broad / narrow);
    at[LOGIT_SHARE] = log(wide / (1.0 - wide));
  }
  return value;
}

/* The best of a few starts: a wide tail, two halves, a narrow spike. unit is half the distance of the quartiles. */
static void mixture_start(double *best, const entry_residuals *residuals) {
  static const double starts[][UNKNOWNS] = {{0.35, 1.1, -3.0}, {0.0, 0.9, 0.0}, {-1.5, 2.0, 1.0}};
  double most = -INFINITY;
  for (size_t s = 0; s < sizeof starts / sizeof *starts; s++) {
    double at[UNKNOWNS] = {starts[s][0], starts[s][1], starts[s][2]};
    const double value = mixture_em(at, residuals, 15);
    if (s && !(value > most)) continue;
    most = value;
    for (int i = 0; i < UNKNOWNS; i++) best[i] = isfinite(value) ? at[i] : starts[s][i];
  }
}

/* One normal law does as well: the components cannot be told apart, and only the common scale is determined. */
static bool one_is_enough(newton_maximum *maximum, double *covariance, const entry_residuals *residuals) {
  double square = 0.0;
  for (size_t i = 0; i < residuals->n; i++) square += residuals->share[i] * residuals->size[i] * residuals->size[i];
  const double gain = maximum->value + 0.5 + 0.5 * log(square);
  if (!maximum->at_bound[LOG_RATIO] && !maximum->at_bound[LOGIT_SHARE] && maximum->converged && gain > 1e-12)
    return false;
  if (residuals->total * gain > 0.5) return false; /* a search that has not ended, but found something */
  maximum->at[LOG_NARROW] = 0.5 * log(square);
  maximum->converged = true;
  maximum->stop_reason = "the components cannot be told apart";
  covariance[0] = 0.5 / residuals->total;
  return true;
}

static wlaw_status mixture_fit(entry_fit *fit, const entry_cells *cells, wlaw_error *err) {
  entry_residuals residuals;
  WLAW_TRY(wlaw_entry_residuals(&residuals, cells, err));
  const newton_problem problem = {
      .n = UNKNOWNS,
      .function = mixture_likelihood,
      .context = &residuals,
      .low = {-20.0, 1e-3, -14.0},
      .high = {20.0, log(mixture_parameters[MIXTURE_RATIO].high), 14.0},
  };
  newton_maximum maximum;
  double start[UNKNOWNS], covariance[UNKNOWNS * UNKNOWNS];
  mixture_start(start, &residuals);
  wlaw_newton_maximize(&maximum, &problem, start);
  wlaw_newton_covariance(covariance, &maximum, UNKNOWNS, residuals.total);
  const bool one = one_is_enough(&maximum, covariance, &residuals);
  const double narrow = residuals.unit * exp(maximum.at[LOG_NARROW]), ratio = one ? 1.0 : exp(maximum.at[LOG_RATIO]);
  const double share = one ? 0.0 : share_of(maximum.at[LOGIT_SHARE]);
  wlaw_entry_fit_start(fit, &wlaw_law_mixture);
  wlaw_entry_set_median(fit, &residuals, narrow, 0.39894228040143267794 * (1.0 - share + share / ratio));
  wlaw_entry_fit_set(fit, LAW_SCALE, narrow, narrow * sqrt(covariance[0]));
  wlaw_entry_fit_set(fit, MIXTURE_RATIO, ratio, one ? NAN : ratio * sqrt(covariance[4]));
  wlaw_entry_fit_set(fit, MIXTURE_SHARE, share, one ? NAN : share * (1.0 - share) * sqrt(covariance[8]));
  wlaw_entry_fit_finish(fit, &maximum, 4, cells);
  wlaw_entry_residuals_free(&residuals);
  return WLAW_OK;
}

static const entry_ops mixture_entry = {.log_density = mixture_log_density, .cdf = mixture_cdf, .fit = mixture_fit};

const law_ops wlaw_law_mixture = {
    .name = "mixture",
    .summary = "independent entries of two normal laws about one location, a narrow one and a wide one",
    .source = "Dempster, Laird and Rubin 1977, DOI 10.1111/j.2517-6161.1977.tb01600.x",
    .parameters = mixture_parameters,
    .n_parameters = MIXTURE_ROWS,
    .complete = wlaw_location_scale_complete,
    .check = wlaw_location_scale_check,
    .draw = mixture_draw,
    .moments = mixture_moments,
    .kurtosis = mixture_kurtosis,
    .entry = &mixture_entry,
};
