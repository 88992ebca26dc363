#include "tensor/gzip.h"

#include "core/error.h"

/* zlib: 15 for the largest window, 16 for gzip and nothing else */
enum { GZIP_WINDOW_BITS = 15 + 16 };

void wlaw_gzip_end(gzip_reader *reader) {
  if (reader->live) inflateEnd(&reader->zlib);
  reader->live = false;
}

static wlaw_status start(void *context, wlaw_error *err) {
  gzip_reader *reader = context;
  reader->read = 0;
  reader->in_member = true;
  if (reader->live) {
    reader->zlib.avail_in = 0;
    inflateReset(&reader->zlib);
    return WLAW_OK;
  }
  reader->zlib = (z_stream){0};
  if (inflateInit2(&reader->zlib, GZIP_WINDOW_BITS) != Z_OK) return wlaw_fail_memory(err, 1, 1 << 15);
  reader->live = true;
  return WLAW_OK;
}

static uint64_t place(const gzip_reader *reader) { return reader->read - reader->zlib.avail_in; }

static wlaw_status take_input(gzip_reader *reader, wlaw_error *err) {
  const uint64_t left = reader->file->size - reader->read;
  const size_t n = left < GZIP_INPUT_BYTES ? (size_t)left : GZIP_INPUT_BYTES;
  WLAW_TRY(wlaw_input_read(reader->file, reader->read, reader->input, n, err));
  reader->read += n;
  reader->zlib.next_in = reader->input;
  reader->zlib.avail_in = (uInt)n;
  return WLAW_OK;
}

static wlaw_status fail_gzip(const gzip_reader *reader, int code, wlaw_error *err) {
  if (code == Z_MEM_ERROR) return wlaw_fail_memory(err, 1, 1 << 15);
  const char *why = reader->zlib.msg ? reader->zlib.msg : "unknown reason";
  return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the gzip data are damaged: %s", why), place(reader));
}

static wlaw_status next(void *context, void *out, size_t n, size_t *got, wlaw_error *err) {
  gzip_reader *reader = context;
  z_stream *zlib = &reader->zlib;
  const uInt wanted = n < (1u << 30) ? (uInt)n : (1u << 30);
  zlib->next_out = out;
  zlib->avail_out = wanted;
  while (zlib->avail_out) {
    if (zlib->avail_in == 0 && reader->read < reader->file->size) WLAW_TRY(take_input(reader, err));
    if (zlib->avail_in == 0 && !reader->in_member) break; /* the end */
    if (zlib->avail_in == 0)
      return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the gzip data are cut off"), reader->read);
    if (!reader->in_member) { /* a further member, or something that is none: inflate will tell */
      inflateReset(zlib);
      reader->in_member = true;
    }
    const int code = inflate(zlib, Z_NO_FLUSH);
    if (code == Z_STREAM_END) reader->in_member = false;
    else if (code != Z_OK && code != Z_BUF_ERROR) return fail_gzip(reader, code, err);
  }
  *got = wanted - zlib->avail_out;
  return WLAW_OK;
}

const packed_source wlaw_gzip_source = {start, next};
