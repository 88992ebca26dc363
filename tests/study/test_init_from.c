/* train --init-from: initial weights are from the fitted laws, and the run keeps its promise without the fit's file. */
#include "law/matrix.h"
#include "study/init_from.h"
#include "study/network_fits.h"
#include "study/run.h"
#include "study/same_run.h"

extern const command_spec wlaw_command_train, wlaw_command_prune;

/* Fits of three layers of the networks 8-6-6-4: numbers far from any initialisation, so that a law mistaken shows. */
#define PERMUTATION                                                                                                    \
  "{\"schema\":\"weightlaw.fit/1\",\"law\":\"permutation\",\"tensor\":\"layer2.weight\",\"rows\":6,\"cols\":6,"        \
  "\"networks\":50,\"parameters\":{\"mean\":[0.5,-1],\"V0\":[[2,0.7],[0.7,1]],"                                        \
  "\"VH\":[[1,0.3,0.2],[0.3,2,-0.4],[0.2,-0.4,0.8]],\"V2\":0.6,\"V3\":1.7}}"
#define BIPARTITE                                                                                                      \
  "{\"schema\":\"weightlaw.fit/1\",\"law\":\"bipartite\",\"tensor\":\"layer3.weight\",\"rows\":4,\"cols\":6,"          \
  "\"networks\":50,\"parameters\":{\"mean\":0.5,\"s0\":3,\"rows\":0.5,\"columns\":2,\"entries\":1.5}}"
#define FITS "{\"schema\":\"weightlaw.fits/1\",\"fits\":[" PERMUTATION "," BIPARTITE "]}"

static const char *const shape[] = {"hidden", "6,6"};
enum { LAYERS = 3 };

static const char *write_document(const char *name, const char *text) {
  static char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch(name));
  write_text(path, text);
  return path;
}

/* train on `hidden` 6,6 with --init-from and more options. */
static wlaw_status train_from(const char *run, const char *document, const char *const *more, size_t n_more,
                              wlaw_error *err) {
  const char *all[24] = {shape[0], shape[1], "init-from", document};
  for (size_t i = 0; i < n_more; i++) all[4 + i] = more[i];
  return train(run, all, 4 + n_more, NULL, NULL, err);
}

static double *read_weights(const char *run, const char *tensor, size_t *count) {
  wlaw_tensors *tensors = NULL;
  wlaw_error *err = wlaw_error_new();
  char *path = wlaw_run_snapshot_path(run, 0);
  size_t i;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  check_ok(wlaw_tensors_find(&i, tensors, tensor, err));
  *count = (size_t)tensors->info[i].count;
  double *values = malloc(*count * sizeof *values);
  check_ok(wlaw_tensors_read(tensors, i, 0, *count, values, err));
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
  free(path);
  return values;
}

/* Every parameter that `fit` finds at epoch 0 is the one asked for: |difference| < 5 standard errors, which chance
 * passes but once in 1.7 million times a parameter. Rounding to f32 is 1e-5 of an error. */
static void check_fit(const char *run, const char *tensor, const char *law, const double *want, size_t n) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  const char *const pairs[] = {"tensor", tensor, "law", law, "epoch", "0", NULL};
  double got[MATRIX_PARAMETERS * 2], error[MATRIX_PARAMETERS * 2];
  size_t at = 0;
  check_ok(call_verb(&result, &wlaw_command_fit, &run, 1, pairs, err));
  const char *const names[] = {"mean", "s0", "rows", "columns", "entries", "V0", "VH", "V2", "V3"};
  for (size_t p = 0; p < sizeof names / sizeof *names; p++) {
    char path[64];
    size_t count = 0, same = 0;
    snprintf(path, sizeof path, "parameters.%s", names[p]);
    if (wlaw_result_get(result, path, got + at, 2 * MATRIX_PARAMETERS - at, &count, NULL) != WLAW_OK) continue;
    snprintf(path, sizeof path, "standard_errors.%s", names[p]);
    check_ok(wlaw_result_get(result, path, error + at, 2 * MATRIX_PARAMETERS - at, &same, err));
    assert_int_equal(count, same);
    at += count;
  }
  assert_int_equal(at, n);
  for (size_t p = 0; p < n; p++)
    if (!(fabs(got[p] - want[p]) < 5.0 * error[p]))
      fail_msg("%s, number %zu: %g, and %g +- %g was asked for", tensor, p, got[p], want[p], error[p]);
  wlaw_result_free(result);
  wlaw_error_free(err);
}

