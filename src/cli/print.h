/* Results as readable text. Every schema has a printer; a document of another schema is printed key by key. */
#ifndef WLAW_CLI_PRINT_H
#define WLAW_CLI_PRINT_H

#include "cli/screen.h"
#include "core/json.h"

void wlaw_print_result(text_buffer *out, const text_screen *screen, const json_t *document);

#endif
