/* Options as data: one table per command feeds parsing, range checks, --help, man pages, completion and bindings. */
#ifndef WLAW_CORE_OPTION_H
#define WLAW_CORE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weightlaw.h"

typedef enum option_kind {
  OPTION_FLAG,   /* present or absent: "true", "false" */
  OPTION_COUNT,  /* an integer in [low, high] */
  OPTION_REAL,   /* a finite number in [low, high] */
  OPTION_TEXT,   /* any text */
  OPTION_CHOICE, /* one of `choices`, separated by '|' */
  OPTION_COUNTS, /* integers in [low, high] with commas between, a-b for a range; "" for none */
  OPTION_REALS   /* finite numbers in [low, high] with commas between; "" for none */
} option_kind;

typedef struct option_spec {
  const char *name;
  char letter; /* short form, or 0 */
  option_kind kind;
  const char *metavar; /* "N"; NULL for flags */
  const char *preset;  /* default as text; NULL: not set */
  const char *choices; /* for OPTION_CHOICE */
  double low, high;    /* for numbers */
  const char *doc;     /* one line, no final point */
} option_spec;

/* Every verb of the library has this shape. */
typedef wlaw_status (*verb_call)(wlaw_result **result, const char *const *inputs, size_t n_inputs,
                                 const wlaw_options *options, wlaw_progress progress, void *user, wlaw_error *err);

typedef struct command_spec {
  const char *name, *summary, *operands; /* "train", "train an ensemble ...", "DATA" */
  const char *examples;                  /* lines "command\n    what it does\n" */
  const char *details;                   /* a few sentences for the help and the man page */
  const option_spec *options;
  size_t n_options;
  verb_call call;
} command_spec;

/* Rows every command has: json, csv, seed, threads, progress, force (options.c). */
extern const option_spec wlaw_common_options[];
extern const size_t wlaw_n_common_options;

/* The row of a command or a common one, by name; NULL when there is none. */
const option_spec *wlaw_option_find(const command_spec *command, const char *name);

wlaw_status wlaw_options_make(wlaw_options **out, const command_spec *command, wlaw_error *err);

/* Values. options may be NULL: then presets of `command` count. A name not in the table is a programming error and
 * reads as unset. */
bool wlaw_option_is_set(const wlaw_options *options, const command_spec *command,
                        const char *name); /* set by the caller */
const char *wlaw_option_text(const wlaw_options *options, const command_spec *command, const char *name); /* or NULL */
bool wlaw_option_flag(const wlaw_options *options, const command_spec *command, const char *name);
uint64_t wlaw_option_count(const wlaw_options *options, const command_spec *command, const char *name); /* 0 if unset */
double wlaw_option_real(const wlaw_options *options, const command_spec *command, const char *name); /* NaN if unset */
/* A counts list, ranges written out, in the order given; caller frees *values (NULL when empty). */
wlaw_status wlaw_option_counts(const wlaw_options *options, const command_spec *command, const char *name,
                               uint64_t **values, size_t *n, wlaw_error *err);

/* The same for any text; WLAW_ARGUMENT when it is not a list of integers in [low, high]. */
wlaw_status wlaw_counts_parse(uint64_t **values, size_t *n, const char *text, uint64_t low, uint64_t high,
                              wlaw_error *err);
/* A list of numbers, in the order given; caller frees *values (NULL when empty). */
wlaw_status wlaw_option_reals(const wlaw_options *options, const command_spec *command, const char *name,
                              double **values, size_t *n, wlaw_error *err);
/* Place among the row's choices, from 0; -1 if unset. */
int wlaw_option_choice(const wlaw_options *options, const command_spec *command, const char *name);

/* `options` must be NULL or made for `command`. */
wlaw_status wlaw_options_check(const wlaw_options *options, const command_spec *command, wlaw_error *err);

#endif
