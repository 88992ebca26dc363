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

/* Failure is sticky in *failed. */
json_t *wlaw_compare_document(bool *failed, const compare_source *from, const matrix_distance *distance);

#endif
