/* What the verb `limit` has to say in sentences, the gravest first. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "study/limit.h"
#include "study/sentence.h"

static double real_at(const json_t *object, const char *key) {
  double value = NAN;
  const json_t *item = json_object_get(object, key);
  return item && wlaw_json_number(item, &value) ? value : NAN;
}

static void say_inputs(bool *failed, json_t *list, const limit_job *job) {
  const limit_inputs *inputs = &job->inputs;
  if (inputs->zeros)
    SENTENCE(
        failed, list, "Features of input %zu%s are all 0: %s.", inputs->zero, inputs->zeros > 1 ? " and others" : "",
        job->network.bias_variance > 0.0 ? "the network sees its biases alone" : "its outputs are 0 in every network");
  if (inputs->twins)
    SENTENCE(failed, list, "Inputs %zu and %zu%s coincide: their outputs do, too.", inputs->twin[0], inputs->twin[1],
             inputs->twins > 1 ? ", and other pairs," : "");
}

static void say_zero(bool *failed, json_t *list, const output_law *law) {
  if (law->probability_zero > 0.0)
    SENTENCE(failed, list, "With probability %.4g all outputs are exactly 0: a layer has no active node.",
             law->probability_zero);
}

/* Errors of a law that was measured, and what it cannot tell. */
static void say_measured(bool *failed, json_t *list, const json_t *document) {
  size_t l;
  json_t *layer;
  json_array_foreach(json_object_get(document, "layers"), l, layer) {
    const json_t *measured = json_object_get(layer, "measured"), *levy = json_object_get(layer, "levy");
    if (!json_is_object(measured)) continue;
    SENTENCE(
        failed, list,
        "The law of layer %zu was measured: a = %.3g +- %.2g, the sum of lambda has mean %.4g +- %.2g; nodes below "
        "its smallest atom count as none, so P(Z = 0) and numbers of small nodes are those of the atoms.",
        l + 1, real_at(layer, "a"), real_at(measured, "se_a"), real_at(levy, "mean"), real_at(measured, "se_mean"));
    return;
  }
}

static void say_infinite(bool *failed, json_t *list, const limit_network *network) {
  for (size_t l = 0; l < network->depth; l++) {
    if (!isinf(wlaw_node_mean(network->laws[l]))) continue;
    SENTENCE(failed, list,
             "The node variances of layer %zu have a sum of infinite mean: outputs have no variance, and moments, mean "
             "errors and their bounds do not exist; read quantiles, P(Z = 0) and numbers of active nodes.",
             l + 1);
    return;
  }
}

static void say_regime(bool *failed, json_t *list, const output_law *law, bool mixture) {
  char correlation[64] = "";
  if (law->square_correlation > 0.0)
    snprintf(correlation, sizeof correlation, ", their squares have correlation %.4g", law->square_correlation);
  if (!mixture)
    SENTENCE(failed, list,
             "The limit is a Gaussian process: no layer has jumps, outputs are independent, every weight vanishes.");
  else
    SENTENCE(failed, list, "The limit is a mixture of Gaussian processes: outputs are uncorrelated but dependent%s.",
             correlation);
  if (mixture && law->name) SENTENCE(failed, list, "An output follows the law %s.", law->name);
}

static void say_tail(bool *failed, json_t *list, const output_law *law) {
  if (isinf(law->tail_index) || isnan(law->tail_index)) return;
  if (isnan(law->tail_constant))
    SENTENCE(failed, list, "Outputs have a heavy tail: P(abs Z > z) falls as z^-%.4g.", law->tail_index);
  else
    SENTENCE(failed, list, "Outputs have a heavy tail: P(abs Z > z) ~ %.4g z^-%.4g.", law->tail_constant,
             law->tail_index);
}

static void say_compressible(bool *failed, json_t *list, const json_t *document) {
  const char *verdict = json_string_value(json_object_get(document, "compressible"));
  const char *why = json_string_value(json_object_get(document, "why"));
  if (verdict && why) SENTENCE(failed, list, "Compressible: %s; %s.", verdict, why);
}

/* The comparison furthest from the limit in standard errors, at each width. */
static void say_finite(bool *failed, json_t *list, const json_t *document) {
  size_t i, k;
  json_t *finite, *row;
  json_array_foreach(json_object_get(document, "finite"), i, finite) {
    const json_t *worst = NULL;
    json_array_foreach(json_object_get(finite, "comparisons"), k, row) {
      const double z = fabs(real_at(row, "z"));
      if (!isnan(z) && (!worst || z > fabs(real_at(worst, "z")))) worst = row;
    }
    if (!worst) continue;
    char quantity[48];
    wlaw_text_words(quantity, sizeof quantity, json_string_value(json_object_get(worst, "quantity")));
    SENTENCE(failed, list,
             "Width %.0f: furthest from the limit is %s, %.4g against %.4g (z = %+.1f); Kolmogorov-Smirnov p %s %.2g.",
             real_at(finite, "width"), quantity, real_at(worst, "finite"), real_at(worst, "limit"), real_at(worst, "z"),
             P_VALUE(real_at(json_object_get(finite, "ks"), "p_value")));
  }
}

void wlaw_limit_findings(bool *failed, json_t *document, const limit_job *job) {
  if (*failed) return; /* keys may be missing */
  json_t *list = json_array();
  const char *regime = json_string_value(json_object_get(document, "regime"));
  say_infinite(failed, list, &job->network);
  say_zero(failed, list, &job->output);
  say_regime(failed, list, &job->output, regime && strcmp(regime, "mogp") == 0);
  say_tail(failed, list, &job->output);
  say_compressible(failed, list, document);
  say_measured(failed, list, document);
  say_finite(failed, list, document);
  say_inputs(failed, list, job);
  wlaw_json_put(failed, document, "findings", list);
}
