/* A matrix of weights that is read in pieces, from a file or from memory. */
#ifndef WLAW_MEASURE_WEIGHT_SOURCE_H
#define WLAW_MEASURE_WEIGHT_SOURCE_H

#include "core/monitor.h"
#include "tensor/tensor.h"

/* Rows and columns of a stored matrix that make up a matrix of their own: row r is stored row
 * first_row + (r / run) * period + r % run, column c is stored column first_column + c. */
typedef struct weight_selection {
  uint64_t rows, cols;
  uint64_t first_row, run, period; /* run = period = rows: all in one piece */
  uint64_t first_column;
} weight_selection;

typedef struct weight_source {
  uint64_t rows, cols;
  wlaw_dtype dtype; /* F16, BF16, F32 or F64: what is read; other types come as F64 */
  /* Rows row .. row + n_rows, columns column .. column + n_cols, row-major into out. NULL where memory is set. */
  wlaw_status (*read)(const struct weight_source *source, uint64_t row, uint64_t n_rows, uint64_t column,
                      uint64_t n_cols, void *out, wlaw_error *err);
  const void *memory; /* [rows, cols] of dtype, all of it, or NULL */
  void *context;      /* of read */
  void *owned;        /* freed with the source: memory held by wlaw_source_hold, or a product's */
  bool one_reader;    /* reading must go forwards and by one thread to be fast: walks take one worker */
  bool in_one;        /* a part costs as much to read as the whole: stored column by column */
} weight_source;

/* Tensor i of a file seen as a [stored_rows, stored_cols] row-major matrix, or a selection of it (NULL: all). Reading
 * is safe from several threads (where the file allows one reader only, they wait). The file stays open; caller frees.
 */
wlaw_status wlaw_source_tensor(weight_source *out, wlaw_tensors *tensors, size_t i, uint64_t stored_rows,
                               uint64_t stored_cols, const weight_selection *selection, wlaw_error *err);
/* values: [rows, cols] of F16, BF16, F32 or F64, not owned. */
void wlaw_source_memory(weight_source *out, const void *values, wlaw_dtype dtype, uint64_t rows, uint64_t cols);
void wlaw_source_free(weight_source *source); /* safe on a zeroed struct */

/* Reads the whole into memory, if it has at most `limit` bytes and there is room; otherwise later passes read the file
 * again. */
wlaw_status wlaw_source_hold(weight_source *source, uint64_t limit, unsigned threads, wlaw_monitor *monitor,
                             wlaw_error *err);

/* Whole rows, or a part of one row where a row is longer than a block. Cut by the shape alone, never by threads. */
typedef struct weight_block {
  size_t number; /* in order of rows, then columns */
  uint64_t row, n_rows, column, n_cols;
  const void *values; /* [n_rows, n_cols] of the source's dtype; needs no alignment */
} weight_block;

enum { WEIGHT_BLOCK_BYTES = 1 << 17 }; /* of a block at most: it stays in a core's own cache */

typedef wlaw_status (*weight_work)(void *context, const weight_block *block, unsigned worker, wlaw_error *err);
/* The blocks of a group, consecutive ones, were worked on by this worker; group: their rows and columns, no values. */
typedef void (*weight_merge)(void *context, const weight_block *group, unsigned worker);

size_t wlaw_source_blocks(const weight_source *source);
/* Most rows and columns that a block has; 0 of an empty matrix. */
size_t wlaw_source_block_rows(const weight_source *source);
size_t wlaw_source_block_columns(const weight_source *source);
/* Workers a walk employs; they count from 0. threads 0: all processors. */
unsigned wlaw_source_workers(const weight_source *source, unsigned threads);

/* Calls work for every block, each once, in any order, from wlaw_source_workers() workers. */
wlaw_status wlaw_source_walk(const weight_source *source, unsigned threads, weight_work work, void *context,
                             wlaw_monitor *monitor, wlaw_error *err);
/* The same, with a call of merge after each group of blocks, in the order of the rows and one at a time: so that sums
 * of floating-point numbers do not depend on the threads. Groups have many rows, so that merging columns costs little.
 */
wlaw_status wlaw_source_walk_merging(const weight_source *source, unsigned threads, weight_work work,
                                     weight_merge merge, void *context, wlaw_monitor *monitor, wlaw_error *err);

/* count elements of dtype (F16, BF16, F32, F64) to double. */
#define wlaw_weights_to_double wlaw_dtype_to_double

#endif
