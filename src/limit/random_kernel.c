#include "limit/random_kernel.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "limit/kernel_root.h"
#include "math/blas.h"

enum { BLOCK = 64 }; /* jumps drawn at a time */

typedef struct layer_jumps {
  const wlaw_law *law;
  double threshold, residual; /* residual: a + mean of the points below the threshold */
} layer_jumps;

struct random_kernel {
  limit_network network;
  size_t n, rank, most_jumps;
  double *first, *dual, *root; /* [n, n] each: K^(1), its dual and its root */
  layer_jumps layers[LIMIT_MOST_LAYERS];
};

wlaw_status wlaw_limit_network_check(const limit_network *network, wlaw_error *err) {
  if (network->depth < 1 || network->depth > LIMIT_MOST_LAYERS)
    return wlaw_fail(err, WLAW_ARGUMENT, "a network has 1 to %d hidden layers, not %zu", (int)LIMIT_MOST_LAYERS,
                     network->depth);
  if (!(network->weight_variance > 0.0 && isfinite(network->weight_variance)))
    return wlaw_fail(err, WLAW_ARGUMENT, "weight variance %g is not a positive number", network->weight_variance);
  if (!(network->bias_variance >= 0.0 && isfinite(network->bias_variance)))
    return wlaw_fail(err, WLAW_ARGUMENT, "bias variance %g is negative or no number", network->bias_variance);
  for (size_t l = 0; l < network->depth; l++) WLAW_TRY(wlaw_node_require(network->laws[l], err));
  return WLAW_OK;
}

void wlaw_limit_first_kernel(double *out, const limit_network *network, const double *gram, size_t n) {
  for (size_t i = 0; i < n * n; i++) out[i] = network->bias_variance + network->weight_variance * gram[i];
}

/* A process with finite mean and variance, or nearly so, is its mean. Otherwise the smallest values of Lambda are made
 * of small points: the mean stands for them well where many are small at once (a power law at 0), and badly where few
 * are at any scale (rhobar ~ ln 1/x); then points enough keep it from mattering. */
static double threshold_of(const wlaw_law *law, double tolerance, double scale) {
  const double threshold = wlaw_node_threshold(law, tolerance * scale * scale);
  return isinf(threshold) ? threshold : fmin(threshold, wlaw_node_jump(law, -log(tolerance)));
}

static wlaw_status find_threshold(layer_jumps *out, const wlaw_law *law, double tolerance, size_t most,
                                  wlaw_error *err) {
  const double all = wlaw_node_tail(law, 0.0), scale = wlaw_node_scale(law);
  if (scale > 1e150)
    return wlaw_fail(err, WLAW_NUMERIC,
                     "the variances of %s sum to the order of 1e%.0f, whose square is no double; give a smaller scale",
                     law->ops->name, log10(scale));
  out->law = law;
  out->threshold = INFINITY;
  if (wlaw_node_regime(law) == NODE_MOGP) {
    /* few points in all: no reason to leave any out */
    if (all <= 64.0 && all <= (double)most) out->threshold = 0.0;
    else if (tolerance > 0.0) out->threshold = threshold_of(law, tolerance, scale);
    else if (isfinite(all)) out->threshold = 0.0;
    else
      return wlaw_fail(err, WLAW_ARGUMENT, "tolerance 0 asks for every jump of %s, which has infinitely many",
                       law->ops->name);
  }
  out->residual = wlaw_node_truncated_mean(law, out->threshold);
  if (!isfinite(out->residual) || isnan(out->threshold))
    return wlaw_fail(err, WLAW_NUMERIC, "the jumps of %s below %g have no finite mean", law->ops->name, out->threshold);
  return WLAW_OK;
}

static size_t dual_scratch(size_t n) { return wlaw_dual_side_size(n) + n + DUAL_LANES; }

/* out = dual(kernel); upper triangles. */
static void dual_kernel(double *out, const dual_activation *activation, const double *kernel, size_t n,
                        double *scratch) {
  if (n == 1) {
    out[0] = wlaw_dual_diagonal(activation, kernel[0]);
    return;
  }
  dual_side side;
  wlaw_dual_side_place(&side, scratch, n);
  double *d = scratch + wlaw_dual_side_size(n);
  for (size_t i = 0; i < n; i++) {
    side.variance[i] = kernel[i * n + i];
    out[i * n + i] = wlaw_dual_diagonal(activation, side.variance[i]);
  }
  wlaw_dual_side_prepare(activation, &side);
  for (size_t i = 0; i < n; i++) {
    const double a = side.variance[i];
    for (size_t j = 0; j < side.stride; j++)
      d[j] = j > i && j < n ? fmax(a + side.variance[j] - 2.0 * kernel[i * n + j], 0.0) : 0.0;
    wlaw_dual_side_row(activation, &side, i, &side, d, NULL);
    for (size_t j = i + 1; j < n; j++) out[i * n + j] = 0.5 * (out[i * n + i] + out[j * n + j] - d[j]);
  }
}

