/* One pass over all networks: pieces that stay in the second-level cache, straight into sums. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "study/networks.h"

enum {
  PIECE_BYTES = 1 << 19, /* of weights read at a time; one network, or an eighth of large sums, where that is more */
  FEWEST_GROUPS = 10,
  MOST_GROUPS = 200,
  GROUPS_BYTES = 1 << 28 /* of all groups' sums, unless that would be fewer than 10 groups */
};

typedef struct measuring {
  const networks *source;
  const network_layout *layout;
  size_t n_groups, step; /* networks read at a time */
  network_moments **groups;
  network_scratch **scratch; /* of each worker, as the next */
  void **buffers;
} measuring;

/* The first weight that is not finite, of network number `at` of a block; false if there is none. */
static bool find_bad(size_t *tensor, size_t *entry, double *value, const network_layout *layout,
                     const network_block *block, size_t at) {
  for (*tensor = 0; *tensor < layout->n_tensors; ++*tensor) {
    const size_t n = layout->tensors[*tensor].rows * layout->tensors[*tensor].cols;
    const float *single = block->tensors[*tensor];
    const double *whole = block->tensors[*tensor];
    for (*entry = 0; *entry < n; ++*entry) {
      *value = block->single ? (double)single[at * n + *entry] : whole[at * n + *entry];
      if (!isfinite(*value)) return true;
    }
  }
  return false;
}

/* Network k, which is number `at` of a block. */
static wlaw_status fail_value(const measuring *work, const network_block *block, size_t at, size_t k, wlaw_error *err) {
  const networks *source = work->source;
  const unsigned long long number = wlaw_networks_number(source, k);
  const char *names[NETWORK_TENSORS], *path = source->n_paths ? source->paths[number] : source->label;
  size_t t, e;
  double value;
  if (find_bad(&t, &e, &value, work->layout, block, at)) {
    const size_t cols = work->layout->tensors[t].cols;
    wlaw_fail(err, WLAW_VALUE, "network %llu has a weight that is %s, at row %zu, column %zu (counted from 0)", number,
              isnan(value) ? "not a number" : "infinite", e / cols, e % cols);
    wlaw_networks_names(names, source, work->layout);
    wlaw_error_in_tensor(err, WLAW_VALUE, names[t]);
  } else {
    wlaw_fail(err, WLAW_VALUE, "the weights of network %llu are so large that their squares overflow", number);
  }
  if (path) wlaw_error_in_file(err, WLAW_VALUE, path);
  if (source->run) wlaw_error_add_hint(err, WLAW_VALUE, "--exclude dead leaves out networks that broke down");
  return WLAW_VALUE;
}

/* The first network of group g. */
static size_t group_start(size_t n, size_t groups, size_t g) { return n / groups * g + n % groups * g / groups; }

static wlaw_status measure_group(void *context, size_t unit, unsigned worker, const atomic_bool *stop,
                                 wlaw_error *err) {
  const measuring *work = context;
  const size_t last = group_start(work->source->n, work->n_groups, unit + 1);
  for (size_t k = group_start(work->source->n, work->n_groups, unit); k < last; k += work->step) {
    const size_t count = last - k < work->step ? last - k : work->step;
    network_block block;
    if (atomic_load(stop)) return WLAW_CANCELLED;
    WLAW_TRY(wlaw_networks_read(&block, work->buffers[worker], work->source, work->layout, k, count, err));
    const size_t finite =
        wlaw_network_moments_add(work->groups[unit], work->scratch[worker], &block, count, wlaw_cpu_level());
    if (finite < count) return fail_value(work, &block, finite, k + finite, err);
  }
  return WLAW_OK;
}

/* Errors and tests are made of fourth powers: where these overflow or vanish they would be wrong without a sign. */
static wlaw_status check_scale(const networks *source, const network_moments *total, wlaw_error *err) {
  static const double smallest = 1e-150; /* its square is the last that is far from the end of double precision */
  double largest = 0.0, pivot = 0.0;
  bool finite = true;
  for (size_t i = 0; i < total->length; i++) finite = finite && isfinite(total->data[i]);
  for (size_t t = 0; t < total->layout.n_tensors; t++) pivot = fmax(pivot, fabs(total->pivot[t]));
  const size_t T = total->layout.trivial;
  for (size_t i = 0; i < T; i++) largest = fmax(largest, total->trivial_products[i * T + i]);
  for (size_t s = 0; s < total->layout.n_sets; s++)
    for (size_t c = 0, n = total->layout.sets[s].copies; c < n; c++)
      largest = fmax(largest, total->set_products[s][c * n + c]);
  for (size_t e = 0; e < total->layout.n_entries; e++) largest = fmax(largest, total->entries[e]);
  const bool zero = largest == 0.0 && (pivot == 0.0 || pivot * pivot >= smallest);
  if (finite && (zero || largest >= smallest)) return WLAW_OK;
  wlaw_fail(err, WLAW_VALUE, "the weights are so %s that their fourth powers %s", finite ? "small" : "large",
            finite ? "vanish" : "overflow");
  if (source->label) wlaw_error_in_file(err, WLAW_VALUE, source->label);
  return wlaw_error_add_hint(err, WLAW_VALUE, "multiply them all by one number");
}

