/* Filling a series from a run directory or a tensor file, through the verbs fit and compare. */
#ifndef WLAW_REPORT_COLLECT_H
#define WLAW_REPORT_COLLECT_H

#include "core/monitor.h"
#include "report/series.h"

typedef struct collect_request {
  const char *input;   /* a run directory or a tensor file */
  const char *exclude; /* as fit's option: "none" or "dead" */
  const char *law;     /* of the distance: "auto" (the widest law the shape allows) or a law's name */
  const char *seed;    /* as given, for tests whose null is simulated */
  uint64_t seed_number;
  size_t degree;      /* of the highest invariants held against the laws; 0: none */
  bool degree_is_set; /* otherwise they are left out where they would take too long */
  unsigned threads;   /* 0: one for each processor */
} collect_request;

/* What cannot be fitted, compared or read is a gap with its reason; an error is what leaves nothing to show, memory
 * that runs out, and a cancel. */
wlaw_status wlaw_collect(report_series **out, const collect_request *request, wlaw_monitor *monitor, wlaw_error *err);

#endif
