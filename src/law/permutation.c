/* Rows and columns are one index set, permuted together (S_D): the permutation-invariant Gaussian matrix model of 13
 * parameters (Ramgoolam 2019, DOI 10.1016/j.nuclphysb.2019.114682). R^D (x) R^D = 2 V0 + 3 V_H + V2 + V3, so the
 * covariance is one 2x2, one 3x3 and two numbers. Order of the copies: V0 = (sum, trace), VH = (columns, rows,
 * diagonal). Below D = 4 there are fewer: 12 at D = 3 (no V2), 8 at D = 2 (two V_H alone), 2 at D = 1. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "law/matrix.h"
#include "math/small.h"

/* Places in law->values: mean[2], V0[4], VH[9], V2, V3. */
enum { MEAN = 0, V0 = 2, VH = 6, V2 = 15, V3 = 16 };

static const law_parameter parameters[] = {
    {"mean", PARAMETER_LIST, 2, "[0,0]", NULL, -HUGE_VAL, HUGE_VAL, true, true, "means of sum and trace components"},
    {"V0", PARAMETER_LIST, 4, NULL, NULL, -HUGE_VAL, HUGE_VAL, true, true,
     "covariance of (sum, trace), 2x2 row by row"},
    {"VH", PARAMETER_LIST, 9, NULL, NULL, -HUGE_VAL, HUGE_VAL, true, true,
     "covariance of (columns, rows, diagonal), 3x3 row by row"},
    {"V2", PARAMETER_REAL, 1, NULL, NULL, 0, HUGE_VAL, false, true, "variance of the symmetric rest"},
    {"V3", PARAMETER_REAL, 1, NULL, NULL, 0, HUGE_VAL, false, true, "variance of the antisymmetric rest"},
};

static wlaw_status layout(matrix_layout *out, size_t rows, size_t cols, wlaw_error *err) {
  if (rows != cols) {
    wlaw_fail(err, WLAW_SHAPE, "the law permutation needs square matrices, not %zux%zu", rows, cols);
    return wlaw_error_add_hint(err, WLAW_SHAPE, "the law bipartite takes any shape");
  }
  /* Halves of products of which one factor is even, without the product. */
  const size_t D = rows, even = D % 2 ? D - 1 : D, odd = D % 2 ? D : D - 1;
  const size_t rest2 = D < 4 ? 0 : D % 2 ? D * ((D - 3) / 2) : D / 2 * (D - 3);
  const size_t rest3 = D < 3 ? 0 : even / 2 * odd - (D - 1);
  *out = (matrix_layout){.rows = D,
                         .cols = D,
                         .means = D == 1 ? 1 : 2,
                         .mean_unit = 1.0,
                         .n_blocks = 4,
                         .blocks = {{"V0", D == 1 ? 1 : 2, 1, true},
                                    {"VH", D == 2 ? 2 : 3, D - 1, true},
                                    {"V2", 1, rest2, false},
                                    {"V3", 1, rest3, false}}};
  return WLAW_OK;
}

static void estimate(matrix_gaussian *out, const matrix_moments *q) {
  const matrix_block *blocks = out->layout.blocks;
  const size_t trivial = blocks[0].copies, p = blocks[1].copies;
  double offset[2];
  wlaw_moments_offset(offset, q);
  for (size_t a = 0; a < trivial; a++) {
    out->mean[a] = q->mean[a] + offset[a];
    for (size_t b = 0; b < trivial; b++) out->covariance[0][a * trivial + b] = q->comoment[a][b] / (double)q->count;
  }
  if (blocks[1].dimension == 0) return;
  static const size_t gram[3][3] = {{Q_V11, Q_V12, Q_V13}, {Q_V12, Q_V22, Q_V23}, {Q_V13, Q_V23, Q_V33}};
  for (size_t a = 0; a < p; a++)
    for (size_t b = 0; b < p; b++) out->covariance[1][a * p + b] = q->mean[gram[a][b]] / (double)blocks[1].dimension;
  if (blocks[2].dimension > 0) out->covariance[2][0] = q->mean[Q_P2] / (double)blocks[2].dimension;
  if (blocks[3].dimension > 0) out->covariance[3][0] = q->mean[Q_P3] / (double)blocks[3].dimension;
}

