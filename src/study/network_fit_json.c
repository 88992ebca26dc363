/* The document of a fit to whole networks (docs/network.md). */
#include <math.h>
#include <string.h>

#include "study/fit.h"
#include "study/network_study.h"

enum { LISTED_CORRELATIONS = 200 };

/* ---- parameters */

static const char *const one_network = "one network does not tell the mean from its fluctuation";

static json_t *parameters_json(bool *failed, const network_fit *fit) {
  json_t *parameters = wlaw_network_json(failed, fit->gaussian);
  if (!fit->mean_determined) wlaw_json_put(failed, parameters, "mean", json_null());
  if (!fit->trivial_determined) wlaw_json_put(failed, parameters, "trivial", json_null());
  return parameters;
}

static json_t *undetermined_json(bool *failed, const network_fit *fit) {
  json_t *names = json_array();
  if (!fit->mean_determined) wlaw_json_append(failed, names, json_string("mean"));
  if (!fit->trivial_determined) wlaw_json_append(failed, names, json_string("trivial"));
  return names;
}

/* Why a block does not exist: one node has no differences from others. */
static void add_empty_blocks(bool *failed, json_t *reasons, const network_layout *layout) {
  for (size_t b = 0; b < wlaw_network_blocks(layout); b++) {
    char name[32];
    wlaw_network_block_name(name, sizeof name, layout, b);
    if (wlaw_network_block_dimension(layout, b) == 0)
      wlaw_json_put(failed, reasons, name, json_string("a node set of one node has no differences between its nodes"));
  }
}

/* {key: why it is null}. */
static json_t *reasons_json(bool *failed, const network_fit *fit) {
  static const char *const of_likelihood[] = {"log_likelihood", "aic", "bic"};
  json_t *reasons = json_object();
  if (!fit->mean_determined) wlaw_json_put(failed, reasons, "mean", json_string(one_network));
  if (!fit->trivial_determined) wlaw_json_put(failed, reasons, "trivial", json_string(one_network));
  add_empty_blocks(failed, reasons, &fit->gaussian->layout);
  if (fit->networks < 2)
    wlaw_json_put(failed, reasons, "robust_standard_errors", json_string("one network has no spread over networks"));
  for (size_t k = 0; *fit->reason && k < 3; k++)
    wlaw_json_put(failed, reasons, of_likelihood[k], wlaw_json_text(fit->reason));
  return reasons;
}

static void put_likelihood(bool *failed, json_t *object, const network_fit *fit) {
  wlaw_json_put(failed, object, "law", json_string(wlaw_network_nesting_name(fit->nesting)));
  wlaw_json_put(failed, object, "free_parameters", wlaw_json_count(fit->parameters));
  wlaw_json_put(failed, object, "log_likelihood", wlaw_json_determined(fit->log_likelihood));
  wlaw_json_put(failed, object, "aic", wlaw_json_determined(fit->aic));
  wlaw_json_put(failed, object, "bic", wlaw_json_determined(fit->bic));
  if (*fit->reason) wlaw_json_put(failed, object, "reason", wlaw_json_text(fit->reason));
}

static json_t *test_json(bool *failed, const network_test *test) {
  json_t *object = json_object();
  wlaw_json_put(failed, object, "null", json_string(wlaw_network_nesting_name(test->null)));
  wlaw_json_put(failed, object, "alternative", json_string(wlaw_network_nesting_name(test->alternative)));
  wlaw_json_put(failed, object, "statistic", wlaw_json_determined(test->statistic));
  wlaw_json_put(failed, object, "df", wlaw_json_count(test->df));
  wlaw_json_put(failed, object, "corrected", wlaw_json_determined(test->corrected));
  wlaw_json_put(failed, object, "p_value", wlaw_json_determined(test->p_value));
  if (isnan(test->p_value)) wlaw_json_put(failed, object, "reason", wlaw_json_text(test->reason));
  else wlaw_json_put(failed, object, "method", json_string("gamma law of the exact mean and variance"));
  return object;
}

/* ---- correlations */

