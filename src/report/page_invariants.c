/* Section: the 13 linear and quadratic invariants through training: how surely and how far they leave the law the
 * weights were drawn from. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/page.h"

bool wlaw_page_has_invariants(const report_series *series) {
  for (size_t t = 0; t < series->n_tensors; t++)
    if (series->tensors[t].invariants_against != INVARIANTS_NONE && series->n_epochs > 1) return true;
  return false;
}

/* ---- deviations in standard errors: one strip a matrix */

typedef struct cell_text {
  char text[64], note[192];
} cell_text;

enum { STEPS = 6 };
static const double limits[STEPS - 1] = {2, 3.5, 10, 30, 100};
static const char *const classes[STEPS] = {"h0", "h1", "h2", "h3", "h4", "h5"};

static const char *const step_words[STEPS] = {"less than 2", "2 or more", "3.5 or more", "10", "30", "100"};

static strip_cell deviation_cell(cell_text *text, const report_series *series, const invariant_change *here, size_t e) {
  const double z = here->deviation_se;
  size_t step = 0;
  if (!isfinite(z)) return (strip_cell){"none", NULL, NULL, NULL, "not determined"};
  for (size_t i = 0; i + 1 < STEPS; i++) step += fabs(z) >= limits[i];
  snprintf(text->text, sizeof text->text, "%s%s", z > 0 ? "+" : "", wlaw_number_fixed(z, fabs(z) < 9.95 ? 1 : 0).s);
  snprintf(text->note, sizeof text->note, "epoch %.0f: mean %s", series->epochs[e], wlaw_number(here->mean, 3).s);
  return (strip_cell){classes[step], text->text, z > 0 ? "+" : "\xe2\x88\x92", NULL, text->note};
}

static void draw_strip(text_buffer *out, const report_series *series, size_t t, strip_cell *cells, cell_text *texts) {
  const size_t n = series->n_epochs;
  char id[32];
  for (size_t k = 0; k < REPORT_INVARIANTS; k++)
    for (size_t e = 0; e < n; e++)
      cells[k * n + e] = deviation_cell(&texts[k * n + e], series, &series->tensors[t].points[e].invariants[k], e);
  snprintf(id, sizeof id, "invariants-%zu", t);
  const strip_chart chart = {.head = {.id = id,
                                      .title = "Deviations from initialisation in standard errors",
                                      .description = "One row an invariant, one cell an epoch.",
                                      .width = 1080,
                                      .x_label = "epoch"},
                             .x = series->epochs,
                             .n_columns = n,
                             .rows = wlaw_report_invariants,
                             .n_rows = REPORT_INVARIANTS,
                             .row_height = 25,
                             .cells = cells};
  wlaw_html_grid_open(out, "scroll");
  wlaw_chart_strip(out, &chart);
  wlaw_html_grid_close(out);
}

static void deviations(text_buffer *out, const report_series *series, size_t t) {
  const size_t cells = REPORT_INVARIANTS * series->n_epochs;
  strip_cell *strip = wlaw_array(cells + 1, sizeof *strip);
  cell_text *texts = wlaw_array(cells + 1, sizeof *texts);
  if (strip && texts) {
    wlaw_html_figure_open(out, "wide", "Deviation of the mean, in standard errors");
    wlaw_html_key_open(out);
    for (size_t i = 0; i < STEPS; i++) wlaw_html_key_item(out, classes[i], step_words[i]);
    wlaw_html_key_close(out);
    draw_strip(out, series, t, strip, texts);
    wlaw_html_caption(
        out, series->tensors[t].invariants_against == INVARIANTS_INITIAL_LAW
                 ? "Mean over networks minus the expectation under the initial law, over the standard deviation of "
                   "that mean under the initial law (exact: variances to the fourth moment of a weight). Were the "
                   "weights fresh draws, a cell would be within 2 nineteen times in twenty."
                 : "The initial law has no closed form here, so the reference is the first snapshot: the mean over "
                   "networks of each network's change, over the standard error of that mean.");
    wlaw_html_figure_close(out);
  } else out->failed = true;
  free(strip);
  free(texts);
}

/* ---- relative changes: invariants of like meaning together */

typedef struct change_panel {
  const char *id, *heading, *caption;
  size_t invariants[5], n;
} change_panel;

static const change_panel panels[] = {
    {"totals",
     "Relative change: totals",
     "Total s and trace t of the matrix, and their products.",
     {0, 1, 9, 11, 12},
     5},
    {"nodes",
     "Relative change: row and column sums",
     "Row sums r, column sums c and diagonal d, multiplied index by index.",
     {4, 5, 6, 7, 8},
     5},
    {"entries", "Relative change: entries", "Squares of entries, entry times mirror image, diagonal.", {2, 3, 10}, 3},
};

