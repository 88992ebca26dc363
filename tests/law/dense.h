/* Brute force for the tests of matrix laws: the group average of the sample covariance as a D^2 x D^2 matrix (the
 * maximum-likelihood estimate under an invariant Gaussian law, by definition), LAPACK for its roots and determinants.
 */
#ifndef TESTS_LAW_DENSE_H
#define TESTS_LAW_DENSE_H

#include "core/stream.h"
#include "support/test.h"

enum { DENSE_MOST = 36 }; /* D = 6 */

extern void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
                   const int *lwork, int *info);

typedef struct dense_law {
  size_t rows, cols, size; /* size = rows * cols */
  double mean[DENSE_MOST];
  double covariance[DENSE_MOST * DENSE_MOST];
} dense_law;

/* Matrices with every kind of structure: row, column and diagonal effects that depend on one another, entries that
 * depend on their mirror image, a level of their own, a mean `level` + `extra` on the diagonal. */
static inline void dense_sample(double *out, size_t networks, size_t rows, size_t cols, double level, double extra,
                                uint32_t major) {
  wlaw_stream stream = wlaw_stream_start(11, STREAM_TEST, major, (uint32_t)(100 * rows + cols));
  for (size_t k = 0; k < networks; k++) {
    double g[DENSE_MOST], x[32], y[32], z[32], s[2];
    double *M = out + k * rows * cols;
    wlaw_stream_normals(&stream, g, rows * cols);
    wlaw_stream_normals(&stream, x, cols);
    wlaw_stream_normals(&stream, y, rows);
    wlaw_stream_normals(&stream, z, rows);
    wlaw_stream_normals(&stream, s, 2);
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < cols; j++) {
        const size_t mirror = rows == cols ? j * cols + i : i * cols + j;
        M[i * cols + j] = level + g[i * cols + j] + 0.4 * g[mirror] + 0.5 * x[j] + 0.7 * y[i] + 0.3 * s[0];
        if (rows == cols) M[i * cols + j] += -0.4 * y[j] + (i == j) * (extra + 0.8 * z[i] + 0.3 * y[i] + 0.5 * s[1]);
      }
  }
}

/* Adds a's value at (p(i), q(j)), (p(k), q(l)) for one pair of permutations. */
static inline void dense_average_step(dense_law *sum, const dense_law *a, const int *p, const int *q) {
  size_t to[DENSE_MOST];
  for (size_t i = 0; i < a->rows; i++)
    for (size_t j = 0; j < a->cols; j++) to[i * a->cols + j] = (size_t)p[i] * a->cols + (size_t)q[j];
  for (size_t e = 0; e < a->size; e++) {
    sum->mean[e] += a->mean[to[e]];
    for (size_t f = 0; f < a->size; f++) sum->covariance[e * a->size + f] += a->covariance[to[e] * a->size + to[f]];
  }
}

static inline bool next_permutation(int *p, size_t n) {
  size_t i = n - 1;
  while (i > 0 && p[i - 1] >= p[i]) i--;
  if (i == 0) return false;
  size_t j = n - 1;
  while (p[j] <= p[i - 1]) j--;
  const int held = p[i - 1];
  p[i - 1] = p[j];
  p[j] = held;
  for (size_t a = i, b = n - 1; a < b; a++, b--) {
    const int swapped = p[a];
    p[a] = p[b];
    p[b] = swapped;
  }
  return true;
}

/* Average over S_D acting on rows and columns together, or over S_m x S_n. */
static inline void dense_average(dense_law *law, bool together) {
  static dense_law sum;
  int p[6] = {0, 1, 2, 3, 4, 5};
  double count = 0;
  memset(&sum, 0, sizeof sum);
  do {
    int q[6] = {0, 1, 2, 3, 4, 5};
    do {
      dense_average_step(&sum, law, p, together ? p : q);
      count++;
    } while (!together && next_permutation(q, law->cols));
  } while (next_permutation(p, law->rows));
  for (size_t e = 0; e < law->size; e++) law->mean[e] = sum.mean[e] / count;
  for (size_t e = 0; e < law->size * law->size; e++) law->covariance[e] = sum.covariance[e] / count;
}

