#include "tensor/tensor.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/error.h"
#include "core/text.h"
#include "tensor/zip_archive.h"

enum { HEAD_BYTES = 512 }; /* a tar archive's first header */

/* A new format is one file and one row here. Content is tried in this order: safetensors has no magic number but ends
 * its 8-byte length with zeros and goes on with '{', which no IDX file with any items does. ONNX and the index of
 * shards have nothing of the kind: the path's ending decides. Of zip archives the members' names decide, special
 * ones first. */
const tensor_format *const wlaw_tensor_formats[] = {
    &wlaw_format_npy,         &wlaw_format_pytorch, &wlaw_format_keras, &wlaw_format_npz,  &wlaw_format_hdf5,
    &wlaw_format_safetensors, &wlaw_format_idx,     &wlaw_format_gguf,  &wlaw_format_onnx, &wlaw_format_shards,
};
const size_t wlaw_n_tensor_formats = sizeof wlaw_tensor_formats / sizeof *wlaw_tensor_formats;

tensor_info *wlaw_tensors_append(wlaw_tensors *tensors) {
  if (tensors->n == tensors->capacity) {
    size_t bytes, capacity = tensors->capacity ? tensors->capacity : 4;
    if (tensors->capacity && __builtin_mul_overflow(capacity, (size_t)2, &capacity)) return NULL;
    if (__builtin_mul_overflow(capacity, sizeof *tensors->info, &bytes)) return NULL;
    tensor_info *grown = realloc(tensors->info, bytes);
    if (!grown) return NULL;
    tensors->info = grown;
    tensors->capacity = capacity;
  }
  tensor_info *info = &tensors->info[tensors->n++];
  *info = (tensor_info){0};
  return info;
}

wlaw_status wlaw_tensor_measure(tensor_info *info, wlaw_error *err) {
  uint64_t product = 1;
  bool empty = false, fits = true;
  for (size_t d = 0; d < info->rank; d++) {
    if (info->shape[d] == 0) empty = true;
    else if (__builtin_mul_overflow(product, info->shape[d], &product)) fits = false;
  }
  const uint64_t size = wlaw_dtype_size(info->dtype);
  uint64_t bytes = 0;
  if (!fits || __builtin_mul_overflow(product, size ? size : 1, &bytes) || bytes > INT64_MAX)
    return wlaw_fail(err, WLAW_LIMIT, "the shape asks for 2^63 bytes or more");
  info->count = empty ? 0 : product;
  info->bytes = empty ? 0 : product * size;
  return WLAW_OK;
}

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *wlaw_names_repeated(const char **names, size_t n) {
  if (n) qsort(names, n, sizeof *names, compare_texts);
  for (size_t i = 1; i < n; i++)
    if (strcmp(names[i - 1], names[i]) == 0) return names[i];
  return NULL;
}

wlaw_status wlaw_tensors_check_names(const wlaw_tensors *tensors, wlaw_error *err) {
  if (tensors->n < 2) return WLAW_OK;
  const char **names = calloc(tensors->n, sizeof *names);
  if (!names) return wlaw_fail_memory(err, tensors->n, sizeof *names);
  for (size_t i = 0; i < tensors->n; i++) names[i] = tensors->info[i].name;
  const char *twice = wlaw_names_repeated(names, tensors->n);
  free(names);
  if (!twice) return WLAW_OK;
  wlaw_fail(err, WLAW_FORMAT, "the name stands twice in the file, and which one is meant is not known");
  return wlaw_error_in_tensor(err, WLAW_FORMAT, twice);
}

static bool path_ends(const char *path, const char *ending) {
  const size_t n = strlen(path), m = strlen(ending);
  return n >= m && strcmp(path + n - m, ending) == 0;
}

/* Which format a zip archive holds is told by the names of its members; the rows stand from special to general. */
static wlaw_status recognise_zip(wlaw_tensors *tensors, wlaw_error *err) {
  WLAW_TRY(wlaw_zip_open(&tensors->zip, &tensors->file, err));
  for (size_t f = 0; f < wlaw_n_tensor_formats && !tensors->format; f++) {
    const char *member = wlaw_tensor_formats[f]->member;
    if (member && (!member[0] || wlaw_zip_find_last_part(tensors->zip, member)))
      tensors->format = wlaw_tensor_formats[f];
  }
  return WLAW_OK;
}

static wlaw_status recognise(wlaw_tensors *tensors, wlaw_error *err) {
  unsigned char head[HEAD_BYTES];
  const size_t n = tensors->file.size < sizeof head ? (size_t)tensors->file.size : sizeof head;
  if (n == 0) return wlaw_fail(err, WLAW_FORMAT, "the file is empty");
  WLAW_TRY(wlaw_input_read(&tensors->file, 0, head, n, err));
  if (wlaw_zip_recognise(head, n)) return recognise_zip(tensors, err);
  for (size_t f = 0; f < wlaw_n_tensor_formats; f++)
    if (wlaw_tensor_formats[f]->recognise && wlaw_tensor_formats[f]->recognise(head, n)) {
      tensors->format = wlaw_tensor_formats[f];
      return WLAW_OK;
    }
  /* a damaged file of a known ending gets that format's own, more precise, error */
  for (size_t f = 0; f < wlaw_n_tensor_formats; f++)
    if (wlaw_tensor_formats[f]->ending && path_ends(tensors->file.path, wlaw_tensor_formats[f]->ending)) {
      if (wlaw_tensor_formats[f]->member && !wlaw_tensor_formats[f]->recognise) return recognise_zip(tensors, err);
      tensors->format = wlaw_tensor_formats[f];
      return WLAW_OK;
    }
  return wlaw_error_add_hint(
      err, wlaw_fail(err, WLAW_FORMAT, "not a tensor file weightlaw knows"),
      "known are .safetensors (and the index of its shards), .gguf, .onnx, .pt and .pth, .h5, .keras, .npy, .npz and "
      "IDX files (plain or gzipped)");
}

