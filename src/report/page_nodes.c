/* Section: what the layers of a network know of each other: correlations, over the nodes of a hidden layer, of the
 * weights into a node with those out of it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/page.h"

bool wlaw_page_has_nodes(const report_series *series) { return series->n_nodes > 0; }

/* numbers: [4, n_epochs]: sums, their errors, norms, their errors. */
static void chart(text_buffer *out, const report_series *series, size_t k, double *numbers) {
  const size_t n = series->n_epochs;
  char id[32], heading[64];
  for (size_t e = 0; e < n; e++) {
    const node_correlation *point = &series->nodes[k].points[e];
    numbers[e] = point->sums;
    numbers[n + e] = point->sums_error;
    numbers[2 * n + e] = point->norms;
    numbers[3 * n + e] = point->norms_error;
  }
  const chart_line lines[] = {
      {.label = "sums", .y = numbers, .error = numbers + n, .colour = 0},
      {.label = "squared norms", .y = numbers + 2 * n, .error = numbers + 3 * n, .colour = 1},
  };
  snprintf(id, sizeof id, "nodes-%zu", k);
  snprintf(heading, sizeof heading, "Hidden layer %.0f", series->nodes[k].set);
  const line_chart made = {.head = {.id = id,
                                    .title = heading,
                                    .description = "Correlations of incoming with outgoing weights, over epochs.",
                                    .width = 520,
                                    .height = 290,
                                    .x_label = "epoch",
                                    .y_label = "correlation over nodes"},
                           .x = series->epochs,
                           .n = n,
                           .y_range = {-0.05, 0.05},
                           .lines = lines,
                           .n_lines = 2};
  wlaw_html_figure_open(out, "", heading);
  wlaw_chart_line(out, &made);
  wlaw_html_figure_close(out);
}

static void table(text_buffer *out, const report_series *series) {
  static const char *const columns[] = {"hidden layer", "epoch", "sums", "squared norms"};
  wlaw_html_table_open(out, false, "Numbers", columns, sizeof columns / sizeof *columns);
  for (size_t k = 0; k < series->n_nodes; k++)
    for (size_t e = 0; e < series->n_epochs; e++) {
      const node_correlation *point = &series->nodes[k].points[e];
      wlaw_html_row_open(out, wlaw_number_fixed(series->nodes[k].set, 0).s);
      wlaw_html_cell(out, wlaw_number_fixed(series->epochs[e], 0).s);
      wlaw_html_cell(out, wlaw_number_error(point->sums, point->sums_error).s);
      wlaw_html_cell(out, wlaw_number_error(point->norms, point->norms_error).s);
      wlaw_html_row_close(out);
    }
  wlaw_html_table_close(out);
}

void wlaw_page_nodes(text_buffer *out, const report_series *series) {
  double *numbers = wlaw_array(4 * series->n_epochs + 1, sizeof *numbers);
  if (!numbers) {
    out->failed = true;
    return;
  }
  wlaw_html_section_open(out, "nodes", "Between layers",
                         "A law of one matrix cannot see that the weights into a node and those out of it depend on "
                         "each other; the law of whole networks can. Sums that correlate are part of that law. Squared "
                         "norms that correlate where sums do not are beyond it: nodes then differ in scale, the mark "
                         "of a mixture of Gaussian processes. Weights are summed over all inputs and all outputs.");
  wlaw_html_grid_open(out, wlaw_page_grid(series->n_nodes));
  for (size_t k = 0; k < series->n_nodes; k++) chart(out, series, k, numbers);
  wlaw_html_grid_close(out);
  table(out, series);
  wlaw_html_section_close(out);
  free(numbers);
}
