/* The promise of a run directory: the same bytes at any thread count, after any kill, after Ctrl-C, after a full disk.
 */
#include "support/test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "core/file.h"
#include "core/result.h"
#include "core/stream.h"
#include "study/metrics.h"

#include "study/same_run.h"
#include "study/train_run.h"

static char reference[4096];

static int make_reference(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  snprintf(reference, sizeof reference, "%s", test_scratch("reference"));
  const wlaw_status status = train(reference, NULL, 0, NULL, NULL, err);
  if (status != WLAW_OK) print_error("%s\n", wlaw_error_message(err));
  wlaw_error_free(err);
  return status != WLAW_OK;
}

static void complete_run_holds_what_it_should(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  run_directory *run = NULL;
  run_metrics *metrics = NULL;
  check_ok(wlaw_run_open(&run, reference, err));
  assert_int_equal(run->networks, 5);
  assert_int_equal(run->n_epochs, 4);
  for (size_t e = 0; e < 4; e++) assert_int_equal(run->epochs[e], e);
  assert_string_equal(wlaw_run_init(run), "normal(gain=1,fan=in)");
  check_ok(wlaw_run_metrics_read(&metrics, run, err));
  assert_int_equal(metrics->n_epochs, 4);
  double first = 0, last = 0;
  for (size_t k = 0; k < 5; k++) {
    assert_true(isnan(metrics->train_loss[k]));
    for (size_t e = 0; e < 4; e++) {
      const double accuracy = metrics->test_accuracy[e * 5 + k];
      assert_true(accuracy >= 0 && accuracy <= 1);
      assert_true(isfinite(metrics->test_loss[e * 5 + k]));
      assert_int_equal(metrics->condition[e * 5 + k], NETWORK_OK);
    }
    first += metrics->train_loss[5 + k];
    last += metrics->train_loss[15 + k];
  }
  assert_true(last < first); /* it learns */
  wlaw_run_metrics_free(metrics);
  wlaw_run_close(run);
  char *left = wlaw_path_join(reference, "state.safetensors");
  assert_false(wlaw_path_exists(left));
  free(left);
  wlaw_error_free(err);
}

static void rows_of_numbers_that_are_none(void **state) {
  (void)state;
  text_buffer text = {0};
  wlaw_metrics_row(&text, 3, 7, true, -NAN, INFINITY, 0.25, NETWORK_NONFINITE);
  wlaw_metrics_row(&text, 0, 8, false, NAN, -NAN, 0.5, NETWORK_OK);
  assert_string_equal(wlaw_text_string(&text), "3,7,nan,inf,0.25,nonfinite\n0,8,,nan,0.5,ok\n");
  wlaw_text_free(&text);
}

static void thread_count_changes_nothing(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *const threads[] = {"1", "7"};
  for (size_t i = 0; i < 2; i++) {
    char name[32];
    snprintf(name, sizeof name, "threads-%s", threads[i]);
    const char *run = test_scratch(name), *const more[] = {"threads", threads[i]};
    check_ok(train(run, more, 2, NULL, NULL, err));
    check_same_run(reference, run);
  }
  wlaw_error_free(err);
}

/* Layers wider than 32 are BLAS's: calls from several threads must not disturb one another. */
static void thread_count_changes_nothing_for_wide_layers(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  char runs[2][4096];
  const char *const threads[] = {"1", "4"};
  for (size_t i = 0; i < 2; i++) {
    snprintf(runs[i], sizeof runs[i], "%s", test_scratch(i ? "wide-4" : "wide-1"));
    const char *const more[] = {"hidden", "48,40", "networks", "24", "init", "orthogonal", "threads", threads[i]};
    check_ok(train(runs[i], more, 8, NULL, NULL, err));
  }
  check_same_run(runs[0], runs[1]);
  wlaw_error_free(err);
}