static void change_chart(text_buffer *out, const report_series *series, size_t t, const change_panel *panel,
                         double *numbers) {
  const size_t n = series->n_epochs;
  chart_line lines[5];
  char id[48], labels[5][8];
  for (size_t i = 0; i < panel->n; i++) {
    double *value = numbers + 2 * i * n, *error = value + n;
    for (size_t e = 0; e < n; e++) {
      const invariant_change *change = &series->tensors[t].points[e].invariants[panel->invariants[i]];
      value[e] = change->relative;
      error[e] = 2 * change->relative_error;
    }
    snprintf(labels[i], sizeof labels[i], "I%zu", panel->invariants[i] + 1);
    lines[i] = (chart_line){.label = labels[i], .y = value, .error = error, .colour = (unsigned)i};
  }
  snprintf(id, sizeof id, "change-%s-%zu", panel->id, t);
  const line_chart chart = {.head = {.id = id,
                                     .title = panel->heading,
                                     .description = "Relative changes over epochs.",
                                     .x_label = "epoch",
                                     .y_label = "relative change"},
                            .x = series->epochs,
                            .n = n,
                            .y_range = {0, 0},
                            .lines = lines,
                            .n_lines = panel->n};
  wlaw_chart_line(out, &chart);
}

static void change(text_buffer *out, const report_series *series, size_t t, const change_panel *panel) {
  double *numbers = wlaw_array(2 * 5 * (series->n_epochs + 1), sizeof *numbers);
  if (!numbers) {
    out->failed = true;
    return;
  }
  wlaw_html_figure_open(out, "", panel->heading);
  change_chart(out, series, t, panel, numbers);
  wlaw_html_caption(out, panel->caption);
  wlaw_html_figure_close(out);
  free(numbers);
}

static void table(text_buffer *out, const report_series *series, const report_tensor *tensor) {
  static const char *const columns[] = {"invariant",        "epoch",           "mean over networks",
                                        "sd over networks", "reference: mean", "sd of one network",
                                        "in std. errors",   "relative change"};
  wlaw_html_table_open(out, false, "Numbers: the 13 invariants", columns, sizeof columns / sizeof *columns);
  for (size_t k = 0; k < REPORT_INVARIANTS; k++)
    for (size_t e = 0; e < series->n_epochs; e++) {
      const invariant_change *change = &tensor->points[e].invariants[k];
      const double numbers[] = {change->mean, change->sd, tensor->initial_mean[k], tensor->initial_sd[k],
                                change->deviation_se};
      wlaw_html_row_open(out, wlaw_report_invariants[k]);
      wlaw_html_cell(out, wlaw_number_fixed(series->epochs[e], 0).s);
      for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) wlaw_html_cell(out, wlaw_number(numbers[i], 4).s);
      wlaw_html_cell(out, wlaw_number_error(change->relative, change->relative_error).s);
      wlaw_html_row_close(out);
    }
  wlaw_html_table_close(out);
}

void wlaw_page_invariants(text_buffer *out, const report_series *series) {
  wlaw_html_section_open(
      out, "invariants", "Invariants since initialisation",
      "The 13 linear and quadratic invariants of a square matrix under relabelling of its nodes, in the order of the "
      "literature: all that the 13-parameter law knows of the weights. s is the sum of all entries, t the trace; r, c "
      "and d are row sums, column sums and diagonal.");
  wlaw_html_paragraph(
      out, "intro",
      "Two scales. In standard errors: is there a change at all? That grows with the number of networks. Relative "
      "change: how large is it? The mean over networks of the change since the first snapshot, network by network "
      "(paired), over the invariant's initial expectation; for t and s, which start at 0 on average, over their "
      "initial standard deviation. Bars reach two standard errors either side, from the spread over networks.");
  for (size_t t = 0; t < series->n_tensors; t++) {
    if (series->tensors[t].invariants_against == INVARIANTS_NONE) continue;
    wlaw_html_heading(out, wlaw_page_tensor_label(&series->tensors[t]).s);
    deviations(out, series, t);
    wlaw_html_grid_open(out, "grid3");
    for (size_t i = 0; i < sizeof panels / sizeof *panels; i++) change(out, series, t, &panels[i]);
    wlaw_html_grid_close(out);
    table(out, series, &series->tensors[t]);
  }
  wlaw_html_section_close(out);
}
