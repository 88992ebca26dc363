/* Node variances at one width: totals, shares, curves with the noise divided out, and errors by the bootstrap. */
#include "limit/node_estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/stream.h"
#include "limit/node_deconvolve.h"
#include "limit/node_parts.h"
#include "math/special.h"
#include "measure/entry_cells.h"

enum { REPLICATES = 100, FEW_NETWORKS = 10, MOST_POINTS = 160 };
enum { TOTAL, VARIANCE, SHARE, CONCENTRATION, DOMINANCE, FIGURES }; /* then the curves */

/* Above so many outputs the noise (14 %) is far below the grid's factor sqrt 2 and is left in. */
static const double many_directions = 100.0;
static const double floor_share = 1e-9; /* of a typical network's total: below it a node is as good as 0 */
/* Of the log-likelihood: of the fit, and of replicates, whose own scatter is of order 1. */
static const double tolerance = 0.02, rough = 0.3;

node_shares wlaw_node_shares(const double *mean_square, size_t width) {
  node_shares out = {0};
  double most = 0.0;
  for (size_t j = 0; j < width; j++) {
    out.total += mean_square[j];
    out.square += mean_square[j] * mean_square[j];
    most = fmax(most, mean_square[j]);
  }
  for (size_t j = 0; j < width && out.total > 0.0; j++) {
    const double share = mean_square[j] / out.total;
    out.dispersion += share * share;
    out.half_power += share * sqrt(share);
  }
  out.largest = most / out.total;
  if (!(out.total > 0.0)) out.largest = out.dispersion = out.half_power = NAN;
  return out;
}

static wlaw_status all_shares(node_shares **out, const node_sample *sample, wlaw_error *err) {
  *out = wlaw_array(sample->networks, sizeof **out);
  if (!*out) return wlaw_fail_memory(err, sample->networks, sizeof **out);
  for (size_t k = 0; k < sample->networks; k++)
    (*out)[k] = wlaw_node_shares(sample->mean_square + k * sample->width, sample->width);
  return WLAW_OK;
}

/* The median network's total, or the mean where more than half are 0. */
static wlaw_status typical_total(double *out, const node_sample *sample, wlaw_error *err) {
  const size_t n = sample->networks;
  double *totals = wlaw_array(2 * n, sizeof *totals), mean = 0.0;
  if (!totals) return wlaw_fail_memory(err, 2 * n, sizeof *totals);
  for (size_t k = 0; k < n; k++) {
    totals[k] = wlaw_node_shares(sample->mean_square + k * sample->width, sample->width).total;
    mean += totals[k] / (double)n;
  }
  wlaw_sort_magnitudes(totals, totals + n, n);
  *out = totals[n / 2] > 0.0 ? totals[n / 2] : mean;
  free(totals);
  if (*out > 0.0 && isfinite(*out)) return WLAW_OK;
  return wlaw_fail(err, WLAW_VALUE, "every outgoing weight is 0, so that there is nothing to estimate");
}

wlaw_status wlaw_node_grid(double **x, size_t *n, const node_sample *samples, size_t n_samples, wlaw_error *err) {
  double least = INFINITY, largest = 0.0;
  for (size_t s = 0; s < n_samples; s++) {
    double total;
    WLAW_TRY(typical_total(&total, &samples[s], err));
    least = fmin(least, 0.25 * total / (double)samples[s].width);
    for (size_t e = 0; e < samples[s].networks * samples[s].width; e++)
      largest = fmax(largest, samples[s].mean_square[e]);
  }
  const double steps = ceil(2.0 * log2(2.0 * largest / least)) + 1.0;
  *n = steps < 2.0 ? 2 : steps < MOST_POINTS ? (size_t)steps : MOST_POINTS;
  *x = wlaw_array(*n, sizeof **x);
  if (!*x) return wlaw_fail_memory(err, *n, sizeof **x);
  for (size_t i = 0; i < *n; i++) (*x)[i] = least * exp2(0.5 * (double)i);
  return WLAW_OK;
}

typedef struct estimation {
  const node_sample *sample;
  const node_settings *settings;
  const node_shares *shares; /* [networks] */
  bool raw, over_nodes;
  node_kernel kernel; /* unless raw */
  size_t cells;       /* of ln y: the kernel's bins, or places on the grid */
  uint16_t *cell;     /* [networks, width] */
  double *weights;    /* the fit's, where replicates start */
  size_t figures;
  double *replicates; /* [REPLICATES, figures] */
  struct workplace *places;
} estimation;

