#include "limit/draw_statistics.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "math/special.h"

/* ---- moments */

/* Of one row: the means of z^2, of z^4 and of the products z_k^2 z_l^2. z is in units of `scale`: fourth powers of
 * draws from laws with heavy tails leave the range of doubles. */
typedef struct row_powers {
  double second, fourth, product;
} row_powers;

static row_powers powers_of(const double *z, size_t outputs, double scale) {
  double second = 0, fourth = 0;
  const double n = (double)outputs;
  for (size_t k = 0; k < outputs; k++) {
    const double square = z[k] / scale * (z[k] / scale);
    second += square;
    fourth += square * square;
  }
  return (row_powers){second / n, fourth / n, (second * second - fourth) / (n * (n - 1.0))};
}

static double largest_of(const double *z, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(z[i]));
  return largest;
}

static void zeros_count(draw_estimate *out, const double *z, size_t draws, size_t outputs) {
  size_t zeros = 0;
  for (size_t i = 0; i < draws; i++) zeros += z[i * outputs] == 0.0;
  const double share = (double)zeros / (double)draws;
  *out = (draw_estimate){share, sqrt(share * (1.0 - share) / (double)draws)};
}

/* Means over rows, and what follows from them. */
typedef struct sample_moments {
  row_powers mean;
  double kurtosis, correlation, spread;
} sample_moments;

static row_powers powers_mean(const double *z, size_t draws, size_t outputs, double scale) {
  row_powers mean = {0, 0, 0};
  for (size_t i = 0; i < draws; i++) {
    const row_powers row = powers_of(z + i * outputs, outputs, scale);
    mean.second += row.second / (double)draws;
    mean.fourth += row.fourth / (double)draws;
    mean.product += row.product / (double)draws;
  }
  return mean;
}

static sample_moments moments_from(row_powers mean) {
  const double a = mean.second, spread = mean.fourth - a * a;
  return (sample_moments){mean, mean.fourth / (a * a), (mean.product - a * a) / spread, spread};
}

/* What a row moves the estimates by, times the number of rows. */
static draw_scores influence_of(row_powers row, const sample_moments *at) {
  const double a = at->mean.second, d2 = row.second - a, d4 = row.fourth - at->mean.fourth,
               dp = row.product - at->mean.product;
  return (draw_scores){d2, d4 / (a * a) - 2.0 * at->kurtosis * d2 / a,
                       (dp - 2.0 * a * d2 - at->correlation * (d4 - 2.0 * a * d2)) / at->spread};
}

/* Sums of the influences of a sample's rows, and of their squares. */
static void add_influences(draw_scores *sum, draw_scores *squares, const double *z, size_t draws, size_t outputs,
                           double scale, const sample_moments *at) {
  for (size_t i = 0; i < draws; i++) {
    const draw_scores one = influence_of(powers_of(z + i * outputs, outputs, scale), at);
    sum->mean_square += one.mean_square;
    sum->kurtosis += one.kurtosis;
    sum->square_correlation += one.square_correlation;
    squares->mean_square += one.mean_square * one.mean_square;
    squares->kurtosis += one.kurtosis * one.kurtosis;
    squares->square_correlation += one.square_correlation * one.square_correlation;
  }
}

void wlaw_draw_moments(draw_moments *out, const double *z, size_t draws, size_t outputs) {
  const draw_estimate none = {NAN, NAN};
  const double n = (double)draws, scale = largest_of(z, draws * outputs);
  *out = (draw_moments){none, none, none, none};
  if (draws < 2) return;
  zeros_count(&out->probability_zero, z, draws, outputs);
  if (scale == 0.0) out->mean_square = (draw_estimate){0.0, 0.0};
  if (!(scale > 0.0) || isinf(scale)) return;
  const sample_moments at = moments_from(powers_mean(z, draws, outputs, scale));
  draw_scores sum = {0, 0, 0}, squares = {0, 0, 0};
  add_influences(&sum, &squares, z, draws, outputs, scale, &at);
  out->mean_square = (draw_estimate){at.mean.second * scale * scale, sqrt(squares.mean_square) / n * scale * scale};
  out->kurtosis = (draw_estimate){at.kurtosis, sqrt(squares.kurtosis) / n};
  if (outputs > 1) out->square_correlation = (draw_estimate){at.correlation, sqrt(squares.square_correlation) / n};
}

