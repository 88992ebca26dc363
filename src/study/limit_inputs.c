/* Inputs of the verb `limit`: what a network sees of them is the matrix x x' / features. */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "study/limit.h"
#include "tensor/tensor.h"

typedef struct input_matrix {
  double *x; /* [n, features] */
  size_t n, features;
} input_matrix;

/* ---- from a file */

static wlaw_status choose_tensor(size_t *i, const wlaw_tensors *tensors, const char *name, wlaw_error *err) {
  *i = 0;
  if (name) return wlaw_tensors_find(i, tensors, name, err);
  if (tensors->n == 1) return WLAW_OK;
  wlaw_fail(err, WLAW_ARGUMENT, "the file holds %zu tensors", tensors->n);
  return wlaw_error_add_hint(err, WLAW_ARGUMENT, "say which one with --tensor NAME");
}

/* One input may come as a vector. */
static wlaw_status matrix_shape(input_matrix *out, const tensor_info *info, wlaw_error *err) {
  if (info->note) return wlaw_fail(err, WLAW_UNSUPPORTED, "the tensor cannot be read: %s", info->note);
  if (info->rank != 1 && info->rank != 2)
    return wlaw_fail(err, WLAW_SHAPE, "inputs are a matrix [inputs, features], and this tensor has %zu dimensions",
                     info->rank);
  if (info->count == 0) return wlaw_fail(err, WLAW_SHAPE, "the tensor holds no inputs");
  if (info->count > PTRDIFF_MAX / sizeof(double))
    return wlaw_fail(err, WLAW_LIMIT, "its %llu numbers do not fit the memory", (unsigned long long)info->count);
  out->n = info->rank == 2 ? (size_t)info->shape[0] : 1;
  out->features = (size_t)info->shape[info->rank - 1];
  return WLAW_OK;
}

static wlaw_status read_tensor(input_matrix *out, wlaw_tensors *tensors, const char *name, wlaw_error *err) {
  size_t t;
  WLAW_TRY(choose_tensor(&t, tensors, name, err));
  const char *stored = tensors->info[t].name ? tensors->info[t].name : "";
  wlaw_status status = matrix_shape(out, &tensors->info[t], err);
  if (status == WLAW_OK) {
    out->x = wlaw_array(out->n * out->features, sizeof *out->x);
    if (!out->x) return wlaw_fail_memory(err, out->n * out->features, sizeof *out->x);
    status = wlaw_tensors_read(tensors, t, 0, out->n * out->features, out->x, err);
  }
  for (size_t i = 0; status == WLAW_OK && i < out->n * out->features; i++)
    if (!isfinite(out->x[i]))
      status = wlaw_fail(err, WLAW_VALUE, "feature %zu of input %zu is %g, not a finite number", i % out->features,
                         i / out->features, out->x[i]);
  return status != WLAW_OK && *stored ? wlaw_error_in_tensor(err, status, stored) : status;
}

static wlaw_status read_file(input_matrix *out, const char *path, const char *name, wlaw_error *err) {
  wlaw_tensors *tensors = NULL;
  WLAW_TRY(wlaw_tensors_open(&tensors, path, err));
  wlaw_status status = read_tensor(out, tensors, name, err);
  if (status != WLAW_OK) status = wlaw_error_in_file(err, status, path);
  wlaw_tensors_close(tensors);
  return status;
}

/* ---- drawn */

static wlaw_status draw_inputs(input_matrix *out, uint64_t seed, wlaw_error *err) {
  const size_t sizes[] = {out->n, out->features, sizeof *out->x};
  size_t bytes;
  if (!wlaw_product(&bytes, sizes, 3) || bytes > PTRDIFF_MAX)
    return wlaw_fail(err, WLAW_LIMIT, "%zu inputs of %zu features do not fit the memory", out->n, out->features);
  out->x = wlaw_array(out->n * out->features, sizeof *out->x);
  if (!out->x) return wlaw_fail_memory(err, out->n * out->features, sizeof *out->x);
  for (size_t i = 0; i < out->n; i++) {
    wlaw_stream stream = wlaw_stream_start(seed, STREAM_TEACHER, (uint32_t)i, 0);
    wlaw_stream_normals(&stream, out->x + i * out->features, out->features);
  }
  return WLAW_OK;
}

/* ---- what the network sees */

