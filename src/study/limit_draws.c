/* Draws of networks of infinite width: their outputs for all inputs into a file, block by block, and statistics of
 * those for the first input. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "study/limit.h"
#include "tensor/dtype.h"
#include "tensor/writer.h"

enum {
  BLOCK_ENTRIES = 1 << 21, /* outputs in memory at a time: 16 MiB */
  UNIT_DRAWS = 32,         /* one piece of parallel work */
  MOST_SCATTER = 1000      /* pairs in the document */
};

typedef struct draw_loop {
  const limit_job *job;
  const random_kernel *kernel;
  limit_sample *sample;
  size_t first, count; /* the block in hand */
  double *block;       /* [count, outputs, inputs] */
  double *scratch;     /* [workers, per_worker] */
  size_t per_worker;
} draw_loop;

static wlaw_status draw_one(draw_loop *loop, size_t k, double *scratch, wlaw_error *err) {
  const limit_job *job = loop->job;
  const size_t outputs = job->outputs, n = job->inputs.n;
  double *z = loop->block + (k - loop->first) * outputs * n;
  WLAW_TRY(wlaw_random_kernel_draw(loop->kernel, z, outputs, NULL, job->seed, k, scratch, err));
  for (size_t i = 0; i < outputs * n; i++)
    if (isnan(z[i]))
      return wlaw_fail(err, WLAW_NUMERIC, "output %zu of draw %zu leaves the range of doubles", i / n, k);
  for (size_t o = 0; o < outputs; o++) loop->sample->z[k * outputs + o] = z[o * n];
  return WLAW_OK;
}

static wlaw_status draw_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  draw_loop *loop = context;
  const size_t from = unit * UNIT_DRAWS, left = loop->count - from, n = left < UNIT_DRAWS ? left : UNIT_DRAWS;
  for (size_t i = 0; i < n; i++) {
    if (atomic_load(stop)) return wlaw_fail_cancelled(err);
    WLAW_TRY(draw_one(loop, loop->first + from + i, loop->scratch + worker * loop->per_worker, err));
  }
  return WLAW_OK;
}

static wlaw_status draw_blocks(draw_loop *loop, size_t block, tensor_writer *writer, limit_job *job, wlaw_error *err) {
  const monitor_span whole = wlaw_monitor_span(&job->monitor);
  wlaw_status status = WLAW_OK;
  for (loop->first = 0; loop->first < job->draws && status == WLAW_OK; loop->first += loop->count) {
    loop->count = job->draws - loop->first < block ? job->draws - loop->first : block;
    wlaw_monitor_stage(&job->monitor, &whole, (double)loop->first / (double)job->draws,
                       (double)(loop->first + loop->count) / (double)job->draws);
    status =
        wlaw_parallel((loop->count + UNIT_DRAWS - 1) / UNIT_DRAWS, job->threads, draw_unit, loop, &job->monitor, err);
    if (status == WLAW_OK && writer)
      status =
          wlaw_writer_add(writer, loop->block, loop->count * job->outputs * job->inputs.n * sizeof *loop->block, err);
  }
  return status;
}

static wlaw_status draw_all(limit_sample *sample, const random_kernel *kernel, tensor_writer *writer, limit_job *job,
                            wlaw_error *err) {
  const size_t entries = job->outputs * job->inputs.n; /* fits: the kernel of the inputs does, outputs are few */
  size_t block = entries < BLOCK_ENTRIES ? BLOCK_ENTRIES / entries : 1;
  if (block > job->draws) block = job->draws;
  const unsigned workers = wlaw_threads_for(job->threads, (block + UNIT_DRAWS - 1) / UNIT_DRAWS);
  draw_loop loop = {.job = job, .kernel = kernel, .sample = sample, .per_worker = wlaw_random_kernel_scratch(kernel)};
  loop.per_worker = (loop.per_worker + 7) / 8 * 8; /* no cache line of two workers */
  loop.block = wlaw_array(block * entries, sizeof *loop.block);
  loop.scratch = wlaw_array(workers * loop.per_worker, sizeof *loop.scratch);
  wlaw_status status = WLAW_OK;
  if (!loop.block || !loop.scratch)
    status = wlaw_fail_memory(err, block * entries + workers * loop.per_worker, sizeof *loop.block);
  if (status == WLAW_OK) status = draw_blocks(&loop, block, writer, job, err);
  free(loop.block);
  free(loop.scratch);
  return status;
}

