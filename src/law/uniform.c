/* uniform(bound= | sd= | gain=, fan=): independent entries, uniform on (-bound, bound), bound = sqrt(3) sd. */
#include <math.h>

#include "core/error.h"
#include "law/entry_fit.h"
#include "law/fan.h"
#include "measure/cell_statistics.h"

enum { UNIFORM_BOUND, UNIFORM_SCALE, UNIFORM_ROWS = UNIFORM_SCALE + SCALE_ROWS };

extern const law_ops wlaw_law_uniform;

static const law_parameter uniform_parameters[UNIFORM_ROWS] = {
    {.name = "bound",
     .kind = PARAMETER_REAL,
     .length = 1,
     .low = LAW_LEAST_SCALE,
     .high = LAW_MOST_SCALE,
     .doc = "largest size of an entry, in place of sd"},
    LAW_SCALE_ROWS,
};

static void uniform_complete(wlaw_law *law) { wlaw_scale_complete(law, UNIFORM_SCALE, law->counts[UNIFORM_BOUND] > 0); }

static wlaw_status uniform_check(const wlaw_law *law, wlaw_error *err) {
  return wlaw_scale_check(law, UNIFORM_SCALE, UNIFORM_BOUND, err);
}

static double uniform_bound(const double *p) {
  return isnan(p[UNIFORM_BOUND]) ? 1.73205080756887729353 * p[UNIFORM_SCALE + SCALE_SD] : p[UNIFORM_BOUND];
}

static double bound_for(const wlaw_law *law, size_t rows, size_t cols) {
  if (law->counts[UNIFORM_BOUND]) return law->values[UNIFORM_BOUND];
  return 1.73205080756887729353 * wlaw_scale_sd(law, UNIFORM_SCALE, rows, cols);
}

static wlaw_status uniform_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                                wlaw_error *err) {
  (void)err;
  const double bound = bound_for(law, rows, cols);
  for (size_t i = 0; i < rows * cols; i++) out[i] = bound * (2.0 * wlaw_stream_open(stream) - 1.0);
  return WLAW_OK;
}

static bool uniform_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  const double bound = bound_for(law, rows, cols);
  *mean = 0.0;
  *variance = bound * bound / 3.0;
  return true;
}

static double uniform_kurtosis(const wlaw_law *law) {
  (void)law;
  return 1.8;
}

static double uniform_log_density(const double *p, double x) {
  const double bound = uniform_bound(p);
  if (isnan(x)) return x;
  return fabs(x) > bound ? -INFINITY : -log(2.0 * bound);
}

static double uniform_cdf(const double *p, double x) {
  const double u = 0.5 + 0.5 * (x / uniform_bound(p));
  return u < 0.0 ? 0.0 : u > 1.0 ? 1.0 : u;
}

/* The bound is the largest magnitude M. n (bound - M) / bound tends to an exponential variable: its standard deviation,
 * bound / n, is the error; the likelihood has no curvature that could give one. */
static wlaw_status uniform_fit(entry_fit *fit, const entry_cells *cells, wlaw_error *err) {
  if (!cells->n) return wlaw_fail(err, WLAW_VALUE, "there are no weights other than 0 to fit a law to");
  double low, high;
  wlaw_cells_reach(&low, &high, cells);
  const double bound = fmax(-low, high);
  wlaw_entry_fit_start(fit, &wlaw_law_uniform);
  wlaw_entry_fit_set(fit, UNIFORM_BOUND, bound, bound / (double)cells->total);
  wlaw_entry_fit_finish_closed(fit, 1, cells);
  return WLAW_OK;
}

static void uniform_widen(wlaw_law *law, double low, double high) {
  double *bound = &law->values[UNIFORM_BOUND];
  *bound = fmax(*bound, fmax(-low, high));
}

static const entry_ops uniform_entry = {
    .log_density = uniform_log_density, .cdf = uniform_cdf, .fit = uniform_fit, .widen = uniform_widen};

const law_ops wlaw_law_uniform = {
    .name = "uniform",
    .summary = "independent entries, uniform and symmetric about 0; scale by bound, by sd, or by gain and fan",
    .source = "Glorot and Bengio 2010, Proc. AISTATS 9:249-256 (gain and fan)",
    .parameters = uniform_parameters,
    .n_parameters = UNIFORM_ROWS,
    .complete = uniform_complete,
    .check = uniform_check,
    .draw = uniform_draw,
    .moments = uniform_moments,
    .kurtosis = uniform_kurtosis,
    .entry = &uniform_entry,
};
