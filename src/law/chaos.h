/* Covariances of Wick-ordered graphs :G:, :H: of m edges: sum over the m! ways to pair G's edges with H's, which is one
 * order of Wiener's chaos (1938). Each edge of G is passed through the law's covariance, equal partitions are added up
 * after each, and the result is contracted with H. */
#ifndef WLAW_LAW_CHAOS_H
#define WLAW_LAW_CHAOS_H

#include "law/partition.h"

typedef struct chaos_kernel {
  size_t n_classes, n_mixed;
  uint32_t *place; /* [n_classes], among the mixed; UINT32_MAX: not one of them */
  double *own;     /* [laws, n_classes]: Var :G:, of the classes wanted */
  double *mixed;   /* [laws, n_mixed, n_mixed]: Cov(:G:, :H:) */
} chaos_kernel;

/* Of the classes of a table under n laws of equal sizes: variances where `wanted`, and covariances among those where
 * `mixed` as well. wanted, mixed: [table->count]. */
wlaw_status wlaw_chaos_kernel(chaos_kernel *out, const class_table *table, const bool *wanted, const bool *mixed,
                              const delta_law *laws, size_t n, wlaw_error *err);
void wlaw_chaos_kernel_free(chaos_kernel *kernel);

#endif
