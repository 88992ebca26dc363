/* Lines over epochs: bands of quantiles, lines with error bars, crosses for single networks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "report/chart.h"

enum {
  CAP = 3,
  CLASSES = 32,
  DODGE = 3, /* between error bars of neighbouring series */
  INSET = 7,
  MARKERS_MOST = 60, /* on a line */
};

typedef struct class_text {
  char s[CLASSES];
} class_text;

static class_text classes(const char *kind, unsigned colour) {
  class_text made;
  snprintf(made.s, sizeof made.s, "%s c%u", kind, colour % CHART_COLOURS);
  return made;
}

static data_range y_range(const line_chart *chart) {
  data_range range = chart->y_range;
  const bool log_scale = chart->y_kind == SCALE_LOG;
  for (size_t l = 0; l < chart->n_lines; l++)
    for (size_t i = 0; i < chart->n; i++) {
      const chart_line *line = &chart->lines[l];
      const double y = line->y[i];
      const double outer = line->error ? line->error[i] : NAN, inner = line->inner ? line->inner[i] : NAN;
      const double e = fmax(fmax(outer, inner), 0); /* fmax passes over NaN */
      if (log_scale && !(y > 0)) continue;
      wlaw_range_add(&range, y);
      if (!log_scale) wlaw_range_add(&range, y - e);
      wlaw_range_add(&range, y + e);
    }
  for (size_t b = 0; b < chart->n_bands; b++) {
    wlaw_range_add_all(&range, chart->bands[b].low, chart->n);
    wlaw_range_add_all(&range, chart->bands[b].high, chart->n);
  }
  for (size_t m = 0; m < chart->n_marks; m++) wlaw_range_add(&range, chart->marks[m].y);
  return range;
}

/* The last finite value of a series as a pixel: where its label points. */
static double last_place(const scale *axis, const double *values, size_t n) {
  for (size_t i = n; i-- > 0;) {
    const double place = wlaw_scale_at(axis, values[i]);
    if (isfinite(place)) return place;
  }
  return NAN;
}

/* Error bar from y - error to y + error; on a log scale one that reaches 0 ends at the axis. */
static void draw_bar(text_buffer *out, const chart_frame *frame, double x, const chart_line *line, size_t i) {
  const double y = line->y[i], e = line->error ? line->error[i] : NAN, inner = line->inner ? line->inner[i] : NAN;
  const double floor_value = frame->y.kind == SCALE_LOG ? frame->y.low : -INFINITY;
  if (e > 0) {
    const double low = wlaw_scale_at(&frame->y, fmax(y - e, floor_value)), high = wlaw_scale_at(&frame->y, y + e);
    if (fabs(low - high) > 1.5) wlaw_svg_path_segment(out, x, low, x, high);
  }
  if (inner > 0)
    for (int side = -1; side <= 1; side += 2) {
      const double at = wlaw_scale_at(&frame->y, fmax(y + side * inner, floor_value));
      const double middle = wlaw_scale_at(&frame->y, y);
      if (fabs(at - middle) > 4) wlaw_svg_path_segment(out, x - CAP, at, x + CAP, at);
    }
}

/* Series with error bars stand side by side at each x, where there is room for that. */
static double dodge(const chart_frame *frame, const line_chart *chart, const chart_line *line) {
  size_t before = 0, all = 0;
  for (size_t l = 0; l < chart->n_lines; l++) {
    if (!chart->lines[l].error) continue;
    before += &chart->lines[l] < line;
    all++;
  }
  const double room = (frame->right - frame->left) / (double)(chart->n ? chart->n : 1);
  if (!line->error || room < (double)(all * DODGE + DODGE)) return 0;
  return DODGE * ((double)before - 0.5 * (double)(all - 1));
}

static void draw_line(text_buffer *out, const chart_frame *frame, const line_chart *chart, const chart_line *line,
                      const double *centre, double *x, double *y) {
  const double aside = dodge(frame, chart, line);
  for (size_t i = 0; i < chart->n; i++) x[i] = centre[i] + aside;
  for (size_t i = 0; i < chart->n; i++) y[i] = wlaw_scale_at(&frame->y, line->y[i]);
  wlaw_svg_polyline(out, classes(line->dashed ? "line dashed" : "line", line->colour).s, x, y, chart->n);
  if (line->error) {
    wlaw_svg_path_open(out, classes("bar", line->colour).s);
    for (size_t i = 0; i < chart->n; i++)
      if (isfinite(y[i])) draw_bar(out, frame, x[i], line, i);
    wlaw_svg_path_close(out);
  }
  if (line->plain || line->dashed || chart->n > MARKERS_MOST) return;
  wlaw_svg_path_open(out, classes("dot", line->colour).s);
  for (size_t i = 0; i < chart->n; i++) wlaw_svg_path_marker(out, (marker_shape)(line->colour % 4), x[i], y[i], 2.6);
  wlaw_svg_path_close(out);
}

