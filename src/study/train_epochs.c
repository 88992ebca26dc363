#include <stdlib.h>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "study/metrics.h"
#include "study/run.h"
#include "study/snapshot.h"
#include "study/train_job.h"

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
  WLAW_TRY(
      wlaw_train_init(job->trainer, &job->plan.laws, (uint32_t)k, job->state.weights + k * job->state.floats, err));
  evaluate(job, k, worker);
  return WLAW_OK;
}

/* Networks first .. first + n - 1, all at the same step, to the end of the epoch. */
static wlaw_status train_group(train_job *job, size_t first, size_t n, unsigned worker, const atomic_bool *stop,
                               wlaw_error *err) {
  network_state states[TRAIN_MOST_GROUP];
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

/* A run stopped on another number of threads was cut into other units: neighbours may be at different steps. */
static wlaw_status epoch_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  train_job *job = context;
  const size_t networks = job->state.networks, end = (unit + 1) * networks / job->units;
  for (size_t first = unit * networks / job->units, next; first < end; first = next) {
    for (next = first + 1; next < end && job->state.step[next] == job->state.step[first];) next++;
    WLAW_TRY(train_group(job, first, next - first, worker, stop, err));
  }
  return WLAW_OK;
}

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

/* The tables are synced when something relies on them: a state, or its absence. */
static wlaw_status sync_tables(const train_job *job, wlaw_error *err) {
  WLAW_TRY(wlaw_file_sync(job->metrics, err));
  return wlaw_file_sync(job->timings, err);
}

static wlaw_status save_state(train_job *job, wlaw_error *err) {
  WLAW_TRY(sync_tables(job, err));
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
  wlaw_monitor inner = {.call = watch, .user = job};
  for (;;) {
    const wlaw_status status = wlaw_parallel(job->units, job->threads, epoch_unit, job, &inner, err);
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

wlaw_status wlaw_job_initialise(train_job *job, wlaw_error *err) {
  const uint64_t began = wlaw_clock_ns();
  job->epoch = 0;
  job->monitor.what = "initialising";
  WLAW_TRY(wlaw_parallel(job->plan.networks, job->threads, initialise_unit, job, &job->monitor, err));
  return finish_epoch(job, (double)(wlaw_clock_ns() - began) * 1e-9, err);
}

wlaw_status wlaw_job_run_epochs(train_job *job, wlaw_error *err) {
  job->monitor.what = "training";
  job->saved_ns = wlaw_clock_ns();
  for (job->epoch = job->state.completed + 1; job->epoch <= job->plan.config.epochs; job->epoch++)
    WLAW_TRY(run_epoch(job, err));
  WLAW_TRY(sync_tables(job, err));
  return wlaw_file_remove(job->state_file, err);
}
