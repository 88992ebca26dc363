/* Where text goes: width and colour of a terminal, line breaking, and writes to standard output that cannot fail
 * unseen.
 */
#ifndef WLAW_CLI_SCREEN_H
#define WLAW_CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/text.h"

typedef struct text_screen {
  size_t width; /* columns, 40 .. 120; 80 where there is no terminal and no COLUMNS */
  bool terminal, colour;
} text_screen;

/* fd 1 or 2. Colour: only on a terminal, and neither with NO_COLOR set nor on TERM=dumb. */
text_screen wlaw_screen_of(int fd);

/* Columns a text takes: its code points (wide and combining characters count one). */
size_t wlaw_screen_columns(const char *text);

/* Appends text broken at spaces to lines of `width`, every line but the first behind `indent` spaces; `column` is where
 * the first one starts. Ends with a newline. */
void wlaw_screen_wrap(text_buffer *out, const char *text, size_t column, size_t indent, size_t width);

/* Appends text in bold where the screen has colour. */
void wlaw_screen_bold(text_buffer *out, const text_screen *screen, const char *text);

/* All of it to standard output, or WLAW_IO (a full disk, a closed pipe), or WLAW_MEMORY for a failed buffer. */
wlaw_status wlaw_screen_write(const text_buffer *text, wlaw_error *err);

#endif
