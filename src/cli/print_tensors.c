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

/* ---- names */

enum { MOST_COMPONENTS = 32 };

static bool is_number(const char *text, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (text[i] < '0' || text[i] > '9') return false;
  return n > 0;
}

/* The components of a name that are kept, with a * for each run of others. */
static void join(char *out, size_t capacity, const char *const *from, const size_t *length, const bool *keep,
                 size_t n) {
  size_t used = 0;
  *out = '\0';
  for (size_t c = 0; c < n && used < capacity; c++) {
    if (!keep[c] && c > 0 && !keep[c - 1]) continue;
    used += (size_t)snprintf(out + used, capacity - used, "%s%.*s", c ? "." : "", keep[c] ? (int)length[c] : 1,
                             keep[c] ? from[c] : "*");
  }
}

/* A name that is too long is left its numbers and its end, which tell the tensors of a model apart, and of the words
 * between as many as there is room for, the last first; what is left out becomes a *, so that --tensor takes what
 * stands here as a pattern. */
static void shorten(char *out, size_t capacity, const char *name, size_t columns) {
  static const char usual[] = ".weight";
  char printable[1024], shorter[1024];
  const char *from[MOST_COMPONENTS];
  size_t length[MOST_COMPONENTS], n = 0;
  bool keep[MOST_COMPONENTS] = {false};
  wlaw_text_printable(printable, sizeof printable, name);
  if (wlaw_screen_columns(printable) <= columns) {
    wlaw_text_printable(out, capacity, name);
    return;
  }
  char *last = strrchr(printable, '.');
  const size_t ending = sizeof usual - 1;
  if (last && strncmp(last, usual, ending) == 0 && (last[ending] == '\0' || last[ending] == '[')) { /* NAME[q] */
    *last = '*';
    memmove(last + 1, last + ending, strlen(last + ending) + 1);
  }
  for (const char *at = printable; n < MOST_COMPONENTS; at += length[n++] + 1) {
    from[n] = at;
    length[n] = n + 1 < MOST_COMPONENTS ? strcspn(at, ".") : strlen(at);
    if (at[length[n]] == '\0') break;
  }
  for (size_t c = 0; c < n; c++) keep[c] = is_number(from[c], length[c]);
  keep[n++] = true; /* the last */
  join(shorter, sizeof shorter, from, length, keep, n);
  for (size_t c = n; c-- > 0;) {
    char longer[1024];
    if (keep[c]) continue;
    keep[c] = true;
    join(longer, sizeof longer, from, length, keep, n);
    keep[c] = wlaw_screen_columns(longer) <= columns;
    if (!keep[c]) break;
    memcpy(shorter, longer, sizeof longer);
  }
  const char *start = shorter;
  for (size_t width = wlaw_screen_columns(shorter); *start && width >= columns && width > 0; width--) do
      start++;
    while (((unsigned char)*start & 0xC0) == 0x80);
  if (wlaw_screen_columns(shorter) <= columns) start = shorter;
  snprintf(out, capacity, "%s%s", start > shorter ? "*" : "", start);
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
