/* .h5 (HDF5, as h5py and Keras 2 write it) and .keras (Keras 3: a zip archive with model.weights.h5 in it), through
 * libhdf5 where it was there at build time. Datasets that lie in one piece are read from the file without it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "tensor/tensor.h"
#include "tensor/zip_archive.h"

/* At the beginning; behind a user block (at 512, 1024, ...) the path's ending decides. */
static bool recognise(const unsigned char *head, size_t n) {
  return n >= 8 && memcmp(head, "\x89HDF\r\n\x1a\n", 8) == 0;
}

#if !defined(WLAW_HAVE_HDF5)

static wlaw_status open_hdf5(wlaw_tensors *tensors, wlaw_error *err) {
  (void)tensors;
  return wlaw_error_add_hint(err, wlaw_fail(err, WLAW_UNSUPPORTED, "an HDF5 file, which this build does not read"),
                             "build weightlaw where libhdf5 is installed (Debian: libhdf5-dev)");
}

const tensor_format wlaw_format_hdf5 = {.name = "hdf5", .ending = ".h5", .recognise = recognise, .open = open_hdf5};
const tensor_format wlaw_format_keras = {
    .name = "keras", .ending = ".keras", .member = "model.weights.h5", .open = open_hdf5};

#else

#include <pthread.h>

#include "tensor/hdf5.h"

enum {
  LARGEST_RATIO = 32, /* of a deflated file, which is held in memory; honest weights shrink little */
  SMALL_IMAGE = 1 << 26
};

/* libhdf5 keeps its state for the whole process; so does the lock that guards it. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

void wlaw_hdf5_begin(hdf5_section *section) {
  pthread_mutex_lock(&one_at_a_time);
  *section = (hdf5_section){0};
  H5Eget_auto2(H5E_DEFAULT, &section->print, &section->print_data);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5PLget_loading_state(&section->plugins);
  H5PLset_loading_state(0); /* a file must not choose code to be loaded */
}

void wlaw_hdf5_end(const hdf5_section *section) {
  H5PLset_loading_state(section->plugins);
  H5Eset_auto2(H5E_DEFAULT, section->print, section->print_data);
  pthread_mutex_unlock(&one_at_a_time);
}

typedef struct reason {
  char text[160];
  bool found, memory;
} reason;

static herr_t take_reason(unsigned n, const H5E_error2_t *entry, void *context) {
  (void)n;
  reason *out = context;
  if (entry->min_num == H5E_NOSPACE || entry->min_num == H5E_CANTALLOC) out->memory = true;
  if (!out->found && entry->desc) {
    strncpy(out->text, entry->desc, sizeof out->text - 1);
    out->found = true;
  }
  return 0;
}

wlaw_status wlaw_hdf5_fail(wlaw_error *err, const char *doing) {
  reason why = {.text = "no reason given"};
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_reason, &why);
  if (why.memory) return wlaw_fail_memory(err, 1, 1);
  wlaw_fail(err, WLAW_FORMAT, "HDF5: %s cannot be read: %s", doing, why.text);
  return WLAW_FORMAT;
}

/* -- opening --------------------------------------------------------------------------------------------------------
 */

/* A property list for opening: ids die with the file; no lock is taken, since nothing is written. */
static hid_t access_properties(void) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0) return access;
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(access, 0, 1);
#endif
  return access;
}

static wlaw_status open_path(hdf5_state *state, const wlaw_tensors *tensors, wlaw_error *err) {
  const hid_t access = access_properties();
  state->in_file = true;
  state->size = tensors->file.size;
  state->file = access < 0 ? access : H5Fopen(tensors->file.path, H5F_ACC_RDONLY, access);
  const wlaw_status status = state->file < 0 ? wlaw_hdf5_fail(err, "the file") : WLAW_OK;
  if (access >= 0) H5Pclose(access);
  return status;
}

