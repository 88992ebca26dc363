/* The document of a fit: parameters with both kinds of error, tests, candidates, and sentences. */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "law/space.h"
#include "study/fit.h"
#include "study/sentence.h"

json_t *wlaw_json_determined(double value) { return isnan(value) ? json_null() : wlaw_json_real(value); }

void wlaw_matrix_pack(double *out, const matrix_gaussian *gaussian) {
  const matrix_layout *layout = &gaussian->layout;
  for (size_t a = 0; a < layout->means; a++) *out++ = gaussian->mean[a] / layout->mean_unit;
  for (size_t b = 0; b < layout->n_blocks; b++) {
    const size_t p = layout->blocks[b].copies;
    for (size_t i = 0; layout->blocks[b].dimension > 0 && i < p; i++)
      for (size_t j = i; j < p; j++) *out++ = gaussian->covariance[b][i * p + j];
  }
}

/* The upper triangle `values` as a full matrix [p, p]. */
static json_t *triangle_json(bool *failed, const double *values, size_t p) {
  json_t *rows = json_array();
  for (size_t i = 0; i < p; i++) {
    json_t *row = json_array();
    for (size_t j = 0; j < p; j++) {
      const size_t low = i < j ? i : j, high = i < j ? j : i;
      wlaw_json_append(failed, row, wlaw_json_determined(values[low * p - low * (low + 1) / 2 + high]));
    }
    wlaw_json_append(failed, rows, row);
  }
  return rows;
}

json_t *wlaw_matrix_json(bool *failed, const matrix_gaussian *gaussian, const double *values) {
  const matrix_layout *layout = &gaussian->layout;
  double packed[MATRIX_PARAMETERS];
  json_t *object = json_object(), *mean = json_array();
  if (!values) wlaw_matrix_pack(packed, gaussian);
  const double *at = values ? values : packed;
  for (size_t a = 0; a < layout->means; a++) wlaw_json_append(failed, mean, wlaw_json_determined(at[a]));
  if (layout->means == 1 && !layout->blocks[0].is_matrix) {
    json_decref(mean);
    mean = wlaw_json_determined(at[0]);
  }
  if (layout->means > 0) wlaw_json_put(failed, object, "mean", mean);
  else json_decref(mean);
  at += layout->means;
  for (size_t b = 0; b < layout->n_blocks; b++) {
    const matrix_block *block = &layout->blocks[b];
    json_t *value = block->dimension == 0 ? json_null()
                    : block->is_matrix    ? triangle_json(failed, at, block->copies)
                                          : wlaw_json_determined(at[0]);
    wlaw_json_put(failed, object, block->name, value);
    if (block->dimension > 0) at += block->copies * (block->copies + 1) / 2;
  }
  return object;
}

void wlaw_matrix_warnings(bool *failed, json_t *warnings, const ensemble_matrix *matrix) {
  static const char *const common =
      "The law describes the matrix averaged over their permutations. Standard errors under the law, tests and "
      "likelihoods are not valid there; robust errors are.";
  if (matrix->first)
    SENTENCE(failed, warnings, "%s is the first matrix: its columns are labelled inputs, not exchangeable. %s",
             matrix->name, common);
  if (matrix->last)
    SENTENCE(failed, warnings, "%s is the last matrix: its rows are labelled outputs, not exchangeable. %s",
             matrix->name, common);
}

/* Names of parameters in the order of matrix_fit.error. */
static void parameter_name(char *out, size_t capacity, const matrix_layout *layout, size_t k) {
  const size_t means = layout->means;
  if (k < means) {
    if (layout->blocks[0].is_matrix) snprintf(out, capacity, "mean[%zu]", k + 1);
    else snprintf(out, capacity, "mean");
    return;
  }
  k -= means;
  for (size_t b = 0; b < layout->n_blocks; b++) {
    const matrix_block *block = &layout->blocks[b];
    for (size_t i = 0; block->dimension > 0 && i < block->copies; i++)
      for (size_t j = i; j < block->copies; j++, k--)
        if (k == 0) {
          if (block->is_matrix) snprintf(out, capacity, "%s[%zu,%zu]", block->name, i + 1, j + 1);
          else snprintf(out, capacity, "%s", block->name);
          return;
        }
  }
}

