/* The operand `-`: standard input as a file that can be read at any place. */
#ifndef WLAW_CLI_SPOOL_H
#define WLAW_CLI_SPOOL_H

#include <stddef.h>

#include "weightlaw.h"

/* Replaces an operand `-` by /dev/stdin, after making sure that it can be read at any place: what is no regular file is
 * copied into a nameless temporary file (in $TMPDIR, else /tmp) that takes standard input's descriptor. Two `-` are
 * WLAW_ARGUMENT. */
wlaw_status wlaw_spool_operands(const char **operands, size_t n, wlaw_error *err);

#endif
