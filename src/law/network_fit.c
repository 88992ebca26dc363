#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "law/network.h"
#include "math/special.h"

/* ---- the independent blocks of each nesting: their shapes. Of bipartite four a tensor (trivial, rows, columns,
 * entries), of iid one a tensor, its single mean and variance. */

enum { PARTS = 4, SHAPES_MOST = PARTS * NETWORK_TENSORS };
_Static_assert((int)SHAPES_MOST >= (int)BLOCKS_MOST, "room for the blocks of a whole network");

static const double some_mean; /* that a block has a mean: its value is never asked for */

static void tensor_shapes(law_block out[PARTS], const network_layout *layout, const network_tensor *tensor) {
  const size_t down = tensor->n_row_copies ? layout->sets[tensor->row_set].width - 1 : 0;
  const size_t across = tensor->n_column_copies ? layout->sets[tensor->column_set].width - 1 : 0;
  out[0] = (law_block){.copies = tensor->n_trivial, .dimension = 1, .mean = &some_mean};
  out[1] = (law_block){.copies = tensor->n_row_copies, .dimension = down};
  out[2] = (law_block){.copies = tensor->n_column_copies, .dimension = across};
  out[3] = (law_block){.copies = 1, .dimension = tensor->entries == NETWORK_NONE ? 0 : down * across};
}

static size_t shapes_of(law_block out[SHAPES_MOST], const network_layout *layout, network_nesting nesting) {
  const size_t n = nesting == NETWORK_WHOLE ? wlaw_network_blocks(layout) : layout->n_tensors;
  for (size_t k = 0; k < n; k++) {
    const network_tensor *tensor = &layout->tensors[k];
    if (nesting == NETWORK_BIPARTITE) tensor_shapes(out + PARTS * k, layout, tensor);
    else if (nesting == NETWORK_IID)
      out[k] = (law_block){.copies = 1, .dimension = tensor->rows * tensor->cols, .mean = &some_mean};
    else
      out[k] = (law_block){.copies = wlaw_network_block_copies(layout, k),
                           .dimension = wlaw_network_block_dimension(layout, k),
                           .mean = k == 0 ? &some_mean : NULL};
  }
  return nesting == NETWORK_BIPARTITE ? PARTS * n : n;
}

static void describe_block(char *out, size_t capacity, const network_layout *layout, network_nesting nesting,
                           size_t b) {
  static const char *const parts[PARTS] = {"trivial numbers", "rows", "columns", "entries"};
  if (nesting == NETWORK_WHOLE) {
    if (b == 0) snprintf(out, capacity, "the trivial numbers");
    else if (b <= layout->n_sets) snprintf(out, capacity, "node set %zu", layout->sets[b - 1].set);
    else {
      char name[32];
      wlaw_network_block_name(name, sizeof name, layout, b);
      snprintf(out, capacity, "the entries of layer %s", name + strlen("entries"));
    }
    return;
  }
  const network_tensor *tensor = &layout->tensors[nesting == NETWORK_IID ? b : b / PARTS];
  const char *kind = tensor->is_bias ? "bias" : "weight";
  if (nesting == NETWORK_IID) snprintf(out, capacity, "the %s of layer %zu", kind, tensor->layer + 1);
  else snprintf(out, capacity, "the %s of the %s of layer %zu", parts[b % PARTS], kind, tensor->layer + 1);
}

size_t wlaw_network_parameters(const network_layout *layout, network_nesting nesting) {
  law_block shapes[SHAPES_MOST];
  return wlaw_blocks_parameters(shapes, shapes_of(shapes, layout, nesting));
}