/* One sentence naming the parameters whose robust error leaves 1/1.2 ... 1.2 of the model's. */
static void warn_of_ratios(bool *failed, json_t *warnings, const matrix_fit *fit) {
  text_buffer list = {0};
  for (size_t k = 0; k < fit->parameters; k++) {
    const double ratio = fit->robust[k] / fit->error[k];
    char name[64] = "";
    if (isnan(ratio) || (ratio >= 1.0 / 1.2 && ratio <= 1.2)) continue;
    parameter_name(name, sizeof name, &fit->gaussian.layout, k);
    wlaw_text_add(&list, "%s%s (%.3g)", list.length ? ", " : "", name, ratio);
  }
  if (list.length > 0)
    SENTENCE(failed, warnings,
             "The robust error differs from the one under the law, by the factor in brackets, for %s: %s",
             wlaw_text_string(&list),
             fit->networks < 50
                 ? "with so few networks the robust errors themselves are uncertain."
                 : "the weights are not normal or not as exchangeable as the law says; trust the robust errors.");
  if (list.failed) *failed = true;
  wlaw_text_free(&list);
}

static json_t *undetermined_json(bool *failed, const matrix_fit *fit) {
  const matrix_layout *layout = &fit->gaussian.layout;
  json_t *names = json_array();
  if (!fit->mean_determined) wlaw_json_append(failed, names, json_string("mean"));
  for (size_t b = 0; b < layout->n_blocks; b++)
    if (layout->blocks[b].dimension > 0 && !fit->determined[b])
      wlaw_json_append(failed, names, json_string(layout->blocks[b].name));
  return names;
}

/* {key: why it is null}. */
static json_t *reasons_json(bool *failed, const matrix_fit *fit) {
  const matrix_layout *layout = &fit->gaussian.layout;
  static const char *const one = "one network does not tell the mean from its fluctuation";
  json_t *reasons = json_object();
  if (!fit->mean_determined) wlaw_json_put(failed, reasons, "mean", json_string(one));
  for (size_t b = 0; b < layout->n_blocks; b++) {
    if (layout->blocks[b].dimension == 0)
      wlaw_json_put(failed, reasons, layout->blocks[b].name,
                    json_string("matrices of this size have no such component"));
    else if (!fit->determined[b]) wlaw_json_put(failed, reasons, layout->blocks[b].name, json_string(one));
  }
  if (fit->gaussian.law == &wlaw_law_zero_diagonal && layout->rows < 4)
    wlaw_json_put(failed, reasons, "components",
                  json_string("the Social Relations Model is identified from 4 rows on"));
  if (fit->gaussian.law == &wlaw_law_bipartite && (layout->rows < 2 || layout->cols < 2))
    wlaw_json_put(failed, reasons, "components",
                  json_string("one row or one column does not tell its entries' variance from the others"));
  if (fit->networks < 2)
    wlaw_json_put(failed, reasons, "robust_standard_errors", json_string("one network has no spread over networks"));
  if (*fit->reason) {
    wlaw_json_put(failed, reasons, "log_likelihood", wlaw_json_text(fit->reason));
    wlaw_json_put(failed, reasons, "aic", wlaw_json_text(fit->reason));
    wlaw_json_put(failed, reasons, "bic", wlaw_json_text(fit->reason));
  }
  return reasons;
}

/* The parameters; what is not determined is null. */
static json_t *parameters_json(bool *failed, const matrix_fit *fit) {
  const matrix_layout *layout = &fit->gaussian.layout;
  double values[MATRIX_PARAMETERS];
  wlaw_matrix_pack(values, &fit->gaussian);
  size_t at = layout->means;
  for (size_t a = 0; a < at && !fit->mean_determined; a++) values[a] = NAN;
  for (size_t b = 0; b < layout->n_blocks; b++) {
    const size_t p = layout->blocks[b].copies, n = layout->blocks[b].dimension > 0 ? p * (p + 1) / 2 : 0;
    for (size_t k = 0; k < n && !fit->determined[b]; k++) values[at + k] = NAN;
    at += n;
  }
  return wlaw_matrix_json(failed, &fit->gaussian, values);
}

static json_t *test_json(bool *failed, const nested_test *test) {
  json_t *object = json_object();
  wlaw_json_put(failed, object, "null", json_string(test->null->name));
  wlaw_json_put(failed, object, "alternative", json_string(test->alternative->name));
  wlaw_json_put(failed, object, "statistic", wlaw_json_determined(test->statistic));
  wlaw_json_put(failed, object, "df", wlaw_json_count(test->df));
  wlaw_json_put(failed, object, "p_value", wlaw_json_determined(test->p_value));
  if (isnan(test->statistic)) wlaw_json_put(failed, object, "reason", wlaw_json_text(test->reason));
  else wlaw_json_put(failed, object, "method", json_string(test->simulated ? "simulated null" : "chi-squared"));
  if (test->simulated) wlaw_json_put(failed, object, "replicates", wlaw_json_count(test->replicates));
  return object;
}

