/* Reading matrices in blocks, and the one pass that turns them into statistics. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "study/ensemble.h"

enum { CHUNK = 64, BLOCK_DOUBLES = 1 << 19 }; /* networks a unit of work; 4 MiB read at a time (or one matrix) */

static wlaw_status read_one_file(ensemble *source, const ensemble_matrix *matrix, size_t k, double *out,
                                 wlaw_error *err) {
  wlaw_tensors *tensors = NULL;
  size_t i = 0;
  WLAW_TRY(wlaw_tensors_open(&tensors, source->paths[k], err));
  wlaw_status status = WLAW_OK;
  if (wlaw_tensors_count(tensors) != 1) status = wlaw_tensors_find(&i, tensors, matrix->name, err);
  const uint64_t entries = (uint64_t)matrix->rows * matrix->cols;
  if (status == WLAW_OK) {
    const size_t rank = wlaw_tensors_rank(tensors, i);
    uint64_t count = rank > 0;
    for (size_t d = 0; d < rank; d++)
      if (__builtin_mul_overflow(count, wlaw_tensors_shape(tensors, i)[d], &count)) count = 0;
    if (count != entries) status = wlaw_fail(err, WLAW_SHAPE, "the file changed while it was read");
  }
  if (status == WLAW_OK) status = wlaw_tensors_read(tensors, i, 0, (size_t)entries, out, err);
  wlaw_tensors_close(tensors);
  return status == WLAW_OK ? WLAW_OK : wlaw_error_in_file(err, status, source->paths[k]);
}

static wlaw_status read_locked(ensemble *source, size_t which, size_t first, size_t count, double *out,
                               wlaw_error *err) {
  const ensemble_matrix *matrix = &source->matrices[which];
  const size_t entries = matrix->rows * matrix->cols;
  for (size_t k = 0; k < count;) {
    const uint64_t network = wlaw_ensemble_network(source, first + k);
    size_t run = 1; /* neighbours in the file are read together */
    while (k + run < count && wlaw_ensemble_network(source, first + k + run) == network + run) run++;
    if (source->n_paths > 0) {
      WLAW_TRY(read_one_file(source, matrix, (size_t)network, out + k * entries, err));
      run = 1;
    } else {
      WLAW_TRY(
          wlaw_tensors_read(source->tensors, matrix->index, network * entries, run * entries, out + k * entries, err));
    }
    k += run;
  }
  return WLAW_OK;
}

wlaw_status wlaw_ensemble_read(ensemble *source, size_t matrix, size_t first, size_t count, double *out,
                               wlaw_error *err) {
  if (source->array) {
    const size_t entries = source->matrices[matrix].rows * source->matrices[matrix].cols;
    memcpy(out, source->array + first * entries, count * entries * sizeof *out);
    return WLAW_OK;
  }
  pthread_mutex_lock(&source->lock); /* an open tensor file serves one thread at a time */
  const wlaw_status status = read_locked(source, matrix, first, count, out, err);
  pthread_mutex_unlock(&source->lock);
  return status;
}

static wlaw_status fail_value(const ensemble *source, size_t which, size_t k, const double *values, wlaw_error *err) {
  const ensemble_matrix *matrix = &source->matrices[which];
  const unsigned long long network = wlaw_ensemble_network(source, k);
  size_t e = 0;
  while (e < matrix->rows * matrix->cols && isfinite(values[e])) e++;
  if (e == matrix->rows * matrix->cols)
    wlaw_fail(err, WLAW_VALUE, "the weights of network %llu are so large that their squares overflow", network);
  else
    wlaw_fail(err, WLAW_VALUE, "network %llu has a weight that is %s, at row %zu, column %zu (counted from 0)", network,
              isnan(values[e]) ? "not a number" : "infinite", e / matrix->cols, e % matrix->cols);
  if (*matrix->name) wlaw_error_in_tensor(err, WLAW_VALUE, matrix->name);
  if (!source->array) wlaw_error_in_file(err, WLAW_VALUE, source->n_paths ? source->paths[network] : source->label);
  if (source->run) wlaw_error_add_hint(err, WLAW_VALUE, "--exclude dead leaves out networks that broke down");
  else if (matrix->rows == matrix->cols && e % (matrix->cols + 1) == 0 && e < matrix->rows * matrix->cols)
    wlaw_error_add_hint(err, WLAW_VALUE,
                        "a diagonal without meaning is written as zeros: laws of such matrices are fitted");
  return WLAW_VALUE;
}

