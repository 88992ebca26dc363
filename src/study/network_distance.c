#include "study/network_distance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"

/* ---- the delete-a-group jackknife */

typedef struct replicate_space {
  network_moments *left[2];
  network_gaussian *law[2];
} replicate_space;

typedef struct replicating {
  const network_distance_side *sides[2];
  bool from[2];   /* which sides lose a group */
  double *values; /* [groups] */
  replicate_space *spaces;
} replicating;

/* The fit without one group. */
static const network_gaussian *without(replicate_space *space, int side, const network_sample *sample, size_t group) {
  network_moments *left = space->left[side];
  memset(left->data, 0, left->length * sizeof *left->data);
  left->count = 0;
  wlaw_network_moments_merge(left, sample->total, 1);
  wlaw_network_moments_merge(left, sample->groups[group], -1);
  wlaw_network_estimate(space->law[side], left, NETWORK_WHOLE);
  return space->law[side];
}

static wlaw_status measure_replicate(void *context, size_t unit, unsigned worker, const atomic_bool *stop,
                                     wlaw_error *err) {
  replicating *work = context;
  const network_gaussian *laws[2];
  if (atomic_load(stop)) return WLAW_CANCELLED;
  for (int k = 0; k < 2; k++)
    laws[k] = work->from[k] ? without(&work->spaces[worker], k, work->sides[k]->sample, unit) : work->sides[k]->law;
  return wlaw_network_wasserstein_squared(&work->values[unit], NULL, laws[0], laws[1], err);
}

static wlaw_status replicate(replicating *work, size_t groups, unsigned workers, wlaw_monitor *monitor,
                             wlaw_error *err) {
  for (unsigned w = 0; w < workers; w++)
    for (int k = 0; k < 2; k++) {
      if (!work->from[k]) continue;
      const network_moments *total = work->sides[k]->sample->total;
      WLAW_TRY(wlaw_network_moments_like(&work->spaces[w].left[k], total, false, err));
      WLAW_TRY(wlaw_network_gaussian_new(&work->spaces[w].law[k], &total->layout, err));
    }
  return wlaw_parallel(groups, workers, measure_replicate, work, monitor, err);
}

typedef struct jackknife {
  double bias, variance; /* of the estimate */
} jackknife;

/* Leaves groups out of a, of b, or of both at once. */
static wlaw_status leave_groups_out(jackknife *out, const network_distance_side *a, const network_distance_side *b,
                                    bool from_a, bool from_b, double estimate, unsigned threads, wlaw_monitor *monitor,
                                    wlaw_error *err) {
  const network_sample *sample = from_a ? a->sample : b->sample;
  const size_t n_groups = sample->n_groups;
  const unsigned workers = wlaw_threads_for(threads, n_groups);
  replicating work = {.sides = {a, b},
                      .from = {from_a, from_b},
                      .values = wlaw_array(n_groups, sizeof(double)),
                      .spaces = wlaw_array(workers, sizeof(replicate_space))};
  const wlaw_status status = work.values && work.spaces ? replicate(&work, n_groups, workers, monitor, err)
                                                        : wlaw_fail_memory(err, n_groups, sizeof(double));
  *out = (jackknife){0};
  for (size_t g = 0; g < n_groups && status == WLAW_OK; g++)
    out->bias += (1.0 - (double)sample->groups[g]->count / (double)sample->total->count) * (work.values[g] - estimate);
  for (size_t g = 0; g < n_groups && status == WLAW_OK; g++) {
    const double inverse = (double)sample->total->count / (double)sample->groups[g]->count; /* of the group's share */
    const double off = (inverse - 1.0) * (estimate - work.values[g]) + out->bias; /* pseudo-value - jackknife's mean */
    out->variance += off * off / (inverse - 1.0) / (double)n_groups;
  }
  for (unsigned w = 0; w < workers && work.spaces; w++)
    for (int k = 0; k < 2; k++) {
      wlaw_network_moments_free(work.spaces[w].left[k]);
      wlaw_network_gaussian_free(work.spaces[w].law[k]);
    }
  free(work.spaces);
  free(work.values);
  return status;
}

static wlaw_status measure_error(network_distance *out, const network_distance_side *a, const network_distance_side *b,
                                 unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  enum { FEWEST = 3 };
  distance_numbers *numbers = &out->numbers;
  const monitor_span whole = wlaw_monitor_span(monitor);
  jackknife of_a = {0}, of_b = {0};
  numbers->standard_error = NAN;
  for (int side = 0; side < 2; side++) {
    const network_distance_side *fit = side ? b : a;
    const char *name = side ? "B" : "A";
    if (fit->fitted == 0 || (fit->sample && fit->fitted >= FEWEST)) continue;
    if (fit->sample)
      snprintf(numbers->error_reason, sizeof numbers->error_reason, "the jackknife needs %d networks, %s has %zu",
               FEWEST, name, fit->fitted);
    else
      snprintf(numbers->error_reason, sizeof numbers->error_reason,
               "the jackknife needs the networks, and %s is their fit", name);
    return WLAW_OK;
  }
  if (a->sample) out->groups[0] = a->sample->n_groups;
  if (b->sample) out->groups[1] = b->sample->n_groups;
  if (numbers->paired) {
    WLAW_TRY(leave_groups_out(&of_a, a, b, true, true, numbers->squared, threads, monitor, err));
    numbers->floor = of_a.bias;
  } else {
    wlaw_monitor_stage(monitor, &whole, 0.0, 0.5);
    if (a->sample) WLAW_TRY(leave_groups_out(&of_a, a, b, true, false, numbers->squared, threads, monitor, err));
    wlaw_monitor_stage(monitor, &whole, 0.5, 1.0);
    if (b->sample) WLAW_TRY(leave_groups_out(&of_b, a, b, false, true, numbers->squared, threads, monitor, err));
  }
  numbers->standard_error = sqrt(of_a.variance + of_b.variance);
  return WLAW_OK;
}

