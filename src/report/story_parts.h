/* What the sentences share: names, moments, and matrices that agree taken together. */
#ifndef WLAW_REPORT_STORY_PARTS_H
#define WLAW_REPORT_STORY_PARTS_H

#include "report/story.h"

const char *wlaw_story_name(const report_tensor *tensor); /* never empty */
const tensor_point *wlaw_story_last(const report_series *series, size_t t);

/* " at epoch 10", or nothing for a file. */
typedef struct moment_text {
  char s[48];
} moment_text;

moment_text wlaw_story_epoch(const report_series *series, size_t e);

enum { STORY_NAMES = 480, STORY_KEYS_MOST = 256, STORY_NO_KEY = 100000000 };

/* "all matrices", or "layer1.weight, layer2.weight and layer3.weight": the tensors whose key is `key`. Returns how
 * many. keys: [n_tensors] */
size_t wlaw_story_group(char *out, size_t capacity, const report_series *series, const size_t *keys, size_t key);

/* The sentences about laws: which one the data want, since when, and whether the largest is needed (story_laws.c). */
void wlaw_story_laws(sentence_list *story, const report_series *series);
/* The invariant furthest from initialisation. */
void wlaw_story_invariant(sentence_list *story, const report_series *series);
/* The parameter that changed most. */
void wlaw_story_parameter(sentence_list *story, const report_series *series);

/* What the fitted laws miss (story_departures.c). */
void wlaw_story_departures(sentence_list *story, const report_series *series);

/* Correlations between layers (story_nodes.c). */
void wlaw_story_nodes(sentence_list *story, const report_series *series);

#endif