typedef struct measuring {
  ensemble *source;
  size_t matrix;
  const double *pivot;
  double *q;                     /* [networks, length] or NULL */
  matrix_moments *chunks;        /* [n_chunks] */
  const invariant_plan *plan;    /* NULL: no invariants */
  size_t n_invariants;           /* of the plan */
  invariant_moments *invariants; /* [n_chunks] or NULL */
} measuring;

static bool all_finite(const double *values, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!isfinite(values[i])) return false;
  return true;
}

/* Room for one block of a chunk. */
typedef struct block_room {
  double *matrices;   /* [step, rows, cols]; NULL for an array in memory */
  double *invariants; /* [step, n_invariants]; NULL without a plan */
} block_room;

static wlaw_status measure_block(measuring *work, size_t unit, const block_room *room, double *rows, size_t first,
                                 size_t count, wlaw_error *err) {
  const matrix_moments *state = &work->chunks[unit];
  const size_t entries = state->rows * state->cols, K = state->length;
  const double *values = room->matrices;
  if (work->source->array) values = work->source->array + first * entries;
  else WLAW_TRY(wlaw_ensemble_read(work->source, work->matrix, first, count, room->matrices, err));
  WLAW_TRY(wlaw_moments_measure(rows, state, values, count, wlaw_cpu_level(), err));
  for (size_t k = 0; k < count; k++)
    if (!all_finite(rows + k * K, K))
      return fail_value(work->source, work->matrix, first + k, values + k * entries, err);
  if (!work->plan) return WLAW_OK;
  WLAW_TRY(wlaw_invariants_measure(room->invariants, work->plan, values, count, state->rows, state->cols,
                                   wlaw_cpu_level(), err));
  wlaw_invariant_moments_add(&work->invariants[unit], room->invariants, count);
  return WLAW_OK;
}

static wlaw_status take_room(block_room *room, const measuring *work, size_t step, size_t entries, wlaw_error *err) {
  if (!work->source->array) {
    room->matrices = wlaw_array(step * entries, sizeof *room->matrices);
    if (!room->matrices) return wlaw_fail_memory(err, step * entries, sizeof *room->matrices);
  }
  if (work->plan) {
    room->invariants = wlaw_array(step * work->n_invariants, sizeof *room->invariants);
    if (!room->invariants) return wlaw_fail_memory(err, step * work->n_invariants, sizeof *room->invariants);
  }
  return WLAW_OK;
}

static wlaw_status measure_chunk(void *context, size_t unit, unsigned worker, const atomic_bool *stop,
                                 wlaw_error *err) {
  (void)worker;
  measuring *work = context;
  const ensemble_matrix *matrix = &work->source->matrices[work->matrix];
  const size_t first = unit * CHUNK, entries = matrix->rows * matrix->cols;
  const size_t count = matrix->networks - first < CHUNK ? matrix->networks - first : CHUNK;
  const size_t fit = BLOCK_DOUBLES / entries, step = fit < 1 ? 1 : fit < count ? fit : count;
  double rows[CHUNK * MOMENTS_MOST];
  matrix_moments *state = &work->chunks[unit];
  wlaw_moments_start(state, matrix->rows, matrix->cols, work->pivot);
  block_room room = {0};
  wlaw_status status = take_room(&room, work, step, entries, err);
  for (size_t k = 0; k < count && status == WLAW_OK; k += step)
    status = atomic_load(stop) ? WLAW_CANCELLED
                               : measure_block(work, unit, &room, rows + k * state->length, first + k,
                                               count - k < step ? count - k : step, err);
  free(room.matrices);
  free(room.invariants);
  WLAW_TRY(status);
  wlaw_moments_add(state, rows, count);
  if (work->q) memcpy(work->q + first * state->length, rows, count * state->length * sizeof *rows);
  return WLAW_OK;
}

static wlaw_status first_pivot(double pivot[2], ensemble *source, size_t which, wlaw_error *err) {
  const ensemble_matrix *matrix = &source->matrices[which];
  double *values = wlaw_array(matrix->rows * matrix->cols, sizeof *values);
  if (!values) return wlaw_fail_memory(err, matrix->rows * matrix->cols, sizeof *values);
  const wlaw_status status = wlaw_ensemble_read(source, which, 0, 1, values, err);
  if (status == WLAW_OK) wlaw_moments_pivot(pivot, values, matrix->rows, matrix->cols);
  free(values);
  return status;
}

