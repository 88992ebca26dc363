/* Aligned columns of text. */
#ifndef WLAW_CLI_TABLE_H
#define WLAW_CLI_TABLE_H

#include "cli/screen.h"

enum { TABLE_MAX_COLUMNS = 12 };

/* Start with {.columns = n, .align = "lrr.."}. Cells are appended row by row, the first row is the heading. */
typedef struct text_table {
  size_t columns;
  const char *align; /* 'l' or 'r' for each column */
  char **cells;      /* [rows * columns] */
  size_t n, capacity;
  size_t alarms,
      warnings; /* so many rows after the heading are red, so many after these yellow, where there is colour */
  bool failed;  /* out of memory: sticky, the printed table makes the buffer fail */
} text_table;

/* Untrusted text is escaped here. */
void wlaw_table_text(text_table *table, const char *text);
/* "%.6g"; an empty cell for NaN. */
void wlaw_table_number(text_table *table, double value);
/* "%.2g", a bound where a double cannot tell it from zero; an empty cell for NaN. */
void wlaw_table_p_value(text_table *table, double p);
/* Prints behind two spaces, with two between columns, then frees. Rows wider than the screen
 * are kept whole: a cut number is a wrong number. */
void wlaw_table_print(text_buffer *out, const text_screen *screen, text_table *table);

#endif