static wlaw_status prepare(random_kernel *kernel, const double *gram, double tolerance, wlaw_error *err) {
  const limit_network *network = &kernel->network;
  const size_t n = kernel->n;
  double *copy = wlaw_array(n * n, sizeof *copy),
         *scratch = wlaw_array(wlaw_kernel_root_scratch(n) + dual_scratch(n), sizeof *scratch);
  kernel->first = wlaw_array(n * n, sizeof *kernel->first);
  kernel->dual = wlaw_array(n * n, sizeof *kernel->dual);
  kernel->root = wlaw_array(n * n, sizeof *kernel->root);
  wlaw_status status = copy && scratch && kernel->first && kernel->dual && kernel->root
                           ? WLAW_OK
                           : wlaw_fail_memory(err, 5 * n * n, sizeof *kernel->first);
  if (status == WLAW_OK) {
    wlaw_limit_first_kernel(kernel->first, network, gram, n);
    memcpy(copy, kernel->first, n * n * sizeof *copy);
    status = wlaw_kernel_root(kernel->root, &kernel->rank, copy, n, scratch, err);
  }
  if (status == WLAW_OK) dual_kernel(kernel->dual, &network->activation, kernel->first, n, scratch);
  for (size_t l = 0; status == WLAW_OK && l < network->depth; l++) {
    if (l > 0 && network->laws[l] == network->laws[l - 1]) kernel->layers[l] = kernel->layers[l - 1];
    else status = find_threshold(&kernel->layers[l], network->laws[l], tolerance, kernel->most_jumps, err);
  }
  free(copy);
  free(scratch);
  return status;
}

wlaw_status wlaw_random_kernel_new(random_kernel **out, const limit_network *network, const double *gram, size_t n,
                                   double tolerance, size_t most_jumps, wlaw_error *err) {
  *out = NULL;
  WLAW_TRY(wlaw_limit_network_check(network, err));
  if (!(tolerance >= 0.0 && tolerance < 1.0))
    return wlaw_fail(err, WLAW_ARGUMENT, "tolerance %g is not in [0, 1)", tolerance);
  size_t square;
  if (n < 1 || !wlaw_blas_size_ok(n) || !wlaw_product(&square, (const size_t[]){8, n, n}, 3))
    return wlaw_fail(err, WLAW_LIMIT, "a kernel of %zu inputs cannot be held", n);
  random_kernel *kernel = wlaw_array(1, sizeof *kernel);
  if (!kernel) return wlaw_fail_memory(err, 1, sizeof *kernel);
  kernel->network = *network;
  kernel->n = n;
  kernel->most_jumps = most_jumps;
  const wlaw_status status = prepare(kernel, gram, tolerance, err);
  if (status == WLAW_OK) *out = kernel;
  else wlaw_random_kernel_free(kernel);
  return status;
}

void wlaw_random_kernel_free(random_kernel *kernel) {
  if (!kernel) return;
  free(kernel->first);
  free(kernel->dual);
  free(kernel->root);
  free(kernel);
}

double wlaw_random_kernel_threshold(const random_kernel *kernel, size_t l) { return kernel->layers[l].threshold; }

/* The jumps of one layer in one draw, a block at a time. */
typedef struct jump_source {
  const layer_jumps *layer;
  size_t most, taken;
  double arrival; /* of the unit Poisson process */
  double residual;
  bool done;
} jump_source;

static double next_jump(jump_source *source, wlaw_stream *stream) {
  const wlaw_law *law = source->layer->law;
  const node_ops *node = law->ops->node;
  if (node->fixed_jump) return node->fixed_jump(law, source->taken + 1);
  source->arrival -= log(wlaw_stream_open(stream));
  return node->jump(law, source->arrival);
}

static size_t next_jumps(jump_source *source, double *out, wlaw_stream *stream) {
  size_t n = 0;
  while (n < BLOCK && !source->done) {
    const double jump = next_jump(source, stream);
    source->done = !(jump > source->layer->threshold);
    if (source->done) break;
    out[n++] = jump;
    /* what is smaller than the last of a fixed number of points is again a Poisson process: its mean replaces it */
    if (++source->taken == source->most) {
      source->residual = wlaw_node_truncated_mean(source->layer->law, jump);
      source->done = true;
    }
  }
  return n;
}

