/* Where data sets come from: the registry of named sets, and what their files share. A new set is one file and one row
 * in dataset.c. */
#ifndef WLAW_DATA_SOURCE_H
#define WLAW_DATA_SOURCE_H

#include <stdbool.h>

#include "data/dataset.h"

/* A file that `data fetch` brings, gzipped at the mirrors. */
typedef struct source_file {
  const char *name;   /* "train-images-idx3-ubyte": as in the cache and, with ".gz", at the mirrors */
  const char *sha256; /* of the uncompressed content */
  size_t bytes;       /* of the uncompressed content */
} source_file;

typedef struct dataset_source {
  const char *name;
  const char *origin;       /* where it comes from, for `data list` */
  const char *how;          /* what to do when it is not there: a sentence without the point */
  const source_file *files; /* what fetch brings; NULL: it is not fetched */
  size_t n_files;
  const char *const *mirrors; /* https addresses ending in '/', tried in order; NULL at the end */
  /* Is it on this machine? cache may be NULL. Fails only where memory runs out. */
  wlaw_status (*find)(bool *present, const char *cache, wlaw_error *err);
  /* Fills all of a zeroed dataset but name, scale and shift, and adds to description.sources. */
  wlaw_status (*load)(wlaw_dataset *dataset, const dataset_request *request, wlaw_monitor *monitor, wlaw_error *err);
} dataset_source;

extern const dataset_source *const wlaw_dataset_sources[];
extern const size_t wlaw_n_dataset_sources;

/* NULL: no set of that name. */
const dataset_source *wlaw_dataset_source(const char *name);

/* A folder of IDX files under their usual names: {train,t10k|test}-{images,labels}-idxN-TYPE[.gz]. */
wlaw_status wlaw_idx_folder_load(wlaw_dataset *dataset, const char *folder, wlaw_monitor *monitor, wlaw_error *err);
/* Does it hold all four? Fails only where memory runs out. */
wlaw_status wlaw_idx_folder_find(bool *complete, const char *folder, wlaw_error *err);
/* A folder cifar-10-batches-bin: data_batch_1.bin ... data_batch_5.bin and test_batch.bin. */
wlaw_status wlaw_cifar_load(wlaw_dataset *dataset, const char *folder, wlaw_monitor *monitor, wlaw_error *err);
wlaw_status wlaw_cifar_find(bool *there, const char *folder, wlaw_error *err);

/* Adds {file, content, bytes, sha256} to description.sources. */
wlaw_status wlaw_dataset_add_source(wlaw_dataset *dataset, const char *file, const char *content, size_t bytes,
                                    const char *sha256, wlaw_error *err);

/* scale and shift of stored bytes so that 0 and 255 go to low and high. */
void wlaw_scaling_range(wlaw_dataset *dataset, double low, double high);
/* scale and shift to mean 0 and variance 1 over the training set, feature by feature; constant features become 0. */
wlaw_status wlaw_scaling_standardize(wlaw_dataset *dataset, wlaw_error *err);

/* Brings what is missing of a set into the cache; *brought counts the files that were downloaded. mirror: tried instead
 * of the set's own, or NULL; it may be plain http, since contents are checked. */
wlaw_status wlaw_dataset_fetch(size_t *brought, const dataset_source *source, const char *cache, const char *mirror,
                               wlaw_monitor *monitor, wlaw_error *err);

#endif
