/* From the weights of networks to their adapted coordinates, and these into the sums of measure/network_moments.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "measure/network_kernels.h"
#include "measure/network_moments.h"

/* Vectors of several networks are held at once, so that a tile of products takes all of them in one go: as much as fits
 * into the first-level cache, or as the products themselves. */
enum { MOST_NETWORKS = 32, FEWEST_DOUBLES = 1 << 13 };
/* Gram matrices of this many copies at most go pair by pair; others by tiles. */
enum { FEW_COPIES = 4 };

/* Where vectors stand in the room of one network: copy c at node i is at + c * copy + i * node. */
typedef struct vector_place {
  size_t at, copies, nodes, copy, node;
  bool few;
} vector_place;

struct network_scratch {
  double *row, *row_square, *column, *column_square;       /* sums of one weight minus its pivot */
  double *incoming[NETWORK_SETS], *outgoing[NETWORK_SETS]; /* [width]: squared norms; NULL unless there are both */
  vector_place trivial, trivial_squares, sets[NETWORK_SETS];
  size_t step, batch; /* doubles of a network's vectors; networks */
  double *vectors;    /* [batch, step] */
  double *data;
};

static size_t padded(size_t n, size_t to) { return (n + to - 1) / to * to; }

static vector_place place_vectors(size_t *at, size_t copies, size_t nodes) {
  vector_place place = {.at = *at, .copies = copies, .nodes = nodes};
  place.few = copies <= FEW_COPIES && nodes > 1;
  place.copy = place.few ? padded(nodes, NETWORK_LANES) : 1;
  place.node = place.few ? 1 : padded(copies, NETWORK_TILE);
  *at += padded(place.few ? copies * place.copy : nodes * place.node, NETWORK_LANES);
  return place;
}

/* Whether a set has weights on both sides. */
static bool has_both(const network_layout *layout, size_t set) {
  bool in = false, out = false;
  for (size_t t = 0; t < layout->n_tensors; t++) {
    in = in || (!layout->tensors[t].is_bias && layout->tensors[t].layer + 1 == set);
    out = out || (!layout->tensors[t].is_bias && layout->tensors[t].layer == set);
  }
  return in && out;
}

static double *take(double **at, size_t n) {
  double *const from = *at;
  *at += n;
  return from;
}

/* Sizes cannot overflow: a network's weights are countable (measure/network_layout.c), and this is a few times as
 * much. */
wlaw_status wlaw_network_scratch_new(network_scratch **out, const network_layout *layout, wlaw_error *err) {
  network_scratch *scratch = calloc(1, sizeof *scratch);
  if (!scratch) return wlaw_fail_memory(err, 1, sizeof *scratch);
  size_t widest = 0, norms = 0, held = layout->trivial * layout->trivial;
  for (size_t k = 0; k <= layout->shape.layers; k++)
    if (layout->shape.width[k] > widest) widest = layout->shape.width[k];
  scratch->trivial = place_vectors(&scratch->step, layout->trivial, 1);
  scratch->trivial_squares = place_vectors(&scratch->step, layout->trivial, 1);
  for (size_t s = 0; s < layout->n_sets; s++) {
    scratch->sets[s] = place_vectors(&scratch->step, layout->sets[s].copies, layout->sets[s].width);
    held += layout->sets[s].copies * layout->sets[s].copies;
    if (has_both(layout, layout->sets[s].set)) norms += 2 * layout->sets[s].width;
  }
  const size_t fit = (held > FEWEST_DOUBLES ? held : FEWEST_DOUBLES) / scratch->step;
  scratch->batch = fit < 1 ? 1 : fit < MOST_NETWORKS ? fit : MOST_NETWORKS;
  const size_t doubles = scratch->batch * scratch->step + 4 * widest + norms;
  double *at = scratch->data = wlaw_array(doubles, sizeof *at);
  if (!at) {
    free(scratch);
    return wlaw_fail_memory(err, doubles, sizeof *at);
  }
  scratch->vectors = take(&at, scratch->batch * scratch->step);
  double **const sides[] = {&scratch->row, &scratch->row_square, &scratch->column, &scratch->column_square};
  for (size_t k = 0; k < 4; k++) *sides[k] = take(&at, widest);
  for (size_t s = 0; s < layout->n_sets; s++) {
    if (!has_both(layout, layout->sets[s].set)) continue;
    scratch->incoming[s] = take(&at, layout->sets[s].width);
    scratch->outgoing[s] = take(&at, layout->sets[s].width);
  }
  *out = scratch;
  return WLAW_OK;
}

