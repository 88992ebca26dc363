/* What was built, and what it runs on. Sees all of the library, so it stands above the folders. */
#include <jansson.h>
#include <zlib.h>

#include "core/cpu.h"
#include "core/error.h"
#include "core/text.h"
#include "math/blas.h"

#if defined(WLAW_HAVE_CURL)
#include <curl/curl.h>
#endif

#if defined(WLAW_HAVE_HDF5)
#include <hdf5.h>
#endif

#define STRING_OF_(x) #x
#define STRING_OF(x)  STRING_OF_(x)

const char *wlaw_version(void) {
  return STRING_OF(WLAW_VERSION_MAJOR) "." STRING_OF(WLAW_VERSION_MINOR) "." STRING_OF(WLAW_VERSION_PATCH);
}

static const char *compiler(void) {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#else
  return "unknown";
#endif
}

wlaw_status wlaw_build_info(char *out, size_t capacity, size_t *needed, wlaw_error *err) {
  text_buffer text = {0};
  wlaw_text_add(&text, "weightlaw: %s\n", wlaw_version());
  wlaw_text_add(&text, "compiler: %s\n", compiler());
  wlaw_text_add(&text, "blas: %s, core %s\n", wlaw_blas_config(), wlaw_blas_core());
  wlaw_text_add(&text, "kernels: %s\n", wlaw_cpu_level_name(wlaw_cpu_level()));
  wlaw_text_add(&text, "jansson: %s\n", JANSSON_VERSION);
  wlaw_text_add(&text, "zlib: %s\n", zlibVersion());
#if defined(WLAW_HAVE_CURL)
  wlaw_text_add(&text, "libcurl: %s\n", curl_version_info(CURLVERSION_NOW)->version);
#else
  wlaw_text_add(&text, "libcurl: not built in, nothing can be downloaded\n");
#endif
#if defined(WLAW_HAVE_HDF5)
  wlaw_text_add(&text, "hdf5: %d.%d.%d\n", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
#else
  wlaw_text_add(&text, "hdf5: not built in, .h5 and .keras files are not read\n");
#endif
  const wlaw_status status = text.failed ? wlaw_fail_memory(err, text.length, 1)
                                         : wlaw_text_copy_out(wlaw_text_string(&text), out, capacity, needed, err);
  wlaw_text_free(&text);
  return status;
}
