/* .npz: a zip archive of .npy arrays, stored or deflated. Member names are tensor names, never paths of anything.
 * Nothing is unpacked into memory (tensor/packed.h); a member whose stated size deflate cannot reach, or differs from
 * what its array header asks for, is refused when the file is opened. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "tensor/npy_header.h"
#include "tensor/tensor.h"
#include "tensor/zip_archive.h"

static wlaw_status read_member_header(zip_archive *zip, zip_member *member, tensor_info *info, wlaw_error *err) {
  unsigned char head[NPY_PREFIX];
  size_t n, begin, end;
  WLAW_TRY(wlaw_zip_peek(zip, member, head, sizeof head, &n, err));
  WLAW_TRY(wlaw_npy_prefix(&begin, &end, head, n, err));
  if (end < n || end > member->size)
    return wlaw_fail(err, WLAW_FORMAT, "the array's header does not fit in the member");
  char *bytes = malloc(end);
  if (!bytes) return wlaw_fail_memory(err, end, 1);
  wlaw_status status = wlaw_zip_peek(zip, member, bytes, end, &n, err);
  if (status == WLAW_OK && n < end) status = wlaw_fail(err, WLAW_FORMAT, "the member ends in the array's header");
  if (status == WLAW_OK) status = wlaw_npy_parse(info, bytes + begin, begin, end, err);
  free(bytes);
  return status;
}

static wlaw_status read_member(zip_archive *zip, zip_member *member, tensor_info *info, wlaw_error *err) {
  WLAW_TRY(wlaw_zip_check(member, err));
  WLAW_TRY(read_member_header(zip, member, info, err));
  if (!info->note && info->bytes != member->size - info->offset)
    return wlaw_fail(err, WLAW_FORMAT, "the array asks for %llu bytes of data, the member has %llu",
                     (unsigned long long)info->bytes, (unsigned long long)(member->size - info->offset));
  return WLAW_OK;
}

/* Why a member cannot be an array we read; NULL when it may be one. */
static const char *refusal(const zip_member *member) {
  const size_t n = strlen(member->name);
  if (n < 4 || strcmp(member->name + n - 4, ".npy") != 0) return "not an array: the member's name does not end in .npy";
  return member->refusal;
}

static wlaw_status add_member(wlaw_tensors *tensors, zip_member *member, wlaw_error *err) {
  const char *why = refusal(member);
  tensor_info *info = wlaw_tensors_append(tensors);
  if (!info) return wlaw_fail_memory(err, tensors->n, sizeof *info);
  info->dtype = WLAW_DTYPE_COUNT;
  const size_t length = strlen(member->name), ending = why ? 0 : strlen(".npy");
  info->name = wlaw_text_duplicate(member->name, length - ending);
  if (!info->name) {
    tensors->n--;
    return wlaw_fail_memory(err, length, 1);
  }
  if (why) {
    info->note = wlaw_text_duplicate(why, strlen(why));
    return info->note ? WLAW_OK : wlaw_fail_memory(err, strlen(why), 1);
  }
  const wlaw_status status = read_member(tensors->zip, member, info, err);
  return status == WLAW_OK || status == WLAW_MEMORY ? status : wlaw_error_in_tensor(err, status, info->name);
}

static wlaw_status open_npz(wlaw_tensors *tensors, wlaw_error *err) {
  const zip_archive *zip = tensors->zip;
  bool any = zip->n == 0;
  for (size_t k = 0; k < zip->n; k++) {
    WLAW_TRY(add_member(tensors, &zip->members[k], err));
    if (!tensors->info[k].note) any = true;
  }
  return any ? WLAW_OK : wlaw_fail(err, WLAW_UNSUPPORTED, "the zip archive holds no .npy array of numbers");
}

static wlaw_status read_npz(wlaw_tensors *tensors, size_t i, uint64_t from, void *out, size_t n, wlaw_error *err) {
  zip_archive *zip = tensors->zip; /* tensors stand in the order of members */
  return wlaw_zip_read(zip, &zip->members[i], tensors->info[i].offset + from, out, n, err);
}

const tensor_format wlaw_format_npz = {
    .name = "npz", .ending = ".npz", .member = "", .open = open_npz, .read = read_npz};
