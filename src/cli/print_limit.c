/* weightlaw.limit/1 and weightlaw.limit-table/1. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/print_parts.h"

static const json_t *at(const json_t *object, const char *key) { return json_object_get(object, key); }

static double number_at(const json_t *array, size_t i) {
  double value = NAN;
  return wlaw_json_number(json_array_get(array, i), &value) ? value : NAN;
}

static void table_row(text_table *table, const char *const *cells) {
  for (size_t c = 0; c < table->columns; c++) wlaw_table_text(table, cells[c]);
}

/* "1.234 +- 0.005", without what is not determined. */
static void estimate_text(char *out, size_t capacity, double value, double se) {
  if (isnan(value)) snprintf(out, capacity, "%s", "");
  else if (!(se > 0.0)) snprintf(out, capacity, "%.4g", value);
  else snprintf(out, capacity, "%.4g \u00b1 %.1g", value, se);
}

static void score_text(char *out, size_t capacity, double z) {
  if (isnan(z)) *out = '\0';
  else snprintf(out, capacity, "%+.1f", z);
}

/* ---- closed form */

static void print_head(text_buffer *out, const text_screen *screen, const json_t *document) {
  static const char *const fields[][2] = {
      {"activation", "activation"},       {"hidden layers", "depth"}, {"weight variance", "weight_variance"},
      {"bias variance", "bias_variance"}, {"inputs", "inputs"},       {"input variance", "variance"}};
  const bool mixture = strcmp(wlaw_print_string(document, "regime"), "mogp") == 0;
  char heading[600];
  snprintf(heading, sizeof heading, "%.500s: a %s", wlaw_print_string(document, "law"),
           mixture ? "mixture of Gaussian processes" : "Gaussian process");
  wlaw_print_heading(out, screen, heading);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    wlaw_print_field(out, fields[i][0], document, fields[i][1]);
}

static void print_layers(text_buffer *out, const text_screen *screen, const json_t *document) {
  static const char *const headings[] = {"layer", "a", "Levy measure", "at 0", "at infinity", "mean", "variance"};
  const json_t *layers = at(document, "layers");
  text_table table = {.columns = 7, .align = "rrlrrrr"};
  wlaw_print_heading(out, screen, "node variances: their sum, and the indices of the Levy measure");
  table_row(&table, headings);
  for (size_t l = 0; l < json_array_size(layers); l++) {
    const json_t *layer = json_array_get(layers, l), *levy = at(layer, "levy");
    const bool same = l > 0 && json_equal(layer, json_array_get(layers, l - 1));
    if (same && l + 1 < json_array_size(layers)) continue; /* of equal layers the first and the last */
    wlaw_table_number(&table, (double)(l + 1));
    wlaw_table_number(&table, wlaw_print_real(layer, "a"));
    wlaw_table_text(&table, wlaw_print_string(levy, "kind"));
    wlaw_table_number(&table, wlaw_print_real(levy, "index_at_zero"));
    wlaw_table_number(&table, wlaw_print_real(levy, "index_at_infinity"));
    wlaw_table_number(&table, wlaw_print_real(levy, "mean"));
    wlaw_table_number(&table, wlaw_print_real(levy, "variance"));
  }
  wlaw_table_print(out, screen, &table);
}

static void print_outputs(text_buffer *out, const text_screen *screen, const json_t *document) {
  static const char *const rows[][2] = {{"mean square", "mean_square"},
                                        {"kurtosis", "kurtosis"},
                                        {"corr(Z1\u00b2, Z2\u00b2)", "square_correlation"},
                                        {"P(Z = 0)", "probability_zero"},
                                        {"tail index", "tail_index"},
                                        {"tail constant", "tail_constant"}};
  static const char *const with_draws[] = {"output of the first input", "closed form", "draws"};
  const json_t *outputs = at(document, "outputs"), *draws = at(document, "draws");
  text_table table = {.columns = draws ? 3 : 2, .align = "lrr"};
  char heading[128], cell[64], key[64];
  const char *law = wlaw_print_string(outputs, "law");
  snprintf(heading, sizeof heading, "outputs%s%s", *law ? ": " : "", law);
  wlaw_print_heading(out, screen, heading);
  table_row(&table, with_draws);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    wlaw_table_text(&table, rows[i][0]);
    wlaw_table_number(&table, wlaw_print_real(outputs, rows[i][1]));
    if (!draws) continue;
    snprintf(key, sizeof key, "se_%s", rows[i][1]);
    estimate_text(cell, sizeof cell, wlaw_print_real(draws, rows[i][1]), wlaw_print_real(draws, key));
    wlaw_table_text(&table, cell);
  }
  wlaw_table_print(out, screen, &table);
  wlaw_print_sentences(out, screen, outputs, "reason");
  if (json_is_null(at(outputs, "tail_index"))) wlaw_print_sentences(out, screen, outputs, "reason_tail");
}

static double fewest_nodes(const json_t *row) {
  const json_t *expected = at(row, "expected");
  double fewest = INFINITY;
  for (size_t l = 0; l < json_array_size(expected); l++) fewest = fmin(fewest, number_at(expected, l));
  return fewest;
}

