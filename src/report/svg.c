#include "report/svg.h"

#include <math.h>
#include <string.h>

/* Escapes one printable chunk. */
static void escape_chunk(text_buffer *out, const char *text) {
  const char *from = text;
  for (const char *at = text;; at++) {
    const char *entity = NULL;
    switch (*at) {
      case '&': entity = "&amp;"; break;
      case '<': entity = "&lt;"; break;
      case '>': entity = "&gt;"; break;
      case '"': entity = "&quot;"; break;
      case '\'': entity = "&#39;"; break;
      case '\0': break;
      default: continue;
    }
    wlaw_text_add_bytes(out, from, (size_t)(at - from));
    if (!*at) return;
    wlaw_text_add_bytes(out, entity, strlen(entity));
    from = at + 1;
  }
}

/* Bytes of text up to `most` that do not cut a UTF-8 character. */
static size_t chunk_length(const char *text, size_t most) {
  size_t n = strnlen(text, most);
  if (n < most) return n;
  size_t cut = n;
  while (cut > n - 4 && ((unsigned char)text[cut] & 0xC0) == 0x80) cut--;
  return cut > n - 4 ? cut : n;
}

void wlaw_xml_escape(text_buffer *out, const char *text) {
  enum { CHUNK = 256 };
  char piece[CHUNK + 1], printable[4 * CHUNK + 1];
  while (*text) {
    const size_t n = chunk_length(text, CHUNK);
    memcpy(piece, text, n);
    piece[n] = '\0';
    wlaw_text_printable(printable, sizeof printable, piece);
    escape_chunk(out, printable);
    text += n;
  }
}

/* One decimal (a tenth of a pixel); never "-0.0", never outside what a viewer draws. */
static double coordinate(double value) {
  value = fmin(fmax(value, -9999.0), 9999.0);
  return fabs(value) < 0.05 ? 0.0 : value;
}

void wlaw_svg_open(text_buffer *out, const char *id, double width, double height, const char *title,
                   const char *description) {
  wlaw_text_add(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"%s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
                "aria-labelledby=\"%s-t %s-d\">\n<title id=\"%s-t\">",
                id, width, height, id, id, id);
  wlaw_xml_escape(out, title);
  wlaw_text_add(out, "</title><desc id=\"%s-d\">", id);
  wlaw_xml_escape(out, description);
  wlaw_text_add(out, "</desc>\n");
}

void wlaw_svg_close(text_buffer *out) { wlaw_text_add(out, "</svg>\n"); }

void wlaw_svg_line(text_buffer *out, const char *classes, double x1, double y1, double x2, double y2) {
  if (!isfinite(x1) || !isfinite(y1) || !isfinite(x2) || !isfinite(y2)) return;
  wlaw_text_add(out, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", classes, coordinate(x1), coordinate(y1),
                coordinate(x2), coordinate(y2));
}

static void rect_open(text_buffer *out, const char *classes, double x, double y, double width, double height) {
  wlaw_text_add(out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"", classes, coordinate(x),
                coordinate(y), coordinate(fmax(width, 0)), coordinate(fmax(height, 0)));
}

void wlaw_svg_rect_titled(text_buffer *out, const char *classes, double x, double y, double width, double height,
                          const char *title) {
  if (!isfinite(x) || !isfinite(y) || !isfinite(width) || !isfinite(height)) return;
  rect_open(out, classes, x, y, width, height);
  wlaw_text_add(out, "><title>");
  wlaw_xml_escape(out, title);
  wlaw_text_add(out, "</title></rect>\n");
}

void wlaw_svg_text(text_buffer *out, const char *classes, const char *anchor, double x, double y, const char *text) {
  if (!isfinite(x) || !isfinite(y)) return;
  wlaw_text_add(out, "<text class=\"%s\" text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">", classes, anchor, coordinate(x),
                coordinate(y));
  wlaw_xml_escape(out, text);
  wlaw_text_add(out, "</text>\n");
}

static void path_point(text_buffer *out, char command, double x, double y) {
  wlaw_text_add(out, "%c%.1f %.1f", command, coordinate(x), coordinate(y));
}

void wlaw_svg_polyline(text_buffer *out, const char *classes, const double *x, const double *y, size_t n) {
  bool pen_down = false, any = false;
  for (size_t i = 0; i < n; i++) {
    const bool here = isfinite(x[i]) && isfinite(y[i]);
    const bool next = i + 1 < n && isfinite(x[i + 1]) && isfinite(y[i + 1]);
    if (here && !any) wlaw_text_add(out, "<path class=\"%s\" d=\"", classes);
    if (here) path_point(out, pen_down ? 'L' : 'M', x[i], y[i]);
    if (here && !pen_down && !next) wlaw_text_add(out, "h0"); /* round caps make this a dot */
    any |= here;
    pen_down = here;
  }
  if (any) wlaw_text_add(out, "\"/>\n");
}

