/* Reading a law's text:
 *     law       = name [ "(" [ parameter { "," parameter } ] ")" ]
 *     parameter = name "=" ( number | word | "[" number { "," number } "]" )
 * with spaces anywhere between these. Errors name the place, counted in characters from 1. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "law/law.h"

enum { LONGEST_TEXT = 16384, LONGEST_NAME = 64, LONGEST_NUMBER = 64 };

typedef struct parser {
  const char *text, *at;
  wlaw_law *law;
  wlaw_error *err;
} parser;

static void skip_spaces(parser *p) { p->at += strspn(p->at, " \t\r\n"); }

static bool take(parser *p, char c) {
  skip_spaces(p);
  if (*p->at != c) return false;
  p->at++;
  return true;
}

/* "law 'TEXT', character N: ": long texts are shown up to the place and a little further. */
static wlaw_status fail_here(const parser *p, const char *what) {
  const size_t position = (size_t)(p->at - p->text);
  const size_t start = position > 60 ? position - 60 : 0;
  return wlaw_fail(p->err, WLAW_ARGUMENT, "law '%s%.80s', character %zu: %s", start ? "..." : "", p->text + start,
                   position + 1, what);
}

static bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static wlaw_status parse_name(parser *p, char name[LONGEST_NAME], const char *missing) {
  skip_spaces(p);
  size_t n = 0;
  while (is_name_character(p->at[n])) n++;
  if (n == 0) return fail_here(p, missing);
  if (n >= LONGEST_NAME) return fail_here(p, "this name is too long");
  memcpy(name, p->at, n);
  name[n] = '\0';
  p->at += n;
  return WLAW_OK;
}

static wlaw_status fail_range(const parser *p, const law_parameter *row) {
  const char *low = row->open_low ? "above" : "at least", *high = row->open_high ? "below" : "at most";
  text_buffer what = {0};
  if (isinf(row->low)) wlaw_text_add(&what, "%s must be %s %g", row->name, high, row->high);
  else if (isinf(row->high)) wlaw_text_add(&what, "%s must be %s %g", row->name, low, row->low);
  else wlaw_text_add(&what, "%s must be %s %g and %s %g", row->name, low, row->low, high, row->high);
  fail_here(p, wlaw_text_string(&what));
  wlaw_text_free(&what);
  return WLAW_ARGUMENT;
}

static bool in_range(const law_parameter *row, double value) {
  return (row->open_low ? value > row->low : value >= row->low) &&
         (row->open_high ? value < row->high : value <= row->high);
}

static wlaw_status parse_number(parser *p, const law_parameter *row, double *value) {
  skip_spaces(p);
  char digits[LONGEST_NUMBER];
  const size_t n = strcspn(p->at, ",)]([= \t\r\n");
  if (n == 0) return fail_here(p, "a number is missing");
  if (n >= sizeof digits) return fail_here(p, "this number is too long");
  memcpy(digits, p->at, n);
  digits[n] = '\0';
  if (!wlaw_text_real(digits, value)) return fail_here(p, "this is not a finite number");
  if (!in_range(row, *value)) return fail_range(p, row);
  p->at += n;
  return WLAW_OK;
}

static wlaw_status parse_list(parser *p, const law_parameter *row, double *values, size_t *count) {
  const bool bracket = take(p, '[');
  do {
    if (*count == row->length) {
      text_buffer what = {0};
      wlaw_text_add(&what, "%s takes at most %zu numbers", row->name, row->length);
      fail_here(p, wlaw_text_string(&what));
      wlaw_text_free(&what);
      return WLAW_ARGUMENT;
    }
    WLAW_TRY(parse_number(p, row, &values[*count]));
    (*count)++;
  } while (bracket && take(p, ','));
  if (bracket && !take(p, ']')) return fail_here(p, "',' or ']' is missing");
  return WLAW_OK;
}

static wlaw_status parse_choice(parser *p, const law_parameter *row, double *value) {
  char word[LONGEST_NAME];
  WLAW_TRY(parse_name(p, word, "a word is missing"));
  const size_t length = strlen(word);
  size_t index = 0;
  for (const char *at = row->choices; at; index++) {
    if (strcspn(at, "|") == length && strncmp(at, word, length) == 0) {
      *value = (double)index;
      return WLAW_OK;
    }
    at = strchr(at, '|');
    if (at) at++;
  }
  p->at -= length;
  text_buffer what = {0};
  wlaw_text_add(&what, "'%s' is none of %s", word, row->choices);
  fail_here(p, wlaw_text_string(&what));
  wlaw_text_free(&what);
  return WLAW_ARGUMENT;
}

