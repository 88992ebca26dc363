/* Element types: sizes, names, byte order, and the way to double. */
#ifndef WLAW_TENSOR_DTYPE_H
#define WLAW_TENSOR_DTYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "weightlaw.h"

#define WLAW_HOST_IS_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

size_t wlaw_dtype_size(wlaw_dtype dtype);      /* bytes; 0 outside the list */
const char *wlaw_dtype_text(wlaw_dtype dtype); /* "f32"; "?" outside the list */

/* count native-endian elements to double, exactly (64-bit integers beyond 2^53 round to nearest). `in` needs no
 * alignment; out and in do not overlap. A bool is 0 or 1, whatever non-zero byte is stored. */
void wlaw_dtype_to_double(double *out, const void *in, wlaw_dtype dtype, size_t count);

/* Reverses the bytes of count elements in place. */
void wlaw_dtype_swap(void *bytes, wlaw_dtype dtype, size_t count);

#endif