static void influence(double *jacobian, const matrix_gaussian *fit, const matrix_moments *q) {
  const matrix_block *blocks = fit->layout.blocks;
  double *row = jacobian;
  if (blocks[0].copies == 1) { /* D = 1 */
    row[Q_S] = 1.0;
    row[MOMENTS_MOST + Q_SS] = 1.0;
    row[MOMENTS_MOST + Q_S] = -2.0 * q->mean[Q_S];
    return;
  }
  row[Q_S1] = 1.0;
  row[MOMENTS_MOST + Q_S2] = 1.0;
  row += 2 * MOMENTS_MOST;
  static const size_t pairs[3][2] = {{Q_S1, Q_S1}, {Q_S1, Q_S2}, {Q_S2, Q_S2}};
  for (size_t k = 0; k < 3; k++, row += MOMENTS_MOST) {
    row[Q_S1S1 + k] = 1.0;
    row[pairs[k][0]] -= q->mean[pairs[k][1]];
    row[pairs[k][1]] -= q->mean[pairs[k][0]];
  }
  static const size_t three[6] = {Q_V11, Q_V12, Q_V13, Q_V22, Q_V23, Q_V33}, two[3] = {Q_V11, Q_V12, Q_V22};
  const size_t p = blocks[1].copies;
  for (size_t k = 0; k < p * (p + 1) / 2; k++, row += MOMENTS_MOST)
    row[p == 3 ? three[k] : two[k]] = 1.0 / (double)blocks[1].dimension;
  for (size_t b = 2; b < 4; b++) {
    if (blocks[b].dimension == 0) continue;
    row[b == 2 ? Q_P2 : Q_P3] = 1.0 / (double)blocks[b].dimension;
    row += MOMENTS_MOST;
  }
}

/* The text always has the numbers of D >= 4; smaller sizes use the leading ones. */
static void values(matrix_gaussian *out, const wlaw_law *law) {
  const size_t trivial = out->layout.blocks[0].copies, p = out->layout.blocks[1].copies;
  for (size_t a = 0; a < trivial; a++) {
    out->mean[a] = law->values[MEAN + a];
    for (size_t b = 0; b < trivial; b++) out->covariance[0][a * trivial + b] = law->values[V0 + 2 * a + b];
  }
  for (size_t a = 0; a < p; a++)
    for (size_t b = 0; b < p; b++) out->covariance[1][a * p + b] = law->values[VH + 3 * a + b];
  out->covariance[2][0] = law->values[V2];
  out->covariance[3][0] = law->values[V3];
}

/* Takes off the Gaussian matrix `out` its V0 and V_H parts and scales what is left by sqrt(V2), sqrt(V3). */
static void keep_rest(double *out, double *sums, size_t D, double sd2, double sd3) {
  const double n = (double)D, of_w = D > 2 ? n / (n - 2.0) : 0.0;
  double *r = sums, *c = r + D, *w = c + D, s = 0.0, t = 0.0;
  memset(sums, 0, 3 * D * sizeof *sums);
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++) {
      r[i] += out[i * D + j];
      c[j] += out[i * D + j];
    }
  for (size_t i = 0; i < D; i++) {
    s += r[i];
    t += out[i * D + i];
  }
  for (size_t i = 0; i < D; i++) {
    r[i] -= s / n;
    c[i] -= s / n;
    w[i] = of_w * (out[i * D + i] - t / n - (r[i] + c[i]) / n);
  }
  const double S1 = s / n, on = S1 / n, off = D > 1 ? (t - S1) / (n - 1.0) : 0.0;
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++)
      out[i * D + j] -=
          on + off * ((i == j) - 1.0 / n) + (c[j] + r[i]) / n + ((i == j) ? w[i] : 0.0) - (w[i] + w[j]) / n;
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j <= i; j++) {
      const double even = 0.5 * (out[i * D + j] + out[j * D + i]), odd = 0.5 * (out[i * D + j] - out[j * D + i]);
      out[i * D + j] = sd2 * even + sd3 * odd;
      out[j * D + i] = sd2 * even - sd3 * odd;
    }
}

