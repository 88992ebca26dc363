#include "cli/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(text_table *table, const char *cell) {
  if (table->failed) return;
  if (table->n == table->capacity) {
    const size_t capacity = table->capacity ? 2 * table->capacity : 64;
    char **cells = realloc(table->cells, capacity * sizeof *cells);
    if (!cells) {
      table->failed = true;
      return;
    }
    table->cells = cells;
    table->capacity = capacity;
  }
  char *copy = wlaw_text_duplicate(cell, strlen(cell));
  if (copy) table->cells[table->n++] = copy;
  else table->failed = true;
}

void wlaw_table_text(text_table *table, const char *text) {
  char printable[512];
  wlaw_text_printable(printable, sizeof printable, text);
  append(table, printable);
}

void wlaw_table_number(text_table *table, double value) {
  char cell[32] = "";
  if (!isnan(value)) snprintf(cell, sizeof cell, "%.6g", value);
  append(table, cell);
}

void wlaw_table_p_value(text_table *table, double p) {
  char cell[32] = "";
  if (!isnan(p)) snprintf(cell, sizeof cell, "%s%.2g", p < 1e-300 ? "<" : "", fmax(p, 1e-300));
  append(table, cell);
}

static void print_row(text_buffer *out, const text_table *table, const size_t *width, size_t row) {
  size_t pending = 2; /* spaces owed before the next cell: none are left at the end of a line */
  for (size_t c = 0; c < table->columns; c++) {
    const char *cell = table->cells[row * table->columns + c];
    const size_t pad = width[c] - wlaw_screen_columns(cell);
    if (*cell) {
      wlaw_text_add(out, "%*s%s", (int)(pending + (table->align[c] == 'r' ? pad : 0)), "", cell);
      pending = (table->align[c] == 'r' ? 0 : pad) + 2;
    } else {
      pending += width[c] + 2;
    }
  }
  wlaw_text_add(out, "\n");
}

static const char *colour_of(const text_table *table, size_t row) {
  if (row == 0) return "\033[1m";
  if (row <= table->alarms) return "\033[31m";
  return row <= table->alarms + table->warnings ? "\033[33m" : "";
}

void wlaw_table_print(text_buffer *out, const text_screen *screen, text_table *table) {
  size_t width[TABLE_MAX_COLUMNS] = {0};
  const size_t rows = table->n / table->columns;
  for (size_t i = 0; i < rows * table->columns; i++) {
    const size_t columns = wlaw_screen_columns(table->cells[i]);
    if (columns > width[i % table->columns]) width[i % table->columns] = columns;
  }
  if (table->failed) out->failed = true;
  for (size_t row = 0; row < rows && !out->failed; row++) {
    const char *colour = screen->colour ? colour_of(table, row) : "";
    wlaw_text_add(out, "%s", colour);
    print_row(out, table, width, row);
    if (*colour) wlaw_text_add(out, "\033[0m");
  }
  for (size_t i = 0; i < table->n; i++) free(table->cells[i]);
  free(table->cells);
  *table = (text_table){.columns = table->columns, .align = table->align};
}
