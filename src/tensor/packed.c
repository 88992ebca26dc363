#include "tensor/packed.h"

#include <stdlib.h>

#include "core/error.h"

enum { SKIP_BYTES = 1 << 16 };

bool wlaw_packed_plausible(uint64_t size, uint64_t packed) { return size / PACKED_LARGEST_RATIO <= packed; }

wlaw_status wlaw_packed_start(packed_stream *stream, wlaw_error *err) {
  stream->started = false;
  WLAW_TRY(stream->source->start(stream->context, err));
  stream->started = true;
  stream->position = 0;
  return WLAW_OK;
}

wlaw_status wlaw_packed_next(packed_stream *stream, void *out, size_t n, size_t *got, wlaw_error *err) {
  unsigned char *to = out;
  *got = 0;
  while (*got < n) {
    size_t piece;
    const wlaw_status status = stream->source->next(stream->context, to + *got, n - *got, &piece, err);
    if (status != WLAW_OK) {
      stream->started = false;
      return status;
    }
    if (piece == 0) break;
    *got += piece;
    stream->position += piece;
  }
  return WLAW_OK;
}

static wlaw_status fail_length(const packed_stream *stream, wlaw_error *err) {
  return wlaw_fail(err, WLAW_FORMAT, "the compressed data unpack to %llu bytes%s, %llu are stated",
                   (unsigned long long)stream->position, stream->position > stream->size ? " or more" : "",
                   (unsigned long long)stream->size);
}

/* Unpacks up to position `to`, throwing the bytes away. */
static wlaw_status skip(packed_stream *stream, uint64_t to, unsigned char *scratch, wlaw_error *err) {
  while (stream->position < to) {
    const uint64_t left = to - stream->position;
    const size_t n = left < SKIP_BYTES ? (size_t)left : SKIP_BYTES;
    size_t got;
    WLAW_TRY(wlaw_packed_next(stream, scratch, n, &got, err));
    if (got < n) return fail_length(stream, err);
  }
  return WLAW_OK;
}

static wlaw_status verify(packed_stream *stream, unsigned char *scratch, wlaw_error *err) {
  WLAW_TRY(wlaw_packed_start(stream, err));
  WLAW_TRY(skip(stream, stream->size, scratch, err));
  size_t got;
  WLAW_TRY(wlaw_packed_next(stream, scratch, 1, &got, err)); /* the end, where the checksum stands */
  if (got) return fail_length(stream, err);
  stream->verified = true;
  return WLAW_OK;
}

/* Makes the unpacker stand at `from`. */
static wlaw_status seek(packed_stream *stream, uint64_t from, wlaw_error *err) {
  if (stream->verified && stream->started && stream->position == from) return WLAW_OK;
  unsigned char *scratch = malloc(SKIP_BYTES);
  if (!scratch) return wlaw_fail_memory(err, SKIP_BYTES, 1);
  wlaw_status status = stream->verified ? WLAW_OK : verify(stream, scratch, err);
  if (status == WLAW_OK && (!stream->started || stream->position > from)) status = wlaw_packed_start(stream, err);
  if (status == WLAW_OK) status = skip(stream, from, scratch, err);
  free(scratch);
  return status;
}

wlaw_status wlaw_packed_read(packed_stream *stream, uint64_t from, void *out, size_t n, wlaw_error *err) {
  WLAW_TRY(seek(stream, from, err));
  size_t got;
  WLAW_TRY(wlaw_packed_next(stream, out, n, &got, err));
  return got == n ? WLAW_OK : fail_length(stream, err);
}
