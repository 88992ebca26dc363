/* The steps of scanning one part: what is read, what is fitted to it, and how long each takes. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "law/ggd.h"
#include "study/scan.h"

const double wlaw_scan_points[SCAN_POINTS] = {.001, .002, .005, .01, .02, .03, .05, .07, .1,   .15,  .2,
                                              .25,  .3,   .35,  .4,  .45, .5,  .55, .6,  .65,  .7,   .75,
                                              .8,   .85,  .9,   .93, .95, .97, .98, .99, .995, .998, .999};

typedef struct part_work {
  part_scan *out;
  const scan_request *request;
  unsigned threads;
  wlaw_monitor *monitor;
  weight_source source;
  weight_summary summary;
  entry_cells magnitudes, weights; /* without zeros */
  entry_fit ggd;                   /* ops NULL: not fitted */
} part_work;

static bool is_matrix(const part_work *work) { return work->source.rows > 1 && work->source.cols > 1; }

static wlaw_status hold(part_work *work, wlaw_error *err) {
  return wlaw_source_hold(&work->source, SCAN_HOLD, work->threads, work->monitor, err);
}

/* ---- the one pass, and what follows from it without another */

/* Spreads every cell evenly over its range: cells of f32 weights may be cut by the edge of a bin. */
static void fill_histogram(scan_histogram *out, const entry_cells *cells) {
  for (size_t i = 0; i < cells->n; i++) {
    const double low = cells->width[i] > 0.0 ? cells->low[i] : cells->value[i];
    const double high = low + cells->width[i], top = out->low + SCAN_BINS * out->width;
    uint64_t given = 0;
    for (double at = low; given < cells->count[i];) {
      const double bin = floor((at - out->low) / out->width);
      uint64_t *to = at < out->low ? &out->below
                     : at >= top   ? &out->above
                                   : &out->counts[(size_t)fmin(bin, SCAN_BINS - 1)];
      const double edge = at < out->low ? out->low : at >= top ? high : out->low + (bin + 1.0) * out->width;
      const bool last = edge >= high || edge <= at;
      const double share = last ? 1.0 : (edge - low) / (high - low);
      const uint64_t until = last ? cells->count[i] : (uint64_t)((double)cells->count[i] * share);
      *to += until - given;
      given = until;
      if (last) break;
      at = edge;
    }
  }
}

static void make_histogram(part_work *work) {
  const weight_summary *summary = &work->summary;
  scan_histogram *out = &work->out->histogram;
  const double reach = 4.0 * summary->sd;
  if (!(reach > 0.0) || isinf(reach)) return;
  out->low = summary->mean - reach;
  out->width = 2.0 * reach / SCAN_BINS;
  fill_histogram(out, &work->weights);
  const double bin = floor(-out->low / out->width);
  if (bin < 0.0) out->below += summary->zeros;
  else if (bin >= SCAN_BINS) out->above += summary->zeros;
  else out->counts[(size_t)bin] += summary->zeros;
}

/* Double precision reaches further than the keys of entry_cells.h. */
static bool fits_keys(const weight_source *source, const weight_summary *summary) {
  return source->dtype != WLAW_F64 || (summary->rms >= (double)FLT_MIN && summary->rms <= (double)FLT_MAX &&
                                       fmax(-summary->min, summary->max) <= (double)FLT_MAX);
}

static wlaw_status summarise(part_work *work, wlaw_error *err) {
  part_scan *out = work->out;
  weight_summary *summary = &work->summary;
  WLAW_TRY(wlaw_weight_summary(summary, &work->source, work->threads, work->monitor, err));
  out->row_spread = wlaw_scale_spread(summary->row_squares, summary->row_largest, summary->rows);
  out->column_spread = wlaw_scale_spread(summary->column_squares, summary->column_largest, summary->cols);
  for (size_t i = 0; i < SCAN_POINTS; i++) out->quantiles[i] = wlaw_magnitude_quantile(summary, wlaw_scan_points[i]);
  out->max_ratio = fmax(fabs(summary->min), fabs(summary->max)) / out->quantiles[SCAN_POINTS - 1];
  WLAW_TRY(wlaw_cells_magnitudes(&work->magnitudes, summary->table[0], summary->table[1], err));
  WLAW_TRY(wlaw_cells_signed(&work->weights, summary->table[0], summary->table[1], err));
  if (work->weights.total == 0) out->unfitted = "no weight is finite and other than 0";
  else if (!fits_keys(&work->source, summary))
    out->unfitted = "its weights are beyond the range of single precision, by which weights are counted";
  make_histogram(work);
  return WLAW_OK;
}

