/* Lists of the samples that are not zero in a stretch of inputs (kernels.h). */
#include "net/kernel_parts.h"
#include "net/lanes.h"

enum { WORD = 64 };

/* Appends those of samples s .. s + 15 whose bits meet `mask`; words: of sample s, `step` apart. May write sixteen. */
INLINE size_t append(uint32_t *list, const uint64_t *words, size_t step, size_t s, size_t samples, uint64_t mask) {
  const size_t n = samples - s < LANES ? samples - s : LANES;
#if defined(__AVX512F__) && defined(__AVX512DQ__)
  if (n == LANES && step == 1) {
    const __m512i wanted = _mm512_set1_epi64((long long)mask);
    const __m512i numbers = _mm512_add_epi32(_mm512_set1_epi32((int)s),
                                             _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    const unsigned low = _mm512_test_epi64_mask(_mm512_loadu_si512(words), wanted);
    const unsigned high = _mm512_test_epi64_mask(_mm512_loadu_si512(words + 8), wanted), all = high << 8 | low;
    _mm512_storeu_si512(list, _mm512_maskz_compress_epi32((__mmask16)all, numbers)); /* to memory it would be slow */
    return (size_t)__builtin_popcount(all);
  }
#endif
  size_t length = 0;
  for (size_t i = 0; i < n; i++) {
    list[length] = (uint32_t)(s + i);
    length += (words[i * step] & mask) != 0;
  }
  return length;
}

void KERNEL(list_samples)(uint32_t *lists, uint32_t *lengths, size_t list_stride, const input_batch *x) {
  for (size_t t = 0; 2 * t * LANES < x->stride; t++) {
    const uint64_t *words = x->blocks + 2 * t / WORD, mask = UINT64_C(3) << 2 * t % WORD;
    size_t length = 0;
    for (size_t s = 0; s < x->samples; s += LANES)
      length +=
          append(lists + t * list_stride + length, words + s * x->block_words, x->block_words, s, x->samples, mask);
    lengths[t] = (uint32_t)length;
  }
}