/* A folder given for a file: names the one inside that was meant, the index of shards or the only .safetensors. */
static wlaw_status hint_inside(wlaw_error *err, wlaw_status status, const char *folder) {
  DIR *entries = opendir(folder);
  if (!entries) return status;
  char index[NAME_MAX + 1] = "", single[NAME_MAX + 1] = "";
  size_t n_indices = 0, n_singles = 0;
  for (const struct dirent *entry; (entry = readdir(entries));) {
    const bool is_index = path_ends(entry->d_name, wlaw_format_shards.ending);
    if (!is_index && !path_ends(entry->d_name, wlaw_format_safetensors.ending)) continue;
    snprintf(is_index ? index : single, sizeof index, "%s", entry->d_name);
    ++*(is_index ? &n_indices : &n_singles);
  }
  closedir(entries);
  const char *meant = n_indices == 1 ? index : n_indices == 0 && n_singles == 1 ? single : NULL;
  return meant ? wlaw_error_add_hint(err, status, "give the file in it, %s/%s", folder, meant) : status;
}

wlaw_status wlaw_tensors_open(wlaw_tensors **out, const char *path, wlaw_error *err) {
  if (!out || !path) return wlaw_fail(err, WLAW_ARGUMENT, "no path or no place for the result was given");
  wlaw_tensors *tensors = calloc(1, sizeof *tensors);
  if (!tensors) return wlaw_fail_memory(err, 1, sizeof *tensors);
  wlaw_status status = wlaw_input_open(&tensors->file, path, err);
  if (status == WLAW_IO && wlaw_path_is_folder(path)) status = hint_inside(err, status, path);
  if (status == WLAW_OK) status = recognise(tensors, err);
  if (status == WLAW_OK) status = tensors->format->open(tensors, err);
  if (status == WLAW_OK) status = wlaw_tensors_check_names(tensors, err);
  if (status == WLAW_OK) *out = tensors;
  else wlaw_tensors_close(tensors);
  return status == WLAW_OK ? WLAW_OK : wlaw_error_in_file(err, status, path);
}

void wlaw_tensors_close(wlaw_tensors *tensors) {
  if (!tensors) return;
  if (tensors->format && tensors->format->close) tensors->format->close(tensors);
  wlaw_zip_close(tensors->zip);
  if (tensors->map) munmap(tensors->map, (size_t)tensors->file.size);
  for (size_t i = 0; i < tensors->n; i++) {
    free(tensors->info[i].name);
    free(tensors->info[i].note);
  }
  free(tensors->info);
  wlaw_input_close(&tensors->file);
  free(tensors);
}

const char *wlaw_tensors_format(const wlaw_tensors *tensors) { return tensors->format->name; }
size_t wlaw_tensors_count(const wlaw_tensors *tensors) { return tensors->n; }

const char *wlaw_tensors_name(const wlaw_tensors *tensors, size_t i) {
  return i < tensors->n ? tensors->info[i].name : "";
}

wlaw_dtype wlaw_tensors_dtype(const wlaw_tensors *tensors, size_t i) {
  return i < tensors->n ? tensors->info[i].dtype : WLAW_DTYPE_COUNT;
}

const char *wlaw_tensors_encoding(const wlaw_tensors *tensors, size_t i) {
  if (i >= tensors->n) return "";
  return tensors->info[i].encoding ? tensors->info[i].encoding : wlaw_dtype_text(tensors->info[i].dtype);
}

size_t wlaw_tensors_rank(const wlaw_tensors *tensors, size_t i) { return i < tensors->n ? tensors->info[i].rank : 0; }

const uint64_t *wlaw_tensors_shape(const wlaw_tensors *tensors, size_t i) {
  static const uint64_t none[WLAW_MAX_RANK];
  return i < tensors->n ? tensors->info[i].shape : none;
}

const char *wlaw_tensors_note(const wlaw_tensors *tensors, size_t i) {
  return i < tensors->n && tensors->info[i].note ? tensors->info[i].note : "";
}

wlaw_status wlaw_tensors_find(size_t *i, const wlaw_tensors *tensors, const char *name, wlaw_error *err) {
  for (size_t k = 0; k < tensors->n; k++)
    if (strcmp(tensors->info[k].name, name) == 0) {
      *i = k;
      return WLAW_OK;
    }
  wlaw_fail(err, WLAW_NAME, "there is no tensor '%s'", name);
  wlaw_error_in_file(err, WLAW_NAME, tensors->file.path);
  const char **names = calloc(tensors->n + 1, sizeof *names);
  if (!names) return WLAW_NAME; /* the hint below is a courtesy */
  for (size_t k = 0; k < tensors->n; k++) names[k] = tensors->info[k].name;
  const char *nearest = wlaw_text_nearest(name, names, tensors->n);
  if (nearest) wlaw_error_add_hint(err, WLAW_NAME, "did you mean '%s'?", nearest);
  else if (tensors->n == 1) wlaw_error_add_hint(err, WLAW_NAME, "the file holds one tensor, '%s'", names[0]);
  else wlaw_error_add_hint(err, WLAW_NAME, "the file holds %zu tensors", tensors->n);
  free(names);
  return WLAW_NAME;
}
