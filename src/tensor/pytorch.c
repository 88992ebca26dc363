/* .pt, .pth: PyTorch checkpoints. Since version 1.6 a zip archive: data.pkl, the pickled tree, and one member of raw
 * elements for each storage, stored as it is, so that tensors are read in place. The pickle is never run
 * (tensor/pickle.h). */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "tensor/pytorch.h"

enum {
  SMALLEST_WINDOW = 1 << 12, /* bytes of the file held while gathering a tensor with strides */
  LARGEST_WINDOW = 1 << 20,
  LARGEST_RATIO = 32, /* of a deflated tree, which needs memory many times its size; honest ones shrink tenfold */
  SMALL_TREE = 1 << 16
};

/* -- the zip archive ------------------------------------------------------------------------------------------------
 */

typedef struct zip_context {
  zip_archive *zip;
  const char *folder; /* "archive/", not terminated */
  size_t n_folder;
} zip_context;

/* The member of this name beside data.pkl, or NULL. */
static wlaw_status find_beside(zip_member **member, const zip_context *context, const char *folder, const char *name,
                               size_t n_name, wlaw_error *err) {
  text_buffer path = {0};
  wlaw_text_add_bytes(&path, context->folder, context->n_folder);
  wlaw_text_add_bytes(&path, folder, strlen(folder));
  wlaw_text_add_bytes(&path, name, n_name);
  *member = path.failed ? NULL : wlaw_zip_find(context->zip, wlaw_text_string(&path));
  const bool failed = path.failed;
  wlaw_text_free(&path);
  return failed ? wlaw_fail_memory(err, n_name, 1) : WLAW_OK;
}

static wlaw_status find_zip_storage(torch_tree *tree, torch_storage *out, pickle_ref of, wlaw_error *err) {
  torch_storage_id id;
  WLAW_TRY(wlaw_pytorch_storage_id(&id, &tree->pickle, of, err));
  zip_member *member;
  WLAW_TRY(find_beside(&member, tree->context, "data/", id.key, id.n_key, err));
  if (!member)
    return wlaw_fail(err, WLAW_FORMAT, "the archive has no member data/%.*s, which should hold the elements",
                     id.n_key < 100 ? (int)id.n_key : 100, id.key);
  WLAW_TRY(wlaw_zip_check(member, err));
  const bool in_file = member->stored;
  *out = (torch_storage){.offset = in_file ? member->offset : 0,
                         .member = in_file ? NULL : member,
                         .dtype = wlaw_pytorch_dtype(id.type),
                         .type = id.type->name};
  if (__builtin_mul_overflow(id.count, wlaw_pytorch_unit(id.type), &out->bytes) || out->bytes > member->size)
    return wlaw_fail(err, WLAW_FORMAT, "the storage states %llu elements, its member has %llu bytes",
                     (unsigned long long)id.count, (unsigned long long)member->size);
  return WLAW_OK;
}

static wlaw_status read_byte_order(torch_tree *tree, wlaw_error *err) {
  const zip_context *context = tree->context;
  zip_member *member;
  char text[8] = "";
  WLAW_TRY(find_beside(&member, context, "", "byteorder", 9, err));
  if (!member) return WLAW_OK; /* older files: little-endian */
  WLAW_TRY(wlaw_zip_check(member, err));
  const size_t n = member->size < sizeof text ? (size_t)member->size : sizeof text - 1;
  WLAW_TRY(wlaw_zip_read(context->zip, member, 0, text, n, err));
  tree->big_endian = strcmp(text, "big") == 0;
  if (tree->big_endian || strcmp(text, "little") == 0) return WLAW_OK;
  return wlaw_fail(err, WLAW_FORMAT, "the archive's byteorder is neither little nor big");
}

static wlaw_status list_zip(torch_tree *tree, zip_member *member, unsigned char *bytes, wlaw_error *err) {
  zip_context *context = tree->context;
  WLAW_TRY(wlaw_zip_read(context->zip, member, 0, bytes, (size_t)member->size, err));
  const uint64_t base = member->stored ? member->offset : 0;
  const wlaw_status status = wlaw_pickle_parse(&tree->pickle, bytes, (size_t)member->size, base, wlaw_pytorch_names,
                                               wlaw_n_pytorch_names, err);
  WLAW_TRY(status);
  WLAW_TRY(read_byte_order(tree, err));
  return wlaw_pytorch_list(tree, err);
}

static wlaw_status open_zip(wlaw_tensors *tensors, wlaw_error *err) {
  zip_member *member = wlaw_zip_find_last_part(tensors->zip, "data.pkl");
  zip_context context = {tensors->zip, member->name, strlen(member->name) - strlen("data.pkl")};
  torch_tree tree = {.tensors = tensors, .context = &context, .find_storage = find_zip_storage};
  WLAW_TRY(wlaw_zip_check(member, err));
  if (member->size > PICKLE_LARGEST || member->size / LARGEST_RATIO > member->packed + SMALL_TREE / LARGEST_RATIO)
    return wlaw_fail(
        err, WLAW_LIMIT, "data.pkl has %llu bytes, packed in %llu: at most %d are read, and %d times as many",
        (unsigned long long)member->size, (unsigned long long)member->packed, PICKLE_LARGEST, LARGEST_RATIO);
  unsigned char *bytes = malloc((size_t)member->size + 1);
  if (!bytes) return wlaw_fail_memory(err, (size_t)member->size, 1);
  const wlaw_status status = list_zip(&tree, member, bytes, err);
  wlaw_pickle_free(&tree.pickle);
  free(bytes);
  return status;
}

