/* weightlaw.train/1: where the run is, how good its networks are, what to do next. */
#include <math.h>
#include <stdio.h>

#include "cli/print_parts.h"

void wlaw_print_train(text_buffer *out, const text_screen *screen, const json_t *document) {
  char run[512];
  wlaw_text_printable(run, sizeof run, wlaw_print_string(document, "run"));
  wlaw_print_document(out, screen, document);
  if (!*run) return;
  wlaw_print_heading(out, screen, "next");
  wlaw_text_add(out, "  weightlaw fit %s --law auto\n  weightlaw report %s -o report.html\n", run, run);
}
