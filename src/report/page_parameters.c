/* Section: the parameters of the laws over epochs, with both kinds of error bars. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "law/space.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/page.h"

/* Parameters drawn together: same units, like sizes. */
typedef struct parameter_panel {
  report_law law;
  const char *id, *heading, *axis;
  size_t parameters[4], n;
  bool against_variance; /* draw the variance of the first snapshot's iid fit: where all of them start */
  const char *caption;
} parameter_panel;

#define WEIGHT_UNITS   "weight units"
#define VARIANCE_UNITS "weight units squared"

static const parameter_panel square_panels[] = {
    {REPORT_PERMUTATION,
     "mean",
     "Mean",
     WEIGHT_UNITS,
     {0, 1},
     2,
     false,
     "Means of the total of the matrix (sum) and of what the trace adds to it (trace), each over its norm."},
    {REPORT_PERMUTATION,
     "v0",
     "V0: total and trace",
     VARIANCE_UNITS,
     {2, 3, 4},
     3,
     true,
     "How the same two numbers vary from network to network, and their covariance."},
    {REPORT_PERMUTATION,
     "vh",
     "VH: columns, rows, diagonal",
     VARIANCE_UNITS,
     {5, 8, 10},
     3,
     true,
     "Variances of column sums, row sums and diagonal; above the dotted line: whole columns or rows move together."},
    {REPORT_PERMUTATION,
     "vhc",
     "VH: covariances",
     VARIANCE_UNITS,
     {6, 7, 9},
     3,
     false,
     "Covariances between a node's column sum, row sum and diagonal entry; 0 if the indices of rows and columns are "
     "unrelated."},
    {REPORT_PERMUTATION,
     "v23",
     "V2, V3: single entries",
     VARIANCE_UNITS,
     {11, 12},
     2,
     true,
     "What is left of the symmetric and the antisymmetric part; equal unless M_ij and M_ji are correlated."},
    {REPORT_BIPARTITE,
     "bip",
     "Bipartite law: variances",
     VARIANCE_UNITS,
     {1, 2, 3, 4},
     4,
     true,
     "The smaller law's view: total, row sums, column sums and single entries."},
};

static const parameter_panel rectangular_panels[] = {
    {REPORT_BIPARTITE,
     "mean",
     "Bipartite law: mean",
     WEIGHT_UNITS,
     {0},
     1,
     false,
     "Mean of the total of the matrix over its norm."},
    {REPORT_BIPARTITE,
     "bip",
     "Bipartite law: variances",
     VARIANCE_UNITS,
     {1, 2, 3, 4},
     4,
     true,
     "Variances of the total, of row sums, of column sums and of single entries; above the dotted line: whole rows or "
     "columns move together."},
};

static bool tensor_has(const report_series *series, const report_tensor *tensor, report_law law) {
  for (size_t e = 0; e < series->n_epochs; e++)
    if (tensor->points[e].fits[law].present) return true;
  return false;
}

bool wlaw_page_has_parameters(const report_series *series) {
  for (size_t t = 0; t < series->n_tensors; t++)
    for (int k = 0; k < REPORT_LAWS; k++)
      if (tensor_has(series, &series->tensors[t], (report_law)k)) return true;
  return false;
}

static void panel_chart(text_buffer *out, const report_series *series, size_t t, const parameter_panel *panel,
                        double *numbers) {
  const size_t n = series->n_epochs;
  const report_tensor *tensor = &series->tensors[t];
  const report_parameter *names = wlaw_report_law_parameters(panel->law);
  chart_line lines[5];
  size_t n_lines = 0;
  double *reference = numbers;
  if (panel->against_variance) {
    for (size_t e = 0; e < n; e++) reference[e] = wlaw_point_value(&tensor->points[0], REPORT_IID, 1);
    lines[n_lines++] = (chart_line){.label = "iid, first", .y = reference, .colour = 7, .dashed = true, .plain = true};
  }
  for (size_t i = 0; i < panel->n; i++) {
    const size_t p = panel->parameters[i];
    double *value = numbers + (3 * i + 1) * n, *robust = value + n, *exact = value + 2 * n;
    for (size_t e = 0; e < n; e++) {
      const law_fit *fit = &tensor->points[e].fits[panel->law];
      value[e] = wlaw_point_value(&tensor->points[e], panel->law, p);
      exact[e] = 2 * fit->error[p];
      robust[e] = isfinite(fit->robust[p]) ? 2 * fit->robust[p] : exact[e];
    }
    lines[n_lines++] =
        (chart_line){.label = names[p].label, .y = value, .error = robust, .inner = exact, .colour = (unsigned)i};
  }
  char id[48];
  snprintf(id, sizeof id, "par-%s-%zu", panel->id, t);
  const line_chart chart = {
      .head = {.id = id,
               .title = panel->heading,
               .description = "Parameters over epochs.",
               .x_label = "epoch",
               .y_label = panel->axis},
      .x = series->epochs,
      .n = n,
      .y_range = panel->law == REPORT_PERMUTATION && !panel->against_variance ? (data_range){0, 0} : RANGE_EMPTY,
      .lines = lines,
      .n_lines = n_lines};
  wlaw_chart_line(out, &chart);
}

