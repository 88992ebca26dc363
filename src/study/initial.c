#include "study/initial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "study/init_from.h"
#include "study/network_study.h"

/* --init, of layers that no fit covers. */
static wlaw_status general_law(matrix_gaussian *out, double *kurtosis, const run_directory *run, bool first,
                               size_t rows, size_t cols, wlaw_error *err) {
  wlaw_law *law = NULL;
  WLAW_TRY(wlaw_law_parse(&law, wlaw_run_init(run), err));
  if (law->ops->node && first) { /* no hidden nodes before it (net/train.h) */
    wlaw_law_free(law);
    WLAW_TRY(wlaw_law_parse(&law, "normal(gain=1,fan=in)", err));
  }
  const wlaw_status status = wlaw_matrix_gaussian(out, law, rows, cols, err);
  *kurtosis = law->ops->kurtosis ? law->ops->kurtosis(law) : law->ops->matrix ? 3.0 : NAN;
  if (law->ops->node && *kurtosis != 3.0) *kurtosis = NAN; /* 3: all variances are equal */
  wlaw_law_free(law);
  WLAW_TRY(status);
  if (strcmp(wlaw_run_option(run->config, "parameterization"), "ntk") != 0) return WLAW_OK;
  /* What is stored is sqrt(fan in) times what the law draws. */
  for (size_t a = 0; a < MATRIX_MEANS; a++) out->mean[a] *= sqrt((double)cols);
  for (size_t b = 0; b < MATRIX_BLOCKS; b++)
    for (size_t e = 0; e < MATRIX_COPIES * MATRIX_COPIES; e++) out->covariance[b][e] *= (double)cols;
  return WLAW_OK;
}

/* --init-from, of a run that has it. */
static wlaw_status read_document(init_from *out, const run_directory *run, wlaw_error *err) {
  char *path = wlaw_path_join(run->path, INIT_FROM_FILE);
  if (!path) return wlaw_fail_memory(err, strlen(run->path), 1);
  const wlaw_status status = wlaw_init_from_read(out, path, err);
  free(path);
  return status;
}

wlaw_status wlaw_initial_law(matrix_gaussian *out, double *kurtosis, const run_directory *run, const char *tensor,
                             size_t rows, size_t cols, wlaw_error *err) {
  uint64_t layer;
  double ignored;
  init_from from = {0};
  if (!kurtosis) kurtosis = &ignored;
  if (!wlaw_run_weight_layer(tensor, &layer)) layer = 0;
  if (json_is_object(json_object_get(run->config, "init_from"))) WLAW_TRY(read_document(&from, run, err));
  const wlaw_status status = layer > 0 && wlaw_init_from_covers(&from, (size_t)layer - 1)
                                 ? wlaw_init_from_moments(out, kurtosis, &from, (size_t)layer - 1, rows, cols, err)
                                 : general_law(out, kurtosis, run, layer == 1, rows, cols, err);
  wlaw_init_from_release(&from);
  return status;
}

static wlaw_status put_weight(network_gaussian *out, const run_directory *run, size_t t, const char *name,
                              wlaw_error *err) {
  const network_tensor *tensor = &out->layout.tensors[t];
  const double entries = (double)tensor->rows * (double)tensor->cols;
  matrix_gaussian law, wide;
  WLAW_TRY(wlaw_initial_law(&law, NULL, run, name, tensor->rows, tensor->cols, err));
  const wlaw_status status = wlaw_matrix_embed(&wide, &law, &wlaw_law_bipartite, err);
  if (status != WLAW_OK) return wlaw_error_in_tensor(err, status, name);
  if (law.law == &wlaw_law_iid) wlaw_network_set_iid(out, t, wide.mean[0] / sqrt(entries), wide.covariance[0][0]);
  else
    wlaw_network_set_bipartite(out, t, wide.mean[0] / sqrt(entries), wide.covariance[0][0], wide.covariance[1][0],
                               wide.covariance[2][0], wide.covariance[3][0]);
  return WLAW_OK;
}

/* Zeros, unless the law draws them: then they have the mean and variance of weights. */
static wlaw_status put_bias(network_gaussian *out, const run_directory *run, size_t t, wlaw_error *err) {
  const network_tensor *tensor = &out->layout.tensors[t];
  double mean = 0.0, variance = 0.0;
  wlaw_law *law = NULL;
  WLAW_TRY(wlaw_law_parse(&law, wlaw_run_init(run), err));
  if (law->ops->draw_bias)
    law->ops->moments(law, tensor->rows, out->layout.shape.width[tensor->layer], &mean, &variance);
  wlaw_law_free(law);
  wlaw_network_set_iid(out, t, mean, variance);
  return WLAW_OK;
}

/* Each tensor by itself. */
static wlaw_status put_tensors(network_gaussian *out, const run_directory *run, const char *const *names,
                               wlaw_error *err) {
  for (size_t t = 0; t < out->layout.n_tensors; t++)
    WLAW_TRY(out->layout.tensors[t].is_bias ? put_bias(out, run, t, err) : put_weight(out, run, t, names[t], err));
  return WLAW_OK;
}

/* --init-from of a law of networks, whose tensors depend on each other. */
static wlaw_status put_network(network_gaussian *out, const network_gaussian *from, wlaw_error *err) {
  const network_shape *shape = &from->layout.shape;
  if (!wlaw_network_layout_equal(&out->layout, &from->layout)) {
    const char *input = wlaw_network_side_name(shape->input), *output = wlaw_network_side_name(shape->output);
    wlaw_fail(
        err, WLAW_ARGUMENT,
        "the run began with a fitted law of networks of %zu layers (--input %s --output %s), which says nothing of "
        "the networks compared",
        shape->layers, input, output);
    return wlaw_error_add_hint(err, WLAW_ARGUMENT, "compare with these options, and without --layers");
  }
  memcpy(out->mean, from->mean, out->layout.trivial * sizeof *out->mean);
  for (size_t b = 0; b < wlaw_network_blocks(&out->layout); b++) {
    const size_t n = wlaw_network_block_copies(&out->layout, b);
    memcpy(wlaw_network_block(out, b), wlaw_network_block(from, b), n * n * sizeof(double));
  }
  return WLAW_OK;
}

wlaw_status wlaw_initial_network(network_gaussian **out, const run_directory *run, const network_layout *layout,
                                 const char *const *names, wlaw_error *err) {
  init_from from = {0};
  *out = NULL;
  if (json_is_object(json_object_get(run->config, "init_from"))) WLAW_TRY(read_document(&from, run, err));
  wlaw_status status = wlaw_network_gaussian_new(out, layout, err);
  if (status == WLAW_OK)
    status = from.network.gaussian ? put_network(*out, from.network.gaussian, err) : put_tensors(*out, run, names, err);
  wlaw_init_from_release(&from);
  if (status == WLAW_OK) return WLAW_OK;
  wlaw_network_gaussian_free(*out);
  *out = NULL;
  return status;
}