/* false with a sentence where so many networks leave a block singular whatever they are. */
static bool are_enough(char *reason, size_t capacity, const network_layout *layout, network_nesting nesting,
                       size_t networks) {
  law_block shapes[SHAPES_MOST];
  const size_t n = shapes_of(shapes, layout, nesting), at = wlaw_blocks_few(shapes, n, networks);
  if (at == n) return true;
  char block[128];
  describe_block(block, sizeof block, layout, nesting, at);
  snprintf(reason, capacity, "%zu network%s leave%s the %zux%zu covariance of %s singular", networks,
           networks == 1 ? "" : "s", networks == 1 ? "s" : "", shapes[at].copies, shapes[at].copies, block);
  return false;
}

/* The tensor that a variance of 0 in block b belongs to; NETWORK_NONE if there is none. */
static size_t tensor_without_variance(const network_gaussian *gaussian, size_t b) {
  const network_layout *layout = &gaussian->layout;
  const size_t n = wlaw_network_block_copies(layout, b);
  const double *covariance = wlaw_network_block(gaussian, b);
  size_t i = 0;
  while (i < n && covariance[i * n + i] > 0.0) i++;
  if (i == n || b > layout->n_sets) return NETWORK_NONE;
  return b == 0 ? wlaw_network_trivial_tensor(layout, i) : wlaw_network_copy_tensor(layout, b - 1, i);
}

wlaw_status wlaw_network_regular(bool *regular, const network_gaussian *gaussian, size_t networks, char *reason,
                                 size_t capacity, wlaw_error *err) {
  const network_layout *layout = &gaussian->layout;
  const size_t n = wlaw_network_blocks(layout);
  *regular = networks == 0 || are_enough(reason, capacity, layout, NETWORK_WHOLE, networks);
  if (!*regular) return WLAW_OK;
  law_block blocks[BLOCKS_MOST];
  size_t at;
  wlaw_network_view(blocks, gaussian);
  WLAW_TRY(wlaw_blocks_flat(&at, blocks, n, err));
  *regular = at == n;
  if (*regular) return WLAW_OK;
  char block[128];
  const size_t t = tensor_without_variance(gaussian, at);
  if (t == NETWORK_NONE) describe_block(block, sizeof block, layout, NETWORK_WHOLE, at);
  else describe_block(block, sizeof block, layout, NETWORK_IID, t);
  snprintf(reason, capacity, "the networks do not vary in some direction of %s (a variance is zero to rounding)",
           block);
  return WLAW_OK;
}

/* ---- estimates. Sums are about the pivots and the origin, which lie in the means alone. */

static void estimate_whole(network_gaussian *out, const network_moments *moments) {
  const network_layout *layout = &moments->layout;
  const size_t T = layout->trivial;
  const double N = (double)moments->count;
  for (size_t t = 0; t < layout->n_tensors; t++)
    for (size_t i = layout->tensors[t].trivial; i < layout->tensors[t].trivial + layout->tensors[t].n_trivial; i++)
      out->mean[i] = moments->trivial[i] / N + moments->origin[i] + moments->pivot[t] * wlaw_network_unit(layout, t);
  for (size_t i = 0; i < T; i++)
    for (size_t j = 0; j < T; j++) {
      const double about =
          moments->trivial_products[i * T + j] / N - moments->trivial[i] / N * (moments->trivial[j] / N);
      out->trivial[i * T + j] = i == j ? fmax(about, 0.0) : about; /* of rounding */
    }
  for (size_t b = 1; b < wlaw_network_blocks(layout); b++) {
    const size_t copies = wlaw_network_block_copies(layout, b), s = b - 1;
    const double *sums = s < layout->n_sets ? moments->set_products[s] : moments->entries + (s - layout->n_sets);
    const double rows = N * (double)wlaw_network_block_dimension(layout, b);
    double *covariance = wlaw_network_block(out, b);
    for (size_t i = 0; i < copies * copies; i++) covariance[i] = rows > 0.0 ? sums[i] / rows : 0.0;
  }
}

