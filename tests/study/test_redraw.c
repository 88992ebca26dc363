/* redraw through the verb: chance where it must be chance, ordinary networks against train, continued ones against the
 * trainer by hand, bytes, refusals, cancel. */
#include "study/redraw_support.h"

#include "study/run.h"

/* Over 40 networks 6-5-5-3 of 120 test samples, most with a dead sample or more. */
static void exchangeable_outputs_are_chance(void **state) {
  (void)state;
  char run[4096], data[4096];
  snprintf(data, sizeof data, "%s", write_data("redraw-data"));
  snprintf(run, sizeof run, "%s", test_scratch("redraw-chance"));
  train_run(run, data, NULL);
  wlaw_result *got = redraw_run(run, (const char *const[]){"networks", "400", "epochs", "0,2", "train", "", NULL});
  const json_t *cells = json_object_get(got->document, "cells");
  size_t i, checks = 0;
  const json_t *cell;
  assert_int_equal(json_array_size(cells), 2 * REDRAW_LAWS);
  json_array_foreach(cells, i, cell) {
    const bool labelled = strstr(json_string_value(json_object_get(cell, "name")), "-") != NULL;
    assert_int_equal(json_is_true(json_object_get(cell, "check")), !labelled);
    check_near(row_number(cell, "chance"), 1.0 / 3, 1e-15);
    if (labelled) continue;
    checks++;
    /* Eight cells of fixed seeds: |z| above 3.5 has a chance of 0.4 % over all of them. */
    check_near(row_number(cell, "z"), 0, 3.5);
    /* Networks that all but ignore their inputs have 0.7 or 0.15: the spread is no small matter. */
    assert_true(row_number(cell, "difference_standard_error") < 0.02);
  }
  assert_int_equal(checks, 8);
  assert_true(says(got, "findings", "have an accuracy of 33.33 %, as they must, within errors in all 8 cells"));
  /* The class of seven in ten is known to laws that know which output is which, after training, and not before. */
  static const char *const knowing[] = {"network-outputs", "bipartite-labelled", "network-labelled"};
  for (size_t k = 0; k < 3; k++) {
    const json_t *trained = find_row(got, "cells", knowing[k], 2, 0),
                 *initial = find_row(got, "cells", knowing[k], 0, 0);
    assert_true(row_number(trained, "accuracy") > 0.5);
    assert_true(row_number(trained, "z") > 8);
    assert_true(row_number(trained, "p_adjusted") < REDRAW_COUNTS);
    assert_true(fabs(row_number(initial, "z")) < 4);
  }
  assert_true(says(got, "findings", "untrained"));
  assert_true(says(got, "findings", "a gain of"));
  wlaw_result_free(got);
}

/* Two hidden nodes a layer and no biases: at a third of the samples or more all are dead, outputs are equal, and the
 * first class, which has 0.7 of the test set, is answered. Shared among the classes the accuracy is 1/3 again. */
static void equal_outputs_share(void **state) {
  (void)state;
  char run[4096], data[4096];
  snprintf(data, sizeof data, "%s", write_data("redraw-ties-data"));
  snprintf(run, sizeof run, "%s", test_scratch("redraw-ties"));
  train_run(run, data, (const char *const[]){"hidden", "2,2", "biases", "false", "epochs", "0", NULL});
  wlaw_result *got = redraw_run(
      run, (const char *const[]){"networks", "400", "train", "", "laws", "iid,bipartite,permutation,network", NULL});
  for (size_t i = 0; i < 4; i++) {
    const json_t *cell = find_row(got, "cells", wlaw_redraw_laws[i].name, 0, 0);
    check_near(row_number(cell, "z"), 0, 3.5);
    assert_true(row_number(cell, "accuracy") - 1.0 / 3 > 5 * row_number(cell, "standard_error"));
    assert_true(row_number(cell, "constant") > 0);
  }
  wlaw_result_free(got);
}

/* ---- ordinary networks are those of train, continued ones those of the trainer */

