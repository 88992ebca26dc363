/* Changes between two checkpoints as a document (keys: docs/scan.md), and what they mean in sentences. */
#include <math.h>
#include <string.h>

#include "study/changes.h"
#include "study/fit.h"
#include "study/scan_findings.h"
#include "study/sentence.h"

typedef unsigned long long count_t;

/* Of n independent weights the cosine with unrelated ones has standard deviation 1 / sqrt(n): within four of these, and
 * of more weights than this, nothing is left of A in B. */
enum { ENOUGH_WEIGHTS = 100 };
#define UNRELATED 4.0

static const char *plural(count_t n) { return n == 1 ? "" : "s"; }

/* ---- one tensor */

static scan_severity find_changes(bool *failed, json_t *sentences, const part_change *both) {
  const weight_change *change = &both->change;
  const count_t nonfinite = change->new_nonfinite, rows = change->new_dead_rows, columns = change->new_dead_columns;
  const double n = (double)both->scan[0].summary.count;
  scan_severity worst = SCAN_FINE;
  if (change->cosine < -0.5)
    SENTENCE(failed, sentences, "B points away from A (cosine %.3f): signs have been turned.", change->cosine);
  if (n >= ENOUGH_WEIGHTS && fabs(change->cosine) * sqrt(n) < UNRELATED) {
    SENTENCE(failed, sentences, "Nothing of A is left in B (cosine %.4f, chance gives up to %.2g): other weights.",
             change->cosine, UNRELATED / sqrt(n));
    worst = SCAN_UNUSUAL;
  }
  if (rows || columns) {
    SENTENCE(failed, sentences, "%llu row%s and %llu column%s that lived in A are dead in B.", rows, plural(rows),
             columns, plural(columns));
    worst = SCAN_SUSPICIOUS;
  }
  if (nonfinite) {
    SENTENCE(failed, sentences, "%llu weight%s, finite in A, %s not finite in B.", nonfinite, plural(nonfinite),
             nonfinite == 1 ? "is" : "are");
    worst = SCAN_BROKEN;
  }
  return worst;
}

static json_t *pair(bool *failed, double a, double b) {
  json_t *array = json_array();
  wlaw_json_append(failed, array, wlaw_json_determined(a));
  wlaw_json_append(failed, array, wlaw_json_determined(b));
  return array;
}

static void put_law(bool *failed, json_t *object, const part_change *both) {
  const scan_weibull *w[2] = {&both->scan[0].weibull, &both->scan[1].weibull};
  const scan_ggd *g[2] = {&both->scan[0].ggd, &both->scan[1].ggd};
  const char *reason = both->scan[0].unfitted ? both->scan[0].unfitted : both->scan[1].unfitted;
  const struct {
    const char *values, *change;
    double a, se_a, b, se_b;
  } rows[] = {
      {"k", "change_k", w[0]->plot.k, w[0]->plot.se_k, w[1]->plot.k, w[1]->plot.se_k},
      {"lambda", "change_lambda", w[0]->plot.lambda, w[0]->plot.se_lambda, w[1]->plot.lambda, w[1]->plot.se_lambda},
      {"shape", "change_shape", g[0]->shape, g[0]->se_shape, g[1]->shape, g[1]->se_shape}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    wlaw_json_put(failed, object, rows[i].values, pair(failed, rows[i].a, rows[i].b));
    wlaw_json_put(failed, object, rows[i].change,
                  wlaw_json_determined(wlaw_drift(rows[i].a, rows[i].se_a, rows[i].b, rows[i].se_b)));
  }
  if (!reason) reason = w[0]->plot.reason ? w[0]->plot.reason : w[1]->plot.reason;
  wlaw_json_put(failed, object, "reason", reason ? json_string(reason) : json_null());
}

static json_t *largest_json(bool *failed, const weight_extreme *largest) {
  if (largest->value == 0.0) return json_null();
  json_t *object = json_object();
  wlaw_json_put(failed, object, "value", wlaw_json_real(largest->value));
  wlaw_json_put(failed, object, "row", wlaw_json_count(largest->row));
  wlaw_json_put(failed, object, "column", wlaw_json_count(largest->column));
  return object;
}

json_t *wlaw_part_change_json(bool *failed, const part_change *both) {
  const part_scan *a = &both->scan[0];
  const weight_change *change = &both->change;
  const tensor_role *role = &both->part->role;
  json_t *object = json_object(), *sentences = json_array();
  wlaw_json_put(failed, object, "name", wlaw_json_text(both->part->name));
  wlaw_json_put(failed, object, "kind", json_string(wlaw_tensor_kind_text(role->kind)));
  wlaw_json_put(failed, object, "block", role->block < 0 ? json_null() : json_integer(role->block));
  wlaw_json_put(failed, object, "rows", wlaw_json_count(a->rows));
  wlaw_json_put(failed, object, "columns", wlaw_json_count(a->columns));
  wlaw_json_put(failed, object, "encoding_a", json_string(both->encoding[0]));
  wlaw_json_put(failed, object, "encoding_b", json_string(both->encoding[1]));
  wlaw_json_put(failed, object, "relative_change", wlaw_json_determined(change->relative));
  wlaw_json_put(failed, object, "largest_change", largest_json(failed, &change->largest));
  wlaw_json_put(failed, object, "cosine", wlaw_json_determined(change->cosine));
  wlaw_json_put(failed, object, "wasserstein", wlaw_json_determined(change->wasserstein));
  wlaw_json_put(failed, object, "wasserstein_exact", json_boolean(change->exact));
  wlaw_json_put(failed, object, "wasserstein_scaled",
                wlaw_json_determined(a->summary.sd > 0.0 ? change->wasserstein / a->summary.sd : NAN));
  put_law(failed, object, both);
  wlaw_json_put(failed, object, "new_dead_rows", wlaw_json_count(change->new_dead_rows));
  wlaw_json_put(failed, object, "new_dead_columns", wlaw_json_count(change->new_dead_columns));
  wlaw_json_put(failed, object, "new_nonfinite", wlaw_json_count(change->new_nonfinite));
  wlaw_json_put(failed, object, "identical", json_boolean(change->identical));
  wlaw_json_put(failed, object, "severity", json_integer(find_changes(failed, sentences, both)));
  wlaw_json_put(failed, object, "findings", sentences);
  return object;
}