static json_t *candidate_json(bool *failed, const matrix_fit *fit) {
  json_t *object = json_object();
  wlaw_json_put(failed, object, "law", json_string(fit->gaussian.law->name));
  wlaw_json_put(failed, object, "free_parameters", wlaw_json_count(fit->parameters));
  wlaw_json_put(failed, object, "log_likelihood", wlaw_json_determined(fit->log_likelihood));
  wlaw_json_put(failed, object, "aic", wlaw_json_determined(fit->aic));
  wlaw_json_put(failed, object, "bic", wlaw_json_determined(fit->bic));
  if (*fit->reason) wlaw_json_put(failed, object, "reason", wlaw_json_text(fit->reason));
  return object;
}

/* A law chosen for the space the matrices lie in: no other was in question. */
static void say_space(bool *failed, json_t *document, json_t *summary, const matrix_fit *fit) {
  text_buffer why = {0};
  wlaw_text_add(&why, "the matrices are %s, to rounding, and such matrices have a law of their own, %s",
                wlaw_space_words(fit->gaussian.law->matrix->space), fit->gaussian.law->name);
  if (why.failed) *failed = true;
  wlaw_json_put(failed, document, "chosen_because", wlaw_json_text(wlaw_text_string(&why)));
  SENTENCE(failed, summary, "No choice was made and no test: %s. Laws of all matrices have no density there.",
           wlaw_text_string(&why));
  if (isnan(fit->bic)) SENTENCE(failed, summary, "It has no likelihood: %s.", fit->reason);
  wlaw_text_free(&why);
}

static void say_choice(bool *failed, json_t *summary, const matrix_study *study) {
  const char *bic = study->fits[study->by_bic].gaussian.law->name;
  const matrix_fit *best = &study->fits[study->by_bic];
  if (isnan(best->bic)) {
    SENTENCE(failed, summary, "No law can be chosen: %s.", best->reason);
    return;
  }
  size_t compared = 0;
  double lead = INFINITY;
  for (size_t k = 0; k < study->n_fits; k++) {
    if (isnan(study->fits[k].bic)) continue;
    compared++;
    if (k != study->by_bic) lead = fmin(lead, study->fits[k].bic - best->bic);
  }
  if (compared == 1)
    SENTENCE(failed, summary, "%s is the only law these data can judge: the likelihood of a wider one is unbounded.",
             bic);
  else SENTENCE(failed, summary, "The data want the law %s: its BIC is the smallest, by %.3g.", bic, lead);
}

static void say_tests(bool *failed, json_t *summary, const matrix_study *study) {
  for (size_t k = 0; k < study->n_tests; k++) {
    const nested_test *test = &study->tests[k];
    if (isnan(test->p_value)) {
      SENTENCE(failed, summary, "%s against %s cannot be tested: %s.", test->null->name, test->alternative->name,
               test->reason);
      continue;
    }
    SENTENCE(failed, summary,
             "The likelihood-ratio test %s %s in favour of %s (%.4g on %zu degrees of freedom, p %s %.2g%s).",
             test->p_value < 0.05 ? "rejects" : "does not reject", test->null->name, test->alternative->name,
             test->statistic, test->df, P_VALUE(test->p_value), test->simulated ? ", from a simulated null" : "");
  }
  if (study->by_test != study->by_bic && study->n_tests > 0 && !isnan(study->fits[study->by_bic].bic))
    SENTENCE(failed, summary, "At the 5 %% level the tests end at %s; BIC, which asks more of each parameter, at %s.",
             study->fits[study->by_test].gaussian.law->name, study->fits[study->by_bic].gaussian.law->name);
}

