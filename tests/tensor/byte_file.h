/* Files put together field by field in memory: little-endian integers, GGUF's directory, protobuf's messages. */
#ifndef TESTS_TENSOR_BYTE_FILE_H
#define TESTS_TENSOR_BYTE_FILE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct byte_file {
  unsigned char bytes[1 << 14];
  size_t n;
} byte_file;

static inline void add_bytes(byte_file *file, const void *bytes, size_t n) {
  if (n > sizeof file->bytes - file->n) abort();
  if (n) memcpy(file->bytes + file->n, bytes, n);
  file->n += n;
}

static inline void add_integer(byte_file *file, uint64_t value, size_t size) {
  for (size_t k = 0; k < size; k++, value >>= 8) add_bytes(file, &(unsigned char){(unsigned char)(value & 255)}, 1);
}

static inline void add_padding(byte_file *file, size_t multiple) {
  while (file->n % multiple) add_integer(file, 0, 1);
}

/* ---- GGUF ---- */

static inline void gguf_start(byte_file *file, uint64_t tensors, uint64_t keys) {
  file->n = 0;
  add_bytes(file, "GGUF", 4);
  add_integer(file, 3, 4);
  add_integer(file, tensors, 8);
  add_integer(file, keys, 8);
}

static inline void gguf_text(byte_file *file, const char *text) {
  add_integer(file, strlen(text), 8);
  add_bytes(file, text, strlen(text));
}

/* A key and the type of its value, which follows. */
static inline void gguf_key(byte_file *file, const char *key, uint64_t type) {
  gguf_text(file, key);
  add_integer(file, type, 4);
}

/* sizes: [rank], the fastest first. */
static inline void gguf_tensor(byte_file *file, const char *name, size_t rank, const uint64_t *sizes, uint64_t type,
                               uint64_t offset) {
  gguf_text(file, name);
  add_integer(file, rank, 4);
  for (size_t d = 0; d < rank; d++) add_integer(file, sizes[d], 8);
  add_integer(file, type, 4);
  add_integer(file, offset, 8);
}

/* ---- protobuf ---- */

static inline void add_varint(byte_file *file, uint64_t value) {
  for (; value > 127; value >>= 7) add_integer(file, value | 128, 1);
  add_integer(file, value, 1);
}

static inline void field_varint(byte_file *file, unsigned number, uint64_t value) {
  add_varint(file, number << 3);
  add_varint(file, value);
}

static inline void field_bytes(byte_file *file, unsigned number, const void *bytes, size_t n) {
  add_varint(file, number << 3 | 2);
  add_varint(file, n);
  add_bytes(file, bytes, n);
}

static inline void field_text(byte_file *file, unsigned number, const char *text) {
  field_bytes(file, number, text, strlen(text));
}

/* Name, type and shape of a TensorProto; its data are to follow. */
static inline void onnx_start(byte_file *tensor, const char *name, unsigned type, size_t rank, const uint64_t *shape) {
  tensor->n = 0;
  for (size_t d = 0; d < rank; d++) field_varint(tensor, 1, shape[d]);
  field_varint(tensor, 2, type);
  field_text(tensor, 8, name);
}

static inline void onnx_external(byte_file *tensor, const char *key, const char *value) {
  byte_file entry = {.n = 0};
  field_text(&entry, 1, key);
  field_text(&entry, 2, value);
  field_bytes(tensor, 13, entry.bytes, entry.n);
}

/* A model of a graph that was put together before. */
static inline void onnx_model(byte_file *model, const byte_file *graph) {
  model->n = 0;
  field_varint(model, 1, 8);
  field_text(model, 2, "a test");
  field_bytes(model, 7, graph->bytes, graph->n);
}

#endif