/* Covariances between tensors become 0. */
static void separate_tensors(network_gaussian *gaussian) {
  const network_layout *layout = &gaussian->layout;
  for (size_t i = 0; i < layout->trivial; i++)
    for (size_t j = 0; j < layout->trivial; j++)
      if (wlaw_network_trivial_tensor(layout, i) != wlaw_network_trivial_tensor(layout, j))
        gaussian->trivial[i * layout->trivial + j] = 0.0;
  for (size_t s = 0; s < layout->n_sets; s++) {
    const size_t copies = layout->sets[s].copies;
    for (size_t a = 0; a < copies; a++)
      for (size_t b = 0; b < copies; b++)
        if (wlaw_network_copy_tensor(layout, s, a) != wlaw_network_copy_tensor(layout, s, b))
          gaussian->sets[s][a * copies + b] = 0.0;
  }
}

/* Sums of n diagonal entries of a [size, size] matrix. */
static double trace_of(const double *a, size_t size, size_t first, size_t n) {
  double sum = 0.0;
  for (size_t i = first; i < first + n; i++) sum += a[i * size + i];
  return sum;
}

/* Coordinates are orthonormal: the squares of all entries are those of the coordinates. */
static void estimate_iid(network_gaussian *out, const network_moments *moments, size_t t) {
  const network_layout *layout = &moments->layout;
  const network_tensor *tensor = &layout->tensors[t];
  const double N = (double)moments->count, entries = N * (double)tensor->rows * (double)tensor->cols;
  double sum = 0.0, squares = trace_of(moments->trivial_products, layout->trivial, tensor->trivial, tensor->n_trivial);
  for (size_t i = tensor->trivial; i < tensor->trivial + tensor->n_trivial; i++) {
    sum += wlaw_network_unit(layout, t) * (moments->trivial[i] + N * moments->origin[i]);
    squares += moments->origin[i] * (2.0 * moments->trivial[i] + N * moments->origin[i]);
  }
  if (tensor->n_row_copies > 0)
    squares += trace_of(moments->set_products[tensor->row_set], layout->sets[tensor->row_set].copies, tensor->row_copy,
                        tensor->n_row_copies);
  if (tensor->n_column_copies > 0)
    squares += trace_of(moments->set_products[tensor->column_set], layout->sets[tensor->column_set].copies,
                        tensor->column_copy, tensor->n_column_copies);
  if (tensor->entries != NETWORK_NONE) squares += moments->entries[tensor->entries];
  const double mean = sum / entries;
  wlaw_network_set_iid(out, t, mean + moments->pivot[t], fmax(squares / entries - mean * mean, 0.0));
}

void wlaw_network_estimate(network_gaussian *out, const network_moments *moments, network_nesting nesting) {
  if (nesting != NETWORK_IID) estimate_whole(out, moments);
  if (nesting == NETWORK_BIPARTITE) separate_tensors(out);
  for (size_t t = 0; nesting == NETWORK_IID && t < moments->layout.n_tensors; t++) estimate_iid(out, moments, t);
}

/* ---- errors of the whole law */

static void errors_under_law(network_fit *fit) {
  const network_layout *layout = &fit->gaussian->layout;
  law_block blocks[BLOCKS_MOST];
  wlaw_network_view(blocks, fit->gaussian);
  for (size_t i = 0; i < layout->trivial; i++)
    fit->error->mean[i] = fit->mean_determined ? wlaw_block_mean_error(&blocks[0], i, fit->networks) : NAN;
  for (size_t b = 0; b < wlaw_network_blocks(layout); b++) {
    const size_t p = blocks[b].copies;
    const bool determined = b == 0 ? fit->trivial_determined : blocks[b].dimension > 0;
    double *error = wlaw_network_block(fit->error, b);
    for (size_t i = 0; i < p; i++)
      for (size_t j = 0; j < p; j++)
        error[i * p + j] = determined ? wlaw_block_error(&blocks[b], i, j, fit->networks) : NAN;
  }
}

