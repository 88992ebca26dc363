/* One worker's counters of weights by their upper 16 bits, emptied into an entry table. */
#ifndef WLAW_MEASURE_ENTRY_COUNTER_H
#define WLAW_MEASURE_ENTRY_COUNTER_H

#include <pthread.h>

#include "measure/entry_cells.h"
#include "measure/weight_kernels.h"

/* A table that several workers' counters are emptied into. */
typedef struct shared_table {
  entry_table *table;
  pthread_mutex_t lock;
} shared_table;

typedef struct entry_counter {
  shared_table *into;
  wlaw_dtype dtype; /* F16, BF16, F32 or F64 */
  const weight_kernels *kernels;
  void *counters;    /* [2, COUNTER_KEYS] of 32 bits, or [COUNTER_KEYS] of 64 */
  uint64_t pending;  /* weights counted since they were emptied */
  uint64_t zeros[2]; /* of them, by sign; f32 only */
} entry_counter;

/* A zeroed table for weights of a type. Caller frees with wlaw_shared_table_free; table is NULL when out of memory. */
void wlaw_shared_table_start(shared_table *out, wlaw_dtype dtype);
void wlaw_shared_table_free(shared_table *shared); /* the table too, unless it was taken: table = NULL */

/* False when out of memory. */
bool wlaw_counter_start(entry_counter *out, shared_table *into, wlaw_dtype dtype, const weight_kernels *kernels);
/* values: [n] of the type, unaligned. */
void wlaw_counter_add(entry_counter *counter, const void *values, size_t n);
/* Makes room for n <= 2^16 weights that a kernel counts at once; returns the counters. Not for f64. */
void *wlaw_counter_reserve(entry_counter *counter, size_t n);
void wlaw_counter_empty(entry_counter *counter); /* into the table */
void wlaw_counter_free(entry_counter *counter);  /* safe on a zeroed struct */

/* The kernels of an instruction set that this processor has, and their way to double. */
const weight_kernels *wlaw_weight_kernels(cpu_level level);
typedef size_t (*weight_decode)(double *out, const void *in, size_t n);
weight_decode wlaw_weight_decode(const weight_kernels *kernels, wlaw_dtype dtype);
row_kernel wlaw_weight_row(const weight_kernels *kernels, wlaw_dtype dtype); /* NULL for f64 */

#endif
