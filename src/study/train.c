/* The verb `train`: epochs outside, networks inside; snapshot, metrics and state in that order, so that whatever is
 * newer than the state can be cut back and made again. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/result.h"
#include "study/metrics.h"
#include "study/run.h"
#include "study/snapshot.h"
#include "study/state.h"
#include "study/train_plan.h"

typedef struct train_job {
  train_plan plan;
  wlaw_dataset *dataset;
  trainer *trainer;
  ensemble_state state;
  size_t group;            /* networks trained side by side */
  evaluation *evaluations; /* [networks], of the epoch in hand */
  uint64_t *evaluated;     /* [networks]: 1 + epoch of the evaluation held; 0: none */
  train_scratch **scratch; /* [threads] */
  unsigned threads;
  uint64_t epoch; /* in hand */
  int lock;       /* the run directory, held against a second process */
  char *folder, *metrics, *timings, *state_file, *config_file;
  wlaw_monitor monitor; /* the caller's */
  uint64_t saved_ns;    /* when the state was last on disk, or the work began */
  bool save_due;        /* set by watch(): stop, save, go on */
  bool resumed;
  bool other_machine; /* the run was begun by another build or on another kind of processor */
} train_job;

/* Progress of the inner loop goes to the caller; a due save stops the loop like a Ctrl-C does. */
static int watch(void *user, double fraction, const char *what) {
  train_job *job = user;
  (void)what;
  const double epochs = (double)job->plan.config.epochs;
  if (wlaw_monitor_report(&job->monitor, epochs > 0 ? ((double)job->epoch - 1.0 + fraction) / epochs : fraction))
    return 1;
  job->save_due = (double)(wlaw_clock_ns() - job->saved_ns) * 1e-9 > job->plan.save_seconds;
  return job->save_due;
}

static network_state network_view(train_job *job, size_t k) {
  const size_t at = k * job->state.floats;
  return (network_state){.weights = job->state.weights + at,
                         .first = job->state.first ? job->state.first + at : NULL,
                         .second = job->state.second ? job->state.second + at : NULL,
                         .step = job->state.step[k],
                         .loss_sum = job->state.loss_sum[k]};
}

static void evaluate(train_job *job, size_t k, unsigned worker) {
  if (job->evaluated[k] == job->epoch + 1) return;
  wlaw_train_evaluate(job->trainer, job->scratch[worker], job->state.weights + k * job->state.floats,
                      &job->evaluations[k]);
  job->evaluated[k] = job->epoch + 1;
}

static wlaw_status initialise_unit(void *context, size_t k, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  train_job *job = context;
  (void)stop;
  WLAW_TRY(wlaw_train_init(job->trainer, job->plan.init, (uint32_t)k, job->state.weights + k * job->state.floats, err));
  evaluate(job, k, worker);
  return WLAW_OK;
}

enum { MOST_GROUP = 64 };

static wlaw_status epoch_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  train_job *job = context;
  const size_t first = unit * job->group;
  const size_t n = job->state.networks - first < job->group ? job->state.networks - first : job->group;
  network_state states[MOST_GROUP];
  for (size_t i = 0; i < n; i++) states[i] = network_view(job, first + i);
  const wlaw_status status =
      wlaw_train_epoch(job->trainer, job->scratch[worker], states, (uint32_t)first, n, (uint32_t)job->epoch, stop, err);
  for (size_t i = 0; i < n; i++) {
    job->state.step[first + i] = states[i].step;
    job->state.loss_sum[first + i] = states[i].loss_sum;
  }
  for (size_t i = 0; i < n && status == WLAW_OK; i++) evaluate(job, first + i, worker);
  return status;
}

/* ---- the run directory ---- */

static wlaw_status job_paths(train_job *job, const char *folder, wlaw_error *err) {
  job->folder = wlaw_text_duplicate(folder, strlen(folder));
  job->metrics = wlaw_path_join(folder, "metrics.csv");
  job->timings = wlaw_path_join(folder, "timings.csv");
  job->state_file = wlaw_path_join(folder, "state.safetensors");
  job->config_file = wlaw_path_join(folder, "run.json");
  if (job->folder && job->metrics && job->timings && job->state_file && job->config_file) return WLAW_OK;
  return wlaw_fail_memory(err, strlen(folder), 1);
}

