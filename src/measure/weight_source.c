#include "measure/weight_source.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

typedef struct tensor_reader {
  wlaw_tensors *tensors;
  size_t i;
  uint64_t stored_cols;
  weight_selection selection;
  bool widens; /* stored in a type that is handed out as F64 */
  bool locks;  /* one reader at a time */
  pthread_mutex_t lock;
} tensor_reader;

static bool is_float(wlaw_dtype dtype) {
  return dtype == WLAW_F16 || dtype == WLAW_BF16 || dtype == WLAW_F32 || dtype == WLAW_F64;
}

static wlaw_status read_elements(tensor_reader *reader, uint64_t first, size_t count, void *out, wlaw_error *err) {
  if (reader->locks) pthread_mutex_lock(&reader->lock);
  const wlaw_status status = reader->widens
                                 ? wlaw_tensors_read(reader->tensors, reader->i, first, count, out, err)
                                 : wlaw_tensors_read_stored(reader->tensors, reader->i, first, count, out, err);
  if (reader->locks) pthread_mutex_unlock(&reader->lock);
  return status;
}

static wlaw_status read_tensor(const weight_source *source, uint64_t row, uint64_t n_rows, uint64_t column,
                               uint64_t n_cols, void *out, wlaw_error *err) {
  tensor_reader *reader = source->context;
  const weight_selection *selection = &reader->selection;
  const size_t size = wlaw_dtype_size(source->dtype);
  unsigned char *at = out;
  const uint64_t end = row + n_rows;
  while (row < end) {
    const uint64_t in_run = row % selection->run;
    const uint64_t stored = selection->first_row + row / selection->run * selection->period + in_run;
    /* whole stored rows that follow one another are read in one go */
    uint64_t together = n_cols == reader->stored_cols ? selection->run - in_run : 1;
    if (together > end - row) together = end - row;
    const size_t count = (size_t)(together * n_cols);
    WLAW_TRY(read_elements(reader, stored * reader->stored_cols + selection->first_column + column, count, at, err));
    at += count * size;
    row += together;
  }
  return WLAW_OK;
}

/* All that is selected lies in [stored_rows, stored_cols]. */
static bool selection_fits(const weight_selection *selection, uint64_t stored_rows, uint64_t stored_cols) {
  uint64_t last;
  if (selection->first_column > stored_cols || selection->cols > stored_cols - selection->first_column) return false;
  if (selection->rows == 0) return true;
  if (selection->run == 0 || selection->period < selection->run) return false;
  const uint64_t runs = (selection->rows - 1) / selection->run, rest = (selection->rows - 1) % selection->run;
  if (__builtin_mul_overflow(runs, selection->period, &last) || __builtin_add_overflow(last, rest, &last) ||
      __builtin_add_overflow(last, selection->first_row, &last))
    return false;
  return last < stored_rows;
}

static wlaw_status check_shape(const wlaw_tensors *tensors, size_t i, uint64_t stored_rows, uint64_t stored_cols,
                               const weight_selection *selection, wlaw_error *err) {
  uint64_t count;
  if (i >= tensors->n)
    return wlaw_fail(err, WLAW_ARGUMENT, "there is no tensor number %zu, the file holds %zu", i, tensors->n);
  if (tensors->info[i].note) return wlaw_fail(err, WLAW_UNSUPPORTED, "%s", tensors->info[i].note);
  if (__builtin_mul_overflow(stored_rows, stored_cols, &count) || count != tensors->info[i].count)
    return wlaw_fail(err, WLAW_ARGUMENT, "a tensor of %llu weights is no matrix of %llu rows and %llu columns",
                     (unsigned long long)tensors->info[i].count, (unsigned long long)stored_rows,
                     (unsigned long long)stored_cols);
  if (!selection_fits(selection, stored_rows, stored_cols))
    return wlaw_fail(err, WLAW_ARGUMENT, "the rows and columns selected are not all in a matrix of %llu x %llu",
                     (unsigned long long)stored_rows, (unsigned long long)stored_cols);
  /* as doubles */
  if (__builtin_mul_overflow(selection->rows, selection->cols, &count) || count > INT64_MAX / sizeof(double))
    return wlaw_fail(err, WLAW_LIMIT, "the matrix has 2^60 weights or more");
  return WLAW_OK;
}

