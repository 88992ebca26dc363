/* What node variances become as the width grows, from estimates at three widths or more.
 *
 * What decides is the dominance D(p) = E (sum s_j^(3/2))^2, s_j = lambda_j / sum lambda, one over the effective number
 * of nodes (Hill 1973, DOI 10.2307/1934352, order 3/2): it is bounded whatever the law, needs no threshold, and tends
 * to 0 in the Gaussian regime and there alone (the share of the largest node is between D and its cube root). Order 2,
 * the participation ratio, would fall like 1/p only where lambda has a variance, which inverse-gamma(shape=2) has not.
 * Where lambda has the limit (a, rho), D moves to its own as 1/p. So the line r + s/p and the power C p^-g are laid
 * through the same points, with errors that allow for the next order, D/p.
 *
 * A mixture: r is 3 errors above 0, the line fits (1 %), and the power does not (.1 %) or falls slower than p^-1/3, and
 * where it falls significantly is no better than the line.
 *
 * Gaussian: g is 2 errors above 1/2, and r, with 2 errors, is less than half of what is left at the largest width. A
 * power that fits says the same where g is 2 errors above 3/4 and r not 3 errors above 0 (over four octaves a line of
 * that mean slope has r at .53 of its last point), or where the line is worse by 4 of chi-squared (a likelihood ratio
 * of 7).
 *
 * Otherwise it is not determined, nor is it where the total (Gaussian) or every curve (mixture) bends away from its
 * line. Curves are read at every h above a threshold (Lee et al. 2023, theorem 4: p to infinity at fixed h, then h to
 * 0). */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "limit/node_estimate.h"
#include "math/special.h"

enum { LEAST_WIDTHS = 3 };

static const double certain = 3.0, usual = 2.0; /* standard errors: one-sided levels .1 % and 2.5 % */
static const double fits = 0.01, bends = 0.001; /* p-values of the deciding line; of the power, and of curves */
static const double persists = 1.0 / 3.0, vanishes = 0.5, steep = 0.75; /* exponents of decay */
static const double worse = 4.0;

static const node_trend no_trend = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};

const char *wlaw_node_verdict_name(node_verdict verdict) {
  return verdict == NODE_IS_GP ? "gp" : verdict == NODE_IS_MOGP ? "mogp" : "undetermined";
}

/* y = level + slope x by weighted least squares, with the error of both. false: fewer than 3 points. */
static bool fit_line(double *level, double *se_level, double *slope, double *se_slope, double *chi_squared,
                     const double *x, const double *y, const double *se, size_t n) {
  double weight = 0.0, mean_x = 0.0, mean_y = 0.0, xx = 0.0, xy = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double w = 1.0 / (se[i] * se[i]);
    weight += w;
    mean_x += w * (x[i] - mean_x) / weight;
    mean_y += w * (y[i] - mean_y) / weight;
  }
  for (size_t i = 0; i < n; i++) {
    const double w = 1.0 / (se[i] * se[i]);
    xx += w * (x[i] - mean_x) * (x[i] - mean_x);
    xy += w * (x[i] - mean_x) * (y[i] - mean_y);
  }
  *slope = xy / xx;
  *se_slope = 1.0 / sqrt(xx);
  *level = mean_y - *slope * mean_x;
  *se_level = sqrt(1.0 / weight + mean_x * mean_x / xx);
  *chi_squared = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double off = (y[i] - *level - *slope * x[i]) / se[i];
    *chi_squared += off * off;
  }
  return n >= LEAST_WIDTHS && isfinite(*level) && isfinite(*se_level) && isfinite(*chi_squared);
}

/* Room for one trend over n widths. */
typedef struct points {
  size_t n;
  double *width, *value, *se, *x, *log_value, *log_se; /* [n] */
} points;

static wlaw_status points_new(points *out, const node_estimate *estimates, size_t n, wlaw_error *err) {
  double *numbers = wlaw_array(6 * n, sizeof *numbers);
  if (!numbers) return wlaw_fail_memory(err, 6 * n, sizeof *numbers);
  *out = (points){n, numbers, numbers + n, numbers + 2 * n, numbers + 3 * n, numbers + 4 * n, numbers + 5 * n};
  for (size_t i = 0; i < n; i++) out->width[i] = (double)estimates[i].width;
  return WLAW_OK;
}

