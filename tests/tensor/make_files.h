/* Tensor files made byte by byte, good and bad ones. Paths are those of test_scratch. */
#ifndef TESTS_TENSOR_MAKE_FILES_H
#define TESTS_TENSOR_MAKE_FILES_H

#include <zip.h>
#include <zlib.h>

#include "support/test.h"

static inline void put_file(const char *path, const void *bytes, size_t n) {
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, n, file) != n || fclose(file) != 0) fail_msg("cannot write %s", path);
}

/* magic, version, length, dict, data in memory; caller frees. */
static inline unsigned char *make_npy(size_t *n, int version, const char *dict, const void *data, size_t n_data) {
  const size_t length = strlen(dict), begin = version == 1 ? 10 : 12;
  unsigned char *bytes = calloc(1, begin + length + n_data + 1);
  assert_non_null(bytes);
  memcpy(bytes, "\x93NUMPY", 6);
  bytes[6] = (unsigned char)version;
  bytes[8] = (unsigned char)(length & 0xFF);
  bytes[9] = (unsigned char)(length >> 8);
  memcpy(bytes + begin, dict, length);
  if (n_data) memcpy(bytes + begin + length, data, n_data);
  *n = begin + length + n_data;
  return bytes;
}

static inline void put_npy(const char *path, int version, const char *dict, const void *data, size_t n_data) {
  size_t n;
  unsigned char *bytes = make_npy(&n, version, dict, data, n_data);
  put_file(path, bytes, n);
  free(bytes);
}

/* Header length, header, n_data bytes 0, 1, 2, ... */
static inline void put_safetensors(const char *path, const char *header, size_t n_data) {
  const size_t length = strlen(header);
  unsigned char *bytes = calloc(1, 8 + length + n_data);
  assert_non_null(bytes);
  for (int k = 0; k < 8; k++) bytes[k] = (unsigned char)((uint64_t)length >> 8 * k);
  memcpy(bytes + 8, header, length);
  for (size_t k = 0; k < n_data; k++) bytes[8 + length + k] = (unsigned char)k;
  put_file(path, bytes, 8 + length + n_data);
  free(bytes);
}

/* "wb" begins the file, "ab" appends a further member. */
static inline void put_gzip(const char *path, const char *mode, const void *bytes, size_t n) {
  gzFile file = gzopen(path, mode);
  if (!file || gzwrite(file, bytes, (unsigned)n) != (int)n || gzclose(file) != Z_OK) fail_msg("cannot write %s", path);
}

/* One member, added to an archive that may exist. method: ZIP_CM_STORE or ZIP_CM_DEFLATE. */
static inline void put_zip(const char *path, const char *name, const void *bytes, size_t n, int method) {
  zip_t *zip = zip_open(path, ZIP_CREATE, NULL);
  assert_non_null(zip);
  zip_source_t *source = zip_source_buffer(zip, bytes, n, 0);
  const zip_int64_t index = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
  assert_true(index >= 0);
  assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)index, method, 9), 0);
  if (zip_close(zip) != 0) fail_msg("cannot write %s", path);
}

#endif
