/* The page as a whole: what was found, contents, sections, configuration, notes. */
#include "report/page.h"

#include <stdio.h>
#include <string.h>

#include "report/html.h"
#include "report/svg.h"

/* Cuts at a character: `most` bytes at the utmost, an ellipsis for what is missing. */
static void cut_name(char *out, size_t most, const char *name) {
  char printable[96];
  wlaw_text_printable(printable, sizeof printable, name);
  if (strlen(printable) <= most) {
    memcpy(out, printable, strlen(printable) + 1);
    return;
  }
  size_t n = most - 3;
  while (n > 0 && ((unsigned char)printable[n] & 0xC0) == 0x80) n--;
  memcpy(out, printable, n);
  memcpy(out + n, "\xe2\x80\xa6", 4);
}

tensor_label wlaw_page_tensor_name(const report_tensor *tensor) {
  tensor_label label;
  cut_name(label.s, 28, tensor->name && *tensor->name ? tensor->name : "the matrix");
  return label;
}

tensor_label wlaw_page_tensor_label(const report_tensor *tensor) {
  tensor_label label;
  snprintf(label.s, sizeof label.s, "%.40s (%llu \xc3\x97 %llu)", wlaw_page_tensor_name(tensor).s,
           (unsigned long long)tensor->rows, (unsigned long long)tensor->cols);
  return label;
}

const char *wlaw_page_grid(size_t n) {
  if (n == 1) return "grid2 one"; /* not stretched over the page, with letters twice as large as elsewhere */
  return n % 3 == 0 || n > 4 ? "grid3" : "grid2";
}

static void sentences(text_buffer *out, const char *tag, const char *classes, const sentence_list *list) {
  wlaw_text_add(out, "<%s class=\"%s\">\n", tag, classes);
  for (size_t i = 0; i < list->n; i++) {
    wlaw_text_add(out, "<li>");
    wlaw_xml_escape(out, list->text[i]);
    wlaw_text_add(out, "</li>\n");
  }
  wlaw_text_add(out, "</%s>\n", tag);
}

static void configuration(text_buffer *out, const report_series *series) {
  wlaw_html_section_open(out, "configuration", "Configuration", NULL);
  wlaw_text_add(out, "<div class=\"scroll\"><table class=\"settings\">\n<tbody>\n");
  for (size_t i = 0; i < series->n_settings; i++) {
    wlaw_html_row_open(out, series->settings[i].name ? series->settings[i].name : "");
    wlaw_html_cell(out, series->settings[i].value ? series->settings[i].value : "");
    wlaw_html_row_close(out);
  }
  wlaw_text_add(out, "</tbody>\n</table></div>\n");
  wlaw_html_section_close(out);
}

/* Sections in the order of the page. */
static const struct {
  const char *id, *name;
  bool (*has)(const report_series *series);
  void (*write)(text_buffer *out, const report_series *series);
} sections[] = {
    {"training", "Training", wlaw_page_has_training, wlaw_page_training},
    {"distance", "Distance to initialisation", wlaw_page_has_distance, wlaw_page_distance},
    {"invariants", "Invariants", wlaw_page_has_invariants, wlaw_page_invariants},
    {"laws", "Which law", wlaw_page_has_laws, wlaw_page_laws},
    {"parameters", "Parameters", wlaw_page_has_parameters, wlaw_page_parameters},
    {"departures", "What the laws miss", wlaw_page_has_departures, wlaw_page_departures},
    {"nodes", "Between layers", wlaw_page_has_nodes, wlaw_page_nodes},
    {"weights", "Weights", wlaw_page_has_weights, wlaw_page_weights},
};
enum { SECTIONS = sizeof sections / sizeof *sections };

static void contents(text_buffer *out, const report_series *series, const sentence_list *notes) {
  wlaw_text_add(out, "<nav aria-label=\"Sections\">\n<a href=\"#found\">What was found</a>\n");
  for (size_t i = 0; i < SECTIONS; i++)
    if (sections[i].has(series)) wlaw_text_add(out, "<a href=\"#%s\">%s</a>\n", sections[i].id, sections[i].name);
  if (notes->n) wlaw_text_add(out, "<a href=\"#notes\">Notes</a>\n");
  if (series->n_settings) wlaw_text_add(out, "<a href=\"#configuration\">Configuration</a>\n");
  wlaw_text_add(out, "</nav>\n");
}

static void open_page(text_buffer *out, const report_series *series) {
  char subtitle[512], source[256];
  wlaw_text_printable(source, sizeof source, series->source ? series->source : "");
  snprintf(subtitle, sizeof subtitle, "%s %s%s%s", series->is_run ? "Run" : "File", source,
           series->date ? " \xc2\xb7 " : "", series->date ? series->date : "");
  wlaw_html_open(out, series->title ? series->title : "The law of the weights", subtitle);
}

void wlaw_page_write(text_buffer *out, const report_series *series, const sentence_list *story,
                     const sentence_list *notes) {
  open_page(out, series);
  contents(out, series, notes);
  wlaw_html_section_open(out, "found", "What was found", NULL);
  sentences(out, "ol", "story", story);
  wlaw_html_section_close(out);
  for (size_t i = 0; i < SECTIONS; i++)
    if (sections[i].has(series)) sections[i].write(out, series);
  if (notes->n) {
    wlaw_html_section_open(out, "notes", "Notes: what to keep in mind", NULL);
    sentences(out, "ul", "notes", notes);
    wlaw_html_section_close(out);
  }
  if (series->n_settings) configuration(out, series);
  wlaw_html_close(out);
}
