/* student(location=0, scale= | sd= | gain=, fan=, df=5): location + scale * t, t Student's of df degrees of freedom;
 * sd = scale sqrt(df / (df - 2)) for df > 2. Lange, Little and Taylor 1989, DOI 10.1080/01621459.1989.10478852. */
#include <math.h>

#include "core/error.h"
#include "law/location_scale.h"
#include "math/special.h"

enum { STUDENT_DF = LOCATION_SCALE_ROWS, STUDENT_ROWS };

extern const law_ops wlaw_law_student;

static const law_parameter student_parameters[STUDENT_ROWS] = {
    LAW_LOCATION_SCALE_ROWS("what a variable of Student's t is multiplied by"),
    {.name = "df",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "5",
     .low = 0.05,
     .high = 1e4,
     .doc = "degrees of freedom; the tail index: P(|x| > t) falls like t^-df"},
};

/* NaN where there is no standard deviation: then neither sd nor gain can be meant. */
static double unit_sd(double df) { return df > 2.0 ? sqrt(df / (df - 2.0)) : NAN; }

static wlaw_status student_check(const wlaw_law *law, wlaw_error *err) {
  WLAW_TRY(wlaw_location_scale_check(law, err));
  if (law->counts[LAW_SCALE] || law->values[STUDENT_DF] > 2.0) return WLAW_OK;
  return wlaw_fail(err, WLAW_ARGUMENT,
                   "the law 'student' has no standard deviation at df=%g, which sd or gain could set; give scale",
                   law->values[STUDENT_DF]);
}

static double scale_of(const double *p) { return wlaw_location_scale(p, unit_sd(p[STUDENT_DF])); }

static double scale_for(const wlaw_law *law, size_t rows, size_t cols) {
  return wlaw_location_scale_for(law, unit_sd(law->values[STUDENT_DF]), rows, cols);
}

static wlaw_status student_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                                wlaw_error *err) {
  (void)err;
  const double half = 0.5 * law->values[STUDENT_DF], scale = scale_for(law, rows, cols);
  wlaw_stream_normals(stream, out, rows * cols);
  for (size_t i = 0; i < rows * cols; i++)
    out[i] = law->values[LAW_LOCATION] + scale * out[i] * sqrt(half / wlaw_stream_gamma(stream, half));
  return WLAW_OK;
}

static bool student_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  const double df = law->values[STUDENT_DF];
  if (!(df > 2.0)) return false;
  const double scale = scale_for(law, rows, cols);
  *mean = law->values[LAW_LOCATION];
  *variance = scale * scale * df / (df - 2.0);
  return true;
}

static double student_kurtosis(const wlaw_law *law) {
  const double df = law->values[STUDENT_DF];
  return df > 4.0 ? 3.0 + 6.0 / (df - 4.0) : df > 2.0 ? INFINITY : NAN;
}

/* ln of the density's height at scale 1, and its derivatives by df. */
typedef struct student_height {
  double log, first, second;
} student_height;

/* Of large df the logarithms of Gamma and their derivatives cancel: there by Stirling's series. */
static student_height height_of(double df) {
  const double h = 0.5 * df;
  if (h < 100.0)
    return (student_height){.log = wlaw_log_gamma(h + 0.5) - wlaw_log_gamma(h) - 0.5 * log(df * 3.14159265358979323846),
                            .first = 0.5 * (wlaw_digamma(h + 0.5) - wlaw_digamma(h) - 1.0 / df),
                            .second = 0.25 * (wlaw_trigamma(h + 0.5) - wlaw_trigamma(h)) + 0.5 / (df * df)};
  const double u = 1.0 / h, v = u * u;
  return (student_height){.log = -0.91893853320467274178 /* log(2 pi) / 2 */ -
                                 u * (1.0 / 8 - v * (1.0 / 192 - v * (1.0 / 640 - v * (17.0 / 14336)))),
                          .first = 0.5 * v * (1.0 / 8 - v * (1.0 / 64 - v * (1.0 / 128 - v * (17.0 / 2048)))),
                          .second = -0.25 * u * v * (1.0 / 4 - v * (1.0 / 16 - v * (3.0 / 64 - v * (17.0 / 256))))};
}

