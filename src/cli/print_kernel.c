/* weightlaw.kernel/1: what was written, and what would make it singular. */
#include <stdio.h>

#include "cli/print_parts.h"

/* "12 inputs stand there twice: 5 = 17, 8 = 40, ..." */
void wlaw_print_duplicates(text_buffer *out, const text_screen *screen, const json_t *document) {
  enum { SHOWN = 5 };
  const json_t *pairs = json_object_get(document, "duplicates");
  const size_t n = json_array_size(pairs);
  text_buffer text = {0};
  if (n == 0) return;
  wlaw_text_add(&text, n == 1 ? "One input equals an earlier one:" : "%zu inputs equal an earlier one:", n);
  for (size_t i = 0; i < n && i < SHOWN; i++) {
    const json_t *pair = json_array_get(pairs, i);
    wlaw_text_add(&text, "%s %lld = %lld", i ? "," : "", (long long)json_integer_value(json_array_get(pair, 0)),
                  (long long)json_integer_value(json_array_get(pair, 1)));
  }
  if (n > SHOWN) wlaw_text_add(&text, ", ... (--json lists all)");
  wlaw_text_add(&text, ". Without a ridge their kernel is singular.");
  wlaw_text_add(out, "\n");
  wlaw_screen_wrap(out, wlaw_text_string(&text), 0, 0, screen->width);
  if (text.failed) out->failed = true;
  wlaw_text_free(&text);
}

void wlaw_print_kernel(text_buffer *out, const text_screen *screen, const json_t *document) {
  static const char *const fields[][2] = {{"data", "data"},
                                          {"columns", "columns"},
                                          {"kernel", "kernel"},
                                          {"activation", "activation"},
                                          {"depth", "depth"},
                                          {"weight variance", "weight_variance"},
                                          {"bias variance", "bias_variance"},
                                          {"dtype", "dtype"},
                                          {"tiles", "tiles"},
                                          {"made now", "tiles_made"}};
  char text[512];
  wlaw_text_printable(text, sizeof text, wlaw_print_string(document, "output"));
  wlaw_print_heading(out, screen, text);
  snprintf(text, sizeof text, "%.0f x %.0f of %.0f features", wlaw_print_real(document, "n"),
           wlaw_print_real(document, "m"), wlaw_print_real(document, "features"));
  wlaw_print_labelled(out, "inputs", text);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (!json_is_null(json_object_get(document, fields[i][1])))
      wlaw_print_field(out, fields[i][0], document, fields[i][1]);
  const json_t *diagonal = json_object_get(document, "diagonal");
  snprintf(text, sizeof text, "%.6g to %.6g", wlaw_print_real(diagonal, "min"), wlaw_print_real(diagonal, "max"));
  wlaw_print_labelled(out, "diagonal", text);
  wlaw_print_duplicates(out, screen, document);
}
