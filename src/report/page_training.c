/* Section: accuracy and loss over epochs, with their spread over the networks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/page.h"

typedef struct metric_words {
  const char *id, *heading, *axis, *description;
} metric_words;

static const metric_words words[REPORT_METRICS] = {
    {"accuracy", "Test accuracy", "fraction of test samples right", "Quantiles over networks of the test accuracy."},
    {"test-loss", "Test loss", "mean loss on the test set", "Quantiles over networks of the test loss."},
    {"train-loss", "Training loss", "mean loss over the epoch's batches",
     "Quantiles over networks of the training loss."},
};

static const char *const quantile_names[QUANTILES] = {"5 %", "25 %", "median", "75 %", "95 %"};

static bool metric_known(const report_metrics *metrics, report_metric m) {
  for (size_t e = 0; e < metrics->n; e++)
    if (isfinite(metrics->spread[m][e].quantile[QUANTILE_50])) return true;
  return metrics->n_dead[m] > 0;
}

bool wlaw_page_has_training(const report_series *series) {
  for (int m = 0; series->metrics && m < REPORT_METRICS; m++)
    if (metric_known(series->metrics, (report_metric)m)) return true;
  return false;
}

static void table(text_buffer *out, const report_metrics *metrics, report_metric m) {
  const char *const columns[] = {"epoch", "mean", "5 %", "25 %", "median", "75 %", "95 %", "constant", "not finite"};
  wlaw_html_table_open(out, false, "Numbers", columns, sizeof columns / sizeof *columns);
  for (size_t e = 0; e < metrics->n; e++) {
    const metric_spread *spread = &metrics->spread[m][e];
    wlaw_html_row_open(out, wlaw_number_fixed(metrics->epochs[e], 0).s);
    wlaw_html_cell(out, wlaw_number(spread->mean, 4).s);
    for (int q = 0; q < QUANTILES; q++) wlaw_html_cell(out, wlaw_number(spread->quantile[q], 4).s);
    wlaw_html_cell(out, wlaw_number_fixed(metrics->constant[e], 0).s);
    wlaw_html_cell(out, wlaw_number_fixed(metrics->nonfinite[e], 0).s);
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
}

typedef struct mark_note {
  char s[128];
} mark_note;

static chart_mark *make_marks(mark_note *notes, const report_metrics *metrics, report_metric m) {
  const size_t n = metrics->n_dead[m];
  chart_mark *marks = wlaw_array(n, sizeof *marks);
  for (size_t i = 0; marks && i < n; i++) {
    const dead_mark *dead = &metrics->dead[m][i];
    snprintf(notes[i].s, sizeof notes[i].s, "epoch %.0f: %zu dead at %s", dead->epoch, dead->networks,
             wlaw_number(dead->value, 3).s);
    marks[i] = (chart_mark){dead->epoch, dead->value, notes[i].s};
  }
  return marks;
}

static void draw(text_buffer *out, const report_metrics *metrics, report_metric m, double *quantile,
                 const chart_mark *marks) {
  const size_t n = metrics->n;
  for (int q = 0; q < QUANTILES; q++)
    for (size_t e = 0; e < n; e++) quantile[(size_t)q * n + e] = metrics->spread[m][e].quantile[q];
  const double *at[QUANTILES];
  for (int q = 0; q < QUANTILES; q++) at[q] = quantile + (size_t)q * n;
  const chart_band bands[] = {
      {at[QUANTILE_5], at[QUANTILE_95], quantile_names[QUANTILE_5], quantile_names[QUANTILE_95], 0, false},
      {at[QUANTILE_25], at[QUANTILE_75], quantile_names[QUANTILE_25], quantile_names[QUANTILE_75], 0, true},
  };
  const chart_line median = {.label = quantile_names[QUANTILE_50], .y = at[QUANTILE_50]};
  const line_chart chart = {.head = {.id = words[m].id,
                                     .title = words[m].heading,
                                     .description = words[m].description,
                                     .width = 520,
                                     .height = 290,
                                     .x_label = "epoch",
                                     .y_label = words[m].axis},
                            .x = metrics->epochs,
                            .n = n,
                            .y_range = RANGE_EMPTY,
                            .lines = &median,
                            .n_lines = 1,
                            .bands = bands,
                            .n_bands = 2,
                            .marks = marks,
                            .n_marks = metrics->n_dead[m]};
  wlaw_chart_line(out, &chart);
}

static void figure(text_buffer *out, const report_metrics *metrics, report_metric m) {
  double *quantile = wlaw_array(QUANTILES * (metrics->n + 1), sizeof *quantile);
  mark_note *notes = wlaw_array(metrics->n_dead[m], sizeof *notes);
  chart_mark *marks = notes ? make_marks(notes, metrics, m) : NULL;
  if (quantile && marks) {
    wlaw_html_figure_open(out, "", words[m].heading);
    draw(out, metrics, m, quantile, marks);
    wlaw_html_caption(out,
                      metrics->n_dead[m]
                          ? "The line is the median network, the dark band the middle half, the light band 5 to "
                            "95\xc2\xa0% of the networks; each cross marks dead networks, which no line or band counts."
                          : "The line is the median network, the dark band the middle half of the networks, the "
                            "light band 5 to 95\xc2\xa0%.");
    table(out, metrics, m);
    wlaw_html_figure_close(out);
  } else out->failed = true;
  free(quantile);
  free(notes);
  free(marks);
}

enum { FINAL_BINS = 50 };

/* Ends of the axis: all accuracies, rounded outwards to twentieths. */
static data_range accuracy_range(const report_metrics *metrics) {
  data_range range = RANGE_EMPTY;
  for (size_t i = 0; i < metrics->n_final; i++) wlaw_range_add(&range, fmin(fmax(metrics->final_accuracy[i], 0), 1));
  if (wlaw_range_is_empty(&range)) return (data_range){0, 1};
  range.low = floor(20 * range.low) / 20;
  range.high = ceil(20 * range.high) / 20;
  if (!(range.high > range.low)) range = (data_range){range.low - 0.05, range.high + 0.05};
  return range;
}

