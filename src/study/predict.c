/* The verb `predict`: regression with an infinitely wide network, by ridge or by gradient flow to a finite time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "limit/gradient_flow.h"
#include "study/predict_job.h"

extern const command_spec wlaw_command_predict;

static const option_spec options_table[] = {
    {"train", 0, OPTION_TEXT, "FILE", NULL, NULL, 0, 0, "training data in place of DATA: tensors x and y"},
    {"test", 0, OPTION_TEXT, "FILE", NULL, NULL, 0, 0, "test data: a tensor x, and y to be measured against"},
    {"train-samples", 'n', OPTION_COUNT, "N", "0", NULL, 0, 4294967295.0, "the first N training samples; 0: all"},
    {"test-samples", 'm', OPTION_COUNT, "M", "0", NULL, 0, 4294967295.0, "the first M test samples; 0: all"},
    INPUTS_KERNEL_OPTIONS,
    {"ridge", 'r', OPTION_TEXT, "R,...", "1e-3", NULL, 0, 0,
     "noise variances, each times the mean diagonal of the kernel"},
    {"time", 't', OPTION_TEXT, "T,...", NULL, NULL, 0, 0,
     "instead of a ridge: steps of gradient descent after which networks are looked at, inf for the end"},
    {"learning-rate", 0, OPTION_REAL, "RATE", "1", NULL, 0, 1e300, "of these steps"},
    {"output", 'o', OPTION_TEXT, "FILE", NULL, NULL, 0, 0,
     "predictions: .npy for the means, .npz or .safetensors for mean and variance"},
    INPUTS_DATA_OPTIONS,
};

static const char examples[] =
    "weightlaw predict fashion-mnist --train-samples 5000 --ridge 1e-2,1e-4\n"
    "    an infinitely wide Bayesian network with three hidden layers, tested on 10,000 images\n"
    "weightlaw predict fashion-mnist --train-samples 1000 --time 100,1000,inf --learning-rate 10\n"
    "    an ensemble of infinitely wide networks in the course of gradient descent\n"
    "weightlaw predict --train a.npz --test b.npz --kernel ntk -o predictions.npz\n"
    "    data of one's own: arrays x [n, features] and y [n] or [n, outputs]\n";

static const char details[] =
    "DATA is a data set as for train (pixels go to [0, 1]); targets are one-hot less 1 / classes. In files integers y "
    "[n] are classes, all else are numbers to be predicted, best centred by the user: the prior mean is 0.\n"
    "\n"
    "With --ridge the posterior of the Gaussian process with the kernel; log evidence is the sum over outputs. With "
    "--time mean and variance over networks that start from it and follow gradient flow on the mean squared error "
    "|f - y|^2 / (2 n outputs) for a time of learning rate times steps: --kernel ntk (the default then) trains all "
    "layers, nngp the last one alone. Gradient descent itself follows up to the maximal learning rate that is "
    "printed; momentum m allows 1 + m times as much.";

/* ---- what is asked for */

enum { MOST_SETTINGS = 1000 };

/* "1e-2,1e-4" as numbers of at least 0; infinite ones where `endless`. */
static wlaw_status parse_list(double **out, size_t *n, const char *name, const char *text, bool endless,
                              wlaw_error *err) {
  char item[64];
  double *values = wlaw_array(MOST_SETTINGS, sizeof *values);
  if (!values) return wlaw_fail_memory(err, MOST_SETTINGS, sizeof *values);
  bool fits = true;
  *n = 0;
  for (const char *at = text; fits; at++) {
    const size_t length = strcspn(at, ",");
    fits = length < sizeof item && *n < MOST_SETTINGS;
    if (!fits) break;
    memcpy(item, at, length);
    item[length] = '\0';
    double *value = &values[(*n)++];
    if (endless && strcmp(item, "inf") == 0) *value = INFINITY;
    else fits = wlaw_text_real(item, value) && *value >= 0.0;
    at += length;
    if (*at == '\0') break;
  }
  if (fits) {
    *out = values;
    return WLAW_OK;
  }
  free(values);
  return wlaw_fail(err, WLAW_ARGUMENT, "option --%s needs numbers of at least 0%s with commas between, not '%s'", name,
                   endless ? ", or inf," : "", text);
}

