/* Progress and cancel: wraps the caller's callback, calls it at most 10 times a second. */
#ifndef WLAW_CORE_MONITOR_H
#define WLAW_CORE_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "weightlaw.h"

typedef struct wlaw_monitor {
  wlaw_progress call; /* may be NULL */
  void *user;
  const char *what;  /* current activity, shown with the fraction */
  double from, span; /* a stage's own [0, 1] is shown as from + span * fraction; {0, 0} means {0, 1} */
  uint64_t last_ns;  /* monotonic time of the last call; 0: none yet */
  bool cancelled;    /* sticky */
} wlaw_monitor;

/* Reports fraction when a tenth of a second has passed since the last report. Returns true when the work should stop.
 * Only from the thread that made the public call. monitor may be NULL. */
bool wlaw_monitor_report(wlaw_monitor *monitor, double fraction);

/* The part of progress that a stage fills now, and the same cut into shorter stages: from here on their own [0, 1] is
 * shown as [low, high] of the whole. monitor may be NULL. */
typedef struct monitor_span {
  double from, span;
} monitor_span;
monitor_span wlaw_monitor_span(const wlaw_monitor *monitor);
void wlaw_monitor_stage(wlaw_monitor *monitor, const monitor_span *whole, double low, double high);

/* WLAW_CANCELLED as an error. */
wlaw_status wlaw_fail_cancelled(wlaw_error *err);

uint64_t wlaw_clock_ns(void); /* monotonic */

#endif
