/* What a verb found: a JSON document behind an opaque handle. */
#ifndef WLAW_CORE_RESULT_H
#define WLAW_CORE_RESULT_H

#include "core/json.h"

struct wlaw_result {
  json_t *document;
};

/* Wraps document (reference taken over, also on failure) unless `failed`: then it is released and WLAW_MEMORY returned.
 * result NULL: not wanted, the document is released. */
wlaw_status wlaw_result_wrap(wlaw_result **result, json_t *document, bool failed, wlaw_error *err);

#endif
