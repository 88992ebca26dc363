/* Curves of a document, one a width, for a chart. */
#ifndef WLAW_REPORT_CURVE_LIST_H
#define WLAW_REPORT_CURVE_LIST_H

#include "core/json.h"
#include "core/text.h"
#include "report/chart.h"

enum { CURVES_MOST = CHART_COLOURS, CURVE_LABEL = 64 };

/* Start with {0}; free with wlaw_curves_free, after the chart is written. */
typedef struct curve_list {
  plane_series series[CURVES_MOST];
  char labels[CURVES_MOST][CURVE_LABEL];
  double *memory[3 * CURVES_MOST];
  size_t n, n_memory;
} curve_list;

/* A curve of the arrays at two paths of `from`, with errors where there is a path of them (or NULL). NULL, and no
 * curve, where an array is missing or the list is full. */
plane_series *wlaw_curve_add(text_buffer *out, curve_list *list, const json_t *from, const char *x, const char *y,
                             const char *error, const char *label);
void wlaw_curves_free(curve_list *list);

/* "p = 500", of an object with a width; and of infinite width. */
void wlaw_width_label(char label[CURVE_LABEL], const json_t *at);
extern const char wlaw_infinite_label[];

#endif
