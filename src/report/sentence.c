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

void wlaw_sentences_free(sentence_list *list) {
  for (size_t i = 0; i < list->n; i++) free(list->text[i]);
  *list = (sentence_list){0};
}
