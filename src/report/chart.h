/* Charts: each draws one SVG from plain arrays. NaN anywhere is a gap, an empty series an empty frame that says so. */
#ifndef WLAW_REPORT_CHART_H
#define WLAW_REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text.h"
#include "report/scale.h"
#include "report/svg.h"

/* What every chart has. id: unique in the page, a trusted XML name. title and description are for screen readers. */
typedef struct chart_head {
  const char *id, *title, *description;
  double width, height; /* viewBox units; 0: 400 by 250 */
  const char *x_label, *y_label;
} chart_head;

/* Series colours are classes c0 .. c7 of the style sheet. */
enum { CHART_COLOURS = 8 };

/* ---- lines with error bars, bands and single marks over a common x */

typedef struct chart_line {
  const char *label;   /* written beside the last point; NULL: none */
  const double *y;     /* [n] */
  const double *error; /* [n] half-length of the error bar, or NULL */
  const double *inner; /* [n] half-distance of the caps drawn inside it (a second kind of error), or NULL */
  unsigned colour;
  bool dashed, plain; /* plain: no markers */
} chart_line;

typedef struct chart_band {
  const double *low, *high; /* [n] */
  const char *low_label, *high_label;
  unsigned colour;
  bool strong; /* the inner of two bands */
} chart_band;

typedef struct chart_mark { /* a cross at one place */
  double x, y;
  const char *note; /* tooltip, or NULL */
} chart_mark;

typedef struct line_chart {
  chart_head head;
  const double *x; /* [n] ascending */
  size_t n;
  bool x_real; /* x are measurements, with ticks at round numbers; otherwise whole numbers such as epochs */
  scale_kind y_kind;
  data_range y_range; /* must be inside the y axis, too; RANGE_EMPTY: nothing more */
  const chart_line *lines;
  size_t n_lines;
  const chart_band *bands;
  size_t n_bands;
  const chart_mark *marks;
  size_t n_marks;
} line_chart;

void wlaw_chart_line(text_buffer *out, const line_chart *chart);

/* ---- stacked bars */

typedef struct stack_chart {
  chart_head head;
  const double *x; /* [n], printed under the bars */
  size_t n;
  const char *const *labels; /* [n_parts] */
  const double *values;      /* [n_parts * n], part slowest; NaN and negative values count as 0 */
  const unsigned *colours;   /* [n_parts] */
  size_t n_parts;
  const bool *faint; /* [n] bars to fade, or NULL */
  bool shares;       /* each bar scaled to 1 */
} stack_chart;

void wlaw_chart_stack(text_buffer *out, const stack_chart *chart);

/* ---- a histogram with densities over it */

typedef struct chart_curve {
  double (*at)(const void *context, double x);
  const void *context;
  unsigned colour;
} chart_curve;

typedef struct histogram_chart {
  chart_head head;
  double low, bin_width;
  const double *counts; /* [n] */
  size_t n;
  double total;              /* divides the counts: values outside the bins count, too */
  double mean, sd;           /* of the normal density; NaN: none */
  const chart_curve *curves; /* further ones; where they rise far above the bars they are cut */
  size_t n_curves;
  const char *const *notes; /* lines in the corner */
  size_t n_notes;
  unsigned colour;
} histogram_chart;

void wlaw_chart_histogram(text_buffer *out, const histogram_chart *chart);

/* ---- a strip: rows of coloured cells over a common x */

typedef struct strip_cell {
  const char *classes; /* of the rectangle: "l0" .. "l2", "h0" .. "h5", "none" */
  const char *text;    /* inside, when there is room; or NULL */
  const char *brief;   /* instead of text, when only that has room; or NULL */
  const char *under;   /* a second line; or NULL */
  const char *note;    /* tooltip, or NULL */
} strip_cell;

typedef struct strip_chart {
  chart_head head;
  const double *x;            /* [n_columns], printed under the cells; or */
  const char *const *columns; /* [n_columns] names, printed above them; NULL: x */
  size_t n_columns;
  const char *const *rows; /* [n_rows] */
  size_t n_rows;
  double row_height;       /* 0: room for two lines */
  const strip_cell *cells; /* [n_rows * n_columns] */
} strip_chart;

void wlaw_chart_strip(text_buffer *out, const strip_chart *chart);

/* ---- a plane: curves and clouds of points, each with places of its own, on any scales */

typedef struct plane_series {
  const char *label;   /* beside the last point that is inside; NULL: none */
  const double *x, *y; /* [n] */
  const double *error; /* [n] half-length of the error bar in y, or NULL */
  size_t n;
  unsigned colour;
  bool dashed, points, cloud; /* points: markers and no line; cloud: many faint dots */
} plane_series;

typedef struct plane_chart {
  chart_head head;
  scale_kind x_kind, y_kind;
  data_range x_range, y_range; /* what is shown: points outside are gaps; RANGE_EMPTY: everything */
  const plane_series *series;
  size_t n_series;
} plane_chart;

void wlaw_chart_plane(text_buffer *out, const plane_chart *chart);

/* ---- shared by the charts (chart_frame.c) */

typedef struct chart_frame {
  double left, right, top, bottom; /* edges of the plot */
  double inset;                    /* of the x axis' ends from the plot's edges; set before wlaw_chart_begin */
  scale x, y;
  scale_ticks x_ticks, y_ticks;
} chart_frame;

enum { CHART_FONT = 12 };

double wlaw_chart_width(const chart_head *head);
double wlaw_chart_height(const chart_head *head);
/* Opens the SVG, lays the plot out with `gutter` units free at the right, draws grid, ticks and axis labels. */
void wlaw_chart_begin(text_buffer *out, const chart_head *head, chart_frame *frame, double gutter);
/* "no data" in the middle of the plot. */
void wlaw_chart_empty(text_buffer *out, const chart_frame *frame);

/* Labels in the right gutter, moved apart so that none overlaps, each with a leader line from its place. */
typedef struct chart_label {
  const char *text;
  double y;            /* pixel; NaN: left out */
  const char *classes; /* of the text */
} chart_label;
enum { CHART_LABELS_MOST = 24 };
double wlaw_chart_gutter(const chart_label *labels, size_t n);
void wlaw_chart_labels(text_buffer *out, const chart_frame *frame, const chart_label *labels, size_t n);

#endif
