/* The steps of a study of departures, and what they may cost. */
#include "study/departure_study.h"

#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"

/* Graphs of degree 5 and 6 may take more than products of matrices, and seconds to predict: said before it is begun. */
static wlaw_status check_patience(const departure_study *study, size_t networks, wlaw_error *err) {
  const double seconds = wlaw_departure_measure_seconds(&study->set, study->rows, study->cols, networks) +
                         wlaw_departure_predict_seconds(&study->set);
  if (seconds <= study->settings.patience) return WLAW_OK;
  wlaw_fail(err, WLAW_ARGUMENT, "these graphs would take about %.2g s of one core on %zu matrices of %zux%zu", seconds,
            networks, study->rows, study->cols);
  return wlaw_error_add_hint(err, WLAW_ARGUMENT, "--patience %.0f lets them", ceil(1.5 * seconds));
}

static wlaw_status measure(departure_study *out, matrix_moments *moments, ensemble *source, size_t matrix,
                           wlaw_monitor *monitor, wlaw_error *err) {
  if (out->settings.graphs) WLAW_TRY(check_patience(out, source->matrices[matrix].networks, err));
  const size_t n = out->set.n;
  out->departures = wlaw_array(n, sizeof *out->departures);
  out->observed = (invariant_moments){.length = n, .mean = wlaw_array(2 * n, sizeof(double))};
  if (!out->departures || !out->observed.mean) return wlaw_fail_memory(err, n, sizeof *out->departures);
  out->observed.squares = out->observed.mean + n;
  return wlaw_ensemble_measure_invariants(moments, &out->observed, out->set.plan, source, matrix, out->settings.threads,
                                          monitor, err);
}

wlaw_status wlaw_departure_study_measure(departure_study *out, matrix_moments *moments,
                                         const departure_settings *settings, const law_ops *law, ensemble *source,
                                         size_t matrix, wlaw_monitor *monitor, wlaw_error *err) {
  const ensemble_matrix *of = &source->matrices[matrix];
  *out = (departure_study){.settings = *settings, .rows = of->rows, .cols = of->cols};
  const graph_family family = wlaw_departure_family(law, of->rows, of->cols);
  wlaw_status status = wlaw_invariant_set_make(&out->set, family, settings->degree, settings->graphs, err);
  if (status == WLAW_OK) status = measure(out, moments, source, matrix, monitor, err);
  if (status != WLAW_OK) wlaw_departure_study_free(out);
  return status;
}

/* As many replicates as patience allows, in steps that make round p-values; 0 with the estimate of the fewest. */
static size_t choose_replicates(departure_study *study, const matrix_gaussian *law) {
  static const size_t steps[] = {999, 499, 199};
  if (study->settings.says_replicates) return study->settings.replicates;
  const double each = wlaw_departure_replicate_seconds(&study->set, law, study->observed.count);
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
    if ((double)steps[i] * each <= study->settings.patience) return steps[i];
  study->seconds = 199.0 * each;
  return 0;
}

static wlaw_status judge(departure_study *study, graph_prediction *predicted, const matrix_gaussian *law,
                         wlaw_monitor *monitor, wlaw_error *err) {
  const departure_settings *settings = &study->settings;
  WLAW_TRY(wlaw_wick_predict(predicted, study->set.wick, law, 1, err));
  WLAW_TRY(wlaw_departures_judge(study->departures, &study->observed, predicted, err));
  wlaw_departures_test(&study->test, study->departures, study->set.n);
  const departure_null null = {study->observed.count, choose_replicates(study, law), settings->seed, settings->threads};
  const char *what = monitor ? monitor->what : NULL;
  if (monitor) monitor->what = "simulating the fitted law";
  const wlaw_status status =
      wlaw_departures_simulate(&study->test, study->departures, &study->set, law, &null, monitor, err);
  if (monitor) monitor->what = what;
  return status;
}

wlaw_status wlaw_departure_study_judge(departure_study *study, const matrix_gaussian *law, wlaw_monitor *monitor,
                                       wlaw_error *err) {
  study->law = law->law;
  graph_prediction *predicted = wlaw_array(study->set.n, sizeof *predicted);
  if (!predicted) return wlaw_fail_memory(err, study->set.n, sizeof *predicted);
  const wlaw_status status = judge(study, predicted, law, monitor, err);
  free(predicted);
  return status;
}

void wlaw_departure_study_free(departure_study *study) {
  wlaw_invariant_set_free(&study->set);
  wlaw_departure_test_free(&study->test);
  free(study->observed.mean);
  free(study->departures);
  study->observed.mean = NULL;
  study->departures = NULL;
}
