/* Departures in a few numbers, and their table, against direct computation. */
#include "support/test.h"

#include "core/stream.h"
#include "report/read.h"

/* Sizes 1, 2, ... 21 in mixed order and signs, beside what does not count: fitted, not determined, infinite. Their
 * quantiles by type 7 are 1 + 20 p. */
static void summary_of_departures(void **state) {
  (void)state;
  enum { N = 24, TESTED = 21 };
  departure departures[N] = {0};
  departure_summary summary;
  wlaw_error *err = wlaw_error_new();
  for (size_t k = 0; k < TESTED; k++) {
    const double size = (double)((k * 8) % TESTED + 1), sign = k % 2 ? -1 : 1;
    departures[k] = (departure){.deviation_se = sign * size,
                                .deviation_sd = k == 3 ? NAN : 2 * sign * size,
                                .relative = k % 3 ? sign / size : INFINITY,
                                .p_adjusted = size > 15 ? 0.049 : 0.05};
  }
  departures[TESTED] = (departure){.fitted = true, .deviation_se = NAN, .deviation_sd = 100, .p_adjusted = 0};
  departures[TESTED + 1] = (departure){.deviation_se = NAN, .p_adjusted = NAN};
  departures[TESTED + 2] = (departure){.deviation_se = INFINITY, .p_adjusted = 0};
  check_ok(wlaw_departure_summarise(&summary, departures, N, err));
  assert_int_equal(summary.tested, TESTED);
  assert_int_equal(summary.beyond, 6);
  check_near(fabs(departures[summary.worst].deviation_se), 21, 0);
  static const double at[QUANTILES] = {0.05, 0.25, 0.5, 0.75, 0.95};
  for (size_t q = 0; q < QUANTILES; q++) check_near(summary.sizes[IN_ERRORS].quantile[q], 1 + 20 * at[q], 1e-13);
  check_near(summary.sizes[IN_ERRORS].most, 21, 0);
  check_near(summary.sizes[IN_SDS].most, 42, 0); /* k == 3 has size 4 */
  check_near(summary.sizes[IN_SDS].quantile[QUANTILE_50], 2 * 11.5, 1e-13);
  assert_true(summary.sizes[RELATIVE].most <= 1);
  check_ok(wlaw_departure_summarise(&summary, departures, 0, err));
  assert_int_equal(summary.tested, 0);
  assert_true(isnan(summary.sizes[IN_ERRORS].most) && isnan(summary.sizes[IN_SDS].quantile[QUANTILE_50]));
  wlaw_error_free(err);
}

/* Each law at each epoch against one prediction for one law, made graph by graph. The middle epoch is missing. The same
 * sums in another order: 1e-9 of a standard error. */
static void laws_and_epochs(void **state) {
  (void)state;
  enum { NETWORKS = 80, D = 4, EPOCHS = 3 };
  static double weights[EPOCHS][NETWORKS * D * D];
  static const law_ops *const laws[REPORT_NESTED] = {&wlaw_law_iid, &wlaw_law_bipartite, &wlaw_law_permutation};
  wlaw_error *err = wlaw_error_new();
  report_series *series = NULL;
  invariant_set set;
  departure_rows rows[EPOCHS] = {0};
  const departure_rows *all[EPOCHS] = {&rows[0], &rows[1], &rows[2]};
  check_ok(wlaw_invariant_set_make(&set, GRAPH_DIRECTED, 3, NULL, err));
  check_ok(wlaw_series_new(&series, EPOCHS, 1, err));
  report_tensor *tensor = &series->tensors[0];
  tensor->rows = tensor->cols = D;
  const departure_null null = {.replicates = 199, .seed = 1, .threads = 1};
  check_ok(wlaw_read_graphs(tensor, &set, err));
  for (size_t e = 0; e < EPOCHS; e += 2) {
    wlaw_stream stream = wlaw_stream_start(9, STREAM_TEST, (uint32_t)e, 0);
    ensemble *source = NULL;
    wlaw_stream_normals(&stream, weights[e], NETWORKS * D * D);
    for (size_t i = 0; i < NETWORKS * D * D; i++) weights[e][i] += 0.2 * (double)e * weights[e][i] * weights[e][i];
    check_ok(wlaw_ensemble_array(&source, weights[e], NETWORKS, D, D, err));
    check_ok(wlaw_departure_rows_read(&rows[e], &set, source, 0, err));
    wlaw_ensemble_close(source);
  }
  for (size_t k = 0; k < REPORT_NESTED; k++) {
    check_ok(wlaw_read_departures(tensor, (report_law)k, &set, all, EPOCHS, &null, err));
    assert_null(tensor->points[1].departures[k]);
    for (size_t e = 0; e < EPOCHS; e += 2) {
      matrix_fit fit;
      size_t fitted = 0;
      check_ok(wlaw_matrix_fit(&fit, laws[k], &rows[e].moments, err));
      for (size_t g = 0; g < set.n; g++) {
        const departure *got = &tensor->points[e].departures[k][g];
        graph_prediction want;
        check_ok(wlaw_graph_predict(&want, &set.graphs[g], &fit.gaussian, 1, false, true, err));
        check_near(got->predicted, want.mean, 1e-9 * (fabs(want.mean) + got->sd));
        assert_int_equal(got->fitted, want.fitted);
        fitted += want.fitted;
        if (want.fitted) continue;
        const double error = sqrt(want.residual / NETWORKS);
        check_near(got->deviation_se, (rows[e].observed.mean[g] - want.mean) / error, 1e-7);
        check_near(got->deviation_sd * got->sd, rows[e].observed.mean[g] - want.mean, 1e-9 * got->sd);
      }
      if (k == REPORT_PERMUTATION) assert_true(fitted >= 13);
      assert_true(isfinite(tensor->points[e].global_p[k]) == (k == REPORT_PERMUTATION && e == EPOCHS - 1));
    }
  }
  assert_int_equal(wlaw_series_widest(tensor, 0), REPORT_PERMUTATION);
  assert_int_equal(wlaw_series_widest(tensor, 1), -1);
  assert_true(tensor->n_leaders > 0); /* weights x + 0.4 x^2 depart */
  for (size_t e = 0; e < EPOCHS; e++) wlaw_departure_rows_free(&rows[e]);
  wlaw_invariant_set_free(&set);
  wlaw_series_free(series);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(summary_of_departures),
      cmocka_unit_test(laws_and_epochs),
  };
  return cmocka_run_group_tests_name("report.departures", tests, NULL, NULL);
}
