/* Text: a growing buffer, escapes for untrusted bytes, and the nearest known name for a mistyped one. */
#ifndef WLAW_CORE_TEXT_H
#define WLAW_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "weightlaw.h"

/* A growing, NUL-terminated string. Start with {0}; free with wlaw_text_free. When memory runs out `failed` is set, the
 * text stays as it was and later appends do nothing: check once at the end. */
typedef struct text_buffer {
  char *bytes; /* NULL until the first append: use wlaw_text_string */
  size_t length, capacity;
  bool failed;
} text_buffer;

void wlaw_text_add(text_buffer *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void wlaw_text_add_bytes(text_buffer *text, const char *bytes, size_t n);
const char *wlaw_text_string(const text_buffer *text); /* never NULL */
void wlaw_text_free(text_buffer *text);

/* The two-call pattern of the public header. *needed may be NULL. A too small buffer is WLAW_LIMIT unless out is NULL.
 */
wlaw_status wlaw_text_copy_out(const char *text, char *out, size_t capacity, size_t *needed, wlaw_error *err);

/* Copies with control characters and invalid UTF-8 written as \xNN; cuts at a character and always terminates. */
void wlaw_text_printable(char *out, size_t capacity, const char *text);

/* The same with blanks for underscores: "mean_square", a key of a document, is "mean square". */
void wlaw_text_words(char *out, size_t capacity, const char *key);

/* Strict UTF-8 (no surrogates, no overlong forms). */
bool wlaw_text_is_utf8(const char *bytes, size_t n);

/* The candidate with the smallest edit distance to name, or NULL when none is near (distance > 2 + a third of the
 * length, at most 64 characters looked at). */
const char *wlaw_text_nearest(const char *name, const char *const *candidates, size_t n);

/* Whether the whole text fits the pattern: * is any run of characters (of none too), ? any one. Neither takes the
 * character `barrier` ('\0': they take all). Time at most the product of both lengths. */
bool wlaw_text_matches(const char *pattern, const char *text, char barrier);

/* Strict numbers: the whole text, no leading space, finite for reals. false when it is not one. */
bool wlaw_text_real(const char *text, double *out);
bool wlaw_text_u64(const char *text, uint64_t *out);

/* A fresh copy (free it), or NULL when out of memory. */
char *wlaw_text_duplicate(const char *text, size_t n);

#endif
