/* Predicting and judging. */
#include "study/departures.h"

#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "math/multiple.h"

typedef struct predicting {
  graph_prediction *out; /* [n_laws, set->n] */
  const invariant_set *set;
  const matrix_gaussian *laws;
  size_t n_laws;
  bool errors;
} predicting;

static wlaw_status predict_graph(void *context, size_t unit, unsigned worker, const atomic_bool *stop,
                                 wlaw_error *err) {
  (void)worker;
  (void)stop;
  const predicting *work = context;
  graph_prediction *of_laws = wlaw_array(work->n_laws, sizeof *of_laws);
  if (!of_laws) return wlaw_fail_memory(err, work->n_laws, sizeof *of_laws);
  const wlaw_status status = wlaw_graph_predict(of_laws, &work->set->graphs[unit], work->laws, work->n_laws,
                                                work->set->family == GRAPH_BIPARTITE, work->errors, err);
  for (size_t l = 0; l < work->n_laws && status == WLAW_OK; l++) work->out[l * work->set->n + unit] = of_laws[l];
  free(of_laws);
  return status;
}

wlaw_status wlaw_departures_predict(graph_prediction *out, const invariant_set *set, const matrix_gaussian *laws,
                                    size_t n_laws, bool errors, unsigned threads, wlaw_monitor *monitor,
                                    wlaw_error *err) {
  predicting work = {out, set, laws, n_laws, errors};
  return wlaw_parallel(set->n, threads, predict_graph, &work, monitor, err);
}

/* A difference or a fluctuation below this share of the value itself is rounding. */
static const double rounding = 64.0 * 0x1p-53;

static departure judge_one(double observed, double squares, double networks, const graph_prediction *law) {
  const double sd = networks > 1.0 ? sqrt(squares / (networks - 1.0)) : NAN, deviation = observed - law->mean,
               error = sqrt(law->residual / networks), scale = fmax(fabs(observed), fabs(law->mean)) * rounding;
  departure out = {.observed = observed, .predicted = law->mean, .sd = sd, .fitted = law->fitted};
  const bool judged = !law->fitted && isfinite(observed) && error > scale;
  out.standard_error = law->fitted ? 0.0 : judged ? error : NAN;
  out.deviation_se = judged ? deviation / error : NAN;
  out.p_value = judged ? wlaw_normal_two_sided(out.deviation_se) : NAN;
  out.deviation_sd = judged && sd > scale ? deviation / sd : NAN;
  out.relative = judged && fabs(law->mean) > rounding * fabs(observed) ? deviation / law->mean : NAN;
  out.p_adjusted = out.p_benjamini_yekutieli = out.p_simulated = out.p_simulated_adjusted = NAN;
  return out;
}

wlaw_status wlaw_departures_judge(departure *out, const invariant_moments *observed,
                                  const graph_prediction *predictions, wlaw_error *err) {
  const size_t n = observed->length;
  double *p = wlaw_array(3 * n, sizeof *p), *holm = p + n, *by = holm + n;
  if (!p) return wlaw_fail_memory(err, 3 * n, sizeof *p);
  for (size_t k = 0; k < n; k++) {
    out[k] = judge_one(observed->mean[k], observed->squares[k], (double)observed->count, &predictions[k]);
    p[k] = out[k].p_value;
  }
  const wlaw_status status = wlaw_multiple_adjust(holm, by, p, n, err);
  for (size_t k = 0; k < n && status == WLAW_OK; k++) {
    out[k].p_adjusted = holm[k];
    out[k].p_benjamini_yekutieli = by[k];
  }
  free(p);
  return status;
}

void wlaw_departures_test(departure_test *out, const departure *departures, size_t n) {
  *out = (departure_test){.worst = n, .max_z = NAN, .p_value = NAN};
  for (size_t k = 0; k < n; k++) {
    const double z = fabs(departures[k].deviation_se);
    if (isnan(z)) continue;
    out->tested++;
    if (out->worst < n && z <= out->max_z) continue;
    out->worst = k;
    out->max_z = z;
  }
}

void wlaw_departure_test_free(departure_test *test) {
  free(test->z);
  test->z = NULL;
}
