#include "core/option.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"

const option_spec wlaw_common_options[] = {
    {"json", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0, "print the result as JSON on standard output"},
    {"csv", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0,
     "print the result's list, or the result itself, as comma-separated values"},
    {"seed", 0, OPTION_COUNT, "S", "1", NULL, 0, 18446744073709549568.0,
     "seed of every random number; same seed, same bytes"},
    {"threads", 0, OPTION_COUNT, "T", "0", NULL, 0, 1024,
     "worker threads; 0: one for each processor. Never changes results"},
    {"progress", 0, OPTION_CHOICE, "WHEN", "auto", "auto|never|always", 0, 0,
     "progress on standard error: auto is on a terminal only"},
    {"force", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0, "replace outputs that exist"},
};
const size_t wlaw_n_common_options = sizeof wlaw_common_options / sizeof *wlaw_common_options;

struct wlaw_options {
  const command_spec *command;
  char **values; /* [n_options + common], NULL: not set by the caller */
};

static size_t row_count(const command_spec *command) { return command->n_options + wlaw_n_common_options; }

static const option_spec *row_at(const command_spec *command, size_t i) {
  return i < command->n_options ? &command->options[i] : &wlaw_common_options[i - command->n_options];
}

static size_t row_find(const command_spec *command, const char *name) {
  const size_t n = row_count(command);
  for (size_t i = 0; i < n; i++)
    if (strcmp(row_at(command, i)->name, name) == 0) return i;
  return n;
}

const option_spec *wlaw_option_find(const command_spec *command, const char *name) {
  const size_t i = row_find(command, name);
  return i < row_count(command) ? row_at(command, i) : NULL;
}

wlaw_status wlaw_options_make(wlaw_options **out, const command_spec *command, wlaw_error *err) {
  wlaw_options *options = calloc(1, sizeof *options);
  char **values = calloc(row_count(command), sizeof *values);
  if (!options || !values) {
    free(options);
    free(values);
    return wlaw_fail_memory(err, row_count(command), sizeof *values);
  }
  *options = (wlaw_options){command, values};
  *out = options;
  return WLAW_OK;
}

void wlaw_options_free(wlaw_options *options) {
  if (!options) return;
  for (size_t i = 0; i < row_count(options->command); i++) free(options->values[i]);
  free(options->values);
  free(options);
}

/* Place of text among choices separated by '|', or -1. */
static int choice_index(const char *choices, const char *text) {
  const size_t length = strcspn(text, "|");
  if (text[length] == '|') return -1;
  int index = 0;
  for (const char *at = choices; at; at = strchr(at, '|'), at = at ? at + 1 : NULL, index++)
    if (length > 0 && strncmp(at, text, length) == 0 && (at[length] == '|' || at[length] == '\0')) return index;
  return -1;
}

static wlaw_status fail_choice(const option_spec *row, const char *text, wlaw_error *err) {
  char copy[256];
  const char *candidates[32];
  size_t n = 0;
  strncpy(copy, row->choices, sizeof copy - 1);
  copy[sizeof copy - 1] = '\0';
  for (char *at = copy; at && n < 32; n++) {
    candidates[n] = at;
    at = strchr(at, '|');
    if (at) *at++ = '\0';
  }
  const char *nearest = wlaw_text_nearest(text, candidates, n);
  wlaw_fail(err, WLAW_ARGUMENT, "option --%s: '%s' is none of %s", row->name, text, row->choices);
  return nearest ? wlaw_error_add_hint(err, WLAW_ARGUMENT, "did you mean '%s'?", nearest) : WLAW_ARGUMENT;
}

/* Reads one item "7" or "3-9" of a list; *end is where it stops. */
static bool counts_item(const char *at, uint64_t *first, uint64_t *last, const char **end) {
  char digits[2][24] = {{0}};
  for (int part = 0; part < 2; part++) {
    size_t n = strspn(at, "0123456789");
    if (n == 0 || n >= sizeof digits[0]) return false;
    memcpy(digits[part], at, n);
    at += n;
    if (part == 0 && *at == '-') at++;
    else break;
  }
  if (!wlaw_text_u64(digits[0], first)) return false;
  *last = *first;
  if (digits[1][0] && (!wlaw_text_u64(digits[1], last) || *last < *first)) return false;
  *end = at;
  return *at == ',' || *at == '\0';
}

