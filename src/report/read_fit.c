/* Documents of fit and compare into numbers. */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "report/read.h"

double wlaw_read_number(const json_t *from, const char *path) {
  while (*path && from) {
    const size_t length = strcspn(path, ".");
    char key[64];
    uint64_t index;
    if (length >= sizeof key) return NAN;
    memcpy(key, path, length);
    key[length] = '\0';
    if (json_is_array(from)) from = wlaw_text_u64(key, &index) ? json_array_get(from, (size_t)index) : NULL;
    else from = json_object_get(from, key);
    path += length + (path[length] == '.');
  }
  if (json_is_array(from) && json_array_size(from) == 1) from = json_array_get(from, 0);
  double value;
  return from && wlaw_json_number(from, &value) ? value : NAN;
}

/* The law of the document, if it is one of the page's. */
static bool law_of(report_law *law, const json_t *document) {
  const char *name = json_string_value(json_object_get(document, "law"));
  return name && wlaw_report_law_find(law, name);
}

static void read_law(tensor_point *point, const json_t *document) {
  report_law law;
  if (!law_of(&law, document)) return;
  law_fit *fit = &point->fits[law];
  const json_t *values = json_object_get(document, "parameters");
  if (!json_is_object(values)) return;
  const json_t *errors = json_object_get(document, "standard_errors");
  const json_t *robust = json_object_get(document, "robust_standard_errors");
  const json_t *components = json_object_get(document, "components");
  const json_t *component_errors = json_object_get(document, "component_standard_errors");
  fit->present = true;
  for (size_t p = 0; p < wlaw_report_law_size(law); p++) {
    const char *path = wlaw_report_law_parameters(law)[p].path;
    const bool made = wlaw_report_is_component(law, p);
    fit->value[p] = wlaw_read_number(made ? components : values, path);
    fit->error[p] = wlaw_read_number(made ? component_errors : errors, path);
    fit->robust[p] = wlaw_read_number(made ? NULL : robust, path);
  }
  fit->log_likelihood = wlaw_read_number(document, "log_likelihood");
  fit->aic = wlaw_read_number(document, "aic");
  fit->bic = wlaw_read_number(document, "bic");
}

/* Only tests of a law against the next larger one have a place. */
static void read_test(tensor_point *point, const json_t *test) {
  const char *null = json_string_value(json_object_get(test, "null"));
  const char *alternative = json_string_value(json_object_get(test, "alternative"));
  report_law from, to;
  if (!null || !alternative || !wlaw_report_law_find(&from, null) || !wlaw_report_law_find(&to, alternative)) return;
  if (to != from + 1 || to >= REPORT_NESTED) return;
  law_test *place = &point->tests[to];
  place->statistic = wlaw_read_number(test, "statistic");
  place->degrees = wlaw_read_number(test, "df");
  place->p_value = wlaw_read_number(test, "p_value");
  place->present = isfinite(place->p_value);
  const char *method = json_string_value(json_object_get(test, "method"));
  place->simulated = method && strcmp(method, "simulated null") == 0;
}

static void read_tests(tensor_point *point, const json_t *document) {
  const json_t *tests = json_object_get(document, "tests");
  for (size_t i = 0; i < json_array_size(tests); i++) read_test(point, json_array_get(tests, i));
}

void wlaw_read_fit(tensor_point *point, const json_t *document) {
  const json_t *candidates = json_object_get(document, "candidates");
  for (size_t i = 0; i < json_array_size(candidates); i++) {
    read_law(point, json_array_get(candidates, i));
    read_tests(point, json_array_get(candidates, i));
  }
  read_law(point, document);
  read_tests(point, document);
  report_law law;
  if (law_of(&law, document)) point->chosen = (int)law;
  point->networks = wlaw_read_number(document, "networks");
  point->excluded = wlaw_read_number(document, "networks_excluded");
}

/* Blocks in the order of the page, whatever the order of keys; unknown ones after them. */
static wlaw_status name_blocks(report_tensor *tensor, const json_t *blocks, wlaw_error *err) {
  static const char *const order[] = {"mean", "V0", "VH", "V2", "V3", "s0", "rows", "columns", "entries", "variance"};
  enum { KNOWN = sizeof order / sizeof *order };
  for (size_t pass = 0; pass <= KNOWN; pass++) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)blocks, key, value) {
      size_t known = 0;
      while (known < KNOWN && strcmp(order[known], key) != 0) known++;
      if (known != pass || tensor->n_blocks == REPORT_BLOCKS_MOST) continue;
      if (!wlaw_series_set_text(&tensor->blocks[tensor->n_blocks], key)) return wlaw_fail_memory(err, strlen(key), 1);
      tensor->n_blocks++;
    }
  }
  return WLAW_OK;
}

wlaw_status wlaw_read_distance(law_distance *distance, report_tensor *tensor, const json_t *document, wlaw_error *err) {
  const json_t *blocks = json_object_get(document, "blocks");
  if (tensor->n_blocks == 0 && json_is_object(blocks)) WLAW_TRY(name_blocks(tensor, blocks, err));
  distance->wasserstein = wlaw_read_number(document, "wasserstein");
  distance->squared = wlaw_read_number(document, "wasserstein_squared");
  distance->floor_squared = wlaw_read_number(document, "noise_floor_squared");
  distance->debiased_squared = wlaw_read_number(document, "debiased_squared");
  distance->standard_error = wlaw_read_number(document, "standard_error");
  distance->kl_ab = wlaw_read_number(document, "kl_ab");
  distance->kl_ba = wlaw_read_number(document, "kl_ba");
  for (size_t b = 0; b < tensor->n_blocks; b++)
    distance->share[b] = wlaw_read_number(json_object_get(blocks, tensor->blocks[b]), "");
  distance->present = isfinite(distance->squared);
  return WLAW_OK;
}
