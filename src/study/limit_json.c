/* weightlaw.limit/1: what is known without a draw. */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "limit/max_weight.h"
#include "study/limit.h"

void wlaw_limit_real(bool *failed, json_t *object, const char *key, double value) {
  wlaw_json_put(failed, object, key, isnan(value) ? json_null() : wlaw_json_real(value));
}

static void put_text(bool *failed, json_t *object, const char *key, const char *text) {
  wlaw_json_put(failed, object, key, text ? wlaw_json_text(text) : json_null());
}

/* ---- laws of the layers */

static json_t *parameters_json(bool *failed, const wlaw_law *law) {
  json_t *object = json_object();
  for (size_t i = 0; i < law->ops->n_parameters; i++) {
    const law_parameter *row = &law->ops->parameters[i];
    const double *values = law->values + wlaw_law_offset(law->ops, i);
    if (row->kind == PARAMETER_LIST) wlaw_json_put(failed, object, row->name, wlaw_json_reals(values, law->counts[i]));
    else wlaw_limit_real(failed, object, row->name, values[0]);
  }
  return object;
}

json_t *wlaw_limit_levy_json(bool *failed, const wlaw_law *law) {
  static const double s[] = {0.05, 0.1, 0.5, 1, 2, 3};
  enum { N = sizeof s / sizeof *s };
  double value[N];
  for (size_t i = 0; i < N; i++) value[i] = exp(-wlaw_node_exponent(law, s[i]));
  json_t *levy = json_object(), *laplace = json_object();
  const bool jumps = wlaw_node_regime(law) == NODE_MOGP;
  wlaw_json_put(failed, levy, "kind", json_string(jumps ? law->ops->node->kind : "none"));
  wlaw_json_put(failed, levy, "parameters", parameters_json(failed, law));
  wlaw_limit_real(failed, levy, "index_at_zero", jumps ? wlaw_node_at_zero(law).index : NAN);
  wlaw_limit_real(failed, levy, "index_at_infinity", jumps ? wlaw_node_at_infinity(law).index : NAN);
  wlaw_limit_real(failed, levy, "mean", wlaw_node_mean(law));
  wlaw_limit_real(failed, levy, "variance", wlaw_node_variance(law));
  wlaw_json_put(failed, laplace, "s", wlaw_json_reals(s, N));
  wlaw_json_put(failed, laplace, "value", wlaw_json_reals(value, N));
  wlaw_json_put(failed, levy, "laplace", laplace);
  wlaw_json_put(failed, levy, "reason",
                jumps ? json_null() : json_string("no jumps: the sum of lambda is the number a"));
  return levy;
}

enum { ATOMS_MOST = 4096 }; /* listed */

/* What samples told of a law, with its errors; those of atoms are taken as independent, which makes the errors of sums
 * rather too large (docs/laws/empirical.md). Null for a law in numbers. */
static json_t *measured_json(bool *failed, const wlaw_law *law) {
  const node_measure *measure = wlaw_law_empirical_measure(law);
  if (!measure) return json_null();
  json_t *measured = json_object();
  double of_mean = measure->se_a * measure->se_a, of_variance = 0.0;
  for (size_t i = 0; i < measure->n; i++) {
    const double part = measure->x[i] * measure->se[i];
    of_mean += part * part;
    of_variance += part * part * measure->x[i] * measure->x[i];
  }
  wlaw_limit_real(failed, measured, "se_a", measure->se_a);
  wlaw_limit_real(failed, measured, "se_mean", sqrt(of_mean));
  wlaw_limit_real(failed, measured, "se_variance", sqrt(of_variance));
  wlaw_json_put(failed, measured, "atoms", wlaw_json_count(measure->n));
  if (measure->n > ATOMS_MOST) return measured;
  wlaw_json_put(failed, measured, "x", wlaw_json_reals(measure->x, measure->n));
  wlaw_json_put(failed, measured, "weight", wlaw_json_reals(measure->weight, measure->n));
  wlaw_json_put(failed, measured, "se", wlaw_json_reals(measure->se, measure->n));
  return measured;
}

static const char *regime_text(node_regime regime) { return regime == NODE_GP ? "gp" : "mogp"; }

static json_t *layer_json(bool *failed, const wlaw_law *law) {
  json_t *layer = json_object();
  char *written = wlaw_law_written(law);
  wlaw_json_put(failed, layer, "law", written ? wlaw_json_text(written) : NULL);
  wlaw_json_put(failed, layer, "regime", json_string(regime_text(wlaw_node_regime(law))));
  wlaw_limit_real(failed, layer, "a", wlaw_node_location(law));
  wlaw_json_put(failed, layer, "levy", wlaw_limit_levy_json(failed, law));
  wlaw_json_put(failed, layer, "measured", measured_json(failed, law));
  free(written);
  return layer;
}

