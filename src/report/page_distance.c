/* Section: how far each matrix's law has moved from the initial law, and which of its blocks moved. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/page.h"

bool wlaw_page_has_distance(const report_series *series) {
  for (size_t t = 0; t < series->n_tensors; t++)
    for (size_t e = 0; e < series->n_epochs; e++)
      if (series->tensors[t].points[e].distance.present) return true;
  return false;
}

/* A block's colour is the same in every chart and near for corresponding blocks of different laws. */
static unsigned block_colour(const char *name) {
  static const struct {
    const char *name;
    unsigned colour;
  } table[] = {{"mean", 7}, {"V0", 4}, {"s0", 4},      {"VH", 0},      {"rows", 0},
               {"V2", 2},   {"V3", 3}, {"columns", 5}, {"entries", 2}, {"variance", 2}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcmp(name, table[i].name) == 0) return table[i].colour;
  return 6;
}

typedef struct distance_columns {
  double *value, *error, *floor; /* [n_tensors * n_epochs] each */
} distance_columns;

static void overview(text_buffer *out, const report_series *series, const distance_columns *columns, bool squared) {
  const size_t n = series->n_epochs, shown = series->n_tensors < CHART_COLOURS ? series->n_tensors : CHART_COLOURS;
  chart_line lines[2 * CHART_COLOURS];
  tensor_label labels[CHART_COLOURS];
  for (size_t t = 0; t < shown; t++) {
    labels[t] = wlaw_page_tensor_name(&series->tensors[t]);
    const unsigned colour = (unsigned)t;
    lines[shown + t] = (chart_line){
        .label = labels[t].s, .y = columns->value + t * n, .error = columns->error + t * n, .colour = colour};
    lines[t] = (chart_line){.label = t == 0 ? "noise floor" : NULL,
                            .y = columns->floor + t * n,
                            .colour = colour,
                            .dashed = true,
                            .plain = true};
  }
  const line_chart chart = {
      .head = {.id = squared ? "w2-squared" : "w2",
               .width = 520,
               .height = 310,
               .title = squared ? "Squared Wasserstein distance to the initial law" : "Wasserstein distance",
               .description = "One line for each matrix, over epochs.",
               .x_label = "epoch",
               .y_label = squared ? "W\xe2\x82\x82\xc2\xb2 (weight units squared, log scale)"
                                  : "W\xe2\x82\x82 (weight units)"},
      .x = series->epochs,
      .n = n,
      .y_kind = squared ? SCALE_LOG : SCALE_LINEAR,
      .y_range = squared ? RANGE_EMPTY : (data_range){0, 0},
      .lines = lines,
      .n_lines = 2 * shown};
  wlaw_html_figure_open(
      out, "",
      squared ? "W\xe2\x82\x82\xc2\xb2 to the initial law, with its noise floor" : "W\xe2\x82\x82 to the initial law");
  wlaw_chart_line(out, &chart);
  wlaw_html_caption(out, squared
                             ? "A point on its dotted floor is no further away than the fit's own noise puts it; "
                               "bars are one standard error of W\xe2\x82\x82\xc2\xb2, a sum over all weights of the "
                               "matrix."
                             : "The same distance before squaring, on a linear scale; W\xe2\x82\x82 and "
                               "W\xe2\x82\x82\xc2\xb2 are different numbers, tables name which they hold.");
  wlaw_html_figure_close(out);
}

static void overviews(text_buffer *out, const report_series *series) {
  const size_t n = series->n_epochs, all = series->n_tensors * n;
  double *numbers = wlaw_array(3 * (all + 1), sizeof *numbers);
  if (!numbers) {
    out->failed = true;
    return;
  }
  const distance_columns columns = {numbers, numbers + all, numbers + 2 * all};
  for (int squared = 1; squared >= 0; squared--) {
    for (size_t i = 0; i < all; i++) {
      const law_distance *distance = &series->tensors[i / n].points[i % n].distance;
      /* d(W2) = d(W2^2) / (2 W2) */
      columns.value[i] = squared ? distance->squared : distance->wasserstein;
      columns.error[i] = squared ? distance->standard_error : distance->standard_error / (2 * distance->wasserstein);
      columns.floor[i] = squared ? distance->floor_squared : sqrt(distance->floor_squared);
    }
    overview(out, series, &columns, squared);
  }
  free(numbers);
}