/* Variance over networks of (t_i - mean_i)(t_j - mean_j), from sums about any origin. */
static double product_variance(const network_moments *moments, size_t i, size_t j) {
  const size_t T = moments->layout.trivial;
  const double N = (double)moments->count, a = moments->trivial[i] / N, b = moments->trivial[j] / N;
  const double aa = moments->trivial_products[i * T + i] / N, bb = moments->trivial_products[j * T + j] / N,
               ab = moments->trivial_products[i * T + j] / N;
  const double aab = moments->trivial_third[i * T + j] / N, abb = moments->trivial_third[j * T + i] / N,
               aabb = moments->trivial_fourth[i * T + j] / N;
  const double fourth =
      aabb - 2.0 * b * aab - 2.0 * a * abb + b * b * aa + a * a * bb + 4.0 * a * b * ab - 3.0 * a * a * b * b;
  const double second = ab - a * b;
  return fmax(fourth - second * second, 0.0);
}

/* Sandwich errors: the variance over networks of each one's contribution to the estimate, over N (Huber 1967; White
 * 1982, DOI 10.2307/1912526). */
static void errors_over_networks(network_fit *fit, const network_moments *moments) {
  const network_layout *layout = &moments->layout;
  const size_t T = layout->trivial;
  const double N = (double)moments->count;
  const bool known = moments->robust && moments->count > 1;
  for (size_t i = 0; i < T; i++) {
    fit->robust->mean[i] = known ? fit->error->mean[i] : NAN; /* the same estimate of the same variance */
    for (size_t j = 0; j < T; j++)
      fit->robust->trivial[i * T + j] = known ? sqrt(product_variance(moments, i, j) / N) : NAN;
  }
  for (size_t b = 1; b < wlaw_network_blocks(layout); b++) {
    const size_t copies = wlaw_network_block_copies(layout, b), s = b - 1, e = s - layout->n_sets;
    const double dimension = (double)wlaw_network_block_dimension(layout, b);
    const double *estimate = wlaw_network_block(fit->gaussian, b);
    double *error = wlaw_network_block(fit->robust, b);
    for (size_t i = 0; i < copies * copies; i++) {
      if (!known || dimension == 0.0) {
        error[i] = NAN;
        continue;
      }
      const double square = s < layout->n_sets ? moments->set_squares[s][i] : moments->entry_squares[e];
      const double variance = square / N / (dimension * dimension) - estimate[i] * estimate[i];
      error[i] = sqrt(fmax(variance, 0.0) / N);
    }
  }
}

/* ---- fits */

static wlaw_status find_likelihood(network_fit *fit, wlaw_error *err) {
  bool regular = are_enough(fit->reason, sizeof fit->reason, &fit->gaussian->layout, fit->nesting, fit->networks);
  fit->log_likelihood = fit->aic = fit->bic = NAN;
  if (regular) WLAW_TRY(wlaw_network_regular(&regular, fit->gaussian, 0, fit->reason, sizeof fit->reason, err));
  if (!regular) return WLAW_OK;
  law_block blocks[BLOCKS_MOST];
  wlaw_network_view(blocks, fit->gaussian);
  WLAW_TRY(wlaw_blocks_log_likelihood(&fit->log_likelihood, blocks, wlaw_network_blocks(&fit->gaussian->layout),
                                      fit->networks, err));
  fit->aic = 2.0 * (double)fit->parameters - 2.0 * fit->log_likelihood;
  fit->bic = (double)fit->parameters * log((double)fit->networks) - 2.0 * fit->log_likelihood;
  return WLAW_OK;
}

static wlaw_status fill_fit(network_fit *fit, const network_moments *moments, wlaw_error *err) {
  WLAW_TRY(wlaw_network_gaussian_new(&fit->gaussian, &moments->layout, err));
  wlaw_network_estimate(fit->gaussian, moments, fit->nesting);
  if (fit->nesting == NETWORK_WHOLE) {
    WLAW_TRY(wlaw_network_gaussian_new(&fit->error, &moments->layout, err));
    WLAW_TRY(wlaw_network_gaussian_new(&fit->robust, &moments->layout, err));
    errors_under_law(fit);
    errors_over_networks(fit, moments);
  }
  return find_likelihood(fit, err);
}

