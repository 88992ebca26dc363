/* Parts of redraw: what is drawn from a fit, means and tests of made-up networks against SciPy, sentences, memory. */
#include "study/redraw_support.h"

#include "support/alloc_fail.h"

/* ---- laws */

/* 300 networks 4-5-5-3 whose square weight is symmetric, other weights standard normal. */
enum { N = 300, D = 5 };

static void make_moments(network_moments **whole, matrix_moments *square) {
  static const network_shape shape = {.layers = 3, .width = {4, D, D, 3}};
  static double w[3][D * D];
  network_layout layout;
  network_scratch *scratch = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_network_layout(&layout, &shape, err));
  const network_block block = {.tensors = {w[0], w[1], w[2]}};
  double pivot[NETWORK_TENSORS] = {0};
  check_ok(wlaw_network_moments_new(whole, &layout, pivot, false, err));
  check_ok(wlaw_network_scratch_new(&scratch, &layout, err));
  wlaw_moments_start(square, D, D, NULL);
  for (uint32_t k = 0; k < N; k++) {
    wlaw_stream stream = wlaw_stream_start(3, STREAM_TEST, k, 0);
    double q[MOMENTS_SQUARE];
    for (int l = 0; l < 3; l++) wlaw_stream_normals(&stream, w[l], D * D);
    for (size_t i = 0; i < D; i++)
      for (size_t j = 0; j < i; j++) w[1][i * D + j] = w[1][j * D + i];
    assert_int_equal(wlaw_network_moments_add(*whole, scratch, &block, 1, CPU_BASELINE), 1);
    check_ok(wlaw_moments_measure(q, square, w[1], 1, CPU_BASELINE, err));
    wlaw_moments_add(square, q, 1);
  }
  wlaw_network_scratch_free(scratch);
  wlaw_error_free(err);
}

/* The permutation law knows that a weight is symmetric, and the bipartite law does not; both know its variance. */
static void permutation_is_of_square_hidden_weights(void **state) {
  (void)state;
  static const struct {
    const char *name;
    bool symmetric;
  } cases[] = {{"permutation", true}, {"bipartite", false}, {"network", false}, {"iid", false}};
  matrix_moments square[3];
  network_moments *whole = NULL;
  make_moments(&whole, &square[1]);
  wlaw_error *err = wlaw_error_new();
  for (size_t c = 0; c < 4; c++) {
    const redraw_law *law = wlaw_redraw_laws;
    while (strcmp(law->name, cases[c].name) != 0) law++;
    redraw_fit fit;
    check_ok(wlaw_redraw_fit(&fit, law, whole, square, err));
    double w[3][D * D], asymmetric = 0, squares[3] = {0};
    for (uint32_t k = 0; k < N; k++) {
      double *const tensors[3] = {w[0], w[1], w[2]};
      wlaw_stream stream = wlaw_stream_start(4, STREAM_TEST, k, 0);
      check_ok(wlaw_redraw_draw(tensors, &fit, &stream, err));
      for (size_t i = 0; i < D; i++)
        for (size_t j = 0; j < i; j++) asymmetric = fmax(asymmetric, fabs(w[1][i * D + j] - w[1][j * D + i]));
      for (size_t i = 0; i < 20; i++) squares[0] += w[0][i] * w[0][i] / (20 * N);
      for (size_t i = 0; i < 25; i++) squares[1] += w[1][i] * w[1][i] / (25 * N);
      for (size_t i = 0; i < 15; i++) squares[2] += w[2][i] * w[2][i] / (15 * N);
    }
    if (cases[c].symmetric) check_near(asymmetric, 0, 1e-6); /* a variance of rounding, 1e-15, has this root */
    else assert_true(asymmetric > 1);
    /* Fits and draws of 300 networks, of 15 to 20 different numbers each: errors sqrt(2 * 2 / (300 * 15)) = .03. */
    for (size_t l = 0; l < 3; l++) check_near(squares[l], 1, 0.12);
    wlaw_redraw_fit_release(&fit);
  }
  wlaw_network_moments_free(whole);
  wlaw_error_free(err);
}

static void squares_are_between_hidden_layers(void **state) {
  (void)state;
  const network_shape shape = {.layers = 5, .width = {6, 6, 6, 4, 4, 4}};
  const bool want[5] = {false, true, false, true, false};
  for (size_t l = 0; l < 5; l++) assert_int_equal(wlaw_redraw_is_square(&shape, l), want[l]);
  const network_shape thin = {.layers = 3, .width = {3, 1, 1, 3}};
  assert_false(wlaw_redraw_is_square(&thin, 1));
}

/* ---- means and tests */

enum { NETWORKS = 5 };