static wlaw_status read_settings(predict_job *job, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_predict;
  const char *time = wlaw_option_text(options, command, "time");
  job->flow = time != NULL;
  job->rate = wlaw_option_real(options, command, "learning-rate");
  if (time && wlaw_option_is_set(options, command, "ridge"))
    return wlaw_fail(err, WLAW_ARGUMENT, "--ridge and --time exclude each other: training for a time has no noise");
  if (!time && wlaw_option_is_set(options, command, "learning-rate"))
    return wlaw_fail(err, WLAW_ARGUMENT, "--learning-rate is of --time, which is not given");
  if (time && !(job->rate > 0.0)) return wlaw_fail(err, WLAW_ARGUMENT, "--learning-rate 0 trains nothing");
  WLAW_TRY(wlaw_inputs_kernel(&job->spec, options, command, err));
  if (time && !wlaw_option_is_set(options, command, "kernel")) {
    job->spec.ntk = true;
    WLAW_TRY(wlaw_kernel_check(&job->spec, err));
  }
  return time ? parse_list(&job->values, &job->settings, "time", time, true, err)
              : parse_list(&job->values, &job->settings, "ridge", wlaw_option_text(options, command, "ridge"), false,
                           err);
}

/* ---- data */

static wlaw_status read_set(predict_job *job, const char *what, size_t n, size_t m, const wlaw_options *options,
                            wlaw_error *err) {
  wlaw_dataset *dataset = NULL;
  WLAW_TRY(wlaw_inputs_dataset(&dataset, what, options, &wlaw_command_predict, &job->monitor, err));
  wlaw_status status = wlaw_inputs_of_set(&job->train, dataset, &dataset->train, n, err);
  if (status == WLAW_OK) status = wlaw_inputs_of_set(&job->test, dataset, &dataset->test, m, err);
  wlaw_dataset_free(dataset);
  return status;
}

/* Classes are those of the training set; a test set may have no targets. */
static wlaw_status match_targets(predict_job *job, wlaw_error *err) {
  labelled_inputs *train = &job->train, *test = &job->test;
  if (train->features != test->features)
    return wlaw_fail(err, WLAW_SHAPE, "its inputs have %zu features and those of training %zu", test->features,
                     train->features);
  if (!test->y && !test->labels) return WLAW_OK;
  if (!train->labels != !test->labels)
    return wlaw_fail(err, WLAW_SHAPE, "its y are %s and those of training %s", test->labels ? "classes" : "numbers",
                     train->labels ? "classes" : "numbers");
  if (test->labels) return wlaw_inputs_classes(test, train->outputs, err);
  if (train->outputs == test->outputs) return WLAW_OK;
  return wlaw_fail(err, WLAW_SHAPE, "its y have %zu outputs and those of training %zu", test->outputs, train->outputs);
}

static wlaw_status train_classes(labelled_inputs *train, wlaw_error *err) {
  if (!train->y && !train->labels) return wlaw_fail(err, WLAW_NAME, "it has no tensor y, the targets");
  if (!train->labels) return WLAW_OK;
  uint32_t most = 0;
  for (size_t i = 0; i < train->n; i++)
    if (train->labels[i] > most) most = train->labels[i];
  return wlaw_inputs_classes(train, (size_t)most + 1, err);
}

static wlaw_status read_files(predict_job *job, const char *train, const char *test, size_t n, size_t m,
                              wlaw_error *err) {
  WLAW_TRY(wlaw_inputs_of_file(&job->train, train, n, err));
  wlaw_status status = train_classes(&job->train, err);
  if (status != WLAW_OK) return wlaw_error_in_file(err, status, train);
  WLAW_TRY(wlaw_inputs_of_file(&job->test, test, m, err));
  status = match_targets(job, err);
  return status == WLAW_OK ? status : wlaw_error_in_file(err, status, test);
}

