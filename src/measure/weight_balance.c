/* Scales of rows and columns that balance a matrix, and the distribution of what is left. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "measure/entry_counter.h"
#include "measure/weight_summary.h"

/* An error of 1e-6 in the scales moves k by less than 1e-6: below its standard error, 1.4 / sqrt(n), of any matrix of
 * less than 10^12 weights. */
static const double balanced_within = 1e-6;

static size_t chunk_columns(const weight_block *block, size_t c) {
  return block->n_cols - c < WEIGHT_CHUNK ? (size_t)(block->n_cols - c) : WEIGHT_CHUNK;
}

static const void *stored_at(const weight_source *source, const weight_block *block, size_t r, size_t c) {
  return (const unsigned char *)block->values + (r * block->n_cols + c) * wlaw_dtype_size(source->dtype);
}

/* ---- the fixed point */

typedef struct sinkhorn {
  const weight_source *source;
  const weight_kernels *kernels;
  weight_decode decode;
  bool of_rows, of_columns;       /* what this walk sums */
  double *row_sums, *column_sums; /* of squares divided by the other side's squared scales */
  double *row_inverse;            /* [rows], [cols]: inverse squared scales; 0 of dead ones */
  double *column_inverse;
  double alive_columns; /* that a row's mean is taken over */
  double *parts;        /* [workers, block columns]: column sums of a group */
  size_t part_columns;
  double *row_parts; /* [workers]: of the last row, for rows that come in pieces */
} sinkhorn;

static double inverse_square(double sum, double n) { return sum > 0.0 ? n / sum : 0.0; }

static wlaw_status scale_block(void *context, const weight_block *block, unsigned worker, wlaw_error *err) {
  (void)err;
  sinkhorn *s = context;
  const weight_source *source = s->source;
  const bool whole = block->n_cols == source->cols;
  double x[WEIGHT_CHUNK], *part = s->parts + worker * s->part_columns;
  for (size_t r = 0; r < block->n_rows; r++) {
    const uint64_t row = block->row + r;
    double sum = 0.0;
    for (size_t c = 0; s->of_rows && c < block->n_cols; c += WEIGHT_CHUNK) {
      const size_t n = chunk_columns(block, c);
      s->decode(x, stored_at(source, block, r, c), n);
      sum += s->kernels->row_squares(x, s->column_inverse + block->column + c, n);
    }
    if (s->of_rows && whole) {
      s->row_sums[row] = sum;
      /* at once for the columns, while the row is in the cache */
      if (s->row_inverse[row] > 0.0) s->row_inverse[row] = inverse_square(sum, s->alive_columns);
    }
    s->row_parts[worker] = sum;
    for (size_t c = 0; s->of_columns && c < block->n_cols; c += WEIGHT_CHUNK) {
      const size_t n = chunk_columns(block, c);
      s->decode(x, stored_at(source, block, r, c), n);
      s->kernels->column_squares(part + c, x, s->row_inverse[row], n);
    }
  }
  return WLAW_OK;
}

static void merge_scales(void *context, const weight_block *group, unsigned worker) {
  sinkhorn *s = context;
  double *part = s->parts + worker * s->part_columns;
  if (s->of_rows && group->n_cols < s->source->cols) s->row_sums[group->row] += s->row_parts[worker];
  if (!s->of_columns) return;
  for (size_t c = 0; c < group->n_cols; c++) s->column_sums[group->column + c] += part[c];
  memset(part, 0, (size_t)group->n_cols * sizeof *part);
}

/* Where rows come in pieces, their sums must be known before the columns are summed: two walks. */
static wlaw_status sum_squares(sinkhorn *s, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  const weight_source *source = s->source;
  memset(s->row_sums, 0, (size_t)source->rows * sizeof *s->row_sums);
  memset(s->column_sums, 0, (size_t)source->cols * sizeof *s->column_sums);
  const bool pieces = s->part_columns < source->cols;
  s->of_rows = true;
  s->of_columns = !pieces;
  WLAW_TRY(wlaw_source_walk_merging(source, threads, scale_block, merge_scales, s, monitor, err));
  if (!pieces) return WLAW_OK;
  for (uint64_t r = 0; r < source->rows; r++)
    if (s->row_inverse[r] > 0.0) s->row_inverse[r] = inverse_square(s->row_sums[r], s->alive_columns);
  s->of_rows = false;
  s->of_columns = true;
  return wlaw_source_walk_merging(source, threads, scale_block, merge_scales, s, monitor, err);
}

/* scales = root mean squares of the sums over n weights, 0 of dead ones; returns the largest relative change. */
static double take_scales(double *scales, const double *sums, double n, const double *inverse, size_t count) {
  double change = 0.0;
  for (size_t i = 0; i < count; i++) {
    if (inverse[i] == 0.0) continue;
    const double scale = sqrt(sums[i] / n), by = fabs(scale / scales[i] - 1.0);
    if (!(by <= change)) change = by;
    scales[i] = scale;
  }
  return change;
}

