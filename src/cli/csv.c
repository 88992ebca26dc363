#include "cli/csv.h"

#include <stdlib.h>
#include <string.h>

/* The list of a schema whose objects are the rows. A new list is one row here. */
static const struct {
  const char *prefix, *list;
} lists[] = {{"weightlaw.scan/", "tensors"},    {"weightlaw.scans/", "scans"},
             {"weightlaw.changes/", "tensors"}, {"weightlaw.compares/", "comparisons"},
             {"weightlaw.fits/", "fits"},       {"weightlaw.graphs/", "graphs"},
             {"weightlaw.data/", "sets"},       {"weightlaw.limit-table/", "rows"},
             {"weightlaw.predict/", "results"}, {"weightlaw.prune/", "pruned"},
             {"weightlaw.redraw/", "cells"}};

static const json_t *list_of(const json_t *document) {
  const char *schema = json_string_value(json_object_get(document, "schema"));
  for (size_t i = 0; schema && i < sizeof lists / sizeof *lists; i++)
    if (strncmp(schema, lists[i].prefix, strlen(lists[i].prefix)) == 0) return json_object_get(document, lists[i].list);
  return NULL;
}

/* ---- columns: the paths of scalars, in the order in which they are met */

typedef struct column_list {
  char **path;
  size_t n, capacity;
  bool failed;
} column_list;

static void add_column(column_list *columns, const char *path) {
  for (size_t i = 0; i < columns->n; i++)
    if (strcmp(columns->path[i], path) == 0) return;
  if (columns->n == columns->capacity) {
    const size_t capacity = columns->capacity ? 2 * columns->capacity : 64;
    char **grown = realloc(columns->path, capacity * sizeof *grown);
    if (!grown) {
      columns->failed = true;
      return;
    }
    columns->path = grown;
    columns->capacity = capacity;
  }
  columns->path[columns->n] = wlaw_text_duplicate(path, strlen(path));
  if (columns->path[columns->n]) columns->n++;
  else columns->failed = true;
}

static void add_columns(column_list *columns, const json_t *object, const char *prefix) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    text_buffer path = {0};
    wlaw_text_add(&path, "%s%s%s", prefix, *prefix ? "." : "", key);
    if (json_is_object(value)) add_columns(columns, value, wlaw_text_string(&path));
    else if (!json_is_array(value)) add_column(columns, wlaw_text_string(&path));
    columns->failed |= path.failed;
    wlaw_text_free(&path);
  }
}

/* A key that is null in one row and an object in another has the object's columns only. */
static bool is_group(const column_list *columns, size_t c) {
  const size_t length = strlen(columns->path[c]);
  for (size_t i = 0; i < columns->n; i++)
    if (strncmp(columns->path[i], columns->path[c], length) == 0 && columns->path[i][length] == '.') return true;
  return false;
}

static void drop_groups(column_list *columns) {
  for (size_t c = columns->n; c-- > 0;) {
    if (!is_group(columns, c)) continue;
    free(columns->path[c]);
    memmove(columns->path + c, columns->path + c + 1, (columns->n - c - 1) * sizeof *columns->path);
    columns->n--;
  }
}

/* ---- fields */

static void write_text(text_buffer *out, const char *text) {
  if (!strpbrk(text, ",\"\r\n")) {
    wlaw_text_add(out, "%s", text);
    return;
  }
  wlaw_text_add(out, "\"");
  for (; *text; text++) wlaw_text_add(out, *text == '"' ? "\"\"" : "%c", *text);
  wlaw_text_add(out, "\"");
}

static void write_field(text_buffer *out, const json_t *value) {
  if (json_is_string(value)) write_text(out, json_string_value(value));
  else if (json_is_boolean(value)) wlaw_text_add(out, "%s", json_is_true(value) ? "true" : "false");
  else if (json_is_integer(value)) wlaw_text_add(out, "%lld", (long long)json_integer_value(value));
  else if (json_is_real(value)) wlaw_text_add(out, "%.17g", json_real_value(value));
}

static const json_t *value_at(const json_t *from, const char *path) {
  const json_t *whole = json_object_get(from, path);
  if (whole) return whole;
  for (const char *dot = strchr(path, '.'); dot; dot = strchr(dot + 1, '.')) {
    char *key = wlaw_text_duplicate(path, (size_t)(dot - path));
    const json_t *inner = key ? json_object_get(from, key) : NULL, *found = NULL;
    free(key);
    if (json_is_object(inner)) found = value_at(inner, dot + 1);
    if (found) return found;
  }
  return NULL;
}

static void write_row(text_buffer *out, const column_list *columns, const json_t *file, const json_t *row) {
  if (file) {
    write_field(out, file);
    wlaw_text_add(out, ",");
  }
  for (size_t c = 0; c < columns->n; c++) {
    if (c) wlaw_text_add(out, ",");
    write_field(out, value_at(row, columns->path[c]));
  }
  wlaw_text_add(out, "\n");
}

