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

/* X(name, text in metrics.csv) */
#define NETWORK_CONDITION_LIST(X)                                                                                      \
  X(OK, "ok")                                                                                                          \
  X(CONSTANT, "constant")   /* every test sample gives the same outputs */                                             \
  X(NONFINITE, "nonfinite") /* NaN or infinite outputs */

typedef enum network_condition {
#define NETWORK_CONDITION_ENUM(name, text) NETWORK_##name,
  NETWORK_CONDITION_LIST(NETWORK_CONDITION_ENUM)
#undef NETWORK_CONDITION_ENUM
} network_condition;

const char *wlaw_network_condition_text(network_condition condition);

/* metrics.csv: epoch, network, train_loss (mean over the epoch's samples as trained on; empty at epoch 0), test_loss,
 * test_accuracy, condition. Arrays are [n_epochs * networks], epoch slowest; epochs count from 0. */
typedef struct run_metrics {
  size_t n_epochs, networks;
  double *train_loss, *test_loss, *test_accuracy; /* NaN where empty or not finite */
  network_condition *condition;
} run_metrics;

/* true when path is a folder with a run.json. */
bool wlaw_run_is(const char *path);
wlaw_status wlaw_run_open(run_directory **out, const char *path, wlaw_error *err);
void wlaw_run_close(run_directory *run); /* NULL allowed */
/* One folder, perhaps under two spellings. */
bool wlaw_run_same(const run_directory *a, const run_directory *b);
/* "RUN@12": *run is the path before the last '@' (caller frees) where that is a run, NULL otherwise: a run's own name
 * may hold '@'. WLAW_ARGUMENT where what follows is no number. */
wlaw_status wlaw_run_split(char **run, uint64_t *epoch, const char *text, wlaw_error *err);
/* WLAW_ARGUMENT where options that only runs have are given with another file. */
wlaw_status wlaw_run_needed(const char *path, bool has_epoch, bool exclude_dead, wlaw_error *err);
/* The snapshot of *epoch, or of the last one, which *epoch becomes; WLAW_ARGUMENT naming those there are. */
wlaw_status wlaw_run_open_snapshot(wlaw_tensors **tensors, uint64_t *epoch, const run_directory *run, bool has_epoch,
                                   wlaw_error *err);
/* "RUN/epoch-0007.safetensors" (caller frees); epoch need not exist. NULL when out of memory. */
char *wlaw_run_snapshot_path(const char *run, uint64_t epoch);
/* The epoch in a file name such as "epoch-0007.safetensors"; false for other names. */
bool wlaw_run_snapshot_epoch(const char *name, uint64_t *epoch);
/* The number K, from 1, in a tensor's name "layerK.weight"; false for other names. */
bool wlaw_run_weight_layer(const char *name, uint64_t *layer);
/* Epochs of the snapshots in a folder, ascending; caller frees. */
wlaw_status wlaw_run_snapshots(uint64_t **epochs, size_t *n, const char *path, wlaw_error *err);
/* run.json alone. Caller json_decref's. */
wlaw_status wlaw_run_config_read(json_t **config, const char *path, wlaw_error *err);
/* An option of `train` as this run used it ("" when it has none by that name). */
const char *wlaw_run_option(const json_t *config, const char *name);
/* The initial law's text as given to `train --init`; one from a fit is written out. */
const char *wlaw_run_init(const run_directory *run);
/* What initial weights were drawn from, in words: init (--init, in one text or another) and, before it, the fitted laws
 * of --init-from, where the run has any. Caller frees; NULL when out of memory. */
char *wlaw_run_init_words(const json_t *config, const char *init);

/* Whole epochs only: rows of an epoch not yet complete (an interrupted run) are left out. */
wlaw_status wlaw_run_metrics_read(run_metrics **out, const run_directory *run, wlaw_error *err);
void wlaw_run_metrics_free(run_metrics *metrics); /* NULL allowed */
/* Networks whose outputs are constant or not finite at that epoch, ascending; caller frees. */
wlaw_status wlaw_run_dead(uint64_t **dead, size_t *n, const run_directory *run, uint64_t epoch, wlaw_error *err);

#endif