static wlaw_status parse_value(parser *p, size_t i) {
  const law_parameter *row = &p->law->ops->parameters[i];
  double *values = p->law->values + wlaw_law_offset(p->law->ops, i);
  size_t count = 0;
  skip_spaces(p);
  if (*p->at == '@') return fail_here(p, "a value from a file is not supported; write the numbers out");
  if (row->kind == PARAMETER_LIST) {
    WLAW_TRY(parse_list(p, row, values, &count));
  } else {
    if (*p->at == '[') return fail_here(p, "one value is needed here, not a list");
    WLAW_TRY(row->kind == PARAMETER_REAL ? parse_number(p, row, values) : parse_choice(p, row, values));
    count = 1;
  }
  p->law->counts[i] = count;
  return WLAW_OK;
}

static wlaw_status fail_parameter(const parser *p, const char *name) {
  const law_ops *ops = p->law->ops;
  const char *names[LAW_MAX_PARAMETERS];
  text_buffer known = {0};
  for (size_t i = 0; i < ops->n_parameters; i++) {
    names[i] = ops->parameters[i].name;
    wlaw_text_add(&known, "%s%s", i ? ", " : "", names[i]);
  }
  const char *nearest = wlaw_text_nearest(name, names, ops->n_parameters);
  wlaw_fail(p->err, WLAW_NAME, "the law '%s' has no parameter '%s'", ops->name, name);
  if (nearest) wlaw_error_add_hint(p->err, WLAW_NAME, "did you mean '%s'?", nearest);
  else if (ops->n_parameters) wlaw_error_add_hint(p->err, WLAW_NAME, "it has %s", wlaw_text_string(&known));
  else wlaw_error_add_hint(p->err, WLAW_NAME, "it has none");
  wlaw_text_free(&known);
  return WLAW_NAME;
}

static wlaw_status parse_parameter(parser *p) {
  char name[LONGEST_NAME];
  const law_ops *ops = p->law->ops;
  skip_spaces(p);
  if (*p->at == '@') return fail_here(p, "samples from a file are not supported; write the law out");
  const char *start = p->at;
  WLAW_TRY(parse_name(p, name, "a parameter's name is missing"));
  size_t i = 0;
  while (i < ops->n_parameters && strcmp(name, ops->parameters[i].name) != 0) i++;
  if (i == ops->n_parameters) return fail_parameter(p, name);
  if (p->law->counts[i]) {
    p->at = start;
    return fail_here(p, "this parameter was given before");
  }
  if (!take(p, '=')) return fail_here(p, "'=' is missing");
  return parse_value(p, i);
}

/* "(...)" after the name, and nothing behind it. */
static wlaw_status parse_parameters(parser *p) {
  if (take(p, '(') && !take(p, ')')) {
    do WLAW_TRY(parse_parameter(p));
    while (take(p, ','));
    if (!take(p, ')')) return fail_here(p, "',' or ')' is missing");
  }
  skip_spaces(p);
  return *p->at ? fail_here(p, "the law should end here") : WLAW_OK;
}

/* Presets go through the same parser, so that a table cannot hold one that is out of range. */
static wlaw_status fill_presets(wlaw_law *law, wlaw_error *err) {
  for (size_t i = 0; i < law->ops->n_parameters; i++) {
    const char *preset = law->ops->parameters[i].preset;
    if (law->counts[i] || !preset) continue;
    parser p = {.text = preset, .at = preset, .law = law, .err = err};
    WLAW_TRY(parse_value(&p, i));
  }
  if (law->ops->complete) law->ops->complete(law);
  return law->ops->check ? law->ops->check(law, err) : WLAW_OK;
}

static wlaw_status parse_text(wlaw_law *law, const char *text, wlaw_error *err) {
  parser p = {.text = text, .at = text, .law = law, .err = err};
  char name[LONGEST_NAME];
  skip_spaces(&p);
  if (*p.at == '@') {
    fail_here(&p, "a law is not read from a fit's file here");
    return wlaw_error_add_hint(err, WLAW_ARGUMENT, "write it out as name(parameter=value, ...)");
  }
  WLAW_TRY(parse_name(&p, name, "the law's name is missing"));
  WLAW_TRY(wlaw_law_find(&law->ops, name, err));
  WLAW_TRY(parse_parameters(&p));
  return fill_presets(law, err);
}

wlaw_status wlaw_law_parse(wlaw_law **law, const char *text, wlaw_error *err) {
  if (!law || !text) return wlaw_fail(err, WLAW_ARGUMENT, "a law's text is needed");
  if (strlen(text) > LONGEST_TEXT)
    return wlaw_fail(err, WLAW_LIMIT, "the law's text has more than %d characters", LONGEST_TEXT);
  wlaw_law *made = calloc(1, sizeof *made);
  if (!made) return wlaw_fail_memory(err, 1, sizeof *made);
  for (size_t i = 0; i < LAW_MAX_VALUES; i++) made->values[i] = NAN;
  const wlaw_status status = parse_text(made, text, err);
  if (status != WLAW_OK) {
    wlaw_law_free(made);
    return status;
  }
  *law = made;
  return WLAW_OK;
}
