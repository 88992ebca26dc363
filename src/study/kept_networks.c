#include "study/kept_networks.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"

wlaw_status wlaw_kept_exclude(uint64_t **kept, size_t *n, size_t *excluded, const uint64_t *numbers, size_t n_numbers,
                              const char *label, wlaw_error *err) {
  const size_t all = *n + *excluded;
  bool *out = wlaw_array(all, sizeof *out);
  uint64_t *left = wlaw_array(*n, sizeof *left);
  if (!out || !left) {
    free(out);
    free(left);
    return wlaw_fail_memory(err, all, sizeof *left);
  }
  size_t n_left = 0;
  for (size_t k = 0; k < n_numbers; k++)
    if (numbers[k] < all) out[numbers[k]] = true;
  for (size_t j = 0; j < *n; j++) {
    const uint64_t number = wlaw_kept_number(*kept, j);
    if (!out[number]) left[n_left++] = number;
  }
  free(out);
  if (n_left == 0) {
    free(left);
    return wlaw_error_in_file(err, wlaw_fail(err, WLAW_VALUE, "every network is left out"), label);
  }
  free(*kept);
  *kept = left;
  *excluded += *n - n_left;
  *n = n_left;
  return WLAW_OK;
}

wlaw_status wlaw_kept_missing(uint64_t **missing, size_t *n_missing, const uint64_t *kept, size_t n,
                              const uint64_t *others, size_t n_others, wlaw_error *err) {
  *missing = wlaw_array(n, sizeof **missing);
  if (!*missing) return wlaw_fail_memory(err, n, sizeof **missing);
  *n_missing = 0;
  for (size_t k = 0, j = 0; k < n; k++) {
    const uint64_t number = wlaw_kept_number(kept, k);
    while (j < n_others && wlaw_kept_number(others, j) < number) j++;
    if (j == n_others || wlaw_kept_number(others, j) != number) (*missing)[(*n_missing)++] = number;
  }
  return WLAW_OK;
}
