/* What of a checkpoint is scanned: tensors, the parts of fused ones, products of low-rank pairs. */
#ifndef WLAW_STUDY_SCAN_PART_H
#define WLAW_STUDY_SCAN_PART_H

#include "measure/weight_source.h"
#include "study/tensor_role.h"

typedef struct scan_part {
  char *name;     /* of the tensor; a part of a fused one: name + "[q]"; a pair: what comes before lora_A + "lora" */
  size_t tensor;  /* index in the file */
  size_t partner; /* SIZE_MAX; of a low-rank pair: tensor = B [out, r], partner = A [r, in], the part is B A */
  tensor_role role;
  uint64_t stored_rows, stored_cols; /* the tensor seen as a matrix */
  weight_selection selection;        /* of a pair: rows and cols of the product alone */
  char *reason;                      /* NULL, or why it is listed and not scanned, or not scanned as one would expect */
  bool skipped;                      /* with reason: nothing is measured */
} scan_part;

typedef struct scan_parts {
  scan_part *part;
  size_t n;
  uint64_t heads, kv_heads; /* used for splitting; 0: not known */
} scan_parts;

typedef struct part_request {
  const char *only;         /* NULL, or a tensor's name or a pattern with * and ? */
  uint64_t heads, kv_heads; /* 0: from the file, or from config.json beside it */
} part_request;

enum { PART_LARGEST_PRODUCT_LOG2 = 32 }; /* two small factors can name a product that nobody could go through */

/* In the order of the file. Every tensor is there: scanned whole, in parts, as a product, or skipped with a reason.
 * Caller frees. */
wlaw_status wlaw_scan_parts(scan_parts *out, wlaw_tensors *tensors, const part_request *request, wlaw_error *err);
void wlaw_scan_parts_free(scan_parts *parts);

/* The weights of a part: a selection of the file; or a product, whose factors are held in memory in double precision
 * and whose blocks are multiplied when they are read, each number in the same order whatever the block. Caller frees.
 */
wlaw_status wlaw_part_source(weight_source *out, wlaw_tensors *tensors, const scan_part *part, wlaw_error *err);

#endif
