/* Least squares on the Weibull probability plot. Its points are the n order statistics; sums over a run of c
 * neighbouring ranks are replaced by Gauss's quadrature for c equally spaced unit masses (the zeros of the discrete
 * Chebyshev, or Gram, polynomials: Szego 1975, Orthogonal Polynomials, section 2.8), which is exact for polynomials in
 * the rank of degree 5, and for every function where c <= 3. A run spans at most a share D = 1/320 of the ranks; y has
 * its singularities at F = 0 and 1, at least 0.1 away, so that its 6th derivative is below 1.3e8 and the error of a sum
 * below D^6 (3!)^4 / (7 (6!)^3) 1.3e8 < 7e-14 times c. */
#include "law/weibull_plot.h"

#include <math.h>
#include <stdbool.h>

enum { RUNS = 320, SORTED_RUNS = 4096, CURVE_NODES = 8192 };

static double plot_height(double f) { return log(-log1p(-f)); }

/* Weighted sums about an origin near the points. */
typedef struct plot_sums {
  double x0, y0; /* the origin */
  double w, x, y, xx, xy, yy;
} plot_sums;

static void add_point(plot_sums *sums, double weight, double x, double y) {
  const double dx = x - sums->x0, dy = y - sums->y0;
  sums->w += weight;
  sums->x += weight * dx;
  sums->y += weight * dy;
  sums->xx += weight * dx * dx;
  sums->xy += weight * dx * dy;
  sums->yy += weight * dy * dy;
}

static void add_sums(plot_sums *into, const plot_sums *part) {
  into->w += part->w;
  into->x += part->x;
  into->y += part->y;
  into->xx += part->xx;
  into->xy += part->xy;
  into->yy += part->yy;
}

/* The line, and what its influence function needs. */
typedef struct plot_line {
  double mean_x, mean_y, variance_x, slope, log_lambda, r2;
} plot_line;

static plot_line line_of(const plot_sums *s) {
  const double mx = s->x / s->w, my = s->y / s->w;
  const double vx = s->xx / s->w - mx * mx, vy = s->yy / s->w - my * my, cov = s->xy / s->w - mx * my;
  const double slope = cov / vx;
  return (plot_line){.mean_x = s->x0 + mx,
                     .mean_y = s->y0 + my,
                     .variance_x = vx,
                     .slope = slope,
                     .log_lambda = s->x0 + mx - (s->y0 + my) / slope,
                     .r2 = cov * cov / (vx * vy)};
}

/* First and last rank i (from 1) of those with 0.1 <= (i - 1/2) / n <= 0.9. */
static uint64_t first_rank(uint64_t n) { return n / 10 + (n % 10 + 14) / 10; }
static uint64_t last_rank(uint64_t n) { return n / 10 * 9 + (n % 10 * 9 + 5) / 10; }

/* Gauss's nodes for `count` unit masses at distances -(count - 1) / 2 ... (count - 1) / 2. */
typedef struct rank_rule {
  double distance, outer, inner; /* weights of the two outer nodes, each, and of the one in the middle */
} rank_rule;

static rank_rule rule_for(double count) {
  if (count < 2.0) return (rank_rule){.inner = count};
  const double square = (3.0 * count * count - 7.0) / 20.0;
  const double outer = count * (count * count - 1.0) / (24.0 * square);
  return (rank_rule){.distance = sqrt(square), .outer = outer, .inner = count - 2.0 * outer};
}

/* ---- cells */

/* Magnitude of the weight at place j - 1/2 (from 0 to count) inside a wide cell. */
static double inside_cell(const entry_cells *cells, size_t i, double place) {
  const double width = cells->width[i], count = (double)cells->count[i], v = place / count - 0.5;
  const double shift = cells->value[i] - (cells->low[i] + 0.5 * width);
  /* beyond a sixth of the width no linear density has this mean: an even one over less than the cell does */
  if (fabs(shift) > width / 6.0) return cells->value[i] + (width - 2.0 * fabs(shift)) * v;
  const double bend = shift / (1.0 / 6.0 + 1.0 / (12.0 * count * count));
  return cells->low[i] + 0.5 * width + width * v + bend * (0.25 - v * v);
}

