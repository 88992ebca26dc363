/* The 13 linear and quadratic invariants of a square matrix through training, beside the law it was drawn from. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "report/read.h"

wlaw_status wlaw_read_invariants(invariant_rows *out, ensemble *source, size_t matrix, wlaw_error *err) {
  const size_t n = source->matrices[matrix].networks;
  matrix_moments moments;
  double *q = wlaw_array(n * MOMENTS_MOST, sizeof *q);
  wlaw_status status = q ? wlaw_ensemble_measure(&moments, q, source, matrix, 1, NULL, err)
                         : wlaw_fail_memory(err, n, MOMENTS_MOST * sizeof *q);
  if (status == WLAW_OK && moments.length == MOMENTS_SQUARE) {
    out->networks = wlaw_array(n, sizeof *out->networks);
    out->values = wlaw_array(n, sizeof *out->values);
    out->n = out->networks && out->values ? n : 0;
    if (out->n == 0) status = wlaw_fail_memory(err, n, sizeof *out->values);
  }
  for (size_t k = 0; status == WLAW_OK && k < out->n; k++) {
    for (size_t a = 0; a < MOMENTS_SQUARE; a++) moments.mean[a] = q[k * MOMENTS_SQUARE + a];
    wlaw_moments_invariants(out->values[k], &moments);
    out->networks[k] = wlaw_ensemble_network(source, k);
  }
  free(q);
  return status;
}

void wlaw_invariant_rows_free(invariant_rows *rows) {
  free(rows->networks);
  free(rows->values);
  *rows = (invariant_rows){0, NULL, NULL};
}

/* Mean and standard deviation over networks of one column, two passes. NaN where they are not determined. */
typedef struct column_spread {
  double n, mean, sd;
} column_spread;

/* minus NULL: of the values themselves; else of the differences, over the networks that both have (numbers ascend). */
static column_spread spread_of(const invariant_rows *rows, const invariant_rows *minus, size_t column) {
  column_spread out = {0, NAN, NAN};
  double sum = 0, squares = 0;
  for (int pass = 0; pass < 2; pass++) {
    size_t j = 0;
    double n = 0;
    for (size_t k = 0; k < rows->n; k++) {
      while (minus && j < minus->n && minus->networks[j] < rows->networks[k]) j++;
      if (minus && (j == minus->n || minus->networks[j] != rows->networks[k])) continue;
      const double value = rows->values[k][column] - (minus ? minus->values[j][column] : 0);
      n++;
      if (pass == 0) sum += value;
      else squares += (value - out.mean) * (value - out.mean);
    }
    out.n = n;
    out.mean = n > 0 ? sum / n : NAN;
  }
  out.sd = out.n > 1 ? sqrt(squares / (out.n - 1)) : NAN;
  return out;
}

/* An invariant of degree 2 is x'Ax with x the D^2 weights. With weights independent, alike and of mean 0 its mean is
 * w2 tr A and its variance (w4 - 3 w2^2) sum_e A_ee^2 + 2 w2^2 |A|^2, A symmetric, w2 and w4 the moments of a weight.
 * These A are sums of 0, 1/2 and 1 that have sum_e A_ee^2 = tr A. */
static void quadratic_forms(double trace[REPORT_INVARIANTS], double norm[REPORT_INVARIANTS], double D) {
  const double traces[] = {0, 0, D * D, D, D, D, D * D, D * D, D, D * D, D, D, D};
  const double half = D * (D + 1) / 2, node = D * D * D, mixed = D * D * (D + 1) / 2;
  const double norms[] = {0, 0, D * D, D * D, half, half, node, node, mixed, D * node, D, D * D, mixed};
  for (size_t k = 0; k < REPORT_INVARIANTS; k++) {
    trace[k] = traces[k];
    norm[k] = norms[k];
  }
}

/* Mean and standard deviation of each invariant of one network under the initial law; false: there is no formula. */
static bool initial_spread(report_tensor *tensor, const initial_moments *initial) {
  const double D = (double)tensor->rows, w2 = initial->variance, w4 = initial->kurtosis * w2 * w2;
  double trace[REPORT_INVARIANTS], norm[REPORT_INVARIANTS];
  if (!(w2 > 0) || !isfinite(w4) || initial->mean != 0) return false;
  quadratic_forms(trace, norm, D);
  for (size_t k = 0; k < REPORT_INVARIANTS; k++) {
    tensor->initial_mean[k] = w2 * trace[k];
    tensor->initial_sd[k] = sqrt((w4 - 3 * w2 * w2) * trace[k] + 2 * w2 * w2 * norm[k]);
  }
  tensor->initial_sd[0] = sqrt(D * w2);
  tensor->initial_sd[1] = D * sqrt(w2);
  return true;
}

/* The unit of a relative change: an invariant's initial mean; for the linear ones, whose mean is 0 or near it, their
 * initial standard deviation. */
static double change_unit(const report_tensor *tensor, size_t k) {
  return k < 2 ? tensor->initial_sd[k] : fabs(tensor->initial_mean[k]);
}

void wlaw_read_changes(report_tensor *tensor, const invariant_rows *const *epochs, size_t n_epochs,
                       const initial_moments *initial) {
  size_t first = 0;
  while (first < n_epochs && epochs[first]->n == 0) first++;
  if (first == n_epochs) return;
  tensor->invariants_against = initial_spread(tensor, initial) ? INVARIANTS_INITIAL_LAW : INVARIANTS_FIRST_SNAPSHOT;
  const bool law = tensor->invariants_against == INVARIANTS_INITIAL_LAW;
  for (size_t k = 0; k < REPORT_INVARIANTS; k++) {
    if (!law) {
      const column_spread start = spread_of(epochs[first], NULL, k);
      tensor->initial_mean[k] = start.mean;
      tensor->initial_sd[k] = start.sd;
    }
    for (size_t e = first; e < n_epochs; e++) {
      invariant_change *change = &tensor->points[e].invariants[k];
      const column_spread here = spread_of(epochs[e], NULL, k), paired = spread_of(epochs[e], epochs[first], k);
      const double unit = change_unit(tensor, k), error = paired.sd / sqrt(paired.n);
      change->mean = here.mean;
      change->sd = here.sd;
      change->relative = paired.mean / unit;
      change->relative_error = error / unit;
      change->deviation_se = law ? (here.mean - tensor->initial_mean[k]) / (tensor->initial_sd[k] / sqrt(here.n))
                             : e > first ? paired.mean / error
                                         : NAN;
    }
  }
}