/* M = S1 J + S2 (I - J)/sqrt(D-1) + 1 v1'/sqrt(D) + v2 1'/sqrt(D) + [diag(w) - (1 w' + w 1')/D] + rest,
 * w = sqrt(D/(D-2)) v3. */
wlaw_status wlaw_permutation_draw(const matrix_gaussian *law, double *out, wlaw_stream *stream, wlaw_error *err) {
  const size_t D = law->layout.rows, trivial = law->layout.blocks[0].copies, p = law->layout.blocks[1].copies;
  const double n = (double)D;
  double *v = wlaw_array(3 * D, sizeof *v), root0[4], root[9], g[3], S[2] = {0};
  if (!v) return wlaw_fail_memory(err, 3 * D, sizeof *v);
  wlaw_small_root(root0, law->covariance[0], trivial);
  wlaw_small_root(root, law->covariance[1], p);
  wlaw_stream_normals(stream, out, D * D);
  keep_rest(out, v, D, sqrt(law->covariance[2][0]), sqrt(law->covariance[3][0]));
  wlaw_stream_normals(stream, g, trivial);
  for (size_t a = 0; a < trivial; a++) {
    S[a] = law->mean[a];
    for (size_t b = 0; b < trivial; b++) S[a] += root0[a * trivial + b] * g[b];
  }
  double centre[3] = {0};
  memset(v, 0, 3 * D * sizeof *v);
  for (size_t i = 0; i < D; i++) {
    wlaw_stream_normals(stream, g, p);
    for (size_t a = 0; a < p; a++) {
      for (size_t b = 0; b < p; b++) v[a * D + i] += root[a * p + b] * g[b];
      centre[a] += v[a * D + i] / n;
    }
  }
  const double off = D > 1 ? S[1] / sqrt(n - 1.0) : 0.0, of_w = D > 2 ? sqrt(n / (n - 2.0)) : 0.0;
  for (size_t i = 0; i < D; i++)
    for (size_t a = 0; a < p; a++) v[a * D + i] = (v[a * D + i] - centre[a]) * (a == 2 ? of_w : 1.0 / sqrt(n));
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++)
      out[i * D + j] += S[0] / n + off * ((i == j) - 1.0 / n) + v[j] + v[D + i] + ((i == j) ? v[2 * D + i] : 0.0) -
                        (v[2 * D + i] + v[2 * D + j]) / n;
  free(v);
  return WLAW_OK;
}

static wlaw_status draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                        wlaw_error *err) {
  matrix_gaussian gaussian = {.law = &wlaw_law_permutation};
  WLAW_TRY(wlaw_law_require(law, err));
  WLAW_TRY(layout(&gaussian.layout, rows, cols, err));
  values(&gaussian, law);
  return wlaw_permutation_draw(&gaussian, out, stream, err);
}

static const matrix_ops matrix = {.layout = layout,
                                  .length = MOMENTS_SQUARE,
                                  .estimate = estimate,
                                  .influence = influence,
                                  .values = values,
                                  .family = GRAPH_DIRECTED};

const law_ops wlaw_law_permutation = {
    .name = "permutation",
    .alias = "pigmm",
    .summary = "rows and columns permuted together, normal: 13 parameters",
    .source = "Ramgoolam (2019), DOI 10.1016/j.nuclphysb.2019.114682",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .check = wlaw_matrix_check,
    .draw = draw,
    .matrix = &matrix,
};
