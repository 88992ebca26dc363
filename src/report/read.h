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

/* weightlaw.fit/1: the chosen law, every law tried, their tests. Where the law is none of the page's, likelihoods read
 * before are forgotten: nothing is chosen among the page's laws. */
void wlaw_read_fit(tensor_point *point, const json_t *document);
/* Why none of the page's laws is chosen, as the fit says it; NULL where one is. */
const char *wlaw_read_unchosen(const json_t *document);
/* weightlaw.compare/1. Names the tensor's blocks when it has no names yet. */
wlaw_status wlaw_read_distance(report_tensor *tensor, size_t epoch, const json_t *document, wlaw_error *err);

/* Quantiles over networks; `first` of the epochs is epoch 0. */
wlaw_status wlaw_read_metrics(report_metrics **out, const run_metrics *metrics, wlaw_error *err);

/* run.json: the words about the experiment, and every setting as a row. */
wlaw_status wlaw_read_settings(report_series *series, const json_t *config, wlaw_error *err);

/* Two passes over the kept networks of a matrix, in blocks. Caller frees *out. */
wlaw_status wlaw_read_histogram(weight_histogram **out, ensemble *source, size_t matrix, wlaw_error *err);

#endif
