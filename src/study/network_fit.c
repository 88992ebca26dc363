/* The verb `fit` for whole networks: opens, measures in one pass, fits the three nested laws, tests, correlates. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/result.h"
#include "math/multiple.h"
#include "study/ensemble.h"
#include "study/network_study.h"

extern const command_spec wlaw_command_fit;

static void study_release(network_study *study) {
  for (size_t k = 0; k <= NETWORK_WHOLE; k++) wlaw_network_fit_release(&study->fits[k]);
  free(study->correlations);
  free(study->norms);
  free(study->adjusted);
}

/* Documents hold every number of a covariance three times. */
static wlaw_status check_numbers(const network_layout *layout, wlaw_error *err) {
  size_t numbers = layout->trivial * layout->trivial;
  for (size_t s = 0; s < layout->n_sets; s++) numbers += layout->sets[s].copies * layout->sets[s].copies;
  if (numbers <= NETWORK_NUMBERS) return WLAW_OK;
  wlaw_fail(err, WLAW_LIMIT, "the covariances have %zu numbers, and a document holds at most %d", numbers,
            NETWORK_NUMBERS);
  return wlaw_error_add_hint(err, WLAW_LIMIT, "--input omit, or exchangeable, has few");
}

static wlaw_status adjust(network_study *study, wlaw_error *err) {
  const size_t n = study->n_correlations;
  double *p = wlaw_array(n, sizeof *p);
  study->adjusted = wlaw_array(n, sizeof *study->adjusted);
  for (size_t k = 0; p && k < n; k++) p[k] = study->correlations[k].p_value;
  const wlaw_status status = p && study->adjusted ? wlaw_multiple_adjust(study->adjusted, NULL, p, n, err)
                                                  : wlaw_fail_memory(err, 2 * n, sizeof *p);
  free(p);
  return status;
}

static wlaw_status fit_chain(network_study *study, const network_moments *moments, wlaw_error *err) {
  for (network_nesting k = NETWORK_IID; k <= NETWORK_WHOLE; k++) {
    network_fit *fit = &study->fits[k];
    WLAW_TRY(wlaw_network_fit(fit, moments, k, err));
    if (fit->bic < study->fits[study->by_bic].bic) study->by_bic = k;
    if (k == NETWORK_IID || fit->parameters == fit[-1].parameters) continue;
    wlaw_network_test(&study->tests[study->n_tests++], &fit[-1], fit);
  }
  WLAW_TRY(wlaw_network_correlations(&study->correlations, &study->n_correlations, &study->fits[NETWORK_WHOLE], err));
  WLAW_TRY(wlaw_network_norm_correlations(&study->norms, &study->n_norms, moments, err));
  return adjust(study, err);
}

static wlaw_status fit_networks(network_study *study, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  network_sample sample = {0};
  WLAW_TRY(wlaw_networks_measure(&sample, study->source, &study->layout, false, threads, monitor, err));
  const wlaw_status status = fit_chain(study, sample.total, err);
  wlaw_network_sample_release(&sample);
  return status;
}

/* Fits, and departures in the second half of the time where they are wanted (degree 0: not). */
static wlaw_status study_networks(json_t **out, network_study *study, size_t degree, unsigned threads,
                                  wlaw_monitor *monitor, wlaw_error *err) {
  const monitor_span whole = wlaw_monitor_span(monitor);
  wlaw_status status = WLAW_OK;
  bool failed = false;
  if (degree > 0) wlaw_monitor_stage(monitor, &whole, 0.0, 0.5);
  WLAW_TRY(fit_networks(study, threads, monitor, err));
  *out = wlaw_network_fit_document(&failed, study);
  if (failed) status = wlaw_fail(err, WLAW_MEMORY, "out of memory while writing the result down");
  if (status == WLAW_OK && degree > 0) {
    wlaw_monitor_stage(monitor, &whole, 0.5, 1.0);
    status = wlaw_network_departures(*out, study->fits[NETWORK_WHOLE].gaussian, study->source, degree, threads, monitor,
                                     err);
  }
  if (status != WLAW_OK) json_decref(*out);
  return status;
}

static wlaw_status fit_source(json_t **out, const networks *source, const networks_request *request,
                              const wlaw_options *options, wlaw_monitor *monitor, wlaw_error *err) {
  const command_spec *command = &wlaw_command_fit;
  network_study study = {.source = source,
                         .rule = wlaw_ensemble_rule(&(ensemble_request){.exclude_dead = request->exclude_dead})};
  network_shape shape;
  wlaw_networks_shape(&shape, source, request->input,
                      wlaw_network_output(wlaw_option_text(options, command, "output")));
  WLAW_TRY(wlaw_network_layout(&study.layout, &shape, err));
  WLAW_TRY(check_numbers(&study.layout, err));
  wlaw_networks_names(study.names, source, &study.layout);
  monitor->what = "whole networks";
  const wlaw_status status = study_networks(out, &study, wlaw_option_count(options, command, "degree"),
                                            (unsigned)wlaw_option_count(options, command, "threads"), monitor, err);
  study_release(&study);
  return status;
}

wlaw_status wlaw_network_fit_verb(wlaw_result **result, const char *const *inputs, size_t n_inputs,
                                  const wlaw_options *options, wlaw_monitor *monitor, wlaw_error *err) {
  const command_spec *command = &wlaw_command_fit;
  const networks_request request = {
      .paths = inputs,
      .n_paths = n_inputs,
      .layers = wlaw_option_text(options, command, "layers"),
      .input = wlaw_network_input(wlaw_option_text(options, command, "input")),
      .has_epoch = wlaw_option_is_set(options, command, "epoch"),
      .epoch = wlaw_option_count(options, command, "epoch"),
      .exclude_dead = strcmp(wlaw_option_text(options, command, "exclude"), "dead") == 0,
  };
  networks *source = NULL;
  json_t *document = NULL;
  if (wlaw_option_is_set(options, command, "degree") && wlaw_option_count(options, command, "degree") < 2)
    return wlaw_fail(err, WLAW_ARGUMENT, "option --degree takes 2, 3 or 4 for --law network, which fits degree 1");
  WLAW_TRY(wlaw_networks_open(&source, &request, err));
  wlaw_status status = fit_source(&document, source, &request, options, monitor, err);
  if (status == WLAW_OK) status = wlaw_result_wrap(result, document, false, err);
  else status = wlaw_error_in_file(err, status, source->label);
  wlaw_networks_close(source);
  return status;
}
