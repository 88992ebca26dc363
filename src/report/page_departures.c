/* Section: the invariants that the fitted laws do not fit, observed and predicted: how many depart, how far, and the
 * furthest of them drawn. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "math/multiple.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/page.h"

bool wlaw_page_has_departures(const report_series *series) {
  for (size_t t = 0; t < series->n_tensors; t++)
    for (size_t e = 0; e < series->n_epochs; e++)
      if (wlaw_series_widest(&series->tensors[t], e) >= 0) return true;
  return false;
}

static const unsigned law_colours[REPORT_LAWS] = {7, 0, 1, 1, 1, 1, 1};

/* The summaries of a tensor: of law k at epoch e at [k * n_epochs + e]; tested is 0 where there is none. */
static departure_summary *summarise(const report_series *series, const report_tensor *tensor) {
  const size_t n = series->n_epochs;
  departure_summary *all = wlaw_array(REPORT_LAWS * n, sizeof *all);
  for (size_t i = 0; all && i < REPORT_LAWS * n; i++) {
    const departure *departures = tensor->points[i % n].departures[i / n];
    if (wlaw_departure_summarise(&all[i], departures, departures ? tensor->n_graphs : 0, NULL) == WLAW_OK) continue;
    free(all);
    return NULL;
  }
  return all;
}

static bool has_law(const departure_summary *all, size_t n_epochs, int k) {
  for (size_t e = 0; e < n_epochs; e++)
    if (all[(size_t)k * n_epochs + e].tested > 0) return true;
  return false;
}

/* ---- charts along training */

typedef struct departure_panel {
  const char *id, *heading, *axis, *caption;
  deviation_unit unit;
  bool maxima; /* draw the largest under each law, too */
} departure_panel;

static const departure_panel panels[] = {
    {"errors", "In standard errors", "|observed \xe2\x88\x92 predicted| / standard error (log scale)",
     "Is there a departure at all? Lines: the largest under each law. Bands: all invariants under the widest law, 5 to "
     "95\xc2\xa0% and the middle half, with their median. Dotted: beyond it an invariant departs, allowing for the "
     "number looked at (Holm, 5\xc2\xa0%). Grows with the number of networks.",
     IN_ERRORS, true},
    {"sds", "In standard deviations", "|observed \xe2\x88\x92 predicted| / sd over networks (log scale)",
     "How far is the average network from the prediction, beside how networks differ? Lines and bands as before. Does "
     "not depend on the number of networks; for weights of one kind it grows with the size of the matrix, so it cannot "
     "compare widths.",
     IN_SDS, true},
    {"relative", "Relative", "|observed / predicted \xe2\x88\x92 1| (log scale)",
     "How wrong is the prediction, of its own size? Bands and median as before; no largest, for some predictions are "
     "next to 0.",
     RELATIVE, false},
};

/* |z| whose two-sided p-value is 5 % over the number tested. */
static double threshold(size_t tested) {
  double low = 0, high = 40;
  for (int i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (wlaw_normal_two_sided(middle) * (double)tested > 0.05) low = middle;
    else high = middle;
  }
  return tested > 0 ? high : NAN;
}

enum { PANEL_ROWS = REPORT_LAWS + QUANTILES + 1 };

/* numbers: [PANEL_ROWS, n_epochs]: largest under each law, quantiles under the widest, threshold. */
static void fill_panel(double *numbers, const departure_summary *all, size_t n, int widest,
                       const departure_panel *panel) {
  for (size_t e = 0; e < n; e++) {
    for (size_t k = 0; k < REPORT_LAWS; k++) {
      const departure_summary *summary = &all[k * n + e];
      numbers[k * n + e] = summary->tested > 0 ? summary->sizes[panel->unit].most : NAN;
    }
    const departure_summary *summary = &all[(size_t)widest * n + e];
    for (size_t q = 0; q < QUANTILES; q++) numbers[(REPORT_LAWS + q) * n + e] = summary->sizes[panel->unit].quantile[q];
    numbers[(PANEL_ROWS - 1) * n + e] = threshold(summary->tested);
  }
}