static void layers_are_from_their_fits(void **state) {
  (void)state;
  static const double thirteen[] = {0.5, -1, 2, 0.7, 0.7, 1, 1, 0.3, 0.2, 0.3, 2, -0.4, 0.2, -0.4, 0.8, 0.6, 1.7};
  static const double five[] = {0.5, 3, 0.5, 2, 1.5};
  static const char *const many[] = {"networks", "3000", "epochs", "0", "biases", "true", "init", "torch-default"};
  const char *runs[2];
  char names[2][4096];
  wlaw_error *err = wlaw_error_new();
  for (int k = 0; k < 2; k++) {
    snprintf(names[k], sizeof names[k], "%s", test_scratch(k ? "moments" : "moments-init"));
    runs[k] = names[k];
  }
  const char *plain[10] = {shape[0], shape[1]};
  for (int i = 0; i < 8; i++) plain[2 + i] = many[i];
  check_ok(train(runs[0], plain, 10, NULL, NULL, err));
  check_ok(train_from(runs[1], write_document("moments.json", FITS), many, 8, err));
  check_fit(runs[1], "layer2.weight", "permutation", thirteen, 17);
  check_fit(runs[1], "layer3.weight", "bipartite", five, 5);
  /* What no fit covers is as without one; biases of the other layers keep --init's law, torch's U(+-1/sqrt(in)). */
  static const char *const same[] = {"layer1.weight", "layer1.bias"};
  for (int i = 0; i < 2; i++) {
    size_t n[2];
    double *values[2];
    for (int k = 0; k < 2; k++) values[k] = read_weights(runs[k], same[i], &n[k]);
    assert_true(n[0] == n[1]);
    assert_memory_equal(values[0], values[1], n[0] * sizeof(double));
    free(values[0]);
    free(values[1]);
  }
  size_t n;
  double *bias = read_weights(runs[1], "layer3.bias", &n), squares = 0, largest = 0;
  for (size_t i = 0; i < n; i++) {
    squares += bias[i] * bias[i];
    largest = fmax(largest, fabs(bias[i]));
  }
  /* variance a^2/3 with a^2 = 1/6; the mean of n squares has the standard deviation a^2 sqrt(4/45) / sqrt(n) */
  assert_true(fabs(squares / (double)n - 1.0 / 18) < 5 * sqrt(4.0 / 45 / (double)n) / 6);
  assert_true(largest <= 1 / sqrt(6.0) + 1e-7);
  free(bias);
  wlaw_error_free(err);
}

/* A fit of the run's networks at epoch 0 is the law they were drawn from, whatever its sides. */
static void networks_are_from_their_fit(void **state) {
  (void)state;
  for (size_t c = 0; c < NETWORK_CASES; c++) {
    const network_case *sides = &network_cases[c];
    char document[4096], run[4096];
    wlaw_error *err = wlaw_error_new();
    snprintf(document, sizeof document, "%s", test_scratch("networks.json"));
    wlaw_result *law = make_network_fit(document, sides);
    snprintf(run, sizeof run, "%s", test_scratch(sides->name));
    const char *const more[] = {"networks",  "3000",  "epochs", "0", "biases", sides->biases ? "true" : "false",
                                "init-from", document};
    check_ok(train(run, more, 8, NULL, NULL, err));
    wlaw_result *again = fit_networks(run, "0", sides->input, sides->output);
    check_same_law(law, again, sides->name);
    wlaw_result_free(law);
    wlaw_result_free(again);
    wlaw_error_free(err);
  }
}