static void check_like_train(const char *name, const char *const *how) {
  char run[4000], other[4096], data[4096], seed[32];
  snprintf(data, sizeof data, "%s", write_data("redraw-train-data"));
  snprintf(run, sizeof run, "%s", test_scratch(name));
  train_run(run, data, how);
  wlaw_result *got =
      redraw_run(run, (const char *const[]){"networks", "12", "epochs", "2", "train", "1,3", "laws", "iid", NULL});
  snprintf(seed, sizeof seed, "%.0f", number_at(got, "train_seed"));
  snprintf(other, sizeof other, "%s-again", run);
  const char *again[20] = {"networks", "12", "epochs", "3", "seed", seed};
  size_t n = 6;
  for (; how && how[n - 6]; n++) again[n] = how[n - 6];
  train_run(other, data, again);
  wlaw_error *err = wlaw_error_new();
  run_directory *directory = NULL;
  run_metrics *metrics = NULL;
  check_ok(wlaw_run_open(&directory, other, err));
  check_ok(wlaw_run_metrics_read(&metrics, directory, err));
  static const int after[] = {0, 1, 3};
  for (size_t i = 0; i < 3; i++) {
    const json_t *row = find_row(got, "ordinary", NULL, -1, after[i]);
    double accuracy = 0, mean_loss = 0, squares = 0;
    for (size_t k = 0; k < 12; k++) {
      accuracy += metrics->test_accuracy[after[i] * 12 + (int)k] / 12;
      mean_loss += metrics->test_loss[after[i] * 12 + (int)k] / 12;
    }
    for (size_t k = 0; k < 12; k++) squares += pow(metrics->test_accuracy[after[i] * 12 + (int)k] - accuracy, 2);
    check_near(row_number(row, "accuracy"), accuracy, 1e-8); /* metrics.csv has nine digits */
    check_near(row_number(row, "loss"), mean_loss, 1e-8 * mean_loss);
    check_near(row_number(row, "standard_error"), sqrt(squares / 11 / 12), 1e-8);
  }
  wlaw_run_metrics_free(metrics);
  wlaw_run_close(directory);
  wlaw_error_free(err);
  wlaw_result_free(got);
}

/* So are those of a run that began with a fitted law, and the document says what that was. */
static void ordinary_networks_of_a_fitted_law(void **state) {
  (void)state;
  char run[4000], begun[4096], fit[4096];
  wlaw_result *fitted = NULL;
  wlaw_error *err = wlaw_error_new();
  snprintf(run, sizeof run, "%s", test_scratch("redraw-fitted"));
  snprintf(fit, sizeof fit, "%s.json", run);
  train_run(run, write_data("redraw-train-data"), NULL);
  check_ok(call_verb(&fitted, &wlaw_command_fit, (const char *const[]){run}, 1,
                     (const char *const[]){"law", "network", "input", "exchangeable", NULL}, err));
  assert_int_equal(json_dump_file(fitted->document, fit, 0), 0);
  check_like_train("redraw-begun", (const char *const[]){"init-from", fit, NULL});
  snprintf(begun, sizeof begun, "%s", test_scratch("redraw-words"));
  train_run(begun, write_data("redraw-train-data"), (const char *const[]){"init-from", fit, "epochs", "1", NULL});
  wlaw_result *got = redraw_run(begun, (const char *const[]){"epochs", "1", "train", "", "laws", "iid", NULL});
  const char *words = json_string_value(json_object_get(got->document, "init"));
  if (!words || strncmp(words, "fitted laws: network (layer1.weight)", 36) != 0) fail_msg("init is '%s'", words);
  wlaw_result_free(got);
  wlaw_result_free(fitted);
  wlaw_error_free(err);
}

static void ordinary_networks_are_those_of_train(void **state) {
  (void)state;
  check_like_train("redraw-adam", NULL);
  check_like_train("redraw-momentum", (const char *const[]){"optimizer", "sgd", "momentum", "0.9", "order", "shared",
                                                            "schedule", "step", NULL});
  check_like_train("redraw-ntk", (const char *const[]){"optimizer", "sgd", "parameterization", "ntk", NULL});
  check_like_train("redraw-nodes", (const char *const[]){"init", "inverse-gamma", NULL});
}

