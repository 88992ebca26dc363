/* Filling a report_series: from documents of fit and compare, from metrics, from the configuration, from weights.
 * Missing keys, nulls and numbers of the wrong kind become NaN, never an error. */
#ifndef WLAW_REPORT_READ_H
#define WLAW_REPORT_READ_H

#include "core/json.h"
#include "report/series.h"
#include "study/run.h"

/* The number at a path such as "parameters.VH.0.1" (indices of arrays; a list of one reads as its number), or NaN. */
double wlaw_read_number(const json_t *from, const char *path);

/* weightlaw.fit/1: the chosen law, every law tried, their tests. */
void wlaw_read_fit(tensor_point *point, const json_t *document);
/* weightlaw.compare/1. Names the tensor's blocks when it has no names yet. */
wlaw_status wlaw_read_distance(report_tensor *tensor, size_t epoch, const json_t *document, wlaw_error *err);

/* Quantiles over networks; `first` of the epochs is epoch 0. */
wlaw_status wlaw_read_metrics(report_metrics **out, const run_metrics *metrics, wlaw_error *err);

/* run.json: the words about the experiment, and every setting as a row. */
wlaw_status wlaw_read_settings(report_series *series, const json_t *config, wlaw_error *err);

/* Two passes over tensor i of an open file, in blocks. skip: [n_skip] true for networks (first index of a tensor of
 * rank 3) to leave out, or NULL. Caller frees *out. */
wlaw_status wlaw_read_histogram(weight_histogram **out, wlaw_tensors *file, size_t i, const bool *skip, size_t n_skip,
                                wlaw_error *err);

#endif