/* One thread's room. */
typedef struct workplace {
  double *counts, *sums; /* [cells] */
  double *weights;       /* [kernel.grid + 1] */
  double *values;        /* [width]: nodes drawn */
  node_room *room;
} workplace;

/* Adds network k, or nodes drawn from it, to the counts; its shares. */
static node_shares take_network(const estimation *work, workplace *place, size_t k, wlaw_stream *stream) {
  const size_t p = work->sample->width;
  const double *y = work->sample->mean_square + k * p;
  const uint16_t *cell = work->cell + k * p;
  for (size_t j = 0; j < p; j++) {
    const size_t from = stream ? wlaw_stream_below(stream, (uint32_t)p) : j;
    place->counts[cell[from]] += 1.0;
    if (work->raw) place->sums[cell[from]] += y[from];
    if (stream) place->values[j] = y[from];
  }
  return stream ? wlaw_node_shares(place->values, p) : work->shares[k];
}

/* sum lambda^2 / (sum lambda)^2 from that of mean squares, q: with c = 2/m, E sum y^2 = (1 + c) sum lambda^2 and
 * E (sum y)^2 = (sum lambda)^2 + c sum lambda^2. Exactly 1/p where all are equal and q at its mean, 1 for one node. */
static double without_noise(double q, double directions) {
  const double c = 2.0 / directions;
  return q / (1.0 + c - c * q);
}

/* The same of order 3/2, over E g^(3/2) of the noise g alone: exact where many nodes share. */
static double without_noise_of_order(double half_power, double directions) {
  const double shape = 0.5 * directions,
               noise = exp(wlaw_log_gamma(shape + 1.5) - wlaw_log_gamma(shape) - 1.5 * log(shape));
  return half_power * half_power / (noise * noise);
}

static void raw_curves(double *tail, double *truncated, const workplace *place, size_t n) {
  double above = place->counts[n], below = 0.0;
  for (size_t i = n; i-- > 0;) {
    tail[i] = above;
    above += place->counts[i];
  }
  for (size_t i = 0; i < n; i++) truncated[i] = below += place->sums[i];
}

/* All figures of the networks taken. picks: [networks] or NULL for all of them once. */
static bool make_figures(double *out, const estimation *work, workplace *place, wlaw_stream *stream, double within) {
  const size_t networks = work->sample->networks, n = work->settings->n;
  const double nodes = (double)networks * (double)work->sample->width, c = 2.0 / work->sample->directions;
  double used = 0.0, mean = 0.0, spread = 0.0, square = 0.0;
  memset(place->counts, 0, work->cells * sizeof *place->counts);
  if (work->raw) memset(place->sums, 0, work->cells * sizeof *place->sums);
  out[SHARE] = out[CONCENTRATION] = out[DOMINANCE] = 0.0;
  for (size_t i = 0; i < networks; i++) {
    const size_t k = stream && !work->over_nodes ? wlaw_stream_below(stream, (uint32_t)networks) : i;
    const node_shares one = take_network(work, place, k, work->over_nodes ? stream : NULL);
    const double off = one.total - mean;
    mean += off / (double)(i + 1);
    spread += off * (one.total - mean);
    square += one.square / (double)networks;
    if (isnan(one.largest)) continue;
    used += 1.0;
    out[SHARE] += one.largest;
    out[CONCENTRATION] += without_noise(one.dispersion, work->sample->directions);
    out[DOMINANCE] += without_noise_of_order(one.half_power, work->sample->directions);
  }
  out[TOTAL] = mean;
  out[VARIANCE] = networks > 1 ? spread / (double)(networks - 1) - c / (1.0 + c) * square : NAN;
  out[SHARE] /= used;
  out[CONCENTRATION] /= used;
  out[DOMINANCE] /= used;
  double *tail = out + FIGURES, *truncated = tail + n;
  bool good = true;
  if (work->raw) raw_curves(tail, truncated, place, n);
  else {
    good = wlaw_node_npmle(place->weights, &work->kernel, place->counts, within, place->room);
    wlaw_node_curves(tail, truncated, &work->kernel, place->weights, work->settings->x, n);
  }
  const double scale = (work->raw ? 1.0 : nodes) / (double)networks;
  for (size_t i = 0; i < 2 * n; i++) tail[i] *= scale;
  return good;
}

