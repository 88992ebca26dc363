/* One IDX file in memory. */
#ifndef WLAW_DATA_IDX_FILE_H
#define WLAW_DATA_IDX_FILE_H

#include "tensor/tensor.h"

typedef struct idx_file {
  wlaw_dtype dtype;
  size_t rank;
  uint64_t shape[WLAW_MAX_RANK];
  size_t count;     /* elements */
  void *stored;     /* [count] in dtype, native byte order */
  char sha256[65];  /* of the whole uncompressed file, header included */
  size_t raw_bytes; /* its size */
} idx_file;

/* Reads a plain or gzipped IDX file. Release with wlaw_idx_free, also after a failure. */
wlaw_status wlaw_idx_read(idx_file *file, const char *path, wlaw_error *err);
void wlaw_idx_free(idx_file *file); /* safe on a zeroed struct */

#endif
