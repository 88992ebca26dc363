/* A folder of four IDX files: images and labels, for training and for testing. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"
#include "data/idx_file.h"
#include "data/source.h"

/* What is looked for: PREFIX-images-idxN-TYPE[.gz], where some mirrors write a point for the dash before idx. */
typedef struct idx_role {
  const char *prefixes[3], *kind;
} idx_role;

enum { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS, ROLES };
static const idx_role roles[ROLES] = {
    {{"train-", NULL}, "images"},
    {{"train-", NULL}, "labels"},
    {{"t10k-", "test-", NULL}, "images"},
    {{"t10k-", "test-", NULL}, "labels"},
};

/* Moves *at past text when it starts with it. */
static bool take(const char **at, const char *text) {
  const size_t n = strlen(text);
  if (strncmp(*at, text, n) != 0) return false;
  *at += n;
  return true;
}

static bool matches(const idx_role *role, const char *name) {
  static const char *const types[] = {"ubyte", "byte", "short", "int", "float", "double"};
  const char *at = name;
  bool prefixed = false;
  for (size_t i = 0; role->prefixes[i] && !prefixed; i++) prefixed = take(&at, role->prefixes[i]);
  if (!prefixed || !take(&at, role->kind) || !(*at == '-' || *at == '.')) return false;
  at++;
  if (!take(&at, "idx") || *at < '1' || *at > '9') return false;
  at++;
  if (!take(&at, "-")) return false;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (take(&at, types[i])) return *at == '\0' || strcmp(at, ".gz") == 0;
  return false;
}

static size_t bare_length(const char *name) {
  const size_t n = strlen(name);
  return n > 3 && strcmp(name + n - 3, ".gz") == 0 ? n - 3 : n;
}

typedef struct idx_names {
  char *name[ROLES]; /* NULL: not found */
} idx_names;

static void names_free(idx_names *names) {
  for (int r = 0; r < ROLES; r++) free(names->name[r]);
}

/* A plain file goes before its gzipped twin; any other second candidate is ambiguous. */
static wlaw_status keep_name(char **kept, const char *name, wlaw_error *err) {
  if (*kept) {
    const size_t length = bare_length(name);
    if (length != bare_length(*kept) || strncmp(name, *kept, length) != 0) {
      const bool in_order = strcmp(*kept, name) < 0; /* the order of a folder's listing is not the same everywhere */
      return wlaw_fail(err, WLAW_ARGUMENT, "has two files for the same purpose, '%s' and '%s'", in_order ? *kept : name,
                       in_order ? name : *kept);
    }
    if (name[length]) return WLAW_OK;
  }
  char *copy = wlaw_text_duplicate(name, strlen(name));
  if (!copy) return wlaw_fail_memory(err, strlen(name), 1);
  free(*kept);
  *kept = copy;
  return WLAW_OK;
}

static wlaw_status find_names(idx_names *names, const char *folder, wlaw_error *err) {
  DIR *listing = opendir(folder);
  if (!listing) return wlaw_fail_errno(err, folder, "the folder cannot be read");
  wlaw_status status = WLAW_OK;
  const struct dirent *entry;
  while (status == WLAW_OK && (errno = 0, entry = readdir(listing)))
    for (int r = 0; r < ROLES && status == WLAW_OK; r++)
      if (matches(&roles[r], entry->d_name)) status = keep_name(&names->name[r], entry->d_name, err);
  if (status == WLAW_OK && errno) status = wlaw_fail_errno(err, folder, "the folder cannot be read");
  closedir(listing);
  return status == WLAW_OK ? WLAW_OK : wlaw_error_in_file(err, status, folder);
}

