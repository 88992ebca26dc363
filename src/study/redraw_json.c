/* The document weightlaw.redraw/1 (docs/redraw.md). */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "study/redraw.h"

static json_t *or_null(double value) { return isnan(value) ? json_null() : wlaw_json_real(value); }

static json_t *side_json(const redraw_law *law, network_side side) {
  const bool labelled = law->inputs == SIDE_LABELLED || law->outputs == SIDE_LABELLED;
  if (law->nesting != NETWORK_WHOLE && !labelled) return json_null();
  return json_string(side == SIDE_LABELLED ? "labelled" : "exchangeable");
}

static void put_mean(bool *failed, json_t *object, const redraw *work, const redraw_group *group, size_t at) {
  const redraw_mean mean = wlaw_redraw_mean(work, group, at);
  wlaw_json_put(failed, object, "after", wlaw_json_count(work->after[at]));
  wlaw_json_put(failed, object, "networks", wlaw_json_count(mean.networks));
  wlaw_json_put(failed, object, "constant", wlaw_json_count(mean.constant));
  wlaw_json_put(failed, object, "nonfinite", wlaw_json_count(mean.nonfinite));
  wlaw_json_put(failed, object, "accuracy", or_null(mean.accuracy));
  wlaw_json_put(failed, object, "standard_error", or_null(mean.accuracy_error));
  wlaw_json_put(failed, object, "accuracy_max", or_null(mean.accuracy_max));
  wlaw_json_put(failed, object, "loss", or_null(mean.loss));
  wlaw_json_put(failed, object, "loss_standard_error", or_null(mean.loss_error));
  wlaw_json_put(failed, object, "chance", wlaw_json_real(1.0 / (double)work->recalled.dataset->classes));
}

static void put_test(bool *failed, json_t *object, const redraw_test *test) {
  wlaw_json_put(failed, object, "difference", or_null(test->difference));
  wlaw_json_put(failed, object, "difference_standard_error", or_null(test->standard_error));
  wlaw_json_put(failed, object, "z", or_null(test->z));
  wlaw_json_put(failed, object, "p_value", or_null(test->p_value));
  wlaw_json_put(failed, object, "p_adjusted", or_null(test->p_adjusted));
}

static json_t *cell_json(bool *failed, const redraw *work, const redraw_group *group, size_t at,
                         const redraw_test *tests, size_t n) {
  json_t *object = json_object();
  const redraw_test *check = wlaw_redraw_find_test(tests, n, REDRAW_CHECK, group, at);
  const redraw_test *drawn = wlaw_redraw_find_test(tests, n, REDRAW_DRAWN, group, at);
  const redraw_test *gain = wlaw_redraw_find_test(tests, n, REDRAW_GAIN, group, at);
  wlaw_json_put(failed, object, "epoch", wlaw_json_count(work->epochs[group->epoch].epoch));
  wlaw_json_put(failed, object, "name", json_string(group->law->name));
  wlaw_json_put(failed, object, "law", json_string(group->law->law));
  wlaw_json_put(failed, object, "inputs", side_json(group->law, group->law->inputs));
  wlaw_json_put(failed, object, "outputs", side_json(group->law, group->law->outputs));
  put_mean(failed, object, work, group, at);
  wlaw_json_put(failed, object, "check", json_boolean(check != NULL));
  wlaw_json_put(failed, object, "difference_from", json_string(gain ? "ordinary" : "chance"));
  put_test(failed, object, check ? check : drawn ? drawn : gain);
  return object;
}

static json_t *correlation_json(bool *failed, const redraw *work, const redraw_test *test) {
  json_t *object = json_object();
  wlaw_json_put(failed, object, "epoch", wlaw_json_count(work->epochs[test->group->epoch].epoch));
  wlaw_json_put(failed, object, "inputs", side_json(test->group->law, test->group->law->inputs));
  wlaw_json_put(failed, object, "outputs", side_json(test->group->law, test->group->law->outputs));
  wlaw_json_put(failed, object, "after", wlaw_json_count(work->after[test->at]));
  put_test(failed, object, test);
  return object;
}

/* Networks of no law: ordinary, or the run's own. */
static json_t *others_json(bool *failed, const redraw *work, const redraw_group *group, size_t at) {
  json_t *object = json_object();
  if (group->continued) wlaw_json_put(failed, object, "epoch", wlaw_json_count(work->epochs[group->epoch].epoch));
  put_mean(failed, object, work, group, at);
  return object;
}

static json_t *run_json(bool *failed, const redraw_epoch *epoch) {
  json_t *object = json_object();
  wlaw_json_put(failed, object, "epoch", wlaw_json_count(epoch->epoch));
  wlaw_json_put(failed, object, "fitted", wlaw_json_count(epoch->fitted));
  wlaw_json_put(failed, object, "excluded", wlaw_json_count(epoch->excluded));
  wlaw_json_put(failed, object, "accuracy", or_null(epoch->accuracy));
  wlaw_json_put(failed, object, "standard_error", or_null(epoch->standard_error));
  return object;
}

