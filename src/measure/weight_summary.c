#include "measure/weight_summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "measure/entry_counter.h"
#include "measure/weight_moments.h"

/* What a worker gathers: integers and extremes until the end, floating-point sums until its group is merged. */
typedef struct summary_worker {
  entry_counter counter[2];                /* rows fitted, rows held out */
  double *row_squares, *row_largest;       /* [block rows]: of the block */
  bool *row_bad;                           /* [block rows]: some weights are not finite */
  double *column_squares, *column_largest; /* [block columns]: of the group */
  int32_t *column_bits;                    /* instead of column_largest: see row_kernel */
  weight_moments moments;                  /* of the group, without extremes */
  double min, max;
  uint64_t zeros, subnormal, tiny, nan, infinite;
  weight_extremes largest;
} summary_worker;

typedef struct summary_pass {
  const weight_source *source;
  weight_summary *out;
  size_t size;      /* bytes of a weight */
  bool by_weight;   /* held-out weights, not rows */
  bool direct;      /* moments from the weights; else from the table, whose cells are not wide */
  double limits[2]; /* of subnormal, of tiny magnitudes */
  const weight_kernels *kernels;
  weight_decode decode;
  row_kernel row; /* of the type; NULL for f64 */
  bool *row_lost,
      *column_lost; /* [rows], [cols], set atomically: hold a weight that is not finite; NULL as row_squares */
  shared_table table[2];
  summary_worker *workers;
  unsigned n_workers;
  weight_moments moments;
} summary_pass;

/* ---- the distribution */

/* Every SUMMARY_HELD_OUT-th weight to the held-out table. first: number in the matrix of values[0]. */
static void count_by_weight(const summary_pass *pass, summary_worker *worker, const unsigned char *values,
                            uint64_t first, size_t n) {
  unsigned char part[2][WEIGHT_CHUNK * sizeof(double)];
  size_t in[2] = {0};
  for (size_t i = 0; i < n; i++) {
    const size_t held_out = (first + i) % SUMMARY_HELD_OUT == SUMMARY_HELD_OUT - 1;
    memcpy(part[held_out] + in[held_out] * pass->size, values + i * pass->size, pass->size);
    if (++in[held_out] == WEIGHT_CHUNK) {
      wlaw_counter_add(&worker->counter[held_out], part[held_out], WEIGHT_CHUNK);
      in[held_out] = 0;
    }
  }
  for (size_t s = 0; s < 2; s++) wlaw_counter_add(&worker->counter[s], part[s], in[s]);
}

static bool is_held_out(uint64_t row) { return row % SUMMARY_HELD_OUT == SUMMARY_HELD_OUT - 1; }

/* Where the kernels do not count. */
static void count_block(const summary_pass *pass, summary_worker *worker, const weight_block *block) {
  const unsigned char *values = block->values;
  if (pass->by_weight) {
    count_by_weight(pass, worker, values, block->row * pass->source->cols + block->column,
                    (size_t)(block->n_rows * block->n_cols));
    return;
  }
  for (uint64_t r = 0; r < block->n_rows; r++)
    wlaw_counter_add(&worker->counter[is_held_out(block->row + r)], values + r * block->n_cols * pass->size,
                     (size_t)block->n_cols);
}

/* ---- moments and small magnitudes */

static size_t keep_finite(double *x, size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (isfinite(x[i])) x[kept++] = x[i];
  return kept;
}

/* x: [n], finite, of this sum and largest magnitude. */
static void add_moments(const summary_pass *pass, summary_worker *worker, const double *x, size_t n, double sum,
                        double largest) {
  if (n == 0) return;
  const double mean = sum / (double)n;
  const chunk_moments chunk = pass->kernels->moments(x, n, mean, pass->limits);
  const weight_moments moments = {.count = n,
                                  .mean = mean,
                                  .second = chunk.second,
                                  .third = chunk.third,
                                  .fourth = chunk.fourth,
                                  .magnitudes = chunk.magnitudes};
  wlaw_weight_moments_merge(&worker->moments, &moments);
  if (largest > worker->max || -largest < worker->min)
    for (size_t i = 0; i < n; i++) {
      if (x[i] < worker->min) worker->min = x[i];
      if (x[i] > worker->max) worker->max = x[i];
    }
  worker->zeros += chunk.zeros;
  worker->subnormal += chunk.subnormal;
  worker->tiny += chunk.tiny;
}