void wlaw_network_scratch_free(network_scratch *scratch) {
  if (!scratch) return;
  free(scratch->data);
  free(scratch);
}

/* ---- one network */

/* A tensor of one network; its numbers are taken minus the pivot. */
typedef struct weights {
  const void *x;
  bool single;
  double pivot;
} weights;

static weights weights_of(const network_layout *layout, const network_block *block, const double *pivot, size_t t,
                          size_t k) {
  const size_t at = k * layout->tensors[t].rows * layout->tensors[t].cols, size = block->single ? 4 : 8;
  return (weights){(const char *)block->tensors[t] + at * size, block->single, pivot ? pivot[t] : 0.0};
}

static inline double entry(const weights *w, size_t e) {
  return (w->single ? (double)((const float *)w->x)[e] : ((const double *)w->x)[e]) - w->pivot;
}

void wlaw_network_pivot(double pivot[NETWORK_TENSORS], const network_layout *layout, const network_block *block) {
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const weights w = weights_of(layout, block, NULL, t, 0);
    const size_t n = layout->tensors[t].rows * layout->tensors[t].cols;
    double sum = 0.0;
    for (size_t e = 0; e < n; e++) sum += entry(&w, e);
    pivot[t] = isfinite(sum) ? sum / (double)n : 0.0;
  }
}

/* A side that is labelled: the entries minus the mean over the other side, one vector for each of its nodes. */
static void put_labelled(double *out, size_t row_step, size_t column_step, const weights *w, size_t rows, size_t cols,
                         const double *row, const double *column) {
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < cols; j++)
      out[i * row_step + j * column_step] =
          entry(w, i * cols + j) - (row ? row[i] / (double)cols : column[j] / (double)rows);
}

static void put_scaled(double *out, const double *sum, size_t n, size_t length) {
  const double scale = 1.0 / sqrt((double)length);
  for (size_t i = 0; i < n; i++) out[i] = sum[i] * scale;
}

static bool put_bias(double *trivial, double *vectors, const network_scratch *scratch, const network_tensor *tensor,
                     const weights *w, const network_kernels *kernels) {
  const size_t d = tensor->rows;
  double sum = 0.0, square = 0.0;
  for (size_t i = 0; i < d; i++) {
    const double b = entry(w, i);
    scratch->row[i] = b;
    sum += b;
    square += b * b;
  }
  if (tensor->rows_labelled) {
    memcpy(trivial, scratch->row, d * sizeof *trivial);
  } else {
    const vector_place *place = &scratch->sets[tensor->row_set];
    *trivial = sum / sqrt((double)d);
    kernels->centre(vectors + place->at + tensor->row_copy * place->copy, place->node, scratch->row, d, sum, 1.0);
  }
  return isfinite(square);
}

/* Squared norms of the weights themselves up to a constant, which centring takes off: x^2 = m^2 + 2 p m + p^2 with
 * m = x - p. */
static void put_norms(double *out, const double *square, const double *sum, size_t n, double pivot) {
  for (size_t i = 0; i < n; i++) out[i] = square[i] + 2.0 * pivot * sum[i];
}

