#include "limit/finite.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "limit/kernel_root.h"
#include "math/blas.h"

/* The network and its pruned versions see the same random numbers: they are one network of n * variants inputs, of
 * which input (v, x) is x as version v sees it. Version 0 is not pruned. */
struct finite_network {
  limit_network network;
  size_t n, width, variants, inputs, rank; /* inputs = n * variants */
  double *root;                            /* [n, n], of K^(1) */
  double *epsilon;                         /* [variants]; the first keeps every node */
};

static wlaw_status prepare(finite_network *finite, const double *gram, const double *epsilon, wlaw_error *err) {
  const size_t n = finite->n;
  double *first = wlaw_array(n * n, sizeof *first), *scratch = wlaw_array(wlaw_kernel_root_scratch(n), sizeof *scratch);
  finite->root = wlaw_array(n * n, sizeof *finite->root);
  finite->epsilon = wlaw_array(finite->variants, sizeof *finite->epsilon);
  wlaw_status status =
      first && scratch && finite->root && finite->epsilon ? WLAW_OK : wlaw_fail_memory(err, 2 * n * n, sizeof *first);
  if (status == WLAW_OK) {
    finite->epsilon[0] = -1.0;
    for (size_t e = 1; e < finite->variants; e++) finite->epsilon[e] = epsilon[e - 1];
    wlaw_limit_first_kernel(first, &finite->network, gram, n);
    status = wlaw_kernel_root(finite->root, &finite->rank, first, n, scratch, err);
  }
  free(first);
  free(scratch);
  return status;
}

wlaw_status wlaw_finite_new(finite_network **out, const limit_network *network, const double *gram, size_t n,
                            size_t width, const double *epsilon, size_t n_epsilons, wlaw_error *err) {
  *out = NULL;
  WLAW_TRY(wlaw_limit_network_check(network, err));
  for (size_t l = 0; l < network->depth; l++) WLAW_TRY(wlaw_node_check_width(network->laws[l], width, err));
  size_t inputs, square, nodes;
  if (n < 1 || width < 1 || __builtin_add_overflow(n_epsilons, 1, &inputs) ||
      __builtin_mul_overflow(inputs, n, &inputs) || !wlaw_blas_size_ok(inputs) || !wlaw_blas_size_ok(width) ||
      !wlaw_product(&square, (const size_t[]){64, inputs, inputs}, 3) ||
      !wlaw_product(&nodes, (const size_t[]){64, inputs, width}, 3))
    return wlaw_fail(err, WLAW_LIMIT, "a network of width %zu with %zu inputs and %zu thresholds cannot be held", width,
                     n, n_epsilons);
  finite_network *finite = wlaw_array(1, sizeof *finite);
  if (!finite) return wlaw_fail_memory(err, 1, sizeof *finite);
  finite->network = *network;
  finite->n = n;
  finite->width = width;
  finite->variants = n_epsilons + 1;
  finite->inputs = inputs;
  const wlaw_status status = prepare(finite, gram, epsilon, err);
  if (status == WLAW_OK) *out = finite;
  else wlaw_finite_free(finite);
  return status;
}

void wlaw_finite_free(finite_network *finite) {
  if (!finite) return;
  free(finite->root);
  free(finite->epsilon);
  free(finite);
}

typedef struct workspace {
  double *lambda, *features, *normals, *kernel, *root, *sums, *removed, *rest; /* removed: [variants], of lambda */
} workspace;

size_t wlaw_finite_scratch(const finite_network *finite) {
  const size_t inputs = finite->inputs, width = finite->width;
  return width * (1 + 2 * inputs) + 2 * inputs * inputs + inputs + finite->variants + wlaw_kernel_root_scratch(inputs);
}

static workspace cut_scratch(double *scratch, const finite_network *finite) {
  const size_t inputs = finite->inputs, width = finite->width;
  workspace w = {.lambda = scratch};
  w.features = w.lambda + width;
  w.normals = w.features + width * inputs;
  w.kernel = w.normals + width * inputs;
  w.root = w.kernel + inputs * inputs;
  w.sums = w.root + inputs * inputs;
  w.removed = w.sums + inputs;
  w.rest = w.removed + finite->variants;
  return w;
}

/* features: [width, inputs] from pre-activations to sqrt(lambda_j) phi(zeta_j), 0 where the node is pruned. */
static void send(const finite_network *finite, size_t layer, const workspace *w, wlaw_stream *stream) {
  const size_t n = finite->n;
  wlaw_node_draw(finite->network.laws[layer], w->lambda, finite->width, stream);
  wlaw_dual_apply(&finite->network.activation, w->features, w->features, finite->width * finite->inputs);
  for (size_t j = 0; j < finite->width; j++) {
    const double lambda = w->lambda[j], scale = sqrt(lambda);
    double *row = w->features + j * finite->inputs;
    for (size_t v = 0; v < finite->variants; v++) {
      const bool stays = lambda > finite->epsilon[v];
      if (!stays) w->removed[v] += lambda;
      for (size_t i = 0; i < n; i++) row[v * n + i] *= stays ? scale : 0.0;
    }
  }
}

