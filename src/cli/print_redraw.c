/* weightlaw.redraw/1: accuracies of redrawn networks, a row for each law and a column for each training. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/print_parts.h"

/* p_adjusted of a difference that counts (docs/redraw.md). */
static const double counts = 0.0027;

static void print_cell(text_table *table, const json_t *cell) {
  const double accuracy = wlaw_print_real(cell, "accuracy"), error = wlaw_print_real(cell, "standard_error");
  char text[64] = "";
  if (!isnan(accuracy) && isnan(error)) snprintf(text, sizeof text, "%.2f", 100.0 * accuracy);
  else if (!isnan(accuracy))
    snprintf(text, sizeof text, "%.2f ± %.2f%s", 100.0 * accuracy, 100.0 * error,
             wlaw_print_real(cell, "p_adjusted") < counts ? " *" : "");
  wlaw_table_text(table, text);
}

/* The cells list[first], ..., one for each training. */
static void print_row(text_table *table, const char *epoch, const char *name, const json_t *list, size_t first) {
  wlaw_table_text(table, epoch);
  wlaw_table_text(table, name);
  for (size_t i = 0; i + 2 < table->columns; i++) print_cell(table, json_array_get(list, first + i));
}

static void print_epoch(text_table *table, const json_t *document, const json_t *run, size_t e, size_t n) {
  const json_t *cells = json_object_get(document, "cells");
  char epoch[32];
  wlaw_print_value(epoch, sizeof epoch, json_object_get(run, "epoch"));
  const char *shown = epoch; /* in the first row of an epoch */
  for (size_t i = 0; i + n <= json_array_size(cells); i += n) {
    const json_t *cell = json_array_get(cells, i);
    if (wlaw_print_real(cell, "epoch") != wlaw_print_real(run, "epoch")) continue;
    print_row(table, shown, wlaw_print_string(cell, "name"), cells, i);
    shown = "";
  }
  print_row(table, shown, "the run's own, trained on", json_object_get(document, "continued"), e * n);
}

void wlaw_print_redraw(text_buffer *out, const text_screen *screen, const json_t *document) {
  static const char *const fields[][2] = {
      {"initial law", "init"}, {"data", "data"}, {"networks fitted", "fitted"}, {"networks of each", "networks"}};
  const json_t *after = json_object_get(document, "train_epochs"), *run = json_object_get(document, "run_accuracy");
  const size_t n = json_array_size(after);
  char heading[600];
  snprintf(heading, sizeof heading, "networks drawn from the laws of %s", wlaw_print_string(document, "run"));
  wlaw_print_heading(out, screen, heading);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    wlaw_print_field(out, fields[i][0], document, fields[i][1]);
  wlaw_text_add(out, "\n");
  const size_t shown = n < TABLE_MAX_COLUMNS - 2 ? n : TABLE_MAX_COLUMNS - 2; /* --json and --csv have the others */
  text_table table = {.columns = 2 + shown, .align = "rlllllllllll"};
  wlaw_table_text(&table, "epoch");
  wlaw_table_text(&table, "law");
  for (size_t i = 0; i < shown; i++) {
    char text[48] = "accuracy %, as drawn", number[32];
    wlaw_print_value(number, sizeof number, json_array_get(after, i));
    if (strcmp(number, "0") != 0) snprintf(text, sizeof text, "after %s", number);
    wlaw_table_text(&table, text);
  }
  print_row(&table, "", "ordinary", json_object_get(document, "ordinary"), 0);
  for (size_t e = 0; e < json_array_size(run); e++) print_epoch(&table, document, json_array_get(run, e), e, n);
  wlaw_table_print(out, screen, &table);
  wlaw_print_sentences(out, screen, document, "findings");
  wlaw_print_sentences(out, screen, document, "notes");
}