/* Ranks from ... to (from 1) of cell i, whose first rank is `start`. */
static void add_cell(plot_sums *sums, const entry_cells *cells, size_t i, uint64_t start, uint64_t from, uint64_t to) {
  const double n = (double)cells->total, level = log(cells->value[i]);
  const uint64_t most = cells->total / RUNS + 1;
  for (uint64_t a = from; a <= to;) {
    const uint64_t count = to - a + 1 < most ? to - a + 1 : most;
    const rank_rule rule = rule_for((double)count);
    const double middle = (double)(a - 1) + 0.5 * (double)count; /* rank less 1/2 */
    for (int side = -1; side <= 1; side++) {
      const double weight = side ? rule.outer : rule.inner, at = middle + side * rule.distance;
      if (weight == 0.0) continue;
      const double x = cells->width[i] > 0.0 ? log(inside_cell(cells, i, at - (double)(start - 1))) : level;
      add_point(sums, weight, x, plot_height(at / n));
    }
    a += count;
  }
}

static void sum_cells(plot_sums *sums, const entry_cells *cells) {
  const uint64_t first = first_rank(cells->total), last = last_rank(cells->total);
  uint64_t before = 0;
  *sums = (plot_sums){.y0 = -0.5};
  for (size_t i = 0; i < cells->n && before < last; before += cells->count[i++]) {
    const uint64_t end = before + cells->count[i];
    if (end < first) continue;
    if (sums->w == 0.0) sums->x0 = log(cells->value[i]);
    add_cell(sums, cells, i, before + 1, before + 1 > first ? before + 1 : first, end < last ? end : last);
  }
}

/* ---- a sorted array */

/* Over short runs y is the parabola through Gauss's three nodes. Its error in a run that spans a share D of the ranks
 * is odd about the
 * middle and below D^3 y''' / 125 < 3e-10 (D = 1/4096, y''' < 2300): it acts through the slope of ln w inside the run,
 * another D. */
static void sum_sorted(plot_sums *sums, const double *magnitudes, size_t n) {
  const uint64_t first = first_rank(n), last = last_rank(n), most = n / SORTED_RUNS + 1;
  *sums = (plot_sums){.x0 = log(magnitudes[first - 1]), .y0 = -0.5};
  for (uint64_t a = first; a <= last;) {
    const uint64_t count = last - a + 1 < most ? last - a + 1 : most;
    const double s = rule_for((double)count).distance, middle = (double)(a - 1) + 0.5 * (double)count;
    const double y = plot_height(middle / (double)n);
    double tilt = 0.0, bend = 0.0;
    if (s > 0.0) {
      const double below = plot_height((middle - s) / (double)n), above = plot_height((middle + s) / (double)n);
      tilt = (above - below) / (2.0 * s);
      bend = (above - 2.0 * y + below) / (2.0 * s * s);
    }
    plot_sums run = {.x0 = sums->x0, .y0 = sums->y0}; /* summed apart: of 1e6 equal terms roundings would pile up */
    for (uint64_t i = a; i < a + count; i++) {
      const double t = (double)i - 0.5 - middle;
      add_point(&run, 1.0, log(magnitudes[i - 1]), y + t * (tilt + t * bend));
    }
    add_sums(sums, &run);
    a += count;
  }
}

/* ---- influence functions
 *
 * With Q the quantile function of magnitudes and L = ln Q, slope and mean are functionals of L(u), 0.1 <= u <= 0.9:
 *   dk / dL(u) = g(u) = ((y - mean y) - 2 k (L - mean L)) / (0.8 var L),
 *   d ln lambda / dL(u) = 1 / 0.8 + mean y / k^2 g(u).
 * A mass at x moves L(u) by (u - [F(x) <= u]) L'(u) (van der Vaart 1998, Asymptotic Statistics, section 21.2), so the
 * influence function is the integral of g dL up to ln x, less its mean: no density has to be estimated. */

