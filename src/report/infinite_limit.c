/* Sections of a limit: densities of outputs at finite and infinite width, joint samples, active nodes, pruning. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/chart.h"
#include "report/curve_list.h"
#include "report/document_page.h"
#include "report/html.h"
#include "report/read.h"

/* ---- numbers */

static void facts(text_buffer *out, const json_t *document) {
  static const char *const columns[] = {"layer",   "law", "becomes", "a", "jumps", "mean of \xce\xa3\xce\xbb",
                                        "variance"};
  const json_t *layers = wlaw_document_list(document, "layers");
  wlaw_html_table_open(out, true, "Hidden layers at infinite width", columns, sizeof columns / sizeof *columns);
  for (size_t l = 0; l < json_array_size(layers); l++) {
    const json_t *layer = json_array_get(layers, l), *levy = json_object_get(layer, "levy");
    const char *regime = wlaw_document_text(layer, "regime");
    wlaw_html_row_open(out, wlaw_number_fixed((double)(l + 1), 0).s);
    wlaw_html_cell(out, wlaw_document_text(layer, "law"));
    wlaw_html_cell(out, *regime == 'm' ? "a mixture of Gaussian processes" : "a Gaussian process");
    wlaw_html_cell(out, wlaw_number(wlaw_read_number(layer, "a"), 4).s);
    wlaw_html_cell(out, wlaw_document_text(levy, "kind"));
    wlaw_html_cell(out, wlaw_number(wlaw_read_number(levy, "mean"), 4).s);
    wlaw_html_cell(out, wlaw_number(wlaw_read_number(levy, "variance"), 4).s);
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
}

static void number_row(text_buffer *out, const json_t *document, const char *name, const char *key, const char *error) {
  char path[96], error_path[96];
  snprintf(path, sizeof path, "outputs.%s", key);
  wlaw_html_row_open(out, name);
  wlaw_html_cell(out, wlaw_number(wlaw_read_number(document, path), 5).s);
  snprintf(path, sizeof path, "draws.%s", key);
  snprintf(error_path, sizeof error_path, "draws.%s", error ? error : "none");
  wlaw_html_cell(out, wlaw_number_error(wlaw_read_number(document, path), wlaw_read_number(document, error_path)).s);
  wlaw_html_row_close(out);
}

static void outputs(text_buffer *out, const json_t *document) {
  static const char *const columns[] = {"output of one input", "in closed form", "in draws of the limit"};
  wlaw_html_table_open(out, true, "Law of the outputs", columns, sizeof columns / sizeof *columns);
  number_row(out, document, "mean square", "mean_square", NULL);
  number_row(out, document, "kurtosis", "kurtosis", "se_kurtosis");
  number_row(out, document, "correlation of squares", "square_correlation", "se_square_correlation");
  number_row(out, document, "probability of 0", "probability_zero", NULL);
  number_row(out, document, "tail index", "tail_index", NULL);
  number_row(out, document, "tail constant", "tail_constant", NULL);
  wlaw_html_table_close(out);
}

static void comparisons(text_buffer *out, const json_t *document) {
  static const char *const columns[] = {"width", "quantity", "finite", "infinite", "z", "why not"};
  const json_t *finite = wlaw_document_list(document, "finite");
  if (json_array_size(finite) == 0) return;
  wlaw_html_table_open(out, false, "Finite widths beside the limit", columns, sizeof columns / sizeof *columns);
  for (size_t w = 0; w < json_array_size(finite); w++) {
    const json_t *at = json_array_get(finite, w), *list = wlaw_document_list(at, "comparisons");
    for (size_t c = 0; c < json_array_size(list); c++) {
      const json_t *row = json_array_get(list, c);
      char quantity[48];
      wlaw_html_row_open(out, wlaw_number_fixed(wlaw_read_number(at, "width"), 0).s);
      wlaw_text_words(quantity, sizeof quantity, wlaw_document_text(row, "quantity"));
      wlaw_html_cell(out, quantity);
      wlaw_html_cell(out,
                     wlaw_number_error(wlaw_read_number(row, "finite"), wlaw_read_number(row, "standard_error")).s);
      wlaw_html_cell(out, wlaw_number(wlaw_read_number(row, "limit"), 5).s);
      wlaw_html_cell(out, wlaw_number_fixed(wlaw_read_number(row, "z"), 1).s);
      wlaw_html_cell(out, wlaw_document_text(row, "reason"));
      wlaw_html_row_close(out);
    }
  }
  wlaw_html_table_close(out);
}

/* ---- figures */

static void figure(text_buffer *out, const char *classes, const char *heading, const plane_chart *chart,
                   const char *caption) {
  wlaw_html_figure_open(out, classes, heading);
  wlaw_chart_plane(out, chart);
  if (caption) wlaw_html_caption(out, caption);
  wlaw_html_figure_close(out);
}

/* Whether a curve has a point that logarithmic axes can show. */
static bool shows(const plane_series *series, size_t n) {
  for (size_t s = 0; s < n; s++)
    for (size_t i = 0; i < series[s].n; i++)
      if (series[s].x[i] > 0 && series[s].y[i] > 0 && isfinite(series[s].y[i])) return true;
  return false;
}

/* In place of axes without a curve. */
static void sentence_figure(text_buffer *out, const char *heading, const char *sentence) {
  wlaw_html_figure_open(out, "", heading);
  wlaw_html_caption(out, sentence);
  wlaw_html_figure_close(out);
}

static void densities(text_buffer *out, const json_t *document) {
  curve_list list = {0};
  const json_t *finite = wlaw_document_list(document, "finite");
  for (size_t w = 0; w < json_array_size(finite) && w + 1 < CURVES_MOST; w++) {
    char label[CURVE_LABEL];
    wlaw_width_label(label, json_array_get(finite, w));
    wlaw_curve_add(out, &list, json_array_get(finite, w), "density.z", "density.value", NULL, label);
  }
  const plane_series *closed =
      wlaw_curve_add(out, &list, document, "outputs.density.z", "outputs.density.value", NULL, wlaw_infinite_label);
  if (!closed)
    wlaw_curve_add(out, &list, document, "draws.density.z", "draws.density.value", NULL, wlaw_infinite_label);
  if (list.n > 0) {
    const plane_chart chart = {.head = {.id = "densities",
                                        .title = "Density of an output",
                                        .description = "One curve a width, on a logarithmic scale.",
                                        .width = 1080,
                                        .height = 380,
                                        .x_label = "output z",
                                        .y_label = "density (log scale)"},
                               .x_kind = SCALE_LINEAR,
                               .y_kind = SCALE_LOG,
                               .x_range = RANGE_EMPTY,
                               .y_range = {1e-6, 1e3},
                               .series = list.series,
                               .n_series = list.n};
    plane_chart fitted = chart;
    fitted.y_range = RANGE_EMPTY;
    for (size_t s = 0; s < list.n; s++)
      for (size_t i = 0; i < list.series[s].n; i++)
        if (list.series[s].y[i] >= 1e-6) wlaw_range_add(&fitted.y_range, list.series[s].y[i]);
    figure(out, "wide", "Density of an output, by width", &fitted,
           closed ? "At infinite width in closed form; at finite widths from draws, where a bin without any is a gap. "
                    "An atom at 0 is not part of a density."
                  : "From draws; a bin without any is a gap. An atom at 0 is not part of a density.");
  }
  wlaw_curves_free(&list);
}

static size_t read_cloud(double **x, double **y, text_buffer *out, const json_t *scatter) {
  const size_t n = json_array_size(scatter);
  if (n == 0) return 0;
  double *both = malloc(2 * n * sizeof *both);
  if (!both) {
    out->failed = true;
    return 0;
  }
  for (size_t i = 0; i < n; i++) {
    both[i] = wlaw_read_number(json_array_get(scatter, i), "0");
    both[n + i] = wlaw_read_number(json_array_get(scatter, i), "1");
  }
  *x = both;
  *y = both + n;
  return n;
}

static int compare_reals(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* What 98.5 % of the magnitudes stay within: heavy tails must not shrink the cloud to a dot. */
static double reach(const double *values, size_t n) {
  double *sizes = malloc(n * sizeof *sizes), at = 1.0;
  size_t finite = 0;
  if (!sizes) return at;
  for (size_t i = 0; i < n; i++)
    if (isfinite(values[i])) sizes[finite++] = fabs(values[i]);
  qsort(sizes, finite, sizeof *sizes, compare_reals);
  if (finite > 0) at = sizes[(size_t)((double)(finite - 1) * 0.985)];
  free(sizes);
  return at > 0 ? at : 1.0;
}

static void cloud(text_buffer *out, const json_t *from, const char *label, size_t number, double side) {
  double *x = NULL, *y = NULL;
  const size_t n = read_cloud(&x, &y, out, json_object_get(from, "scatter"));
  if (n == 0) return;
  char id[32];
  snprintf(id, sizeof id, "joint-%zu", number);
  const plane_series series = {.x = x, .y = y, .n = n, .colour = (unsigned)number, .cloud = true};
  const plane_chart chart = {.head = {.id = id,
                                      .title = label,
                                      .description = "Two outputs of the same network, one dot a network.",
                                      .width = 270,
                                      .height = 265,
                                      .x_label = "first output",
                                      .y_label = "second output"},
                             .x_range = {-side, side},
                             .y_range = {-side, side},
                             .series = &series,
                             .n_series = 1};
  figure(out, "", label, &chart, NULL);
  free(x);
}

static void clouds(text_buffer *out, const json_t *document) {
  const json_t *draws = json_object_get(document, "draws"), *finite = wlaw_document_list(document, "finite");
  double *x = NULL, *y = NULL;
  const size_t n = read_cloud(&x, &y, out, json_object_get(draws, "scatter"));
  if (n == 0) return;
  const double side = 1.05 * fmax(reach(x, n), reach(y, n));
  free(x);
  wlaw_html_section_open(out, "joint", "Two outputs of one network",
                         "Outputs of a Gaussian process are independent: a round cloud. In a mixture they share the "
                         "variances of their nodes: large together, small together.");
  wlaw_html_grid_open(out, "grid4");
  for (size_t w = 0; w < json_array_size(finite); w++) {
    char label[CURVE_LABEL];
    wlaw_width_label(label, json_array_get(finite, w));
    cloud(out, json_array_get(finite, w), label, w, side);
  }
  cloud(out, draws, wlaw_infinite_label, json_array_size(finite), side);
  wlaw_html_grid_close(out);
  wlaw_html_section_close(out);
}

/* Nodes beyond epsilon: one curve a layer. rows: [{epsilon, expected: [a layer]}]. */
static void active(text_buffer *out, const json_t *document) {
  enum { ROWS_MOST = 256 };
  const json_t *rows = wlaw_document_list(document, "active_nodes");
  const size_t n = json_array_size(rows) < ROWS_MOST ? json_array_size(rows) : ROWS_MOST;
  const size_t layers = json_array_size(json_object_get(json_array_get(rows, 0), "expected"));
  double x[ROWS_MOST], y[CURVES_MOST][ROWS_MOST];
  char labels[CURVES_MOST][CURVE_LABEL];
  plane_series series[CURVES_MOST];
  size_t count = 0;
  for (size_t i = 0; i < n; i++) x[i] = wlaw_read_number(json_array_get(rows, i), "epsilon");
  for (size_t l = 0; l < layers && l < CURVES_MOST; l++, count++) {
    char path[32];
    snprintf(path, sizeof path, "expected.%zu", l);
    for (size_t i = 0; i < n; i++) y[l][i] = wlaw_read_number(json_array_get(rows, i), path);
    snprintf(labels[l], CURVE_LABEL, "layer %zu", l + 1);
    series[l] =
        (plane_series){.label = layers > 1 ? labels[l] : NULL, .x = x, .y = y[l], .n = n, .colour = (unsigned)l};
  }
  if (n < 2 || count == 0) return;
  if (!shows(series, count)) {
    sentence_figure(out, "Nodes that stay active", "None: every node variance vanishes as a layer grows.");
    return;
  }
  const plane_chart chart = {.head = {.id = "active",
                                      .title = "Active nodes",
                                      .description = "Expected number of nodes above a threshold.",
                                      .width = 620,
                                      .height = 320,
                                      .x_label = "threshold \xce\xb5 of \xce\xbb (log scale)",
                                      .y_label = "expected nodes"},
                             .x_kind = SCALE_LOG,
                             .y_kind = SCALE_LOG,
                             .x_range = RANGE_EMPTY,
                             .y_range = RANGE_EMPTY,
                             .series = series,
                             .n_series = count};
  figure(out, "", "Nodes that stay active", &chart,
         "How many nodes of an infinitely wide layer have a variance above \xce\xb5; infinite numbers are gaps.");
}

static void pruning(text_buffer *out, const json_t *document) {
  curve_list list = {0};
  const json_t *finite = wlaw_document_list(document, "finite");
  wlaw_curve_add(out, &list, document, "truncation.epsilon", "truncation.error", NULL, wlaw_infinite_label);
  plane_series *bound = wlaw_curve_add(out, &list, document, "truncation.epsilon", "truncation.bound", NULL, "bound");
  if (bound) bound->dashed = true;
  for (size_t w = 0; w < json_array_size(finite); w++) {
    char label[CURVE_LABEL];
    wlaw_width_label(label, json_array_get(finite, w));
    plane_series *points = wlaw_curve_add(out, &list, json_array_get(finite, w), "truncation.epsilon",
                                          "truncation.error", "truncation.standard_error", label);
    if (points) points->points = true;
  }
  const plane_chart chart = {.head = {.id = "pruning",
                                      .title = "Error of pruning",
                                      .description = "Mean squared change of an output.",
                                      .width = 620,
                                      .height = 320,
                                      .x_label = "threshold \xce\xb5 of \xce\xbb (log scale)",
                                      .y_label = "mean squared error"},
                             .x_kind = SCALE_LOG,
                             .y_kind = SCALE_LOG,
                             .x_range = RANGE_EMPTY,
                             .y_range = RANGE_EMPTY,
                             .series = list.series,
                             .n_series = list.n};
  const char *reason = wlaw_document_text(json_object_get(document, "truncation"), "reason");
  if (list.n > 0 && !shows(list.series, list.n))
    sentence_figure(out, "What pruning costs", *reason ? reason : "Nothing is lost at these thresholds.");
  else if (list.n > 0)
    figure(out, "", "What pruning costs", &chart,
           "Every node with a variance up to \xce\xb5 removed: mean squared change of an output at infinite width (one "
           "layer: exact, deeper: the bound), and of simulated networks with their errors.");
  wlaw_curves_free(&list);
}

static void largest(text_buffer *out, const json_t *document) {
  curve_list list = {0};
  wlaw_curve_add(out, &list, document, "max_weight.quantile", "max_weight.probability", NULL, "");
  if (list.n > 0) {
    static const char *const columns[] = {"probability", "largest weight is at most"};
    const plane_series *all = &list.series[0];
    wlaw_html_table_open(out, true, "Largest weight into one output", columns, 2);
    for (size_t i = 0; i < all->n; i++) {
      wlaw_html_row_open(out, wlaw_number(all->y[i], 3).s);
      wlaw_html_cell(out, wlaw_number(all->x[i], 4).s);
      wlaw_html_row_close(out);
    }
    wlaw_html_table_close(out);
  }
  wlaw_curves_free(&list);
}

void wlaw_infinite_limit(text_buffer *out, const json_t *document) {
  const char *verdict = wlaw_document_text(document, "compressible"), *why = wlaw_document_text(document, "why");
  text_buffer intro = {0};
  if (*why) wlaw_text_add(&intro, "Compressible: %s; %s.", verdict, why);
  out->failed = out->failed || intro.failed;
  wlaw_html_section_open(out, "law", "The law of the layers", NULL);
  facts(out, document);
  wlaw_html_section_close(out);
  wlaw_html_section_open(out, "outputs", "The law of the outputs", NULL);
  densities(out, document);
  outputs(out, document);
  comparisons(out, document);
  wlaw_html_section_close(out);
  clouds(out, document);
  wlaw_html_section_open(out, "nodes", "Nodes, weights and pruning", *why ? wlaw_text_string(&intro) : NULL);
  wlaw_text_free(&intro);
  wlaw_html_grid_open(out, "grid2");
  active(out, document);
  pruning(out, document);
  wlaw_html_grid_close(out);
  largest(out, document);
  wlaw_html_section_close(out);
}
