#include "study/initial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
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
  const char *recorded = json_string_value(json_object_get(json_object_get(run->config, "init_from"), "sha256"));
  wlaw_status status = wlaw_init_from_read(out, path, err);
  if (status == WLAW_OK && (!recorded || strcmp(recorded, out->sha256) != 0)) {
    wlaw_init_from_release(out);
    status = wlaw_fail(err, WLAW_VALUE, "this is not the document whose laws the run began with");
    wlaw_error_in_file(err, status, path);
  }
  free(path);
  return status;
}

static wlaw_status weight_law(matrix_gaussian *out, double *kurtosis, const run_directory *run, const init_from *from,
                              const char *tensor, size_t rows, size_t cols, wlaw_error *err) {
  uint64_t layer;
  double ignored;
  if (!kurtosis) kurtosis = &ignored;
  if (!wlaw_run_weight_layer(tensor, &layer)) layer = 0;
  return layer > 0 && wlaw_init_from_covers(from, (size_t)layer - 1)
             ? wlaw_init_from_moments(out, kurtosis, from, (size_t)layer - 1, rows, cols, err)
             : general_law(out, kurtosis, run, layer == 1, rows, cols, err);
}

wlaw_status wlaw_initial_law(matrix_gaussian *out, double *kurtosis, const run_directory *run, const char *tensor,
                             size_t rows, size_t cols, wlaw_error *err) {
  init_from from = {0};
  if (json_is_object(json_object_get(run->config, "init_from"))) WLAW_TRY(read_document(&from, run, err));
  const wlaw_status status = weight_law(out, kurtosis, run, &from, tensor, rows, cols, err);
  wlaw_init_from_release(&from);
  return status;
}

static wlaw_status put_weight(network_gaussian *out, const run_directory *run, const init_from *from, size_t t,
                              const char *name, wlaw_error *err) {
  const network_tensor *tensor = &out->layout.tensors[t];
  const double entries = (double)tensor->rows * (double)tensor->cols;
  matrix_gaussian law, wide;
  WLAW_TRY(weight_law(&law, NULL, run, from, name, tensor->rows, tensor->cols, err));
  const wlaw_status status = wlaw_matrix_embed(&wide, &law, &wlaw_law_bipartite, err);
  if (status == WLAW_ARGUMENT) {
    wlaw_fail(err, status, "the run began with the law %s of %s, which ties rows to columns as no law of networks does",
              law.law->name, name);
    return wlaw_error_add_hint(err, status, "compare with RUN@0, the initial weights, or matrix by matrix");
  }
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

/* By itself. */
static wlaw_status put_tensor(network_gaussian *out, const run_directory *run, const init_from *from, size_t t,
                              const char *name, wlaw_error *err) {
  return out->layout.tensors[t].is_bias ? put_bias(out, run, t, err) : put_weight(out, run, from, t, name, err);
}

/* Which tensors of one law are tensors of another. */
typedef struct shared_numbers {
  const network_layout *layout, *from;
  size_t tensor[NETWORK_TENSORS]; /* places in the other law; NETWORK_NONE: it does not cover it */
} shared_numbers;

static size_t shared_trivial(const shared_numbers *shared, size_t i) {
  const size_t t = wlaw_network_trivial_tensor(shared->layout, i), other = shared->tensor[t];
  if (other == NETWORK_NONE) return NETWORK_NONE;
  return shared->from->tensors[other].trivial + (i - shared->layout->tensors[t].trivial);
}

static size_t shared_copy(const shared_numbers *shared, size_t s, size_t c) {
  const size_t t = wlaw_network_copy_tensor(shared->layout, s, c), other = shared->tensor[t];
  if (other == NETWORK_NONE) return NETWORK_NONE;
  const network_tensor *here = &shared->layout->tensors[t], *there = &shared->from->tensors[other];
  if (here->row_set == s && c - here->row_copy < here->n_row_copies) return there->row_copy + (c - here->row_copy);
  return there->column_copy + (c - here->column_copy);
}

/* Set s of the one, in the other; NETWORK_NONE where it has none. */
static size_t shared_set(const shared_numbers *shared, size_t s) {
  for (size_t u = 0; u < shared->from->n_sets; u++)
    if (shared->from->sets[u].set == shared->layout->sets[s].set) return u;
  return NETWORK_NONE;
}

/* Of a covariance [n, n], what the other one, [m, m], has. */
static void share_covariance(double *out, size_t n, const double *from, size_t m, const size_t *places) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      if (places[i] != NETWORK_NONE && places[j] != NETWORK_NONE) out[i * n + j] = from[places[i] * m + places[j]];
}

