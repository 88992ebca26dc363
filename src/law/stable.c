/* stable(location=0, scale=1, alpha=1.5): the symmetric stable law with E exp(i t x) = exp(i location t - |scale
 * t|^alpha). Sums of n such entries are n^(1/alpha) times one: what infinitely wide networks with heavy-tailed weights
 * keep (Favaro, Fortini and Peluchetti 2020, arXiv 2003.00394). alpha = 2 is normal with sd = sqrt(2) scale, alpha = 1
 * Cauchy's. Nolan 2020, Univariate Stable Distributions, DOI 10.1007/978-3-030-52915-4. */
#include <math.h>

#include "core/error.h"
#include "law/location_scale.h"
#include "math/special.h"
#include "math/stable.h"

enum { STABLE_LOCATION, STABLE_SCALE, STABLE_ALPHA, STABLE_ROWS };

extern const law_ops wlaw_law_stable;

static const law_parameter stable_parameters[STABLE_ROWS] = {
    LAW_LOCATION_ROW,
    {.name = "scale",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "1",
     .low = LAW_LEAST_SCALE,
     .high = LAW_MOST_SCALE,
     .doc = "scale c of exp(-|c t|^alpha)"},
    {.name = "alpha",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "1.5",
     .low = STABLE_LEAST_ALPHA,
     .high = 2,
     .doc = "index of stability: tails fall like |x|^-alpha; 2 is the normal law"},
};

/* Chambers, Mallows and Stuck 1976, DOI 10.1080/01621459.1976.10480344, symmetric case. */
static wlaw_status stable_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                               wlaw_error *err) {
  (void)err;
  const double location = law->values[STABLE_LOCATION], scale = law->values[STABLE_SCALE];
  const double alpha = law->values[STABLE_ALPHA];
  for (size_t i = 0; i < rows * cols; i++) {
    const double angle = 3.14159265358979323846 * (wlaw_stream_open(stream) - 0.5);
    const double w = -log(wlaw_stream_open(stream)), c = cos(angle);
    const double tail = pow(cos((1.0 - alpha) * angle) / w, (1.0 - alpha) / alpha);
    out[i] = location + scale * sin(alpha * angle) / pow(c, 1.0 / alpha) * tail;
  }
  return WLAW_OK;
}

static bool stable_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  (void)rows;
  (void)cols;
  *mean = law->values[STABLE_LOCATION];
  *variance = 2.0 * law->values[STABLE_SCALE] * law->values[STABLE_SCALE];
  return law->values[STABLE_ALPHA] == 2.0;
}

static double stable_kurtosis(const wlaw_law *law) { return law->values[STABLE_ALPHA] == 2.0 ? 3.0 : NAN; }

static double log_density_at(double alpha, double z) {
  if (alpha == 2.0) return -0.25 * z * z - 1.26551212348464539649; /* ln(4 pi) / 2 */
  return log(wlaw_stable_density(alpha, z));
}

static double stable_log_density(const double *p, double x) {
  return log_density_at(p[STABLE_ALPHA], (x - p[STABLE_LOCATION]) / p[STABLE_SCALE]) - log(p[STABLE_SCALE]);
}

static double stable_cdf(const double *p, double x) {
  return wlaw_stable_cdf(p[STABLE_ALPHA], (x - p[STABLE_LOCATION]) / p[STABLE_SCALE]);
}

static void stable_evaluate(const double *p, const double *x, size_t n, double *log_density, double *cdf) {
  const double alpha = p[STABLE_ALPHA], log_scale = log(p[STABLE_SCALE]);
  const bool tabled = alpha >= STABLE_TABLE_LEAST && alpha <= STABLE_TABLE_MOST && n > 50;
  stable_table table;
  if (tabled) wlaw_stable_table(&table, alpha);
  for (size_t i = 0; i < n; i++) {
    const double z = (x[i] - p[STABLE_LOCATION]) / p[STABLE_SCALE];
    if (!tabled || !isfinite(z)) {
      if (log_density) log_density[i] = stable_log_density(p, x[i]);
      if (cdf) cdf[i] = stable_cdf(p, x[i]);
      continue;
    }
    stable_jet jet;
    wlaw_stable_at(&jet, &table, fabs(z));
    if (log_density) log_density[i] = log(jet.f) - log_scale;
    if (cdf) cdf[i] = z > 0.0 ? 1.0 - jet.upper : jet.upper;
  }
}

