#include "tensor/writer.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "tensor/npy_header.h"
#include "tensor/writer_format.h"

wlaw_status wlaw_writer_put(tensor_writer *writer, const void *bytes, size_t n, wlaw_error *err) {
  WLAW_TRY(wlaw_output_write(&writer->file, bytes, n, err));
  writer->written += n;
  return WLAW_OK;
}

/* .npy: the header, then the bytes. */
static wlaw_status begin_npy(tensor_writer *writer, const char *const *metadata, wlaw_error *err) {
  (void)metadata;
  if (writer->n != 1) {
    wlaw_fail(err, WLAW_ARGUMENT, "an .npy file holds one tensor, %zu were given", writer->n);
    return wlaw_error_add_hint(err, WLAW_ARGUMENT, "write .npz or .safetensors");
  }
  text_buffer header = {0};
  wlaw_status status = wlaw_npy_write_header(&header, &writer->tensors[0].spec, err);
  if (status == WLAW_OK) status = wlaw_writer_put(writer, header.bytes, header.length, err);
  wlaw_text_free(&header);
  return status;
}

const writer_format wlaw_writer_npy = {.ending = ".npy", .begin = begin_npy};

static const writer_format *const formats[] = {&wlaw_writer_npy, &wlaw_writer_npz, &wlaw_writer_safetensors};

static const writer_format *format_of(const char *path) {
  const size_t n = strlen(path);
  for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
    const size_t m = strlen(formats[f]->ending);
    if (n > m && strcmp(path + n - m, formats[f]->ending) == 0) return formats[f];
  }
  return NULL;
}