typedef struct influence_curve {
  const plot_line *line;
  const entry_cells *cells; /* or: */
  const double *sorted;
  uint64_t n, stride; /* ranks from node to node, at least */
  size_t next;        /* cell or place in the array */
  /* the node reached: */
  uint64_t rank;        /* weights up to it */
  double x, share;      /* ln magnitude; share of weights since the node before */
  double end;           /* where L leaves x, as a share of the ranks */
  double k, log_lambda; /* influences, not yet centred */
} influence_curve;

static influence_curve curve_start(const plot_line *line, const entry_cells *cells, const double *sorted, uint64_t n) {
  return (influence_curve){
      .line = line, .cells = cells, .sorted = sorted, .n = n, .stride = n / CURVE_NODES + 1, .x = NAN};
}

/* L rises by dx between the shares u = from and u = to of the ranks (at one place where they are equal). */
static void curve_rise(influence_curve *curve, double from, double to, double middle, double dx) {
  const double a = fmax(from, 0.1), b = fmin(to, 0.9);
  if (!(a <= b)) return;
  const plot_line *line = curve->line;
  const double part = to > from ? (b - a) / (to - from) * dx : dx;
  const double height = plot_height(0.5 * (a + b)) - line->mean_y;
  const double g = (height - 2.0 * line->slope * (middle - line->mean_x)) / (0.8 * line->variance_x);
  curve->k += g * part;
  curve->log_lambda += (1.25 + line->mean_y / (line->slope * line->slope) * g) * part;
}

/* Steps to the next node; false at the end. Weights between two nodes count at the upper one. */
static bool curve_next(influence_curve *curve) {
  const influence_curve before = *curve;
  const double n = (double)curve->n;
  double flat = 1.0 / n; /* share of the ranks where L is x */
  if (before.rank == curve->n) return false;
  if (curve->cells) {
    size_t i = curve->next;
    while (i < curve->cells->n && (i == before.next || curve->rank - before.rank < curve->stride))
      curve->rank += curve->cells->count[i++];
    curve->next = i--;
    curve->x = log(curve->cells->value[i]);
    flat = (double)curve->cells->count[i] / n;
    curve->end = (double)curve->rank / n;
    if (curve->cells->width[i] > 0.0) curve->end -= 0.5 * flat, flat = 0.0; /* x is in the middle of the cell */
  } else {
    curve->rank = curve->n - before.rank < curve->stride ? curve->n : before.rank + curve->stride;
    curve->x = log(curve->sorted[curve->rank - 1]);
    curve->end = (double)curve->rank / n;
  }
  curve->share = (double)(curve->rank - before.rank) / n;
  if (before.rank > 0)
    curve_rise(curve, before.end, fmax(curve->end - flat, before.end), 0.5 * (before.x + curve->x),
               curve->x - before.x);
  return true;
}

static void set_errors(weibull_plot *out, influence_curve curve) {
  double k = 0.0, kk = 0.0, l = 0.0, ll = 0.0;
  while (curve_next(&curve)) {
    k += curve.share * curve.k;
    kk += curve.share * curve.k * curve.k;
    l += curve.share * curve.log_lambda;
    ll += curve.share * curve.log_lambda * curve.log_lambda;
  }
  out->se_k = sqrt((kk - k * k) / (double)out->n);
  out->se_lambda = out->lambda * sqrt((ll - l * l) / (double)out->n);
}

/* ---- the plot */

static weibull_plot undetermined(uint64_t n, const char *reason) {
  return (weibull_plot){.k = NAN, .lambda = NAN, .r2 = NAN, .se_k = NAN, .se_lambda = NAN, .n = n, .reason = reason};
}

