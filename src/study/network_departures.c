#include "study/network_departures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "study/network_study.h"

/* ---- choosing ---- */

void wlaw_network_departures_free(network_departures *departures) {
  wlaw_invariant_set_free(&departures->within);
  free(departures->between);
  free(departures->observed.mean);
  free(departures->departures);
  *departures = (network_departures){0};
}

static wlaw_status take_room(network_departures *out, wlaw_error *err) {
  out->observed = (invariant_moments){.length = out->n, .mean = wlaw_array(out->n, 2 * sizeof(double))};
  out->departures = wlaw_array(out->n, sizeof *out->departures);
  if (!out->observed.mean || !out->departures) return wlaw_fail_memory(err, out->n, sizeof *out->departures);
  out->observed.squares = out->observed.mean + out->n;
  return WLAW_OK;
}

wlaw_status wlaw_network_departures_choose(network_departures *out, const network_layout *layout, size_t degree,
                                           wlaw_error *err) {
  *out = (network_departures){.layout = *layout, .degree = degree};
  for (size_t t = 0; t < layout->n_tensors; t++)
    if (layout->tensors[t].entries != NETWORK_NONE) out->weights[out->n_weights++] = t;
  wlaw_status status = WLAW_OK;
  if (out->n_weights > 0) status = wlaw_invariant_set_make(&out->within, GRAPH_BIPARTITE, degree, NULL, err);
  if (status == WLAW_OK)
    status = wlaw_network_invariants(&out->between, &out->n_between, &out->left_out, layout, degree, err);
  out->n = out->n_weights * out->within.n + out->n_between;
  if (status == WLAW_OK) status = take_room(out, err);
  if (status != WLAW_OK) wlaw_network_departures_free(out);
  return status;
}

/* ---- measuring ---- */

/* Room for a block of networks. */
typedef struct block_room {
  double *values; /* [count, n] */
  double *part;   /* [count, most], of one weight or of all between tensors */
  double *matrix; /* [count, rows, cols] of the largest weight */
} block_room;

static wlaw_status take_block(block_room *room, const network_departures *chosen, size_t count, wlaw_error *err) {
  const size_t most = chosen->within.n > chosen->n_between ? chosen->within.n : chosen->n_between;
  size_t largest = 0;
  for (size_t w = 0; w < chosen->n_weights; w++) {
    const network_tensor *tensor = &chosen->layout.tensors[chosen->weights[w]];
    if (tensor->rows * tensor->cols > largest) largest = tensor->rows * tensor->cols;
  }
  room->values = wlaw_array(count, chosen->n * sizeof(double));
  room->part = wlaw_array(count, most * sizeof(double));
  room->matrix = wlaw_array(count, largest * sizeof(double));
  return room->values && room->part && room->matrix
             ? WLAW_OK
             : wlaw_fail_memory(err, count, (chosen->n + most + largest) * sizeof(double));
}

/* part: [count, length] into columns `first` on of values: [count, n]. */
static void put_part(const block_room *room, size_t count, size_t n, size_t first, size_t length) {
  for (size_t k = 0; k < count; k++)
    memcpy(room->values + k * n + first, room->part + k * length, length * sizeof *room->part);
}

static wlaw_status measure_within(const block_room *room, const network_departures *chosen, size_t w,
                                  const network_block *block, size_t count, wlaw_error *err) {
  const size_t t = chosen->weights[w], length = chosen->within.n;
  const network_tensor *tensor = &chosen->layout.tensors[t];
  const double *values = block->tensors[t];
  if (block->single) {
    const float *from = block->tensors[t];
    for (size_t i = 0; i < count * tensor->rows * tensor->cols; i++) room->matrix[i] = (double)from[i];
    values = room->matrix;
  }
  WLAW_TRY(wlaw_invariants_measure(room->part, chosen->within.plan, values, count, tensor->rows, tensor->cols,
                                   wlaw_cpu_level(), err));
  put_part(room, count, chosen->n, w * length, length);
  return WLAW_OK;
}

wlaw_status wlaw_network_departures_measure(invariant_moments *observed, const network_departures *chosen,
                                            const network_block *block, size_t count, wlaw_error *err) {
  block_room room = {0};
  wlaw_status status = take_block(&room, chosen, count, err);
  for (size_t w = 0; w < chosen->n_weights && status == WLAW_OK; w++)
    status = measure_within(&room, chosen, w, block, count, err);
  if (status == WLAW_OK)
    status = wlaw_network_invariants_measure(room.part, chosen->between, chosen->n_between, &chosen->layout, block,
                                             count, err);
  if (status == WLAW_OK) {
    put_part(&room, count, chosen->n, chosen->n - chosen->n_between, chosen->n_between);
    wlaw_invariant_moments_add(observed, room.values, count);
  }
  free(room.values);
  free(room.part);
  free(room.matrix);
  return status;
}

/* Networks are measured in at most this many units, whose moments are merged in order; this many bytes, or one network,
 * are read at a time. */
enum { UNITS = 200, PIECE_BYTES = 1 << 21, PIECE = 64 };

typedef struct observing {
  const network_departures *chosen;
  const networks *source;
  size_t unit, step;       /* networks of a unit, and read at a time */
  invariant_moments *each; /* of the units */
  void **buffers;          /* of the workers */
} observing;

static wlaw_status observe_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  const observing *work = context;
  const size_t first = unit * work->unit, left = work->source->n - first, n = left < work->unit ? left : work->unit;
  for (size_t k = 0; k < n; k += work->step) {
    const size_t count = n - k < work->step ? n - k : work->step;
    network_block block;
    if (atomic_load(stop)) return WLAW_CANCELLED;
    WLAW_TRY(
        wlaw_networks_read(&block, work->buffers[worker], work->source, &work->chosen->layout, first + k, count, err));
    WLAW_TRY(wlaw_network_departures_measure(&work->each[unit], work->chosen, &block, count, err));
  }
  return WLAW_OK;
}

