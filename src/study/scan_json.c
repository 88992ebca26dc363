#include "study/scan_json.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "study/fit.h"
#include "study/published.h"
#include "study/scan_findings.h"

#define SOURCE "npm-weibull database v9.1, arXiv 2605.18898, CC BY 4.0"

static void put_real(bool *failed, json_t *object, const char *key, double value) {
  wlaw_json_put(failed, object, key, wlaw_json_determined(value));
}

static void put_count(bool *failed, json_t *object, const char *key, uint64_t value) {
  wlaw_json_put(failed, object, key, wlaw_json_count(value));
}

static void put_text(bool *failed, json_t *object, const char *key, const char *text) {
  wlaw_json_put(failed, object, key, text ? wlaw_json_text(text) : json_null());
}

/* A number that a name may lack: -1 stands for none. */
static void put_number(bool *failed, json_t *object, const char *key, int64_t number) {
  wlaw_json_put(failed, object, key, number < 0 ? json_null() : json_integer(number));
}

static json_t *determined(bool *failed, const double *values, size_t n) {
  json_t *array = json_array();
  for (size_t i = 0; i < n; i++) wlaw_json_append(failed, array, wlaw_json_determined(values[i]));
  return array;
}

static json_t *shape_json(bool *failed, const uint64_t *shape, size_t rank) {
  json_t *array = json_array();
  for (size_t d = 0; d < rank; d++) wlaw_json_append(failed, array, wlaw_json_count(shape[d]));
  return array;
}

/* ---- name, health, moments */

static void put_identity(bool *failed, json_t *object, const part_scan *scan) {
  const scan_part *part = scan->part;
  const tensor_role *role = &part->role;
  const uint64_t own[2] = {scan->rows, scan->columns};
  const bool whole = part->partner == SIZE_MAX && part->selection.rows == part->stored_rows &&
                     part->selection.cols == part->stored_cols;
  put_text(failed, object, "name", part->name);
  put_text(failed, object, "kind", wlaw_tensor_kind_text(role->kind));
  put_number(failed, object, "block", role->block);
  put_number(failed, object, "expert", role->expert);
  put_text(failed, object, "family", role->family);
  put_text(failed, object, "dtype", wlaw_dtype_text(scan->info->dtype));
  put_text(failed, object, "encoding",
           scan->info->encoding ? scan->info->encoding : wlaw_dtype_text(scan->info->dtype));
  wlaw_json_put(failed, object, "shape",
                whole ? shape_json(failed, scan->info->shape, scan->info->rank) : shape_json(failed, own, 2));
  put_count(failed, object, "rows", scan->rows);
  put_count(failed, object, "columns", scan->columns);
  wlaw_json_put(failed, object, "transposed", json_boolean(role->transposed));
  put_text(failed, object, "note", part->reason);
}

static json_t *largest_json(bool *failed, const weight_summary *summary) {
  json_t *array = json_array();
  for (size_t i = 0; i < summary->n_largest; i++) {
    json_t *one = json_object();
    wlaw_json_put(failed, one, "value", wlaw_json_real(summary->largest[i].value));
    put_count(failed, one, "row", summary->largest[i].row);
    put_count(failed, one, "column", summary->largest[i].column);
    wlaw_json_append(failed, array, one);
  }
  return array;
}

static void put_summary(bool *failed, json_t *object, const part_scan *scan) {
  const weight_summary *summary = &scan->summary;
  put_count(failed, object, "count", summary->count);
  put_count(failed, object, "zeros", summary->zeros);
  put_count(failed, object, "subnormal", summary->subnormal);
  put_count(failed, object, "tiny", summary->tiny);
  put_count(failed, object, "nan", summary->nan);
  put_count(failed, object, "infinite", summary->infinite);
  put_count(failed, object, "nonfinite", summary->nan + summary->infinite);
  put_count(failed, object, "dead_rows", summary->dead_rows);
  put_count(failed, object, "dead_columns", summary->dead_columns);
  put_real(failed, object, "mean", summary->mean);
  put_real(failed, object, "std", summary->sd);
  put_real(failed, object, "rms", summary->rms);
  put_real(failed, object, "mean_magnitude", summary->mean_magnitude);
  put_real(failed, object, "skewness", summary->skewness);
  put_real(failed, object, "kurtosis", summary->kurtosis);
  put_real(failed, object, "min", summary->min);
  put_real(failed, object, "max", summary->max);
  wlaw_json_put(failed, object, "largest", largest_json(failed, summary));
  put_real(failed, object, "max_ratio", scan->max_ratio);
  put_real(failed, object, "row_spread", scan->row_spread);
  put_real(failed, object, "column_spread", scan->column_spread);
}

