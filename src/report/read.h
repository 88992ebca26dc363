/* Filling a report_series: from documents of fit and compare, from metrics, from the configuration, from weights.
 * Missing keys, nulls and numbers of the wrong kind become NaN, never an error. */
#ifndef WLAW_REPORT_READ_H
#define WLAW_REPORT_READ_H

#include "core/json.h"
#include "report/series.h"
#include "study/ensemble.h"
#include "study/run.h"

/* The number at a path such as "parameters.VH.0.1" (indices of arrays; a list of one reads as its number), or NaN. */
double wlaw_read_number(const json_t *from, const char *path);

/* weightlaw.fit/1: the chosen law, every law tried, their tests. */
void wlaw_read_fit(tensor_point *point, const json_t *document);
/* weightlaw.compare/1. Names the tensor's blocks when it has no names yet. */
wlaw_status wlaw_read_distance(law_distance *distance, report_tensor *tensor, const json_t *document, wlaw_error *err);

/* The 13 invariants of every kept network of a square matrix (nothing of another one), networks ascending. */
typedef struct invariant_rows {
  size_t n;
  uint64_t *networks;
  double (*values)[REPORT_INVARIANTS];
} invariant_rows;

wlaw_status wlaw_read_invariants(invariant_rows *out, ensemble *source, size_t matrix, wlaw_error *err);
void wlaw_invariant_rows_free(invariant_rows *rows);

/* Moments of an initial weight, where all are independent and alike; NaN otherwise. */
typedef struct initial_moments {
  double mean, variance, kurtosis;
} initial_moments;

/* Fills the invariants of a tensor's points, and what they are held against. epochs: [n_epochs], empty where there is
 * no snapshot to read. */
void wlaw_read_changes(report_tensor *tensor, const invariant_rows *const *epochs, size_t n_epochs,
                       const initial_moments *initial);

/* Quantiles over networks; `first` of the epochs is epoch 0. */
wlaw_status wlaw_read_metrics(report_metrics **out, const run_metrics *metrics, wlaw_error *err);

/* run.json: the words about the experiment, and every setting as a row. */
wlaw_status wlaw_read_settings(report_series *series, const json_t *config, wlaw_error *err);

/* The invariants of a set, over the kept networks of a matrix, beside what its fits need. Empty: count 0. */
typedef struct departure_rows {
  matrix_moments moments;
  invariant_moments observed;
} departure_rows;

wlaw_status wlaw_departure_rows_read(departure_rows *out, const invariant_set *set, ensemble *source, size_t matrix,
                                     wlaw_error *err);
void wlaw_departure_rows_free(departure_rows *rows);

/* The graphs of a set, which departures are numbered by. */
wlaw_status wlaw_read_graphs(report_tensor *tensor, const invariant_set *set, wlaw_error *err);
/* Departures from one law at every epoch that could be measured; nothing where the tensor has no such law. The
 * global test for the widest law at the last epoch, with null's replicates where they are affordable. epochs:
 * [n_epochs], of that set. The predictions at all epochs share their combinatorics. */
wlaw_status wlaw_read_departures(report_tensor *tensor, report_law law, const invariant_set *set,
                                 const departure_rows *const *epochs, size_t n_epochs, const departure_null *null,
                                 wlaw_error *err);

/* Two passes over the kept networks of a matrix, in blocks. skip_diagonal: of a square matrix whose diagonal is zero.
 * Caller frees *out. */
wlaw_status wlaw_read_histogram(weight_histogram **out, ensemble *source, size_t matrix, bool skip_diagonal,
                                wlaw_error *err);

#endif
