#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "law/network.h"
#include "math/special.h"

/* With `freedom` rows of data, their mean, if any, taken off: E r^2 = 1/freedom where two copies are independent, and
 * r sqrt((freedom - 1) / (1 - r^2)) is Student's (Anderson 2003, An Introduction to Multivariate Statistical Analysis,
 * 4.2). */
static void judge(network_correlation *c, double freedom) {
  const double left = 1.0 - c->value * c->value;
  c->standard_error = 1.0 / sqrt(freedom);
  c->z = c->value * sqrt(freedom);
  if (isnan(c->value)) c->standard_error = c->robust = c->p_value = NAN;
  else
    c->p_value =
        left > 0.0 ? 2.0 * wlaw_student_cdf(-fabs(c->value) * sqrt((freedom - 1.0) / left), freedom - 1.0) : 0.0;
}

/* of: covariances, [size, size]; error: robust ones of these. */
static void correlate(network_correlation *c, const double *of, const double *error, size_t size, double freedom) {
  const double scale = sqrt(of[c->a * size + c->a]) * sqrt(of[c->b * size + c->b]);
  c->value = scale > 0.0 ? fmax(-1.0, fmin(1.0, of[c->a * size + c->b] / scale)) : NAN;
  c->robust = error[c->a * size + c->b] / scale;
  judge(c, freedom);
}

static int by_size(const void *x, const void *y) {
  const network_correlation *a = x, *b = y;
  const double of_a = isnan(a->z) ? -1.0 : fabs(a->z), of_b = isnan(b->z) ? -1.0 : fabs(b->z);
  if (of_a != of_b) return of_a < of_b ? 1 : -1;
  if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
  if (a->set != b->set) return a->set < b->set ? -1 : 1;
  if (a->a != b->a) return a->a < b->a ? -1 : 1;
  return a->b < b->b ? -1 : a->b > b->b;
}

/* Pairs of one block, trivial or of a set, from different tensors; out NULL: only how many. */
static size_t add_pairs(network_correlation *out, const network_fit *fit, size_t block) {
  const network_layout *layout = &fit->gaussian->layout;
  law_block blocks[BLOCKS_MOST];
  size_t n = 0;
  wlaw_network_view(blocks, fit->gaussian);
  const double freedom = wlaw_block_freedom(&blocks[block], fit->networks);
  const size_t copies = blocks[block].copies, s = block - 1;
  if (freedom < 2.0) return 0;
  for (size_t a = 0; a < copies; a++)
    for (size_t b = a + 1; b < copies; b++) {
      const bool same = block == 0 ? wlaw_network_trivial_tensor(layout, a) == wlaw_network_trivial_tensor(layout, b)
                                   : wlaw_network_copy_tensor(layout, s, a) == wlaw_network_copy_tensor(layout, s, b);
      if (same) continue;
      if (out) {
        out[n] = (network_correlation){
            .kind = block == 0 ? CORRELATION_TRIVIAL : CORRELATION_NODES, .set = block == 0 ? 0 : s, .a = a, .b = b};
        correlate(&out[n], blocks[block].covariance, wlaw_network_block(fit->robust, block), copies, freedom);
      }
      n++;
    }
  return n;
}

wlaw_status wlaw_network_correlations(network_correlation **out, size_t *n, const network_fit *fit, wlaw_error *err) {
  const size_t n_sets = fit->gaussian->layout.n_sets;
  size_t count = 0;
  for (size_t b = 0; b <= n_sets; b++) count += add_pairs(NULL, fit, b);
  network_correlation *made = wlaw_array(count, sizeof *made);
  if (!made) return wlaw_fail_memory(err, count, sizeof *made);
  *n = 0;
  for (size_t b = 0; b <= n_sets; b++) *n += add_pairs(made + *n, fit, b);
  qsort(made, *n, sizeof *made, by_size);
  *out = made;
  return WLAW_OK;
}

/* Whether the set has weights on both of its sides. */
static bool has_both(const network_layout *layout, size_t s) {
  bool incoming = false, outgoing = false;
  for (size_t t = 0; t < layout->n_tensors; t++) {
    const network_tensor *tensor = &layout->tensors[t];
    incoming |= !tensor->is_bias && tensor->n_row_copies > 0 && tensor->row_set == s;
    outgoing |= tensor->n_column_copies > 0 && tensor->column_set == s;
  }
  return incoming && outgoing;
}

/* Of r = pq / sqrt(pp qq) over N networks, the larger of two. To first order (delta method) network n moves it by
 * d_n = pq_n / sqrt(pp qq) - r (pp_n / pp + qq_n / qq) / 2, whose sum is 0: right where many networks carry it, and
 * next to nothing where a single one does. The error of pq alone, over sqrt(pp qq), is wide there, as it must be. */
static double norm_error(const double *sums, const double *products, double r, double N) {
  const double pp = sums[NORM_PP], qq = sums[NORM_QQ];
  double by[NORM_SUMS], square = 0.0;
  by[NORM_PP] = -0.5 * r / pp;
  by[NORM_PQ] = 1.0 / (sqrt(pp) * sqrt(qq));
  by[NORM_QQ] = -0.5 * r / qq;
  for (size_t a = 0; a < NORM_SUMS; a++)
    for (size_t b = 0; b < NORM_SUMS; b++) square += by[a] * products[NORM_SUMS * a + b] * by[b];
  const double spread = products[NORM_SUMS * NORM_PQ + NORM_PQ] - sums[NORM_PQ] * sums[NORM_PQ] / N;
  return sqrt(fmax(fmax(square, spread * by[NORM_PQ] * by[NORM_PQ]), 0.0)); /* 0: rounding */
}

wlaw_status wlaw_network_norm_correlations(network_correlation **out, size_t *n, const network_moments *moments,
                                           wlaw_error *err) {
  const network_layout *layout = &moments->layout;
  network_correlation *made = wlaw_array(layout->n_sets, sizeof *made);
  if (!made) return wlaw_fail_memory(err, layout->n_sets, sizeof *made);
  *n = 0;
  for (size_t s = 0; s < layout->n_sets; s++) {
    const double freedom = (double)moments->count * (double)(layout->sets[s].width - 1);
    if (freedom < 2.0 || !has_both(layout, s)) continue;
    const double *sums = moments->norms + NORM_SUMS * s;
    const double *squares = moments->norm_products + NORM_SUMS * NORM_SUMS * s;
    const double of[4] = {sums[NORM_PP], sums[NORM_PQ], sums[NORM_PQ], sums[NORM_QQ]};
    const double error[4] = {NAN, NAN, NAN, NAN}; /* of covariances */
    network_correlation *c = &made[(*n)++];
    *c = (network_correlation){.kind = CORRELATION_NORMS, .set = s, .b = 1};
    correlate(c, of, error, 2, freedom);
    if (moments->count > 1) c->robust = norm_error(sums, squares, c->value, (double)moments->count);
  }
  *out = made;
  return WLAW_OK;
}
