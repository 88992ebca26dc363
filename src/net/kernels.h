/* The inner loops of training, compiled once per instruction set; one table of functions per level.
 *
 * Activations are stored with the samples along the lanes: z: [width, stride], sample s of the batch in column s. The
 * first `columns` columns (samples rounded up to 16) are computed; columns past the last sample stay finite and carry
 * no gradient. Inputs are stored one sample a row. Sums run over inputs or samples in one order at every level (see
 * lanes.h), so v3 and v4 give the same bytes. */
#ifndef WLAW_NET_KERNELS_H
#define WLAW_NET_KERNELS_H

#include "core/cpu.h"
#include "net/mlp.h"
#include "net/optimizer.h"

/* A batch of inputs, one sample a row, as stored: the network sees scale * stored + shift. For a first layer wider
 * than 32, whose products are BLAS's, x holds what the network sees. */
typedef struct input_batch {
  float *x;                   /* [samples, stride]; with bytes: room to write them out (fill_inputs), or NULL */
  const uint8_t *bytes;       /* [samples, stride], or NULL: x holds the batch */
  size_t samples, stride;     /* stride: features rounded up to 16; padding is 0 */
  const float *scale, *shift; /* [stride], 0 in the padding */
  float common_scale;         /* of all features, or 0 where they differ */
  /* Narrow first layers pass over zeros. blocks: [samples, block_words], bit b % 64 of word b / 64: inputs 16 b ..
   * 16 b + 15 of the sample are not all 0. lists: [stride / 32 rounded up, list_stride], for the backward pass: the
   * lengths[t] samples, ascending, in which inputs 32 t .. 32 t + 31 are not all 0. */
  const uint64_t *blocks;
  size_t block_words;
  const uint32_t *lists, *lengths;
  size_t list_stride;
  /* Rows of the data set that make the next batch, n_following of them: the backward pass brings them near. */
  const uint8_t *stored; /* [n, features] */
  const uint32_t *following;
  size_t n_following, features;
} input_batch;

/* out: [rows, stride] = scale * A B + bias, A: element (r, k) at a[r * step_r + k * step_k], B: [inner, stride]. */
typedef struct lane_product {
  const float *a;
  size_t step_r, step_k;
  const float *b;
  size_t rows, inner, columns, stride;
  float scale;
  const float *bias; /* [rows] or NULL */
} lane_product;

typedef struct net_kernels {
  /* The batch's lists, from its blocks. list_stride: at least 16 more than there are samples. */
  void (*list_samples)(uint32_t *lists, uint32_t *lengths, size_t list_stride, const input_batch *x);
  /* z: [outputs, z_stride] = scale * w x^T + bias; w: [x stride / 16, outputs, 16], outputs <= 32. scaled: room for as
   * many floats as w has, used where the features have no common scale. */
  void (*input_forward)(float *z, size_t z_stride, const float *w, float *scaled, size_t outputs, float scale,
                        const float *bias, const input_batch *x);
  /* The gradient delta x of the first layer's weights, delta: [outputs, delta_stride] (already times the layer's
   * scale), applied at once: w, first, second: [x stride / 16, outputs, 16]. gradient is written by UPDATE_STORE only.
   */
  void (*input_backward)(const update_rule *rule, float *w, float *first, float *second, float *gradient,
                         const float *delta, size_t delta_stride, size_t outputs, const input_batch *x);
  /* Products of narrow layers. */
  void (*lane_multiply)(float *out, const lane_product *product);
  /* dw: [outputs, inputs] = delta h^T over `columns` columns; delta: [outputs, stride], h: [inputs, stride]. */
  void (*lane_outer)(float *dw, const float *delta, const float *h, size_t outputs, size_t inputs, size_t columns,
                     size_t stride);
  /* db: [outputs] = row sums of delta. */
  void (*row_sums)(float *db, const float *delta, size_t outputs, size_t columns, size_t stride);

  /* x->x, what the network sees, from x->bytes (for layers wider than 32, whose products are BLAS's). */
  void (*fill_inputs)(const input_batch *x);
  /* z = scale * z + bias (NULL: 0) in place, columns from `samples` to `columns` set to 0. */
  void (*scale_and_shift)(float *z, size_t rows, size_t samples, size_t columns, size_t stride, float scale,
                          const float *bias);
  /* h = phi(z); delta *= phi'(z). All [rows, stride]. */
  void (*activate)(float *h, const float *z, size_t rows, size_t columns, size_t stride, activation kind);
  void (*activate_backward)(float *delta, const float *z, size_t rows, size_t columns, size_t stride, activation kind);
  /* x: [rows, stride], row r times scale[r]. */
  void (*scale_rows)(float *x, const float *scale, size_t rows, size_t columns, size_t stride);
  /* Sum over samples of the loss (of one sample), and delta = its gradient / samples; delta may be NULL. z, delta:
   * [classes, stride]; labels: [columns]. */
  double (*loss)(float *delta, const float *z, const uint8_t *labels, size_t classes, size_t samples, size_t stride,
                 loss kind);
  /* How many samples have their largest logit (of equals the first) at their label. finite: whether all logits are;
   * constant: whether all are those of the reference, [classes] (NaN is not). Arguments as above. */
  size_t (*score)(const float *z, const uint8_t *labels, const float *reference, size_t classes, size_t samples,
                  size_t stride, bool *finite, bool *constant);
  /* n floats, a multiple of 16; all arrays that the rule does not use may be NULL. */
  void (*update)(const update_rule *rule, float *w, float *first, float *second, const float *gradient, size_t n);
} net_kernels;

/* level: at most wlaw_cpu_level(). */
const net_kernels *wlaw_net_kernels(cpu_level level);

#endif
