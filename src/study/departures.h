/* What a fitted law misses: invariants of an ensemble beside what the law predicts for them. Three steps apart, so that
 * several laws and epochs share them: choosing graphs and measuring them (study/ensemble.h), predicting, judging. */
#ifndef WLAW_STUDY_DEPARTURES_H
#define WLAW_STUDY_DEPARTURES_H

#include "core/monitor.h"
#include "law/wick.h"
#include "measure/invariants.h"

enum { DEPARTURE_DEGREE = 4 }; /* the highest of which every graph is looked at */

/* Graphs to look at, ready to be measured and predicted (wlaw_wick_predict). */
typedef struct invariant_set {
  graph_family family;
  size_t n;
  graph *graphs; /* [n], canonical, no two alike */
  invariant_plan *plan;
  wick_plan *wick;
} invariant_set;

/* The graphs that tell such matrices apart: those of the law's symmetry (NULL: the widest of the shape). */
graph_family wlaw_departure_family(const law_ops *law, size_t rows, size_t cols);
/* Every graph of degree 1 to `degree` (0: none), then those named in `texts`: "0-1,1-2,2-0;0-0,0-1" (NULL: none). On
 * failure *out needs no free. */
wlaw_status wlaw_invariant_set_make(invariant_set *out, graph_family family, size_t degree, const char *texts,
                                    wlaw_error *err);
void wlaw_invariant_set_free(invariant_set *set); /* safe on a zeroed one */

/* One invariant, observed and predicted. NaN: not determined. */
typedef struct departure {
  double observed, predicted;
  double sd;             /* over networks, divisor N - 1 */
  double standard_error; /* of observed - predicted, by the score test */
  bool fitted;           /* equal by construction: nothing to judge */
  double deviation_se;   /* z */
  double deviation_sd, relative;
  double p_value, p_adjusted, p_benjamini_yekutieli; /* normal, two-sided; Holm */
  double p_simulated;                                /* from replicates under the fitted law, refitted */
  double p_simulated_adjusted;                       /* share of replicates whose largest |z| of all is as large */
} departure;

/* out, predictions: [observed->length]. */
wlaw_status wlaw_departures_judge(departure *out, const invariant_moments *observed,
                                  const graph_prediction *predictions, wlaw_error *err);

/* The global test: the largest |z| of the invariants not fitted. */
typedef struct departure_test {
  size_t tested;     /* invariants that have a z */
  size_t worst;      /* the one of the largest |z|; set->n where none is tested */
  double max_z;      /* |z| of the worst; NaN where none is tested */
  size_t replicates; /* 0: not simulated */
  double p_value;    /* (1 + replicates with as large a maximum) / (1 + replicates); NaN: not simulated */
  double *z;         /* [replicates, n]: what the law alone gives; NULL */
} departure_test;

typedef struct departure_null {
  size_t networks, replicates;
  uint64_t seed;
  unsigned threads;
} departure_null;

/* Finds the worst; nothing simulated yet. */
void wlaw_departures_test(departure_test *out, const departure *departures, size_t n);
/* Draws ensembles of `networks` matrices from the law, refits each, and keeps the standard errors of the departures, so
 * that only observed and predicted fluctuate (Westfall and Young 1993 for the adjusted p-values: one step, max |z|).
 * Fills the simulated p-values. Streams (seed, STREAM_DEPARTURE, replicate, network). */
wlaw_status wlaw_departures_simulate(departure_test *test, departure *departures, const invariant_set *set,
                                     const matrix_gaussian *law, const departure_null *null, wlaw_monitor *monitor,
                                     wlaw_error *err);
void wlaw_departure_test_free(departure_test *test);

/* Seconds of one core, estimated from sizes alone, so that no choice made by them depends on the machine: of measuring
 * the set on networks, of predicting it with errors, and of one replicate. */
double wlaw_departure_measure_seconds(const invariant_set *set, size_t rows, size_t cols, size_t networks);
double wlaw_departure_predict_seconds(const invariant_set *set);
double wlaw_departure_replicate_seconds(const invariant_set *set, const matrix_gaussian *law, size_t networks);

#endif
