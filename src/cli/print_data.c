/* weightlaw.data/1: the data sets there are, or where one was fetched to. */

#include "cli/print_parts.h"

void wlaw_print_data(text_buffer *out, const text_screen *screen, const json_t *document) {
  const json_t *sets = json_object_get(document, "sets");
  if (!sets) {
    wlaw_print_document(out, screen, document);
    return;
  }
  text_table table = {.columns = 3, .align = "lll"};
  wlaw_table_text(&table, "name");
  wlaw_table_text(&table, "there");
  wlaw_table_text(&table, "where it comes from");
  for (size_t i = 0; i < json_array_size(sets); i++) {
    const json_t *set = json_array_get(sets, i);
    wlaw_table_text(&table, wlaw_print_string(set, "name"));
    wlaw_table_text(&table, json_is_true(json_object_get(set, "present")) ? "yes" : "no");
    wlaw_table_text(&table, wlaw_print_string(set, "origin"));
  }
  wlaw_table_print(out, screen, &table);
  wlaw_print_sentences(out, screen, document, "summary");
}
