/* Sections of a fit of the law network: correlations between layers, by node set and in one table; what it misses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "report/chart.h"
#include "report/document_page.h"
#include "report/html.h"
#include "report/number.h"
#include "report/read.h"

enum { COPIES_MOST = 24, COPIES_SMALL = 6, LISTED = 20, STEPS = 6, NAME = 64 };

/* ---- a covariance as a map of its correlations */

typedef struct cell_text {
  char text[48], note[200];
} cell_text;

typedef struct correlation_map {
  strip_cell cells[COPIES_MOST * COPIES_MOST];
  cell_text texts[COPIES_MOST * COPIES_MOST];
  char names[COPIES_MOST][NAME];
  const char *rows[COPIES_MOST], *columns[COPIES_MOST]; /* columns: "output 3" of "layer4.weight, output 3" */
  size_t n;
} correlation_map;

/* Colours by standard errors: a correlation of n copies over so many degrees of freedom. */
static const char *colour_of(double correlation, double freedom) {
  static const char *const classes[STEPS] = {"h0", "h1", "h2", "h3", "h4", "h5"};
  static const double limits[STEPS - 1] = {2, 3.5, 6, 12, 30};
  size_t step = 0;
  for (size_t i = 0; i + 1 < STEPS; i++) step += fabs(correlation) * sqrt(freedom) >= limits[i];
  return classes[step];
}

static double covariance_at(const json_t *covariance, size_t i, size_t j) {
  double value;
  const json_t *cell = json_array_get(json_array_get(covariance, i), j);
  return cell && wlaw_json_number(cell, &value) ? value : NAN;
}

static void fill_map(correlation_map *map, const json_t *names, const json_t *covariance, double freedom) {
  map->n = json_array_size(covariance);
  for (size_t i = 0; i < map->n; i++) {
    const char *name = json_string_value(json_array_get(names, i));
    wlaw_text_printable(map->names[i], NAME, name ? name : "");
    const char *part = strstr(map->names[i], ", ");
    map->rows[i] = map->names[i];
    map->columns[i] = part ? part + 2 : map->names[i];
  }
  for (size_t i = 0; i < map->n; i++)
    for (size_t j = 0; j < map->n; j++) {
      const double correlation =
          covariance_at(covariance, i, j) / sqrt(covariance_at(covariance, i, i) * covariance_at(covariance, j, j));
      cell_text *text = &map->texts[i * map->n + j];
      const bool known = isfinite(correlation), diagonal = i == j;
      snprintf(text->text, sizeof text->text, "%s", known ? wlaw_number_fixed(correlation, 2).s : "");
      snprintf(text->note, sizeof text->note, "%.60s and %.60s: %s", map->rows[i], map->rows[j],
               known ? wlaw_number(correlation, 3).s : "not determined");
      map->cells[i * map->n + j] = (strip_cell){!known || diagonal ? "none" : colour_of(correlation, freedom),
                                                text->text, NULL, NULL, text->note};
    }
}

static void draw_map(text_buffer *out, const char *id, const char *heading, const json_t *names,
                     const json_t *covariance, double freedom, bool wide) {
  const size_t n = json_array_size(covariance);
  if (n < 2 || n > COPIES_MOST) return;
  correlation_map *map = wlaw_array(1, sizeof *map);
  if (!map) {
    out->failed = true;
    return;
  }
  fill_map(map, names, covariance, freedom);
  const strip_chart chart = {.head = {.id = id,
                                      .title = heading,
                                      .description = "Correlations; darker is more standard errors from none.",
                                      .width = wide ? 1080 : 520},
                             .columns = map->columns,
                             .n_columns = n,
                             .rows = map->rows,
                             .n_rows = n,
                             .row_height = 24,
                             .cells = map->cells};
  wlaw_html_figure_open(out, "", heading);
  wlaw_html_grid_open(out, "scroll");
  wlaw_chart_strip(out, &chart);
  wlaw_html_grid_close(out);
  wlaw_html_figure_close(out);
  free(map);
}

static bool is_small(const json_t *covariance) {
  return json_array_size(covariance) > 1 && json_array_size(covariance) <= COPIES_SMALL;
}

