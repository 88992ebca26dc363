/* Writing tensor files: .npy, .npz, .safetensors. The file appears whole or not at all. */
#ifndef WLAW_TENSOR_WRITER_H
#define WLAW_TENSOR_WRITER_H

#include "tensor/tensor.h"

typedef struct tensor_spec {
  const char *name;
  wlaw_dtype dtype;
  size_t rank;
  uint64_t shape[WLAW_MAX_RANK];
} tensor_spec;

typedef struct tensor_writer tensor_writer;

/* The format comes from path's ending; another ending is WLAW_ARGUMENT naming the three. An .npy holds one tensor.
 * metadata: pairs key, value, ..., NULL (safetensors' __metadata__), or NULL; other formats do not store it. */
wlaw_status wlaw_writer_open(tensor_writer **out, const char *path, const tensor_spec *specs, size_t n,
                             const char *const *metadata, wlaw_error *err);
/* Appends native-endian bytes; tensors follow one another in the order of specs, in as many pieces as one likes. */
wlaw_status wlaw_writer_add(tensor_writer *writer, const void *bytes, size_t n, wlaw_error *err);
/* For tensors that grow side by side: called once, before any byte, it gives each its place in the file, and bytes then
 * go to the tensor named, each from its beginning on. */
wlaw_status wlaw_writer_interleave(tensor_writer *writer, wlaw_error *err);
wlaw_status wlaw_writer_add_to(tensor_writer *writer, size_t i, const void *bytes, size_t n, wlaw_error *err);
/* Checks that every byte came, syncs, renames. Frees the writer, also on failure (then nothing is left behind). */
wlaw_status wlaw_writer_commit(tensor_writer *writer, wlaw_error *err);
void wlaw_writer_discard(tensor_writer *writer); /* NULL allowed */

#endif
