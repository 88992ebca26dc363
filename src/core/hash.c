#include "core/hash.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "core/error.h"

wlaw_status wlaw_hash_bytes(char hex[65], const void *bytes, size_t n, wlaw_error *err) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest(bytes, n, digest, &length, EVP_sha256(), NULL) != 1 || length != 32) {
    ERR_clear_error(); /* the caller's own use of OpenSSL must not find our failure in its queue */
    return wlaw_fail(err, WLAW_MEMORY, "SHA-256 could not be computed");
  }
  for (unsigned i = 0; i < 32; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
  return WLAW_OK;
}
