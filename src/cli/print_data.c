/* weightlaw.data/1: the data sets there are, or where one was fetched to. */
#include "cli/print_parts.h"

void wlaw_print_data(text_buffer *out, const text_screen *screen, const json_t *document) {
  wlaw_print_document(out, screen, document);
}
