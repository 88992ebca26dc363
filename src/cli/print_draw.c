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

static size_t shape_of(const json_t *tensor, size_t d) {
  return (size_t)json_integer_value(json_array_get(json_object_get(tensor, "shape"), d));
}

/* Of whole networks: "layer2.weight  10 x 10". */
static void print_tensors(text_buffer *out, const json_t *tensors) {
  for (size_t i = 0; i < json_array_size(tensors); i++) {
    const json_t *tensor = json_array_get(tensors, i);
    char name[512], shape[64];
    wlaw_text_printable(name, sizeof name, wlaw_print_string(tensor, "name"));
    const bool matrix = json_array_size(json_object_get(tensor, "shape")) == 3;
    if (matrix) snprintf(shape, sizeof shape, "%zu x %zu", shape_of(tensor, 1), shape_of(tensor, 2));
    else snprintf(shape, sizeof shape, "%zu", shape_of(tensor, 1));
    wlaw_print_labelled(out, name, shape);
  }
}

/* How to fit them again: of a first weight that was omitted nothing is in the file, and its outputs are a hidden layer.
 */
static void print_sides(text_buffer *out, const json_t *document) {
  const char *inputs = json_string_value(json_object_get(document, "inputs"));
  if (!inputs) return;
  wlaw_text_add(out, " --law network --input %s --output %s", strcmp(inputs, "omit") == 0 ? "exchangeable" : inputs,
                wlaw_print_string(document, "outputs"));
}

void wlaw_print_draw(text_buffer *out, const text_screen *screen, const json_t *document) {
  static const char *const fields[][2] = {{"fit", "fit"},      {"networks", "networks"}, {"rows", "rows"},
                                          {"columns", "cols"}, {"dtype", "dtype"},       {"seed", "seed"}};
  char output[512];
  wlaw_text_printable(output, sizeof output, wlaw_print_string(document, "output"));
  wlaw_print_heading(out, screen, output);
  print_law(out, document);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (json_object_get(document, fields[i][1]) && !json_is_null(json_object_get(document, fields[i][1])))
      wlaw_print_field(out, fields[i][0], document, fields[i][1]);
  print_tensors(out, json_object_get(document, "tensors"));
  wlaw_print_heading(out, screen, "next");
  wlaw_text_add(out, "  weightlaw fit %s", output);
  print_sides(out, document);
  wlaw_text_add(out, "\n");
}
