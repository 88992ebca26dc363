#include "core/json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "core/error.h"

json_t *wlaw_json_real(double value) {
  if (isnan(value)) return json_string("nan");
  if (isinf(value)) return json_string(value > 0 ? "inf" : "-inf");
  return json_real(value);
}

json_t *wlaw_json_count(uint64_t value) {
  return value <= INT64_MAX ? json_integer((json_int_t)value) : json_real((double)value);
}

json_t *wlaw_json_text(const char *text) {
  json_t *value = json_string(text);
  if (value) return value;
  char printable[1024];
  wlaw_text_printable(printable, sizeof printable, text);
  return json_string(printable);
}

json_t *wlaw_json_reals(const double *values, size_t n) {
  bool failed = false;
  json_t *array = json_array();
  for (size_t i = 0; i < n && array && !failed; i++) wlaw_json_append(&failed, array, wlaw_json_real(values[i]));
  if (!failed) return array;
  json_decref(array);
  return NULL;
}

json_t *wlaw_json_matrix(const double *values, size_t rows, size_t cols) {
  bool failed = false;
  json_t *array = json_array();
  for (size_t i = 0; i < rows && array && !failed; i++)
    wlaw_json_append(&failed, array, wlaw_json_reals(values + i * cols, cols));
  if (!failed) return array;
  json_decref(array);
  return NULL;
}

void wlaw_json_put(bool *failed, json_t *object, const char *key, json_t *value) {
  if (json_object_set_new(object, key, value) != 0) *failed = true;
}

void wlaw_json_append(bool *failed, json_t *array, json_t *value) {
  if (json_array_append_new(array, value) != 0) *failed = true;
}

bool wlaw_json_number(const json_t *value, double *out) {
  if (json_is_number(value)) *out = json_number_value(value);
  else if (json_is_null(value)) *out = NAN;
  else if (json_is_string(value)) {
    const char *text = json_string_value(value);
    if (strcmp(text, "nan") == 0) *out = NAN;
    else if (strcmp(text, "inf") == 0) *out = INFINITY;
    else if (strcmp(text, "-inf") == 0) *out = -INFINITY;
    else return false;
  } else return false;
  return true;
}

static int append_piece(const char *bytes, size_t n, void *out) {
  wlaw_text_add_bytes(out, bytes, n);
  return 0;
}

void wlaw_json_write(text_buffer *out, const json_t *document) {
  if (json_dump_callback(document, append_piece, out, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_REAL_PRECISION(17)) != 0)
    out->failed = true;
  wlaw_text_add_bytes(out, "\n", 1);
}

/* Jansson names the lack of memory in some places and gives up without a word in others. */
static bool out_of_memory(const json_error_t *why) {
  return json_error_code(why) == json_error_out_of_memory || !why->text[0];
}

wlaw_status wlaw_json_parse(json_t **out, const char *text, size_t n, wlaw_error *err) {
  json_error_t why;
  errno = 0;
  *out = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);
  /* Jansson takes the lack of memory within a text for a syntax error, or leaves a byte out: only errno tells. */
  if (errno == ENOMEM || (!*out && out_of_memory(&why))) {
    json_decref(*out);
    *out = NULL;
    return wlaw_fail_memory(err, n, 1);
  }
  if (*out) return WLAW_OK;
  return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "not valid JSON: %s", why.text),
                            why.position > 0 ? (uint64_t)why.position : 0);
}
