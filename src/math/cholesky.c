#include "math/cholesky.h"

#include "core/error.h"
#include "core/parallel.h"
#include "math/blas.h"
#include "math/lapack.h"

/* Right-looking: a diagonal block is factored, the tiles below it solved, what lies to their right updated. */
enum { BLOCK = 256 };

typedef struct factoring {
  double *a; /* [n, n] */
  size_t n;
  size_t at, width; /* diagonal block in hand */
} factoring;

static size_t tile_size(const factoring *f, size_t row) { return f->n - row < BLOCK ? f->n - row : BLOCK; }

/* First row of tile number `tile` below the block in hand. */
static size_t tile_row(const factoring *f, size_t tile) { return f->at + f->width + tile * BLOCK; }

static wlaw_status solve_tile(void *context, size_t tile, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  const factoring *f = context;
  (void)worker;
  (void)stop;
  (void)err;
  const size_t row = tile_row(f, tile);
  const blasint ld = (blasint)f->n;
  wlaw_blas_begin();
  cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (blasint)tile_size(f, row),
              (blasint)f->width, 1.0, f->a + f->at * (f->n + 1), ld, f->a + row * f->n + f->at, ld);
  wlaw_blas_end();
  return WLAW_OK;
}

/* Tiles of the lower triangle, row by row: 0 is (0, 0), 1 and 2 are (1, 0) and (1, 1). */
static wlaw_status update_tile(void *context, size_t tile, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  const factoring *f = context;
  (void)worker;
  (void)stop;
  (void)err;
  size_t down = 0;
  while (tile > down) tile -= ++down;
  const size_t row = tile_row(f, down), col = tile_row(f, tile);
  const double *left = f->a + row * f->n + f->at, *right = f->a + col * f->n + f->at;
  double *out = f->a + row * f->n + col;
  const blasint ld = (blasint)f->n, m = (blasint)tile_size(f, row), k = (blasint)f->width;
  wlaw_blas_begin();
  if (row == col) cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, m, k, -1.0, left, ld, 1.0, out, ld);
  else
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, (blasint)tile_size(f, col), k, -1.0, left, ld, right, ld,
                1.0, out, ld);
  wlaw_blas_end();
  return WLAW_OK;
}

/* The upper factor of the column-major view is the lower one of the row-major matrix. 0, or 1 + the pivot's place. */
static blasint factor_block(const factoring *f) {
  const blasint width = (blasint)f->width, ld = (blasint)f->n;
  blasint info = 0;
  wlaw_blas_begin();
  dpotrf_("U", &width, f->a + f->at * (f->n + 1), &ld, &info, 1);
  wlaw_blas_end();
  return info;
}

wlaw_status wlaw_cholesky(size_t *pivot, double *a, size_t n, unsigned threads, wlaw_monitor *monitor,
                          wlaw_error *err) {
  if (!wlaw_blas_size_ok(n)) return wlaw_fail(err, WLAW_LIMIT, "a matrix of order %zu is too large for BLAS", n);
  *pivot = n;
  for (factoring f = {.a = a, .n = n}; f.at < n; f.at += f.width) {
    f.width = tile_size(&f, f.at);
    const double left = (double)(n - f.at) / (double)n;
    if (wlaw_monitor_report(monitor, 1.0 - left * left * left)) return wlaw_fail_cancelled(err);
    const blasint info = factor_block(&f);
    if (info > 0) {
      *pivot = f.at + (size_t)info - 1;
      return WLAW_OK;
    }
    const size_t tiles = (n - f.at - f.width + BLOCK - 1) / BLOCK;
    WLAW_TRY(wlaw_parallel(tiles, threads, solve_tile, &f, NULL, err));
    WLAW_TRY(wlaw_parallel(tiles * (tiles + 1) / 2, threads, update_tile, &f, NULL, err));
  }
  return WLAW_OK;
}

void wlaw_cholesky_solve(const double *factor, size_t n, double *x, size_t columns) {
  const blasint rows = (blasint)n, cols = (blasint)columns;
  wlaw_blas_begin();
  cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, rows, cols, 1.0, factor, rows, x, cols);
  cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, rows, cols, 1.0, factor, rows, x, cols);
  wlaw_blas_end();
}

void wlaw_cholesky_solve_rows(const double *factor, size_t n, double *rows_x, size_t rows) {
  const blasint order = (blasint)n;
  wlaw_blas_begin();
  cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (blasint)rows, order, 1.0, factor, order,
              rows_x, order);
  wlaw_blas_end();
}
