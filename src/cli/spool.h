/* The operand `-`: standard input as a file that can be read at any place. */
#ifndef WLAW_CLI_SPOOL_H
#define WLAW_CLI_SPOOL_H

#include <stddef.h>

#include "weightlaw.h"

enum { SPOOL_PATH = 32 };

/* Replaces an operand `-` by a path under /dev/fd that holds all of standard input: itself where it is a regular file,
 * a nameless temporary file (in $TMPDIR, else /tmp) otherwise. path is room for the name and must live as long as
 * operands. Two `-` are WLAW_ARGUMENT. */
wlaw_status wlaw_spool_operands(const char **operands, size_t n, char path[SPOOL_PATH], wlaw_error *err);

#endif
