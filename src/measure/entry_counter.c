#include "measure/entry_counter.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "tensor/dtype.h"

/* Weights that counters hold without overflow: 32 bits; 24 bits above the sums of 2^24 numbers below 2^16. */
static const uint64_t most_16 = UINT32_MAX, most_32 = (UINT64_C(1) << 24) - 1;

static bool is_half(wlaw_dtype dtype) { return dtype == WLAW_F16 || dtype == WLAW_BF16; }

void wlaw_shared_table_start(shared_table *out, wlaw_dtype dtype) {
  out->table = wlaw_array(1, sizeof *out->table);
  pthread_mutex_init(&out->lock, NULL);
  if (!out->table) return;
  out->table->kind = dtype == WLAW_F16 ? ENTRY_KEY_F16 : ENTRY_KEY_F32;
  out->table->cells_wide = !is_half(dtype);
}

void wlaw_shared_table_free(shared_table *shared) {
  pthread_mutex_destroy(&shared->lock);
  free(shared->table);
  shared->table = NULL;
}

bool wlaw_counter_start(entry_counter *out, shared_table *into, wlaw_dtype dtype, const weight_kernels *kernels) {
  *out = (entry_counter){.into = into, .dtype = dtype, .kernels = kernels};
  out->counters = wlaw_array(COUNTER_KEYS, sizeof(uint64_t));
  return out->counters;
}

void wlaw_counter_free(entry_counter *counter) {
  free(counter->counters);
  counter->counters = NULL;
}

void wlaw_counter_empty(entry_counter *counter) {
  if (counter->pending == 0) return;
  const bool half = is_half(counter->dtype);
  const uint32_t *narrow = counter->counters;
  const uint64_t *packed = counter->counters;
  pthread_mutex_lock(&counter->into->lock);
  entry_table *table = counter->into->table;
  for (size_t key = 0; key < COUNTER_KEYS; key++) {
    const uint64_t count = half ? (uint64_t)narrow[key] + narrow[COUNTER_KEYS + key] : packed[key] >> 40;
    table->count[key / ENTRY_KEYS][key % ENTRY_KEYS] += count;
    if (!half) table->low[key / ENTRY_KEYS][key % ENTRY_KEYS] += packed[key] & ((UINT64_C(1) << 40) - 1);
  }
  for (size_t sign = 0; sign < 2; sign++) {
    const uint64_t zeros = half ? table->count[sign][0] : counter->zeros[sign];
    table->count[sign][0] -= zeros;
    table->zeros += zeros;
  }
  pthread_mutex_unlock(&counter->into->lock);
  memset(counter->counters, 0, COUNTER_KEYS * sizeof(uint64_t));
  counter->pending = counter->zeros[0] = counter->zeros[1] = 0;
}

void *wlaw_counter_reserve(entry_counter *counter, size_t n) {
  if (counter->pending + n > (is_half(counter->dtype) ? most_16 : most_32)) wlaw_counter_empty(counter);
  counter->pending += n;
  return counter->counters;
}

static void count_doubles(entry_counter *counter, const unsigned char *values, size_t n) {
  double chunk[WEIGHT_CHUNK];
  float rounded[WEIGHT_CHUNK];
  for (size_t done = 0; done < n; done += WEIGHT_CHUNK) {
    const size_t piece = n - done < WEIGHT_CHUNK ? n - done : WEIGHT_CHUNK;
    memcpy(chunk, values + done * sizeof *chunk, piece * sizeof *chunk);
    counter->kernels->narrow(rounded, chunk, piece);
    counter->kernels->count_32(counter->counters, counter->zeros, rounded, piece);
  }
}

void wlaw_counter_add(entry_counter *counter, const void *values, size_t n) {
  const unsigned char *from = values;
  const size_t size = wlaw_dtype_size(counter->dtype);
  const uint64_t most = is_half(counter->dtype) ? most_16 : most_32;
  while (n > 0) {
    if (counter->pending == most) wlaw_counter_empty(counter);
    const size_t piece = n < most - counter->pending ? n : (size_t)(most - counter->pending);
    if (is_half(counter->dtype)) counter->kernels->count_16(counter->counters, from, piece);
    else if (counter->dtype == WLAW_F32) counter->kernels->count_32(counter->counters, counter->zeros, from, piece);
    else count_doubles(counter, from, piece);
    counter->pending += piece;
    from += piece * size;
    n -= piece;
  }
}

const weight_kernels *wlaw_weight_kernels(cpu_level level) {
#if defined(__x86_64__)
  if (level == CPU_V4) return &wlaw_weight_kernels_v4;
  if (level == CPU_V3) return &wlaw_weight_kernels_v3;
#endif
  (void)level;
  return &wlaw_weight_kernels_baseline;
}

weight_decode wlaw_weight_decode(const weight_kernels *kernels, wlaw_dtype dtype) {
  switch (dtype) {
    case WLAW_F16: return kernels->decode_f16;
    case WLAW_BF16: return kernels->decode_bf16;
    case WLAW_F32: return kernels->decode_f32;
    default: return kernels->decode_f64;
  }
}

row_kernel wlaw_weight_row(const weight_kernels *kernels, wlaw_dtype dtype) {
  switch (dtype) {
    case WLAW_F16: return kernels->row_f16;
    case WLAW_BF16: return kernels->row_bf16;
    case WLAW_F32: return kernels->row_f32;
    default: return NULL;
  }
}
