/* The fields of a protobuf message, one after the other. Encoding: https://protobuf.dev/programming-guides/encoding. */
#ifndef WLAW_TENSOR_WIRE_H
#define WLAW_TENSOR_WIRE_H

#include "tensor/cursor.h"

enum { WIRE_VARINT = 0, WIRE_FIXED_64 = 1, WIRE_BYTES = 2, WIRE_FIXED_32 = 5 };

typedef struct wire_field {
  uint32_t number;
  unsigned type;       /* one of the four above */
  uint64_t begin, end; /* of its value in the file */
  uint64_t value;      /* where it is no WIRE_BYTES */
} wire_field;

/* The next field of a message that ends at `end`; afterwards the cursor stands at the field's end. Fields that reach
 * beyond the message, groups, and unknown types are WLAW_FORMAT with the byte. */
wlaw_status wlaw_wire_next(wire_field *field, file_cursor *cursor, uint64_t end, wlaw_error *err);

wlaw_status wlaw_wire_varint(uint64_t *value, file_cursor *cursor, uint64_t end, wlaw_error *err);

/* The text of a field of WIRE_BYTES; caller frees. */
wlaw_status wlaw_wire_text(char **out, const wire_field *field, file_cursor *cursor, wlaw_error *err);

#endif
