/* Judging. */
#include "study/departures.h"

#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "math/multiple.h"

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
