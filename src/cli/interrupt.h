/* Ctrl-C and SIGTERM: the first one asks the work to stop at a safe place, the second one ends the program. */
#ifndef WLAW_CLI_INTERRUPT_H
#define WLAW_CLI_INTERRUPT_H

#include <stdbool.h>

/* Also makes a closed pipe an error of write() instead of a silent death. */
void wlaw_interrupt_install(void);
bool wlaw_interrupt_came(void);

#endif