static void put_correlation(bool *failed, json_t *object, const network_correlation *one) {
  wlaw_json_put(failed, object, "correlation", wlaw_json_determined(one->value));
  wlaw_json_put(failed, object, "standard_error", wlaw_json_determined(one->standard_error));
  wlaw_json_put(failed, object, "robust_standard_error", wlaw_json_determined(one->robust));
  wlaw_json_put(failed, object, "z", wlaw_json_determined(one->z));
  wlaw_json_put(failed, object, "p_value", wlaw_json_determined(one->p_value));
}

void wlaw_network_sides(char *a, char *b, const network_study *study, const network_correlation *one) {
  const network_layout *layout = &study->layout;
  if (one->kind == CORRELATION_TRIVIAL) {
    wlaw_network_trivial_name(a, NETWORK_NAME, layout, study->names, one->a);
    wlaw_network_trivial_name(b, NETWORK_NAME, layout, study->names, one->b);
  } else {
    wlaw_network_copy_name(a, NETWORK_NAME, layout, study->names, one->set, one->a);
    wlaw_network_copy_name(b, NETWORK_NAME, layout, study->names, one->set, one->b);
  }
}

static json_t *correlation_json(bool *failed, const network_study *study, size_t k) {
  const network_correlation *one = &study->correlations[k];
  const bool trivial = one->kind == CORRELATION_TRIVIAL;
  char a[NETWORK_NAME], b[NETWORK_NAME];
  json_t *object = json_object();
  wlaw_network_sides(a, b, study, one);
  wlaw_json_put(failed, object, "kind", json_string(trivial ? "trivial" : "nodes"));
  wlaw_json_put(failed, object, "set", trivial ? json_null() : wlaw_json_count(study->layout.sets[one->set].set));
  wlaw_json_put(failed, object, "a", wlaw_json_text(a));
  wlaw_json_put(failed, object, "b", wlaw_json_text(b));
  put_correlation(failed, object, one);
  wlaw_json_put(failed, object, "p_adjusted", wlaw_json_determined(study->adjusted[k]));
  return object;
}

static json_t *correlations_json(bool *failed, const network_study *study) {
  json_t *array = json_array();
  for (size_t k = 0; k < study->n_correlations && k < LISTED_CORRELATIONS; k++)
    wlaw_json_append(failed, array, correlation_json(failed, study, k));
  return array;
}

/* The weight into a set (incoming), or out of it; NULL where it is not covered. */
static const network_tensor *weight_at(const network_study *study, size_t s, bool incoming) {
  for (size_t t = 0; t < study->layout.n_tensors; t++) {
    const network_tensor *tensor = &study->layout.tensors[t];
    if (!tensor->is_bias && (incoming ? tensor->row_set : tensor->column_set) == s) return tensor;
  }
  return NULL;
}

const network_correlation *wlaw_network_sums(const network_study *study, size_t s) {
  const network_tensor *in = weight_at(study, s, true), *out = weight_at(study, s, false);
  if (!in || !out || in->cols_labelled || out->rows_labelled) return NULL;
  for (size_t k = 0; k < study->n_correlations; k++) {
    const network_correlation *one = &study->correlations[k];
    const size_t low = one->a < one->b ? one->a : one->b, high = one->a < one->b ? one->b : one->a;
    if (one->kind == CORRELATION_NODES && one->set == s && low == in->row_copy && high == out->column_copy) return one;
  }
  return NULL;
}

static json_t *norm_json(bool *failed, const network_study *study, const network_correlation *one) {
  const network_correlation *sums = wlaw_network_sums(study, one->set);
  const network_tensor *in = weight_at(study, one->set, true), *out = weight_at(study, one->set, false);
  json_t *object = json_object(), *of_sums = sums ? json_object() : json_null();
  wlaw_json_put(failed, object, "set", wlaw_json_count(study->layout.sets[one->set].set));
  wlaw_json_put(failed, object, "incoming", wlaw_json_text(study->names[in - study->layout.tensors]));
  wlaw_json_put(failed, object, "outgoing", wlaw_json_text(study->names[out - study->layout.tensors]));
  put_correlation(failed, object, one);
  if (sums) put_correlation(failed, of_sums, sums);
  wlaw_json_put(failed, object, "sums", of_sums);
  return object;
}

/* ---- the document */

