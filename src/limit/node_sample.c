/* Mean squares of outgoing weights, and what else moves them: means that are not 0, outputs that are not alike.
 *
 * Both tests of means rest on one symmetry: if lambda is all there is, the weights of a node (of a network) may change
 * their common sign without changing in law. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "limit/node_estimate.h"
#include "math/multiple.h"
#include "math/special.h"

enum { LAGS = 4 }; /* pairs of nodes (j, j + 1) to (j, j + LAGS): nodes are exchangeable, and all pairs cost width^2 */
static const double mean_level = 0.01;       /* at which a mean is taken out */
static const double directions_level = 1e-3; /* at which outputs count as fewer than they are */

wlaw_status wlaw_node_sample_new(node_sample *out, size_t networks, size_t width, size_t outputs, wlaw_error *err) {
  const size_t squares[] = {networks, width}, sums[] = {networks, outputs};
  size_t n_squares, n_sums;
  *out = (node_sample){.networks = networks, .width = width, .outputs = outputs, .p_common = NAN, .p_own = NAN};
  const bool fit = networks <= UINT32_MAX && width <= UINT32_MAX; /* the bootstrap picks by 32-bit numbers */
  if (!fit || !wlaw_product(&n_squares, squares, 2) || !wlaw_product(&n_sums, sums, 2))
    return wlaw_fail(err, WLAW_LIMIT, "%zu networks of %zu nodes are more than memory can hold", networks, width);
  out->mean_square = wlaw_array(n_squares, sizeof(double));
  out->row_sum = wlaw_array(n_sums, sizeof(double));
  out->cosine = wlaw_array(networks, 2 * sizeof(double));
  if (out->mean_square && out->row_sum && out->cosine) return WLAW_OK;
  wlaw_node_sample_free(out);
  return wlaw_fail_memory(err, n_squares + n_sums, sizeof(double));
}

void wlaw_node_sample_free(node_sample *sample) {
  free(sample->mean_square);
  free(sample->row_sum);
  free(sample->cosine);
  free(sample->centre);
  *sample = (node_sample){0};
}

size_t wlaw_node_sample_scratch(size_t width) { return (LAGS + 1) * width; }

/* Squared cosines of neighbours. A node of next to no weight has the direction of what was taken out: left out. */
static void add_cosines(double sum[2], const double *square, const double *dots, size_t width) {
  double total = 0.0;
  sum[0] = sum[1] = 0.0;
  for (size_t j = 0; j < width; j++) total += square[j];
  const double least = 4.0 * total / ((double)width * (double)width);
  for (size_t lag = 1; lag <= LAGS; lag++)
    for (size_t j = 0; j + lag < width; j++) {
      if (!(square[j] > least && square[j + lag] > least)) continue;
      const double dot = dots[(lag - 1) * width + j];
      sum[0] += dot / square[j] * (dot / square[j + lag]);
      sum[1] += 1.0;
    }
}

void wlaw_node_sample_add(node_sample *sample, size_t k, const double *weights, double *scratch) {
  const size_t p = sample->width, m = sample->outputs;
  double *square = sample->mean_square + k * p, *dots = scratch, *row = scratch + LAGS * p;
  memset(square, 0, p * sizeof *square);
  memset(dots, 0, LAGS * p * sizeof *dots);
  for (size_t i = 0; i < m; i++) {
    const double *w = weights + i * p, centre = sample->centre ? sample->centre[k * m + i] : 0.0;
    double sum = 0.0;
    for (size_t j = 0; j < p; j++) {
      sum += w[j];
      row[j] = w[j] - centre;
      square[j] += row[j] * row[j];
    }
    for (size_t lag = 1; lag <= LAGS; lag++)
      for (size_t j = 0; j + lag < p; j++) dots[(lag - 1) * p + j] += row[j] * row[j + lag];
    sample->row_sum[k * m + i] = sum;
  }
  add_cosines(sample->cosine + 2 * k, square, dots, p);
  for (size_t j = 0; j < p; j++) square[j] /= (double)m;
}

/* E cos^2 of two nodes' weights, over pairs of every network. NaN: no pairs. */
static double mean_cosine(const node_sample *sample, double *pairs) {
  double sum = 0.0, n = 0.0;
  for (size_t k = 0; k < sample->networks; k++) {
    sum += sample->cosine[2 * k];
    n += sample->cosine[2 * k + 1];
  }
  *pairs = n;
  return n > 0.0 ? sum / n : NAN;
}

/* Outputs whose weights differ in variance or are correlated, as softmax leaves them, make the mean square of a node
 * noisier than m free ones: chi-squared with 1 / tr S^2 degrees of freedom (Satterthwaite 1946), S of trace 1 their
 * covariance, and tr S^2 = E cos^2 where its eigenvalues are alike or 0. If all directions are alike, cos^2 has mean
 * 1/m and variance 2 (m - 1) / (m^2 (m + 2)), and pairs are uncorrelated. */
static void find_directions(node_sample *sample) {
  const double m = (double)sample->outputs;
  double pairs;
  const double mean = mean_cosine(sample, &pairs);
  sample->directions = m;
  sample->p_directions = NAN;
  if (sample->outputs < 2 || !(pairs > 0.0)) return;
  const double z = (mean - 1.0 / m) / sqrt(2.0 * (m - 1.0) / (m * m * (m + 2.0)) / pairs);
  sample->p_directions = z > 0.0 ? wlaw_normal_two_sided(z) : 1.0;
  if (sample->p_directions < directions_level) sample->directions = 1.0 / mean;
}