static void killed_at_any_instant(void **state) {
  (void)state;
  for (int round = 0; round < 6; round++) {
    char name[32];
    snprintf(name, sizeof name, "killed-%d", round);
    const char *run = test_scratch(name);
    train_and_kill(run, 200000 + 350000 * round, NULL, 0);
    check_same_run(reference, run);
  }
}

/* Cancelled at several moments and resumed on `threads` threads (NULL: as begun): the same bytes. */
static void check_cancelled_runs(const char *const *more, size_t n_more, const char *threads, wlaw_progress cancel,
                                 int first) {
  wlaw_error *err = wlaw_error_new();
  int cancelled = 0;
  char whole_name[32];
  snprintf(whole_name, sizeof whole_name, "whole-%s", threads ? threads : "");
  const char *whole = test_scratch(whole_name);
  check_ok(train(whole, more, n_more, NULL, NULL, err));
  for (int calls = first; calls < first + 3; calls++) {
    char name[32];
    snprintf(name, sizeof name, "cancelled-%s-%d", threads ? threads : "", calls);
    const char *run = test_scratch(name);
    wlaw_status status = train(run, more, n_more, cancel, &(countdown){calls}, err);
    if (status == WLAW_CANCELLED) {
      cancelled++;
      char *saved = wlaw_path_join(run, "state.safetensors");
      if (wlaw_path_exists(saved)) assert_non_null(strstr(wlaw_error_message(err), "--resume"));
      free(saved);
      status = resume_on(run, threads, err);
    }
    check_ok(status);
    check_same_run(whole, run);
  }
  assert_true(cancelled > 0);
  wlaw_error_free(err);
}

static int cancel_in_training(void *user, double fraction, const char *what) {
  countdown *left = user;
  (void)fraction;
  return strcmp(what, "training") == 0 && --left->calls < 0;
}

static void cancelled_and_resumed(void **state) {
  (void)state;
  /* more epochs than there are reports before the cancellation */
  const char *const more[] = {"epochs", "400", "snapshots", "0,400", "save-every", "1000"};
  check_cancelled_runs(more, 6, NULL, cancel_when_done, 2);
}

/* With a shared order the groups depend on the threads, and those of the resumed run mix networks at different steps:
 * epochs are longer than the time between two reports, so that it is in the middle of one that they stop. */
static void cancelled_and_resumed_in_other_groups(void **state) {
  (void)state;
  const char *const more[] = {"order", "shared",          "networks", "19",    "threads", "3",          "epochs",
                              "3",     "synthetic-train", "40000",    "batch", "4",       "save-every", "1000"};
  check_cancelled_runs(more, 14, "2", cancel_in_training, 0);
}

/* A limit on file sizes stands in for a full disk: the state cannot be written, the run says so and goes on later. */
static void full_disk(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *run = test_scratch("full-disk");
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit small = {700, 700};
    setrlimit(RLIMIT_FSIZE, &small);
    wlaw_error *why = wlaw_error_new();
    const wlaw_status status = train(run, NULL, 0, NULL, NULL, why);
    _exit(status == WLAW_IO && strstr(wlaw_error_message(why), run) ? 0 : 1);
  }
  int ended;
  assert_int_equal(waitpid(child, &ended, 0), child);
  assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
  check_ok(train(run, NULL, 0, NULL, NULL, err));
  check_same_run(reference, run);
  wlaw_error_free(err);
}

static void what_is_there_is_not_overwritten(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  const char *run = test_scratch("kept");
  check_ok(train(run, NULL, 0, NULL, NULL, err));
  const char *const other[] = {"lr", "0.01"};
  check_status(train(run, other, 2, NULL, NULL, err), WLAW_EXISTS);
  assert_non_null(strstr(wlaw_error_message(err), "--lr"));
  assert_non_null(strstr(wlaw_error_hint(err), "--force"));
  check_same_run(reference, run);
  static const char *const data[] = {"synthetic"};
  wlaw_options *options = make_options(run, NULL, 0);
  wlaw_result *result = NULL;
  check_ok(wlaw_train(&result, data, 1, options, NULL, NULL, err)); /* complete: nothing to do */
  assert_non_null(strstr(json_string_value(json_object_get(result->document, "note")), "complete already"));
  assert_true(json_is_false(json_object_get(result->document, "resumed")));
  wlaw_result_free(result);
  wlaw_options_free(options);
  const char *const forced[] = {"lr", "0.01", "force", "true"};
  check_ok(train(run, forced, 4, NULL, NULL, err));
  const char *const back[] = {"force", "true"};
  check_ok(train(run, back, 2, NULL, NULL, err));
  check_same_run(reference, run);
  wlaw_error_free(err);
}

