/* SHA-256, through OpenSSL's libcrypto. */
#ifndef WLAW_CORE_HASH_H
#define WLAW_CORE_HASH_H

#include <stddef.h>

#include "weightlaw.h"

/* hex: 64 lower-case digits and NUL. */
wlaw_status wlaw_hash_bytes(char hex[65], const void *bytes, size_t n, wlaw_error *err);

#endif
