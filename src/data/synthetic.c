/* Nothing to download: standard normal inputs, labelled by the largest output of a random teacher network
 *     y = V tanh(U x),   U_ij ~ N(0, 1/features),   rows of V uniform on the unit sphere.
 * Rows of one length keep the classes near balance: outputs then have nearly the same law. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/memory.h"
#include "core/stream.h"
#include "data/source.h"

enum { TEACHER_HIDDEN = 32, STREAM_OF_TEACHER = 0, STREAM_OF_TRAIN = 1, STREAM_OF_TEST = 2 };

typedef struct teacher {
  size_t features, classes;
  double *u; /* [TEACHER_HIDDEN, features] */
  double *v; /* [classes, TEACHER_HIDDEN] */
} teacher;

static void teacher_free(teacher *t) {
  free(t->u);
  free(t->v);
}

static wlaw_status teacher_new(teacher *t, size_t features, size_t classes, uint64_t seed, wlaw_error *err) {
  *t = (teacher){.features = features, .classes = classes};
  size_t weights;
  if (__builtin_mul_overflow(features, (size_t)TEACHER_HIDDEN, &weights)) return wlaw_fail_memory(err, features, 256);
  t->u = wlaw_array(weights, sizeof *t->u);
  t->v = wlaw_array(classes * TEACHER_HIDDEN, sizeof *t->v);
  if (!t->u || !t->v) {
    teacher_free(t);
    return wlaw_fail_memory(err, weights, sizeof *t->u);
  }
  wlaw_stream stream = wlaw_stream_start(seed, STREAM_TEACHER, 0, STREAM_OF_TEACHER);
  wlaw_stream_normals(&stream, t->u, weights);
  for (size_t i = 0; i < weights; i++) t->u[i] /= sqrt((double)features);
  stream = wlaw_stream_start(seed, STREAM_TEACHER, 1, STREAM_OF_TEACHER);
  wlaw_stream_normals(&stream, t->v, classes * TEACHER_HIDDEN);
  for (size_t c = 0; c < classes; c++) {
    double *row = t->v + c * TEACHER_HIDDEN, square = 0.0;
    for (int h = 0; h < TEACHER_HIDDEN; h++) square += row[h] * row[h];
    for (int h = 0; h < TEACHER_HIDDEN; h++) row[h] /= sqrt(square);
  }
  return WLAW_OK;
}

static uint8_t teacher_label(const teacher *t, const float *x) {
  double hidden[TEACHER_HIDDEN], most = -INFINITY;
  for (size_t h = 0; h < TEACHER_HIDDEN; h++) {
    double z = 0.0;
    for (size_t f = 0; f < t->features; f++) z += t->u[h * t->features + f] * (double)x[f];
    hidden[h] = tanh(z);
  }
  size_t label = 0;
  for (size_t c = 0; c < t->classes; c++) {
    double y = 0.0;
    for (int h = 0; h < TEACHER_HIDDEN; h++) y += t->v[c * TEACHER_HIDDEN + (size_t)h] * hidden[h];
    if (y > most) {
      most = y;
      label = c;
    }
  }
  return (uint8_t)label;
}

/* Sample i is a function of (seed, which set, i): a larger set begins with the samples of a smaller one. */
static wlaw_status draw_samples(sample_set *set, const teacher *t, size_t n, uint64_t seed, uint32_t which,
                                wlaw_monitor *monitor, wlaw_error *err) {
  size_t count;
  if (__builtin_mul_overflow(n, t->features, &count)) return wlaw_fail_memory(err, n, t->features);
  double *x = wlaw_array(t->features, sizeof *x);
  set->n = n;
  set->values = wlaw_array(count, sizeof *set->values);
  set->labels = wlaw_array(n, 1);
  wlaw_status status = WLAW_OK;
  if (!x || !set->values || !set->labels) status = wlaw_fail_memory(err, count, sizeof *set->values);
  for (size_t i = 0; i < n && status == WLAW_OK; i++) {
    if (i % 1024 == 0 && wlaw_monitor_report(monitor, (double)i / (double)n)) status = wlaw_fail_cancelled(err);
    float *stored = set->values + i * t->features;
    wlaw_stream stream = wlaw_stream_start(seed, STREAM_TEACHER, (uint32_t)i, which);
    wlaw_stream_normals(&stream, x, t->features);
    for (size_t f = 0; f < t->features; f++) stored[f] = (float)x[f];
    set->labels[i] = teacher_label(t, stored);
  }
  free(x);
  return status;
}

static wlaw_status add_source(wlaw_dataset *dataset, const char *name, const void *bytes, size_t n, wlaw_error *err) {
  char sha256[65];
  WLAW_TRY(wlaw_hash_bytes(sha256, bytes, n, err));
  return wlaw_dataset_add_source(dataset, name, "values in memory", n, sha256, err);
}

static wlaw_status describe(wlaw_dataset *dataset, uint64_t seed, wlaw_error *err) {
  bool failed = false;
  wlaw_json_put(&failed, dataset->description, "seed", wlaw_json_count(seed));
  wlaw_json_put(
      &failed, dataset->description, "teacher",
      json_string("argmax of V tanh(U x), 32 hidden nodes, U normal(gain=1,fan=in), rows of V on the sphere"));
  if (failed) return wlaw_fail_memory(err, 1, sizeof(json_t *));
  const sample_set *train = &dataset->train, *test = &dataset->test;
  const size_t row = dataset->features * sizeof(float);
  WLAW_TRY(add_source(dataset, "train inputs (float32)", train->values, train->n * row, err));
  WLAW_TRY(add_source(dataset, "train labels (uint8)", train->labels, train->n, err));
  WLAW_TRY(add_source(dataset, "test inputs (float32)", test->values, test->n * row, err));
  return add_source(dataset, "test labels (uint8)", test->labels, test->n, err);
}

static size_t or_default(size_t asked, size_t preset) { return asked ? asked : preset; }

static wlaw_status synthetic_load(wlaw_dataset *dataset, const dataset_request *request, wlaw_monitor *monitor,
                                  wlaw_error *err) {
  dataset->features = or_default(request->synthetic_features, 64);
  dataset->classes = or_default(request->synthetic_classes, 10);
  const size_t train = or_default(request->synthetic_train, 10000), test = or_default(request->synthetic_test, 2000);
  if (dataset->classes < 2 || dataset->classes > 256)
    return wlaw_fail(err, WLAW_ARGUMENT, "synthetic data have 2 to 256 classes, not %zu", dataset->classes);
  if (train > UINT32_MAX || test > UINT32_MAX)
    return wlaw_fail(err, WLAW_LIMIT, "synthetic data have at most 2^32 - 1 samples");
  teacher t;
  WLAW_TRY(teacher_new(&t, dataset->features, dataset->classes, request->seed, err));
  wlaw_status status = draw_samples(&dataset->train, &t, train, request->seed, STREAM_OF_TRAIN, monitor, err);
  if (status == WLAW_OK) status = draw_samples(&dataset->test, &t, test, request->seed, STREAM_OF_TEST, monitor, err);
  teacher_free(&t);
  return status == WLAW_OK ? describe(dataset, request->seed, err) : status;
}

static wlaw_status synthetic_find(bool *present, const char *cache, wlaw_error *err) {
  (void)cache, (void)err;
  *present = true;
  return WLAW_OK;
}

const dataset_source wlaw_source_synthetic = {
    .name = "synthetic",
    .origin = "made on the spot: normal inputs labelled by a random teacher network",
    .how = "it is always there",
    .find = synthetic_find,
    .load = synthetic_load,
};
