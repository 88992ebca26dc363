#include "measure/invariants.h"
#include "measure/invariants_kernels.h"

/* into += n networks: means and sums of squared deviations of `length` invariants from `first` on (Chan, Golub and
 * LeVeque 1983, eq. 2.1); the count is left to the caller. */
static void merge_group(invariant_moments *into, size_t first, size_t length, double n, const double *mean,
                        const double *squares) {
  const double have = (double)into->count, total = have + n;
  for (size_t a = 0; a < length; a++) {
    const double delta = mean[a] - into->mean[first + a];
    into->mean[first + a] += delta * (n / total);
    into->squares[first + a] += squares[a] + delta * delta * (have * n / total);
  }
}

void wlaw_invariant_moments_add(invariant_moments *state, const double *values, size_t n) {
  enum { TOGETHER = 512 };
  double mean[TOGETHER], squares[TOGETHER];
  if (n == 0) return;
  for (size_t first = 0; first < state->length; first += TOGETHER) {
    const size_t length = state->length - first < TOGETHER ? state->length - first : TOGETHER;
    wlaw_invariants_kernels(wlaw_cpu_level())->spread(mean, squares, values + first, n, length, state->length);
    merge_group(state, first, length, (double)n, mean, squares);
  }
  state->count += n;
}

void wlaw_invariant_moments_merge(invariant_moments *into, const invariant_moments *from) {
  if (from->count == 0) return;
  merge_group(into, 0, into->length, (double)from->count, from->mean, from->squares);
  into->count += from->count;
}
