/* IDX (the files of MNIST): two zeros, an element type, the rank, big-endian sizes, then big-endian elements, row by
 * row (http://yann.lecun.com/exdb/mnist, "the IDX file format"). Plain or gzipped. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "tensor/gzip.h"
#include "tensor/tensor.h"

enum { MAGIC_BYTES = 4, SIZE_BYTES = 4, LARGEST_HEADER = MAGIC_BYTES + SIZE_BYTES * WLAW_MAX_RANK };

typedef struct idx_state {
  packed_stream stream;
  gzip_reader gzip;
} idx_state;

static wlaw_dtype dtype_of(unsigned char code) {
  switch (code) {
    case 0x08: return WLAW_U8;
    case 0x09: return WLAW_I8;
    case 0x0B: return WLAW_I16;
    case 0x0C: return WLAW_I32;
    case 0x0D: return WLAW_F32;
    case 0x0E: return WLAW_F64;
    default: return WLAW_DTYPE_COUNT;
  }
}

static bool is_gzip(const unsigned char *head, size_t n) { return n >= 2 && head[0] == 0x1F && head[1] == 0x8B; }

static bool recognise(const unsigned char *head, size_t n) {
  if (is_gzip(head, n)) return true;
  return n >= MAGIC_BYTES && head[0] == 0 && head[1] == 0 && dtype_of(head[2]) != WLAW_DTYPE_COUNT && head[3] != 0;
}

static wlaw_status parse_header(tensor_info *info, const unsigned char *head, size_t n, wlaw_error *err) {
  if (n < MAGIC_BYTES)
    return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the data end before the IDX magic number"), n);
  info->dtype = dtype_of(head[2]);
  if (head[0] || head[1] || info->dtype == WLAW_DTYPE_COUNT || head[3] == 0)
    return wlaw_error_at_byte(
        err,
        wlaw_fail(err, WLAW_FORMAT, "%02x %02x %02x %02x is no IDX magic number", head[0], head[1], head[2], head[3]),
        0);
  if (head[3] > WLAW_MAX_RANK)
    return wlaw_fail(err, WLAW_LIMIT, "%u dimensions are more than the %d weightlaw reads", head[3], WLAW_MAX_RANK);
  info->rank = head[3];
  info->offset = MAGIC_BYTES + SIZE_BYTES * info->rank;
  if (n < info->offset)
    return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the data end before the last of %zu sizes", info->rank),
                              n);
  for (size_t d = 0; d < info->rank; d++) {
    const unsigned char *at = head + MAGIC_BYTES + SIZE_BYTES * d;
    info->shape[d] = (uint64_t)at[0] << 24 | (uint64_t)at[1] << 16 | (uint64_t)at[2] << 8 | at[3];
  }
  info->big_endian = true;
  return wlaw_tensor_measure(info, err);
}

static wlaw_status open_plain(wlaw_tensors *tensors, tensor_info *info, wlaw_error *err) {
  unsigned char head[LARGEST_HEADER];
  const uint64_t size = tensors->file.size;
  const size_t n = size < sizeof head ? (size_t)size : sizeof head;
  WLAW_TRY(wlaw_input_read(&tensors->file, 0, head, n, err));
  WLAW_TRY(parse_header(info, head, n, err));
  info->plain = true;
  if (info->bytes != size - info->offset)
    return wlaw_error_at_byte(err,
                              wlaw_fail(err, WLAW_FORMAT, "the sizes ask for %llu bytes of data, %llu follow",
                                        (unsigned long long)info->bytes, (unsigned long long)(size - info->offset)),
                              info->offset);
  return WLAW_OK;
}

static wlaw_status open_gzip(wlaw_tensors *tensors, tensor_info *info, wlaw_error *err) {
  idx_state *state = calloc(1, sizeof *state);
  if (!state) return wlaw_fail_memory(err, 1, sizeof *state);
  tensors->state = state;
  state->gzip.file = &tensors->file;
  state->stream = (packed_stream){.source = &wlaw_gzip_source, .context = &state->gzip};
  unsigned char head[LARGEST_HEADER];
  size_t n;
  WLAW_TRY(wlaw_packed_start(&state->stream, err));
  WLAW_TRY(wlaw_packed_next(&state->stream, head, sizeof head, &n, err));
  const wlaw_status status = parse_header(info, head, n, err);
  if (status != WLAW_OK)
    return wlaw_error_add_hint(err, status, "a gzipped file is read as IDX; bytes count in the unpacked data");
  state->stream.size = info->offset + info->bytes;
  if (!wlaw_packed_plausible(state->stream.size, tensors->file.size))
    return wlaw_fail(err, WLAW_FORMAT, "the sizes ask for %llu bytes, more than %llu gzipped bytes can hold",
                     (unsigned long long)state->stream.size, (unsigned long long)tensors->file.size);
  return WLAW_OK;
}

static wlaw_status open_idx(wlaw_tensors *tensors, wlaw_error *err) {
  tensor_info *info = wlaw_tensors_append(tensors);
  if (!info) return wlaw_fail_memory(err, 1, sizeof *info);
  info->name = wlaw_text_duplicate("", 0);
  if (!info->name) return wlaw_fail_memory(err, 1, 1);
  unsigned char head[2];
  const size_t n = tensors->file.size < sizeof head ? (size_t)tensors->file.size : sizeof head;
  WLAW_TRY(wlaw_input_read(&tensors->file, 0, head, n, err));
  return is_gzip(head, n) ? open_gzip(tensors, info, err) : open_plain(tensors, info, err);
}

static wlaw_status read_idx(wlaw_tensors *tensors, size_t i, uint64_t from, void *out, size_t n, wlaw_error *err) {
  idx_state *state = tensors->state;
  return wlaw_packed_read(&state->stream, tensors->info[i].offset + from, out, n, err);
}

static void close_idx(wlaw_tensors *tensors) {
  idx_state *state = tensors->state;
  if (!state) return;
  wlaw_gzip_end(&state->gzip);
  free(state);
}

const tensor_format wlaw_format_idx = {
    .name = "idx", .recognise = recognise, .open = open_idx, .read = read_idx, .close = close_idx};
