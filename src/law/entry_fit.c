/* What fits of entry laws share. */
#include "law/entry_fit.h"

#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"

double wlaw_entry_log_likelihood(const wlaw_law *law, const entry_cells *cells) {
  double sum = 0.0;
  for (size_t i = 0; i < cells->n; i++)
    sum += (double)cells->count[i] * law->ops->entry->log_density(law->values, cells->value[i]);
  return sum;
}

void wlaw_entry_fit_start(entry_fit *fit, const law_ops *ops) {
  *fit = (entry_fit){.law = {.ops = ops}, .log_likelihood = NAN, .stop_reason = "not fitted"};
  for (size_t i = 0; i < LAW_MAX_VALUES; i++) fit->law.values[i] = NAN;
  for (size_t i = 0; i < LAW_MAX_PARAMETERS; i++) fit->standard_error[i] = NAN;
}

void wlaw_entry_fit_set(entry_fit *fit, size_t i, double value, double standard_error) {
  fit->law.values[wlaw_law_offset(fit->law.ops, i)] = value;
  fit->law.counts[i] = 1;
  fit->standard_error[i] = standard_error;
}

void wlaw_entry_fit_finish(entry_fit *fit, const newton_maximum *maximum, size_t free_parameters,
                           const entry_cells *cells) {
  fit->converged = maximum->converged;
  fit->iterations = maximum->iterations;
  fit->stop_reason = maximum->stop_reason;
  fit->free_parameters = free_parameters;
  fit->log_likelihood = wlaw_entry_log_likelihood(&fit->law, cells);
}

void wlaw_entry_fit_finish_closed(entry_fit *fit, size_t free_parameters, const entry_cells *cells) {
  static const newton_maximum closed = {.converged = true, .stop_reason = "closed form"};
  wlaw_entry_fit_finish(fit, &closed, free_parameters, cells);
}

/* Puts the cells into out: one walks up from the smallest positive weight, one down from the largest negative one. */
static void merge_signs(entry_magnitudes *out, const entry_cells *cells) {
  size_t up = 0;
  while (up < cells->n && !(cells->value[up] > 0.0)) up++;
  size_t down = up; /* next negative cell is down - 1 */
  while (up < cells->n || down > 0) {
    const double plus = up < cells->n ? cells->value[up] : INFINITY;
    const double minus = down > 0 ? -cells->value[down - 1] : INFINITY;
    double count = 0.0;
    if (plus <= minus) count += (double)cells->count[up++];
    if (minus <= plus) count += (double)cells->count[--down];
    const double magnitude = fmin(plus, minus);
    if (!(magnitude > 0.0)) continue;
    out->log[out->n] = log(magnitude);
    out->share[out->n++] = count;
    out->total += count;
  }
}

wlaw_status wlaw_entry_magnitudes(entry_magnitudes *out, const entry_cells *cells, wlaw_error *err) {
  *out = (entry_magnitudes){.log = wlaw_array(cells->n, sizeof *out->log),
                            .share = wlaw_array(cells->n, sizeof *out->share)};
  if (!out->log || !out->share) {
    wlaw_entry_magnitudes_free(out);
    return wlaw_fail_memory(err, cells->n, 2 * sizeof *out->log);
  }
  merge_signs(out, cells);
  if (!out->n) {
    wlaw_entry_magnitudes_free(out);
    return wlaw_fail(err, WLAW_VALUE, "there are no weights other than 0 to fit a law to");
  }
  double mean = 0.0;
  for (size_t i = 0; i < out->n; i++) {
    out->share[i] /= out->total;
    mean += out->share[i] * out->log[i];
  }
  for (size_t i = 0; i < out->n; i++) out->log[i] -= mean;
  out->unit = exp(mean);
  return WLAW_OK;
}

void wlaw_entry_magnitudes_free(entry_magnitudes *magnitudes) {
  free(magnitudes->log);
  free(magnitudes->share);
  *magnitudes = (entry_magnitudes){0};
}

entry_power wlaw_entry_power(const entry_magnitudes *magnitudes, double power) {
  const double largest = magnitudes->log[magnitudes->n - 1]; /* powers of the others are below 1 in its units */
  double sum = 0.0, first = 0.0, second = 0.0;
  for (size_t i = 0; i < magnitudes->n; i++) {
    const double l = magnitudes->log[i], e = magnitudes->share[i] * exp(power * (l - largest));
    sum += e;
    first += e * l;
    second += e * l * l;
  }
  return (entry_power){.log_mean = power * largest + log(sum), .first = first / sum, .second = second / sum};
}
