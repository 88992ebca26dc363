/* One unit of a report's work: a tensor at an epoch, fitted, compared and read. */
#ifndef WLAW_REPORT_COLLECT_UNIT_H
#define WLAW_REPORT_COLLECT_UNIT_H

#include <stdatomic.h>

#include "core/result.h"
#include "report/collect.h"
#include "report/read.h"

typedef struct unit_result {
  wlaw_result *fits[1 + REPORT_LAWS]; /* the automatic one, then single laws that it left out */
  wlaw_result *distance, *step;       /* to the initial law; to the snapshot before */
  invariant_rows invariants;
  departure_rows departures;
} unit_result;

typedef struct collector {
  const collect_request *request;
  const run_directory *run; /* NULL: a file */
  report_series *series;
  unit_result *units;                          /* [n_epochs * n_tensors], epoch slowest */
  invariant_set sets[GRAPH_ANTISYMMETRIC + 1]; /* by family; empty where not needed */
  bool *wants_histogram;                       /* [n_epochs] */
} collector;

/* The graphs that tell a tensor's matrices apart; all epochs have been fitted. */
graph_family wlaw_collect_family(const collector *all, const report_tensor *tensor);
/* The invariants to look at for a tensor; NULL: none. */
const invariant_set *wlaw_collect_set(const collector *all, const report_tensor *tensor);

/* A fit of the input at epoch e with these options, {name, value, ..., NULL, NULL}; a value of NULL is left out. The
 * epoch of a run is added. */
wlaw_status wlaw_collect_fit(wlaw_result **result, const collector *all, size_t e, const char *const *pairs,
                             wlaw_error *err);
/* What the layers of a run's networks know of each other, at all epochs (collect_nodes.c). */
wlaw_status wlaw_collect_nodes(collector *all, wlaw_monitor *monitor, wlaw_error *err);

/* For wlaw_parallel; context: a collector. First fits and distances; then, when the fits of all epochs have said which
 * invariants a tensor has, what is read from the weights themselves. */
wlaw_status wlaw_collect_fits(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err);
wlaw_status wlaw_collect_weights(void *context, size_t unit, unsigned worker, const atomic_bool *stop, wlaw_error *err);
void wlaw_unit_release(unit_result *unit);

/* Failures that end the report; all others leave a gap. */
bool wlaw_collect_is_fatal(wlaw_status status);
/* Keeps the sentence of a failure that leaves a gap; returns what the unit shall return. */
wlaw_status wlaw_collect_reason(char **why, wlaw_status status, const wlaw_error *reason, wlaw_error *err);

#endif
