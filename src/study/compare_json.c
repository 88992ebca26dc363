#include "study/compare_json.h"

#include <math.h>
#include <string.h>

#include "core/text.h"
#include "study/fit.h"
#include "study/sentence.h"

/* Shares of the squared distance, which add up to 1. */
static json_t *blocks_json(bool *failed, const matrix_distance *distance) {
  const matrix_layout *layout = &distance->a.layout;
  const double whole = distance->numbers.squared > 0.0 ? distance->numbers.squared : NAN;
  json_t *object = json_object();
  if (layout->means > 0) wlaw_json_put(failed, object, "mean", wlaw_json_determined(distance->parts[0] / whole));
  for (size_t b = 0; b < layout->n_blocks; b++)
    wlaw_json_put(failed, object, layout->blocks[b].name,
                  layout->blocks[b].dimension > 0 ? wlaw_json_determined(distance->parts[1 + b] / whole) : json_null());
  return object;
}

static json_t *reasons_json(bool *failed, const distance_numbers *numbers) {
  json_t *reasons = json_object();
  if (*numbers->kl_reason) {
    wlaw_json_put(failed, reasons, "kl_ab", wlaw_json_text(numbers->kl_reason));
    wlaw_json_put(failed, reasons, "kl_ba", wlaw_json_text(numbers->kl_reason));
  }
  if (*numbers->error_reason) wlaw_json_put(failed, reasons, "standard_error", wlaw_json_text(numbers->error_reason));
  if (*numbers->floor_reason) {
    wlaw_json_put(failed, reasons, "noise_floor_squared", wlaw_json_text(numbers->floor_reason));
    wlaw_json_put(failed, reasons, "debiased_squared", wlaw_json_text(numbers->floor_reason));
  }
  if (!(numbers->squared > 0.0))
    wlaw_json_put(failed, reasons, "blocks", json_string("both sides are equal: there is nothing to share"));
  return reasons;
}

void wlaw_compare_put(bool *failed, json_t *document, const distance_numbers *numbers) {
  const size_t a = numbers->networks_a, b = numbers->networks_b;
  wlaw_json_put(failed, document, "networks_a", a ? wlaw_json_count(a) : json_null());
  wlaw_json_put(failed, document, "networks_b", b ? wlaw_json_count(b) : json_null());
  wlaw_json_put(failed, document, "paired", json_boolean(numbers->paired));
  wlaw_json_put(failed, document, "reference", json_string(a == 0 || b == 0 ? "exact" : "fitted"));
  wlaw_json_put(failed, document, "wasserstein", wlaw_json_real(sqrt(numbers->squared)));
  wlaw_json_put(failed, document, "wasserstein_squared", wlaw_json_real(numbers->squared));
  wlaw_json_put(failed, document, "noise_floor_squared", wlaw_json_determined(numbers->floor));
  wlaw_json_put(failed, document, "debiased_squared", wlaw_json_determined(numbers->debiased));
  wlaw_json_put(failed, document, "debiased_by", json_string(numbers->paired ? "jackknife" : "noise floor"));
  wlaw_json_put(failed, document, "standard_error", wlaw_json_determined(numbers->standard_error));
  wlaw_json_put(failed, document, "kl_ab", wlaw_json_determined(numbers->kl_ab));
  wlaw_json_put(failed, document, "kl_ba", wlaw_json_determined(numbers->kl_ba));
  if (*numbers->kl_reason) wlaw_json_put(failed, document, "reason", wlaw_json_text(numbers->kl_reason));
  wlaw_json_put(failed, document, "reasons", reasons_json(failed, numbers));
}

static void add_text(bool *failed, json_t *array, text_buffer *text) {
  if (text->failed) *failed = true;
  wlaw_json_append(failed, array, wlaw_json_text(wlaw_text_string(text)));
  wlaw_text_free(text);
}

static const char *largest_block(const matrix_distance *distance, double *share) {
  const matrix_layout *layout = &distance->a.layout;
  const char *name = "mean";
  double most = distance->parts[0];
  for (size_t b = 0; b < layout->n_blocks; b++)
    if (distance->parts[1 + b] > most) {
      most = distance->parts[1 + b];
      name = layout->blocks[b].name;
    }
  *share = most / distance->numbers.squared;
  return name;
}

