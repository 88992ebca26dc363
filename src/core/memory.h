/* Arrays: overflow-checked, zeroed, 64-byte aligned (a cache line, an AVX-512 register). Release with free(). */
#ifndef WLAW_CORE_MEMORY_H
#define WLAW_CORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* NULL when memory runs out or count * size overflows. A zero size gives a valid pointer. */
void *wlaw_array(size_t count, size_t size);

/* Product of n sizes in *out; false when it does not fit. */
bool wlaw_product(size_t *out, const size_t *sizes, size_t n);

#endif
