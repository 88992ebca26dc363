#include "math/eigen.h"

#include <stdbool.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "math/band.h"
#include "math/blas.h"
#include "math/lapack.h"

/* One stage reads the whole matrix once for each column: good while it stays in the caches. */
enum { EIGEN_ONE_STAGE = 1024, EIGEN_BAND = BAND_WIDTH, EIGEN_TILE = 256 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static wlaw_status check_info(blasint info, const char *routine, wlaw_error *err) {
  if (info == 0) return WLAW_OK;
  return wlaw_fail(err, WLAW_NUMERIC, "the eigenvalues were not found: LAPACK's %s gave %d", routine, (int)info);
}

wlaw_status wlaw_tridiagonal_eigen(double *diagonal, double *below, double *vectors, size_t n, wlaw_error *err) {
  const blasint order = (blasint)n;
  blasint info = 0;
  if (!vectors) {
    wlaw_blas_begin();
    dsterf_(&order, diagonal, below, &info);
    wlaw_blas_end();
    return check_info(info, "dsterf", err);
  }
  double *work = wlaw_array(2 * n, sizeof *work);
  if (!work) return wlaw_fail_memory(err, 2 * n, sizeof *work);
  wlaw_blas_begin();
  dstev_("V", &order, diagonal, below, vectors, &order, work, &info, 1);
  wlaw_blas_end();
  free(work);
  return check_info(info, "dstev", err);
}

/* ---- one stage */

static wlaw_status tridiagonal_of_full(double *diagonal, double *below, double *a, size_t n, wlaw_error *err) {
  const blasint order = (blasint)n, lwork = (blasint)(n * EIGEN_BAND);
  blasint info = 0;
  double *tau = wlaw_array(n * (EIGEN_BAND + 1), sizeof *tau);
  if (!tau) return wlaw_fail_memory(err, n * (EIGEN_BAND + 1), sizeof *tau);
  wlaw_blas_begin();
  dsytrd_("L", &order, a, &order, diagonal, below, tau, tau + n, &lwork, &info, 1);
  wlaw_blas_end();
  free(tau);
  return check_info(info, "dsytrd", err);
}

/* ---- two stages. All matrices are column-major from here on: the upper triangle of a row-major matrix is the lower
 * one of these. */

typedef struct band_reduction {
  double *a; /* [n, n] */
  size_t n;
  double *band; /* [n, BAND_STRIDE] */
  /* of one panel: the trailing matrix A2 [m, m] becomes A2 - V W' - W V' = A2 - (V W) (W V)' */
  double *trailing;
  size_t m, width;                      /* rows below the panel's band, reflectors */
  double *v_w, *w_v;                    /* [n, 2 EIGEN_BAND] */
  double *v_t;                          /* [n, EIGEN_BAND]: V T */
  double t[EIGEN_BAND * EIGEN_BAND];    /* T, upper */
  double core[EIGEN_BAND * EIGEN_BAND]; /* (V T)' A2 (V T) */
  double *work;                         /* of QR */
} band_reduction;

enum { QR_WORK = EIGEN_BAND * EIGEN_BAND };

/* Columns first .. first + n_columns of the band: the diagonal block's lower triangle and R, upper, below it. */
static void save_band(band_reduction *r, size_t first, size_t n_columns) {
  for (size_t c = first; c < first + n_columns; c++)
    memcpy(r->band + c * BAND_STRIDE, r->a + c * r->n + c, least(EIGEN_BAND + 1, r->n - c) * sizeof *r->band);
}

/* Householder QR of a panel and T of its reflectors: recursive, thus by products (Elmroth and Gustavson 2000, DOI
 * 10.1147/rd.444.0605), except for the last, which may be wider than tall. */
static blasint factor(band_reduction *r, double *panel) {
  const blasint m = (blasint)r->m, n = EIGEN_BAND, lda = (blasint)r->n, lwork = QR_WORK, width = (blasint)r->width;
  double tau[EIGEN_BAND];
  blasint info = 0;
  wlaw_blas_begin();
  if (m >= n) {
    dgeqrt3_(&m, &n, panel, &lda, r->t, &n, &info);
  } else {
    dgeqrf_(&m, &n, panel, &lda, tau, r->work, &lwork, &info);
    dlarft_("F", "C", &m, &width, panel, &lda, tau, r->t, &n, 1, 1);
  }
  wlaw_blas_end();
  return info;
}

/* Factors the panel below the band; V (unit lower trapezoidal, written out) goes to the left of v_w and the right of
 * w_v. */
static wlaw_status factor_panel(band_reduction *r, size_t first, wlaw_error *err) {
  double *panel = r->a + first * r->n + first + EIGEN_BAND;
  WLAW_TRY(check_info(factor(r, panel), "QR factorisation", err));
  save_band(r, first, EIGEN_BAND);
  for (size_t c = 0; c < r->width; c++) {
    double *v = r->v_w + c * r->n;
    memset(v, 0, c * sizeof *v);
    v[c] = 1.0;
    memcpy(v + c + 1, panel + c * r->n + c + 1, (r->m - c - 1) * sizeof *v);
    memcpy(r->w_v + (r->width + c) * r->n, v, r->m * sizeof *v);
    memcpy(r->v_t + c * r->n, v, r->m * sizeof *v);
  }
  wlaw_blas_begin();
  cblas_dtrmm(CblasColMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, (blasint)r->m, (blasint)r->width, 1.0,
              r->t, EIGEN_BAND, r->v_t, (blasint)r->n);
  wlaw_blas_end();
  return WLAW_OK;
}

/* A tile of rows of A2 V T, to the left of w_v; of A2 the lower triangle counts. */
static wlaw_status multiply_rows(void *context, size_t tile, unsigned worker, const atomic_bool *stop,
                                 wlaw_error *err) {
  band_reduction *r = context;
  (void)worker;
  (void)stop;
  (void)err;
  const size_t row = tile * EIGEN_TILE, rows = least(EIGEN_TILE, r->m - row), after = row + rows;
  const blasint ld = (blasint)r->n, k = (blasint)r->width, m = (blasint)rows;
  double *out = r->w_v + row;
  wlaw_blas_begin();
  cblas_dsymm(CblasColMajor, CblasLeft, CblasLower, m, k, 1.0, r->trailing + row * r->n + row, ld, r->v_t + row, ld,
              0.0, out, ld);
  if (row > 0)
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, m, k, (blasint)row, 1.0, r->trailing + row, ld, r->v_t, ld,
                1.0, out, ld);
  if (after < r->m)
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, m, k, (blasint)(r->m - after), 1.0,
                r->trailing + row * r->n + after, ld, r->v_t + after, ld, 1.0, out, ld);
  wlaw_blas_end();
  return WLAW_OK;
}