/* A first weight that was omitted, and biases that the fit has not, are --init's. */
static void the_rest_is_from_init(void **state) {
  (void)state;
  char document[4096], runs[2][4096];
  double *values[2];
  size_t n[2];
  wlaw_error *err = wlaw_error_new();
  snprintf(document, sizeof document, "%s", test_scratch("rest.json"));
  wlaw_result_free(make_network_fit(document, &network_cases[0]));
  const char *const more[] = {"networks", "200",           "epochs", "0", "biases",    "true",
                              "init",     "torch-default", "seed",   "7", "init-from", document};
  for (int k = 0; k < 2; k++) {
    snprintf(runs[k], sizeof runs[k], "%s", test_scratch(k ? "rest" : "rest-init"));
    check_ok(train(runs[k], more, k ? 12 : 10, NULL, NULL, err));
    values[k] = read_weights(runs[k], "layer1.weight", &n[k]);
  }
  assert_memory_equal(values[0], values[1], n[0] * sizeof(double));
  free(values[0]);
  free(values[1]);
  for (int k = 0; k < 2; k++) values[k] = read_weights(runs[k], "layer2.weight", &n[k]);
  size_t same = 0;
  for (size_t i = 0; i < n[0]; i++) same += values[0][i] == values[1][i];
  assert_true(same < n[0] / 100);
  free(values[0]);
  free(values[1]);
  double *bias = read_weights(runs[1], "layer2.bias", &n[0]), largest = 0;
  for (size_t i = 0; i < n[0]; i++) largest = fmax(largest, fabs(bias[i]));
  assert_true(largest > 0.9 / sqrt(6.0) && largest <= 1 / sqrt(6.0) + 1e-7); /* U(+-1/sqrt(in)), 1000 of them */
  free(bias);
  wlaw_error_free(err);
}

/* `compare RUN init` and whatever else asks for the initial law gets the fitted one: of W2^2 what sampling leaves has
 * the size of the floor. */
static void check_initial_law(const char *run, const char *tensor, const char *law) {
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  const char *const inputs[] = {run, "init"}, *const pairs[] = {"tensor", tensor, "law", law, NULL};
  check_ok(call_verb(&result, &wlaw_command_compare, inputs, 2, pairs, err));
  assert_string_equal(text_at(result, "reference"), "exact");
  assert_true(number_at(result, "wasserstein_squared") < 4 * number_at(result, "noise_floor_squared"));
  wlaw_result_free(result);
  wlaw_error_free(err);
}

static void the_initial_law_is_the_fit(void **state) {
  (void)state;
  static const char *const many[] = {"networks", "2000", "epochs", "0"};
  static const char *const tensors[] = {"layer1.weight", "layer2.weight", "layer3.weight"};
  wlaw_error *err = wlaw_error_new();
  char run[4096], document[4096];
  snprintf(run, sizeof run, "%s", test_scratch("against-init"));
  check_ok(train_from(run, write_document("against.json", FITS), many, 4, err));
  for (int t = 0; t < LAYERS; t++) check_initial_law(run, tensors[t], t == 1 ? "permutation" : "bipartite");
  for (size_t c = 0; c < NETWORK_CASES; c++) {
    const network_case *sides = &network_cases[c];
    snprintf(document, sizeof document, "%s", test_scratch("against.json"));
    wlaw_result_free(make_network_fit(document, sides));
    const char *const more[] = {"networks", "2000", "epochs",    "0",     "biases", sides->biases ? "true" : "false",
                                "force",    "true", "init-from", document};
    check_ok(train(run, more, 10, NULL, NULL, err));
    for (int t = 0; t < LAYERS; t++) check_initial_law(run, tensors[t], "bipartite");
  }
  char *copy = wlaw_path_join(run, "initial.json"); /* another document, and no law that the run began with */
  wlaw_result *result = NULL;
  const char *const inputs[] = {run, "init"};
  write_text(copy, FITS);
  check_status(call_verb(&result, &wlaw_command_compare, inputs, 2, NULL, err), WLAW_VALUE);
  free(copy);
  wlaw_error_free(err);
}