static json_t *lattice_json(bool *failed, const weight_lattice *lattice) {
  if (!lattice->found) return json_null();
  json_t *object = json_object();
  put_real(failed, object, "step", lattice->step);
  put_real(failed, object, "offset", lattice->offset);
  put_count(failed, object, "bits", lattice->bits);
  put_count(failed, object, "distinct", lattice->distinct);
  wlaw_json_put(failed, object, "by_row", json_boolean(lattice->by_row));
  return object;
}

static json_t *histogram_json(bool *failed, const scan_histogram *histogram) {
  if (!(histogram->width > 0.0)) return json_null();
  json_t *object = json_object(), *counts = json_array();
  for (size_t i = 0; i < SCAN_BINS; i++) wlaw_json_append(failed, counts, wlaw_json_count(histogram->counts[i]));
  put_real(failed, object, "low", histogram->low);
  put_real(failed, object, "width", histogram->width);
  wlaw_json_put(failed, object, "counts", counts);
  put_count(failed, object, "below", histogram->below);
  put_count(failed, object, "above", histogram->above);
  return object;
}

static json_t *points_json(bool *failed, const double *values) {
  json_t *object = json_object();
  wlaw_json_put(failed, object, "p", wlaw_json_reals(wlaw_scan_points, SCAN_POINTS));
  wlaw_json_put(failed, object, "value", determined(failed, values, SCAN_POINTS));
  return object;
}

/* ---- laws */

static json_t *weibull_json(bool *failed, const part_scan *scan, scan_protocol protocol) {
  const scan_weibull *weibull = &scan->weibull;
  const weibull_plot *plot = &weibull->plot;
  json_t *object = json_object();
  put_count(failed, object, "n", plot->n);
  put_real(failed, object, "k", plot->k);
  put_real(failed, object, "lambda", plot->lambda);
  put_real(failed, object, "r2", plot->r2);
  put_real(failed, object, "se_k", plot->se_k);
  put_real(failed, object, "se_lambda", plot->se_lambda);
  put_real(failed, object, "se_k_rows", weibull->se_k.rows);
  put_real(failed, object, "se_k_columns", weibull->se_k.columns);
  put_real(failed, object, "se_lambda_rows", weibull->se_lambda.rows);
  put_real(failed, object, "se_lambda_columns", weibull->se_lambda.columns);
  put_real(failed, object, "k_rows", weibull->balanced_k[BALANCE_ROWS]);
  put_real(failed, object, "k_columns", weibull->balanced_k[BALANCE_COLUMNS]);
  put_real(failed, object, "k_both", weibull->balanced_k[BALANCE_BOTH]);
  put_real(failed, object, "r2_both", weibull->balanced_r2);
  const bool balanced = !isnan(weibull->balanced_k[BALANCE_BOTH]);
  wlaw_json_put(failed, object, "rounds", balanced ? wlaw_json_count(weibull->rounds) : json_null());
  wlaw_json_put(failed, object, "converged", balanced ? json_boolean(weibull->converged) : json_null());
  put_text(failed, object, "protocol",
           protocol == SCAN_NPM_HIST   ? "npm-hist"
           : protocol == SCAN_NPM_SORT ? "npm-sort"
                                       : "exact");
  put_text(failed, object, "reason", scan->unfitted ? scan->unfitted : plot->reason);
  return object;
}

static json_t *ggd_json(bool *failed, const part_scan *scan, scan_protocol protocol) {
  const scan_ggd *ggd = &scan->ggd;
  json_t *object = json_object();
  put_real(failed, object, "shape", ggd->shape);
  put_real(failed, object, "scale", ggd->scale);
  put_real(failed, object, "se_shape", ggd->se_shape);
  put_real(failed, object, "se_scale", ggd->se_scale);
  put_real(failed, object, "se_shape_rows", ggd->se_shape_in.rows);
  put_real(failed, object, "se_shape_columns", ggd->se_shape_in.columns);
  put_real(failed, object, "entropy", ggd->entropy);
  put_text(failed, object, "protocol", protocol == SCAN_BACKSLASH ? "backslash" : "maximum likelihood");
  put_text(failed, object, "reason", scan->unfitted ? scan->unfitted : ggd->reason);
  return object;
}

