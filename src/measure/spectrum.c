#include "measure/spectrum.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/stream.h"
#include "math/eigen.h"
#include "measure/gram.h"
#include "measure/lanczos.h"
#include "measure/weight_doubles.h"

/* Reports [0, 1] of what follows as [from, from + span] of the caller's own; *kept is what to put back. */
static void enter_stage(wlaw_monitor *monitor, const wlaw_monitor *kept, double from, double span) {
  const double all = kept->span > 0.0 ? kept->span : 1.0;
  monitor->from = kept->from + all * from;
  monitor->span = all * span;
}

static wlaw_status solve(weight_spectrum *out, const weight_source *source, double scale, unsigned threads,
                         wlaw_monitor *monitor, wlaw_error *err) {
  const size_t n = out->n;
  wlaw_monitor none = {0};
  if (!monitor) monitor = &none;
  const wlaw_monitor kept = *monitor;
  double *gram = wlaw_array(n * n, sizeof *gram);
  if (!gram) return wlaw_fail_memory(err, n * n, sizeof *gram);
  enter_stage(monitor, &kept, 0.0, 0.4);
  wlaw_status status = wlaw_gram(gram, source, scale, threads, monitor, err);
  out->trace = 0.0;
  for (size_t i = 0; i < n && status == WLAW_OK; i++) out->trace += gram[i * n + i];
  enter_stage(monitor, &kept, 0.4, 0.6);
  if (status == WLAW_OK) status = wlaw_eigenvalues(out->eigenvalues, gram, n, threads, monitor, err);
  free(gram);
  monitor->from = kept.from;
  monitor->span = kept.span;
  return status;
}

static wlaw_status approximate(weight_spectrum *out, const weight_source *source, double scale, uint64_t seed,
                               unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  const lanczos_request request = {.starts = SPECTRUM_STARTS, .steps = SPECTRUM_STEPS, .scale = scale, .seed = seed};
  const double shorter = (double)(source->rows < source->cols ? source->rows : source->cols);
  lanczos_values values;
  const wlaw_status status = wlaw_lanczos(&values, source, &request, threads, monitor, err);
  if (status != WLAW_OK) {
    wlaw_lanczos_free(&values);
    return status;
  }
  for (size_t i = 0; i < values.n; i++) values.weight[i] *= shorter;
  *out = (weight_spectrum){
      .n = values.n, .eigenvalues = values.value, .weights = values.weight, .trace = values.trace, .approximate = true};
  return WLAW_OK;
}

/* Undoes the scale, and takes what cannot be told from 0 as 0. */
static wlaw_status finish(weight_spectrum *spectrum, double scale, size_t shorter, wlaw_error *err) {
  const size_t n = spectrum->n;
  bool vanishes = false;
  const double floor = n ? (double)shorter * DBL_EPSILON * spectrum->eigenvalues[n - 1] : 0.0;
  for (size_t i = 0; i < n; i++) {
    double *value = spectrum->eigenvalues + i;
    const bool told = *value > floor;
    *value = told ? *value / scale / scale : 0.0;
    vanishes = vanishes || (told && !(*value >= DBL_MIN));
  }
  spectrum->trace = spectrum->trace / scale / scale;
  if (vanishes)
    return wlaw_fail(err, WLAW_VALUE, "the weights are so small that their squares are less than a double holds");
  if (isfinite(spectrum->trace)) return WLAW_OK;
  return wlaw_fail(err, WLAW_VALUE, "the weights are so large that their squares add up to more than a double holds");
}

wlaw_status wlaw_weight_spectrum(weight_spectrum *out, const weight_source *source, uint64_t seed, unsigned threads,
                                 wlaw_monitor *monitor, wlaw_error *err) {
  const uint64_t shorter = source->rows < source->cols ? source->rows : source->cols;
  double largest, scale = 1.0;
  *out = (weight_spectrum){0};
  if (wlaw_weight_needs_scale(source)) {
    WLAW_TRY(wlaw_weight_largest(&largest, source, threads, err));
    scale = wlaw_weight_scale(largest);
  }
  wlaw_status status;
  if (shorter <= SPECTRUM_MOST) {
    out->n = (size_t)shorter;
    out->eigenvalues = wlaw_array(out->n, sizeof *out->eigenvalues);
    if (!out->eigenvalues) return wlaw_fail_memory(err, out->n, sizeof *out->eigenvalues);
    status = solve(out, source, scale, threads, monitor, err);
  } else {
    status = approximate(out, source, scale, seed, threads, monitor, err);
  }
  if (status == WLAW_OK) status = finish(out, scale, (size_t)shorter, err);
  if (status != WLAW_OK) wlaw_weight_spectrum_free(out);
  return status;
}

void wlaw_weight_spectrum_free(weight_spectrum *spectrum) {
  free(spectrum->eigenvalues);
  free(spectrum->weights);
  *spectrum = (weight_spectrum){0};
}

/* ---- measures */

static double weight_of(const weight_spectrum *spectrum, size_t i) {
  return spectrum->weights ? spectrum->weights[i] : 1.0;
}