/* Pre-activations of the first hidden layer, the same for every version. */
static void first_layer(const finite_network *finite, const workspace *w, wlaw_stream *stream) {
  const size_t n = finite->n, width = finite->width;
  double *compact = w->features + width * (finite->inputs - n);
  wlaw_kernel_root_draw(compact, width, finite->root, finite->rank, n, w->normals, stream);
  for (size_t j = 0; j < width; j++)
    for (size_t v = 0; v < finite->variants; v++)
      memmove(w->features + (j * finite->variants + v) * n, compact + j * n, n * sizeof *compact);
}

static wlaw_status next_layer(const finite_network *finite, const workspace *w, wlaw_stream *stream, wlaw_error *err) {
  const size_t inputs = finite->inputs;
  size_t rank;
  for (size_t i = 0; i < inputs * inputs; i++) w->kernel[i] = finite->network.bias_variance;
  wlaw_blas_begin();
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (blasint)inputs, (blasint)finite->width,
              finite->network.weight_variance, w->features, (blasint)inputs, 1.0, w->kernel, (blasint)inputs);
  wlaw_blas_end();
  WLAW_TRY(wlaw_kernel_root(w->root, &rank, w->kernel, inputs, w->rest, err));
  wlaw_kernel_root_draw(w->features, finite->width, w->root, rank, inputs, w->normals, stream);
  return WLAW_OK;
}

/* One output of every version: sums: [variants, n]. normals: weights / (sigma_v sqrt(lambda_j)). */
static void output(const finite_network *finite, const workspace *w, wlaw_stream *stream) {
  double bias;
  wlaw_stream_normals(stream, &bias, 1);
  wlaw_stream_normals(stream, w->normals, finite->width);
  for (size_t i = 0; i < finite->inputs; i++) w->sums[i] = sqrt(finite->network.bias_variance) * bias;
  wlaw_blas_begin();
  cblas_dgemv(CblasRowMajor, CblasTrans, (blasint)finite->width, (blasint)finite->inputs,
              sqrt(finite->network.weight_variance), w->features, (blasint)finite->inputs, w->normals, 1, 1.0, w->sums,
              1);
  wlaw_blas_end();
}

static double largest_weight(const finite_network *finite, const workspace *w) {
  double most = 0.0;
  for (size_t j = 0; j < finite->width; j++) most = fmax(most, w->lambda[j] * w->normals[j] * w->normals[j]);
  return sqrt(finite->network.weight_variance * most);
}

wlaw_status wlaw_finite_draw(const finite_network *finite, double *z, size_t outputs, double *z_pruned, double *largest,
                             uint64_t seed, uint64_t k, double *scratch, wlaw_error *err) {
  const size_t n = finite->n, depth = finite->network.depth;
  const workspace w = cut_scratch(scratch, finite);
  wlaw_stream stream = wlaw_stream_start(seed, STREAM_FINITE, (uint32_t)(k >> 32), (uint32_t)k);
  for (size_t v = 0; v < finite->variants; v++) w.removed[v] = 0.0;
  first_layer(finite, &w, &stream);
  send(finite, 0, &w, &stream);
  for (size_t l = 1; l < depth; l++) {
    const wlaw_status status = next_layer(finite, &w, &stream, err);
    if (status != WLAW_OK) return wlaw_error_add_hint(err, status, "it happened behind hidden layer %zu", l);
    send(finite, l, &w, &stream);
  }
  for (size_t o = 0; o < outputs; o++) {
    output(finite, &w, &stream);
    if (o == 0 && largest) *largest = largest_weight(finite, &w);
    memcpy(z + o * n, w.sums, n * sizeof *z);
    for (size_t e = 1; z_pruned && e < finite->variants; e++) {
      /* where nothing went the outputs are the same, and rounding is no error of pruning */
      const double *sums = w.removed[e] > 0.0 ? w.sums + e * n : w.sums;
      memcpy(z_pruned + ((e - 1) * outputs + o) * n, sums, n * sizeof *z);
    }
  }
  for (size_t i = 0; i < outputs * n; i++) {
    if (!isfinite(z[i])) return wlaw_fail(err, WLAW_NUMERIC, "an output leaves the range of doubles");
  }
  return WLAW_OK;
}