static void put_layers(bool *failed, json_t *document, const limit_job *job) {
  json_t *layers = json_array();
  node_regime regime = NODE_GP;
  for (size_t l = 0; l < job->network.depth; l++) {
    if (wlaw_node_regime(job->network.laws[l]) == NODE_MOGP) regime = NODE_MOGP;
    wlaw_json_append(failed, layers, layer_json(failed, job->network.laws[l]));
  }
  wlaw_json_put(failed, document, "layers", layers);
  wlaw_json_put(failed, document, "regime", json_string(regime_text(regime)));
  wlaw_limit_real(failed, document, "a", wlaw_node_location(job->network.laws[0]));
  wlaw_json_put(failed, document, "levy", wlaw_limit_levy_json(failed, job->network.laws[0]));
}

static void put_settings(bool *failed, json_t *document, const limit_job *job) {
  const limit_network *network = &job->network;
  put_text(failed, document, "law", job->law);
  put_text(failed, document, "activation", wlaw_dual_name(&network->activation));
  wlaw_json_put(failed, document, "depth", wlaw_json_count(network->depth));
  wlaw_json_put(failed, document, "weight_variance", wlaw_json_real(network->weight_variance));
  wlaw_json_put(failed, document, "bias_variance", wlaw_json_real(network->bias_variance));
  wlaw_json_put(failed, document, "inputs", wlaw_json_count(job->inputs.n));
  wlaw_json_put(failed, document, "variance", wlaw_json_real(job->inputs.variance));
  wlaw_json_put(failed, document, "tolerance", wlaw_json_real(job->tolerance));
  wlaw_json_put(failed, document, "seed", wlaw_json_count(job->seed));
}

/* ---- outputs */

json_t *wlaw_limit_curve_json(bool *failed, const limit_job *job, const double *density) {
  enum { N = LIMIT_GRID };
  double z[2 * N], value[2 * N];
  for (size_t i = 0; i < N; i++) {
    z[N + i] = job->grid[i];
    z[N - 1 - i] = -job->grid[i];
    value[N + i] = value[N - 1 - i] = density[i];
  }
  json_t *curve = json_object();
  wlaw_json_put(failed, curve, "z", wlaw_json_reals(z, (size_t)2 * N));
  wlaw_json_put(failed, curve, "value", wlaw_json_reals(value, (size_t)2 * N));
  return curve;
}

static json_t *density_json(bool *failed, const limit_job *job) {
  double density[LIMIT_GRID], cdf;
  if (!job->has_grid || !job->density) return json_null();
  for (size_t i = 0; i < LIMIT_GRID; i++) wlaw_output_density_at(job->density, job->grid[i], &density[i], &cdf);
  return wlaw_limit_curve_json(failed, job, density);
}

static void put_outputs(bool *failed, json_t *document, const limit_job *job) {
  const output_law *law = &job->output;
  json_t *outputs = json_object();
  put_text(failed, outputs, "law", law->name);
  wlaw_limit_real(failed, outputs, "mean_square", law->mean_square);
  wlaw_limit_real(failed, outputs, "kurtosis", law->kurtosis);
  wlaw_limit_real(failed, outputs, "square_correlation", law->square_correlation);
  wlaw_limit_real(failed, outputs, "tail_index", law->tail_index);
  wlaw_limit_real(failed, outputs, "tail_constant", law->tail_constant);
  wlaw_limit_real(failed, outputs, "probability_zero", law->probability_zero);
  put_text(failed, outputs, "reason", law->reason_moments);
  put_text(failed, outputs, "reason_tail", law->reason_tail);
  wlaw_json_put(failed, outputs, "density", density_json(failed, job));
  put_text(failed, outputs, "reason_density", job->reason_density);
  wlaw_json_put(failed, document, "outputs", outputs);
}

static void put_largest(bool *failed, json_t *document, const limit_job *job) {
  static const double p[] = {0.1, 0.25, 0.5, 0.75, 0.9, 0.99};
  enum { N = sizeof p / sizeof *p };
  double quantile[N];
  const wlaw_law *last = job->network.laws[job->network.depth - 1];
  for (size_t i = 0; i < N; i++) quantile[i] = wlaw_max_weight_quantile(last, job->network.weight_variance, p[i]);
  json_t *largest = json_object();
  wlaw_json_put(failed, largest, "probability", wlaw_json_reals(p, N));
  wlaw_json_put(failed, largest, "quantile", wlaw_json_reals(quantile, N));
  wlaw_json_put(failed, largest, "layer", wlaw_json_count(job->network.depth));
  wlaw_json_put(failed, document, "max_weight", largest);
}

/* ---- pruning */

