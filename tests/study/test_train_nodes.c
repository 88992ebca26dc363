/* Runs drawn from laws of node variances: what their snapshots hold, that they resume to the same bytes at any number
 * of threads, and that the other verbs know their initial law. */
#include "study/study.h"

#include <time.h>

#include "study/run.h"
#include "study/same_run.h"
#include "tensor/tensor.h"

extern const command_spec wlaw_command_train, wlaw_command_compare, wlaw_command_report;

enum { NETWORKS = 8, INPUTS = 9, H1 = 40, H2 = 14, CLASSES = 4 };

static wlaw_status train(const char *run, const char *const *more, wlaw_progress progress, void *user,
                         wlaw_error *err) {
  static const char *const options[] = {"networks",
                                        "8",
                                        "hidden",
                                        "40,14",
                                        "epochs",
                                        "2",
                                        "lr",
                                        "0.01",
                                        "batch",
                                        "20",
                                        "threads",
                                        "2",
                                        "synthetic-train",
                                        "200",
                                        "synthetic-features",
                                        "9",
                                        "synthetic-classes",
                                        "4",
                                        "synthetic-test",
                                        "50",
                                        NULL};
  static const char *const inputs[] = {"synthetic"};
  wlaw_options *all = NULL;
  check_ok(wlaw_options_make(&all, &wlaw_command_train, err));
  for (size_t i = 0; options[i]; i += 2) check_ok(wlaw_options_set(all, options[i], options[i + 1], err));
  for (; *more; more += 2) check_ok(wlaw_options_set(all, more[0], more[1], err));
  check_ok(wlaw_options_set(all, "output", run, err));
  const wlaw_status status = wlaw_train(NULL, inputs, 1, all, progress, user, err);
  wlaw_options_free(all);
  return status;
}

static const char *make_run(const char *name, const char *const *more) {
  const char *run = test_scratch(name);
  wlaw_error *err = wlaw_error_new();
  check_ok(train(run, more, NULL, NULL, err));
  wlaw_error_free(err);
  return run;
}

/* count elements of a tensor; false: the snapshot has none of that name. */
static bool read_snapshot(const char *run, uint64_t epoch, const char *name, double *values, size_t count) {
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors = NULL;
  char *path = wlaw_run_snapshot_path(run, epoch);
  size_t i = 0;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  const bool there = wlaw_tensors_find(&i, tensors, name, err) == WLAW_OK;
  if (there) {
    check_ok(wlaw_tensors_read(tensors, i, 0, count, values, err));
    check_status(wlaw_tensors_read(tensors, i, count, 1, values, err), WLAW_ARGUMENT); /* there are no more */
  }
  wlaw_tensors_close(tensors);
  free(path);
  wlaw_error_free(err);
  return there;
}

static const char *const fixed_beta[] = {"init", "beta(eta=4,b=0.5)", "train-scales", "no", NULL};
static const char *const free_beta[] = {"init", "beta(eta=4,b=0.5)", NULL};

static void snapshots_hold_weights_and_variances(void **state) {
  (void)state;
  const char *fixed = make_run("fixed", fixed_beta), *free_scales = make_run("free", free_beta);
  static double lambda[3][NETWORKS * H1], of_free[NETWORKS * H1], w[2][NETWORKS * H1 * H2];
  for (uint64_t e = 0; e < 3; e++) {
    assert_true(read_snapshot(fixed, e, "layer2.node_variance", lambda[e], NETWORKS * H1));
    assert_false(read_snapshot(fixed, e, "layer1.node_variance", lambda[e], NETWORKS * H1));
    assert_true(read_snapshot(free_scales, e, "layer2.node_variance", of_free, NETWORKS * H1) == (e == 0));
    assert_memory_equal(lambda[0], lambda[e], sizeof lambda[0]);
  }
  assert_memory_equal(lambda[0], of_free, sizeof of_free);
  /* The same weights at first: one product of three roundings against one of one. Then V is trained, and a column whose
   * variance is tiny hardly moves while its weights move like all others. */
  read_snapshot(fixed, 0, "layer2.weight", w[0], NETWORKS * H1 * H2);
  read_snapshot(free_scales, 0, "layer2.weight", w[1], NETWORKS * H1 * H2);
  for (size_t i = 0; i < NETWORKS * H1 * H2; i++) check_near(w[0][i], w[1][i], 2e-7 * fabs(w[1][i]) + 1e-37);
  double moved_fixed = 0, moved_free = 0, still = 0;
  for (int run = 0; run < 2; run++) {
    static double later[NETWORKS * H1 * H2];
    read_snapshot(run ? free_scales : fixed, 2, "layer2.weight", later, NETWORKS * H1 * H2);
    for (size_t i = 0; i < NETWORKS * H1 * H2; i++) {
      const size_t node = i / (H1 * H2) * H1 + i % H1;
      double *const most = run ? &moved_free : lambda[0][node] < 1e-12 ? &still : &moved_fixed;
      *most = fmax(*most, fabs(later[i] - w[run][i]));
    }
  }
  assert_true(moved_fixed > 1e-2 && moved_free > 1e-2);
  assert_true(still < 1e-6);
}

