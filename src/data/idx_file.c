#include "data/idx_file.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/memory.h"

void wlaw_idx_free(idx_file *file) {
  free(file->stored);
  *file = (idx_file){0};
}

/* The type byte of the header; 0 for a type IDX has not. */
static unsigned char idx_type(wlaw_dtype dtype) {
  switch (dtype) {
    case WLAW_U8: return 0x08;
    case WLAW_I8: return 0x09;
    case WLAW_I16: return 0x0B;
    case WLAW_I32: return 0x0C;
    case WLAW_F32: return 0x0D;
    case WLAW_F64: return 0x0E;
    default: return 0;
  }
}

static void swap_bytes(unsigned char *bytes, size_t count, size_t size) {
  for (size_t i = 0; i < count; i++, bytes += size)
    for (size_t k = 0; k < size / 2; k++) {
      const unsigned char kept = bytes[k];
      bytes[k] = bytes[size - 1 - k];
      bytes[size - 1 - k] = kept;
    }
}

static bool is_little_endian(void) {
  const uint16_t one = 1;
  unsigned char first;
  memcpy(&first, &one, 1);
  return first == 1;
}

/* The uncompressed file is its header and its data, so its digest needs no second reading: raw holds `header` free
 * bytes and then the data, which come back moved to the front, in native order. */
static wlaw_status hash_and_settle(idx_file *file, unsigned char *raw, size_t header, size_t size, wlaw_error *err) {
  const size_t bytes = file->count * size;
  raw[0] = raw[1] = 0;
  raw[2] = idx_type(file->dtype);
  raw[3] = (unsigned char)file->rank;
  for (size_t i = 0; i < file->rank; i++)
    for (int k = 0; k < 4; k++) raw[4 + 4 * i + (size_t)k] = (unsigned char)(file->shape[i] >> (24 - 8 * k));
  const bool swap = size > 1 && is_little_endian();
  if (swap) swap_bytes(raw + header, file->count, size);
  WLAW_TRY(wlaw_hash_bytes(file->sha256, raw, header + bytes, err));
  if (swap) swap_bytes(raw + header, file->count, size);
  memmove(raw, raw + header, bytes);
  file->raw_bytes = header + bytes;
  return WLAW_OK;
}

static wlaw_status read_open(idx_file *file, wlaw_tensors *tensors, wlaw_error *err) {
  file->dtype = wlaw_tensors_dtype(tensors, 0);
  file->rank = wlaw_tensors_rank(tensors, 0);
  if (strcmp(wlaw_tensors_format(tensors), "idx") != 0 || wlaw_tensors_count(tensors) != 1 || !idx_type(file->dtype))
    return wlaw_fail(err, WLAW_FORMAT, "is not an IDX file but %s", wlaw_tensors_format(tensors));
  memcpy(file->shape, wlaw_tensors_shape(tensors, 0), file->rank * sizeof *file->shape);
  const size_t header = 4 + 4 * file->rank, size = wlaw_dtype_size(file->dtype);
  size_t bytes = size, raw_bytes;
  for (size_t i = 0; i < file->rank; i++)
    if (file->shape[i] > UINT32_MAX || __builtin_mul_overflow(bytes, (size_t)file->shape[i], &bytes))
      return wlaw_fail(err, WLAW_LIMIT, "the data do not fit into memory");
  if (__builtin_add_overflow(bytes, header, &raw_bytes))
    return wlaw_fail(err, WLAW_LIMIT, "the data do not fit into memory");
  file->count = bytes / size;
  unsigned char *raw = wlaw_array(raw_bytes, 1);
  if (!raw) return wlaw_fail_memory(err, raw_bytes, 1);
  file->stored = raw;
  if (file->count) WLAW_TRY(wlaw_tensors_read_stored(tensors, 0, 0, file->count, raw + header, err));
  return hash_and_settle(file, raw, header, size, err);
}

wlaw_status wlaw_idx_read(idx_file *file, const char *path, wlaw_error *err) {
  *file = (idx_file){0};
  wlaw_tensors *tensors = NULL;
  WLAW_TRY(wlaw_tensors_open(&tensors, path, err));
  const wlaw_status status = read_open(file, tensors, err);
  wlaw_tensors_close(tensors);
  return status == WLAW_OK ? WLAW_OK : wlaw_error_in_file(err, status, path);
}
