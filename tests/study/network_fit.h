/* Networks 3-5-4-2 in a file, and their fit --law network, for tests of the verb and of its document. */
#ifndef TESTS_STUDY_NETWORK_FIT_H
#define TESTS_STUDY_NETWORK_FIT_H

#include "study/study.h"

#include "study/network_study.h"

enum { LAYERS = 3, N = 400 };
static const size_t width[LAYERS + 1] = {3, 5, 4, 2};
static const char *const tensors[2 * LAYERS] = {"layer1.weight", "layer1.bias",   "layer2.weight",
                                                "layer2.bias",   "layer3.weight", "layer3.bias"};

/* Networks 3-5-4-2 with biases, all entries standard normal, and to all weights into and out of node i of the first
 * hidden layer `shared` times one number of the node's own. */
static inline const char *write_networks(const char *name, size_t n, double shared) {
  static double values[2 * LAYERS][N * 20];
  static char paths[4][4096];
  static int turn;
  char *path = paths[turn++ & 3];
  const double *pointers[2 * LAYERS];
  tensor_spec specs[2 * LAYERS];
  double own[N * 5];
  wlaw_stream stream = wlaw_stream_start(91, STREAM_TEST, 0, 1);
  wlaw_stream_normals(&stream, own, N * 5);
  for (uint32_t t = 0; t < 2 * LAYERS; t++) {
    const size_t l = t / 2, rows = width[l + 1], cols = t % 2 ? 1 : width[l];
    specs[t] = (tensor_spec){tensors[t], WLAW_F64, t % 2 ? 2 : 3, {n, rows, cols}};
    stream = wlaw_stream_start(91, STREAM_TEST, t, 0);
    wlaw_stream_normals(&stream, values[t], N * rows * cols);
    for (size_t e = 0; e < n * rows * cols; e++) {
      const size_t k = e / (rows * cols), i = e / cols % rows, j = e % cols;
      if (t == 0) values[t][e] += shared * own[k * 5 + i];
      if (t == 2) values[t][e] += shared * own[k * 5 + j];
    }
    pointers[t] = values[t];
  }
  snprintf(path, sizeof paths[0], "%s", test_scratch(name));
  write_tensors(path, specs, 2 * LAYERS, pointers);
  return path;
}

static inline wlaw_result *fitted(const char *path, const char *const *pairs) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(call_verb(&result, &wlaw_command_fit, &path, 1, pairs, err));
  wlaw_error_free(err);
  return result;
}

static const char *const whole[] = {"law", "network", "input", "exchangeable", "output", "exchangeable", NULL};

/* @PATH of the document. */
static inline const char *written(const wlaw_result *result, const char *name) {
  static char paths[4][4096];
  static int turn;
  char *path = paths[turn++ & 3], *bytes = result_bytes(result);
  snprintf(path, sizeof paths[0], "@%s", test_scratch(name));
  write_text(path + 1, bytes);
  free(bytes);
  return path;
}

#endif
