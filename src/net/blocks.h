/* Where a data set is zero: images are, over much of their border, and products with zeros need not be made. Inputs are
 * looked at in blocks of sixteen, the lanes of a kernel. Only for narrow first layers. */
#ifndef WLAW_NET_BLOCKS_H
#define WLAW_NET_BLOCKS_H

#include "data/dataset.h"
#include "net/kernels.h"

/* Words of a row of input_batch.blocks for rows of `stride` inputs, and lists of input_batch.lists. */
size_t wlaw_block_words(size_t stride);
size_t wlaw_block_lists(size_t stride);

/* Bits of every sample of a set: *out: [n, words], caller frees. Inputs past `features` count as zero. */
wlaw_status wlaw_blocks_find(uint64_t **out, const sample_set *set, size_t features, size_t stride, wlaw_error *err);

/* Keys by which a batch is ordered, so that neighbours are zero in the same blocks: the place of a sample among the n
 * when ordered by its bits, in 256 steps. *out: [n], caller frees. */
wlaw_status wlaw_blocks_keys(uint8_t **out, const uint64_t *blocks, size_t n, size_t words, wlaw_error *err);
/* Orders n sample numbers by their keys, equal ones as they were. room: [n]. */
void wlaw_blocks_order(uint32_t *order, size_t n, const uint8_t *keys, uint32_t *room);

#endif
