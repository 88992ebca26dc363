/* The null of departures, simulated: ensembles from the fitted law, refitted, observed and predicted again. */
#include <math.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "study/departures.h"

enum { BLOCK = 64, BLOCK_DOUBLES = 1 << 18 }; /* matrices drawn at a time, and at most this many numbers (or one) */

typedef struct simulating {
  const invariant_set *set;
  const matrix_gaussian *law;
  wlaw_law written; /* the same, to draw from: a law with a space as permutation */
  departure_null null;
  double *deviation; /* [replicates, n] */
} simulating;

/* Room for one block of one replicate. */
typedef struct replicate_room {
  size_t step;                        /* matrices in it */
  double *matrices;                   /* [step, rows, cols] */
  double *invariants;                 /* [step, n] */
  double *mean, *squares, *predicted; /* [n] each */
} replicate_room;

static void room_free(replicate_room *room) {
  free(room->matrices);
  free(room->invariants);
  free(room->mean);
}

static wlaw_status room_make(replicate_room *room, const simulating *work, wlaw_error *err) {
  const size_t entries = work->law->layout.rows * work->law->layout.cols, n = work->set->n;
  const size_t fit = BLOCK_DOUBLES / entries;
  room->step = fit < 1 ? 1 : fit < BLOCK ? fit : BLOCK;
  room->matrices = wlaw_array(room->step * entries, sizeof *room->matrices);
  room->invariants = wlaw_array(room->step * n, sizeof *room->invariants);
  room->mean = wlaw_array(3 * n, sizeof *room->mean);
  if (!room->matrices || !room->invariants || !room->mean) {
    room_free(room);
    return wlaw_fail_memory(err, room->step * (entries + n), sizeof(double));
  }
  room->squares = room->mean + n;
  room->predicted = room->squares + n;
  return WLAW_OK;
}

static wlaw_status draw_block(const simulating *work, double *out, size_t replicate, size_t first, size_t count,
                              wlaw_error *err) {
  const matrix_layout *layout = &work->law->layout;
  for (size_t k = 0; k < count; k++) {
    wlaw_stream stream =
        wlaw_stream_start(work->null.seed, STREAM_DEPARTURE, (uint32_t)replicate, (uint32_t)(first + k));
    WLAW_TRY(work->written.ops->draw(&work->written, out + k * layout->rows * layout->cols, layout->rows, layout->cols,
                                     &stream, err));
  }
  return WLAW_OK;
}

static wlaw_status run_replicate(simulating *work, const replicate_room *room, size_t replicate,
                                 const atomic_bool *stop, wlaw_error *err) {
  const matrix_layout *layout = &work->law->layout;
  const size_t n = work->set->n, networks = work->null.networks;
  invariant_moments observed = {.length = n, .mean = room->mean, .squares = room->squares};
  matrix_moments moments;
  double rows[BLOCK * MOMENTS_MOST];
  for (size_t k = 0; k < networks; k += room->step) {
    const size_t count = networks - k < room->step ? networks - k : room->step;
    if (atomic_load(stop)) return WLAW_CANCELLED;
    WLAW_TRY(draw_block(work, room->matrices, replicate, k, count, err));
    if (k == 0) {
      double pivot[2];
      wlaw_moments_pivot(pivot, room->matrices, layout->rows, layout->cols);
      wlaw_moments_start(&moments, layout->rows, layout->cols, pivot);
    }
    WLAW_TRY(wlaw_moments_measure(rows, &moments, room->matrices, count, wlaw_cpu_level(), err));
    wlaw_moments_add(&moments, rows, count);
    WLAW_TRY(wlaw_invariants_measure(room->invariants, work->set->plan, room->matrices, count, layout->rows,
                                     layout->cols, wlaw_cpu_level(), err));
    wlaw_invariant_moments_add(&observed, room->invariants, count);
  }
  matrix_gaussian refit;
  wlaw_matrix_estimate(&refit, work->law->law, layout, &moments);
  WLAW_TRY(wlaw_wick_means(room->predicted, work->set->wick, &refit, err));
  for (size_t k = 0; k < n; k++) work->deviation[replicate * n + k] = observed.mean[k] - room->predicted[k];
  return WLAW_OK;
}

static wlaw_status simulate_unit(void *context, size_t unit, unsigned worker, const atomic_bool *stop,
                                 wlaw_error *err) {
  (void)worker;
  simulating *work = context;
  replicate_room room = {0};
  WLAW_TRY(room_make(&room, work, err));
  const wlaw_status status = run_replicate(work, &room, unit, stop, err);
  room_free(&room);
  return status;
}

/* In standard errors of the departures; NaN for invariants that are not judged. */
static void standardise(double *deviation, const departure *departures, size_t n, size_t replicates) {
  for (size_t r = 0; r < replicates; r++)
    for (size_t k = 0; k < n; k++)
      deviation[r * n + k] =
          isnan(departures[k].deviation_se) ? NAN : deviation[r * n + k] / departures[k].standard_error;
}

static double largest(const double *z, size_t n) {
  double most = 0.0;
  for (size_t k = 0; k < n; k++)
    if (fabs(z[k]) > most) most = fabs(z[k]);
  return most;
}

static double share(size_t as_large, size_t replicates) {
  return (1.0 + (double)as_large) / (1.0 + (double)replicates);
}

static wlaw_status count_as_large(departure_test *test, departure *departures, size_t n, wlaw_error *err) {
  const size_t R = test->replicates;
  double *most = wlaw_array(R, sizeof *most);
  if (!most) return wlaw_fail_memory(err, R, sizeof *most);
  for (size_t r = 0; r < R; r++) most[r] = largest(test->z + r * n, n);
  for (size_t k = 0; k < n; k++) {
    const double z = fabs(departures[k].deviation_se);
    size_t own = 0, any = 0;
    if (isnan(z)) continue;
    for (size_t r = 0; r < R; r++) {
      own += fabs(test->z[r * n + k]) < z ? 0 : 1;
      any += most[r] < z ? 0 : 1;
    }
    departures[k].p_simulated = share(own, R);
    departures[k].p_simulated_adjusted = share(any, R);
  }
  free(most);
  if (test->worst < n) test->p_value = departures[test->worst].p_simulated_adjusted;
  return WLAW_OK;
}

wlaw_status wlaw_departures_simulate(departure_test *test, departure *departures, const invariant_set *set,
                                     const matrix_gaussian *law, const departure_null *null, wlaw_monitor *monitor,
                                     wlaw_error *err) {
  const size_t R = null->replicates, n = set->n;
  if (R == 0 || test->tested == 0) return WLAW_OK;
  if (null->networks > UINT32_MAX || R > UINT32_MAX)
    return wlaw_fail(err, WLAW_LIMIT, "more than %lu networks or replicates cannot be simulated",
                     (unsigned long)UINT32_MAX);
  simulating work = {.set = set, .law = law, .null = *null};
  matrix_gaussian drawn = *law;
  if (law->law->matrix->space) WLAW_TRY(wlaw_matrix_embed(&drawn, law, &wlaw_law_permutation, err));
  wlaw_matrix_law(&work.written, &drawn);
  work.deviation = wlaw_array(R, n * sizeof *work.deviation);
  if (!work.deviation) return wlaw_fail_memory(err, R, n * sizeof *work.deviation);
  const wlaw_status status = wlaw_parallel(R, null->threads, simulate_unit, &work, monitor, err);
  if (status != WLAW_OK) {
    free(work.deviation);
    return status;
  }
  standardise(work.deviation, departures, n, R);
  test->replicates = R;
  test->z = work.deviation;
  return count_as_large(test, departures, n, err);
}