enum { MOST_COUNTS = 100000 };

/* Passes over the list; stores up to capacity values. false: not a list of integers in [low, high]. */
static bool counts_read(double low, double high, const char *text, uint64_t *values, size_t capacity, size_t *n) {
  *n = 0;
  for (const char *at = text; *at;) {
    uint64_t first, last;
    const char *end;
    if (!counts_item(at, &first, &last, &end)) return false;
    if ((double)first < low || (double)last > high || last - first >= MOST_COUNTS) return false;
    for (uint64_t i = 0; i <= last - first; i++, ++*n) /* by offset: last may be the largest integer there is */
      if (*n < capacity) values[*n] = first + i;
    if (*n > MOST_COUNTS) return false;
    if (*end == ',' && end[1] == '\0') return false;
    at = *end == ',' ? end + 1 : end;
  }
  return true;
}

/* Passes over the list; stores up to capacity values. false: not a list of numbers in [low, high]. */
static bool reals_read(double low, double high, const char *text, double *values, size_t capacity, size_t *n) {
  char number[64];
  *n = 0;
  if (!*text) return true;
  for (;; text++) {
    const size_t length = strcspn(text, ",");
    double value;
    if (length >= sizeof number || *n == MOST_COUNTS) return false;
    memcpy(number, text, length);
    number[length] = '\0';
    if (!wlaw_text_real(number, &value) || !(value >= low && value <= high)) return false;
    if (*n < capacity) values[*n] = value;
    ++*n;
    text += length;
    if (!*text) return true;
  }
}

static wlaw_status check_value(const option_spec *row, const char *text, wlaw_error *err) {
  uint64_t count;
  double real;
  size_t n;
  switch (row->kind) {
    case OPTION_FLAG:
      if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) return WLAW_OK;
      return wlaw_fail(err, WLAW_ARGUMENT, "option --%s is a flag: 'true' or 'false', not '%s'", row->name, text);
    case OPTION_COUNT:
      if (wlaw_text_u64(text, &count) && (double)count >= row->low && (double)count <= row->high) return WLAW_OK;
      return wlaw_fail(err, WLAW_ARGUMENT, "option --%s needs an integer from %.0f to %.0f, not '%s'", row->name,
                       row->low, row->high, text);
    case OPTION_REAL:
      if (wlaw_text_real(text, &real) && real >= row->low && real <= row->high) return WLAW_OK;
      return wlaw_fail(err, WLAW_ARGUMENT, "option --%s needs a number from %g to %g, not '%s'", row->name, row->low,
                       row->high, text);
    case OPTION_COUNTS:
      if (counts_read(row->low, row->high, text, NULL, 0, &n)) return WLAW_OK;
      return wlaw_fail(err, WLAW_ARGUMENT, "option --%s needs integers from %.0f to %.0f with commas between, not '%s'",
                       row->name, row->low, row->high, text);
    case OPTION_REALS:
      if (reals_read(row->low, row->high, text, NULL, 0, &n)) return WLAW_OK;
      return wlaw_fail(err, WLAW_ARGUMENT, "option --%s needs numbers from %g to %g with commas between, not '%s'",
                       row->name, row->low, row->high, text);
    case OPTION_CHOICE: return choice_index(row->choices, text) >= 0 ? WLAW_OK : fail_choice(row, text, err);
    case OPTION_TEXT: return WLAW_OK;
  }
  return WLAW_OK;
}

static wlaw_status fail_unknown(const command_spec *command, const char *name, wlaw_error *err) {
  const char *names[128];
  size_t n = row_count(command) < 128 ? row_count(command) : 128;
  for (size_t i = 0; i < n; i++) names[i] = row_at(command, i)->name;
  const char *nearest = wlaw_text_nearest(name, names, n);
  wlaw_fail(err, WLAW_NAME, "%s has no option --%s", command->name, name);
  if (nearest) return wlaw_error_add_hint(err, WLAW_NAME, "did you mean --%s?", nearest);
  return wlaw_error_add_hint(err, WLAW_NAME, "see weightlaw help %s", command->name);
}

