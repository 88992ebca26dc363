#include "limit/kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "limit/dual_kernels.h"

/* Entries are made by tiles; features go by chunks, packed in the caller's scratch. */
enum { TILE = KERNEL_TILE, CHUNK = 256 };

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

static double first_variance(const kernel_spec *spec, const kernel_inputs *inputs, size_t i) {
  return spec->bias_variance + spec->weight_variance * inputs->norms[i] / (double)inputs->features;
}

/* Rows [row, row + rows) by columns [col, col + cols) at most TILE each. Every number depends on its two inputs alone,
 * whichever tile it is in: columns are filled up to whole panels with inputs 0. */
typedef struct tile {
  dual_side u, v;
  size_t row, col, rows, cols;
  double *d, *ntk;        /* [TILE, TILE] */
  double *slope, *packed; /* [TILE], [TILE, CHUNK] */
} tile;

size_t wlaw_kernel_scratch(void) { return 2 * wlaw_dual_side_size(TILE) + 2 * TILE * TILE + TILE + TILE * CHUNK; }

static void place_tile(tile *t, double *scratch) {
  wlaw_dual_side_place(&t->u, scratch, TILE);
  wlaw_dual_side_place(&t->v, scratch + wlaw_dual_side_size(TILE), TILE);
  t->d = scratch + 2 * wlaw_dual_side_size(TILE);
  t->ntk = t->d + TILE * TILE;
  t->slope = t->ntk + TILE * TILE;
  t->packed = t->slope + TILE;
}

/* Features [from, from + n) of the tile's columns, by panels. */
static void pack_columns(tile *t, const kernel_inputs *b, size_t from, size_t n) {
  memset(t->packed, 0, TILE * n * sizeof *t->packed);
  for (size_t j = 0; j < t->cols; j++) {
    const double *y = b->x + (t->col + j) * b->features + from;
    double *to = t->packed + j / DUAL_PANEL * DUAL_PANEL * n + j % DUAL_PANEL;
    for (size_t k = 0; k < n; k++) to[k * DUAL_PANEL] = y[k];
  }
}

/* x y' into d. Not by BLAS: its bytes depend on the shape of the whole product, and its core for this processor may be
 * an old one (docs/PERFORMANCE.md). */
static void multiply(tile *t, const kernel_inputs *a, const kernel_inputs *b) {
  const size_t panels = (t->cols + DUAL_PANEL - 1) / DUAL_PANEL;
  memset(t->d, 0, TILE * TILE * sizeof *t->d);
  for (size_t from = 0; from < a->features; from += CHUNK) {
    const size_t n = a->features - from < CHUNK ? a->features - from : CHUNK;
    pack_columns(t, b, from, n);
    wlaw_dual_kernels()->products(t->d, TILE, a->x + t->row * a->features + from, t->rows, a->features, t->packed, n,
                                  panels);
  }
}

/* |x - y|^2 of nearly equal inputs, from their difference: the product knows it to about 1e-16 |x|^2 alone. */
static double distance_squared(const double *x, const double *y, size_t features) {
  double sum = 0.0;
  for (size_t k = 0; k < features; k++) sum += (x[k] - y[k]) * (x[k] - y[k]);
  return sum;
}

/* Below this part of |x|^2 + |y|^2 the difference is formed: above it 1e-13 of d is left of the product's rounding. */
static const double near = 0x1p-10;

static void first_distances(tile *t, const kernel_spec *spec, const kernel_inputs *a, const kernel_inputs *b) {
  const size_t features = a->features;
  const double scale = spec->weight_variance / (double)features;
  double norms[TILE] = {0.0};
  memcpy(norms, b->norms + t->col, t->cols * sizeof *norms);
  multiply(t, a, b);
  for (size_t i = 0; i < t->rows; i++) {
    const double *x = a->x + (t->row + i) * features, norm = a->norms[t->row + i];
    double *d = t->d + i * TILE;
    if (wlaw_dual_kernels()->distances(d, norm, norms, scale, near, TILE) == 0) continue;
    for (size_t j = 0; j < t->cols; j++)
      if (!(d[j] > scale * near * (norm + norms[j])))
        d[j] = scale * distance_squared(x, b->x + (t->col + j) * features, features);
  }
}

