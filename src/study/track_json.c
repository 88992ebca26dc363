/* Tensors through time as a document (keys: docs/scan.md), and what stands out. */
#include <math.h>
#include <stdio.h>

#include "study/fit.h"
#include "study/sentence.h"
#include "study/track.h"

typedef unsigned long long count_t;

static double drift_k(const tracked_value *from, const tracked_value *to) {
  return wlaw_drift(from->k, from->se_k, to->k, to->se_k);
}

static double drift_lambda(const tracked_value *from, const tracked_value *to) {
  return wlaw_drift(from->lambda, from->se_lambda, to->lambda, to->se_lambda);
}

static json_t *value_json(bool *failed, const tracked_value *value, const tracked_value *first) {
  if (!value->there) return json_null();
  json_t *object = json_object();
  const struct {
    const char *key;
    double value;
  } reals[] = {{"k", value->k},
               {"se_k", value->se_k},
               {"lambda", value->lambda},
               {"se_lambda", value->se_lambda},
               {"scale", value->scale},
               {"shape", value->shape},
               {"alpha", value->alpha},
               {"se_alpha", value->se_alpha},
               {"mean", value->mean},
               {"std", value->sd},
               {"distance", value->distance},
               {"drift_k", first->there ? drift_k(first, value) : NAN},
               {"drift_lambda", first->there ? drift_lambda(first, value) : NAN}};
  for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
    wlaw_json_put(failed, object, reals[i].key, wlaw_json_determined(reals[i].value));
  wlaw_json_put(failed, object, "nonfinite", wlaw_json_count(value->nonfinite));
  wlaw_json_put(failed, object, "dead_rows", wlaw_json_count(value->dead_rows));
  wlaw_json_put(failed, object, "dead_columns", wlaw_json_count(value->dead_columns));
  wlaw_json_put(failed, object, "reason", value->reason ? json_string(value->reason) : json_null());
  return object;
}

/* The first or last point that has the tensor. */
static const tracked_value *end_of(const track *all, const tracked *one, bool last) {
  size_t p = last ? all->n_points - 1 : 0;
  while (!one->at[p].there) p += last ? (size_t)-1 : 1;
  return &one->at[p];
}

static json_t *tensor_json(bool *failed, const track *all, const tracked *one) {
  json_t *object = json_object(), *points = json_array();
  const tracked_value *first = end_of(all, one, false);
  for (size_t p = 0; p < all->n_points; p++)
    wlaw_json_append(failed, points, value_json(failed, &one->at[p], &one->at[0]));
  wlaw_json_put(failed, object, "name", wlaw_json_text(one->name));
  wlaw_json_put(failed, object, "kind", json_string(wlaw_tensor_kind_text(one->role.kind)));
  wlaw_json_put(failed, object, "block", one->role.block < 0 ? json_null() : json_integer(one->role.block));
  wlaw_json_put(failed, object, "rows", wlaw_json_count(first->rows));
  wlaw_json_put(failed, object, "columns", wlaw_json_count(first->columns));
  wlaw_json_put(failed, object, "points", points);
  return object;
}

/* ---- what stands out */

/* "epoch 7", or the file. */
static const char *name_point(char out[64], const track *all, size_t p) {
  if (!all->point[p].has_epoch) return all->point[p].path;
  snprintf(out, 64, "epoch %llu", (count_t)all->point[p].epoch);
  return out;
}

static void find_damage(bool *failed, json_t *findings, const track *all) {
  char point[64];
  for (size_t i = 0; i < all->n_tensors; i++) {
    const tracked *one = &all->tensor[i];
    const tracked_value *first = end_of(all, one, false), *last = end_of(all, one, true);
    size_t p = 0;
    while (p < all->n_points && one->at[p].nonfinite == 0) p++;
    if (p < all->n_points)
      SENTENCE(failed, findings, "%s has %llu weights that are not finite from %s on.", one->name,
               (count_t)one->at[p].nonfinite, name_point(point, all, p));
    if (last->dead_rows > first->dead_rows || last->dead_columns > first->dead_columns)
      SENTENCE(failed, findings, "%s: dead rows go from %llu to %llu, dead columns from %llu to %llu.", one->name,
               (count_t)first->dead_rows, (count_t)last->dead_rows, (count_t)first->dead_columns,
               (count_t)last->dead_columns);
  }
}

static double last_distance(const track *all, const tracked *one) { return end_of(all, one, true)->distance; }
static double last_drift(const track *all, const tracked *one) {
  return one->at[0].there ? fabs(drift_k(&one->at[0], end_of(all, one, true))) : NAN;
}

/* The tensor with the largest measure above 0, or NULL. */
static const tracked *largest(const track *all, double (*measure)(const track *all, const tracked *one)) {
  const tracked *most = NULL;
  for (size_t i = 0; i < all->n_tensors; i++) {
    const double value = measure(all, &all->tensor[i]);
    if (value > 0.0 && (!most || value > measure(all, most))) most = &all->tensor[i];
  }
  return most;
}

static json_t *findings_json(bool *failed, const track *all) {
  json_t *findings = json_array();
  find_damage(failed, findings, all);
  const tracked *far = largest(all, last_distance), *drifted = largest(all, last_drift);
  if (far)
    SENTENCE(failed, findings, "%s has moved most: by %.3g of its norm at the first point.", far->name,
             last_distance(all, far));
  if (drifted)
    SENTENCE(failed, findings, "%s has drifted most: k from %.4f to %.4f, %.3g standard errors.", drifted->name,
             drifted->at[0].k, end_of(all, drifted, true)->k, last_drift(all, drifted));
  for (size_t p = 1; p < all->n_points; p++) {
    if (!all->point[p].has_epoch || all->point[p].epoch > all->point[p - 1].epoch) continue;
    SENTENCE(failed, findings, "The files are not in the order of their epochs: %llu comes after %llu.",
             (count_t)all->point[p].epoch, (count_t)all->point[p - 1].epoch);
    break;
  }
  if (all->networks > 1)
    SENTENCE(failed, findings, "The weights of %zu networks are pooled, layer by layer.", all->networks);
  return findings;
}

json_t *wlaw_track_json(bool *failed, const track *all, const scan_parts *first) {
  json_t *document = json_object(), *points = json_array(), *tensors = json_array(), *skipped = json_array();
  for (size_t p = 0; p < all->n_points; p++) {
    json_t *point = json_object();
    wlaw_json_put(failed, point, "file", wlaw_json_text(all->point[p].path));
    wlaw_json_put(failed, point, "epoch", all->point[p].has_epoch ? wlaw_json_count(all->point[p].epoch) : json_null());
    wlaw_json_append(failed, points, point);
  }
  for (size_t i = 0; i < all->n_tensors; i++)
    wlaw_json_append(failed, tensors, tensor_json(failed, all, &all->tensor[i]));
  wlaw_json_put(failed, document, "schema", json_string("weightlaw.track/1"));
  wlaw_json_put(failed, document, "networks", all->networks ? wlaw_json_count(all->networks) : json_null());
  wlaw_json_put(failed, document, "points", points);
  wlaw_json_put(failed, document, "tensors", tensors);
  for (size_t i = 0; i < first->n; i++) {
    if (!first->part[i].skipped) continue;
    json_t *part = json_object();
    wlaw_json_put(failed, part, "name", wlaw_json_text(first->part[i].name));
    wlaw_json_put(failed, part, "reason", wlaw_json_text(first->part[i].reason));
    wlaw_json_append(failed, skipped, part);
  }
  wlaw_json_put(failed, document, "skipped", skipped);
  wlaw_json_put(failed, document, "findings", findings_json(failed, all));
  return document;
}
