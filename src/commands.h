/* Every command of the library, for the command line and for bindings. */
#ifndef WLAW_COMMANDS_H
#define WLAW_COMMANDS_H

#include "core/option.h"

extern const command_spec *const wlaw_commands[];
extern const size_t wlaw_n_commands;

wlaw_status wlaw_command_find(const command_spec **command, const char *name, wlaw_error *err);

#endif
