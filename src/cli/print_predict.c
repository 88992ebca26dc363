/* weightlaw.predict/1: one row for each ridge or time. */
#include <stdio.h>

#include "cli/print_parts.h"

static void print_results(text_buffer *out, const text_screen *screen, const json_t *results) {
  static const char *const columns[][2] = {{"ridge", "ridge"},
                                           {"steps", "time"},
                                           {"accuracy", "accuracy"},
                                           {"mean squared error", "mean_squared_error"},
                                           {"log evidence", "log_evidence"},
                                           {"mean variance", "mean_variance"}};
  enum { COLUMNS = sizeof columns / sizeof *columns };
  bool used[COLUMNS];
  text_table table = {.align = "rrrrrr"};
  for (size_t c = 0; c < COLUMNS; c++) {
    used[c] = !json_is_null(json_object_get(json_array_get(results, 0), columns[c][1]));
    table.columns += used[c];
  }
  for (size_t c = 0; c < COLUMNS; c++)
    if (used[c]) wlaw_table_text(&table, columns[c][0]);
  for (size_t i = 0; i < json_array_size(results); i++)
    for (size_t c = 0; c < COLUMNS; c++)
      if (used[c]) wlaw_table_number(&table, wlaw_print_real(json_array_get(results, i), columns[c][1]));
  wlaw_table_print(out, screen, &table);
}

void wlaw_print_predict(text_buffer *out, const text_screen *screen, const json_t *document) {
  static const char *const fields[][2] = {{"activation", "activation"},
                                          {"depth", "depth"},
                                          {"weight variance", "weight_variance"},
                                          {"bias variance", "bias_variance"},
                                          {"training samples", "train"},
                                          {"test samples", "test"},
                                          {"features", "features"},
                                          {"outputs", "outputs"},
                                          {"learning rate", "learning_rate"},
                                          {"largest rate", "max_learning_rate"},
                                          {"output", "output"}};
  char heading[64];
  snprintf(heading, sizeof heading, "%s regression", wlaw_print_string(document, "kernel"));
  wlaw_print_heading(out, screen, heading);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (!json_is_null(json_object_get(document, fields[i][1])))
      wlaw_print_field(out, fields[i][0], document, fields[i][1]);
  wlaw_text_add(out, "\n");
  print_results(out, screen, json_object_get(document, "results"));
  wlaw_print_duplicates(out, screen, document);
  wlaw_print_sentences(out, screen, document, "findings");
}