static wlaw_status find_lattice(part_work *work, wlaw_error *err) {
  return wlaw_weight_lattice(&work->out->lattice, &work->source, err);
}

/* ---- the Weibull plot and the generalised Gaussian, with errors of dependent weights */

typedef struct npm_work {
  wlaw_dtype dtype;
  npm_histogram *histogram; /* [workers] */
} npm_work;

static wlaw_status add_npm(void *context, const weight_block *block, unsigned worker, wlaw_error *err) {
  enum { PIECE = 2048 };
  const npm_work *npm = context;
  const unsigned char *bytes = block->values;
  double values[PIECE];
  float singles[PIECE];
  (void)err;
  for (uint64_t left = block->n_rows * block->n_cols; left;) {
    const size_t n = left < PIECE ? (size_t)left : PIECE;
    wlaw_weights_to_double(values, bytes, npm->dtype, n);
    for (size_t i = 0; i < n; i++) singles[i] = (float)values[i];
    wlaw_npm_add(&npm->histogram[worker], singles, n);
    bytes += n * wlaw_dtype_size(npm->dtype);
    left -= n;
  }
  return WLAW_OK;
}

static wlaw_status fit_npm_histogram(part_work *work, wlaw_error *err) {
  const unsigned workers = wlaw_source_workers(&work->source, work->threads);
  npm_work npm = {.dtype = work->source.dtype, .histogram = wlaw_array(workers, sizeof *npm.histogram)};
  if (!npm.histogram) return wlaw_fail_memory(err, workers, sizeof *npm.histogram);
  const wlaw_status status = wlaw_source_walk(&work->source, work->threads, add_npm, &npm, work->monitor, err);
  for (unsigned w = 1; w < workers; w++)
    for (size_t i = 0; i < NPM_BINS; i++) npm.histogram[0].count[i] += npm.histogram[w].count[i];
  if (status == WLAW_OK) wlaw_npm_fit(&work->out->weibull.plot, npm.histogram);
  free(npm.histogram);
  return status;
}

static void plot_magnitudes(weibull_plot *out, const part_work *work) {
  const weight_summary *summary = &work->summary;
  if (summary->sorted) wlaw_weibull_plot_sorted(out, summary->sorted, summary->n_sorted);
  else wlaw_weibull_plot(out, &work->magnitudes);
}

static wlaw_status fit_weibull(part_work *work, wlaw_error *err) {
  if (work->request->protocol == SCAN_NPM_HIST) return fit_npm_histogram(work, err);
  plot_magnitudes(&work->out->weibull.plot, work);
  return WLAW_OK;
}

static double parameter_of(const entry_fit *fit, const char *name, double *error) {
  const law_ops *ops = fit->law.ops;
  for (size_t i = 0; i < ops->n_parameters; i++)
    if (strcmp(ops->parameters[i].name, name) == 0) {
      *error = fit->standard_error[i];
      return fit->law.values[wlaw_law_offset(ops, i)];
    }
  return NAN;
}

static void take_moment_rule(scan_ggd *out, const weight_summary *summary) {
  ggd_moments rule;
  wlaw_ggd_moment_rule(&rule, summary->mean_magnitude, summary->rms * summary->rms);
  *out = (scan_ggd){.shape = rule.shape,
                    .scale = rule.scale,
                    .se_shape = NAN,
                    .se_scale = NAN,
                    .entropy = wlaw_ggd_entropy(rule.shape, rule.scale),
                    .se_shape_in = {NAN, NAN},
                    .reason = isnan(rule.shape) ? "no shape has this ratio of moments" : NULL};
}

