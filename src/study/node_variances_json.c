/* The document of a fit of node variances: keys in docs/limit.md, and sentences on what was found. */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "math/multiple.h"
#include "study/fit.h"
#include "study/node_variances.h"
#include "study/sentence.h"

static json_t *curve_json(bool *failed, const node_curve *curve) {
  json_t *object = json_object();
  wlaw_json_put(failed, object, "x", wlaw_json_reals(curve->x, curve->n));
  wlaw_json_put(failed, object, "value", wlaw_json_reals(curve->value, curve->n));
  wlaw_json_put(failed, object, "se", wlaw_json_reals(curve->se, curve->n));
  return object;
}

typedef struct named_number {
  const char *key;
  double value; /* NaN: null */
} named_number;

static void put_numbers(bool *failed, json_t *object, const named_number *numbers, size_t n) {
  for (size_t i = 0; i < n; i++) wlaw_json_put(failed, object, numbers[i].key, wlaw_json_determined(numbers[i].value));
}

static const char *removed(const node_sample *sample) {
  return sample->own ? "own" : sample->common ? "common" : "none";
}

static json_t *width_reasons(bool *failed, const node_estimate *estimate) {
  json_t *reasons = json_object();
  wlaw_json_put(failed, reasons, "p_value_gaussian",
                json_string("at one width the same nodes may become a sum or stay jumps; see limit"));
  if (estimate->hill_reason) wlaw_json_put(failed, reasons, "hill", json_string(estimate->hill_reason));
  if (isnan(estimate->total_variance))
    wlaw_json_put(failed, reasons, "total_variance", json_string("one network has no spread"));
  if (isnan(estimate->second_moment_check))
    wlaw_json_put(failed, reasons, "second_moment_check",
                  json_string("with so many outputs the noise is left in the curves"));
  return reasons;
}

static json_t *width_json(bool *failed, const node_layer *layer, size_t i) {
  const node_sample *sample = &layer->samples[i];
  const node_estimate *at = &layer->estimates[i];
  const named_number numbers[] = {
      {"p_value_common_mean", sample->p_common},
      {"p_value_own_mean", sample->p_own},
      {"directions", sample->directions},
      {"p_value_directions", sample->p_directions},
      {"total", at->total},
      {"standard_error", at->se_total},
      {"total_median", at->typical * (double)at->width},
      {"total_variance", at->total_variance},
      {"se_total_variance", at->se_total_variance},
      {"share_largest", at->share_largest},
      {"se_share_largest", at->se_share_largest},
      {"share_null", at->share_null},
      {"concentration", at->concentration},
      {"se_concentration", at->se_concentration},
      {"participation_ratio", 1.0 / at->concentration},
      {"dominance", at->dominance},
      {"se_dominance", at->se_dominance},
      {"p_value_equal", at->p_equal},
      {"p_value_equal_simulated", at->p_equal_simulated},
      {"p_value_gaussian", NAN},
      {"hill", at->hill},
      {"se_hill", at->se_hill},
      {"second_moment_check", at->second_moment_check},
  };
  json_t *object = json_object();
  wlaw_json_put(failed, object, "run", wlaw_json_text(layer->sources[i]->label));
  wlaw_json_put(failed, object, "width", wlaw_json_count(at->width));
  wlaw_json_put(failed, object, "outputs", wlaw_json_count(sample->outputs));
  wlaw_json_put(failed, object, "networks", wlaw_json_count(at->networks));
  wlaw_json_put(failed, object, "networks_without_weights", wlaw_json_count(at->empty));
  wlaw_json_put(failed, object, "bootstrap", json_string(at->over_nodes ? "nodes" : "networks"));
  wlaw_json_put(failed, object, "mean_removed", json_string(removed(sample)));
  put_numbers(failed, object, numbers, sizeof numbers / sizeof *numbers);
  wlaw_json_put(failed, object, "hill_nodes", wlaw_json_count(at->hill_nodes));
  wlaw_json_put(failed, object, "reasons", width_reasons(failed, at));
  wlaw_json_put(failed, object, "tail", curve_json(failed, &at->tail));
  wlaw_json_put(failed, object, "truncated", curve_json(failed, &at->truncated));
  return object;
}

/* That the dominance vanishes, against its staying: one-sided. */
static double p_of_zero(const node_trend *trend) {
  const double half = 0.5 * wlaw_normal_two_sided(trend->limit / trend->se_limit);
  return trend->limit > 0.0 ? half : 1.0 - half;
}

static json_t *limit_reasons(bool *failed, const node_limit *limit) {
  json_t *reasons = json_object();
  if (limit->verdict == NODE_UNDETERMINED) return reasons; /* `reason` says it */
  if (isnan(limit->total))
    wlaw_json_put(failed, reasons, "total", json_string("it has no mean, or follows no straight line in 1/p"));
  if (isnan(limit->threshold))
    wlaw_json_put(failed, reasons, "threshold", json_string("the curves follow no straight line in 1/p"));
  return reasons;
}

