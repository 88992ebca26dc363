/* Help, made from the option tables: examples first. */
#ifndef WLAW_CLI_HELP_H
#define WLAW_CLI_HELP_H

#include "cli/screen.h"
#include "core/option.h"

/* One line of the list of exit codes; ends with a row whose code is negative. */
typedef struct exit_code_row {
  int code;
  const char *meaning;
} exit_code_row;
extern const exit_code_row wlaw_exit_codes[];

void wlaw_help_overview(text_buffer *out, const text_screen *screen);
void wlaw_help_command(text_buffer *out, const text_screen *screen, const command_spec *command);

/* "-o, --output RUN", "    --seed S", "    --[no-]biases" */
void wlaw_help_option_label(text_buffer *out, const option_spec *row);
/* The doc line with its choices, and "[default: x]" where one is set; the form all generated documents share. */
void wlaw_help_option_text(text_buffer *out, const option_spec *row);

/* Calls add for each paragraph of a table's text: a blank line ends one, a single newline is a space. */
void wlaw_help_paragraphs(text_buffer *out, const char *text, const char *between,
                          void (*add)(text_buffer *out, const char *paragraph, void *context), void *context);

#endif
