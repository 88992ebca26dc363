/* truncated-normal(mean=0, scale= | sd= | gain=, fan=, cut=2): a normal of standard deviation `scale`, the parent, kept
 * where it lies within cut * scale of the mean. `sd` is the standard deviation of what is kept, and so is gain /
 * sqrt(fan), as in Keras' VarianceScaling; PyTorch's trunc_normal_(std=s, a=-2s, b=2s) is scale=s. */
#include <math.h>

#include "core/error.h"
#include "law/entry_fit.h"
#include "law/fan.h"
#include "measure/cell_statistics.h"

enum { TRUNCATED_MEAN, TRUNCATED_SCALE, TRUNCATED_SD, TRUNCATED_CUT = TRUNCATED_SD + SCALE_ROWS, TRUNCATED_ROWS };

extern const law_ops wlaw_law_truncated_normal;

static const law_parameter truncated_parameters[TRUNCATED_ROWS] = {
    {.name = "mean",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "0",
     .low = -LAW_MOST_SCALE,
     .high = LAW_MOST_SCALE,
     .doc = "mean of an entry"},
    {.name = "scale",
     .kind = PARAMETER_REAL,
     .length = 1,
     .low = LAW_LEAST_SCALE,
     .high = LAW_MOST_SCALE,
     .doc = "standard deviation of the normal before it is cut, in place of sd"},
    LAW_SCALE_ROWS,
    {.name = "cut",
     .kind = PARAMETER_REAL,
     .length = 1,
     .preset = "2",
     .low = 0.01,
     .high = 30,
     .doc = "where the normal is cut, in units of its standard deviation before the cut"},
};

/* Moments of a standard normal kept on [-c, c]: with the integral I = exp(c^2/2) integral_0^c exp(-x^2/2) dx,
 * E x^2 = 1 - c/I and E x^4 = 3 - (c^3 + 3c)/I. Small c would cancel, so there the integrals of 1, x^2 and x^4/3 are
 * sums of t_j = c^(2j+1) / (1 3 5 ... (2j+1)) from j = 0, 1 and 2 on. */
typedef struct kept_moments {
  double second, fourth;
} kept_moments;

static kept_moments kept(double c) {
  if (c > 3.0) {
    const double ratio = exp(-0.5 * c * c) / (1.25331413731550025121 * erf(c * 0.70710678118654752440));
    return (kept_moments){1.0 - c * ratio, 3.0 - c * (c * c + 3.0) * ratio};
  }
  const double second = c * c * c / 3.0;
  double term = second, above = 0.0;
  for (int j = 2; j < 80; j++) {
    term *= c * c / (2 * j + 1);
    above += term;
  }
  const double all = c + second + above;
  return (kept_moments){(second + above) / all, 3.0 * above / all};
}

static void truncated_complete(wlaw_law *law) {
  wlaw_scale_complete(law, TRUNCATED_SD, law->counts[TRUNCATED_SCALE] > 0);
}

static wlaw_status truncated_check(const wlaw_law *law, wlaw_error *err) {
  return wlaw_scale_check(law, TRUNCATED_SD, TRUNCATED_SCALE, err);
}

/* Standard deviation of the parent when that of the kept entries is sd. */
static double parent_of(const double *p, double sd) {
  return isnan(p[TRUNCATED_SCALE]) ? sd / sqrt(kept(p[TRUNCATED_CUT]).second) : p[TRUNCATED_SCALE];
}

static double parent_for(const wlaw_law *law, size_t rows, size_t cols) {
  return parent_of(law->values, wlaw_scale_sd(law, TRUNCATED_SD, rows, cols));
}

/* Rejection: from a normal where most of it is kept, else from a uniform (accepted with at least exp(-1/2)). */
static double draw_kept(wlaw_stream *stream, double cut) {
  for (;;) {
    double pair[2];
    if (cut > 1.0) {
      wlaw_stream_normals(stream, pair, 2);
      if (fabs(pair[0]) <= cut) return pair[0];
      if (fabs(pair[1]) <= cut) return pair[1];
    } else {
      const double x = cut * (2.0 * wlaw_stream_open(stream) - 1.0);
      if (wlaw_stream_open(stream) <= exp(-0.5 * x * x)) return x;
    }
  }
}

static wlaw_status truncated_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                                  wlaw_error *err) {
  (void)err;
  const double mean = law->values[TRUNCATED_MEAN], cut = law->values[TRUNCATED_CUT];
  const double parent = parent_for(law, rows, cols);
  for (size_t i = 0; i < rows * cols; i++) out[i] = mean + parent * draw_kept(stream, cut);
  return WLAW_OK;
}

static bool truncated_moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  const double parent = parent_for(law, rows, cols);
  *mean = law->values[TRUNCATED_MEAN];
  *variance = parent * parent * kept(law->values[TRUNCATED_CUT]).second;
  return true;
}

