#include "net/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

enum { WORD = 64 };

size_t wlaw_block_words(size_t stride) { return (stride / MLP_LANES + WORD - 1) / WORD; }

size_t wlaw_block_lists(size_t stride) { return (stride / MLP_LANES + 1) / 2; }

static bool is_zero(const sample_set *set, size_t at) {
  return set->bytes ? set->bytes[at] == 0 : set->values[at] == 0.0f; /* NaN is not */
}

wlaw_status wlaw_blocks_find(uint64_t **out, const sample_set *set, size_t features, size_t stride, wlaw_error *err) {
  const size_t words = wlaw_block_words(stride);
  uint64_t *blocks = wlaw_array(set->n * words, sizeof *blocks); /* at most one word for 1024 of the values there are */
  if (!blocks) return wlaw_fail_memory(err, set->n, words * sizeof *blocks);
  for (size_t s = 0; s < set->n; s++)
    for (size_t f = 0; f < features; f++)
      if (!is_zero(set, s * features + f)) {
        const size_t block = f / MLP_LANES;
        blocks[s * words + block / WORD] |= UINT64_C(1) << block % WORD;
        f |= MLP_LANES - 1; /* on to the next block */
      }
  *out = blocks;
  return WLAW_OK;
}

typedef struct keyed {
  const uint64_t *blocks; /* [words] */
  size_t words;
  uint32_t sample;
} keyed;

static int compare(const void *a, const void *b) {
  const keyed *x = a, *y = b;
  for (size_t w = x->words; w-- > 0;)
    if (x->blocks[w] != y->blocks[w]) return x->blocks[w] < y->blocks[w] ? -1 : 1;
  return (x->sample > y->sample) - (x->sample < y->sample);
}

wlaw_status wlaw_blocks_keys(uint8_t **out, const uint64_t *blocks, size_t n, size_t words, wlaw_error *err) {
  uint8_t *keys = wlaw_array(n, 1);
  keyed *all = wlaw_array(n, sizeof *all);
  if (!keys || !all) {
    free(keys);
    free(all);
    return wlaw_fail_memory(err, n, sizeof *all);
  }
  for (size_t s = 0; s < n; s++) all[s] = (keyed){blocks + s * words, words, (uint32_t)s};
  qsort(all, n, sizeof *all, compare);
  for (size_t s = 0; s < n; s++) keys[all[s].sample] = (uint8_t)(s * 256 / n);
  free(all);
  *out = keys;
  return WLAW_OK;
}

void wlaw_blocks_order(uint32_t *order, size_t n, const uint8_t *keys, uint32_t *room) {
  uint32_t first[257] = {0};
  memcpy(room, order, n * sizeof *order);
  for (size_t i = 0; i < n; i++) first[keys[room[i]] + 1]++;
  for (size_t k = 1; k < 256; k++) first[k] += first[k - 1];
  for (size_t i = 0; i < n; i++) order[first[keys[room[i]]]++] = room[i];
}