static void panel_chart(text_buffer *out, const report_series *series, size_t t, const departure_summary *all,
                        int widest, const double *numbers, const departure_panel *panel) {
  const size_t n = series->n_epochs;
  const double *quantile = numbers + REPORT_LAWS * n;
  const unsigned colour = law_colours[widest];
  chart_line lines[REPORT_LAWS + 2];
  size_t n_lines = 0;
  lines[n_lines++] = (chart_line){.label = "median", .y = quantile + QUANTILE_50 * n, .colour = colour, .plain = true};
  for (int k = 0; panel->maxima && k <= widest; k++)
    if (has_law(all, n, k))
      lines[n_lines++] = (chart_line){
          .label = wlaw_report_law_name((report_law)k), .y = numbers + (size_t)k * n, .colour = law_colours[k]};
  if (panel->unit == IN_ERRORS)
    lines[n_lines++] =
        (chart_line){.label = "Holm", .y = numbers + (PANEL_ROWS - 1) * n, .colour = 2, .dashed = true, .plain = true};
  const chart_band bands[] = {
      {quantile + QUANTILE_5 * n, quantile + QUANTILE_95 * n, NULL, "95 %", colour, false},
      {quantile + QUANTILE_25 * n, quantile + QUANTILE_75 * n, NULL, NULL, colour, true},
  };
  char id[48];
  snprintf(id, sizeof id, "departures-%s-%zu", panel->id, t);
  const line_chart chart = {.head = {.id = id,
                                     .title = panel->heading,
                                     .description = "Sizes of departures over epochs.",
                                     .width = 520,
                                     .height = 290,
                                     .x_label = "epoch",
                                     .y_label = panel->axis},
                            .x = series->epochs,
                            .n = n,
                            .y_kind = SCALE_LOG,
                            .y_range = RANGE_EMPTY,
                            .lines = lines,
                            .n_lines = n_lines,
                            .bands = bands,
                            .n_bands = 2};
  wlaw_chart_line(out, &chart);
}

static void share_chart(text_buffer *out, const report_series *series, size_t t, const departure_summary *all,
                        int widest, double *shares) {
  const size_t n = series->n_epochs;
  chart_line lines[REPORT_LAWS];
  size_t n_lines = 0;
  char id[48];
  for (size_t k = 0; k <= (size_t)widest; k++) {
    if (!has_law(all, n, (int)k)) continue;
    for (size_t e = 0; e < n; e++)
      shares[k * n + e] = (double)all[k * n + e].beyond / (double)all[k * n + e].tested; /* 0 / 0: a gap */
    lines[n_lines++] =
        (chart_line){.label = wlaw_report_law_name((report_law)k), .y = shares + k * n, .colour = law_colours[k]};
  }
  snprintf(id, sizeof id, "departures-share-%zu", t);
  const line_chart chart = {.head = {.id = id,
                                     .title = "Share of invariants that depart",
                                     .description = "One line a law, over epochs.",
                                     .width = 520,
                                     .height = 290,
                                     .x_label = "epoch",
                                     .y_label = "share of the invariants not fitted"},
                            .x = series->epochs,
                            .n = n,
                            .y_range = {0, 0.1},
                            .lines = lines,
                            .n_lines = n_lines};
  wlaw_chart_line(out, &chart);
}

static void charts(text_buffer *out, const report_series *series, size_t t, const departure_summary *all, int widest) {
  double *numbers = wlaw_array(PANEL_ROWS * series->n_epochs + 1, sizeof *numbers);
  if (!numbers) {
    out->failed = true;
    return;
  }
  wlaw_html_grid_open(out, "grid2");
  for (size_t i = 0; i < sizeof panels / sizeof *panels; i++) {
    fill_panel(numbers, all, series->n_epochs, widest, &panels[i]);
    wlaw_html_figure_open(out, "", panels[i].heading);
    panel_chart(out, series, t, all, widest, numbers, &panels[i]);
    wlaw_html_caption(out, panels[i].caption);
    wlaw_html_figure_close(out);
  }
  wlaw_html_figure_open(out, "", "How many depart");
  share_chart(out, series, t, all, widest, numbers);
  wlaw_html_caption(out,
                    "Share of the invariants that the law does not fit whose p-value is below 5\xc2\xa0% when adjusted "
                    "for their number (Holm). Under a law that holds it is 0, up to one invariant in one look of "
                    "twenty.");
  wlaw_html_figure_close(out);
  wlaw_html_grid_close(out);
  free(numbers);
}

