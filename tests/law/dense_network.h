/* Brute force for the law of whole networks: all weights and biases of a network as one vector, the sample mean and
 * covariance averaged over the whole permutation group of its node sets (the maximum-likelihood estimate under an
 * invariant normal law, by definition), and laws written out as dense covariances. Vectors hold the tensors of the
 * layout one after another, row by row; at most DENSE_MOST numbers. */
#ifndef TESTS_LAW_DENSE_NETWORK_H
#define TESTS_LAW_DENSE_NETWORK_H

#include "law/dense.h"
#include "law/network.h"
#include "measure/networks.h"

enum { DENSE_SIDE = 6 };

typedef struct dense_ensemble {
  network_layout layout;
  size_t n, size;
  size_t first[NETWORK_TENSORS]; /* place of a tensor in the vector */
  double *vectors;               /* [n, size] */
  double *tensors[NETWORK_TENSORS];
} dense_ensemble;

static inline dense_ensemble ensemble_new(network_shape shape, size_t n) {
  dense_ensemble all = {.layout = layout_of(shape), .n = n};
  for (size_t t = 0; t < all.layout.n_tensors; t++) {
    all.first[t] = all.size;
    all.size += all.layout.tensors[t].rows * all.layout.tensors[t].cols;
  }
  all.vectors = calloc(n * all.size, sizeof(double));
  for (size_t t = 0; t < all.layout.n_tensors; t++)
    all.tensors[t] = calloc(n * all.layout.tensors[t].rows * all.layout.tensors[t].cols, sizeof(double));
  return all;
}

static inline void ensemble_free(dense_ensemble *all) {
  free(all->vectors);
  for (size_t t = 0; t < all->layout.n_tensors; t++) free(all->tensors[t]);
}

/* The tensors' arrays from the vectors. */
static inline void ensemble_split(dense_ensemble *all) {
  for (size_t t = 0; t < all->layout.n_tensors; t++) {
    const size_t length = all->layout.tensors[t].rows * all->layout.tensors[t].cols;
    for (size_t k = 0; k < all->n; k++)
      memcpy(all->tensors[t] + k * length, all->vectors + k * all->size + all->first[t], length * sizeof(double));
  }
}

/* Weights that depend on their nodes, on the next layer's through these, on labels, and on the network. */
static inline void ensemble_fill(dense_ensemble *all, double level, uint32_t major) {
  wlaw_stream stream = wlaw_stream_start(41, STREAM_TEST, major, (uint32_t)all->size);
  for (size_t k = 0; k < all->n; k++) {
    double node[NETWORK_SETS][DENSE_SIDE][2], own[DENSE_SIDE * DENSE_SIDE], total;
    for (size_t s = 0; s <= all->layout.shape.layers; s++)
      wlaw_stream_normals(&stream, &node[s][0][0], (size_t)DENSE_SIDE * 2);
    wlaw_stream_normals(&stream, &total, 1);
    for (size_t t = 0; t < all->layout.n_tensors; t++) {
      const network_tensor *tensor = &all->layout.tensors[t];
      double *x = all->vectors + k * all->size + all->first[t];
      wlaw_stream_normals(&stream, own, tensor->rows * tensor->cols);
      for (size_t i = 0; i < tensor->rows; i++)
        for (size_t j = 0; j < tensor->cols; j++) {
          const double *to = node[tensor->layer + 1][i], *from = node[tensor->layer][j];
          double *value = &x[i * tensor->cols + j];
          *value = level + 0.3 * total + own[i * tensor->cols + j] + 0.7 * to[0] - 0.2 * to[1];
          if (!tensor->is_bias) *value += 0.5 * from[1] + 0.3 * from[0];
          if (tensor->rows_labelled) *value += 0.4 * (double)i;
          if (tensor->cols_labelled) *value -= 0.6 * (double)j * (1.0 + 0.2 * total);
        }
    }
  }
  ensemble_split(all);
}

