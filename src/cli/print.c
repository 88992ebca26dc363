#include "cli/print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/print_parts.h"

/* Prints schemas that start with `prefix`. A new schema is one row and one file print_NAME.c. */
static const struct {
  const char *prefix;
  void (*print)(text_buffer *out, const text_screen *screen, const json_t *document);
} printers[] = {
    {"weightlaw.fit/", wlaw_print_fit},         {"weightlaw.fits/", wlaw_print_fits},
    {"weightlaw.compare/", wlaw_print_compare}, {"weightlaw.compares/", wlaw_print_compare},
    {"weightlaw.train/", wlaw_print_train},     {"weightlaw.draw/", wlaw_print_draw},
    {"weightlaw.limit/", wlaw_print_limit},     {"weightlaw.limit-table/", wlaw_print_limit_table},
    {"weightlaw.report/", wlaw_print_report},   {"weightlaw.data/", wlaw_print_data},
    {"weightlaw.graphs/", wlaw_print_graphs},   {"weightlaw.scan/", wlaw_print_scan},
    {"weightlaw.scans/", wlaw_print_scans},     {"weightlaw.track/", wlaw_print_track},
    {"weightlaw.changes/", wlaw_print_changes}, {"weightlaw.kernel/", wlaw_print_kernel},
    {"weightlaw.predict/", wlaw_print_predict}, {"weightlaw.node-variances/", wlaw_print_node_variances},
    {"weightlaw.prune/", wlaw_print_prune},     {"weightlaw.redraw/", wlaw_print_redraw},
};

const char *wlaw_print_string(const json_t *document, const char *key) {
  const char *text = json_string_value(json_object_get(document, key));
  return text ? text : "";
}

double wlaw_print_real(const json_t *document, const char *key) {
  double value = NAN;
  const json_t *item = json_object_get(document, key);
  return item && wlaw_json_number(item, &value) ? value : NAN;
}

void wlaw_print_value(char *out, size_t capacity, const json_t *value) {
  double number;
  if (json_is_string(value)) wlaw_text_printable(out, capacity, json_string_value(value));
  else if (json_is_integer(value)) snprintf(out, capacity, "%lld", (long long)json_integer_value(value));
  else if (json_is_boolean(value)) snprintf(out, capacity, "%s", json_is_true(value) ? "yes" : "no");
  else if (json_is_null(value)) snprintf(out, capacity, "not determined");
  else if (wlaw_json_number(value, &number)) snprintf(out, capacity, "%.6g", number);
  else snprintf(out, capacity, "%s", json_is_array(value) ? "[...]" : "{...}");
}

void wlaw_print_labelled(text_buffer *out, const char *label, const char *value) {
  const size_t columns = wlaw_screen_columns(label), width = 18;
  wlaw_text_add(out, "  %s%*s %s\n", label, (int)(columns < width ? width - columns : 0), "", value);
}

void wlaw_print_field(text_buffer *out, const char *label, const json_t *document, const char *key) {
  const json_t *value = json_object_get(document, key);
  if (!value || json_is_array(value) || json_is_object(value)) return;
  char text[512];
  wlaw_print_value(text, sizeof text, value);
  wlaw_print_labelled(out, label, text);
}

const char *wlaw_print_formula(const json_t *invariant) {
  const char *formula = wlaw_print_string(invariant, "formula");
  return strncmp(formula, "sum ", 4) == 0 ? formula + 4 : formula;
}

void wlaw_print_heading(text_buffer *out, const text_screen *screen, const char *heading) {
  char text[512];
  wlaw_text_printable(text, sizeof text, heading);
  if (out->length) wlaw_text_add(out, "\n");
  wlaw_screen_bold(out, screen, text);
  wlaw_text_add(out, "\n");
}

static void print_sentence(text_buffer *out, const text_screen *screen, const char *start, const char *sentence) {
  char text[2048];
  wlaw_text_printable(text, sizeof text, sentence);
  const size_t indent = wlaw_screen_columns(start);
  wlaw_text_add(out, "%s", start);
  wlaw_screen_wrap(out, text, indent, indent, screen->width);
}

void wlaw_print_sentences(text_buffer *out, const text_screen *screen, const json_t *document, const char *key) {
  const json_t *value = json_object_get(document, key);
  const size_t n = json_array_size(value);
  if (!json_is_string(value) && n == 0) return;
  if (out->length) wlaw_text_add(out, "\n");
  if (json_is_string(value)) print_sentence(out, screen, "", json_string_value(value));
  for (size_t i = 0; i < n; i++) {
    const char *sentence = json_string_value(json_array_get(value, i));
    if (sentence) print_sentence(out, screen, "- ", sentence);
  }
}

/* An array of objects: a column for each scalar key of the first one. */
static void print_rows(text_buffer *out, const text_screen *screen, const json_t *array) {
  const char *keys[TABLE_MAX_COLUMNS], *key;
  char align[TABLE_MAX_COLUMNS + 1] = "";
  size_t n = 0;
  json_t *value;
  json_object_foreach(json_array_get(array, 0), key, value) {
    if (n == TABLE_MAX_COLUMNS || json_is_array(value) || json_is_object(value)) continue;
    align[n] = json_is_number(value) ? 'r' : 'l';
    keys[n++] = key;
  }
  if (n == 0) return;
  text_table table = {.columns = n, .align = align};
  for (size_t c = 0; c < n; c++) wlaw_table_text(&table, keys[c]);
  for (size_t i = 0; i < json_array_size(array); i++)
    for (size_t c = 0; c < n; c++) {
      char text[512] = "";
      const json_t *cell = json_object_get(json_array_get(array, i), keys[c]);
      if (cell) wlaw_print_value(text, sizeof text, cell);
      wlaw_table_text(&table, text);
    }
  wlaw_table_print(out, screen, &table);
}

void wlaw_print_document(text_buffer *out, const text_screen *screen, const json_t *document) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)document, key, value) {
    if (strcmp(key, "schema") != 0) wlaw_print_field(out, key, document, key);
  }
  json_object_foreach((json_t *)(uintptr_t)document, key, value) {
    if (strcmp(key, "summary") == 0 || !json_is_object(json_array_get(value, 0))) continue;
    wlaw_print_heading(out, screen, key);
    print_rows(out, screen, value);
  }
  wlaw_print_sentences(out, screen, document, "summary");
}

void wlaw_print_result(text_buffer *out, const text_screen *screen, const json_t *document) {
  const char *schema = wlaw_print_string(document, "schema");
  for (size_t i = 0; i < sizeof printers / sizeof *printers; i++)
    if (strncmp(schema, printers[i].prefix, strlen(printers[i].prefix)) == 0) {
      printers[i].print(out, screen, document);
      return;
    }
  wlaw_print_document(out, screen, document);
}
