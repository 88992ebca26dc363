/* Downloading over https through libcurl, where weightlaw was built with it. */
#ifndef WLAW_DATA_DOWNLOAD_H
#define WLAW_DATA_DOWNLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/monitor.h"

/* The content at url; more than limit bytes is WLAW_LIMIT. allow_http: plain http too (for a mirror the user named).
 * WLAW_NETWORK: the server cannot be reached, refuses, or stalls (20 s to connect, then 1 kB/s over 30 s, at most an
 * hour in all). Caller frees *bytes. */
wlaw_status wlaw_download(unsigned char **bytes, size_t *n, const char *url, size_t limit, bool allow_http,
                          wlaw_monitor *monitor, wlaw_error *err);

#endif
