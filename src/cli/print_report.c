/* weightlaw.report/1: where the page is, and the findings in sentences. */
#include "cli/print_parts.h"

void wlaw_print_report(text_buffer *out, const text_screen *screen, const json_t *document) {
  wlaw_print_sentences(out, screen, document, "summary");
  char path[512];
  wlaw_text_printable(path, sizeof path, wlaw_print_string(document, "path"));
  if (*path) wlaw_text_add(out, "%s%s\n", out->length ? "\n" : "", path);
}
