#include "tensor/onnx_tensor.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

static wlaw_status fail_at(uint64_t byte, wlaw_error *err, const char *what) {
  return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "%s", what), byte);
}

static wlaw_status expect_type(const wire_field *field, unsigned type, wlaw_error *err) {
  return field->type == type
             ? WLAW_OK
             : fail_at(field->begin, err, "a field of a tensor has another wire type than ONNX gives it");
}

/* A text that may stand there once. */
static wlaw_status read_text(char **out, const wire_field *field, file_cursor *cursor, wlaw_error *err) {
  WLAW_TRY(expect_type(field, WIRE_BYTES, err));
  if (*out) return fail_at(field->begin, err, "a text of a tensor stands there twice");
  return wlaw_wire_text(out, field, cursor, err);
}

static wlaw_status add_size(onnx_tensor *tensor, uint64_t size, uint64_t byte, wlaw_error *err) {
  if (tensor->rank == WLAW_MAX_RANK)
    return wlaw_error_at_byte(
        err, wlaw_fail(err, WLAW_LIMIT, "the tensor has more than the %d dimensions weightlaw reads", WLAW_MAX_RANK),
        byte);
  if (size > INT64_MAX) return fail_at(byte, err, "a size is negative");
  tensor->shape[tensor->rank++] = size;
  return WLAW_OK;
}

/* Repeated numbers may come one by one or packed. */
static wlaw_status read_sizes(onnx_tensor *tensor, const wire_field *field, file_cursor *cursor, wlaw_error *err) {
  if (field->type == WIRE_VARINT) return add_size(tensor, field->value, field->begin, err);
  WLAW_TRY(expect_type(field, WIRE_BYTES, err));
  cursor->at = field->begin;
  while (cursor->at < field->end) {
    const uint64_t byte = cursor->at;
    uint64_t size;
    WLAW_TRY(wlaw_wire_varint(&size, cursor, field->end, err));
    WLAW_TRY(add_size(tensor, size, byte, err));
  }
  return WLAW_OK;
}

/* A StringStringEntryProto: key 1, value 2. Keys other than these three are not needed. */
static wlaw_status read_external(onnx_tensor *tensor, const wire_field *entry, file_cursor *cursor, wlaw_error *err) {
  WLAW_TRY(expect_type(entry, WIRE_BYTES, err));
  char *texts[2] = {NULL, NULL};
  wlaw_status status = WLAW_OK;
  wire_field field;
  cursor->at = entry->begin;
  while (status == WLAW_OK && cursor->at < entry->end) {
    status = wlaw_wire_next(&field, cursor, entry->end, err);
    if (status == WLAW_OK && (field.number == 1 || field.number == 2))
      status = read_text(&texts[field.number - 1], &field, cursor, err);
  }
  const char *key = texts[0] ? texts[0] : "";
  char **into = strcmp(key, "location") == 0 ? &tensor->location
                : strcmp(key, "offset") == 0 ? &tensor->offset
                : strcmp(key, "length") == 0 ? &tensor->length
                                             : NULL;
  if (status == WLAW_OK && into && *into)
    status = fail_at(entry->begin, err, "a property of the external data stands there twice");
  if (status == WLAW_OK && into) {
    *into = texts[1];
    texts[1] = NULL;
  }
  free(texts[0]);
  free(texts[1]);
  return status;
}

static wlaw_status note_data(onnx_tensor *tensor, const wire_field *field, wlaw_error *err) {
  if (tensor->data_field && tensor->data_field != field->number)
    return fail_at(field->begin, err, "a tensor has data in two fields, and which are meant is not known");
  tensor->data_field = field->number;
  tensor->piece = *field;
  tensor->n_pieces++;
  if (field->number != TENSOR_RAW) return WLAW_OK;
  if (tensor->n_pieces > 1) return fail_at(field->begin, err, "a tensor's raw data stand there twice");
  return expect_type(field, WIRE_BYTES, err);
}

