/* Small runs for tests: trained, cancelled, killed, resumed. */
#ifndef TESTS_STUDY_TRAIN_RUN_H
#define TESTS_STUDY_TRAIN_RUN_H

#include "support/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* A small ensemble: 5 networks 8-6-5-4, 3 epochs of 7 batches (the last one is short). */
static const char *const base_options[] = {
    "networks",
    "5",
    "hidden",
    "6,5",
    "epochs",
    "3",
    "batch",
    "32",
    "synthetic-features",
    "8",
    "synthetic-classes",
    "4",
    "synthetic-train",
    "200",
    "synthetic-test",
    "50",
    "threads",
    "2",
    "save-every",
    "0",
};

static inline wlaw_options *make_options(const char *run, const char *const *more, size_t n_more) {
  wlaw_options *options = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_options_new(&options, "train", err));
  for (size_t i = 0; i < sizeof base_options / sizeof *base_options; i += 2)
    check_ok(wlaw_options_set(options, base_options[i], base_options[i + 1], err));
  for (size_t i = 0; i < n_more; i += 2) check_ok(wlaw_options_set(options, more[i], more[i + 1], err));
  check_ok(wlaw_options_set(options, "output", run, err));
  wlaw_error_free(err);
  return options;
}

static inline wlaw_status train(const char *run, const char *const *more, size_t n_more, wlaw_progress progress,
                                void *user, wlaw_error *err) {
  static const char *const inputs[] = {"synthetic"};
  wlaw_options *options = make_options(run, more, n_more);
  const wlaw_status status = wlaw_train(NULL, inputs, 1, options, progress, user, err);
  wlaw_options_free(options);
  return status;
}

static inline wlaw_status resume_on(const char *run, const char *threads, wlaw_error *err) {
  wlaw_options *options = NULL;
  wlaw_status status = wlaw_options_new(&options, "train", err);
  if (status == WLAW_OK) status = wlaw_options_set(options, "resume", "true", err);
  if (status == WLAW_OK && threads) status = wlaw_options_set(options, "threads", threads, err);
  if (status == WLAW_OK) status = wlaw_train(NULL, &run, 1, options, NULL, NULL, err);
  wlaw_options_free(options);
  return status;
}

static inline wlaw_status resume(const char *run, wlaw_error *err) { return resume_on(run, NULL, err); }

typedef struct countdown {
  int calls;
} countdown;

/* Sleeps longer than a tenth of a second, so that the next report is due at once however fast the machine is: an epoch
 * cannot end while its report is out. */
static inline int cancel_when_done(void *user, double fraction, const char *what) {
  countdown *left = user;
  (void)fraction;
  (void)what;
  nanosleep(&(struct timespec){.tv_nsec = 110000000}, NULL);
  return --left->calls < 0;
}

/* A child trains, is killed after a while (ns), and is started again until it ends; delays grow so that it does end. */
static inline void train_and_kill(const char *run, long delay, const char *const *more, size_t n_more) {
  wlaw_error *err = wlaw_error_new();
  for (int attempt = 0;; attempt++) {
    assert_true(attempt < 400);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      const wlaw_status status = train(run, more, n_more, NULL, NULL, err);
      if (status != WLAW_OK)
        print_error("attempt %d: %s\n", attempt, wlaw_error_message(err)); /* the test fails below */
      _exit(status == WLAW_OK ? 0 : 1);
    }
    nanosleep(&(struct timespec){.tv_sec = delay / 1000000000, .tv_nsec = delay % 1000000000}, NULL);
    kill(child, SIGKILL);
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    if (WIFEXITED(ended)) {
      assert_int_equal(WEXITSTATUS(ended), 0);
      break;
    }
    delay += delay / 16;
  }
  wlaw_error_free(err);
}

#endif