static void check_kills(const char *name, const char *const *more, size_t n_more) {
  char whole[4096], text[64];
  wlaw_error *err = wlaw_error_new();
  snprintf(text, sizeof text, "%s-whole", name);
  snprintf(whole, sizeof whole, "%s", test_scratch(text));
  check_ok(train(whole, more, n_more, NULL, NULL, err));
  for (int round = 0; round < 3; round++) {
    snprintf(text, sizeof text, "%s-killed-%d", name, round);
    const char *run = test_scratch(text);
    train_and_kill(run, 200000 + 700000 * round, more, n_more);
    check_same_run(whole, run);
  }
  snprintf(text, sizeof text, "%s-threads", name);
  const char *run = test_scratch(text), *all[16];
  for (size_t i = 0; i < n_more; i++) all[i] = more[i];
  all[n_more] = "threads";
  all[n_more + 1] = "7";
  check_ok(train(run, all, n_more + 2, NULL, NULL, err));
  check_same_run(whole, run);
  wlaw_error_free(err);
}

static void same_bytes_after_any_kill(void **state) {
  (void)state;
  char document[4096];
  snprintf(document, sizeof document, "%s", write_document("same.json", FITS));
  const char *const layers[] = {shape[0], shape[1], "init-from", document};
  check_kills("layers", layers, 4);
  wlaw_result_free(make_network_fit(document, &network_cases[1]));
  const char *const whole[] = {"biases", "true", "init-from", document};
  check_kills("networks", whole, 4);
}

/* A run whose state was never written, and one stopped in training, go on without the fit's file. */
static void resumes_from_its_own_copy(void **state) {
  (void)state;
  char whole[4096], broken[4096], document[4096];
  wlaw_error *err = wlaw_error_new();
  snprintf(document, sizeof document, "%s", write_document("copied.json", FITS));
  snprintf(whole, sizeof whole, "%s", test_scratch("copy-whole"));
  snprintf(broken, sizeof broken, "%s", test_scratch("copy-broken"));
  const char *const more[] = {shape[0], shape[1], "init-from", document, "epochs", "400", "snapshots", "0,400"};
  check_ok(train(whole, more, 8, NULL, NULL, err));
  check_status(train(broken, more, 8, cancel_when_done, &(countdown){2}, err), WLAW_CANCELLED);
  assert_int_equal(unlink(document), 0);
  check_ok(resume(broken, err));
  check_same_run(whole, broken);
  static const char *const gone[] = {"metrics.csv", "timings.csv", "epoch-0000.safetensors", "epoch-0400.safetensors"};
  for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
    char *path = wlaw_path_join(broken, gone[i]);
    assert_int_equal(unlink(path), 0);
    free(path);
  }
  check_ok(resume(broken, err)); /* run.json and the copy are enough */
  check_same_run(whole, broken);
  write_document("copied.json", FITS);
  check_ok(train(broken, more, 8, NULL, NULL, err)); /* the same command: complete */
  write_document("copied.json", BIPARTITE);
  check_status(train(broken, more, 8, NULL, NULL, err), WLAW_EXISTS);
  assert_non_null(strstr(wlaw_error_message(err), "--init-from"));
  wlaw_options *options = NULL;
  const char *run = broken;
  check_ok(wlaw_options_new(&options, "train", err));
  check_ok(wlaw_options_set(options, "resume", "true", err));
  check_ok(wlaw_options_set(options, "init-from", document, err));
  check_status(wlaw_train(NULL, &run, 1, options, NULL, NULL, err), WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "--init-from"));
  write_document("copied.json", FITS);
  check_ok(wlaw_train(NULL, &run, 1, options, NULL, NULL, err));
  wlaw_options_free(options);
  char *copy = wlaw_path_join(broken, INIT_FROM_FILE);
  write_text(copy, BIPARTITE);
  check_status(resume(broken, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), INIT_FROM_FILE));
  free(copy);
  wlaw_error_free(err);
}

