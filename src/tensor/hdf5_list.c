/* What an HDF5 file holds: a walk along hard links, and what its datasets are. */
#include "tensor/tensor.h" /* in every build: C wants something in a file */
#if defined(WLAW_HAVE_HDF5)
#include "tensor/hdf5.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "tensor/packed.h"

enum {
  DEEPEST = 100,
  STEPS_PER_BYTE = 64,    /* bytes of paths made, at most, for each byte of the file */
  STEPS_PER_OBJECT = 512, /* added to each: a link has more than the 8 bytes this asks for */
  CACHE_BYTES = 64 << 20  /* of unpacked chunks, unless one alone is larger */
};

typedef struct group {
  const struct group *parent;
  unsigned long file;
  haddr_t address;
  size_t depth;
} group;

typedef struct walk {
  wlaw_tensors *tensors;
  text_buffer path;
  uint64_t steps;
  wlaw_status status;
  wlaw_error *err;
  const group *in; /* the group whose links are walked */
} walk;

static wlaw_status set_note(walk *w, tensor_info *info, const char *note) {
  info->dtype = WLAW_DTYPE_COUNT;
  info->note = wlaw_text_duplicate(note, strlen(note));
  return info->note ? WLAW_OK : wlaw_fail_memory(w->err, strlen(note), 1);
}

static wlaw_status new_row(walk *w, tensor_info **info) {
  *info = wlaw_tensors_append(w->tensors);
  if (!*info) return wlaw_fail_memory(w->err, w->tensors->n, sizeof **info);
  (*info)->dtype = WLAW_DTYPE_COUNT;
  (*info)->name = wlaw_text_duplicate(wlaw_text_string(&w->path), w->path.length);
  if ((*info)->name) return WLAW_OK;
  w->tensors->n--;
  return wlaw_fail_memory(w->err, w->path.length, 1);
}

static wlaw_status list_note(walk *w, const char *note) {
  tensor_info *info;
  WLAW_TRY(new_row(w, &info));
  return set_note(w, info, note);
}

/* -- element types --------------------------------------------------------------------------------------------------
 */

static wlaw_dtype float_type(hid_t type, size_t size) {
  static const struct {
    size_t size, exponent, mantissa, bias;
    wlaw_dtype dtype;
  } known[] = {
      {2, 5, 10, 15, WLAW_F16}, {2, 8, 7, 127, WLAW_BF16}, {4, 8, 23, 127, WLAW_F32}, {8, 11, 52, 1023, WLAW_F64}};
  size_t sign, exponent_at, exponent, mantissa_at, mantissa;
  if (H5Tget_fields(type, &sign, &exponent_at, &exponent, &mantissa_at, &mantissa) < 0) return WLAW_DTYPE_COUNT;
  if (mantissa_at != 0 || exponent_at != mantissa || sign != 8 * size - 1 || H5Tget_norm(type) != H5T_NORM_IMPLIED)
    return WLAW_DTYPE_COUNT;
  for (size_t k = 0; k < sizeof known / sizeof *known; k++)
    if (known[k].size == size && known[k].exponent == exponent && known[k].mantissa == mantissa &&
        known[k].bias == H5Tget_ebias(type))
      return known[k].dtype;
  return WLAW_DTYPE_COUNT;
}

static wlaw_dtype integer_type(hid_t type, size_t size) {
  if (H5Tget_precision(type) != 8 * size || H5Tget_offset(type) != 0) return WLAW_DTYPE_COUNT;
  const bool sign = H5Tget_sign(type) == H5T_SGN_2;
  switch (size) {
    case 1: return sign ? WLAW_I8 : WLAW_U8;
    case 2: return sign ? WLAW_I16 : WLAW_U16;
    case 4: return sign ? WLAW_I32 : WLAW_U32;
    case 8: return sign ? WLAW_I64 : WLAW_U64;
    default: return WLAW_DTYPE_COUNT;
  }
}

