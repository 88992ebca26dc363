/* The command line after the command's name: options by the command's table, and operands. */
#ifndef WLAW_CLI_PARSE_H
#define WLAW_CLI_PARSE_H

#include <stdbool.h>

#include "core/option.h"

typedef struct parsed_line {
  wlaw_options *options;
  const char **operands; /* [n], into argv */
  size_t n;
  bool help; /* -h or --help was there: nothing else counts */
} parsed_line;

/* Accepts --name value, --name=value, -o value, -ovalue, flags as --name and --no-name, operands between options, and
 * `--`, after which everything is an operand. A value that starts with `--` needs the form --name=value, so that a
 * forgotten value is noticed. On failure *line needs no free. */
wlaw_status wlaw_parse(parsed_line *line, const command_spec *command, char *const *argv, size_t n, wlaw_error *err);
void wlaw_parsed_free(parsed_line *line);

#endif
