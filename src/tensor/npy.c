/* .npy: one array, NumPy's own format. */
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "tensor/npy_header.h"
#include "tensor/tensor.h"

static wlaw_status read_header(tensor_info *info, const input_file *file, wlaw_error *err) {
  unsigned char head[NPY_PREFIX];
  const size_t n = file->size < sizeof head ? (size_t)file->size : sizeof head;
  size_t begin, end;
  WLAW_TRY(wlaw_input_read(file, 0, head, n, err));
  WLAW_TRY(wlaw_npy_prefix(&begin, &end, head, n, err));
  if (end > file->size)
    return wlaw_error_at_byte(
        err, wlaw_fail(err, WLAW_FORMAT, "the file ends inside the header, which is to end at byte %zu", end),
        file->size);
  char *text = malloc(end - begin + 1);
  if (!text) return wlaw_fail_memory(err, end - begin, 1);
  wlaw_status status = wlaw_input_read(file, begin, text, end - begin, err);
  if (status == WLAW_OK) status = wlaw_npy_parse(info, text, begin, end, err);
  free(text);
  return status;
}

static wlaw_status open_npy(wlaw_tensors *tensors, wlaw_error *err) {
  tensor_info *info = wlaw_tensors_append(tensors);
  if (!info) return wlaw_fail_memory(err, 1, sizeof *info);
  info->name = wlaw_text_duplicate("", 0);
  if (!info->name) return wlaw_fail_memory(err, 1, 1);
  WLAW_TRY(read_header(info, &tensors->file, err));
  if (info->note) return wlaw_fail(err, WLAW_UNSUPPORTED, "%s", info->note);
  info->plain = true;
  const uint64_t there = tensors->file.size - info->offset;
  if (info->bytes > there)
    return wlaw_error_at_byte(
        err,
        wlaw_fail(err, WLAW_FORMAT, "the file ends here, %llu of the array's %llu bytes are there",
                  (unsigned long long)there, (unsigned long long)info->bytes),
        tensors->file.size);
  if (info->bytes < there)
    return wlaw_error_at_byte(
        err, wlaw_fail(err, WLAW_FORMAT, "%llu bytes follow the array", (unsigned long long)(there - info->bytes)),
        info->offset + info->bytes);
  return WLAW_OK;
}

const tensor_format wlaw_format_npy = {
    .name = "npy", .ending = ".npy", .recognise = wlaw_npy_recognise, .open = open_npy};