typedef struct countdown {
  int calls;
} countdown;

static int cancel_when_done(void *user, double fraction, const char *what) {
  countdown *left = user;
  (void)fraction;
  (void)what;
  nanosleep(&(struct timespec){.tv_nsec = 110000000}, NULL); /* so that the next report is due at once */
  return --left->calls < 0;
}

static void resumed_and_threaded_to_the_same_bytes(void **state) {
  (void)state;
  static const char *const orders[] = {"independent", "shared"};
  wlaw_error *err = wlaw_error_new();
  for (size_t k = 0; k < 2; k++) {
    const char *const more[] = {"init",    "horseshoe",  "train-scales", "no",    "epochs",  "60",     "snapshots",
                                "0,60",    "save-every", "1000",         "order", orders[k], "biases", "true",
                                "threads", "1",          "activation",   "tanh",  NULL};
    char names[2][40];
    snprintf(names[0], sizeof names[0], "whole-%s", orders[k]);
    snprintf(names[1], sizeof names[1], "broken-%s", orders[k]);
    const char *whole = make_run(names[0], more), *run = test_scratch(names[1]);
    wlaw_status status = train(run, more, cancel_when_done, &(countdown){2}, err);
    assert_int_equal(status, WLAW_CANCELLED);
    wlaw_options *options = NULL;
    check_ok(wlaw_options_make(&options, &wlaw_command_train, err));
    check_ok(wlaw_options_set(options, "resume", "true", err));
    check_ok(wlaw_options_set(options, "threads", "3", err));
    check_ok(wlaw_train(NULL, &run, 1, options, NULL, NULL, err));
    wlaw_options_free(options);
    check_same_run(whole, run);
  }
  wlaw_error_free(err);
}

/* A run written down before --train-scales was there is the same run. */
static void older_runs_are_known_again(void **state) {
  (void)state;
  static const char *const plain[] = {"epochs", "0", NULL};
  const char *run = make_run("older", plain);
  char path[4200], *text = NULL;
  size_t n;
  wlaw_error *err = wlaw_error_new();
  snprintf(path, sizeof path, "%s/run.json", run);
  check_ok(wlaw_input_whole(&text, &n, path, 1 << 20, err));
  char *at = strstr(text, "\"train-scales\": \"yes\"");
  assert_non_null(at);
  char *end = strchr(at, '\n');
  memmove(at, end, strlen(end) + 1);
  write_text(path, text);
  check_ok(train(run, plain, NULL, NULL, err));
  const char *const other[] = {"epochs", "0", "train-scales", "no", "init", "beta", NULL};
  check_status(train(run, other, NULL, NULL, err), WLAW_EXISTS);
  free(text);
  wlaw_error_free(err);
}

/* Epoch 0 against the law the run records: within noise in every layer, the first one normal. Without moments compare
 * says so; the report goes on. */
static void other_verbs_know_the_initial_law(void **state) {
  (void)state;
  static const char *const beta[] = {"init", "beta(eta=4,b=0.5)", "epochs", "0", "networks", "300", NULL};
  static const char *const horseshoe[] = {"init", "horseshoe", "epochs", "1", NULL};
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  const char *run = make_run("law", beta), *heavy = make_run("heavy", horseshoe);
  for (int layer = 1; layer <= 3; layer++) {
    char name[32], at_start[4200];
    snprintf(name, sizeof name, "layer%d.weight", layer);
    snprintf(at_start, sizeof at_start, "%s@0", run);
    check_ok(call_verb(&result, &wlaw_command_compare, (const char *const[]){at_start, "init"}, 2,
                       (const char *const[]){"tensor", name, "law", "iid", NULL}, err));
    const double error = number_at(result, "standard_error");
    assert_true(error > 0 && error < 0.05);
    check_near(number_at(result, "debiased_squared"), 0, 5 * error);
    wlaw_result_free(result);
  }
  char at_start[4200], page[4200];
  snprintf(at_start, sizeof at_start, "%s@0", heavy);
  snprintf(page, sizeof page, "%s.html", heavy);
  check_status(call_verb(&result, &wlaw_command_compare, (const char *const[]){at_start, "init"}, 2,
                         (const char *const[]){"tensor", "layer2.weight", NULL}, err),
               WLAW_ARGUMENT);
  assert_non_null(strstr(wlaw_error_message(err), "no mean and variance"));
  check_ok(call_verb(&result, &wlaw_command_report, &heavy, 1, (const char *const[]){"output", page, NULL}, err));
  wlaw_result_free(result);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(snapshots_hold_weights_and_variances),
      cmocka_unit_test(resumed_and_threaded_to_the_same_bytes),
      cmocka_unit_test(older_runs_are_known_again),
      cmocka_unit_test(other_verbs_know_the_initial_law),
  };
  return cmocka_run_group_tests_name("study.train_nodes", tests, NULL, NULL);
}