static void writer_free(tensor_writer *writer) {
  for (size_t i = 0; i < writer->n; i++) free((char *)(uintptr_t)writer->tensors[i].spec.name);
  free(writer->tensors);
  free(writer->state);
  free(writer);
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static wlaw_status check_names(const tensor_spec *specs, size_t n, wlaw_error *err) {
  const char **names = calloc(n + 1, sizeof *names);
  if (!names) return wlaw_fail_memory(err, n, sizeof *names);
  for (size_t i = 0; i < n; i++) names[i] = specs[i].name;
  qsort(names, n, sizeof *names, compare_names);
  wlaw_status status = WLAW_OK;
  for (size_t i = 0; i < n && status == WLAW_OK; i++) {
    if (!wlaw_text_is_utf8(names[i], strlen(names[i])))
      status = wlaw_fail(err, WLAW_ARGUMENT, "the tensor name '%s' is not UTF-8", names[i]);
    else if (i && strcmp(names[i - 1], names[i]) == 0)
      status = wlaw_fail(err, WLAW_ARGUMENT, "two tensors are called '%s'", names[i]);
  }
  free(names);
  return status;
}

/* Copies the specs: the caller's may go. */
static wlaw_status plan(tensor_writer *writer, const tensor_spec *specs, size_t n, wlaw_error *err) {
  writer->tensors = calloc(n + 1, sizeof *writer->tensors);
  if (!writer->tensors) return wlaw_fail_memory(err, n, sizeof *writer->tensors);
  for (size_t i = 0; i < n; i++) {
    planned_tensor *tensor = &writer->tensors[i];
    tensor->spec = specs[i];
    tensor->spec.name = wlaw_text_duplicate(specs[i].name, strlen(specs[i].name));
    if (!tensor->spec.name) return wlaw_fail_memory(err, strlen(specs[i].name), 1);
    writer->n++;
    if (specs[i].rank > WLAW_MAX_RANK || !wlaw_dtype_size(specs[i].dtype))
      return wlaw_error_in_tensor(err, wlaw_fail(err, WLAW_ARGUMENT, "dtype or rank is out of range"), specs[i].name);
    tensor_info info = {.dtype = specs[i].dtype, .rank = specs[i].rank};
    memcpy(info.shape, specs[i].shape, sizeof info.shape);
    const wlaw_status status = wlaw_tensor_measure(&info, err);
    if (status != WLAW_OK) return wlaw_error_in_tensor(err, status, specs[i].name);
    tensor->bytes = info.bytes;
  }
  return WLAW_OK;
}

static bool is_complete(const tensor_writer *writer, size_t i) {
  return writer->tensors[i].received == writer->tensors[i].bytes;
}

/* Ends tensors that are complete and starts what follows, as far as no bytes are needed. `starting`: the first call. */
static wlaw_status advance(tensor_writer *writer, bool starting, wlaw_error *err) {
  const writer_format *format = writer->format;
  if (starting && writer->n && format->start) WLAW_TRY(format->start(writer, 0, err));
  while (writer->current < writer->n && is_complete(writer, writer->current)) {
    if (format->end) WLAW_TRY(format->end(writer, writer->current, err));
    writer->current++;
    if (writer->current < writer->n && format->start) WLAW_TRY(format->start(writer, writer->current, err));
  }
  return WLAW_OK;
}

static wlaw_status writer_begin(tensor_writer *writer, const char *path, const tensor_spec *specs, size_t n,
                                const char *const *metadata, wlaw_error *err) {
  writer->format = format_of(path);
  if (!writer->format)
    return wlaw_error_in_file(
        err, wlaw_fail(err, WLAW_ARGUMENT, "the name must end in .npy, .npz or .safetensors to say what is written"),
        path);
  WLAW_TRY(check_names(specs, n, err));
  WLAW_TRY(plan(writer, specs, n, err));
  WLAW_TRY(wlaw_output_open(&writer->file, path, err));
  uint64_t bytes = 0;
  for (size_t i = 0; i < n; i++)
    if (__builtin_add_overflow(bytes, writer->tensors[i].bytes, &bytes)) bytes = UINT64_MAX;
  WLAW_TRY(wlaw_output_expect(&writer->file, bytes, err));
  if (writer->format->begin) WLAW_TRY(writer->format->begin(writer, metadata, err));
  return advance(writer, true, err);
}

wlaw_status wlaw_writer_open(tensor_writer **out, const char *path, const tensor_spec *specs, size_t n,
                             const char *const *metadata, wlaw_error *err) {
  tensor_writer *writer = calloc(1, sizeof *writer);
  if (!writer) return wlaw_fail_memory(err, 1, sizeof *writer);
  writer->file.fd = -1;
  const wlaw_status status = writer_begin(writer, path, specs, n, metadata, err);
  if (status == WLAW_OK) *out = writer;
  else wlaw_writer_discard(writer);
  return status == WLAW_OK ? WLAW_OK : wlaw_error_in_file(err, status, path);
}

wlaw_status wlaw_writer_add(tensor_writer *writer, const void *bytes, size_t n, wlaw_error *err) {
  const unsigned char *from = bytes;
  while (n) {
    if (writer->current == writer->n)
      return wlaw_error_in_file(err, wlaw_fail(err, WLAW_ARGUMENT, "%zu bytes more than the tensors hold", n),
                                writer->file.path);
    planned_tensor *tensor = &writer->tensors[writer->current];
    const uint64_t open = tensor->bytes - tensor->received;
    const size_t piece = n < open ? n : (size_t)open;
    WLAW_TRY(wlaw_writer_put(writer, from, piece, err));
    if (writer->format->add) writer->format->add(writer, writer->current, from, piece);
    tensor->received += piece;
    from += piece;
    n -= piece;
    WLAW_TRY(advance(writer, false, err));
  }
  return WLAW_OK;
}

wlaw_status wlaw_writer_interleave(tensor_writer *writer, wlaw_error *err) {
  const writer_format *format = writer->format;
  for (; writer->current < writer->n; writer->current++) {
    planned_tensor *tensor = &writer->tensors[writer->current];
    tensor->offset = writer->written;
    WLAW_TRY(wlaw_output_skip(&writer->file, tensor->bytes, err));
    writer->written += tensor->bytes;
    if (tensor->bytes == 0 && format->end) WLAW_TRY(format->end(writer, writer->current, err));
    if (writer->current + 1 < writer->n && format->start) WLAW_TRY(format->start(writer, writer->current + 1, err));
  }
  return WLAW_OK;
}

wlaw_status wlaw_writer_add_to(tensor_writer *writer, size_t i, const void *bytes, size_t n, wlaw_error *err) {
  planned_tensor *tensor = &writer->tensors[i];
  if (n > tensor->bytes - tensor->received) {
    wlaw_fail(err, WLAW_ARGUMENT, "%zu bytes are more than the tensor still holds", n);
    return wlaw_error_in_tensor(err, WLAW_ARGUMENT, tensor->spec.name);
  }
  WLAW_TRY(wlaw_output_rewrite(&writer->file, tensor->offset + tensor->received, bytes, n, err));
  if (writer->format->add) writer->format->add(writer, i, bytes, n);
  tensor->received += n;
  return n && is_complete(writer, i) && writer->format->end ? writer->format->end(writer, i, err) : WLAW_OK;
}

wlaw_status wlaw_writer_commit(tensor_writer *writer, wlaw_error *err) {
  wlaw_status status = WLAW_OK;
  for (size_t i = 0; i < writer->n && status == WLAW_OK; i++) {
    const planned_tensor *tensor = &writer->tensors[i];
    if (is_complete(writer, i)) continue;
    status = wlaw_fail(err, WLAW_ARGUMENT, "only %llu of %llu bytes were given", (unsigned long long)tensor->received,
                       (unsigned long long)tensor->bytes);
    status = wlaw_error_in_tensor(err, status, tensor->spec.name);
  }
  if (status == WLAW_OK && writer->format->finish) status = writer->format->finish(writer, err);
  if (status != WLAW_OK) {
    wlaw_error_in_file(err, status, writer->file.path);
    wlaw_writer_discard(writer);
    return status;
  }
  status = wlaw_output_commit(&writer->file, err);
  writer_free(writer);
  return status;
}

void wlaw_writer_discard(tensor_writer *writer) {
  if (!writer) return;
  wlaw_output_discard(&writer->file);
  writer_free(writer);
}
