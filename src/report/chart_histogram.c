/* A histogram as a density, with the normal density of the same mean and standard deviation over it, and others. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "report/chart.h"

enum { CURVE_POINTS = 121 };
static const double SQRT_TWO_PI = 2.50662827463100050242;

static double density(const histogram_chart *chart, size_t i) {
  const double unit = chart->total * chart->bin_width;
  return unit > 0 && isfinite(chart->counts[i]) ? chart->counts[i] / unit : 0;
}

static double normal_density(const histogram_chart *chart, double x) {
  const double z = (x - chart->mean) / chart->sd;
  return exp(-0.5 * z * z) / (chart->sd * SQRT_TWO_PI);
}

static bool has_normal(const histogram_chart *chart) { return isfinite(chart->mean) && chart->sd > 0; }

static void draw_bars(text_buffer *out, const chart_frame *frame, const histogram_chart *chart) {
  char classes[24];
  snprintf(classes, sizeof classes, "fill%s c%u", chart->n_curves ? " weak" : "", chart->colour % CHART_COLOURS);
  wlaw_text_add(out, "<path class=\"%s\" d=\"M%.1f %.1f", classes, frame->left, frame->bottom);
  for (size_t i = 0; i < chart->n; i++) {
    const double right = chart->low + (double)(i + 1) * chart->bin_width;
    wlaw_text_add(out, "V%.1fH%.1f", wlaw_scale_at(&frame->y, density(chart, i)), wlaw_scale_at(&frame->x, right));
  }
  wlaw_text_add(out, "V%.1fZ\"/>\n", frame->bottom);
}

/* curve NULL: the normal density */
static void draw_curve(text_buffer *out, const chart_frame *frame, const histogram_chart *chart,
                       const chart_curve *curve) {
  double x[CURVE_POINTS], y[CURVE_POINTS];
  char classes[24] = "line curve";
  if (curve) snprintf(classes, sizeof classes, "line c%u", curve->colour % CHART_COLOURS);
  for (size_t i = 0; i < CURVE_POINTS; i++) {
    const double at = frame->x.low + (frame->x.high - frame->x.low) * (double)i / (CURVE_POINTS - 1);
    x[i] = wlaw_scale_at(&frame->x, at);
    y[i] = wlaw_scale_at(&frame->y, curve ? curve->at(curve->context, at) : normal_density(chart, at));
  }
  wlaw_svg_polyline(out, classes, x, y, CURVE_POINTS);
}

/* Ticks at round numbers; the axis itself spans exactly the bins. */
static scale bins_scale(scale_ticks *ticks, double low, double high) {
  scale made = wlaw_scale_make(ticks, SCALE_LINEAR, (data_range){low, high}, 4);
  size_t kept = 0;
  for (size_t i = 0; i < ticks->n; i++)
    if (ticks->at[i] >= low && ticks->at[i] <= high) ticks->at[kept++] = ticks->at[i];
  ticks->n = kept;
  made.low = low;
  made.high = high;
  return made;
}

/* Notes go where the bars leave more room. */
static void draw_notes(text_buffer *out, const chart_frame *frame, const histogram_chart *chart) {
  double left = 0, right = 0;
  for (size_t i = 0; i < chart->n / 3; i++) {
    left = fmax(left, chart->counts[i]);
    right = fmax(right, chart->counts[chart->n - 1 - i]);
  }
  const bool at_left = left <= 1.5 * right;
  for (size_t i = 0; i < chart->n_notes; i++)
    wlaw_svg_text(out, "note", at_left ? "start" : "end", at_left ? frame->left + 8 : frame->right,
                  frame->top + 10 + 14 * (double)i, chart->notes[i]);
}

void wlaw_chart_histogram(text_buffer *out, const histogram_chart *chart) {
  const double end = chart->low + (double)chart->n * chart->bin_width;
  const bool usable = chart->n > 0 && isfinite(chart->low) && isfinite(end) && end > chart->low && chart->total > 0;
  data_range y_range = {0, 0};
  for (size_t i = 0; usable && i < chart->n; i++) wlaw_range_add(&y_range, density(chart, i));
  if (usable && has_normal(chart)) wlaw_range_add(&y_range, normal_density(chart, chart->mean));
  chart_frame frame = {.inset = 0};
  const double low = usable ? chart->low : 0, high = usable ? end : 1;
  frame.x = bins_scale(&frame.x_ticks, low, high);
  frame.y = wlaw_scale_make(&frame.y_ticks, SCALE_LINEAR, y_range, 3);
  wlaw_chart_begin(out, &chart->head, &frame, 12);
  if (usable) {
    draw_bars(out, &frame, chart);
    if (has_normal(chart)) draw_curve(out, &frame, chart, NULL);
    for (size_t c = 0; c < chart->n_curves; c++) draw_curve(out, &frame, chart, &chart->curves[c]);
  } else wlaw_chart_empty(out, &frame);
  draw_notes(out, &frame, chart);
  wlaw_svg_close(out);
}
