/* run.json into rows of a table, and into the few words the sentences use. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "report/read.h"

enum { LONGEST_NAME = 160, LONGEST_VALUE = 600, DEEPEST = 6, MOST_SETTINGS = 400 };

/* Lines of a text joined by semicolons; other control characters escaped. */
static void string_text(char *out, size_t capacity, const char *text) {
  size_t used = 0;
  out[0] = '\0';
  for (const char *line = text; *line && used + 3 < capacity;) {
    const size_t length = strcspn(line, "\n");
    char *copy = wlaw_text_duplicate(line, length);
    if (!copy) return; /* a shorter row: this is display only */
    if (used) used += (size_t)snprintf(out + used, capacity - used, "; ");
    wlaw_text_printable(out + used, capacity - used, copy);
    used += strlen(out + used);
    free(copy);
    line += length;
    line += strspn(line, "\n");
  }
}

static void value_text(char *out, size_t capacity, const json_t *value) {
  if (json_is_string(value)) string_text(out, capacity, json_string_value(value));
  else if (json_is_integer(value)) snprintf(out, capacity, "%lld", (long long)json_integer_value(value));
  else if (json_is_real(value)) snprintf(out, capacity, "%.12g", json_real_value(value));
  else snprintf(out, capacity, "%s", json_is_true(value) ? "true" : json_is_false(value) ? "false" : "none");
}

static bool is_plain_list(const json_t *list) {
  for (size_t i = 0; i < json_array_size(list); i++)
    if (json_is_object(json_array_get(list, i)) || json_is_array(json_array_get(list, i))) return false;
  return json_is_array(list);
}

static wlaw_status add_list(report_series *series, const char *name, const json_t *list, wlaw_error *err) {
  char text[LONGEST_VALUE], item[128];
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < json_array_size(list); i++) {
    value_text(item, sizeof item, json_array_get(list, i));
    if (used + strlen(item) + 8 > sizeof text) {
      snprintf(text + used, sizeof text - used, ", \xe2\x80\xa6");
      break;
    }
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? ", " : "", item);
  }
  return wlaw_series_add_setting(series, name, text, err);
}

/* Nested objects become dotted names; too deep or too many are left out. */
static wlaw_status add_settings(report_series *series, const char *prefix, const json_t *value, int depth,
                                wlaw_error *err) {
  if (depth > DEEPEST || series->n_settings >= MOST_SETTINGS) return WLAW_OK;
  char name[LONGEST_NAME], text[LONGEST_VALUE];
  if (json_is_object(value)) {
    const char *key;
    json_t *item;
    json_object_foreach((json_t *)(uintptr_t)value, key, item) {
      char printable[64];
      wlaw_text_printable(printable, sizeof printable, key);
      snprintf(name, sizeof name, "%.90s%s%s", prefix, *prefix ? "." : "", printable);
      WLAW_TRY(add_settings(series, name, item, depth + 1, err));
    }
    return WLAW_OK;
  }
  if (is_plain_list(value)) return add_list(series, prefix, value, err);
  for (size_t i = 0; i < json_array_size(value); i++) {
    snprintf(name, sizeof name, "%.120s.%zu", prefix, i + 1);
    WLAW_TRY(add_settings(series, name, json_array_get(value, i), depth + 1, err));
  }
  if (json_is_array(value)) return WLAW_OK;
  value_text(text, sizeof text, value);
  return wlaw_series_add_setting(series, prefix, text, err);
}

/* "784-10-10-10-10 (relu, no biases)" from the shapes of the layers. */
static bool describe_network(report_series *series, const json_t *config) {
  const json_t *layers = json_object_get(config, "layers");
  const char *activation = wlaw_run_option(config, "activation");
  char text[400];
  size_t used = 0;
  for (size_t l = 0; l < json_array_size(layers) && used + 40 < sizeof text; l++) {
    const json_t *layer = json_array_get(layers, l);
    const double cols = wlaw_read_number(layer, "cols"), rows = wlaw_read_number(layer, "rows");
    if (!(cols >= 1) || !(rows >= 1)) return true;
    if (l == 0) used += (size_t)snprintf(text, sizeof text, "of shape %.0f", cols);
    used += (size_t)snprintf(text + used, sizeof text - used, "-%.0f", rows);
  }
  if (used == 0) return true;
  if (used + 60 < sizeof text)
    snprintf(text + used, sizeof text - used, " (%.24s, %s)", *activation ? activation : "activation not known",
             strcmp(wlaw_run_option(config, "biases"), "true") == 0 ? "with biases" : "no biases");
  return wlaw_series_set_text(&series->architecture, text);
}

static bool describe_optimizer(report_series *series, const json_t *config) {
  const char *name = wlaw_run_option(config, "optimizer"), *rate = wlaw_run_option(config, "lr");
  char text[200], shown[32] = "";
  double value;
  if (!*name) return true;
  if (wlaw_text_real(rate, &value)) snprintf(shown, sizeof shown, "%.6g", value);
  snprintf(text, sizeof text, "%.40s%s%s", name, *shown ? " at a learning rate of " : "", shown);
  return wlaw_series_set_text(&series->optimizer, text);
}

wlaw_status wlaw_read_settings(report_series *series, const json_t *config, wlaw_error *err) {
  const json_t *data = json_object_get(config, "data");
  const char *data_name = json_string_value(json_object_get(data, "name"));
  const char *init = json_string_value(json_object_get(config, "init"));
  const char *as_given = wlaw_run_option(config, "init");
  if (!init && *as_given) init = as_given;
  char *words = init ? wlaw_run_init_words(config, init) : NULL;
  const bool held = !init || (words && wlaw_series_set_text(&series->initial_law, words));
  free(words);
  series->networks = wlaw_read_number(config, "networks");
  series->shared_order = strcmp(wlaw_run_option(config, "order"), "shared") == 0;
  if (!held || !wlaw_series_set_text(&series->data, data_name) || !describe_network(series, config) ||
      !describe_optimizer(series, config))
    return wlaw_fail_memory(err, 1, LONGEST_VALUE);
  return add_settings(series, "", config, 0, err);
}
