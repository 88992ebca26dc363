#include "data/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "data/source.h"

extern const dataset_source wlaw_source_fashion_mnist, wlaw_source_mnist, wlaw_source_cifar_10, wlaw_source_synthetic;

const dataset_source *const wlaw_dataset_sources[] = {
    &wlaw_source_fashion_mnist,
    &wlaw_source_mnist,
    &wlaw_source_cifar_10,
    &wlaw_source_synthetic,
};
const size_t wlaw_n_dataset_sources = sizeof wlaw_dataset_sources / sizeof *wlaw_dataset_sources;

const dataset_source *wlaw_dataset_source(const char *name) {
  for (size_t i = 0; i < wlaw_n_dataset_sources; i++)
    if (strcmp(wlaw_dataset_sources[i]->name, name) == 0) return wlaw_dataset_sources[i];
  return NULL;
}

static void samples_free(sample_set *set) {
  free(set->bytes);
  free(set->values);
  free(set->labels);
}

void wlaw_dataset_free(wlaw_dataset *dataset) {
  if (!dataset) return;
  free(dataset->name);
  samples_free(&dataset->train);
  samples_free(&dataset->test);
  free(dataset->scale);
  free(dataset->shift);
  free(dataset->place);
  json_decref(dataset->description);
  free(dataset);
}

wlaw_status wlaw_dataset_add_source(wlaw_dataset *dataset, const char *file, const char *content, size_t bytes,
                                    const char *sha256, wlaw_error *err) {
  bool failed = false;
  json_t *source = json_object();
  wlaw_json_put(&failed, source, "file", wlaw_json_text(file));
  wlaw_json_put(&failed, source, "content", json_string(content));
  wlaw_json_put(&failed, source, "bytes", wlaw_json_count(bytes));
  wlaw_json_put(&failed, source, "sha256", json_string(sha256));
  wlaw_json_append(&failed, json_object_get(dataset->description, "sources"), source);
  return failed ? wlaw_fail_memory(err, 1, sizeof(json_t *)) : WLAW_OK;
}

/* The last part of a path, without slashes at its end: "runs/mnist/" is "mnist". */
static char *folder_name(const char *path) {
  size_t end = strlen(path);
  while (end > 1 && path[end - 1] == '/') end--;
  size_t start = end;
  while (start && path[start - 1] != '/') start--;
  return wlaw_text_duplicate(path + start, end - start);
}

static wlaw_status fail_unknown(const char *what, wlaw_error *err) {
  if (wlaw_path_exists(what))
    return wlaw_error_in_file(err, wlaw_fail(err, WLAW_ARGUMENT, "is a file where a folder of data is needed"), what);
  const char *names[sizeof wlaw_dataset_sources / sizeof *wlaw_dataset_sources];
  for (size_t i = 0; i < wlaw_n_dataset_sources; i++) names[i] = wlaw_dataset_sources[i]->name;
  const char *nearest = wlaw_text_nearest(what, names, wlaw_n_dataset_sources);
  wlaw_fail(err, WLAW_NAME, "'%s' is neither a folder nor the name of a data set", what);
  if (nearest) return wlaw_error_add_hint(err, WLAW_NAME, "did you mean '%s'?", nearest);
  return wlaw_error_add_hint(err, WLAW_NAME, "see weightlaw data list");
}

static wlaw_status load_folder(wlaw_dataset *dataset, const char *folder, wlaw_monitor *monitor, wlaw_error *err) {
  bool cifar = false;
  WLAW_TRY(wlaw_cifar_find(&cifar, folder, err));
  return cifar ? wlaw_cifar_load(dataset, folder, monitor, err) : wlaw_idx_folder_load(dataset, folder, monitor, err);
}