static wlaw_status replicate(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  const estimation *work = context;
  workplace *place = &work->places[worker];
  (void)err;
  if (atomic_load(stop)) return WLAW_CANCELLED;
  wlaw_stream stream = wlaw_stream_start(work->settings->seed, STREAM_BOOTSTRAP, (uint32_t)unit, work->settings->which);
  if (!work->raw) memcpy(place->weights, work->weights, (work->kernel.grid + 1) * sizeof *place->weights);
  make_figures(work->replicates + unit * work->figures, work, place, &stream, rough);
  return WLAW_OK;
}

static double deviation(double *average, const estimation *work, size_t figure) {
  double mean = 0.0, squares = 0.0, n = 0.0;
  for (size_t r = 0; r < REPLICATES; r++) {
    const double value = work->replicates[r * work->figures + figure], off = value - mean;
    if (isnan(value)) continue;
    n += 1.0;
    mean += off / n;
    squares += off * (value - mean);
  }
  if (average) *average = mean;
  return n > 1.0 ? sqrt(squares / (n - 1.0)) : NAN;
}

static size_t place_on_grid(const double *x, size_t n, double y) {
  size_t low = 0, high = n; /* how many x lie below y */
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (x[middle] < y) low = middle + 1;
    else high = middle;
  }
  return low;
}

static wlaw_status make_cells(estimation *work, double typical, wlaw_error *err) {
  const node_sample *sample = work->sample;
  const size_t n = sample->networks * sample->width;
  double largest = 0.0;
  for (size_t e = 0; e < n; e++) largest = fmax(largest, sample->mean_square[e]);
  work->raw = sample->directions > many_directions;
  if (!work->raw)
    WLAW_TRY(wlaw_node_kernel_new(&work->kernel, sample->directions, fmin(floor_share * typical, 0.5 * largest),
                                  largest, err));
  work->cells = work->raw ? work->settings->n + 1 : work->kernel.bins;
  work->cell = wlaw_array(n, sizeof *work->cell);
  if (!work->cell) return wlaw_fail_memory(err, n, sizeof *work->cell);
  for (size_t e = 0; e < n; e++)
    work->cell[e] = (uint16_t)(work->raw ? place_on_grid(work->settings->x, work->settings->n, sample->mean_square[e])
                                         : wlaw_node_kernel_bin(&work->kernel, sample->mean_square[e]));
  return WLAW_OK;
}

static wlaw_status take_places(estimation *work, unsigned threads, wlaw_error *err) {
  work->places = wlaw_array(threads, sizeof *work->places);
  if (!work->places) return wlaw_fail_memory(err, threads, sizeof *work->places);
  for (unsigned t = 0; t < threads; t++) {
    workplace *place = &work->places[t];
    const size_t each = 2 * work->cells + work->kernel.grid + 1 + work->sample->width;
    place->counts = wlaw_array(each, sizeof(double));
    if (!place->counts) return wlaw_fail_memory(err, each, sizeof(double));
    place->sums = place->counts + work->cells;
    place->weights = place->sums + work->cells;
    place->values = place->weights + work->kernel.grid + 1;
    if (!work->raw) WLAW_TRY(wlaw_node_room_new(&place->room, &work->kernel, err));
  }
  return WLAW_OK;
}

static void release(estimation *work, unsigned threads) {
  for (unsigned t = 0; work->places && t < threads; t++) {
    free(work->places[t].counts);
    wlaw_node_room_free(work->places[t].room);
  }
  free(work->places);
  free(work->cell);
  free(work->weights);
  free(work->replicates);
  wlaw_node_kernel_free(&work->kernel);
}

/* Curves are the mean over the replicates: the likeliest law has few atoms, whose places no data tell, and its
 * replicates put them elsewhere (smoothing by the bootstrap, Efron 2014, DOI 10.1080/01621459.2013.823775: less error,
 * and errors that cover it). Where no network shows anything the bootstrap has no error to show: one node more in all
 * of them is the unit. */
static void set_figures(node_estimate *out, const estimation *work, const double *figures) {
  const size_t n = work->settings->n;
  const double one = 1.0 / (double)work->sample->networks;
  out->total = figures[TOTAL];
  out->se_total = deviation(NULL, work, TOTAL);
  out->total_variance = figures[VARIANCE];
  out->se_total_variance = deviation(NULL, work, VARIANCE);
  out->share_largest = figures[SHARE];
  out->se_share_largest = deviation(NULL, work, SHARE);
  out->concentration = figures[CONCENTRATION];
  out->se_concentration = deviation(NULL, work, CONCENTRATION);
  out->dominance = figures[DOMINANCE];
  out->se_dominance = deviation(NULL, work, DOMINANCE);
  for (size_t i = 0; i < n; i++) {
    out->tail.x[i] = out->truncated.x[i] = work->settings->x[i];
    out->tail.se[i] = fmax(one, deviation(&out->tail.value[i], work, FIGURES + i));
    out->truncated.se[i] = deviation(&out->truncated.value[i], work, FIGURES + n + i);
    if (!(out->truncated.se[i] > 0.0)) out->truncated.se[i] = one * work->settings->x[i];
  }
}

