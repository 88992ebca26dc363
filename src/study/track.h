/* Checkpoints over time: what the files of `track` share. */
#ifndef WLAW_STUDY_TRACK_H
#define WLAW_STUDY_TRACK_H

#include "core/json.h"
#include "study/checkpoint.h"

typedef struct track_point {
  char *path;
  bool has_epoch;
  uint64_t epoch;
} track_point;

/* One tensor at one point; NaN: not determined. */
typedef struct tracked_value {
  bool there;
  uint64_t rows, columns; /* rows are outputs */
  double k, se_k, lambda, se_lambda, scale, shape, alpha, se_alpha, mean, sd;
  uint64_t nonfinite, dead_rows, dead_columns;
  double distance;    /* from the first point, over the norm there */
  const char *reason; /* NULL, or why there is no k (a constant) */
} tracked_value;

/* One tensor through time. */
typedef struct tracked {
  char *name;
  tensor_role role;
  tracked_value *at; /* [points] */
} tracked;

typedef struct track {
  track_point *point;
  size_t n_points;
  size_t networks; /* of a run, whose matrices are pooled; 0: files */
  bool spectra;
  tracked *tensor;
  size_t n_tensors, capacity;
} track;

/* The document, weightlaw.track/1. first: of the first point, for what was skipped there. */
json_t *wlaw_track_json(bool *failed, const track *all, const scan_parts *first);

#endif