static wlaw_status open_writer(tensor_writer **writer, const limit_job *job, wlaw_error *err) {
  *writer = NULL;
  if (!job->path) return WLAW_OK;
  const char *const metadata[] = {"format", "pt", "law", job->law, NULL};
  const tensor_spec spec = {
      .name = "outputs", .dtype = WLAW_F64, .rank = 3, .shape = {job->draws, job->outputs, job->inputs.n}};
  return wlaw_writer_open(writer, job->path, &spec, 1, metadata, err);
}

static wlaw_status draw_file(limit_sample *sample, const random_kernel *kernel, limit_job *job, wlaw_error *err) {
  tensor_writer *writer = NULL;
  WLAW_TRY(open_writer(&writer, job, err));
  const wlaw_status status = draw_all(sample, kernel, writer, job, err);
  if (status == WLAW_OK && writer) return wlaw_writer_commit(writer, err);
  wlaw_writer_discard(writer);
  return status;
}

wlaw_status wlaw_limit_draws(limit_sample *out, limit_job *job, wlaw_error *err) {
  random_kernel *kernel = NULL;
  *out = (limit_sample){.draws = job->draws, .outputs = job->outputs, .tail_index = job->output.tail_index};
  out->z = wlaw_array(job->draws, job->outputs * sizeof *out->z);
  if (!out->z) return wlaw_fail_memory(err, job->draws, job->outputs * sizeof *out->z);
  WLAW_TRY(wlaw_random_kernel_new(&kernel, &job->network, job->inputs.gram, job->inputs.n, job->tolerance,
                                  job->most_jumps, err));
  wlaw_status status = draw_file(out, kernel, job, err);
  wlaw_random_kernel_free(kernel);
  if (status == WLAW_OK) status = wlaw_limit_sample_measure(out, err);
  return status;
}

void wlaw_limit_sample_free(limit_sample *sample) {
  free(sample->z);
  free(sample->sorted);
  free(sample->sorted_abs);
  free(sample->largest);
  free(sample->pruned);
  *sample = (limit_sample){0};
}

/* ---- statistics */

/* A moment of order p exists below the tail index; its estimate has a variance where order 2p exists. */
static void keep_existing(draw_estimate *estimate, double tail_index, double order) {
  if (tail_index <= order) estimate->value = NAN;
  if (tail_index <= 2.0 * order) estimate->se = NAN;
}

wlaw_status wlaw_limit_sample_measure(limit_sample *sample, wlaw_error *err) {
  const size_t n = sample->draws;
  sample->sorted = wlaw_array(n, sizeof *sample->sorted);
  sample->sorted_abs = wlaw_array(n, sizeof *sample->sorted_abs);
  if (!sample->sorted || !sample->sorted_abs) return wlaw_fail_memory(err, n, sizeof *sample->sorted);
  for (size_t i = 0; i < n; i++) {
    sample->sorted[i] = sample->z[i * sample->outputs];
    sample->sorted_abs[i] = fabs(sample->sorted[i]);
  }
  wlaw_draw_sort(sample->sorted, n);
  wlaw_draw_sort(sample->sorted_abs, n);
  wlaw_draw_moments(&sample->moments, sample->z, n, sample->outputs);
  keep_existing(&sample->moments.mean_square, sample->tail_index, 2.0);
  keep_existing(&sample->moments.kurtosis, sample->tail_index, 4.0);
  keep_existing(&sample->moments.square_correlation, sample->tail_index, 4.0);
  return wlaw_draw_information(&sample->information, sample->z, n, sample->outputs, err);
}

static void put_quantiles(bool *failed, json_t *object, const limit_sample *sample) {
  static const double p[] = {0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99};
  enum { N = sizeof p / sizeof *p };
  double value[N], se[N];
  for (size_t i = 0; i < N; i++) {
    const draw_estimate q = wlaw_draw_quantile(sample->sorted, sample->draws, p[i]);
    value[i] = q.value;
    se[i] = q.se;
  }
  json_t *quantiles = json_object();
  wlaw_json_put(failed, quantiles, "p", wlaw_json_reals(p, N));
  wlaw_json_put(failed, quantiles, "value", wlaw_json_reals(value, N));
  wlaw_json_put(failed, quantiles, "standard_error", wlaw_json_reals(se, N));
  wlaw_json_put(failed, object, "quantiles", quantiles);
}

