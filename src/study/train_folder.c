#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "core/error.h"
#include "core/file.h"
#include "study/metrics.h"
#include "study/run.h"
#include "study/train_job.h"

wlaw_status wlaw_job_paths(train_job *job, const char *folder, wlaw_error *err) {
  job->folder = wlaw_text_duplicate(folder, strlen(folder));
  job->metrics = wlaw_path_join(folder, "metrics.csv");
  job->timings = wlaw_path_join(folder, "timings.csv");
  job->state_file = wlaw_path_join(folder, "state.safetensors");
  job->config_file = wlaw_path_join(folder, "run.json");
  job->initial_file = wlaw_path_join(folder, INIT_FROM_FILE);
  if (job->folder && job->metrics && job->timings && job->state_file && job->config_file && job->initial_file)
    return WLAW_OK;
  return wlaw_fail_memory(err, strlen(folder), 1);
}

wlaw_status wlaw_job_lock(train_job *job, wlaw_error *err) {
  WLAW_TRY(wlaw_folder_make(job->folder, err));
  job->lock = open(job->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (job->lock < 0) return wlaw_fail_errno(err, job->folder, "the folder cannot be opened");
  if (flock(job->lock, LOCK_EX | LOCK_NB) == 0) return WLAW_OK;
  if (errno != EWOULDBLOCK) return wlaw_fail_errno(err, job->folder, "the folder cannot be locked");
  return wlaw_error_in_file(err, wlaw_fail(err, WLAW_EXISTS, "another process is training this run"), job->folder);
}

/* The laws' document is written before run.json: after a kill between the two it is there, and ours. */
static bool has_other_document(const train_job *job) {
  const init_from *from = &job->plan.from;
  return wlaw_path_exists(job->initial_file) &&
         (!from->bytes || wlaw_init_from_verify(job->initial_file, from->sha256, NULL) != WLAW_OK);
}

wlaw_status wlaw_job_check_free(const train_job *job, wlaw_error *err) {
  uint64_t *epochs;
  size_t n;
  WLAW_TRY(wlaw_run_snapshots(&epochs, &n, job->folder, err));
  free(epochs);
  if (n == 0 && !wlaw_path_exists(job->metrics) && !wlaw_path_exists(job->timings) &&
      !wlaw_path_exists(job->state_file) && !has_other_document(job))
    return WLAW_OK;
  wlaw_fail(err, WLAW_EXISTS, "the folder has files named like those of a run, but no run.json");
  wlaw_error_in_file(err, WLAW_EXISTS, job->folder);
  return wlaw_error_add_hint(err, WLAW_EXISTS, "choose another --output, or --force to replace them");
}

/* Removes snapshots of epochs > keep (all of them for keep = -1). */
static wlaw_status remove_snapshots(const train_job *job, int64_t keep, wlaw_error *err) {
  uint64_t *epochs;
  size_t n;
  WLAW_TRY(wlaw_run_snapshots(&epochs, &n, job->folder, err));
  wlaw_status status = WLAW_OK;
  for (size_t i = 0; i < n && status == WLAW_OK; i++) {
    if (keep >= 0 && epochs[i] <= (uint64_t)keep) continue;
    char *path = wlaw_run_snapshot_path(job->folder, epochs[i]);
    status = path ? wlaw_file_remove(path, err) : wlaw_fail_memory(err, 1, 1);
    free(path);
  }
  free(epochs);
  return status;
}

/* All but run.json, which the next one replaces: files of a run without it would be taken for somebody else's after a
 * kill. The metrics go before the snapshots, so that a run half removed never looks complete. */
static wlaw_status remove_run(const train_job *job, wlaw_error *err) {
  WLAW_TRY(wlaw_file_remove(job->state_file, err));
  WLAW_TRY(wlaw_file_remove(job->metrics, err));
  WLAW_TRY(wlaw_file_remove(job->timings, err));
  return remove_snapshots(job, -1, err);
}

wlaw_status wlaw_job_begin(train_job *job, const char *data, wlaw_error *err) {
  const init_from *from = &job->plan.from;
  json_t *document;
  WLAW_TRY(remove_run(job, err));
  if (from->bytes) WLAW_TRY(wlaw_output_whole(job->initial_file, from->bytes, from->n, err));
  else WLAW_TRY(wlaw_file_remove(job->initial_file, err));
  WLAW_TRY(
      wlaw_plan_document(&document, &job->plan, job->dataset, data, wlaw_train_steps_per_epoch(job->trainer), err));
  text_buffer text = {0};
  wlaw_json_write(&text, document);
  json_decref(document);
  wlaw_status status = text.failed ? wlaw_fail_memory(err, text.length, 1)
                                   : wlaw_output_whole(job->config_file, text.bytes, text.length, err);
  wlaw_text_free(&text);
  return status;
}

static size_t rows_after(const train_job *job, uint64_t epochs) {
  return 1 + job->plan.networks * (size_t)(epochs + 1);
}

bool wlaw_job_is_complete(const train_job *job) {
  size_t rows;
  return !wlaw_path_exists(job->state_file) && wlaw_rows_count(&rows, job->metrics, NULL) == WLAW_OK &&
         rows == rows_after(job, job->plan.config.epochs);
}

wlaw_status wlaw_job_take_up(train_job *job, wlaw_error *err) {
  WLAW_TRY(wlaw_state_load(&job->state, job->state_file, err));
  if (job->state.completed > job->plan.config.epochs)
    return wlaw_error_in_file(err, wlaw_fail(err, WLAW_FORMAT, "the saved state is of another run"), job->state_file);
  WLAW_TRY(wlaw_rows_cut(job->metrics, rows_after(job, job->state.completed), err));
  size_t timed;
  WLAW_TRY(wlaw_rows_count(&timed, job->timings, err));
  if (timed > job->state.completed + 2) WLAW_TRY(wlaw_rows_cut(job->timings, (size_t)job->state.completed + 2, err));
  job->resumed = true;
  return remove_snapshots(job, (int64_t)job->state.completed, err);
}