wlaw_status wlaw_idx_folder_find(bool *complete, const char *folder, wlaw_error *err) {
  *complete = false;
  if (!wlaw_path_is_folder(folder)) return WLAW_OK;
  idx_names names = {{0}};
  const wlaw_status status = find_names(&names, folder, NULL);
  *complete = status == WLAW_OK;
  for (int r = 0; r < ROLES; r++) *complete = *complete && names.name[r];
  names_free(&names);
  return status == WLAW_MEMORY ? wlaw_fail_memory(err, strlen(folder), 1) : WLAW_OK;
}

static wlaw_status check_complete(const idx_names *names, const char *folder, wlaw_error *err) {
  for (int r = 0; r < ROLES; r++) {
    if (names->name[r]) continue;
    wlaw_fail(err, WLAW_ARGUMENT, "the folder has no file %s%s-idx%s-ubyte[.gz]", roles[r].prefixes[0], roles[r].kind,
              strcmp(roles[r].kind, "images") == 0 ? "3" : "1");
    wlaw_error_add_hint(err, WLAW_ARGUMENT, "a data folder holds train-images, train-labels, t10k-images, t10k-labels");
    return wlaw_error_in_file(err, WLAW_ARGUMENT, folder);
  }
  return WLAW_OK;
}

/* Reads one file and records where it came from. */
static wlaw_status read_role(idx_file *file, wlaw_dataset *dataset, const char *folder, const char *name,
                             wlaw_error *err) {
  char *path = wlaw_path_join(folder, name), *bare = wlaw_text_duplicate(name, bare_length(name));
  wlaw_status status = path && bare ? wlaw_idx_read(file, path, err) : wlaw_fail_memory(err, strlen(name), 1);
  if (status == WLAW_OK)
    status = wlaw_dataset_add_source(dataset, bare, "uncompressed file", file->raw_bytes, file->sha256, err);
  free(path);
  free(bare);
  return status;
}

static wlaw_status take_images(sample_set *set, idx_file *file, wlaw_error *err) {
  if (file->rank < 2)
    return wlaw_fail(err, WLAW_SHAPE, "images need at least two dimensions (sample, feature), this has %zu",
                     file->rank);
  if (!file->count) return wlaw_fail(err, WLAW_VALUE, "holds no samples");
  set->n = (size_t)file->shape[0];
  if (file->dtype == WLAW_U8) {
    set->bytes = file->stored;
    file->stored = NULL;
    return WLAW_OK;
  }
  double value;
  const size_t size = wlaw_dtype_size(file->dtype);
  set->values = wlaw_array(file->count, sizeof *set->values);
  if (!set->values) return wlaw_fail_memory(err, file->count, sizeof *set->values);
  for (size_t i = 0; i < file->count; i++) {
    wlaw_dtype_to_double(&value, (const char *)file->stored + i * size, file->dtype, 1);
    set->values[i] = (float)value;
    if (!isfinite(set->values[i]))
      return wlaw_fail(err, WLAW_VALUE, "the value %g of sample %zu cannot be used", value, i / (file->count / set->n));
  }
  return WLAW_OK;
}

/* Labels as bytes. classes 0: not known yet, any label a byte can hold is fine. */
static wlaw_status take_labels(sample_set *set, const idx_file *file, size_t classes, wlaw_error *err) {
  if (file->rank != 1) return wlaw_fail(err, WLAW_SHAPE, "labels have one dimension, this file has %zu", file->rank);
  if (file->count != set->n) return wlaw_fail(err, WLAW_SHAPE, "%zu labels for %zu images", file->count, set->n);
  const size_t size = wlaw_dtype_size(file->dtype);
  set->labels = wlaw_array(set->n, 1);
  if (!set->labels) return wlaw_fail_memory(err, set->n, 1);
  for (size_t i = 0; i < set->n; i++) {
    double label;
    wlaw_dtype_to_double(&label, (const char *)file->stored + i * size, file->dtype, 1);
    if (!(label >= 0 && label <= 255 && label == floor(label)))
      return wlaw_fail(err, WLAW_VALUE, "label number %zu is %g: labels are whole numbers from 0 to 255", i, label);
    if (classes && label >= (double)classes)
      return wlaw_fail(err, WLAW_VALUE, "label number %zu is %g, but the training labels end at %zu", i, label,
                       classes - 1);
    set->labels[i] = (uint8_t)label;
  }
  return WLAW_OK;
}

