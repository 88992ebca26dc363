/* weightlaw.fit/1 and weightlaw.fits/1: parameters with both kinds of error, tests, verdict. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/print_parts.h"

/* One parameter: its value and its two errors, which have the same shape or are absent. */
typedef struct parameter_value {
  const json_t *value, *error, *robust;
} parameter_value;

static const json_t *child(const json_t *from, size_t i) {
  return json_is_array(from) ? json_array_get(from, i) : from;
}

static double number_of(const json_t *value) {
  double number;
  return value && wlaw_json_number(value, &number) ? number : NAN;
}

static void add_row(text_table *table, const char *name, const parameter_value *parameter) {
  wlaw_table_text(table, name);
  const double value = number_of(parameter->value);
  if (isnan(value)) wlaw_table_text(table, "not determined");
  else wlaw_table_number(table, value);
  wlaw_table_number(table, number_of(parameter->error));
  wlaw_table_number(table, number_of(parameter->robust));
}

static parameter_value part_of(const parameter_value *whole, size_t i) {
  return (parameter_value){child(whole->value, i), child(whole->error, i), child(whole->robust, i)};
}

/* Vectors are numbered from 1; of a symmetric matrix the upper triangle is shown, as VH[1,2]. */
static void add_parameter(text_table *table, const char *key, const parameter_value *parameter) {
  char name[128];
  if (!json_is_array(parameter->value)) {
    add_row(table, key, parameter);
    return;
  }
  for (size_t i = 0; i < json_array_size(parameter->value); i++) {
    const parameter_value row = part_of(parameter, i);
    if (!json_is_array(row.value)) {
      snprintf(name, sizeof name, "%s[%zu]", key, i + 1);
      add_row(table, name, &row);
      continue;
    }
    for (size_t j = i; j < json_array_size(row.value); j++) {
      const parameter_value cell = part_of(&row, j);
      snprintf(name, sizeof name, "%s[%zu,%zu]", key, i + 1, j + 1);
      add_row(table, name, &cell);
    }
  }
}

static void print_parameters(text_buffer *out, const text_screen *screen, const json_t *fit) {
  const json_t *parameters = json_object_get(fit, "parameters");
  if (json_object_size(parameters) == 0) return;
  wlaw_text_add(out, "\n");
  text_table table = {.columns = 4, .align = "lrrr"};
  static const char *const heading[] = {"parameter", "value", "standard error", "robust error"};
  for (size_t i = 0; i < 4; i++) wlaw_table_text(&table, heading[i]);
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)parameters, key, value) {
    const parameter_value parameter = {value, json_object_get(json_object_get(fit, "standard_errors"), key),
                                       json_object_get(json_object_get(fit, "robust_standard_errors"), key)};
    add_parameter(&table, key, &parameter);
  }
  wlaw_table_print(out, screen, &table);
}

/* Variance components, where the law has a classical model. */
static void print_components(text_buffer *out, const text_screen *screen, const json_t *fit) {
  const json_t *components = json_object_get(fit, "components"),
               *errors = json_object_get(fit, "component_standard_errors");
  if (json_object_size(components) == 0) return;
  wlaw_text_add(out, "\n");
  text_table table = {.columns = 3, .align = "lrr"};
  static const char *const heading[] = {"variance component", "value", "standard error"};
  for (size_t i = 0; i < 3; i++) wlaw_table_text(&table, heading[i]);
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)components, key, value) {
    char name[64];
    size_t n = 0;
    for (; key[n] && n + 1 < sizeof name; n++) name[n] = key[n] == '_' ? ' ' : key[n];
    name[n] = '\0';
    const double number = number_of(value);
    wlaw_table_text(&table, name);
    if (isnan(number)) wlaw_table_text(&table, "not determined");
    else wlaw_table_number(&table, number);
    wlaw_table_number(&table, number_of(json_object_get(errors, key)));
  }
  wlaw_table_print(out, screen, &table);
}