/* HDF5 has no bool: h5py, PyTables and Keras write an enumeration FALSE = 0, TRUE = 1 of one byte. */
static wlaw_dtype enum_type(hid_t type, size_t size) {
  char name[8];
  unsigned char value[8] = {1};
  if (size != 1 || H5Tget_nmembers(type) != 2) return WLAW_DTYPE_COUNT;
  if (H5Tget_member_value(type, 0, value) < 0 || value[0] > 1) return WLAW_DTYPE_COUNT;
  if (H5Tenum_nameof(type, value, name, sizeof name) < 0) return WLAW_DTYPE_COUNT;
  return strcmp(name, value[0] ? "TRUE" : "FALSE") == 0 ? WLAW_BOOL : WLAW_DTYPE_COUNT;
}

static wlaw_dtype number_type(hid_t type, bool *big_endian) {
  const size_t size = H5Tget_size(type);
  const H5T_class_t kind = H5Tget_class(type);
  const H5T_order_t order = H5Tget_order(type);
  *big_endian = order == H5T_ORDER_BE;
  if (kind == H5T_ENUM) return enum_type(type, size);
  if (kind != H5T_FLOAT && kind != H5T_INTEGER) return WLAW_DTYPE_COUNT;
  if (order != H5T_ORDER_LE && order != H5T_ORDER_BE && size > 1) return WLAW_DTYPE_COUNT;
  return kind == H5T_FLOAT ? float_type(type, size) : integer_type(type, size);
}

/* -- datasets -------------------------------------------------------------------------------------------------------
 */

/* One chunk, in bytes; 0 where the dataset does not lie in chunks. */
static uint64_t chunk_bytes(hid_t properties, const tensor_info *info, hsize_t *chunk) {
  if (H5Pget_layout(properties) != H5D_CHUNKED || info->rank == 0) return 0;
  if (H5Pget_chunk(properties, (int)info->rank, chunk) != (int)info->rank) return UINT64_MAX;
  uint64_t bytes = wlaw_dtype_size(info->dtype);
  for (size_t d = 0; d < info->rank; d++)
    if (__builtin_mul_overflow(bytes, (uint64_t)chunk[d], &bytes)) return UINT64_MAX;
  return bytes;
}

size_t wlaw_hdf5_chunk_cache(hid_t dataset, const tensor_info *info) {
  hsize_t chunk[WLAW_MAX_RANK];
  const hid_t properties = H5Dget_create_plist(dataset);
  if (properties < 0) return 0;
  const uint64_t one = chunk_bytes(properties, info, chunk);
  H5Pclose(properties);
  if (one == 0 || one > SIZE_MAX) return 0;
  uint64_t band = one; /* the chunks that a row of the tensor crosses */
  for (size_t d = 1; d < info->rank && band < CACHE_BYTES; d++) band *= 1 + (info->shape[d] - 1) / chunk[d];
  if (band > CACHE_BYTES) band = CACHE_BYTES;
  return (size_t)(one > band ? one : band);
}

/* Why a dataset with this creation property list is not read; NULL where it is. */
static const char *storage_refusal(hid_t properties, int *n_filters) {
  const H5D_layout_t layout = H5Pget_layout(properties);
  if (layout == H5D_VIRTUAL) return "not read: a view of other datasets (virtual)";
  if (layout == H5D_CONTIGUOUS && H5Pget_external_count(properties) != 0)
    return "not read: its elements lie in another file (external storage)";
  *n_filters = H5Pget_nfilters(properties);
  for (int k = 0; k < *n_filters; k++) {
    unsigned flags, config;
    size_t n_values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(properties, (unsigned)k, &flags, &n_values, NULL, 0, NULL, &config);
    if (filter < 0 || H5Zfilter_avail(filter) <= 0) return "not read: compressed by a filter that this libhdf5 lacks";
  }
  return NULL;
}

/* Elements that the file has never been given are not weights, and a size that the stored bytes cannot explain is a
 * lie, told before anything is allocated. */
