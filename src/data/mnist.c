/* MNIST (LeCun, Cortes and Burges 1998), fetched into the cache and checked against its published content. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "data/source.h"

static const source_file mnist_files[] = {
    {"train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", 47040016},
    {"train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", 60008},
    {"t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", 7840016},
    {"t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", 10008},
};
enum { MNIST_FILES = sizeof mnist_files / sizeof *mnist_files };

static const char *const mnist_mirrors[] = {
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    NULL,
};

static wlaw_status mnist_find(bool *present, const char *cache, wlaw_error *err) {
  *present = false;
  if (!cache) return WLAW_OK;
  char *folder = wlaw_path_join(cache, "mnist");
  if (!folder) return wlaw_fail_memory(err, strlen(cache), 1);
  const wlaw_status status = wlaw_idx_folder_find(present, folder, err);
  free(folder);
  return status;
}

/* The cache is a folder anybody may write to: what lies there under this name must be the published set. */
static wlaw_status check_published(const wlaw_dataset *dataset, wlaw_error *err) {
  const json_t *sources = json_object_get(dataset->description, "sources");
  for (size_t i = 0; i < MNIST_FILES; i++) {
    const char *sha256 = json_string_value(json_object_get(json_array_get(sources, i), "sha256"));
    if (sha256 && strcmp(sha256, mnist_files[i].sha256) == 0) continue;
    wlaw_fail(err, WLAW_FORMAT, "the cached file %s is not the published one", mnist_files[i].name);
    return wlaw_error_add_hint(err, WLAW_FORMAT, "run weightlaw data fetch mnist");
  }
  return WLAW_OK;
}

static wlaw_status mnist_load(wlaw_dataset *dataset, const dataset_request *request, wlaw_monitor *monitor,
                              wlaw_error *err) {
  char *folder = wlaw_path_join(request->cache, "mnist");
  if (!folder) return wlaw_fail_memory(err, strlen(request->cache), 1);
  wlaw_status status = wlaw_idx_folder_load(dataset, folder, monitor, err);
  if (status == WLAW_OK) status = check_published(dataset, err);
  free(folder);
  return status;
}

const dataset_source wlaw_source_mnist = {
    .name = "mnist",
    .origin = "weightlaw data fetch mnist (11 MB, from public mirrors)",
    .how = "run weightlaw data fetch mnist, or give a folder of its four IDX files",
    .files = mnist_files,
    .n_files = MNIST_FILES,
    .mirrors = mnist_mirrors,
    .find = mnist_find,
    .load = mnist_load,
};
