#include "law/score.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "math/small.h"

/* In coordinates where one network's estimates of the parameters have covariance 1. The mean of block 0 has covariance
 * V0, an estimate of block b's V is Wishart with `dimension` rows: a gradient J (symmetric, off-diagonal elements
 * halved) has variance 2/d tr JVJV = |sqrt(2/d) R J R|^2, R = V^1/2, and a change dV is sqrt(d/2) R^+ dV R^+ (the
 * pseudo-inverse: what does not vary is not estimated).
 *
 * A narrower law's blocks lie in those of the widest as orthogonal parts, each once or several times, so that a block's
 * changes along pairs of its principal axes, in standard deviations, are orthogonal here, and are the axes' products
 * themselves. Nothing is divided by a variance, which may be nearly zero: correlations stored in single precision have
 * a diagonal of 1 but for rounding. */

enum { RANK_EXPONENT = -13 }; /* rounding of a Gram matrix, as in matrix.c */

const law_ops *wlaw_score_law(bool bipartite) { return bipartite ? &wlaw_law_bipartite : &wlaw_law_permutation; }

void wlaw_score_unit(matrix_gaussian *out, const matrix_gaussian *like, size_t k) {
  *out = (matrix_gaussian){.law = like->law, .layout = like->layout};
  if (k < like->layout.means) {
    out->mean[k] = 1.0;
    return;
  }
  k -= like->layout.means;
  for (size_t b = 0; b < like->layout.n_blocks; b++) {
    const size_t p = like->layout.blocks[b].copies;
    if (like->layout.blocks[b].dimension == 0) continue;
    for (size_t i = 0; i < p; i++)
      for (size_t j = i; j < p; j++)
        if (k-- == 0) {
          out->covariance[b][i * p + j] = out->covariance[b][j * p + i] = 1.0;
          return;
        }
  }
}

/* An eigenvalue beside the largest of its matrix. NaN is not zero, so that what follows from it is NaN. */
static bool is_zero(double value, double largest) { return value <= pow(10, RANK_EXPONENT) * largest; }

/* V^1/2 without eigenvalues that are zero to rounding. */
static void root(double *out, const double *a, size_t n) {
  double values[SMALL_MOST], vectors[SMALL_MOST * SMALL_MOST];
  wlaw_small_eigen(values, vectors, a, n);
  memset(out, 0, n * n * sizeof *out);
  for (size_t k = 0; k < n; k++) {
    if (is_zero(values[k], values[n - 1])) continue;
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) out[i * n + j] += vectors[i * n + k] * vectors[j * n + k] * sqrt(values[k]);
  }
}

/* out = scale a b a. */
static void sandwich(double *out, const double *a, const double *b, size_t n, double scale) {
  double half[SMALL_MOST * SMALL_MOST];
  wlaw_small_multiply(half, a, b, n);
  wlaw_small_multiply(out, half, a, n);
  for (size_t k = 0; k < n * n; k++) out[k] *= scale;
}

static void multiply_vector(double *out, const double *a, const double *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    out[i] = 0.0;
    for (size_t j = 0; j < n; j++) out[i] += a[i * n + j] * x[j];
  }
}

static double dot(const double *a, const double *b) {
  double sum = 0.0;
  for (size_t k = 0; k < SCORE_COORDINATES; k++) sum += a[k] * b[k];
  return sum;
}