wlaw_status wlaw_network_fit(network_fit *out, const network_moments *moments, network_nesting nesting,
                             wlaw_error *err) {
  memset(out, 0, sizeof *out);
  if (moments->count == 0) return wlaw_fail(err, WLAW_VALUE, "there is no network to fit");
  out->nesting = nesting;
  out->networks = moments->count;
  out->parameters = wlaw_network_parameters(&moments->layout, nesting);
  out->mean_determined = out->trivial_determined = moments->count > 1;
  const wlaw_status status = fill_fit(out, moments, err);
  if (status != WLAW_OK) wlaw_network_fit_release(out);
  return status;
}

void wlaw_network_fit_release(network_fit *fit) {
  wlaw_network_gaussian_free(fit->gaussian);
  wlaw_network_gaussian_free(fit->error);
  wlaw_network_gaussian_free(fit->robust);
  fit->gaussian = fit->error = fit->robust = NULL;
}

/* ---- likelihood-ratio tests */

/* Mean and variance of sum_b N dimension_b ln det V_b over fits of the nesting to networks of independent standard
 * normal weights: N dimension V_b is Wishart with f degrees of freedom, ln det of which has the mean
 * sum_{i < copies} (digamma((f - i) / 2) + ln 2) and the variance sum_i trigamma((f - i) / 2). */
typedef struct log_det_law {
  double mean, variance;
} log_det_law;

static log_det_law law_of_log_det(const network_layout *layout, network_nesting nesting, size_t networks) {
  law_block shapes[SHAPES_MOST];
  const size_t n = shapes_of(shapes, layout, nesting);
  log_det_law out = {0.0, 0.0};
  for (size_t b = 0; b < n; b++) {
    if (shapes[b].dimension == 0) continue;
    const double rows = (double)networks * (double)shapes[b].dimension;
    double mean = 0.0, variance = 0.0;
    for (size_t i = 0; i < shapes[b].copies; i++) {
      const double half = 0.5 * (wlaw_block_freedom(&shapes[b], networks) - (double)i);
      mean += wlaw_digamma(half) - log(0.5 * rows);
      variance += wlaw_trigamma(half);
    }
    out.mean += rows * mean;
    out.variance += rows * rows * variance;
  }
  return out;
}

void wlaw_network_test(network_test *out, const network_fit *null, const network_fit *alternative) {
  const network_layout *layout = &null->gaussian->layout;
  *out = (network_test){.null = null->nesting,
                        .alternative = alternative->nesting,
                        .df = alternative->parameters - null->parameters,
                        .statistic = NAN,
                        .corrected = NAN,
                        .p_value = NAN};
  const network_fit *without = isnan(null->log_likelihood) ? null : alternative;
  if (isnan(without->log_likelihood)) {
    snprintf(out->reason, sizeof out->reason, "%s", without->reason);
    return;
  }
  if (out->df == 0) {
    snprintf(out->reason, sizeof out->reason, "the two laws are the same for networks of this shape");
    return;
  }
  /* The statistic is independent of the null's estimate, a complete sufficient statistic (Basu 1955): variances
   * subtract. */
  const log_det_law of_null = law_of_log_det(layout, null->nesting, null->networks),
                    of_both = law_of_log_det(layout, alternative->nesting, null->networks);
  const double mean = of_null.mean - of_both.mean, variance = of_both.variance - of_null.variance;
  out->statistic = fmax(2.0 * (alternative->log_likelihood - null->log_likelihood), 0.0);
  out->corrected = out->statistic * (double)out->df / mean;
  out->p_value = wlaw_gamma_upper(mean * mean / variance, out->statistic * mean / variance);
}
