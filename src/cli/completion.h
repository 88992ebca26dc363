/* Shell completion scripts, made from the option tables. */
#ifndef WLAW_CLI_COMPLETION_H
#define WLAW_CLI_COMPLETION_H

#include "core/text.h"

/* shell: "bash", "zsh" or "fish". */
wlaw_status wlaw_completion_script(text_buffer *out, const char *shell, wlaw_error *err);

#endif
