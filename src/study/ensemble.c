/* Opening: which tensors of which files, and that they fit together. Reading and measuring: ensemble_read.c. */
#include "study/ensemble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"
#include "study/kept_networks.h"

void wlaw_ensemble_close(ensemble *source) {
  if (!source) return;
  for (size_t i = 0; i < source->n_matrices; i++) free(source->matrices[i].name);
  for (size_t i = 0; i < source->n_paths; i++) free(source->paths[i]);
  free(source->matrices);
  free(source->paths);
  free(source->kept);
  free(source->label);
  wlaw_tensors_close(source->tensors);
  wlaw_run_close(source->run);
  pthread_mutex_destroy(&source->lock);
  free(source);
}

const char *wlaw_ensemble_rule(const ensemble_request *request) {
  return request->exclude_dead ? "networks whose outputs are constant or not finite at this epoch" : "none";
}

static bool ends_with(const char *text, const char *ending) {
  const size_t n = strlen(text), k = strlen(ending);
  return n >= k && strcmp(text + n - k, ending) == 0;
}

static wlaw_status in_file(wlaw_error *err, wlaw_status status, const wlaw_tensors *tensors, size_t i) {
  status = wlaw_error_in_file(err, status, tensors->file.path);
  const char *name = wlaw_tensors_name(tensors, i);
  return *name ? wlaw_error_in_tensor(err, status, name) : status;
}

wlaw_status wlaw_ensemble_shape(ensemble_matrix *out, const wlaw_tensors *tensors, size_t i, wlaw_error *err) {
  const size_t rank = wlaw_tensors_rank(tensors, i);
  const uint64_t *shape = wlaw_tensors_shape(tensors, i);
  if (*wlaw_tensors_note(tensors, i))
    return in_file(err, wlaw_fail(err, WLAW_UNSUPPORTED, "it cannot be read: %s", wlaw_tensors_note(tensors, i)),
                   tensors, i);
  if (rank != 2 && rank != 3)
    return in_file(
        err,
        wlaw_fail(err, WLAW_SHAPE, "it has %zu dimension%s; matrices are [networks, rows, cols] or [rows, cols]", rank,
                  rank == 1 ? "" : "s"),
        tensors, i);
  size_t doubles;
  const size_t sizes[] = {(size_t)shape[rank - 2], (size_t)shape[rank - 1], sizeof(double)};
  if (!wlaw_product(&doubles, sizes, 3) || doubles > PTRDIFF_MAX)
    return in_file(err, wlaw_fail(err, WLAW_LIMIT, "one matrix is larger than memory can be"), tensors, i);
  if (shape[0] == 0 || shape[rank - 2] == 0 || shape[rank - 1] == 0)
    return in_file(err, wlaw_fail(err, WLAW_SHAPE, "it is empty"), tensors, i);
  out->index = i;
  out->networks = rank == 3 ? (size_t)shape[0] : 1;
  out->rows = (size_t)shape[rank - 2];
  out->cols = (size_t)shape[rank - 1];
  return WLAW_OK;
}

static wlaw_status append_matrix(ensemble *source, const wlaw_tensors *tensors, size_t i, wlaw_error *err) {
  ensemble_matrix *matrix = &source->matrices[source->n_matrices];
  const char *name = wlaw_tensors_name(tensors, i);
  WLAW_TRY(wlaw_ensemble_shape(matrix, tensors, i, err));
  matrix->name = wlaw_text_duplicate(name, strlen(name));
  if (!matrix->name) return wlaw_fail_memory(err, strlen(name) + 1, 1);
  source->n_matrices++;
  return WLAW_OK;
}

/* Stacked matrices if there are any, else single ones; of those, the ones named *.weight if any. */
static bool is_wanted(const wlaw_tensors *tensors, size_t i, size_t rank, bool weights_only) {
  return wlaw_tensors_rank(tensors, i) == rank && !*wlaw_tensors_note(tensors, i) &&
         (!weights_only || ends_with(wlaw_tensors_name(tensors, i), ".weight"));
}

static bool any_wanted(const wlaw_tensors *tensors, size_t rank, bool weights_only) {
  for (size_t i = 0; i < wlaw_tensors_count(tensors); i++)
    if (is_wanted(tensors, i, rank, weights_only)) return true;
  return false;
}