static wlaw_status job_lock(train_job *job, wlaw_error *err) {
  WLAW_TRY(wlaw_folder_make(job->folder, err));
  job->lock = open(job->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (job->lock < 0) return wlaw_fail_errno(err, job->folder, "the folder cannot be opened");
  if (flock(job->lock, LOCK_EX | LOCK_NB) == 0) return WLAW_OK;
  if (errno != EWOULDBLOCK) return wlaw_fail_errno(err, job->folder, "the folder cannot be locked");
  return wlaw_error_in_file(err, wlaw_fail(err, WLAW_EXISTS, "another process is training this run"), job->folder);
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

static wlaw_status remove_run(const train_job *job, wlaw_error *err) {
  WLAW_TRY(wlaw_file_remove(job->config_file, err));
  WLAW_TRY(wlaw_file_remove(job->state_file, err));
  WLAW_TRY(wlaw_file_remove(job->metrics, err));
  WLAW_TRY(wlaw_file_remove(job->timings, err));
  return remove_snapshots(job, -1, err);
}

static wlaw_status begin_anew(train_job *job, const char *data, wlaw_error *err) {
  json_t *document;
  WLAW_TRY(remove_run(job, err));
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

static bool is_complete(const train_job *job) {
  size_t rows;
  return !wlaw_path_exists(job->state_file) && wlaw_rows_count(&rows, job->metrics, NULL) == WLAW_OK &&
         rows == rows_after(job, job->plan.config.epochs);
}

/* ---- epochs ---- */

static wlaw_status finish_epoch(train_job *job, double seconds, wlaw_error *err) {
  const size_t n = job->plan.networks, samples = job->dataset->train.n;
  if (wlaw_plan_keeps(&job->plan, job->epoch))
    WLAW_TRY(wlaw_snapshot_write(job->folder, job->epoch, job->trainer, &job->plan, job->state.weights,
                                 job->state.floats, err));
  text_buffer text = {0};
  if (job->epoch == 0) wlaw_text_add(&text, "%s", wlaw_metrics_header);
  for (size_t k = 0; k < n; k++) {
    const evaluation *e = &job->evaluations[k];
    const network_condition condition = !e->finite ? NETWORK_NONFINITE : e->constant ? NETWORK_CONSTANT : NETWORK_OK;
    wlaw_metrics_row(&text, job->epoch, k, job->epoch > 0, job->state.loss_sum[k] / (double)samples, e->loss,
                     e->accuracy, condition);
    job->state.loss_sum[k] = 0.0;
  }
  wlaw_status status = text.failed ? wlaw_fail_memory(err, text.length, 1)
                                   : wlaw_rows_append(job->metrics, text.bytes, text.length, err);
  wlaw_text_free(&text);
  if (status != WLAW_OK) return status;
  wlaw_text_add(&text, "%s%llu,%.3f,%.2f\n", job->epoch == 0 ? wlaw_timings_header : "", (unsigned long long)job->epoch,
                seconds, seconds > 0 ? (double)n / seconds : 0.0);
  status = text.failed ? wlaw_fail_memory(err, text.length, 1)
                       : wlaw_rows_append(job->timings, text.bytes, text.length, err);
  wlaw_text_free(&text);
  job->state.completed = job->epoch;
  return status;
}

static wlaw_status save_state(train_job *job, wlaw_error *err) {
  WLAW_TRY(wlaw_state_save(&job->state, job->state_file, err));
  job->saved_ns = wlaw_clock_ns();
  job->save_due = false;
  return WLAW_OK;
}

static wlaw_status stopped(train_job *job, wlaw_error *err) {
  wlaw_fail_cancelled(err);
  return wlaw_error_add_hint(err, WLAW_CANCELLED, "go on with: weightlaw train --resume %s", job->folder);
}

/* One epoch, however often it is broken off to save the state. */
static wlaw_status run_epoch(train_job *job, wlaw_error *err) {
  const uint64_t began = wlaw_clock_ns();
  const size_t units = (job->plan.networks + job->group - 1) / job->group;
  wlaw_monitor inner = {.call = watch, .user = job};
  for (;;) {
    const wlaw_status status = wlaw_parallel(units, job->threads, epoch_unit, job, &inner, err);
    if (status == WLAW_OK) break;
    if (status != WLAW_CANCELLED) return status;
    WLAW_TRY(save_state(job, err));
    if (job->monitor.cancelled) return stopped(job, err);
    inner.cancelled = false;
  }
  WLAW_TRY(finish_epoch(job, (double)(wlaw_clock_ns() - began) * 1e-9, err));
  if ((double)(wlaw_clock_ns() - job->saved_ns) * 1e-9 > job->plan.save_seconds) return save_state(job, err);
  return WLAW_OK;
}

static wlaw_status initialise(train_job *job, wlaw_error *err) {
  const uint64_t began = wlaw_clock_ns();
  job->epoch = 0;
  job->monitor.what = "initialising";
  WLAW_TRY(wlaw_parallel(job->plan.networks, job->threads, initialise_unit, job, &job->monitor, err));
  return finish_epoch(job, (double)(wlaw_clock_ns() - began) * 1e-9, err);
}

static wlaw_status run_epochs(train_job *job, wlaw_error *err) {
  job->monitor.what = "training";
  job->saved_ns = wlaw_clock_ns();
  for (job->epoch = job->state.completed + 1; job->epoch <= job->plan.config.epochs; job->epoch++)
    WLAW_TRY(run_epoch(job, err));
  return wlaw_file_remove(job->state_file, err);
}

/* Cuts metrics, timings and snapshots back to the state on disk. */
static wlaw_status take_up(train_job *job, wlaw_error *err) {
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

/* ---- the verb ---- */

static wlaw_status job_workers(train_job *job, const wlaw_options *options, wlaw_error *err) {
  const size_t n = job->plan.networks;
  const unsigned moments = job->plan.config.optimizer != OPTIMIZER_SGD ? 2 : job->plan.config.momentum > 0.0 ? 1 : 0;
  WLAW_TRY(wlaw_state_make(&job->state, n, wlaw_train_floats(job->trainer), moments, err));
  job->group = wlaw_train_group(job->trainer);
  if (job->group > MOST_GROUP) job->group = MOST_GROUP;
  job->threads = wlaw_threads_for((unsigned)wlaw_option_count(options, &wlaw_command_train, "threads"), n);
  job->evaluations = wlaw_array(n, sizeof *job->evaluations);
  job->evaluated = wlaw_array(n, sizeof *job->evaluated);
  job->scratch = wlaw_array(job->threads, sizeof *job->scratch);
  if (!job->evaluations || !job->evaluated || !job->scratch) return wlaw_fail_memory(err, n, sizeof *job->evaluations);
  for (unsigned t = 0; t < job->threads; t++) WLAW_TRY(wlaw_scratch_new(&job->scratch[t], job->trainer, err));
  return WLAW_OK;
}

static void job_release(train_job *job) {
  for (unsigned t = 0; job->scratch && t < job->threads; t++) wlaw_scratch_free(job->scratch[t]);
  free(job->scratch);
  free(job->evaluations);
  free(job->evaluated);
  wlaw_state_release(&job->state);
  wlaw_trainer_free(job->trainer);
  wlaw_dataset_free(job->dataset);
  wlaw_plan_release(&job->plan);
  if (job->lock >= 0) close(job->lock);
  free(job->folder);
  free(job->metrics);
  free(job->timings);
  free(job->state_file);
  free(job->config_file);
}

static wlaw_status summarise(json_t **out, const train_job *job, wlaw_error *err) {
  run_directory *run = NULL;
  run_metrics *metrics = NULL;
  WLAW_TRY(wlaw_run_open(&run, job->folder, err));
  const wlaw_status status = wlaw_run_metrics_read(&metrics, run, err);
  bool failed = false;
  json_t *document = status == WLAW_OK ? json_object() : NULL;
  if (document) {
    const size_t n = metrics->networks, last = (metrics->n_epochs - 1) * n;
    size_t constant = 0, nonfinite = 0;
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) {
      sum += metrics->test_accuracy[last + k];
      constant += metrics->condition[last + k] == NETWORK_CONSTANT;
      nonfinite += metrics->condition[last + k] == NETWORK_NONFINITE;
    }
    wlaw_json_put(&failed, document, "schema", json_string("weightlaw.train/1"));
    wlaw_json_put(&failed, document, "run", wlaw_json_text(job->folder));
    wlaw_json_put(&failed, document, "networks", wlaw_json_count(n));
    wlaw_json_put(&failed, document, "epochs", wlaw_json_count(metrics->n_epochs - 1));
    wlaw_json_put(&failed, document, "parameters_per_network",
                  wlaw_json_count(wlaw_mlp_parameters(&job->plan.config.mlp)));
    wlaw_json_put(&failed, document, "mean_test_accuracy", wlaw_json_real(sum / (double)n));
    wlaw_json_put(&failed, document, "constant", wlaw_json_count(constant));
    wlaw_json_put(&failed, document, "nonfinite", wlaw_json_count(nonfinite));
    wlaw_json_put(&failed, document, "resumed", json_boolean(job->resumed));
    if (job->resumed && job->other_machine)
      wlaw_json_put(
          &failed, document, "note",
          json_string("resumed by another build or on another kind of processor than it was begun with: bytes "
                      "may differ from an uninterrupted run"));
  }
  wlaw_run_metrics_free(metrics);
  wlaw_run_close(run);
  if (status != WLAW_OK) return status;
  if (!document || failed) {
    json_decref(document);
    return wlaw_fail_memory(err, 1, sizeof *document);
  }
  *out = document;
  return WLAW_OK;
}

static bool same_machine(const json_t *config) {
  json_t *build = wlaw_plan_build_json();
  const bool same = json_equal(json_object_get(config, "build"), build);
  json_decref(build);
  return same;
}

/* With the plan, the data and the lock in hand: start, go on, or find the run complete. */
static wlaw_status train_run(train_job *job, const char *data, const wlaw_options *options, wlaw_error *err) {
  const bool force = wlaw_option_flag(options, &wlaw_command_train, "force");
  bool there = wlaw_path_exists(job->config_file) && !force;
  if (there) {
    json_t *config = NULL;
    WLAW_TRY(wlaw_run_config_read(&config, job->folder, err));
    const wlaw_status status = wlaw_plan_matches(&job->plan, config, data, err);
    job->other_machine = !same_machine(config);
    const bool same_data = json_equal(json_object_get(config, "data"), job->dataset->description);
    json_decref(config);
    if (status != WLAW_OK) return wlaw_error_in_file(err, status, job->folder);
    if (!same_data) {
      wlaw_fail(err, WLAW_VALUE, "the data are not the ones this run was made on");
      return wlaw_error_in_file(err, WLAW_VALUE, job->folder);
    }
    if (is_complete(job)) {
      job->resumed = true;
      return WLAW_OK;
    }
  }
  WLAW_TRY(job_workers(job, options, err));
  if (there && wlaw_path_exists(job->state_file)) WLAW_TRY(take_up(job, err));
  else {
    WLAW_TRY(begin_anew(job, data, err));
    WLAW_TRY(initialise(job, err));
  }
  return run_epochs(job, err);
}

/* A law that cannot initialise these shapes must say so before anything is written. */
static wlaw_status try_init(const train_job *job, wlaw_error *err) {
  const size_t floats = wlaw_train_floats(job->trainer);
  float *block = wlaw_array(floats, sizeof *block);
  if (!block) return wlaw_fail_memory(err, floats, sizeof *block);
  const wlaw_status status = wlaw_train_init(job->trainer, job->plan.init, 0, block, err);
  free(block);
  return status;
}

static wlaw_status train_job_run(train_job *job, json_t **document, const char *data, const char *folder,
                                 const wlaw_options *options, wlaw_error *err) {
  dataset_request request;
  WLAW_TRY(job_paths(job, folder, err));
  WLAW_TRY(wlaw_plan_make(&job->plan, options, err));
  wlaw_plan_request(&request, data, options);
  job->monitor.what = "reading the data";
  WLAW_TRY(wlaw_dataset_open(&job->dataset, &request, &job->monitor, err));
  wlaw_plan_fit_data(&job->plan, job->dataset);
  WLAW_TRY(wlaw_trainer_new(&job->trainer, &job->plan.config, job->dataset, CPU_LEVELS, err));
  WLAW_TRY(try_init(job, err));
  WLAW_TRY(job_lock(job, err));
  WLAW_TRY(train_run(job, data, options, err));
  return summarise(document, job, err);
}

/* `train --resume RUN [DATA]`: the options recorded in the run replace the caller's. */
static wlaw_status recall(wlaw_options **recalled, char **data, const char *const *inputs, size_t n_inputs,
                          const wlaw_options *options, wlaw_error *err) {
  static const char *const kept[] = {"threads", "save-every", "cache"};
  json_t *config = NULL;
  WLAW_TRY(wlaw_run_config_read(&config, inputs[0], err));
  wlaw_status status = wlaw_options_make(recalled, &wlaw_command_train, err);
  if (status == WLAW_OK) status = wlaw_error_in_file(err, wlaw_plan_recall(*recalled, config, err), inputs[0]);
  for (size_t i = 0; i < sizeof kept / sizeof *kept && status == WLAW_OK; i++)
    if (wlaw_option_is_set(options, &wlaw_command_train, kept[i]))
      status = wlaw_options_set(*recalled, kept[i], wlaw_option_text(options, &wlaw_command_train, kept[i]), err);
  const char *recorded = json_string_value(json_object_get(config, "data_argument"));
  if (status == WLAW_OK && n_inputs < 2 && !recorded)
    status = wlaw_error_in_file(err, wlaw_fail(err, WLAW_FORMAT, "run.json does not name its data"), inputs[0]);
  if (status == WLAW_OK) {
    const char *text = n_inputs > 1 ? inputs[1] : recorded;
    *data = wlaw_text_duplicate(text, strlen(text));
    if (!*data) status = wlaw_fail_memory(err, strlen(text), 1);
  }
  json_decref(config);
  return status;
}

wlaw_status wlaw_train(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                       wlaw_progress progress, void *user, wlaw_error *err) {
  WLAW_TRY(wlaw_options_check(options, &wlaw_command_train, err));
  const bool resume = wlaw_option_flag(options, &wlaw_command_train, "resume");
  if (n_inputs < 1 || n_inputs > (resume ? 2u : 1u))
    return wlaw_fail(err, WLAW_ARGUMENT,
                     resume ? "train --resume needs one run directory (and the data, where they moved)"
                            : "train needs one DATA operand: a name or a folder");
  const char *output = resume ? inputs[0] : wlaw_option_text(options, &wlaw_command_train, "output");
  if (!output) return wlaw_fail(err, WLAW_ARGUMENT, "train needs --output RUN, the folder to write to");
  wlaw_options *recalled = NULL;
  char *data = NULL;
  wlaw_status status = WLAW_OK;
  if (resume) status = recall(&recalled, &data, inputs, n_inputs, options, err);
  else if (!(data = wlaw_text_duplicate(inputs[0], strlen(inputs[0])))) status = wlaw_fail_memory(err, 1, 1);
  train_job job = {.lock = -1, .monitor = {.call = progress, .user = user}};
  json_t *document = NULL;
  if (status == WLAW_OK) status = train_job_run(&job, &document, data, output, recalled ? recalled : options, err);
  job_release(&job);
  wlaw_options_free(recalled);
  free(data);
  return status == WLAW_OK ? wlaw_result_wrap(result, document, false, err) : status;
}
