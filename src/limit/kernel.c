#include "limit/kernel.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "limit/dual_kernels.h"
#include "math/blas.h"

enum { GRID = KERNEL_GRID };

wlaw_status wlaw_kernel_check(const kernel_spec *spec, wlaw_error *err) {
  if (spec->depth < 1) return wlaw_fail(err, WLAW_ARGUMENT, "depth = 0: a kernel needs at least one hidden layer");
  if (!(spec->weight_variance > 0.0) || !isfinite(spec->weight_variance))
    return wlaw_fail(err, WLAW_ARGUMENT, "the weight variance %g must be a finite number above 0",
                     spec->weight_variance);
  if (!(spec->bias_variance >= 0.0) || !isfinite(spec->bias_variance))
    return wlaw_fail(err, WLAW_ARGUMENT, "the bias variance %g must be a finite number, at least 0",
                     spec->bias_variance);
  if (spec->ntk && !wlaw_dual_has_slope(&spec->activation)) {
    wlaw_fail(err, WLAW_ARGUMENT, "the activation '%s' jumps: it has no neural tangent kernel",
              wlaw_dual_name(&spec->activation));
    return wlaw_error_add_hint(err, WLAW_ARGUMENT, "its NNGP kernel exists");
  }
  return WLAW_OK;
}

wlaw_status wlaw_kernel_inputs_new(kernel_inputs *out, const double *x, size_t n, size_t features, wlaw_error *err) {
  *out = (kernel_inputs){x, n, features, NULL};
  if (n == 0 || features == 0)
    return wlaw_fail(err, WLAW_ARGUMENT, "a kernel needs inputs: [%zu, %zu] is empty", n, features);
  if (!wlaw_blas_size_ok(features) || !wlaw_blas_size_ok(n))
    return wlaw_fail(err, WLAW_LIMIT, "inputs [%zu, %zu]: at most %d of either", n, features, INT32_MAX);
  out->norms = wlaw_array(n, sizeof *out->norms);
  if (!out->norms) return wlaw_fail_memory(err, n, sizeof *out->norms);
  for (size_t i = 0; i < n; i++) {
    double sum = 0.0;
    for (size_t k = 0; k < features; k++) sum += x[i * features + k] * x[i * features + k];
    out->norms[i] = sum;
    if (isfinite(sum)) continue;
    size_t k = 0;
    while (k + 1 < features && isfinite(x[i * features + k])) k++;
    wlaw_kernel_inputs_free(out);
    return wlaw_fail(err, WLAW_VALUE, "input %zu: feature %zu is %g: inputs must be finite and below 1e150", i, k,
                     x[i * features + k]);
  }
  return WLAW_OK;
}

void wlaw_kernel_inputs_free(kernel_inputs *inputs) {
  free(inputs->norms);
  inputs->norms = NULL;
}

/* Variances of the first layer, and one layer further. */
static double first_variance(const kernel_spec *spec, const kernel_inputs *inputs, size_t i) {
  return spec->bias_variance + spec->weight_variance * inputs->norms[i] / (double)inputs->features;
}
static double next_variance(const kernel_spec *spec, double v) {
  return spec->bias_variance + spec->weight_variance * wlaw_dual_diagonal(&spec->activation, v);
}

wlaw_status wlaw_kernel_diagonal(double *nngp, double *ntk, const kernel_spec *spec, const kernel_inputs *inputs,
                                 wlaw_error *err) {
  for (size_t i = 0; i < inputs->n; i++) {
    double v = first_variance(spec, inputs, i), t = v;
    for (size_t layer = 0; layer < spec->depth; layer++) {
      dual_pair next;
      double slope = 0.0;
      if (ntk) wlaw_dual_pair(&spec->activation, (dual_pair){v, v, 0.0}, &next, &slope);
      v = next_variance(spec, v);
      t = v + spec->weight_variance * slope * t;
      if (isfinite(v) && isfinite(t)) continue;
      wlaw_fail(err, WLAW_NUMERIC, "the kernel of input %zu overflows in hidden layer %zu", i, layer + 1);
      return wlaw_error_add_hint(err, WLAW_NUMERIC,
                                 "take a smaller weight variance (now %g), fewer layers or smaller inputs",
                                 spec->weight_variance);
    }
    if (nngp) nngp[i] = v;
    if (ntk) ntk[i] = t;
  }
  return WLAW_OK;
}