static void print_tests(text_buffer *out, const text_screen *screen, const json_t *fit) {
  const json_t *tests = json_object_get(fit, "tests");
  if (json_array_size(tests) == 0) return;
  wlaw_text_add(out, "\n");
  text_table table = {.columns = 5, .align = "llrrr"};
  static const char *const heading[] = {"null", "alternative", "statistic", "df", "p-value"};
  for (size_t i = 0; i < 5; i++) wlaw_table_text(&table, heading[i]);
  for (size_t i = 0; i < json_array_size(tests); i++) {
    const json_t *test = json_array_get(tests, i);
    wlaw_table_text(&table, wlaw_print_string(test, "null"));
    wlaw_table_text(&table, wlaw_print_string(test, "alternative"));
    wlaw_table_number(&table, wlaw_print_real(test, "statistic"));
    wlaw_table_number(&table, wlaw_print_real(test, "df"));
    wlaw_table_p_value(&table, wlaw_print_real(test, "p_value"));
  }
  wlaw_table_print(out, screen, &table);
}

static void print_candidates(text_buffer *out, const text_screen *screen, const json_t *fit) {
  const json_t *candidates = json_object_get(fit, "candidates");
  if (json_array_size(candidates) == 0) return;
  wlaw_text_add(out, "\n");
  text_table table = {.columns = 5, .align = "lrrrr"};
  static const char *const heading[] = {"law", "parameters", "log-likelihood", "AIC", "BIC"};
  for (size_t i = 0; i < 5; i++) wlaw_table_text(&table, heading[i]);
  for (size_t i = 0; i < json_array_size(candidates); i++) {
    const json_t *law = json_array_get(candidates, i);
    wlaw_table_text(&table, wlaw_print_string(law, "law"));
    wlaw_table_number(&table, wlaw_print_real(law, "free_parameters"));
    wlaw_table_number(&table, wlaw_print_real(law, "log_likelihood"));
    wlaw_table_number(&table, wlaw_print_real(law, "aic"));
    wlaw_table_number(&table, wlaw_print_real(law, "bic"));
  }
  wlaw_table_print(out, screen, &table);
}

static void print_undetermined(text_buffer *out, const text_screen *screen, const json_t *fit) {
  const json_t *names = json_object_get(fit, "undetermined");
  if (json_array_size(names) == 0) return;
  text_buffer list = {0};
  wlaw_text_add(&list, "not determined by these data:");
  for (size_t i = 0; i < json_array_size(names); i++) {
    char name[128];
    wlaw_print_value(name, sizeof name, json_array_get(names, i));
    wlaw_text_add(&list, "%s %s", i ? "," : "", name);
  }
  wlaw_text_add(out, "\n  ");
  wlaw_screen_wrap(out, wlaw_text_string(&list), 2, 4, screen->width);
  if (list.failed) out->failed = true;
  wlaw_text_free(&list);
}

static void print_facts(text_buffer *out, const json_t *fit) {
  static const char *const fields[][2] = {{"epoch", "epoch"},
                                          {"rows", "rows"},
                                          {"columns", "cols"},
                                          {"networks", "networks"},
                                          {"left out", "networks_excluded"},
                                          {"log-likelihood", "log_likelihood"},
                                          {"AIC", "aic"},
                                          {"BIC", "bic"},
                                          {"converged", "converged"},
                                          {"iterations", "iterations"},
                                          {"stopped because", "stop_reason"}};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    const json_t *value = json_object_get(fit, fields[i][1]);
    if (value && !json_is_null(value)) wlaw_print_field(out, fields[i][0], fit, fields[i][1]);
  }
}

void wlaw_print_fit(text_buffer *out, const text_screen *screen, const json_t *document) {
  char heading[400];
  const bool whole = json_object_get(document, "layers") != NULL;
  const char *of = wlaw_print_string(document, whole ? "input" : "tensor");
  snprintf(heading, sizeof heading, "%s law of %s", wlaw_print_string(document, "law"), *of ? of : "the weights");
  wlaw_print_heading(out, screen, heading);
  if (whole) wlaw_print_layers(out, document);
  print_facts(out, document);
  if (whole) wlaw_print_network_parameters(out, screen, document);
  else print_parameters(out, screen, document);
  print_components(out, screen, document);
  print_candidates(out, screen, document);
  print_tests(out, screen, document);
  wlaw_print_correlations(out, screen, document);
  wlaw_print_departures(out, screen, document);
  print_undetermined(out, screen, document);
  wlaw_print_sentences(out, screen, document, "summary");
  wlaw_print_sentences(out, screen, document, "warnings");
}

void wlaw_print_fits(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *fits = json_object_get(document, "fits");
  for (size_t i = 0; i < json_array_size(fits); i++) wlaw_print_fit(out, screen, json_array_get(fits, i));
  wlaw_print_sentences(out, screen, document, "notes");
}