static bool several_are_small(const json_t *nodes, const json_t *trivial) {
  size_t n = is_small(trivial);
  for (size_t k = 0; k < json_array_size(nodes); k++)
    n += is_small(wlaw_document_list(json_array_get(nodes, k), "covariance"));
  return n > 1;
}

/* The maps that are small, which stand side by side where there are several, or the others. */
static void maps_of(text_buffer *out, const json_t *document, bool small) {
  const json_t *parameters = json_object_get(document, "parameters");
  const json_t *nodes = wlaw_document_list(parameters, "nodes"), *trivial = wlaw_document_list(parameters, "trivial");
  const double networks = wlaw_read_number(document, "networks");
  const bool wide = !small || !several_are_small(nodes, trivial);
  if (small) wlaw_html_grid_open(out, "grid2");
  for (size_t k = 0; k < json_array_size(nodes); k++) {
    const json_t *set = json_array_get(nodes, k), *covariance = wlaw_document_list(set, "covariance");
    const double width = wlaw_read_number(set, "width");
    char id[32], heading[128];
    if (small != is_small(covariance)) continue;
    snprintf(id, sizeof id, "set-%zu", k);
    snprintf(heading, sizeof heading, "Set %s, %s nodes", wlaw_number_fixed(wlaw_read_number(set, "set"), 0).s,
             wlaw_number_fixed(width, 0).s);
    draw_map(out, id, heading, wlaw_document_list(set, "copies"), covariance, networks * (width - 1), wide);
  }
  if (small == is_small(trivial))
    draw_map(out, "trivial", "Totals of the tensors, over networks", wlaw_document_list(document, "trivial_names"),
             trivial, networks - 1, wide);
  if (small) wlaw_html_grid_close(out);
}

static void maps(text_buffer *out, const json_t *document) {
  wlaw_html_section_open(out, "sets", "Node sets",
                         "Sums of incoming weights (rows), biases and sums of outgoing weights (columns) of the nodes "
                         "of a set, each less its mean over the nodes of a network: their correlations. Darker cells "
                         "are more standard errors from none.");
  maps_of(out, document, true);
  maps_of(out, document, false);
  wlaw_html_section_close(out);
}

/* ---- tables */

static void correlation_cells(text_buffer *out, const json_t *from) {
  wlaw_html_cell(out,
                 wlaw_number_error(wlaw_read_number(from, "correlation"), wlaw_read_number(from, "standard_error")).s);
  wlaw_html_cell(out, wlaw_number(wlaw_read_number(from, "robust_standard_error"), 2).s);
  wlaw_html_cell(out, wlaw_number(wlaw_read_number(from, "z"), 3).s);
}