/* Of a weight whose sums are in the scratch. total: of all its entries. */
static void put_trivial(double *trivial, const network_scratch *scratch, const network_tensor *tensor, const weights *w,
                        double total) {
  const size_t rows = tensor->rows, cols = tensor->cols;
  if (tensor->rows_labelled && tensor->cols_labelled)
    for (size_t e = 0; e < rows * cols; e++) trivial[e] = entry(w, e);
  else if (tensor->rows_labelled) put_scaled(trivial, scratch->row, rows, cols);
  else if (tensor->cols_labelled) put_scaled(trivial, scratch->column, cols, rows);
  else *trivial = total / sqrt((double)rows * (double)cols);
}

/* Vectors over the nodes of both sides, where these are exchangeable; returns the squared norm of those that are sums.
 */
static double put_sides(double *vectors, const network_scratch *scratch, const network_tensor *tensor, const weights *w,
                        double total, const network_kernels *kernels) {
  const size_t rows = tensor->rows, cols = tensor->cols;
  double square = 0.0;
  if (!tensor->rows_labelled) {
    const vector_place *place = &scratch->sets[tensor->row_set];
    double *const to = vectors + place->at + tensor->row_copy * place->copy;
    if (tensor->cols_labelled) put_labelled(to, place->node, place->copy, w, rows, cols, NULL, scratch->column);
    else square += kernels->centre(to, place->node, scratch->row, rows, total, 1.0 / sqrt((double)cols));
  }
  if (!tensor->cols_labelled) {
    const vector_place *place = &scratch->sets[tensor->column_set];
    double *const to = vectors + place->at + tensor->column_copy * place->copy;
    if (tensor->rows_labelled) put_labelled(to, place->copy, place->node, w, rows, cols, scratch->row, NULL);
    else square += kernels->centre(to, place->node, scratch->column, cols, total, 1.0 / sqrt((double)rows));
  }
  return square;
}

/* *residual: of a weight with two exchangeable sides. False where a weight is not finite, or the squares are not. */
static bool put_weight(double *trivial, double *vectors, double *residual, network_scratch *scratch,
                       const network_tensor *tensor, const weights *w, const network_kernels *kernels) {
  const size_t rows = tensor->rows, cols = tensor->cols;
  double *const row = scratch->row, *const column = scratch->column;
  double *const in = tensor->row_set == NETWORK_NONE ? NULL : scratch->incoming[tensor->row_set];
  double *const out = tensor->column_set == NETWORK_NONE ? NULL : scratch->outgoing[tensor->column_set];
  double *const column_square = out ? scratch->column_square : NULL;
  if (w->single) kernels->sums_single(row, scratch->row_square, column, column_square, w->x, rows, cols, w->pivot);
  else kernels->sums_double(row, scratch->row_square, column, column_square, w->x, rows, cols, w->pivot);
  double sum = 0.0, square = 0.0;
  for (size_t i = 0; i < rows; i++) {
    sum += row[i];
    square += scratch->row_square[i];
  }
  if (in) put_norms(in, scratch->row_square, row, rows, w->pivot);
  if (out) put_norms(out, column_square, column, cols, w->pivot);
  put_trivial(trivial, scratch, tensor, w, sum);
  *residual = square - sum / (double)rows * sum / (double)cols - put_sides(vectors, scratch, tensor, w, sum, kernels);
  /* rounding may leave less than nothing */
  if (*residual < 0.0 || rows == 1 || cols == 1) *residual = 0.0;
  return isfinite(square);
}

/* The vectors of network k into its room; residual: [n_entries]. */
static bool put_network(double *vectors, double *residual, network_scratch *scratch, const network_layout *layout,
                        const double *pivot, const network_block *block, size_t k, const network_kernels *kernels) {
  bool finite = true;
  for (size_t t = 0; t < layout->n_tensors && finite; t++) {
    const network_tensor *tensor = &layout->tensors[t];
    const weights w = weights_of(layout, block, pivot, t, k);
    double *const trivial = vectors + scratch->trivial.at + tensor->trivial, rest;
    if (tensor->is_bias) finite = put_bias(trivial, vectors, scratch, tensor, &w, kernels);
    else finite = put_weight(trivial, vectors, &rest, scratch, tensor, &w, kernels);
    if (tensor->entries != NETWORK_NONE) residual[tensor->entries] = rest;
  }
  return finite;
}