static void write_heading(text_buffer *out, const column_list *columns, bool with_file) {
  if (with_file) wlaw_text_add(out, "file,");
  for (size_t c = 0; c < columns->n; c++) {
    if (c) wlaw_text_add(out, ",");
    write_text(out, columns->path[c]);
  }
  wlaw_text_add(out, "\n");
}

static bool is_track(const json_t *document) {
  const char *schema = json_string_value(json_object_get(document, "schema"));
  return schema && strncmp(schema, "weightlaw.track/", 16) == 0;
}

/* A row for each tensor and point of time: the points stand beside the tensors, their values inside them. */
static json_t *rows_of_track(bool *failed, const json_t *document) {
  const json_t *points = json_object_get(document, "points"), *tensors = json_object_get(document, "tensors");
  json_t *rows = json_array();
  for (size_t t = 0; t < json_array_size(tensors); t++) {
    const json_t *tensor = json_array_get(tensors, t), *values = json_object_get(tensor, "points");
    for (size_t p = 0; p < json_array_size(values); p++) {
      if (!json_is_object(json_array_get(values, p))) continue;
      json_t *row = json_copy((json_t *)(uintptr_t)tensor); /* shallow: its own list of keys, no more */
      json_object_del(row, "points");
      *failed |= json_object_update(row, json_array_get(points, p)) != 0;
      *failed |= json_object_update(row, json_array_get(values, p)) != 0;
      wlaw_json_append(failed, rows, row);
    }
  }
  return rows;
}

static bool is_node_variances(const json_t *document) {
  const char *schema = json_string_value(json_object_get(document, "schema"));
  return schema && strncmp(schema, "weightlaw.node-variances/", strlen("weightlaw.node-variances/")) == 0;
}

/* A row for each layer and width, with what was said of the layer's limit. */
static json_t *rows_of_nodes(bool *failed, const json_t *document) {
  const json_t *layers = json_object_get(document, "layers");
  json_t *rows = json_array();
  for (size_t l = 0; l < json_array_size(layers); l++) {
    const json_t *layer = json_array_get(layers, l), *widths = json_object_get(layer, "widths");
    for (size_t w = 0; w < json_array_size(widths); w++) {
      json_t *row = json_object();
      wlaw_json_put(failed, row, "name", json_incref(json_object_get(layer, "name")));
      *failed |= json_object_update(row, json_array_get(widths, w)) != 0;
      *failed |= json_object_update_missing(row, (json_t *)(uintptr_t)layer) != 0;
      wlaw_json_append(failed, rows, row);
    }
  }
  return rows;
}

/* A fit to whole networks has numbers in lists alone: a row for each correlation, those of squared norms last. */
static json_t *rows_of_network(bool *failed, const json_t *document) {
  const json_t *norms = json_object_get(document, "squared_norms");
  json_t *rows = json_array();
  *failed |= json_array_extend(rows, json_object_get(document, "correlations")) != 0;
  for (size_t k = 0; k < json_array_size(norms); k++) {
    json_t *row = json_copy(json_array_get(norms, k));
    wlaw_json_put(failed, row, "kind", json_string("squared norms"));
    wlaw_json_put(failed, row, "a", json_incref(json_object_get(row, "incoming")));
    wlaw_json_put(failed, row, "b", json_incref(json_object_get(row, "outgoing")));
    json_object_del(row, "incoming");
    json_object_del(row, "outgoing");
    json_object_del(row, "sums");
    wlaw_json_append(failed, rows, row);
  }
  return rows;
}

static void write_list(text_buffer *out, const json_t *document, const json_t *list) {
  const bool nested = list_of(json_array_get(list, 0)) != NULL;
  column_list columns = {0};
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *inner = nested ? list_of(json_array_get(list, i)) : NULL;
    if (!nested) add_columns(&columns, json_array_get(list, i), "");
    for (size_t k = 0; k < json_array_size(inner); k++) add_columns(&columns, json_array_get(inner, k), "");
  }
  if (!list) add_columns(&columns, document, "");
  drop_groups(&columns);
  write_heading(out, &columns, nested);
  if (!list) write_row(out, &columns, NULL, document);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *item = json_array_get(list, i), *inner = nested ? list_of(item) : NULL;
    if (!nested) write_row(out, &columns, NULL, item);
    for (size_t k = 0; k < json_array_size(inner); k++)
      write_row(out, &columns, json_object_get(item, "file"), json_array_get(inner, k));
  }
  if (columns.failed) out->failed = true;
  for (size_t c = 0; c < columns.n; c++) free(columns.path[c]);
  free(columns.path);
}

void wlaw_csv_write(text_buffer *out, const json_t *document) {
  json_t *flat = NULL;
  if (is_track(document)) flat = rows_of_track(&out->failed, document);
  else if (json_object_get(document, "squared_norms")) flat = rows_of_network(&out->failed, document);
  else if (is_node_variances(document)) flat = rows_of_nodes(&out->failed, document);
  if (!out->failed) write_list(out, document, flat ? flat : list_of(document));
  json_decref(flat);
}