/* at: ln scale, alpha. */
static bool stable_likelihood(double *value, double *gradient, double *hessian, const double *at, const void *context) {
  const entry_residuals *residuals = context;
  const double inverse = exp(-at[0]);
  stable_table table;
  wlaw_stable_table(&table, at[1]);
  double sums[6] = {0};
  for (size_t i = 0; i < residuals->n; i++) {
    const double z = residuals->size[i] * inverse, share = residuals->share[i];
    stable_jet jet;
    wlaw_stable_at(&jet, &table, z);
    const double over = 1.0 / jet.f, x = z * jet.f_x * over, a = jet.f_a * over;
    sums[0] += share * log(jet.f);
    sums[1] -= share * x;
    sums[2] += share * a;
    sums[3] += share * (x + z * z * jet.f_xx * over - x * x);
    sums[4] -= share * (z * jet.f_ax * over - x * a);
    sums[5] += share * (jet.f_aa * over - a * a);
  }
  *value = sums[0] - at[0];
  gradient[0] = sums[1] - 1.0;
  gradient[1] = sums[2];
  hessian[0] = sums[3];
  hessian[1] = hessian[2] = sums[4];
  hessian[3] = sums[5];
  return true;
}

/* At alpha = 2 the law is normal. Its likelihood is the larger one where the weights' tails are no heavier; alpha then
 * lies at its bound, where it has no standard error of the usual kind (DuMouchel 1973, DOI 10.1214/aos/1176342516). */
static void normal_instead(newton_maximum *maximum, double *covariance, const entry_residuals *residuals) {
  double square = 0.0;
  for (size_t i = 0; i < residuals->n; i++) square += residuals->share[i] * residuals->size[i] * residuals->size[i];
  const double value = -0.5 - 0.91893853320467274178 - 0.5 * log(square); /* log(2 pi) / 2 */
  if (!(value >= maximum->value) && maximum->at[1] < STABLE_TABLE_MOST) return;
  maximum->at[0] = 0.5 * log(0.5 * square);
  maximum->at[1] = 2.0;
  maximum->value = value;
  maximum->converged = true;
  maximum->stop_reason = "a parameter is at the end of its range";
  covariance[0] = 0.5 / residuals->total;
  covariance[3] = NAN;
}

static wlaw_status stable_fit(entry_fit *fit, const entry_cells *cells, wlaw_error *err) {
  entry_residuals residuals;
  WLAW_TRY(wlaw_entry_residuals(&residuals, cells, err));
  const newton_problem problem = {.n = 2,
                                  .function = stable_likelihood,
                                  .context = &residuals,
                                  .low = {-60.0, STABLE_TABLE_LEAST},
                                  .high = {60.0, STABLE_TABLE_MOST}};
  newton_maximum maximum;
  double covariance[4];
  wlaw_newton_maximize(&maximum, &problem, (double[]){0.0, 1.6});
  wlaw_newton_covariance(covariance, &maximum, 2, residuals.total);
  normal_instead(&maximum, covariance, &residuals);
  const double scale = residuals.unit * exp(maximum.at[0]), alpha = maximum.at[1];
  wlaw_entry_fit_start(fit, &wlaw_law_stable);
  wlaw_entry_set_median(fit, &residuals, scale, wlaw_stable_density(alpha, 0.0));
  wlaw_entry_fit_set(fit, STABLE_SCALE, scale, scale * sqrt(covariance[0]));
  wlaw_entry_fit_set(fit, STABLE_ALPHA, alpha, sqrt(covariance[3]));
  fit->converged = maximum.converged;
  fit->iterations = maximum.iterations;
  fit->stop_reason = maximum.stop_reason;
  fit->free_parameters = 3;
  fit->log_likelihood = residuals.total * (maximum.value - log(residuals.unit));
  wlaw_entry_residuals_free(&residuals);
  return WLAW_OK;
}

static const entry_ops stable_entry = {
    .log_density = stable_log_density, .cdf = stable_cdf, .evaluate = stable_evaluate, .fit = stable_fit};

const law_ops wlaw_law_stable = {
    .name = "stable",
    .summary = "independent symmetric stable entries: tails of a power below 2",
    .source = "Nolan 2020, Univariate Stable Distributions, DOI 10.1007/978-3-030-52915-4",
    .parameters = stable_parameters,
    .n_parameters = STABLE_ROWS,
    .draw = stable_draw,
    .moments = stable_moments,
    .kurtosis = stable_kurtosis,
    .entry = &stable_entry,
};
