/* What was found, in plain sentences with numbers; and what a reader should keep in mind. The page shows both, the
 * report's result carries them to the command line. */
#ifndef WLAW_REPORT_STORY_H
#define WLAW_REPORT_STORY_H

#include "report/series.h"

enum { SENTENCES_MOST = 48 };

/* Start with {0}. Sentences are printable UTF-8: control characters of untrusted names are escaped. */
typedef struct sentence_list {
  char *text[SENTENCES_MOST];
  size_t n;
  bool failed; /* out of memory */
} sentence_list;

void wlaw_sentence_add(sentence_list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Makes one finding of those from number `from` on. */
void wlaw_sentences_join(sentence_list *list, size_t from);
void wlaw_sentences_free(sentence_list *list);

/* About ten findings of one to three sentences; those whose numbers are not known are left out. */
void wlaw_story_tell(sentence_list *story, const report_series *series);
void wlaw_notes_tell(sentence_list *notes, const report_series *series);

/* Robust error over exact error of a parameter, NaN when either is missing; beyond 1/1.2 .. 1.2 the law's own error is
 * not to be trusted. */
double wlaw_error_ratio(const law_fit *fit, size_t parameter);
/* Parameters of the fit whose ratio leaves that range; *known: parameters that have one. */
size_t wlaw_error_disagreements(const law_fit *fit, report_law law, size_t *known);

#endif
