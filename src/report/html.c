#include "report/html.h"

#include <string.h>

#include "report/svg.h"

#define TEXT(x)    #x
#define TEXT_OF(x) TEXT(x)
#define MADE_BY    "weightlaw " TEXT_OF(WLAW_VERSION_MAJOR) "." TEXT_OF(WLAW_VERSION_MINOR) "." TEXT_OF(WLAW_VERSION_PATCH)

static void literal(text_buffer *out, const char *html) { wlaw_text_add_bytes(out, html, strlen(html)); }

static void element(text_buffer *out, const char *tag, const char *text) {
  wlaw_text_add(out, "<%s>", tag);
  wlaw_xml_escape(out, text);
  wlaw_text_add(out, "</%s>\n", tag);
}

void wlaw_html_open(text_buffer *out, const char *title, const char *subtitle) {
  literal(out,
          "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n");
  literal(out, "<meta name=\"generator\" content=\"" MADE_BY "\">\n");
  element(out, "title", title);
  literal(out, "<style>\n");
  for (const char *const *piece = wlaw_report_style; *piece; piece++) literal(out, *piece);
  literal(out, "</style>\n</head>\n<body>\n<header>\n");
  element(out, "h1", title);
  wlaw_html_paragraph(out, "subtitle", subtitle);
  literal(out, "</header>\n<main>\n");
}

void wlaw_html_close(text_buffer *out) {
  literal(out, "</main>\n<footer>\n");
  wlaw_html_paragraph(out, "small", "Made by " MADE_BY ".");
  literal(out, "</footer>\n</body>\n</html>\n");
}

void wlaw_html_section_open(text_buffer *out, const char *id, const char *heading, const char *intro) {
  wlaw_text_add(out, "<section id=\"%s\" aria-labelledby=\"%s-h\">\n<h2 id=\"%s-h\">", id, id, id);
  wlaw_xml_escape(out, heading);
  literal(out, "</h2>\n");
  if (intro) wlaw_html_paragraph(out, "intro", intro);
}

void wlaw_html_section_close(text_buffer *out) { literal(out, "</section>\n"); }

void wlaw_html_heading(text_buffer *out, const char *text) { element(out, "h3", text); }

void wlaw_html_paragraph(text_buffer *out, const char *classes, const char *text) {
  wlaw_text_add(out, "<p class=\"%s\">", classes);
  wlaw_xml_escape(out, text);
  literal(out, "</p>\n");
}

void wlaw_html_grid_open(text_buffer *out, const char *classes) { wlaw_text_add(out, "<div class=\"%s\">\n", classes); }

void wlaw_html_grid_close(text_buffer *out) { literal(out, "</div>\n"); }

void wlaw_html_figure_open(text_buffer *out, const char *classes, const char *heading) {
  wlaw_text_add(out, "<figure class=\"%s\">\n", classes);
  element(out, "h4", heading);
}

void wlaw_html_caption(text_buffer *out, const char *text) { element(out, "figcaption", text); }

void wlaw_html_figure_close(text_buffer *out) { literal(out, "</figure>\n"); }

void wlaw_html_key_open(text_buffer *out) { literal(out, "<ul class=\"key\">\n"); }

void wlaw_html_key_item(text_buffer *out, const char *classes, const char *text) {
  wlaw_text_add(out, "<li><svg class=\"swatch\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><g class=\"%s\">", classes);
  literal(out, "<rect class=\"back\" width=\"14\" height=\"14\" rx=\"2\"/></g></svg>");
  wlaw_xml_escape(out, text);
  literal(out, "</li>\n");
}

void wlaw_html_key_close(text_buffer *out) { literal(out, "</ul>\n"); }

void wlaw_html_table_open(text_buffer *out, bool shown, const char *summary, const char *const *columns, size_t n) {
  wlaw_text_add(out, "<details%s>\n", shown ? " open=\"\"" : "");
  element(out, "summary", summary);
  literal(out, "<div class=\"scroll\"><table>\n<thead><tr>");
  for (size_t i = 0; i < n; i++) {
    literal(out, "<th scope=\"col\">");
    wlaw_xml_escape(out, columns[i]);
    literal(out, "</th>");
  }
  literal(out, "</tr></thead>\n<tbody>\n");
}

void wlaw_html_row_open(text_buffer *out, const char *heading) {
  literal(out, "<tr><th scope=\"row\">");
  wlaw_xml_escape(out, heading);
  literal(out, "</th>");
}

void wlaw_html_cell(text_buffer *out, const char *text) {
  literal(out, "<td>");
  wlaw_xml_escape(out, text);
  literal(out, "</td>");
}

void wlaw_html_row_close(text_buffer *out) { literal(out, "</tr>\n"); }

void wlaw_html_table_close(text_buffer *out) { literal(out, "</tbody>\n</table></div>\n</details>\n"); }
