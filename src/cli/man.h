/* Manual pages in roff, made from the option tables. */
#ifndef WLAW_CLI_MAN_H
#define WLAW_CLI_MAN_H

#include "core/option.h"
#include "core/text.h"

/* weightlaw(1) for command NULL, weightlaw-COMMAND(1) otherwise. */
void wlaw_man_page(text_buffer *out, const command_spec *command);

#endif
