/* The verb `train`: start a run, go on with one, or find it complete. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/result.h"
#include "net/optimizer.h"
#include "study/run.h"
#include "study/train_job.h"

static wlaw_status job_workers(train_job *job, const wlaw_options *options, wlaw_error *err) {
  const size_t n = job->plan.networks;
  const unsigned moments = (unsigned)wlaw_optimizer_moments(&job->plan.config);
  WLAW_TRY(wlaw_state_make(&job->state, n, wlaw_train_floats(job->trainer), moments, err));
  job->threads = wlaw_threads_for((unsigned)wlaw_option_count(options, &wlaw_command_train, "threads"), n);
  job->units = wlaw_train_units(job->trainer, n, job->threads);
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
  free(job->initial_file);
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
    if (job->was_complete)
      wlaw_json_put(&failed, document, "note", json_string("the run was complete already: nothing was changed"));
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
    if (wlaw_job_is_complete(job)) {
      job->was_complete = true;
      return WLAW_OK;
    }
  }
  if (!there && !force) WLAW_TRY(wlaw_job_check_free(job, err));
  WLAW_TRY(job_workers(job, options, err));
  if (there && wlaw_path_exists(job->state_file)) WLAW_TRY(wlaw_job_take_up(job, err));
  else {
    WLAW_TRY(wlaw_job_begin(job, data, err));
    WLAW_TRY(wlaw_job_initialise(job, err));
  }
  return wlaw_job_run_epochs(job, err);
}

/* A law that cannot initialise these shapes must say so before anything is written. */
static wlaw_status try_init(const train_job *job, wlaw_error *err) {
  const size_t floats = wlaw_train_floats(job->trainer);
  float *block = wlaw_array(floats, sizeof *block);
  if (!block) return wlaw_fail_memory(err, floats, sizeof *block);
  const wlaw_status status = wlaw_train_init(job->trainer, &job->plan.laws, 0, block, err);
  free(block);
  return status;
}

static wlaw_status train_job_run(train_job *job, json_t **document, const char *data, const char *folder,
                                 const wlaw_options *options, wlaw_error *err) {
  dataset_request request;
  WLAW_TRY(wlaw_job_paths(job, folder, err));
  WLAW_TRY(wlaw_plan_make(&job->plan, options, err));
  wlaw_plan_request(&request, data, options);
  job->monitor.what = "reading the data";
  WLAW_TRY(wlaw_dataset_open(&job->dataset, &request, &job->monitor, err));
  WLAW_TRY(wlaw_dataset_tile(job->dataset, err));
  wlaw_plan_fit_data(&job->plan, job->dataset);
  WLAW_TRY(wlaw_plan_initial_laws(&job->plan, err));
  WLAW_TRY(wlaw_trainer_new(&job->trainer, &job->plan.config, job->dataset, CPU_LEVELS, err));
  WLAW_TRY(try_init(job, err));
  WLAW_TRY(wlaw_job_lock(job, err));
  WLAW_TRY(train_run(job, data, options, err));
  return summarise(document, job, err);
}

/* `train --resume RUN [DATA]`: the options are the ones recorded in the run. */
static wlaw_status recall(wlaw_options **recalled, char **data, const char *const *inputs, size_t n_inputs,
                          const wlaw_options *options, wlaw_error *err) {
  static const char *const kept[] = {"threads", "save-every", "cache"};
  json_t *config = NULL;
  WLAW_TRY(wlaw_run_config_read(&config, inputs[0], err));
  wlaw_status status = wlaw_options_make(recalled, &wlaw_command_train, err);
  if (status == WLAW_OK)
    status = wlaw_error_in_file(err, wlaw_plan_recall(*recalled, inputs[0], config, options, err), inputs[0]);
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
  if (resume && wlaw_option_is_set(options, &wlaw_command_train, "output"))
    return wlaw_fail(err, WLAW_ARGUMENT, "train --resume RUN goes on in RUN itself; leave out --output");
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
