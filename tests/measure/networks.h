/* Networks in memory, and the sums over them by their definitions in long double. */
#ifndef TESTS_MEASURE_NETWORKS_H
#define TESTS_MEASURE_NETWORKS_H

#include "support/test.h"

#include "core/stream.h"
#include "measure/network_moments.h"

/* A shape by its widths, biases everywhere or nowhere. */
static inline network_shape shape_of(size_t layers, const size_t *width, bool bias, network_side input,
                                     network_side output) {
  network_shape shape = {.layers = layers, .input = input, .output = output};
  memcpy(shape.width, width, (layers + 1) * sizeof *width);
  for (size_t l = 0; l < layers; l++) shape.bias[l] = bias;
  return shape;
}

static inline network_layout layout_of(network_shape shape) {
  network_layout layout;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_layout(&layout, &shape, err));
  wlaw_error_free(err);
  return layout;
}

/* [n] networks, tensor by tensor, as doubles and as floats of the same values. */
typedef struct some_networks {
  network_layout layout;
  size_t n;
  double *whole[NETWORK_TENSORS];
  float *single[NETWORK_TENSORS];
} some_networks;

static inline some_networks some_networks_new(network_layout layout, size_t n, double mean, double spread,
                                              uint32_t number) {
  some_networks all = {.layout = layout, .n = n};
  for (size_t t = 0; t < layout.n_tensors; t++) {
    const size_t length = n * layout.tensors[t].rows * layout.tensors[t].cols;
    all.whole[t] = malloc(length * sizeof(double));
    all.single[t] = malloc(length * sizeof(float));
    wlaw_stream stream = wlaw_stream_start(6, STREAM_TEST, number, (uint32_t)t);
    wlaw_stream_normals(&stream, all.whole[t], length);
    for (size_t i = 0; i < length; i++) {
      const double z = all.whole[t][i];
      all.single[t][i] = (float)(mean * (1.0 + 0.1 * (double)t) + spread * (z + 0.2 * z * z));
      all.whole[t][i] = (double)all.single[t][i];
    }
  }
  return all;
}

static inline void some_networks_free(some_networks *all) {
  for (size_t t = 0; t < all->layout.n_tensors; t++) {
    free(all->whole[t]);
    free(all->single[t]);
  }
}

static inline network_block block_of(const some_networks *all, bool single, size_t first) {
  network_block block = {.single = single};
  for (size_t t = 0; t < all->layout.n_tensors; t++) {
    const size_t at = first * all->layout.tensors[t].rows * all->layout.tensors[t].cols;
    block.tensors[t] = single ? (const void *)(all->single[t] + at) : (const void *)(all->whole[t] + at);
  }
  return block;
}

/* Coordinates of one network by the definitions; copies and residual in the shape of wlaw_network_coordinates. */
typedef struct exact_network {
  long double *trivial, *copies, *residual, *incoming, *outgoing; /* the last two: [n_sets, widest] */
  size_t first_copy[NETWORK_SETS];                                /* place of a set's copies */
} exact_network;

static inline size_t copies_length(const network_layout *layout) {
  size_t n = 0;
  for (size_t s = 0; s < layout->n_sets; s++) n += layout->sets[s].copies * layout->sets[s].width;
  return n;
}

static inline size_t widest_set(const network_layout *layout) {
  size_t n = 0;
  for (size_t s = 0; s < layout->n_sets; s++) n = layout->sets[s].width > n ? layout->sets[s].width : n;
  return n;
}

static inline exact_network exact_new(const network_layout *layout) {
  exact_network e;
  e.trivial = calloc(layout->trivial, sizeof(long double));
  e.copies = calloc(copies_length(layout) + 1, sizeof(long double));
  e.residual = calloc(wlaw_network_dimension(layout), sizeof(long double));
  e.incoming = calloc(layout->n_sets * widest_set(layout) + 1, sizeof(long double));
  e.outgoing = calloc(layout->n_sets * widest_set(layout) + 1, sizeof(long double));
  for (size_t s = 0, at = 0; s < layout->n_sets; s++) {
    e.first_copy[s] = at;
    at += layout->sets[s].copies * layout->sets[s].width;
  }
  return e;
}

static inline void exact_free(exact_network *e) {
  free(e->trivial);
  free(e->copies);
  free(e->residual);
  free(e->incoming);
  free(e->outgoing);
}

/* x: [rows, cols] of tensor t. Every number is a sum over the matrix written out, with nothing shared. */
static inline void exact_tensor(exact_network *e, long double **residual, const network_layout *layout, size_t t,
                                const double *x, long double pivot) {
  const network_tensor *k = &layout->tensors[t];
  const size_t m = k->rows, n = k->cols, widest = widest_set(layout);
  const bool rl = k->rows_labelled, cl = k->cols_labelled || k->is_bias;
  const long double M = (long double)m, N = (long double)n;
  long double s = 0, *r = calloc(m, sizeof *r), *c = calloc(n, sizeof *c);
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      const long double v = (long double)x[i * n + j] - pivot;
      s += v;
      r[i] += v;
      c[j] += v;
      if (!k->is_bias && k->row_set != NETWORK_NONE) e->incoming[k->row_set * widest + i] += (v + pivot) * (v + pivot);
      if (!k->is_bias && k->column_set != NETWORK_NONE)
        e->outgoing[k->column_set * widest + j] += (v + pivot) * (v + pivot);
    }
  long double *trivial = e->trivial + k->trivial;
  if (rl && cl)
    for (size_t i = 0; i < m * n; i++) trivial[i] = (long double)x[i] - pivot;
  else if (rl)
    for (size_t i = 0; i < m; i++) trivial[i] = r[i] / sqrtl(N);
  else if (cl)
    for (size_t j = 0; j < n; j++) trivial[j] = c[j] / sqrtl(M);
  else *trivial = s / sqrtl(M * N);
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      const long double v = (long double)x[i * n + j] - pivot;
      if (!rl) {
        long double *u = e->copies + e->first_copy[k->row_set] + k->row_copy * m;
        if (cl) u[j * m + i] = v - c[j] / M;
        else u[i] = (r[i] - s / M) / sqrtl(N);
      }
      if (!k->is_bias && !k->cols_labelled) {
        long double *u = e->copies + e->first_copy[k->column_set] + k->column_copy * n;
        if (rl) u[i * n + j] = v - r[i] / N;
        else u[j] = (c[j] - s / N) / sqrtl(M);
      }
      if (k->entries != NETWORK_NONE) *(*residual)++ = v - r[i] / N - c[j] / M + s / (M * N);
    }
  free(r);
  free(c);
}

/* whole: views of one network's tensors. */
static inline void exact_measure(exact_network *e, const network_layout *layout, const double *const *whole,
                                 const double *pivot) {
  long double *residual = e->residual;
  memset(e->incoming, 0, layout->n_sets * widest_set(layout) * sizeof(long double));
  memset(e->outgoing, 0, layout->n_sets * widest_set(layout) * sizeof(long double));
  for (size_t t = 0; t < layout->n_tensors; t++)
    exact_tensor(e, &residual, layout, t, whole[t], pivot ? (long double)pivot[t] : 0.0L);
}

#endif
