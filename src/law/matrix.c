#include "law/matrix.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "law/block.h"
#include "law/space.h"
#include "math/small.h"

/* What follows from the blocks alone is in law/block.h, where so few copies need no memory: nothing fails. */
_Static_assert((int)MATRIX_COPIES <= (int)SMALL_MOST, "blocks of matrix laws are small");

static void blocks_of(law_block out[MATRIX_BLOCKS], const matrix_gaussian *gaussian) {
  const matrix_layout *layout = &gaussian->layout;
  for (size_t b = 0; b < layout->n_blocks; b++)
    out[b] = (law_block){.copies = layout->blocks[b].copies,
                         .dimension = layout->blocks[b].dimension,
                         .mean = b == 0 && layout->means > 0 ? gaussian->mean : NULL,
                         .covariance = gaussian->covariance[b]};
}

size_t wlaw_matrix_parameters(const matrix_layout *layout) {
  const matrix_gaussian shape = {.layout = *layout};
  law_block blocks[MATRIX_BLOCKS];
  blocks_of(blocks, &shape);
  return wlaw_blocks_parameters(blocks, layout->n_blocks);
}

static wlaw_status check_covariance(const law_ops *law, const char *name, const double *a, size_t n, wlaw_error *err) {
  double values[SMALL_MOST];
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++)
      if (!(a[i * n + j] == a[j * n + i]))
        return wlaw_fail(err, WLAW_ARGUMENT, "%s: %s is not symmetric", law->name, name);
  wlaw_small_eigen(values, NULL, a, n);
  if (!(values[0] >= -1e-12 * values[n - 1]))
    return wlaw_fail(err, WLAW_ARGUMENT, "%s: %s is not a covariance (an eigenvalue is %g)", law->name, name,
                     values[0]);
  return WLAW_OK;
}

wlaw_status wlaw_matrix_check(const wlaw_law *law, wlaw_error *err) {
  const law_ops *ops = law->ops;
  for (size_t i = 0; i < ops->n_parameters; i++) {
    const law_parameter *row = &ops->parameters[i];
    if (row->kind != PARAMETER_LIST || law->counts[i] == 0) continue;
    if (law->counts[i] != row->length)
      return wlaw_fail(err, WLAW_ARGUMENT, "%s: %s needs %zu numbers, not %zu", ops->name, row->name, row->length,
                       law->counts[i]);
    const size_t side = row->length == 9 ? 3 : row->length == 4 ? 2 : 0;
    if (side > 0) WLAW_TRY(check_covariance(ops, row->name, law->values + wlaw_law_offset(ops, i), side, err));
  }
  return WLAW_OK;
}

wlaw_status wlaw_matrix_gaussian(matrix_gaussian *out, const wlaw_law *law, size_t rows, size_t cols, wlaw_error *err) {
  memset(out, 0, sizeof *out);
  if (law->ops->matrix) {
    out->law = law->ops;
    WLAW_TRY(wlaw_law_require(law, err));
    WLAW_TRY(law->ops->matrix->layout(&out->layout, rows, cols, err));
    law->ops->matrix->values(out, law);
    return WLAW_OK;
  }
  double mean, variance;
  if (!law->ops->moments || !law->ops->moments(law, rows, cols, &mean, &variance))
    return wlaw_fail(err, WLAW_ARGUMENT, "the law %s has no mean and variance to compare with", law->ops->name);
  out->law = &wlaw_law_iid;
  WLAW_TRY(wlaw_law_iid.matrix->layout(&out->layout, rows, cols, err));
  out->mean[0] = mean * out->layout.mean_unit;
  out->covariance[0][0] = variance;
  return WLAW_OK;
}

/* The covariance of the block of this name, the leading part of a [q, q] list (zeros where the size has no such block).
 */
static void write_block(double *list, size_t length, const matrix_gaussian *in, const char *name) {
  size_t q = 1;
  while (q * q < length) q++;
  for (size_t b = 0; b < in->layout.n_blocks; b++) {
    const size_t p = in->layout.blocks[b].copies;
    if (strcmp(in->layout.blocks[b].name, name) != 0 || in->layout.blocks[b].dimension == 0) continue;
    for (size_t i = 0; i < p; i++)
      for (size_t j = 0; j < p; j++) list[i * q + j] = in->covariance[b][i * p + j];
  }
}

