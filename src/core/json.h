/* JSON through Jansson, with the house rules: non-finite numbers as "inf", "-inf", "nan"; sorted keys; %.17g. */
#ifndef WLAW_CORE_JSON_H
#define WLAW_CORE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

/* A number; non-finite ones become strings. NULL when out of memory (as all json_ constructors). */
json_t *wlaw_json_real(double value);
json_t *wlaw_json_count(uint64_t value);
/* Untrusted text: invalid UTF-8 escaped. */
json_t *wlaw_json_text(const char *text);
/* Array of n numbers; matrix as an array of rows. */
json_t *wlaw_json_reals(const double *values, size_t n);
json_t *wlaw_json_matrix(const double *values, size_t rows, size_t cols);

/* object[key] = value, taking the reference over (value NULL counts as failure). Failure is sticky in *failed, so a
 * document is built without a check a line and checked once. */
void wlaw_json_put(bool *failed, json_t *object, const char *key, json_t *value);
void wlaw_json_append(bool *failed, json_t *array, json_t *value);

/* The number in a value: real, integer, or one of the three strings; null is NaN. false when it is none of these. */
bool wlaw_json_number(const json_t *value, double *out);

/* Appends the document, indented by one space, with a final newline. */
void wlaw_json_write(text_buffer *out, const json_t *document);

/* Parses text: duplicate keys refused, NUL bytes in strings refused. Errors name the position. Caller json_decref's. */
wlaw_status wlaw_json_parse(json_t **out, const char *text, size_t n, wlaw_error *err);

#endif
