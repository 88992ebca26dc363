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

/* One line a matrix, and a dotted one of the same colour. */
typedef struct overview_figure {
  const char *id, *heading, *y_label, *caption, *dotted_label;
  scale_kind y_kind;
  const double *value, *error, *dotted; /* [n_tensors * n_epochs] each; error NULL: none */
} overview_figure;

static void overview(text_buffer *out, const report_series *series, const overview_figure *figure) {
  const size_t n = series->n_epochs, shown = series->n_tensors < CHART_COLOURS ? series->n_tensors : CHART_COLOURS;
  chart_line lines[2 * CHART_COLOURS];
  tensor_label labels[CHART_COLOURS];
  for (size_t t = 0; t < shown; t++) {
    labels[t] = wlaw_page_tensor_name(&series->tensors[t]);
    const unsigned colour = (unsigned)t;
    lines[shown + t] = (chart_line){.label = labels[t].s,
                                    .y = figure->value + t * n,
                                    .error = figure->error ? figure->error + t * n : NULL,
                                    .colour = colour};
    lines[t] = (chart_line){.label = t == 0 ? figure->dotted_label : NULL,
                            .y = figure->dotted + t * n,
                            .colour = colour,
                            .dashed = true,
                            .plain = true};
  }
  const line_chart chart = {.head = {.id = figure->id,
                                     .width = 520,
                                     .height = 310,
                                     .title = figure->heading,
                                     .description = "One line for each matrix, over epochs.",
                                     .x_label = "epoch",
                                     .y_label = figure->y_label},
                            .x = series->epochs,
                            .n = n,
                            .y_kind = figure->y_kind,
                            .y_range = figure->y_kind == SCALE_LOG ? RANGE_EMPTY : (data_range){0, 0},
                            .lines = lines,
                            .n_lines = 2 * shown};
  wlaw_html_figure_open(out, "", figure->heading);
  wlaw_chart_line(out, &chart);
  wlaw_html_caption(out, figure->caption);
  wlaw_html_figure_close(out);
}

/* Both scales of a distance side by side. figures: W2 squared, W2; their columns are filled from numbers. */
static void overviews(text_buffer *out, const report_series *series, overview_figure figures[2], bool step) {
  const size_t n = series->n_epochs, all = series->n_tensors * n;
  double *numbers = wlaw_array(3 * (all + 1), sizeof *numbers);
  if (!numbers) {
    out->failed = true;
    return;
  }
  double *value = numbers, *error = numbers + all, *dotted = numbers + 2 * all;
  wlaw_html_grid_open(out, "grid2");
  for (int root = 0; root < 2; root++) {
    double path = 0;
    for (size_t i = 0; i < all; i++) {
      const tensor_point *point = &series->tensors[i / n].points[i % n];
      const law_distance *distance = step ? &point->step : &point->distance;
      /* d(W2) = d(W2^2) / (2 W2) */
      value[i] = root ? distance->wasserstein : distance->squared;
      error[i] = root ? distance->standard_error / (2 * distance->wasserstein) : distance->standard_error;
      dotted[i] = root ? sqrt(distance->floor_squared) : distance->floor_squared;
      if (!step) continue;
      path = i % n == 0 ? 0 : path + distance->wasserstein;
      value[i] = root ? path : distance->squared;
      dotted[i] = root ? point->distance.wasserstein : NAN;
    }
    figures[root].value = value;
    figures[root].error = step && root ? NULL : error;
    figures[root].dotted = dotted;
    overview(out, series, &figures[root]);
  }
  wlaw_html_grid_close(out);
  free(numbers);
}

#define W2         "W\xe2\x82\x82"
#define W2_SQUARED W2 "\xc2\xb2"

static void distances(text_buffer *out, const report_series *series) {
  overview_figure figures[] = {
      {.id = "w2-squared",
       .heading = W2_SQUARED " to the initial law, with its noise floor",
       .y_label = W2_SQUARED " (weight units squared, log scale)",
       .caption = "A point on its dotted floor is no further away than the fit's own noise puts it; bars are one "
                  "standard error of " W2_SQUARED ", a sum over all weights of the matrix.",
       .dotted_label = "noise floor",
       .y_kind = SCALE_LOG},
      {.id = "w2",
       .heading = W2 " to the initial law",
       .y_label = W2 " (weight units)",
       .caption = "The same distance before squaring, on a linear scale; " W2 " and " W2_SQUARED
                  " are different numbers, tables name which they hold.",
       .dotted_label = "noise floor"}};
  overviews(out, series, figures, false);
}

