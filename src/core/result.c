#include "core/result.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

wlaw_status wlaw_result_wrap(wlaw_result **result, json_t *document, bool failed, wlaw_error *err) {
  if (failed || !document) {
    json_decref(document);
    return wlaw_fail(err, WLAW_MEMORY, "out of memory while writing the result down");
  }
  if (!result) {
    json_decref(document);
    return WLAW_OK;
  }
  wlaw_result *made = malloc(sizeof *made);
  if (!made) {
    json_decref(document);
    return wlaw_fail_memory(err, 1, sizeof *made);
  }
  made->document = document;
  *result = made;
  return WLAW_OK;
}

void wlaw_result_free(wlaw_result *result) {
  if (!result) return;
  json_decref(result->document);
  free(result);
}

wlaw_status wlaw_result_json(const wlaw_result *result, char *out, size_t capacity, size_t *needed, wlaw_error *err) {
  text_buffer text = {0};
  wlaw_json_write(&text, result->document);
  const wlaw_status status = text.failed ? wlaw_fail_memory(err, text.length, 1)
                                         : wlaw_text_copy_out(wlaw_text_string(&text), out, capacity, needed, err);
  wlaw_text_free(&text);
  return status;
}

/* The value at "a.0.b": keys of objects and indices of arrays, dots between. Keys with dots are tried longest first. */
static const json_t *value_at(const json_t *from, const char *path) {
  if (!*path) return from;
  if (json_is_array(from)) {
    size_t length = strcspn(path, ".");
    char digits[24];
    uint64_t index;
    if (length >= sizeof digits) return NULL;
    memcpy(digits, path, length);
    digits[length] = '\0';
    if (!wlaw_text_u64(digits, &index)) return NULL;
    const json_t *item = json_array_get(from, (size_t)index);
    return item ? value_at(item, path + length + (path[length] == '.')) : NULL;
  }
  if (!json_is_object(from)) return NULL;
  const json_t *found = NULL;
  size_t longest = 0;
  const char *key;
  json_t *item;
  json_object_foreach((json_t *)(uintptr_t)from, key, item) {
    const size_t length = strlen(key);
    if (length >= longest && strncmp(path, key, length) == 0 && (path[length] == '.' || path[length] == '\0')) {
      found = item;
      longest = length;
    }
  }
  return found ? value_at(found, path + longest + (path[longest] == '.')) : NULL;
}

static bool flatten(const json_t *value, double *out, size_t capacity, size_t *count) {
  if (json_is_array(value)) {
    for (size_t i = 0; i < json_array_size(value); i++)
      if (!flatten(json_array_get(value, i), out, capacity, count)) return false;
    return true;
  }
  double number;
  if (!wlaw_json_number(value, &number)) return false;
  if (*count < capacity) out[*count] = number;
  (*count)++;
  return true;
}

wlaw_status wlaw_result_get(const wlaw_result *result, const char *path, double *out, size_t capacity, size_t *count,
                            wlaw_error *err) {
  const json_t *value = value_at(result->document, path);
  *count = 0;
  if (!value || !flatten(value, out, capacity, count))
    return wlaw_fail(err, WLAW_NAME, "the result has no numbers at '%s'", path);
  return WLAW_OK;
}