static void start_side(dual_side *side, const kernel_spec *spec, const kernel_inputs *inputs, size_t first, size_t n) {
  for (size_t j = 0; j < TILE; j++) side->variance[j] = j < n ? first_variance(spec, inputs, first + j) : 0.0;
}

/* Squares become the variances of the next layer. */
static void prepare_side(dual_side *side, const kernel_spec *spec) {
  wlaw_dual_side_prepare(&spec->activation, side);
  for (size_t j = 0; j < TILE; j++) side->square[j] = spec->bias_variance + spec->weight_variance * side->square[j];
}
static void advance_side(dual_side *side) {
  double *const next = side->square;
  side->square = side->variance;
  side->variance = next;
}

static void fill_tile(tile *t, const kernel_spec *spec, const kernel_inputs *a, const kernel_inputs *b, bool ntk) {
  const dual_kernels *kernels = wlaw_dual_kernels();
  start_side(&t->u, spec, a, t->row, t->rows);
  start_side(&t->v, spec, b, t->col, t->cols);
  first_distances(t, spec, a, b);
  for (size_t i = 0; ntk && i < t->rows; i++)
    kernels->covariance(t->ntk + i * TILE, t->u.variance[i], t->v.variance, t->d + i * TILE, TILE);
  for (size_t layer = 0; layer < spec->depth; layer++) {
    prepare_side(&t->u, spec);
    prepare_side(&t->v, spec);
    for (size_t i = 0; i < t->rows; i++) {
      double *d = t->d + i * TILE;
      wlaw_dual_side_row(&spec->activation, &t->u, i, &t->v, d, ntk ? t->slope : NULL);
      kernels->advance(d, ntk ? t->ntk + i * TILE : NULL, t->slope, t->u.square[i], t->v.square, spec->weight_variance,
                       TILE);
    }
    advance_side(&t->u);
    advance_side(&t->v);
  }
}

void wlaw_kernel_block(const kernel_spec *spec, const kernel_inputs *a, size_t row, size_t rows, const kernel_inputs *b,
                       size_t col, size_t cols, double *nngp, double *ntk, size_t ld, double *scratch) {
  tile t;
  for (size_t r = 0; r < rows; r += TILE)
    for (size_t c = 0; c < cols; c += TILE) {
      place_tile(&t, scratch);
      t.row = row + r;
      t.col = col + c;
      t.rows = rows - r < TILE ? rows - r : TILE;
      t.cols = cols - c < TILE ? cols - c : TILE;
      fill_tile(&t, spec, a, b, ntk != NULL);
      for (size_t i = 0; i < t.rows; i++) {
        const size_t at = (r + i) * ld + c, bytes = t.cols * sizeof(double);
        if (ntk) memcpy(ntk + at, t.ntk + i * TILE, bytes);
        if (!nngp) continue;
        wlaw_dual_kernels()->covariance(t.slope, t.u.variance[i], t.v.variance, t.d + i * TILE, TILE);
        memcpy(nngp + at, t.slope, bytes);
      }
    }
}

/* Variances whose products of four are finite and whose inverses too: beyond, a row could make NaN. */
static wlaw_status check_variance(const kernel_spec *spec, double v, size_t input, size_t layer, wlaw_error *err) {
  if (v == 0.0 || (v >= 1e-270 && v <= 1e75)) return WLAW_OK;
  wlaw_fail(err, WLAW_NUMERIC, "the kernel of input %zu %s in layer %zu: its variance is %g", input,
            v < 1.0 ? "vanishes" : "overflows", layer, v);
  return wlaw_error_add_hint(err, WLAW_NUMERIC, "take a %s weight variance (now %g), fewer layers or scaled inputs",
                             v < 1.0 ? "larger" : "smaller", spec->weight_variance);
}