/* Of p = eigenvalue / trace, over the logarithm of their number. One eigenvalue: 0. */
static double entropy_of(const weight_spectrum *spectrum) {
  double sum = 0.0, entropy = 0.0, count = 0.0;
  for (size_t i = 0; i < spectrum->n; i++) {
    sum += weight_of(spectrum, i) * spectrum->eigenvalues[i];
    count += weight_of(spectrum, i);
  }
  for (size_t i = 0; i < spectrum->n; i++) {
    const double p = spectrum->eigenvalues[i] / sum;
    if (p > 0.0) entropy -= weight_of(spectrum, i) * p * log(p);
  }
  return count > 1.0 ? entropy / log(count) : 0.0;
}

/* The largest is taken out of the sum, so that no power overflows. */
static double log_alpha_norm_of(const weight_spectrum *spectrum, double alpha, double largest) {
  double sum = 0.0;
  for (size_t i = 0; i < spectrum->n; i++)
    if (spectrum->eigenvalues[i] > 0.0) sum += weight_of(spectrum, i) * pow(spectrum->eigenvalues[i] / largest, alpha);
  return alpha * log10(largest) + log10(sum);
}

void wlaw_spectrum_measures(spectrum_measures *out, const weight_spectrum *spectrum, double alpha, double bulk_edge) {
  const double largest = spectrum->n ? spectrum->eigenvalues[spectrum->n - 1] : 0.0, nothing = (double)NAN;
  *out = (spectrum_measures){.spectral_norm = sqrt(largest), .frobenius_norm = sqrt(spectrum->trace)};
  out->log_norm = out->log_spectral_norm = out->stable_rank = out->entropy = out->soft_rank = nothing;
  out->alpha_weighted = out->log_alpha_norm = nothing;
  if (!(largest > 0.0)) return;
  out->log_norm = log10(spectrum->trace);
  out->log_spectral_norm = log10(largest);
  out->stable_rank = spectrum->trace / largest;
  out->entropy = entropy_of(spectrum);
  out->soft_rank = bulk_edge / largest;
  out->alpha_weighted = alpha * out->log_spectral_norm;
  if (!isnan(alpha)) out->log_alpha_norm = log_alpha_norm_of(spectrum, alpha, largest);
}

/* ---- null */

/* Fisher-Yates for each size of weight, so that a swap is two loads and two stores. */
#define SHUFFLE(type)                                                                                                  \
  {                                                                                                                    \
    type *values = weights;                                                                                            \
    for (uint32_t left = n; left > 1; left--) {                                                                        \
      const uint32_t pick = wlaw_stream_below(&stream, left);                                                          \
      const type held = values[left - 1];                                                                              \
      values[left - 1] = values[pick];                                                                                 \
      values[pick] = held;                                                                                             \
    }                                                                                                                  \
  }

static void shuffle_weights(void *weights, size_t size, uint32_t n, uint64_t seed) {
  wlaw_stream stream = wlaw_stream_start(seed, STREAM_SPECTRUM, STREAM_SHARED, 0);
  if (size == sizeof(uint16_t)) SHUFFLE(uint16_t)
  else if (size == sizeof(uint32_t)) SHUFFLE(uint32_t)
  else SHUFFLE(uint64_t)
}

wlaw_status wlaw_spectrum_null(double *largest, const weight_source *source, uint64_t seed, unsigned threads,
                               wlaw_monitor *monitor, wlaw_error *err) {
  uint64_t count;
  *largest = (double)NAN;
  if (__builtin_mul_overflow(source->rows, source->cols, &count) || count == 0 || count > SPECTRUM_NULL_MOST)
    return WLAW_OK;
  double magnitude; /* also finds what is not finite while it is where it can be named */
  WLAW_TRY(wlaw_weight_largest(&magnitude, source, threads, err));
  const size_t size = wlaw_dtype_size(source->dtype);
  unsigned char *bytes = wlaw_array((size_t)count, size);
  if (!bytes) return wlaw_fail_memory(err, (size_t)count, size);
  wlaw_status status = WLAW_OK;
  if (source->memory) memcpy(bytes, source->memory, (size_t)count * size);
  else status = source->read(source, 0, source->rows, 0, source->cols, bytes, err);
  if (status == WLAW_OK) shuffle_weights(bytes, size, (uint32_t)count, seed);
  /* tall whatever the source is: a matrix in random order and its transpose have one law, and whole rows read faster */
  const bool tall = source->rows >= source->cols;
  const weight_source shuffled = {.rows = tall ? source->rows : source->cols,
                                  .cols = tall ? source->cols : source->rows,
                                  .dtype = source->dtype,
                                  .memory = bytes};
  const lanczos_request request = {.starts = 1,
                                   .steps = SPECTRUM_NULL_STEPS,
                                   .tolerance = SPECTRUM_NULL_TOLERANCE,
                                   .scale = wlaw_weight_needs_scale(source) ? wlaw_weight_scale(magnitude) : 1.0,
                                   .seed = seed};
  lanczos_values values = {0};
  if (status == WLAW_OK) status = wlaw_lanczos(&values, &shuffled, &request, threads, monitor, err);
  if (status == WLAW_OK) *largest = values.value[values.n - 1] / request.scale / request.scale;
  wlaw_lanczos_free(&values);
  free(bytes);
  return status;
}