/* ---- sums over networks */

static double mean_of(const double *x, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += x[i];
  return sum / (double)n;
}

static void add_norms(double *sums, double *products, const double *incoming, const double *outgoing, size_t width) {
  const double p = mean_of(incoming, width), q = mean_of(outgoing, width);
  double now[NORM_SUMS] = {0};
  for (size_t i = 0; i < width; i++) {
    const double in = incoming[i] - p, out = outgoing[i] - q;
    now[NORM_PP] += in * in;
    now[NORM_PQ] += in * out;
    now[NORM_QQ] += out * out;
  }
  for (size_t a = 0; a < NORM_SUMS; a++) {
    sums[a] += now[a];
    for (size_t b = 0; b < NORM_SUMS; b++) products[a * NORM_SUMS + b] += now[a] * now[b];
  }
}

/* Everything but the products of vectors. residual: [n_entries]. */
static void add_network(network_moments *state, const network_scratch *scratch, double *vectors,
                        const double *residual) {
  const network_layout *layout = &state->layout;
  double *trivial = vectors + scratch->trivial.at;
  double *squares = vectors + scratch->trivial_squares.at;
  for (size_t i = 0; i < layout->trivial; i++) {
    trivial[i] -= state->origin[i];
    state->trivial[i] += trivial[i];
    squares[i] = trivial[i] * trivial[i];
  }
  for (size_t e = 0; e < layout->n_entries; e++) {
    state->entries[e] += residual[e];
    if (state->robust) state->entry_squares[e] += residual[e] * residual[e];
  }
  for (size_t s = 0; s < layout->n_sets; s++)
    if (scratch->incoming[s])
      add_norms(state->norms + s * NORM_SUMS, state->norm_products + s * NORM_SUMS * NORM_SUMS, scratch->incoming[s],
                scratch->outgoing[s], layout->sets[s].width);
}

static void add_gram(double *products, double *squares, const network_scratch *scratch, const vector_place *left,
                     const vector_place *right, size_t networks, const network_kernels *kernels) {
  const network_vectors v = {.left = scratch->vectors + left->at,
                             .right = scratch->vectors + right->at,
                             .copies = left->copies,
                             .nodes = left->nodes,
                             .stride = left->few ? left->copy : left->node,
                             .networks = networks,
                             .step = scratch->step};
  (left->few ? kernels->gram_few : kernels->gram_many)(products, squares, &v);
}

static void add_products(network_moments *state, const network_scratch *scratch, size_t networks,
                         const network_kernels *kernels) {
  const vector_place *t = &scratch->trivial;
  add_gram(state->trivial_products, state->trivial_fourth, scratch, t, t, networks, kernels);
  if (state->robust) add_gram(state->trivial_third, NULL, scratch, &scratch->trivial_squares, t, networks, kernels);
  for (size_t s = 0; s < state->layout.n_sets; s++)
    add_gram(state->set_products[s], state->set_squares[s], scratch, &scratch->sets[s], &scratch->sets[s], networks,
             kernels);
}

/* Products are summed in the upper triangle. */
static void mirror(double *a, size_t n) {
  enum { TILE = 16 }; /* whole cache lines on both sides */
  for (size_t top = 0; top < n; top += TILE)
    for (size_t left = 0; left <= top; left += TILE)
      for (size_t i = top; i < n && i < top + TILE; i++)
        for (size_t j = left; j < i && j < left + TILE; j++) a[i * n + j] = a[j * n + i];
}

