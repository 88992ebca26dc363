/* The document of a comparison (schema weightlaw.compare/1). */
#ifndef WLAW_STUDY_COMPARE_JSON_H
#define WLAW_STUDY_COMPARE_JSON_H

#include "core/json.h"
#include "study/distance.h"
#include "study/ensemble.h"

typedef struct compare_source {
  const ensemble_matrix *matrix;
  const char *input[2];
  const ensemble *source[2]; /* NULL: a law */
  const char *rule;          /* of exclusion */
} compare_source;

/* What every comparison has from `networks_a` to `kl_ba`, with the reasons of what is null. Failure is sticky in
 * *failed, here and below. */
void wlaw_compare_put(bool *failed, json_t *document, const distance_numbers *numbers);
/* And in words: largest is the name of the part with the largest share. */
void wlaw_compare_say(bool *failed, json_t *summary, const distance_numbers *numbers, const char *largest,
                      double share);

json_t *wlaw_compare_document(bool *failed, const compare_source *from, const matrix_distance *distance);

#endif
