#include "study/inputs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "data/source.h"
#include "tensor/tensor.h"

void wlaw_inputs_free(labelled_inputs *inputs) {
  free(inputs->x);
  free(inputs->y);
  free(inputs->labels);
  *inputs = (labelled_inputs){0};
}

/* ---- of data sets */

wlaw_status wlaw_inputs_dataset(wlaw_dataset **out, const char *what, const wlaw_options *options,
                                const command_spec *command, wlaw_monitor *monitor, wlaw_error *err) {
  const dataset_request request = {
      .what = what,
      .cache = wlaw_option_text(options, command, "cache"),
      .pixel_range = wlaw_option_text(options, command, "pixel-range"),
      .standardize = wlaw_option_flag(options, command, "standardize"),
      .seed = wlaw_option_count(options, command, "seed"),
      .synthetic_features = (size_t)wlaw_option_count(options, command, "synthetic-features"),
      .synthetic_classes = (size_t)wlaw_option_count(options, command, "synthetic-classes"),
      .synthetic_train = (size_t)wlaw_option_count(options, command, "synthetic-train"),
      .synthetic_test = (size_t)wlaw_option_count(options, command, "synthetic-test"),
  };
  return wlaw_dataset_open(out, &request, monitor, err);
}

/* How many of n samples to take. */
static wlaw_status take(size_t *out, size_t n, size_t most, wlaw_error *err) {
  *out = most ? most : n;
  if (n == 0) return wlaw_fail(err, WLAW_VALUE, "there are no samples");
  if (most <= n) return WLAW_OK;
  return wlaw_fail(err, WLAW_ARGUMENT, "%zu samples are asked for and there are %zu", most, n);
}

static wlaw_status make_rows(labelled_inputs *out, wlaw_error *err) {
  size_t count;
  const bool fits = !__builtin_mul_overflow(out->n, out->features, &count);
  out->x = fits ? wlaw_array(count, sizeof *out->x) : NULL;
  return out->x ? WLAW_OK : wlaw_fail_memory(err, out->n, out->features * sizeof *out->x);
}

/* x = scale * stored + shift, in double. */
static void scale_row(double *x, const wlaw_dataset *dataset, const sample_set *set, size_t i) {
  const size_t features = dataset->features;
  for (size_t f = 0; f < features; f++) {
    const double stored = set->bytes ? (double)set->bytes[i * features + f] : (double)set->values[i * features + f];
    x[f] = (double)dataset->scale[f] * stored + (double)dataset->shift[f];
  }
}

static wlaw_status copy_set(labelled_inputs *out, const wlaw_dataset *dataset, const sample_set *set, wlaw_error *err) {
  WLAW_TRY(make_rows(out, err));
  out->labels = wlaw_array(out->n, sizeof *out->labels);
  if (!out->labels) return wlaw_fail_memory(err, out->n, sizeof *out->labels);
  for (size_t i = 0; i < out->n; i++) {
    scale_row(out->x + i * out->features, dataset, set, i);
    out->labels[i] = set->labels[i];
  }
  return wlaw_inputs_classes(out, dataset->classes, err);
}

wlaw_status wlaw_inputs_of_set(labelled_inputs *out, const wlaw_dataset *dataset, const sample_set *set, size_t most,
                               wlaw_error *err) {
  *out = (labelled_inputs){.features = dataset->features};
  WLAW_TRY(take(&out->n, set->n, most, err));
  const wlaw_status status = copy_set(out, dataset, set, err);
  if (status != WLAW_OK) wlaw_inputs_free(out);
  return status;
}

wlaw_status wlaw_inputs_classes(labelled_inputs *inputs, size_t classes, wlaw_error *err) {
  free(inputs->y);
  inputs->y = wlaw_array(inputs->n, classes * sizeof *inputs->y);
  if (!inputs->y) return wlaw_fail_memory(err, inputs->n, classes * sizeof *inputs->y);
  inputs->outputs = classes;
  for (size_t i = 0; i < inputs->n; i++) {
    if (inputs->labels[i] >= classes)
      return wlaw_fail(err, WLAW_VALUE, "sample %zu has the label %u, and the classes of training are 0 to %zu", i,
                       inputs->labels[i], classes - 1);
    for (size_t c = 0; c < classes; c++)
      inputs->y[i * classes + c] = (c == inputs->labels[i] ? 1.0 : 0.0) - 1.0 / (double)classes;
  }
  return WLAW_OK;
}

