#include "law/score.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "math/small.h"

/* In coordinates where one network's estimates of the parameters have covariance 1. The mean of block 0 has covariance
 * V0, an estimate of block b's V is Wishart with `dimension` rows: a gradient J (symmetric, off-diagonal elements
 * halved) has variance 2/d tr JVJV = |sqrt(2/d) R J R|^2, R = V^1/2, and a change dV is sqrt(d/2) R^+ dV R^+ (the
 * pseudo-inverse: what does not vary is not estimated). */

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

/* sum over eigenvalues that are not zero to rounding of value^(1/2) or value^(-1/2) times the projector. */
static void root(double *out, const double *a, size_t n, bool inverse) {
  double values[SMALL_MOST], vectors[SMALL_MOST * SMALL_MOST];
  wlaw_small_eigen(values, vectors, a, n);
  memset(out, 0, n * n * sizeof *out);
  for (size_t k = 0; k < n; k++) {
    if (values[k] <= pow(10, RANK_EXPONENT) * values[n - 1]) continue;
    const double factor = inverse ? 1.0 / sqrt(values[k]) : sqrt(values[k]);
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) out[i * n + j] += vectors[i * n + k] * vectors[j * n + k] * factor;
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

/* The coordinates of a change of the law's mean and covariances. */
static void tangent_of(double out[SCORE_COORDINATES], const matrix_gaussian *change,
                       const double inverse[MATRIX_BLOCKS][MATRIX_COPIES * MATRIX_COPIES]) {
  const matrix_layout *layout = &change->layout;
  memset(out, 0, SCORE_COORDINATES * sizeof *out);
  multiply_vector(out, inverse[0], change->mean, layout->blocks[0].copies);
  out += MATRIX_MEANS;
  for (size_t b = 0; b < layout->n_blocks; b++, out += MATRIX_COPIES * MATRIX_COPIES)
    if (layout->blocks[b].dimension > 0)
      sandwich(out, inverse[b], change->covariance[b], layout->blocks[b].copies,
               sqrt((double)layout->blocks[b].dimension / 2.0));
}

static double dot(const double *a, const double *b) {
  double sum = 0.0;
  for (size_t k = 0; k < SCORE_COORDINATES; k++) sum += a[k] * b[k];
  return sum;
}

/* x minus its projection on the space so far, twice (Kahan; Giraud et al. 2005, DOI 10.1007/s00211-005-0615-4). */
static void project_out(double *x, const score_space *space) {
  for (size_t pass = 0; pass < 2; pass++)
    for (size_t k = 0; k < space->dimension; k++) {
      const double along = dot(x, space->tangent[k]);
      for (size_t c = 0; c < SCORE_COORDINATES; c++) x[c] -= along * space->tangent[k][c];
    }
}

static void add_tangent(score_space *space, const double change[SCORE_COORDINATES]) {
  double *x = space->tangent[space->dimension];
  memcpy(x, change, SCORE_COORDINATES * sizeof *x);
  const double before = sqrt(dot(x, x));
  project_out(x, space);
  const double after = sqrt(dot(x, x));
  if (!(after > 1e-9 * before)) return; /* a parameter whose variance is zero, or one already there */
  for (size_t c = 0; c < SCORE_COORDINATES; c++) x[c] /= after;
  space->dimension++;
}

wlaw_status wlaw_score_space(score_space *out, const matrix_gaussian *law, bool bipartite, wlaw_error *err) {
  double inverse[MATRIX_BLOCKS][MATRIX_COPIES * MATRIX_COPIES] = {{0}}, change[SCORE_COORDINATES];
  memset(out, 0, sizeof *out);
  WLAW_TRY(wlaw_matrix_embed(&out->wide, law, wlaw_score_law(bipartite), err));
  const matrix_layout *layout = &out->wide.layout;
  for (size_t b = 0; b < layout->n_blocks; b++) {
    if (layout->blocks[b].dimension == 0) continue;
    root(out->root[b], out->wide.covariance[b], layout->blocks[b].copies, false);
    root(inverse[b], out->wide.covariance[b], layout->blocks[b].copies, true);
  }
  for (size_t k = 0; k < wlaw_matrix_parameters(&law->layout); k++) {
    matrix_gaussian unit, wide;
    wlaw_score_unit(&unit, law, k);
    WLAW_TRY(wlaw_matrix_embed(&wide, &unit, wlaw_score_law(bipartite), err));
    tangent_of(change, &wide, (const double(*)[MATRIX_COPIES * MATRIX_COPIES]) inverse);
    add_tangent(out, change);
  }
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
  project_out(w, space);
  return dot(w, w);
}