static double product_of(const double *a, const double *b, size_t n) {
  double sum = 0;
  for (size_t k = 0; k < n; k++) sum += a[k] * b[k];
  return sum / (double)n;
}

static void note_twin(limit_inputs *inputs, const input_matrix *m, size_t i, size_t j) {
  if (memcmp(m->x + i * m->features, m->x + j * m->features, m->features * sizeof *m->x) != 0) return;
  if (inputs->twins++ == 0) inputs->twin[0] = j, inputs->twin[1] = i;
}

static wlaw_status make_gram(limit_inputs *inputs, const input_matrix *m, wlaw_error *err) {
  const size_t n = m->n, sizes[] = {n, n, sizeof *inputs->gram};
  size_t bytes;
  if (!wlaw_product(&bytes, sizes, 3) || bytes > PTRDIFF_MAX)
    return wlaw_fail(err, WLAW_LIMIT, "the kernel of %zu inputs does not fit the memory", n);
  inputs->gram = wlaw_array(n * n, sizeof *inputs->gram);
  if (!inputs->gram) return wlaw_fail_memory(err, n * n, sizeof *inputs->gram);
  inputs->n = n;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j <= i; j++) {
      const double value = product_of(m->x + i * m->features, m->x + j * m->features, m->features);
      if (!isfinite(value))
        return wlaw_fail(err, WLAW_VALUE, "the product of inputs %zu and %zu is too large for a double", j, i);
      inputs->gram[i * n + j] = inputs->gram[j * n + i] = value;
      if (j < i) note_twin(inputs, m, i, j);
    }
    if (inputs->gram[i * n + i] == 0.0 && inputs->zeros++ == 0) inputs->zero = i;
  }
  return WLAW_OK;
}

/* No inputs given: one, as far as its variance matters. */
static wlaw_status single_input(limit_job *job, double variance, wlaw_error *err) {
  const limit_network *network = &job->network;
  job->inputs.gram = wlaw_array(1, sizeof *job->inputs.gram);
  if (!job->inputs.gram) return wlaw_fail_memory(err, 1, sizeof *job->inputs.gram);
  job->inputs.n = 1;
  job->inputs.gram[0] = isnan(variance) ? 1.0 : (variance - network->bias_variance) / network->weight_variance;
  if (job->inputs.gram[0] >= 0.0) return WLAW_OK;
  return wlaw_fail(err, WLAW_ARGUMENT, "--variance %g is less than the biases alone have (%g)", variance,
                   network->bias_variance);
}

static wlaw_status many_inputs(limit_job *job, const char *path, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_limit;
  input_matrix m = {.n = wlaw_option_count(options, command, "inputs"),
                    .features = wlaw_option_count(options, command, "features")};
  wlaw_status status =
      path ? read_file(&m, path, wlaw_option_text(options, command, "tensor"), err) : draw_inputs(&m, job->seed, err);
  if (status == WLAW_OK) status = make_gram(&job->inputs, &m, err);
  free(m.x);
  return status != WLAW_OK && path ? wlaw_error_in_file(err, status, path) : status;
}

wlaw_status wlaw_limit_inputs_read(limit_job *job, const char *const *paths, size_t n_paths,
                                   const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_limit;
  const bool drawn = wlaw_option_is_set(options, command, "inputs");
  const bool given = wlaw_option_is_set(options, command, "variance");
  if (n_paths > 1) return wlaw_fail(err, WLAW_ARGUMENT, "limit takes one file of inputs, not %zu", n_paths);
  if ((n_paths == 1) + drawn + given > 1)
    return wlaw_fail(err, WLAW_ARGUMENT, "FILE, --inputs and --variance each say what the inputs are: give one");
  if (n_paths || drawn) WLAW_TRY(many_inputs(job, n_paths ? paths[0] : NULL, options, err));
  else WLAW_TRY(single_input(job, given ? wlaw_option_real(options, command, "variance") : NAN, err));
  job->inputs.variance = job->network.bias_variance + job->network.weight_variance * job->inputs.gram[0];
  if (job->inputs.variance > 0.0) return WLAW_OK;
  wlaw_fail(err, WLAW_VALUE, "the first input is 0 and there are no biases: its outputs are 0 in every network");
  return n_paths ? wlaw_error_in_file(err, WLAW_VALUE, paths[0]) : WLAW_VALUE;
}