/* The run's networks at epoch 1 as snapshots have them: evaluated as train did, and trained on by hand. */
static void check_continued(const char *name, const char *const *how) {
  char run[4096], data[4096];
  snprintf(data, sizeof data, "%s", write_data("redraw-on-data"));
  snprintf(run, sizeof run, "%s", test_scratch(name));
  train_run(run, data, how);
  wlaw_result *got =
      redraw_run(run, (const char *const[]){"networks", "7", "epochs", "1", "train", "1,2", "laws", "bipartite", NULL});
  wlaw_error *err = wlaw_error_new();
  run_directory *directory = NULL;
  recalled_run recalled;
  trainer *with = NULL;
  train_scratch *scratch = NULL;
  networks *source = NULL;
  network_shape shape;
  network_layout layout;
  check_ok(wlaw_run_open(&directory, run, err));
  check_ok(wlaw_recall_open(&recalled, directory, NULL, NULL, NULL, err));
  recalled.plan.config.seed = (uint64_t)number_at(got, "train_seed");
  check_ok(wlaw_trainer_new(&with, &recalled.plan.config, recalled.dataset, CPU_LEVELS, err));
  check_ok(wlaw_scratch_new(&scratch, with, err));
  const char *const path = run;
  check_ok(wlaw_networks_open(&source, &(networks_request){.paths = &path, .n_paths = 1, .has_epoch = true, .epoch = 1},
                              err));
  wlaw_networks_shape(&shape, source, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE);
  check_ok(wlaw_network_layout(&layout, &shape, err));
  const size_t floats = wlaw_train_floats(with), layers = layout.shape.layers;
  double accuracy[3] = {0}, losses[3] = {0};
  for (uint32_t k = 0; k < 7; k++) {
    double *buffer = malloc(wlaw_networks_bytes(source, &layout));
    float *moments = calloc(2 * floats, sizeof *moments), *block = calloc(floats, sizeof *block);
    network_block read;
    check_ok(wlaw_networks_read(&read, buffer, source, &layout, k, 1, err));
    assert_true(read.single);
    for (size_t l = 0; l < layers; l++)
      wlaw_mlp_pack(&recalled.plan.config.mlp, l, block, recalled.dataset->place, read.tensors[l],
                    read.tensors[layers + l]);
    network_state network = {.weights = block, .first = moments, .second = moments + floats};
    const atomic_bool never = false;
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
      evaluation found;
      if (epoch > 0) check_ok(wlaw_train_epoch(with, scratch, &network, k, 1, epoch, &never, err));
      wlaw_train_evaluate(with, scratch, block, &found);
      accuracy[epoch] += found.accuracy / 7;
      losses[epoch] += found.loss / 7;
    }
    free(block);
    free(moments);
    free(buffer);
  }
  for (int epoch = 0; epoch < 3; epoch++) {
    check_near(row_number(find_row(got, "continued", NULL, 1, epoch), "accuracy"), accuracy[epoch], 1e-12);
    check_near(row_number(find_row(got, "continued", NULL, 1, epoch), "loss"), losses[epoch], 1e-12 * losses[epoch]);
  }
  /* All 40 of the run, as metrics.csv has them. */
  run_metrics *metrics = NULL;
  check_ok(wlaw_run_metrics_read(&metrics, directory, err));
  double mean = 0;
  for (size_t k = 0; k < 40; k++) mean += metrics->test_accuracy[40 + k] / 40;
  check_near(number_at(got, "run_accuracy.0.accuracy"), mean, 1e-9);
  wlaw_run_metrics_free(metrics);
  wlaw_networks_close(source);
  wlaw_scratch_free(scratch);
  wlaw_trainer_free(with);
  wlaw_recall_close(&recalled);
  wlaw_run_close(directory);
  wlaw_error_free(err);
  wlaw_result_free(got);
}

static void continued_networks_are_those_of_the_run(void **state) {
  (void)state;
  check_continued("redraw-on", NULL);
  check_continued("redraw-on-shared", (const char *const[]){"order", "shared", "optimizer", "adamw", NULL});
}

/* What is drawn from a law at epoch 0 is like the initial law in the parameterization that is trained: the mean loss of
 * iid draws is that of ordinary networks (a first layer 2.4 times too large or small would move it by many errors). */
static void draws_have_the_scale_that_is_trained(void **state) {
  (void)state;
  char run[4096], data[4096];
  snprintf(data, sizeof data, "%s", write_data("redraw-scale-data"));
  for (int ntk = 0; ntk < 2; ntk++) {
    snprintf(run, sizeof run, "%s", test_scratch(ntk ? "redraw-scale-ntk" : "redraw-scale"));
    train_run(run, data,
              (const char *const[]){"parameterization", ntk ? "ntk" : "standard", "epochs", "1", "networks", "200",
                                    "hidden", "30", NULL});
    wlaw_result *got = redraw_run(run, (const char *const[]){"networks", "400", "epochs", "0", "train", "1", NULL});
    for (int after = 0; after < 2; after++) {
      const json_t *ordinary = find_row(got, "ordinary", NULL, -1, after);
      for (size_t i = 0; i < REDRAW_LAWS; i++) {
        const json_t *drawn = find_row(got, "cells", wlaw_redraw_laws[i].name, 0, after);
        const double error =
            hypot(row_number(drawn, "loss_standard_error"), row_number(ordinary, "loss_standard_error"));
        assert_true(error < 0.02 * row_number(ordinary, "loss"));
        /* the law is known to 200 networks only: half a variance more */
        check_near(row_number(drawn, "loss"), row_number(ordinary, "loss"), 5 * error);
      }
    }
    wlaw_result_free(got);
  }
}

