/* Drawing: SVG elements appended to a text buffer. Coordinates are in viewBox units with y downwards; colours, fonts
 * and strokes come from the page's style sheet through class names, so that light, dark and print share one drawing. */
#ifndef WLAW_REPORT_SVG_H
#define WLAW_REPORT_SVG_H

#include <stddef.h>

#include "core/text.h"

/* Text for element content and for attribute values in double quotes: & < > " ' escaped, control characters and
 * invalid UTF-8 written as \xNN. Safe for untrusted names of any length. */
void wlaw_xml_escape(text_buffer *out, const char *text);

/* <svg> that scales to its container's width; title and description are read out by screen readers. id must be unique
 * in the page and a valid XML name (trusted). */
void wlaw_svg_open(text_buffer *out, const char *id, double width, double height, const char *title,
                   const char *description);
void wlaw_svg_close(text_buffer *out);

void wlaw_svg_line(text_buffer *out, const char *classes, double x1, double y1, double x2, double y2);
/* The same with a tooltip, read out too. */
void wlaw_svg_rect_titled(text_buffer *out, const char *classes, double x, double y, double width, double height,
                          const char *title);
/* anchor: "start", "middle" or "end". text is untrusted. */
void wlaw_svg_text(text_buffer *out, const char *classes, const char *anchor, double x, double y, const char *text);

/* One path through the points; a point that is not finite makes a gap, a point alone between gaps a dot. */
void wlaw_svg_polyline(text_buffer *out, const char *classes, const double *x, const double *y, size_t n);
/* Filled area between low and high, interrupted where any coordinate is not finite. */
void wlaw_svg_band(text_buffer *out, const char *classes, const double *x, const double *low, const double *high,
                   size_t n);

/* Shapes differ with the series, so that colour never is the only sign. */
typedef enum marker_shape { MARKER_CIRCLE, MARKER_SQUARE, MARKER_DIAMOND, MARKER_TRIANGLE, MARKER_CROSS } marker_shape;
void wlaw_svg_marker(text_buffer *out, const char *classes, marker_shape shape, double x, double y, double radius);

/* Many segments, curves or markers of one class as one path, which is smaller: open, any number of parts, close. */
void wlaw_svg_path_open(text_buffer *out, const char *classes);
void wlaw_svg_path_segment(text_buffer *out, double x1, double y1, double x2, double y2);
void wlaw_svg_path_curve(text_buffer *out, const double x[4], const double y[4]); /* cubic Bezier */
void wlaw_svg_path_polygon(text_buffer *out, const double *x, const double *y, size_t n);
void wlaw_svg_path_marker(text_buffer *out, marker_shape shape, double x, double y, double radius);
void wlaw_svg_path_close(text_buffer *out);

/* A rough width of text in pixels at this font size, for gutters (sans-serif, about 0.64 em a character). */
double wlaw_svg_text_width(const char *text, double font_size);

#endif