static json_t *limit_json(bool *failed, const node_limit *limit) {
  const node_trend *trend = &limit->dominance;
  const named_number numbers[] = {
      {"a", limit->a},
      {"se_a", limit->se_a},
      {"total", limit->total},
      {"se_total", limit->se_total},
      {"threshold", limit->threshold},
      {"residual", limit->residual},
      {"se_residual", limit->se_residual},
      {"dominance", trend->limit},
      {"se_dominance", trend->se_limit},
      {"chi_squared", limit->chi_squared},
      {"p_value", limit->p_value},
      {"p_value_gaussian", p_of_zero(trend)},
      {"exponent", trend->exponent},
      {"se_exponent", trend->se_exponent},
      {"exponent_p_value", trend->power_p_value},
  };
  json_t *object = json_object();
  wlaw_json_put(failed, object, "verdict", json_string(wlaw_node_verdict_name(limit->verdict)));
  put_numbers(failed, object, numbers, sizeof numbers / sizeof *numbers);
  wlaw_json_put(failed, object, "reason", limit->reason ? json_string(limit->reason) : json_null());
  wlaw_json_put(failed, object, "reasons", limit_reasons(failed, limit));
  wlaw_json_put(failed, object, "tail", curve_json(failed, &limit->tail));
  wlaw_json_put(failed, object, "truncated", curve_json(failed, &limit->truncated));
  return object;
}

/* ---- sentences ---- */

static const char *name_of(const node_layer *layer) {
  const char *name = layer->sources[0]->matrices[layer->matrix[0]].name;
  return *name ? name : "the outputs";
}

static void say_limit(bool *failed, json_t *findings, const node_layer *layer) {
  const node_limit *limit = &layer->limit;
  const node_trend *trend = &limit->dominance;
  if (limit->verdict == NODE_IS_GP)
    SENTENCE(failed, findings,
             "Nodes into %s: Gaussian limit. No node keeps a share of an output (dominance falls as p^-%.2f +- %.2f, "
             "to %.2g "
             "+- %.1g); a = %.4g +- %.2g.",
             name_of(layer), trend->exponent, trend->se_exponent, trend->limit, trend->se_limit, limit->a, limit->se_a);
  else if (limit->verdict == NODE_IS_MOGP)
    SENTENCE(failed, findings,
             "Nodes into %s: mixture of Gaussian processes. An output stays on about %.3g nodes (dominance %.3g +- "
             "%.2g at infinite width); nodes below %.3g add %.3g +- %.2g, and a = %.3g +- %.2g.",
             name_of(layer), 1.0 / trend->limit, trend->limit, trend->se_limit, limit->threshold, limit->residual,
             limit->se_residual, limit->a, limit->se_a);
  else SENTENCE(failed, findings, "Nodes into %s: limit not determined (%s).", name_of(layer), limit->reason);
}

static void say_widths(bool *failed, json_t *findings, const node_layer *layer) {
  for (size_t i = 0; i < layer->n; i++) {
    const node_sample *sample = &layer->samples[i];
    const node_estimate *at = &layer->estimates[i];
    const double p = at->p_equal;
    SENTENCE(
        failed, findings,
        "Width %zu: the node variances %s all equal (p %s %.2g); the largest node has %.3g of an output, noise alone "
        "%.3g, and %.4g nodes carry it.",
        at->width, p < 0.01 ? "are not" : "may be", P_VALUE(p), at->share_largest, at->share_null,
        1.0 / at->concentration);
    if (at->p_equal > 0.999)
      SENTENCE(
          failed, findings,
          "Width %zu: the mean squares vary less than the noise of Gaussian weights (p < .001): these nodes are more "
          "alike than any law of variances makes them, and what had this noise taken off is too even.",
          at->width);
    if (at->hill + 2.0 * at->se_hill < 1.0)
      SENTENCE(failed, findings,
               "Width %zu: a tail index of %.2f means that node variances have no mean: read the median total, %.4g.",
               at->width, at->hill, at->typical * (double)at->width);
    if (sample->centre)
      SENTENCE(failed, findings,
               "Width %zu: a mean weight into each output, %s, was significant (p %s %.2g) and removed.", at->width,
               sample->own ? "each network's own" : "common to the networks",
               P_VALUE(sample->own ? sample->p_own : sample->p_common));
    if (sample->directions < (double)sample->outputs)
      SENTENCE(
          failed, findings,
          "Width %zu: the weights of a node into its %zu outputs are not alike: their noise is that of %.3g outputs.",
          at->width, sample->outputs, sample->directions);
  }
}