/* Opens the n bytes, which libhdf5 copies, and copies again on opening: they are freed between, so that no more than
 * two copies exist at a time, and one afterwards. */
static wlaw_status open_bytes(hdf5_state *state, void *bytes, size_t n, wlaw_error *err) {
  char name[64]; /* libhdf5 takes two files in memory for one where their names are one */
  snprintf(name, sizeof name, "model.weights.h5 at %p", (void *)state);
  const hid_t access = access_properties();
  const bool copied =
      access >= 0 && H5Pset_fapl_core(access, 1 << 16, 0) >= 0 && H5Pset_file_image(access, bytes, n) >= 0;
  free(bytes);
  if (copied) state->file = H5Fopen(name, H5F_ACC_RDONLY, access);
  const wlaw_status status = state->file < 0 ? wlaw_hdf5_fail(err, "model.weights.h5") : WLAW_OK;
  if (access >= 0) H5Pclose(access);
  return status;
}

/* libhdf5 reads a file within a zip archive from memory only. */
static wlaw_status open_image(hdf5_state *state, zip_archive *zip, zip_member *member, wlaw_error *err) {
  WLAW_TRY(wlaw_zip_check(member, err));
  if (member->size > SIZE_MAX / 2) return wlaw_fail(err, WLAW_LIMIT, "model.weights.h5 is too large for memory");
  if (!member->stored && member->size > SMALL_IMAGE && member->size / LARGEST_RATIO > member->packed)
    return wlaw_fail(err, WLAW_LIMIT,
                     "model.weights.h5 has %llu bytes, packed in %llu: at most %d times as many are unpacked",
                     (unsigned long long)member->size, (unsigned long long)member->packed, LARGEST_RATIO);
  void *bytes = malloc((size_t)member->size + 1);
  if (!bytes) return wlaw_fail_memory(err, (size_t)member->size, 1);
  const wlaw_status status = wlaw_zip_read(zip, member, 0, bytes, (size_t)member->size, err);
  if (status != WLAW_OK) {
    free(bytes);
    return status;
  }
  state->in_file = member->stored;
  state->base = member->stored ? member->offset : 0;
  state->size = member->size;
  return open_bytes(state, bytes, (size_t)member->size, err);
}

static wlaw_status open_hdf5(wlaw_tensors *tensors, wlaw_error *err) {
  hdf5_state *state = calloc(1, sizeof *state);
  if (!state) return wlaw_fail_memory(err, 1, sizeof *state);
  tensors->state = state;
  state->file = state->dataset = -1;
  hdf5_section section;
  wlaw_hdf5_begin(&section);
  wlaw_status status =
      tensors->zip ? open_image(state, tensors->zip, wlaw_zip_find_last_part(tensors->zip, "model.weights.h5"), err)
                   : open_path(state, tensors, err);
  if (status == WLAW_OK) status = wlaw_hdf5_list(tensors, err);
  wlaw_hdf5_end(&section);
  return status;
}

static void close_hdf5(wlaw_tensors *tensors) {
  hdf5_state *state = tensors->state;
  if (!state) return;
  hdf5_section section;
  wlaw_hdf5_begin(&section);
  if (state->dataset >= 0) H5Dclose(state->dataset);
  if (state->file >= 0) H5Fclose(state->file);
  wlaw_hdf5_end(&section);
  free(state);
}

/* -- reading --------------------------------------------------------------------------------------------------------
 */

static wlaw_status select_dataset(wlaw_tensors *tensors, size_t i, wlaw_error *err) {
  hdf5_state *state = tensors->state;
  if (state->dataset >= 0 && state->current == i) return WLAW_OK;
  if (state->dataset >= 0) H5Dclose(state->dataset);
  const tensor_info *info = &tensors->info[i];
  state->current = i;
  state->dataset = H5Dopen2(state->file, info->name, H5P_DEFAULT);
  const size_t cache = state->dataset < 0 ? 0 : wlaw_hdf5_chunk_cache(state->dataset, info);
  if (cache) { /* once more, with room for its chunks */
    const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    H5Pset_chunk_cache(access, 12421, cache,
                       1.0); /* a prime, as H5Pset_chunk_cache asks for; read chunks leave first */
    H5Dclose(state->dataset);
    state->dataset = H5Dopen2(state->file, info->name, access);
    H5Pclose(access);
  }
  return state->dataset < 0 ? wlaw_hdf5_fail(err, "the dataset") : WLAW_OK;
}

