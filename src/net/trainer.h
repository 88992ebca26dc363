/* The insides of a trainer, for the files of this folder. */
#ifndef WLAW_NET_TRAINER_H
#define WLAW_NET_TRAINER_H

#include "net/blocks.h"
#include "net/pass.h"
#include "net/train.h"

struct trainer {
  const train_config *config;
  const wlaw_dataset *dataset;
  pass pass;
  size_t steps_per_epoch;
  size_t columns;       /* samples there is room for: a batch or a piece of the test set, a multiple of 16 */
  size_t input_stride;  /* floats from one sample of a batch to the next */
  float *scale, *shift; /* [input_stride], zero beyond the features */
  float common_scale;   /* of all features, or 0 where they differ */
  uint64_t *train_blocks, *test_blocks; /* [n, block_words]: kernels.h; NULL for a wide first layer */
  uint8_t *train_keys;                  /* [n]: blocks.h; NULL likewise */
};

struct train_scratch {
  uint32_t *order;  /* [train.n] */
  float *x;         /* [columns, input_stride]; NULL where bytes are enough */
  uint8_t *bytes;   /* [columns, input_stride]; NULL for a data set of floats */
  uint8_t *labels;  /* [columns] */
  uint64_t *blocks; /* of the batch (kernels.h), [columns, block_words]; NULL for a wide first layer */
  uint32_t *lists, *lengths;
  pass_space space;
};

/* A batch of the samples order[0 .. n-1] of a set, ready for a pass: rows copied to the scratch space, floats scaled
 * where the first layer is wide.
 * labels go to scratch->labels. */
input_batch wlaw_batch_gather(const trainer *trainer, train_scratch *scratch, const sample_set *set,
                              const uint32_t *order, size_t n);

#endif
