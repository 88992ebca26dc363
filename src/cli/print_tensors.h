/* Lists of tensors: what the printers of scan, track and compare share. */
#ifndef WLAW_CLI_PRINT_TENSORS_H
#define WLAW_CLI_PRINT_TENSORS_H

#include "cli/print_parts.h"

enum { TENSOR_CELLS = 8, TENSOR_CELL_BYTES = 256, TENSOR_ROWS = 40 };

/* One row: cell 0 is made from the name. */
typedef struct tensor_row {
  const char *name;
  int severity; /* as docs/scan.md has it; graver rows come first */
  char cell[TENSOR_CELLS][TENSOR_CELL_BYTES];
} tensor_row;

/* headings: [TENSOR_CELLS]; numbers: columns that are aligned to the right, as "00011010". Columns that are empty in
 * every row are left out, names shortened to the room that the screen leaves. */
void wlaw_print_tensor_rows(text_buffer *out, const text_screen *screen, const char *const *headings,
                            const char *numbers, tensor_row *rows, size_t n);

/* "%.*f" into a cell; "" for NaN. */
void wlaw_cell_number(char *cell, int digits, double value);
/* "NAME: SENTENCE" as one item of a list. */
void wlaw_print_named_sentence(text_buffer *out, const text_screen *screen, const char *name, const char *sentence);
/* `[{name, reason}]` under the heading "not measured"; nothing where the list is empty. */
void wlaw_print_skipped(text_buffer *out, const text_screen *screen, const json_t *skipped);
/* The severity of a tensor's document. */
int wlaw_tensor_severity(const json_t *tensor);

#endif