/* iid nodes give the total the variance total^2 (D - 1/p). */
static void say_scale(bool *failed, json_t *findings, const node_layer *layer) {
  const node_estimate *widest = &layer->estimates[0];
  for (size_t i = 1; i < layer->n; i++)
    if (layer->estimates[i].width > widest->width) widest = &layer->estimates[i];
  const double nodes = widest->total * widest->total * (widest->concentration - 1.0 / (double)widest->width);
  if (layer->limit.verdict == NODE_IS_GP && !widest->over_nodes &&
      widest->total_variance - 2.0 * nodes > 3.0 * widest->se_total_variance)
    SENTENCE(
        failed, findings,
        "Nodes into %s: the totals of networks differ by more (variance %.3g) than independent nodes explain (%.2g): a "
        "scale common to a network's nodes, which no node law describes.",
        name_of(layer), widest->total_variance, nodes);
}

static void say_bootstrap(bool *failed, json_t *findings, const node_layer *layer) {
  for (size_t i = 0; i < layer->n; i++)
    if (layer->estimates[i].over_nodes) {
      SENTENCE(failed, findings,
               "Nodes into %s: with fewer than 10 networks errors come from nodes drawn again, which takes them as "
               "independent.",
               name_of(layer));
      return;
    }
}

json_t *wlaw_node_layer_json(bool *failed, json_t *findings, const node_layer *layer) {
  json_t *object = json_object(), *widths = json_array();
  const node_sample *first = &layer->samples[0];
  bool centred = false, same_outputs = true, same_mean = true;
  for (size_t i = 0; i < layer->n; i++) {
    wlaw_json_append(failed, widths, width_json(failed, layer, i));
    centred = centred || layer->samples[i].centre;
    same_outputs = same_outputs && layer->samples[i].outputs == first->outputs;
    same_mean = same_mean && strcmp(removed(&layer->samples[i]), removed(first)) == 0;
  }
  wlaw_json_put(failed, object, "name", wlaw_json_text(layer->sources[0]->matrices[layer->matrix[0]].name));
  wlaw_json_put(failed, object, "outputs", same_outputs ? wlaw_json_count(first->outputs) : json_null());
  if (!same_outputs) wlaw_json_put(failed, object, "reason", json_string("the next layer grows with the width"));
  wlaw_json_put(failed, object, "centred", json_boolean(centred));
  wlaw_json_put(failed, object, "mean_removed", json_string(same_mean ? removed(first) : "differs"));
  wlaw_json_put(failed, object, "widths", widths);
  wlaw_json_put(failed, object, "limit", limit_json(failed, &layer->limit));
  say_limit(failed, findings, layer);
  say_scale(failed, findings, layer);
  say_widths(failed, findings, layer);
  say_bootstrap(failed, findings, layer);
  return object;
}

json_t *wlaw_node_document(bool *failed, ensemble *const *sources, size_t n, const char *rule, json_t *layers,
                           json_t *findings) {
  json_t *document = json_object(), *runs = json_array(), *widths = json_array();
  bool one_epoch = true;
  for (size_t i = 0; i < n; i++) {
    const ensemble *source = sources[i];
    json_t *one = json_object(), *list = json_array();
    for (size_t k = 0; k < source->n_matrices; k++)
      if (!source->matrices[k].first) wlaw_json_append(failed, list, wlaw_json_count(source->matrices[k].cols));
    one_epoch = one_epoch && source->has_epoch;
    wlaw_json_append(failed, runs, wlaw_json_text(source->label));
    wlaw_json_put(failed, one, "run", wlaw_json_text(source->label));
    wlaw_json_put(failed, one, "width", json_incref(json_array_get(list, json_array_size(list) - 1)));
    wlaw_json_put(failed, one, "networks", wlaw_json_count(source->matrices[0].networks));
    wlaw_json_put(failed, one, "networks_excluded", wlaw_json_count(source->excluded));
    wlaw_json_put(failed, one, "layers", list);
    wlaw_json_append(failed, widths, one);
  }
  wlaw_json_put(failed, document, "schema", json_string("weightlaw.node-variances/1"));
  wlaw_json_put(failed, document, "law", json_string(NODE_VARIANCES));
  wlaw_json_put(failed, document, "runs", runs);
  wlaw_json_put(failed, document, "epoch", one_epoch ? wlaw_json_count(sources[0]->epoch) : json_null());
  if (!one_epoch) wlaw_json_put(failed, document, "reason", json_string("a file of tensors has no epoch"));
  wlaw_json_put(failed, document, "exclude_rule", json_string(rule));
  wlaw_json_put(failed, document, "widths", widths);
  wlaw_json_put(failed, document, "layers", layers);
  wlaw_json_put(failed, document, "findings", findings);
  return document;
}
