/* One pass over all networks: pieces that stay in the second-level cache, straight into sums. */
#include <math.h>
#include <pthread.h>
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
  GROUPS_BYTES = 1 << 28 /* of the sums that groups keep, unless that would be fewer than 10 groups */
};

/* Of one worker. */
typedef struct worker_room {
  void *weights; /* of `step` networks */
  network_scratch *scratch;
} worker_room;

typedef struct measuring {
  const networks *source;
  const network_layout *layout;
  network_sample *out;
  bool keep_groups;
  size_t step; /* networks read at a time */
  worker_room *rooms;
  unsigned workers;
  pthread_mutex_t lock; /* guards the total and all that follows */
  size_t merged;        /* groups in the total, in order */
  bool *done;           /* [n_groups] */
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

static wlaw_status read_group(const measuring *work, network_moments *group, size_t unit, const worker_room *room,
                              const atomic_bool *stop, wlaw_error *err) {
  const size_t n = work->source->n, n_groups = work->out->n_groups, last = group_start(n, n_groups, unit + 1);
  for (size_t k = group_start(n, n_groups, unit); k < last; k += work->step) {
    const size_t count = last - k < work->step ? last - k : work->step;
    network_block block;
    if (atomic_load(stop)) return WLAW_CANCELLED;
    WLAW_TRY(wlaw_networks_read(&block, room->weights, work->source, work->layout, k, count, err));
    const size_t finite = wlaw_network_moments_add(group, room->scratch, &block, count, wlaw_cpu_level());
    if (finite < count) return fail_value(work, &block, finite, k + finite, err);
  }
  return WLAW_OK;
}

/* Into the total goes every group whose predecessors are there; then it keeps the sums that a jackknife needs, if any.
 * So the large sums for robust errors are held for about as many groups as there are threads. */
static void merge_done(measuring *work) {
  network_moments **groups = work->out->groups;
  for (; work->merged < work->out->n_groups && work->done[work->merged]; work->merged++) {
    wlaw_network_moments_merge(work->out->total, groups[work->merged], 1);
    if (work->keep_groups) {
      wlaw_network_moments_trim(groups[work->merged]);
    } else {
      wlaw_network_moments_free(groups[work->merged]);
      groups[work->merged] = NULL;
    }
  }
}

static wlaw_status measure_group(void *context, size_t unit, unsigned worker, const atomic_bool *stop,
                                 wlaw_error *err) {
  measuring *work = context;
  network_moments **slot = &work->out->groups[unit];
  WLAW_TRY(wlaw_network_moments_like(slot, work->out->total, true, err));
  WLAW_TRY(read_group(work, *slot, unit, &work->rooms[worker], stop, err));
  pthread_mutex_lock(&work->lock);
  work->done[unit] = true;
  merge_done(work);
  pthread_mutex_unlock(&work->lock);
  return WLAW_OK;
}

/* Errors are made of eighth powers (of squared norms; else fourth): where these overflow or vanish they would be wrong
 * without a sign of it. */
static wlaw_status check_scale(const networks *source, const network_moments *total, wlaw_error *err) {
  static const double smallest = 1e-75; /* of squares: the fourth power is far from the end of double precision */
  double largest = 0.0, pivot = 0.0;
  bool finite = true;
  for (size_t i = 0; i < total->length; i++) finite = finite && isfinite(total->data[i]);
  for (size_t t = 0; t < total->layout.n_tensors; t++) pivot = fmax(pivot, fabs(total->pivot[t]));
  const size_t T = total->layout.trivial;
  for (size_t i = 0; i < T; i++) {
    pivot = fmax(pivot, fabs(total->origin[i]));
    largest = fmax(largest, total->trivial_products[i * T + i]);
  }
  for (size_t s = 0; s < total->layout.n_sets; s++)
    for (size_t c = 0, n = total->layout.sets[s].copies; c < n; c++)
      largest = fmax(largest, total->set_products[s][c * n + c]);
  for (size_t e = 0; e < total->layout.n_entries; e++) largest = fmax(largest, total->entries[e]);
  const bool zero = largest == 0.0 && (pivot == 0.0 || pivot * pivot >= smallest);
  if (finite && (zero || largest >= smallest)) return WLAW_OK;
  wlaw_fail(err, WLAW_VALUE, "the weights are so %s that their eighth powers %s", finite ? "small" : "large",
            finite ? "vanish" : "overflow");
  if (source->label) wlaw_error_in_file(err, WLAW_VALUE, source->label);
  return wlaw_error_add_hint(err, WLAW_VALUE, "multiply them all by one number");
}

/* The empty total, about the first network. */
static wlaw_status start_total(network_moments **total, const networks *source, const network_layout *layout,
                               void *room, wlaw_error *err) {
  network_block block;
  double pivot[NETWORK_TENSORS];
  network_scratch *scratch;
  WLAW_TRY(wlaw_networks_read(&block, room, source, layout, 0, 1, err));
  wlaw_network_pivot(pivot, layout, &block);
  WLAW_TRY(wlaw_network_moments_new(total, layout, pivot, true, err));
  WLAW_TRY(wlaw_network_scratch_new(&scratch, layout, err));
  wlaw_network_moments_set_origin(*total, scratch, &block, wlaw_cpu_level());
  wlaw_network_scratch_free(scratch);
  return WLAW_OK;
}

static wlaw_status take_total(network_moments **total, const networks *source, const network_layout *layout,
                              wlaw_error *err) {
  const size_t bytes = wlaw_networks_bytes(source, layout);
  void *room = wlaw_array(1, bytes);
  if (!room) return wlaw_fail_memory(err, 1, bytes);
  const wlaw_status status = start_total(total, source, layout, room, err);
  free(room);
  return status;
}

static wlaw_status take_groups(measuring *work, wlaw_error *err) {
  network_sample *out = work->out;
  network_moments *group;
  WLAW_TRY(take_total(&out->total, work->source, work->layout, err));
  WLAW_TRY(wlaw_network_moments_like(&group, out->total, false, err));
  const size_t fit = GROUPS_BYTES / sizeof(double) / group->length;
  wlaw_network_moments_free(group);
  out->n_groups = fit < FEWEST_GROUPS ? FEWEST_GROUPS : fit < MOST_GROUPS ? fit : MOST_GROUPS;
  if (out->n_groups > work->source->n) out->n_groups = work->source->n;
  out->groups = wlaw_array(out->n_groups, sizeof *out->groups);
  work->done = wlaw_array(out->n_groups, sizeof *work->done);
  return out->groups && work->done ? WLAW_OK : wlaw_fail_memory(err, out->n_groups, sizeof *out->groups);
}

static wlaw_status take_rooms(measuring *work, unsigned threads, wlaw_error *err) {
  const size_t bytes = wlaw_networks_bytes(work->source, work->layout);
  const size_t sums = work->out->total->length * sizeof(double), n_groups = work->out->n_groups;
  const size_t piece = sums / 8 > PIECE_BYTES ? sums / 8 : PIECE_BYTES;
  const size_t most = (work->source->n - 1) / n_groups + 1, fit = bytes < piece ? piece / bytes : 1;
  work->step = fit < most ? fit : most;
  const unsigned workers = wlaw_threads_for(threads, n_groups);
  work->rooms = wlaw_array(workers, sizeof *work->rooms);
  if (!work->rooms) return wlaw_fail_memory(err, workers, sizeof *work->rooms);
  work->workers = workers;
  for (unsigned w = 0; w < workers; w++) {
    WLAW_TRY(wlaw_network_scratch_new(&work->rooms[w].scratch, work->layout, err));
    work->rooms[w].weights = wlaw_array(work->step, bytes);
    if (!work->rooms[w].weights) return wlaw_fail_memory(err, work->step, bytes);
  }
  return WLAW_OK;
}

static wlaw_status measure_all(measuring *work, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  WLAW_TRY(take_groups(work, err));
  WLAW_TRY(take_rooms(work, threads, err));
  WLAW_TRY(wlaw_parallel(work->out->n_groups, work->workers, measure_group, work, monitor, err));
  return check_scale(work->source, work->out->total, err);
}

wlaw_status wlaw_networks_measure(network_sample *out, const networks *source, const network_layout *layout,
                                  bool groups, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  measuring work = {.source = source, .layout = layout, .out = out, .keep_groups = groups};
  *out = (network_sample){0};
  pthread_mutex_init(&work.lock, NULL);
  const wlaw_status status = measure_all(&work, threads, monitor, err);
  pthread_mutex_destroy(&work.lock);
  for (unsigned w = 0; w < work.workers; w++) {
    wlaw_network_scratch_free(work.rooms[w].scratch);
    free(work.rooms[w].weights);
  }
  free(work.rooms);
  free(work.done);
  if (status != WLAW_OK) {
    wlaw_network_sample_release(out);
  } else if (!groups) {
    free(out->groups);
    out->groups = NULL;
  }
  return status;
}

void wlaw_network_sample_release(network_sample *sample) {
  wlaw_network_moments_free(sample->total);
  for (size_t g = 0; sample->groups && g < sample->n_groups; g++) wlaw_network_moments_free(sample->groups[g]);
  free(sample->groups);
  *sample = (network_sample){0};
}
