#include "law/nested.h"

#include <math.h>
#include <string.h>

#include "math/special.h"

/* The lower triangle of a Wishart matrix W_p(df, I) by Bartlett's decomposition: W = A A', A_ii^2 ~ chi-squared with
 * df - i degrees of freedom, A_ij ~ N(0, 1) below the diagonal. W: [p, p]. */
static void draw_wishart(double *W, size_t p, double df, wlaw_stream *stream) {
  double A[MATRIX_COPIES][MATRIX_COPIES] = {{0}};
  for (size_t i = 0; i < p; i++) {
    const double left = df - (double)i;
    wlaw_stream_normals(stream, A[i], i);
    A[i][i] = left > 0.0 ? sqrt(2.0 * wlaw_stream_gamma(stream, 0.5 * left)) : 0.0;
  }
  for (size_t i = 0; i < p; i++)
    for (size_t j = 0; j < p; j++) {
      W[i * p + j] = 0.0;
      for (size_t k = 0; k < p; k++) W[i * p + j] += A[i][k] * A[j][k];
    }
}

static double draw_chi_squared(double df, wlaw_stream *stream) {
  return df > 0.0 ? 2.0 * wlaw_stream_gamma(stream, 0.5 * df) : 0.0;
}

static void draw_square(matrix_moments *out, wlaw_stream *stream) {
  static const size_t gram[3][3] = {{Q_V11, Q_V12, Q_V13}, {Q_V12, Q_V22, Q_V23}, {Q_V13, Q_V23, Q_V33}};
  const double N = (double)out->count, D = (double)out->rows;
  const size_t p = out->rows == 2 ? 2 : 3;
  double mean[2], W0[4], W[9];
  wlaw_stream_normals(stream, mean, 2);
  draw_wishart(W0, 2, N - 1.0, stream);
  for (size_t a = 0; a < 2; a++) {
    out->mean[a] = mean[a] / sqrt(N);
    for (size_t b = 0; b < 2; b++) out->comoment[a][b] = W0[2 * a + b];
  }
  out->mean[Q_S1S1] = W0[0] / N + out->mean[0] * out->mean[0];
  out->mean[Q_S1S2] = W0[1] / N + out->mean[0] * out->mean[1];
  out->mean[Q_S2S2] = W0[3] / N + out->mean[1] * out->mean[1];
  draw_wishart(W, p, N * (D - 1.0), stream);
  for (size_t a = 0; a < p; a++)
    for (size_t b = a; b < p; b++) out->mean[gram[a][b]] = W[a * p + b] / N;
  if (D > 3.0) out->mean[Q_P2] = draw_chi_squared(N * D * (D - 3.0) / 2.0, stream) / N;
  if (D > 2.0) out->mean[Q_P3] = draw_chi_squared(N * (D - 1.0) * (D - 2.0) / 2.0, stream) / N;
}

static void draw_rectangle(matrix_moments *out, wlaw_stream *stream) {
  const double N = (double)out->count, m = (double)out->rows, n = (double)out->cols;
  double mean;
  wlaw_stream_normals(stream, &mean, 1);
  out->mean[Q_S] = mean / sqrt(N);
  out->comoment[Q_S][Q_S] = draw_chi_squared(N - 1.0, stream);
  out->mean[Q_SS] = out->comoment[Q_S][Q_S] / N + out->mean[Q_S] * out->mean[Q_S];
  out->mean[Q_ROWS] = draw_chi_squared(N * (m - 1.0), stream) / N;
  out->mean[Q_COLUMNS] = draw_chi_squared(N * (n - 1.0), stream) / N;
  out->mean[Q_REST] = draw_chi_squared(N * (m - 1.0) * (n - 1.0), stream) / N;
}

void wlaw_nested_draw(matrix_moments *out, size_t rows, size_t cols, size_t networks, wlaw_stream *stream) {
  wlaw_moments_start(out, rows, cols, NULL);
  out->count = networks;
  if (out->length == MOMENTS_SQUARE) draw_square(out, stream);
  else draw_rectangle(out, stream);
}

typedef struct pair {
  const law_ops *law[2]; /* null, alternative */
  matrix_layout layout[2];
} pair;

/* NaN with a sentence where one of the two likelihoods has no maximum. */
static double statistic(const pair *laws, const matrix_moments *moments, char *reason, size_t capacity) {
  double log_likelihood[2];
  for (size_t k = 0; k < 2; k++) {
    matrix_gaussian maximum;
    wlaw_matrix_estimate(&maximum, laws->law[k], &laws->layout[k], moments);
    if (!wlaw_matrix_regular(&maximum, moments->count, reason, capacity)) return NAN;
    log_likelihood[k] = wlaw_matrix_log_likelihood(&maximum, moments->count);
  }
  return fmax(2.0 * (log_likelihood[1] - log_likelihood[0]), 0.0);
}

bool wlaw_nested_test(nested_test *out, const law_ops *null, const law_ops *alternative, const matrix_moments *moments,
                      uint64_t seed) {
  pair laws = {{null, alternative}, {{0}}};
  memset(out, 0, sizeof *out);
  for (size_t k = 0; k < 2; k++)
    if (laws.law[k]->matrix->layout(&laws.layout[k], moments->rows, moments->cols, NULL) != WLAW_OK) return false;
  const size_t of_null = wlaw_matrix_parameters(&laws.layout[0]), all = wlaw_matrix_parameters(&laws.layout[1]);
  if (all <= of_null) return false;
  out->null = null;
  out->alternative = alternative;
  out->df = all - of_null;
  out->p_value = NAN;
  out->statistic = statistic(&laws, moments, out->reason, sizeof out->reason);
  if (isnan(out->statistic)) return true;
  if (moments->count >= NESTED_CHI_SQUARED_FROM) {
    out->p_value = wlaw_chi_squared_upper(out->statistic, (double)out->df);
    return true;
  }
  size_t as_large = 0;
  for (uint32_t k = 0; k < NESTED_REPLICATES; k++) {
    char unused[1];
    matrix_moments drawn;
    wlaw_stream stream = wlaw_stream_start(seed, STREAM_NULL, k, (uint32_t)out->df);
    wlaw_nested_draw(&drawn, moments->rows, moments->cols, moments->count, &stream);
    if (!(statistic(&laws, &drawn, unused, sizeof unused) < out->statistic)) as_large++;
  }
  out->simulated = true;
  out->replicates = NESTED_REPLICATES;
  out->p_value = (1.0 + (double)as_large) / (1.0 + (double)NESTED_REPLICATES);
  return true;
}
