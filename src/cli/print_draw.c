/* weightlaw.draw/1: what was drawn, and how to see that it is what was asked for. */
#include <stdio.h>
#include <string.h>

#include "cli/print_parts.h"

/* The law as it was asked for: of a fit the name alone, for its numbers fill several lines (and are in the JSON). */
static void print_law(text_buffer *out, const json_t *document) {
  char law[512];
  const char *text = wlaw_print_string(document, "law");
  const bool fitted = json_is_string(json_object_get(document, "fit"));
  snprintf(law, sizeof law, "%.*s", fitted ? (int)strcspn(text, "(") : 500, text);
  wlaw_print_labelled(out, "law", law);
}

void wlaw_print_draw(text_buffer *out, const text_screen *screen, const json_t *document) {
  static const char *const fields[][2] = {{"fit", "fit"},      {"networks", "networks"}, {"rows", "rows"},
                                          {"columns", "cols"}, {"dtype", "dtype"},       {"seed", "seed"}};
  char output[512];
  wlaw_text_printable(output, sizeof output, wlaw_print_string(document, "output"));
  wlaw_print_heading(out, screen, output);
  print_law(out, document);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (!json_is_null(json_object_get(document, fields[i][1])))
      wlaw_print_field(out, fields[i][0], document, fields[i][1]);
  wlaw_print_heading(out, screen, "next");
  wlaw_text_add(out, "  weightlaw fit %s\n", output);
}