static wlaw_status observe_all(network_departures *out, observing *work, size_t n_units, unsigned workers, double *room,
                               wlaw_monitor *monitor, wlaw_error *err) {
  const size_t bytes = wlaw_networks_bytes(work->source, &out->layout);
  for (unsigned w = 0; w < workers; w++) {
    work->buffers[w] = wlaw_array(work->step, bytes);
    if (!work->buffers[w]) return wlaw_fail_memory(err, work->step, bytes);
  }
  for (size_t u = 0; u < n_units; u++)
    work->each[u] =
        (invariant_moments){.length = out->n, .mean = room + 2 * u * out->n, .squares = room + (2 * u + 1) * out->n};
  WLAW_TRY(wlaw_parallel(n_units, workers, observe_unit, work, monitor, err));
  for (size_t u = 0; u < n_units; u++) wlaw_invariant_moments_merge(&out->observed, &work->each[u]);
  return WLAW_OK;
}

wlaw_status wlaw_network_departures_observe(network_departures *departures, const networks *source, unsigned threads,
                                            wlaw_monitor *monitor, wlaw_error *err) {
  const size_t bytes = wlaw_networks_bytes(source, &departures->layout), fit = PIECE_BYTES / bytes;
  const size_t share = (source->n - 1) / UNITS + 1, unit = share < PIECE ? PIECE : share;
  const size_t n_units = (source->n - 1) / unit + 1;
  const unsigned workers = wlaw_threads_for(threads, n_units);
  observing work = {.chosen = departures,
                    .source = source,
                    .unit = unit,
                    .step = fit < 1       ? 1
                            : fit < PIECE ? fit
                                          : PIECE,
                    .each = wlaw_array(n_units, sizeof *work.each),
                    .buffers = wlaw_array(workers, sizeof *work.buffers)};
  double *room = wlaw_array(n_units, 2 * departures->n * sizeof *room);
  const wlaw_status status = work.each && work.buffers && room
                                 ? observe_all(departures, &work, n_units, workers, room, monitor, err)
                                 : wlaw_fail_memory(err, n_units, 2 * departures->n * sizeof *room);
  for (unsigned w = 0; w < workers && work.buffers; w++) free(work.buffers[w]);
  free(work.buffers);
  free(work.each);
  free(room);
  return status;
}

/* ---- judging ---- */

typedef struct predicting {
  const network_departures *of;
  const network_gaussian *law;
  graph_prediction *out; /* [of->n] */
} predicting;

/* Of one weight, or one invariant between tensors. */
static wlaw_status predict_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err) {
  (void)worker;
  (void)stop;
  const predicting *work = context;
  const network_departures *of = work->of;
  if (unit >= of->n_weights)
    return wlaw_network_wick(&work->out[of->n - of->n_between + unit - of->n_weights],
                             &of->between[unit - of->n_weights], work->law, err);
  matrix_gaussian marginal;
  WLAW_TRY(wlaw_network_marginal(&marginal, work->law, of->weights[unit], err));
  return wlaw_wick_predict(work->out + unit * of->within.n, of->within.wick, &marginal, 1, err);
}

wlaw_status wlaw_network_departures_judge(network_departures *departures, const network_gaussian *law, unsigned threads,
                                          wlaw_monitor *monitor, wlaw_error *err) {
  const size_t units = departures->n_weights + departures->n_between;
  predicting work = {departures, law, wlaw_array(departures->n, sizeof *work.out)};
  if (!work.out) return wlaw_fail_memory(err, departures->n, sizeof *work.out);
  wlaw_status status = wlaw_parallel(units, threads, predict_unit, &work, monitor, err);
  if (status == WLAW_OK) status = wlaw_departures_judge(departures->departures, &departures->observed, work.out, err);
  free(work.out);
  wlaw_departures_test(&departures->test, departures->departures, departures->n);
  return status;
}

/* ---- all of it ---- */

static wlaw_status study(json_t *document, network_departures *departures, const network_gaussian *law,
                         const networks *source, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  const char *names[NETWORK_TENSORS];
  bool failed = false;
  const monitor_span whole = wlaw_monitor_span(monitor);
  wlaw_monitor_stage(monitor, &whole, 0.0, 0.7);
  WLAW_TRY(wlaw_network_departures_observe(departures, source, threads, monitor, err));
  wlaw_monitor_stage(monitor, &whole, 0.7, 1.0);
  WLAW_TRY(wlaw_network_departures_judge(departures, law, threads, monitor, err));
  wlaw_networks_names(names, source, &departures->layout);
  wlaw_json_put(&failed, document, "invariants", wlaw_network_departures_list(&failed, departures, names));
  wlaw_json_put(&failed, document, "departures", wlaw_network_departures_json(&failed, departures));
  wlaw_network_departures_say(&failed, json_object_get(document, "summary"), json_object_get(document, "warnings"),
                              departures, names);
  return failed ? wlaw_fail(err, WLAW_MEMORY, "out of memory while writing the invariants down") : WLAW_OK;
}

wlaw_status wlaw_network_departures(json_t *document, const network_gaussian *law, const networks *source,
                                    size_t degree, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  network_departures departures;
  WLAW_TRY(wlaw_network_departures_choose(&departures, &law->layout, degree, err));
  const char *what = monitor ? monitor->what : NULL;
  if (monitor) monitor->what = "invariants of whole networks";
  const wlaw_status status = study(document, &departures, law, source, threads, monitor, err);
  if (monitor) monitor->what = what;
  wlaw_network_departures_free(&departures);
  return status;
}
