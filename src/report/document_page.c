/* The frame of a document's page: title, findings, sections by schema, what was not measured. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "report/document_page.h"
#include "report/html.h"
#include "report/number.h"
#include "report/svg.h"

static const struct {
  /* law: the document's must be this one (NULL: any); title: with the values of these keys in its places */
  const char *schema, *law, *title, *first, *second;
  void (*write)(text_buffer *out, const json_t *document);
} pages[] = {
    {"weightlaw.scan/1", NULL, "The weights of %s", "file", NULL, wlaw_checkpoint_scan},
    {"weightlaw.track/1", NULL, "Weights through training", NULL, NULL, wlaw_checkpoint_track},
    {"weightlaw.changes/1", NULL, "From %s to %s", "a", "b", wlaw_checkpoint_changes},
    {"weightlaw.limit/1", NULL, "Infinitely wide networks of the law %s", "law", NULL, wlaw_infinite_limit},
    {"weightlaw.prune/1", NULL, "What pruning does to the networks of %s", "run", NULL, wlaw_infinite_prune},
    {"weightlaw.node-variances/1", NULL, "The node variances of trained networks", NULL, NULL, wlaw_infinite_nodes},
    {"weightlaw.fit/1", "network", "The law of the networks of %s", "input", NULL, wlaw_network_page},
    {"weightlaw.redraw/1", NULL, "What the laws of %s know", "run", NULL, wlaw_redraw_page},
};
enum { PAGES = sizeof pages / sizeof *pages };

const char *wlaw_document_text(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

const json_t *wlaw_document_list(const json_t *document, const char *key) {
  const json_t *list = json_object_get(document, key);
  return json_is_array(list) ? list : NULL; /* json_array_size(NULL) is 0 */
}

double *wlaw_document_reals(text_buffer *out, size_t *n, const json_t *object, const char *path) {
  const json_t *list = object;
  char key[64];
  *n = 0;
  for (const char *at = path; *at && list;) {
    const size_t length = strcspn(at, ".");
    snprintf(key, sizeof key, "%.*s", (int)length, at);
    list = json_object_get(list, key);
    at += length + (at[length] == '.');
  }
  const size_t count = json_array_size(list);
  if (count == 0) return NULL;
  double *values = wlaw_array(count, sizeof *values);
  if (!values) {
    out->failed = true;
    return NULL;
  }
  *n = count;
  for (size_t i = 0; i < count; i++)
    if (!wlaw_json_number(json_array_get(list, i), &values[i])) values[i] = NAN;
  return values;
}

static int page_of(const json_t *document) {
  const char *schema = wlaw_document_text(document, "schema");
  for (int i = 0; i < PAGES; i++)
    if (strcmp(schema, pages[i].schema) == 0 &&
        (!pages[i].law || strcmp(wlaw_document_text(document, "law"), pages[i].law) == 0))
      return i;
  return -1;
}

const json_t *wlaw_document_findings(const json_t *document) {
  const json_t *findings = wlaw_document_list(document, "findings");
  return findings ? findings : wlaw_document_list(document, "summary");
}

bool wlaw_document_has_page(const json_t *document) { return page_of(document) >= 0; }

checkpoint_name wlaw_checkpoint_name(const json_t *tensor) {
  enum { MOST = 34 };
  checkpoint_name name;
  char printable[512];
  wlaw_text_printable(printable, sizeof printable, wlaw_document_text(tensor, "name"));
  const size_t length = strlen(printable), ending = strlen(".weight");
  if (length > MOST - 10 && strcmp(printable + length - ending, ".weight") == 0) printable[length - ending] = '\0';
  const char *text = *printable ? printable : "the tensor";
  size_t from = strlen(text) > MOST ? strlen(text) - MOST : 0;
  while (((unsigned char)text[from] & 0xC0) == 0x80) from++;
  snprintf(name.s, sizeof name.s, "%s%.50s", from ? "\xe2\x80\xa6" : "", text + from);
  return name;
}

static void sentences(text_buffer *out, const char *tag, const char *classes, const json_t *list) {
  wlaw_text_add(out, "<%s class=\"%s\">\n", tag, classes);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *text = json_string_value(json_array_get(list, i));
    if (!text) continue;
    wlaw_text_add(out, "<li>");
    wlaw_xml_escape(out, text);
    wlaw_text_add(out, "</li>\n");
  }
  wlaw_text_add(out, "</%s>\n", tag);
}