static wlaw_status take_pivot(double pivot[NETWORK_TENSORS], const networks *source, const network_layout *layout,
                              wlaw_error *err) {
  network_block block;
  const size_t bytes = wlaw_networks_bytes(source, layout);
  void *first = wlaw_array(1, bytes);
  if (!first) return wlaw_fail_memory(err, 1, bytes);
  const wlaw_status status = wlaw_networks_read(&block, first, source, layout, 0, 1, err);
  if (status == WLAW_OK) wlaw_network_pivot(pivot, layout, &block);
  free(first);
  return status;
}

/* Empty sums of every group, about the first network's means. */
static wlaw_status take_groups(measuring *work, network_sample *out, wlaw_error *err) {
  double pivot[NETWORK_TENSORS];
  WLAW_TRY(take_pivot(pivot, work->source, work->layout, err));
  WLAW_TRY(wlaw_network_moments_new(&out->total, work->layout, pivot, true, err));
  const size_t fit = GROUPS_BYTES / sizeof(double) / out->total->length;
  work->n_groups = fit < FEWEST_GROUPS ? FEWEST_GROUPS : fit < MOST_GROUPS ? fit : MOST_GROUPS;
  if (work->n_groups > work->source->n) work->n_groups = work->source->n;
  out->n_groups = work->n_groups;
  out->groups = work->groups = wlaw_array(work->n_groups, sizeof(network_moments *));
  if (!work->groups) return wlaw_fail_memory(err, work->n_groups, sizeof(network_moments *));
  for (size_t g = 0; g < work->n_groups; g++)
    WLAW_TRY(wlaw_network_moments_new(&work->groups[g], work->layout, pivot, true, err));
  return WLAW_OK;
}

/* The total, in order; groups keep the sums that a jackknife needs. */
static wlaw_status merge_groups(network_sample *out, bool groups, wlaw_error *err) {
  for (size_t g = 0; g < out->n_groups; g++) {
    network_moments *const whole = out->groups[g];
    wlaw_network_moments_merge(out->total, whole, 1);
    out->groups[g] = NULL;
    wlaw_status status = WLAW_OK;
    if (groups) status = wlaw_network_moments_new(&out->groups[g], &whole->layout, whole->pivot, false, err);
    if (groups && status == WLAW_OK) wlaw_network_moments_merge(out->groups[g], whole, 1);
    wlaw_network_moments_free(whole);
    WLAW_TRY(status);
  }
  if (!groups) {
    free(out->groups);
    out->groups = NULL;
  }
  return WLAW_OK;
}

static wlaw_status take_room(measuring *work, unsigned workers, size_t sums, wlaw_error *err) {
  const size_t bytes = wlaw_networks_bytes(work->source, work->layout);
  const size_t piece = sums / 8 > PIECE_BYTES ? sums / 8 : PIECE_BYTES;
  work->step = bytes < piece ? piece / bytes : 1;
  for (unsigned w = 0; w < workers; w++) {
    WLAW_TRY(wlaw_network_scratch_new(&work->scratch[w], work->layout, err));
    work->buffers[w] = wlaw_array(work->step, bytes);
    if (!work->buffers[w]) return wlaw_fail_memory(err, work->step, bytes);
  }
  return WLAW_OK;
}

static wlaw_status measure_all(network_sample *out, measuring *work, unsigned workers, bool groups,
                               wlaw_monitor *monitor, wlaw_error *err) {
  WLAW_TRY(take_groups(work, out, err));
  WLAW_TRY(take_room(work, workers, out->total->length * sizeof(double), err));
  WLAW_TRY(wlaw_parallel(work->n_groups, workers, measure_group, work, monitor, err));
  WLAW_TRY(merge_groups(out, groups, err));
  return check_scale(work->source, out->total, err);
}

wlaw_status wlaw_networks_measure(network_sample *out, const networks *source, const network_layout *layout,
                                  bool groups, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  measuring work = {.source = source, .layout = layout};
  const unsigned workers = wlaw_threads_for(threads, source->n < MOST_GROUPS ? source->n : MOST_GROUPS);
  wlaw_status status = WLAW_MEMORY;
  *out = (network_sample){0};
  work.scratch = wlaw_array(workers, sizeof *work.scratch);
  work.buffers = wlaw_array(workers, sizeof *work.buffers);
  if (work.scratch && work.buffers) status = measure_all(out, &work, workers, groups, monitor, err);
  else wlaw_fail_memory(err, workers, sizeof *work.scratch);
  for (unsigned w = 0; w < workers; w++) {
    if (work.scratch) wlaw_network_scratch_free(work.scratch[w]);
    if (work.buffers) free(work.buffers[w]);
  }
  free(work.scratch);
  free(work.buffers);
  if (status != WLAW_OK) wlaw_network_sample_release(out);
  return status;
}

void wlaw_network_sample_release(network_sample *sample) {
  wlaw_network_moments_free(sample->total);
  for (size_t g = 0; sample->groups && g < sample->n_groups; g++) wlaw_network_moments_free(sample->groups[g]);
  free(sample->groups);
  *sample = (network_sample){0};
}