static jump_source start_jumps(const layer_jumps *layer, size_t most) {
  return (jump_source){
      .layer = layer, .most = most, .residual = layer->residual, .done = isinf(layer->threshold) || most == 0};
}

typedef struct workspace {
  double *kernel, *next, *dual, *root, *jumps, *normals, *features, *rest;
} workspace;

size_t wlaw_random_kernel_scratch(const random_kernel *kernel) {
  const size_t n = kernel->n;
  return 4 * n * n + BLOCK * (1 + 2 * n) + wlaw_kernel_root_scratch(n) + dual_scratch(n);
}

static workspace cut_scratch(double *scratch, size_t n) {
  workspace w = {.kernel = scratch};
  w.next = w.kernel + n * n;
  w.dual = w.next + n * n;
  w.root = w.dual + n * n;
  w.jumps = w.root + n * n;
  w.normals = w.jumps + BLOCK;
  w.features = w.normals + BLOCK * n;
  w.rest = w.features + BLOCK * n;
  return w;
}

/* sum += features' features, [rows, n]; upper triangle. */
static void add_products(double *sum, const double *features, size_t rows, size_t n) {
  if (n == 1) {
    for (size_t i = 0; i < rows; i++) sum[0] += features[i] * features[i];
    return;
  }
  wlaw_blas_begin();
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (blasint)n, (blasint)rows, 1.0, features, (blasint)n, 1.0, sum,
              (blasint)n);
  wlaw_blas_end();
}

/* now: the kernel that root is of; dual: its dual, or NULL where that is still to be made. */
static void one_layer(double *next, const random_kernel *kernel, const layer_jumps *layer, const double *now,
                      const double *dual, const double *root, size_t rank, const workspace *w, wlaw_stream *stream) {
  const limit_network *network = &kernel->network;
  const size_t n = kernel->n;
  jump_source source = start_jumps(layer, kernel->most_jumps);
  memset(next, 0, n * n * sizeof *next);
  size_t m;
  while ((m = next_jumps(&source, w->jumps, stream)) > 0) {
    wlaw_kernel_root_draw(w->features, m, root, rank, n, w->normals, stream);
    wlaw_dual_apply(&network->activation, w->features, w->features, m * n);
    for (size_t j = 0; j < m; j++) {
      const double scale = sqrt(w->jumps[j]);
      for (size_t i = 0; i < n; i++) w->features[j * n + i] *= scale;
    }
    add_products(next, w->features, m, n);
  }
  if (source.residual > 0.0 && !dual) {
    dual_kernel(w->dual, &network->activation, now, n, w->rest);
    dual = w->dual;
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = i; j < n; j++) {
      const double rest = source.residual > 0.0 ? source.residual * dual[i * n + j] : 0.0;
      next[i * n + j] = network->bias_variance + network->weight_variance * (next[i * n + j] + rest);
    }
  }
}

static void mirror(double *out, const double *upper, size_t n) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = i; j < n; j++) out[i * n + j] = out[j * n + i] = upper[i * n + j];
}

wlaw_status wlaw_random_kernel_draw(const random_kernel *kernel, double *z, size_t outputs, double *k_last,
                                    uint64_t seed, uint64_t k, double *scratch, wlaw_error *err) {
  const size_t n = kernel->n;
  workspace w = cut_scratch(scratch, n);
  wlaw_stream stream = wlaw_stream_start(seed, STREAM_LIMIT, (uint32_t)(k >> 32), (uint32_t)k);
  const double *now = kernel->first, *dual = kernel->dual, *root = kernel->root;
  size_t rank = kernel->rank;
  for (size_t l = 0; l < kernel->network.depth; l++) {
    one_layer(w.next, kernel, &kernel->layers[l], now, dual, root, rank, &w, &stream);
    /* the factorisation overwrites its matrix, and the next layer wants that */
    memcpy(w.kernel, w.next, n * n * sizeof *w.kernel);
    const wlaw_status status = wlaw_kernel_root(w.root, &rank, w.next, n, w.rest, err);
    if (status != WLAW_OK) return wlaw_error_add_hint(err, status, "it happened behind hidden layer %zu", l + 1);
    now = w.kernel;
    dual = NULL;
    root = w.root;
  }
  for (size_t o = 0; o < outputs; o += BLOCK) {
    const size_t rows = outputs - o < BLOCK ? outputs - o : BLOCK;
    wlaw_kernel_root_draw(z + o * n, rows, root, rank, n, w.normals, &stream);
  }
  if (k_last) mirror(k_last, now, n);
  return WLAW_OK;
}
