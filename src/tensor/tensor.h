/* Tensor files: one reader interface, one registry; one file per format. */
#ifndef WLAW_TENSOR_TENSOR_H
#define WLAW_TENSOR_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/file.h"
#include "weightlaw.h"

/* One tensor as a format describes it. Filled by tensor_format.open, checked there: count and bytes cannot overflow. */
typedef struct tensor_info {
  char *name; /* as stored, NUL-terminated, untrusted; freed by wlaw_tensors_close */
  char *note; /* NULL, or why it is listed but cannot be read; freed likewise */
  wlaw_dtype dtype;
  size_t rank;
  uint64_t shape[WLAW_MAX_RANK]; /* first index slowest, whatever the storage order */
  uint64_t count, bytes;         /* elements, stored bytes */
  uint64_t offset;               /* of the first stored byte: in the file, or in the member for archives */
  bool big_endian, column_major; /* how it is stored */
} tensor_info;

struct tensor_format;

struct wlaw_tensors {
  input_file file;
  const struct tensor_format *format;
  tensor_info *info;
  size_t n;
  void *state; /* the format's own */
  void *map;   /* whole file, once wlaw_tensors_map was called */
};

typedef struct tensor_format {
  const char *name; /* "safetensors" */
  /* Told by the first bytes (and the path's ending where a format has no magic). */
  bool (*recognise)(const unsigned char *head, size_t n, const char *path);
  /* Reads the directory, fills info, n, state. Reads no tensor data (an archive may be opened, not inflated). */
  wlaw_status (*open)(wlaw_tensors *tensors, wlaw_error *err);
  /* n stored bytes of tensor i from byte `from` of it. NULL: plain bytes in the file at info.offset. */
  wlaw_status (*read)(wlaw_tensors *tensors, size_t i, uint64_t from, void *out, size_t n, wlaw_error *err);
  void (*close)(wlaw_tensors *tensors); /* frees state; may be NULL */
} tensor_format;

extern const tensor_format *const wlaw_tensor_formats[];
extern const size_t wlaw_n_tensor_formats;

/* Appends a zeroed row to tensors->info; NULL when out of memory. */
tensor_info *wlaw_tensors_append(wlaw_tensors *tensors);

/* Index of the tensor called name; WLAW_NAME with the nearest name otherwise. */
wlaw_status wlaw_tensors_find(size_t *i, const wlaw_tensors *tensors, const char *name, wlaw_error *err);

/* Elements [first, first + count) in row-major order in the stored dtype, native byte order. */
wlaw_status wlaw_tensors_read_stored(wlaw_tensors *tensors, size_t i, uint64_t first, size_t count, void *out,
                                     wlaw_error *err);

size_t wlaw_dtype_size(wlaw_dtype dtype);
const char *wlaw_dtype_text(wlaw_dtype dtype);
/* count native-endian elements to double. out and in do not overlap. 64-bit integers round to nearest. */
void wlaw_dtype_to_double(double *out, const void *in, wlaw_dtype dtype, size_t count);

#endif
