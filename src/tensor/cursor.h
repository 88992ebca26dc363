/* A file read forwards through a small buffer: for directories made of many small fields. Little-endian. */
#ifndef WLAW_TENSOR_CURSOR_H
#define WLAW_TENSOR_CURSOR_H

#include "core/file.h"

typedef struct file_cursor {
  const input_file *file;
  uint64_t at;   /* the next byte; may be set, forwards or backwards */
  uint64_t from; /* of the file, where the buffer begins */
  size_t n;      /* bytes in the buffer */
  unsigned char buffer[1 << 14];
} file_cursor;

void wlaw_cursor_start(file_cursor *cursor, const input_file *file, uint64_t at);

/* What is missing at the end of the file is WLAW_FORMAT with the byte where it was to begin. */
wlaw_status wlaw_cursor_expect(const file_cursor *cursor, uint64_t n, wlaw_error *err);
wlaw_status wlaw_cursor_read(file_cursor *cursor, void *out, size_t n, wlaw_error *err);
wlaw_status wlaw_cursor_skip(file_cursor *cursor, uint64_t n, wlaw_error *err);
/* An unsigned integer of `bytes` bytes, at most 8. */
wlaw_status wlaw_cursor_integer(file_cursor *cursor, uint64_t *out, size_t bytes, wlaw_error *err);
/* n bytes as a fresh text (caller frees); NUL bytes in it are refused. */
wlaw_status wlaw_cursor_text(file_cursor *cursor, char **out, uint64_t n, wlaw_error *err);

#endif
