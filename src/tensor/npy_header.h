/* The header of an .npy array: read from and written as text. Shared by .npy and .npz.
 * Format: NumPy Enhancement Proposal 1, versions 1, 2 and 3. */
#ifndef WLAW_TENSOR_NPY_HEADER_H
#define WLAW_TENSOR_NPY_HEADER_H

#include "core/text.h"
#include "tensor/writer.h"

enum {
  NPY_PREFIX = 12,           /* bytes that always tell the header's end: magic, version, length */
  NPY_LARGEST_HEADER = 65535 /* bytes of a header we read: what version 1 can hold; arrays of numbers need about 100 */
};

bool wlaw_npy_recognise(const unsigned char *head, size_t n);

/* Where the header text starts and ends, from the array's first n bytes (the whole file when n < NPY_PREFIX). */
wlaw_status wlaw_npy_prefix(size_t *begin, size_t *end, const unsigned char *head, size_t n, wlaw_error *err);

/* Parses the header text, bytes begin .. end of the array: dtype, order, shape, count, bytes, offset. An element type
 * that is valid but no wlaw_dtype sets info->note. Errors carry the byte within the array. */
wlaw_status wlaw_npy_parse(tensor_info *info, const char *text, size_t begin, size_t end, wlaw_error *err);

/* Appends magic, version and header for an array about to be written; padded so that data start at 64 bytes. */
wlaw_status wlaw_npy_write_header(text_buffer *out, const tensor_spec *spec, wlaw_error *err);

#endif
