#include <cblas.h>
#include <math.h>

#include "core/error.h"
#include "core/memory.h"
#include "law/network.h"
#include "math/blas.h"
#include "math/symmetric.h"

struct network_sampler {
  network_gaussian *root; /* the law with square roots in place of covariances */
  size_t room;            /* numbers a draw works in: trivial ones, copies of all sets, normals behind these */
};

static wlaw_status fill_roots(network_sampler *sampler, const network_gaussian *gaussian, wlaw_error *err) {
  const network_layout *layout = &gaussian->layout;
  WLAW_TRY(wlaw_network_gaussian_new(&sampler->root, layout, err));
  for (size_t i = 0; i < layout->trivial; i++) sampler->root->mean[i] = gaussian->mean[i];
  for (size_t b = 0; b < wlaw_network_blocks(layout); b++)
    WLAW_TRY(wlaw_symmetric_root(wlaw_network_block(sampler->root, b), wlaw_network_block(gaussian, b),
                                 wlaw_network_block_copies(layout, b), err));
  return WLAW_OK;
}

wlaw_status wlaw_network_sampler_new(network_sampler **out, const network_gaussian *gaussian, wlaw_error *err) {
  const network_layout *layout = &gaussian->layout;
  network_sampler *made = wlaw_array(1, sizeof *made);
  if (!made) return wlaw_fail_memory(err, 1, sizeof *made);
  size_t most = layout->trivial;
  made->room = layout->trivial;
  for (size_t s = 0; s < layout->n_sets; s++) {
    const size_t numbers = layout->sets[s].copies * layout->sets[s].width;
    made->room += numbers;
    if (numbers > most) most = numbers;
  }
  made->room += most;
  const wlaw_status status = fill_roots(made, gaussian, err);
  if (status != WLAW_OK) {
    wlaw_network_sampler_free(made);
    return status;
  }
  *out = made;
  return WLAW_OK;
}

void wlaw_network_sampler_free(network_sampler *sampler) {
  if (sampler) wlaw_network_gaussian_free(sampler->root);
  free(sampler);
}

/* out = root normals, out and normals [n, columns]. */
static void correlate(double *out, const double *root, double *normals, size_t n, size_t columns, wlaw_stream *stream) {
  const blasint rows = (blasint)n, across = (blasint)columns;
  wlaw_stream_normals(stream, normals, n * columns);
  wlaw_blas_begin();
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, across, rows, 1.0, root, rows, normals, across, 0.0, out,
              across);
  wlaw_blas_end();
}

/* Takes the mean off n numbers `step` apart. */
static void centre(double *x, size_t n, size_t step) {
  double mean = 0.0;
  for (size_t i = 0; i < n; i++) mean += x[i * step] / (double)n;
  for (size_t i = 0; i < n; i++) x[i * step] -= mean;
}

/* What is left of a weight without its trivial part and its copies. */
static void draw_entries(double *out, const network_tensor *tensor, double sd, wlaw_stream *stream) {
  const size_t m = tensor->rows, n = tensor->cols;
  wlaw_stream_normals(stream, out, m * n);
  for (size_t i = 0; i < m; i++) centre(out + i * n, n, 1);
  for (size_t j = 0; j < n; j++) centre(out + j, m, n);
  for (size_t e = 0; e < m * n; e++) out[e] *= sd;
}

/* Coordinates are orthonormal: each goes back along its own unit vector. trivial: [T]; vectors: of each set [copies,
 * width]. */
static void assemble(double *out, const network_layout *layout, size_t t, const double *trivial,
                     double *const vectors[]) {
  const network_tensor *tensor = &layout->tensors[t];
  const size_t m = tensor->rows, n = tensor->cols;
  const double unit = 1.0 / wlaw_network_unit(layout, t);
  const double *own = trivial + tensor->trivial;
  const double *rows = tensor->n_row_copies ? vectors[tensor->row_set] + tensor->row_copy * m : NULL;
  const double *columns = tensor->n_column_copies ? vectors[tensor->column_set] + tensor->column_copy * n : NULL;
  const double across = tensor->cols_labelled ? 1.0 : 1.0 / sqrt((double)n);
  const double down = tensor->rows_labelled ? 1.0 : 1.0 / sqrt((double)m);
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      const size_t place = tensor->rows_labelled ? i * (tensor->cols_labelled ? n : 1) : 0;
      double value = unit * own[place + (tensor->cols_labelled ? j : 0)];
      if (rows) value += across * rows[(tensor->cols_labelled ? j * m : 0) + i];
      if (columns) value += down * columns[(tensor->rows_labelled ? i * n : 0) + j];
      out[i * n + j] += value;
    }
}

wlaw_status wlaw_network_draw(double *const tensors[], const network_sampler *sampler, wlaw_stream *stream,
                              wlaw_error *err) {
  const network_gaussian *root = sampler->root;
  const network_layout *layout = &root->layout;
  const size_t T = layout->trivial;
  double *room = wlaw_array(sampler->room, sizeof *room), *vectors[NETWORK_SETS];
  if (!room) return wlaw_fail_memory(err, sampler->room, sizeof *room);
  double *trivial = room, *normals = trivial + T;
  for (size_t s = 0; s < layout->n_sets; s++) {
    vectors[s] = normals;
    normals += layout->sets[s].copies * layout->sets[s].width;
  }
  correlate(trivial, root->trivial, normals, T, 1, stream);
  for (size_t i = 0; i < T; i++) trivial[i] += root->mean[i];
  for (size_t s = 0; s < layout->n_sets; s++) {
    const size_t copies = layout->sets[s].copies, width = layout->sets[s].width;
    correlate(vectors[s], root->sets[s], normals, copies, width, stream);
    for (size_t c = 0; c < copies; c++) centre(vectors[s] + c * width, width, 1);
  }
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const network_tensor *tensor = &layout->tensors[t];
    if (tensor->entries != NETWORK_NONE) draw_entries(tensors[t], tensor, root->entries[tensor->entries], stream);
    else
      for (size_t e = 0; e < tensor->rows * tensor->cols; e++) tensors[t][e] = 0.0;
    assemble(tensors[t], layout, t, trivial, vectors);
  }
  free(room);
  return WLAW_OK;
}