static double start_scales(double *scales, double *inverse, const double *largest, size_t n) {
  size_t alive = 0;
  for (size_t i = 0; i < n; i++) {
    const bool lives = largest[i] >= SUMMARY_TINY;
    scales[i] = inverse[i] = lives ? 1.0 : 0.0;
    alive += lives;
  }
  return (double)alive;
}

static wlaw_status iterate(weight_balance *out, sinkhorn *s, const weight_summary *summary, unsigned threads,
                           wlaw_monitor *monitor, wlaw_error *err) {
  const size_t rows = (size_t)summary->rows, cols = (size_t)summary->cols;
  const double alive_rows = start_scales(out->rows, s->row_inverse, summary->row_largest, rows);
  s->alive_columns = start_scales(out->columns, s->column_inverse, summary->column_largest, cols);
  while (!out->converged && out->rounds < BALANCE_ROUNDS) {
    WLAW_TRY(sum_squares(s, threads, monitor, err));
    const double of_rows = take_scales(out->rows, s->row_sums, s->alive_columns, s->row_inverse, rows);
    const double of_columns = take_scales(out->columns, s->column_sums, alive_rows, s->column_inverse, cols);
    for (size_t c = 0; c < cols; c++)
      if (s->column_inverse[c] > 0.0) s->column_inverse[c] = inverse_square(s->column_sums[c], alive_rows);
    out->change = !(of_rows <= of_columns) ? of_rows : of_columns;
    out->rounds++;
    out->converged = out->change <= balanced_within;
  }
  return WLAW_OK;
}

static wlaw_status balance_both(weight_balance *out, const weight_source *source, const weight_summary *summary,
                                unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  const size_t rows = (size_t)source->rows, cols = (size_t)source->cols;
  const unsigned workers = wlaw_source_workers(source, threads);
  sinkhorn s = {.source = source,
                .kernels = wlaw_weight_kernels(wlaw_cpu_level()),
                .part_columns = wlaw_source_block_columns(source)};
  s.decode = wlaw_weight_decode(s.kernels, source->dtype);
  s.row_sums = wlaw_array(rows, sizeof *s.row_sums);
  s.row_inverse = wlaw_array(rows, sizeof *s.row_inverse);
  s.column_sums = wlaw_array(cols, sizeof *s.column_sums);
  s.column_inverse = wlaw_array(cols, sizeof *s.column_inverse);
  s.parts = wlaw_array(workers, s.part_columns * sizeof *s.parts);
  s.row_parts = wlaw_array(workers, sizeof *s.row_parts);
  wlaw_status status = WLAW_OK;
  if (s.row_sums && s.row_inverse && s.column_sums && s.column_inverse && s.parts && s.row_parts)
    status = iterate(out, &s, summary, threads, monitor, err);
  else status = wlaw_fail_memory(err, rows + cols, sizeof(double));
  free(s.row_sums);
  free(s.row_inverse);
  free(s.column_sums);
  free(s.column_inverse);
  free(s.parts);
  free(s.row_parts);
  return status;
}

static void mean_scales(double *scales, const double *squares, const double *largest, size_t n, double weights) {
  for (size_t i = 0; i < n; i++) scales[i] = largest[i] >= SUMMARY_TINY ? sqrt(squares[i] / weights) : 0.0;
}

wlaw_status wlaw_balance(weight_balance *out, balance_kind kind, const weight_source *source,
                         const weight_summary *summary, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  const size_t rows = (size_t)source->rows, cols = (size_t)source->cols;
  *out = (weight_balance){.converged = kind != BALANCE_BOTH};
  const bool of_rows = kind != BALANCE_COLUMNS, of_columns = kind != BALANCE_ROWS;
  if ((of_rows && !summary->row_squares) || (of_columns && !summary->column_squares))
    return wlaw_fail(err, WLAW_LIMIT, "more than %d rows or columns: they are not balanced", SUMMARY_SIDE_MOST);
  if (of_rows) out->rows = wlaw_array(rows, sizeof *out->rows);
  if (of_columns) out->columns = wlaw_array(cols, sizeof *out->columns);
  wlaw_status status = WLAW_OK;
  if ((of_rows && !out->rows) || (of_columns && !out->columns))
    status = wlaw_fail_memory(err, rows + cols, sizeof *out->rows);
  else if (kind == BALANCE_ROWS) mean_scales(out->rows, summary->row_squares, summary->row_largest, rows, (double)cols);
  else if (kind == BALANCE_COLUMNS)
    mean_scales(out->columns, summary->column_squares, summary->column_largest, cols, (double)rows);
  else status = balance_both(out, source, summary, threads, monitor, err);
  if (status != WLAW_OK) wlaw_balance_free(out);
  return status;
}

void wlaw_balance_free(weight_balance *balance) {
  free(balance->rows);
  free(balance->columns);
  *balance = (weight_balance){0};
}

