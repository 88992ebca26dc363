/* Compressed bytes that can only be unpacked forwards, read at any position. Nothing is held in memory: reading
 * forwards goes on, reading backwards starts again. Before the first byte is believed the whole is unpacked once, so
 * that a wrong checksum, a wrong length or a cut-off end is found before any value is used. */
#ifndef WLAW_TENSOR_PACKED_H
#define WLAW_TENSOR_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weightlaw.h"

/* DEFLATE's best ratio is 1032 (zlib's technical notes): a larger one is a lie, told before memory is asked for. */
enum { PACKED_LARGEST_RATIO = 1032 };

/* An unpacker. start: go to the beginning. next: up to n bytes, *got = 0 at the end, with the checksum found right. */
typedef struct packed_source {
  wlaw_status (*start)(void *context, wlaw_error *err);
  wlaw_status (*next)(void *context, void *out, size_t n, size_t *got, wlaw_error *err);
} packed_source;

typedef struct packed_stream {
  const packed_source *source;
  void *context;
  uint64_t size;     /* unpacked bytes the file states */
  uint64_t position; /* of the unpacker */
  bool started;
  bool verified; /* the whole was unpacked once and is right */
} packed_stream;

/* For headers, before anything is verified: go to the beginning, then take up to n bytes at a time. *got < n only where
 * the stream ends. */
wlaw_status wlaw_packed_start(packed_stream *stream, wlaw_error *err);
wlaw_status wlaw_packed_next(packed_stream *stream, void *out, size_t n, size_t *got, wlaw_error *err);

/* Exactly n bytes from position `from`; from + n <= size. */
wlaw_status wlaw_packed_read(packed_stream *stream, uint64_t from, void *out, size_t n, wlaw_error *err);

/* Can `packed` bytes hold `size` bytes? */
bool wlaw_packed_plausible(uint64_t size, uint64_t packed);

#endif