static void panel(text_buffer *out, const report_series *series, size_t t, const parameter_panel *what) {
  if (!tensor_has(series, &series->tensors[t], what->law)) return;
  double *numbers = wlaw_array((3 * 4 + 1) * (series->n_epochs + 1), sizeof *numbers);
  if (!numbers) {
    out->failed = true;
    return;
  }
  wlaw_html_figure_open(out, "", what->heading);
  panel_chart(out, series, t, what, numbers);
  wlaw_html_caption(out, what->caption);
  wlaw_html_figure_close(out);
  free(numbers);
}

static void law_rows(text_buffer *out, const report_series *series, const report_tensor *tensor, report_law law,
                     bool components) {
  const size_t size = wlaw_report_law_size(law);
  for (size_t e = 0; e < series->n_epochs; e++) {
    const law_fit *fit = &tensor->points[e].fits[law];
    if (!fit->present) continue;
    wlaw_html_row_open(out, wlaw_number_fixed(series->epochs[e], 0).s);
    for (size_t p = 0; p < size; p++) {
      char text[200], robust[80] = "";
      if (wlaw_report_is_component(law, p) != components) continue;
      if (!components) snprintf(robust, sizeof robust, " (%s)", wlaw_number(fit->robust[p], 2).s);
      snprintf(text, sizeof text, "%s%s", wlaw_number_error(fit->value[p], fit->error[p]).s, robust);
      wlaw_html_cell(out, text);
    }
    wlaw_html_row_close(out);
  }
}

/* The parameters of a law, or the components of variance made of them. */
static void law_table(text_buffer *out, const report_series *series, const report_tensor *tensor, report_law law,
                      bool components) {
  const char *columns[REPORT_PARAMETERS_MOST + 1] = {"epoch"};
  size_t n = 1;
  char summary[160];
  for (size_t p = 0; p < wlaw_report_law_size(law); p++)
    if (wlaw_report_is_component(law, p) == components) columns[n++] = wlaw_report_law_parameters(law)[p].symbol;
  if (n == 1 || !tensor_has(series, tensor, law)) return;
  snprintf(summary, sizeof summary, "Numbers: %s%s law, value \xc2\xb1 error exact under the law%s",
           components ? "components of variance, " : "", wlaw_report_law_name(law),
           components ? "" : " (robust error)");
  wlaw_html_table_open(out, series->n_epochs == 1, summary, columns, n);
  law_rows(out, series, tensor, law, components);
  wlaw_html_table_close(out);
}

/* Why there is one law alone, and what its components are. */
static void own_law(text_buffer *out, const report_series *series, const report_tensor *tensor) {
  const int own = wlaw_series_own_law(tensor, series->n_epochs);
  char text[640];
  if (own < 0) return;
  snprintf(text, sizeof text,
           "These matrices are %s, to rounding, and have a law of their own, %s, which is fitted alone: the laws iid, "
           "bipartite and permutation have no density among such matrices, so there is nothing to choose.%s",
           wlaw_space_words(wlaw_report_law_ops((report_law)own)->matrix->space), wlaw_report_law_name((report_law)own),
           own == REPORT_ZERO_DIAGONAL
               ? " The same numbers as components of the Social Relations Model (Warner, Kenny and Stoto 1979): "
                 "variances of network, actor (rows), partner (columns) and relationship, and the covariances of actor "
                 "with partner and of the two directions of a pair."
               : "");
  wlaw_html_paragraph(out, "small", text);
}

static void tensor_panels(text_buffer *out, const report_series *series, size_t t) {
  const report_tensor *tensor = &series->tensors[t];
  const bool square = tensor_has(series, tensor, REPORT_PERMUTATION);
  const parameter_panel *panels = square ? square_panels : rectangular_panels;
  const size_t n =
      square ? sizeof square_panels / sizeof *square_panels : sizeof rectangular_panels / sizeof *rectangular_panels;
  wlaw_html_heading(out, wlaw_page_tensor_label(tensor).s);
  own_law(out, series, tensor);
  if (series->n_epochs > 1 && tensor_has(series, tensor, REPORT_BIPARTITE)) {
    wlaw_html_grid_open(out, "grid3");
    for (size_t i = 0; i < n; i++) panel(out, series, t, &panels[i]);
    wlaw_html_grid_close(out);
  }
  for (int k = REPORT_LAWS; k-- > 0;) {
    law_table(out, series, tensor, (report_law)k, false);
    law_table(out, series, tensor, (report_law)k, true);
  }
}

void wlaw_page_parameters(text_buffer *out, const report_series *series) {
  bool compared = false; /* with laws of all matrices */
  for (size_t t = 0; t < series->n_tensors; t++) compared |= tensor_has(series, &series->tensors[t], REPORT_IID);
  wlaw_html_section_open(out, "parameters", "Parameters",
                         compared ? "What the fitted laws are made of. Under an iid law every variance equals the "
                                    "variance of one weight and every covariance is 0."
                                  : "What the fitted laws are made of.");
  if (series->n_epochs > 1)
    wlaw_html_paragraph(out, "intro",
                        "The dotted line is the variance at the first snapshot. Bars reach two standard errors either "
                        "side, robust ones from the spread over networks; the small caps are two errors computed from "
                        "the law itself. Caps far from the ends of their bar mean that the law's own errors are not to "
                        "be trusted.");
  for (size_t t = 0; t < series->n_tensors; t++) tensor_panels(out, series, t);
  wlaw_html_section_close(out);
}