/* The fit that the choice between the laws made already, or one of its own. */
static wlaw_status maximise_ggd(part_work *work, wlaw_error *err) {
  const law_ops *ops = NULL;
  WLAW_TRY(wlaw_law_find(&ops, "ggd", err));
  for (size_t i = 0; i < work->out->laws.n; i++) {
    const entry_candidate *candidate = &work->out->laws.candidates[i];
    if (candidate->fit.law.ops != ops || candidate->reason) continue;
    work->ggd = candidate->fit;
    return WLAW_OK;
  }
  return ops->entry->fit(&work->ggd, &work->weights, err);
}

static wlaw_status fit_ggd(part_work *work, wlaw_error *err) {
  scan_ggd *out = &work->out->ggd;
  if (work->request->protocol == SCAN_BACKSLASH) {
    take_moment_rule(out, &work->summary);
    return WLAW_OK;
  }
  const wlaw_status status = maximise_ggd(work, err);
  if (status == WLAW_NUMERIC ||
      status == WLAW_VALUE) { /* no answer exists for these weights; that is no failure of the scan */
    work->ggd.law.ops = NULL;
    out->reason = "the likelihood has no maximum";
    wlaw_error_clear(err);
    return WLAW_OK;
  }
  WLAW_TRY(status);
  out->shape = parameter_of(&work->ggd, "shape", &out->se_shape);
  out->scale = parameter_of(&work->ggd, "scale", &out->se_scale);
  out->entropy = wlaw_ggd_entropy(out->shape, out->scale);
  return WLAW_OK;
}

/* The sandwich estimate for weights in clusters: sum over rows of (sum of the influences in the row)^2, over n^2, times
 * R / (R - 1) (Liang and Zeger 1986, DOI 10.1093/biomet/73.1.13). */
static double clustered_error(double squares, uint64_t clusters, uint64_t n) {
  /* no influence at all: the weights are closer to one another than the keys of its table */
  if (clusters < 2 || n == 0 || !(squares > 0.0)) return NAN;
  const double rows = (double)clusters;
  return sqrt(squares * rows / (rows - 1.0)) / (double)n;
}

static scan_clustered errors_of(const part_work *work, double by_row, double by_column, double factor) {
  const uint64_t n = work->magnitudes.total;
  return (scan_clustered){factor * clustered_error(by_row, work->source.rows, n),
                          factor * clustered_error(by_column, work->source.cols, n)};
}

static wlaw_status cluster_errors(part_work *work, wlaw_error *err) {
  part_scan *out = work->out;
  double rows[INFLUENCE_MOST], columns[INFLUENCE_MOST];
  float *table = wlaw_array(INFLUENCE_MOST * (size_t)ENTRY_KEYS, sizeof *table);
  const float *functions[INFLUENCE_MOST];
  const entry_key_kind kind = wlaw_source_key_kind(&work->source);
  const bool k = !isnan(out->weibull.plot.k), shape = work->ggd.law.ops != NULL;
  size_t n = 0;
  if (!table) return wlaw_fail_memory(err, INFLUENCE_MOST * (size_t)ENTRY_KEYS, sizeof *table);
  for (size_t f = 0; f < INFLUENCE_MOST; f++) functions[f] = table + f * ENTRY_KEYS;
  wlaw_status status = WLAW_OK;
  if (k) {
    wlaw_weibull_influence(table, table + ENTRY_KEYS, &work->magnitudes, kind);
    n = 2;
  }
  if (shape) {
    float *own = table + n * ENTRY_KEYS;
    status = wlaw_ggd_influence(own, own + ENTRY_KEYS, &work->ggd, &work->weights, kind, err);
    n += 2;
  }
  if (n > 0 && status == WLAW_OK)
    status = wlaw_influence_sums(rows, columns, &work->source, functions, n, work->threads, work->monitor, err);
  free(table);
  WLAW_TRY(status);
  if (k) {
    out->weibull.se_k = errors_of(work, rows[0], columns[0], 1.0);
    out->weibull.se_lambda = errors_of(work, rows[1], columns[1], out->weibull.plot.lambda);
  }
  if (shape) out->ggd.se_shape_in = errors_of(work, rows[n - 2], columns[n - 2], 1.0);
  return WLAW_OK;
}

/* ---- balanced weights, other laws, bits */