draw_scores wlaw_draw_moment_scores(const double *a, size_t n_a, const double *b, size_t n_b, size_t outputs) {
  const double scale = fmax(largest_of(a, n_a * outputs), largest_of(b, n_b * outputs)), na = (double)n_a,
               nb = (double)n_b, n = na + nb;
  if (n_a < 1 || n_b < 1 || !(scale > 0.0) || isinf(scale)) return (draw_scores){NAN, NAN, NAN};
  const row_powers of_a = powers_mean(a, n_a, outputs, scale), of_b = powers_mean(b, n_b, outputs, scale);
  const sample_moments at =
      moments_from((row_powers){(na * of_a.second + nb * of_b.second) / n, (na * of_a.fourth + nb * of_b.fourth) / n,
                                (na * of_a.product + nb * of_b.product) / n});
  draw_scores in_a = {0, 0, 0}, in_b = {0, 0, 0}, squares = {0, 0, 0};
  add_influences(&in_a, &squares, a, n_a, outputs, scale, &at);
  add_influences(&in_b, &squares, b, n_b, outputs, scale, &at);
  const double unit = sqrt(na * nb * (n - 1.0) / n); /* over the root of the squares: 1 / standard deviation */
  return (draw_scores){
      unit * (in_a.mean_square / na - in_b.mean_square / nb) / sqrt(squares.mean_square),
      unit * (in_a.kurtosis / na - in_b.kurtosis / nb) / sqrt(squares.kurtosis),
      unit * (in_a.square_correlation / na - in_b.square_correlation / nb) / sqrt(squares.square_correlation)};
}

/* ---- quantiles and density */

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

void wlaw_draw_sort(double *values, size_t n) { qsort(values, n, sizeof *values, compare_doubles); }

/* Between order statistics (Hyndman and Fan 1996, definition 7, NumPy's). */
static double quantile_at(const double *sorted, size_t n, double place) {
  if (!(place > 0.0)) return sorted[0];
  if (!(place < (double)(n - 1))) return sorted[n - 1];
  const size_t below = (size_t)place;
  const double part = place - (double)below;
  return part > 0.0 ? sorted[below] + part * (sorted[below + 1] - sorted[below]) : sorted[below];
}

draw_estimate wlaw_draw_quantile(const double *sorted, size_t n, double probability) {
  if (n == 0) return (draw_estimate){NAN, NAN};
  const double place = probability * (double)(n - 1), step = sqrt((double)n * probability * (1.0 - probability));
  return (draw_estimate){quantile_at(sorted, n, place),
                         (quantile_at(sorted, n, place + step) - quantile_at(sorted, n, place - step)) / 2.0};
}

/* How many of the sorted values are below x (or_equal: at most x). */
static size_t count_below(const double *sorted, size_t n, double x, bool or_equal) {
  size_t low = 0, high = n;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (sorted[middle] < x || (or_equal && sorted[middle] == x)) low = middle + 1;
    else high = middle;
  }
  return low;
}

double wlaw_draw_share_below(const double *sorted, size_t n, double x) {
  return 0.5 * (double)(count_below(sorted, n, x, false) + count_below(sorted, n, x, true)) / (double)n;
}

void wlaw_draw_density(double *density, const double *grid, size_t n_grid, const double *sorted_abs, size_t n) {
  for (size_t g = 0; g < n_grid; g++) {
    const double low = g ? (grid[g - 1] + grid[g]) / 2.0 : 0.0;
    const double high = g + 1 < n_grid ? (grid[g] + grid[g + 1]) / 2.0 : 2.0 * grid[g] - low;
    const size_t inside = count_below(sorted_abs, n, high, true) - count_below(sorted_abs, n, low, true);
    density[g] = (double)inside / (2.0 * (double)n * (high - low));
  }
}

/* ---- mutual information */

/* Count times Grassberger's stand-in for its logarithm, digamma(n) + (-1)^n / 2 [digamma((n+1)/2) - digamma(n/2)]. */
static double grassberger(double count) {
  const double half = (wlaw_digamma((count + 1.0) / 2.0) - wlaw_digamma(count / 2.0)) / 2.0;
  return count * (wlaw_digamma(count) + (fmod(count, 2.0) == 0.0 ? half : -half));
}

typedef struct entropy_sums {
  double plain, grassberger; /* sums of n ln n and of its stand-in */
} entropy_sums;

static entropy_sums sums_of(const double *counts, size_t n) {
  entropy_sums sums = {0, 0};
  for (size_t i = 0; i < n; i++) {
    if (!(counts[i] > 0.0)) continue;
    sums.plain += counts[i] * log(counts[i]);
    sums.grassberger += grassberger(counts[i]);
  }
  return sums;
}

static size_t cell_of(double z) {
  const double cell = fabs(z) * INFORMATION_BINS / INFORMATION_RANGE;
  return cell < INFORMATION_BINS ? (size_t)cell : INFORMATION_BINS - 1;
}

