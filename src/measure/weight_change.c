#include "measure/weight_change.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "measure/entry_counter.h"
#include "measure/entry_distance.h"
#include "measure/weight_summary.h"

typedef struct change_sums {
  double a, b, change, product; /* sums of squares of A, of B, of B - A; of A B */
} change_sums;

typedef struct change_worker {
  unsigned char *other;     /* [block] of B, as stored; NULL: B is in memory */
  unsigned char *column[2]; /* [block columns]: alive in this block */
  entry_counter counter[2];
  change_sums sums; /* of the group */
  weight_extreme largest;
  uint64_t new_nonfinite;
  bool differs;
} change_worker;

typedef struct change_pass {
  const weight_source *source[2];
  size_t size[2]; /* bytes of a weight */
  weight_decode decode[2];
  double *values[2]; /* [rows * cols], to be sorted; NULL: counted instead */
  shared_table table[2];
  atomic_uchar *row[2], *column[2]; /* alive */
  change_worker *workers;
  unsigned n_workers;
  change_sums sums;
  weight_extreme largest;
} change_pass;

/* ---- one block */

static void raise_flag(atomic_uchar *flag) {
  if (!atomic_load_explicit(flag, memory_order_relaxed)) atomic_store_explicit(flag, 1, memory_order_relaxed);
}

/* Pairs with an entry that is not finite: counted, and made 0. Such an entry is not dead. */
static void clear_nonfinite(const change_pass *pass, change_worker *worker, double *x, double *y, size_t n,
                            uint64_t row, size_t c) {
  for (size_t i = 0; i < n; i++) {
    const bool finite[2] = {isfinite(x[i]), isfinite(y[i])};
    if (finite[0] && finite[1]) continue;
    worker->new_nonfinite += finite[0];
    worker->differs |= !(x[i] == y[i] || (isnan(x[i]) && isnan(y[i])));
    for (size_t s = 0; s < 2; s++) {
      if (finite[s] && fabs(s ? y[i] : x[i]) < SUMMARY_TINY) continue;
      worker->column[s][c + i] = 1;
      raise_flag(&pass->row[s][row]);
    }
    x[i] = y[i] = 0.0;
  }
}

static void add_pairs(change_worker *worker, const double *x, const double *y, size_t n, uint64_t row,
                      uint64_t column) {
  change_sums sums = worker->sums;
  double largest = fabs(worker->largest.value);
  for (size_t i = 0; i < n; i++) {
    const double d = y[i] - x[i];
    sums.a += x[i] * x[i];
    sums.b += y[i] * y[i];
    sums.product += x[i] * y[i];
    sums.change += d * d;
    if (fabs(d) > largest) {
      largest = fabs(d);
      worker->largest = (weight_extreme){.value = d, .row = row, .column = column + i};
    }
  }
  worker->sums = sums;
}

static void find_living(atomic_uchar *row, unsigned char *columns, const double *x, size_t n) {
  unsigned char any = 0;
  for (size_t i = 0; i < n; i++) {
    const unsigned char alive = fabs(x[i]) >= SUMMARY_TINY;
    columns[i] |= alive;
    any |= alive;
  }
  if (any) raise_flag(row);
}

/* n entries of row r of the block, from its column c on. */
static void do_chunk(const change_pass *pass, change_worker *worker, const weight_block *block,
                     const unsigned char *const stored[2], size_t r, size_t c, size_t n) {
  double x[2][WEIGHT_CHUNK];
  const uint64_t row = block->row + r, column = block->column + c;
  const size_t at = r * (size_t)block->n_cols + c;
  size_t bad = 0;
  for (size_t s = 0; s < 2; s++) bad += pass->decode[s](x[s], stored[s] + at * pass->size[s], n);
  if (bad) {
    for (size_t s = 0; s < 2; s++)
      wlaw_weights_to_double(x[s], stored[s] + at * pass->size[s], pass->source[s]->dtype, n);
  }
  for (size_t s = 0; s < 2 && pass->values[s]; s++)
    memcpy(pass->values[s] + row * pass->source[0]->cols + column, x[s], n * sizeof(double));
  if (bad) clear_nonfinite(pass, worker, x[0], x[1], n, row, c);
  add_pairs(worker, x[0], x[1], n, row, column);
  for (size_t s = 0; s < 2; s++) find_living(&pass->row[s][row], worker->column[s] + c, x[s], n);
}

