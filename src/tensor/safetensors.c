/* .safetensors: 8 bytes of header length (little-endian), a JSON header, then the tensors' bytes without gaps.
 * Format: https://github.com/huggingface/safetensors, "Format". Every rule stated there is checked before a value is
 * believed: the header is bounded by the file, parsing costs memory in proportion to it, and nothing else is allocated.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "tensor/encoding.h"

enum { LENGTH_BYTES = 8, LARGEST_HEADER = 100000000 };

/* Types the format defines; those that are neither a wlaw_dtype nor unpacked by encoding.c are listed with a note. */
static const struct {
  const char *text;
  unsigned bits;
  wlaw_dtype dtype;
  const char *encoding;
} stored_dtypes[] = {
    {"F64", 64, WLAW_F64, NULL},
    {"F32", 32, WLAW_F32, NULL},
    {"F16", 16, WLAW_F16, NULL},
    {"BF16", 16, WLAW_BF16, NULL},
    {"I64", 64, WLAW_I64, NULL},
    {"I32", 32, WLAW_I32, NULL},
    {"I16", 16, WLAW_I16, NULL},
    {"I8", 8, WLAW_I8, NULL},
    {"U64", 64, WLAW_U64, NULL},
    {"U32", 32, WLAW_U32, NULL},
    {"U16", 16, WLAW_U16, NULL},
    {"U8", 8, WLAW_U8, NULL},
    {"BOOL", 8, WLAW_BOOL, NULL},
    {"C64", 64, WLAW_DTYPE_COUNT, NULL},
    {"F8_E4M3", 8, WLAW_DTYPE_COUNT, "f8_e4m3"},
    {"F8_E5M2", 8, WLAW_DTYPE_COUNT, "f8_e5m2"},
    {"F8_E8M0", 8, WLAW_DTYPE_COUNT, NULL},
    {"F8_E4M3FNUZ", 8, WLAW_DTYPE_COUNT, NULL},
    {"F8_E5M2FNUZ", 8, WLAW_DTYPE_COUNT, NULL},
    {"F6_E2M3", 6, WLAW_DTYPE_COUNT, NULL},
    {"F6_E3M2", 6, WLAW_DTYPE_COUNT, NULL},
    {"F4", 4, WLAW_DTYPE_COUNT, NULL},
};
enum { N_STORED_DTYPES = sizeof stored_dtypes / sizeof *stored_dtypes };

static uint64_t little_endian_64(const unsigned char *bytes) {
  uint64_t value = 0;
  for (int k = 7; k >= 0; k--) value = value << 8 | bytes[k];
  return value;
}

static bool recognise(const unsigned char *head, size_t n) {
  return n > LENGTH_BYTES && head[LENGTH_BYTES] == '{' && little_endian_64(head) <= LARGEST_HEADER;
}

static wlaw_status read_header(char **text, size_t *n, const input_file *file, wlaw_error *err) {
  unsigned char head[LENGTH_BYTES];
  if (file->size < LENGTH_BYTES)
    return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the file ends before the 8-byte header length"),
                              file->size);
  WLAW_TRY(wlaw_input_read(file, 0, head, sizeof head, err));
  const uint64_t length = little_endian_64(head);
  if (length > LARGEST_HEADER)
    return wlaw_error_at_byte(err,
                              wlaw_fail(err, WLAW_LIMIT, "a header of %llu bytes is stated, the format allows %d",
                                        (unsigned long long)length, LARGEST_HEADER),
                              0);
  if (length > file->size - LENGTH_BYTES)
    return wlaw_error_at_byte(err,
                              wlaw_fail(err, WLAW_FORMAT, "a header of %llu bytes is stated, %llu follow",
                                        (unsigned long long)length, (unsigned long long)(file->size - LENGTH_BYTES)),
                              0);
  char *bytes = malloc((size_t)length + 1);
  if (!bytes) return wlaw_fail_memory(err, (size_t)length, 1);
  const wlaw_status status = wlaw_input_read(file, LENGTH_BYTES, bytes, (size_t)length, err);
  if (status != WLAW_OK) {
    free(bytes);
    return status;
  }
  *text = bytes;
  *n = (size_t)length;
  return WLAW_OK;
}

