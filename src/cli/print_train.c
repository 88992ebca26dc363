/* weightlaw.train/1: where the run is, how good its networks are, what to do next. */
#include <math.h>
#include <stdio.h>

#include "cli/print_parts.h"

static void print_dead(text_buffer *out, const json_t *document) {
  const double constant = wlaw_print_real(document, "constant"), nonfinite = wlaw_print_real(document, "nonfinite");
  if (!(constant > 0) && !(nonfinite > 0)) return;
  wlaw_text_add(
      out,
      "  %-18s %.0f with constant output, %.0f with non-finite values (kept; fit --exclude dead leaves them out)\n",
      "dead networks", constant > 0 ? constant : 0, nonfinite > 0 ? nonfinite : 0);
}

void wlaw_print_train(text_buffer *out, const text_screen *screen, const json_t *document) {
  char run[512];
  wlaw_text_printable(run, sizeof run, wlaw_print_string(document, "run"));
  wlaw_print_heading(out, screen, run);
  wlaw_print_field(out, "networks", document, "networks");
  wlaw_print_field(out, "epochs", document, "epochs");
  wlaw_print_field(out, "parameters of one", document, "parameters_per_network");
  const double accuracy = wlaw_print_real(document, "mean_test_accuracy");
  if (!isnan(accuracy)) wlaw_text_add(out, "  %-18s %.2f %%\n", "test accuracy", 100.0 * accuracy);
  print_dead(out, document);
  wlaw_print_field(out, "resumed", document, "resumed");
  wlaw_print_sentences(out, screen, document, "note");
  wlaw_print_heading(out, screen, "next");
  wlaw_text_add(out, "  weightlaw fit %s --law auto\n  weightlaw report %s -o report.html\n", run, run);
}