/* Sum over nodes of |weights - centre|^2 of a network, from its mean squares about 0. */
static double centred_square(const node_sample *sample, size_t k, const double *centre) {
  const size_t p = sample->width, m = sample->outputs;
  double total = 0.0, moved = 0.0;
  for (size_t j = 0; j < p; j++) total += sample->mean_square[k * p + j];
  for (size_t i = 0; i < m && centre; i++)
    moved += centre[i] * ((double)p * centre[i] - 2.0 * sample->row_sum[k * m + i]);
  return fmax(0.0, total * (double)m + moved);
}

/* |sum_k u_k|^2 / sum_k |u_k|^2, u_k the row sums of network k over the root of its square. Under random signs of the
 * u_k it has mean 1 and variance 2 sum_(k != l) (u_k u_l)^2 / (sum |u_k|^2)^2, which is that of chi-squared over its
 * degrees of freedom with 2 / variance of them. u: [networks, outputs]. */
static double test_common(const double *u, size_t n, size_t m) {
  double all = 0.0, own = 0.0, total = 0.0, cross = 0.0;
  for (size_t i = 0; i < m; i++) {
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) sum += u[k * m + i];
    all += sum * sum;
  }
  /* sum over all k, l of (u_k u_l)^2 is the squared norm of the smaller of U U' and U' U */
  const bool by_network = n < m;
  const size_t size = by_network ? n : m, length = by_network ? m : n;
  for (size_t a = 0; a < size; a++)
    for (size_t b = a; b < size; b++) {
      double dot = 0.0;
      for (size_t i = 0; i < length; i++) dot += by_network ? u[a * m + i] * u[b * m + i] : u[i * m + a] * u[i * m + b];
      cross += (a == b ? 1.0 : 2.0) * dot * dot;
    }
  for (size_t k = 0; k < n; k++) {
    double norm = 0.0;
    for (size_t i = 0; i < m; i++) norm += u[k * m + i] * u[k * m + i];
    own += norm * norm;
    total += norm;
  }
  const double variance = 2.0 * (cross - own) / (total * total), df = 2.0 / variance;
  if (!(total > 0.0 && variance > 0.0)) return NAN;
  return wlaw_chi_squared_upper(df * all / total, df);
}

/* Each network's own mean: T_k = |sum of weights|^2 / sum of |weights|^2 has mean 1 under random signs of the nodes,
 * and the variance of chi-squared over its degrees of freedom, the directions, or less where few nodes carry the
 * weight. */
static double test_own(const node_sample *sample, const double *common, double directions) {
  const size_t m = sample->outputs;
  double sum = 0.0, n = 0.0;
  for (size_t k = 0; k < sample->networks; k++) {
    const double square = centred_square(sample, k, common);
    double own = 0.0;
    for (size_t i = 0; i < m; i++) {
      const double s = sample->row_sum[k * m + i] - (common ? (double)sample->width * common[i] : 0.0);
      own += s * s;
    }
    if (!(square > 0.0)) continue;
    sum += own / square;
    n += 1.0;
  }
  if (!(n > (common ? 1.0 : 0.0))) return NAN;
  const double lost = common ? n / (n - 1.0) : 1.0; /* the common mean took its part of each network's own */
  return wlaw_chi_squared_upper(directions * sum * lost, directions * n);
}

static wlaw_status test_means(node_sample *sample, double *common, double *u, wlaw_error *err) {
  const size_t n = sample->networks, m = sample->outputs;
  size_t used = 0;
  for (size_t k = 0; k < n; k++) {
    const double square = centred_square(sample, k, NULL);
    for (size_t i = 0; i < m; i++) common[i] += sample->row_sum[k * m + i] / ((double)n * (double)sample->width);
    if (!(square > 0.0)) continue;
    for (size_t i = 0; i < m; i++) u[used * m + i] = sample->row_sum[k * m + i] / sqrt(square);
    used++;
  }
  find_directions(sample);
  if (used > 1) sample->p_common = test_common(u, used, m);
  sample->common = sample->p_common < mean_level;
  sample->p_own = test_own(sample, sample->common ? common : NULL, sample->directions);
  sample->own = sample->width > 1 && sample->p_own < mean_level;
  if (!sample->common && !sample->own) return WLAW_OK;
  sample->centre = wlaw_array(n * m, sizeof *sample->centre);
  if (!sample->centre) return wlaw_fail_memory(err, n * m, sizeof *sample->centre);
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < m; i++)
      sample->centre[k * m + i] = sample->own ? sample->row_sum[k * m + i] / (double)sample->width : common[i];
  return WLAW_OK;
}

wlaw_status wlaw_node_sample_centre(node_sample *sample, bool *again, wlaw_error *err) {
  const size_t n = sample->networks, m = sample->outputs;
  double *room = wlaw_array((n + 1) * m, sizeof *room);
  *again = false;
  if (!room) return wlaw_fail_memory(err, (n + 1) * m, sizeof *room);
  const wlaw_status status = test_means(sample, room, room + m, err);
  free(room);
  *again = status == WLAW_OK && sample->centre;
  return status;
}

/* A mean over p nodes takes 1/p of the sum of squares with it, whatever the lambda: the total stays unbiased. A node of
 * lambda = 0 is left with the mean's own error, total / p^2, which vanishes as p grows. */
void wlaw_node_sample_finish(node_sample *sample) {
  const double p = (double)sample->width, n = (double)sample->networks;
  const double lost = sample->own ? p : sample->common ? n * p : INFINITY, factor = 1.0 / (1.0 - 1.0 / lost);
  for (size_t e = 0; e < sample->networks * sample->width; e++) sample->mean_square[e] *= factor;
  find_directions(sample);
}
