/* What the writers of the formats share. */
#ifndef WLAW_TENSOR_WRITER_FORMAT_H
#define WLAW_TENSOR_WRITER_FORMAT_H

#include "tensor/writer.h"

typedef struct planned_tensor {
  tensor_spec spec; /* name: our copy */
  uint64_t bytes, received;
  uint64_t offset; /* of its bytes in the file, where tensors are interleaved */
} planned_tensor;

/* Calls in order: begin; for each tensor start, its bytes through add, end; finish. Any may be NULL. */
typedef struct writer_format {
  const char *ending;
  wlaw_status (*begin)(tensor_writer *writer, const char *const *metadata, wlaw_error *err);
  wlaw_status (*start)(tensor_writer *writer, size_t i, wlaw_error *err);
  void (*add)(tensor_writer *writer, size_t i, const void *bytes, size_t n);
  wlaw_status (*end)(tensor_writer *writer, size_t i, wlaw_error *err);
  wlaw_status (*finish)(tensor_writer *writer, wlaw_error *err);
} writer_format;

struct tensor_writer {
  const writer_format *format;
  output_file file;
  uint64_t written; /* bytes of the file so far */
  planned_tensor *tensors;
  size_t n;
  size_t current; /* tensor being received */
  void *state;    /* the format's own, one malloc: freed with free() */
};

/* Appends to the file and counts. */
wlaw_status wlaw_writer_put(tensor_writer *writer, const void *bytes, size_t n, wlaw_error *err);

extern const writer_format wlaw_writer_npy, wlaw_writer_npz, wlaw_writer_safetensors;

#endif
