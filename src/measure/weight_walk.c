/* Walking through a matrix of weights in blocks, on threads. */
#include <pthread.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "measure/weight_source.h"

enum {
  GROUP_ROWS = 16, /* at least, where there are as many: merging a column costs one addition for 16 weights or more */
  GROUPS = 128     /* of a tall matrix: enough for the threads, few to merge */
};

/* How a shape is cut. */
typedef struct block_grid {
  uint64_t rows, cols;
  uint64_t block_rows, block_cols, pieces; /* pieces: blocks side by side, 1 unless rows are long */
  uint64_t group_rows;                     /* a multiple of block_rows; 1 where rows are long */
  size_t blocks, groups;
} block_grid;

static uint64_t divide_up(uint64_t a, uint64_t b) { return a / b + (a % b != 0); }

static block_grid cut(const weight_source *source) {
  const uint64_t most = WEIGHT_BLOCK_BYTES / wlaw_dtype_size(source->dtype);
  block_grid grid = {.rows = source->rows, .cols = source->cols};
  if (source->rows == 0 || source->cols == 0) return grid;
  grid.block_cols = source->cols < most ? source->cols : most;
  grid.block_rows = most / grid.block_cols;
  grid.pieces = divide_up(source->cols, grid.block_cols);
  grid.group_rows = grid.block_rows;
  if (grid.pieces == 1) {
    const uint64_t share = divide_up(source->rows, GROUPS), rows = share > GROUP_ROWS ? share : GROUP_ROWS;
    grid.group_rows = divide_up(rows, grid.block_rows) * grid.block_rows;
  }
  grid.blocks = (size_t)(divide_up(source->rows, grid.block_rows) * grid.pieces);
  grid.groups = (size_t)(divide_up(source->rows, grid.group_rows) * grid.pieces);
  return grid;
}

size_t wlaw_source_blocks(const weight_source *source) { return cut(source).blocks; }

size_t wlaw_source_block_rows(const weight_source *source) {
  const uint64_t rows = cut(source).block_rows;
  return (size_t)(rows < source->rows ? rows : source->rows);
}

size_t wlaw_source_block_columns(const weight_source *source) { return (size_t)cut(source).block_cols; }

unsigned wlaw_source_workers(const weight_source *source, unsigned threads) {
  return source->one_reader && !source->memory ? 1 : wlaw_threads_for(threads, cut(source).groups);
}

/* rows of them at most, from row on. */
static weight_block block_at(const block_grid *grid, size_t group, uint64_t row, uint64_t rows) {
  const uint64_t column = group % grid->pieces * grid->block_cols;
  const uint64_t rows_left = grid->rows - row, cols_left = grid->cols - column;
  return (weight_block){.number = (size_t)(row / grid->block_rows * grid->pieces + group % grid->pieces),
                        .row = row,
                        .n_rows = rows < rows_left ? rows : rows_left,
                        .column = column,
                        .n_cols = grid->block_cols < cols_left ? grid->block_cols : cols_left};
}

typedef struct walk {
  const weight_source *source;
  block_grid grid;
  weight_work work;
  weight_merge merge; /* may be NULL */
  void *context;
  unsigned char *buffers;    /* [workers, WEIGHT_BLOCK_BYTES]; NULL for memory */
  pthread_mutex_t lock;      /* guards what follows, and merging */
  pthread_cond_t turn_taken; /* merged or failed changed */
  size_t merged, failed;     /* groups merged; the first group known to have failed, or SIZE_MAX */
} walk;

static wlaw_status do_block(walk *w, weight_block *block, unsigned worker, wlaw_error *err) {
  const weight_source *source = w->source;
  if (source->memory) {
    const size_t size = wlaw_dtype_size(source->dtype);
    block->values = (const unsigned char *)source->memory + (block->row * source->cols + block->column) * size;
  } else {
    unsigned char *buffer = w->buffers + (size_t)worker * WEIGHT_BLOCK_BYTES;
    WLAW_TRY(source->read(source, block->row, block->n_rows, block->column, block->n_cols, buffer, err));
    block->values = buffer;
  }
  return w->work(w->context, block, worker, err);
}

/* When all groups before this one have been merged. Groups are begun in their order, so those before are in work: this
 * waits for them, or for the failure of one. */
static wlaw_status merge_in_turn(walk *w, size_t number, const weight_block *group, unsigned worker) {
  pthread_mutex_lock(&w->lock);
  while (w->merged < number && w->failed > number) pthread_cond_wait(&w->turn_taken, &w->lock);
  const bool ours = w->merged == number;
  if (ours) {
    w->merge(w->context, group, worker);
    w->merged++;
    pthread_cond_broadcast(&w->turn_taken);
  }
  pthread_mutex_unlock(&w->lock);
  return ours ? WLAW_OK : WLAW_CANCELLED; /* the failed group has the error */
}

static void record_failure(walk *w, size_t number) {
  pthread_mutex_lock(&w->lock);
  if (number < w->failed) w->failed = number;
  pthread_cond_broadcast(&w->turn_taken);
  pthread_mutex_unlock(&w->lock);
}

static wlaw_status do_group(void *context, size_t number, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  walk *w = context;
  const block_grid *grid = &w->grid;
  const weight_block group = block_at(grid, number, number / grid->pieces * grid->group_rows, grid->group_rows);
  wlaw_status status = WLAW_OK;
  for (uint64_t done = 0; done < group.n_rows && status == WLAW_OK; done += grid->block_rows) {
    const uint64_t left = group.n_rows - done;
    weight_block block = block_at(grid, number, group.row + done, left < grid->block_rows ? left : grid->block_rows);
    status = atomic_load(stop) ? WLAW_CANCELLED : do_block(w, &block, worker, err);
  }
  if (status == WLAW_OK && w->merge) status = merge_in_turn(w, number, &group, worker);
  if (status != WLAW_OK) record_failure(w, number);
  return status;
}

wlaw_status wlaw_source_walk_merging(const weight_source *source, unsigned threads, weight_work work,
                                     weight_merge merge, void *context, wlaw_monitor *monitor, wlaw_error *err) {
  walk w = {.source = source, .work = work, .merge = merge, .context = context, .failed = SIZE_MAX};
  w.grid = cut(source);
  const unsigned workers = wlaw_source_workers(source, threads);
  if (!source->memory) {
    w.buffers = wlaw_array(workers, WEIGHT_BLOCK_BYTES);
    if (!w.buffers) return wlaw_fail_memory(err, workers, WEIGHT_BLOCK_BYTES);
  }
  pthread_mutex_init(&w.lock, NULL);
  pthread_cond_init(&w.turn_taken, NULL);
  const wlaw_status status = wlaw_parallel(w.grid.groups, workers, do_group, &w, monitor, err);
  pthread_cond_destroy(&w.turn_taken);
  pthread_mutex_destroy(&w.lock);
  free(w.buffers);
  return status;
}

wlaw_status wlaw_source_walk(const weight_source *source, unsigned threads, weight_work work, void *context,
                             wlaw_monitor *monitor, wlaw_error *err) {
  return wlaw_source_walk_merging(source, threads, work, NULL, context, monitor, err);
}