typedef struct made_up {
  redraw work;
  redraw_epoch epochs[1];
  uint64_t after[2];
  wlaw_dataset dataset;
  redraw_group groups[4]; /* ordinary, bipartite-labelled, network-labelled, continued */
  redraw_outcome outcomes[4][2 * NETWORKS];
} made_up;

static void set(made_up *m, size_t group, size_t at, const double *accuracy, size_t n) {
  for (size_t k = 0; k < NETWORKS; k++)
    m->outcomes[group][k * 2 + at] = (redraw_outcome){
        .accuracy = k < n ? accuracy[k] : 0, .loss = 2, .shared = k < n ? accuracy[k] : 0, .finite = k < n};
}

static const double ordinary[] = {.50, .52, .47, .55, .51}, without[] = {.62, .55, .57, .64, .60},
                    with[] = {.60, .66, .58, .61}, untrained[] = {.25, .30, .20, .35};

static void make_up(made_up *m) {
  static const size_t laws[] = {5, 6};
  memset(m, 0, sizeof *m);
  m->after[1] = 1;
  m->dataset.classes = 4;
  m->epochs[0] = (redraw_epoch){.epoch = 7, .fitted = 50, .accuracy = 0.9, .standard_error = 0.01};
  m->work = (redraw){.epochs = m->epochs,
                     .n_epochs = 1,
                     .after = m->after,
                     .n_after = 2,
                     .n_laws = 2,
                     .networks = NETWORKS,
                     .groups = m->groups,
                     .n_groups = 4};
  m->work.recalled.dataset = &m->dataset;
  m->work.recalled.plan.config.mlp = (mlp){.layers = 2, .width = {9, 8, 4}};
  for (size_t i = 0; i < 2; i++) m->work.laws[i] = m->groups[1 + i].law = &wlaw_redraw_laws[laws[i]];
  m->groups[3].continued = true;
  for (size_t g = 0; g < 4; g++) {
    m->groups[g].networks = NETWORKS;
    m->groups[g].outcomes = m->outcomes[g];
    set(m, g, 0, untrained, 4);
  }
  set(m, 0, 1, ordinary, 5);
  set(m, 1, 1, without, 5);
  set(m, 2, 1, with, 4);
  set(m, 3, 1, with, 4);
}

static void check_test(const redraw_test *test, double difference, double z, double p) {
  assert_non_null(test);
  check_near(test->difference, difference, 1e-15);
  check_near(test->z, z, 1e-12 * fabs(z));
  check_near(test->p_value, p, 1e-10 * p);
  check_near(test->p_adjusted, fmin(1, 6 * p), 6e-10 * p);
}

/* scipy.stats.ttest_ind(..., equal_var=False) and ttest_1samp. The difference of 0.085 is of rounded numbers: 1e-15 and
 * the spread's relative 1e-15 leave z twelve digits. */
static void tests_are_welchs(void **state) {
  (void)state;
  static made_up m;
  redraw_test *tests = NULL;
  size_t n = 0;
  wlaw_error *err = wlaw_error_new();
  make_up(&m);
  const redraw_mean mean = wlaw_redraw_mean(&m.work, &m.groups[2], 1);
  assert_int_equal(mean.networks, 4);
  assert_int_equal(mean.nonfinite, 1);
  check_near(mean.accuracy, 0.6125, 1e-15);
  check_near(mean.accuracy_error, 0.017017148213885128, 1e-15);
  check_near(mean.accuracy_max, 0.66, 0);
  check_near(mean.loss, 2, 0);
  check_ok(wlaw_redraw_tests(&tests, &n, &m.work, err));
  assert_int_equal(n, 6); /* two laws untrained and trained, and correlations at both */
  const redraw_group *bipartite = &m.groups[1], *network = &m.groups[2];
  check_test(wlaw_redraw_find_test(tests, n, REDRAW_GAIN, network, 1), 0.1025, 4.781253055391618,
             0.0030530547598524357);
  check_test(wlaw_redraw_find_test(tests, n, REDRAW_GAIN, bipartite, 1), 0.086, 4.118653026450947,
             0.003709749662128476);
  check_test(wlaw_redraw_find_test(tests, n, REDRAW_CORRELATIONS, network, 1), 0.0165, 0.7000182131381018,
             0.5072729121270678);
  check_test(wlaw_redraw_find_test(tests, n, REDRAW_DRAWN, network, 0), 0.025, 0.7745966692414843, 0.49502534605971044);
  check_test(wlaw_redraw_find_test(tests, n, REDRAW_DRAWN, bipartite, 0), 0.025, 0.7745966692414843,
             0.49502534605971044);
  const redraw_test *same = wlaw_redraw_find_test(tests, n, REDRAW_CORRELATIONS, network, 0);
  check_near(same->difference, 0, 0);
  check_near(same->p_value, 1, 1e-12);
  assert_null(wlaw_redraw_find_test(tests, n, REDRAW_CHECK, network, 0));
  assert_null(wlaw_redraw_find_test(tests, n, REDRAW_GAIN, network, 0));
  free(tests);
  /* No spread, no test; nor with one network. */
  const double flat[] = {.5, .5, .5, .5, .5};
  set(&m, 0, 1, flat, 5);
  set(&m, 1, 1, flat, 5);
  set(&m, 2, 1, flat, 1);
  check_ok(wlaw_redraw_tests(&tests, &n, &m.work, err));
  assert_true(isnan(wlaw_redraw_find_test(tests, n, REDRAW_GAIN, bipartite, 1)->z));
  assert_true(isnan(wlaw_redraw_find_test(tests, n, REDRAW_GAIN, network, 1)->p_adjusted));
  free(tests);
  wlaw_error_free(err);
}

