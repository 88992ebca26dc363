/* A run as it was trained: its networks' shape and its data, from run.json. For verbs that evaluate. */
#ifndef WLAW_STUDY_RECALL_H
#define WLAW_STUDY_RECALL_H

#include "study/run.h"
#include "study/train_plan.h"

typedef struct recalled_run {
  train_plan plan;
  wlaw_dataset *dataset;
  wlaw_options *options; /* of train, as recorded */
} recalled_run;

/* data: where the data are now; NULL: where they were. WLAW_VALUE for data that are not those of the run. */
wlaw_status wlaw_recall_open(recalled_run *out, const run_directory *run, const char *data, const char *cache,
                             wlaw_monitor *monitor, wlaw_error *err);
void wlaw_recall_close(recalled_run *recalled); /* safe on a zeroed struct */

#endif