/* Doubles are decoded, then summed; smaller types are decoded, summed and counted in one go. */
static row_part do_row(const summary_pass *pass, summary_worker *worker, uint64_t row, size_t c, double *x,
                       const void *values, size_t n) {
  if (!pass->row) {
    const uint64_t bad = pass->decode(x, values, n);
    row_part part = pass->kernels->row_f64(worker->column_squares + c, worker->column_largest + c, x, n);
    part.bad = bad;
    return part;
  }
  entry_counter *counter = &worker->counter[is_held_out(row)];
  const row_part part = pass->row(pass->by_weight ? NULL : wlaw_counter_reserve(counter, n), worker->column_squares + c,
                                  worker->column_bits + c, pass->direct || pass->out->sorted ? x : NULL, values, n);
  counter->zeros[0] += part.zeros[0];
  counter->zeros[1] += part.zeros[1];
  return part;
}

/* Part of row r of a block, from its column c on. */
static void do_chunk(const summary_pass *pass, summary_worker *worker, const weight_block *block, size_t r, size_t c,
                     size_t n) {
  double x[WEIGHT_CHUNK];
  const unsigned char *values = (const unsigned char *)block->values + (r * block->n_cols + c) * pass->size;
  const row_part part = do_row(pass, worker, block->row + r, c, x, values, n);
  worker->row_squares[r] += part.squares;
  if (part.largest > worker->row_largest[r]) worker->row_largest[r] = part.largest;
  if (part.bad) worker->row_bad[r] = true;
  if (pass->out->sorted) {
    double *into = pass->out->sorted + (block->row + r) * pass->source->cols + block->column + c;
    for (size_t i = 0; i < n; i++) into[i] = fabs(x[i]);
  }
  if (!pass->direct) return;
  if (part.bad) {
    wlaw_weights_to_double(x, values, pass->source->dtype, n);
    n = keep_finite(x, n);
  }
  add_moments(pass, worker, x, n, part.sum, part.largest);
}

/* ---- entries to be looked at one by one: those of rows with a large one, or with one that is not finite */

static void mark_lost(const summary_pass *pass, uint64_t row, uint64_t column) {
  if (pass->row_lost) __atomic_store_n(&pass->row_lost[row], true, __ATOMIC_RELAXED);
  if (pass->column_lost) __atomic_store_n(&pass->column_lost[column], true, __ATOMIC_RELAXED);
}

static void look_through(const summary_pass *pass, summary_worker *worker, const weight_block *block, size_t r) {
  double x[WEIGHT_CHUNK];
  const unsigned char *values = (const unsigned char *)block->values + r * block->n_cols * pass->size;
  const bool bad = worker->row_bad[r];
  const double least =
      worker->largest.n < WEIGHT_EXTREMES ? 0.0 : fabs(worker->largest.entry[WEIGHT_EXTREMES - 1].value);
  for (size_t c = 0; c < block->n_cols; c += WEIGHT_CHUNK) {
    const size_t n = block->n_cols - c < WEIGHT_CHUNK ? (size_t)(block->n_cols - c) : WEIGHT_CHUNK;
    wlaw_weights_to_double(x, values + c * pass->size, pass->source->dtype, n);
    for (size_t i = 0; i < n; i++) {
      if (!bad && !(fabs(x[i]) > least)) continue;
      const weight_extreme entry = {x[i], block->row + r, block->column + c + i};
      if (!isfinite(x[i])) mark_lost(pass, entry.row, entry.column);
      worker->nan += isnan(x[i]) != 0;
      worker->infinite += isinf(x[i]) != 0;
      if (wlaw_extremes_want(&worker->largest, fabs(x[i]))) wlaw_extremes_add(&worker->largest, &entry);
    }
  }
}

