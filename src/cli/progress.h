/* The progress line on standard error, and the way an interrupt reaches the library. */
#ifndef WLAW_CLI_PROGRESS_H
#define WLAW_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/screen.h"

typedef struct progress_line {
  bool shown, always;
  text_screen screen;    /* standard error's */
  uint64_t start_ns;     /* of the stage in hand: a fraction that goes back begins another */
  uint64_t drawn_ns;     /* of the last drawing; 0: none */
  double first, last;    /* fractions first and last heard of (a resumed run starts high) */
  bool heard;            /* first is set */
  size_t columns_in_use; /* to be overwritten by the next drawing */
} progress_line;

/* when: "auto" (on a terminal), "never", "always". */
progress_line wlaw_progress_start(const char *when);
/* A wlaw_progress; user is the progress_line. Non-zero once an interrupt came. */
int wlaw_progress_show(void *user, double fraction, const char *what);
/* Clears the line. */
void wlaw_progress_end(progress_line *line);

/* "42 s", "3 min 05 s", "2 h 10 min" */
void wlaw_progress_duration(char out[32], double seconds);

#endif
