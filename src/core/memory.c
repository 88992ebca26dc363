#define _GNU_SOURCE /* madvise, MADV_HUGEPAGE */
#include "core/memory.h"

#include <string.h>
#include <sys/mman.h>

/* From this size on an array asks for huge pages: rows read in random order (the images of a shuffled batch) otherwise
 * cost a walk through the page tables each. */
static const size_t huge_from = (size_t)16 << 20, huge_page = (size_t)2 << 20;

void *wlaw_array(size_t count, size_t size) {
  size_t bytes, rounded;
  if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
  const size_t line = bytes >= huge_from ? huge_page : 64;
  if (__builtin_add_overflow(bytes, bytes ? line - 1 : line, &rounded)) return NULL;
  rounded &= ~(line - 1);
  void *array = aligned_alloc(line, rounded);
#ifdef MADV_HUGEPAGE
  if (array && line == huge_page) (void)madvise(array, rounded, MADV_HUGEPAGE); /* advice: no harm if refused */
#endif
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
