/* Checkpoints side by side: the same tensors in several files. What track and compare share. */
#ifndef WLAW_STUDY_CHECKPOINT_H
#define WLAW_STUDY_CHECKPOINT_H

#include "measure/weight_change.h"
#include "study/scan.h"

typedef struct named_part {
  const char *name;
  size_t i;
} named_part;

/* One file and its parts. */
typedef struct checkpoint {
  wlaw_tensors *tensors;
  scan_parts parts;
  named_part *sorted; /* [parts.n] by name */
} checkpoint;

/* Whether path names a tensor file of one network: no run, no law, nothing stacked [networks, rows, cols] as fit reads
 * it. A file that cannot be opened is for others to complain about: then false. */
wlaw_status wlaw_checkpoint_is(bool *is, const char *path, wlaw_error *err);

/* Nothing to close on failure. */
wlaw_status wlaw_checkpoint_open(checkpoint *out, const char *path, const part_request *request, wlaw_error *err);
void wlaw_checkpoint_close(checkpoint *point); /* safe on a zeroed struct */
/* The part of that name, or NULL. */
const scan_part *wlaw_checkpoint_find(const checkpoint *point, const char *name);
/* Whether a part of one file can be subtracted from that of another: neither is skipped, and the shapes are the same.
 */
bool wlaw_parts_match(const scan_part *a, const scan_part *b);

/* From part a of A to part b of B, which match. Rows are outputs. */
wlaw_status wlaw_part_change(weight_change *out, const checkpoint *of_a, const scan_part *a, const checkpoint *of_b,
                             const scan_part *b, unsigned threads, wlaw_monitor *monitor, wlaw_error *err);

/* (b - a) / sqrt(se_a^2 + se_b^2): a change in standard errors, as if the two fits were independent. Weights of one
 * network at two times are not: where they move little, chance has no part in the change and the number understates
 * it. 0 where a = b; NaN where an error is not determined. */
double wlaw_drift(double a, double se_a, double b, double se_b);

/* The epoch or step that a path tells: the number behind "epoch", "step", "checkpoint", "ckpt" or "iter" in its last
 * component, else in its folder's: epoch_3000.pt, step1000.safetensors, checkpoint-500/model.safetensors. */
bool wlaw_path_epoch(uint64_t *epoch, const char *path);

#endif