/* ---- bytes, cancel, refusals */

static int give_up(void *user, double fraction, const char *what) {
  (void)fraction;
  size_t *calls = user;
  return strncmp(what, "epoch", 5) == 0 && ++*calls > 0;
}

static void same_bytes_on_any_threads(void **state) {
  (void)state;
  char run[4096], data[4096];
  snprintf(data, sizeof data, "%s", write_data("redraw-bytes-data"));
  for (int shared = 0; shared < 2; shared++) {
    snprintf(run, sizeof run, "%s", test_scratch(shared ? "redraw-bytes-shared" : "redraw-bytes"));
    train_run(run, data, (const char *const[]){"order", shared ? "shared" : "independent", NULL});
    char *bytes[3];
    static const char *const threads[] = {"1", "3", "2"};
    for (size_t i = 0; i < 3; i++) {
      wlaw_result *got = redraw_run(
          run, (const char *const[]){"threads", threads[i], "seed", i < 2 ? "5" : "6", "networks", "25", NULL});
      bytes[i] = result_bytes(got);
      if (i == 0) { /* default epochs, trainings and laws */
        assert_int_equal(json_array_size(json_object_get(got->document, "cells")), 3 * REDRAW_LAWS * 4);
        assert_int_equal(json_array_size(json_object_get(got->document, "continued")), 3 * 4);
        check_near(number_at(got, "tests"), 3 * (REDRAW_LAWS * 4 + 3 + 4), 0);
      }
      wlaw_result_free(got);
    }
    assert_string_equal(bytes[0], bytes[1]);
    assert_string_not_equal(bytes[0], bytes[2]);
    for (size_t i = 0; i < 3; i++) free(bytes[i]);
  }
  /* A cell does not depend on which others were asked for. */
  wlaw_result *alone = redraw_run(run, (const char *const[]){"networks", "25", "seed", "5", "epochs", "1", "laws",
                                                             "network-labelled,permutation", NULL});
  wlaw_result *all = redraw_run(run, (const char *const[]){"networks", "25", "seed", "5", NULL});
  for (int after = 0; after <= 5; after += 5)
    check_near(row_number(find_row(alone, "cells", "permutation", 1, after), "loss"),
               row_number(find_row(all, "cells", "permutation", 1, after), "loss"), 0);
  wlaw_result_free(alone);
  wlaw_result_free(all);
  wlaw_error *err = wlaw_error_new();
  size_t calls = 0;
  wlaw_options *options = NULL;
  check_ok(wlaw_options_make(&options, &wlaw_command_redraw, err));
  check_ok(wlaw_options_set(options, "networks", "2000", err));
  const char *const input = run;
  check_status(wlaw_redraw(NULL, &input, 1, options, give_up, &calls, err), WLAW_CANCELLED);
  wlaw_options_free(options);
  wlaw_error_free(err);
}

static void check_refused(const char *run, const char *const *pairs, wlaw_status want, const char *words) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  check_status(call_verb(&result, &wlaw_command_redraw, &run, 1, pairs, err), want);
  if (!strstr(wlaw_error_message(err), words)) fail_msg("'%s' does not say '%s'", wlaw_error_message(err), words);
  wlaw_error_free(err);
}

static void refusals(void **state) {
  (void)state;
  char run[4096], data[4096], part[4096], scales[4096], one[4096];
  snprintf(data, sizeof data, "%s", write_data("redraw-refused-data"));
  snprintf(run, sizeof run, "%s", test_scratch("redraw-refused"));
  train_run(run, data, (const char *const[]){"networks", "4", NULL});
  check_refused(run, (const char *const[]){"epochs", "3", NULL}, WLAW_ARGUMENT, "no snapshot of epoch 3");
  check_refused(run, (const char *const[]){"epochs", "2,1", NULL}, WLAW_ARGUMENT, "takes growing numbers");
  check_refused(run, (const char *const[]){"epochs", "", NULL}, WLAW_ARGUMENT, "names no epoch");
  check_refused(run, (const char *const[]){"train", "1,1", NULL}, WLAW_ARGUMENT, "1 comes after 1");
  check_refused(run, (const char *const[]){"laws", "iid,gaussian", NULL}, WLAW_NAME, "no law 'gaussian'");
  check_refused(run, (const char *const[]){"laws", "iid,", NULL}, WLAW_NAME, "no law ''");
  check_refused(run, (const char *const[]){"laws", "iid,network,iid", NULL}, WLAW_ARGUMENT, "names iid twice");
  check_refused(data, NULL, WLAW_ARGUMENT, "redraw needs a run directory");
  snprintf(part, sizeof part, "%s", test_scratch("redraw-part"));
  train_run(part, data, (const char *const[]){"networks", "4", "snapshot-layers", "2,3", NULL});
  check_refused(part, NULL, WLAW_ARGUMENT, "hold no layer1.weight");
  snprintf(scales, sizeof scales, "%s", test_scratch("redraw-scales"));
  train_run(scales, data, (const char *const[]){"networks", "4", "init", "beta", "train-scales", "no", NULL});
  check_refused(scales, NULL, WLAW_ARGUMENT, "rates of their own");
  snprintf(one, sizeof one, "%s", test_scratch("redraw-one"));
  train_run(one, data, (const char *const[]){"networks", "1", NULL});
  check_refused(one, NULL, WLAW_VALUE, "a law is fitted to 2 or more");
  const char *const both[] = {run, data, data};
  wlaw_error *err = wlaw_error_new();
  check_status(wlaw_redraw(NULL, both, 3, NULL, NULL, NULL, err), WLAW_ARGUMENT);
  check_ok(wlaw_redraw(NULL, both, 2, NULL, NULL, NULL, err)); /* the data named anew */
  wlaw_error_free(err);
}