static node_trend find_trend(points *at) {
  node_trend out = no_trend;
  double slope, se_slope, level, se_level;
  bool positive = true;
  for (size_t i = 0; i < at->n; i++) {
    const double next = at->value[i] / at->width[i];
    at->se[i] = sqrt(at->se[i] * at->se[i] + next * next);
    at->x[i] = 1.0 / at->width[i];
    positive = positive && at->value[i] > 0.0;
  }
  const double df = (double)at->n - 2.0;
  if (!fit_line(&out.limit, &out.se_limit, &slope, &se_slope, &out.chi_squared, at->x, at->value, at->se, at->n))
    return no_trend;
  out.p_value = wlaw_chi_squared_upper(out.chi_squared, df);
  if (!positive) return out;
  for (size_t i = 0; i < at->n; i++) {
    at->x[i] = -log(at->width[i]);
    at->log_value[i] = log(at->value[i]);
    at->log_se[i] = at->se[i] / at->value[i];
  }
  if (!fit_line(&level, &se_level, &out.exponent, &out.se_exponent, &out.power_chi_squared, at->x, at->log_value,
                at->log_se, at->n))
    out.exponent = out.se_exponent = out.power_chi_squared = NAN;
  else out.power_p_value = wlaw_chi_squared_upper(out.power_chi_squared, df);
  return out;
}

static node_verdict judge(const node_trend *d, double at_widest, const char **reason) {
  const bool line = d->p_value > fits, power = d->power_p_value > bends;
  const bool above = d->limit > certain * d->se_limit;
  const double low = d->exponent - usual * d->se_exponent, high = d->exponent + usual * d->se_exponent;
  const bool falls_better = low > 0.0 && d->power_chi_squared < d->chi_squared;
  *reason = NULL;
  if (above && line && (!power || (high < persists && !falls_better))) return NODE_IS_MOGP;
  const bool little_left = d->limit + usual * d->se_limit < 0.5 * at_widest && !(above && line && !power);
  const bool falls = power && ((low > steep && !above) || d->chi_squared - d->power_chi_squared > worse);
  if (low > vanishes && (little_left || falls)) return NODE_IS_GP;
  if (isnan(d->limit)) *reason = "the dominance has no error at some width";
  else if (!line && !power) *reason = "the dominance follows neither a line in 1/p nor a power of p";
  else if (above) *reason = "the dominance falls with the width, and may stay or vanish";
  else *reason = "too few networks or widths too close: the dominance may stay or vanish within its errors";
  return NODE_UNDETERMINED;
}

static node_trend curve_trend(points *at, const node_estimate *estimates, size_t point, bool tail) {
  for (size_t i = 0; i < at->n; i++) {
    const node_curve *curve = tail ? &estimates[i].tail : &estimates[i].truncated;
    at->value[i] = curve->value[point];
    at->se[i] = curve->se[point];
  }
  return find_trend(at);
}

/* The first point of the grid above the nodes of which every network has many, from which on lines fit. */
static size_t find_threshold(points *at, const node_estimate *estimates) {
  const node_curve *grid = &estimates[0].tail;
  double bulk = 0.0;
  bool before = false;
  for (size_t i = 0; i < at->n; i++) bulk = fmax(bulk, 2.0 * estimates[i].typical);
  for (size_t k = 0; k < grid->n; k++) {
    if (!(grid->x[k] >= bulk)) continue;
    const bool good =
        curve_trend(at, estimates, k, true).p_value > bends && curve_trend(at, estimates, k, false).p_value > bends;
    if (good && before) return k - 1;
    before = good;
  }
  return grid->n;
}

static wlaw_status take_curves(node_limit *out, points *at, const node_estimate *estimates, size_t first,
                               wlaw_error *err) {
  const node_curve *grid = &estimates[0].tail;
  const size_t n = grid->n - first;
  double *numbers = wlaw_array(6 * n, sizeof *numbers);
  if (!numbers) return wlaw_fail_memory(err, 6 * n, sizeof *numbers);
  out->tail = (node_curve){n, numbers, numbers + n, numbers + 2 * n};
  out->truncated = (node_curve){n, numbers + 3 * n, numbers + 4 * n, numbers + 5 * n};
  for (size_t i = 0; i < n; i++) {
    const node_trend tail = curve_trend(at, estimates, first + i, true),
                     truncated = curve_trend(at, estimates, first + i, false);
    out->tail.x[i] = out->truncated.x[i] = grid->x[first + i];
    out->tail.value[i] = tail.limit;
    out->tail.se[i] = tail.se_limit;
    out->truncated.value[i] = truncated.limit;
    out->truncated.se[i] = truncated.se_limit;
  }
  out->threshold = out->tail.x[0];
  out->residual = out->truncated.value[0];
  out->se_residual = out->truncated.se[0];
  return WLAW_OK;
}

/* a = lim t(h), h to 0, where jumps of density ~ x^(-1-alpha) at 0 make t(h) = a + c h^(1 - alpha): a line in h^beta
 * for each beta, over the first octaves above the threshold. Between 0 and t(threshold) whatever the fit; its error
 * covers every beta that fits nearly as well as the best. */
