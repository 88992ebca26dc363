#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "report/story.h"

enum { SENTENCE_LENGTH = 1024 };

void wlaw_sentence_add(sentence_list *list, const char *format, ...) {
  if (list->n == SENTENCES_MOST) return;
  char raw[SENTENCE_LENGTH], printable[SENTENCE_LENGTH];
  va_list args;
  va_start(args, format);
  vsnprintf(raw, sizeof raw, format, args);
  va_end(args);
  wlaw_text_printable(printable, sizeof printable, raw);
  list->text[list->n] = wlaw_text_duplicate(printable, strlen(printable));
  if (list->text[list->n]) list->n++;
  else list->failed = true;
}

void wlaw_sentences_join(sentence_list *list, size_t from) {
  if (list->n < from + 2) return;
  text_buffer all = {0};
  for (size_t i = from; i < list->n; i++) wlaw_text_add(&all, "%s%s", i > from ? " " : "", list->text[i]);
  char *joined = all.failed ? NULL : wlaw_text_duplicate(all.bytes, all.length);
  wlaw_text_free(&all);
  if (!joined) {
    list->failed = true;
    return;
  }
  while (list->n > from) free(list->text[--list->n]);
  list->text[list->n++] = joined;
}

void wlaw_sentences_free(sentence_list *list) {
  for (size_t i = 0; i < list->n; i++) free(list->text[i]);
  *list = (sentence_list){0};
}
