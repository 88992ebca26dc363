/* Sections of the fit of node variances: tails and truncated means by width, and their extrapolation. */
#include <math.h>
#include <stdio.h>

#include "report/chart.h"
#include "report/curve_list.h"
#include "report/document_page.h"
#include "report/html.h"
#include "report/read.h"

typedef struct curve_kind {
  const char *key, *heading, *x_label, *y_label, *caption;
  scale_kind y_kind;
} curve_kind;

static const curve_kind kinds[] = {
    {"tail", "Nodes above x", "node variance x (log scale)", "expected number (log scale)",
     "p P(\xce\xbb > x), with the noise of few outputs divided out. Where the curves of growing widths stay up, the "
     "limit has jumps: a mixture of Gaussian processes.",
     SCALE_LOG},
    {"truncated", "Truncated mean", "threshold h (log scale)", "p E \xce\xbb 1{\xce\xbb \xe2\x89\xa4 h}",
     "What nodes up to h add to the variance of an output. Towards small h its limit over widths is a, the Gaussian "
     "part.",
     SCALE_LINEAR},
};

static plane_series *add(text_buffer *out, curve_list *curves, const json_t *from, const char *key, const char *label) {
  char x[64], y[64], error[64];
  snprintf(x, sizeof x, "%s.x", key);
  snprintf(y, sizeof y, "%s.value", key);
  snprintf(error, sizeof error, "%s.se", key);
  return wlaw_curve_add(out, curves, from, x, y, error, label);
}

static void figure(text_buffer *out, const json_t *layer, const curve_kind *kind, size_t number) {
  curve_list curves = {0};
  const json_t *widths = wlaw_document_list(layer, "widths");
  for (size_t w = 0; w < json_array_size(widths) && curves.n + 1 < CURVES_MOST; w++) {
    char label[CURVE_LABEL];
    wlaw_width_label(label, json_array_get(widths, w));
    add(out, &curves, json_array_get(widths, w), kind->key, label);
  }
  plane_series *limit = add(out, &curves, json_object_get(layer, "limit"), kind->key, wlaw_infinite_label);
  if (limit) limit->dashed = true;
  char id[64];
  snprintf(id, sizeof id, "%s-%zu", kind->key, number);
  data_range y_range = RANGE_EMPTY;
  for (size_t s = 0; s < curves.n && kind->y_kind == SCALE_LOG; s++)
    for (size_t i = 0; i < curves.series[s].n; i++)
      if (curves.series[s].y[i] > 1e-3) wlaw_range_add(&y_range, curves.series[s].y[i]);
  const plane_chart chart = {.head = {.id = id,
                                      .title = kind->heading,
                                      .description = kind->caption,
                                      .width = 620,
                                      .height = 330,
                                      .x_label = kind->x_label,
                                      .y_label = kind->y_label},
                             .x_kind = SCALE_LOG,
                             .y_kind = kind->y_kind,
                             .x_range = RANGE_EMPTY,
                             .y_range = y_range,
                             .series = curves.series,
                             .n_series = curves.n};
  if (curves.n > 0) {
    wlaw_html_figure_open(out, "", kind->heading);
    wlaw_chart_plane(out, &chart);
    wlaw_html_caption(out, kind->caption);
    wlaw_html_figure_close(out);
  }
  wlaw_curves_free(&curves);
}

static void table(text_buffer *out, const json_t *layer) {
  static const char *const columns[] = {
      "width",         "total variance",   "share of the largest node", "if all were equal",
      "p (all equal)", "tail index (Hill)"};
  const json_t *widths = wlaw_document_list(layer, "widths");
  wlaw_html_table_open(out, true, "By width", columns, sizeof columns / sizeof *columns);
  for (size_t w = 0; w < json_array_size(widths); w++) {
    const json_t *at = json_array_get(widths, w);
    wlaw_html_row_open(out, wlaw_number_fixed(wlaw_read_number(at, "width"), 0).s);
    wlaw_html_cell(out, wlaw_number_error(wlaw_read_number(at, "total"), wlaw_read_number(at, "standard_error")).s);
    wlaw_html_cell(
        out, wlaw_number_error(wlaw_read_number(at, "share_largest"), wlaw_read_number(at, "se_share_largest")).s);
    wlaw_html_cell(out, wlaw_number(wlaw_read_number(at, "share_null"), 3).s);
    wlaw_html_cell(out, wlaw_number_p(wlaw_read_number(at, "p_value_equal")).s);
    wlaw_html_cell(out, wlaw_number_error(wlaw_read_number(at, "hill"), wlaw_read_number(at, "se_hill")).s);
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
}

static void verdict(text_buffer *out, const json_t *layer) {
  const json_t *limit = json_object_get(layer, "limit");
  const char *word = wlaw_document_text(limit, "verdict"), *reason = wlaw_document_text(limit, "reason");
  char text[640];
  if (*word == 'u' || !*word) snprintf(text, sizeof text, "Limit not determined%s%.500s.", *reason ? ": " : "", reason);
  else
    snprintf(text, sizeof text,
             "As the width grows, this layer becomes a %s: a = %s; p-value of the straight lines %s.",
             *word == 'g' ? "Gaussian process" : "mixture of Gaussian processes",
             wlaw_number_error(wlaw_read_number(limit, "a"), wlaw_read_number(limit, "se_a")).s,
             wlaw_number_p(wlaw_read_number(limit, "p_value")).s);
  wlaw_html_paragraph(out, "", text);
}

void wlaw_infinite_nodes(text_buffer *out, const json_t *document) {
  const json_t *layers = wlaw_document_list(document, "layers");
  for (size_t l = 0; l < json_array_size(layers); l++) {
    const json_t *layer = json_array_get(layers, l);
    char id[32], heading[160];
    snprintf(id, sizeof id, "nodes-%zu", l + 1);
    snprintf(heading, sizeof heading, "Nodes into %.100s", wlaw_document_text(layer, "name"));
    wlaw_html_section_open(out, id, heading, NULL);
    verdict(out, layer);
    wlaw_html_grid_open(out, "grid2");
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) figure(out, layer, &kinds[k], l + 1);
    wlaw_html_grid_close(out);
    table(out, layer);
    wlaw_html_section_close(out);
  }
}