/* ---- the noise floor */

/* Whether a fit has enough networks for what is known of their noise: an expansion in 1/networks, whose terms do not
 * fall where a covariance is singular. */
static bool has_enough(distance_numbers *numbers, const network_distance_side *side, const char *name) {
  law_block blocks[BLOCKS_MOST];
  const network_layout *layout = &side->law->layout;
  const size_t n = wlaw_network_blocks(layout);
  wlaw_network_view(blocks, side->law);
  const size_t few = side->fitted ? wlaw_blocks_few(blocks, n, side->fitted) : n;
  if (few == n) return true;
  char block[32];
  wlaw_network_block_name(block, sizeof block, layout, few);
  snprintf(numbers->floor_reason, sizeof numbers->floor_reason,
           "%s has %zu network%s, and the covariance of %s, of %zu numbers, is singular with so few", name,
           side->fitted, side->fitted == 1 ? "" : "s", block, blocks[few].copies);
  return false;
}

static wlaw_status measure_floor(distance_numbers *numbers, const network_distance_side *a,
                                 const network_distance_side *b, wlaw_error *err) {
  double of_a = 0.0, of_b = 0.0;
  numbers->floor = NAN;
  if (a->fitted) WLAW_TRY(wlaw_network_noise_floor(&of_a, a->law, a->fitted, err));
  if (b->fitted) WLAW_TRY(wlaw_network_noise_floor(&of_b, b->law, b->fitted, err));
  numbers->floor = of_a + of_b;
  return WLAW_OK;
}

static wlaw_status measure_kl(distance_numbers *numbers, const network_distance_side *a, const network_distance_side *b,
                              wlaw_error *err) {
  char reason[200];
  numbers->kl_ab = numbers->kl_ba = NAN;
  for (int side = 0; side < 2; side++) {
    const network_distance_side *of = side ? b : a;
    bool regular;
    WLAW_TRY(wlaw_network_regular(&regular, of->law, of->fitted, reason, sizeof reason, err));
    if (regular) continue;
    snprintf(numbers->kl_reason, sizeof numbers->kl_reason, "%s has no density: %s", side ? "B" : "A", reason);
    return WLAW_OK;
  }
  WLAW_TRY(wlaw_network_kl(&numbers->kl_ab, a->law, b->law, err));
  return wlaw_network_kl(&numbers->kl_ba, b->law, a->law, err);
}

wlaw_status wlaw_network_study_distance(network_distance *out, const network_distance_side *a,
                                        const network_distance_side *b, bool paired, unsigned threads,
                                        wlaw_monitor *monitor, wlaw_error *err) {
  distance_numbers *numbers = &out->numbers;
  memset(out, 0, sizeof *out);
  numbers->networks_a = a->fitted;
  numbers->networks_b = b->fitted;
  numbers->paired = paired;
  if (!wlaw_network_layout_equal(&a->law->layout, &b->law->layout))
    return wlaw_fail(err, WLAW_SHAPE, "laws of different networks cannot be compared");
  if (paired && (!a->sample || !b->sample || a->sample->n_groups != b->sample->n_groups || a->fitted != b->fitted))
    return wlaw_fail(err, WLAW_ARGUMENT, "a paired comparison needs the same networks on both sides, not %zu and %zu",
                     a->fitted, b->fitted);
  WLAW_TRY(wlaw_network_wasserstein_squared(&numbers->squared, out->parts, a->law, b->law, err));
  if (!isfinite(numbers->squared))
    return wlaw_fail(err, WLAW_NUMERIC, "the laws are so far apart that the square of their distance overflows");
  if (!paired) WLAW_TRY(measure_floor(numbers, a, b, err));
  else numbers->floor = NAN;
  WLAW_TRY(measure_error(out, a, b, threads, monitor, err));
  if (isnan(numbers->floor)) snprintf(numbers->floor_reason, sizeof numbers->floor_reason, "%s", numbers->error_reason);
  else if (!has_enough(numbers, a, "A") || !has_enough(numbers, b, "B")) numbers->floor = NAN;
  numbers->debiased = numbers->squared - numbers->floor;
  return measure_kl(numbers, a, b, err);
}
