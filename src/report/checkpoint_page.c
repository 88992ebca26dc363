/* The frame of a checkpoint's page: title, findings, sections by schema, what was not measured. */
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "report/checkpoint_page.h"
#include "report/html.h"
#include "report/number.h"
#include "report/svg.h"

static const struct {
  const char *schema, *first, *second; /* keys of what the title names */
  void (*write)(text_buffer *out, const json_t *document);
} pages[] = {
    {"weightlaw.scan/1", "file", NULL, wlaw_checkpoint_scan},
    {"weightlaw.track/1", NULL, NULL, wlaw_checkpoint_track},
    {"weightlaw.changes/1", "a", "b", wlaw_checkpoint_changes},
};
enum { PAGES = sizeof pages / sizeof *pages };

const char *wlaw_checkpoint_text(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

const json_t *wlaw_checkpoint_list(const json_t *document, const char *key) {
  const json_t *list = json_object_get(document, key);
  return json_is_array(list) ? list : NULL; /* json_array_size(NULL) is 0 */
}

static int page_of(const json_t *document) {
  const char *schema = wlaw_checkpoint_text(document, "schema");
  for (int i = 0; i < PAGES; i++)
    if (strcmp(schema, pages[i].schema) == 0) return i;
  return -1;
}

bool wlaw_checkpoint_has_page(const json_t *document) { return page_of(document) >= 0; }

checkpoint_name wlaw_checkpoint_name(const json_t *tensor) {
  enum { MOST = 34 };
  checkpoint_name name;
  char printable[512];
  wlaw_text_printable(printable, sizeof printable, wlaw_checkpoint_text(tensor, "name"));
  const size_t length = strlen(printable), ending = strlen(".weight");
  if (length > MOST - 10 && strcmp(printable + length - ending, ".weight") == 0) printable[length - ending] = '\0';
  const char *text = *printable ? printable : "the tensor";
  size_t from = strlen(text) > MOST ? strlen(text) - MOST : 0;
  while (((unsigned char)text[from] & 0xC0) == 0x80) from++;
  snprintf(name.s, sizeof name.s, "%s%.50s", from ? "\xe2\x80\xa6" : "", text + from);
  return name;
}

static void sentences(text_buffer *out, const json_t *list, const char *none) {
  if (json_array_size(list) == 0) {
    wlaw_html_paragraph(out, "", none);
    return;
  }
  wlaw_text_add(out, "<ol class=\"story\">\n");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *text = json_string_value(json_array_get(list, i));
    if (!text) continue;
    wlaw_text_add(out, "<li>");
    wlaw_xml_escape(out, text);
    wlaw_text_add(out, "</li>\n");
  }
  wlaw_text_add(out, "</ol>\n");
}

static void skipped(text_buffer *out, const json_t *document) {
  static const char *const columns[] = {"tensor", "stored as", "why"};
  const json_t *list = wlaw_checkpoint_list(document, "skipped");
  if (json_array_size(list) == 0) return;
  wlaw_html_section_open(out, "skipped", "Not measured", "Tensors that are in the file and not in the numbers above.");
  wlaw_html_table_open(out, json_array_size(list) <= 20, "Tensors and reasons", columns, 3);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *tensor = json_array_get(list, i);
    wlaw_html_row_open(out, wlaw_checkpoint_text(tensor, "name"));
    wlaw_html_cell(out, wlaw_checkpoint_text(tensor, "dtype"));
    wlaw_html_cell(out, wlaw_checkpoint_text(tensor, "reason"));
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
  wlaw_html_section_close(out);
}

void wlaw_checkpoint_page(text_buffer *out, const json_t *document, const char *title, const char *date) {
  const int page = page_of(document);
  if (page < 0) return;
  char made[512], subtitle[256];
  const char *first = pages[page].first ? wlaw_path_name(wlaw_checkpoint_text(document, pages[page].first)) : "";
  const char *second = pages[page].second ? wlaw_path_name(wlaw_checkpoint_text(document, pages[page].second)) : "";
  if (pages[page].second) snprintf(made, sizeof made, "From %.200s to %.200s", first, second);
  else if (pages[page].first) snprintf(made, sizeof made, "The weights of %.200s", first);
  else snprintf(made, sizeof made, "Weights through training");
  const size_t n = json_array_size(wlaw_checkpoint_list(document, "tensors"));
  snprintf(subtitle, sizeof subtitle, "%zu tensor%s%s%s%s%s", n, n == 1 ? "" : "s",
           *wlaw_checkpoint_text(document, "format") ? " \xc2\xb7 " : "", wlaw_checkpoint_text(document, "format"),
           date ? " \xc2\xb7 " : "", date ? date : "");
  char printable[1024];
  wlaw_text_printable(printable, sizeof printable, title ? title : made);
  wlaw_html_open(out, printable, subtitle);
  wlaw_html_section_open(out, "found", "What was found", NULL);
  sentences(out, wlaw_checkpoint_list(document, "findings"), "Nothing out of the ordinary.");
  wlaw_html_section_close(out);
  pages[page].write(out, document);
  skipped(out, document);
  wlaw_html_close(out);
}