/* rank 0: 3 if there are any, else 2. */
static wlaw_status choose_matrices(ensemble *source, const wlaw_tensors *tensors, const char *name, size_t rank,
                                   wlaw_error *err) {
  const size_t n = wlaw_tensors_count(tensors);
  source->matrices = wlaw_array(n ? n : 1, sizeof *source->matrices);
  if (!source->matrices) return wlaw_fail_memory(err, n, sizeof *source->matrices);
  size_t i = 0;
  if (name) {
    const wlaw_status status = wlaw_tensors_find(&i, tensors, name, err);
    if (status != WLAW_OK) return wlaw_error_in_file(err, status, tensors->file.path);
    return append_matrix(source, tensors, i, err);
  }
  if (n == 1) return append_matrix(source, tensors, 0, err);
  if (rank == 0) rank = any_wanted(tensors, 3, false) ? 3 : 2;
  const bool weights_only = any_wanted(tensors, rank, true);
  for (i = 0; i < n; i++)
    if (is_wanted(tensors, i, rank, weights_only)) WLAW_TRY(append_matrix(source, tensors, i, err));
  if (source->n_matrices > 0) return WLAW_OK;
  return wlaw_error_in_file(err, wlaw_fail(err, WLAW_SHAPE, "there are no matrices among its %zu tensors", n),
                            tensors->file.path);
}

/* Snapshots need not hold every layer, so the last one is known from run.json. */
static void mark_ends(ensemble *source) {
  uint64_t last = json_array_size(json_object_get(source->run->config, "layers")), layer;
  const bool recorded = last > 0;
  for (size_t i = 0; !recorded && i < wlaw_tensors_count(source->tensors); i++)
    if (wlaw_run_weight_layer(wlaw_tensors_name(source->tensors, i), &layer) && layer > last) last = layer;
  for (size_t i = 0; i < source->n_matrices; i++) {
    if (!wlaw_run_weight_layer(source->matrices[i].name, &layer)) continue;
    source->matrices[i].first = layer == 1;
    source->matrices[i].last = layer == last;
  }
}

static wlaw_status exclude_dead(ensemble *source, wlaw_error *err) {
  uint64_t *dead = NULL;
  size_t n = 0;
  WLAW_TRY(wlaw_run_dead(&dead, &n, source->run, source->epoch, err));
  const wlaw_status status = wlaw_ensemble_exclude(source, dead, n, err);
  free(dead);
  return status;
}

static wlaw_status open_run(ensemble *source, const ensemble_request *request, wlaw_error *err) {
  WLAW_TRY(wlaw_run_open(&source->run, request->paths[0], err));
  const run_directory *run = source->run;
  source->has_epoch = true;
  source->epoch = request->epoch;
  WLAW_TRY(wlaw_run_open_snapshot(&source->tensors, &source->epoch, run, request->has_epoch, err));
  WLAW_TRY(choose_matrices(source, source->tensors, request->tensor, 3, err));
  for (size_t i = 0; i < source->n_matrices; i++) {
    if (source->matrices[i].networks == run->networks) continue;
    wlaw_fail(err, WLAW_SHAPE, "it has %zu networks, the run has %zu", source->matrices[i].networks, run->networks);
    return in_file(err, WLAW_SHAPE, source->tensors, source->matrices[i].index);
  }
  mark_ends(source);
  return request->exclude_dead ? exclude_dead(source, err) : WLAW_OK;
}

wlaw_status wlaw_ensemble_match(size_t *index, const wlaw_tensors *tensors, const ensemble_matrix *matrix,
                                const char *first, wlaw_error *err) {
  ensemble_matrix other;
  *index = 0;
  if (wlaw_tensors_count(tensors) != 1 || *matrix->name) {
    const wlaw_status status = wlaw_tensors_find(index, tensors, matrix->name, err);
    if (status != WLAW_OK) return wlaw_error_in_file(err, status, tensors->file.path);
  }
  WLAW_TRY(wlaw_ensemble_shape(&other, tensors, *index, err));
  if (other.networks == 1 && other.rows == matrix->rows && other.cols == matrix->cols) return WLAW_OK;
  if (other.networks != 1)
    wlaw_fail(err, WLAW_SHAPE, "it holds %zu networks; of several files each holds one", other.networks);
  else
    wlaw_fail(err, WLAW_SHAPE, "this matrix is %zux%zu, the one in %s is %zux%zu", other.rows, other.cols, first,
              matrix->rows, matrix->cols);
  return in_file(err, WLAW_SHAPE, tensors, *index);
}

