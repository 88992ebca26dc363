/* Sums over rows and over columns of functions of the magnitude. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "measure/entry_counter.h"
#include "measure/weight_summary.h"

enum { F = INFLUENCE_MOST };

typedef struct influence_worker {
  double *rows;          /* [block rows, F]: sums over the rows of a block, or over a piece of one row */
  double *columns;       /* [block columns, F]: sums over the columns of a group */
  double row_squares[F]; /* of the whole rows of a group */
} influence_worker;

typedef struct influence_pass {
  const weight_source *source;
  const weight_kernels *kernels;
  float *functions; /* [ENTRY_KEYS, F] */
  influence_worker *workers;
  double *columns;       /* [cols, F]; NULL: too many to keep */
  double row_squares[F]; /* of rows that are complete */
  double row[F];         /* sums over the row that comes in pieces */
  uint64_t row_number;
} influence_pass;

entry_key_kind wlaw_source_key_kind(const weight_source *source) {
  return source->dtype == WLAW_F16 ? ENTRY_KEY_F16 : ENTRY_KEY_F32;
}

static void add_squares(double into[F], double sums[F]) {
  for (size_t f = 0; f < F; f++) {
    into[f] += sums[f] * sums[f];
    sums[f] = 0.0;
  }
}

static void influence_chunk(const influence_pass *pass, double *columns, double *row, const unsigned char *values,
                            size_t n) {
  double wide[WEIGHT_CHUNK];
  float rounded[WEIGHT_CHUNK];
  switch (wlaw_dtype_size(pass->source->dtype)) {
    case 2: pass->kernels->influence_16(columns, row, pass->functions, values, n); return;
    case 4: pass->kernels->influence_32(columns, row, pass->functions, values, n); return;
    default:
      memcpy(wide, values, n * sizeof *wide);
      pass->kernels->narrow(rounded, wide, n);
      pass->kernels->influence_32(columns, row, pass->functions, rounded, n);
  }
}

static wlaw_status influence_block(void *context, const weight_block *block, unsigned number, wlaw_error *err) {
  (void)err;
  const influence_pass *pass = context;
  influence_worker *worker = &pass->workers[number];
  const size_t rows = (size_t)block->n_rows, cols = (size_t)block->n_cols, size = wlaw_dtype_size(pass->source->dtype);
  memset(worker->rows, 0, rows * F * sizeof *worker->rows);
  for (size_t c = 0; c < cols; c += WEIGHT_CHUNK) {
    const size_t n = cols - c < WEIGHT_CHUNK ? cols - c : WEIGHT_CHUNK;
    for (size_t r = 0; r < rows; r++)
      influence_chunk(pass, worker->columns + c * F, worker->rows + r * F,
                      (const unsigned char *)block->values + (r * cols + c) * size, n);
  }
  if (block->n_cols == pass->source->cols)
    for (size_t r = 0; r < rows; r++) add_squares(worker->row_squares, worker->rows + r * F);
  return WLAW_OK;
}

static void merge_influence(void *context, const weight_block *group, unsigned number) {
  influence_pass *pass = context;
  influence_worker *worker = &pass->workers[number];
  if (group->n_cols < pass->source->cols) {
    if (group->row != pass->row_number) add_squares(pass->row_squares, pass->row);
    pass->row_number = group->row;
    for (size_t f = 0; f < F; f++) pass->row[f] += worker->rows[f];
  }
  for (size_t f = 0; f < F; f++) pass->row_squares[f] += worker->row_squares[f];
  memset(worker->row_squares, 0, sizeof worker->row_squares);
  const size_t n = (size_t)group->n_cols * F;
  for (size_t i = 0; pass->columns && i < n; i++) pass->columns[group->column * F + i] += worker->columns[i];
  memset(worker->columns, 0, n * sizeof *worker->columns);
}

/* One row of four values for each key, so that a weight costs one access; 0 for zeros and what is not finite. */
static bool interleave(influence_pass *pass, const float *const *functions, size_t n_functions) {
  const entry_key_kind kind = wlaw_source_key_kind(pass->source);
  pass->functions = wlaw_array(ENTRY_KEYS, F * sizeof *pass->functions);
  if (!pass->functions) return false;
  for (unsigned key = 1; key < ENTRY_KEYS && !isnan(wlaw_entry_key_value(kind, key)); key++)
    for (size_t f = 0; f < n_functions; f++) pass->functions[(size_t)key * F + f] = functions[f][key];
  return true;
}

static bool allocate(influence_pass *pass, unsigned n_workers) {
  const weight_source *source = pass->source;
  pass->workers = calloc(n_workers, sizeof *pass->workers);
  if (!pass->workers) return false;
  for (unsigned w = 0; w < n_workers; w++) {
    influence_worker *worker = &pass->workers[w];
    worker->rows = wlaw_array(wlaw_source_block_rows(source), F * sizeof *worker->rows);
    worker->columns = wlaw_array(wlaw_source_block_columns(source), F * sizeof *worker->columns);
    if (!worker->rows || !worker->columns) return false;
  }
  if (source->cols > SUMMARY_SIDE_MOST) return true;
  pass->columns = wlaw_array((size_t)source->cols, F * sizeof *pass->columns);
  return pass->columns;
}

static void finish(double row_squares[INFLUENCE_MOST], double column_squares[INFLUENCE_MOST], influence_pass *pass) {
  add_squares(pass->row_squares, pass->row);
  for (size_t f = 0; f < F; f++) {
    row_squares[f] = pass->row_squares[f];
    column_squares[f] = pass->columns ? 0.0 : NAN;
  }
  for (uint64_t c = 0; pass->columns && c < pass->source->cols; c++) add_squares(column_squares, pass->columns + c * F);
}

wlaw_status wlaw_influence_sums(double row_squares[INFLUENCE_MOST], double column_squares[INFLUENCE_MOST],
                                const weight_source *source, const float *const *functions, size_t n_functions,
                                unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  const unsigned n_workers = wlaw_source_workers(source, threads);
  influence_pass pass = {.source = source, .kernels = wlaw_weight_kernels(wlaw_cpu_level())};
  wlaw_status status =
      interleave(&pass, functions, n_functions) && allocate(&pass, n_workers)
          ? wlaw_source_walk_merging(source, threads, influence_block, merge_influence, &pass, monitor, err)
          : wlaw_fail_memory(err, (size_t)source->cols, F * sizeof(double));
  if (status == WLAW_OK) finish(row_squares, column_squares, &pass);
  for (unsigned w = 0; pass.workers && w < n_workers; w++) {
    free(pass.workers[w].rows);
    free(pass.workers[w].columns);
  }
  free(pass.workers);
  free(pass.columns);
  free(pass.functions);
  return status;
}