static void put_source(bool *failed, json_t *document, const fit_source *from) {
  const ensemble_matrix *matrix = &from->source->matrices[from->matrix];
  wlaw_json_put(failed, document, "input", wlaw_json_text(from->source->label));
  wlaw_json_put(failed, document, "tensor", wlaw_json_text(matrix->name));
  wlaw_json_put(failed, document, "epoch",
                from->source->has_epoch ? wlaw_json_count(from->source->epoch) : json_null());
  wlaw_json_put(failed, document, "rows", wlaw_json_count(matrix->rows));
  wlaw_json_put(failed, document, "cols", wlaw_json_count(matrix->cols));
  wlaw_json_put(failed, document, "networks", wlaw_json_count(matrix->networks));
  wlaw_json_put(failed, document, "networks_excluded", wlaw_json_count(from->source->excluded));
  wlaw_json_put(failed, document, "exclude_rule", json_string(from->rule));
}

static void put_fit(bool *failed, json_t *document, const matrix_fit *fit) {
  wlaw_json_put(failed, document, "law", json_string(fit->gaussian.law->name));
  wlaw_json_put(failed, document, "free_parameters", wlaw_json_count(fit->parameters));
  wlaw_json_put(failed, document, "log_likelihood", wlaw_json_determined(fit->log_likelihood));
  wlaw_json_put(failed, document, "aic", wlaw_json_determined(fit->aic));
  wlaw_json_put(failed, document, "bic", wlaw_json_determined(fit->bic));
  if (*fit->reason) wlaw_json_put(failed, document, "reason", wlaw_json_text(fit->reason));
  wlaw_json_put(failed, document, "parameters", parameters_json(failed, fit));
  wlaw_json_put(failed, document, "standard_errors", wlaw_matrix_json(failed, &fit->gaussian, fit->error));
  wlaw_json_put(failed, document, "robust_standard_errors", wlaw_matrix_json(failed, &fit->gaussian, fit->robust));
  wlaw_json_put(failed, document, "undetermined", undetermined_json(failed, fit));
  wlaw_json_put(failed, document, "reasons", reasons_json(failed, fit));
  wlaw_json_put(failed, document, "converged", json_true());
  wlaw_json_put(failed, document, "iterations", wlaw_json_count(0));
  wlaw_json_put(failed, document, "stop_reason", json_string("closed form: the estimate is the exact maximum"));
  wlaw_components_put(failed, document, fit);
}

json_t *wlaw_fit_document(bool *failed, const fit_source *from, const matrix_study *study, size_t chosen,
                          bool automatic, json_t *invariants) {
  const ensemble_matrix *matrix = &from->source->matrices[from->matrix];
  json_t *document = json_object(), *tests = json_array(), *candidates = json_array(), *summary = json_array(),
         *warnings = json_array();
  wlaw_json_put(failed, document, "schema", json_string("weightlaw.fit/1"));
  put_source(failed, document, from);
  put_fit(failed, document, &study->fits[chosen]);
  for (size_t k = 0; k < study->n_tests; k++) wlaw_json_append(failed, tests, test_json(failed, &study->tests[k]));
  for (size_t k = 0; k < study->n_fits; k++)
    wlaw_json_append(failed, candidates, candidate_json(failed, &study->fits[k]));
  if (automatic && study->fits[0].gaussian.law->matrix->space) say_space(failed, document, summary, &study->fits[0]);
  else if (automatic) say_choice(failed, summary, study);
  say_tests(failed, summary, study);
  wlaw_matrix_warnings(failed, warnings, matrix);
  warn_of_ratios(failed, warnings, &study->fits[chosen]);
  if (study->own && study->own != study->fits[chosen].gaussian.law)
    SENTENCE(failed, warnings,
             "The matrices are %s, to rounding, and have a law of their own, %s. Likelihoods of laws of wider matrices "
             "mean nothing for them.",
             wlaw_space_words(study->own->matrix->space), study->own->name);
  if (study->constant_diagonal)
    SENTENCE(
        failed, warnings,
        "Every diagonal entry is the same number, as in correlation matrices, and a constant has no law. Subtract it: "
        "%s matrices have a law of their own, with a likelihood.",
        study->own ? "symmetric zero-diagonal" : "zero-diagonal");
  if (from->source->excluded > 0)
    SENTENCE(failed, warnings, "%zu networks are left out (%s).", from->source->excluded, from->rule);
  wlaw_json_put(failed, document, "automatic", json_boolean(automatic));
  wlaw_json_put(failed, document, "tests", tests);
  wlaw_json_put(failed, document, "candidates", candidates);
  wlaw_json_put(failed, document, "invariants", invariants);
  wlaw_json_put(failed, document, "summary", summary);
  wlaw_json_put(failed, document, "warnings", warnings);
  return document;
}
