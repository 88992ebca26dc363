/* What charts share: the plot's place, axes, and labels that stand beside their lines. */
#include <math.h>

#include "report/chart.h"

enum { LABEL_GAP = 14, LEADER = 12 };

double wlaw_chart_width(const chart_head *head) { return head->width > 0 ? head->width : 400; }
double wlaw_chart_height(const chart_head *head) { return head->height > 0 ? head->height : 250; }

static double widest_tick(const scale_ticks *ticks) {
  double widest = 0;
  for (size_t i = 0; i < ticks->n; i++)
    widest = fmax(widest, wlaw_svg_text_width(wlaw_tick_text(ticks, i).s, CHART_FONT));
  return widest;
}

static void draw_y_axis(text_buffer *out, const chart_frame *frame) {
  for (size_t i = 0; i < frame->y_ticks.n; i++) {
    const double y = wlaw_scale_at(&frame->y, frame->y_ticks.at[i]);
    wlaw_svg_line(out, "grid", frame->left, y, frame->right, y);
    wlaw_svg_text(out, "tick", "end", frame->left - 6, y + 4, wlaw_tick_text(&frame->y_ticks, i).s);
  }
}

static void draw_x_axis(text_buffer *out, const chart_frame *frame) {
  wlaw_svg_line(out, "axis", frame->left, frame->bottom, frame->right, frame->bottom);
  for (size_t i = 0; i < frame->x_ticks.n; i++) {
    const double x = wlaw_scale_at(&frame->x, frame->x_ticks.at[i]);
    wlaw_svg_line(out, "axis", x, frame->bottom, x, frame->bottom + 4);
    wlaw_svg_text(out, "tick", "middle", x, frame->bottom + 17, wlaw_tick_text(&frame->x_ticks, i).s);
  }
}

void wlaw_chart_begin(text_buffer *out, const chart_head *head, chart_frame *frame, double gutter) {
  const double width = wlaw_chart_width(head), height = wlaw_chart_height(head);
  wlaw_svg_open(out, head->id, width, height, head->title, head->description);
  const double widest = widest_tick(&frame->y_ticks);
  frame->left = fmax(widest + 10, 24);
  frame->right = fmax(width - fmax(gutter, 10), frame->left + 40);
  frame->top = head->y_label ? 26 : 12;
  frame->bottom = height - (head->x_label ? 38 : 24);
  frame->x.from = frame->left + frame->inset;
  frame->x.to = frame->right - frame->inset;
  frame->y.from = frame->bottom;
  frame->y.to = frame->top;
  draw_y_axis(out, frame);
  draw_x_axis(out, frame);
  if (head->y_label) wlaw_svg_text(out, "label", "start", 2, 13, head->y_label);
  if (head->x_label) wlaw_svg_text(out, "label", "middle", (frame->left + frame->right) / 2, height - 5, head->x_label);
}

void wlaw_chart_empty(text_buffer *out, const chart_frame *frame) {
  wlaw_svg_text(out, "label", "middle", (frame->left + frame->right) / 2, (frame->top + frame->bottom) / 2, "no data");
}

double wlaw_chart_gutter(const chart_label *labels, size_t n) {
  double widest = 0;
  for (size_t i = 0; i < n; i++)
    if (labels[i].text) widest = fmax(widest, wlaw_svg_text_width(labels[i].text, CHART_FONT));
  return widest > 0 ? widest + LEADER + 6 : 0;
}

/* Moves sorted places apart to at least `gap`, inside [low, high] as far as they fit. */
static void spread(double *place, size_t n, double gap, double low, double high) {
  for (size_t i = 0; i < n; i++) {
    if (i == 0 && place[0] < low) place[0] = low;
    if (i > 0 && place[i] < place[i - 1] + gap) place[i] = place[i - 1] + gap;
  }
  for (size_t i = n; i-- > 0;) {
    const double limit = i + 1 < n ? place[i + 1] - gap : high;
    if (place[i] > limit) place[i] = limit;
  }
}

void wlaw_chart_labels(text_buffer *out, const chart_frame *frame, const chart_label *labels, size_t n) {
  size_t order[CHART_LABELS_MOST], m = 0;
  double place[CHART_LABELS_MOST];
  for (size_t i = 0; i < n && m < CHART_LABELS_MOST; i++) {
    if (!labels[i].text || !isfinite(labels[i].y)) continue;
    size_t at = m++;
    for (; at > 0 && labels[order[at - 1]].y > labels[i].y; at--) order[at] = order[at - 1];
    order[at] = i;
  }
  for (size_t i = 0; i < m; i++) place[i] = labels[order[i]].y;
  spread(place, m, LABEL_GAP, frame->top + 2, frame->bottom - 2);
  for (size_t i = 0; i < m; i++) {
    const chart_label *label = &labels[order[i]];
    wlaw_svg_line(out, "leader", frame->right + 4, label->y, frame->right + LEADER, place[i]);
    wlaw_svg_text(out, label->classes, "start", frame->right + LEADER + 3, place[i] + 4, label->text);
  }
}
