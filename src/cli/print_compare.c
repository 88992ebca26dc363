/* weightlaw.compare/1: the distance, what part of it is noise, and which blocks it lies in. */
#include <math.h>
#include <stdio.h>

#include "cli/print_parts.h"

static void print_blocks(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *blocks = json_object_get(document, "blocks");
  if (json_object_size(blocks) == 0) return;
  wlaw_text_add(out, "\n");
  text_table table = {.columns = 2, .align = "lr"};
  wlaw_table_text(&table, "block");
  wlaw_table_text(&table, "share of W2\u00b2");
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)blocks, key, value) {
    double share;
    char text[32] = "not determined";
    if (wlaw_json_number(value, &share) && !isnan(share)) snprintf(text, sizeof text, "%.1f %%", 100.0 * share);
    wlaw_table_text(&table, key);
    wlaw_table_text(&table, text);
  }
  wlaw_table_print(out, screen, &table);
}

static void print_debiased(text_buffer *out, const json_t *document) {
  const double debiased = wlaw_print_real(document, "debiased_squared");
  const double error = wlaw_print_real(document, "standard_error");
  if (isnan(debiased)) return;
  char text[64];
  if (isnan(error)) snprintf(text, sizeof text, "%.6g (error not determined)", debiased);
  else snprintf(text, sizeof text, "%.6g \u00b1 %.2g", debiased, error);
  wlaw_print_labelled(out, "debiased W2\u00b2", text);
}

static void print_fields(text_buffer *out, const json_t *document, const char *const fields[][2], size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!json_is_null(json_object_get(document, fields[i][1])))
      wlaw_print_field(out, fields[i][0], document, fields[i][1]);
}

static void print_one(text_buffer *out, const text_screen *screen, const json_t *document) {
  static const char *const before[][2] = {{"A", "input_a"},
                                          {"B", "input_b"},
                                          {"networks in A", "networks_a"},
                                          {"networks in B", "networks_b"},
                                          {"paired", "paired"},
                                          {"reference", "reference"},
                                          {"W2", "wasserstein"},
                                          {"W2\u00b2", "wasserstein_squared"},
                                          {"noise floor of W2\u00b2", "noise_floor_squared"}};
  static const char *const after[][2] = {{"KL(A|B)", "kl_ab"}, {"KL(B|A)", "kl_ba"}};
  char heading[600];
  const char *tensor = wlaw_print_string(document, "tensor");
  snprintf(heading, sizeof heading, "distance between two %s laws%s%s", wlaw_print_string(document, "law"),
           *tensor ? " of " : "", tensor);
  wlaw_print_heading(out, screen, heading);
  wlaw_print_layers(out, document);
  print_fields(out, document, before, sizeof before / sizeof *before);
  print_debiased(out, document);
  print_fields(out, document, after, sizeof after / sizeof *after);
  print_blocks(out, screen, document);
  wlaw_print_sentences(out, screen, document, "summary");
  wlaw_print_sentences(out, screen, document, "warnings");
}

void wlaw_print_compare(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *layers = json_object_get(document, "comparisons");
  if (!layers) print_one(out, screen, document);
  for (size_t i = 0; i < json_array_size(layers); i++) print_one(out, screen, json_array_get(layers, i));
  if (layers) wlaw_print_sentences(out, screen, document, "notes");
}