/* As the entries of a matrix are made, with distance 0. */
wlaw_status wlaw_kernel_diagonal(double *nngp, double *ntk, const kernel_spec *spec, const kernel_inputs *inputs,
                                 wlaw_error *err) {
  for (size_t i = 0; i < inputs->n; i++) {
    double t[DUAL_LANES] = {first_variance(spec, inputs, i)}, a[DUAL_LANES] = {t[0]};
    WLAW_TRY(check_variance(spec, a[0], i, 1, err));
    for (size_t layer = 0; layer < spec->depth; layer++) {
      double d[DUAL_LANES] = {0.0}, slope[DUAL_LANES] = {0.0};
      dual_pair next;
      if (ntk) wlaw_dual_pair(&spec->activation, (dual_pair){a[0], a[0], 0.0}, &next, slope);
      else next.a = wlaw_dual_diagonal(&spec->activation, a[0]);
      a[0] = spec->bias_variance + spec->weight_variance * next.a;
      wlaw_dual_kernels()->advance(d, t, slope, a[0], a, spec->weight_variance, DUAL_LANES);
      WLAW_TRY(check_variance(spec, a[0], i, layer + 2, err));
    }
    if (!isfinite(t[0])) return wlaw_fail(err, WLAW_NUMERIC, "the neural tangent kernel of input %zu overflows", i);
    if (nngp) nngp[i] = a[0];
    if (ntk) ntk[i] = t[0];
  }
  return WLAW_OK;
}

typedef struct matrix_job {
  double *out;
  const kernel_spec *spec;
  const kernel_inputs *a, *b;
  bool symmetric;
  size_t across; /* tiles in a row */
  double *scratch;
} matrix_job;

static wlaw_status matrix_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  const matrix_job *job = context;
  const size_t row = unit / job->across * TILE, col = unit % job->across * TILE, ld = job->b->n;
  (void)stop;
  (void)err;
  if (job->symmetric && col < row) return WLAW_OK;
  const size_t rows = job->a->n - row < TILE ? job->a->n - row : TILE, cols = ld - col < TILE ? ld - col : TILE;
  double *out = job->out + row * ld + col;
  wlaw_kernel_block(job->spec, job->a, row, rows, job->b, col, cols, job->spec->ntk ? NULL : out,
                    job->spec->ntk ? out : NULL, ld, job->scratch + worker * wlaw_kernel_scratch());
  for (size_t j = 0; job->symmetric && j < cols; j++)
    for (size_t i = 0; i < rows; i++) job->out[(col + j) * ld + row + i] = out[i * ld + j];
  return WLAW_OK;
}

wlaw_status wlaw_kernel_matrix(double *out, const kernel_spec *spec, const kernel_inputs *a, const kernel_inputs *b,
                               unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  const size_t down = (a->n + TILE - 1) / TILE, across = (b->n + TILE - 1) / TILE, size = wlaw_kernel_scratch();
  if (a->features != b->features)
    return wlaw_fail(err, WLAW_SHAPE, "inputs of %zu and of %zu features have no kernel", a->features, b->features);
  WLAW_TRY(wlaw_kernel_check(spec, err));
  WLAW_TRY(wlaw_kernel_diagonal(NULL, NULL, spec, a, err));
  if (b != a) WLAW_TRY(wlaw_kernel_diagonal(NULL, NULL, spec, b, err));
  threads = wlaw_threads_for(threads, down * across);
  matrix_job job = {out, spec, a, b, a == b || a->x == b->x, across, wlaw_array(threads, size * sizeof(double))};
  if (!job.scratch) return wlaw_fail_memory(err, threads, size * sizeof(double));
  const wlaw_status status = wlaw_parallel(down * across, threads, matrix_unit, &job, monitor, err);
  free(job.scratch);
  return status;
}
