/* Writing metrics.csv and timings.csv: rows appended epoch by epoch, synced; cut back on resume. */
#ifndef WLAW_STUDY_METRICS_H
#define WLAW_STUDY_METRICS_H

#include "study/run.h"

extern const char wlaw_metrics_header[]; /* with the newline */
extern const char wlaw_timings_header[];

/* Appends one row of metrics.csv to text. Without a train_loss (epoch 0) its field is left empty. */
void wlaw_metrics_row(text_buffer *text, uint64_t epoch, size_t network, bool has_train_loss, double train_loss,
                      double test_loss, double test_accuracy, network_condition condition);

/* Appends bytes to a file (wlaw_file_sync when they must last). When that fails the file is cut back to its old length.
 */
wlaw_status wlaw_rows_append(const char *path, const char *bytes, size_t n, wlaw_error *err);
/* Keeps the first n_lines lines; WLAW_FORMAT when there are fewer. A file that is not there counts as empty. */
wlaw_status wlaw_rows_cut(const char *path, size_t n_lines, wlaw_error *err);
/* Whole lines in a file; 0 when it is not there. */
wlaw_status wlaw_rows_count(size_t *n_lines, const char *path, wlaw_error *err);

#endif
