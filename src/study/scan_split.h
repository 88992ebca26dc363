/* Where q, k and v (or gate and up) lie in a fused tensor. */
#ifndef WLAW_STUDY_SCAN_SPLIT_H
#define WLAW_STUDY_SCAN_SPLIT_H

#include "study/scan_part.h"

/* Attention heads by the request, the file's metadata, or config.json beside the file, in this order; 0: not known.
 * A config.json that cannot be read tells nothing. */
wlaw_status wlaw_attention_heads(uint64_t *heads, uint64_t *kv_heads, const wlaw_tensors *tensors,
                                 const part_request *request, wlaw_error *err);

enum { SPLIT_MOST = 3 };

typedef struct fused_part {
  tensor_kind kind;
  weight_selection selection;
} fused_part;

/* Parts of a fused tensor seen as [rows, cols]; 0 with *why (a constant) where it cannot be told how they lie. */
size_t wlaw_fused_parts(fused_part parts[SPLIT_MOST], const char **why, const tensor_role *role, uint64_t rows,
                        uint64_t cols, uint64_t heads, uint64_t kv_heads);

#endif