double wlaw_limit_slope(const double *x, const double *y, size_t n) {
  double sx = 0, sy = 0, count = 0, sxx = 0, sxy = 0;
  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < n; i++) {
      if (!(x[i] > 0.0) || !(y[i] > 0.0) || isinf(x[i]) || isinf(y[i])) continue;
      const double u = log(x[i]), v = log(y[i]);
      if (pass == 0) sx += u, sy += v, count += 1.0;
      else sxx += (u - sx / count) * (u - sx / count), sxy += (u - sx / count) * (v - sy / count);
    }
  return sxx > 0.0 ? sxy / sxx : NAN;
}

static wlaw_status put_truncation(bool *failed, json_t *document, const limit_job *job, wlaw_error *err) {
  const size_t n = job->n_epsilon, depth = job->network.depth;
  const char *reason = NULL;
  double slope[LIMIT_MOST_LAYERS], *error = wlaw_array(2 * n, sizeof *error);
  if (!error) return wlaw_fail_memory(err, 2 * n, sizeof *error);
  double *bound = error + n;
  json_t *list = json_array(), *object = json_object(), *errors = json_array();
  for (size_t e = 0; e < n; e++) {
    truncation cut;
    wlaw_truncation(&cut, &job->network, job->inputs.variance, job->epsilon[e]);
    error[e] = cut.error;
    bound[e] = cut.bound;
    reason = cut.reason;
    json_t *row = json_object();
    wlaw_json_put(failed, row, "epsilon", wlaw_json_real(job->epsilon[e]));
    wlaw_json_put(failed, row, "expected", wlaw_json_reals(cut.active, depth));
    wlaw_limit_real(failed, row, "empty_probability", cut.empty);
    wlaw_json_append(failed, list, row);
    wlaw_json_append(failed, errors, isnan(cut.error) ? json_null() : wlaw_json_real(cut.error));
  }
  for (size_t l = 0; l < depth; l++) slope[l] = wlaw_truncation_slope(job->network.laws[l]);
  wlaw_json_put(failed, document, "active_nodes", list);
  wlaw_json_put(failed, object, "epsilon", wlaw_json_reals(job->epsilon, n));
  wlaw_json_put(failed, object, "error", errors);
  wlaw_json_put(failed, object, "bound", wlaw_json_reals(bound, n));
  wlaw_json_put(failed, object, "slope", wlaw_json_reals(slope, depth));
  wlaw_limit_real(failed, object, "fitted_slope", wlaw_limit_slope(job->epsilon, error, n));
  put_text(failed, object, "reason", reason);
  wlaw_json_put(failed, document, "truncation", object);
  free(error);
  return WLAW_OK;
}

enum { SHARE_WIDTH = 2000, SHARE_DRAWS = 200 };

static wlaw_status add_share(bool *failed, json_t *list, const limit_job *job, size_t layer, double fraction,
                             size_t width, wlaw_error *err) {
  truncation_share share;
  WLAW_TRY(wlaw_truncation_share(&share, job->laws[layer].law, fraction, width, SHARE_DRAWS, job->seed, err));
  json_t *row = json_object();
  wlaw_json_put(failed, row, "layer", wlaw_json_count(layer + 1));
  wlaw_json_put(failed, row, "fraction", wlaw_json_real(fraction));
  wlaw_json_put(failed, row, "width", wlaw_json_count(width));
  wlaw_limit_real(failed, row, "share", share.mean);
  wlaw_limit_real(failed, row, "standard_error", share.standard_error);
  wlaw_limit_real(failed, row, "median", share.median);
  wlaw_json_append(failed, list, row);
  return WLAW_OK;
}

/* One row for each law, fraction and width. */
static wlaw_status put_fractions(bool *failed, json_t *document, const limit_job *job, wlaw_error *err) {
  json_t *list = json_array();
  wlaw_status status = WLAW_OK;
  for (size_t l = 0; l < job->n_laws; l++)
    for (size_t f = 0; f < job->n_fractions; f++)
      for (size_t w = 0; w < (job->n_widths ? job->n_widths : 1) && status == WLAW_OK; w++) {
        const size_t width = job->n_widths ? (size_t)job->widths[w] : SHARE_WIDTH;
        status = add_share(failed, list, job, l, job->fractions[f], width, err);
      }
  wlaw_json_put(failed, document, "fractions", list);
  return status;
}

wlaw_status wlaw_limit_put(bool *failed, json_t *document, const limit_job *job, wlaw_error *err) {
  static const char *const verdicts[] = {"yes", "no", "undetermined"};
  const char *why = NULL;
  wlaw_json_put(failed, document, "schema", json_string("weightlaw.limit/1"));
  put_settings(failed, document, job);
  put_layers(failed, document, job);
  put_outputs(failed, document, job);
  put_largest(failed, document, job);
  WLAW_TRY(put_truncation(failed, document, job, err));
  WLAW_TRY(put_fractions(failed, document, job, err));
  wlaw_json_put(failed, document, "compressible", json_string(verdicts[wlaw_compressible(&why, &job->network)]));
  put_text(failed, document, "why", why);
  return WLAW_OK;
}