static inline network_moments *ensemble_moments(const dense_ensemble *all) {
  network_block block = {.single = false};
  double pivot[NETWORK_TENSORS];
  network_moments *state = NULL;
  network_scratch *scratch = NULL;
  wlaw_error *err = wlaw_error_new();
  for (size_t t = 0; t < all->layout.n_tensors; t++) block.tensors[t] = all->tensors[t];
  wlaw_network_pivot(pivot, &all->layout, &block);
  check_ok(wlaw_network_moments_new(&state, &all->layout, pivot, true, err));
  check_ok(wlaw_network_scratch_new(&scratch, &all->layout, err));
  assert_int_equal(wlaw_network_moments_add(state, scratch, &block, all->n, wlaw_cpu_level()), all->n);
  wlaw_network_scratch_free(scratch);
  wlaw_error_free(err);
  return state;
}

/* ---- averages over permutations */

/* sum += law with its coordinates moved by `to`. */
static inline void dense_add_moved(dense_law *sum, const dense_law *law, const size_t *to) {
  for (size_t e = 0; e < law->size; e++) {
    sum->mean[e] += law->mean[to[e]];
    for (size_t f = 0; f < law->size; f++)
      sum->covariance[e * law->size + f] += law->covariance[to[e] * law->size + to[f]];
  }
}

static inline void dense_scale(dense_law *law, double by) {
  for (size_t e = 0; e < law->size; e++) law->mean[e] *= by;
  for (size_t e = 0; e < law->size * law->size; e++) law->covariance[e] *= by;
}

static inline void move_tensor(size_t *to, const dense_ensemble *all, size_t t, const int *p, const int *q) {
  const network_tensor *tensor = &all->layout.tensors[t];
  for (size_t i = 0; i < tensor->rows; i++)
    for (size_t j = 0; j < tensor->cols; j++)
      to[all->first[t] + i * tensor->cols + j] =
          all->first[t] + (size_t)p[i] * tensor->cols + (size_t)(tensor->is_bias ? 0 : q[j]);
}

static inline void identity(int *p) {
  for (int i = 0; i < DENSE_SIDE; i++) p[i] = i;
}

/* Over all permutations of all exchangeable node sets: an odometer with a wheel for each set. */
static inline void dense_average_network(dense_law *law, const dense_ensemble *all) {
  static dense_law sum;
  const network_shape *shape = &all->layout.shape;
  int p[NETWORK_SETS][DENSE_SIDE];
  size_t to[DENSE_MOST], set;
  double count = 0;
  memset(&sum, 0, sizeof sum);
  sum.size = law->size;
  for (size_t s = 0; s <= shape->layers; s++) identity(p[s]);
  do {
    for (size_t t = 0; t < all->layout.n_tensors; t++)
      move_tensor(to, all, t, p[all->layout.tensors[t].layer + 1], p[all->layout.tensors[t].layer]);
    dense_add_moved(&sum, law, to);
    count++;
    for (set = 0; set <= shape->layers; set++) {
      const bool turns = set == 0               ? shape->input == SIDE_EXCHANGEABLE
                         : set == shape->layers ? shape->output == SIDE_EXCHANGEABLE
                                                : true;
      if (turns && next_permutation(p[set], shape->width[set])) break;
      identity(p[set]);
    }
  } while (set <= shape->layers);
  dense_scale(&sum, 1 / count);
  *law = sum;
}

/* Tensor by tensor over permutations of its own rows and columns, independent of all others; then, for iid, all its
 * entries alike. */
static inline void dense_average_tensors(dense_law *law, const dense_ensemble *all, bool iid) {
  static dense_law sum, out;
  memset(&out, 0, sizeof out);
  out.size = law->size;
  for (size_t t = 0; t < all->layout.n_tensors; t++) {
    const network_tensor *tensor = &all->layout.tensors[t];
    const size_t first = all->first[t], n = tensor->rows * tensor->cols;
    size_t to[DENSE_MOST];
    double count = 0, mean = 0, variance = 0;
    int p[DENSE_SIDE], q[DENSE_SIDE];
    memset(&sum, 0, sizeof sum);
    for (size_t e = 0; e < law->size; e++) to[e] = e;
    identity(p);
    do {
      identity(q);
      do {
        move_tensor(to, all, t, p, q);
        dense_add_moved(&sum, law, to);
        count++;
      } while (!tensor->cols_labelled && !tensor->is_bias && next_permutation(q, tensor->cols));
    } while (!tensor->rows_labelled && next_permutation(p, tensor->rows));
    for (size_t e = first; e < first + n; e++) {
      mean += sum.mean[e] / count / (double)n;
      variance += sum.covariance[e * law->size + e] / count / (double)n;
    }
    for (size_t e = first; e < first + n; e++) {
      out.mean[e] = iid ? mean : sum.mean[e] / count;
      for (size_t f = first; f < first + n; f++)
        out.covariance[e * law->size + f] = !iid ? sum.covariance[e * law->size + f] / count : e == f ? variance : 0.0;
    }
  }
  *law = out;
}

