#include "core/text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

static bool reserve(text_buffer *text, size_t extra) {
  if (text->failed) return false;
  size_t need;
  if (__builtin_add_overflow(text->length, extra, &need) || __builtin_add_overflow(need, (size_t)1, &need)) {
    text->failed = true;
    return false;
  }
  if (need <= text->capacity) return true;
  size_t capacity = text->capacity ? text->capacity : 256;
  while (capacity < need) {
    if (__builtin_mul_overflow(capacity, (size_t)2, &capacity)) capacity = need;
  }
  char *bytes = realloc(text->bytes, capacity);
  if (!bytes) {
    text->failed = true;
    return false;
  }
  text->bytes = bytes;
  text->capacity = capacity;
  return true;
}

void wlaw_text_add(text_buffer *text, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  const int n = vsnprintf(NULL, 0, format, args);
  if (n < 0) text->failed = true;
  if (n >= 0 && reserve(text, (size_t)n)) {
    vsnprintf(text->bytes + text->length, (size_t)n + 1, format, again);
    text->length += (size_t)n;
  }
  va_end(again);
  va_end(args);
}

void wlaw_text_add_bytes(text_buffer *text, const char *bytes, size_t n) {
  if (!reserve(text, n)) return;
  if (n) memcpy(text->bytes + text->length, bytes, n);
  text->length += n;
  text->bytes[text->length] = '\0';
}

const char *wlaw_text_string(const text_buffer *text) { return text->bytes ? text->bytes : ""; }

void wlaw_text_free(text_buffer *text) {
  free(text->bytes);
  *text = (text_buffer){0};
}

wlaw_status wlaw_text_copy_out(const char *text, char *out, size_t capacity, size_t *needed, wlaw_error *err) {
  const size_t size = strlen(text) + 1;
  if (needed) *needed = size;
  if (!out) return WLAW_OK;
  if (capacity < size)
    return wlaw_fail(err, WLAW_LIMIT, "the text needs %zu bytes, the buffer has %zu", size, capacity);
  memcpy(out, text, size);
  return WLAW_OK;
}

/* Length of the valid UTF-8 character at s (1 to 4), or 0. */
static size_t utf8_length(const unsigned char *s, size_t n) {
  if (n == 0) return 0;
  if (s[0] < 0x80) return 1;
  size_t length = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
  if (s[0] < 0xC2 || s[0] > 0xF4 || n < length) return 0;
  for (size_t i = 1; i < length; i++)
    if ((s[i] & 0xC0) != 0x80) return 0;
  if (s[0] == 0xE0 && s[1] < 0xA0) return 0;
  if (s[0] == 0xED && s[1] > 0x9F) return 0;
  if (s[0] == 0xF0 && s[1] < 0x90) return 0;
  if (s[0] == 0xF4 && s[1] > 0x8F) return 0;
  return length;
}

bool wlaw_text_is_utf8(const char *bytes, size_t n) {
  const unsigned char *s = (const unsigned char *)bytes;
  while (n) {
    const size_t length = utf8_length(s, n);
    if (!length) return false;
    s += length;
    n -= length;
  }
  return true;
}

void wlaw_text_printable(char *out, size_t capacity, const char *text) {
  if (!capacity) return;
  const unsigned char *s = (const unsigned char *)text;
  size_t left = strlen(text), used = 0;
  while (left) {
    size_t length = utf8_length(s, left);
    char piece[5];
    size_t take;
    const bool c1_control = length == 2 && s[0] == 0xC2 && s[1] < 0xA0;
    if (length == 0 || c1_control || (length == 1 && (s[0] < 0x20 || s[0] == 0x7F))) {
      snprintf(piece, sizeof piece, "\\x%02x", s[0]);
      length = 1;
      take = 4;
    } else {
      memcpy(piece, s, length);
      take = length;
    }
    if (used + take >= capacity) break;
    memcpy(out + used, piece, take);
    used += take;
    s += length;
    left -= length;
  }
  out[used] = '\0';
}

void wlaw_text_words(char *out, size_t capacity, const char *key) {
  wlaw_text_printable(out, capacity, key);
  for (char *at = out; capacity && *at; at++)
    if (*at == '_') *at = ' ';
}

/* Optimal string alignment distance (insert, delete, replace, swap of neighbours) over the first 64 characters. */
static size_t edit_distance(const char *a, const char *b) {
  enum { LONGEST = 64 };
  const size_t n = strnlen(a, LONGEST), m = strnlen(b, LONGEST);
  size_t row[3][LONGEST + 1];
  for (size_t j = 0; j <= m; j++) row[0][j] = j;
  for (size_t i = 1; i <= n; i++) {
    size_t *now = row[i % 3], *before = row[(i - 1) % 3], *two_before = row[(i + 1) % 3];
    now[0] = i;
    for (size_t j = 1; j <= m; j++) {
      size_t best = before[j - 1] + (a[i - 1] != b[j - 1]);
      if (before[j] + 1 < best) best = before[j] + 1;
      if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && two_before[j - 2] + 1 < best)
        best = two_before[j - 2] + 1;
      now[j] = best;
    }
  }
  return row[n % 3][m];
}

const char *wlaw_text_nearest(const char *name, const char *const *candidates, size_t n) {
  const char *nearest = NULL;
  size_t least = 3 + strnlen(name, 64) / 3;
  for (size_t i = 0; i < n; i++) {
    const size_t distance = edit_distance(name, candidates[i]);
    if (distance < least) {
      least = distance;
      nearest = candidates[i];
    }
  }
  return nearest;
}

bool wlaw_text_matches(const char *pattern, const char *text, char barrier) {
  const char *star = NULL, *resume = NULL; /* the last * and where the text goes on should it take one more */
  while (*text) {
    if (*pattern == '*') {
      star = ++pattern;
      resume = text;
    } else if (*pattern && (*pattern == *text || (*pattern == '?' && *text != barrier))) {
      pattern++;
      text++;
    } else if (star && *resume != barrier) {
      pattern = star;
      text = ++resume;
    } else {
      return false;
    }
  }
  while (*pattern == '*') pattern++;
  return *pattern == '\0';
}

bool wlaw_text_real(const char *text, double *out) {
  if (!text || !(text[0] == '+' || text[0] == '-' || text[0] == '.' || (text[0] >= '0' && text[0] <= '9')))
    return false;
  char *end;
  errno = 0;
  const double value = strtod(text, &end); /* the library never calls setlocale: the C locale's point */
  if (*end || end == text || !isfinite(value)) return false;
  *out = value;
  return true;
}

bool wlaw_text_u64(const char *text, uint64_t *out) {
  if (!text || text[0] < '0' || text[0] > '9') return false;
  uint64_t value = 0;
  for (; *text; text++) {
    if (*text < '0' || *text > '9') return false;
    if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
        __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
      return false;
  }
  *out = value;
  return true;
}

char *wlaw_text_duplicate(const char *text, size_t n) {
  char *copy = malloc(n + 1);
  if (!copy) return NULL;
  if (n) memcpy(copy, text, n);
  copy[n] = '\0';
  return copy;
}
