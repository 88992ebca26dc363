#include "data/download.h"

#include "core/error.h"

#ifdef WLAW_HAVE_CURL

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

typedef struct transfer {
  unsigned char *bytes;
  size_t n, capacity, limit;
  wlaw_status status; /* why the transfer was stopped from here; WLAW_OK: it was not */
  wlaw_monitor *monitor;
} transfer;

static size_t receive(char *piece, size_t size, size_t count, void *context) {
  transfer *t = context;
  const size_t n = size * count; /* curl: size is 1 */
  if (n > t->limit - t->n) {
    t->status = WLAW_LIMIT;
    return 0;
  }
  if (n > t->capacity - t->n) {
    size_t capacity = t->capacity ? 2 * t->capacity : 1 << 16;
    while (capacity - t->n < n) capacity *= 2;
    unsigned char *bytes = realloc(t->bytes, capacity);
    if (!bytes) {
      t->status = WLAW_MEMORY;
      return 0;
    }
    t->bytes = bytes;
    t->capacity = capacity;
  }
  memcpy(t->bytes + t->n, piece, n);
  t->n += n;
  return n;
}

static int progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now) {
  transfer *t = context;
  (void)up_total, (void)up_now;
  if (!wlaw_monitor_report(t->monitor, total > 0 ? (double)now / (double)total : -1.0)) return 0;
  t->status = WLAW_CANCELLED;
  return 1;
}

static bool set_protocols(CURL *curl, bool allow_http) {
#if LIBCURL_VERSION_NUM >= 0x075500
  const char *allowed = allow_http ? "https,http" : "https";
  return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, allowed) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, allowed) == CURLE_OK;
#else
  const long allowed = allow_http ? CURLPROTO_HTTPS | CURLPROTO_HTTP : CURLPROTO_HTTPS;
  return curl_easy_setopt(curl, CURLOPT_PROTOCOLS, allowed) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, allowed) == CURLE_OK;
#endif
}

static bool configure(CURL *curl, transfer *t, const char *url, bool allow_http, char *reason) {
  return set_protocols(curl, allow_http) && curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK && /* threads: no alarm() for name look-ups */
         curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 20L) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1000L) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 30L) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_TIMEOUT, 3600L) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_USERAGENT, "weightlaw") == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_WRITEDATA, t) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress) == CURLE_OK &&
         curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t) == CURLE_OK;
}

static wlaw_status fail_transfer(const transfer *t, CURLcode code, const char *url, const char *reason,
                                 wlaw_error *err) {
  switch (t->status) {
    case WLAW_CANCELLED: return wlaw_fail_cancelled(err);
    case WLAW_MEMORY: return wlaw_fail_memory(err, t->capacity, 2);
    case WLAW_LIMIT: return wlaw_fail(err, WLAW_LIMIT, "%s sends more than the %zu bytes expected", url, t->limit);
    default: break;
  }
  if (code == CURLE_OUT_OF_MEMORY) return wlaw_fail_memory(err, 1, 1);
  return wlaw_fail(err, WLAW_NETWORK, "%s cannot be downloaded: %s", url,
                   reason[0] ? reason : curl_easy_strerror(code));
}

wlaw_status wlaw_download(unsigned char **bytes, size_t *n, const char *url, size_t limit, bool allow_http,
                          wlaw_monitor *monitor, wlaw_error *err) {
  transfer t = {.limit = limit, .monitor = monitor};
  char reason[CURL_ERROR_SIZE] = "";
  CURL *curl = curl_easy_init();
  if (!curl) return wlaw_fail_memory(err, 1, 1);
  CURLcode code = CURLE_OUT_OF_MEMORY;
  if (configure(curl, &t, url, allow_http, reason)) code = curl_easy_perform(curl);
  curl_easy_cleanup(curl);
  if (code != CURLE_OK) {
    free(t.bytes);
    return fail_transfer(&t, code, url, reason, err);
  }
  *bytes = t.bytes;
  *n = t.n;
  return WLAW_OK;
}

#else

wlaw_status wlaw_download(unsigned char **bytes, size_t *n, const char *url, size_t limit, bool allow_http,
                          wlaw_monitor *monitor, wlaw_error *err) {
  (void)bytes, (void)n, (void)limit, (void)allow_http, (void)monitor;
  wlaw_fail(err, WLAW_UNSUPPORTED, "this weightlaw was built without libcurl and cannot download %s", url);
  return wlaw_error_add_hint(err, WLAW_UNSUPPORTED, "download it by other means and give the folder");
}

#endif
