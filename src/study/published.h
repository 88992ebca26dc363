/* Published Weibull medians of twelve language models by kind of tensor: npm-weibull DATABASE v9.1, CC BY 4.0,
 * arXiv 2605.18898. */
#ifndef WLAW_STUDY_PUBLISHED_H
#define WLAW_STUDY_PUBLISHED_H

#include "study/tensor_role.h"

typedef struct published_median {
  const char *model, *family;
  bool fused;       /* q, k and v stored as one tensor */
  tensor_kind kind; /* of a tensor in this model */
  double k, lambda, r2;
} published_median;

extern const published_median wlaw_published[];
extern const size_t wlaw_n_published;

/* Of all models with that kind: lowest, median and highest k. n = 0: none. */
typedef struct published_band {
  size_t n;
  double low, median, high;
} published_band;
published_band wlaw_published_k(tensor_kind kind);

#endif
