/* weightlaw.graphs/1: a table of invariants, or one of them in words. */
#include <stdio.h>

#include "cli/print_parts.h"

static void print_one(text_buffer *out, const text_screen *screen, const json_t *document, const json_t *item) {
  const char *name = wlaw_print_string(item, "name");
  char heading[128], number[64];
  snprintf(heading, sizeof heading, "%s%s%s", name, *name ? ": " : "", wlaw_print_string(item, "formula"));
  wlaw_print_heading(out, screen, heading);
  wlaw_print_field(out, "family", document, "family");
  wlaw_print_field(out, "canonical form", item, "graph");
  snprintf(number, sizeof number, "%.0f of %.0f", wlaw_print_real(item, "number"), wlaw_print_real(document, "count"));
  wlaw_print_field(out, "degree", item, "degree");
  wlaw_print_labelled(out, "number", number);
  wlaw_print_field(out, "nodes", item, "nodes");
  wlaw_print_field(out, "connected", item, "connected");
  wlaw_print_field(out, "automorphisms", item, "automorphisms");
  wlaw_text_add(out, "\n");
  wlaw_screen_wrap(out, "A departure from what a Gaussian law predicts says:", 0, 0, screen->width);
  wlaw_text_add(out, "  ");
  wlaw_screen_wrap(out, wlaw_print_string(item, "meaning"), 2, 2, screen->width);
}

/* Only degrees 1 and 2 have names. */
static void print_list(text_buffer *out, const text_screen *screen, const json_t *list, bool named) {
  text_table table = {.columns = named ? 7 : 6, .align = named ? "rlrllrl" : "rrllrl"};
  static const char *const headings[] = {"name", "number", "nodes", "graph", "sum of", "automorphisms", "connected"};
  wlaw_table_text(&table, headings[1]);
  if (named) wlaw_table_text(&table, headings[0]);
  for (size_t c = 2; c < 7; c++) wlaw_table_text(&table, headings[c]);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *item = json_array_get(list, i);
    wlaw_table_number(&table, wlaw_print_real(item, "number"));
    if (named) wlaw_table_text(&table, wlaw_print_string(item, "name"));
    wlaw_table_number(&table, wlaw_print_real(item, "nodes"));
    wlaw_table_text(&table, wlaw_print_string(item, "graph"));
    wlaw_table_text(&table, wlaw_print_formula(item));
    wlaw_table_number(&table, wlaw_print_real(item, "automorphisms"));
    wlaw_table_text(&table, json_is_true(json_object_get(item, "connected")) ? "yes" : "no");
  }
  wlaw_table_print(out, screen, &table);
}

void wlaw_print_graphs(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *list = json_object_get(document, "graphs");
  if (json_is_string(json_object_get(document, "input"))) {
    print_one(out, screen, document, json_array_get(list, 0));
    return;
  }
  char heading[128];
  snprintf(heading, sizeof heading, "%.0f %s graphs of degree %.0f, %.0f of them connected",
           wlaw_print_real(document, "count"), wlaw_print_string(document, "family"),
           wlaw_print_real(document, "degree"), wlaw_print_real(document, "connected"));
  wlaw_print_heading(out, screen, heading);
  if (json_array_size(list) > 0)
    print_list(out, screen, list, *wlaw_print_string(json_array_get(list, 0), "name") != '\0');
}