static wlaw_status balance(part_work *work, wlaw_error *err) {
  scan_weibull *out = &work->out->weibull;
  const monitor_span all = wlaw_monitor_span(work->monitor);
  static const double ends[] = {0.0, 0.05, 0.15, 0.2,
                                0.3, 0.85, 1.0}; /* of scales and cells; the fixed point is long */
  wlaw_status status = WLAW_OK;
  for (int kind = BALANCE_ROWS; kind <= BALANCE_BOTH && status == WLAW_OK; kind++) {
    weight_balance scales = {0};
    entry_cells cells = {0};
    weibull_plot plot;
    wlaw_monitor_stage(work->monitor, &all, ends[2 * kind], ends[2 * kind + 1]);
    status =
        wlaw_balance(&scales, (balance_kind)kind, &work->source, &work->summary, work->threads, work->monitor, err);
    wlaw_monitor_stage(work->monitor, &all, ends[2 * kind + 1], ends[2 * kind + 2]);
    if (status == WLAW_OK)
      status = wlaw_balanced_cells(&cells, &work->source, &scales, work->threads, work->monitor, err);
    if (status == WLAW_OK) {
      wlaw_weibull_plot(&plot, &cells);
      out->balanced_k[kind] = plot.k;
      out->balanced_r2 = plot.r2;
      out->rounds = scales.rounds;
      out->converged = scales.converged;
    }
    wlaw_cells_free(&cells);
    wlaw_balance_free(&scales);
  }
  return status;
}

static wlaw_status choose_law(part_work *work, wlaw_error *err) {
  entry_cells fitted = {0}, held_out = {0};
  wlaw_status status = wlaw_cells_signed(&fitted, work->summary.table[0], NULL, err);
  if (status == WLAW_OK) status = wlaw_cells_signed(&held_out, work->summary.table[1], NULL, err);
  if (status == WLAW_OK && fitted.total && held_out.total) {
    status = wlaw_entry_choose(&work->out->laws, &fitted, &held_out, err);
    work->out->chose = status == WLAW_OK;
  }
  wlaw_cells_free(&fitted);
  wlaw_cells_free(&held_out);
  return status;
}

static wlaw_status count_bits(part_work *work, wlaw_error *err) {
  const wlaw_status status =
      wlaw_weight_bits(&work->out->bits, &work->source, &work->summary, work->threads, work->monitor, err);
  work->out->counted = status == WLAW_OK;
  return status;
}

static wlaw_status take_spectrum(part_work *work, wlaw_error *err) {
  work->out->has_spectrum = true;
  return wlaw_scan_spectrum(&work->out->spectrum, &work->source, &work->summary, work->request, work->threads,
                            work->monitor, err);
}

/* ---- which steps a part goes through */

static bool always(const part_work *work) { return (void)work, true; }
static bool is_fitted(const part_work *work) { return !work->out->unfitted; }
static bool is_clustered(const part_work *work) { return is_fitted(work) && is_matrix(work); }
static bool is_balanced(const part_work *work) { return is_clustered(work) && !work->request->quick; }
static bool is_chosen(const part_work *work) { return is_fitted(work) && !work->request->quick; }
static bool has_spectrum(const part_work *work) { return work->request->spectra; }

/* cost: about how many passes' time a step takes, for progress. */
static const struct {
  bool (*wanted)(const part_work *work);
  wlaw_status (*run)(part_work *work, wlaw_error *err);
  double cost;
} steps[] = {{always, hold, 1},
             {always, summarise, 2},
             {is_fitted, find_lattice, 0.5},
             {is_fitted, fit_weibull, 0.5},
             {is_chosen, choose_law, 1},
             {is_fitted, fit_ggd, 0.5},
             {is_clustered, cluster_errors, 1},
             {is_balanced, balance, 12},
             {is_chosen, count_bits, 1},
             {has_spectrum, take_spectrum, 100}};

