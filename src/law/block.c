#include "law/block.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "math/small.h"
#include "math/symmetric.h"

static const double LN_2PI = 1.8378770664093454836;

size_t wlaw_blocks_parameters(const law_block *blocks, size_t n) {
  size_t sum = 0;
  for (size_t b = 0; b < n; b++) {
    const size_t p = blocks[b].copies;
    if (blocks[b].dimension > 0) sum += (blocks[b].mean ? p : 0) + p * (p + 1) / 2;
  }
  return sum;
}

double wlaw_block_freedom(const law_block *block, size_t networks) {
  return (double)networks * (double)block->dimension - (block->mean ? 1.0 : 0.0);
}

size_t wlaw_blocks_few(const law_block *blocks, size_t n, size_t networks) {
  size_t b = 0;
  while (b < n && (blocks[b].dimension == 0 || wlaw_block_freedom(&blocks[b], networks) >= (double)blocks[b].copies))
    b++;
  return b;
}

/* Smallest and largest eigenvalue of the correlations: whether a covariance is regular does not depend on the units of
 * its copies, which may be of tensors of different sizes. Its variances are above 0. */
static wlaw_status correlation_range(double range[2], const law_block *block, wlaw_error *err) {
  const size_t p = block->copies;
  double few[(SMALL_MOST + 1) * SMALL_MOST], *room = p <= SMALL_MOST ? few : wlaw_array(p + 1, p * sizeof *room);
  if (!room) return wlaw_fail_memory(err, p + 1, p * sizeof *room);
  double *values = room + p * p;
  for (size_t i = 0; i < p; i++) values[i] = 1.0 / sqrt(block->covariance[i * p + i]);
  for (size_t i = 0; i < p; i++)
    for (size_t j = 0; j < p; j++) room[i * p + j] = block->covariance[i * p + j] * values[i] * values[j];
  const wlaw_status status = wlaw_symmetric_eigenvalues(values, room, p, err);
  range[0] = values[0];
  range[1] = values[p - 1];
  if (room != few) free(room);
  return status;
}

/* Ascending, in `few` where these are enough, else in memory that release_values frees. */
static wlaw_status eigenvalues(double **values, double few[SMALL_MOST], const law_block *block, wlaw_error *err) {
  const size_t p = block->copies;
  *values = p <= SMALL_MOST ? few : wlaw_array(p, sizeof **values);
  if (!*values) return wlaw_fail_memory(err, p, sizeof **values);
  const wlaw_status status = wlaw_symmetric_eigenvalues(*values, block->covariance, p, err);
  if (status != WLAW_OK && *values != few) free(*values);
  return status;
}

static void release_values(double *values, const double few[SMALL_MOST]) {
  if (values != few) free(values);
}

wlaw_status wlaw_blocks_flat(size_t *at, const law_block *blocks, size_t n, wlaw_error *err) {
  static const double zero = 1e-24, singular = 1e-13; /* squares of rounding errors; rounding of a Gram matrix */
  double largest = 0.0;
  for (size_t b = 0; b < n; b++)
    for (size_t i = 0; blocks[b].dimension > 0 && i < blocks[b].copies; i++)
      largest = fmax(largest, blocks[b].covariance[i * blocks[b].copies + i]);
  for (*at = 0; *at < n; ++*at) {
    const law_block *block = &blocks[*at];
    double range[2] = {0.0, 0.0};
    if (block->dimension == 0) continue;
    for (size_t i = 0; i < block->copies; i++)
      if (!(block->covariance[i * block->copies + i] > zero * largest)) return WLAW_OK;
    WLAW_TRY(correlation_range(range, block, err));
    if (!(range[0] > singular * range[1])) return WLAW_OK;
  }
  return WLAW_OK;
}

/* SD(V_ab) = sqrt((V_aa V_bb + V_ab^2) / (networks x dimension)). */
double wlaw_block_error(const law_block *block, size_t i, size_t j, size_t networks) {
  const size_t p = block->copies;
  const double *V = block->covariance, rows = (double)networks * (double)block->dimension;
  return sqrt((V[i * p + i] * V[j * p + j] + V[i * p + j] * V[i * p + j]) / rows);
}

double wlaw_block_mean_error(const law_block *block, size_t i, size_t networks) {
  return sqrt(block->covariance[i * block->copies + i] / (double)networks);
}