static wlaw_status open_files(ensemble *source, const ensemble_request *request, wlaw_error *err) {
  wlaw_tensors *tensors = NULL;
  source->paths = wlaw_array(request->n_paths, sizeof *source->paths);
  if (!source->paths) return wlaw_fail_memory(err, request->n_paths, sizeof *source->paths);
  for (size_t k = 0; k < request->n_paths; k++) {
    source->paths[k] = wlaw_text_duplicate(request->paths[k], strlen(request->paths[k]));
    if (!source->paths[k]) return wlaw_fail_memory(err, strlen(request->paths[k]), 1);
    source->n_paths++;
    WLAW_TRY(wlaw_tensors_open(&tensors, request->paths[k], err));
    wlaw_status status = k == 0 ? choose_matrices(source, tensors, request->tensor, 2, err) : WLAW_OK;
    for (size_t i = 0; status == WLAW_OK && i < source->n_matrices; i++) {
      size_t index;
      status = wlaw_ensemble_match(&index, tensors, &source->matrices[i], request->paths[0], err);
    }
    wlaw_tensors_close(tensors);
    WLAW_TRY(status);
  }
  for (size_t i = 0; i < source->n_matrices; i++) source->matrices[i].networks = request->n_paths;
  return WLAW_OK;
}

static wlaw_status open_source(ensemble *source, const ensemble_request *request, wlaw_error *err) {
  if (request->n_paths == 1 && wlaw_run_is(request->paths[0])) return open_run(source, request, err);
  WLAW_TRY(wlaw_run_needed(request->paths[0], request->has_epoch, request->exclude_dead, err));
  if (request->n_paths > 1) return open_files(source, request, err);
  WLAW_TRY(wlaw_tensors_open(&source->tensors, request->paths[0], err));
  return choose_matrices(source, source->tensors, request->tensor, 0, err);
}

static wlaw_status new_ensemble(ensemble **out, const char *label, wlaw_error *err) {
  ensemble *source = calloc(1, sizeof *source);
  if (!source) return wlaw_fail_memory(err, 1, sizeof *source);
  source->label = wlaw_text_duplicate(label, strlen(label));
  if (!source->label || pthread_mutex_init(&source->lock, NULL) != 0) {
    free(source->label);
    free(source);
    return wlaw_fail_memory(err, strlen(label), 1);
  }
  *out = source;
  return WLAW_OK;
}

wlaw_status wlaw_ensemble_open(ensemble **out, const ensemble_request *request, wlaw_error *err) {
  if (request->n_paths == 0) return wlaw_fail(err, WLAW_ARGUMENT, "a run directory or a tensor file is needed");
  WLAW_TRY(new_ensemble(out, request->paths[0], err));
  const wlaw_status status = open_source(*out, request, err);
  if (status == WLAW_OK) return WLAW_OK;
  wlaw_ensemble_close(*out);
  *out = NULL;
  return status;
}

wlaw_status wlaw_ensemble_array(ensemble **out, const double *weights, size_t networks, size_t rows, size_t cols,
                                wlaw_error *err) {
  const size_t sizes[] = {networks, rows, cols, sizeof *weights};
  size_t bytes;
  if (!weights || networks == 0 || rows == 0 || cols == 0)
    return wlaw_fail(err, WLAW_SHAPE, "an array [%zu, %zu, %zu] holds no matrix", networks, rows, cols);
  if (!wlaw_product(&bytes, sizes, 4) || bytes > PTRDIFF_MAX)
    return wlaw_fail(err, WLAW_LIMIT, "an array [%zu, %zu, %zu] cannot be in memory", networks, rows, cols);
  WLAW_TRY(new_ensemble(out, "array", err));
  (*out)->array = weights;
  (*out)->matrices = wlaw_array(1, sizeof *(*out)->matrices);
  char *name = wlaw_text_duplicate("", 0);
  if (!(*out)->matrices || !name) {
    free(name);
    wlaw_ensemble_close(*out);
    *out = NULL;
    return wlaw_fail_memory(err, 1, sizeof *(*out)->matrices);
  }
  (*out)->matrices[0] = (ensemble_matrix){.name = name, .networks = networks, .rows = rows, .cols = cols};
  (*out)->n_matrices = 1;
  return WLAW_OK;
}

uint64_t wlaw_ensemble_network(const ensemble *source, size_t k) { return wlaw_kept_number(source->kept, k); }

wlaw_status wlaw_ensemble_exclude(ensemble *source, const uint64_t *networks, size_t n, wlaw_error *err) {
  size_t left = source->matrices[0].networks;
  WLAW_TRY(wlaw_kept_exclude(&source->kept, &left, &source->excluded, networks, n, source->label, err));
  source->n_kept = left;
  for (size_t i = 0; i < source->n_matrices; i++) source->matrices[i].networks = left;
  return WLAW_OK;
}
