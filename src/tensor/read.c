/* Reading elements of an open tensor file: plain, byte-swapped and column-major storage; and mapping. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "core/error.h"
#include "tensor/tensor.h"

enum {
  READ_BLOCK = 32768,      /* elements converted at a time: 256 KiB of doubles stay in the cache */
  GATHER_WINDOW = 1 << 18, /* bytes of storage held while gathering a column-major tensor */
  GATHER_GAP = 1 << 14,    /* gaps up to this size are read through: cheaper than another call */
  WIDEN_CHUNK = 512,       /* elements */
  LARGEST_ELEMENT = 8
};

/* n stored bytes of tensor i from byte `from` of it. */
static wlaw_status read_bytes(wlaw_tensors *tensors, size_t i, uint64_t from, void *out, size_t n, wlaw_error *err) {
  const tensor_info *info = &tensors->info[i];
  if (!info->plain) return tensors->format->read(tensors, i, from, out, n, err);
  return wlaw_input_read(&tensors->file, info->offset + from, out, n, err);
}

/* Walks the indices 1 .. rank-1 of a tensor in storage order (index 1 fastest), keeping the row-major number of the
 * combination: what a row of the row-major tensor is indexed by. */
typedef struct inner_walk {
  size_t rank;
  const uint64_t *shape;
  uint64_t index[WLAW_MAX_RANK], stride[WLAW_MAX_RANK], number;
} inner_walk;

static void inner_start(inner_walk *walk, const tensor_info *info) {
  *walk = (inner_walk){.rank = info->rank, .shape = info->shape};
  uint64_t stride = 1;
  for (size_t d = info->rank; d-- > 1; stride *= info->shape[d]) walk->stride[d] = stride;
}

static void inner_next(inner_walk *walk) {
  for (size_t d = 1; d < walk->rank; d++) {
    walk->number += walk->stride[d];
    if (++walk->index[d] < walk->shape[d]) return;
    walk->number -= walk->stride[d] * walk->shape[d];
    walk->index[d] = 0;
  }
}

/* Part of the storage of a tensor, moved forwards. */
typedef struct storage_window {
  unsigned char *bytes; /* [GATHER_WINDOW] */
  uint64_t from;
  size_t n;
} storage_window;

/* Makes the window hold byte `at`, and the bytes up to `end` as far as they fit. */
static wlaw_status window_move(storage_window *window, wlaw_tensors *tensors, size_t i, uint64_t at, uint64_t end,
                               wlaw_error *err) {
  if (at >= window->from && at - window->from < window->n) return WLAW_OK;
  window->n = 0;
  const size_t n = end - at < GATHER_WINDOW ? (size_t)(end - at) : GATHER_WINDOW;
  WLAW_TRY(read_bytes(tensors, i, at, window->bytes, n, err));
  window->from = at;
  window->n = n;
  return WLAW_OK;
}

/* Column-major tensor [R, ...]: index 0 runs fastest, so rows i0 .. i1 of the wanted range are one run of storage for
 * each combination of the other indices. The runs are read in storage order and each element put where it belongs. */
static wlaw_status gather(wlaw_tensors *tensors, size_t i, uint64_t first, size_t count, unsigned char *out,
                          unsigned char *window_bytes, wlaw_error *err) {
  const tensor_info *info = &tensors->info[i];
  const uint64_t size = wlaw_dtype_size(info->dtype), rows = info->shape[0], inner = info->count / rows;
  const uint64_t i0 = first / inner, i1 = (first + count - 1) / inner, run = i1 - i0 + 1;
  const bool read_through = (rows - run) * size <= GATHER_GAP;
  const uint64_t last = ((inner - 1) * rows + i1 + 1) * size; /* end of the last run */
  storage_window window = {.bytes = window_bytes};
  inner_walk walk;
  inner_start(&walk, info);
  for (uint64_t q = 0; q < inner; q++, inner_next(&walk)) {
    const uint64_t run_end = (q * rows + i1 + 1) * size;
    for (uint64_t row = i0; row <= i1;) {
      const uint64_t at = (q * rows + row) * size;
      WLAW_TRY(window_move(&window, tensors, i, at, read_through ? last : run_end, err));
      const unsigned char *from = window.bytes + (at - window.from);
      const uint64_t held = (window.n - (at - window.from)) / size;
      const uint64_t stop = held < i1 + 1 - row ? row + held : i1 + 1;
      for (; row < stop; row++, from += size) {
        const uint64_t flat = row * inner + walk.number;
        if (flat - first < count) memcpy(out + (flat - first) * size, from, size);
      }
    }
  }
  return WLAW_OK;
}