/* W = A2 V T - V (T' V' A2 V T) / 2, beside V on both sides. */
static void finish_w(band_reduction *r) {
  const blasint ld = (blasint)r->n, m = (blasint)r->m, k = (blasint)r->width, block = EIGEN_BAND;
  wlaw_blas_begin();
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, k, k, m, 1.0, r->v_t, ld, r->w_v, ld, 0.0, r->core, block);
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, m, k, k, -0.5, r->v_w, ld, r->core, block, 1.0, r->w_v, ld);
  wlaw_blas_end();
  memcpy(r->v_w + r->width * r->n, r->w_v, r->width * r->n * sizeof *r->v_w);
}

/* Tiles of the lower triangle, row by row: 0 is (0, 0), 1 and 2 are (1, 0) and (1, 1). Whole squares on the diagonal
 * too: what lies above it is never read. */
static wlaw_status update_tile(void *context, size_t tile, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  band_reduction *r = context;
  (void)worker;
  (void)stop;
  (void)err;
  size_t down = 0;
  while (tile > down) tile -= ++down;
  const size_t row = down * EIGEN_TILE, column = tile * EIGEN_TILE;
  const blasint ld = (blasint)r->n, m = (blasint)least(EIGEN_TILE, r->m - row),
                n = (blasint)least(EIGEN_TILE, r->m - column);
  wlaw_blas_begin();
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, m, n, (blasint)(2 * r->width), -1.0, r->v_w + row, ld,
              r->w_v + column, ld, 1.0, r->trailing + column * r->n + row, ld);
  wlaw_blas_end();
  return WLAW_OK;
}

