#include "tensor/cursor.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

void wlaw_cursor_start(file_cursor *cursor, const input_file *file, uint64_t at) {
  cursor->file = file;
  cursor->at = at;
  cursor->from = 0;
  cursor->n = 0;
}

wlaw_status wlaw_cursor_expect(const file_cursor *cursor, uint64_t n, wlaw_error *err) {
  const uint64_t size = cursor->file->size, left = cursor->at < size ? size - cursor->at : 0;
  if (n <= left) return WLAW_OK;
  return wlaw_error_at_byte(err,
                            wlaw_fail(err, WLAW_FORMAT, "%llu bytes are to follow here, the file has %llu more",
                                      (unsigned long long)n, (unsigned long long)left),
                            cursor->at);
}

static wlaw_status fill(file_cursor *cursor, wlaw_error *err) {
  const uint64_t left = cursor->file->size - cursor->at;
  const size_t n = left < sizeof cursor->buffer ? (size_t)left : sizeof cursor->buffer;
  cursor->n = 0;
  WLAW_TRY(wlaw_input_read(cursor->file, cursor->at, cursor->buffer, n, err));
  cursor->from = cursor->at;
  cursor->n = n;
  return WLAW_OK;
}

wlaw_status wlaw_cursor_read(file_cursor *cursor, void *out, size_t n, wlaw_error *err) {
  WLAW_TRY(wlaw_cursor_expect(cursor, n, err));
  for (unsigned char *to = out; n;) {
    if (cursor->at < cursor->from || cursor->at - cursor->from >= cursor->n) WLAW_TRY(fill(cursor, err));
    const size_t skip = (size_t)(cursor->at - cursor->from), held = cursor->n - skip, piece = n < held ? n : held;
    memcpy(to, cursor->buffer + skip, piece);
    to += piece;
    n -= piece;
    cursor->at += piece;
  }
  return WLAW_OK;
}

wlaw_status wlaw_cursor_skip(file_cursor *cursor, uint64_t n, wlaw_error *err) {
  WLAW_TRY(wlaw_cursor_expect(cursor, n, err));
  cursor->at += n;
  return WLAW_OK;
}

wlaw_status wlaw_cursor_integer(file_cursor *cursor, uint64_t *out, size_t bytes, wlaw_error *err) {
  unsigned char stored[8];
  WLAW_TRY(wlaw_cursor_read(cursor, stored, bytes, err));
  uint64_t value = 0;
  for (size_t k = bytes; k-- > 0;) value = value << 8 | stored[k];
  *out = value;
  return WLAW_OK;
}

wlaw_status wlaw_cursor_text(file_cursor *cursor, char **out, uint64_t n, wlaw_error *err) {
  const uint64_t begin = cursor->at;
  WLAW_TRY(wlaw_cursor_expect(cursor, n, err));
  if (n >= SIZE_MAX) return wlaw_fail_memory(err, SIZE_MAX, 1);
  char *text = malloc((size_t)n + 1);
  if (!text) return wlaw_fail_memory(err, (size_t)n + 1, 1);
  wlaw_status status = wlaw_cursor_read(cursor, text, (size_t)n, err);
  if (status == WLAW_OK && memchr(text, '\0', (size_t)n))
    status = wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "a text holds a NUL byte"), begin);
  if (status != WLAW_OK) {
    free(text);
    return status;
  }
  text[n] = '\0';
  *out = text;
  return WLAW_OK;
}