/* ---- of tensor files */

bool wlaw_inputs_is_file(const char *what) {
  return !wlaw_dataset_source(what) && wlaw_path_exists(what) && !wlaw_path_is_folder(what);
}

enum { MOST_CLASSES = 1 << 16 };

static size_t named(const wlaw_tensors *tensors, const char *name) {
  for (size_t i = 0; i < tensors->n; i++)
    if (strcmp(tensors->info[i].name, name) == 0) return i;
  return tensors->n;
}

static wlaw_status read_x(labelled_inputs *out, wlaw_tensors *tensors, size_t most, wlaw_error *err) {
  size_t i = named(tensors, "x");
  if (i == tensors->n && tensors->n == 1) i = 0;
  if (i == tensors->n) return wlaw_fail(err, WLAW_NAME, "it has %zu tensors and none of them is called x", tensors->n);
  const tensor_info *info = &tensors->info[i];
  if (info->rank == 0 || info->count == 0)
    return wlaw_error_in_tensor(err, wlaw_fail(err, WLAW_SHAPE, "has no samples: its shape should be [n, features]"),
                                info->name);
  WLAW_TRY(take(&out->n, (size_t)info->shape[0], most, err));
  out->features = (size_t)(info->count / info->shape[0]);
  WLAW_TRY(make_rows(out, err));
  return wlaw_tensors_read(tensors, i, 0, out->n * out->features, out->x, err);
}

static bool is_integer(wlaw_dtype dtype) {
  return dtype != WLAW_F16 && dtype != WLAW_BF16 && dtype != WLAW_F32 && dtype != WLAW_F64;
}

static wlaw_status read_labels(labelled_inputs *out, wlaw_tensors *tensors, size_t i, wlaw_error *err) {
  double *values = wlaw_array(out->n, sizeof *values);
  out->labels = wlaw_array(out->n, sizeof *out->labels);
  wlaw_status status = WLAW_OK;
  if (!values || !out->labels) status = wlaw_fail_memory(err, out->n, sizeof *values);
  if (status == WLAW_OK) status = wlaw_tensors_read(tensors, i, 0, out->n, values, err);
  for (size_t s = 0; s < out->n && status == WLAW_OK; s++) {
    if (values[s] >= 0.0 && values[s] < MOST_CLASSES) out->labels[s] = (uint32_t)values[s];
    else
      status = wlaw_fail(err, WLAW_VALUE, "the label of sample %zu, %.0f, is not in 0 to %d", s, values[s],
                         MOST_CLASSES - 1);
  }
  free(values);
  return status;
}

static wlaw_status read_targets(labelled_inputs *out, wlaw_tensors *tensors, size_t i, wlaw_error *err) {
  const size_t count = out->n * out->outputs;
  out->y = wlaw_array(count, sizeof *out->y);
  if (!out->y) return wlaw_fail_memory(err, count, sizeof *out->y);
  WLAW_TRY(wlaw_tensors_read(tensors, i, 0, count, out->y, err));
  for (size_t k = 0; k < count; k++)
    if (!isfinite(out->y[k]))
      return wlaw_fail(err, WLAW_VALUE, "the target of sample %zu is not finite", k / out->outputs);
  return WLAW_OK;
}

/* samples: in x's tensor, whose first out->n are taken. */
static wlaw_status read_y(labelled_inputs *out, wlaw_tensors *tensors, uint64_t samples, wlaw_error *err) {
  const size_t i = named(tensors, "y");
  if (i == tensors->n) return WLAW_OK;
  const tensor_info *info = &tensors->info[i];
  wlaw_status status;
  if ((info->rank != 1 && info->rank != 2) || info->shape[0] != samples || info->count == 0)
    status = wlaw_fail(err, WLAW_SHAPE, "the shape should be [n] or [n, outputs] with n = %llu as x has it",
                       (unsigned long long)samples);
  else if (info->rank == 1 && is_integer(info->dtype) && info->dtype != WLAW_DTYPE_COUNT)
    status = read_labels(out, tensors, i, err);
  else {
    out->outputs = info->rank == 2 ? (size_t)info->shape[1] : 1;
    status = read_targets(out, tensors, i, err);
  }
  return status == WLAW_OK ? status : wlaw_error_in_tensor(err, status, info->name);
}