static wlaw_status do_block(void *context, const weight_block *block, unsigned w, wlaw_error *err) {
  change_pass *pass = context;
  change_worker *worker = &pass->workers[w];
  const weight_source *b = pass->source[1];
  const size_t n_rows = (size_t)block->n_rows, n_cols = (size_t)block->n_cols;
  const unsigned char *stored[2] = {block->values, worker->other};
  if (b->memory) {
    stored[1] = (const unsigned char *)b->memory + (block->row * b->cols + block->column) * pass->size[1];
  } else {
    WLAW_TRY(b->read(b, block->row, block->n_rows, block->column, block->n_cols, worker->other, err));
  }
  for (size_t s = 0; s < 2; s++) {
    memset(worker->column[s], 0, n_cols);
    if (!pass->values[s]) wlaw_counter_add(&worker->counter[s], stored[s], n_rows * n_cols);
  }
  for (size_t r = 0; r < n_rows; r++) {
    for (size_t c = 0; c < n_cols; c += WEIGHT_CHUNK)
      do_chunk(pass, worker, block, stored, r, c, n_cols - c < WEIGHT_CHUNK ? n_cols - c : WEIGHT_CHUNK);
  }
  for (size_t s = 0; s < 2; s++) {
    for (size_t c = 0; c < n_cols; c++)
      if (worker->column[s][c]) raise_flag(&pass->column[s][block->column + c]);
  }
  return WLAW_OK;
}

static void merge_group(void *context, const weight_block *group, unsigned w) {
  change_pass *pass = context;
  change_worker *worker = &pass->workers[w];
  (void)group;
  pass->sums.a += worker->sums.a;
  pass->sums.b += worker->sums.b;
  pass->sums.change += worker->sums.change;
  pass->sums.product += worker->sums.product;
  if (fabs(worker->largest.value) > fabs(pass->largest.value)) pass->largest = worker->largest;
  worker->sums = (change_sums){0};
  worker->largest = (weight_extreme){0};
}

/* ---- the distributions */

/* Ascending, without zeros and without what is not finite; returns how many stay. scratch: [n]. */
static size_t sort_signed(double *values, double *scratch, size_t n, uint64_t *zeros) {
  size_t negative = 0, positive = 0;
  *zeros = 0;
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(values[i])) continue;
    if (values[i] < 0.0) values[negative++] = -values[i];
    else if (values[i] > 0.0) scratch[positive++] = values[i];
    else ++*zeros;
  }
  memcpy(values + negative, scratch, positive * sizeof *values);
  wlaw_sort_magnitudes(values, scratch, negative);
  wlaw_sort_magnitudes(values + negative, scratch, positive);
  for (size_t i = 0, j = negative; i < j--; i++) {
    const double first = values[i];
    values[i] = -values[j];
    values[j] = -first;
  }
  return negative + positive;
}

static wlaw_status make_cells(entry_cells *out, uint64_t *zeros, change_pass *pass, size_t s, wlaw_error *err) {
  if (!pass->values[s]) {
    *zeros = pass->table[s].table->zeros;
    return wlaw_cells_signed(out, pass->table[s].table, NULL, err);
  }
  const size_t n = (size_t)(pass->source[0]->rows * pass->source[0]->cols);
  double *scratch = wlaw_array(n, sizeof *scratch);
  if (!scratch) return wlaw_fail_memory(err, n, sizeof *scratch);
  const size_t kept = sort_signed(pass->values[s], scratch, n, zeros);
  free(scratch);
  return wlaw_cells_sorted(out, pass->values[s], kept, err);
}

static wlaw_status measure_distance(weight_change *out, change_pass *pass, wlaw_error *err) {
  entry_cells cells[2] = {{0}, {0}};
  uint64_t zeros[2];
  wlaw_status status = WLAW_OK;
  out->exact = true;
  for (size_t s = 0; s < 2 && status == WLAW_OK; s++) {
    status = make_cells(&cells[s], &zeros[s], pass, s, err);
    if (!pass->values[s]) out->exact &= !pass->table[s].table->cells_wide;
  }
  if (status == WLAW_OK) out->wasserstein = wlaw_cells_wasserstein(&cells[0], zeros[0], &cells[1], zeros[1]);
  for (size_t s = 0; s < 2; s++) wlaw_cells_free(&cells[s]);
  return status;
}

/* ---- the pass */

static uint64_t newly_dead(const atomic_uchar *a, const atomic_uchar *b, uint64_t n) {
  uint64_t dead = 0;
  for (uint64_t i = 0; i < n; i++) dead += atomic_load(&a[i]) && !atomic_load(&b[i]);
  return dead;
}