static wlaw_status do_block(void *context, const weight_block *block, unsigned number, wlaw_error *err) {
  (void)err;
  const summary_pass *pass = context;
  summary_worker *worker = &pass->workers[number];
  if (pass->by_weight || !pass->row) count_block(pass, worker, block);
  const size_t rows = (size_t)block->n_rows, cols = (size_t)block->n_cols;
  memset(worker->row_squares, 0, rows * sizeof *worker->row_squares);
  memset(worker->row_largest, 0, rows * sizeof *worker->row_largest);
  memset(worker->row_bad, 0, rows * sizeof *worker->row_bad);
  for (size_t c = 0; c < cols; c += WEIGHT_CHUNK) {
    const size_t n = cols - c < WEIGHT_CHUNK ? cols - c : WEIGHT_CHUNK;
    for (size_t r = 0; r < rows; r++) do_chunk(pass, worker, block, r, c, n);
  }
  for (size_t r = 0; r < rows; r++)
    if (worker->row_bad[r] || wlaw_extremes_want(&worker->largest, worker->row_largest[r]))
      look_through(pass, worker, block, r);
  weight_summary *out = pass->out;
  if (out->row_squares && block->n_cols == pass->source->cols) {
    memcpy(out->row_squares + block->row, worker->row_squares, rows * sizeof *worker->row_squares);
    memcpy(out->row_largest + block->row, worker->row_largest, rows * sizeof *worker->row_largest);
  }
  return WLAW_OK;
}

static double column_largest(const summary_pass *pass, const summary_worker *worker, size_t c) {
  float largest;
  if (!worker->column_bits) return worker->column_largest[c];
  memcpy(&largest, &worker->column_bits[c], sizeof largest);
  return pass->source->dtype == WLAW_F16 ? largest * 0x1p112 : largest;
}

static void merge_group(void *context, const weight_block *group, unsigned number) {
  summary_pass *pass = context;
  summary_worker *worker = &pass->workers[number];
  weight_summary *out = pass->out;
  if (out->row_squares && group->n_cols < pass->source->cols) { /* part of one row */
    out->row_squares[group->row] += worker->row_squares[0];
    out->row_largest[group->row] = fmax(out->row_largest[group->row], worker->row_largest[0]);
  }
  if (out->column_squares)
    for (size_t c = 0; c < group->n_cols; c++) {
      double *largest = &out->column_largest[group->column + c];
      const double found = column_largest(pass, worker, c);
      out->column_squares[group->column + c] += worker->column_squares[c];
      if (found > *largest) *largest = found;
    }
  memset(worker->column_squares, 0, (size_t)group->n_cols * sizeof *worker->column_squares);
  if (pass->row) memset(worker->column_bits, 0, (size_t)group->n_cols * sizeof *worker->column_bits);
  else memset(worker->column_largest, 0, (size_t)group->n_cols * sizeof *worker->column_largest);
  wlaw_weight_moments_merge(&pass->moments, &worker->moments);
  worker->moments = (weight_moments){0};
}

/* ---- the whole */

