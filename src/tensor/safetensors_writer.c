/* Writing .safetensors: tensors lie in the order they were announced, without gaps; the header is padded with spaces so
 * that the data start at a multiple of 8 bytes. Announce wide types before narrow ones to keep each tensor aligned. */
#include <string.h>

#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "tensor/writer_format.h"

enum { LENGTH_BYTES = 8, ALIGNMENT = 8, LARGEST_HEADER = 100000000 };

static const char *const dtype_codes[WLAW_DTYPE_COUNT] = {
    [WLAW_F16] = "F16", [WLAW_BF16] = "BF16", [WLAW_F32] = "F32",  [WLAW_F64] = "F64", [WLAW_I8] = "I8",
    [WLAW_I16] = "I16", [WLAW_I32] = "I32",   [WLAW_I64] = "I64",  [WLAW_U8] = "U8",   [WLAW_U16] = "U16",
    [WLAW_U32] = "U32", [WLAW_U64] = "U64",   [WLAW_BOOL] = "BOOL"};

/* NULL when out of memory. */
static json_t *entry_json(const planned_tensor *tensor, uint64_t begin) {
  bool failed = false;
  json_t *entry = json_object(), *shape = json_array(), *range = json_array();
  for (size_t d = 0; d < tensor->spec.rank; d++)
    wlaw_json_append(&failed, shape, wlaw_json_count(tensor->spec.shape[d]));
  wlaw_json_append(&failed, range, wlaw_json_count(begin));
  wlaw_json_append(&failed, range, wlaw_json_count(begin + tensor->bytes));
  wlaw_json_put(&failed, entry, "dtype", json_string(dtype_codes[tensor->spec.dtype]));
  wlaw_json_put(&failed, entry, "shape", shape);
  wlaw_json_put(&failed, entry, "data_offsets", range);
  if (!failed) return entry;
  json_decref(entry);
  return NULL;
}

static wlaw_status check_specs(const tensor_writer *writer, const char *const *metadata, wlaw_error *err) {
  uint64_t total = 0;
  if (WLAW_HOST_IS_BIG_ENDIAN)
    return wlaw_fail(err, WLAW_UNSUPPORTED, "this format is little-endian and cannot be written on this machine");
  for (size_t i = 0; i < writer->n; i++) {
    const planned_tensor *tensor = &writer->tensors[i];
    if (strcmp(tensor->spec.name, "__metadata__") == 0)
      return wlaw_fail(err, WLAW_ARGUMENT, "a tensor cannot be called __metadata__ in this format");
    for (size_t d = 0; d < tensor->spec.rank; d++)
      if (tensor->spec.shape[d] > INT64_MAX) return wlaw_fail(err, WLAW_LIMIT, "a dimension of 2^63 or more");
    if (__builtin_add_overflow(total, tensor->bytes, &total) || total > INT64_MAX)
      return wlaw_fail(err, WLAW_LIMIT, "the tensors hold 2^63 bytes or more");
  }
  for (size_t k = 0; metadata && metadata[k]; k++)
    if (!wlaw_text_is_utf8(metadata[k], strlen(metadata[k])))
      return wlaw_fail(err, WLAW_ARGUMENT, "the metadata '%s' are not UTF-8", metadata[k]);
  return WLAW_OK;
}

static json_t *header_json(const tensor_writer *writer, const char *const *metadata) {
  bool failed = false;
  json_t *header = json_object();
  if (metadata) {
    json_t *pairs = json_object();
    for (size_t k = 0; metadata[k] && metadata[k + 1]; k += 2)
      wlaw_json_put(&failed, pairs, metadata[k], json_string(metadata[k + 1]));
    wlaw_json_put(&failed, header, "__metadata__", pairs);
  }
  uint64_t begin = 0;
  for (size_t i = 0; i < writer->n && !failed; begin += writer->tensors[i++].bytes)
    wlaw_json_put(&failed, header, writer->tensors[i].spec.name, entry_json(&writer->tensors[i], begin));
  if (header && !failed) return header;
  json_decref(header);
  return NULL;
}

static int append_piece(const char *bytes, size_t n, void *out) {
  wlaw_text_add_bytes(out, bytes, n);
  return 0;
}

static wlaw_status put_header(tensor_writer *writer, text_buffer *text, wlaw_error *err) {
  while (text->length % ALIGNMENT && !text->failed) wlaw_text_add_bytes(text, " ", 1);
  if (text->failed) return wlaw_fail_memory(err, text->length, 1);
  if (text->length > LARGEST_HEADER)
    return wlaw_fail(err, WLAW_LIMIT, "the header of %zu bytes is longer than the %d the format allows", text->length,
                     LARGEST_HEADER);
  unsigned char length[LENGTH_BYTES];
  for (int k = 0; k < LENGTH_BYTES; k++) length[k] = (unsigned char)((uint64_t)text->length >> 8 * k);
  WLAW_TRY(wlaw_writer_put(writer, length, sizeof length, err));
  return wlaw_writer_put(writer, text->bytes, text->length, err);
}

static wlaw_status begin_safetensors(tensor_writer *writer, const char *const *metadata, wlaw_error *err) {
  WLAW_TRY(check_specs(writer, metadata, err));
  json_t *header = header_json(writer, metadata);
  if (!header) return wlaw_fail_memory(err, writer->n, sizeof *writer->tensors);
  text_buffer text = {0};
  if (json_dump_callback(header, append_piece, &text, JSON_COMPACT) != 0) text.failed = true;
  json_decref(header);
  const wlaw_status status = put_header(writer, &text, err);
  wlaw_text_free(&text);
  return status;
}

const writer_format wlaw_writer_safetensors = {.ending = ".safetensors", .begin = begin_safetensors};
