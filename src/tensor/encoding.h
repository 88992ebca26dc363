/* Encodings: weights stored in fewer bits than a number type has, unpacked to f32 as they are read. */
#ifndef WLAW_TENSOR_ENCODING_H
#define WLAW_TENSOR_ENCODING_H

#include "tensor/tensor.h"

typedef struct tensor_encoding {
  const char *name;                                                  /* "q4_K" */
  unsigned elements;                                                 /* of a block */
  unsigned block_bytes;                                              /* as stored */
  void (*unpack)(float *out, const unsigned char *blocks, size_t n); /* out: [n, elements] */
} tensor_encoding;

/* NULL where there is none of this name. */
const tensor_encoding *wlaw_encoding_find(const char *name);

/* Makes a row whose name, shape and offset are set one of this encoding: f32, unpacked by the call below. */
void wlaw_encoding_apply(tensor_info *info, const tensor_encoding *encoding);

/* n bytes of the unpacked elements from byte `from` of them; the blocks begin at byte `offset` of the file. */
wlaw_status wlaw_encoding_read(const tensor_encoding *encoding, const input_file *file, uint64_t offset, uint64_t from,
                               void *out, size_t n, wlaw_error *err);

/* tensor_format.read where every tensor that is not plain is encoded in the file itself. */
wlaw_status wlaw_tensors_read_encoded(wlaw_tensors *tensors, size_t i, uint64_t from, void *out, size_t n,
                                      wlaw_error *err);

#endif
