/* CIFAR-10 in its binary form: records of one label byte and 3 x 32 x 32 bytes (red, green, blue planes). */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/memory.h"
#include "data/source.h"

enum { CIFAR_FEATURES = 3 * 32 * 32, CIFAR_RECORD = 1 + CIFAR_FEATURES, CIFAR_CLASSES = 10, CIFAR_BATCHES = 5 };
enum { CIFAR_MOST_BYTES = 1 << 28 }; /* a published batch has 30,730,000 */

static const char *const train_names[CIFAR_BATCHES] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                                       "data_batch_4.bin", "data_batch_5.bin"};

wlaw_status wlaw_cifar_find(bool *there, const char *folder, wlaw_error *err) {
  char *path = wlaw_path_join(folder, train_names[0]);
  if (!path) return wlaw_fail_memory(err, strlen(folder), 1);
  *there = wlaw_path_exists(path);
  free(path);
  return WLAW_OK;
}

/* Makes room for n more samples. */
static wlaw_status samples_grow(sample_set *set, size_t n, wlaw_error *err) {
  size_t total, bytes;
  if (__builtin_add_overflow(set->n, n, &total) || __builtin_mul_overflow(total, (size_t)CIFAR_FEATURES, &bytes))
    return wlaw_fail_memory(err, n, CIFAR_FEATURES);
  uint8_t *images = realloc(set->bytes, bytes);
  if (images) set->bytes = images;
  uint8_t *labels = realloc(set->labels, total);
  if (labels) set->labels = labels;
  return images && labels ? WLAW_OK : wlaw_fail_memory(err, total, CIFAR_FEATURES);
}

static wlaw_status add_records(sample_set *set, const uint8_t *records, size_t bytes, wlaw_error *err) {
  if (bytes == 0 || bytes % CIFAR_RECORD != 0)
    return wlaw_fail(err, WLAW_FORMAT, "%zu bytes are not a whole number of records of %d bytes", bytes,
                     (int)CIFAR_RECORD);
  const size_t n = bytes / CIFAR_RECORD;
  WLAW_TRY(samples_grow(set, n, err));
  for (size_t i = 0; i < n; i++, set->n++) {
    const uint8_t *record = records + i * CIFAR_RECORD;
    if (record[0] >= CIFAR_CLASSES)
      return wlaw_fail(err, WLAW_VALUE, "label number %zu is %u, but labels go from 0 to %d", i, record[0],
                       CIFAR_CLASSES - 1);
    set->labels[set->n] = record[0];
    memcpy(set->bytes + set->n * CIFAR_FEATURES, record + 1, CIFAR_FEATURES);
  }
  return WLAW_OK;
}

static wlaw_status add_file(wlaw_dataset *dataset, sample_set *set, const char *folder, const char *name,
                            wlaw_error *err) {
  char *path = wlaw_path_join(folder, name), *bytes = NULL, sha256[65];
  if (!path) return wlaw_fail_memory(err, strlen(folder), 1);
  size_t n = 0;
  wlaw_status status = wlaw_input_whole(&bytes, &n, path, CIFAR_MOST_BYTES, err);
  if (status == WLAW_OK) status = add_records(set, (const uint8_t *)bytes, n, err);
  if (status == WLAW_OK) status = wlaw_hash_bytes(sha256, bytes, n, err);
  if (status == WLAW_OK) status = wlaw_dataset_add_source(dataset, name, "file", n, sha256, err);
  if (status != WLAW_OK) wlaw_error_in_file(err, status, path);
  free(bytes);
  free(path);
  return status;
}

wlaw_status wlaw_cifar_load(wlaw_dataset *dataset, const char *folder, wlaw_monitor *monitor, wlaw_error *err) {
  dataset->features = CIFAR_FEATURES;
  dataset->classes = CIFAR_CLASSES;
  dataset->image_shape[0] = 3;
  dataset->image_shape[1] = dataset->image_shape[2] = 32;
  for (int k = 0; k < CIFAR_BATCHES; k++) {
    if (wlaw_monitor_report(monitor, (double)k / (CIFAR_BATCHES + 1))) return wlaw_fail_cancelled(err);
    WLAW_TRY(add_file(dataset, &dataset->train, folder, train_names[k], err));
  }
  return add_file(dataset, &dataset->test, folder, "test_batch.bin", err);
}

static const char cached_name[] = "cifar-10-batches-bin";

static wlaw_status cifar_find(bool *present, const char *cache, wlaw_error *err) {
  *present = false;
  if (!cache) return WLAW_OK;
  char *folder = wlaw_path_join(cache, cached_name);
  if (!folder) return wlaw_fail_memory(err, strlen(cache), 1);
  const wlaw_status status = wlaw_cifar_find(present, folder, err);
  free(folder);
  return status;
}

static wlaw_status cifar_load_cached(wlaw_dataset *dataset, const dataset_request *request, wlaw_monitor *monitor,
                                     wlaw_error *err) {
  char *folder = wlaw_path_join(request->cache, cached_name);
  if (!folder) return wlaw_fail_memory(err, strlen(request->cache), 1);
  const wlaw_status status = wlaw_cifar_load(dataset, folder, monitor, err);
  free(folder);
  return status;
}

const dataset_source wlaw_source_cifar_10 = {
    .name = "cifar-10",
    .origin = "the binary version at https://www.cs.toronto.edu/~kriz/cifar.html",
    .how = "unpack cifar-10-binary.tar.gz and give its folder cifar-10-batches-bin, or put that folder into the cache",
    .find = cifar_find,
    .load = cifar_load_cached,
};