/* A kill between the copy and run.json leaves the copy alone; another file of this name is somebody else's. */
static void a_document_that_is_there(void **state) {
  (void)state;
  char document[4096], run[4096];
  wlaw_error *err = wlaw_error_new();
  static const char *const forced[] = {"force", "true"};
  snprintf(document, sizeof document, "%s", write_document("there.json", FITS));
  snprintf(run, sizeof run, "%s", test_scratch("there"));
  check_ok(wlaw_folder_make(run, err));
  char *copy = wlaw_path_join(run, INIT_FROM_FILE);
  write_text(copy, "mine");
  check_status(train_from(run, document, NULL, 0, err), WLAW_EXISTS);
  write_text(copy, FITS);
  check_status(train(run, NULL, 0, NULL, NULL, err), WLAW_EXISTS);
  check_ok(train_from(run, document, NULL, 0, err));
  check_ok(train(run, forced, 2, NULL, NULL, err));
  assert_false(wlaw_path_exists(copy));
  free(copy);
  wlaw_error_free(err);
}

/* Verbs that recall a run. */
static void a_run_is_recalled(void **state) {
  (void)state;
  char run[4096];
  const char *input = run;
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  snprintf(run, sizeof run, "%s", test_scratch("recalled"));
  check_ok(train_from(run, write_document("recalled.json", FITS), NULL, 0, err));
  static const char *const pairs[] = {"by", "norm", NULL};
  check_ok(call_verb(&result, &wlaw_command_prune, &input, 1, pairs, err));
  assert_string_equal(text_at(result, "init"),
                      "fitted laws: permutation (layer2.weight), bipartite (layer3.weight); "
                      "the rest normal(gain=1,fan=in)");
  wlaw_result_free(result);
  wlaw_error_free(err);
}

static void what_does_not_go_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *text, *option, *value;
    wlaw_status status;
    const char *says;
  } cases[] = {
      {"{\"schema\":\"weightlaw.scan/1\"}", NULL, NULL, WLAW_FORMAT, "weightlaw.scan/1"},
      {"{\"schema\":\"weightlaw.fits/1\",\"fits\":[]}", NULL, NULL, WLAW_FORMAT, "no fits"},
      {"{\"schema\":\"weightlaw.fits/1\",\"fits\":[" BIPARTITE "," BIPARTITE "]}", NULL, NULL, WLAW_VALUE,
       "two fits of layer3.weight"},
      {"{\"schema\":\"weightlaw.fit/1\",\"law\":\"iid\",\"tensor\":\"fc1\",\"rows\":6,\"cols\":6,\"networks\":9,"
       "\"parameters\":{\"mean\":0,\"variance\":1}}",
       NULL, NULL, WLAW_NAME, "'fc1'"},
      {"{\"schema\":\"weightlaw.fit/1\",\"law\":\"iid\",\"tensor\":\"layer2.weight\",\"rows\":6,\"cols\":6,"
       "\"networks\":1,\"parameters\":{\"mean\":0,\"variance\":null}}",
       NULL, NULL, WLAW_VALUE, "does not determine variance of the law iid"},
      {FITS, "hidden", "6,5", WLAW_SHAPE, "layer2.weight"},
      {FITS, "hidden", "6", WLAW_SHAPE, "layer3.weight"},
      {FITS, "synthetic-classes", "5", WLAW_SHAPE, "layer3.weight"},
      {FITS, "parameterization", "ntk", WLAW_ARGUMENT, "parameterization"},
      {FITS, "init", "beta(eta=1,b=0.5)", WLAW_ARGUMENT, "beta"},
  };
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *const more[] = {cases[i].option, cases[i].value}, *run = test_scratch("never-made");
    const char *document = write_document("refused.json", cases[i].text);
    check_status(train_from(run, document, more, cases[i].option ? 2 : 0, err), cases[i].status);
    if (!strstr(wlaw_error_message(err), cases[i].says))
      fail_msg("'%s' does not say '%s'", wlaw_error_message(err), cases[i].says);
    assert_false(wlaw_path_exists(run));
  }
  check_status(train_from("never", test_scratch("not-there.json"), NULL, 0, err), WLAW_IO);
  check_status(train_from("never", "", NULL, 0, err), WLAW_ARGUMENT); /* --init-from "$FIT" where there is no FIT */
  wlaw_error_free(err);
}