static wlaw_status run_steps(part_work *work, wlaw_error *err) {
  const size_t n = sizeof steps / sizeof *steps;
  const monitor_span all = wlaw_monitor_span(work->monitor);
  double whole = 0.0, done = 0.0;
  wlaw_status status = WLAW_OK;
  for (size_t i = 0; i < n; i++) whole += steps[i].wanted(work) ? steps[i].cost : 0.0;
  for (size_t i = 0; i < n && status == WLAW_OK; i++) {
    if (!steps[i].wanted(work)) continue;
    wlaw_monitor_stage(work->monitor, &all, done / whole, (done + steps[i].cost) / whole);
    done += steps[i].cost;
    if (wlaw_monitor_report(work->monitor, 0.0)) status = wlaw_fail_cancelled(err);
    else status = steps[i].run(work, err);
  }
  wlaw_monitor_stage(work->monitor, &all, 0.0, 1.0);
  return status;
}

/* Stored [in, out]: what was found of rows is said of columns. */
#define EXCHANGE(type, a, b)                                                                                           \
  do {                                                                                                                 \
    const type kept_ = (a);                                                                                            \
    (a) = (b);                                                                                                         \
    (b) = kept_;                                                                                                       \
  } while (0)

static void turn(part_scan *out) {
  weight_summary *summary = &out->summary;
  EXCHANGE(uint64_t, out->rows, out->columns);
  EXCHANGE(double, out->row_spread, out->column_spread);
  EXCHANGE(uint64_t, summary->rows, summary->cols);
  EXCHANGE(uint64_t, summary->dead_rows, summary->dead_columns);
  for (size_t i = 0; i < summary->n_largest; i++)
    EXCHANGE(uint64_t, summary->largest[i].row, summary->largest[i].column);
  EXCHANGE(double, out->weibull.se_k.rows, out->weibull.se_k.columns);
  EXCHANGE(double, out->weibull.se_lambda.rows, out->weibull.se_lambda.columns);
  EXCHANGE(double, out->weibull.balanced_k[BALANCE_ROWS], out->weibull.balanced_k[BALANCE_COLUMNS]);
  EXCHANGE(double, out->ggd.se_shape_in.rows, out->ggd.se_shape_in.columns);
}

/* Scalars stay; what the arrays told is in the scan by now. */
static void shed(part_work *work) {
  weight_summary kept = work->summary;
  kept.row_squares = kept.column_squares = kept.row_largest = kept.column_largest = kept.sorted = NULL;
  kept.table[0] = kept.table[1] = NULL;
  work->out->summary = kept;
  wlaw_weight_summary_free(&work->summary);
  wlaw_cells_free(&work->magnitudes);
  wlaw_cells_free(&work->weights);
  wlaw_source_free(&work->source);
}

static void start(part_scan *out, const scan_part *part, const tensor_info *info) {
  static const scan_clustered none = {NAN, NAN};
  *out = (part_scan){.part = part, .info = info};
  out->weibull = (scan_weibull){.plot = {.k = NAN, .lambda = NAN, .r2 = NAN, .se_k = NAN, .se_lambda = NAN},
                                .se_k = none,
                                .se_lambda = none,
                                .balanced_k = {NAN, NAN, NAN},
                                .balanced_r2 = NAN};
  out->ggd =
      (scan_ggd){.shape = NAN, .scale = NAN, .se_shape = NAN, .se_scale = NAN, .entropy = NAN, .se_shape_in = none};
  out->laws.best = -1;
}

wlaw_status wlaw_scan_part(part_scan *out, wlaw_tensors *tensors, const scan_part *part, const scan_request *request,
                           unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  part_work work = {.out = out, .request = request, .threads = threads, .monitor = monitor};
  start(out, part, &tensors->info[part->tensor]);
  wlaw_status status = wlaw_part_source(&work.source, tensors, part, err);
  if (status == WLAW_OK) {
    out->rows = work.source.rows;
    out->columns = work.source.cols;
    status = run_steps(&work, err);
  }
  shed(&work);
  if (status == WLAW_OK && part->role.transposed) turn(out);
  return status == WLAW_OK ? WLAW_OK : wlaw_error_in_tensor(err, status, part->name);
}

uint64_t wlaw_part_bytes(const wlaw_tensors *tensors, const scan_part *part) {
  const tensor_info *info = &tensors->info[part->tensor];
  const double share = (double)part->selection.rows * (double)part->selection.cols / fmax((double)info->count, 1.0);
  return (uint64_t)(share * (double)info->bytes);
}