/* -- reading --------------------------------------------------------------------------------------------------------
 */

/* What the last indices reach over, as many of them as fit: in order of the last index, elements of an image kept
 * channel by channel (channels_last) lie far apart, but those of one filter together. */
static size_t window_size(const tensor_info *info, const uint64_t *stride) {
  uint64_t reach = wlaw_dtype_size(info->dtype), size = SMALLEST_WINDOW;
  for (size_t d = info->rank; d-- > 0;) {
    reach += (info->shape[d] - 1) * stride[d] * wlaw_dtype_size(info->dtype); /* within the storage */
    if (reach > LARGEST_WINDOW) break;
    if (reach > size) size = reach;
  }
  return (size_t)size;
}

/* Elements [first, first + count) of a tensor with strides, from windows of the file. */
static wlaw_status gather(const wlaw_tensors *tensors, const tensor_info *info, const uint64_t *stride, uint64_t first,
                          uint64_t count, unsigned char *out, unsigned char *window, size_t window_bytes,
                          wlaw_error *err) {
  const size_t size = wlaw_dtype_size(info->dtype);
  uint64_t index[WLAW_MAX_RANK], at = info->offset, from = 0, held = 0, rest = first;
  for (size_t d = info->rank; d-- > 0; rest /= info->shape[d]) {
    index[d] = rest % info->shape[d];
    at += index[d] * stride[d] * size;
  }
  for (uint64_t k = 0; k < count; k++) {
    if (at < from || at + size > from + held) {
      from = at;
      held = tensors->file.size - from < window_bytes ? tensors->file.size - from : window_bytes;
      WLAW_TRY(wlaw_input_read(&tensors->file, from, window, (size_t)held, err));
    }
    memcpy(out + k * size, window + (at - from), size);
    for (size_t d = info->rank; d-- > 0;) { /* the next element, last index fastest */
      at += stride[d] * size;
      if (++index[d] < info->shape[d]) break;
      at -= info->shape[d] * stride[d] * size;
      index[d] = 0;
    }
  }
  return WLAW_OK;
}

/* Keeps nothing: any number of threads may read. */
static wlaw_status read_strided(const wlaw_tensors *tensors, const tensor_info *info, const uint64_t *stride,
                                uint64_t first, uint64_t count, void *out, wlaw_error *err) {
  const size_t n = window_size(info, stride);
  unsigned char *window = malloc(n);
  if (!window) return wlaw_fail_memory(err, n, 1);
  const wlaw_status status = gather(tensors, info, stride, first, count, out, window, n, err);
  free(window);
  return status;
}

static wlaw_status read_pytorch(wlaw_tensors *tensors, size_t i, uint64_t from, void *out, size_t n, wlaw_error *err) {
  const tensor_info *info = &tensors->info[i];
  const torch_place *place = &((const torch_state *)tensors->state)->places[i];
  const size_t size = wlaw_dtype_size(info->dtype); /* callers read whole elements */
  if (place->stride) return read_strided(tensors, info, place->stride, from / size, n / size, out, err);
  return wlaw_zip_read(tensors->zip, place->member, info->offset + from, out, n, err);
}

static wlaw_status open_pytorch(wlaw_tensors *tensors, wlaw_error *err) {
  unsigned char head[512];
  tensors->state = calloc(1, sizeof(torch_state));
  if (!tensors->state) return wlaw_fail_memory(err, 1, sizeof(torch_state));
  if (tensors->zip) return open_zip(tensors, err);
  const size_t n = tensors->file.size < sizeof head ? (size_t)tensors->file.size : sizeof head;
  WLAW_TRY(wlaw_input_read(&tensors->file, 0, head, n, err));
  if (wlaw_pytorch_is_tar(head, n)) return wlaw_pytorch_open_tar(tensors, err);
  const wlaw_status status = wlaw_pytorch_open_legacy(tensors, err);
  if (status != WLAW_FORMAT || wlaw_pytorch_is_legacy(head, n)) return status;
  /* only its ending says PyTorch; had it been a pickle of protocol 0 it would have been refused by name */
  wlaw_error_clear(err);
  return wlaw_fail(err, WLAW_FORMAT, "neither a zip archive nor a stream of pickles, as torch.save writes them");
}

static void close_pytorch(wlaw_tensors *tensors) {
  torch_state *state = tensors->state;
  if (!state) return;
  for (size_t i = 0; i < tensors->n; i++) free(state->places[i].stride);
  free(state->places);
  free(state);
}

static bool recognise(const unsigned char *head, size_t n) {
  return wlaw_pytorch_is_legacy(head, n) || wlaw_pytorch_is_tar(head, n);
}

const tensor_format wlaw_format_pytorch = {.name = "pytorch",
                                           .ending = ".pt",
                                           .recognise = recognise,
                                           .member = "data.pkl",
                                           .open = open_pytorch,
                                           .read = read_pytorch,
                                           .close = close_pytorch};
