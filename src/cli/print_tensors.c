#include "cli/print_tensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHORTEST_NAME = 16, LONGEST_NAME = 48, MOST_SKIPPED = 6 };

int wlaw_tensor_severity(const json_t *tensor) {
  const double severity = wlaw_print_real(tensor, "severity");
  return severity > 0.0 && severity < 10.0 ? (int)severity : 0;
}

void wlaw_cell_number(char *cell, int digits, double value) {
  *cell = '\0';
  if (isnan(value)) return;
  snprintf(cell, TENSOR_CELL_BYTES, "%.*f", digits, value);
  if (*cell == '-' && strspn(cell + 1, "0.") == strlen(cell + 1)) memmove(cell, cell + 1, strlen(cell)); /* no -0.0 */
}

void wlaw_print_named_sentence(text_buffer *out, const text_screen *screen, const char *name, const char *sentence) {
  char printable[2048];
  text_buffer text = {0};
  wlaw_text_add(&text, "%s%s%s", name, *name ? ": " : "", sentence);
  wlaw_text_printable(printable, sizeof printable, wlaw_text_string(&text));
  wlaw_text_add(out, "- ");
  wlaw_screen_wrap(out, printable, 2, 2, screen->width);
  if (text.failed) out->failed = true;
  wlaw_text_free(&text);
}

void wlaw_print_skipped(text_buffer *out, const text_screen *screen, const json_t *skipped) {
  const size_t n = json_array_size(skipped);
  if (n == 0) return;
  wlaw_text_add(out, "\nnot measured\n");
  for (size_t i = 0; i < n && i < MOST_SKIPPED; i++)
    wlaw_print_named_sentence(out, screen, wlaw_print_string(json_array_get(skipped, i), "name"),
                              wlaw_print_string(json_array_get(skipped, i), "reason"));
  if (n > MOST_SKIPPED) wlaw_text_add(out, "- and %zu more; --json lists them all\n", n - MOST_SKIPPED);
}

/* A name that is too long is cut at its front, and ".weight" at its end, with a * for each: the end tells the tensors
 * of a model apart, and --tensor takes what stands here as a pattern. */
static void shorten(char *out, size_t capacity, const char *name, size_t columns) {
  static const char usual[] = ".weight";
  char printable[1024];
  wlaw_text_printable(printable, sizeof printable, name);
  size_t all = wlaw_screen_columns(printable);
  if (all <= columns) {
    wlaw_text_printable(out, capacity, name);
    return;
  }
  const size_t length = strlen(printable), ending = sizeof usual - 1;
  const bool ends = length > ending && strcmp(printable + length - ending, usual) == 0;
  if (ends) {
    memcpy(printable + length - ending, "*", 2);
    all -= ending - 1;
  }
  const char *from = printable;
  for (size_t drop = all > columns ? all - columns + 1 : 0; *from && drop > 0; drop--) do
      from++;
    while (((unsigned char)*from & 0xC0) == 0x80);
  snprintf(out, capacity, "%s%s", from > printable ? "*" : "", from);
}

void wlaw_print_tensor_rows(text_buffer *out, const text_screen *screen, const char *const *headings,
                            const char *numbers, tensor_row *rows, size_t n) {
  bool used[TENSOR_CELLS] = {true};
  size_t taken = 0, columns = 1;
  char align[TENSOR_CELLS + 1] = "l";
  for (size_t c = 1; c < TENSOR_CELLS; c++) {
    size_t width = 0;
    for (size_t i = 0; i < n; i++) width = (size_t)fmax((double)width, (double)wlaw_screen_columns(rows[i].cell[c]));
    used[c] = width > 0;
    if (!used[c]) continue;
    align[columns++] = numbers[c] == '1' ? 'r' : 'l';
    taken += (size_t)fmax((double)width, (double)strlen(headings[c])) + 2;
  }
  const size_t room = screen->width > taken + 2 + SHORTEST_NAME ? screen->width - taken - 2 : SHORTEST_NAME;
  text_table table = {.columns = columns, .align = align};
  for (size_t c = 0; c < TENSOR_CELLS; c++)
    if (used[c]) wlaw_table_text(&table, headings[c]);
  for (size_t i = 0; i < n; i++) {
    shorten(rows[i].cell[0], TENSOR_CELL_BYTES, rows[i].name, room < LONGEST_NAME ? room : LONGEST_NAME);
    for (size_t c = 0; c < TENSOR_CELLS; c++)
      if (used[c]) wlaw_table_text(&table, rows[i].cell[c]);
    table.alarms += rows[i].severity >= 3;
    table.warnings += rows[i].severity == 2;
  }
  wlaw_table_print(out, screen, &table);
}