static void find_location(node_limit *out) {
  enum { POINTS = 9, EXPONENTS = 15 };
  const size_t n = out->truncated.n < POINTS ? out->truncated.n : POINTS;
  double level[EXPONENTS], error[EXPONENTS], chi[EXPONENTS], x[POINTS], slope, se_slope, best = INFINITY;
  const double most = out->residual + usual * out->se_residual;
  double low = most, high = 0.0;
  for (size_t b = 0; b < EXPONENTS; b++) {
    for (size_t i = 0; i < n; i++) x[i] = pow(out->truncated.x[i] / out->threshold, 0.1 * (double)(b + 1));
    if (!fit_line(&level[b], &error[b], &slope, &se_slope, &chi[b], x, out->truncated.value, out->truncated.se, n))
      chi[b] = INFINITY;
    if (chi[b] >= best) continue;
    best = chi[b];
    out->a = fmax(0.0, fmin(level[b], out->residual));
  }
  if (isinf(best)) return;
  for (size_t b = 0; b < EXPONENTS; b++) {
    if (!(chi[b] <= best + 1.0)) continue;
    low = fmin(low, fmax(0.0, level[b] - error[b]));
    high = fmax(high, fmin(most, level[b] + error[b]));
  }
  out->se_a = fmax(fmax(high - out->a, out->a - low), out->se_residual);
}

/* No trend where the tail index says that lambda has no mean. */
static node_trend total_trend(points *at, const node_estimate *estimates) {
  for (size_t i = 0; i < at->n; i++) {
    if (estimates[i].hill + usual * estimates[i].se_hill < 1.0) return no_trend;
    at->value[i] = estimates[i].total;
    at->se[i] = estimates[i].se_total;
  }
  return find_trend(at);
}

/* In the Gaussian regime nothing is left above the threshold and all of the total is a. */
static void set_gaussian(node_limit *out) {
  out->a = out->total;
  out->se_a = out->se_total;
  for (size_t i = 0; i < out->tail.n; i++) out->tail.value[i] = 0.0;
}

static void doubt(node_limit *out, const char *reason) {
  out->verdict = NODE_UNDETERMINED;
  out->reason = reason;
}

static wlaw_status extrapolate(node_limit *out, points *at, const node_estimate *estimates, wlaw_error *err) {
  double widest = 0.0, at_widest = 0.0;
  for (size_t i = 0; i < at->n; i++) {
    at->value[i] = estimates[i].dominance;
    at->se[i] = estimates[i].se_dominance;
    if (!(at->width[i] > widest)) continue;
    widest = at->width[i];
    at_widest = at->value[i];
  }
  out->dominance = find_trend(at);
  out->chi_squared = out->dominance.chi_squared;
  out->p_value = out->dominance.p_value;
  out->verdict = judge(&out->dominance, at_widest, &out->reason);
  const node_trend total = total_trend(at, estimates);
  if (total.p_value > bends) {
    out->total = total.limit;
    out->se_total = total.se_limit;
  }
  const size_t first = find_threshold(at, estimates);
  if (first < estimates[0].tail.n) WLAW_TRY(take_curves(out, at, estimates, first, err));
  if (out->verdict == NODE_IS_GP && isnan(out->total))
    doubt(out, "no node keeps a share, but the total follows no straight line in 1/p: it may grow or vanish");
  if (out->verdict == NODE_IS_MOGP && out->tail.n == 0)
    doubt(out, "some nodes keep a share, but the curves follow no straight line in 1/p at any threshold");
  if (out->verdict == NODE_IS_GP) set_gaussian(out);
  else if (out->verdict == NODE_IS_MOGP) find_location(out);
  return WLAW_OK;
}

static size_t count_widths(const node_estimate *estimates, size_t n) {
  size_t different = 0;
  for (size_t i = 0; i < n; i++) {
    bool seen = false;
    for (size_t k = 0; k < i; k++) seen = seen || estimates[k].width == estimates[i].width;
    different += !seen;
  }
  return different;
}

wlaw_status wlaw_node_extrapolate(node_limit *out, const node_estimate *estimates, size_t n, wlaw_error *err) {
  *out = (node_limit){.dominance = no_trend,
                      .total = NAN,
                      .se_total = NAN,
                      .a = NAN,
                      .se_a = NAN,
                      .threshold = NAN,
                      .residual = NAN,
                      .se_residual = NAN,
                      .chi_squared = NAN,
                      .p_value = NAN};
  const size_t widths = count_widths(estimates, n);
  if (widths < LEAST_WIDTHS) {
    out->reason = widths < 2 ? "one width: the same nodes may become a sum or stay jumps; three widths are needed"
                             : "two widths: nothing tests the line through them; three widths are needed";
    return WLAW_OK;
  }
  points at;
  WLAW_TRY(points_new(&at, estimates, n, err));
  const wlaw_status status = extrapolate(out, &at, estimates, err);
  free(at.width);
  if (status != WLAW_OK) wlaw_node_limit_free(out);
  return status;
}

void wlaw_node_limit_free(node_limit *limit) {
  free(limit->tail.x);
  *limit = (node_limit){0};
}