static json_t *layers_json(bool *failed, const mlp *net) {
  json_t *layers = json_array();
  for (size_t l = 0; l < net->layers; l++) {
    char name[32];
    snprintf(name, sizeof name, "layer%zu", l + 1);
    json_t *layer = json_object();
    wlaw_json_put(failed, layer, "name", json_string(name));
    wlaw_json_put(failed, layer, "bias", json_boolean(net->biases));
    wlaw_json_put(failed, layer, "rows", wlaw_json_count(net->width[l + 1]));
    wlaw_json_put(failed, layer, "cols", wlaw_json_count(net->width[l]));
    wlaw_json_append(failed, layers, layer);
  }
  return layers;
}

/* The settings of the run that training goes by. */
static json_t *optimizer_json(bool *failed, const redraw *work) {
  static const char *const keys[] = {"optimizer", "lr",           "momentum", "beta1",       "beta2",       "epsilon",
                                     "batch",     "weight-decay", "schedule", "step-epochs", "step-factor", "order"};
  const json_t *options = json_object_get(work->run->config, "options");
  json_t *object = json_object();
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    json_t *value = json_object_get(options, keys[i]);
    if (value) wlaw_json_put(failed, object, keys[i], json_incref(value));
  }
  return object;
}

static void put_head(bool *failed, json_t *document, const redraw *work) {
  const mlp *net = &work->recalled.plan.config.mlp;
  json_t *after = json_array(), *run = json_array();
  char *init = wlaw_run_init_words(work->run->config, wlaw_run_init(work->run));
  size_t fitted = 0;
  for (size_t i = 0; i < work->n_after; i++) wlaw_json_append(failed, after, wlaw_json_count(work->after[i]));
  for (size_t e = 0; e < work->n_epochs; e++) {
    wlaw_json_append(failed, run, run_json(failed, &work->epochs[e]));
    if (work->epochs[e].fitted > fitted) fitted = work->epochs[e].fitted;
  }
  wlaw_json_put(failed, document, "schema", json_string("weightlaw.redraw/1"));
  wlaw_json_put(failed, document, "run", wlaw_json_text(work->run->path));
  wlaw_json_put(failed, document, "init", init ? wlaw_json_text(init) : NULL);
  wlaw_json_put(failed, document, "data", wlaw_json_text(work->recalled.dataset->name));
  wlaw_json_put(failed, document, "layers", layers_json(failed, net));
  wlaw_json_put(failed, document, "classes", wlaw_json_count(work->recalled.dataset->classes));
  wlaw_json_put(failed, document, "networks", wlaw_json_count(work->networks));
  wlaw_json_put(failed, document, "fitted", wlaw_json_count(fitted));
  wlaw_json_put(failed, document, "exclude", json_string(work->exclude_dead ? "dead" : "none"));
  wlaw_json_put(failed, document, "train_epochs", after);
  wlaw_json_put(failed, document, "seed", wlaw_json_count(work->seed));
  wlaw_json_put(failed, document, "train_seed", wlaw_json_count(work->train_seed));
  wlaw_json_put(failed, document, "optimizer", optimizer_json(failed, work));
  wlaw_json_put(failed, document, "run_accuracy", run);
  free(init);
}

static json_t *write_document(bool *failed, const redraw *work, const redraw_test *tests, size_t n) {
  json_t *document = json_object(), *cells = json_array(), *ordinary = json_array(), *continued = json_array();
  json_t *correlations = json_array(), *findings = json_array(), *notes = json_array();
  put_head(failed, document, work);
  for (size_t i = 0; i < work->n_groups; i++)
    for (size_t at = 0; at < work->n_after; at++) {
      const redraw_group *group = &work->groups[i];
      if (group->law) wlaw_json_append(failed, cells, cell_json(failed, work, group, at, tests, n));
      else wlaw_json_append(failed, group->continued ? continued : ordinary, others_json(failed, work, group, at));
    }
  for (size_t t = 0; t < n; t++)
    if (tests[t].question == REDRAW_CORRELATIONS)
      wlaw_json_append(failed, correlations, correlation_json(failed, work, &tests[t]));
  wlaw_redraw_findings(failed, findings, work, tests, n);
  wlaw_redraw_notes(failed, notes, work);
  wlaw_json_put(failed, document, "cells", cells);
  wlaw_json_put(failed, document, "ordinary", ordinary);
  wlaw_json_put(failed, document, "continued", continued);
  wlaw_json_put(failed, document, "correlations", correlations);
  wlaw_json_put(failed, document, "tests", wlaw_json_count(n));
  wlaw_json_put(failed, document, "findings", findings);
  wlaw_json_put(failed, document, "notes", notes);
  return document;
}

wlaw_status wlaw_redraw_json(json_t **out, const redraw *work, wlaw_error *err) {
  redraw_test *tests = NULL;
  size_t n = 0;
  bool failed = false;
  WLAW_TRY(wlaw_redraw_tests(&tests, &n, work, err));
  json_t *document = write_document(&failed, work, tests, n);
  free(tests);
  if (!failed) {
    *out = document;
    return WLAW_OK;
  }
  json_decref(document);
  return wlaw_fail_memory(err, 1, sizeof(json_t *));
}
