/* Tensor files: one reader interface, one registry; one file per format. */
#ifndef WLAW_TENSOR_TENSOR_H
#define WLAW_TENSOR_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/file.h"
#include "tensor/dtype.h"
#include "weightlaw.h"

/* One tensor as a format describes it. Filled by tensor_format.open; count and bytes by wlaw_tensor_measure. */
typedef struct tensor_info {
  char *name;       /* as stored, NUL-terminated, untrusted; freed by wlaw_tensors_close */
  char *note;       /* NULL, or why it is listed but cannot be read; freed likewise */
  wlaw_dtype dtype; /* WLAW_DTYPE_COUNT where there is a note */
  size_t rank;
  uint64_t shape[WLAW_MAX_RANK]; /* first index slowest, whatever the storage order */
  uint64_t count, bytes;         /* elements, and their bytes as read (unpacked ones of an encoding); below 2^63 */
  uint64_t offset;               /* of the first stored byte: in the file, or in the member for archives */
  bool plain;                    /* the bytes lie in the file at offset, neither packed, encoded nor compressed */
  bool concurrent;               /* not plain, but format->read may run in several threads at once */
  const char *encoding;          /* NULL, or how it is stored where read unpacks it to dtype: "q4_K" (a constant) */
  bool big_endian, column_major; /* how it is stored */
} tensor_info;

struct tensor_format;

struct wlaw_tensors {
  input_file file;
  const struct tensor_format *format;
  tensor_info *info;
  size_t n, capacity;
  void *state;              /* the format's own */
  struct zip_archive *zip;  /* what the file is, or NULL */
  void *map;                /* the whole file, once wlaw_tensors_map was called */
  uint64_t heads, kv_heads; /* attention heads, where the file's metadata say so; else 0 */
};

typedef struct tensor_format {
  const char *name;   /* "safetensors" */
  const char *ending; /* of paths, with the point: decides where no content is recognised; NULL: none */
  /* Told by the first n bytes; NULL where `member` or only the ending tells. */
  bool (*recognise)(const unsigned char *head, size_t n);
  /* Not NULL: the file is a zip archive that holds a member of this name, or, "", any other. */
  const char *member;
  /* Reads the directory, fills info, n, state. Reads no tensor data (an archive may be opened, not inflated). */
  wlaw_status (*open)(wlaw_tensors *tensors, wlaw_error *err);
  /* n bytes of tensor i from byte `from` of it (unpacked where it has an encoding), for tensors that are not plain. May
   * be NULL. */
  wlaw_status (*read)(wlaw_tensors *tensors, size_t i, uint64_t from, void *out, size_t n, wlaw_error *err);
  void (*close)(wlaw_tensors *tensors); /* frees state; may be NULL */
} tensor_format;

extern const tensor_format wlaw_format_npy, wlaw_format_npz, wlaw_format_safetensors, wlaw_format_idx, wlaw_format_gguf,
    wlaw_format_onnx, wlaw_format_shards, wlaw_format_pytorch, wlaw_format_hdf5, wlaw_format_keras;
extern const tensor_format *const wlaw_tensor_formats[];
extern const size_t wlaw_n_tensor_formats;

/* Appends a zeroed row to tensors->info; NULL when out of memory. Rows move when the next one is appended. */
tensor_info *wlaw_tensors_append(wlaw_tensors *tensors);

/* Sets count and bytes from dtype and shape; sizes of 2^63 and more are WLAW_LIMIT. A dimension of 0 makes count 0, but
 * the other dimensions must still fit. */
wlaw_status wlaw_tensor_measure(tensor_info *info, wlaw_error *err);

/* Sorts names; one that stands among them twice, or NULL. */
const char *wlaw_names_repeated(const char **names, size_t n);
/* Refuses two tensors of one name. */
wlaw_status wlaw_tensors_check_names(const wlaw_tensors *tensors, wlaw_error *err);

/* Index of the tensor called name; WLAW_NAME with the nearest name otherwise. */
wlaw_status wlaw_tensors_find(size_t *i, const wlaw_tensors *tensors, const char *name, wlaw_error *err);

/* Elements [first, first + count) in row-major order in the stored dtype, native byte order. */
wlaw_status wlaw_tensors_read_stored(wlaw_tensors *tensors, size_t i, uint64_t first, size_t count, void *out,
                                     wlaw_error *err);

/* The stored bytes, native-endian but column-major where the file has them so: for views. Otherwise as
 * wlaw_tensors_map. */
wlaw_status wlaw_tensors_map_stored(wlaw_tensors *tensors, size_t i, const void **bytes, wlaw_error *err);

#endif