static void paths(text_buffer *out, const report_series *series) {
  overview_figure figures[] = {
      {.id = "step-squared",
       .heading = W2_SQUARED " from the snapshot before",
       .y_label = W2_SQUARED " of one step (log scale)",
       .caption = "How far the law moves between neighbouring snapshots. The same networks stand at both ends, so "
                  "most of the noise cancels; bars are one standard error.",
       .y_kind = SCALE_LOG},
      {.id = "path",
       .heading = "Length of the path",
       .y_label = "sum of " W2 " over steps",
       .caption = "The steps added up, beside the distance to the initial law (dotted): the closer the two, the "
                  "straighter the path.",
       .dotted_label = "distance"}};
  overviews(out, series, figures, true);
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

/* With the length of the path so far. */
static void steps_table(text_buffer *out, const report_series *series, const report_tensor *tensor) {
  static const char *const columns[] = {"to epoch", "W\xe2\x82\x82", "W\xe2\x82\x82\xc2\xb2",
                                        "debiased", "std. error",    "path so far, sum of W\xe2\x82\x82"};
  double path = 0;
  wlaw_html_table_open(out, false, "Numbers", columns, sizeof columns / sizeof *columns);
  for (size_t e = 1; e < series->n_epochs; e++) {
    const law_distance *step = &tensor->points[e].step;
    path += step->wasserstein;
    const double numbers[] = {step->wasserstein, step->squared, step->debiased_squared, step->standard_error, path};
    wlaw_html_row_open(out, wlaw_number_fixed(series->epochs[e], 0).s);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) wlaw_html_cell(out, wlaw_number(numbers[i], 3).s);
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
}

static bool has_steps(const report_series *series) {
  for (size_t t = 0; t < series->n_tensors; t++)
    for (size_t e = 1; e < series->n_epochs; e++)
      if (series->tensors[t].points[e].step.present) return true;
  return false;
}

static void blocks_chart(text_buffer *out, const report_series *series, size_t t, bool step, double *values,
                         bool *faint) {
  const report_tensor *tensor = &series->tensors[t];
  const size_t n = series->n_epochs - step;
  const char *labels[REPORT_BLOCKS_MOST];
  unsigned colours[REPORT_BLOCKS_MOST];
  for (size_t e = 0; e < n; e++) {
    const tensor_point *point = &tensor->points[e + step];
    const law_distance *distance = step ? &point->step : &point->distance;
    for (size_t b = 0; b < tensor->n_blocks; b++) values[b * n + e] = distance->share[b];
    faint[e] = is_noise(distance);
  }
  for (size_t b = 0; b < tensor->n_blocks; b++) {
    labels[b] = tensor->blocks[b];
    colours[b] = block_colour(tensor->blocks[b]);
  }
  char id[32];
  snprintf(id, sizeof id, "%s-%zu", step ? "steps" : "blocks", t);
  const tensor_label name = wlaw_page_tensor_label(tensor);
  const stack_chart chart = {.head = {.id = id,
                                      .title = name.s,
                                      .description = "Share of each block of parameters in the squared distance.",
                                      .width = 520,
                                      .height = 250,
                                      .x_label = step ? "epoch the step ends at" : "epoch",
                                      .y_label = step ? "share of the step's " W2_SQUARED : "share of " W2_SQUARED},
                             .x = series->epochs + step,
                             .n = n,
                             .labels = labels,
                             .values = values,
                             .colours = colours,
                             .n_parts = tensor->n_blocks,
                             .faint = faint,
                             .shares = true};
  wlaw_chart_stack(out, &chart);
}

static void blocks(text_buffer *out, const report_series *series, size_t t, bool step) {
  const report_tensor *tensor = &series->tensors[t];
  double *values = wlaw_array(tensor->n_blocks * series->n_epochs + 1, sizeof *values);
  bool *faint = wlaw_array(series->n_epochs + 1, sizeof *faint);
  if (values && faint) {
    wlaw_html_figure_open(out, "", wlaw_page_tensor_label(tensor).s);
    blocks_chart(out, series, t, step, values, faint);
    wlaw_html_caption(out, step ? "The same split for each step from the snapshot before."
                                : "Each bar splits the squared distance of one epoch into the blocks of the law; a "
                                  "faded bar is a distance that noise alone can make.");
    if (step) steps_table(out, series, tensor);
    else blocks_table(out, series, tensor);
    wlaw_html_figure_close(out);
  } else out->failed = true;
  free(values);
  free(faint);
}

static void all_blocks(text_buffer *out, const report_series *series, bool step) {
  wlaw_html_grid_open(out, wlaw_page_grid(series->n_tensors));
  for (size_t t = 0; t < series->n_tensors; t++)
    if (series->tensors[t].n_blocks > 0) blocks(out, series, t, step);
  wlaw_html_grid_close(out);
}

void wlaw_page_distance(text_buffer *out, const report_series *series) {
  wlaw_html_section_open(
      out, "distance", "Distance to initialisation",
      "How far the fitted law of each matrix is from the law its weights were drawn from, as Wasserstein distance "
      "between the two Gaussian laws. A fit of finitely many networks is never at distance 0: the noise floor is what "
      "W\xe2\x82\x82\xc2\xb2 would be on average had nothing moved.");
  distances(out, series);
  wlaw_html_heading(out, "What moved");
  wlaw_html_paragraph(out, "intro",
                      "mean: the average matrix. V0 (s0): the matrix total, and in V0 the trace. VH (rows, columns): "
                      "row sums, column sums, and in VH the diagonal. V2 and V3 (entries): what single entries do by "
                      "themselves, symmetric and antisymmetric part.");
  all_blocks(out, series, false);
  if (has_steps(series)) {
    wlaw_html_heading(out, "Step by step");
    paths(out, series);
    all_blocks(out, series, true);
  }
  wlaw_html_section_close(out);
}
