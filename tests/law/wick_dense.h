/* Brute force for predictions of invariants: a polynomial of degree k as its full symmetric tensor over the entries of
 * the matrix, expectations and Wick-ordered parts by contraction with the dense mean and covariance (Isserlis 1918). */
#ifndef TESTS_LAW_WICK_DENSE_H
#define TESTS_LAW_WICK_DENSE_H

#include <cblas.h>

#include "law/dense.h"
#include "math/blas.h"
#include "math/graph.h"

enum { WICK_ORDERS = GRAPH_EDGES + 1 };

static inline size_t power_of(size_t base, size_t exponent) {
  size_t product = 1;
  for (size_t k = 0; k < exponent; k++) product *= base;
  return product;
}

/* O(M) = sum over e1 ... ek of T[e1, ..., ek] M_e1 ... M_ek, averaged over the order of the edges. */
static inline double *dense_tensor(const graph *g, size_t rows, size_t cols) {
  const size_t S = rows * cols, k = g->n_edges;
  double *T = calloc(power_of(S, k), sizeof *T);
  assert_non_null(T);
  size_t limit[GRAPH_NODES], index[GRAPH_NODES] = {0};
  for (size_t v = 0; v < g->n_nodes; v++) limit[v] = rows;
  if (rows != cols)
    for (size_t e = 0; e < k; e++) limit[g->edges[e].to] = cols;
  double orders = 1;
  for (size_t e = 2; e <= k; e++) orders *= (double)e;
  for (;;) {
    int p[6] = {0, 1, 2, 3, 4, 5};
    do {
      size_t at = 0;
      for (size_t e = 0; e < k; e++) {
        const graph_edge edge = g->edges[p[e]];
        at = at * S + index[edge.from] * cols + index[edge.to];
      }
      T[at] += 1 / orders;
    } while (next_permutation(p, k));
    size_t v = 0;
    while (v < g->n_nodes && ++index[v] == limit[v]) index[v++] = 0;
    if (v == g->n_nodes) return T;
  }
}

/* out[rest] = sum over the first axes of T[axes, rest] with[axes]. */
static inline void contract_first(double *out, const double *T, const double *with, size_t axes, size_t rest) {
  wlaw_blas_begin();
  cblas_dgemv(CblasRowMajor, CblasTrans, (int)axes, (int)rest, 1, T, (int)rest, with, 1, 0, out, 1);
  wlaw_blas_end();
}

/* Room of doubles for as long as the next call with this turn: a fresh one every time would be mostly page faults. */
static inline double *dense_room(size_t turn, size_t n) {
  static double *rooms[5];
  static size_t sizes[5];
  if (sizes[turn] < n) {
    free(rooms[turn]);
    rooms[turn] = malloc(n * sizeof(double));
    sizes[turn] = n;
    assert_non_null(rooms[turn]);
  }
  return rooms[turn];
}

/* Room 3 or 4 = the symmetric f with C along `axes` of its m axes, those last. */
static inline double *dense_transform(size_t axes, const double *f, const double *C, size_t S, size_t m) {
  const size_t n = power_of(S, m);
  double *a = dense_room(3, n), *b = dense_room(4, n);
  if (axes == 0) memcpy(a, f, n * sizeof *a);
  for (size_t k = 0; k < axes; k++) {
    wlaw_blas_begin();
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)(n / S), (int)S, (int)S, 1, k == 0 ? f : a, (int)(n / S),
                C, (int)S, 0, b, (int)S);
    wlaw_blas_end();
    double *held = a;
    a = b;
    b = held;
  }
  return a;
}

/* <f, C (x) ... (x) C f>, half of the axes on either side. */
static inline double dense_norm(const double *f, const double *C, size_t S, size_t m) {
  const size_t half = m / 2, rows = power_of(S, m - half), columns = power_of(S, half), n = rows * columns;
  double *kept = dense_room(2, n), sum = 0;
  memcpy(kept, dense_transform(half, f, C, S, m), n * sizeof *kept);                  /* [rest, half with C] */
  const double *other = 2 * half == m ? kept : dense_transform(m - half, f, C, S, m); /* [half, rest with C] */
  enum { TILE = 32 }; /* one of the two is read across */
  for (size_t r0 = 0; r0 < rows; r0 += TILE)
    for (size_t c0 = 0; c0 < columns; c0 += TILE)
      for (size_t r = r0; r < rows && r < r0 + TILE; r++)
        for (size_t c = c0; c < columns && c < c0 + TILE; c++) sum += kept[r * columns + c] * other[c * rows + r];
  return sum;
}

typedef struct dense_prediction {
  double mean, variance, chaos[GRAPH_EDGES];
  double part1[DENSE_MOST], part2[DENSE_MOST * DENSE_MOST]; /* Wick-ordered: sum part1 :M: + sum part2 :M M: */
} dense_prediction;

