#include "tensor/wire.h"

#include "core/error.h"

static wlaw_status fail_at(uint64_t byte, wlaw_error *err, const char *what) {
  return wlaw_error_at_byte(err, wlaw_fail(err, WLAW_FORMAT, "%s", what), byte);
}

/* Seven bits a byte, the lowest first; all but the last byte have the eighth bit set. */
wlaw_status wlaw_wire_varint(uint64_t *value, file_cursor *cursor, uint64_t end, wlaw_error *err) {
  const uint64_t begin = cursor->at;
  *value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (cursor->at >= end) return fail_at(begin, err, "a number does not end within its message");
    unsigned char byte;
    WLAW_TRY(wlaw_cursor_read(cursor, &byte, 1, err));
    if (shift == 63 && byte > 1) break;
    *value |= (uint64_t)(byte & 0x7F) << shift;
    if (!(byte & 0x80)) return WLAW_OK;
  }
  return fail_at(begin, err, "a number has more than 64 bits");
}

static wlaw_status read_length(wire_field *field, uint64_t *n, file_cursor *cursor, uint64_t end, wlaw_error *err) {
  switch (field->type) {
    case WIRE_FIXED_64: *n = 8; return WLAW_OK;
    case WIRE_FIXED_32: *n = 4; return WLAW_OK;
    case WIRE_BYTES: return wlaw_wire_varint(n, cursor, end, err);
    default: return fail_at(field->begin, err, "a field has a wire type that ONNX does not use");
  }
}

wlaw_status wlaw_wire_next(wire_field *field, file_cursor *cursor, uint64_t end, wlaw_error *err) {
  uint64_t tag, n;
  field->begin = cursor->at;
  WLAW_TRY(wlaw_wire_varint(&tag, cursor, end, err));
  if (tag >> 3 == 0 || tag > UINT32_MAX) return fail_at(field->begin, err, "a field's number is 0, or 2^29 or more");
  field->number = (uint32_t)(tag >> 3);
  field->type = tag & 7;
  if (field->type == WIRE_VARINT) {
    field->begin = cursor->at;
    WLAW_TRY(wlaw_wire_varint(&field->value, cursor, end, err));
    field->end = cursor->at;
    return WLAW_OK;
  }
  WLAW_TRY(read_length(field, &n, cursor, end, err));
  field->begin = cursor->at;
  if (n > end - cursor->at)
    return wlaw_error_at_byte(err,
                              wlaw_fail(err, WLAW_FORMAT, "a field of %llu bytes is stated, its message has %llu more",
                                        (unsigned long long)n, (unsigned long long)(end - cursor->at)),
                              field->begin);
  field->end = field->begin + n;
  if (field->type != WIRE_BYTES) WLAW_TRY(wlaw_cursor_integer(cursor, &field->value, (size_t)n, err));
  cursor->at = field->end;
  return WLAW_OK;
}

wlaw_status wlaw_wire_text(char **out, const wire_field *field, file_cursor *cursor, wlaw_error *err) {
  const uint64_t after = cursor->at;
  cursor->at = field->begin;
  const wlaw_status status = wlaw_cursor_text(cursor, out, field->end - field->begin, err);
  cursor->at = after;
  return status;
}