wlaw_status wlaw_inputs_of_file(labelled_inputs *out, const char *path, size_t most, wlaw_error *err) {
  wlaw_tensors *tensors = NULL;
  *out = (labelled_inputs){0};
  WLAW_TRY(wlaw_tensors_open(&tensors, path, err));
  wlaw_status status = read_x(out, tensors, most, err);
  if (status == WLAW_OK && tensors->n > 1)
    status = read_y(out, tensors, tensors->info[named(tensors, "x")].shape[0], err);
  wlaw_tensors_close(tensors);
  if (status == WLAW_OK) return WLAW_OK;
  wlaw_inputs_free(out);
  return wlaw_error_in_file(err, status, path);
}

/* ---- equal inputs */

typedef struct row_key {
  uint64_t hash;
  size_t row, first; /* first: of the rows it equals, itself where none comes before */
} row_key;

/* FNV-1a over the numbers' bits, with which -0 is 0. */
static uint64_t row_hash(const double *x, size_t n) {
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < n; i++) {
    const double value = x[i] + 0.0;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    hash = (hash ^ bits) * 1099511628211u;
    hash ^= hash >> 29; /* the multiplication carries upwards only */
  }
  return hash;
}

static int compare_hashes(const void *a, const void *b) {
  const row_key *left = a, *right = b;
  if (left->hash != right->hash) return left->hash < right->hash ? -1 : 1;
  return (left->row > right->row) - (left->row < right->row);
}

static int compare_rows(const void *a, const void *b) {
  const row_key *left = a, *right = b;
  return (left->row > right->row) - (left->row < right->row);
}

static bool same_row(const labelled_inputs *inputs, size_t i, size_t j) {
  const double *a = inputs->x + i * inputs->features, *b = inputs->x + j * inputs->features;
  for (size_t f = 0; f < inputs->features; f++)
    if (!(a[f] == b[f])) return false;
  return true;
}

wlaw_status wlaw_inputs_duplicates(json_t **out, const labelled_inputs *inputs, wlaw_error *err) {
  const size_t n = inputs->n;
  row_key *keys = wlaw_array(n, sizeof *keys);
  if (!keys) return wlaw_fail_memory(err, n, sizeof *keys);
  for (size_t i = 0; i < n; i++)
    keys[i] = (row_key){row_hash(inputs->x + i * inputs->features, inputs->features), i, i};
  qsort(keys, n, sizeof *keys, compare_hashes);
  for (size_t i = 0, start = 0; i < n; i++) {
    if (keys[i].hash != keys[start].hash) start = i;
    for (size_t j = start; j < i && keys[i].first == keys[i].row; j++)
      if (same_row(inputs, keys[i].row, keys[j].row)) keys[i].first = keys[j].row;
  }
  qsort(keys, n, sizeof *keys, compare_rows);
  bool failed = false;
  json_t *pairs = json_array();
  for (size_t i = 0; i < n; i++)
    if (keys[i].first != i)
      wlaw_json_append(&failed, pairs, json_pack("[I,I]", (json_int_t)keys[i].first, (json_int_t)i));
  free(keys);
  *out = pairs;
  if (pairs && !failed) return WLAW_OK;
  json_decref(pairs);
  return wlaw_fail_memory(err, n, sizeof(json_t *));
}

/* ---- which kernel */

wlaw_status wlaw_inputs_kernel(kernel_spec *out, const wlaw_options *options, const command_spec *command,
                               wlaw_error *err) {
  *out = (kernel_spec){
      .depth = (size_t)wlaw_option_count(options, command, "depth"),
      .weight_variance = wlaw_option_real(options, command, "weight-variance"),
      .bias_variance = wlaw_option_real(options, command, "bias-variance"),
      .ntk = wlaw_option_choice(options, command, "kernel") == 1,
  };
  WLAW_TRY(wlaw_dual_parse(&out->activation, wlaw_option_text(options, command, "activation"), err));
  return wlaw_kernel_check(out, err);
}

void wlaw_inputs_put_kernel(bool *failed, json_t *object, const kernel_spec *spec, const char *activation) {
  wlaw_json_put(failed, object, "kernel", json_string(spec->ntk ? "ntk" : "nngp"));
  wlaw_json_put(failed, object, "activation", wlaw_json_text(activation));
  wlaw_json_put(failed, object, "depth", wlaw_json_count(spec->depth));
  wlaw_json_put(failed, object, "weight_variance", wlaw_json_real(spec->weight_variance));
  wlaw_json_put(failed, object, "bias_variance", wlaw_json_real(spec->bias_variance));
}
