/* Departures of one matrix as `fit --degree` and `fit --graph` look at them: settings, steps, documents. */
#ifndef WLAW_STUDY_DEPARTURE_STUDY_H
#define WLAW_STUDY_DEPARTURE_STUDY_H

#include "core/json.h"
#include "core/option.h"
#include "study/departures.h"
#include "study/ensemble.h"

typedef struct departure_settings {
  size_t degree;      /* every graph up to it; 0: none */
  const char *graphs; /* "0-1,1-2;0-0" besides; NULL: none */
  bool says_replicates;
  size_t replicates; /* where it says so; otherwise as many as patience allows */
  double patience;   /* seconds one step may take by estimate */
  uint64_t seed;
  unsigned threads;
} departure_settings;

typedef struct departure_study {
  departure_settings settings;
  invariant_set set;
  invariant_moments observed;
  departure *departures; /* [set.n] */
  departure_test test;
  const law_ops *law;
  size_t rows, cols;
  double seconds; /* the estimate of the fewest replicates, where they are not simulated for it; otherwise 0 */
} departure_study;

/* Chooses the graphs for this matrix (law NULL: chosen later) and measures them beside the moments. WLAW_LIMIT with the
 * estimate where a named graph would take longer than patience. On failure *out needs no free. */
wlaw_status wlaw_departure_study_measure(departure_study *out, matrix_moments *moments,
                                         const departure_settings *settings, const law_ops *law, ensemble *source,
                                         size_t matrix, wlaw_monitor *monitor, wlaw_error *err);
/* Predicts, judges and simulates under this fit. */
wlaw_status wlaw_departure_study_judge(departure_study *study, const matrix_gaussian *law, wlaw_monitor *monitor,
                                       wlaw_error *err);
void wlaw_departure_study_free(departure_study *study); /* safe on a zeroed one */

/* ---- documents: failure is sticky in *failed ---- */

/* The 13 of degree 1 and 2 with their observed values alone; empty for rectangles. */
json_t *wlaw_invariants_observed_json(bool *failed, const matrix_moments *moments);
/* What one invariant of `networks` networks came to: the numbers of its object in `invariants`, and the reason of what
 * is null. */
void wlaw_departure_put(bool *failed, json_t *object, const departure *one, uint64_t networks);
/* The list `invariants` of a judged study. */
json_t *wlaw_departures_invariants_json(bool *failed, const departure_study *study);
/* The object `departures`. */
json_t *wlaw_departures_json(bool *failed, const departure_study *study);
/* Why there is no global p-value. */
void wlaw_departures_why_not_simulated(char *out, size_t capacity, const departure_study *study);
/* Puts `departures` into the document, and its sentences into the arrays. */
void wlaw_departures_put(bool *failed, json_t *document, json_t *summary, json_t *warnings,
                         const departure_study *study);

/* ---- which departures say the same ---- */

enum { DEPARTURE_GROUPS = 3 };

/* How many are significant at 5 %, by wlaw_departure_p. */
size_t wlaw_departures_significant(const departure *departures, size_t n);

/* A departure that matters, and how many others that do follow from it. */
typedef struct departure_group {
  size_t leader, followers;
} departure_group;

/* Groups of the departures significant at 5 % (adjusted: by simulation where there is one, else Holm), largest |z|
 * first. *left: significant ones in no group. */
wlaw_status wlaw_departures_group(departure_group groups[DEPARTURE_GROUPS], size_t *n_groups, size_t *left,
                                  const departure *departures, const departure_test *test, size_t n, wlaw_error *err);
/* The adjusted p-value that counts. */
double wlaw_departure_p(const departure *one);

#endif
