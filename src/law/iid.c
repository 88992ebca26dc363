/* Every entry alike and independent: N(mean, variance). The law of most initialisers. */
#include <math.h>

#include "core/error.h"
#include "law/matrix.h"

enum { MEAN, VARIANCE };

static const law_parameter parameters[] = {
    {"mean", PARAMETER_REAL, 1, "0", NULL, -HUGE_VAL, HUGE_VAL, true, true, "mean of every entry"},
    {"variance", PARAMETER_REAL, 1, NULL, NULL, 0, HUGE_VAL, false, true, "variance of every entry"},
};

static wlaw_status draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                        wlaw_error *err) {
  WLAW_TRY(wlaw_law_require(law, err));
  const double mean = law->values[MEAN], sd = sqrt(law->values[VARIANCE]);
  wlaw_stream_normals(stream, out, rows * cols);
  for (size_t e = 0; e < rows * cols; e++) out[e] = mean + sd * out[e];
  return WLAW_OK;
}

static bool moments(const wlaw_law *law, size_t rows, size_t cols, double *mean, double *variance) {
  (void)rows;
  (void)cols;
  *mean = law->values[MEAN];
  *variance = law->values[VARIANCE];
  return true;
}

static wlaw_status layout(matrix_layout *out, size_t rows, size_t cols, wlaw_error *err) {
  (void)err;
  *out = (matrix_layout){.rows = rows,
                         .cols = cols,
                         .means = 1,
                         .mean_unit = sqrt((double)rows * (double)cols),
                         .n_blocks = 1,
                         .blocks = {{"variance", 1, rows * cols, false}}};
  return WLAW_OK;
}

/* variance = (var S + <rows> + <columns> + <rest>) / (mn): the total about the mean. */
static void estimate(matrix_gaussian *out, const matrix_moments *five) {
  double offset[2];
  wlaw_moments_offset(offset, five);
  out->mean[0] = five->mean[Q_S] + offset[0];
  out->covariance[0][0] = (five->comoment[Q_S][Q_S] / (double)five->count + five->mean[Q_ROWS] + five->mean[Q_COLUMNS] +
                           five->mean[Q_REST]) /
                          ((double)five->rows * (double)five->cols);
}

static void influence(double *jacobian, const matrix_gaussian *fit, const matrix_moments *five) {
  const double entries = (double)five->rows * (double)five->cols;
  jacobian[Q_S] = 1.0 / fit->layout.mean_unit;
  double *variance = jacobian + MOMENTS_MOST;
  variance[Q_S] = -2.0 * five->mean[Q_S] / entries;
  variance[Q_SS] = variance[Q_ROWS] = variance[Q_COLUMNS] = variance[Q_REST] = 1.0 / entries;
}

static void values(matrix_gaussian *out, const wlaw_law *law) {
  out->mean[0] = law->values[MEAN] * out->layout.mean_unit;
  out->covariance[0][0] = law->values[VARIANCE];
}

static void widen(matrix_gaussian *out, const matrix_gaussian *in) {
  out->mean[0] = in->mean[0];
  for (size_t b = 0; b < out->layout.n_blocks; b++) out->covariance[b][0] = in->covariance[0][0];
}

static const matrix_ops matrix = {.layout = layout,
                                  .length = MOMENTS_RECTANGLE,
                                  .estimate = estimate,
                                  .influence = influence,
                                  .values = values,
                                  .wider = &wlaw_law_bipartite,
                                  .widen = widen,
                                  .family = GRAPH_DIRECTED};

const law_ops wlaw_law_iid = {
    .name = "iid",
    .summary = "every entry alike and independent, normal",
    .source = "the initialisation of most networks",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .draw = draw,
    .moments = moments,
    .matrix = &matrix,
};
