#include "tensor/view.h"

#include <string.h>

#include "core/error.h"

wlaw_status wlaw_view_contiguous(tensor_view *view, const void *base, wlaw_dtype dtype, size_t rank,
                                 const uint64_t *shape, wlaw_error *err) {
  if (rank > WLAW_MAX_RANK || !wlaw_dtype_size(dtype))
    return wlaw_fail(err, WLAW_ARGUMENT, "a view of rank %zu and type %s: at most %d dimensions of a known type", rank,
                     wlaw_dtype_text(dtype), WLAW_MAX_RANK);
  tensor_info info = {.dtype = dtype, .rank = rank};
  if (rank) memcpy(info.shape, shape, rank * sizeof *shape);
  WLAW_TRY(wlaw_tensor_measure(&info, err));
  *view = (tensor_view){.base = base, .dtype = dtype, .rank = rank};
  memcpy(view->shape, info.shape, sizeof view->shape);
  int64_t stride = (int64_t)wlaw_dtype_size(dtype);
  for (size_t d = rank; d-- > 0;) {
    view->stride[d] = stride;
    if (shape[d]) stride *= (int64_t)shape[d]; /* wlaw_tensor_measure saw that it fits */
  }
  return WLAW_OK;
}

wlaw_status wlaw_view_tensor(tensor_view *view, wlaw_tensors *tensors, size_t i, wlaw_error *err) {
  const void *base;
  WLAW_TRY(wlaw_tensors_map_stored(tensors, i, &base, err));
  const tensor_info *info = &tensors->info[i];
  WLAW_TRY(wlaw_view_contiguous(view, base, info->dtype, info->rank, info->shape, err));
  if (!info->column_major) return WLAW_OK;
  int64_t stride = (int64_t)wlaw_dtype_size(info->dtype);
  for (size_t d = 0; d < info->rank; d++) {
    view->stride[d] = stride;
    if (info->shape[d]) stride *= (int64_t)info->shape[d];
  }
  return WLAW_OK;
}

bool wlaw_view_count(const tensor_view *view, uint64_t *count) {
  uint64_t product = 1;
  bool empty = false, fits = true;
  for (size_t d = 0; d < view->rank; d++) {
    if (view->shape[d] == 0) empty = true;
    else if (__builtin_mul_overflow(product, view->shape[d], &product)) fits = false;
  }
  *count = empty ? 0 : product;
  return empty || fits;
}

/* The last index runs fastest. From element `flat` on, n elements lie in one row (the last dimension): *at is the first
 * of them. */
static uint64_t row_from(const tensor_view *view, uint64_t flat, const unsigned char **at) {
  const unsigned char *p = view->base;
  uint64_t in_row = 1;
  for (size_t d = view->rank; d-- > 0; flat /= view->shape[d]) {
    const uint64_t index = flat % view->shape[d];
    if (d + 1 == view->rank) in_row = view->shape[d] - index;
    p += (int64_t)index * view->stride[d];
  }
  *at = p;
  return in_row;
}

wlaw_status wlaw_view_read(const tensor_view *view, uint64_t first, size_t count, double *out, wlaw_error *err) {
  uint64_t there;
  if (!wlaw_view_count(view, &there) || first > there || count > there - first)
    return wlaw_fail(err, WLAW_ARGUMENT, "elements %llu to %llu + %zu are not all in the array",
                     (unsigned long long)first, (unsigned long long)first, count);
  const int64_t size = (int64_t)wlaw_dtype_size(view->dtype);
  for (size_t done = 0; done < count;) {
    const unsigned char *at;
    const uint64_t in_row = row_from(view, first + done, &at);
    const size_t n = in_row < count - done ? (size_t)in_row : count - done;
    const int64_t stride = view->rank ? view->stride[view->rank - 1] : size;
    if (stride == size) wlaw_dtype_to_double(out + done, at, view->dtype, n);
    else
      for (size_t k = 0; k < n; k++, at += stride) wlaw_dtype_to_double(out + done + k, at, view->dtype, 1);
    done += n;
  }
  return WLAW_OK;
}