static void summary_table(text_buffer *out, const report_series *series, const report_tensor *tensor,
                          const departure_summary *all) {
  static const char *const columns[] = {"law",     "epoch",      "not fitted",     "depart",        "largest |z|",
                                        "of",      "median |z|", "largest, in sd", "median, in sd", "median relative",
                                        "global p"};
  const size_t n = series->n_epochs;
  wlaw_html_table_open(out, false, "Numbers: all laws", columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < REPORT_LAWS * n; i++) {
    const departure_summary *summary = &all[i];
    char formula[64] = "";
    if (summary->tested == 0) continue;
    wlaw_graph_formula(formula, sizeof formula, &tensor->graphs[summary->worst]);
    const double sizes[] = {summary->sizes[IN_ERRORS].quantile[QUANTILE_50], summary->sizes[IN_SDS].most,
                            summary->sizes[IN_SDS].quantile[QUANTILE_50],
                            summary->sizes[RELATIVE].quantile[QUANTILE_50]};
    wlaw_html_row_open(out, wlaw_report_law_name((report_law)(i / n)));
    wlaw_html_cell(out, wlaw_number_fixed(series->epochs[i % n], 0).s);
    wlaw_html_cell(out, wlaw_number_fixed((double)summary->tested, 0).s);
    wlaw_html_cell(out, wlaw_number_fixed((double)summary->beyond, 0).s);
    wlaw_html_cell(out, wlaw_number(summary->sizes[IN_ERRORS].most, 3).s);
    wlaw_html_cell(out, formula);
    for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) wlaw_html_cell(out, wlaw_number(sizes[j], 3).s);
    wlaw_html_cell(out, wlaw_number_p(tensor->points[i % n].global_p[i / n]).s);
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
}

static void tensor_part(text_buffer *out, const report_series *series, size_t t) {
  const report_tensor *tensor = &series->tensors[t];
  size_t e = series->n_epochs; /* the last epoch with departures */
  while (e > 0 && wlaw_series_widest(tensor, e - 1) < 0) e--;
  if (e == 0) return;
  departure_summary *all = summarise(series, tensor);
  if (!all) {
    out->failed = true;
    return;
  }
  wlaw_html_heading(out, wlaw_page_tensor_label(tensor).s);
  if (tensor->is_first || tensor->is_last)
    wlaw_html_paragraph(out, "small",
                        tensor->is_first ? "First matrix: its columns are inputs, which have names. The law is that of "
                                           "the matrix with its columns shuffled, and departures say, too, how inputs "
                                           "differ; standard errors under the law are too small."
                                         : "Last matrix: its rows are classes, which have names. The law is that of "
                                           "the matrix with its rows shuffled, and departures say, too, how classes "
                                           "differ; standard errors under the law are too small.");
  if (series->n_epochs > 1) charts(out, series, t, all, wlaw_series_widest(tensor, e - 1));
  summary_table(out, series, tensor, all);
  wlaw_page_graphs(out, series, t, e - 1);
  free(all);
}

void wlaw_page_departures(text_buffer *out, const report_series *series) {
  wlaw_html_section_open(
      out, "departures", "What the laws miss",
      "A Gaussian law of the weights predicts the average of every polynomial invariant: a sum over all indices of "
      "products of entries, drawn as a graph with an arrow from i to j for each factor M_ij. A law is fitted to some "
      "of those of degree 1 and 2; all others, to degree 4, test it.");
  wlaw_html_paragraph(
      out, "intro",
      "A departure, observed minus predicted, comes in three units, which answer different questions: standard errors "
      "(of the difference, for a law fitted to the same networks), standard deviations (over networks), and relative "
      "(to the prediction).");
  for (size_t t = 0; t < series->n_tensors; t++) tensor_part(out, series, t);
  wlaw_html_section_close(out);
}
