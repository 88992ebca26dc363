#include "measure/gram.h"

#include <cblas.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "math/blas.h"
#include "measure/weight_doubles.h"

enum { GRAM_TILE = 256, GRAM_BLOCK = 1 << 22, GRAM_DEPTH_LEAST = 256, GRAM_STRIP = 1 << 16 }; /* in doubles */

/* A block of the long side: tall matrices [depth, n], wide ones [n, depth], row-major. */
typedef struct gram_block {
  const weight_source *source;
  double scale, *gram, *values;
  size_t n, depth;
  uint64_t at; /* first row (tall) or column (wide) */
  bool tall;
} gram_block;

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t strip_rows(const gram_block *block) {
  const size_t cols = block->tall ? block->n : block->depth;
  return cols < GRAM_STRIP ? GRAM_STRIP / cols : 1;
}

static wlaw_status load_strip(void *context, size_t strip, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  gram_block *block = context;
  (void)worker;
  (void)stop;
  const size_t rows = block->tall ? block->depth : block->n, cols = block->tall ? block->n : block->depth;
  const size_t first = strip * strip_rows(block), n = least(strip_rows(block), rows - first);
  return wlaw_weight_doubles(block->values + first * cols, cols, block->source, block->tall ? block->at + first : first,
                             n, block->tall ? 0 : block->at, cols, block->scale, err);
}

/* Tiles of the upper triangle, column by column: 0 is (0, 0), 1 and 2 are (0, 1) and (1, 1). */
static wlaw_status add_tile(void *context, size_t tile, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  gram_block *block = context;
  (void)worker;
  (void)stop;
  (void)err;
  size_t across = 0;
  while (tile > across) tile -= ++across;
  const size_t n = block->n, row = tile * GRAM_TILE, column = across * GRAM_TILE;
  const size_t step = block->tall ? 1 : block->depth;
  const blasint ld = (blasint)(block->tall ? n : block->depth), depth = (blasint)block->depth;
  const blasint m = (blasint)least(GRAM_TILE, n - row), width = (blasint)least(GRAM_TILE, n - column);
  const CBLAS_TRANSPOSE left = block->tall ? CblasTrans : CblasNoTrans, right = block->tall ? CblasNoTrans : CblasTrans;
  double *out = block->gram + row * n + column;
  wlaw_blas_begin();
  if (row == column)
    cblas_dsyrk(CblasRowMajor, CblasUpper, left, m, depth, 1.0, block->values + row * step, ld, 1.0, out, (blasint)n);
  else
    cblas_dgemm(CblasRowMajor, left, right, m, width, depth, 1.0, block->values + row * step, ld,
                block->values + column * step, ld, 1.0, out, (blasint)n);
  wlaw_blas_end();
  return WLAW_OK;
}

static wlaw_status add_blocks(gram_block *block, uint64_t longer, size_t depth, unsigned threads, wlaw_monitor *monitor,
                              wlaw_error *err) {
  const size_t tiles = (block->n + GRAM_TILE - 1) / GRAM_TILE;
  for (block->at = 0; block->at < longer; block->at += depth) {
    if (wlaw_monitor_report(monitor, (double)block->at / (double)longer)) return wlaw_fail_cancelled(err);
    block->depth = longer - block->at < depth ? (size_t)(longer - block->at) : depth;
    const size_t rows = block->tall ? block->depth : block->n;
    WLAW_TRY(wlaw_parallel((rows - 1) / strip_rows(block) + 1, threads, load_strip, block, NULL, err));
    WLAW_TRY(wlaw_parallel(tiles * (tiles + 1) / 2, threads, add_tile, block, NULL, err));
  }
  return WLAW_OK;
}

wlaw_status wlaw_gram(double *gram, const weight_source *source, double scale, unsigned threads, wlaw_monitor *monitor,
                      wlaw_error *err) {
  const bool tall = source->rows >= source->cols;
  const uint64_t longer = tall ? source->rows : source->cols;
  const size_t n = (size_t)(tall ? source->cols : source->rows);
  if (n == 0) return WLAW_OK;
  memset(gram, 0, n * n * sizeof *gram);
  size_t depth = GRAM_BLOCK / n > GRAM_DEPTH_LEAST ? GRAM_BLOCK / n : GRAM_DEPTH_LEAST;
  if (depth > longer) depth = (size_t)longer;
  gram_block block = {.source = source, .scale = scale, .gram = gram, .n = n, .tall = tall};
  block.values = wlaw_array(depth * n, sizeof *block.values);
  if (!block.values) return wlaw_fail_memory(err, depth * n, sizeof *block.values);
  const wlaw_status status = add_blocks(&block, longer, depth, threads, monitor, err);
  free(block.values);
  return status;
}