static void print_pruning(text_buffer *out, const text_screen *screen, const json_t *document) {
  static const char *const headings[] = {"\u03bb above", "nodes a layer", "P(none left)", "mean error", "bound"};
  const json_t *active = at(document, "active_nodes"), *cut = at(document, "truncation");
  if (json_array_size(active) == 0) return;
  text_table table = {.columns = 5, .align = "rrrrr"};
  wlaw_print_heading(out, screen, "pruning: what is left, and the mean squared error of an output");
  table_row(&table, headings);
  for (size_t e = 0; e < json_array_size(active); e++) {
    const json_t *row = json_array_get(active, e);
    wlaw_table_number(&table, wlaw_print_real(row, "epsilon"));
    wlaw_table_number(&table, fewest_nodes(row));
    wlaw_table_number(&table, wlaw_print_real(row, "empty_probability"));
    wlaw_table_number(&table, number_at(at(cut, "error"), e));
    wlaw_table_number(&table, number_at(at(cut, "bound"), e));
  }
  wlaw_table_print(out, screen, &table);
  wlaw_print_sentences(out, screen, cut, "reason");
}

static void print_largest(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *largest = at(document, "max_weight"), *p = at(largest, "probability");
  const size_t n = json_array_size(p);
  if (n == 0 || n > TABLE_MAX_COLUMNS - 1) return;
  text_table table = {.columns = n + 1, .align = "lrrrrrrrrrrr"};
  char cell[32];
  wlaw_print_heading(out, screen, "largest weight into an output");
  wlaw_table_text(&table, "probability");
  for (size_t i = 0; i < n; i++) {
    snprintf(cell, sizeof cell, "%g", number_at(p, i));
    wlaw_table_text(&table, cell);
  }
  wlaw_table_text(&table, "quantile");
  for (size_t i = 0; i < n; i++) wlaw_table_number(&table, number_at(at(largest, "quantile"), i));
  wlaw_table_print(out, screen, &table);
}

static void print_fractions(text_buffer *out, const text_screen *screen, const json_t *document) {
  static const char *const headings[] = {"law", "width", "nodes removed", "share of variance lost"};
  const json_t *list = at(document, "fractions");
  if (json_array_size(list) == 0) return;
  text_table table = {.columns = 4, .align = "rrrr"};
  wlaw_print_heading(out, screen, "what goes with the nodes of smallest variance");
  table_row(&table, headings);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *row = json_array_get(list, i);
    char cell[64];
    estimate_text(cell, sizeof cell, wlaw_print_real(row, "share"), wlaw_print_real(row, "standard_error"));
    wlaw_table_number(&table, wlaw_print_real(row, "layer"));
    wlaw_table_number(&table, wlaw_print_real(row, "width"));
    wlaw_table_number(&table, wlaw_print_real(row, "fraction"));
    wlaw_table_text(&table, cell);
  }
  wlaw_table_print(out, screen, &table);
}

/* ---- draws */

static void print_information(text_buffer *out, const json_t *sample) {
  const json_t *information = at(sample, "mutual_information");
  char text[128];
  if (!json_is_object(information)) return;
  snprintf(text, sizeof text, "%.3f (plug-in %.3f, \u00b1 %.1g)", wlaw_print_real(information, "corrected"),
           wlaw_print_real(information, "plug_in"), wlaw_print_real(information, "standard_error"));
  wlaw_print_labelled(out, "mutual information", text);
}

static void print_ks(text_buffer *out, const char *label, const json_t *ks) {
  char text[96];
  if (!json_is_object(ks)) return;
  snprintf(text, sizeof text, "%.4f (p = %.2g)", wlaw_print_real(ks, "statistic"), wlaw_print_real(ks, "p_value"));
  wlaw_print_labelled(out, label, text);
}

static void print_draws(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *draws = at(document, "draws");
  char heading[64];
  if (!draws) return;
  snprintf(heading, sizeof heading, "%.0f draws of the limit", wlaw_print_real(draws, "count"));
  wlaw_print_heading(out, screen, heading);
  print_information(out, draws);
  print_ks(out, "KS to closed form", at(draws, "ks"));
  if (json_is_string(at(draws, "output"))) wlaw_print_field(out, "written to", draws, "output");
  wlaw_print_sentences(out, screen, draws, "reason");
}

static void print_comparisons(text_buffer *out, const text_screen *screen, const json_t *finite) {
  static const char *const headings[] = {"quantity", "this width", "limit", "z"};
  const json_t *list = at(finite, "comparisons");
  text_table table = {.columns = 4, .align = "lrrr"};
  table_row(&table, headings);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *row = json_array_get(list, i);
    char here[64], limit[64], z[32];
    estimate_text(here, sizeof here, wlaw_print_real(row, "finite"), wlaw_print_real(row, "standard_error"));
    estimate_text(limit, sizeof limit, wlaw_print_real(row, "limit"), wlaw_print_real(row, "limit_standard_error"));
    score_text(z, sizeof z, wlaw_print_real(row, "z"));
    const char *const cells[] = {wlaw_print_string(row, "quantity"), here, limit, z};
    table_row(&table, cells);
  }
  wlaw_table_print(out, screen, &table);
}