static void mirror_products(network_moments *state) {
  mirror(state->trivial_products, state->layout.trivial);
  if (state->robust) mirror(state->trivial_fourth, state->layout.trivial);
  for (size_t s = 0; s < state->layout.n_sets; s++) {
    mirror(state->set_products[s], state->layout.sets[s].copies);
    if (state->robust) mirror(state->set_squares[s], state->layout.sets[s].copies);
  }
}

static const network_kernels *kernels_of(cpu_level level) {
#if defined(__x86_64__)
  if (level == CPU_V4) return &wlaw_network_kernels_v4;
  if (level == CPU_V3) return &wlaw_network_kernels_v3;
#endif
  (void)level;
  return &wlaw_network_kernels_baseline;
}

void wlaw_network_moments_set_origin(network_moments *state, network_scratch *scratch, const network_block *block,
                                     cpu_level level) {
  double residual[NETWORK_LAYERS];
  if (put_network(scratch->vectors, residual, scratch, &state->layout, state->pivot, block, 0, kernels_of(level)))
    memcpy(state->origin, scratch->vectors + scratch->trivial.at, state->layout.trivial * sizeof *state->origin);
}

size_t wlaw_network_moments_add(network_moments *state, network_scratch *scratch, const network_block *block, size_t n,
                                cpu_level level) {
  const network_kernels *kernels = kernels_of(level);
  double residual[NETWORK_LAYERS];
  for (size_t first = 0; first < n; first += scratch->batch) {
    const size_t networks = n - first < scratch->batch ? n - first : scratch->batch;
    for (size_t k = 0; k < networks; k++) {
      double *const vectors = scratch->vectors + k * scratch->step;
      if (!put_network(vectors, residual, scratch, &state->layout, state->pivot, block, first + k, kernels))
        return first + k;
      add_network(state, scratch, vectors, residual);
    }
    add_products(state, scratch, networks, kernels);
  }
  mirror_products(state);
  state->count += n;
  return n;
}

/* ---- coordinates of one network */

/* What row sums and column sums leave of a weight. */
static void put_residual(double *out, const network_scratch *scratch, const weights *w, size_t rows, size_t cols) {
  const double mean = mean_of(scratch->row, rows) / (double)cols;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < cols; j++)
      out[i * cols + j] =
          entry(w, i * cols + j) - scratch->row[i] / (double)cols - scratch->column[j] / (double)rows + mean;
}

wlaw_status wlaw_network_coordinates(double *trivial, double *copies, double *residual, const network_layout *layout,
                                     const network_block *block, wlaw_error *err) {
  network_scratch *scratch = NULL;
  const network_kernels *kernels = kernels_of(wlaw_cpu_level());
  WLAW_TRY(wlaw_network_scratch_new(&scratch, layout, err));
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const network_tensor *tensor = &layout->tensors[t];
    const weights w = weights_of(layout, block, NULL, t, 0);
    double *const to = scratch->vectors + scratch->trivial.at + tensor->trivial, rest;
    if (tensor->is_bias) put_bias(to, scratch->vectors, scratch, tensor, &w, kernels);
    else put_weight(to, scratch->vectors, &rest, scratch, tensor, &w, kernels);
    if (!residual || tensor->entries == NETWORK_NONE) continue;
    put_residual(residual, scratch, &w, tensor->rows, tensor->cols);
    residual += tensor->rows * tensor->cols;
  }
  memcpy(trivial, scratch->vectors + scratch->trivial.at, layout->trivial * sizeof *trivial);
  for (size_t s = 0; s < layout->n_sets; s++) {
    const vector_place *place = &scratch->sets[s];
    for (size_t c = 0; c < place->copies; c++)
      for (size_t i = 0; i < place->nodes; i++)
        *copies++ = scratch->vectors[place->at + c * place->copy + i * place->node];
  }
  wlaw_network_scratch_free(scratch);
  return WLAW_OK;
}