static void draw_band(text_buffer *out, const chart_frame *frame, const line_chart *chart, const chart_band *band,
                      const double *x, double *low, double *high) {
  for (size_t i = 0; i < chart->n; i++) {
    low[i] = wlaw_scale_at(&frame->y, band->low[i]);
    high[i] = wlaw_scale_at(&frame->y, band->high[i]);
  }
  wlaw_svg_band(out, classes(band->strong ? "band strong" : "band", band->colour).s, x, low, high, chart->n);
}

static void draw_mark(text_buffer *out, const chart_frame *frame, const chart_mark *mark) {
  const double x = wlaw_scale_at(&frame->x, mark->x), y = wlaw_scale_at(&frame->y, mark->y);
  if (!isfinite(x) || !isfinite(y)) return;
  if (mark->note) {
    wlaw_text_add(out, "<g><title>");
    wlaw_xml_escape(out, mark->note);
    wlaw_text_add(out, "</title>");
  }
  wlaw_svg_marker(out, "cross", MARKER_CROSS, x, y, 3.2);
  if (mark->note) wlaw_text_add(out, "</g>\n");
}

static size_t collect_labels(chart_label *labels, class_text *names, const line_chart *chart, const scale *y) {
  size_t n = 0;
  for (size_t l = 0; l < chart->n_lines && n < CHART_LABELS_MOST; l++, n++) {
    names[n] = classes("name", chart->lines[l].colour);
    labels[n] = (chart_label){chart->lines[l].label, last_place(y, chart->lines[l].y, chart->n), names[n].s};
  }
  for (size_t b = 0; b < chart->n_bands && n + 1 < CHART_LABELS_MOST; b++, n += 2) {
    const chart_band *band = &chart->bands[b];
    labels[n] = (chart_label){band->low_label, last_place(y, band->low, chart->n), "name faint"};
    labels[n + 1] = (chart_label){band->high_label, last_place(y, band->high, chart->n), "name faint"};
  }
  return n;
}

void wlaw_chart_line(text_buffer *out, const line_chart *chart) {
  double *x = wlaw_array(3 * (chart->n + 1), sizeof *x);
  if (!x) {
    out->failed = true;
    return;
  }
  double *first = x + chart->n + 1, *second = first + chart->n + 1;
  chart_label labels[CHART_LABELS_MOST];
  class_text names[CHART_LABELS_MOST];
  chart_frame frame = {.inset = INSET};
  data_range x_range = RANGE_EMPTY;
  wlaw_range_add_all(&x_range, chart->x, chart->n);
  frame.x = wlaw_scale_make(&frame.x_ticks, chart->x_real ? SCALE_LINEAR : SCALE_INTEGER, x_range, 6);
  const data_range values = y_range(chart);
  frame.y = wlaw_scale_make(&frame.y_ticks, chart->y_kind, values, 6);
  frame.y.from = frame.y.to = 0;
  size_t n_labels = collect_labels(labels, names, chart, &frame.y);
  wlaw_chart_begin(out, &chart->head, &frame, wlaw_chart_gutter(labels, n_labels));
  if (chart->n == 0 || wlaw_range_is_empty(&values)) wlaw_chart_empty(out, &frame);
  for (size_t i = 0; i < chart->n; i++) x[i] = wlaw_scale_at(&frame.x, chart->x[i]);
  for (size_t b = 0; b < chart->n_bands; b++) draw_band(out, &frame, chart, &chart->bands[b], x, first, second);
  for (size_t l = 0; l < chart->n_lines; l++) draw_line(out, &frame, chart, &chart->lines[l], x, first, second);
  for (size_t m = 0; m < chart->n_marks; m++) draw_mark(out, &frame, &chart->marks[m]);
  n_labels = collect_labels(labels, names, chart, &frame.y);
  wlaw_chart_labels(out, &frame, labels, n_labels);
  wlaw_svg_close(out);
  free(x);
}