wlaw_status wlaw_source_tensor(weight_source *out, wlaw_tensors *tensors, size_t i, uint64_t stored_rows,
                               uint64_t stored_cols, const weight_selection *selection, wlaw_error *err) {
  const weight_selection all = {.rows = stored_rows, .cols = stored_cols, .run = stored_rows, .period = stored_rows};
  if (!selection) selection = &all;
  memset(out, 0, sizeof *out);
  const wlaw_status status = check_shape(tensors, i, stored_rows, stored_cols, selection, err);
  if (status != WLAW_OK) {
    if (i < tensors->n && tensors->info[i].name[0]) wlaw_error_in_tensor(err, status, tensors->info[i].name);
    return wlaw_error_in_file(err, status, tensors->file.path);
  }
  tensor_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return wlaw_fail_memory(err, 1, sizeof *reader);
  const tensor_info *info = &tensors->info[i];
  *reader = (tensor_reader){.tensors = tensors,
                            .i = i,
                            .stored_cols = stored_cols,
                            .selection = *selection,
                            .widens = !is_float(info->dtype),
                            .locks = !info->plain && !info->concurrent};
  pthread_mutex_init(&reader->lock, NULL);
  *out = (weight_source){.rows = selection->rows,
                         .cols = selection->cols,
                         .dtype = reader->widens ? WLAW_F64 : info->dtype,
                         .read = read_tensor,
                         .context = reader,
                         .one_reader = reader->locks,
                         .in_one = info->column_major && info->rank > 1};
  return WLAW_OK;
}

void wlaw_source_memory(weight_source *out, const void *values, wlaw_dtype dtype, uint64_t rows, uint64_t cols) {
  *out = (weight_source){.rows = rows, .cols = cols, .dtype = dtype, .memory = values};
}

void wlaw_source_free(weight_source *source) {
  tensor_reader *reader = source->context;
  if (reader) pthread_mutex_destroy(&reader->lock);
  free(reader);
  free(source->owned);
  memset(source, 0, sizeof *source);
}

typedef struct holding {
  unsigned char *bytes;
  uint64_t cols;
  size_t size;
} holding;

static wlaw_status keep_block(void *context, const weight_block *block, unsigned worker, wlaw_error *err) {
  (void)worker, (void)err;
  const holding *hold = context;
  memcpy(hold->bytes + (block->row * hold->cols + block->column) * hold->size, block->values,
         (size_t)(block->n_rows * block->n_cols) * hold->size);
  return WLAW_OK;
}

wlaw_status wlaw_source_hold(weight_source *source, uint64_t limit, unsigned threads, wlaw_monitor *monitor,
                             wlaw_error *err) {
  const size_t size = wlaw_dtype_size(source->dtype);
  const uint64_t bytes = source->rows * source->cols * size;
  if (source->memory || bytes > limit || bytes > SIZE_MAX) return WLAW_OK;
  holding hold = {.bytes = malloc(bytes ? (size_t)bytes : 1), .cols = source->cols, .size = size};
  if (!hold.bytes) return WLAW_OK; /* the file can be read again */
  const wlaw_status status = source->in_one ? source->read(source, 0, source->rows, 0, source->cols, hold.bytes, err)
                                            : wlaw_source_walk(source, threads, keep_block, &hold, monitor, err);
  if (status != WLAW_OK) {
    free(hold.bytes);
    return status;
  }
  free(source->owned);
  source->memory = source->owned = hold.bytes;
  return WLAW_OK;
}
