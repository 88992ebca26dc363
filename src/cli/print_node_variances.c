/* Node variances: a table of widths and the limit for each layer. */
#include <math.h>
#include <stdio.h>

#include "cli/print_parts.h"

enum { POINTS_SHOWN = 8 };

static void add_error(text_table *table, const json_t *from, const char *key, const char *error) {
  char text[64] = "";
  const double value = wlaw_print_real(from, key), se = wlaw_print_real(from, error);
  if (!isnan(value)) snprintf(text, sizeof text, isnan(se) ? "%.4g" : "%.4g +- %.2g", value, se);
  wlaw_table_text(table, text);
}

static void print_widths(text_buffer *out, const text_screen *screen, const json_t *widths) {
  static const char *const heading[] = {"width",    "networks",     "total",       "largest share",
                                        "by noise", "nodes in use", "p all equal", "Hill index"};
  text_table table = {.columns = 8, .align = "rrrrrrrr"};
  for (size_t c = 0; c < 8; c++) wlaw_table_text(&table, heading[c]);
  for (size_t i = 0; i < json_array_size(widths); i++) {
    const json_t *at = json_array_get(widths, i);
    wlaw_table_number(&table, wlaw_print_real(at, "width"));
    wlaw_table_number(&table, wlaw_print_real(at, "networks"));
    add_error(&table, at, "total", "standard_error");
    add_error(&table, at, "share_largest", "se_share_largest");
    add_error(&table, at, "share_null", "");
    add_error(&table, at, "participation_ratio", "");
    wlaw_table_p_value(&table, wlaw_print_real(at, "p_value_equal"));
    add_error(&table, at, "hill", "se_hill");
  }
  wlaw_table_print(out, screen, &table);
}

static void add_point(text_table *table, const json_t *from, const char *curve, size_t i) {
  char text[64] = "";
  double value, se;
  const json_t *of = json_object_get(from, curve);
  if (wlaw_json_number(json_array_get(json_object_get(of, "value"), i), &value) &&
      wlaw_json_number(json_array_get(json_object_get(of, "se"), i), &se))
    snprintf(text, sizeof text, "%.3g +- %.2g", value, se);
  wlaw_table_text(table, text);
}

/* Points spread over the curve; --json has all. */
static void print_curves(text_buffer *out, const text_screen *screen, const json_t *from, const char *limit) {
  const json_t *x = json_object_get(json_object_get(from, "tail"), "x");
  const size_t n = json_array_size(x), shown = n < POINTS_SHOWN ? n : POINTS_SHOWN;
  if (n == 0) return;
  text_table table = {.columns = 3, .align = "rrr"};
  char heading[64];
  wlaw_text_add(out, "\n");
  wlaw_table_text(&table, "x");
  snprintf(heading, sizeof heading, "nodes above x%s", limit);
  wlaw_table_text(&table, heading);
  wlaw_table_text(&table, "what nodes up to x add");
  for (size_t k = 0; k < shown; k++) {
    const size_t i = shown > 1 ? k * (n - 1) / (shown - 1) : 0;
    double at = NAN;
    if (wlaw_json_number(json_array_get(x, i), &at)) wlaw_table_number(&table, at);
    else wlaw_table_text(&table, "");
    add_point(&table, from, "tail", i);
    add_point(&table, from, "truncated", i);
  }
  wlaw_table_print(out, screen, &table);
}

static void print_limit(text_buffer *out, const text_screen *screen, const json_t *layer) {
  static const char *const fields[][2] = {
      {"verdict", "verdict"},       {"because", "reason"},       {"a", "a"},
      {"error of a", "se_a"},       {"dominance", "dominance"},  {"its error", "se_dominance"},
      {"p of the line", "p_value"}, {"falls as p^-", "exponent"}};
  const json_t *limit = json_object_get(layer, "limit"), *widths = json_object_get(layer, "widths");
  wlaw_text_add(out, "\n");
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    const json_t *value = json_object_get(limit, fields[i][1]);
    if (value && !json_is_null(value)) wlaw_print_field(out, fields[i][0], limit, fields[i][1]);
  }
  if (json_array_size(json_object_get(json_object_get(limit, "tail"), "x")) > 0)
    print_curves(out, screen, limit, " (limit)");
  else if (json_array_size(widths) == 1) print_curves(out, screen, json_array_get(widths, 0), "");
}

void wlaw_print_node_variances(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *layers = json_object_get(document, "layers");
  for (size_t l = 0; l < json_array_size(layers); l++) {
    const json_t *layer = json_array_get(layers, l);
    char heading[400];
    const char *name = wlaw_print_string(layer, "name");
    snprintf(heading, sizeof heading, "node variances into %s", *name ? name : "the outputs");
    wlaw_print_heading(out, screen, heading);
    print_widths(out, screen, json_object_get(layer, "widths"));
    print_limit(out, screen, layer);
  }
  wlaw_print_sentences(out, screen, document, "findings");
}
