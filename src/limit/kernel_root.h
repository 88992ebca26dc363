/* Roots of covariance matrices that may be singular: inputs that coincide, fewer jumps than inputs, no jump at all. */
#ifndef WLAW_LIMIT_KERNEL_ROOT_H
#define WLAW_LIMIT_KERNEL_ROOT_H

#include <stddef.h>

#include "core/stream.h"
#include "weightlaw.h"

/* root: [n, n] row-major, of which the first `rank` columns hold R with a = R R', by Cholesky's factorisation with
 * diagonal pivots that stops at rounding errors (dpstrf; Higham 2002, section 10.3). a: [n, n], its upper triangle is
 * read and overwritten. scratch: wlaw_kernel_root_scratch(n) doubles of allocated memory. WLAW_NUMERIC where an entry
 * is not finite. */
size_t wlaw_kernel_root_scratch(size_t n);
wlaw_status wlaw_kernel_root(double *root, size_t *rank, double *a, size_t n, double *scratch, wlaw_error *err);

/* rows vectors N(0, R R') into out: [rows, n]; normals: room for rows * rank doubles. */
void wlaw_kernel_root_draw(double *out, size_t rows, const double *root, size_t rank, size_t n, double *normals,
                           wlaw_stream *stream);

#endif