static wlaw_status parse_header(json_t **header, const char *text, size_t n, wlaw_error *err) {
  json_error_t why = {0};
  errno = 0;
  *header = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);
  if (errno == ENOMEM) { /* which Jansson takes for a syntax error, or leaves a byte of a name out */
    json_decref(*header);
    *header = NULL;
    return wlaw_fail_memory(err, n, 1);
  }
  if (!*header) {
    return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the header is not valid JSON: %s", why.text),
                              LENGTH_BYTES + (uint64_t)(why.position > 0 ? why.position : 0));
  }
  if (json_is_object(*header)) return WLAW_OK;
  json_decref(*header);
  *header = NULL;
  return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "the header is not a JSON object"), LENGTH_BYTES);
}

static wlaw_status check_metadata(json_t *metadata, wlaw_error *err) {
  if (!json_is_object(metadata)) return wlaw_fail(err, WLAW_FORMAT, "__metadata__ is not a JSON object");
  const char *key;
  json_t *value;
  json_object_foreach(metadata, key, value) {
    if (!json_is_string(value))
      return wlaw_fail(err, WLAW_FORMAT, "__metadata__ has a value that is no text: '%s'", key);
  }
  return WLAW_OK;
}

/* A JSON integer that is not negative. */
static bool read_size(uint64_t *out, const json_t *value) {
  if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
  *out = (uint64_t)json_integer_value(value);
  return true;
}

static wlaw_status read_dtype(tensor_info *info, unsigned *bits, const json_t *value, wlaw_error *err) {
  const char *text = json_string_value(value);
  if (!text) return wlaw_fail(err, WLAW_FORMAT, "dtype is missing or is no text");
  for (size_t k = 0; k < N_STORED_DTYPES; k++) {
    if (strcmp(text, stored_dtypes[k].text) != 0) continue;
    info->dtype = stored_dtypes[k].dtype;
    *bits = stored_dtypes[k].bits;
    if (stored_dtypes[k].encoding) wlaw_encoding_apply(info, wlaw_encoding_find(stored_dtypes[k].encoding));
    else info->plain = true;
    if (info->dtype != WLAW_DTYPE_COUNT) return WLAW_OK;
    char note[80];
    const int length = snprintf(note, sizeof note, "dtype %s is known but not read by weightlaw", text);
    info->note = wlaw_text_duplicate(note, (size_t)length);
    return info->note ? WLAW_OK : wlaw_fail_memory(err, sizeof note, 1);
  }
  return wlaw_fail(err, WLAW_FORMAT, "the dtype '%s' is not one of the format", text);
}

static wlaw_status read_shape(tensor_info *info, const json_t *value, wlaw_error *err) {
  if (!json_is_array(value)) return wlaw_fail(err, WLAW_FORMAT, "shape is missing or is no array");
  if (json_array_size(value) > WLAW_MAX_RANK)
    return wlaw_fail(err, WLAW_LIMIT, "%zu dimensions are more than the %d weightlaw reads", json_array_size(value),
                     WLAW_MAX_RANK);
  info->rank = json_array_size(value);
  for (size_t d = 0; d < info->rank; d++)
    if (!read_size(&info->shape[d], json_array_get(value, d)))
      return wlaw_fail(err, WLAW_FORMAT, "shape[%zu] is not an integer from 0 to 2^63 - 1", d);
  return WLAW_OK;
}

/* Offset becomes relative to the data for now. Bytes: as the offsets say, and as dtype and shape say. */
static wlaw_status read_range(tensor_info *info, unsigned bits, const json_t *value, uint64_t data_size,
                              wlaw_error *err) {
  uint64_t begin, end, total_bits;
  if (!json_is_array(value) || json_array_size(value) != 2 || !read_size(&begin, json_array_get(value, 0)) ||
      !read_size(&end, json_array_get(value, 1)))
    return wlaw_fail(err, WLAW_FORMAT, "data_offsets is not an array of two integers from 0 to 2^63 - 1");
  if (begin > end || end > data_size)
    return wlaw_fail(err, WLAW_FORMAT, "data_offsets [%llu, %llu] do not lie in order within the %llu bytes of data",
                     (unsigned long long)begin, (unsigned long long)end, (unsigned long long)data_size);
  WLAW_TRY(wlaw_tensor_measure(info, err));
  if (__builtin_mul_overflow(info->count, (uint64_t)bits, &total_bits))
    return wlaw_fail(err, WLAW_LIMIT, "the shape asks for 2^64 bits or more");
  if (total_bits % 8 != 0 || total_bits / 8 != end - begin)
    return wlaw_fail(err, WLAW_FORMAT, "dtype and shape ask for %llu bits, data_offsets give %llu bytes",
                     (unsigned long long)total_bits, (unsigned long long)(end - begin));
  if (!info->encoding) info->bytes = end - begin; /* of a type with a note too */
  info->offset = begin;
  return WLAW_OK;
}