static json_t *information_json(bool *failed, const limit_sample *sample) {
  const draw_information *found = &sample->information;
  if (sample->outputs < 2) return json_null();
  json_t *information = json_object();
  wlaw_limit_real(failed, information, "plug_in", found->plug_in);
  wlaw_limit_real(failed, information, "corrected", found->corrected);
  wlaw_limit_real(failed, information, "standard_error", found->se);
  wlaw_json_put(failed, information, "correction", json_string("Grassberger 2003"));
  wlaw_json_put(failed, information, "bins", wlaw_json_count(INFORMATION_BINS));
  wlaw_json_put(failed, information, "range", wlaw_json_real(INFORMATION_RANGE));
  return information;
}

static json_t *density_json(bool *failed, const limit_sample *sample, const limit_job *job) {
  double density[LIMIT_GRID];
  if (!job->has_grid) return json_null();
  wlaw_draw_density(density, job->grid, LIMIT_GRID, sample->sorted_abs, sample->draws);
  return wlaw_limit_curve_json(failed, job, density);
}

static void put_scatter(bool *failed, json_t *object, const limit_sample *sample) {
  json_t *pairs = json_array();
  const size_t n = sample->draws < MOST_SCATTER ? sample->draws : MOST_SCATTER;
  for (size_t i = 0; i < n && sample->outputs > 1; i++)
    wlaw_json_append(failed, pairs, wlaw_json_reals(sample->z + i * sample->outputs, 2));
  wlaw_json_put(failed, object, "scatter", pairs);
}

static bool closed_cdf(const void *context, double z, double *value) {
  double density;
  wlaw_output_density_at(context, z, &density, value);
  return !isnan(*value);
}

json_t *wlaw_limit_ks_json(bool *failed, draw_ks ks) {
  json_t *object = json_object();
  wlaw_json_put(failed, object, "statistic", wlaw_json_real(ks.statistic));
  wlaw_json_put(failed, object, "p_value", wlaw_json_real(ks.p_value));
  return object;
}

static json_t *closed_ks_json(bool *failed, const limit_sample *sample, const limit_job *job) {
  draw_ks ks;
  if (!job->density || !wlaw_draw_ks(&ks, sample->sorted, sample->draws, closed_cdf, job->density)) return json_null();
  return wlaw_limit_ks_json(failed, ks);
}

static void put_estimate(bool *failed, json_t *object, const char *key, draw_estimate estimate) {
  char name[64];
  snprintf(name, sizeof name, "se_%s", key);
  wlaw_limit_real(failed, object, key, estimate.value);
  wlaw_limit_real(failed, object, name, estimate.se);
}

static const char *missing_reason(const limit_sample *sample) {
  const double largest = sample->sorted_abs[sample->draws - 1];
  if (largest == 0.0) return "every draw is 0: no kurtosis or correlation of squares";
  if (isinf(largest)) return "a draw is too large for a double: no moments";
  if (isnan(sample->tail_index)) return "the tail of Z is not known: errors hold if E Z^8 is finite";
  if (sample->tail_index <= 2.0) return "E Z^2 is infinite: no mean square, kurtosis or correlation of squares";
  if (sample->tail_index <= 4.0) return "E Z^4 is infinite: no kurtosis or correlation of squares";
  return sample->tail_index <= 8.0 ? "E Z^8 is infinite: no error of the kurtosis and the correlation of squares"
                                   : NULL;
}

void wlaw_limit_sample_put(bool *failed, json_t *object, const limit_sample *sample, const limit_job *job) {
  const char *reason = missing_reason(sample);
  wlaw_json_put(failed, object, "count", wlaw_json_count(sample->draws));
  put_estimate(failed, object, "mean_square", sample->moments.mean_square);
  put_estimate(failed, object, "kurtosis", sample->moments.kurtosis);
  put_estimate(failed, object, "square_correlation", sample->moments.square_correlation);
  put_estimate(failed, object, "probability_zero", sample->moments.probability_zero);
  wlaw_json_put(failed, object, "reason", reason ? json_string(reason) : json_null());
  put_quantiles(failed, object, sample);
  wlaw_json_put(failed, object, "mutual_information", information_json(failed, sample));
  wlaw_json_put(failed, object, "density", density_json(failed, sample, job));
  put_scatter(failed, object, sample);
  wlaw_json_put(failed, object, sample->width ? "ks_closed_form" : "ks", closed_ks_json(failed, sample, job));
}
