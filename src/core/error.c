#include "core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

struct wlaw_error {
  wlaw_status status;
  int64_t byte;
  char file[512], tensor[256], what[768], hint[512];
  char message[2304]; /* composed from the parts above each time one is set */
};

const char *wlaw_status_name(wlaw_status status) {
  switch (status) {
#define STATUS_NAME(name, value, exit_code, meaning)                                                                   \
  case WLAW_##name: return #name;
    WLAW_STATUS_LIST(STATUS_NAME)
#undef STATUS_NAME
  }
  return "?";
}

const char *wlaw_status_message(wlaw_status status) {
  switch (status) {
#define STATUS_MESSAGE(name, value, exit_code, meaning)                                                                \
  case WLAW_##name: return meaning;
    WLAW_STATUS_LIST(STATUS_MESSAGE)
#undef STATUS_MESSAGE
  }
  return "?";
}

int wlaw_status_exit_code(wlaw_status status) {
  switch (status) {
#define STATUS_EXIT(name, value, exit_code, meaning)                                                                   \
  case WLAW_##name: return exit_code;
    WLAW_STATUS_LIST(STATUS_EXIT)
#undef STATUS_EXIT
  }
  return 2;
}

wlaw_error *wlaw_error_new(void) {
  wlaw_error *err = calloc(1, sizeof *err);
  if (err) wlaw_error_clear(err);
  return err;
}

void wlaw_error_free(wlaw_error *err) { free(err); }

void wlaw_error_clear(wlaw_error *err) {
  if (!err) return;
  err->status = WLAW_OK;
  err->byte = -1;
  err->file[0] = err->tensor[0] = err->what[0] = err->hint[0] = err->message[0] = '\0';
}

wlaw_status wlaw_error_status(const wlaw_error *err) { return err ? err->status : WLAW_OK; }
const char *wlaw_error_message(const wlaw_error *err) { return err ? err->message : ""; }
const char *wlaw_error_file(const wlaw_error *err) { return err ? err->file : ""; }
const char *wlaw_error_tensor(const wlaw_error *err) { return err ? err->tensor : ""; }
int64_t wlaw_error_byte(const wlaw_error *err) { return err ? err->byte : -1; }
const char *wlaw_error_hint(const wlaw_error *err) { return err ? err->hint : ""; }

static void compose(wlaw_error *err) {
  char byte[40] = "";
  if (err->byte >= 0) snprintf(byte, sizeof byte, "byte %lld: ", (long long)err->byte);
  snprintf(err->message, sizeof err->message, "%s%s%s%s%s%s%s%s%s", err->file, err->file[0] ? ": " : "",
           err->tensor[0] ? "tensor '" : "", err->tensor, err->tensor[0] ? "': " : "", byte, err->what,
           err->hint[0] ? "; " : "", err->hint);
}

wlaw_status wlaw_fail(wlaw_error *err, wlaw_status status, const char *format, ...) {
  if (!err) return status;
  wlaw_error_clear(err);
  err->status = status;
  char raw[sizeof err->what];
  va_list args;
  va_start(args, format);
  vsnprintf(raw, sizeof raw, format, args);
  va_end(args);
  wlaw_text_printable(err->what, sizeof err->what, raw);
  compose(err);
  return status;
}

wlaw_status wlaw_error_in_file(wlaw_error *err, wlaw_status status, const char *path) {
  if (!err || err->file[0]) return status;
  wlaw_text_printable(err->file, sizeof err->file, path);
  compose(err);
  return status;
}

wlaw_status wlaw_error_in_tensor(wlaw_error *err, wlaw_status status, const char *name) {
  if (!err || err->tensor[0]) return status;
  wlaw_text_printable(err->tensor, sizeof err->tensor, name);
  compose(err);
  return status;
}

wlaw_status wlaw_error_at_byte(wlaw_error *err, wlaw_status status, uint64_t byte) {
  if (!err || err->byte >= 0 || byte > INT64_MAX) return status;
  err->byte = (int64_t)byte;
  compose(err);
  return status;
}

wlaw_status wlaw_error_add_hint(wlaw_error *err, wlaw_status status, const char *format, ...) {
  if (!err || err->hint[0]) return status;
  char raw[sizeof err->hint];
  va_list args;
  va_start(args, format);
  vsnprintf(raw, sizeof raw, format, args);
  va_end(args);
  wlaw_text_printable(err->hint, sizeof err->hint, raw);
  compose(err);
  return status;
}

wlaw_status wlaw_fail_memory(wlaw_error *err, size_t count, size_t size) {
  return wlaw_fail(err, WLAW_MEMORY, "out of memory (%zu elements of %zu bytes asked for)", count, size);
}

wlaw_status wlaw_fail_errno(wlaw_error *err, const char *path, const char *doing) {
  char reason[128];
  const int code = errno;
  /* the XSI and the GNU strerror_r differ in their return type; _POSIX_C_SOURCE selects XSI */
  if (strerror_r(code, reason, sizeof reason) != 0) snprintf(reason, sizeof reason, "error %d", code);
  const wlaw_status status = code == ENOMEM ? WLAW_MEMORY : WLAW_IO;
  return wlaw_error_in_file(err, wlaw_fail(err, status, "%s: %s", doing, reason), path);
}

void wlaw_error_copy(wlaw_error *into, const wlaw_error *from) {
  if (into && from && into != from) memcpy(into, from, sizeof *into);
}
