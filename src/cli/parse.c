#include "cli/parse.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"

enum { LONGEST_NAME = 64 };

typedef struct line_parser {
  const command_spec *command;
  char *const *argv;
  size_t n, at;
  parsed_line *line;
  wlaw_error *err;
} line_parser;

static const option_spec *find_letter(const command_spec *command, char letter) {
  for (size_t i = 0; i < command->n_options; i++)
    if (command->options[i].letter == letter) return &command->options[i];
  for (size_t i = 0; i < wlaw_n_common_options; i++)
    if (wlaw_common_options[i].letter == letter) return &wlaw_common_options[i];
  return NULL;
}

/* The next argument as the value of an option. */
static wlaw_status take_value(const char **value, line_parser *parser, const option_spec *row) {
  const char *metavar = row->metavar ? row->metavar : "VALUE";
  if (parser->at >= parser->n) {
    wlaw_fail(parser->err, WLAW_ARGUMENT, "option --%s needs a value", row->name);
    return wlaw_error_add_hint(parser->err, WLAW_ARGUMENT, "write --%s %s", row->name, metavar);
  }
  const char *next = parser->argv[parser->at];
  if (strncmp(next, "--", 2) == 0) {
    wlaw_fail(parser->err, WLAW_ARGUMENT, "option --%s needs a value, but '%s' follows it", row->name, next);
    return wlaw_error_add_hint(parser->err, WLAW_ARGUMENT, "write --%s=%s if that is the value", row->name, next);
  }
  parser->at++;
  *value = next;
  return WLAW_OK;
}

static wlaw_status parse_long(line_parser *parser, const char *text) {
  const char *value = strchr(text, '=');
  const size_t length = value ? (size_t)(value - text) : strlen(text);
  char name[LONGEST_NAME];
  /* A longer name cannot be in a table; what is kept serves the message. */
  const size_t kept = length < sizeof name ? length : sizeof name - 1;
  memcpy(name, text, kept);
  name[kept] = '\0';
  if (value) value++;
  const option_spec *row = wlaw_option_find(parser->command, name);
  if (!row && !value && strncmp(name, "no-", 3) == 0) {
    const option_spec *flag = wlaw_option_find(parser->command, name + 3);
    if (flag && flag->kind == OPTION_FLAG)
      return wlaw_options_set(parser->line->options, flag->name, "false", parser->err);
  }
  if (row && !value && row->kind == OPTION_FLAG) value = "true";
  if (row && !value) WLAW_TRY(take_value(&value, parser, row));
  /* An unknown name goes to the table too: it knows the nearest one. */
  return wlaw_options_set(parser->line->options, name, value ? value : "", parser->err);
}

static wlaw_status parse_letters(line_parser *parser, const char *text) {
  for (; *text; text++) {
    const option_spec *row = find_letter(parser->command, *text);
    if (!row) {
      wlaw_fail(parser->err, WLAW_NAME, "%s has no option -%c", parser->command->name, *text);
      return wlaw_error_add_hint(parser->err, WLAW_NAME, "see weightlaw help %s", parser->command->name);
    }
    if (row->kind == OPTION_FLAG) {
      WLAW_TRY(wlaw_options_set(parser->line->options, row->name, "true", parser->err));
      continue;
    }
    const char *value = text + 1;
    if (!*value) WLAW_TRY(take_value(&value, parser, row));
    return wlaw_options_set(parser->line->options, row->name, value, parser->err);
  }
  return WLAW_OK;
}

static wlaw_status parse_all(line_parser *parser) {
  parsed_line *line = parser->line;
  bool operands_only = false;
  while (parser->at < parser->n) {
    const char *word = parser->argv[parser->at++];
    if (operands_only || word[0] != '-' || word[1] == '\0') {
      line->operands[line->n++] = word;
    } else if (strcmp(word, "--") == 0) {
      operands_only = true;
    } else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
      line->help = true;
      return WLAW_OK;
    } else if (word[1] == '-') {
      WLAW_TRY(parse_long(parser, word + 2));
    } else {
      WLAW_TRY(parse_letters(parser, word + 1));
    }
  }
  return WLAW_OK;
}

wlaw_status wlaw_parse(parsed_line *line, const command_spec *command, char *const *argv, size_t n, wlaw_error *err) {
  *line = (parsed_line){.operands = calloc(n + 1, sizeof *line->operands)};
  if (!line->operands) return wlaw_fail_memory(err, n + 1, sizeof *line->operands);
  wlaw_status status = wlaw_options_make(&line->options, command, err);
  line_parser parser = {.command = command, .argv = argv, .n = n, .line = line, .err = err};
  if (status == WLAW_OK) status = parse_all(&parser);
  if (status != WLAW_OK) wlaw_parsed_free(line);
  return status;
}

void wlaw_parsed_free(parsed_line *line) {
  free(line->operands);
  wlaw_options_free(line->options);
  *line = (parsed_line){0};
}