/* metrics.csv and epoch-0001.safetensors are names others use too. */
static void files_of_others_are_kept(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  static const char *const names[] = {"metrics.csv", "timings.csv", "state.safetensors", "epoch-0001.safetensors"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char name[64];
    snprintf(name, sizeof name, "others-%zu", i);
    const char *folder = test_scratch(name), *const forced[] = {"force", "true"};
    check_ok(wlaw_folder_make(folder, err));
    char *path = wlaw_path_join(folder, names[i]), *bytes = NULL;
    size_t n;
    check_ok(wlaw_output_whole(path, "mine", 4, err));
    check_status(train(folder, NULL, 0, NULL, NULL, err), WLAW_EXISTS);
    assert_non_null(strstr(wlaw_error_hint(err), "--force"));
    check_ok(wlaw_input_whole(&bytes, &n, path, 4, err));
    assert_string_equal(bytes, "mine");
    free(bytes);
    free(path);
    check_ok(train(folder, forced, 2, NULL, NULL, err));
    check_same_run(reference, folder);
  }
  wlaw_error_free(err);
}

static void a_resume_keeps_its_options(void **state) {
  (void)state;
  static const struct {
    const char *option, *text;
    wlaw_status status;
  } cases[] = {
      {"epochs", "9", WLAW_ARGUMENT}, {"seed", "2", WLAW_ARGUMENT}, {"output", "elsewhere", WLAW_ARGUMENT},
      {"epochs", "3", WLAW_OK},       {"lr", "1e-3", WLAW_OK},      {"threads", "1", WLAW_OK},
  };
  wlaw_error *err = wlaw_error_new();
  const char *run = reference;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    wlaw_options *options = NULL;
    check_ok(wlaw_options_new(&options, "train", err));
    check_ok(wlaw_options_set(options, "resume", "true", err));
    check_ok(wlaw_options_set(options, cases[i].option, cases[i].text, err));
    check_status(wlaw_train(NULL, &run, 1, options, NULL, NULL, err), cases[i].status);
    if (cases[i].status != WLAW_OK) assert_non_null(strstr(wlaw_error_message(err), cases[i].option));
    wlaw_options_free(options);
  }
  wlaw_error_free(err);
}