/* A box of the dataset, whose elements stand in `out` one behind the other. */
static wlaw_status read_box(hid_t dataset, const tensor_info *info, const hsize_t *start, const hsize_t *count,
                            hsize_t elements, void *out, wlaw_error *err) {
  const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset), memory = H5Screate_simple(1, &elements, NULL);
  herr_t result = type < 0 || space < 0 || memory < 0 ? -1 : 0;
  /* `out` has room for what was listed, whatever the file has become */
  if (result >= 0 && H5Tget_size(type) != wlaw_dtype_size(info->dtype)) result = -1;
  if (result >= 0 && info->rank) result = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
  /* the type in memory is that of the file: no conversion, the stored bytes */
  if (result >= 0) result = H5Dread(dataset, type, memory, space, H5P_DEFAULT, out);
  const wlaw_status status = result < 0 ? wlaw_hdf5_fail(err, "the elements") : WLAW_OK;
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  if (memory >= 0) H5Sclose(memory);
  return status;
}

/* Elements [first, first + n), row by row, as few boxes as they fill: whole slices along the outermost index that the
 * place in the tensor and the rest of n allow. */
static wlaw_status read_range(hid_t dataset, const tensor_info *info, uint64_t first, uint64_t n, unsigned char *out,
                              wlaw_error *err) {
  while (n > 0) {
    hsize_t start[WLAW_MAX_RANK], count[WLAW_MAX_RANK];
    uint64_t rest = first, inner = 1, slices = 1;
    bool chosen = false;
    for (size_t d = info->rank; d-- > 0;) {
      const uint64_t index = rest % info->shape[d];
      start[d] = index;
      count[d] = chosen ? 1 : info->shape[d];
      rest /= info->shape[d];
      if (chosen) continue;
      if (index == 0 && n / inner >= info->shape[d]) {
        inner *= info->shape[d];
        continue; /* whole along d */
      }
      slices = n / inner < info->shape[d] - index ? n / inner : info->shape[d] - index;
      count[d] = slices;
      chosen = true;
    }
    const uint64_t elements = inner * slices;
    WLAW_TRY(read_box(dataset, info, start, count, elements, out, err));
    out += elements * wlaw_dtype_size(info->dtype);
    first += elements;
    n -= elements;
  }
  return WLAW_OK;
}

static wlaw_status read_hdf5(wlaw_tensors *tensors, size_t i, uint64_t from, void *out, size_t n, wlaw_error *err) {
  const tensor_info *info = &tensors->info[i];
  const hdf5_state *state = tensors->state;
  const size_t size = wlaw_dtype_size(info->dtype); /* callers read whole elements */
  hdf5_section section;
  wlaw_hdf5_begin(&section);
  wlaw_status status = select_dataset(tensors, i, err);
  if (status == WLAW_OK) status = read_range(state->dataset, info, from / size, n / size, out, err);
  wlaw_hdf5_end(&section);
  return status;
}

const tensor_format wlaw_format_hdf5 = {
    .name = "hdf5", .ending = ".h5", .recognise = recognise, .open = open_hdf5, .read = read_hdf5, .close = close_hdf5};
const tensor_format wlaw_format_keras = {.name = "keras",
                                         .ending = ".keras",
                                         .member = "model.weights.h5",
                                         .open = open_hdf5,
                                         .read = read_hdf5,
                                         .close = close_hdf5};
#endif