void wlaw_matrix_law(wlaw_law *out, const matrix_gaussian *in) {
  *out = (wlaw_law){.ops = in->law};
  for (size_t i = 0; i < in->law->n_parameters; i++) {
    const law_parameter *parameter = &in->law->parameters[i];
    double *list = out->values + wlaw_law_offset(in->law, i);
    out->counts[i] = parameter->length;
    if (strcmp(parameter->name, "mean") != 0) write_block(list, parameter->length, in, parameter->name);
    else
      for (size_t a = 0; a < in->layout.means; a++) list[a] = in->mean[a] / in->layout.mean_unit;
  }
}

wlaw_status wlaw_matrix_embed(matrix_gaussian *out, const matrix_gaussian *in, const law_ops *as, wlaw_error *err) {
  matrix_gaussian now = *in;
  while (now.law != as) {
    const law_ops *wider = now.law->matrix->wider;
    if (!wider)
      return wlaw_fail(err, WLAW_ARGUMENT,
                       as->matrix->space ? "the law %s has matrices that the law %s does not have"
                                         : "the law %s has more parameters than %s, which cannot hold it",
                       in->law->name, as->name);
    matrix_gaussian next = {.law = wider};
    WLAW_TRY(wider->matrix->layout(&next.layout, in->layout.rows, in->layout.cols, err));
    now.law->matrix->widen(&next, &now);
    now = next;
  }
  *out = now;
  return WLAW_OK;
}

void wlaw_matrix_estimate(matrix_gaussian *out, const law_ops *law, const matrix_layout *layout,
                          const matrix_moments *moments) {
  memset(out, 0, sizeof *out);
  out->law = law;
  out->layout = *layout;
  if (law->matrix->length == moments->length) {
    law->matrix->estimate(out, moments);
    return;
  }
  matrix_moments five;
  wlaw_moments_rectangular(&five, moments);
  law->matrix->estimate(out, &five);
}

double wlaw_matrix_log_likelihood(const matrix_gaussian *maximum, size_t networks) {
  law_block blocks[MATRIX_BLOCKS];
  double out;
  blocks_of(blocks, maximum);
  const size_t n = maximum->layout.n_blocks;
  return wlaw_blocks_log_likelihood(&out, blocks, n, networks, NULL) == WLAW_OK ? out : NAN;
}

bool wlaw_matrix_regular(const matrix_gaussian *gaussian, size_t networks, char *reason, size_t capacity) {
  const matrix_layout *layout = &gaussian->layout;
  law_block blocks[MATRIX_BLOCKS];
  blocks_of(blocks, gaussian);
  size_t at = networks > 0 ? wlaw_blocks_few(blocks, layout->n_blocks, networks) : layout->n_blocks;
  if (at < layout->n_blocks) {
    snprintf(reason, capacity, "%zu network%s of size %zux%zu leave%s the %zux%zu covariance %s singular", networks,
             networks == 1 ? "" : "s", layout->rows, layout->cols, networks == 1 ? "s" : "", blocks[at].copies,
             blocks[at].copies, layout->blocks[at].name);
    return false;
  }
  if (wlaw_blocks_flat(&at, blocks, layout->n_blocks, NULL) != WLAW_OK || at == layout->n_blocks) return true;
  snprintf(reason, capacity, "the matrices do not vary in some direction of %s (a variance is zero to rounding)",
           layout->blocks[at].name);
  return false;
}

/* Standard errors under the law, in the order of the parameters. */
static void errors_under_law(matrix_fit *fit) {
  const matrix_layout *layout = &fit->gaussian.layout;
  law_block blocks[MATRIX_BLOCKS];
  blocks_of(blocks, &fit->gaussian);
  size_t at = 0;
  for (size_t a = 0; a < layout->means; a++)
    fit->error[at++] =
        fit->mean_determined ? wlaw_block_mean_error(&blocks[0], a, fit->networks) / layout->mean_unit : NAN;
  for (size_t b = 0; b < layout->n_blocks; b++)
    for (size_t i = 0; blocks[b].dimension > 0 && i < blocks[b].copies; i++)
      for (size_t j = i; j < blocks[b].copies; j++)
        fit->error[at++] = fit->determined[b] ? wlaw_block_error(&blocks[b], i, j, fit->networks) : NAN;
}

