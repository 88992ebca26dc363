/* The page around the charts: head with its style sheet, sections, paragraphs, figures, tables. All text given to these
 * calls is untrusted and escaped; ids and class names are trusted. */
#ifndef WLAW_REPORT_HTML_H
#define WLAW_REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "core/text.h"

extern const char *const wlaw_report_style[]; /* the style sheet, pieces up to NULL (style.c) */

void wlaw_html_open(text_buffer *out, const char *title, const char *subtitle);
void wlaw_html_close(text_buffer *out);

/* A section with a heading; intro may be NULL. */
void wlaw_html_section_open(text_buffer *out, const char *id, const char *heading, const char *intro);
void wlaw_html_section_close(text_buffer *out);
void wlaw_html_heading(text_buffer *out, const char *text); /* inside a section */
void wlaw_html_paragraph(text_buffer *out, const char *classes, const char *text);
void wlaw_html_grid_open(text_buffer *out, const char *classes);
void wlaw_html_grid_close(text_buffer *out);

/* A figure: heading, then the caller's SVG, then a caption that says how to read it, then maybe a table. */
void wlaw_html_figure_open(text_buffer *out, const char *classes, const char *heading);
void wlaw_html_caption(text_buffer *out, const char *text);
void wlaw_html_figure_close(text_buffer *out);

/* A key of coloured squares: classes "fill c0", text. */
void wlaw_html_key_open(text_buffer *out);
void wlaw_html_key_item(text_buffer *out, const char *classes, const char *text);
void wlaw_html_key_close(text_buffer *out);

/* A table behind a summary that opens it (shown: open already). The first cell of each row is its heading. */
void wlaw_html_table_open(text_buffer *out, bool shown, const char *summary, const char *const *columns, size_t n);
void wlaw_html_row_open(text_buffer *out, const char *heading);
void wlaw_html_cell(text_buffer *out, const char *text);
void wlaw_html_row_close(text_buffer *out);
void wlaw_html_table_close(text_buffer *out);

#endif