static const char *size_refusal(hid_t dataset, hid_t properties, const tensor_info *info, int n_filters,
                                uint64_t file_size) {
  hsize_t chunk[WLAW_MAX_RANK];
  const uint64_t stated = H5Dget_storage_size(dataset), stored = stated < file_size ? stated : file_size;
  const uint64_t one = chunk_bytes(properties, info, chunk);
  const uint64_t needed = info->bytes > one ? info->bytes : one;
  if (info->count == 0) return NULL;
  if (n_filters ? wlaw_packed_plausible(needed, stored) && stored : needed <= stored) return NULL;
  return "not read: the file holds fewer bytes than its shape asks for (never written, or filled by a constant)";
}

/* Where the elements lie in the file as they are, reading needs no libhdf5. */
static void find_plain(walk *w, tensor_info *info, hid_t dataset, hid_t properties) {
  const hdf5_state *state = w->tensors->state;
  if (!state->in_file || H5Pget_layout(properties) != H5D_CONTIGUOUS || info->count == 0) return;
  const haddr_t at = H5Dget_offset(dataset);
  const uint64_t size = w->tensors->file.size;
  if (at == HADDR_UNDEF || at > size - state->base || info->bytes > size - state->base - at) return;
  info->offset = state->base + at;
  info->plain = true;
}

static wlaw_status describe_storage(walk *w, tensor_info *info, hid_t dataset) {
  const hdf5_state *state = w->tensors->state;
  int n_filters = 0;
  const hid_t properties = H5Dget_create_plist(dataset);
  if (properties < 0) return wlaw_hdf5_fail(w->err, "the dataset's layout");
  const char *refusal = storage_refusal(properties, &n_filters);
  if (!refusal) refusal = size_refusal(dataset, properties, info, n_filters, state->size);
  if (!refusal) find_plain(w, info, dataset, properties);
  H5Pclose(properties);
  return refusal ? set_note(w, info, refusal) : WLAW_OK;
}

static wlaw_status describe_shape(walk *w, tensor_info *info, hid_t space) {
  hsize_t dims[WLAW_MAX_RANK];
  const H5S_class_t kind = H5Sget_simple_extent_type(space);
  const int rank = kind == H5S_SIMPLE ? H5Sget_simple_extent_ndims(space) : 0;
  if (kind == H5S_NO_CLASS || rank < 0 || rank > WLAW_MAX_RANK ||
      (rank > 0 && H5Sget_simple_extent_dims(space, dims, NULL) != rank))
    return wlaw_hdf5_fail(w->err, "the dataset's shape");
  info->rank = (size_t)rank;
  for (int d = 0; d < rank; d++) info->shape[d] = dims[d];
  if (kind == H5S_NULL) return set_note(w, info, "an empty dataset without a shape");
  return info->dtype == WLAW_DTYPE_COUNT ? set_note(w, info, "not read: its elements are no numbers of a common type")
                                         : wlaw_tensor_measure(info, w->err);
}

static wlaw_status describe(walk *w, tensor_info *info, hid_t dataset) {
  const hid_t type = H5Dget_type(dataset);
  if (type < 0) return wlaw_hdf5_fail(w->err, "the dataset's type");
  info->dtype = number_type(type, &info->big_endian);
  H5Tclose(type);
  const hid_t space = H5Dget_space(dataset);
  if (space < 0) return wlaw_hdf5_fail(w->err, "the dataset's shape");
  const wlaw_status status = describe_shape(w, info, space);
  H5Sclose(space);
  WLAW_TRY(status);
  return info->note ? WLAW_OK : describe_storage(w, info, dataset);
}

/* -- links ----------------------------------------------------------------------------------------------------------
 */

static herr_t visit_link(hid_t in, const char *name, const H5L_info_t *link, void *context);

static wlaw_status walk_group(walk *w, hid_t object, const group *in) {
  const group *outer = w->in;
  hsize_t next = 0;
  w->in = in;
  w->status = WLAW_OK;
  /* in the file's own order: in that of names libhdf5 1.10 makes a table first, and frees what it never set where a
   * link cannot be read */
  const herr_t result = H5Literate(object, H5_INDEX_NAME, H5_ITER_NATIVE, &next, visit_link, w);
  w->in = outer;
  if (w->status != WLAW_OK) return w->status;
  return result < 0 ? wlaw_hdf5_fail(w->err, "the links of a group") : WLAW_OK;
}