static wlaw_status read_data(predict_job *job, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                             wlaw_error *err) {
  const command_spec *command = &wlaw_command_predict;
  const char *train = wlaw_option_text(options, command, "train"), *test = wlaw_option_text(options, command, "test");
  const size_t n = (size_t)wlaw_option_count(options, command, "train-samples");
  const size_t m = (size_t)wlaw_option_count(options, command, "test-samples");
  if (n_inputs > 1 || (n_inputs == 1) == (train || test) || !train != !test)
    return wlaw_fail(err, WLAW_ARGUMENT, "predict takes one data set, or --train FILE and --test FILE");
  job->monitor.what = "reading the data";
  if (n_inputs == 1) WLAW_TRY(read_set(job, inputs[0], n, m, options, err));
  else WLAW_TRY(read_files(job, train, test, n, m, err));
  wlaw_status status = wlaw_kernel_inputs_new(&job->a, job->train.x, job->train.n, job->train.features, err);
  if (status != WLAW_OK) return wlaw_error_in_file(err, status, train ? train : inputs[0]);
  status = wlaw_kernel_inputs_new(&job->b, job->test.x, job->test.n, job->test.features, err);
  return status == WLAW_OK ? WLAW_OK : wlaw_error_in_file(err, status, test ? test : inputs[0]);
}

/* ---- kernels */

static wlaw_status new_matrix(double **out, size_t rows, size_t cols, wlaw_error *err) {
  size_t count;
  *out = __builtin_mul_overflow(rows, cols, &count) ? NULL : wlaw_array(count, sizeof **out);
  return *out ? WLAW_OK : wlaw_fail_memory(err, rows, cols * sizeof **out);
}

static wlaw_status make_pair(double **k, double **cross, const predict_job *job, bool ntk, wlaw_monitor *monitor,
                             wlaw_error *err) {
  kernel_spec spec = job->spec;
  spec.ntk = ntk;
  WLAW_TRY(new_matrix(k, job->a.n, job->a.n, err));
  WLAW_TRY(new_matrix(cross, job->b.n, job->a.n, err));
  WLAW_TRY(wlaw_kernel_matrix(*k, &spec, &job->a, &job->a, job->threads, monitor, err));
  return wlaw_kernel_matrix(*cross, &spec, &job->b, &job->a, job->threads, monitor, err);
}

/* Of each test point with itself. */
static wlaw_status make_prior(predict_job *job, bool ntk, wlaw_error *err) {
  WLAW_TRY(new_matrix(&job->prior, job->b.n, 1, err));
  return wlaw_kernel_diagonal(ntk ? NULL : job->prior, ntk ? job->prior : NULL, &job->spec, &job->b, err);
}

static wlaw_status make_kernels(predict_job *job, wlaw_error *err) {
  job->monitor.what = "kernel";
  const bool ntk = job->spec.ntk && !job->flow;
  WLAW_TRY(make_pair(&job->k, &job->cross, job, ntk, &job->monitor, err));
  WLAW_TRY(make_prior(job, ntk, err));
  if (job->flow && job->spec.ntk) return make_pair(&job->ntk, &job->cross_t, job, true, &job->monitor, err);
  /* what a factor or eigenvectors overwrite */
  return new_matrix(&job->ntk, job->a.n, job->a.n, err);
}

/* ---- predictions */

static wlaw_status predict_ridges(predict_job *job, const regression *problem, const monitor_span *whole,
                                  wlaw_error *err) {
  const size_t n = problem->n, m = problem->m;
  for (size_t s = 0; s < job->settings; s++) {
    wlaw_monitor_stage(&job->monitor, whole, (double)s / (double)job->settings,
                       (double)(s + 1) / (double)job->settings);
    memcpy(job->ntk, job->k, n * n * sizeof *job->k);
    WLAW_TRY(wlaw_regression_posterior(job->mean + s * m * problem->outputs, job->variance + s * m, job->evidence + s,
                                       problem, job->values[s], job->ntk, &job->monitor, err));
  }
  return WLAW_OK;
}