static wlaw_status run(node_estimate *out, estimation *work, unsigned threads, double *figures, wlaw_monitor *monitor,
                       wlaw_error *err) {
  WLAW_TRY(make_cells(work, out->typical * (double)out->width, err));
  WLAW_TRY(take_places(work, threads, err));
  work->replicates = wlaw_array(REPLICATES * work->figures, sizeof(double));
  work->weights = wlaw_array(work->kernel.grid + 1, sizeof(double));
  if (!work->replicates || !work->weights) return wlaw_fail_memory(err, REPLICATES * work->figures, sizeof(double));
  if (!make_figures(figures, work, &work->places[0], NULL, tolerance))
    return wlaw_fail(err, WLAW_NUMERIC, "the law of node variances was not found in 200 steps");
  double square = 0.0;
  for (size_t k = 0; k < out->networks; k++) square += work->shares[k].square;
  if (!work->raw) {
    const size_t last = work->kernel.grid;
    memcpy(work->weights, work->places[0].weights, (last + 1) * sizeof(double));
    out->second_moment_check = wlaw_node_square(&work->kernel, work->weights) * (double)out->width *
                               (double)out->networks * (1.0 + 2.0 / work->sample->directions) / square;
  }
  WLAW_TRY(wlaw_parallel(REPLICATES, threads, replicate, work, monitor, err));
  set_figures(out, work, figures);
  return WLAW_OK;
}

static wlaw_status take_curves(node_estimate *out, size_t n, wlaw_error *err) {
  double *numbers = wlaw_array(6 * n, sizeof *numbers);
  if (!numbers) return wlaw_fail_memory(err, 6 * n, sizeof *numbers);
  out->tail = (node_curve){n, numbers, numbers + n, numbers + 2 * n};
  out->truncated = (node_curve){n, numbers + 3 * n, numbers + 4 * n, numbers + 5 * n};
  return WLAW_OK;
}

static wlaw_status test_nodes(node_estimate *out, const node_sample *sample, const node_shares *shares,
                              const node_settings *settings, wlaw_error *err) {
  double *null = NULL;
  size_t n = 0;
  wlaw_status status = wlaw_node_test_equal(out, &null, &n, sample, shares, settings, err);
  if (status == WLAW_OK) status = wlaw_node_hill(out, sample, null, n, err);
  free(null);
  return status;
}

wlaw_status wlaw_node_estimate(node_estimate *out, const node_sample *sample, const node_settings *settings,
                               wlaw_monitor *monitor, wlaw_error *err) {
  const unsigned threads = wlaw_threads_for(settings->threads, REPLICATES);
  double typical;
  node_shares *shares = NULL;
  *out = (node_estimate){.width = sample->width, .networks = sample->networks, .second_moment_check = NAN};
  WLAW_TRY(typical_total(&typical, sample, err));
  out->typical = typical / (double)sample->width;
  out->over_nodes = sample->networks < FEW_NETWORKS;
  wlaw_status status = all_shares(&shares, sample, err);
  for (size_t k = 0; status == WLAW_OK && k < sample->networks; k++) out->empty += isnan(shares[k].largest) ? 1 : 0;
  estimation work = {.sample = sample,
                     .settings = settings,
                     .shares = shares,
                     .over_nodes = out->over_nodes,
                     .figures = FIGURES + 2 * settings->n};
  double *figures = wlaw_array(work.figures, sizeof *figures);
  if (status == WLAW_OK && !figures) status = wlaw_fail_memory(err, work.figures, sizeof *figures);
  if (status == WLAW_OK) status = take_curves(out, settings->n, err);
  if (status == WLAW_OK) status = test_nodes(out, sample, shares, settings, err);
  if (status == WLAW_OK) status = run(out, &work, threads, figures, monitor, err);
  release(&work, threads);
  free(figures);
  free(shares);
  if (status != WLAW_OK) wlaw_node_estimate_free(out);
  return status;
}

void wlaw_node_estimate_free(node_estimate *estimate) {
  free(estimate->tail.x);
  *estimate = (node_estimate){0};
}