static void networks_that_do_not_go(void **state) {
  (void)state;
  static const struct {
    const char *options[4];
    wlaw_status status;
    const char *says;
  } cases[] = {
      {{"biases", "true", "hidden", "6"}, WLAW_SHAPE, "3 layers, and this network has 2"},
      {{"biases", "true", "hidden", "6,7"}, WLAW_SHAPE, "layer2.weight"},
      {{"biases", "true", "synthetic-features", "9"}, WLAW_SHAPE, "layer1.weight"},
      {{"biases", "false", "seed", "1"}, WLAW_SHAPE, "--biases"},
      {{"biases", "true", "parameterization", "ntk"}, WLAW_ARGUMENT, "parameterization"},
      {{"biases", "true", "init", "horseshoe(c=1)"}, WLAW_ARGUMENT, "horseshoe"},
  };
  char document[4096], run[4096];
  wlaw_error *err = wlaw_error_new();
  snprintf(document, sizeof document, "%s", test_scratch("networks-refused.json"));
  snprintf(run, sizeof run, "%s", test_scratch("never-made"));
  wlaw_result_free(make_network_fit(document, &network_cases[1]));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *more[6] = {"init-from", document};
    for (int k = 0; k < 4; k++) more[2 + k] = cases[i].options[k];
    check_status(train(run, more, 6, NULL, NULL, err), cases[i].status);
    if (!strstr(wlaw_error_message(err), cases[i].says))
      fail_msg("'%s' does not say '%s'", wlaw_error_message(err), cases[i].says);
    assert_false(wlaw_path_exists(run));
  }
  /* One network says nothing of the covariance of the trivial numbers. */
  char one[4096];
  snprintf(one, sizeof one, "%s", test_scratch("one-network"));
  const char *const single[] = {"networks", "1", "epochs", "0"};
  check_ok(train(one, single, 4, NULL, NULL, err));
  wlaw_result *fit = fit_networks(one, "0", "omit", "labelled");
  char *text = result_bytes(fit);
  write_text(document, text);
  free(text);
  wlaw_result_free(fit);
  const char *const from[] = {"init-from", document};
  check_status(train(run, from, 2, NULL, NULL, err), WLAW_VALUE);
  assert_non_null(strstr(wlaw_error_message(err), "does not determine"));
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(layers_are_from_their_fits),  cmocka_unit_test(networks_are_from_their_fit),
      cmocka_unit_test(the_rest_is_from_init),       cmocka_unit_test(the_initial_law_is_the_fit),
      cmocka_unit_test(same_bytes_after_any_kill),   cmocka_unit_test(resumes_from_its_own_copy),
      cmocka_unit_test(a_document_that_is_there),    cmocka_unit_test(a_run_is_recalled),
      cmocka_unit_test(what_does_not_go_is_refused), cmocka_unit_test(networks_that_do_not_go),
  };
  return cmocka_run_group_tests_name("study.init_from", tests, NULL, NULL);
}