static json_t *law_json(bool *failed, const entry_candidate *candidate) {
  const law_ops *ops = candidate->fit.law.ops;
  json_t *object = json_object(), *parameters = json_object(), *errors = json_object();
  for (size_t i = 0; i < ops->n_parameters && !candidate->reason; i++) {
    const double value = candidate->fit.law.values[wlaw_law_offset(ops, i)];
    if (ops->parameters[i].kind != PARAMETER_REAL || isnan(value)) continue;
    put_real(failed, parameters, ops->parameters[i].name, value);
    put_real(failed, errors, ops->parameters[i].name, candidate->fit.standard_error[i]);
  }
  put_text(failed, object, "law", ops->name);
  wlaw_json_put(failed, object, "parameters", parameters);
  wlaw_json_put(failed, object, "standard_errors", errors);
  put_real(failed, object, "log_likelihood", candidate->reason ? NAN : candidate->fit.log_likelihood);
  put_real(failed, object, "held_out", candidate->held_out);
  put_real(failed, object, "sup_distance", candidate->sup_distance);
  put_real(failed, object, "wasserstein", candidate->wasserstein);
  put_text(failed, object, "reason", candidate->reason);
  return object;
}

static void put_laws(bool *failed, json_t *object, const part_scan *scan) {
  const entry_choice *laws = &scan->laws;
  json_t *list = json_array();
  for (size_t i = 0; i < laws->n; i++) wlaw_json_append(failed, list, law_json(failed, &laws->candidates[i]));
  wlaw_json_put(failed, object, "laws", list);
  put_text(failed, object, "best_law", laws->best < 0 ? NULL : laws->candidates[laws->best].fit.law.ops->name);
}

static json_t *bits_json(bool *failed, const part_scan *scan) {
  const weight_bits *bits = &scan->bits;
  if (!scan->counted) return json_null();
  json_t *object = json_object();
  put_real(failed, object, "entropy", bits->entropy);
  put_real(failed, object, "exp_golomb", bits->exp_golomb);
  put_count(failed, object, "order", bits->order);
  put_count(failed, object, "codes", bits->codes);
  put_real(failed, object, "step", 0x1p-13);
  return object;
}

static json_t *spectrum_json(bool *failed, const scan_spectrum *spectrum) {
  const power_law *tail = &spectrum->tail;
  const mp_bulk *bulk = &spectrum->bulk;
  const spectrum_measures *measures = &spectrum->measures;
  json_t *object = json_object();
  const char *reason = spectrum->reason ? spectrum->reason : tail->reason ? tail->reason : bulk->reason;
  put_text(failed, object, "reason", reason);
  if (spectrum->reason) return object;
  put_real(failed, object, "alpha", tail->alpha);
  put_real(failed, object, "se_alpha", tail->se_alpha);
  put_real(failed, object, "xmin", tail->xmin);
  put_count(failed, object, "n_tail", tail->n_tail);
  put_real(failed, object, "distance", tail->distance);
  put_real(failed, object, "vuong", tail->vuong);
  put_real(failed, object, "vuong_p", tail->vuong_p);
  put_real(failed, object, "p_value", tail->p_value);
  put_count(failed, object, "n", spectrum->n);
  wlaw_json_put(failed, object, "approximate", json_boolean(spectrum->approximate));
  put_real(failed, object, "spectral_norm", measures->spectral_norm);
  put_real(failed, object, "frobenius_norm", measures->frobenius_norm);
  put_real(failed, object, "log_norm", measures->log_norm);
  put_real(failed, object, "log_spectral_norm", measures->log_spectral_norm);
  put_real(failed, object, "alpha_weighted", measures->alpha_weighted);
  put_real(failed, object, "log_alpha_norm", measures->log_alpha_norm);
  put_real(failed, object, "stable_rank", measures->stable_rank);
  put_real(failed, object, "entropy", measures->entropy);
  put_real(failed, object, "soft_rank", measures->soft_rank);
  put_real(failed, object, "mp_variance", bulk->variance);
  put_real(failed, object, "mp_lower", bulk->lower);
  put_real(failed, object, "mp_upper", bulk->upper);
  put_real(failed, object, "mp_edge", bulk->edge);
  put_count(failed, object, "spikes", bulk->spikes);
  wlaw_json_put(failed, object, "spikes_null",
                bulk->spikes_null == SIZE_MAX ? json_null() : wlaw_json_count(bulk->spikes_null));
  put_real(failed, object, "null_largest", spectrum->null_largest);
  wlaw_json_put(failed, object, "eigenvalues", points_json(failed, spectrum->points));
  return object;
}

/* ---- published values beside ours */

