/* A typed, strided view over memory that somebody else owns: mapped files and callers' arrays, without a copy. */
#ifndef WLAW_TENSOR_VIEW_H
#define WLAW_TENSOR_VIEW_H

#include "tensor/tensor.h"

typedef struct tensor_view {
  const void *base; /* element (0, ..., 0); needs no alignment */
  wlaw_dtype dtype; /* native byte order */
  size_t rank;
  uint64_t shape[WLAW_MAX_RANK];
  int64_t stride[WLAW_MAX_RANK]; /* bytes from one index to the next; negative and 0 allowed */
} tensor_view;

/* Row-major without gaps. WLAW_ARGUMENT for a rank over WLAW_MAX_RANK, WLAW_LIMIT for 2^63 bytes and more. */
wlaw_status wlaw_view_contiguous(tensor_view *view, const void *base, wlaw_dtype dtype, size_t rank,
                                 const uint64_t *shape, wlaw_error *err);

/* Tensor i of a file, mapped; rows or columns as stored. WLAW_UNSUPPORTED where the bytes are packed or of the other
 * byte order. Good until wlaw_tensors_close; see wlaw_tensors_map for what a file that shrinks does. */
wlaw_status wlaw_view_tensor(tensor_view *view, wlaw_tensors *tensors, size_t i, wlaw_error *err);

/* Number of elements; false when it does not fit 64 bits. */
bool wlaw_view_count(const tensor_view *view, uint64_t *count);

/* Elements [first, first + count) in row-major order, as double. WLAW_ARGUMENT when they are not all there. */
wlaw_status wlaw_view_read(const tensor_view *view, uint64_t first, size_t count, double *out, wlaw_error *err);

#endif
