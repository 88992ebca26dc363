/* The run directory: run.json, metrics.csv, epoch-NNNN.safetensors, state.safetensors, timings.csv. */
#ifndef WLAW_STUDY_RUN_H
#define WLAW_STUDY_RUN_H

#include "core/json.h"
#include "tensor/tensor.h"

/* A run directory open for reading. */
typedef struct run_directory {
  char *path;
  json_t *config; /* run.json */
  size_t networks;
  uint64_t *epochs; /* snapshots there are, ascending */
  size_t n_epochs;
} run_directory;

typedef enum network_condition { NETWORK_OK, NETWORK_CONSTANT, NETWORK_NONFINITE } network_condition;

/* metrics.csv: columns epoch, network, train_loss (empty at epoch 0), test_loss, test_accuracy, condition ("ok",
 * "constant", "nonfinite"). Arrays are [n_epochs * networks], epoch slowest. */
typedef struct run_metrics {
  uint64_t *epochs;
  size_t n_epochs, networks;
  double *train_loss, *test_loss, *test_accuracy; /* NaN where empty */
  network_condition *condition;
} run_metrics;

/* true when path is a folder with a run.json. */
bool wlaw_run_is(const char *path);
wlaw_status wlaw_run_open(run_directory **out, const char *path, wlaw_error *err);
void wlaw_run_close(run_directory *run); /* NULL allowed */
/* "RUN/epoch-0007.safetensors" (caller frees); epoch need not exist. NULL when out of memory. */
char *wlaw_run_snapshot_path(const char *run, uint64_t epoch);
/* The initial law's text as given to `train --init`, from the configuration. */
const char *wlaw_run_init(const run_directory *run);

wlaw_status wlaw_run_metrics_read(run_metrics **out, const run_directory *run, wlaw_error *err);
void wlaw_run_metrics_free(run_metrics *metrics); /* NULL allowed */

#endif