static wlaw_status read_field(onnx_tensor *tensor, const wire_field *field, file_cursor *cursor, wlaw_error *err) {
  switch (field->number) {
    case TENSOR_DIMS: return read_sizes(tensor, field, cursor, err);
    case TENSOR_TYPE: tensor->type = field->value; return expect_type(field, WIRE_VARINT, err);
    case TENSOR_NAME: return read_text(&tensor->name, field, cursor, err);
    case TENSOR_EXTERNAL: return read_external(tensor, field, cursor, err);
    case TENSOR_LOCATION: tensor->external = field->value == 1; return expect_type(field, WIRE_VARINT, err);
    case TENSOR_FLOATS:
    case TENSOR_INT32:
    case TENSOR_STRINGS:
    case TENSOR_INT64:
    case TENSOR_RAW:
    case TENSOR_DOUBLES:
    case TENSOR_UINT64: return note_data(tensor, field, err);
    default: return WLAW_OK;
  }
}

wlaw_status wlaw_onnx_tensor_read(onnx_tensor *tensor, file_cursor *cursor, uint64_t begin, uint64_t end,
                                  wlaw_error *err) {
  *tensor = (onnx_tensor){.begin = begin, .end = end};
  wire_field field = {0};
  for (cursor->at = begin; cursor->at < end; cursor->at = field.end) {
    WLAW_TRY(wlaw_wire_next(&field, cursor, end, err));
    WLAW_TRY(read_field(tensor, &field, cursor, err));
  }
  return WLAW_OK;
}

void wlaw_onnx_tensor_free(onnx_tensor *tensor) {
  free(tensor->name);
  free(tensor->location);
  free(tensor->offset);
  free(tensor->length);
  *tensor = (onnx_tensor){0};
}

/* The lowest bytes of value: how protobuf's int32 and int64 hold narrower types, negative ones sign-extended. */
static void put_element(unsigned char *out, uint64_t value, size_t size) {
  const uint8_t one = (uint8_t)value;
  const uint16_t two = (uint16_t)value;
  const uint32_t four = (uint32_t)value;
  memcpy(out,
         size == 1   ? (const void *)&one
         : size == 2 ? (const void *)&two
         : size == 4 ? (const void *)&four
                     : &value,
         size);
}

static wlaw_status read_element(uint64_t *value, const onnx_tensor *tensor, file_cursor *cursor, uint64_t end,
                                wlaw_error *err) {
  const bool floats = tensor->data_field == TENSOR_FLOATS, doubles = tensor->data_field == TENSOR_DOUBLES;
  if (!floats && !doubles) return wlaw_wire_varint(value, cursor, end, err);
  const size_t size = floats ? 4 : 8;
  if (end - cursor->at < size) return fail_at(cursor->at, err, "the last number of a tensor is cut off");
  return wlaw_cursor_integer(cursor, value, size, err);
}

static unsigned element_wire_type(const onnx_tensor *tensor) {
  return tensor->data_field == TENSOR_FLOATS    ? WIRE_FIXED_32
         : tensor->data_field == TENSOR_DOUBLES ? WIRE_FIXED_64
                                                : WIRE_VARINT;
}

wlaw_status wlaw_onnx_tensor_collect(const onnx_tensor *tensor, wlaw_dtype dtype, uint64_t count, void *out,
                                     file_cursor *cursor, wlaw_error *err) {
  const size_t size = wlaw_dtype_size(dtype);
  unsigned char *to = out;
  uint64_t done = 0;
  wire_field field = {0};
  for (cursor->at = tensor->begin; cursor->at < tensor->end; cursor->at = field.end) {
    WLAW_TRY(wlaw_wire_next(&field, cursor, tensor->end, err));
    if (field.number != tensor->data_field) continue;
    if (field.type != WIRE_BYTES) WLAW_TRY(expect_type(&field, element_wire_type(tensor), err));
    cursor->at = field.begin;
    while (cursor->at < field.end) {
      uint64_t value;
      WLAW_TRY(read_element(&value, tensor, cursor, field.end, err));
      if (done < count) put_element(to + done * size, value, size);
      done++;
    }
  }
  if (done == count) return WLAW_OK;
  return wlaw_fail(err, WLAW_FORMAT, "the shape asks for %llu numbers, %llu are there", (unsigned long long)count,
                   (unsigned long long)done);
}
