#include "study/compare_json.h"

#include <math.h>

#include "core/text.h"
#include "study/fit.h"
#include "study/sentence.h"

/* Shares of the squared distance, which add up to 1. */
static json_t *blocks_json(bool *failed, const matrix_distance *distance) {
  const matrix_layout *layout = &distance->a.layout;
  const double whole = distance->squared > 0.0 ? distance->squared : NAN;
  json_t *object = json_object();
  if (layout->means > 0) wlaw_json_put(failed, object, "mean", wlaw_json_determined(distance->parts[0] / whole));
  for (size_t b = 0; b < layout->n_blocks; b++)
    wlaw_json_put(failed, object, layout->blocks[b].name,
                  layout->blocks[b].dimension > 0 ? wlaw_json_determined(distance->parts[1 + b] / whole) : json_null());
  return object;
}

static json_t *reasons_json(bool *failed, const matrix_distance *distance) {
  json_t *reasons = json_object();
  if (*distance->kl_reason) {
    wlaw_json_put(failed, reasons, "kl_ab", wlaw_json_text(distance->kl_reason));
    wlaw_json_put(failed, reasons, "kl_ba", wlaw_json_text(distance->kl_reason));
  }
  if (*distance->error_reason) {
    wlaw_json_put(failed, reasons, "standard_error", wlaw_json_text(distance->error_reason));
    if (isnan(distance->floor)) {
      wlaw_json_put(failed, reasons, "noise_floor_squared", wlaw_json_text(distance->error_reason));
      wlaw_json_put(failed, reasons, "debiased_squared", wlaw_json_text(distance->error_reason));
    }
  }
  if (!(distance->squared > 0.0))
    wlaw_json_put(failed, reasons, "blocks", json_string("both sides are equal: there is nothing to share"));
  return reasons;
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
  *share = most / distance->squared;
  return name;
}

static json_t *summary_json(bool *failed, const matrix_distance *distance) {
  json_t *summary = json_array();
  text_buffer text = {0};
  wlaw_text_add(&text, "W2 is %.4g (squared %.4g", sqrt(distance->squared), distance->squared);
  if (!isnan(distance->standard_error)) wlaw_text_add(&text, " \u00b1 %.2g", distance->standard_error);
  wlaw_text_add(&text, ")");
  if (distance->paired && !isnan(distance->floor))
    wlaw_text_add(&text, "; the networks are the same, and without the bias of their number it is %.4g squared",
                  distance->debiased);
  else if (!distance->paired) wlaw_text_add(&text, "; sampling alone would give %.3g squared", distance->floor);
  wlaw_text_add(&text, ".");
  add_text(failed, summary, &text);
  if (distance->squared > 0.0) {
    double share;
    const char *name = largest_block(distance, &share);
    text_buffer where = {0};
    if (distance->squared <= 2.0 * distance->floor)
      wlaw_text_add(&where, "This is noise: no difference between A and B is seen.");
    else wlaw_text_add(&where, "The largest part lies in %s: %.1f %%.", name, 100.0 * share);
    add_text(failed, summary, &where);
  }
  if (*distance->kl_reason)
    SENTENCE(failed, summary, "The Kullback-Leibler divergences are not determined: %s.", distance->kl_reason);
  if (*distance->error_reason)
    SENTENCE(failed, summary, "The error of W2 squared is not determined: %s.", distance->error_reason);
  return summary;
}

/* One network shows its total but not how totals vary: what the distance then takes for granted. */
static void warn_of_single(bool *failed, json_t *warnings, const matrix_distance *distance) {
  const matrix_block *total = &distance->a.layout.blocks[0];
  if (distance->a.layout.means == 0) return;
  const size_t networks[] = {distance->networks_a, distance->networks_b};
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
  const bool exact = distance->networks_a == 0 || distance->networks_b == 0;
  wlaw_json_put(failed, document, "schema", json_string("weightlaw.compare/1"));
  put_sides(failed, document, from);
  wlaw_json_put(failed, document, "law", json_string(distance->a.law->name));
  wlaw_json_put(failed, document, "networks_a",
                distance->networks_a ? wlaw_json_count(distance->networks_a) : json_null());
  wlaw_json_put(failed, document, "networks_b",
                distance->networks_b ? wlaw_json_count(distance->networks_b) : json_null());
  wlaw_json_put(failed, document, "paired", json_boolean(distance->paired));
  wlaw_json_put(failed, document, "reference", json_string(exact ? "exact" : "fitted"));
  wlaw_json_put(failed, document, "wasserstein", wlaw_json_real(sqrt(distance->squared)));
  wlaw_json_put(failed, document, "wasserstein_squared", wlaw_json_real(distance->squared));
  wlaw_json_put(failed, document, "noise_floor_squared", wlaw_json_determined(distance->floor));
  wlaw_json_put(failed, document, "debiased_squared", wlaw_json_determined(distance->debiased));
  wlaw_json_put(failed, document, "debiased_by", json_string(distance->paired ? "jackknife" : "noise floor"));
  wlaw_json_put(failed, document, "standard_error", wlaw_json_determined(distance->standard_error));
  wlaw_json_put(failed, document, "kl_ab", wlaw_json_determined(distance->kl_ab));
  wlaw_json_put(failed, document, "kl_ba", wlaw_json_determined(distance->kl_ba));
  if (*distance->kl_reason) wlaw_json_put(failed, document, "reason", wlaw_json_text(distance->kl_reason));
  wlaw_json_put(failed, document, "reasons", reasons_json(failed, distance));
  wlaw_json_put(failed, document, "blocks", blocks_json(failed, distance));
  wlaw_json_put(failed, document, "parameters_a", wlaw_matrix_json(failed, &distance->a, NULL));
  wlaw_json_put(failed, document, "parameters_b", wlaw_matrix_json(failed, &distance->b, NULL));
  wlaw_json_put(failed, document, "summary", summary_json(failed, distance));
  wlaw_matrix_warnings(failed, warnings, from->matrix);
  warn_of_single(failed, warnings, distance);
  wlaw_json_put(failed, document, "warnings", warnings);
  return document;
}