wlaw_status wlaw_draw_information(draw_information *out, const double *z, size_t draws, size_t outputs,
                                  wlaw_error *err) {
  enum { N = INFORMATION_BINS };
  *out = (draw_information){NAN, NAN, NAN};
  if (draws < 2 || outputs < 2) return WLAW_OK;
  double *joint = wlaw_array((size_t)N * N, sizeof *joint), first[N] = {0}, second[N] = {0};
  if (!joint) return wlaw_fail_memory(err, (size_t)N * N, sizeof *joint);
  for (size_t i = 0; i < draws; i++) {
    const size_t a = cell_of(z[i * outputs]), b = cell_of(z[i * outputs + 1]);
    joint[a * N + b] += 1.0;
    first[a] += 1.0;
    second[b] += 1.0;
  }
  const double n = (double)draws;
  const entropy_sums both = sums_of(joint, (size_t)N * N), one = sums_of(first, N), two = sums_of(second, N);
  out->plug_in = log(n) + (both.plain - one.plain - two.plain) / n;
  out->corrected = log(n) + (both.grassberger - one.grassberger - two.grassberger) / n;
  double squares = 0;
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) {
      const double count = joint[i * N + j];
      if (!(count > 0.0)) continue;
      const double term = log(count * n / (first[i] * second[j])) - out->plug_in;
      squares += count * term * term;
    }
  out->se = sqrt(squares) / n;
  free(joint);
  return WLAW_OK;
}

/* ---- Kolmogorov-Smirnov */

/* P(sup > d) for effective size n: the limit law with the correction of Stephens (1970), good to a percent for n >= 5.
 */
static double ks_p_value(double d, double n) {
  const double x = (sqrt(n) + 0.12 + 0.11 / sqrt(n)) * d;
  double sum = 0;
  if (x < 0.3) return 1.0; /* 1 - 1e-5 and more: the series would need many terms */
  for (int k = 1; k <= 100; k++) sum += (k % 2 ? 2.0 : -2.0) * exp(-2.0 * k * k * x * x);
  return fmin(fmax(sum, 0.0), 1.0);
}

typedef struct ks_search {
  const double *sorted;
  size_t n;
  draw_cdf cdf;
  const void *law;
  double worst;
  bool failed;
} ks_search;

static double ask(ks_search *search, double z) {
  double value = NAN;
  search->failed |= !search->cdf(search->law, z, &value) || isnan(value);
  return value;
}

/* The largest deviation at places from .. to - 1, where the distribution function is between low and high. It rises,
 * and so does the place: most parts cannot hold more than is known already, and a few hundred values of the
 * distribution function, which may be integrals, do for any n. */
static void search_between(ks_search *search, size_t from, size_t to, double low, double high) {
  const double n = (double)search->n;
  if (from >= to || search->failed) return;
  if (!(fmax((double)to / n - low, high - (double)from / n) > search->worst)) return;
  const size_t middle = from + (to - from) / 2;
  const double value = ask(search, search->sorted[middle]);
  search->worst = fmax(search->worst, fmax((double)(middle + 1) / n - value, value - (double)middle / n));
  search_between(search, from, middle, low, value);
  search_between(search, middle + 1, to, value, high);
}

bool wlaw_draw_ks(draw_ks *out, const double *sorted, size_t n, draw_cdf cdf, const void *law) {
  ks_search search = {.sorted = sorted, .n = n, .cdf = cdf, .law = law};
  const size_t negative = count_below(sorted, n, 0.0, false), not_positive = count_below(sorted, n, 0.0, true);
  const double before = ask(&search, -DBL_MIN), at = ask(&search, 0.0); /* what lies between is the atom */
  if (search.failed) return false;
  search.worst = fmax(fabs((double)negative / (double)n - before), fabs((double)not_positive / (double)n - at));
  search_between(&search, 0, negative, 0.0, before);
  search_between(&search, not_positive, n, at, 1.0);
  *out = (draw_ks){search.worst, ks_p_value(search.worst, (double)n)};
  return !search.failed;
}

draw_ks wlaw_draw_ks_two(const double *a, size_t n_a, const double *b, size_t n_b) {
  double worst = 0;
  for (size_t i = 0, j = 0; i < n_a && j < n_b;) {
    const double x = fmin(a[i], b[j]);
    while (i < n_a && a[i] <= x) i++;
    while (j < n_b && b[j] <= x) j++;
    worst = fmax(worst, fabs((double)i / (double)n_a - (double)j / (double)n_b));
  }
  const double size = (double)n_a * (double)n_b / ((double)n_a + (double)n_b);
  return (draw_ks){worst, ks_p_value(worst, size)};
}