static double truncated_kurtosis(const wlaw_law *law) {
  const kept_moments moments = kept(law->values[TRUNCATED_CUT]);
  return moments.fourth / (moments.second * moments.second);
}

static double truncated_log_density(const double *p, double x) {
  const double parent = parent_of(p, p[TRUNCATED_SD + SCALE_SD]), z = (x - p[TRUNCATED_MEAN]) / parent;
  if (fabs(z) > p[TRUNCATED_CUT]) return -INFINITY;
  const double share = erf(p[TRUNCATED_CUT] * 0.70710678118654752440);
  return -0.5 * z * z - log(parent * share) - 0.91893853320467274178; /* log(2 pi) / 2 */
}

static double truncated_cdf(const double *p, double x) {
  const double z = (x - p[TRUNCATED_MEAN]) / parent_of(p, p[TRUNCATED_SD + SCALE_SD]), cut = p[TRUNCATED_CUT];
  if (z <= -cut) return 0.0;
  if (z >= cut) return 1.0;
  return 0.5 + 0.5 * erf(z * 0.70710678118654752440) / erf(cut * 0.70710678118654752440);
}

/* Where kept(c).second / c^2, which falls from 1/3 to 0, is `ratio`; the ends of the parameter's range bound it. */
static double cut_of(double ratio) {
  double low = truncated_parameters[TRUNCATED_CUT].low, high = truncated_parameters[TRUNCATED_CUT].high;
  for (int halving = 0; halving < 60; halving++) {
    const double middle = 0.5 * (low + high);
    if (kept(middle).second / (middle * middle) > ratio) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}

/* The mean stays at 0, where initialisers have it (a free one would move the edges with its own, larger error); the
 * edge is the largest magnitude, known to 1/n. Between edges that stand fast the law is an exponential family in x^2:
 * the likelihood is largest where the mean square of what is kept is the weights'. With z = x / scale the information
 * of n weights about ln scale is n (E z^4 - (E z^2)^2) on the kept z. */
static wlaw_status truncated_fit(entry_fit *fit, const entry_cells *cells, wlaw_error *err) {
  double mean, variance, low, high;
  wlaw_cells_moments(&mean, &variance, cells);
  wlaw_cells_reach(&low, &high, cells);
  if (!(variance > 0.0))
    return wlaw_fail(err, WLAW_VALUE, "all weights are equal; a truncated normal law cannot be fitted to them");
  const double edge = fmax(-low, high) * (1.0 + 1e-12), square = variance + mean * mean;
  const law_parameter *range = &truncated_parameters[TRUNCATED_CUT];
  const double cut = cut_of(square / (edge * edge)), root = sqrt((double)cells->total);
  if (!(cut < range->high * (1.0 - 1e-9)))
    return wlaw_fail(err, WLAW_VALUE, "a weight lies %g standard deviations away; no normal is cut there",
                     edge / sqrt(square));
  const bool flat = !(cut > range->low * (1.0 + 1e-9));
  const kept_moments moments = kept(cut);
  const double relative = 1.0 / (root * sqrt(moments.fourth - moments.second * moments.second));
  wlaw_entry_fit_start(fit, &wlaw_law_truncated_normal);
  wlaw_entry_fit_set(fit, TRUNCATED_MEAN, 0.0, NAN);
  wlaw_entry_fit_set(fit, TRUNCATED_SCALE, edge / cut, flat ? NAN : edge / cut * relative);
  wlaw_entry_fit_set(fit, TRUNCATED_CUT, cut, flat ? NAN : cut * relative);
  wlaw_entry_fit_finish_closed(fit, 2, cells);
  if (flat) fit->stop_reason = "a parameter is at the end of its range";
  return WLAW_OK;
}

/* Fitted laws have their mean at 0. */
static void truncated_widen(wlaw_law *law, double low, double high) {
  double *cut = &law->values[TRUNCATED_CUT];
  *cut = fmax(*cut, fmax(-low, high) / law->values[TRUNCATED_SCALE] * (1.0 + 1e-12));
}

static const entry_ops truncated_entry = {
    .log_density = truncated_log_density, .cdf = truncated_cdf, .fit = truncated_fit, .widen = truncated_widen};

const law_ops wlaw_law_truncated_normal = {
    .name = "truncated-normal",
    .summary = "independent normal entries cut at `cut` standard deviations; sd and gain speak of what is kept",
    .source = "Johnson, Kotz and Balakrishnan 1994, Continuous Univariate Distributions 1, section 13.10.1",
    .parameters = truncated_parameters,
    .n_parameters = TRUNCATED_ROWS,
    .complete = truncated_complete,
    .check = truncated_check,
    .draw = truncated_draw,
    .moments = truncated_moments,
    .kurtosis = truncated_kurtosis,
    .entry = &truncated_entry,
};
