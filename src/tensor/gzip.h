/* A gzip file (RFC 1952) as a packed_source: concatenated members, CRC-32 and lengths checked, nothing behind them. */
#ifndef WLAW_TENSOR_GZIP_H
#define WLAW_TENSOR_GZIP_H

#include <zlib.h>

#include "core/file.h"
#include "tensor/packed.h"

enum { GZIP_INPUT_BYTES = 1 << 16 };

typedef struct gzip_reader {
  const input_file *file; /* set before use; the rest zero */
  uint64_t read;          /* bytes of the file taken in */
  bool live, in_member;   /* zlib's state exists; a member is begun and not ended */
  z_stream zlib;
  unsigned char input[GZIP_INPUT_BYTES];
} gzip_reader;

extern const packed_source wlaw_gzip_source; /* its context is a gzip_reader */
void wlaw_gzip_end(gzip_reader *reader);

#endif