static void print_pruned(text_buffer *out, const text_screen *screen, const json_t *finite) {
  static const char *const headings[] = {"\u03bb above", "error, this width", "limit", "z"};
  const json_t *cut = at(finite, "truncation"), *epsilon = at(cut, "epsilon");
  if (json_array_size(epsilon) == 0) return;
  text_table table = {.columns = 4, .align = "rrrr"};
  wlaw_text_add(out, "\n");
  table_row(&table, headings);
  for (size_t e = 0; e < json_array_size(epsilon); e++) {
    char error[64], z[32];
    estimate_text(error, sizeof error, number_at(at(cut, "error"), e), number_at(at(cut, "standard_error"), e));
    score_text(z, sizeof z, number_at(at(cut, "z"), e));
    wlaw_table_number(&table, number_at(epsilon, e));
    wlaw_table_text(&table, error);
    wlaw_table_number(&table, number_at(at(cut, "limit"), e));
    wlaw_table_text(&table, z);
  }
  wlaw_table_print(out, screen, &table);
}

static void print_finite(text_buffer *out, const text_screen *screen, const json_t *finite) {
  char heading[96];
  snprintf(heading, sizeof heading, "%.0f networks of width %.0f", wlaw_print_real(finite, "count"),
           wlaw_print_real(finite, "width"));
  wlaw_print_heading(out, screen, heading);
  print_comparisons(out, screen, finite);
  print_pruned(out, screen, finite);
  wlaw_text_add(out, "\n");
  print_information(out, finite);
  print_ks(out, "KS to the limit", at(finite, "ks"));
  print_ks(out, "KS to closed form", at(finite, "ks_closed_form"));
  print_ks(out, "KS of largest", at(at(finite, "max_weight"), "ks"));
  wlaw_print_sentences(out, screen, finite, "reason");
}

void wlaw_print_limit(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *finite = at(document, "finite");
  print_head(out, screen, document);
  print_layers(out, screen, document);
  print_outputs(out, screen, document);
  print_pruning(out, screen, document);
  print_largest(out, screen, document);
  print_fractions(out, screen, document);
  print_draws(out, screen, document);
  for (size_t i = 0; i < json_array_size(finite); i++) print_finite(out, screen, json_array_get(finite, i));
  wlaw_print_sentences(out, screen, document, "findings");
}

/* ---- table 1: models are columns, as in the paper */

/* Of a cell that lies in another object: "levy.mean". */
static void cell_text(char *out, size_t capacity, const json_t *row, const char *path) {
  const char *point = strchr(path, '.');
  if (point) {
    char key[32];
    snprintf(key, sizeof key, "%.*s", (int)(point - path), path);
    cell_text(out, capacity, at(row, key), point + 1);
    return;
  }
  const json_t *value = at(row, path);
  double number;
  if (json_is_string(value)) wlaw_text_printable(out, capacity, json_string_value(value));
  else if (!json_is_null(value) && wlaw_json_number(value, &number)) snprintf(out, capacity, "%.4g", number);
  else snprintf(out, capacity, "-");
}

void wlaw_print_limit_table(text_buffer *out, const text_screen *screen, const json_t *document) {
  static const char *const lines[][2] = {{"model", "model"},
                                         {"regime", "regime"},
                                         {"a", "a"},
                                         {"Levy measure", "levy.kind"},
                                         {"mean of sum", "levy.mean"},
                                         {"variance of sum", "levy.variance"},
                                         {"E e^-sum", "laplace"},
                                         {"ordered \u03bb(j)", "jumps.text"},
                                         {"max |W|: median", "max_weight.median"},
                                         {"  .99 quantile", "max_weight.quantile_99"},
                                         {"kurtosis", "kurtosis"},
                                         {"corr(Z1\u00b2, Z2\u00b2)", "square_correlation"},
                                         {"P(Z = 0)", "probability_zero"},
                                         {"tail index", "tail_index"},
                                         {"compressible", "compressible"}};
  const json_t *rows = at(document, "rows");
  const size_t n = json_array_size(rows) < TABLE_MAX_COLUMNS ? json_array_size(rows) : TABLE_MAX_COLUMNS - 1;
  text_table table = {.columns = n + 1, .align = "lrrrrrrrrrrr"};
  wlaw_print_heading(out, screen, wlaw_print_string(document, "source"));
  for (size_t r = 0; r < n; r++) {
    const json_t *row = json_array_get(rows, r);
    char line[256];
    const char *output = wlaw_print_string(row, "output");
    snprintf(line, sizeof line, "%s%s%s", wlaw_print_string(row, "law"), *output ? "; output: " : "", output);
    wlaw_print_labelled(out, wlaw_print_string(row, "model"), line);
  }
  wlaw_text_add(out, "\n");
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    wlaw_table_text(&table, lines[i][0]);
    for (size_t r = 0; r < n; r++) {
      char cell[64];
      cell_text(cell, sizeof cell, json_array_get(rows, r), lines[i][1]);
      wlaw_table_text(&table, cell);
    }
  }
  wlaw_table_print(out, screen, &table);
}