/* ---- sentences */

static void check_sentence(const made_up *m, const char *words, bool there) {
  redraw_test *tests = NULL;
  size_t n = 0, i;
  bool failed = false, found = false;
  json_t *list = json_array();
  const json_t *sentence;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_redraw_tests(&tests, &n, &m->work, err));
  wlaw_redraw_findings(&failed, list, &m->work, tests, n);
  wlaw_redraw_notes(&failed, list, &m->work);
  assert_false(failed);
  json_array_foreach(list, i, sentence) found = found || strstr(json_string_value(sentence), words);
  if (found != there) {
    json_array_foreach(list, i, sentence) print_message("%s\n", json_string_value(sentence));
    fail_msg("'%s' is %s said", words, there ? "not" : "wrongly");
  }
  json_decref(list);
  free(tests);
  wlaw_error_free(err);
}

static void sentences_claim_what_counts(void **state) {
  (void)state;
  static made_up m;
  make_up(&m);
  /* z = 4.8 of nine networks, one of six tests: p = 0.018 adjusted. */
  check_sentence(&m, "after 1 epoch 61.25 +- 1.70 % (not told apart from ordinary: +10.25 +- 2.14 points, z = 4.8)",
                 true);
  check_sentence(&m, "Over all epochs 0 of 2 differences from ordinary networks count", true);
  check_sentence(&m, "a gain", false);
  check_sentence(&m, "Ordinary networks 9-8-4 reach 27.50 +- 3.23 % as they are, after 1 epoch 51.00 +- 1.30 %", true);
  check_sentence(&m, "1 of 5 networks (network-labelled) have outputs that are not finite after 1 epoch", true);
  const double better[] = {.901, .902, .903, .902, .901}, worse[] = {.101, .102, .103, .102, .101};
  set(&m, 2, 1, better, 5);
  set(&m, 1, 1, worse, 5);
  check_sentence(&m, "(a gain of 39.18 +- 1.30 points, z = 30.0)", true);
  check_sentence(&m, "(a loss of 40.82 +- 1.30 points, z = -31.3)", true);
  check_sentence(&m, "gains of network-labelled at epoch 7, losses of bipartite-labelled at epoch 7", true);
  check_sentence(&m, "beside the bipartite law with labelled inputs and outputs: untrained not told apart from it",
                 true);
  check_sentence(&m, "after 1 epoch a gain of 80.00 +- 0.05 points", true);
  /* A check that fails, and one that holds. */
  m.work.laws[0] = m.groups[1].law = &wlaw_redraw_laws[1];
  check_sentence(&m, "within errors in 1 cell (largest |z| 0.8)", true);
  set(&m, 1, 0, better, 5);
  check_sentence(&m, "A check fails: networks drawn from the bipartite law of epoch 7 differ from the 25 %", true);
  check_sentence(&m, "as they must", false);
}

/* ---- memory */

static wlaw_status redraw_once(void *context, wlaw_error *err) {
  const char *run = context;
  wlaw_options *options = NULL;
  wlaw_result *result = NULL;
  wlaw_status status = wlaw_options_make(&options, &wlaw_command_redraw, err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "threads", "1", err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "networks", "2", err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "train", "1", err);
  if (status == WLAW_OK) status = wlaw_redraw(&result, &run, 1, options, NULL, NULL, err);
  wlaw_result_free(result);
  wlaw_options_free(options);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  char run[4096];
  snprintf(run, sizeof run, "%s", test_scratch("redraw-memory"));
  train_run(run, write_data("redraw-memory-data"), (const char *const[]){"networks", "3", "epochs", "0", NULL});
  alloc_fail_each(redraw_once, run);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(permutation_is_of_square_hidden_weights),
      cmocka_unit_test(squares_are_between_hidden_layers),
      cmocka_unit_test(tests_are_welchs),
      cmocka_unit_test(sentences_claim_what_counts),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests_name("study.redraw_parts", tests, NULL, NULL);
}
