/* What `predict` says: figures of the predictions, and the file of them. */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/result.h"
#include "study/predict_job.h"
#include "tensor/dtype.h"

/* Share of test samples whose largest output is that of their class; the first of equal ones counts. */
static double accuracy(const double *mean, const labelled_inputs *test, size_t outputs) {
  size_t right = 0;
  for (size_t i = 0; i < test->n; i++) {
    size_t best = 0;
    for (size_t c = 1; c < outputs; c++)
      if (mean[i * outputs + c] > mean[i * outputs + best]) best = c;
    right += best == test->labels[i];
  }
  return (double)right / (double)test->n;
}

static double mean_squared_error(const double *mean, const labelled_inputs *test, size_t outputs) {
  double sum = 0.0;
  for (size_t i = 0; i < test->n * outputs; i++) sum += (mean[i] - test->y[i]) * (mean[i] - test->y[i]);
  return sum / (double)(test->n * outputs);
}

static json_t *setting_json(bool *failed, const predict_job *job, size_t s) {
  const size_t m = job->b.n, outputs = job->train.outputs;
  const double *mean = job->mean + s * m * outputs;
  double variance = 0.0;
  for (size_t i = 0; i < m; i++) variance += job->variance[s * m + i] / (double)m;
  json_t *row = json_object();
  wlaw_json_put(failed, row, "ridge", job->flow ? json_null() : wlaw_json_real(job->values[s]));
  wlaw_json_put(failed, row, "time", job->flow ? wlaw_json_real(job->values[s]) : json_null());
  wlaw_json_put(failed, row, "accuracy",
                job->test.labels ? wlaw_json_real(accuracy(mean, &job->test, outputs)) : json_null());
  wlaw_json_put(failed, row, "mean_squared_error",
                job->test.y ? wlaw_json_real(mean_squared_error(mean, &job->test, outputs)) : json_null());
  wlaw_json_put(failed, row, "log_evidence", job->flow ? json_null() : wlaw_json_real(job->evidence[s]));
  wlaw_json_put(failed, row, "mean_variance", wlaw_json_real(variance));
  return row;
}

/* Why a figure is null, or that descent would not follow the flow. */
static json_t *findings(bool *failed, const predict_job *job) {
  json_t *list = json_array();
  if (job->flow && job->rate > job->largest_rate) {
    text_buffer text = {0};
    wlaw_text_add(&text,
                  "Gradient descent diverges at this learning rate, above %.6g; the flow is its limit for small "
                  "steps.",
                  job->largest_rate);
    wlaw_json_append(failed, list, text.failed ? NULL : json_string(wlaw_text_string(&text)));
    wlaw_text_free(&text);
  }
  if (!job->test.y)
    wlaw_json_append(failed, list, json_string("The test data have no targets: predictions cannot be measured."));
  else if (!job->test.labels)
    wlaw_json_append(failed, list, json_string("Targets are numbers, not classes: there is no accuracy."));
  return list;
}

wlaw_status wlaw_predict_describe(wlaw_result **result, const predict_job *job, const char *output, wlaw_error *err) {
  bool failed = false;
  json_t *document = json_object(), *rows = json_array(), *duplicates = NULL;
  const wlaw_status status = wlaw_inputs_duplicates(&duplicates, &job->train, err);
  for (size_t s = 0; s < job->settings; s++) wlaw_json_append(&failed, rows, setting_json(&failed, job, s));
  wlaw_json_put(&failed, document, "schema", json_string("weightlaw.predict/1"));
  wlaw_inputs_put_kernel(&failed, document, &job->spec, job->activation);
  wlaw_json_put(&failed, document, "train", wlaw_json_count(job->a.n));
  wlaw_json_put(&failed, document, "test", wlaw_json_count(job->b.n));
  wlaw_json_put(&failed, document, "features", wlaw_json_count(job->a.features));
  wlaw_json_put(&failed, document, "outputs", wlaw_json_count(job->train.outputs));
  wlaw_json_put(&failed, document, "learning_rate", job->flow ? wlaw_json_real(job->rate) : json_null());
  wlaw_json_put(&failed, document, "max_learning_rate", job->flow ? wlaw_json_real(job->largest_rate) : json_null());
  wlaw_json_put(&failed, document, "results", rows);
  wlaw_json_put(&failed, document, "duplicates", duplicates);
  wlaw_json_put(&failed, document, "output", output ? wlaw_json_text(output) : json_null());
  wlaw_json_put(&failed, document, "findings", findings(&failed, job));
  if (status == WLAW_OK) return wlaw_result_wrap(result, document, failed, err);
  json_decref(document);
  return status;
}

static bool is_npy(const char *path) {
  const size_t length = strlen(path);
  return length >= 4 && strcmp(path + length - 4, ".npy") == 0;
}

wlaw_status wlaw_predict_open(tensor_writer **out, const predict_job *job, const char *path, wlaw_error *err) {
  const size_t single = job->settings == 1;
  const uint64_t shape[3] = {job->settings, job->b.n, job->train.outputs};
  tensor_spec specs[2] = {{.name = "mean", .dtype = WLAW_F64, .rank = 3 - single},
                          {.name = "variance", .dtype = WLAW_F64, .rank = 2 - single}};
  for (size_t t = 0; t < 2; t++)
    for (size_t d = 0; d < specs[t].rank; d++) specs[t].shape[d] = shape[d + single];
  return wlaw_writer_open(out, path, specs, is_npy(path) ? 1 : 2, NULL, err);
}

wlaw_status wlaw_predict_write(tensor_writer *writer, const predict_job *job, const char *path, wlaw_error *err) {
  const size_t m = job->settings * job->b.n;
  WLAW_TRY(wlaw_writer_add(writer, job->mean, m * job->train.outputs * sizeof *job->mean, err));
  return is_npy(path) ? WLAW_OK : wlaw_writer_add(writer, job->variance, m * sizeof *job->variance, err);
}
