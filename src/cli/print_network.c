/* The parts of weightlaw.fit/1 that only a law of whole networks has: its layers, variances, correlations. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/print_parts.h"

enum { NAME = 400, PARAMETERS_SHOWN = 40, CORRELATIONS_SHOWN = 12 };

void wlaw_print_layers(text_buffer *out, const json_t *fit) {
  const json_t *layers = json_object_get(fit, "layers");
  text_buffer widths = {0};
  if (json_array_size(layers) == 0) return;
  wlaw_text_add(&widths, "%.0f", wlaw_print_real(json_array_get(layers, 0), "cols"));
  for (size_t l = 0; l < json_array_size(layers); l++)
    wlaw_text_add(&widths, "-%.0f", wlaw_print_real(json_array_get(layers, l), "rows"));
  wlaw_print_labelled(out, "widths", wlaw_text_string(&widths));
  wlaw_print_labelled(out, "inputs",
                      strcmp(wlaw_print_string(fit, "inputs"), "omit") == 0 ? "left out, with the first weight"
                                                                            : wlaw_print_string(fit, "inputs"));
  wlaw_print_labelled(out, "outputs", wlaw_print_string(fit, "outputs"));
  out->failed |= widths.failed;
  wlaw_text_free(&widths);
}

/* ---- parameters: means and variances; covariances are the correlations' */

typedef struct parameter_table {
  const json_t *value, *error, *robust; /* `parameters` and its two kinds of errors */
  text_table table;
  size_t rows;
  bool cut; /* something is left out */
} parameter_table;

static const json_t *at(const json_t *from, size_t i) { return json_array_get(from, i); }

static void add_number(text_table *table, const json_t *value) {
  double number = 0.0;
  if (value && wlaw_json_number(value, &number)) wlaw_table_number(table, number);
  else wlaw_table_text(table, "");
}

static void add_row(parameter_table *to, const char *what, const char *name, const json_t *value, const json_t *error,
                    const json_t *robust) {
  char label[NAME];
  if (!value) return;
  if (to->rows == PARAMETERS_SHOWN) {
    to->cut = true;
    return;
  }
  to->rows++;
  snprintf(label, sizeof label, "%s%s", what, name);
  wlaw_table_text(&to->table, label);
  if (json_is_null(value)) wlaw_table_text(&to->table, "not determined");
  else add_number(&to->table, value);
  add_number(&to->table, error);
  add_number(&to->table, robust);
}

/* The name of copy c of a node set, from its key and the layers around it. */
static void copy_name(char *out, const json_t *layers, const json_t *node, size_t c) {
  const char *key = json_string_value(at(json_object_get(node, "copies"), c));
  const size_t set = (size_t)json_integer_value(json_object_get(node, "set"));
  const bool above = key && (strcmp(key, "columns") == 0 || strncmp(key, "output", 6) == 0);
  const json_t *layer = at(layers, above ? set : set - 1);
  const char *weight = wlaw_print_string(layer, "name");
  if (!key) snprintf(out, NAME, "?");
  else if (strcmp(key, "bias") == 0) snprintf(out, NAME, "%s", wlaw_print_string(layer, "bias"));
  else if (strncmp(key, "input", 5) == 0) snprintf(out, NAME, "%s from %s", weight, key);
  else if (strncmp(key, "output", 6) == 0) snprintf(out, NAME, "%s to %s", weight, key);
  else snprintf(out, NAME, "%s of %s", key, weight);
}

static void add_set(parameter_table *to, const json_t *layers, size_t s) {
  const json_t *node = at(json_object_get(to->value, "nodes"), s), *covariance = json_object_get(node, "covariance");
  const json_t *error = json_object_get(at(json_object_get(to->error, "nodes"), s), "covariance");
  const json_t *robust = json_object_get(at(json_object_get(to->robust, "nodes"), s), "covariance");
  const size_t n = json_array_size(covariance);
  for (size_t c = 0; c < n; c++) {
    char name[NAME];
    const char *key = json_string_value(at(json_object_get(node, "copies"), c));
    if (n > PARAMETERS_SHOWN && key && strchr(key, ' ')) { /* "input 17": hundreds of labelled nodes */
      to->cut = true;
      continue;
    }
    copy_name(name, layers, node, c);
    add_row(to, "variance of ", name, at(at(covariance, c), c), at(at(error, c), c), at(at(robust, c), c));
  }
}

static void add_entries(parameter_table *to, const json_t *layers) {
  const json_t *value = json_object_get(to->value, "entries"), *error = json_object_get(to->error, "entries"),
               *robust = json_object_get(to->robust, "entries");
  for (size_t l = 0; l < json_array_size(value); l++)
    if (!json_is_null(at(value, l)))
      add_row(to, "variance of entries of ", wlaw_print_string(at(layers, l), "name"), at(value, l), at(error, l),
              at(robust, l));
}