static wlaw_status load(wlaw_dataset *dataset, const dataset_request *request, wlaw_monitor *monitor, wlaw_error *err) {
  bool failed = false;
  dataset->description = json_object();
  wlaw_json_put(&failed, dataset->description, "sources", json_array());
  if (failed) return wlaw_fail_memory(err, 1, sizeof(json_t *));
  const dataset_source *source = wlaw_dataset_source(request->what);
  if (!source && !wlaw_path_is_folder(request->what)) return fail_unknown(request->what, err);
  dataset->name = source ? wlaw_text_duplicate(source->name, strlen(source->name)) : folder_name(request->what);
  if (!dataset->name) return wlaw_fail_memory(err, strlen(request->what), 1);
  if (!source) return load_folder(dataset, request->what, monitor, err);
  bool present = false;
  WLAW_TRY(source->find(&present, request->cache, err));
  if (present) return source->load(dataset, request, monitor, err);
  wlaw_fail(err, WLAW_IO, "the data set '%s' is not on this machine", source->name);
  if (wlaw_path_is_folder(request->what))
    return wlaw_error_add_hint(err, WLAW_IO, "%s; the folder of that name is ./%s", source->how, source->name);
  return wlaw_error_add_hint(err, WLAW_IO, "%s", source->how);
}

/* Scale and shift, and the words for them. */
static wlaw_status set_scaling(wlaw_dataset *dataset, const dataset_request *request, const char **words,
                               wlaw_error *err) {
  const char *range = request->pixel_range ? request->pixel_range : "-1,1";
  dataset->scale = wlaw_array(dataset->features, sizeof *dataset->scale);
  dataset->shift = wlaw_array(dataset->features, sizeof *dataset->shift);
  if (!dataset->scale || !dataset->shift) return wlaw_fail_memory(err, dataset->features, sizeof *dataset->scale);
  if (request->standardize) {
    *words = "each feature to mean 0 and variance 1 over the training set; constant features to 0";
    return wlaw_scaling_standardize(dataset, err);
  }
  if (!dataset->train.bytes) {
    *words = "values as stored";
    for (size_t f = 0; f < dataset->features; f++) dataset->scale[f] = 1.0f;
  } else if (strcmp(range, "-1,1") == 0) {
    *words = "bytes 0 to 255 linearly to -1 to 1";
    wlaw_scaling_range(dataset, -1.0, 1.0);
  } else if (strcmp(range, "0,1") == 0) {
    *words = "bytes 0 to 255 linearly to 0 to 1";
    wlaw_scaling_range(dataset, 0.0, 1.0);
  } else {
    return wlaw_fail(err, WLAW_ARGUMENT, "the pixel range is '-1,1' or '0,1', not '%s'", range);
  }
  return WLAW_OK;
}

static wlaw_status describe(wlaw_dataset *dataset, const char *scaling, wlaw_error *err) {
  bool failed = false;
  json_t *description = dataset->description;
  wlaw_json_put(&failed, description, "name", wlaw_json_text(dataset->name));
  wlaw_json_put(&failed, description, "features", wlaw_json_count(dataset->features));
  wlaw_json_put(&failed, description, "classes", wlaw_json_count(dataset->classes));
  wlaw_json_put(&failed, description, "train", wlaw_json_count(dataset->train.n));
  wlaw_json_put(&failed, description, "test", wlaw_json_count(dataset->test.n));
  wlaw_json_put(&failed, description, "scaling", json_string(scaling));
  if (dataset->image_shape[0]) {
    json_t *shape = json_array();
    for (int i = 0; i < 3; i++) wlaw_json_append(&failed, shape, wlaw_json_count(dataset->image_shape[i]));
    wlaw_json_put(&failed, description, "image_shape", shape);
  }
  return failed ? wlaw_fail_memory(err, 1, sizeof(json_t *)) : WLAW_OK;
}

wlaw_status wlaw_dataset_open(wlaw_dataset **out, const dataset_request *request, wlaw_monitor *monitor,
                              wlaw_error *err) {
  wlaw_dataset *dataset = calloc(1, sizeof *dataset);
  if (!dataset) return wlaw_fail_memory(err, 1, sizeof *dataset);
  const char *scaling = "";
  wlaw_status status = load(dataset, request, monitor, err);
  if (status == WLAW_OK) status = set_scaling(dataset, request, &scaling, err);
  if (status == WLAW_OK) status = describe(dataset, scaling, err);
  if (status != WLAW_OK) {
    wlaw_dataset_free(dataset);
    return status;
  }
  *out = dataset;
  return WLAW_OK;
}