static double student_log_density(const double *p, double x) {
  const double df = p[STUDENT_DF], scale = scale_of(p), z = (x - p[LAW_LOCATION]) / scale;
  return height_of(df).log - 0.5 * (df + 1.0) * log1p(z * z / df) - log(scale);
}

static double student_cdf(const double *p, double x) {
  return wlaw_student_cdf((x - p[LAW_LOCATION]) / scale_of(p), p[STUDENT_DF]);
}

/* at: ln scale, ln df. With q = z^2 / df and w = q / (1 + q), every term is a multiple of ln(1 + q), w or w (1 - w). */
static bool student_likelihood(double *value, double *gradient, double *hessian, const double *at,
                               const void *context) {
  const entry_residuals *residuals = context;
  const double df = exp(at[1]), inverse = exp(-2.0 * at[0]) / df;
  double logs = 0.0, w = 0.0, spread = 0.0;
  for (size_t i = 0; i < residuals->n; i++) {
    const double q = residuals->size[i] * residuals->size[i] * inverse, left = 1.0 / (1.0 + q);
    logs += residuals->share[i] * log1p(q);
    w += residuals->share[i] * (1.0 - left);
    spread += residuals->share[i] * (1.0 - left) * left;
  }
  const double half = 0.5 * df, above = half + 0.5;
  const student_height height = height_of(df);
  *value = height.log - at[0] - above * logs;
  gradient[0] = (df + 1.0) * w - 1.0;
  gradient[1] = df * height.first - half * logs + above * w;
  hessian[0] = -2.0 * (df + 1.0) * spread;
  hessian[1] = hessian[2] = df * w - (df + 1.0) * spread;
  hessian[3] = df * height.first + df * df * height.second - half * logs + df * w - above * spread;
  return true;
}

static wlaw_status student_fit(entry_fit *fit, const entry_cells *cells, wlaw_error *err) {
  entry_residuals residuals;
  WLAW_TRY(wlaw_entry_residuals(&residuals, cells, err));
  const newton_problem problem = {.n = 2,
                                  .function = student_likelihood,
                                  .context = &residuals,
                                  .low = {-60.0, log(student_parameters[STUDENT_DF].low)},
                                  .high = {60.0, log(student_parameters[STUDENT_DF].high)}};
  newton_maximum maximum;
  double covariance[4];
  wlaw_newton_maximize(&maximum, &problem, (double[]){0.25, log(5.0)});
  wlaw_newton_covariance(covariance, &maximum, 2, residuals.total);
  const double scale = residuals.unit * exp(maximum.at[0]), df = exp(maximum.at[1]);
  wlaw_entry_fit_start(fit, &wlaw_law_student);
  wlaw_entry_set_median(fit, &residuals, scale, exp(height_of(df).log));
  wlaw_entry_fit_set(fit, LAW_SCALE, scale, scale * sqrt(covariance[0]));
  wlaw_entry_fit_set(fit, STUDENT_DF, df, df * sqrt(covariance[3]));
  wlaw_entry_fit_finish(fit, &maximum, 3, cells);
  wlaw_entry_residuals_free(&residuals);
  return WLAW_OK;
}

static const entry_ops student_entry = {.log_density = student_log_density, .cdf = student_cdf, .fit = student_fit};

const law_ops wlaw_law_student = {
    .name = "student",
    .alias = "t",
    .summary = "independent entries of Student's t law: tails of a power",
    .source = "Lange, Little and Taylor 1989, DOI 10.1080/01621459.1989.10478852",
    .parameters = student_parameters,
    .n_parameters = STUDENT_ROWS,
    .complete = wlaw_location_scale_complete,
    .check = student_check,
    .draw = student_draw,
    .moments = student_moments,
    .kurtosis = student_kurtosis,
    .entry = &student_entry,
};