static wlaw_status read_entry(wlaw_tensors *tensors, const char *name, const json_t *entry, uint64_t data_size,
                              wlaw_error *err) {
  tensor_info *info = wlaw_tensors_append(tensors);
  if (!info) return wlaw_fail_memory(err, tensors->n, sizeof *info);
  info->name = wlaw_text_duplicate(name, strlen(name));
  if (!info->name) {
    tensors->n--;
    return wlaw_fail_memory(err, strlen(name), 1);
  }
  if (!json_is_object(entry)) return wlaw_fail(err, WLAW_FORMAT, "the header's entry is not a JSON object");
  unsigned bits = 0;
  WLAW_TRY(read_dtype(info, &bits, json_object_get(entry, "dtype"), err));
  WLAW_TRY(read_shape(info, json_object_get(entry, "shape"), err));
  WLAW_TRY(read_range(info, bits, json_object_get(entry, "data_offsets"), data_size, err));
  if (json_object_size(entry) != 3)
    return wlaw_fail(err, WLAW_FORMAT, "the header's entry has keys beside dtype, shape and data_offsets");
  return WLAW_OK;
}

static int compare_ranges(const void *a, const void *b) {
  const tensor_info *x = a, *y = b;
  if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1; /* empty tensors come before what begins there */
  return strcmp(x->name, y->name);
}

/* The encodings of the format have a byte for each element. */
static uint64_t stored_bytes(const tensor_info *info) { return info->encoding ? info->count : info->bytes; }

/* Sorts by offset; the ranges must touch from the first byte of the data to the last. Offsets become the file's. */
static wlaw_status check_ranges(wlaw_tensors *tensors, uint64_t data_offset, uint64_t data_size, wlaw_error *err) {
  if (tensors->n) qsort(tensors->info, tensors->n, sizeof *tensors->info, compare_ranges);
  uint64_t expected = 0;
  for (size_t i = 0; i < tensors->n; i++) {
    tensor_info *info = &tensors->info[i];
    if (info->offset != expected) {
      wlaw_fail(err, WLAW_FORMAT, "its data begin at %llu of the data, %s %llu", (unsigned long long)info->offset,
                info->offset < expected ? "inside another tensor's, which end at" : "after a hole, which begins at",
                (unsigned long long)expected);
      return wlaw_error_in_tensor(err, wlaw_error_at_byte(err, WLAW_FORMAT, data_offset + info->offset), info->name);
    }
    expected += stored_bytes(info);
    info->offset += data_offset;
  }
  if (expected != data_size)
    return wlaw_error_at_byte(err,
                              wlaw_fail(err, WLAW_FORMAT, "%llu bytes at the end belong to no tensor",
                                        (unsigned long long)(data_size - expected)),
                              data_offset + expected);
  return WLAW_OK;
}

static wlaw_status read_entries(wlaw_tensors *tensors, json_t *header, uint64_t data_size, wlaw_error *err) {
  const char *name;
  json_t *entry;
  json_object_foreach(header, name, entry) {
    if (strcmp(name, "__metadata__") == 0) {
      WLAW_TRY(check_metadata(entry, err));
      continue;
    }
    const wlaw_status status = read_entry(tensors, name, entry, data_size, err);
    if (status != WLAW_OK) return status == WLAW_MEMORY ? status : wlaw_error_in_tensor(err, status, name);
  }
  return WLAW_OK;
}

static wlaw_status open_safetensors(wlaw_tensors *tensors, wlaw_error *err) {
  char *text = NULL;
  size_t n = 0;
  WLAW_TRY(read_header(&text, &n, &tensors->file, err));
  json_t *header = NULL;
  wlaw_status status = parse_header(&header, text, n, err);
  free(text);
  if (status != WLAW_OK) return status;
  const uint64_t data_offset = LENGTH_BYTES + n, data_size = tensors->file.size - data_offset;
  status = read_entries(tensors, header, data_size, err);
  json_decref(header);
  return status == WLAW_OK ? check_ranges(tensors, data_offset, data_size, err) : status;
}

const tensor_format wlaw_format_safetensors = {.name = "safetensors",
                                               .ending = ".safetensors",
                                               .recognise = recognise,
                                               .open = open_safetensors,
                                               .read = wlaw_tensors_read_encoded};
