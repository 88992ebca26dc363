/* Small runs for the tests of redraw. */
#ifndef TESTS_STUDY_REDRAW_SUPPORT_H
#define TESTS_STUDY_REDRAW_SUPPORT_H

#include "study/study.h" /* before the type `networks` is there */

#include "data/idx_support.h"
#include "study/redraw.h"

extern const command_spec wlaw_command_train, wlaw_command_fit, wlaw_command_redraw;

/* A folder of 300 training and 120 test images of 2 x 3 random bytes, whatever their label, which is 0 for seven of
 * ten, else 1 or 2: nothing to learn but the shares of the classes, 0.7 at best. */
static inline const char *write_data(const char *name) {
  enum { TRAIN = 300, TEST = 120, PIXELS = 6 };
  static const char *const names[2][2] = {{"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
                                          {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}};
  const char *folder = idx_folder(name);
  for (uint32_t part = 0; part < 2; part++) {
    const uint32_t n = part ? TEST : TRAIN;
    unsigned char pixels[TRAIN * PIXELS], labels[TRAIN];
    wlaw_stream stream = wlaw_stream_start(7, STREAM_TEST, part, 0);
    for (size_t i = 0; i < n * PIXELS; i++) pixels[i] = (unsigned char)wlaw_stream_below(&stream, 256);
    for (size_t i = 0; i < n; i++) labels[i] = (unsigned char)(i % 10 < 7 ? 0 : 1 + i % 2);
    const idx_bytes images = idx_make(8, 3, (const uint32_t[]){n, 2, 3}, pixels, n * PIXELS);
    const idx_bytes classes = idx_make(8, 1, (const uint32_t[]){n}, labels, n);
    idx_write(folder, names[part][0], &images);
    idx_write(folder, names[part][1], &classes);
  }
  return folder;
}

/* A run on such data, 40 networks 6-5-5-3 with biases, two epochs; options name, value, ..., NULL come last. */
static inline void train_run(const char *run, const char *data, const char *const *more) {
  static const char *const options[] = {"networks", "40",    "hidden", "5,5",    "epochs", "2", "lr",
                                        "0.02",     "batch", "20",     "biases", "true",   NULL};
  wlaw_options *all = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_options_make(&all, &wlaw_command_train, err));
  for (size_t i = 0; options[i]; i += 2) check_ok(wlaw_options_set(all, options[i], options[i + 1], err));
  for (; more && *more; more += 2) check_ok(wlaw_options_set(all, more[0], more[1], err));
  check_ok(wlaw_options_set(all, "output", run, err));
  check_ok(wlaw_train(NULL, &data, 1, all, NULL, NULL, err));
  wlaw_options_free(all);
  wlaw_error_free(err);
}

static inline wlaw_result *redraw_run(const char *run, const char *const *pairs) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(call_verb(&result, &wlaw_command_redraw, &run, 1, pairs, err));
  wlaw_error_free(err);
  return result;
}

/* A row of `cells`, `ordinary` or `continued`: of this law (NULL: any), epoch (-1: any) and training. */
static inline const json_t *find_row(const wlaw_result *result, const char *list, const char *name, int epoch,
                                     int after) {
  size_t i;
  const json_t *row;
  json_array_foreach(json_object_get(result->document, list), i, row) {
    const char *own = json_string_value(json_object_get(row, "name"));
    if (name && (!own || strcmp(own, name) != 0)) continue;
    if (epoch >= 0 && json_integer_value(json_object_get(row, "epoch")) != epoch) continue;
    if (json_integer_value(json_object_get(row, "after")) == after) return row;
  }
  fail_msg("no row of %s, %s, epoch %d after %d", list, name ? name : "any law", epoch, after);
  return NULL;
}

static inline double row_number(const json_t *row, const char *key) {
  double value = NAN;
  if (!wlaw_json_number(json_object_get(row, key), &value)) fail_msg("no number %s", key);
  return value;
}

static inline bool says(const wlaw_result *result, const char *list, const char *words) {
  size_t i;
  const json_t *sentence;
  json_array_foreach(json_object_get(result->document, list), i,
                     sentence) if (strstr(json_string_value(sentence), words)) return true;
  return false;
}

#endif