/* A cell of the fixed grid: at most GRID x GRID entries whose numbers depend on nothing but the inputs. */
typedef struct cell {
  dual_side u, v;
  size_t row, col, rows, cols; /* of the whole matrix */
  double *d, *ntk, *slope;     /* [GRID, GRID] each, slope: [GRID] */
} cell;

size_t wlaw_kernel_scratch(void) { return 2 * wlaw_dual_side_size(GRID) + 2 * GRID * GRID + GRID; }

static void place_cell(cell *c, double *scratch) {
  wlaw_dual_side_place(&c->u, scratch, GRID);
  wlaw_dual_side_place(&c->v, scratch + wlaw_dual_side_size(GRID), GRID);
  c->d = scratch + 2 * wlaw_dual_side_size(GRID);
  c->ntk = c->d + GRID * GRID;
  c->slope = c->ntk + GRID * GRID;
}

/* |x - y|^2 of nearly equal inputs, from their difference: the Gram product knows it to about 1e-16 |x|^2 alone. */
static double distance_squared(const double *x, const double *y, size_t features) {
  double sum = 0.0;
  for (size_t k = 0; k < features; k++) sum += (x[k] - y[k]) * (x[k] - y[k]);
  return sum;
}

/* Below this part of |x|^2 + |y|^2 the difference is formed: above it 1e-13 of d is left of the product's rounding. */
static const double near = 0x1p-10;

static void first_distances(cell *c, const kernel_spec *spec, const kernel_inputs *a, const kernel_inputs *b) {
  const size_t features = a->features;
  const double *x = a->x + c->row * features, *y = b->x + c->col * features;
  const double scale = spec->weight_variance / (double)features;
  wlaw_blas_begin();
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)c->rows, (blasint)c->cols, (blasint)features, 1.0, x,
              (blasint)features, y, (blasint)features, 0.0, c->d, GRID);
  wlaw_blas_end();
  for (size_t i = 0; i < c->rows; i++) {
    double *d = c->d + i * GRID;
    for (size_t j = 0; j < c->cols; j++) {
      const double both = a->norms[c->row + i] + b->norms[c->col + j];
      double apart = both - 2.0 * d[j];
      if (!(apart > near * both)) apart = distance_squared(x + i * features, y + j * features, features);
      d[j] = scale * apart;
    }
    memset(d + c->cols, 0, (GRID - c->cols) * sizeof *d);
  }
}

static void fill_cell(cell *c, const kernel_spec *spec, const kernel_inputs *a, const kernel_inputs *b, bool ntk) {
  const dual_kernels *kernels = wlaw_dual_kernels();
  const double w = spec->weight_variance;
  for (size_t i = 0; i < GRID; i++) c->u.variance[i] = i < c->rows ? first_variance(spec, a, c->row + i) : 0.0;
  for (size_t j = 0; j < GRID; j++) c->v.variance[j] = j < c->cols ? first_variance(spec, b, c->col + j) : 0.0;
  first_distances(c, spec, a, b);
  for (size_t i = 0; ntk && i < c->rows; i++)
    kernels->covariance(c->ntk + i * GRID, c->u.variance[i], c->v.variance, c->d + i * GRID, GRID);
  for (size_t layer = 0; layer < spec->depth; layer++) {
    wlaw_dual_side_prepare(&spec->activation, &c->u);
    wlaw_dual_side_prepare(&spec->activation, &c->v);
    double next[GRID];
    for (size_t j = 0; j < GRID; j++) next[j] = next_variance(spec, c->v.variance[j]);
    for (size_t i = 0; i < c->rows; i++) {
      double *d = c->d + i * GRID, *t = ntk ? c->ntk + i * GRID : NULL;
      wlaw_dual_side_row(&spec->activation, &c->u, i, &c->v, d, ntk ? c->slope : NULL);
      kernels->advance(d, t, c->slope, next_variance(spec, c->u.variance[i]), next, w, GRID);
    }
    for (size_t i = 0; i < c->rows; i++) c->u.variance[i] = next_variance(spec, c->u.variance[i]);
    memcpy(c->v.variance, next, sizeof next);
  }
}