wlaw_status wlaw_options_set(wlaw_options *options, const char *name, const char *text, wlaw_error *err) {
  const size_t i = row_find(options->command, name);
  if (i == row_count(options->command)) return fail_unknown(options->command, name, err);
  WLAW_TRY(check_value(row_at(options->command, i), text, err));
  char *copy = wlaw_text_duplicate(text, strlen(text));
  if (!copy) return wlaw_fail_memory(err, strlen(text) + 1, 1);
  free(options->values[i]);
  options->values[i] = copy;
  return WLAW_OK;
}

bool wlaw_option_is_set(const wlaw_options *options, const command_spec *command, const char *name) {
  const size_t i = row_find(command, name);
  return options && i < row_count(command) && options->values[i];
}

const char *wlaw_option_text(const wlaw_options *options, const command_spec *command, const char *name) {
  const size_t i = row_find(command, name);
  if (i == row_count(command)) return NULL;
  return options && options->values[i] ? options->values[i] : row_at(command, i)->preset;
}

bool wlaw_option_flag(const wlaw_options *options, const command_spec *command, const char *name) {
  const char *text = wlaw_option_text(options, command, name);
  return text && strcmp(text, "true") == 0;
}

uint64_t wlaw_option_count(const wlaw_options *options, const command_spec *command, const char *name) {
  uint64_t value = 0;
  return wlaw_text_u64(wlaw_option_text(options, command, name), &value) ? value : 0;
}

double wlaw_option_real(const wlaw_options *options, const command_spec *command, const char *name) {
  double value = NAN;
  return wlaw_text_real(wlaw_option_text(options, command, name), &value) ? value : NAN;
}

int wlaw_option_choice(const wlaw_options *options, const command_spec *command, const char *name) {
  const option_spec *row = wlaw_option_find(command, name);
  const char *text = wlaw_option_text(options, command, name);
  return row && row->choices && text ? choice_index(row->choices, text) : -1;
}

wlaw_status wlaw_counts_parse(uint64_t **values, size_t *n, const char *text, uint64_t low, uint64_t high,
                              wlaw_error *err) {
  *values = NULL;
  if (!counts_read((double)low, (double)high, text, NULL, 0, n))
    return wlaw_fail(err, WLAW_ARGUMENT, "'%s' is not a list of integers from %llu to %llu with commas between", text,
                     (unsigned long long)low, (unsigned long long)high);
  if (*n == 0) return WLAW_OK;
  *values = wlaw_array(*n, sizeof **values);
  if (!*values) return wlaw_fail_memory(err, *n, sizeof **values);
  counts_read((double)low, (double)high, text, *values, *n, n);
  return WLAW_OK;
}

wlaw_status wlaw_option_counts(const wlaw_options *options, const command_spec *command, const char *name,
                               uint64_t **values, size_t *n, wlaw_error *err) {
  const char *text = wlaw_option_text(options, command, name);
  return wlaw_counts_parse(values, n, text ? text : "", 0, UINT64_MAX, err); /* the row's range: checked when set */
}

wlaw_status wlaw_options_check(const wlaw_options *options, const command_spec *command, wlaw_error *err) {
  if (!options || options->command == command) return WLAW_OK;
  return wlaw_fail(err, WLAW_ARGUMENT, "these options were made for %s, not for %s", options->command->name,
                   command->name);
}

wlaw_status wlaw_option_reals(const wlaw_options *options, const command_spec *command, const char *name,
                              double **values, size_t *n, wlaw_error *err) {
  const option_spec *row = wlaw_option_find(command, name);
  const char *text = wlaw_option_text(options, command, name);
  *values = NULL;
  *n = 0;
  if (!row || !text || !*text) return WLAW_OK;
  reals_read(row->low, row->high, text, NULL, 0, n); /* checked when it was set */
  *values = wlaw_array(*n, sizeof **values);
  if (!*values) return wlaw_fail_memory(err, *n, sizeof **values);
  reals_read(row->low, row->high, text, *values, *n, n);
  return WLAW_OK;
}