static const char *nearest_model(tensor_kind kind, double k) {
  const char *nearest = NULL;
  double least = INFINITY;
  for (size_t i = 0; i < wlaw_n_published; i++) {
    const published_median *row = &wlaw_published[i];
    if (row->kind != kind || !(fabs(row->k - k) < least)) continue;
    least = fabs(row->k - k);
    nearest = row->model;
  }
  return nearest;
}

static json_t *band_json(bool *failed, tensor_kind kind) {
  const published_band band = wlaw_published_k(kind);
  if (band.n == 0) return json_null();
  json_t *object = json_object();
  put_count(failed, object, "models", band.n);
  put_real(failed, object, "k_low", band.low);
  put_real(failed, object, "k_median", band.median);
  put_real(failed, object, "k_high", band.high);
  return object;
}

static json_t *published_json(bool *failed, const part_scan *scan) {
  json_t *object = band_json(failed, scan->part->role.kind);
  if (json_is_object(object))
    put_text(failed, object, "nearest", nearest_model(scan->part->role.kind, scan->weibull.plot.k));
  return object;
}

json_t *wlaw_part_scan_json(bool *failed, const part_scan *scan, scan_protocol protocol) {
  json_t *object = json_object(), *findings = json_array();
  put_identity(failed, object, scan);
  put_summary(failed, object, scan);
  wlaw_json_put(failed, object, "lattice", lattice_json(failed, &scan->lattice));
  wlaw_json_put(failed, object, "weibull", weibull_json(failed, scan, protocol));
  wlaw_json_put(failed, object, "ggd", ggd_json(failed, scan, protocol));
  put_laws(failed, object, scan);
  wlaw_json_put(failed, object, "bits", bits_json(failed, scan));
  wlaw_json_put(failed, object, "quantiles", points_json(failed, scan->quantiles));
  wlaw_json_put(failed, object, "histogram", histogram_json(failed, &scan->histogram));
  if (scan->has_spectrum) wlaw_json_put(failed, object, "spectrum", spectrum_json(failed, &scan->spectrum));
  wlaw_json_put(failed, object, "published", published_json(failed, scan));
  put_count(failed, object, "severity", wlaw_part_findings(failed, findings, scan));
  wlaw_json_put(failed, object, "findings", findings);
  return object;
}

json_t *wlaw_part_skipped_json(bool *failed, const scan_part *part, const wlaw_tensors *tensors) {
  const tensor_info *info = &tensors->info[part->tensor];
  json_t *object = json_object();
  put_text(failed, object, "name", part->name);
  put_text(failed, object, "dtype", info->dtype < WLAW_DTYPE_COUNT ? wlaw_dtype_text(info->dtype) : info->encoding);
  wlaw_json_put(failed, object, "shape", shape_json(failed, info->shape, info->rank));
  put_text(failed, object, "reason", part->reason);
  return object;
}

/* ---- the file */

static json_t *bands_json(bool *failed, const scan_parts *parts) {
  json_t *list = json_array();
  for (int kind = 0; kind < TENSOR_KIND_COUNT; kind++) {
    bool met = false;
    for (size_t i = 0; i < parts->n; i++) met |= !parts->part[i].skipped && (int)parts->part[i].role.kind == kind;
    json_t *band = met ? band_json(failed, (tensor_kind)kind) : NULL;
    if (json_is_object(band)) {
      put_text(failed, band, "kind", wlaw_tensor_kind_text((tensor_kind)kind));
      put_text(failed, band, "source", SOURCE);
      wlaw_json_append(failed, list, json_incref(band));
    }
    json_decref(band);
  }
  return list;
}

json_t *wlaw_scan_json(bool *failed, const char *path, const wlaw_tensors *tensors, const scan_parts *parts,
                       json_t *scanned, json_t *skipped) {
  json_t *document = json_object();
  put_text(failed, document, "schema", "weightlaw.scan/1");
  put_text(failed, document, "file", path);
  put_text(failed, document, "format", wlaw_tensors_format(tensors));
  put_number(failed, document, "heads", parts->heads ? (int64_t)parts->heads : -1);
  put_number(failed, document, "kv_heads", parts->kv_heads ? (int64_t)parts->kv_heads : -1);
  wlaw_json_put(failed, document, "findings", wlaw_scan_findings(failed, scanned, skipped));
  wlaw_json_put(failed, document, "published", bands_json(failed, parts));
  wlaw_json_put(failed, document, "tensors", scanned);
  wlaw_json_put(failed, document, "skipped", skipped);
  return document;
}