static wlaw_status check_range(const wlaw_tensors *tensors, size_t i, uint64_t first, size_t count, wlaw_error *err) {
  if (i >= tensors->n)
    return wlaw_fail(err, WLAW_ARGUMENT, "there is no tensor number %zu, the file holds %zu", i, tensors->n);
  const tensor_info *info = &tensors->info[i];
  if (info->note) return wlaw_fail(err, WLAW_UNSUPPORTED, "%s", info->note);
  if (first > info->count || count > info->count - first)
    return wlaw_fail(err, WLAW_ARGUMENT, "elements %llu to %llu + %zu are not all there: the tensor has %llu",
                     (unsigned long long)first, (unsigned long long)first, count, (unsigned long long)info->count);
  return WLAW_OK;
}

/* Says where: the tensor's name where it has one, and the file. */
static wlaw_status located(const wlaw_tensors *tensors, size_t i, wlaw_status status, wlaw_error *err) {
  if (status == WLAW_OK) return status;
  if (i < tensors->n && tensors->info[i].name[0]) wlaw_error_in_tensor(err, status, tensors->info[i].name);
  return wlaw_error_in_file(err, status, tensors->file.path);
}

static wlaw_status read_stored(wlaw_tensors *tensors, size_t i, uint64_t first, size_t count, void *out,
                               wlaw_error *err) {
  const tensor_info *info = &tensors->info[i];
  const size_t size = wlaw_dtype_size(info->dtype);
  if (count == 0) return WLAW_OK;
  if (info->column_major && info->rank > 1) {
    unsigned char *window = malloc(GATHER_WINDOW);
    if (!window) return wlaw_fail_memory(err, GATHER_WINDOW, 1);
    const wlaw_status status = gather(tensors, i, first, count, out, window, err);
    free(window);
    WLAW_TRY(status);
  } else {
    WLAW_TRY(read_bytes(tensors, i, first * size, out, count * size, err));
  }
  if (info->big_endian != WLAW_HOST_IS_BIG_ENDIAN) wlaw_dtype_swap(out, info->dtype, count);
  return WLAW_OK;
}

wlaw_status wlaw_tensors_read_stored(wlaw_tensors *tensors, size_t i, uint64_t first, size_t count, void *out,
                                     wlaw_error *err) {
  wlaw_status status = check_range(tensors, i, first, count, err);
  if (status == WLAW_OK) status = read_stored(tensors, i, first, count, out, err);
  return located(tensors, i, status, err);
}

/* out[0 .. count) from the stored elements that fill the last count * size bytes of the same memory. Going forwards,
 * element k is written at 8k .. 8k+8 and the unread ones begin at (8-size) count + size k, which is never below. */
static void widen_in_place(double *out, wlaw_dtype dtype, size_t count) {
  const size_t size = wlaw_dtype_size(dtype);
  const unsigned char *stored = (const unsigned char *)out + count * (sizeof *out - size);
  unsigned char chunk[WIDEN_CHUNK * LARGEST_ELEMENT];
  for (size_t done = 0; done < count;) {
    const size_t n = count - done < WIDEN_CHUNK ? count - done : WIDEN_CHUNK;
    memcpy(chunk, stored + done * size, n * size);
    wlaw_dtype_to_double(out + done, chunk, dtype, n);
    done += n;
  }
}