static void bad_requests(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  static const struct {
    const char *option, *text;
    wlaw_status status;
    const char *says;
  } cases[] = {
      {"init", "nromal()", WLAW_NAME, "normal"},
      {"init", "normal(sd=-1)", WLAW_ARGUMENT, "sd"},
      {"init", "iid(mean=0)", WLAW_ARGUMENT, "variance"},
      {"snapshots", "0,9", WLAW_ARGUMENT, "--snapshots"},
      {"snapshot-layers", "4", WLAW_ARGUMENT, "--snapshot-layers"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *run = test_scratch("never-made"), *const more[] = {cases[i].option, cases[i].text};
    check_status(train(run, more, 2, NULL, NULL, err), cases[i].status);
    if (!strstr(wlaw_error_message(err), cases[i].says))
      fail_msg("'%s' does not say '%s'", wlaw_error_message(err), cases[i].says);
    assert_false(wlaw_path_exists(run));
  }
  check_status(resume(test_scratch("nothing-here"), err), WLAW_IO);
  wlaw_error_free(err);
}

/* A fit of 6x6 matrices, written as `fit --json` writes it. */
static void write_fit(const char *path) {
  static double weights[20 * 36];
  wlaw_result *fit = NULL;
  wlaw_error *err = wlaw_error_new();
  wlaw_stream stream = wlaw_stream_start(91, STREAM_TEST, 0, 0);
  wlaw_stream_normals(&stream, weights, 20 * 36);
  check_ok(wlaw_fit_array(&fit, weights, 20, 6, 6, NULL, err));
  size_t needed = 0;
  check_ok(wlaw_result_json(fit, NULL, 0, &needed, err));
  char *text = malloc(needed);
  check_ok(wlaw_result_json(fit, text, needed, &needed, err));
  check_ok(wlaw_output_whole(path, text, needed - 1, err));
  free(text);
  wlaw_result_free(fit);
  wlaw_error_free(err);
}

/* --init @FIT.json: run.json records the law with its numbers, so that the run is the one of the law written out, and
 * goes on after the fit's file is gone. */
static void initial_law_from_a_fit(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  char at[4200], whole[4096], broken[4096], text[1024];
  snprintf(at, sizeof at, "@%s", test_scratch("init.json"));
  snprintf(whole, sizeof whole, "%s", test_scratch("init-whole"));
  snprintf(broken, sizeof broken, "%s", test_scratch("init-broken"));
  write_fit(at + 1);
  const char *more[] = {"synthetic-features", "6", "synthetic-classes", "6", "hidden", "6,6", "init", at};
  check_ok(train(whole, more, 8, NULL, NULL, err));
  run_directory *run = NULL;
  check_ok(wlaw_run_open(&run, whole, err));
  snprintf(text, sizeof text, "%s", wlaw_run_init(run));
  wlaw_run_close(run);
  assert_true(strncmp(text, "iid(mean=", 9) == 0);
  check_ok(train(whole, more, 8, NULL, NULL, err)); /* the same command: complete already */
  const char *longer[] = {
      "synthetic-features", "6",    "synthetic-classes", "6", "hidden", "6,6", "init", at, "epochs", "400",
      "snapshots",          "0,400"};
  check_status(train(broken, longer, 12, cancel_when_done, &(countdown){2}, err), WLAW_CANCELLED);
  assert_int_equal(unlink(at + 1), 0);
  check_ok(resume(broken, err));
  longer[7] = text;
  const char *again = test_scratch("init-text");
  check_ok(train(again, longer, 12, NULL, NULL, err));
  check_same_run(again, broken);
  wlaw_error_free(err);
}

static void initial_law_of_another_size(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  char at[4200];
  snprintf(at, sizeof at, "@%s", test_scratch("init.json"));
  write_fit(at + 1);
  const char *const run = test_scratch("init-wrong");
  const char *more[] = {"synthetic-features", "6", "hidden", "6,5", "init", at};
  check_status(train(run, more, 6, NULL, NULL, err), WLAW_SHAPE);
  assert_non_null(strstr(wlaw_error_message(err), "layer2.weight"));
  assert_non_null(strstr(wlaw_error_message(err), "6x6 and says nothing of 5x6"));
  assert_false(wlaw_path_exists(run));
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(complete_run_holds_what_it_should),
      cmocka_unit_test(rows_of_numbers_that_are_none),
      cmocka_unit_test(thread_count_changes_nothing),
      cmocka_unit_test(thread_count_changes_nothing_for_wide_layers),
      cmocka_unit_test(killed_at_any_instant),
      cmocka_unit_test(cancelled_and_resumed),
      cmocka_unit_test(cancelled_and_resumed_in_other_groups),
      cmocka_unit_test(full_disk),
      cmocka_unit_test(what_is_there_is_not_overwritten),
      cmocka_unit_test(files_of_others_are_kept),
      cmocka_unit_test(a_resume_keeps_its_options),
      cmocka_unit_test(bad_requests),
      cmocka_unit_test(initial_law_from_a_fit),
      cmocka_unit_test(initial_law_of_another_size),
  };
  return cmocka_run_group_tests_name("study.train", tests, make_reference, NULL);
}