/* Accuracies of single networks at the end: whether the mean hides a second group. */
static void final_accuracy(text_buffer *out, const report_metrics *metrics) {
  double counts[FINAL_BINS] = {0};
  char note[2][72];
  const char *const notes[] = {note[0], note[1]};
  const double last = metrics->epochs[metrics->n - 1];
  const data_range range = accuracy_range(metrics);
  const double width = (range.high - range.low) / FINAL_BINS;
  for (size_t i = 0; i < metrics->n_final; i++) {
    const double place = (metrics->final_accuracy[i] - range.low) / width;
    if (place >= 0 && place <= FINAL_BINS) counts[place < FINAL_BINS ? (size_t)place : FINAL_BINS - 1]++;
  }
  snprintf(note[0], sizeof note[0], "%zu networks", metrics->n_final);
  snprintf(note[1], sizeof note[1], "median %s",
           wlaw_number(metrics->spread[METRIC_ACCURACY][metrics->n - 1].quantile[QUANTILE_50], 4).s);
  char heading[64];
  snprintf(heading, sizeof heading, "Test accuracy of each network at epoch %.0f", last);
  const histogram_chart chart = {.head = {.id = "accuracy-last",
                                          .title = heading,
                                          .description = "Histogram over networks.",
                                          .width = 520,
                                          .height = 290,
                                          .x_label = "test accuracy",
                                          .y_label = "networks"},
                                 .low = range.low,
                                 .bin_width = width,
                                 .counts = counts,
                                 .n = FINAL_BINS,
                                 .mean = NAN,
                                 .sd = NAN,
                                 .total = 1 / width /* density times width: plain counts */,
                                 .notes = notes,
                                 .n_notes = 2};
  wlaw_html_figure_open(out, "", heading);
  wlaw_chart_histogram(out, &chart);
  char caption[200];
  snprintf(caption, sizeof caption,
           "Each bar counts all networks, dead ones too, whose accuracy falls in a step of %s; a bar far from the rest "
           "is a group of networks that did not learn.",
           wlaw_number(width, 2).s);
  wlaw_html_caption(out, caption);
  wlaw_html_figure_close(out);
}

void wlaw_page_training(text_buffer *out, const report_series *series) {
  const report_metrics *metrics = series->metrics;
  wlaw_html_section_open(out, "training", "Training",
                         "How the networks learn, and how far apart they are. Quantiles are over networks that are "
                         "not dead.");
  wlaw_html_grid_open(out, "grid2");
  if (metric_known(metrics, METRIC_ACCURACY)) figure(out, metrics, METRIC_ACCURACY);
  if (metrics->n_final > 0 && metrics->n > 0) final_accuracy(out, metrics);
  if (metric_known(metrics, METRIC_TEST_LOSS)) figure(out, metrics, METRIC_TEST_LOSS);
  if (metric_known(metrics, METRIC_TRAIN_LOSS)) figure(out, metrics, METRIC_TRAIN_LOSS);
  wlaw_html_grid_close(out);
  wlaw_html_section_close(out);
}