static wlaw_status allocate(summary_pass *pass, unsigned threads, wlaw_error *err) {
  const weight_source *source = pass->source;
  weight_summary *out = pass->out;
  const size_t rows = wlaw_source_block_rows(source), cols = wlaw_source_block_columns(source);
  pass->n_workers = wlaw_source_workers(source, threads);
  pass->workers = calloc(pass->n_workers, sizeof *pass->workers);
  bool there = pass->workers && pass->table[0].table && pass->table[1].table;
  for (unsigned w = 0; there && w < pass->n_workers; w++) {
    summary_worker *worker = &pass->workers[w];
    worker->min = INFINITY;
    worker->max = -INFINITY;
    worker->row_squares = wlaw_array(rows, sizeof *worker->row_squares);
    worker->row_largest = wlaw_array(rows, sizeof *worker->row_largest);
    worker->row_bad = wlaw_array(rows, sizeof *worker->row_bad);
    worker->column_squares = wlaw_array(cols, sizeof *worker->column_squares);
    if (pass->row) worker->column_bits = wlaw_array(cols, sizeof *worker->column_bits);
    else worker->column_largest = wlaw_array(cols, sizeof *worker->column_largest);
    there = worker->row_squares && worker->row_largest && worker->row_bad && worker->column_squares &&
            (worker->column_bits || worker->column_largest);
    for (size_t s = 0; there && s < 2; s++)
      there = wlaw_counter_start(&worker->counter[s], &pass->table[s], source->dtype, pass->kernels);
  }
  if (there && source->rows <= SUMMARY_SIDE_MOST) {
    out->row_squares = wlaw_array((size_t)source->rows, sizeof *out->row_squares);
    out->row_largest = wlaw_array((size_t)source->rows, sizeof *out->row_largest);
    pass->row_lost = wlaw_array((size_t)source->rows, sizeof *pass->row_lost);
    there = out->row_squares && out->row_largest && pass->row_lost;
  }
  if (there && source->cols <= SUMMARY_SIDE_MOST) {
    out->column_squares = wlaw_array((size_t)source->cols, sizeof *out->column_squares);
    out->column_largest = wlaw_array((size_t)source->cols, sizeof *out->column_largest);
    pass->column_lost = wlaw_array((size_t)source->cols, sizeof *pass->column_lost);
    there = out->column_squares && out->column_largest && pass->column_lost;
  }
  if (there && out->count < SUMMARY_SORT_BELOW) {
    out->sorted = wlaw_array((size_t)out->count, sizeof *out->sorted);
    there = out->sorted;
  }
  return there ? WLAW_OK : wlaw_fail_memory(err, rows + cols, sizeof(double));
}

static void release(summary_pass *pass) {
  for (unsigned w = 0; pass->workers && w < pass->n_workers; w++) {
    summary_worker *worker = &pass->workers[w];
    free(worker->row_squares);
    free(worker->row_largest);
    free(worker->row_bad);
    free(worker->column_squares);
    free(worker->column_largest);
    free(worker->column_bits);
    for (size_t s = 0; s < 2; s++) wlaw_counter_free(&worker->counter[s]);
  }
  free(pass->workers);
  free(pass->row_lost);
  free(pass->column_lost);
  for (size_t s = 0; s < 2; s++) wlaw_shared_table_free(&pass->table[s]);
}

static void gather_workers(summary_pass *pass) {
  weight_summary *out = pass->out;
  weight_extremes largest = {0};
  pass->moments.min = INFINITY;
  pass->moments.max = -INFINITY;
  for (unsigned w = 0; w < pass->n_workers; w++) {
    summary_worker *worker = &pass->workers[w];
    for (size_t s = 0; s < 2; s++) wlaw_counter_empty(&worker->counter[s]);
    wlaw_extremes_merge(&largest, &worker->largest);
    pass->moments.min = fmin(pass->moments.min, worker->min);
    pass->moments.max = fmax(pass->moments.max, worker->max);
    out->zeros += worker->zeros;
    out->subnormal += worker->subnormal;
    out->tiny += worker->tiny;
    out->nan += worker->nan;
    out->infinite += worker->infinite;
  }
  memcpy(out->largest, largest.entry, sizeof out->largest);
  out->n_largest = largest.n;
  for (size_t s = 0; s < 2; s++) {
    out->table[s] = pass->table[s].table;
    pass->table[s].table = NULL;
  }
}

/* Where the cells hold single values, they tell the small magnitudes and the moments. */
static void read_table(summary_pass *pass) {
  weight_summary *out = pass->out;
  wlaw_weight_moments_table(&pass->moments, out->table[0], out->table[1]);
  for (size_t s = 0; s < 2; s++) {
    const entry_table *table = out->table[s];
    out->zeros += table->zeros;
    for (unsigned key = 1; key < ENTRY_KEYS; key++) {
      const uint64_t count = table->count[0][key] + table->count[1][key];
      const double magnitude = count ? wlaw_entry_key_value((entry_key_kind)table->kind, key) : NAN;
      if (magnitude < pass->limits[0]) out->subnormal += count;
      if (magnitude < pass->limits[1]) out->tiny += count;
    }
  }
}

