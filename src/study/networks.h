/* Whole networks as the law `network` reads them: a run directory at an epoch, one file of stacked layers
 * [networks, out, in] (what train and draw write), or several checkpoints of one architecture, a network each. */
#ifndef WLAW_STUDY_NETWORKS_H
#define WLAW_STUDY_NETWORKS_H

#include <pthread.h>

#include "core/monitor.h"
#include "measure/network_moments.h"
#include "study/run.h"
#include "tensor/tensor.h"

typedef struct network_layer {
  char *weight, *bias;             /* names in the file; bias NULL: none */
  size_t weight_index, bias_index; /* of the tensors in their file (the first, if several); NETWORK_NONE: not there */
  size_t rows, cols;               /* out, in */
  bool transposed;                 /* stored [in, out] */
} network_layer;

typedef struct networks {
  size_t n_layers;
  network_layer *layers;
  size_t n;        /* networks that stay */
  size_t excluded; /* networks left out */
  uint64_t *kept;  /* ascending; NULL: all */
  bool has_epoch;
  uint64_t epoch;
  run_directory *run;    /* NULL unless it is a run */
  wlaw_tensors *tensors; /* one file with every network */
  char **paths;          /* one network a file */
  size_t n_paths;
  char *label;           /* what was asked for, for messages */
  char *uncovered;       /* a sentence on tensors of the file that belong to no layer; NULL: there are none */
  bool single;           /* every tensor is f32 and [out, in]: read as it is stored */
  pthread_mutex_t *lock; /* where `tensors` serves one thread at a time; NULL: it serves many */
} networks;

typedef struct networks_request {
  const char *const *paths;
  size_t n_paths;
  const char *layers; /* "name,name,...": weights in order, inputs first; NULL: as the file has them */
  network_side input; /* omitted: snapshots of a run may lack the first layer */
  bool has_epoch;     /* otherwise the last one */
  uint64_t epoch;
  bool exclude_dead;
} networks_request;

/* The layers of a file are its matrices in order, where names that differ in numbers alone go by these; their biases
 * are told by name, or by following their weight. Which way matrices are stored is told by their shapes, and where both
 * ways chain by names (a `kernel` is [in, out]), else they are [out, in]. WLAW_SHAPE naming the layers whose shapes do
 * not chain, or the tensor that differs from the first file's. */
wlaw_status wlaw_networks_open(networks **out, const networks_request *request, wlaw_error *err);
void wlaw_networks_close(networks *source); /* NULL allowed */
/* Leaves out further networks, by number; those that are not there are ignored. */
wlaw_status wlaw_networks_exclude(networks *source, const uint64_t *numbers, size_t n, wlaw_error *err);
uint64_t wlaw_networks_number(const networks *source, size_t k); /* in the input, of kept network k */

/* input: omitted, if it was in the request. */
void wlaw_networks_shape(network_shape *out, const networks *source, network_side input, network_side output);
/* Names of the tensors of a layout, [layout->n_tensors], borrowed from the source: for wlaw_network_trivial_name. */
void wlaw_networks_names(const char **names, const networks *source, const network_layout *layout);

/* Kept networks first .. first+count-1 into buffer, and block's views of it. buffer: wlaw_networks_bytes() * count
 * bytes, aligned for doubles. Safe from several threads. */
size_t wlaw_networks_bytes(const networks *source, const network_layout *layout); /* of one network */
wlaw_status wlaw_networks_read(network_block *block, void *buffer, const networks *source, const network_layout *layout,
                               size_t first, size_t count, wlaw_error *err);

/* ---- one pass over everything (networks_measure.c) */

/* Statistics of all networks, and of groups of neighbours: the delete-a-group jackknife's, and the units of parallel
 * work. How many groups depends on the networks and on the size of their sums alone: 200, fewer where they would take
 * more than 256 MiB together (25 with 784 labelled inputs: 10 MB each), at least 10. So memory does not grow with the
 * number of networks, and bytes do not depend on threads. */
typedef struct network_sample {
  network_moments *total;   /* with the sums for robust errors */
  size_t n_groups;          /* min(networks, 10 to 200) */
  network_moments **groups; /* without; NULL unless asked for */
} network_sample;

/* groups: keep them. A weight that is not finite is WLAW_VALUE with its network, tensor and place. */
wlaw_status wlaw_networks_measure(network_sample *out, const networks *source, const network_layout *layout,
                                  bool groups, unsigned threads, wlaw_monitor *monitor, wlaw_error *err);
void wlaw_network_sample_release(network_sample *sample); /* safe on a zeroed struct */

#endif
