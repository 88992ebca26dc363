/* One TensorProto of an ONNX model: what it says, before it is believed. */
#ifndef WLAW_TENSOR_ONNX_TENSOR_H
#define WLAW_TENSOR_ONNX_TENSOR_H

#include "tensor/tensor.h"
#include "tensor/wire.h"

/* Fields of TensorProto (onnx.proto of https://github.com/onnx/onnx). */
enum {
  TENSOR_DIMS = 1,
  TENSOR_TYPE = 2,
  TENSOR_FLOATS = 4,
  TENSOR_INT32 = 5,
  TENSOR_STRINGS = 6,
  TENSOR_INT64 = 7,
  TENSOR_NAME = 8,
  TENSOR_RAW = 9,
  TENSOR_DOUBLES = 10,
  TENSOR_UINT64 = 11,
  TENSOR_EXTERNAL = 13,
  TENSOR_LOCATION = 14
};

typedef struct onnx_tensor {
  uint64_t begin, end;                     /* of the message */
  char *name, *location, *offset, *length; /* NULL: not said; the last three describe external data */
  uint64_t type;
  size_t rank;
  uint64_t shape[WLAW_MAX_RANK];
  bool external;
  uint32_t data_field; /* the field that holds the data; 0: none */
  uint64_t n_pieces;   /* how many times that field stands there */
  wire_field piece;    /* the last of these */
} onnx_tensor;

/* Reads the message from begin to end; afterwards the cursor stands at the end. */
wlaw_status wlaw_onnx_tensor_read(onnx_tensor *tensor, file_cursor *cursor, uint64_t begin, uint64_t end,
                                  wlaw_error *err);
void wlaw_onnx_tensor_free(onnx_tensor *tensor);

/* count elements of dtype, from all the pieces of the data field, into out, in this machine's byte order. */
wlaw_status wlaw_onnx_tensor_collect(const onnx_tensor *tensor, wlaw_dtype dtype, uint64_t count, void *out,
                                     file_cursor *cursor, wlaw_error *err);

#endif
