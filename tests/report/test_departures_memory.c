/* Every allocation of reading departures, the simulated null included, is refused in turn. */
#include "support/test.h"

#include "core/stream.h"
#include "report/read.h"
#include "support/alloc_fail.h"

enum { NETWORKS = 6, D = 2 };

typedef struct material {
  invariant_set set;
  double weights[NETWORKS * D * D];
} material;

static wlaw_status read_all(void *context, wlaw_error *err) {
  material *from = context;
  report_series *series = NULL;
  ensemble *source = NULL;
  departure_rows rows = {0};
  const departure_rows *all = &rows;
  const departure_null null = {.replicates = 39, .seed = 1, .threads = 1};
  wlaw_status status = wlaw_series_new(&series, 1, 1, err);
  if (status == WLAW_OK) status = wlaw_ensemble_array(&source, from->weights, NETWORKS, D, D, err);
  if (status == WLAW_OK) status = wlaw_departure_rows_read(&rows, &from->set, source, 0, err);
  if (status == WLAW_OK) series->tensors[0].rows = series->tensors[0].cols = D;
  if (status == WLAW_OK) status = wlaw_read_graphs(&series->tensors[0], &from->set, err);
  if (status == WLAW_OK)
    status = wlaw_read_departures(&series->tensors[0], REPORT_PERMUTATION, &from->set, &all, 1, &null, err);
  wlaw_departure_rows_free(&rows);
  wlaw_ensemble_close(source);
  wlaw_series_free(series);
  return status;
}

static void departures(void **state) {
  (void)state;
  static material from;
  wlaw_error *err = wlaw_error_new();
  wlaw_stream stream = wlaw_stream_start(3, STREAM_TEST, 0, 0);
  check_ok(wlaw_invariant_set_make(&from.set, GRAPH_DIRECTED, 0, "0-1,0-1,0-1", err));
  wlaw_stream_normals(&stream, from.weights, NETWORKS * D * D);
  for (size_t i = 0; i < NETWORKS * D * D; i++) from.weights[i] *= from.weights[i];
  alloc_fail_each(read_all, &from);
  wlaw_invariant_set_free(&from.set);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(departures)};
  return cmocka_run_group_tests_name("report.departures_memory", tests, NULL, NULL);
}
