/* Stacked bars over epochs: of what a distance is made. */
#include <math.h>
#include <stdio.h>

#include "report/chart.h"

static double part_value(const stack_chart *chart, size_t part, size_t i) {
  const double value = chart->values[part * chart->n + i];
  return isfinite(value) && value > 0 ? value : 0;
}

static double bar_total(const stack_chart *chart, size_t i) {
  double total = 0;
  for (size_t part = 0; part < chart->n_parts; part++) total += part_value(chart, part, i);
  return total;
}

static double bar_unit(const stack_chart *chart, size_t i) {
  const double total = bar_total(chart, i);
  return chart->shares && total > 0 ? total : 1;
}

static scale make_y(scale_ticks *ticks, const stack_chart *chart) {
  data_range range = {0, 0};
  if (chart->shares) range.high = 1;
  else
    for (size_t i = 0; i < chart->n; i++) wlaw_range_add(&range, bar_total(chart, i));
  return wlaw_scale_make(ticks, SCALE_LINEAR, range, 5);
}

/* Bars stand in equal slots, whatever the steps between epochs. */
static double slot_width(const chart_frame *frame, size_t n) { return (frame->right - frame->left) / (double)n; }

static void draw_bar(text_buffer *out, const chart_frame *frame, const stack_chart *chart, size_t i) {
  const double slot = slot_width(frame, chart->n), x = frame->left + slot * ((double)i + 0.1),
               unit = bar_unit(chart, i);
  double below = 0;
  for (size_t part = 0; part < chart->n_parts; part++) {
    const double value = part_value(chart, part, i) / unit;
    const double top = wlaw_scale_at(&frame->y, below + value), foot = wlaw_scale_at(&frame->y, below);
    below += value;
    if (!(foot - top > 0.05)) continue;
    char classes[32], note[160];
    snprintf(classes, sizeof classes, "fill c%u%s", chart->colours[part] % CHART_COLOURS,
             chart->faint && chart->faint[i] ? " weak" : "");
    snprintf(note, sizeof note, "%s %.0f: %s %s", chart->head.x_label ? chart->head.x_label : "", chart->x[i],
             chart->labels[part],
             chart->shares ? wlaw_number_percent(value).s : wlaw_number(part_value(chart, part, i), 3).s);
    wlaw_svg_rect_titled(out, classes, x, top, 0.8 * slot, foot - top, note);
  }
}

/* Slot numbers that get a tick: about ten, the first and the last among them where steps allow. */
static void draw_slots(text_buffer *out, const chart_frame *frame, const stack_chart *chart) {
  const size_t every = (chart->n + 10) / 11;
  for (size_t i = 0; i < chart->n; i += every ? every : 1) {
    const double x = frame->left + slot_width(frame, chart->n) * ((double)i + 0.5);
    wlaw_svg_text(out, "tick", "middle", x, frame->bottom + 17, wlaw_number_fixed(chart->x[i], 0).s);
  }
}

/* Labels stand at the middle of their part of the last bar that has one. */
static size_t collect_labels(chart_label *labels, char (*names)[24], const stack_chart *chart, const scale *y) {
  size_t last = chart->n, n = 0;
  for (size_t i = chart->n; i-- > 0 && last == chart->n;)
    if (bar_total(chart, i) > 0) last = i;
  double below = 0;
  for (size_t part = 0; last < chart->n && part < chart->n_parts && n < CHART_LABELS_MOST; part++, n++) {
    const double value = part_value(chart, part, last) / bar_unit(chart, last);
    snprintf(names[n], sizeof names[n], "name c%u", chart->colours[part] % CHART_COLOURS);
    labels[n] = (chart_label){chart->labels[part], wlaw_scale_at(y, below + value / 2), names[n]};
    below += value;
  }
  return n;
}

void wlaw_chart_stack(text_buffer *out, const stack_chart *chart) {
  chart_frame frame = {.x_ticks.n = 0};
  chart_label labels[CHART_LABELS_MOST];
  char names[CHART_LABELS_MOST][24];
  frame.x = (scale){.kind = SCALE_LINEAR, .low = 0, .high = 1};
  frame.y = make_y(&frame.y_ticks, chart);
  size_t n = collect_labels(labels, names, chart, &frame.y);
  wlaw_chart_begin(out, &chart->head, &frame, wlaw_chart_gutter(labels, n));
  if (n == 0) wlaw_chart_empty(out, &frame);
  for (size_t i = 0; i < chart->n; i++) draw_bar(out, &frame, chart, i);
  draw_slots(out, &frame, chart);
  n = collect_labels(labels, names, chart, &frame.y);
  wlaw_chart_labels(out, &frame, labels, n);
  wlaw_svg_close(out);
}
