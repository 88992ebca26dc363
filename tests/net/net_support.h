/* Data sets, laws and networks for the tests of src/net. */
#ifndef TESTS_NET_NET_SUPPORT_H
#define TESTS_NET_NET_SUPPORT_H

#include "support/test.h"

#include "core/cpu.h"
#include "core/memory.h"
#include "core/stream.h"
#include "net/train.h"

/* Random bytes (or floats) and labels, with stretches of zeros. scale, shift: inputs of order 1, different for each
 * feature. */
static inline wlaw_dataset random_dataset(size_t features, size_t classes, size_t train, size_t test, bool bytes) {
  static char name[] = "random";
  wlaw_dataset data = {.name = name, .features = features, .classes = classes};
  wlaw_stream stream = wlaw_stream_start(1, STREAM_TEST, (uint32_t)features, (uint32_t)classes);
  data.scale = wlaw_array(features, sizeof(float));
  data.shift = wlaw_array(features, sizeof(float));
  for (size_t f = 0; f < features; f++) {
    data.scale[f] = bytes ? 0.01f * (float)(0.5 + wlaw_stream_uniform(&stream)) : 1.0f;
    data.shift[f] = bytes ? -1.0f + 0.1f * (float)wlaw_stream_uniform(&stream) : 0.0f;
  }
  sample_set *const sets[2] = {&data.train, &data.test};
  const size_t sizes[2] = {train, test};
  for (int k = 0; k < 2; k++) {
    sets[k]->n = sizes[k];
    sets[k]->labels = wlaw_array(sizes[k], 1);
    if (bytes) sets[k]->bytes = wlaw_array(sizes[k] * features, 1);
    else sets[k]->values = wlaw_array(sizes[k] * features, sizeof(float));
    for (size_t i = 0; i < sizes[k] * features; i++)
      if (bytes) sets[k]->bytes[i] = (uint8_t)wlaw_stream_below(&stream, 256);
      else sets[k]->values[i] = (float)(2.0 * wlaw_stream_uniform(&stream) - 1.0);
    for (size_t i = 0; i < sizes[k] * features; i++) { /* a third of the blocks of sixteen inputs is 0 */
      const size_t block = i / features * 1000 + i % features / 16;
      if (block * 2654435761U % 3 != 0) continue;
      if (bytes) sets[k]->bytes[i] = 0;
      else sets[k]->values[i] = 0.0f;
    }
    for (size_t i = 0; i < sizes[k]; i++) sets[k]->labels[i] = (uint8_t)wlaw_stream_below(&stream, (uint32_t)classes);
  }
  return data;
}

static inline void free_dataset(wlaw_dataset *data) {
  free(data->place);
  free(data->scale);
  free(data->shift);
  free(data->train.bytes);
  free(data->train.values);
  free(data->train.labels);
  free(data->test.bytes);
  free(data->test.values);
  free(data->test.labels);
}

/* Sample i of a set as the network sees it, in double. */
static inline void input_row(const wlaw_dataset *data, const sample_set *set, size_t i, double *x) {
  for (size_t f = 0; f < data->features; f++) {
    const double stored =
        set->bytes ? (double)set->bytes[i * data->features + f] : (double)set->values[i * data->features + f];
    x[f] = (double)data->scale[f] * stored + (double)data->shift[f];
  }
}

/* Normal weights of variance 2/in and biases of standard deviation 0.1. */
static inline wlaw_status test_draw(const wlaw_law *law, double *out, size_t rows, size_t cols, wlaw_stream *stream,
                                    wlaw_error *err) {
  (void)law, (void)err;
  wlaw_stream_normals(stream, out, rows * cols);
  for (size_t i = 0; i < rows * cols; i++) out[i] *= sqrt(2.0 / (double)cols);
  return WLAW_OK;
}
static inline wlaw_status test_draw_bias(const wlaw_law *law, double *out, size_t rows, size_t cols,
                                         wlaw_stream *stream, wlaw_error *err) {
  (void)law, (void)cols, (void)err;
  wlaw_stream_normals(stream, out, rows);
  for (size_t i = 0; i < rows; i++) out[i] *= 0.1;
  return WLAW_OK;
}
static const law_ops test_law_ops = {.name = "test", .draw = test_draw, .draw_bias = test_draw_bias};
static const wlaw_law test_law = {.ops = &test_law_ops};

/* A perceptron from its widths: shape(3, (size_t[]){784, 10, 10}, ...). */
static inline mlp make_mlp(size_t n_widths, const size_t *widths, activation kind, loss target, bool biases, bool ntk) {
  mlp net = {.layers = n_widths - 1, .biases = biases, .ntk = ntk, .activation = kind, .loss = target};
  for (size_t i = 0; i < n_widths; i++) net.width[i] = widths[i];
  return net;
}

/* A trainer, a scratch space and one network with its moments. */
typedef struct training {
  trainer *trainer;
  train_scratch *scratch;
  network_state state;
  size_t floats;
} training;

static inline network_state new_state(size_t floats) {
  return (network_state){.weights = wlaw_array(floats, sizeof(float)),
                         .first = wlaw_array(floats, sizeof(float)),
                         .second = wlaw_array(floats, sizeof(float))};
}

static inline void free_state(network_state *state) {
  free(state->weights);
  free(state->first);
  free(state->second);
}

static inline training start_training_from(const wlaw_law *law, const train_config *config, const wlaw_dataset *data,
                                           cpu_level level, uint32_t network) {
  wlaw_error *err = wlaw_error_new();
  training t = {0};
  check_ok(wlaw_trainer_new(&t.trainer, config, data, level, err));
  check_ok(wlaw_scratch_new(&t.scratch, t.trainer, err));
  t.floats = wlaw_train_floats(t.trainer);
  t.state = new_state(t.floats);
  check_ok(wlaw_train_init(t.trainer, &(initial_laws){.law = law}, network, t.state.weights, err));
  wlaw_error_free(err);
  return t;
}

static inline training start_training(const train_config *config, const wlaw_dataset *data, cpu_level level,
                                      uint32_t network) {
  return start_training_from(&test_law, config, data, level, network);
}

static inline void end_training(training *t) {
  free_state(&t->state);
  wlaw_scratch_free(t->scratch);
  wlaw_trainer_free(t->trainer);
}

#endif
