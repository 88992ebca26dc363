#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "study/scan_part.h"

/* B A of a low-rank pair. */
typedef struct low_rank {
  uint64_t inner, cols;
  const double *b, *a; /* [rows, inner], [inner, cols]: behind the struct, in one piece of memory */
} low_rank;

/* Sums run over the inner dimension in order, so that a number does not depend on the block it is read with. */
static wlaw_status read_product(const weight_source *source, uint64_t row, uint64_t n_rows, uint64_t column,
                                uint64_t n_cols, void *out, wlaw_error *err) {
  (void)err;
  const low_rank *factors = source->owned;
  for (uint64_t i = 0; i < n_rows; i++) {
    double *to = (double *)out + i * n_cols;
    memset(to, 0, (size_t)n_cols * sizeof *to);
    for (uint64_t k = 0; k < factors->inner; k++) {
      const double b = factors->b[(row + i) * factors->inner + k], *a = factors->a + k * factors->cols + column;
      for (uint64_t j = 0; j < n_cols; j++) to[j] += b * a[j];
    }
  }
  return WLAW_OK;
}

static wlaw_status open_product(weight_source *out, wlaw_tensors *tensors, const scan_part *part, wlaw_error *err) {
  const uint64_t n_b = tensors->info[part->tensor].count, n_a = tensors->info[part->partner].count;
  const size_t head = (sizeof(low_rank) + sizeof(double) - 1) / sizeof(double);
  size_t count;
  if (__builtin_add_overflow(n_b, n_a, &count) || __builtin_add_overflow(count, head, &count))
    return wlaw_fail(err, WLAW_LIMIT, "the factors have 2^64 weights or more");
  double *memory = wlaw_array(count, sizeof *memory);
  if (!memory) return wlaw_fail_memory(err, count, sizeof *memory);
  double *b = memory + head, *a = b + n_b;
  wlaw_status status = wlaw_tensors_read(tensors, part->tensor, 0, (size_t)n_b, b, err);
  if (status == WLAW_OK) status = wlaw_tensors_read(tensors, part->partner, 0, (size_t)n_a, a, err);
  if (status != WLAW_OK) {
    free(memory);
    return status;
  }
  const low_rank factors = {.inner = part->stored_cols, .cols = part->selection.cols, .b = b, .a = a};
  memcpy(memory, &factors, sizeof factors);
  *out = (weight_source){.rows = part->selection.rows,
                         .cols = part->selection.cols,
                         .dtype = WLAW_F64,
                         .read = read_product,
                         .owned = memory};
  return WLAW_OK;
}

wlaw_status wlaw_part_source(weight_source *out, wlaw_tensors *tensors, const scan_part *part, wlaw_error *err) {
  if (part->partner != SIZE_MAX) return open_product(out, tensors, part, err);
  return wlaw_source_tensor(out, tensors, part->tensor, part->stored_rows, part->stored_cols, &part->selection, err);
}
