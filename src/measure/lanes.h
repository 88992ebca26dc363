/* One register of doubles, as wide as the instruction set the including *_kernels.c is compiled for: small matrices go
 * by as many at once, one in each lane. */
#ifndef WLAW_MEASURE_LANES_H
#define WLAW_MEASURE_LANES_H

#include <stddef.h>
#include <string.h>

#if defined(__AVX512F__)
enum { L = 8 };
#elif defined(__AVX2__)
enum { L = 4 };
#else
enum { L = 2 };
#endif

typedef double lanes __attribute__((vector_size(L * sizeof(double)), may_alias));
/* The same at any double's address. */
typedef double loose __attribute__((vector_size(L * sizeof(double)), may_alias, aligned(sizeof(double))));

static inline double lanes_sum(const lanes *a) {
  double part[L];
  memcpy(part, a, sizeof part);
  for (size_t half = L / 2; half > 0; half /= 2)
    for (size_t l = 0; l < half; l++) part[l] += part[l + half];
  return part[0];
}

/* The L x L block at `in` (rows `stride` apart) transposed to out, less the pivot: log2(L) rounds of exchanges. */
static inline void block_transpose(lanes *restrict out, const double *restrict in, size_t stride, double pivot) {
  lanes a[L], b[L];
  for (size_t i = 0; i < L; i++) a[i] = *(const loose *)(in + i * stride) - pivot;
#if defined(__AVX512F__)
  for (size_t i = 0; i < L; i += 2) {
    b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (size_t i = 0; i < L; i += 4)
    for (size_t k = i; k < i + 2; k++) {
      a[k] = __builtin_shufflevector(b[k], b[k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      a[k + 2] = __builtin_shufflevector(b[k], b[k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  for (size_t i = 0; i < 4; i++) {
    out[i] = __builtin_shufflevector(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    out[i + 4] = __builtin_shufflevector(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
#elif defined(__AVX2__)
  for (size_t i = 0; i < L; i += 2) {
    b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 4, 2, 6);
    b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 1, 5, 3, 7);
  }
  for (size_t i = 0; i < 2; i++) {
    out[i] = __builtin_shufflevector(b[i], b[i + 2], 0, 1, 4, 5);
    out[i + 2] = __builtin_shufflevector(b[i], b[i + 2], 2, 3, 6, 7);
  }
#else
  b[0] = __builtin_shufflevector(a[0], a[1], 0, 2);
  b[1] = __builtin_shufflevector(a[0], a[1], 1, 3);
  memcpy(out, b, sizeof b);
#endif
}

/* out[e], lane l = matrices[l, e] - pivot; lanes past count are zero. */
static inline void lanes_gather(lanes *restrict out, const double *restrict matrices, size_t count, size_t entries,
                                double pivot) {
  size_t e = 0;
  if (count < L) memset(out, 0, entries * sizeof *out);
  else
    for (; e + L <= entries; e += L) block_transpose(out + e, matrices + e, entries, pivot);
  for (; e < entries; e++)
    for (size_t l = 0; l < count; l++) ((double *)(out + e))[l] = matrices[l * entries + e] - pivot;
}

#endif
