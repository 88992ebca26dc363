/* What every test file includes: cmocka, comparisons that NaN fails, data that may be absent, folders to write in. */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "weightlaw.h"

/* |got - want| <= tolerance, false for NaN; prints the numbers when it fails. */
#define check_near(got, want, tolerance)                                                                               \
  do {                                                                                                                 \
    const double got_ = (got), want_ = (want), tolerance_ = (tolerance);                                               \
    if (!(fabs(got_ - want_) <= tolerance_))                                                                           \
      fail_msg("%s = %.17g, expected %s = %.17g within %.3g (off by %.3g)", #got, got_, #want, want_, tolerance_,      \
               fabs(got_ - want_));                                                                                    \
  } while (0)

/* A call that must succeed / must give this status. `err` is a wlaw_error in scope. */
#define check_ok(call)                                                                                                 \
  do {                                                                                                                 \
    const wlaw_status status_ = (call);                                                                                \
    if (status_ != WLAW_OK) fail_msg("%s: %s: %s", #call, wlaw_status_name(status_), wlaw_error_message(err));         \
  } while (0)
#define check_status(call, want)                                                                                       \
  do {                                                                                                                 \
    const wlaw_status status_ = (call);                                                                                \
    if (status_ != (want))                                                                                             \
      fail_msg("%s: %s, expected %s: %s", #call, wlaw_status_name(status_), wlaw_status_name(want),                    \
               wlaw_error_message(err));                                                                               \
  } while (0)

/* Path of a shared test file: $WEIGHTLAW_TEST_DATA/NAME, else shared/data/NAME beside the checkout. Skips the test with
 * a reason when it is not there. The result is good until the next four calls. */
static inline const char *test_data(const char *name) {
  static char paths[4][4096];
  static int turn;
  char *path = paths[turn++ & 3];
  const char *folder = getenv("WEIGHTLAW_TEST_DATA");
  if (folder) snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  else snprintf(path, sizeof paths[0], "%s/../../shared/data/%s", TEST_SOURCE_DIR, name);
  if (access(path, R_OK) != 0) {
    print_message("skipped: no data (%s)\n", name);
    skip();
  }
  return path;
}

/* A path in a fresh folder of this process, removed by nobody (it lies under the build folder's tests/scratch). */
static inline const char *test_scratch(const char *name) {
  static char paths[4][4096];
  static int turn;
  char *path = paths[turn++ & 3], folder[64];
  snprintf(folder, sizeof folder, "scratch-%ld", (long)getpid());
  if (access(folder, W_OK) != 0) {
    char command[128];
    snprintf(command, sizeof command, "mkdir -p %s", folder);
    if (system(command) != 0) fail_msg("cannot make %s", folder);
  }
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

#endif