wlaw_status wlaw_blocks_log_likelihood(double *out, const law_block *blocks, size_t n, size_t networks,
                                       wlaw_error *err) {
  double directions = 0.0, log_det;
  for (size_t b = 0; b < n; b++) directions += (double)blocks[b].copies * (double)blocks[b].dimension;
  double sum = directions * (1.0 + LN_2PI);
  for (size_t b = 0; b < n; b++) {
    if (blocks[b].dimension == 0) continue;
    WLAW_TRY(wlaw_symmetric_log_det(&log_det, blocks[b].covariance, blocks[b].copies, err));
    sum += (double)blocks[b].dimension * log_det;
  }
  *out = -0.5 * (double)networks * sum;
  return WLAW_OK;
}

wlaw_status wlaw_blocks_wasserstein_squared(double *squared, double *parts, const law_block *a, const law_block *b,
                                            size_t n, wlaw_error *err) {
  double means = 0.0, bures;
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; a[k].mean && i < a[k].copies; i++)
      means += (a[k].mean[i] - b[k].mean[i]) * (a[k].mean[i] - b[k].mean[i]);
  *squared = means;
  if (parts) parts[0] = means;
  for (size_t k = 0; k < n; k++) {
    double part = 0.0;
    if (a[k].dimension > 0) {
      WLAW_TRY(wlaw_symmetric_bures(&bures, a[k].covariance, b[k].covariance, a[k].copies, err));
      part = (double)a[k].dimension * bures;
    }
    *squared += part;
    if (parts) parts[1 + k] = part;
  }
  return WLAW_OK;
}

/* Delta' V^-1 Delta of the means of one block. */
static wlaw_status mean_term(double *out, const law_block *f, const law_block *g, wlaw_error *err) {
  const size_t p = f->copies;
  double few[SMALL_MOST], *delta = p <= SMALL_MOST ? few : wlaw_array(p, sizeof *delta);
  if (!delta) return wlaw_fail_memory(err, p, sizeof *delta);
  for (size_t i = 0; i < p; i++) delta[i] = f->mean[i] - g->mean[i];
  const wlaw_status status = wlaw_symmetric_norm(out, g->covariance, delta, p, err);
  release_values(delta, few);
  return status;
}

wlaw_status wlaw_blocks_kl(double *out, const law_block *f, const law_block *g, size_t n, wlaw_error *err) {
  double sum = 0.0, term, of_f, of_g;
  for (size_t b = 0; b < n; b++) {
    const size_t p = f[b].copies;
    if (f[b].dimension == 0) continue;
    if (f[b].mean) {
      WLAW_TRY(mean_term(&term, &f[b], &g[b], err));
      sum += term;
    }
    WLAW_TRY(wlaw_symmetric_trace_ratio(&term, g[b].covariance, f[b].covariance, p, err));
    WLAW_TRY(wlaw_symmetric_log_det(&of_g, g[b].covariance, p, err));
    WLAW_TRY(wlaw_symmetric_log_det(&of_f, f[b].covariance, p, err));
    sum += (double)f[b].dimension * (term - (double)p + of_g - of_f);
  }
  *out = fmax(0.5 * sum, 0.0);
  return WLAW_OK;
}

/* tr V for the mean; for a covariance with N d degrees of freedom, d E|Bures| = h(V) / N,
 * h = 1/2 tr V + sum_{a<b} l_a l_b / (l_a + l_b) over eigenvalues l (second variation of the Bures distance). */
wlaw_status wlaw_blocks_noise_floor(double *out, const law_block *blocks, size_t n, size_t networks, wlaw_error *err) {
  double sum = 0.0, few[SMALL_MOST], *l;
  for (size_t b = 0; b < n; b++) {
    if (blocks[b].dimension == 0) continue;
    WLAW_TRY(eigenvalues(&l, few, &blocks[b], err));
    for (size_t i = 0; i < blocks[b].copies && l[i] < 0.0; i++) l[i] = 0.0; /* rounding */
    for (size_t i = 0; i < blocks[b].copies; i++) {
      sum += blocks[b].mean ? 1.5 * l[i] : 0.5 * l[i];
      for (size_t j = i + 1; j < blocks[b].copies; j++)
        if (l[i] + l[j] > 0.0) sum += l[i] * l[j] / (l[i] + l[j]);
    }
    release_values(l, few);
  }
  *out = sum / (double)networks;
  return WLAW_OK;
}
