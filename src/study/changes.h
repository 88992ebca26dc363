/* `compare A B` of two checkpoints: tensor by tensor. */
#ifndef WLAW_STUDY_CHANGES_H
#define WLAW_STUDY_CHANGES_H

#include "core/json.h"
#include "study/checkpoint.h"

/* Whether both are checkpoints (wlaw_checkpoint_is). */
wlaw_status wlaw_changes_apply(bool *apply, const char *a, const char *b, wlaw_error *err);

/* The document, weightlaw.changes/1. Caller json_decref's. */
wlaw_status wlaw_changes(json_t **out, const char *a, const char *b, const part_request *request, unsigned threads,
                         wlaw_monitor *monitor, wlaw_error *err);

/* ---- what its files share */

/* One tensor in both. */
typedef struct part_change {
  const scan_part *part;   /* in A */
  const char *encoding[2]; /* as stored */
  part_scan scan[2];
  weight_change change;
} part_change;

/* One element of `tensors`. */
json_t *wlaw_part_change_json(bool *failed, const part_change *change);
/* Sentences on the whole, from the finished lists. */
json_t *wlaw_changes_findings(bool *failed, const json_t *document);

#endif