static void blocks_table(text_buffer *out, const report_series *series, const report_tensor *tensor) {
  static const char *const fixed[] = {"epoch",    "W\xe2\x82\x82", "W\xe2\x82\x82\xc2\xb2", "noise floor",
                                      "debiased", "std. error",    "KL to initial",         "KL from initial"};
  enum { FIXED = sizeof fixed / sizeof *fixed };
  const char *columns[FIXED + REPORT_BLOCKS_MOST];
  for (size_t i = 0; i < FIXED; i++) columns[i] = fixed[i];
  for (size_t b = 0; b < tensor->n_blocks; b++) columns[FIXED + b] = tensor->blocks[b];
  wlaw_html_table_open(out, false, "Numbers", columns, FIXED + tensor->n_blocks);
  for (size_t e = 0; e < series->n_epochs; e++) {
    const law_distance *d = &tensor->points[e].distance;
    const double numbers[] = {d->wasserstein,    d->squared, d->floor_squared, d->debiased_squared,
                              d->standard_error, d->kl_ab,   d->kl_ba};
    wlaw_html_row_open(out, wlaw_number_fixed(series->epochs[e], 0).s);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) wlaw_html_cell(out, wlaw_number(numbers[i], 3).s);
    for (size_t b = 0; b < tensor->n_blocks; b++) wlaw_html_cell(out, wlaw_number_percent(d->share[b]).s);
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
}

/* Not told apart from noise: the debiased value is within two standard errors of 0. */
static bool is_noise(const law_distance *distance) {
  if (isfinite(distance->debiased_squared) && distance->standard_error > 0)
    return distance->debiased_squared < 2 * distance->standard_error;
  return !(distance->squared > 2 * distance->floor_squared);
}

static void blocks_chart(text_buffer *out, const report_series *series, size_t t, double *values, bool *faint) {
  const report_tensor *tensor = &series->tensors[t];
  const size_t n = series->n_epochs;
  const char *labels[REPORT_BLOCKS_MOST];
  unsigned colours[REPORT_BLOCKS_MOST];
  for (size_t b = 0; b < tensor->n_blocks; b++) {
    labels[b] = tensor->blocks[b];
    colours[b] = block_colour(tensor->blocks[b]);
    for (size_t e = 0; e < n; e++) values[b * n + e] = tensor->points[e].distance.share[b];
  }
  for (size_t e = 0; e < n; e++) faint[e] = is_noise(&tensor->points[e].distance);
  char id[32];
  snprintf(id, sizeof id, "blocks-%zu", t);
  const tensor_label name = wlaw_page_tensor_label(tensor);
  const stack_chart chart = {.head = {.id = id,
                                      .title = name.s,
                                      .description = "Share of each block of parameters in the squared distance.",
                                      .width = 520,
                                      .height = 250,
                                      .x_label = "epoch",
                                      .y_label = "share of W\xe2\x82\x82\xc2\xb2"},
                             .x = series->epochs,
                             .n = n,
                             .labels = labels,
                             .values = values,
                             .colours = colours,
                             .n_parts = tensor->n_blocks,
                             .faint = faint,
                             .shares = true};
  wlaw_chart_stack(out, &chart);
}

static void blocks(text_buffer *out, const report_series *series, size_t t) {
  const report_tensor *tensor = &series->tensors[t];
  double *values = wlaw_array(tensor->n_blocks * series->n_epochs + 1, sizeof *values);
  bool *faint = wlaw_array(series->n_epochs + 1, sizeof *faint);
  if (values && faint) {
    wlaw_html_figure_open(out, "", wlaw_page_tensor_label(tensor).s);
    blocks_chart(out, series, t, values, faint);
    wlaw_html_caption(out,
                      "Each bar splits the squared distance of one epoch into the blocks of the law; a faded bar "
                      "is a distance that noise alone can make.");
    blocks_table(out, series, tensor);
    wlaw_html_figure_close(out);
  } else out->failed = true;
  free(values);
  free(faint);
}

void wlaw_page_distance(text_buffer *out, const report_series *series) {
  wlaw_html_section_open(
      out, "distance", "Distance to initialisation",
      "How far the fitted law of each matrix is from the law its weights were drawn from, as Wasserstein distance "
      "between the two Gaussian laws. A fit of finitely many networks is never at distance 0: the noise floor is what "
      "W\xe2\x82\x82\xc2\xb2 would be on average had nothing moved.");
  wlaw_html_grid_open(out, "grid2");
  overviews(out, series);
  wlaw_html_grid_close(out);
  wlaw_html_heading(out, "What moved");
  wlaw_html_paragraph(out, "intro",
                      "mean: the average matrix. V0 (s0): the matrix total, and in V0 the trace. VH (rows, columns): "
                      "row sums, column sums, and in VH the diagonal. V2 and V3 (entries): what single entries do by "
                      "themselves, symmetric and antisymmetric part.");
  wlaw_html_grid_open(out, wlaw_page_grid(series->n_tensors));
  for (size_t t = 0; t < series->n_tensors; t++)
    if (series->tensors[t].n_blocks > 0) blocks(out, series, t);
  wlaw_html_grid_close(out);
  wlaw_html_section_close(out);
}