static void found(text_buffer *out, const json_t *document) {
  const json_t *findings = wlaw_document_findings(document), *warnings = wlaw_document_list(document, "warnings");
  wlaw_html_section_open(out, "found", "What was found", NULL);
  if (json_array_size(findings) > 0) sentences(out, "ol", "story", findings);
  else wlaw_html_paragraph(out, "", "Nothing out of the ordinary.");
  if (json_array_size(warnings) > 0) {
    wlaw_html_heading(out, "What to keep in mind");
    sentences(out, "ul", "notes", warnings);
  }
  wlaw_html_section_close(out);
}

static void skipped(text_buffer *out, const json_t *document) {
  static const char *const columns[] = {"tensor", "stored as", "why"};
  const json_t *list = wlaw_document_list(document, "skipped");
  if (json_array_size(list) == 0) return;
  wlaw_html_section_open(out, "skipped", "Not measured", "Tensors that are in the file and not in the numbers above.");
  wlaw_html_table_open(out, json_array_size(list) <= 20, "Tensors and reasons", columns, 3);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *tensor = json_array_get(list, i);
    wlaw_html_row_open(out, wlaw_document_text(tensor, "name"));
    wlaw_html_cell(out, wlaw_document_text(tensor, "dtype"));
    wlaw_html_cell(out, wlaw_document_text(tensor, "reason"));
    wlaw_html_row_close(out);
  }
  wlaw_html_table_close(out);
  wlaw_html_section_close(out);
}

static void write_title(text_buffer *out, int page, const json_t *document) {
  const char *const keys[] = {pages[page].first, pages[page].second, NULL};
  const char *at = pages[page].title;
  for (size_t k = 0; keys[k]; k++) {
    const char *place = strstr(at, "%s"), *value = wlaw_document_text(document, keys[k]);
    wlaw_text_add_bytes(out, at, (size_t)(place - at));
    wlaw_text_add(out, "%.200s", strcmp(keys[k], "law") == 0 ? value : wlaw_path_name(value));
    at = place + strlen("%s");
  }
  wlaw_text_add(out, "%s", at);
}

/* "12 tensors · safetensors · 2026-11-22", what there is of it. */
static void write_subtitle(char *out, size_t capacity, const json_t *document, const char *date) {
  const size_t n = json_array_size(wlaw_document_list(document, "tensors"));
  const char *format = wlaw_document_text(document, "format"), *dot = " \xc2\xb7 ";
  char count[48] = "";
  if (json_object_get(document, "tensors")) snprintf(count, sizeof count, "%zu tensor%s", n, n == 1 ? "" : "s");
  snprintf(out, capacity, "%s%s%s%s%s", count, *count && *format ? dot : "", format, date && *count ? dot : "",
           date ? date : "");
}

void wlaw_document_page(text_buffer *out, const json_t *document, const char *title, const char *date) {
  const int page = page_of(document);
  if (page < 0) return;
  char subtitle[256], printable[1024];
  write_subtitle(subtitle, sizeof subtitle, document, date);
  text_buffer made = {0};
  write_title(&made, page, document);
  wlaw_text_printable(printable, sizeof printable, title ? title : wlaw_text_string(&made));
  out->failed = out->failed || made.failed;
  wlaw_text_free(&made);
  wlaw_html_open(out, printable, subtitle);
  found(out, document);
  pages[page].write(out, document);
  skipped(out, document);
  wlaw_html_close(out);
}