static wlaw_status predict_times(predict_job *job, const regression *problem, const monitor_span *whole,
                                 wlaw_error *err) {
  const size_t n = problem->n, m = problem->m;
  gradient_flow flow;
  if (!job->spec.ntk) memcpy(job->ntk, job->k, n * n * sizeof *job->k);
  WLAW_TRY(wlaw_flow_new(&flow, job->ntk, n, err));
  job->largest_rate = wlaw_flow_largest_rate(&flow, problem->outputs, 0.0);
  wlaw_status status = WLAW_OK;
  for (size_t s = 0; s < job->settings && status == WLAW_OK; s++) {
    wlaw_monitor_stage(&job->monitor, whole, (double)s / (double)job->settings,
                       (double)(s + 1) / (double)job->settings);
    status = wlaw_flow_predict(job->mean + s * m * problem->outputs, job->variance + s * m, &flow, problem,
                               job->rate * job->values[s], job->k, job->cross_t ? job->cross_t : job->cross,
                               &job->monitor, err);
    job->evidence[s] = NAN;
  }
  wlaw_flow_free(&flow);
  return status;
}

static wlaw_status predict(predict_job *job, wlaw_error *err) {
  const size_t m = job->b.n, outputs = job->train.outputs;
  WLAW_TRY(make_kernels(job, err));
  WLAW_TRY(new_matrix(&job->mean, job->settings * m, outputs, err));
  WLAW_TRY(new_matrix(&job->variance, job->settings, m, err));
  WLAW_TRY(new_matrix(&job->evidence, job->settings, 1, err));
  const regression problem = {.n = job->a.n,
                              .m = m,
                              .outputs = outputs,
                              .y = job->train.y,
                              .cross = job->cross,
                              .prior = job->prior,
                              .threads = job->threads};
  const monitor_span whole = wlaw_monitor_span(&job->monitor);
  job->monitor.what = job->flow ? "gradient flow" : "regression";
  return job->flow ? predict_times(job, &problem, &whole, err) : predict_ridges(job, &problem, &whole, err);
}

static wlaw_status predict_job_run(wlaw_result **result, predict_job *job, const char *const *inputs, size_t n,
                                   const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_predict;
  const char *output = wlaw_option_text(options, command, "output");
  tensor_writer *writer = NULL;
  WLAW_TRY(read_settings(job, options, err));
  if (output) WLAW_TRY(wlaw_output_check(output, wlaw_option_flag(options, command, "force"), err));
  WLAW_TRY(read_data(job, inputs, n, options, err));
  if (output)
    WLAW_TRY(wlaw_predict_open(&writer, job, output, err)); /* what cannot be written is said before the work */
  wlaw_status status = predict(job, err);
  if (status == WLAW_OK && writer) status = wlaw_predict_write(writer, job, output, err);
  if (status != WLAW_OK) {
    wlaw_writer_discard(writer);
    return status;
  }
  if (writer) WLAW_TRY(wlaw_writer_commit(writer, err));
  return wlaw_predict_describe(result, job, output, err);
}

wlaw_status wlaw_predict(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                         wlaw_progress progress, void *user, wlaw_error *err) {
  const command_spec *command = &wlaw_command_predict;
  WLAW_TRY(wlaw_options_check(options, command, err));
  predict_job job = {.activation = wlaw_option_text(options, command, "activation"),
                     .threads = (unsigned)wlaw_option_count(options, command, "threads"),
                     .monitor = {.call = progress, .user = user}};
  const wlaw_status status = predict_job_run(result, &job, inputs, n_inputs, options, err);
  double *const owned[] = {job.values, job.k,    job.cross,    job.ntk,     job.cross_t,
                           job.prior,  job.mean, job.variance, job.evidence};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
  wlaw_kernel_inputs_free(&job.a);
  wlaw_kernel_inputs_free(&job.b);
  wlaw_inputs_free(&job.train);
  wlaw_inputs_free(&job.test);
  return status;
}

const command_spec wlaw_command_predict = {
    .name = "predict",
    .summary = "regression with an infinitely wide network",
    .operands = "DATA | --train FILE --test FILE",
    .examples = examples,
    .details = details,
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_predict,
};