static void conclude(weight_change *out, change_pass *pass) {
  const change_sums *sums = &pass->sums;
  bool differs = pass->largest.value != 0.0;
  for (unsigned w = 0; w < pass->n_workers; w++) {
    for (size_t s = 0; s < 2 && !pass->values[s]; s++) wlaw_counter_empty(&pass->workers[w].counter[s]);
    out->new_nonfinite += pass->workers[w].new_nonfinite;
    differs |= pass->workers[w].differs;
  }
  out->identical = !differs;
  out->norm_a = sqrt(sums->a);
  out->norm_b = sqrt(sums->b);
  out->norm = sqrt(sums->change);
  out->relative = sums->a > 0.0 ? out->norm / out->norm_a : NAN;
  out->cosine = sums->a > 0.0 && sums->b > 0.0 ? sums->product / (out->norm_a * out->norm_b) : NAN;
  out->largest = pass->largest;
  out->new_dead_rows = newly_dead(pass->row[0], pass->row[1], pass->source[0]->rows);
  out->new_dead_columns = newly_dead(pass->column[0], pass->column[1], pass->source[0]->cols);
}

static bool allocate(change_pass *pass) {
  const weight_source *a = pass->source[0];
  const size_t rows = (size_t)a->rows, cols = (size_t)a->cols;
  const size_t block_cols = wlaw_source_block_columns(a), block = wlaw_source_block_rows(a) * block_cols;
  const weight_kernels *kernels = wlaw_weight_kernels(wlaw_cpu_level());
  const bool sorts = rows * cols < SUMMARY_SORT_BELOW;
  pass->workers = wlaw_array(pass->n_workers, sizeof *pass->workers);
  bool ok = pass->workers;
  for (size_t s = 0; s < 2; s++) {
    const wlaw_dtype dtype = pass->source[s]->dtype;
    pass->size[s] = wlaw_dtype_size(dtype);
    pass->decode[s] = wlaw_weight_decode(kernels, dtype);
    pass->row[s] = wlaw_array(rows, sizeof *pass->row[s]);
    pass->column[s] = wlaw_array(cols, sizeof *pass->column[s]);
    if (sorts) pass->values[s] = wlaw_array(rows * cols, sizeof(double));
    else wlaw_shared_table_start(&pass->table[s], dtype);
    ok = ok && pass->row[s] && pass->column[s] && (sorts ? (void *)pass->values[s] : (void *)pass->table[s].table);
    for (unsigned w = 0; ok && w < pass->n_workers; w++) {
      change_worker *worker = &pass->workers[w];
      worker->column[s] = wlaw_array(block_cols, 1);
      ok = worker->column[s] && (sorts || wlaw_counter_start(&worker->counter[s], &pass->table[s], dtype, kernels));
      if (s == 1 && !pass->source[1]->memory) ok = (worker->other = wlaw_array(block, pass->size[1])) && ok;
    }
  }
  return ok;
}

static void release(change_pass *pass) {
  for (unsigned w = 0; pass->workers && w < pass->n_workers; w++) {
    change_worker *worker = &pass->workers[w];
    free(worker->other);
    for (size_t s = 0; s < 2; s++) {
      free(worker->column[s]);
      wlaw_counter_free(&worker->counter[s]);
    }
  }
  free(pass->workers);
  for (size_t s = 0; s < 2; s++) {
    free(pass->row[s]);
    free(pass->column[s]);
    free(pass->values[s]);
    if (pass->table[s].table) wlaw_shared_table_free(&pass->table[s]);
  }
}

wlaw_status wlaw_weight_change(weight_change *out, const weight_source *a, const weight_source *b, unsigned threads,
                               wlaw_monitor *monitor, wlaw_error *err) {
  memset(out, 0, sizeof *out);
  if (a->rows != b->rows || a->cols != b->cols)
    return wlaw_fail(err, WLAW_SHAPE, "matrices of %llu x %llu and %llu x %llu weights cannot be subtracted",
                     (unsigned long long)a->rows, (unsigned long long)a->cols, (unsigned long long)b->rows,
                     (unsigned long long)b->cols);
  if (b->one_reader && !b->memory) threads = 1;
  change_pass pass = {.source = {a, b}, .n_workers = wlaw_source_workers(a, threads)};
  wlaw_status status = allocate(&pass) ? WLAW_OK : wlaw_fail_memory(err, (size_t)(a->rows + a->cols), 2);
  if (status == WLAW_OK) status = wlaw_source_walk_merging(a, threads, do_block, merge_group, &pass, monitor, err);
  if (status == WLAW_OK) {
    conclude(out, &pass);
    status = measure_distance(out, &pass, err);
  }
  release(&pass);
  return status;
}