/* The invariant mean first, then second moments about it, then their average. */
static inline void dense_fit(dense_law *law, const double *matrices, size_t networks, size_t rows, size_t cols,
                             bool together) {
  memset(law, 0, sizeof *law);
  law->rows = rows;
  law->cols = cols;
  const size_t n = law->size = rows * cols;
  long double mean[DENSE_MOST] = {0};
  for (size_t k = 0; k < networks; k++)
    for (size_t e = 0; e < n; e++) mean[e] += (long double)matrices[k * n + e] / (long double)networks;
  for (size_t e = 0; e < n; e++) law->mean[e] = (double)mean[e];
  dense_average(law, together);
  for (size_t k = 0; k < networks; k++)
    for (size_t e = 0; e < n; e++)
      for (size_t f = 0; f < n; f++)
        law->covariance[e * n + f] +=
            (matrices[k * n + e] - law->mean[e]) * (matrices[k * n + f] - law->mean[f]) / (double)networks;
  double kept[DENSE_MOST];
  memcpy(kept, law->mean, sizeof kept);
  dense_average(law, together);
  memcpy(law->mean, kept, sizeof kept);
}

static inline void dense_eigen(double *values, double *vectors, const double *a, size_t size) {
  double work[8 * DENSE_MOST];
  const int n = (int)size, lwork = 8 * DENSE_MOST;
  int info = 0;
  memcpy(vectors, a, size * size * sizeof *vectors);
  dsyev_("V", "U", &n, vectors, &n, values, work, &lwork, &info);
  assert_int_equal(info, 0);
}

/* out = sum_k f(value_k) v_k v_k', f: 'r' root, 'i' inverse. */
static inline void dense_function(double *out, const double *a, size_t n, char f) {
  static double vectors[DENSE_MOST * DENSE_MOST];
  double values[DENSE_MOST];
  dense_eigen(values, vectors, a, n);
  memset(out, 0, n * n * sizeof *out);
  for (size_t k = 0; k < n; k++) {
    const double value = f == 'r' ? sqrt(fmax(values[k], 0)) : 1 / values[k];
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) out[i * n + j] += value * vectors[k * n + i] * vectors[k * n + j];
  }
}

static inline double dense_log_det(const double *a, size_t n) {
  static double vectors[DENSE_MOST * DENSE_MOST];
  double values[DENSE_MOST], sum = 0;
  dense_eigen(values, vectors, a, n);
  for (size_t k = 0; k < n; k++) sum += log(values[k]);
  return sum;
}

static inline void dense_multiply(double *out, const double *a, const double *b, size_t n) {
  memset(out, 0, n * n * sizeof *out);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < n; k++)
      for (size_t j = 0; j < n; j++) out[i * n + j] += a[i * n + k] * b[k * n + j];
}

static inline double dense_trace(const double *a, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i * n + i];
  return sum;
}

static inline double dense_wasserstein_squared(const dense_law *a, const dense_law *b) {
  static double root[DENSE_MOST * DENSE_MOST], half[DENSE_MOST * DENSE_MOST], inner[DENSE_MOST * DENSE_MOST];
  const size_t n = a->size;
  double sum = dense_trace(a->covariance, n) + dense_trace(b->covariance, n);
  for (size_t e = 0; e < n; e++) sum += (a->mean[e] - b->mean[e]) * (a->mean[e] - b->mean[e]);
  dense_function(root, a->covariance, n, 'r');
  dense_multiply(half, root, b->covariance, n);
  dense_multiply(inner, half, root, n);
  dense_function(root, inner, n, 'r');
  return sum - 2 * dense_trace(root, n);
}

static inline double dense_kl(const dense_law *f, const dense_law *g) {
  static double inverse[DENSE_MOST * DENSE_MOST], product[DENSE_MOST * DENSE_MOST];
  const size_t n = f->size;
  dense_function(inverse, g->covariance, n, 'i');
  dense_multiply(product, inverse, f->covariance, n);
  double sum = dense_trace(product, n) - (double)n + dense_log_det(g->covariance, n) - dense_log_det(f->covariance, n);
  for (size_t e = 0; e < n; e++)
    for (size_t d = 0; d < n; d++) sum += (f->mean[e] - g->mean[e]) * inverse[e * n + d] * (f->mean[d] - g->mean[d]);
  return sum / 2;
}

/* sum over networks of the log density, one by one. */
static inline double dense_log_likelihood(const dense_law *law, const double *matrices, size_t networks) {
  static double inverse[DENSE_MOST * DENSE_MOST];
  const size_t n = law->size;
  dense_function(inverse, law->covariance, n, 'i');
  double sum = -0.5 * (double)networks * ((double)n * log(2 * acos(-1.0)) + dense_log_det(law->covariance, n));
  for (size_t k = 0; k < networks; k++)
    for (size_t e = 0; e < n; e++)
      for (size_t f = 0; f < n; f++)
        sum -= 0.5 * (matrices[k * n + e] - law->mean[e]) * inverse[e * n + f] * (matrices[k * n + f] - law->mean[f]);
  return sum;
}

#endif
