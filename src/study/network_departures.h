/* What a fitted law of whole networks misses: invariants of an ensemble of networks beside what the law predicts,
 * within each weight that has two exchangeable sides (graphs of its rows and columns) and between tensors (stars and
 * paths). Three steps apart: choosing, measuring, judging; then words. */
#ifndef WLAW_STUDY_NETWORK_DEPARTURES_H
#define WLAW_STUDY_NETWORK_DEPARTURES_H

#include "core/json.h"
#include "law/network_wick.h"
#include "study/departures.h"
#include "study/networks.h"

typedef struct network_departures {
  network_layout layout;
  size_t degree;
  size_t n_weights, weights[NETWORK_LAYERS]; /* tensors with two exchangeable sides */
  invariant_set within;                      /* the graphs of one weight */
  network_invariant *between;
  size_t n_between, left_out; /* left_out: too many labels */
  size_t n;                   /* n_weights * within.n, weight by weight, then n_between */
  invariant_moments observed;
  departure *departures; /* [n] */
  departure_test test;   /* nothing is simulated */
} network_departures;

/* Every invariant of degree 2 to `degree`, at most NETWORK_DEGREE (and the one of degree 1 within each weight). On
 * failure *out needs no free. */
wlaw_status wlaw_network_departures_choose(network_departures *out, const network_layout *layout, size_t degree,
                                           wlaw_error *err);
void wlaw_network_departures_free(network_departures *departures); /* safe on a zeroed one */

/* Adds `count` networks of a block to `observed`, which has length n. */
wlaw_status wlaw_network_departures_measure(invariant_moments *observed, const network_departures *chosen,
                                            const network_block *block, size_t count, wlaw_error *err);
/* All networks of a source, into departures->observed. */
wlaw_status wlaw_network_departures_observe(network_departures *departures, const networks *source, unsigned threads,
                                            wlaw_monitor *monitor, wlaw_error *err);
/* Predicts under the law fitted to the networks observed, and judges. */
wlaw_status wlaw_network_departures_judge(network_departures *departures, const network_gaussian *law, unsigned threads,
                                          wlaw_monitor *monitor, wlaw_error *err);

/* ---- documents: failure is sticky in *failed (network_departures_words.c) ---- */

enum { DEPARTURE_FORMULA = 64, DEPARTURE_MEANING = 512 };
/* "sum W3_ij^2 W4_ki^2", layers counted from 1. */
void wlaw_network_departure_formula(char *out, size_t capacity, const network_departures *departures, size_t k);
/* What it says of the weights that invariant k departs: lower case and no full stop. names: of the layout's tensors. */
void wlaw_network_departure_meaning(char *out, size_t capacity, const network_departures *departures,
                                    const char *const *names, size_t k);
/* The list `invariants` and the object `departures`. */
json_t *wlaw_network_departures_list(bool *failed, const network_departures *departures, const char *const *names);
json_t *wlaw_network_departures_json(bool *failed, const network_departures *departures);
/* Sentences. */
void wlaw_network_departures_say(bool *failed, json_t *summary, json_t *warnings, const network_departures *departures,
                                 const char *const *names);

#endif