/* The part of the cell inside the block, into the block. */
static void copy_cell(const cell *c, size_t row, size_t rows, size_t col, size_t cols, double *nngp, double *ntk,
                      size_t ld) {
  const dual_kernels *kernels = wlaw_dual_kernels();
  const size_t top = c->row > row ? c->row : row,
               bottom = c->row + c->rows < row + rows ? c->row + c->rows : row + rows;
  const size_t left = c->col > col ? c->col : col,
               right = c->col + c->cols < col + cols ? c->col + c->cols : col + cols;
  for (size_t r = top; r < bottom; r++) {
    const size_t at = (r - c->row) * GRID, from = left - c->col, to = (r - row) * ld + (left - col);
    const size_t bytes = (right - left) * sizeof(double);
    if (ntk) memcpy(ntk + to, c->ntk + at + from, bytes);
    if (!nngp) continue;
    kernels->covariance(c->slope, c->u.variance[r - c->row], c->v.variance, c->d + at, GRID);
    memcpy(nngp + to, c->slope + from, bytes);
  }
}

void wlaw_kernel_block(const kernel_spec *spec, const kernel_inputs *a, size_t row, size_t rows, const kernel_inputs *b,
                       size_t col, size_t cols, double *nngp, double *ntk, size_t ld, double *scratch) {
  cell c;
  place_cell(&c, scratch);
  for (c.row = row / GRID * GRID; c.row < row + rows; c.row += GRID)
    for (c.col = col / GRID * GRID; c.col < col + cols; c.col += GRID) {
      c.rows = a->n - c.row < GRID ? a->n - c.row : GRID;
      c.cols = b->n - c.col < GRID ? b->n - c.col : GRID;
      fill_cell(&c, spec, a, b, ntk != NULL);
      copy_cell(&c, row, rows, col, cols, nngp, ntk, ld);
    }
}

typedef struct matrix_job {
  double *out;
  const kernel_spec *spec;
  const kernel_inputs *a, *b;
  bool symmetric;
  size_t cells; /* in a row of cells */
  double *scratch;
} matrix_job;

static wlaw_status matrix_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  const matrix_job *job = context;
  const size_t row = unit / job->cells * GRID, col = unit % job->cells * GRID, ld = job->b->n;
  (void)stop;
  (void)err;
  if (job->symmetric && col < row) return WLAW_OK;
  const size_t rows = job->a->n - row < GRID ? job->a->n - row : GRID, cols = ld - col < GRID ? ld - col : GRID;
  double *out = job->out + row * ld + col;
  wlaw_kernel_block(job->spec, job->a, row, rows, job->b, col, cols, job->spec->ntk ? NULL : out,
                    job->spec->ntk ? out : NULL, ld, job->scratch + worker * wlaw_kernel_scratch());
  for (size_t i = 0; job->symmetric && i < rows; i++)
    for (size_t j = row == col ? i + 1 : 0; j < cols; j++) job->out[(col + j) * ld + row + i] = out[i * ld + j];
  return WLAW_OK;
}

wlaw_status wlaw_kernel_matrix(double *out, const kernel_spec *spec, const kernel_inputs *a, const kernel_inputs *b,
                               unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  const size_t down = (a->n + GRID - 1) / GRID, across = (b->n + GRID - 1) / GRID, size = wlaw_kernel_scratch();
  if (a->features != b->features)
    return wlaw_fail(err, WLAW_SHAPE, "inputs of %zu and of %zu features have no kernel", a->features, b->features);
  WLAW_TRY(wlaw_kernel_check(spec, err));
  WLAW_TRY(wlaw_kernel_diagonal(NULL, NULL, spec, a, err));
  WLAW_TRY(wlaw_kernel_diagonal(NULL, NULL, spec, b, err));
  threads = wlaw_threads_for(threads, down * across);
  matrix_job job = {out, spec, a, b, a == b || a->x == b->x, across, wlaw_array(threads, size * sizeof(double))};
  if (!job.scratch) return wlaw_fail_memory(err, threads, size * sizeof(double));
  const wlaw_status status = wlaw_parallel(down * across, threads, matrix_unit, &job, monitor, err);
  free(job.scratch);
  return status;
}
