#include "measure/network_moments.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

/* Doubles of the sums that every state has, and of those for robust errors after them: the layout was checked. */
static void count_sums(size_t *plain, size_t *robust, const network_layout *layout) {
  const size_t T = layout->trivial;
  size_t sets = 0;
  for (size_t s = 0; s < layout->n_sets; s++) sets += layout->sets[s].copies * layout->sets[s].copies;
  *plain = T + T * T + sets + layout->n_entries + layout->n_sets * (NORM_SUMS + NORM_SUMS * NORM_SUMS);
  *robust = 2 * T * T + sets + layout->n_entries;
}

static double *take(double **at, size_t n) {
  double *const from = *at;
  *at += n;
  return from;
}

/* The sums for robust errors come last, so what all states have comes first. */
static void place_sums(network_moments *state, double *at) {
  const network_layout *layout = &state->layout;
  const size_t T = layout->trivial;
  state->data = at;
  state->trivial = take(&at, T);
  state->trivial_products = take(&at, T * T);
  for (size_t s = 0; s < layout->n_sets; s++)
    state->set_products[s] = take(&at, layout->sets[s].copies * layout->sets[s].copies);
  state->entries = take(&at, layout->n_entries);
  state->norms = take(&at, layout->n_sets * NORM_SUMS);
  state->norm_products = take(&at, layout->n_sets * NORM_SUMS * NORM_SUMS);
  state->trivial_third = state->robust ? take(&at, T * T) : NULL;
  state->trivial_fourth = state->robust ? take(&at, T * T) : NULL;
  for (size_t s = 0; s < layout->n_sets; s++)
    state->set_squares[s] = state->robust ? take(&at, layout->sets[s].copies * layout->sets[s].copies) : NULL;
  state->entry_squares = state->robust ? take(&at, layout->n_entries) : NULL;
}

wlaw_status wlaw_network_moments_new(network_moments **out, const network_layout *layout,
                                     const double pivot[NETWORK_TENSORS], bool robust, wlaw_error *err) {
  size_t plain, more;
  count_sums(&plain, &more, layout);
  network_moments *state = calloc(1, sizeof *state);
  const size_t length = plain + (robust ? more : 0), T = layout->trivial;
  double *numbers = state ? wlaw_array(T + length, sizeof *numbers) : NULL;
  if (!numbers) {
    free(state);
    return wlaw_fail_memory(err, T + length, sizeof *numbers);
  }
  state->layout = *layout;
  state->robust = robust;
  state->length = length;
  memcpy(state->pivot, pivot, layout->n_tensors * sizeof *pivot);
  state->origin = numbers;
  place_sums(state, numbers + T);
  *out = state;
  return WLAW_OK;
}

wlaw_status wlaw_network_moments_like(network_moments **out, const network_moments *of, bool robust, wlaw_error *err) {
  WLAW_TRY(wlaw_network_moments_new(out, &of->layout, of->pivot, robust, err));
  memcpy((*out)->origin, of->origin, of->layout.trivial * sizeof *of->origin);
  return WLAW_OK;
}

void wlaw_network_moments_trim(network_moments *state) {
  size_t plain, more;
  count_sums(&plain, &more, &state->layout);
  const size_t T = state->layout.trivial;
  double *numbers = realloc(state->origin, (T + plain) * sizeof *numbers);
  state->robust = false;
  state->length = plain;
  if (numbers) state->origin = numbers;
  place_sums(state, state->origin + T);
}

void wlaw_network_moments_free(network_moments *state) {
  if (!state) return;
  free(state->origin);
  free(state);
}

void wlaw_network_moments_merge(network_moments *into, const network_moments *from, int sign) {
  const size_t n = into->length < from->length ? into->length : from->length;
  for (size_t i = 0; i < n; i++) into->data[i] += sign * from->data[i];
  into->count = sign > 0 ? into->count + from->count : into->count - from->count;
}