/* Weights that are not finite have no law, unless their networks are left out; ordinary networks that break down are
 * left out of the means and counted. */
static void broken_networks_are_left_out(void **state) {
  (void)state;
  char run[4096], data[4096];
  snprintf(data, sizeof data, "%s", write_data("redraw-broken-data"));
  snprintf(run, sizeof run, "%s", test_scratch("redraw-broken"));
  train_run(run, data,
            (const char *const[]){"networks", "12", "optimizer", "sgd", "lr", "1e6", "weight-decay", "1", NULL});
  check_refused(run, (const char *const[]){"epochs", "2", NULL}, WLAW_VALUE, "--exclude dead");
  check_refused(run, (const char *const[]){"exclude", "dead", NULL}, WLAW_VALUE, "every network is left out");
  wlaw_result *got = redraw_run(run, (const char *const[]){"exclude", "dead", "epochs", "0", "networks", "30", NULL});
  const json_t *row = find_row(got, "ordinary", NULL, -1, 5);
  check_near(row_number(row, "networks") + row_number(row, "nonfinite"), 30, 0);
  assert_true(row_number(row, "nonfinite") > 0);
  assert_true(says(got, "notes", "have outputs that are not finite after 5 epochs"));
  wlaw_result_free(got);
}

/* A note on rank is of the largest covariance that a law has: of iid there is none, of bipartite laws one for each
 * tensor. Here inputs and classes make 6 trivial numbers of the first weight, and 6 + 1 + 3 + 1 + 1 + 3 of all. */
static void rank_is_of_one_covariance(void **state) {
  (void)state;
  static const struct {
    const char *networks, *laws, *words;
  } cases[] = {
      {"2", "iid,bipartite,permutation", NULL},
      {"6", "bipartite-labelled",
       "6 networks give a covariance of 6 trivial numbers (bipartite-labelled) a rank of at most 5"},
      {"7", "bipartite-labelled", NULL},
      {"15", "network-labelled", "covariance of 15 trivial numbers (network-labelled) a rank of at most 14"},
      {"16", "network-labelled", NULL},
  };
  char run[4096], data[4096], name[32];
  snprintf(data, sizeof data, "%s", write_data("redraw-rank-data"));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    snprintf(name, sizeof name, "redraw-rank-%zu", i);
    snprintf(run, sizeof run, "%s", test_scratch(name));
    train_run(run, data, (const char *const[]){"networks", cases[i].networks, "epochs", "1", NULL});
    wlaw_result *got = redraw_run(run, (const char *const[]){"epochs", "1", "train", "", "laws", cases[i].laws, NULL});
    assert_int_equal(says(got, "notes", cases[i].words ? cases[i].words : "rank"), cases[i].words != NULL);
    wlaw_result_free(got);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exchangeable_outputs_are_chance),
      cmocka_unit_test(equal_outputs_share),
      cmocka_unit_test(ordinary_networks_are_those_of_train),
      cmocka_unit_test(ordinary_networks_of_a_fitted_law),
      cmocka_unit_test(continued_networks_are_those_of_the_run),
      cmocka_unit_test(draws_have_the_scale_that_is_trained),
      cmocka_unit_test(same_bytes_on_any_threads),
      cmocka_unit_test(refusals),
      cmocka_unit_test(broken_networks_are_left_out),
      cmocka_unit_test(rank_is_of_one_covariance),
  };
  return cmocka_run_group_tests_name("study.redraw", tests, NULL, NULL);
}
