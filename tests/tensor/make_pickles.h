/* Pickles written instruction by instruction, good and bad ones. */
#ifndef TESTS_TENSOR_MAKE_PICKLES_H
#define TESTS_TENSOR_MAKE_PICKLES_H

#include <stdio.h>

#include "tensor/byte_file.h"

/* Instructions as they stand in a literal; it may hold NULs. */
#define pk(to, literal) add_bytes((to), (literal), sizeof(literal) - 1)

static inline void pk_text(byte_file *to, const char *text) { /* BINUNICODE */
  pk(to, "X");
  add_integer(to, strlen(text), 4);
  add_bytes(to, text, strlen(text));
}

static inline void pk_int(byte_file *to, int64_t value) { /* LONG1 */
  pk(to, "\x8a\x08");
  add_integer(to, (uint64_t)value, 8);
}

static inline void pk_global(byte_file *to, const char *module, const char *name) {
  pk(to, "c");
  add_bytes(to, module, strlen(module));
  pk(to, "\n");
  add_bytes(to, name, strlen(name));
  pk(to, "\n");
}

static inline void pk_ints(byte_file *to, const int64_t *values, size_t n) {
  pk(to, "(");
  for (size_t k = 0; k < n; k++) pk_int(to, values[k]);
  pk(to, "t");
}

/* ('storage', torch.TYPE, key, 'cpu', count), as a persistent id. view: a tuple's instructions behind count, or NULL.
 */
static inline void pk_storage(byte_file *to, const char *type, const char *key, int64_t count, const char *view) {
  pk(to, "(");
  pk_text(to, "storage");
  pk_global(to, "torch", type);
  pk_text(to, key);
  pk_text(to, "cpu");
  pk_int(to, count);
  if (view) add_bytes(to, view, strlen(view));
  pk(to, "tQ");
}

typedef struct pickled_tensor {
  const char *type, *key; /* "FloatStorage", "0" */
  int64_t count, offset;
  size_t rank;
  int64_t size[4], stride[4];
} pickled_tensor;

/* What follows the storage, and the call. */
static inline void pk_rebuild(byte_file *to, const pickled_tensor *tensor) {
  pk_int(to, tensor->offset);
  pk_ints(to, tensor->size, tensor->rank);
  pk_ints(to, tensor->stride, tensor->rank);
  pk(to, "\x89");
  pk_global(to, "collections", "OrderedDict");
  pk(to, ")RtR");
}

static inline void pk_tensor(byte_file *to, const pickled_tensor *tensor) {
  pk_global(to, "torch._utils", "_rebuild_tensor_v2");
  pk(to, "(");
  pk_storage(to, tensor->type, tensor->key, tensor->count, NULL);
  pk_rebuild(to, tensor);
}

/* A dict's item on the stack's top dict. */
static inline void pk_item(byte_file *to, const char *name, const pickled_tensor *tensor) {
  pk_text(to, name);
  pk_tensor(to, tensor);
  pk(to, "s");
}

/* What the older stream begins with: magic number, protocol version, the writer's sizes. */
static inline void pk_stream_head(byte_file *to) {
  pk(to, "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3.\x80\2}.");
}

static inline void pk_tar_member(byte_file *to, const char *name, const byte_file *member) {
  static const unsigned char zeros[512];
  unsigned char head[512] = {0};
  unsigned sum = 0;
  snprintf((char *)head, 100, "%s", name);
  snprintf((char *)head + 124, 12, "%011zo", member->n);
  memset(head + 148, ' ', 8);
  head[156] = '0';
  for (size_t k = 0; k < sizeof head; k++) sum += head[k];
  snprintf((char *)head + 148, 8, "%06o", sum);
  add_bytes(to, head, sizeof head);
  add_bytes(to, member->bytes, member->n);
  add_bytes(to, zeros, (512 - member->n % 512) % 512);
}

#endif