/* Adds the direction of a change in standard deviations. */
static wlaw_status add_tangent(score_space *out, const matrix_gaussian *change, bool bipartite, wlaw_error *err) {
  matrix_gaussian wide;
  WLAW_TRY(wlaw_matrix_embed(&wide, change, wlaw_score_law(bipartite), err));
  const matrix_layout *layout = &wide.layout;
  double *x = out->tangent[out->dimension++], *at = x + MATRIX_MEANS;
  memset(x, 0, SCORE_COORDINATES * sizeof *x);
  memcpy(x, wide.mean, layout->means * sizeof *x);
  for (size_t b = 0; b < layout->n_blocks; b++, at += MATRIX_COPIES * MATRIX_COPIES)
    for (size_t k = 0; k < layout->blocks[b].copies * layout->blocks[b].copies; k++)
      at[k] = sqrt((double)layout->blocks[b].dimension / 2.0) * wide.covariance[b][k];
  const double length = sqrt(dot(x, x));
  for (size_t c = 0; c < SCORE_COORDINATES; c++) x[c] /= length;
  return WLAW_OK;
}

/* What varies in block b of the law, and the mean that lies in it. */
static wlaw_status add_block(score_space *out, const matrix_gaussian *law, size_t b, bool bipartite, wlaw_error *err) {
  const size_t p = law->layout.blocks[b].copies;
  double values[SMALL_MOST], axes[SMALL_MOST * SMALL_MOST];
  wlaw_small_eigen(values, axes, law->covariance[b], p);
  for (size_t i = 0; i < p; i++) {
    if (is_zero(values[i], values[p - 1])) continue;
    matrix_gaussian change = {.law = law->law, .layout = law->layout};
    for (size_t r = 0; b == 0 && r < law->layout.means; r++) change.mean[r] = axes[r * p + i];
    if (b == 0 && law->layout.means > 0) WLAW_TRY(add_tangent(out, &change, bipartite, err));
    memset(change.mean, 0, sizeof change.mean);
    for (size_t j = i; j < p; j++) {
      for (size_t r = 0; r < p; r++)
        for (size_t c = 0; c < p; c++)
          change.covariance[b][r * p + c] = axes[r * p + i] * axes[c * p + j] + axes[r * p + j] * axes[c * p + i];
      WLAW_TRY(add_tangent(out, &change, bipartite, err));
    }
  }
  return WLAW_OK;
}

wlaw_status wlaw_score_space(score_space *out, const matrix_gaussian *law, bool bipartite, wlaw_error *err) {
  memset(out, 0, sizeof *out);
  WLAW_TRY(wlaw_matrix_embed(&out->wide, law, wlaw_score_law(bipartite), err));
  const matrix_layout *layout = &out->wide.layout;
  for (size_t b = 0; b < layout->n_blocks; b++)
    if (layout->blocks[b].dimension > 0) root(out->root[b], out->wide.covariance[b], layout->blocks[b].copies);
  for (size_t b = 0; b < law->layout.n_blocks; b++)
    if (law->layout.blocks[b].dimension > 0) WLAW_TRY(add_block(out, law, b, bipartite, err));
  return WLAW_OK;
}

double wlaw_score_left(const score_space *space, const double *gradient) {
  const matrix_layout *layout = &space->wide.layout;
  double w[SCORE_COORDINATES] = {0}, *at = w + MATRIX_MEANS, symmetric[MATRIX_COPIES * MATRIX_COPIES];
  multiply_vector(w, space->root[0], gradient, layout->blocks[0].copies);
  gradient += layout->blocks[0].copies;
  for (size_t b = 0; b < layout->n_blocks; b++, at += MATRIX_COPIES * MATRIX_COPIES) {
    const size_t p = layout->blocks[b].copies;
    if (layout->blocks[b].dimension == 0) continue;
    for (size_t i = 0; i < p; i++)
      for (size_t j = i; j < p; j++) symmetric[i * p + j] = symmetric[j * p + i] = *gradient++ * (i == j ? 1.0 : 0.5);
    sandwich(at, space->root[b], symmetric, p, sqrt(2.0 / (double)layout->blocks[b].dimension));
  }
  for (size_t k = 0; k < space->dimension; k++) {
    const double along = dot(w, space->tangent[k]);
    for (size_t c = 0; c < SCORE_COORDINATES; c++) w[c] -= along * space->tangent[k][c];
  }
  return dot(w, w);
}
