/* The spectrum of one part: eigenvalues, their tail, and what independent entries would give. */
#include <math.h>

#include "core/error.h"
#include "study/scan.h"

static const char *why_none(const weight_source *source, const weight_summary *summary) {
  if (source->rows < 2 || source->cols < 2) return "a vector has no spectrum";
  if (summary->nan + summary->infinite > 0) return "weights that are not finite have no spectrum";
  return NULL;
}

/* The eigenvalue below which a share p of them lies. Approximate spectra weigh each of theirs. */
static double eigenvalue_at(const weight_spectrum *spectrum, double p) {
  double whole = 0.0, below = 0.0;
  for (size_t i = 0; i < spectrum->n; i++) whole += spectrum->weights ? spectrum->weights[i] : 1.0;
  for (size_t i = 0; i < spectrum->n; i++) {
    below += spectrum->weights ? spectrum->weights[i] : 1.0;
    if (below >= p * whole) return spectrum->eigenvalues[i];
  }
  return NAN;
}

static wlaw_status fit_spectrum(scan_spectrum *out, const weight_spectrum *spectrum, const weight_source *source,
                                const weight_summary *summary, const scan_request *request, unsigned threads,
                                wlaw_monitor *monitor, wlaw_error *err) {
  static const power_law none = {.alpha = NAN,
                                 .se_alpha = NAN,
                                 .xmin = NAN,
                                 .distance = NAN,
                                 .vuong = NAN,
                                 .vuong_p = NAN,
                                 .p_value = NAN,
                                 .reason = "an approximate spectrum has no single eigenvalues"};
  const monitor_span all = wlaw_monitor_span(monitor);
  wlaw_monitor_stage(monitor, &all, 0.0, 0.5);
  out->n = spectrum->n;
  out->approximate = spectrum->approximate;
  for (size_t i = 0; i < SCAN_POINTS; i++) out->points[i] = eigenvalue_at(spectrum, wlaw_scan_points[i]);
  if (spectrum->approximate) out->tail = none;
  else WLAW_TRY(wlaw_power_law_fit(&out->tail, spectrum->eigenvalues, spectrum->n, err));
  if (request->bootstrap > 0 && !out->tail.reason)
    WLAW_TRY(wlaw_power_law_bootstrap(&out->tail, spectrum->eigenvalues, spectrum->n, request->bootstrap, request->seed,
                                      threads, monitor, err));
  wlaw_monitor_stage(monitor, &all, 0.5, 1.0);
  WLAW_TRY(wlaw_spectrum_null(&out->null_largest, source, request->seed, threads, monitor, err));
  wlaw_mp_fit(&out->bulk, spectrum, source->rows - summary->dead_rows, source->cols - summary->dead_columns,
              out->null_largest);
  wlaw_spectrum_measures(&out->measures, spectrum, out->tail.alpha, out->bulk.upper);
  return WLAW_OK;
}

wlaw_status wlaw_scan_spectrum(scan_spectrum *out, const weight_source *source, const weight_summary *summary,
                               const scan_request *request, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  weight_spectrum spectrum = {0};
  out->reason = why_none(source, summary);
  if (out->reason) return WLAW_OK;
  const monitor_span all = wlaw_monitor_span(monitor);
  wlaw_monitor_stage(monitor, &all, 0.0, 0.4);
  wlaw_status status = wlaw_weight_spectrum(&spectrum, source, request->seed, threads, monitor, err);
  wlaw_monitor_stage(monitor, &all, 0.4, 1.0);
  if (status == WLAW_OK) status = fit_spectrum(out, &spectrum, source, summary, request, threads, monitor, err);
  wlaw_weight_spectrum_free(&spectrum);
  return status;
}
