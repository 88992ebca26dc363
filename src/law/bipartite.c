/* Rows and columns exchangeable separately (S_m x S_n): the symmetry of a hidden-to-hidden weight matrix. In
 * R^m (x) R^n four components, each with its own variance: s0 of the total, rows, columns, entries. This is two-way
 * random-effects analysis of variance (Searle, Casella and McCulloch 1992, ch. 4) without its constraints. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "law/matrix.h"

enum { MEAN, S0, ROWS, COLUMNS, ENTRIES };

#define VARIANCE(name, doc)                                                                                            \
  { name, PARAMETER_REAL, 1, NULL, NULL, 0, HUGE_VAL, false, true, doc }

static const law_parameter parameters[] = {
    {"mean", PARAMETER_REAL, 1, "0", NULL, -HUGE_VAL, HUGE_VAL, true, true, "mean of the sum of entries / sqrt(mn)"},
    VARIANCE("s0", "variance of the sum of entries / sqrt(mn)"),
    VARIANCE("rows", "variance of the centred row sums / sqrt(n), along each direction"),
    VARIANCE("columns", "variance of the centred column sums / sqrt(m), along each direction"),
    VARIANCE("entries", "variance of the rest, along each direction"),
};

static wlaw_status layout(matrix_layout *out, size_t rows, size_t cols, wlaw_error *err) {
  (void)err;
  *out = (matrix_layout){.rows = rows,
                         .cols = cols,
                         .means = 1,
                         .mean_unit = 1.0,
                         .n_blocks = 4,
                         .blocks = {{"s0", 1, 1, false},
                                    {"rows", 1, rows - 1, false},
                                    {"columns", 1, cols - 1, false},
                                    {"entries", 1, (rows - 1) * (cols - 1), false}}};
  return WLAW_OK;
}

static void estimate(matrix_gaussian *out, const matrix_moments *five) {
  double offset[2];
  wlaw_moments_offset(offset, five);
  out->mean[0] = five->mean[Q_S] + offset[0];
  out->covariance[0][0] = five->comoment[Q_S][Q_S] / (double)five->count;
  for (size_t b = 1; b < 4; b++)
    if (out->layout.blocks[b].dimension > 0)
      out->covariance[b][0] = five->mean[Q_SS + b] / (double)out->layout.blocks[b].dimension;
}

static void influence(double *jacobian, const matrix_gaussian *fit, const matrix_moments *five) {
  jacobian[Q_S] = 1.0;
  double *row = jacobian + MOMENTS_MOST;
  row[Q_SS] = 1.0;
  row[Q_S] = -2.0 * five->mean[Q_S];
  for (size_t b = 1; b < 4; b++) {
    if (fit->layout.blocks[b].dimension == 0) continue;
    row += MOMENTS_MOST;
    row[Q_SS + b] = 1.0 / (double)fit->layout.blocks[b].dimension;
  }
}

static void values(matrix_gaussian *out, const wlaw_law *law) {
  out->mean[0] = law->values[MEAN];
  for (size_t b = 0; b < 4; b++) out->covariance[b][0] = law->values[S0 + b];
}

/* Inside the law of one index set: V0 = diag(s0, entries), VH = diag(columns, rows, entries), V2 = V3 = entries, and
 * the mean along the trace is zero. */
static void widen(matrix_gaussian *out, const matrix_gaussian *in) {
  const double s0 = in->covariance[0][0], rows = in->covariance[1][0], columns = in->covariance[2][0],
               entries = in->covariance[3][0];
  const size_t trivial = out->layout.blocks[0].copies, standard = out->layout.blocks[1].copies;
  const double of_standard[3] = {columns, rows, entries};
  out->mean[0] = in->mean[0];
  out->covariance[0][0] = s0;
  if (trivial == 2) out->covariance[0][3] = entries;
  for (size_t a = 0; a < standard; a++) out->covariance[1][a * standard + a] = of_standard[a];
  out->covariance[2][0] = out->covariance[3][0] = entries;
}

static wlaw_status draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                        wlaw_error *err) {
  WLAW_TRY(wlaw_law_require(law, err));
  const double m = (double)rows, n = (double)cols, *p = law->values;
  double *r = wlaw_array(rows + cols, sizeof *r), *c = r + rows, total = 0.0, S;
  if (!r) return wlaw_fail_memory(err, rows + cols, sizeof *r);
  wlaw_stream_normals(stream, &S, 1);
  wlaw_stream_normals(stream, out, rows * cols);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < cols; j++) {
      const double g = out[i * cols + j];
      r[i] += g / n;
      c[j] += g / m;
      total += g / (m * n);
    }
  /* The projections of one Gaussian matrix are independent: scale each by its own standard deviation. */
  const double level = (p[MEAN] + sqrt(p[S0]) * S) / sqrt(m * n);
  const double sd_row = sqrt(p[ROWS]), sd_column = sqrt(p[COLUMNS]), sd_rest = sqrt(p[ENTRIES]);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < cols; j++) {
      const double row = r[i] - total, column = c[j] - total, rest = out[i * cols + j] - total - row - column;
      out[i * cols + j] = level + sd_row * row + sd_column * column + sd_rest * rest;
    }
  free(r);
  return WLAW_OK;
}

static bool moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  const double m = (double)rows, n = (double)cols, *p = law->values;
  *mean = p[MEAN] / sqrt(m * n);
  *variance = (p[S0] + (m - 1.0) * p[ROWS] + (n - 1.0) * p[COLUMNS] + (m - 1.0) * (n - 1.0) * p[ENTRIES]) / (m * n);
  return true;
}

static const matrix_ops matrix = {.layout = layout,
                                  .length = MOMENTS_RECTANGLE,
                                  .estimate = estimate,
                                  .influence = influence,
                                  .values = values,
                                  .wider = &wlaw_law_permutation,
                                  .widen = widen,
                                  .family = GRAPH_DIRECTED};

const law_ops wlaw_law_bipartite = {
    .name = "bipartite",
    .alias = "row-column-exchangeable",
    .summary = "rows and columns exchangeable separately, normal: 5 parameters",
    .source = "Searle, Casella and McCulloch (1992), Variance Components, ch. 4",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .draw = draw,
    .moments = moments,
    .matrix = &matrix,
};