static wlaw_status enter_group(walk *w, hid_t object, const H5O_info_t *about) {
  const group here = {w->in, about->fileno, about->addr, w->in->depth + 1};
  if (here.depth > DEEPEST) return wlaw_fail(w->err, WLAW_LIMIT, "groups are nested more than %d deep", DEEPEST);
  for (const group *above = w->in; above; above = above->parent)
    if (above->address == here.address && above->file == here.file)
      return list_note(w, "not followed: a link to a group that it stands in");
  return walk_group(w, object, &here);
}

static wlaw_status visit_object(walk *w, hid_t in, const char *name) {
  H5O_info_t about;
  const hid_t object = H5Oopen(in, name, H5P_DEFAULT);
  if (object < 0) return wlaw_hdf5_fail(w->err, "an object");
  wlaw_status status = WLAW_OK;
  tensor_info *info;
  if (H5Oget_info2(object, &about, H5O_INFO_BASIC) < 0) status = wlaw_hdf5_fail(w->err, "an object's header");
  else if (about.type == H5O_TYPE_GROUP) status = enter_group(w, object, &about);
  else if (about.type == H5O_TYPE_DATASET) {
    status = new_row(w, &info);
    if (status == WLAW_OK) status = describe(w, info, object);
  }
  H5Oclose(object);
  return status;
}

static wlaw_status visit_named(walk *w, hid_t in, const char *name, H5L_type_t type) {
  const size_t length = w->path.length;
  if (length) wlaw_text_add_bytes(&w->path, "/", 1);
  wlaw_text_add_bytes(&w->path, name, strlen(name));
  if (w->path.failed) return wlaw_fail_memory(w->err, length + strlen(name), 1);
  const size_t steps = w->path.length + STEPS_PER_OBJECT;
  if (steps > w->steps)
    return wlaw_fail(w->err, WLAW_LIMIT, "the file's links name more objects than a file of its size can hold");
  w->steps -= steps;
  wlaw_status status = WLAW_OK;
  /* no library writes a name with a slash: libhdf5 would take it for a path, through links of any kind */
  if (strchr(name, '/')) status = list_note(w, "not followed: a link whose name is a path");
  else if (type == H5L_TYPE_HARD) status = visit_object(w, in, name);
  else
    status = list_note(w, type == H5L_TYPE_SOFT ? "not followed: a soft link" : "not followed: a link to another file");
  if (status != WLAW_OK) wlaw_error_in_tensor(w->err, status, wlaw_text_string(&w->path));
  w->path.length = length;
  w->path.bytes[length] = '\0';
  return status;
}

static herr_t visit_link(hid_t in, const char *name, const H5L_info_t *link, void *context) {
  walk *w = context;
  w->status = visit_named(w, in, name, link->type);
  return w->status == WLAW_OK ? 0 : 1; /* 1: stop, without an error of libhdf5's own */
}

static int compare_names(const void *a, const void *b) {
  return strcmp(((const tensor_info *)a)->name, ((const tensor_info *)b)->name);
}

wlaw_status wlaw_hdf5_list(wlaw_tensors *tensors, wlaw_error *err) {
  const hdf5_state *state = tensors->state;
  walk w = {.tensors = tensors, .steps = state->size * STEPS_PER_BYTE, .err = err};
  H5O_info_t about;
  const hid_t root = H5Gopen2(state->file, "/", H5P_DEFAULT);
  if (root < 0) return wlaw_hdf5_fail(err, "the root group");
  wlaw_status status = WLAW_OK;
  if (H5Oget_info2(root, &about, H5O_INFO_BASIC) < 0) status = wlaw_hdf5_fail(err, "the root group");
  const group top = {NULL, about.fileno, about.addr, 0};
  if (status == WLAW_OK) status = walk_group(&w, root, &top);
  H5Gclose(root);
  if (tensors->n) qsort(tensors->info, tensors->n, sizeof *tensors->info, compare_names);
  wlaw_text_free(&w.path);
  return status;
}
#endif