void wlaw_svg_band(text_buffer *out, const char *classes, const double *x, const double *low, const double *high,
                   size_t n) {
  for (size_t start = 0; start < n;) {
    size_t end = start;
    while (end < n && isfinite(x[end]) && isfinite(low[end]) && isfinite(high[end])) end++;
    if (end > start) {
      wlaw_text_add(out, "<path class=\"%s\" d=\"", classes);
      for (size_t i = start; i < end; i++) path_point(out, i == start ? 'M' : 'L', x[i], high[i]);
      for (size_t i = end; i-- > start;) path_point(out, 'L', x[i], low[i]);
      wlaw_text_add(out, "Z\"/>\n");
    }
    start = end + 1;
  }
}

void wlaw_svg_path_open(text_buffer *out, const char *classes) {
  wlaw_text_add(out, "<path class=\"%s\" d=\"", classes);
}

void wlaw_svg_path_close(text_buffer *out) { wlaw_text_add(out, "\"/>\n"); }

void wlaw_svg_path_segment(text_buffer *out, double x1, double y1, double x2, double y2) {
  if (!isfinite(x1) || !isfinite(y1) || !isfinite(x2) || !isfinite(y2)) return;
  path_point(out, 'M', x1, y1);
  path_point(out, 'L', x2, y2);
}

void wlaw_svg_path_curve(text_buffer *out, const double x[4], const double y[4]) {
  for (size_t i = 0; i < 4; i++)
    if (!isfinite(x[i]) || !isfinite(y[i])) return;
  path_point(out, 'M', x[0], y[0]);
  path_point(out, 'C', x[1], y[1]);
  path_point(out, ' ', x[2], y[2]);
  path_point(out, ' ', x[3], y[3]);
}

void wlaw_svg_path_polygon(text_buffer *out, const double *x, const double *y, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!isfinite(x[i]) || !isfinite(y[i])) return;
  for (size_t i = 0; i < n; i++) path_point(out, i == 0 ? 'M' : 'L', x[i], y[i]);
  if (n > 0) wlaw_text_add(out, "Z");
}

void wlaw_svg_path_marker(text_buffer *out, marker_shape shape, double x, double y, double radius) {
  if (!isfinite(x) || !isfinite(y)) return;
  const double r = radius;
  path_point(out, 'M', shape == MARKER_CIRCLE ? x - r : x, y);
  switch (shape) {
    case MARKER_CIRCLE:
      wlaw_text_add(out, "a%.1f %.1f 0 1 0 %.1f 0a%.1f %.1f 0 1 0 %.1f 0Z", r, r, 2 * r, r, r, -2 * r);
      break;
    case MARKER_SQUARE: wlaw_text_add(out, "m%.1f %.1fh%.1fv%.1fh%.1fZ", -r, -r, 2 * r, 2 * r, -2 * r); break;
    case MARKER_DIAMOND:
      wlaw_text_add(out, "m0 %.1fl%.1f %.1fl%.1f %.1fl%.1f %.1fZ", -1.3 * r, 1.3 * r, 1.3 * r, -1.3 * r, 1.3 * r,
                    -1.3 * r, -1.3 * r);
      break;
    case MARKER_TRIANGLE: wlaw_text_add(out, "m0 %.1fl%.1f %.1fh%.1fZ", -1.2 * r, 1.2 * r, 2.1 * r, -2.4 * r); break;
    case MARKER_CROSS:
      wlaw_text_add(out, "m%.1f %.1fl%.1f %.1fm0 %.1fl%.1f %.1f", -r, -r, 2 * r, 2 * r, -2 * r, -2 * r, 2 * r);
      break;
  }
}

void wlaw_svg_marker(text_buffer *out, const char *classes, marker_shape shape, double x, double y, double radius) {
  if (!isfinite(x) || !isfinite(y)) return;
  wlaw_svg_path_open(out, classes);
  wlaw_svg_path_marker(out, shape, x, y, radius);
  wlaw_svg_path_close(out);
}

double wlaw_svg_text_width(const char *text, double font_size) {
  size_t characters = 0;
  for (const char *at = text; *at; at++) characters += ((unsigned char)*at & 0xC0) != 0x80;
  return 0.64 * font_size * (double)characters;
}
