/* One `train` at work: what its parts share. */
#ifndef WLAW_STUDY_TRAIN_JOB_H
#define WLAW_STUDY_TRAIN_JOB_H

#include "core/monitor.h"
#include "study/state.h"
#include "study/train_plan.h"

typedef struct train_job {
  train_plan plan;
  wlaw_dataset *dataset;
  trainer *trainer;
  ensemble_state state;
  size_t units;            /* the networks are trained in */
  evaluation *evaluations; /* [networks], of the epoch in hand */
  uint64_t *evaluated;     /* [networks]: 1 + epoch of the evaluation held; 0: none */
  train_scratch **scratch; /* [threads] */
  unsigned threads;
  uint64_t epoch; /* in hand */
  int lock;       /* the run directory, held against a second process */
  char *folder, *metrics, *timings, *state_file, *config_file, *initial_file;
  wlaw_monitor monitor; /* the caller's */
  uint64_t saved_ns;    /* when the state was last on disk, or the work began */
  bool save_due;        /* set by watch(): stop, save, go on */
  bool resumed;
  bool was_complete;  /* nothing was left to do */
  bool other_machine; /* the run was begun by another build or on another kind of processor */
} train_job;

/* train_folder.c: the run directory. */
wlaw_status wlaw_job_paths(train_job *job, const char *folder, wlaw_error *err);
/* Makes the folder where needed and holds it against a second process. */
wlaw_status wlaw_job_lock(train_job *job, wlaw_error *err);
/* A folder without run.json may hold files of the same names that are somebody else's: WLAW_EXISTS. */
wlaw_status wlaw_job_check_free(const train_job *job, wlaw_error *err);
/* Removes what an older run left and writes run.json. */
wlaw_status wlaw_job_begin(train_job *job, const char *data, wlaw_error *err);
bool wlaw_job_is_complete(const train_job *job);
/* Loads the state and cuts metrics, timings and snapshots back to it. */
wlaw_status wlaw_job_take_up(train_job *job, wlaw_error *err);

/* train_epochs.c: the work. Snapshot, metrics and state are written in that order, so that whatever is newer than the
 * state can be cut back and made again. */
wlaw_status wlaw_job_initialise(train_job *job, wlaw_error *err);
wlaw_status wlaw_job_run_epochs(train_job *job, wlaw_error *err);

#endif