static void finish_moments(weight_summary *out, const weight_moments *m) {
  const double n = (double)m->count, variance = m->second / n;
  out->min = out->max = out->mean = out->sd = out->rms = out->mean_magnitude = out->skewness = out->kurtosis = NAN;
  if (m->count == 0) return;
  out->min = m->min;
  out->max = m->max;
  out->mean = m->mean;
  out->sd = sqrt(variance);
  out->rms = hypot(out->sd, m->mean);
  out->mean_magnitude = m->magnitudes / n;
  if (!(variance > 0.0)) return;
  out->skewness = m->third / n / (variance * out->sd);
  out->kurtosis = m->fourth / n / (variance * variance);
}

/* What is not finite is not dead. */
static uint64_t count_dead(const double *largest, const bool *lost, uint64_t n) {
  uint64_t dead = 0;
  for (uint64_t i = 0; largest && i < n; i++) dead += largest[i] < SUMMARY_TINY && !lost[i];
  return dead;
}

/* Allocates a scratch array for the sort. */
static wlaw_status sort_weights(weight_summary *out, wlaw_error *err) {
  if (!out->sorted) return WLAW_OK;
  for (size_t i = 0; i < out->count; i++)
    if (out->sorted[i] > 0.0) out->sorted[out->n_sorted++] = out->sorted[i];
  double *scratch = malloc((out->n_sorted + 1) * sizeof *scratch);
  if (!scratch) return wlaw_fail_memory(err, out->n_sorted, sizeof *scratch);
  wlaw_sort_magnitudes(out->sorted, scratch, out->n_sorted);
  free(scratch);
  return WLAW_OK;
}

static double smallest_normal(wlaw_dtype dtype) {
  return dtype == WLAW_F16 ? 0x1p-14 : dtype == WLAW_F64 ? 0x1p-1022 : 0x1p-126;
}

wlaw_status wlaw_weight_summary(weight_summary *out, const weight_source *source, unsigned threads,
                                wlaw_monitor *monitor, wlaw_error *err) {
  memset(out, 0, sizeof *out);
  out->rows = source->rows;
  out->cols = source->cols;
  out->count = source->rows * source->cols;
  summary_pass pass = {.source = source,
                       .out = out,
                       .size = wlaw_dtype_size(source->dtype),
                       .by_weight = source->rows < SUMMARY_HELD_OUT,
                       .limits = {smallest_normal(source->dtype), SUMMARY_TINY},
                       .kernels = wlaw_weight_kernels(wlaw_cpu_level())};
  pass.decode = wlaw_weight_decode(pass.kernels, source->dtype);
  pass.row = wlaw_weight_row(pass.kernels, source->dtype);
  for (size_t s = 0; s < 2; s++) wlaw_shared_table_start(&pass.table[s], source->dtype);
  wlaw_status status = allocate(&pass, threads, err);
  if (status == WLAW_OK) {
    pass.direct = pass.table[0].table->cells_wide;
    status = wlaw_source_walk_merging(source, threads, do_block, merge_group, &pass, monitor, err);
  }
  if (status == WLAW_OK) {
    gather_workers(&pass);
    if (!pass.direct) read_table(&pass);
    finish_moments(out, &pass.moments);
    out->dead_rows = count_dead(out->row_largest, pass.row_lost, out->rows);
    out->dead_columns = count_dead(out->column_largest, pass.column_lost, out->cols);
    status = sort_weights(out, err);
  }
  release(&pass);
  return status;
}

void wlaw_weight_summary_free(weight_summary *summary) {
  free(summary->row_squares);
  free(summary->row_largest);
  free(summary->column_squares);
  free(summary->column_largest);
  for (size_t s = 0; s < 2; s++) free(summary->table[s]);
  free(summary->sorted);
  memset(summary, 0, sizeof *summary);
}
