/* weightlaw.prune/1: accuracy and output error of pruned networks, theory beside. */
#include <math.h>
#include <stdio.h>

#include "cli/print_parts.h"

static void with_error(text_table *table, double value, double error, double unit) {
  char text[64] = "";
  if (!isnan(value) && isnan(error)) snprintf(text, sizeof text, "%.4g", unit * value);
  else if (!isnan(value)) snprintf(text, sizeof text, "%.4g ± %.2g", unit * value, unit * error);
  wlaw_table_text(table, text);
}

/* "475, 480" */
static void list(text_table *table, const json_t *values) {
  text_buffer text = {0};
  for (size_t i = 0; i < json_array_size(values); i++) {
    char number[32];
    wlaw_print_value(number, sizeof number, json_array_get(values, i));
    double real;
    if (json_is_real(json_array_get(values, i)) && wlaw_json_number(json_array_get(values, i), &real))
      snprintf(number, sizeof number, "%.3g", real);
    wlaw_text_add(&text, "%s%s", i ? ", " : "", number);
  }
  table->failed |= text.failed;
  wlaw_table_text(table, wlaw_text_string(&text));
  wlaw_text_free(&text);
}

static void print_row(text_table *table, const json_t *row) {
  const json_t *theory = json_object_get(row, "theory");
  wlaw_table_number(table, wlaw_print_real(row, "fraction"));
  list(table, json_object_get(row, "nodes_kept"));
  with_error(table, wlaw_print_real(row, "accuracy"), wlaw_print_real(row, "standard_error"), 100.0);
  with_error(table, wlaw_print_real(row, "loss"), wlaw_print_real(row, "se_loss"), 1.0);
  with_error(table, wlaw_print_real(row, "output_error"), wlaw_print_real(row, "se_output_error"), 1.0);
  with_error(table, wlaw_print_real(theory, "share"), NAN, 1.0);
  with_error(table, wlaw_print_real(theory, "bound"), NAN, 1.0);
  list(table, json_object_get(row, "removed_shares"));
}

void wlaw_print_prune(text_buffer *out, const text_screen *screen, const json_t *document) {
  static const char *const headings[] = {"removed",      "nodes kept", "accuracy %", "loss",
                                         "output error", "theory",     "bound",      "share of λ gone"};
  static const char *const fields[][2] = {
      {"initial law", "init"}, {"data", "data"}, {"epoch", "epoch"}, {"networks", "networks"}, {"removed by", "by"}};
  const json_t *whole = json_object_get(document, "unpruned"), *rows = json_object_get(document, "pruned");
  char heading[600];
  snprintf(heading, sizeof heading, "pruning %s", wlaw_print_string(document, "run"));
  wlaw_print_heading(out, screen, heading);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    wlaw_print_field(out, fields[i][0], document, fields[i][1]);
  wlaw_text_add(out, "\n");
  text_table table = {.columns = 8, .align = "rlllllll"};
  for (size_t c = 0; c < 8; c++) wlaw_table_text(&table, headings[c]);
  wlaw_table_text(&table, "none");
  wlaw_table_text(&table, "");
  with_error(&table, wlaw_print_real(whole, "accuracy"), wlaw_print_real(whole, "standard_error"), 100.0);
  with_error(&table, wlaw_print_real(whole, "loss"), wlaw_print_real(whole, "se_loss"), 1.0);
  for (size_t c = 4; c < 8; c++) wlaw_table_text(&table, "");
  for (size_t i = 0; i < json_array_size(rows); i++) print_row(&table, json_array_get(rows, i));
  wlaw_table_print(out, screen, &table);
  const json_t *first = json_object_get(json_array_get(rows, 0), "theory");
  if (json_is_string(json_object_get(first, "reason"))) {
    wlaw_text_add(out, "\n");
    wlaw_print_field(out, "theory", first, "reason");
  }
  wlaw_print_sentences(out, screen, document, "findings");
}
