/* What both passes of the first layer share. The kernels work on the stored numbers p (bytes of an image); the network
 * sees x = scale p + shift, which is applied to the weights before the forward loops and to the gradient after the
 * backward ones, so that the loops themselves only convert. */
#ifndef WLAW_NET_INPUT_LANES_H
#define WLAW_NET_INPUT_LANES_H

#include <stdbool.h>

#include "net/kernels.h"
#include "net/lanes.h"

enum { MAX_OUTPUTS = 32 };

/* Stored numbers f .. f + 15 of sample s. bytes is a constant where this is inlined. */
INLINE v16 load_input(const input_batch x, size_t s, size_t f, const bool bytes) {
  const size_t at = s * x.stride + f;
  return bytes ? v16_bytes(x.bytes + at) : v16_load(x.x + at);
}

/* The next tile of rows: whole ones, or what is left split evenly, so that no tile is a sliver. */
INLINE size_t tile_rows(size_t left) {
  const size_t tiles = (left + TILE_OUTPUTS - 1) / TILE_OUTPUTS;
  return (left + tiles - 1) / tiles;
}

#endif
