/* Sections of prune: accuracy and output error of pruned networks beside what theory says. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/chart.h"
#include "report/document_page.h"
#include "report/html.h"
#include "report/read.h"

enum { COLUMNS = 8 };
enum { FRACTION, ACCURACY, SE_ACCURACY, ERROR, SE_ERROR, SHARE, BOUND, WHOLE };

/* The rows of `pruned` as columns, the unpruned networks first: [COLUMNS][n]. */
static size_t read_columns(double **values, text_buffer *out, const json_t *document) {
  static const char *const keys[COLUMNS] = {"fraction",        "accuracy",     "standard_error", "output_error",
                                            "se_output_error", "theory.share", "theory.bound",   "none"};
  const json_t *rows = wlaw_document_list(document, "pruned"), *whole = json_object_get(document, "unpruned");
  const size_t n = json_array_size(rows) + 1;
  *values = n > 1 ? wlaw_array(COLUMNS * n, sizeof **values) : NULL;
  if (!*values) {
    out->failed = out->failed || n > 1;
    return 0;
  }
  for (size_t c = 0; c < COLUMNS; c++)
    for (size_t i = 0; i < n; i++)
      (*values)[c * n + i] = i > 0 ? wlaw_read_number(json_array_get(rows, i - 1), keys[c]) : NAN;
  (*values)[FRACTION * n] = 0.0;
  (*values)[ACCURACY * n] = wlaw_read_number(whole, "accuracy");
  (*values)[SE_ACCURACY * n] = wlaw_read_number(whole, "standard_error");
  for (size_t i = 0; i < n; i++) (*values)[WHOLE * n + i] = (*values)[ACCURACY * n];
  return n;
}

/* Errors below this are of no account, and would press those that are into a corner. */
#define LEAST_ERROR 1e-8

static data_range shown_errors(const plane_series *series, size_t n_series) {
  data_range range = RANGE_EMPTY;
  for (size_t s = 0; s < n_series; s++)
    for (size_t i = 0; i < series[s].n; i++)
      if (series[s].y[i] >= LEAST_ERROR) wlaw_range_add(&range, series[s].y[i]);
  return range;
}

static void draw(text_buffer *out, const char *id, const char *heading, const char *y_label, scale_kind y_kind,
                 const plane_series *series, size_t n_series, const char *caption) {
  const plane_chart chart = {.head = {.id = id,
                                      .title = heading,
                                      .description = "Against the fraction of nodes removed.",
                                      .width = 620,
                                      .height = 330,
                                      .x_label = "fraction of nodes removed",
                                      .y_label = y_label},
                             .y_kind = y_kind,
                             .x_range = RANGE_EMPTY,
                             .y_range = y_kind == SCALE_LOG ? shown_errors(series, n_series) : RANGE_EMPTY,
                             .series = series,
                             .n_series = n_series};
  wlaw_html_figure_open(out, "", heading);
  wlaw_chart_plane(out, &chart);
  wlaw_html_caption(out, caption);
  wlaw_html_figure_close(out);
}

static void table(text_buffer *out, const double *values, size_t n) {
  static const char *const columns[] = {"nodes removed", "accuracy", "relative output error", "theory", "bound"};
  wlaw_html_table_open(out, true, "Pruned networks", columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < n; i++) {
    wlaw_html_row_open(out, wlaw_number_percent_fixed(values[FRACTION * n + i], 1).s);
    wlaw_html_cell(out, wlaw_number_error(values[ACCURACY * n + i], values[SE_ACCURACY * n + i]).s);
    wlaw_html_cell(out, wlaw_number_error(values[ERROR * n + i], values[SE_ERROR * n + i]).s);
    wlaw_html_cell(out, wlaw_number(values[SHARE * n + i], 3).s);
    wlaw_html_cell(out, wlaw_number(values[BOUND * n + i], 3).s);
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
}

/* Which nodes went: of which layers, by what. */
static void say_removed(text_buffer *intro, const json_t *document) {
  const json_t *layers = wlaw_document_list(document, "layers");
  const bool by_norm = strcmp(wlaw_document_text(document, "by"), "norm") == 0;
  wlaw_text_add(intro, "In hidden layer");
  for (size_t l = 0; l < json_array_size(layers); l++)
    wlaw_text_add(intro, "%s %s",
                  l                             ? ","
                  : json_array_size(layers) > 1 ? "s"
                                                : "",
                  wlaw_number_fixed(wlaw_read_number(json_array_get(layers, l), "hidden"), 0).s);
  wlaw_text_add(intro, " the nodes %s are removed.",
                by_norm ? "whose incoming weights have the smallest norm" : "with the smallest variances");
}

static void say_error(text_buffer *caption, const json_t *document, const double *values, size_t n) {
  const json_t *theory = json_object_get(json_array_get(wlaw_document_list(document, "pruned"), 0), "theory");
  const char *reason = wlaw_document_text(theory, "reason");
  bool drawn = false;
  for (size_t i = 0; i < n; i++) drawn |= isfinite(values[SHARE * n + i]) || isfinite(values[BOUND * n + i]);
  wlaw_text_add(caption, "Mean squared change of the outputs over their mean square, on test inputs");
  if (drawn)
    wlaw_text_add(
        caption,
        "; theory is of the law the networks were drawn from, before training. Errors below 10⁻⁸ are not shown.");
  else wlaw_text_add(caption, "%s%s.", *reason ? ". No theory: " : "", reason);
}

void wlaw_infinite_prune(text_buffer *out, const json_t *document) {
  double *values = NULL;
  const size_t n = read_columns(&values, out, document);
  if (n == 0) return;
  const double *x = values + FRACTION * n;
  const plane_series accuracy[] = {
      {.label = "unpruned", .x = x, .y = values + WHOLE * n, .n = n, .colour = 7, .dashed = true},
      {.label = "pruned", .x = x, .y = values + ACCURACY * n, .error = values + SE_ACCURACY * n, .n = n, .colour = 0}};
  const plane_series errors[] = {
      {.label = "measured", .x = x, .y = values + ERROR * n, .error = values + SE_ERROR * n, .n = n, .colour = 0},
      {.label = "theory", .x = x, .y = values + SHARE * n, .n = n, .colour = 1, .dashed = true},
      {.label = "bound", .x = x, .y = values + BOUND * n, .n = n, .colour = 3, .dashed = true}};
  text_buffer intro = {0}, caption = {0};
  say_removed(&intro, document);
  say_error(&caption, document, values, n);
  wlaw_html_section_open(out, "curves", "Accuracy and error", wlaw_text_string(&intro));
  wlaw_html_grid_open(out, "grid2");
  draw(out, "accuracy", "Accuracy of pruned networks", "test accuracy", SCALE_LINEAR, accuracy, 2,
       "Mean over the networks, with its standard error.");
  draw(out, "error", "Error of the outputs", "relative mean squared error (log scale)", SCALE_LOG, errors, 3,
       wlaw_text_string(&caption));
  wlaw_html_grid_close(out);
  table(out, values, n);
  wlaw_html_section_close(out);
  out->failed = out->failed || intro.failed || caption.failed;
  wlaw_text_free(&intro);
  wlaw_text_free(&caption);
  free(values);
}
