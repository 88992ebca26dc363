/* Files for the tests of fit and compare: arrays, and a small run directory as `train` writes it. */
#ifndef TESTS_STUDY_STUDY_H
#define TESTS_STUDY_STUDY_H

#include "core/error.h"
#include "core/file.h"
#include "core/option.h"
#include "core/result.h"
#include "core/stream.h"
#include "support/test.h"
#include "tensor/writer.h"

extern const command_spec wlaw_command_fit, wlaw_command_compare;

static inline void write_tensors(const char *path, const tensor_spec *specs, size_t n, const double *const *values) {
  tensor_writer *writer = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_writer_open(&writer, path, specs, n, NULL, err));
  for (size_t i = 0; i < n; i++) {
    size_t count = 1;
    for (size_t d = 0; d < specs[i].rank; d++) count *= specs[i].shape[d];
    check_ok(wlaw_writer_add(writer, values[i], count * sizeof(double), err));
  }
  check_ok(wlaw_writer_commit(writer, err));
  wlaw_error_free(err);
}

static inline void write_array(const char *path, const double *values, size_t networks, size_t rows, size_t cols) {
  const tensor_spec spec = {"weights", WLAW_F64, 3, {networks, rows, cols}};
  write_tensors(path, &spec, 1, &values);
}

static inline void write_text(const char *path, const char *text) {
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_output_whole(path, text, strlen(text), err));
  wlaw_error_free(err);
}

enum { RUN_NETWORKS = 60, RUN_INPUTS = 7, RUN_HIDDEN = 4, RUN_OUTPUTS = 3 };

/* Layers 7-4-4-3, three epochs of iid weights N(0, 1/fan in) that grow by `step` an epoch; network 5 dies (constant
 * outputs) at epoch 1, and its weights are NaN at epoch 2. */
static inline const char *write_run(const char *name, double step, const char *parameterization) {
  static char path[4096];
  static double values[3][RUN_NETWORKS * RUN_HIDDEN * RUN_INPUTS];
  static const size_t shape[3][2] = {{RUN_HIDDEN, RUN_INPUTS}, {RUN_HIDDEN, RUN_HIDDEN}, {RUN_OUTPUTS, RUN_HIDDEN}};
  snprintf(path, sizeof path, "%s", test_scratch(name));
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_folder_make(path, err));
  wlaw_error_free(err);
  char file[4200], text[400];
  snprintf(file, sizeof file, "%s/run.json", path);
  snprintf(text, sizeof text,
           "{\"schema\":\"weightlaw.run/1\",\"networks\":%d,\"options\":{\"init\":\"normal(gain=1,fan=in)\","
           "\"parameterization\":\"%s\"}}",
           RUN_NETWORKS, parameterization);
  write_text(file, text);
  text_buffer metrics = {0};
  wlaw_text_add(&metrics, "epoch,network,train_loss,test_loss,test_accuracy,condition\n");
  for (int e = 0; e < 3; e++) {
    tensor_spec specs[3] = {
        {"layer1.weight", WLAW_F64, 3, {0}}, {"layer2.weight", WLAW_F64, 3, {0}}, {"layer3.weight", WLAW_F64, 3, {0}}};
    const double *pointers[3];
    for (uint32_t l = 0; l < 3; l++) {
      const size_t count = RUN_NETWORKS * shape[l][0] * shape[l][1];
      const double scale = strcmp(parameterization, "ntk") == 0 ? 1 : 1 / sqrt((double)shape[l][1]);
      wlaw_stream stream = wlaw_stream_start(51, STREAM_TEST, l, 0);
      wlaw_stream_normals(&stream, values[l], count);
      for (size_t i = 0; i < count; i++) values[l][i] *= scale * (1 + step * e);
      if (e == 2) values[l][5 * shape[l][0] * shape[l][1] + 6] = NAN;
      specs[l].shape[0] = RUN_NETWORKS;
      specs[l].shape[1] = shape[l][0];
      specs[l].shape[2] = shape[l][1];
      pointers[l] = values[l];
    }
    snprintf(file, sizeof file, "%s/epoch-%04d.safetensors", path, e);
    write_tensors(file, specs, 3, pointers);
    for (int k = 0; k < RUN_NETWORKS; k++)
      wlaw_text_add(&metrics, "%d,%d,%s,2.3,0.5,%s\n", e, k, e ? "2.1" : "",
                    k == 5 && e ? (e == 1 ? "constant" : "nonfinite") : "ok");
  }
  snprintf(file, sizeof file, "%s/metrics.csv", path);
  write_text(file, wlaw_text_string(&metrics));
  wlaw_text_free(&metrics);
  return path;
}

static inline double number_at(const wlaw_result *result, const char *path) {
  double value = NAN;
  size_t count = 0;
  if (wlaw_result_get(result, path, &value, 1, &count, NULL) != WLAW_OK || count < 1) fail_msg("no number at %s", path);
  return value;
}

static inline const char *text_at(const wlaw_result *result, const char *key) {
  const char *text = json_string_value(json_object_get(result->document, key));
  if (!text) fail_msg("no text at %s", key);
  return text;
}

/* A verb with options name, value, ..., NULL. */
static inline wlaw_status call_verb(wlaw_result **result, const command_spec *command, const char *const *inputs,
                                    size_t n, const char *const *pairs, wlaw_error *err) {
  wlaw_options *options = NULL;
  check_ok(wlaw_options_make(&options, command, err));
  for (; pairs && *pairs; pairs += 2) check_ok(wlaw_options_set(options, pairs[0], pairs[1], err));
  *result = NULL;
  const wlaw_status status = command->call(result, inputs, n, options, NULL, NULL, err);
  wlaw_options_free(options);
  return status;
}

static inline char *result_bytes(const wlaw_result *result) {
  size_t needed = 0;
  if (wlaw_result_json(result, NULL, 0, &needed, NULL) != WLAW_OK) fail_msg("no JSON");
  char *bytes = malloc(needed);
  if (wlaw_result_json(result, bytes, needed, &needed, NULL) != WLAW_OK) fail_msg("no JSON");
  return bytes;
}

#endif
