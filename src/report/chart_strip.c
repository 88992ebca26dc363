/* Rows of coloured cells over epochs or measures: a table that is read at a glance. */
#include <math.h>

#include "report/chart.h"

enum { ROW_HEIGHT = 36, ROW_GAP = 3, AXIS_HEIGHT = 42, NAMES_HEIGHT = 30, CELL_FONT = 11 };

static double widest_row_label(const strip_chart *chart) {
  double widest = 0;
  for (size_t r = 0; r < chart->n_rows; r++) widest = fmax(widest, wlaw_svg_text_width(chart->rows[r], CHART_FONT));
  return widest;
}

static bool has_room(const char *text, double width) {
  return text && wlaw_svg_text_width(text, CELL_FONT) <= width - 2;
}

static double row_height(const strip_chart *chart) { return chart->row_height > 0 ? chart->row_height : ROW_HEIGHT; }

static void draw_cell(text_buffer *out, const strip_cell *cell, double x, double y, double width, double height) {
  const double middle = x + width / 2;
  const char *text = has_room(cell->text, width) ? cell->text : has_room(cell->brief, width) ? cell->brief : NULL;
  const bool two_lines = text && has_room(cell->under, width);
  wlaw_text_add(out, "<g class=\"cell %s\">", cell->classes);
  wlaw_svg_rect_titled(out, "back", x + 1, y, fmax(width - 2, 1), height, cell->note ? cell->note : "");
  if (text) wlaw_svg_text(out, "in", "middle", middle, y + height / 2 + (two_lines ? -2 : 4), text);
  if (two_lines) wlaw_svg_text(out, "in under", "middle", middle, y + height / 2 + 11, cell->under);
  wlaw_text_add(out, "</g>\n");
}

/* Names of columns stand above the cells, so that they are seen first; at two heights where one is too wide. */
static void draw_names(text_buffer *out, const strip_chart *chart, double left, double slot) {
  double widest = 0;
  for (size_t i = 0; i < chart->n_columns; i++)
    widest = fmax(widest, wlaw_svg_text_width(chart->columns[i], CHART_FONT));
  for (size_t i = 0; i < chart->n_columns; i++) {
    const double raised = widest > slot - 4 && i % 2 ? NAMES_HEIGHT / 2 : 0;
    wlaw_svg_text(out, "tick", "middle", left + slot * ((double)i + 0.5), NAMES_HEIGHT - 5 - raised, chart->columns[i]);
  }
}

static void draw_axis(text_buffer *out, const strip_chart *chart, double left, double slot, double height) {
  const double top = (double)chart->n_rows * row_height(chart);
  const size_t every = slot > 0 ? (size_t)ceil(24 / slot) : 1;
  for (size_t i = 0; i < chart->n_columns; i += every ? every : 1)
    wlaw_svg_text(out, "tick", "middle", left + slot * ((double)i + 0.5), top + 16,
                  wlaw_number_fixed(chart->x[i], 0).s);
  wlaw_svg_text(out, "label", "middle", left + slot * (double)chart->n_columns / 2, height - 8, chart->head.x_label);
}

void wlaw_chart_strip(text_buffer *out, const strip_chart *chart) {
  const double left = widest_row_label(chart) + 10, width = wlaw_chart_width(&chart->head);
  const double row = row_height(chart), top = chart->columns ? NAMES_HEIGHT : 0;
  const double height = top + (double)chart->n_rows * row + (chart->head.x_label ? AXIS_HEIGHT : 4);
  const size_t columns = chart->n_columns ? chart->n_columns : 1;
  const double slot = fmin((width - left - 2) / (double)columns, 120);
  wlaw_svg_open(out, chart->head.id, width, height, chart->head.title, chart->head.description);
  for (size_t r = 0; r < chart->n_rows; r++) {
    const double y = top + (double)r * row + 2;
    wlaw_svg_text(out, "name", "end", left - 8, y + (row - ROW_GAP) / 2.0 + 4, chart->rows[r]);
    for (size_t i = 0; i < chart->n_columns; i++)
      draw_cell(out, &chart->cells[r * chart->n_columns + i], left + slot * (double)i, y, slot, row - ROW_GAP);
  }
  if (chart->columns) draw_names(out, chart, left, slot);
  else if (chart->head.x_label) draw_axis(out, chart, left, slot, height);
  wlaw_svg_close(out);
}