static void add_trivial(parameter_table *to, const json_t *names, size_t i, bool mean) {
  const char *key = mean ? "mean" : "trivial", *name = json_string_value(at(names, i));
  const json_t *value = json_object_get(to->value, key), *error = json_object_get(to->error, key),
               *robust = json_object_get(to->robust, key);
  if (json_array_size(names) > PARAMETERS_SHOWN && name && strstr(name, ", ")) to->cut = true; /* labelled */
  else if (json_is_null(value))
    add_row(to, mean ? "mean of sum of " : "variance of sum of ", name ? name : "?", value, NULL, NULL);
  else if (mean) add_row(to, "mean of sum of ", name ? name : "?", at(value, i), at(error, i), at(robust, i));
  else
    add_row(to, "variance of sum of ", name ? name : "?", at(at(value, i), i), at(at(error, i), i),
            at(at(robust, i), i));
}

void wlaw_print_network_parameters(text_buffer *out, const text_screen *screen, const json_t *fit) {
  static const char *const heading[] = {"parameter", "value", "standard error", "robust error"};
  const json_t *layers = json_object_get(fit, "layers"), *names = json_object_get(fit, "trivial_names");
  parameter_table to = {json_object_get(fit, "parameters"),
                        json_object_get(fit, "standard_errors"),
                        json_object_get(fit, "robust_standard_errors"),
                        {.columns = 4, .align = "lrrr"},
                        0,
                        false};
  for (size_t i = 0; i < 4; i++) wlaw_table_text(&to.table, heading[i]);
  add_entries(&to, layers);
  for (size_t s = 0; s < json_array_size(json_object_get(to.value, "nodes")); s++) add_set(&to, layers, s);
  for (size_t i = 0; i < json_array_size(names); i++) add_trivial(&to, names, i, true);
  for (size_t i = 0; i < json_array_size(names); i++) add_trivial(&to, names, i, false);
  wlaw_text_add(out, "\n");
  wlaw_table_print(out, screen, &to.table);
  wlaw_text_add(out, "  a sum is divided by the square root of the number of its entries; --json has %s\n",
                to.cut ? "all numbers" : "the covariances");
}

/* ---- correlations */

/* "0.152 ± 0.015", z and p; empty where there is no correlation to tell. */
static void add_correlation(text_table *table, const json_t *one) {
  char value[64] = "", z[32] = "";
  const double number = wlaw_print_real(one, "correlation");
  if (!isnan(number)) snprintf(value, sizeof value, "%.3f ± %.3f", number, wlaw_print_real(one, "standard_error"));
  if (!isnan(number)) snprintf(z, sizeof z, "%.3g", wlaw_print_real(one, "z"));
  wlaw_table_text(table, value);
  wlaw_table_text(table, z);
}

static void print_squared_norms(text_buffer *out, const text_screen *screen, const json_t *fit) {
  static const char *const heading[] = {"hidden layer", "squared norms", "z", "sums", "z"};
  const json_t *norms = json_object_get(fit, "squared_norms");
  if (json_array_size(norms) == 0) return;
  text_table table = {.columns = 5, .align = "rrrrr"};
  for (size_t i = 0; i < 5; i++) wlaw_table_text(&table, heading[i]);
  for (size_t i = 0; i < json_array_size(norms); i++) {
    add_number(&table, json_object_get(at(norms, i), "set"));
    add_correlation(&table, at(norms, i));
    add_correlation(&table, json_object_get(at(norms, i), "sums"));
  }
  wlaw_text_add(out, "\n  Correlations of a node's incoming with its outgoing weights:\n");
  wlaw_table_print(out, screen, &table);
}

static void add_side(text_table *table, const json_t *one, const char *key) {
  char name[NAME];
  const bool sum = strcmp(wlaw_print_string(one, "kind"), "trivial") == 0;
  snprintf(name, sizeof name, "%s%s", sum ? "sum of " : "", wlaw_print_string(one, key));
  wlaw_table_text(table, name);
}

void wlaw_print_correlations(text_buffer *out, const text_screen *screen, const json_t *fit) {
  static const char *const heading[] = {"correlation of", "and", "value", "z", "p (Holm)"};
  const json_t *correlations = json_object_get(fit, "correlations");
  const size_t n = json_array_size(correlations), shown = n < CORRELATIONS_SHOWN ? n : CORRELATIONS_SHOWN;
  if (n > 0) {
    text_table table = {.columns = 5, .align = "llrrr"};
    for (size_t i = 0; i < 5; i++) wlaw_table_text(&table, heading[i]);
    for (size_t i = 0; i < shown; i++) {
      const json_t *one = at(correlations, i);
      add_side(&table, one, "a");
      add_side(&table, one, "b");
      add_correlation(&table, one);
      wlaw_table_p_value(&table, wlaw_print_real(one, "p_adjusted"));
    }
    wlaw_text_add(out, "\n");
    wlaw_table_print(out, screen, &table);
    if (wlaw_print_real(fit, "n_correlations") > (double)shown)
      wlaw_text_add(out, "  the largest in standard errors of %.0f\n", wlaw_print_real(fit, "n_correlations"));
  }
  print_squared_norms(out, screen, fit);
}
