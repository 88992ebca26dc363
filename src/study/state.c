#include "study/state.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "tensor/writer.h"

wlaw_status wlaw_state_make(ensemble_state *state, size_t networks, size_t floats, unsigned moments, wlaw_error *err) {
  *state = (ensemble_state){.networks = networks, .floats = floats};
  size_t total;
  if (__builtin_mul_overflow(networks, floats, &total))
    return wlaw_fail(err, WLAW_LIMIT, "%zu networks of %zu parameters are too many", networks, floats);
  state->weights = wlaw_array(total, sizeof *state->weights);
  state->first = moments > 0 ? wlaw_array(total, sizeof *state->first) : NULL;
  state->second = moments > 1 ? wlaw_array(total, sizeof *state->second) : NULL;
  state->step = wlaw_array(networks, sizeof *state->step);
  state->loss_sum = wlaw_array(networks, sizeof *state->loss_sum);
  if (state->weights && (moments < 1 || state->first) && (moments < 2 || state->second) && state->step &&
      state->loss_sum)
    return WLAW_OK;
  wlaw_state_release(state);
  return wlaw_fail_memory(err, total, (1 + moments) * sizeof *state->weights);
}

void wlaw_state_release(ensemble_state *state) {
  free(state->weights);
  free(state->first);
  free(state->second);
  free(state->step);
  free(state->loss_sum);
  *state = (ensemble_state){0};
}

typedef struct state_part {
  tensor_spec spec;
  void *bytes;
  size_t elements, size;
} state_part;

enum { MOST_PARTS = 6 };

/* The parts in the order of the file. */
static size_t state_parts(state_part parts[MOST_PARTS], const ensemble_state *state) {
  const size_t n = state->networks, total = n * state->floats;
  size_t count = 0;
  const struct {
    const char *name;
    float *values;
  } blocks[] = {{"weights", state->weights}, {"first", state->first}, {"second", state->second}};
  parts[count++] = (state_part){{"completed", WLAW_U64, 1, {1}}, (void *)(uintptr_t)&state->completed, 1, 8};
  parts[count++] = (state_part){{"step", WLAW_U64, 1, {n}}, state->step, n, 8};
  parts[count++] = (state_part){{"loss_sum", WLAW_F64, 1, {n}}, state->loss_sum, n, 8};
  for (size_t b = 0; b < 3; b++)
    if (blocks[b].values)
      parts[count++] = (state_part){{blocks[b].name, WLAW_F32, 2, {n, state->floats}}, blocks[b].values, total, 4};
  return count;
}

wlaw_status wlaw_state_save(const ensemble_state *state, const char *path, wlaw_error *err) {
  state_part parts[MOST_PARTS];
  tensor_spec specs[MOST_PARTS] = {{0}};
  const size_t n = state_parts(parts, state);
  for (size_t i = 0; i < n; i++) specs[i] = parts[i].spec;
  tensor_writer *writer = NULL;
  WLAW_TRY(wlaw_writer_open(&writer, path, specs, n, NULL, err));
  wlaw_status status = WLAW_OK;
  for (size_t i = 0; i < n && status == WLAW_OK; i++)
    status = wlaw_writer_add(writer, parts[i].bytes, parts[i].elements * parts[i].size, err);
  if (status == WLAW_OK) return wlaw_writer_commit(writer, err);
  wlaw_writer_discard(writer);
  return status;
}

static wlaw_status load_part(const state_part *part, wlaw_tensors *tensors, wlaw_error *err) {
  size_t i;
  WLAW_TRY(wlaw_tensors_find(&i, tensors, part->spec.name, err));
  bool fits = wlaw_tensors_dtype(tensors, i) == part->spec.dtype && wlaw_tensors_rank(tensors, i) == part->spec.rank;
  for (size_t d = 0; fits && d < part->spec.rank; d++) fits = wlaw_tensors_shape(tensors, i)[d] == part->spec.shape[d];
  if (!fits) {
    wlaw_fail(err, WLAW_SHAPE, "the saved state does not fit this run");
    return wlaw_error_in_tensor(err, WLAW_SHAPE, part->spec.name);
  }
  return wlaw_tensors_read_stored(tensors, i, 0, part->elements, part->bytes, err);
}

wlaw_status wlaw_state_load(ensemble_state *state, const char *path, wlaw_error *err) {
  wlaw_tensors *tensors = NULL;
  WLAW_TRY(wlaw_tensors_open(&tensors, path, err));
  state_part parts[MOST_PARTS];
  const size_t n = state_parts(parts, state);
  wlaw_status status = WLAW_OK;
  for (size_t i = 0; i < n && status == WLAW_OK; i++) status = load_part(&parts[i], tensors, err);
  wlaw_tensors_close(tensors);
  return wlaw_error_in_file(err, status, path);
}
