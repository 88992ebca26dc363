/* Curves and clouds in a plane with linear or logarithmic axes: densities, tails, pruning curves, joint samples. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "report/chart.h"

enum { CLASSES = 32, INSET = 4 };

typedef struct class_text {
  char s[CLASSES];
} class_text;

static class_text classes(const char *kind, unsigned colour) {
  class_text made;
  snprintf(made.s, sizeof made.s, "%s c%u", kind, colour % CHART_COLOURS);
  return made;
}

static bool shown(scale_kind kind, const data_range *range, double value) {
  if (!isfinite(value) || (kind == SCALE_LOG && !(value > 0))) return false;
  return wlaw_range_is_empty(range) || (value >= range->low && value <= range->high);
}

static bool inside(const plane_chart *chart, const plane_series *series, size_t i) {
  return shown(chart->x_kind, &chart->x_range, series->x[i]) && shown(chart->y_kind, &chart->y_range, series->y[i]);
}

/* What the axes span: the ranges asked for, or the points that are shown. */
static void span(data_range *x, data_range *y, const plane_chart *chart) {
  *x = chart->x_range;
  *y = chart->y_range;
  for (size_t s = 0; s < chart->n_series; s++)
    for (size_t i = 0; i < chart->series[s].n; i++) {
      const plane_series *series = &chart->series[s];
      if (!inside(chart, series, i)) continue;
      wlaw_range_add(x, series->x[i]);
      wlaw_range_add(y, series->y[i]);
    }
}

static double last_place(const plane_chart *chart, const plane_series *series, const scale *y) {
  for (size_t i = series->n; i-- > 0;)
    if (inside(chart, series, i)) return wlaw_scale_at(y, series->y[i]);
  return NAN;
}

static size_t collect_labels(chart_label *labels, class_text *names, const plane_chart *chart, const scale *y) {
  size_t n = 0;
  for (size_t s = 0; s < chart->n_series && n < CHART_LABELS_MOST; s++, n++) {
    names[n] = classes("name", chart->series[s].colour);
    labels[n] = (chart_label){chart->series[s].label, last_place(chart, &chart->series[s], y), names[n].s};
  }
  return n;
}

static void draw_bars(text_buffer *out, const chart_frame *frame, const plane_series *series, const double *x) {
  wlaw_svg_path_open(out, classes("bar", series->colour).s);
  for (size_t i = 0; i < series->n; i++) {
    const double e = series->error[i], low = series->y[i] - e;
    if (!isfinite(x[i]) || !isfinite(e) || !(e > 0)) continue;
    const bool to_axis = frame->y.kind == SCALE_LOG && !(low > 0);
    wlaw_svg_path_segment(out, x[i], to_axis ? frame->bottom : wlaw_scale_at(&frame->y, low), x[i],
                          wlaw_scale_at(&frame->y, series->y[i] + e));
  }
  wlaw_svg_path_close(out);
}

static void draw_points(text_buffer *out, const plane_series *series, const double *x, const double *y) {
  static const marker_shape shapes[] = {MARKER_CIRCLE, MARKER_SQUARE, MARKER_DIAMOND, MARKER_TRIANGLE};
  const marker_shape shape = shapes[series->colour % 4];
  wlaw_svg_path_open(out, classes(series->cloud ? "fill cloud" : "dot", series->colour).s);
  for (size_t i = 0; i < series->n; i++) {
    if (series->cloud && isfinite(x[i]) && isfinite(y[i])) wlaw_text_add(out, "M%.1f %.1fh2v2h-2Z", x[i] - 1, y[i] - 1);
    else if (!series->cloud) wlaw_svg_path_marker(out, shape, x[i], y[i], 2.9);
  }
  wlaw_svg_path_close(out);
}

static void draw_series(text_buffer *out, const chart_frame *frame, const plane_chart *chart,
                        const plane_series *series, double *x, double *y) {
  size_t any = 0;
  for (size_t i = 0; i < series->n; i++) {
    const bool here = inside(chart, series, i);
    x[i] = here ? wlaw_scale_at(&frame->x, series->x[i]) : NAN;
    y[i] = here ? wlaw_scale_at(&frame->y, series->y[i]) : NAN;
    any += here;
  }
  if (any == 0) return;
  if (series->error) draw_bars(out, frame, series, x);
  if (!series->points && !series->cloud)
    wlaw_svg_polyline(out, classes(series->dashed ? "line dashed" : "line", series->colour).s, x, y, series->n);
  if (series->points || series->cloud) draw_points(out, series, x, y);
}

void wlaw_chart_plane(text_buffer *out, const plane_chart *chart) {
  size_t most = 1;
  for (size_t s = 0; s < chart->n_series; s++)
    if (chart->series[s].n > most) most = chart->series[s].n;
  double *room = wlaw_array(2 * most, sizeof *room);
  if (!room) {
    out->failed = true;
    return;
  }
  chart_label labels[CHART_LABELS_MOST];
  class_text names[CHART_LABELS_MOST];
  chart_frame frame = {.inset = INSET};
  data_range x_range, y_range;
  span(&x_range, &y_range, chart);
  const bool empty = wlaw_range_is_empty(&x_range) || wlaw_range_is_empty(&y_range);
  frame.x = wlaw_scale_make(&frame.x_ticks, chart->x_kind, x_range, 6);
  frame.y = wlaw_scale_make(&frame.y_ticks, chart->y_kind, y_range, 6);
  frame.y.from = frame.y.to = 0;
  size_t n_labels = collect_labels(labels, names, chart, &frame.y);
  wlaw_chart_begin(out, &chart->head, &frame, wlaw_chart_gutter(labels, n_labels));
  if (empty) wlaw_chart_empty(out, &frame);
  for (size_t s = 0; s < chart->n_series && !empty; s++)
    draw_series(out, &frame, chart, &chart->series[s], room, room + most);
  n_labels = empty ? 0 : collect_labels(labels, names, chart, &frame.y);
  wlaw_chart_labels(out, &frame, labels, n_labels);
  wlaw_svg_close(out);
  free(room);
}
