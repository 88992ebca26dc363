/* What a comparison of whole networks is made of, for its document. */
#ifndef WLAW_STUDY_NETWORK_COMPARE_H
#define WLAW_STUDY_NETWORK_COMPARE_H

#include "study/network_distance.h"

typedef struct network_compare_side {
  const char *text;
  char *run_path;          /* RUN of RUN@epoch; NULL otherwise */
  networks *source;        /* NULL: a law */
  network_operand operand; /* gaussian NULL: no fit read from a file */
  network_layout layout;
  network_sample sample;
  network_gaussian *made; /* the fit to the networks, or the initial law */
} network_compare_side;

typedef struct network_compare {
  network_compare_side sides[2];
  const char *rule; /* of exclusion */
  bool paired;
} network_compare;

/* weightlaw.compare/1 (network_compare_json.c). Failure is sticky in *failed. */
json_t *wlaw_network_compare_document(bool *failed, const network_compare *from, const network_distance *distance);

#endif
