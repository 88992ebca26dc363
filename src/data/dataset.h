/* Data sets: labelled samples in memory, bytes kept as bytes. */
#ifndef WLAW_DATA_DATASET_H
#define WLAW_DATA_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "core/json.h"
#include "core/monitor.h"

/* Stored values are bytes (images) or floats (synthetic); one of the two pointers is NULL. The input of a network is
 * x[i, f] = scale[f] * stored[i, f] + shift[f] in single precision. */
typedef struct sample_set {
  size_t n;
  uint8_t *bytes;  /* [n, features] */
  float *values;   /* [n, features] */
  uint8_t *labels; /* [n], each < classes */
} sample_set;

typedef struct wlaw_dataset {
  char *name; /* "fashion-mnist", "mnist", "cifar-10", "synthetic", or the folder's last part */
  size_t features, classes;
  size_t image_shape[3]; /* channels, rows, cols; zeros where there is no image */
  sample_set train, test;
  float *scale, *shift; /* [features], as stored */
  uint32_t *place;      /* [features]: feature f is stored in column place[f] of values, scale and shift; NULL: f */
  json_t *description;  /* for run.json: name, source files with sha256, scaling in words, sizes; no paths */
} wlaw_dataset;

typedef struct dataset_request {
  const char *what;        /* a folder of IDX files, a cifar-10-batches-bin folder, or a name */
  const char *cache;       /* where fetched sets live; NULL: none */
  const char *pixel_range; /* "-1,1" (default) or "0,1": stored 0..255 maps there linearly */
  int standardize;         /* per feature over the training set instead; constant features become 0 */
  uint64_t seed;           /* of the synthetic teacher */
  size_t synthetic_features, synthetic_classes, synthetic_train, synthetic_test; /* 0: defaults */
} dataset_request;

/* WLAW_IO: a named set that is not on this machine (the hint says how to get it); WLAW_NAME: neither a name nor a
 * folder; WLAW_VALUE names file and index of a label or value that cannot be used. */
wlaw_status wlaw_dataset_open(wlaw_dataset **out, const dataset_request *request, wlaw_monitor *monitor,
                              wlaw_error *err);
void wlaw_dataset_free(wlaw_dataset *dataset); /* NULL allowed */

/* Stores images tile by tile (4 x 4 pixels of a channel) instead of row by row: then blocks of sixteen features are
 * more often all zero, which training passes over. Sets without images stay as they are. */
wlaw_status wlaw_dataset_tile(wlaw_dataset *dataset, wlaw_error *err);

#endif
