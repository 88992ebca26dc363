/* Small IDX files and folders of them, written by the test itself. */
#ifndef TESTS_DATA_IDX_SUPPORT_H
#define TESTS_DATA_IDX_SUPPORT_H

#include "support/test.h"

#include <zlib.h>

#include "core/file.h"
#include "core/hash.h"
#include "data/dataset.h"

/* An IDX file as it would be on disk. */
typedef struct idx_bytes {
  unsigned char bytes[4096];
  size_t n;
} idx_bytes;

/* type: 0x08 bytes, 0x0D floats (data are given big-endian). */
static inline idx_bytes idx_make(unsigned char type, size_t rank, const uint32_t *shape, const void *data, size_t n) {
  idx_bytes out = {.bytes = {0, 0, type, (unsigned char)rank}, .n = 4 + 4 * rank + n};
  for (size_t i = 0; i < rank; i++)
    for (size_t k = 0; k < 4; k++) out.bytes[4 + 4 * i + k] = (unsigned char)(shape[i] >> (24 - 8 * k));
  if (n) memcpy(out.bytes + 4 + 4 * rank, data, n);
  return out;
}

static inline void idx_write(const char *folder, const char *name, const idx_bytes *idx) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  const size_t length = strlen(name);
  if (length > 3 && strcmp(name + length - 3, ".gz") == 0) {
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, idx->bytes, (unsigned)idx->n), idx->n);
    assert_int_equal(gzclose(file), Z_OK);
  } else {
    assert_int_equal(wlaw_output_whole(path, idx->bytes, idx->n, NULL), WLAW_OK);
  }
}

/* A fresh, empty folder. */
static inline const char *idx_folder(const char *name) {
  const char *folder = test_scratch(name);
  char command[4200];
  snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s'", folder, folder);
  assert_int_equal(system(command), 0);
  return folder;
}

/* Four training images and two test images of 2 x 3 bytes, three classes; names end in `ending` ("" or ".gz"). */
static const unsigned char tiny_train[24] = {0, 255, 1,  2,  3,  4,  5,  255, 7,   8,   9,   10,
                                             0, 255, 20, 30, 40, 50, 60, 255, 200, 210, 220, 230};
static const unsigned char tiny_train_labels[4] = {0, 2, 1, 2};
static const unsigned char tiny_test[12] = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 255, 128};
static const unsigned char tiny_test_labels[2] = {1, 0};

static inline void tiny_write(const char *folder, const char *ending) {
  const idx_bytes files[4] = {idx_make(8, 3, (const uint32_t[]){4, 2, 3}, tiny_train, 24),
                              idx_make(8, 1, (const uint32_t[]){4}, tiny_train_labels, 4),
                              idx_make(8, 3, (const uint32_t[]){2, 2, 3}, tiny_test, 12),
                              idx_make(8, 1, (const uint32_t[]){2}, tiny_test_labels, 2)};
  static const char *const names[4] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                       "t10k-labels-idx1-ubyte"};
  for (int i = 0; i < 4; i++) {
    char name[80];
    snprintf(name, sizeof name, "%s%s", names[i], ending);
    idx_write(folder, name, &files[i]);
  }
}

static inline wlaw_status open_folder(wlaw_dataset **out, const char *folder, wlaw_error *err) {
  const dataset_request request = {.what = folder};
  return wlaw_dataset_open(out, &request, NULL, err);
}

#endif