void wlaw_compare_say(bool *failed, json_t *summary, const distance_numbers *numbers, const char *largest,
                      double share) {
  text_buffer text = {0};
  wlaw_text_add(&text, "W2 is %.4g (squared %.4g", sqrt(numbers->squared), numbers->squared);
  if (!isnan(numbers->standard_error)) wlaw_text_add(&text, " \u00b1 %.2g", numbers->standard_error);
  wlaw_text_add(&text, ")");
  if (numbers->paired && !isnan(numbers->floor))
    wlaw_text_add(&text, "; the networks are the same, and without the bias of their number it is %.4g squared",
                  numbers->debiased);
  else if (!isnan(numbers->floor)) wlaw_text_add(&text, "; sampling alone would give %.3g squared", numbers->floor);
  wlaw_text_add(&text, ".");
  add_text(failed, summary, &text);
  const bool beyond_errors = numbers->debiased > 3.0 * numbers->standard_error; /* false where it is not known */
  if (numbers->squared > 0.0 && numbers->squared <= 2.0 * numbers->floor && !beyond_errors)
    SENTENCE(failed, summary, "This is noise: no difference between A and B is seen.");
  else if (numbers->squared > 0.0)
    SENTENCE(failed, summary, "The largest part lies in %s: %.1f %%.", largest, 100.0 * share);
  if (*numbers->kl_reason)
    SENTENCE(failed, summary, "The Kullback-Leibler divergences are not determined: %s.", numbers->kl_reason);
  if (*numbers->error_reason)
    SENTENCE(failed, summary, "The error of W2 squared is not determined: %s.", numbers->error_reason);
  if (*numbers->floor_reason && strcmp(numbers->floor_reason, numbers->error_reason) != 0)
    SENTENCE(failed, summary, "The noise floor is not determined: %s.", numbers->floor_reason);
}

static json_t *summary_json(bool *failed, const matrix_distance *distance) {
  json_t *summary = json_array();
  double share;
  const char *name = largest_block(distance, &share);
  wlaw_compare_say(failed, summary, &distance->numbers, name, share);
  return summary;
}

/* One network shows its total but not how totals vary: what the distance then takes for granted. */
static void warn_of_single(bool *failed, json_t *warnings, const matrix_distance *distance) {
  const matrix_block *total = &distance->a.layout.blocks[0];
  if (distance->a.layout.means == 0) return;
  const size_t networks[] = {distance->numbers.networks_a, distance->numbers.networks_b};
  for (int side = 0; side < 2; side++) {
    if (networks[side] != 1 || total->dimension != 1) continue;
    text_buffer text = {0};
    wlaw_text_add(&text,
                  "%s is one network, which does not determine mean and %s: its own total counts as the mean, and %s "
                  "as 0, in the distance.",
                  side ? "B" : "A", total->name, total->name);
    add_text(failed, warnings, &text);
  }
}

static void put_sides(bool *failed, json_t *document, const compare_source *from) {
  static const char *const inputs[] = {"input_a", "input_b"}, *const epochs[] = {"epoch_a", "epoch_b"},
                           *const excluded[] = {"networks_excluded_a", "networks_excluded_b"};
  for (int k = 0; k < 2; k++) {
    const ensemble *source = from->source[k];
    wlaw_json_put(failed, document, inputs[k], wlaw_json_text(from->input[k]));
    wlaw_json_put(failed, document, epochs[k],
                  source && source->has_epoch ? wlaw_json_count(source->epoch) : json_null());
    wlaw_json_put(failed, document, excluded[k], wlaw_json_count(source ? source->excluded : 0));
  }
  wlaw_json_put(failed, document, "exclude_rule", json_string(from->rule));
  wlaw_json_put(failed, document, "tensor", wlaw_json_text(from->matrix->name));
  wlaw_json_put(failed, document, "rows", wlaw_json_count(from->matrix->rows));
  wlaw_json_put(failed, document, "cols", wlaw_json_count(from->matrix->cols));
}

json_t *wlaw_compare_document(bool *failed, const compare_source *from, const matrix_distance *distance) {
  json_t *document = json_object(), *warnings = json_array();
  wlaw_json_put(failed, document, "schema", json_string("weightlaw.compare/1"));
  put_sides(failed, document, from);
  wlaw_json_put(failed, document, "law", json_string(distance->a.law->name));
  wlaw_compare_put(failed, document, &distance->numbers);
  wlaw_json_put(failed, document, "blocks", blocks_json(failed, distance));
  wlaw_json_put(failed, document, "parameters_a", wlaw_matrix_json(failed, &distance->a, NULL));
  wlaw_json_put(failed, document, "parameters_b", wlaw_matrix_json(failed, &distance->b, NULL));
  wlaw_json_put(failed, document, "summary", summary_json(failed, distance));
  wlaw_matrix_warnings(failed, warnings, from->matrix);
  warn_of_single(failed, warnings, distance);
  wlaw_json_put(failed, document, "warnings", warnings);
  return document;
}
