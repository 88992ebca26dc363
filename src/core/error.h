/* Errors: one sentence made of where (file, tensor, byte), what and hint. All setters accept err == NULL. */
#ifndef WLAW_CORE_ERROR_H
#define WLAW_CORE_ERROR_H

#include "weightlaw.h"

/* Sets status and what (printf style, non-printable bytes of the finished text escaped), clears the rest, returns
 * status: `return wlaw_fail(err, WLAW_FORMAT, "header ends early");` */
wlaw_status wlaw_fail(wlaw_error *err, wlaw_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Refinements of an error just set; each does nothing when that part is set already (the innermost caller knows best).
 * They return the status held, or status when err is NULL:
 *     return wlaw_error_in_file(err, wlaw_fail(...), path); */
wlaw_status wlaw_error_in_file(wlaw_error *err, wlaw_status status, const char *path);
wlaw_status wlaw_error_in_tensor(wlaw_error *err, wlaw_status status, const char *name);
wlaw_status wlaw_error_at_byte(wlaw_error *err, wlaw_status status, uint64_t byte);
wlaw_status wlaw_error_add_hint(wlaw_error *err, wlaw_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* WLAW_MEMORY with the size asked for, or WLAW_IO with errno's text and the path. */
wlaw_status wlaw_fail_memory(wlaw_error *err, size_t count, size_t size);
wlaw_status wlaw_fail_errno(wlaw_error *err, const char *path, const char *doing);

/* Copy an error from one object to another (for worker threads). */
void wlaw_error_copy(wlaw_error *into, const wlaw_error *from);

/* `WLAW_TRY(call(..., err));` returns from the enclosing function when the call fails. */
#define WLAW_TRY(call)                                                                                                 \
  do {                                                                                                                 \
    const wlaw_status try_status_ = (call);                                                                            \
    if (try_status_ != WLAW_OK) return try_status_;                                                                    \
  } while (0)

#endif