/* ---- the balanced distribution */

typedef struct balanced_pass {
  const weight_source *source;
  const weight_kernels *kernels;
  weight_decode decode;
  const double *row_scales; /* NULL: ones */
  double *column_inverse;   /* [cols] */
  double *sorted;           /* [rows, cols], or NULL where the weights are counted */
  entry_counter *counters;  /* [workers] */
  shared_table table;
} balanced_pass;

static wlaw_status balance_block(void *context, const weight_block *block, unsigned worker, wlaw_error *err) {
  (void)err;
  const balanced_pass *pass = context;
  double x[WEIGHT_CHUNK];
  float rounded[WEIGHT_CHUNK];
  for (size_t r = 0; r < block->n_rows; r++) {
    const uint64_t row = block->row + r;
    const double scale = pass->row_scales ? pass->row_scales[row] : 1.0, inverse = scale > 0.0 ? 1.0 / scale : 0.0;
    for (size_t c = 0; c < block->n_cols; c += WEIGHT_CHUNK) {
      const size_t n = chunk_columns(block, c);
      const uint64_t column = block->column + c;
      const double *columns = pass->column_inverse + column;
      pass->decode(x, stored_at(pass->source, block, r, c), n);
      if (pass->sorted) {
        pass->kernels->balance(pass->sorted + row * pass->source->cols + column, x, inverse, columns, n);
      } else { /* none is beyond sqrt(rows cols): no finite one becomes infinite */
        pass->kernels->balance_32(rounded, x, inverse, columns, n);
        wlaw_counter_add(&pass->counters[worker], rounded, n);
      }
    }
  }
  return WLAW_OK;
}

static wlaw_status cells_of_sorted(entry_cells *magnitudes, double *values, size_t n, wlaw_error *err) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (values[i] > 0.0) values[kept++] = values[i];
  double *scratch = malloc((kept + 1) * sizeof *scratch);
  if (!scratch) return wlaw_fail_memory(err, kept + 1, sizeof *scratch);
  wlaw_sort_magnitudes(values, scratch, kept);
  free(scratch);
  return wlaw_cells_sorted(magnitudes, values, kept, err);
}

static wlaw_status fill_balanced(entry_cells *magnitudes, balanced_pass *pass, unsigned threads, unsigned workers,
                                 wlaw_monitor *monitor, wlaw_error *err) {
  WLAW_TRY(wlaw_source_walk(pass->source, threads, balance_block, pass, monitor, err));
  const weight_source *source = pass->source;
  if (pass->sorted) return cells_of_sorted(magnitudes, pass->sorted, (size_t)(source->rows * source->cols), err);
  for (unsigned w = 0; w < workers; w++) wlaw_counter_empty(&pass->counters[w]);
  return wlaw_cells_magnitudes(magnitudes, pass->table.table, NULL, err);
}

static bool balanced_allocate(balanced_pass *pass, const double *column_scales, unsigned workers) {
  const size_t count = (size_t)(pass->source->rows * pass->source->cols), cols = (size_t)pass->source->cols;
  pass->column_inverse = wlaw_array(cols, sizeof *pass->column_inverse);
  pass->counters = calloc(workers, sizeof *pass->counters);
  if (!pass->column_inverse || !pass->counters) return false;
  for (size_t c = 0; c < cols; c++)
    pass->column_inverse[c] = !column_scales ? 1.0 : column_scales[c] > 0.0 ? 1.0 / column_scales[c] : 0.0;
  if (count < SUMMARY_SORT_BELOW) return (pass->sorted = wlaw_array(count, sizeof *pass->sorted)) != NULL;
  if (!pass->table.table) return false;
  for (unsigned w = 0; w < workers; w++)
    if (!wlaw_counter_start(&pass->counters[w], &pass->table, WLAW_F32, pass->kernels)) return false;
  return true;
}

wlaw_status wlaw_balanced_cells(entry_cells *magnitudes, const weight_source *source, const weight_balance *balance,
                                unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  const unsigned workers = wlaw_source_workers(source, threads);
  balanced_pass pass = {
      .source = source, .kernels = wlaw_weight_kernels(wlaw_cpu_level()), .row_scales = balance->rows};
  *magnitudes = (entry_cells){0};
  pass.decode = wlaw_weight_decode(pass.kernels, source->dtype);
  wlaw_shared_table_start(&pass.table, WLAW_F32);
  wlaw_status status = balanced_allocate(&pass, balance->columns, workers)
                           ? fill_balanced(magnitudes, &pass, threads, workers, monitor, err)
                           : wlaw_fail_memory(err, (size_t)source->cols, sizeof(double));
  for (unsigned w = 0; pass.counters && w < workers; w++) wlaw_counter_free(&pass.counters[w]);
  free(pass.counters);
  free(pass.column_inverse);
  free(pass.sorted);
  wlaw_shared_table_free(&pass.table);
  return status;
}
