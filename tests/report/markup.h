/* A strict check of pages: every tag is closed in order, attributes are quoted and given once, entities are known, ids
 * are unique and every reference to one is met. Stricter than HTML, which lets much pass. */
#ifndef TESTS_REPORT_MARKUP_H
#define TESTS_REPORT_MARKUP_H

#include "support/test.h"

enum { MARKUP_DEPTH = 64, MARKUP_NAME = 32, MARKUP_IDS = 4096, MARKUP_ID = 64 };

typedef struct markup {
  const char *start, *at;
  char open[MARKUP_DEPTH][MARKUP_NAME];
  size_t depth, n_ids, n_references, n_svg, n_elements;
  char (*ids)[MARKUP_ID], (*references)[MARKUP_ID];
} markup;

#define markup_fail(page, what) fail_msg("%s at byte %td: %.80s", (what), (page)->at - (page)->start, (page)->at)

static inline void markup_entity(markup *page) {
  static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strncmp(page->at, known[i], strlen(known[i])) == 0) {
      page->at += strlen(known[i]);
      return;
    }
  markup_fail(page, "an ampersand that is no entity");
}

static inline void markup_name(markup *page, char *out) {
  size_t n = strspn(page->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-:");
  if (n == 0 || n >= MARKUP_NAME) markup_fail(page, "no name");
  memcpy(out, page->at, n);
  out[n] = '\0';
  page->at += n;
}

static inline void markup_remember(char (*list)[MARKUP_ID], size_t *n, const char *from, size_t length) {
  assert_true(*n < MARKUP_IDS && length > 0 && length < MARKUP_ID);
  memcpy(list[*n], from, length);
  list[*n][length] = '\0';
  ++*n;
}

static inline void markup_references(markup *page, const char *from, size_t length) {
  while (length > 0) {
    size_t n = 0;
    while (n < length && from[n] != ' ') n++;
    markup_remember(page->references, &page->n_references, from, n);
    from += n + (n < length);
    length -= n + (n < length);
  }
}

static inline void markup_attribute(markup *page) {
  char name[MARKUP_NAME];
  markup_name(page, name);
  if (strncmp(name, "on", 2) == 0) markup_fail(page, "an event handler");
  if (page->at[0] != '=' || page->at[1] != '"') markup_fail(page, "an attribute without a quoted value");
  const char *value = page->at += 2;
  while (*page->at && *page->at != '"') {
    if (*page->at == '<' || *page->at == '>') markup_fail(page, "a bracket in an attribute");
    if (*page->at == '&') markup_entity(page);
    else page->at++;
  }
  if (*page->at != '"') markup_fail(page, "an open attribute");
  const size_t length = (size_t)(page->at++ - value);
  if (strcmp(name, "id") == 0) markup_remember(page->ids, &page->n_ids, value, length);
  if (strcmp(name, "aria-labelledby") == 0) markup_references(page, value, length);
  if (strcmp(name, "href") == 0) {
    if (*value != '#') markup_fail(page, "a link that leaves the page");
    markup_references(page, value + 1, length - 1);
  }
  if (strcmp(name, "src") == 0) markup_fail(page, "something to load");
}

static inline void markup_open(markup *page) {
  static const char *const empty[] = {"meta"}, *const forbidden[] = {"script", "link", "img", "iframe", "object"};
  char name[MARKUP_NAME];
  page->at++;
  markup_name(page, name);
  for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
    if (strcmp(name, forbidden[i]) == 0) markup_fail(page, "an element that has no place here");
  page->n_svg += strcmp(name, "svg") == 0;
  page->n_elements++;
  while (*page->at == ' ') {
    page->at++;
    markup_attribute(page);
  }
  bool closed = strcmp(name, empty[0]) == 0;
  if (*page->at == '/') {
    page->at++;
    closed = true;
  }
  if (*page->at++ != '>') markup_fail(page, "a tag that does not end");
  if (closed) return;
  if (page->depth == MARKUP_DEPTH) markup_fail(page, "nested too deep");
  strcpy(page->open[page->depth++], name);
  if (strcmp(name, "style") == 0) {
    const char *end = strstr(page->at, "</style>");
    if (!end) markup_fail(page, "an open style sheet");
    page->at = end;
  }
}

static inline void markup_close(markup *page) {
  char name[MARKUP_NAME];
  page->at += 2;
  markup_name(page, name);
  if (*page->at++ != '>') markup_fail(page, "a closing tag that does not end");
  if (page->depth == 0 || strcmp(page->open[page->depth - 1], name) != 0) markup_fail(page, "closed out of order");
  page->depth--;
}

static inline void markup_check_ids(markup *page) {
  for (size_t i = 0; i < page->n_ids; i++)
    for (size_t j = 0; j < i; j++)
      if (strcmp(page->ids[i], page->ids[j]) == 0) fail_msg("id '%s' is given twice", page->ids[i]);
  for (size_t r = 0; r < page->n_references; r++) {
    bool found = false;
    for (size_t i = 0; i < page->n_ids && !found; i++) found = strcmp(page->ids[i], page->references[r]) == 0;
    if (!found) fail_msg("'%s' is referred to and not there", page->references[r]);
  }
}

/* Fails the test unless text is well-formed; returns the counts. */
static inline markup markup_check(const char *text) {
  markup page = {.start = text, .at = text};
  page.ids = calloc(MARKUP_IDS, MARKUP_ID);
  page.references = calloc(MARKUP_IDS, MARKUP_ID);
  assert_non_null(page.ids);
  assert_non_null(page.references);
  if (strncmp(text, "<!DOCTYPE html>", 15) == 0) page.at += 15;
  while (*page.at) {
    const unsigned char byte = (unsigned char)*page.at;
    if (byte == '<' && page.at[1] == '/') markup_close(&page);
    else if (byte == '<') markup_open(&page);
    else if (byte == '&') markup_entity(&page);
    else if (byte == '>' || (byte < 0x20 && byte != '\n')) markup_fail(&page, "a byte that should be escaped");
    else page.at++;
  }
  if (page.depth) fail_msg("'%s' is never closed", page.open[page.depth - 1]);
  const char *number = strstr(text, "nan");
  if (!number) number = strstr(text, "inf ");
  if (number) fail_msg("a number that is not finite was printed: %.80s", number - (number - text > 40 ? 40 : 0));
  markup_check_ids(&page);
  free(page.ids);
  free(page.references);
  page.ids = page.references = NULL;
  return page;
}

#endif
