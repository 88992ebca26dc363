/* Pickles written instruction by instruction, good and bad ones, and PyTorch archives around them. */
#ifndef TESTS_TENSOR_MAKE_PICKLES_H
#define TESTS_TENSOR_MAKE_PICKLES_H

#include "tensor/make_files.h"

typedef struct pickle_writer {
  unsigned char *bytes;
  size_t n;
} pickle_writer;

static inline void pk_bytes(pickle_writer *to, const void *bytes, size_t n) {
  unsigned char *grown = realloc(to->bytes, to->n + n + 1);
  assert_non_null(grown);
  to->bytes = grown;
  if (n) memcpy(grown + to->n, bytes, n);
  to->n += n;
}

/* Instructions as they stand in a literal; it may hold NULs. */
#define pk(to, literal) pk_bytes((to), (literal), sizeof(literal) - 1)

/* `size` bytes, little-endian. */
static inline void pk_number(pickle_writer *to, uint64_t value, size_t size) {
  unsigned char bytes[8];
  for (size_t k = 0; k < size; k++) bytes[k] = (unsigned char)(value >> 8 * k);
  pk_bytes(to, bytes, size);
}

static inline void pk_text(pickle_writer *to, const char *text) { /* BINUNICODE */
  pk(to, "X");
  pk_number(to, strlen(text), 4);
  pk_bytes(to, text, strlen(text));
}

static inline void pk_int(pickle_writer *to, int64_t value) { /* LONG1 */
  pk(to, "\x8a\x08");
  pk_number(to, (uint64_t)value, 8);
}

static inline void pk_global(pickle_writer *to, const char *module, const char *name) {
  pk(to, "c");
  pk_bytes(to, module, strlen(module));
  pk(to, "\n");
  pk_bytes(to, name, strlen(name));
  pk(to, "\n");
}

static inline void pk_ints(pickle_writer *to, const int64_t *values, size_t n) {
  pk(to, "(");
  for (size_t k = 0; k < n; k++) pk_int(to, values[k]);
  pk(to, "t");
}

/* ('storage', torch.TYPE, key, 'cpu', count), as a persistent id. view: a tuple's instructions behind count, or NULL.
 */
static inline void pk_storage(pickle_writer *to, const char *type, const char *key, int64_t count, const char *view) {
  pk(to, "(");
  pk_text(to, "storage");
  pk_global(to, "torch", type);
  pk_text(to, key);
  pk_text(to, "cpu");
  pk_int(to, count);
  if (view) pk_bytes(to, view, strlen(view));
  pk(to, "tQ");
}

typedef struct pickled_tensor {
  const char *type, *key; /* "FloatStorage", "0" */
  int64_t count, offset;
  size_t rank;
  int64_t size[4], stride[4];
} pickled_tensor;

/* What follows the storage, and the call. */
static inline void pk_rebuild(pickle_writer *to, const pickled_tensor *tensor) {
  pk_int(to, tensor->offset);
  pk_ints(to, tensor->size, tensor->rank);
  pk_ints(to, tensor->stride, tensor->rank);
  pk(to, "\x89");
  pk_global(to, "collections", "OrderedDict");
  pk(to, ")RtR");
}

static inline void pk_tensor(pickle_writer *to, const pickled_tensor *tensor) {
  pk_global(to, "torch._utils", "_rebuild_tensor_v2");
  pk(to, "(");
  pk_storage(to, tensor->type, tensor->key, tensor->count, NULL);
  pk_rebuild(to, tensor);
}

/* A dict's item on the stack's top dict. */
static inline void pk_item(pickle_writer *to, const char *name, const pickled_tensor *tensor) {
  pk_text(to, name);
  pk_tensor(to, tensor);
  pk(to, "s");
}

/* archive/data.pkl of a new archive, and further members of it. */
static inline void put_pt(const char *path, const pickle_writer *pickle) {
  remove(path);
  put_zip(path, "archive/data.pkl", pickle->bytes, pickle->n, ZIP_CM_STORE);
}

static inline void put_pt_storage(const char *path, const char *key, const void *bytes, size_t n, int method) {
  char name[64];
  snprintf(name, sizeof name, "archive/data/%s", key);
  put_zip(path, name, bytes, n, method);
}

#endif