/* ---- the whole */

static size_t count_where(const json_t *tensors, bool (*fits)(const json_t *tensor)) {
  size_t n = 0;
  for (size_t i = 0; i < json_array_size(tensors); i++) n += fits(json_array_get(tensors, i));
  return n;
}

static double number_of(const json_t *tensor, const char *key) {
  double value = NAN;
  const json_t *item = json_object_get(tensor, key);
  return item && wlaw_json_number(item, &value) ? value : NAN;
}

static bool is_identical(const json_t *tensor) { return json_is_true(json_object_get(tensor, "identical")); }
static bool lost_numbers(const json_t *tensor) { return number_of(tensor, "new_nonfinite") > 0; }
static bool lost_life(const json_t *tensor) {
  return number_of(tensor, "new_dead_rows") > 0 || number_of(tensor, "new_dead_columns") > 0;
}
static bool is_unrelated(const json_t *tensor) { return number_of(tensor, "severity") == SCAN_UNUSUAL; }

/* What rounding to nearest does to a weight at most: 8 bits of significand in bf16, 11 in f16. */
static bool is_rounded(const json_t *tensor) {
  const char *a = json_string_value(json_object_get(tensor, "encoding_a"));
  const char *b = json_string_value(json_object_get(tensor, "encoding_b"));
  if (!a || !b || strcmp(a, b) == 0 || is_identical(tensor)) return false;
  const bool bf16 = strcmp(a, "bf16") == 0 || strcmp(b, "bf16") == 0;
  const bool f16 = strcmp(a, "f16") == 0 || strcmp(b, "f16") == 0;
  return (bf16 || f16) && number_of(tensor, "relative_change") <= (bf16 ? 0x1p-8 : 0x1p-11);
}

static const json_t *most_changed(const json_t *tensors) {
  const json_t *most = NULL;
  for (size_t i = 0; i < json_array_size(tensors); i++) {
    const json_t *one = json_array_get(tensors, i);
    const double change = number_of(one, "relative_change");
    if (change > 0.0 && (!most || change > number_of(most, "relative_change"))) most = one;
  }
  return most;
}

static void tell_what_is_missing(bool *failed, json_t *findings, const json_t *document) {
  static const struct {
    const char *key, *words;
  } lists[] = {{"only_a", "in A alone"},
               {"only_b", "in B alone"},
               {"different_shape", "of another shape in B"},
               {"skipped", "not compared: their values are no real numbers, or cannot be read"}};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    const size_t n = json_array_size(json_object_get(document, lists[i].key));
    if (n) SENTENCE(failed, findings, "%zu tensor%s %s %s.", n, plural(n), n == 1 ? "is" : "are", lists[i].words);
  }
}

json_t *wlaw_changes_findings(bool *failed, const json_t *document) {
  const json_t *tensors = json_object_get(document, "tensors");
  const size_t n = json_array_size(tensors), identical = count_where(tensors, is_identical);
  const size_t rounded = count_where(tensors, is_rounded);
  static const struct {
    bool (*fits)(const json_t *tensor);
    const char *words;
  } faults[] = {{lost_numbers, "weights that are not finite in B and were in A"},
                {lost_life, "rows or columns that died"},
                {is_unrelated, "nothing left of A in B"}};
  json_t *findings = json_array();
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    const size_t found = count_where(tensors, faults[i].fits);
    if (found)
      SENTENCE(failed, findings, "%zu of %zu tensors %s %s.", found, n, found == 1 ? "has" : "have", faults[i].words);
  }
  tell_what_is_missing(failed, findings, document);
  if (identical == n)
    SENTENCE(failed, findings, "%s identical, value for value.", n == 1 ? "The tensor is" : "All tensors are");
  else if (identical) SENTENCE(failed, findings, "%zu of %zu tensors are identical, value for value.", identical, n);
  if (rounded)
    SENTENCE(failed, findings, "%zu of %zu tensors differ by no more than rounding to 16 bits does.", rounded, n);
  const json_t *most = most_changed(tensors);
  if (most && rounded + identical < n)
    SENTENCE(failed, findings, "%s changed most: by %.3g of its norm.",
             json_string_value(json_object_get(most, "name")), number_of(most, "relative_change"));
  return findings;
}
