/* Where the matrices of fits and comparisons come from: a run directory at an epoch, a file of stacked matrices,
 * several files with a network each, or an array in memory. Matrices are read in blocks and never kept. */
#ifndef WLAW_STUDY_ENSEMBLE_H
#define WLAW_STUDY_ENSEMBLE_H

#include <pthread.h>

#include "core/monitor.h"
#include "measure/invariants.h"
#include "measure/moments.h"
#include "study/run.h"
#include "tensor/tensor.h"

/* One weight matrix of every network. */
typedef struct ensemble_matrix {
  char *name;   /* "layer2.weight"; "" where the file has no names */
  size_t index; /* of the tensor in its file (the first file, if several) */
  size_t networks, rows, cols;
  bool first, last; /* of the layers of a run: not all its rows and columns are exchangeable */
} ensemble_matrix;

typedef struct ensemble {
  ensemble_matrix *matrices;
  size_t n_matrices;
  size_t excluded; /* networks left out */
  uint64_t *kept;  /* the networks that stay, ascending; NULL: all */
  size_t n_kept;
  bool has_epoch;
  uint64_t epoch;
  run_directory *run;    /* NULL unless it is a run */
  const double *array;   /* in memory, [networks, rows, cols], not owned */
  wlaw_tensors *tensors; /* one file with every network */
  char **paths;          /* one network a file */
  size_t n_paths;
  char *label; /* what was asked for, for messages */
  pthread_mutex_t lock;
} ensemble;

typedef struct ensemble_request {
  const char *const *paths;
  size_t n_paths;
  const char *tensor; /* NULL: every weight matrix */
  bool has_epoch;     /* otherwise the last one */
  uint64_t epoch;
  bool exclude_dead; /* leave out networks flagged constant or non-finite at that epoch (never for low accuracy) */
} ensemble_request;

/* Files of the first kind may hold [networks, rows, cols], or [rows, cols] for one network. */
wlaw_status wlaw_ensemble_open(ensemble **out, const ensemble_request *request, wlaw_error *err);
wlaw_status wlaw_ensemble_array(ensemble **out, const double *weights, size_t networks, size_t rows, size_t cols,
                                wlaw_error *err);
void wlaw_ensemble_close(ensemble *source); /* NULL allowed */

/* The shape of tensor i, which is [networks, rows, cols] or [rows, cols]. */
wlaw_status wlaw_ensemble_shape(ensemble_matrix *out, const wlaw_tensors *tensors, size_t i, wlaw_error *err);
/* The tensor of another file, with one network, that goes with `matrix` of the first: the same name (or the only one),
 * the same shape. */
wlaw_status wlaw_ensemble_match(size_t *index, const wlaw_tensors *tensors, const ensemble_matrix *matrix,
                                const char *first, wlaw_error *err);

/* Leaves out further networks, by number; those that are not there are ignored. Runs only. */
wlaw_status wlaw_ensemble_exclude(ensemble *source, const uint64_t *networks, size_t n, wlaw_error *err);
/* The number in the input of kept network k. */
uint64_t wlaw_ensemble_network(const ensemble *source, size_t k);

/* Matrices of kept networks first .. first+count-1 into out: [count, rows, cols]. Safe from several threads. */
wlaw_status wlaw_ensemble_read(ensemble *source, size_t matrix, size_t first, size_t count, double *out,
                               wlaw_error *err);

/* Reads everything once. moments: over the kept networks, pivot from the first of them. q: NULL, or their statistics
 * [networks, moments->length]. A weight that is not finite is WLAW_VALUE with its place. Chunks of 64 networks, cut by
 * the data and merged in order: the same bytes on any number of threads. */
wlaw_status wlaw_ensemble_measure(matrix_moments *moments, double *q, ensemble *source, size_t matrix, unsigned threads,
                                  wlaw_monitor *monitor, wlaw_error *err);

/* The same pass, with the invariants of a plan beside the moments: invariants is empty, of the plan's length. Values
 * that overflow leave a mean that is not finite. */
wlaw_status wlaw_ensemble_measure_invariants(matrix_moments *moments, invariant_moments *invariants,
                                             const invariant_plan *plan, ensemble *source, size_t matrix,
                                             unsigned threads, wlaw_monitor *monitor, wlaw_error *err);

/* "none" or the rule by which networks were left out. */
const char *wlaw_ensemble_rule(const ensemble_request *request);

#endif
