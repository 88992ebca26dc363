/* Section: histograms of single weights beside the normal density with the same mean and standard deviation. */
#include <math.h>
#include <stdio.h>

#include "report/chart.h"
#include "report/html.h"
#include "report/page.h"

bool wlaw_page_has_weights(const report_series *series) {
  for (size_t t = 0; t < series->n_tensors; t++)
    for (size_t e = 0; e < series->n_epochs; e++)
      if (series->tensors[t].points[e].histogram) return true;
  return false;
}

static void draw(text_buffer *out, const report_series *series, size_t t, size_t e) {
  const weight_histogram *h = series->tensors[t].points[e].histogram;
  char id[64], title[192], axis[64] = "density", note[3][72];
  const char *const notes[] = {note[0], note[1], note[2]};
  snprintf(id, sizeof id, "weights-%zu-%zu", t, e);
  snprintf(title, sizeof title, "Histogram of the weights of %s", wlaw_page_tensor_name(&series->tensors[t]).s);
  snprintf(note[0], sizeof note[0], "sd %s", wlaw_number(h->sd, 3).s);
  snprintf(note[1], sizeof note[1], "skewness %s", wlaw_number_fixed(h->skewness, 2).s);
  snprintf(note[2], sizeof note[2], "kurtosis %s", wlaw_number_fixed(h->kurtosis, 2).s);
  if (series->is_run) snprintf(axis, sizeof axis, "density at epoch %.0f", series->epochs[e]);
  const histogram_chart chart = {.head = {.id = id,
                                          .title = title,
                                          .description = "Density of the weights with a normal density over it.",
                                          .x_label = "weight",
                                          .y_label = axis,
                                          .height = 220},
                                 .low = h->low,
                                 .bin_width = h->bin_width,
                                 .counts = h->counts,
                                 .n = HISTOGRAM_BINS,
                                 .total = h->count,
                                 .mean = h->mean,
                                 .sd = h->sd,
                                 .notes = notes,
                                 .n_notes = 3,
                                 .colour = (unsigned)t};
  wlaw_chart_histogram(out, &chart);
}

static void tensor_rows(text_buffer *out, const report_series *series, const report_tensor *tensor) {
  for (size_t e = 0; e < series->n_epochs; e++) {
    const weight_histogram *h = tensor->points[e].histogram;
    if (!h) continue;
    const double numbers[] = {h->mean, h->sd, h->skewness, h->kurtosis, h->least, h->largest};
    wlaw_html_row_open(out, wlaw_page_tensor_name(tensor).s);
    wlaw_html_cell(out, wlaw_number_fixed(series->epochs[e], 0).s);
    wlaw_html_cell(out, wlaw_number_fixed(h->count, 0).s);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) wlaw_html_cell(out, wlaw_number(numbers[i], 4).s);
    wlaw_html_cell(out, wlaw_number_fixed(h->below + h->above, 0).s);
    wlaw_html_cell(out, wlaw_number_fixed(h->nonfinite, 0).s);
    wlaw_html_row_close(out);
  }
}

static void table(text_buffer *out, const report_series *series) {
  static const char *const columns[] = {"matrix",   "epoch", "weights", "mean",         "sd",        "skewness",
                                        "kurtosis", "least", "largest", "outside plot", "not finite"};
  wlaw_html_table_open(out, false, "Numbers", columns, sizeof columns / sizeof *columns);
  for (size_t t = 0; t < series->n_tensors; t++) tensor_rows(out, series, &series->tensors[t]);
  wlaw_html_table_close(out);
}

static void tensor_figure(text_buffer *out, const report_series *series, size_t t) {
  wlaw_html_figure_open(out, "wide", wlaw_page_tensor_label(&series->tensors[t]).s);
  wlaw_html_grid_open(out, "grid3");
  for (size_t e = 0; e < series->n_epochs; e++)
    if (series->tensors[t].points[e].histogram) draw(out, series, t, e);
  wlaw_html_grid_close(out);
  char caption[240];
  snprintf(caption, sizeof caption,
           "Bars are the weights%s, the line is the normal density with their mean and standard "
           "deviation.%s",
           series->is_run ? " at the first, the middle and the last snapshot" : "",
           wlaw_report_no_diagonal(wlaw_series_own_law(&series->tensors[t], series->n_epochs))
               ? " The diagonal, zero in these matrices, is left out."
               : "");
  wlaw_html_caption(out, caption);
  wlaw_html_figure_close(out);
}

void wlaw_page_weights(text_buffer *out, const report_series *series) {
  wlaw_html_section_open(out, "weights", "The weights themselves",
                         "All weights of a matrix over all networks that are fitted, against the normal density (line) "
                         "of the same mean and standard deviation. Bars above the line in the middle and at the edges "
                         "mean heavier tails than normal; a normal law has skewness 0 and kurtosis 3.");
  for (size_t t = 0; t < series->n_tensors; t++) tensor_figure(out, series, t);
  table(out, series);
  wlaw_html_section_close(out);
}