/* Sandwich errors: the variance over networks of each one's contribution to the estimate, J Cov(q) J' / N (Huber 1967;
 * White 1982, DOI 10.2307/1912526), with the population divisor the estimates have. */
static void errors_over_networks(matrix_fit *fit, const matrix_moments *moments) {
  double jacobian[MATRIX_PARAMETERS * MOMENTS_MOST] = {0};
  const matrix_ops *ops = fit->gaussian.law->matrix;
  matrix_moments statistics = *moments;
  if (ops->length == MOMENTS_RECTANGLE) wlaw_moments_rectangular(&statistics, moments);
  ops->influence(jacobian, &fit->gaussian, &statistics);
  const double N = (double)statistics.count;
  for (size_t k = 0; k < fit->parameters; k++) {
    const double *row = jacobian + k * MOMENTS_MOST;
    double variance = 0.0;
    for (size_t a = 0; a < statistics.length; a++)
      for (size_t b = 0; b < statistics.length; b++) variance += row[a] * statistics.comoment[a][b] * row[b];
    fit->robust[k] = statistics.count < 2 ? NAN : sqrt(fmax(variance, 0.0)) / N;
  }
}

wlaw_status wlaw_matrix_fit(matrix_fit *out, const law_ops *law, const matrix_moments *moments, wlaw_error *err) {
  matrix_layout layout;
  memset(out, 0, sizeof *out);
  if (moments->count == 0) return wlaw_fail(err, WLAW_VALUE, "there is no network to fit");
  WLAW_TRY(law->matrix->layout(&layout, moments->rows, moments->cols, err));
  if (law->matrix->length > moments->length && moments->rows > 1)
    return wlaw_fail(err, WLAW_ARGUMENT, "these statistics are too few for the law %s", law->name);
  WLAW_TRY(wlaw_space_check(law, moments, err));
  wlaw_matrix_estimate(&out->gaussian, law, &layout, moments);
  out->networks = moments->count;
  out->parameters = wlaw_matrix_parameters(&layout);
  law_block blocks[MATRIX_BLOCKS];
  blocks_of(blocks, &out->gaussian);
  for (size_t b = 0; b < layout.n_blocks; b++)
    out->determined[b] = blocks[b].dimension > 0 && wlaw_block_freedom(&blocks[b], out->networks) > 0.0;
  out->mean_determined = layout.means == 0 || out->determined[0];
  errors_under_law(out);
  errors_over_networks(out, moments);
  out->log_likelihood = out->aic = out->bic = NAN;
  if (!wlaw_matrix_regular(&out->gaussian, out->networks, out->reason, sizeof out->reason)) return WLAW_OK;
  out->log_likelihood = wlaw_matrix_log_likelihood(&out->gaussian, out->networks);
  out->aic = 2.0 * (double)out->parameters - 2.0 * out->log_likelihood;
  out->bic = (double)out->parameters * log((double)out->networks) - 2.0 * out->log_likelihood;
  return WLAW_OK;
}

double wlaw_matrix_wasserstein_squared(double parts[1 + MATRIX_BLOCKS], const matrix_gaussian *a,
                                       const matrix_gaussian *b) {
  law_block of_a[MATRIX_BLOCKS], of_b[MATRIX_BLOCKS];
  double out, own[1 + MATRIX_BLOCKS] = {0};
  blocks_of(of_a, a);
  blocks_of(of_b, b);
  if (wlaw_blocks_wasserstein_squared(&out, own, of_a, of_b, a->layout.n_blocks, NULL) != WLAW_OK) return NAN;
  if (parts) memcpy(parts, own, sizeof own);
  return out;
}

double wlaw_matrix_kl(const matrix_gaussian *f, const matrix_gaussian *g) {
  law_block of_f[MATRIX_BLOCKS], of_g[MATRIX_BLOCKS];
  double out;
  blocks_of(of_f, f);
  blocks_of(of_g, g);
  return wlaw_blocks_kl(&out, of_f, of_g, f->layout.n_blocks, NULL) == WLAW_OK ? out : NAN;
}

double wlaw_matrix_noise_floor(const matrix_gaussian *gaussian, size_t networks) {
  law_block blocks[MATRIX_BLOCKS];
  double out;
  blocks_of(blocks, gaussian);
  const size_t n = gaussian->layout.n_blocks;
  return wlaw_blocks_noise_floor(&out, blocks, n, networks, NULL) == WLAW_OK ? out : NAN;
}