static inline void dense_average_nesting(dense_law *law, const dense_ensemble *all, network_nesting nesting) {
  if (nesting == NETWORK_WHOLE) dense_average_network(law, all);
  else dense_average_tensors(law, all, nesting == NETWORK_IID);
}

/* The invariant mean first, then second moments about it, then their average. */
static inline void dense_fit_network(dense_law *law, const dense_ensemble *all, network_nesting nesting) {
  static dense_law mean;
  const size_t n = all->size;
  memset(&mean, 0, sizeof mean);
  mean.size = n;
  for (size_t e = 0; e < n; e++) {
    long double sum = 0;
    for (size_t k = 0; k < all->n; k++) sum += (long double)all->vectors[k * n + e];
    mean.mean[e] = (double)(sum / (long double)all->n);
  }
  dense_average_nesting(&mean, all, nesting);
  memset(law, 0, sizeof *law);
  law->size = n;
  for (size_t k = 0; k < all->n; k++) {
    const double *x = all->vectors + k * n;
    for (size_t e = 0; e < n; e++)
      for (size_t f = 0; f < n; f++)
        law->covariance[e * n + f] += (x[e] - mean.mean[e]) * (x[f] - mean.mean[f]) / (double)all->n;
  }
  dense_average_nesting(law, all, nesting);
  memcpy(law->mean, mean.mean, sizeof law->mean);
}

/* ---- a law written out: its coordinates of every unit vector, from their definitions */

static inline void dense_of_law(dense_law *out, const network_gaussian *law, const dense_ensemble *all) {
  const network_layout *layout = &law->layout;
  const size_t n = all->size, T = layout->trivial;
  exact_network *unit = calloc(n, sizeof *unit);
  memset(out, 0, sizeof *out);
  out->size = n;
  for (size_t e = 0; e < n; e++) {
    double x[DENSE_MOST] = {0};
    const double *whole[NETWORK_TENSORS];
    x[e] = 1;
    for (size_t t = 0; t < layout->n_tensors; t++) whole[t] = x + all->first[t];
    unit[e] = exact_new(layout);
    exact_measure(&unit[e], layout, whole, NULL);
    for (size_t a = 0; a < T; a++) out->mean[e] += (double)unit[e].trivial[a] * law->mean[a];
  }
  for (size_t e = 0; e < n; e++)
    for (size_t f = 0; f < n; f++) {
      const exact_network *x = &unit[e], *y = &unit[f];
      long double sum = 0;
      for (size_t a = 0; a < T; a++)
        for (size_t b = 0; b < T; b++) sum += x->trivial[a] * (long double)law->trivial[a * T + b] * y->trivial[b];
      for (size_t s = 0; s < layout->n_sets; s++)
        for (size_t a = 0; a < layout->sets[s].copies; a++)
          for (size_t b = 0; b < layout->sets[s].copies; b++)
            for (size_t i = 0; i < layout->sets[s].width; i++)
              sum += x->copies[x->first_copy[s] + a * layout->sets[s].width + i] *
                     (long double)law->sets[s][a * layout->sets[s].copies + b] *
                     y->copies[y->first_copy[s] + b * layout->sets[s].width + i];
      size_t at = 0;
      for (size_t t = 0; t < layout->n_tensors; t++) {
        const network_tensor *tensor = &layout->tensors[t];
        if (tensor->entries == NETWORK_NONE) continue;
        for (size_t i = 0; i < tensor->rows * tensor->cols; i++, at++)
          sum += x->residual[at] * (long double)law->entries[tensor->entries] * y->residual[at];
      }
      out->covariance[e * n + f] = (double)sum;
    }
  for (size_t e = 0; e < n; e++) exact_free(&unit[e]);
  free(unit);
}

#endif
