/* Sentences of a result document: summary and warnings are arrays of these. */
#ifndef WLAW_STUDY_SENTENCE_H
#define WLAW_STUDY_SENTENCE_H

#include <math.h>

#include "core/json.h"

/* SENTENCE(&flag, array, format, ...): appends the text; failure is sticky. */
#define SENTENCE(flag, array, ...)                                                                                     \
  do {                                                                                                                 \
    text_buffer text_ = {0};                                                                                           \
    wlaw_text_add(&text_, __VA_ARGS__);                                                                                \
    if (text_.failed) *(flag) = true;                                                                                  \
    wlaw_json_append((flag), (array), wlaw_json_text(wlaw_text_string(&text_)));                                       \
    wlaw_text_free(&text_);                                                                                            \
  } while (0)

/* Arguments of "p %s %.2g": below what a double holds in full a p-value is a bound. */
#define P_VALUE(p) (p) < 1e-300 ? "<" : "=", fmax((p), 1e-300)

#endif