static wlaw_status reduce_to_band(band_reduction *r, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  size_t first = 0;
  for (; first + EIGEN_BAND < r->n; first += EIGEN_BAND) {
    const double left = (double)(r->n - first) / (double)r->n;
    if (wlaw_monitor_report(monitor, 1.0 - left * left * left)) return wlaw_fail_cancelled(err);
    r->m = r->n - first - EIGEN_BAND;
    r->width = least(EIGEN_BAND, r->m);
    r->trailing = r->a + (first + EIGEN_BAND) * (r->n + 1);
    WLAW_TRY(factor_panel(r, first, err));
    const size_t tiles = (r->m + EIGEN_TILE - 1) / EIGEN_TILE;
    WLAW_TRY(wlaw_parallel(tiles, threads, multiply_rows, r, NULL, err));
    finish_w(r);
    WLAW_TRY(wlaw_parallel(tiles * (tiles + 1) / 2, threads, update_tile, r, NULL, err));
  }
  save_band(r, first, r->n - first);
  return WLAW_OK;
}

static wlaw_status tridiagonal_in_two(double *diagonal, double *below, double *a, size_t n, unsigned threads,
                                      wlaw_monitor *monitor, wlaw_error *err) {
  const size_t columns = 2 * EIGEN_BAND + 2 * EIGEN_BAND + EIGEN_BAND + BAND_STRIDE;
  double *memory = wlaw_array(n * columns + QR_WORK, sizeof *memory);
  if (!memory) return wlaw_fail_memory(err, n * columns + QR_WORK, sizeof *memory);
  band_reduction reduction = {.a = a, .n = n, .v_w = memory};
  reduction.w_v = reduction.v_w + 2 * EIGEN_BAND * n;
  reduction.v_t = reduction.w_v + 2 * EIGEN_BAND * n;
  reduction.band = reduction.v_t + EIGEN_BAND * n;
  reduction.work = reduction.band + BAND_STRIDE * n;
  wlaw_status status = reduce_to_band(&reduction, threads, monitor, err);
  if (status == WLAW_OK) status = wlaw_band_tridiagonal(diagonal, below, reduction.band, n, threads, err);
  free(memory);
  return status;
}

wlaw_status wlaw_eigenvalues(double *values, double *a, size_t n, unsigned threads, wlaw_monitor *monitor,
                             wlaw_error *err) {
  if (n == 0) return WLAW_OK;
  if (!wlaw_blas_size_ok(n * 4 * EIGEN_BAND))
    return wlaw_fail(err, WLAW_LIMIT, "a symmetric matrix of order %zu is too large for LAPACK's integers", n);
  double *below = wlaw_array(n, sizeof *below);
  if (!below) return wlaw_fail_memory(err, n, sizeof *below);
  wlaw_status status = n <= EIGEN_ONE_STAGE ? tridiagonal_of_full(values, below, a, n, err)
                                            : tridiagonal_in_two(values, below, a, n, threads, monitor, err);
  if (status == WLAW_OK) status = wlaw_tridiagonal_eigen(values, below, NULL, n, err);
  free(below);
  return status;
}

wlaw_status wlaw_eigensystem(double *values, double *a, size_t n, wlaw_error *err) {
  if (n == 0) return WLAW_OK;
  const blasint order = (blasint)n, query = -1;
  blasint info = 0, integers = 0;
  double reals = 0.0;
  if (!wlaw_blas_size_ok(n) || !wlaw_blas_size_ok(6 * n + 1 + 2 * n * n)) /* its workspace */
    return wlaw_fail(err, WLAW_LIMIT, "a symmetric matrix of order %zu is too large for LAPACK's integers", n);
  wlaw_blas_begin();
  dsyevd_("V", "U", &order, a, &order, values, &reals, &query, &integers, &query, &info, 1, 1);
  wlaw_blas_end();
  WLAW_TRY(check_info(info, "dsyevd", err));
  const blasint lwork = (blasint)reals;
  double *work = wlaw_array((size_t)lwork, sizeof *work);
  blasint *iwork = wlaw_array((size_t)integers, sizeof *iwork);
  if (work && iwork) {
    wlaw_blas_begin();
    dsyevd_("V", "U", &order, a, &order, values, work, &lwork, iwork, &integers, &info, 1, 1);
    wlaw_blas_end();
  }
  const wlaw_status status =
      work && iwork ? check_info(info, "dsyevd", err) : wlaw_fail_memory(err, (size_t)lwork, sizeof *work);
  free(work);
  free(iwork);
  return status;
}