static size_t count_classes(const sample_set *set) {
  size_t most = 0;
  for (size_t i = 0; i < set->n; i++)
    if (set->labels[i] > most) most = set->labels[i];
  return most + 1;
}

static void take_shape(wlaw_dataset *dataset, const idx_file *file) {
  dataset->features = file->count / (size_t)file->shape[0];
  if (file->rank == 3) dataset->image_shape[0] = 1;
  if (file->rank == 4) dataset->image_shape[0] = (size_t)file->shape[1];
  if (file->rank == 3 || file->rank == 4)
    for (int i = 0; i < 2; i++) dataset->image_shape[1 + i] = (size_t)file->shape[file->rank - 2 + (size_t)i];
}

static wlaw_status check_same_shape(const idx_file *train, const idx_file *test, wlaw_error *err) {
  bool same = train->rank == test->rank;
  for (size_t i = 1; same && i < train->rank; i++) same = train->shape[i] == test->shape[i];
  if (!same) return wlaw_fail(err, WLAW_SHAPE, "test images have another shape than training images");
  if ((train->dtype == WLAW_U8) != (test->dtype == WLAW_U8))
    return wlaw_fail(err, WLAW_SHAPE, "test images have another type than training images");
  return WLAW_OK;
}

/* What a file's reading leads to; the shape of the training images is kept for the test images. */
static wlaw_status take_file(wlaw_dataset *dataset, int role, idx_file *file, idx_file *train_shape, wlaw_error *err) {
  switch (role) {
    case TRAIN_IMAGES:
      WLAW_TRY(take_images(&dataset->train, file, err));
      take_shape(dataset, file);
      *train_shape = *file;
      train_shape->stored = NULL;
      return WLAW_OK;
    case TRAIN_LABELS:
      WLAW_TRY(take_labels(&dataset->train, file, 0, err));
      dataset->classes = count_classes(&dataset->train);
      if (dataset->classes >= 2) return WLAW_OK;
      return wlaw_fail(err, WLAW_VALUE, "every label is 0: two classes are needed at least");
    case TEST_IMAGES: WLAW_TRY(take_images(&dataset->test, file, err)); return check_same_shape(train_shape, file, err);
    default: return take_labels(&dataset->test, file, dataset->classes, err);
  }
}

static wlaw_status load_names(wlaw_dataset *dataset, const char *folder, const idx_names *names, wlaw_monitor *monitor,
                              wlaw_error *err) {
  idx_file train_shape = {0};
  for (int role = 0; role < ROLES; role++) {
    if (wlaw_monitor_report(monitor, (double)role / ROLES)) return wlaw_fail_cancelled(err);
    const char *name = names->name[role];
    idx_file file = {0};
    wlaw_status status = read_role(&file, dataset, folder, name, err);
    if (status == WLAW_OK) status = take_file(dataset, role, &file, &train_shape, err);
    wlaw_idx_free(&file);
    if (status != WLAW_OK) {
      char *path = wlaw_path_join(folder, name);
      if (path) wlaw_error_in_file(err, status, path);
      free(path);
      return status;
    }
  }
  return WLAW_OK;
}

wlaw_status wlaw_idx_folder_load(wlaw_dataset *dataset, const char *folder, wlaw_monitor *monitor, wlaw_error *err) {
  idx_names names = {{0}};
  wlaw_status status = find_names(&names, folder, err);
  if (status == WLAW_OK) status = check_complete(&names, folder, err);
  if (status == WLAW_OK) status = load_names(dataset, folder, &names, monitor, err);
  names_free(&names);
  return status;
}
