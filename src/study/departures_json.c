/* Departures as documents: the list `invariants`, the object `departures`. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "study/departure_study.h"
#include "study/fit.h"
#include "study/graph_meaning.h"
#include "study/graphs.h"

static json_t *graph_json(bool *failed, const graph *g, graph_family family) {
  json_t *object = json_object();
  wlaw_graph_put(failed, object, g, family);
  return object;
}

json_t *wlaw_invariants_observed_json(bool *failed, const matrix_moments *moments) {
  double observed[MOMENTS_SQUARE];
  size_t at = 0;
  json_t *array = json_array();
  if (!wlaw_moments_invariants(observed, moments)) return array;
  for (size_t degree = 1; degree <= 2; degree++) {
    graph *graphs = NULL;
    size_t n = 0;
    if (wlaw_graph_list(&graphs, &n, GRAPH_DIRECTED, degree, NULL) != WLAW_OK) *failed = true;
    for (size_t k = 0; k < n; k++) {
      json_t *object = graph_json(failed, &graphs[k], GRAPH_DIRECTED);
      wlaw_json_put(failed, object, "observed", wlaw_json_real(observed[at++]));
      wlaw_json_append(failed, array, object);
    }
    free(graphs);
  }
  return array;
}

/* What a null of this invariant means; NULL: there is none, but for the simulated p-values. */
static const char *why_not_determined(const departure *one, uint64_t networks) {
  if (one->fitted) return "the fit determines it";
  if (!isfinite(one->observed)) return "its value overflows";
  if (isnan(one->deviation_se)) return "its standard error is below the rounding of its value";
  if (networks < 2) return "one network has no spread over networks";
  if (isnan(one->relative)) return "the prediction is zero: nothing is relative to it";
  return NULL;
}

void wlaw_departure_put(bool *failed, json_t *object, const departure *one, uint64_t networks) {
  const struct {
    const char *key;
    double value;
  } numbers[] = {{"observed", one->observed},
                 {"predicted", one->predicted},
                 {"sd", one->sd},
                 {"standard_error", one->standard_error},
                 {"deviation_se", one->deviation_se},
                 {"deviation_sd", one->deviation_sd},
                 {"relative", one->relative},
                 {"p_value", one->p_value},
                 {"p_adjusted", one->p_adjusted},
                 {"p_benjamini_yekutieli", one->p_benjamini_yekutieli},
                 {"p_simulated", one->p_simulated},
                 {"p_simulated_adjusted", one->p_simulated_adjusted}};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    wlaw_json_put(failed, object, numbers[i].key, wlaw_json_determined(numbers[i].value));
  wlaw_json_put(failed, object, "fitted", json_boolean(one->fitted));
  const char *reason = why_not_determined(one, networks);
  if (reason) wlaw_json_put(failed, object, "reason", json_string(reason));
}

static json_t *departure_json(bool *failed, const departure_study *study, size_t k) {
  const graph *g = &study->set.graphs[k];
  json_t *object = graph_json(failed, g, study->set.family);
  wlaw_departure_put(failed, object, &study->departures[k], study->observed.count);
  char meaning[GRAPH_MEANING];
  wlaw_graph_meaning(meaning, sizeof meaning, g, study->set.family);
  wlaw_json_put(failed, object, "meaning", json_string(meaning));
  return object;
}

json_t *wlaw_departures_invariants_json(bool *failed, const departure_study *study) {
  json_t *array = json_array();
  for (size_t k = 0; k < study->set.n; k++) wlaw_json_append(failed, array, departure_json(failed, study, k));
  return array;
}

json_t *wlaw_departures_json(bool *failed, const departure_study *study) {
  const departure_test *test = &study->test;
  json_t *object = json_object();
  wlaw_json_put(failed, object, "law", json_string(study->law->name));
  wlaw_json_put(failed, object, "family", json_string(wlaw_graph_family_name(study->set.family)));
  wlaw_json_put(failed, object, "degree",
                study->settings.degree > 0 ? wlaw_json_count(study->settings.degree) : json_null());
  wlaw_json_put(failed, object, "invariants", wlaw_json_count(study->set.n));
  wlaw_json_put(failed, object, "tested", wlaw_json_count(test->tested));
  wlaw_json_put(failed, object, "significant",
                wlaw_json_count(wlaw_departures_significant(study->departures, study->set.n)));
  wlaw_json_put(failed, object, "max_z", wlaw_json_determined(test->max_z));
  wlaw_json_put(failed, object, "worst",
                test->worst < study->set.n ? graph_json(failed, &study->set.graphs[test->worst], study->set.family)
                                           : json_null());
  wlaw_json_put(failed, object, "p_value", wlaw_json_determined(test->p_value));
  wlaw_json_put(failed, object, "replicates", wlaw_json_count(test->replicates));
  if (isnan(test->p_value)) {
    char reason[160];
    wlaw_departures_why_not_simulated(reason, sizeof reason, study);
    wlaw_json_put(failed, object, "reason", json_string(reason));
    if (study->seconds > 0.0) wlaw_json_put(failed, object, "estimated_seconds", wlaw_json_real(study->seconds));
  }
  return object;
}