static wlaw_status find_shared(shared_numbers *shared, wlaw_error *err) {
  const network_shape *shape = &shared->from->shape;
  bool same = shared->layout->shape.layers == shape->layers;
  for (size_t t = 0; same && t < shared->layout->n_tensors; t++) {
    const network_tensor *here = &shared->layout->tensors[t];
    shared->tensor[t] = NETWORK_NONE;
    for (size_t u = 0; u < shared->from->n_tensors; u++) {
      const network_tensor *there = &shared->from->tensors[u];
      if (there->layer != here->layer || there->is_bias != here->is_bias) continue;
      shared->tensor[t] = u;
      same = same && there->rows == here->rows && there->cols == here->cols &&
             there->rows_labelled == here->rows_labelled && there->cols_labelled == here->cols_labelled;
    }
  }
  if (same) return WLAW_OK;
  wlaw_fail(err, WLAW_ARGUMENT,
            "the run began with a fitted law of networks of %zu layers (--input %s --output %s), which says nothing of "
            "the networks compared",
            shape->layers, wlaw_network_side_name(shape->input), wlaw_network_side_name(shape->output));
  return wlaw_error_add_hint(err, WLAW_ARGUMENT, "compare with these options, and without --layers");
}

/* --init-from of a law of networks, whose tensors depend on each other. */
static wlaw_status put_network(network_gaussian *out, const shared_numbers *shared, const network_gaussian *from,
                               wlaw_error *err) {
  const network_layout *layout = shared->layout;
  size_t *places = wlaw_array(layout->trivial, sizeof *places); /* no set has more copies */
  if (!places) return wlaw_fail_memory(err, layout->trivial, sizeof *places);
  for (size_t i = 0; i < layout->trivial; i++) {
    places[i] = shared_trivial(shared, i);
    if (places[i] != NETWORK_NONE) out->mean[i] = from->mean[places[i]];
  }
  share_covariance(out->trivial, layout->trivial, from->trivial, from->layout.trivial, places);
  for (size_t s = 0; s < layout->n_sets; s++) {
    const size_t n = layout->sets[s].copies, other = shared_set(shared, s);
    if (other == NETWORK_NONE) continue;
    for (size_t c = 0; c < n; c++) places[c] = shared_copy(shared, s, c);
    share_covariance(out->sets[s], n, from->sets[other], from->layout.sets[other].copies, places);
  }
  for (size_t t = 0; t < layout->n_tensors; t++)
    if (shared->tensor[t] != NETWORK_NONE && layout->tensors[t].entries != NETWORK_NONE)
      out->entries[layout->tensors[t].entries] = from->entries[from->layout.tensors[shared->tensor[t]].entries];
  free(places);
  return WLAW_OK;
}

/* What the fit does not cover is drawn from --init: a first weight that it omits, biases that its networks have not. */
static wlaw_status put_all(network_gaussian *out, const run_directory *run, const init_from *from,
                           const char *const *names, wlaw_error *err) {
  const network_gaussian *whole = from->network.gaussian;
  shared_numbers shared = {.layout = &out->layout, .from = whole ? &whole->layout : NULL};
  if (whole) WLAW_TRY(find_shared(&shared, err));
  for (size_t t = 0; t < out->layout.n_tensors; t++)
    if (!whole || shared.tensor[t] == NETWORK_NONE) WLAW_TRY(put_tensor(out, run, from, t, names[t], err));
  return whole ? put_network(out, &shared, whole, err) : WLAW_OK;
}

wlaw_status wlaw_initial_network(network_gaussian **out, const run_directory *run, const network_layout *layout,
                                 const char *const *names, wlaw_error *err) {
  init_from from = {0};
  *out = NULL;
  if (json_is_object(json_object_get(run->config, "init_from"))) WLAW_TRY(read_document(&from, run, err));
  wlaw_status status = wlaw_network_gaussian_new(out, layout, err);
  if (status == WLAW_OK) status = put_all(*out, run, &from, names, err);
  wlaw_init_from_release(&from);
  if (status == WLAW_OK) return WLAW_OK;
  wlaw_network_gaussian_free(*out);
  *out = NULL;
  return status;
}