static void largest(text_buffer *out, const json_t *document) {
  static const char *const columns[] = {"between", "and", "correlation", "robust error", "z", "p, adjusted"};
  const json_t *list = wlaw_document_list(document, "correlations");
  const size_t n = json_array_size(list) < LISTED ? json_array_size(list) : LISTED;
  if (n == 0) return;
  wlaw_html_section_open(out, "correlations", "Correlations between layers",
                         "The largest first, in standard errors. A law of single matrices has none of them.");
  wlaw_html_table_open(out, true, "Correlations", columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < n; i++) {
    const json_t *one = json_array_get(list, i);
    wlaw_html_row_open(out, wlaw_document_text(one, "a"));
    wlaw_html_cell(out, wlaw_document_text(one, "b"));
    correlation_cells(out, one);
    wlaw_html_cell(out, wlaw_number_p(wlaw_read_number(one, "p_adjusted")).s);
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
  wlaw_html_section_close(out);
}

static void norms(text_buffer *out, const json_t *document) {
  static const char *const columns[] = {"hidden layer", "squared norms",        "robust error", "z",
                                        "sums",         "robust error of sums", "z of sums"};
  const json_t *list = wlaw_document_list(document, "squared_norms");
  if (json_array_size(list) == 0) return;
  wlaw_html_section_open(out, "norms", "Incoming and outgoing weights of a node",
                         "Their sums correlate where the law says so; a Gaussian law with uncorrelated sums leaves "
                         "squared norms nearly uncorrelated. Where norms correlate and sums do not, nodes have "
                         "scales of their own: the mark of a mixture.");
  wlaw_html_table_open(out, true, "Correlations over the nodes of a network", columns,
                       sizeof columns / sizeof *columns);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *one = json_array_get(list, i);
    wlaw_html_row_open(out, wlaw_number_fixed(wlaw_read_number(one, "set"), 0).s);
    correlation_cells(out, one);
    correlation_cells(out, json_object_get(one, "sums"));
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
  wlaw_html_section_close(out);
}

static void candidates(text_buffer *out, const json_t *document) {
  static const char *const columns[] = {"law", "parameters", "log-likelihood", "AIC", "BIC"};
  static const char *const of_tests[] = {"null", "alternative", "statistic", "degrees of freedom", "p"};
  const json_t *laws = wlaw_document_list(document, "candidates"), *tests = wlaw_document_list(document, "tests");
  if (json_array_size(laws) == 0) return;
  wlaw_html_section_open(out, "laws", "Which law",
                         "iid: one mean and one variance for each tensor. bipartite: tensors independent of each "
                         "other. network: with correlations between them.");
  wlaw_html_table_open(out, true, "Likelihoods", columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < json_array_size(laws); i++) {
    const json_t *law = json_array_get(laws, i);
    wlaw_html_row_open(out, wlaw_document_text(law, "law"));
    wlaw_html_cell(out, wlaw_number_fixed(wlaw_read_number(law, "free_parameters"), 0).s);
    wlaw_html_cell(out, wlaw_number(wlaw_read_number(law, "log_likelihood"), 8).s);
    wlaw_html_cell(out, wlaw_number(wlaw_read_number(law, "aic"), 8).s);
    wlaw_html_cell(out, wlaw_number(wlaw_read_number(law, "bic"), 8).s);
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
  wlaw_html_table_open(out, true, "Likelihood-ratio tests", of_tests, sizeof of_tests / sizeof *of_tests);
  for (size_t i = 0; i < json_array_size(tests); i++) {
    const json_t *test = json_array_get(tests, i);
    wlaw_html_row_open(out, wlaw_document_text(test, "null"));
    wlaw_html_cell(out, wlaw_document_text(test, "alternative"));
    wlaw_html_cell(out, wlaw_number(wlaw_read_number(test, "statistic"), 5).s);
    wlaw_html_cell(out, wlaw_number_fixed(wlaw_read_number(test, "df"), 0).s);
    wlaw_html_cell(out, wlaw_number_p(wlaw_read_number(test, "p_value")).s);
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
  wlaw_html_section_close(out);
}

static void invariants(text_buffer *out, const json_t *document) {
  static const char *const columns[] = {"invariant", "degree", "observed", "predicted", "in errors", "p, adjusted"};
  const json_t *list = wlaw_document_list(document, "invariants");
  if (json_array_size(list) == 0) return;
  wlaw_html_section_open(out, "invariants", "What the law misses",
                         "Sums over all nodes of products of weights, observed and as the fitted law predicts them. "
                         "What it fits by construction says so.");
  wlaw_html_table_open(out, json_array_size(list) <= 30, "Invariants", columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *one = json_array_get(list, i);
    const char *name = wlaw_document_text(one, "name");
    const bool fitted = json_is_true(json_object_get(one, "fitted"));
    wlaw_html_row_open(out, *name ? name : wlaw_document_text(one, "formula"));
    wlaw_html_cell(out, wlaw_number_fixed(wlaw_read_number(one, "degree"), 0).s);
    wlaw_html_cell(out, wlaw_number(wlaw_read_number(one, "observed"), 4).s);
    wlaw_html_cell(out, wlaw_number(wlaw_read_number(one, "predicted"), 4).s);
    wlaw_html_cell(out, fitted ? "fitted" : wlaw_number(wlaw_read_number(one, "deviation_se"), 3).s);
    wlaw_html_cell(out, fitted ? "" : wlaw_number_p(wlaw_read_number(one, "p_adjusted")).s);
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
  wlaw_html_section_close(out);
}

void wlaw_network_page(text_buffer *out, const json_t *document) {
  candidates(out, document);
  largest(out, document);
  norms(out, document);
  maps(out, document);
  invariants(out, document);
}