/* Errors and distances are made of fourth powers. Where these overflow or vanish the results would be wrong without any
 * sign of it; the weights of networks are far from there (single precision ends at 1e38). */
static wlaw_status check_scale(const ensemble *source, const ensemble_matrix *matrix, const matrix_moments *moments,
                               wlaw_error *err) {
  static const double smallest = 1e-150; /* its square is the last that is far from the end of double precision */
  const size_t first_square = moments->length == MOMENTS_SQUARE ? Q_S1S1 : Q_SS;
  double mean = fmax(fabs(moments->pivot[0]), fabs(moments->pivot[1])), square = 0.0; /* the largest of each */
  bool finite = true;
  for (size_t i = 0; i < moments->length; i++) {
    double *const of = i < first_square ? &mean : &square;
    *of = fmax(*of, fabs(moments->mean[i]));
    finite = finite && all_finite(moments->comoment[i], moments->length);
  }
  /* squares of 0 are right where there is no spread about the pivot */
  const bool zero = square == 0.0 && (mean == 0.0 || mean * mean >= smallest);
  if (finite && (zero || square >= smallest)) return WLAW_OK;
  wlaw_fail(err, WLAW_VALUE, "the weights are so %s that their fourth powers %s", finite ? "small" : "large",
            finite ? "vanish" : "overflow");
  if (*matrix->name) wlaw_error_in_tensor(err, WLAW_VALUE, matrix->name);
  if (!source->array) wlaw_error_in_file(err, WLAW_VALUE, source->label);
  return wlaw_error_add_hint(err, WLAW_VALUE, "multiply them all by one number");
}

/* Chunk by chunk states of invariants: one allocation for all their numbers, at the first one's mean. */
static wlaw_status take_invariants(measuring *work, size_t n_chunks, wlaw_error *err) {
  const size_t n = work->n_invariants, each = 2 * n * sizeof(double);
  work->invariants = wlaw_array(n_chunks, sizeof *work->invariants);
  if (!work->invariants) return wlaw_fail_memory(err, n_chunks, sizeof *work->invariants);
  double *numbers = wlaw_array(n_chunks, each);
  if (!numbers) return wlaw_fail_memory(err, n_chunks, each);
  for (size_t c = 0; c < n_chunks; c++)
    work->invariants[c] =
        (invariant_moments){.length = n, .mean = numbers + 2 * n * c, .squares = numbers + 2 * n * c + n};
  return WLAW_OK;
}

static void release(measuring *work) {
  if (work->invariants) free(work->invariants[0].mean);
  free(work->invariants);
  free(work->chunks);
}

static wlaw_status measure_all(matrix_moments *moments, invariant_moments *invariants, measuring *work,
                               unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  const ensemble_matrix *matrix = &work->source->matrices[work->matrix];
  const size_t n_chunks = (matrix->networks - 1) / CHUNK + 1;
  double pivot[2];
  WLAW_TRY(first_pivot(pivot, work->source, work->matrix, err));
  work->pivot = pivot;
  work->chunks = wlaw_array(n_chunks, sizeof *work->chunks);
  if (!work->chunks) return wlaw_fail_memory(err, n_chunks, sizeof *work->chunks);
  if (work->plan) WLAW_TRY(take_invariants(work, n_chunks, err));
  WLAW_TRY(wlaw_parallel(n_chunks, threads, measure_chunk, work, monitor, err));
  wlaw_moments_start(moments, matrix->rows, matrix->cols, pivot);
  for (size_t c = 0; c < n_chunks; c++) {
    wlaw_moments_merge(moments, &work->chunks[c]);
    if (work->plan) wlaw_invariant_moments_merge(invariants, &work->invariants[c]);
  }
  return check_scale(work->source, matrix, moments, err);
}

wlaw_status wlaw_ensemble_measure(matrix_moments *moments, double *q, ensemble *source, size_t which, unsigned threads,
                                  wlaw_monitor *monitor, wlaw_error *err) {
  measuring work = {.source = source, .matrix = which, .q = q};
  const wlaw_status status = measure_all(moments, NULL, &work, threads, monitor, err);
  release(&work);
  return status;
}

wlaw_status wlaw_ensemble_measure_invariants(matrix_moments *moments, invariant_moments *invariants,
                                             const invariant_plan *plan, ensemble *source, size_t which,
                                             unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  measuring work = {.source = source, .matrix = which, .plan = plan, .n_invariants = invariants->length};
  const wlaw_status status = measure_all(moments, invariants, &work, threads, monitor, err);
  release(&work);
  return status;
}