static json_t *layers_json(bool *failed, const network_study *study) {
  json_t *layers = wlaw_network_layers_json(failed, study->source);
  for (size_t l = 0; l < json_array_size(layers); l++)
    wlaw_json_put(failed, json_array_get(layers, l), "covered",
                  json_boolean(l > 0 || study->layout.shape.input != SIDE_OMITTED));
  return layers;
}

static json_t *trivial_names_json(bool *failed, const network_study *study) {
  json_t *names = json_array();
  for (size_t i = 0; i < study->layout.trivial; i++) {
    char name[NETWORK_NAME];
    wlaw_network_trivial_name(name, sizeof name, &study->layout, study->names, i);
    wlaw_json_append(failed, names, wlaw_json_text(name));
  }
  return names;
}

static void put_source(bool *failed, json_t *document, const network_study *study) {
  const networks *source = study->source;
  wlaw_json_put(failed, document, "input", wlaw_json_text(source->label));
  wlaw_json_put(failed, document, "epoch", source->has_epoch ? wlaw_json_count(source->epoch) : json_null());
  wlaw_json_put(failed, document, "networks", wlaw_json_count(source->n));
  wlaw_json_put(failed, document, "networks_excluded", wlaw_json_count(source->excluded));
  wlaw_json_put(failed, document, "exclude_rule", json_string(study->rule));
  wlaw_json_put(failed, document, "layers", layers_json(failed, study));
  wlaw_json_put(failed, document, "inputs", json_string(wlaw_network_side_name(study->layout.shape.input)));
  wlaw_json_put(failed, document, "outputs", json_string(wlaw_network_side_name(study->layout.shape.output)));
  wlaw_json_put(failed, document, "trivial_names", trivial_names_json(failed, study));
}

static void put_fit(bool *failed, json_t *document, const network_fit *fit) {
  put_likelihood(failed, document, fit);
  wlaw_json_put(failed, document, "parameters", parameters_json(failed, fit));
  wlaw_json_put(failed, document, "standard_errors", wlaw_network_json(failed, fit->error));
  wlaw_json_put(failed, document, "robust_standard_errors", wlaw_network_json(failed, fit->robust));
  wlaw_json_put(failed, document, "undetermined", undetermined_json(failed, fit));
  wlaw_json_put(failed, document, "reasons", reasons_json(failed, fit));
  wlaw_json_put(failed, document, "converged", json_true());
  wlaw_json_put(failed, document, "iterations", wlaw_json_count(0));
  wlaw_json_put(failed, document, "stop_reason", json_string("closed form: the estimate is the exact maximum"));
}

json_t *wlaw_network_fit_document(bool *failed, const network_study *study) {
  json_t *document = json_object(), *tests = json_array(), *candidates = json_array(), *norms = json_array(),
         *summary = json_array(), *warnings = json_array();
  wlaw_json_put(failed, document, "schema", json_string("weightlaw.fit/1"));
  put_source(failed, document, study);
  put_fit(failed, document, &study->fits[NETWORK_WHOLE]);
  for (size_t k = 0; k < study->n_tests; k++) wlaw_json_append(failed, tests, test_json(failed, &study->tests[k]));
  for (size_t k = 0; k <= NETWORK_WHOLE; k++) {
    json_t *candidate = json_object();
    put_likelihood(failed, candidate, &study->fits[k]);
    wlaw_json_append(failed, candidates, candidate);
  }
  for (size_t k = 0; k < study->n_norms; k++)
    wlaw_json_append(failed, norms, norm_json(failed, study, &study->norms[k]));
  wlaw_network_say(failed, summary, study);
  wlaw_network_warn(failed, warnings, study);
  wlaw_json_put(failed, document, "tests", tests);
  wlaw_json_put(failed, document, "candidates", candidates);
  wlaw_json_put(failed, document, "correlations", correlations_json(failed, study));
  wlaw_json_put(failed, document, "n_correlations", wlaw_json_count(study->n_correlations));
  wlaw_json_put(failed, document, "squared_norms", norms);
  wlaw_json_put(failed, document, "summary", summary);
  wlaw_json_put(failed, document, "warnings", warnings);
  return document;
}
