#include "measure/weight_doubles.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "measure/entry_counter.h"

enum { CHUNK_BYTES = 1 << 15, STRIP_WEIGHTS = 1 << 18 };

/* Stored weights of part of one row, some of them not finite. */
static wlaw_status fail_not_finite(const void *in, wlaw_dtype dtype, size_t n, uint64_t row, uint64_t column,
                                   wlaw_error *err) {
  const unsigned char *bytes = in;
  for (size_t i = 0; i < n; i++) {
    double value;
    wlaw_weights_to_double(&value, bytes + i * wlaw_dtype_size(dtype), dtype, 1);
    if (!isfinite(value))
      return wlaw_error_add_hint(
          err,
          wlaw_fail(err, WLAW_VALUE, "the weight in row %llu, column %llu (counted from 0) is %s: there is no spectrum",
                    (unsigned long long)row, (unsigned long long)(column + i), isnan(value) ? "NaN" : "infinite"),
          "find out how it came there before using these weights");
  }
  return WLAW_OK;
}

/* Part of one row as stored, to doubles. */
static wlaw_status decode(double *out, const void *in, wlaw_dtype dtype, size_t n, uint64_t row, uint64_t column,
                          wlaw_error *err) {
  const weight_decode kernel = wlaw_weight_decode(wlaw_weight_kernels(wlaw_cpu_level()), dtype);
  const unsigned char *bytes = in;
  for (size_t done = 0, part; done < n; done += part, bytes += part * wlaw_dtype_size(dtype)) {
    part = n - done < WEIGHT_CHUNK ? n - done : WEIGHT_CHUNK;
    const size_t bad = kernel(out + done, bytes, part);
    if (bad) return fail_not_finite(bytes, dtype, part, row, column + done, err);
  }
  return WLAW_OK;
}

/* Part of one row: in memory, or read in chunks. */
static wlaw_status row_to_double(double *out, const weight_source *source, uint64_t row, uint64_t column, size_t n,
                                 wlaw_error *err) {
  const size_t size = wlaw_dtype_size(source->dtype);
  if (source->memory) {
    const unsigned char *bytes = source->memory;
    return decode(out, bytes + (size_t)(row * source->cols + column) * size, source->dtype, n, row, column, err);
  }
  unsigned char chunk[CHUNK_BYTES];
  for (size_t done = 0, part; done < n; done += part) {
    part = n - done < CHUNK_BYTES / size ? n - done : CHUNK_BYTES / size;
    WLAW_TRY(source->read(source, row, 1, column + done, part, chunk, err));
    WLAW_TRY(decode(out + done, chunk, source->dtype, part, row, column + done, err));
  }
  return WLAW_OK;
}

/* Whole rows that fit a chunk together come with one call. */
static wlaw_status rows_to_double(double *out, size_t stride, const weight_source *source, uint64_t row, size_t n_rows,
                                  uint64_t column, size_t n_cols, wlaw_error *err) {
  const size_t size = wlaw_dtype_size(source->dtype), together = CHUNK_BYTES / size / n_cols;
  if (source->memory || together < 2) {
    for (size_t r = 0; r < n_rows; r++) WLAW_TRY(row_to_double(out + r * stride, source, row + r, column, n_cols, err));
    return WLAW_OK;
  }
  unsigned char chunk[CHUNK_BYTES];
  for (size_t done = 0, part; done < n_rows; done += part) {
    part = n_rows - done < together ? n_rows - done : together;
    WLAW_TRY(source->read(source, row + done, part, column, n_cols, chunk, err));
    for (size_t r = 0; r < part; r++)
      WLAW_TRY(decode(out + (done + r) * stride, chunk + r * n_cols * size, source->dtype, n_cols, row + done + r,
                      column, err));
  }
  return WLAW_OK;
}

wlaw_status wlaw_weight_doubles(double *out, size_t stride, const weight_source *source, uint64_t row, size_t n_rows,
                                uint64_t column, size_t n_cols, double scale, wlaw_error *err) {
  if (n_rows == 0 || n_cols == 0) return WLAW_OK;
  WLAW_TRY(rows_to_double(out, stride, source, row, n_rows, column, n_cols, err));
  for (size_t r = 0; scale != 1.0 && r < n_rows; r++)
    for (size_t c = 0; c < n_cols; c++) out[r * stride + c] *= scale;
  return WLAW_OK;
}

/* ---- scale */

typedef struct largest_search {
  const weight_source *source;
  size_t rows_together, columns_together, across;
  double *largest; /* [units] */
} largest_search;

static wlaw_status find_largest(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  largest_search *search = context;
  const weight_source *source = search->source;
  double values[CHUNK_BYTES / sizeof(double)];
  (void)worker;
  (void)stop;
  const uint64_t row = unit / search->across * search->rows_together,
                 column = unit % search->across * search->columns_together;
  const uint64_t rows = source->rows - row, cols = source->cols - column;
  const size_t n_rows = rows < search->rows_together ? (size_t)rows : search->rows_together;
  const size_t n_cols = cols < search->columns_together ? (size_t)cols : search->columns_together;
  double largest = 0.0;
  for (size_t r = 0; r < n_rows; r++)
    for (size_t c = 0, n; c < n_cols; c += n) {
      n = n_cols - c < sizeof values / sizeof *values ? n_cols - c : sizeof values / sizeof *values;
      WLAW_TRY(wlaw_weight_doubles(values, n, source, row + r, 1, column + c, n, 1.0, err));
      for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(values[i]));
    }
  search->largest[unit] = largest;
  return WLAW_OK;
}

wlaw_status wlaw_weight_largest(double *largest, const weight_source *source, unsigned threads, wlaw_error *err) {
  *largest = 0.0;
  if (source->rows == 0 || source->cols == 0) return WLAW_OK;
  largest_search search = {.source = source};
  search.columns_together = source->cols < STRIP_WEIGHTS ? (size_t)source->cols : STRIP_WEIGHTS;
  search.rows_together = STRIP_WEIGHTS / search.columns_together;
  search.across = (size_t)((source->cols - 1) / search.columns_together + 1);
  const size_t units = (size_t)((source->rows - 1) / search.rows_together + 1) * search.across;
  search.largest = wlaw_array(units, sizeof *search.largest);
  if (!search.largest) return wlaw_fail_memory(err, units, sizeof *search.largest);
  const wlaw_status status = wlaw_parallel(units, threads, find_largest, &search, NULL, err);
  for (size_t u = 0; u < units; u++) *largest = fmax(*largest, search.largest[u]);
  free(search.largest);
  return status;
}

double wlaw_weight_scale(double largest) {
  int exponent = 0;
  if (largest > 0.0) frexp(largest, &exponent);
  return ldexp(1.0, -exponent < 1023 ? -exponent : 1023); /* a subnormal maximum stays below 1/2 */
}

bool wlaw_weight_needs_scale(const weight_source *source) { return source->dtype == WLAW_F64; }