/* Part of degree m = binomial(k, m) sum over b pairs and n - 2b means of n! / (2^b b! (n - 2b)!), n = k - m. */
static inline double *dense_part(const double *T, const dense_law *law, size_t k, size_t m) {
  const size_t S = law->size, n = k - m, size = power_of(S, m);
  double *sum = calloc(size, sizeof *sum), choose = 1;
  assert_non_null(sum);
  for (size_t e = 0; e < m; e++) choose *= (double)(k - e) / (double)(m - e);
  for (size_t b = 0; 2 * b <= n; b++) {
    double ways = choose;
    const double *from = T;
    for (size_t left = k, e = 0, turn = 0; left > m; turn = !turn, e++) {
      const bool pair = e < b;
      if (pair) ways *= (double)((n - 2 * e) * (n - 2 * e - 1)) / (2.0 * (double)(e + 1));
      left -= pair ? 2 : 1;
      double *to = dense_room(turn, power_of(S, left));
      contract_first(to, from, pair ? law->covariance : law->mean, pair ? S * S : S, power_of(S, left));
      from = to;
    }
    for (size_t e = 0; e < size; e++) sum[e] += ways * from[e];
  }
  return sum;
}

/* Of the polynomial of degree k with the tensor T, which is freed. */
static inline void dense_predict_tensor(dense_prediction *out, double *T, size_t k, const dense_law *law) {
  double orders = 1;
  memset(out, 0, sizeof *out);
  for (size_t m = 0; m <= k; m++) {
    double *part = m < k ? dense_part(T, law, k, m) : T;
    if (m == 0) out->mean = part[0];
    if (m == 1) memcpy(out->part1, part, law->size * sizeof *part);
    if (m == 2) memcpy(out->part2, part, law->size * law->size * sizeof *part);
    if (m > 0) {
      orders *= (double)m;
      out->chaos[m - 1] = orders * dense_norm(part, law->covariance, law->size, m);
      out->variance += out->chaos[m - 1];
    }
    free(part);
  }
}

static inline void dense_predict(dense_prediction *out, const graph *g, const dense_law *law) {
  dense_predict_tensor(out, dense_tensor(g, law->rows, law->cols), g->n_edges, law);
}

/* Covariance of two polynomials as far as their parts of degree 1 and 2 go: a'Cb + 2 tr A C B C. */
static inline double dense_covariance(const dense_prediction *x, const dense_prediction *y, const dense_law *law) {
  static double half[DENSE_MOST * DENSE_MOST], other[DENSE_MOST * DENSE_MOST];
  const size_t S = law->size;
  double sum = 0;
  dense_multiply(half, law->covariance, y->part2, S);
  dense_multiply(other, half, law->covariance, S);
  for (size_t e = 0; e < S; e++)
    for (size_t f = 0; f < S; f++)
      sum += x->part1[e] * law->covariance[e * S + f] * y->part1[f] + 2 * x->part2[e * S + f] * other[e * S + f];
  return sum;
}

/* Var O - Cov(O,q)' Cov(q)^+ Cov(O,q). */
typedef struct dense_score {
  size_t n;
  dense_prediction q[13];
  double scale[13], inverse[13 * 13];
} dense_score;

/* q: the statistics as graphs. */
static inline void dense_score_start(dense_score *out, const graph *q, size_t n, const dense_law *law) {
  double covariance[13 * 13] = {0}, values[DENSE_MOST];
  static double vectors[DENSE_MOST * DENSE_MOST];
  out->n = n;
  for (size_t a = 0; a < n; a++) dense_predict(&out->q[a], &q[a], law);
  for (size_t a = 0; a < n; a++) {
    const double own = dense_covariance(&out->q[a], &out->q[a], law);
    out->scale[a] = own > 0 ? 1 / sqrt(own) : 0;
  }
  for (size_t a = 0; a < n; a++)
    for (size_t b = 0; b < n; b++)
      covariance[a * n + b] = out->scale[a] * out->scale[b] * dense_covariance(&out->q[a], &out->q[b], law);
  dense_eigen(values, vectors, covariance, n);
  memset(out->inverse, 0, sizeof out->inverse);
  for (size_t k = 0; k < n; k++)
    for (size_t a = 0; a < n; a++)
      for (size_t b = 0; b < n && values[k] > 1e-10; b++)
        out->inverse[a * n + b] += vectors[k * n + a] * vectors[k * n + b] / values[k];
}

static inline double dense_residual(const dense_prediction *x, const dense_score *score, const dense_law *law) {
  double with[13], residual = x->variance;
  for (size_t a = 0; a < score->n; a++) with[a] = score->scale[a] * dense_covariance(x, &score->q[a], law);
  for (size_t a = 0; a < score->n; a++)
    for (size_t b = 0; b < score->n; b++) residual -= with[a] * score->inverse[a * score->n + b] * with[b];
  return residual;
}

#endif
