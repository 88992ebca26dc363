#include "core/memory.h"

#include <string.h>

void *wlaw_array(size_t count, size_t size) {
  size_t bytes, rounded;
  if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
  if (__builtin_add_overflow(bytes, (size_t)(bytes ? 63 : 64), &rounded)) return NULL;
  rounded &= ~(size_t)63;
  void *array = aligned_alloc(64, rounded);
  if (array) memset(array, 0, rounded);
  return array;
}

bool wlaw_product(size_t *out, const size_t *sizes, size_t n) {
  size_t product = 1;
  for (size_t i = 0; i < n; i++)
    if (__builtin_mul_overflow(product, sizes[i], &product)) return false;
  *out = product;
  return true;
}