wlaw_status wlaw_tensors_read(wlaw_tensors *tensors, size_t i, uint64_t first, size_t count, double *out,
                              wlaw_error *err) {
  wlaw_status status = check_range(tensors, i, first, count, err);
  if (status != WLAW_OK) return located(tensors, i, status, err);
  const tensor_info *info = &tensors->info[i];
  const size_t size = wlaw_dtype_size(info->dtype);
  /* a column-major tensor is walked through once per call of read_stored, so it is read in one */
  const size_t block = info->column_major && info->rank > 1 ? count : READ_BLOCK;
  for (size_t done = 0; done < count && status == WLAW_OK;) {
    const size_t n = count - done < block ? count - done : block;
    unsigned char *stored = (unsigned char *)(out + done) + n * (sizeof *out - size);
    status = read_stored(tensors, i, first + done, n, stored, err);
    if (status == WLAW_OK) widen_in_place(out + done, info->dtype, n);
    done += n;
  }
  return located(tensors, i, status, err);
}

static wlaw_status map_file(wlaw_tensors *tensors, wlaw_error *err) {
  if (tensors->map) return WLAW_OK;
  struct stat now;
  if (fstat(tensors->file.fd, &now) != 0) return wlaw_fail_errno(err, tensors->file.path, "cannot be examined");
  if ((uint64_t)now.st_size < tensors->file.size)
    return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the file became shorter after it was opened"),
                              (uint64_t)now.st_size);
  if (tensors->file.size > SIZE_MAX) return wlaw_fail(err, WLAW_LIMIT, "the file is too large to be mapped here");
  void *map = mmap(NULL, (size_t)tensors->file.size, PROT_READ, MAP_SHARED, tensors->file.fd, 0);
  if (map == MAP_FAILED) return wlaw_fail_errno(err, tensors->file.path, "cannot be mapped");
  tensors->map = map;
  return WLAW_OK;
}

static wlaw_status map_stored(wlaw_tensors *tensors, size_t i, const void **bytes, wlaw_error *err) {
  WLAW_TRY(check_range(tensors, i, 0, 0, err));
  const tensor_info *info = &tensors->info[i];
  const bool other_order = info->big_endian != WLAW_HOST_IS_BIG_ENDIAN && wlaw_dtype_size(info->dtype) > 1;
  if (!info->plain || other_order)
    return wlaw_error_add_hint(err,
                               wlaw_fail(err, WLAW_UNSUPPORTED, "the tensor is %s: there are no bytes to map",
                                         other_order      ? "stored in the other byte order"
                                         : info->encoding ? "stored in an encoding that is unpacked by reading"
                                                          : "packed, or in another file"),
                               "read it instead");
  WLAW_TRY(map_file(tensors, err));
  *bytes = (const unsigned char *)tensors->map + info->offset;
  return WLAW_OK;
}

wlaw_status wlaw_tensors_map_stored(wlaw_tensors *tensors, size_t i, const void **bytes, wlaw_error *err) {
  return located(tensors, i, map_stored(tensors, i, bytes, err), err);
}

wlaw_status wlaw_tensors_map(wlaw_tensors *tensors, size_t i, const void **bytes, size_t *n_bytes, wlaw_error *err) {
  const void *stored;
  WLAW_TRY(wlaw_tensors_map_stored(tensors, i, &stored, err));
  if (tensors->info[i].column_major && tensors->info[i].rank > 1) {
    const wlaw_status status = wlaw_fail(err, WLAW_UNSUPPORTED, "the tensor is stored column by column");
    return located(tensors, i, wlaw_error_add_hint(err, status, "read it instead"), err);
  }
  *bytes = stored;
  *n_bytes = (size_t)tensors->info[i].bytes;
  return WLAW_OK;
}