static const char too_few[] = "fewer than 100 weights other than 0";

/* false: not determined, and out says why. */
static bool finish(weibull_plot *out, plot_line *line, const plot_sums *sums, uint64_t n) {
  *line = line_of(sums);
  *out = (weibull_plot){
      .k = line->slope, .lambda = exp(line->log_lambda), .r2 = line->r2, .se_k = NAN, .se_lambda = NAN, .n = n};
  if (line->variance_x > 0.0 && isfinite(out->k) && isfinite(out->lambda) && out->lambda > 0.0) return true;
  *out = undetermined(n, "the middle 80 % of magnitudes are equal");
  return false;
}

void wlaw_weibull_plot(weibull_plot *out, const entry_cells *magnitudes) {
  *out = undetermined(magnitudes->total, too_few);
  if (magnitudes->total < WEIBULL_LEAST) return;
  plot_sums sums;
  plot_line line;
  sum_cells(&sums, magnitudes);
  if (finish(out, &line, &sums, magnitudes->total))
    set_errors(out, curve_start(&line, magnitudes, NULL, magnitudes->total));
}

void wlaw_weibull_plot_sorted(weibull_plot *out, const double *magnitudes, size_t n) {
  *out = undetermined(n, too_few);
  if (n < WEIBULL_LEAST) return;
  plot_sums sums;
  plot_line line;
  sum_sorted(&sums, magnitudes, n);
  if (finish(out, &line, &sums, n)) set_errors(out, curve_start(&line, NULL, magnitudes, n));
}

/* ---- tables of influence */

/* table[key]: the curve at the middle of each key, linear in ln|w| between nodes, flat beyond them. */
static void tabulate(float *of_k, float *of_log_lambda, influence_curve upper, entry_key_kind kind) {
  influence_curve lower = upper;
  bool more = curve_next(&upper);
  lower = upper;
  for (unsigned key = 0; key < ENTRY_KEYS; key++) {
    const double end = wlaw_entry_key_value(kind, key);
    of_k[key] = of_log_lambda[key] = 0.0f;
    if (isnan(end)) continue;
    const double x = log(end + 0.5 * wlaw_entry_key_width(kind, key));
    while (more && upper.x < x) {
      lower = upper;
      more = curve_next(&upper);
    }
    const double t = upper.x > lower.x && x < upper.x ? (x - lower.x) / (upper.x - lower.x) : 1.0;
    const double share = x < lower.x ? 0.0 : t;
    of_k[key] = (float)(lower.k + share * (upper.k - lower.k));
    of_log_lambda[key] = (float)(lower.log_lambda + share * (upper.log_lambda - lower.log_lambda));
  }
}

/* Subtracts the mean over the weights. */
static void centre(float *table, const entry_cells *cells, entry_key_kind kind) {
  double mean = 0.0;
  for (size_t i = 0; i < cells->n; i++)
    mean += (double)cells->count[i] * (double)table[wlaw_entry_key(kind, cells->value[i])];
  mean /= (double)cells->total;
  for (unsigned key = 0; key < ENTRY_KEYS && !isnan(wlaw_entry_key_value(kind, key)); key++)
    table[key] = (float)((double)table[key] - mean);
}

void wlaw_weibull_influence(float *of_k, float *of_log_lambda, const entry_cells *magnitudes, entry_key_kind kind) {
  plot_sums sums;
  plot_line line;
  weibull_plot plot;
  for (unsigned key = 0; key < ENTRY_KEYS; key++) of_k[key] = of_log_lambda[key] = 0.0f;
  if (magnitudes->total < WEIBULL_LEAST) return;
  sum_cells(&sums, magnitudes);
  if (!finish(&plot, &line, &sums, magnitudes->total)) return;
  tabulate(of_k, of_log_lambda, curve_start(&line, magnitudes, NULL, magnitudes->total), kind);
  centre(of_k, magnitudes, kind);
  centre(of_log_lambda, magnitudes, kind);
}
