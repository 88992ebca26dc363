#include "cli/completion.h"

#include <stdbool.h>
#include <string.h>

#include "commands.h"
#include "core/error.h"

/* Calls add for every option of a command, its own first. */
typedef void (*add_option)(text_buffer *out, const command_spec *command, const option_spec *row);

static void each_option(text_buffer *out, const command_spec *command, add_option add) {
  for (size_t i = 0; i < command->n_options; i++) add(out, command, &command->options[i]);
  for (size_t i = 0; i < wlaw_n_common_options; i++) add(out, command, &wlaw_common_options[i]);
}

/* Choices are separated by '|' in the table and by spaces in every shell. */
static void add_choices(text_buffer *out, const char *choices) {
  for (; *choices; choices++) wlaw_text_add_bytes(out, *choices == '|' ? " " : choices, 1);
}

/* For single quotes: what ends them is written outside. */
static void add_quoted(text_buffer *out, const char *text) {
  wlaw_text_add(out, "'");
  for (; *text; text++) {
    if (*text == '\'') wlaw_text_add(out, "'\\''");
    else wlaw_text_add_bytes(out, text, 1);
  }
  wlaw_text_add(out, "'");
}

static void add_command_names(text_buffer *out) {
  for (size_t i = 0; i < wlaw_n_commands; i++) wlaw_text_add(out, "%s ", wlaw_commands[i]->name);
  wlaw_text_add(out, "help");
}

/* ---- bash ---- */

static void bash_name(text_buffer *out, const command_spec *command, const option_spec *row) {
  (void)command;
  wlaw_text_add(out, " --%s", row->name);
}

static void bash_value(text_buffer *out, const command_spec *command, const option_spec *row) {
  if (row->kind == OPTION_FLAG) return;
  wlaw_text_add(out, "    '%s --%s'", command->name, row->name);
  if (row->letter) wlaw_text_add(out, " | '%s -%c'", command->name, row->letter);
  wlaw_text_add(out, ") ");
  if (row->kind == OPTION_CHOICE) {
    wlaw_text_add(out, "COMPREPLY=($(compgen -W '");
    add_choices(out, row->choices);
    wlaw_text_add(out, "' -- \"$word\")); return ;;\n");
  } else if (row->kind == OPTION_TEXT) {
    wlaw_text_add(out, "COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n");
  } else {
    wlaw_text_add(out, "return ;;\n");
  }
}

static void add_bash(text_buffer *out) {
  wlaw_text_add(out,
                "# bash completion of weightlaw, made by `weightlaw completion bash`\n_weightlaw() {\n"
                "  local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
                "  local command=\"${COMP_WORDS[1]}\" names=\n  COMPREPLY=()\n"
                "  if ((COMP_CWORD == 1)) || [[ $command == help && $COMP_CWORD == 2 ]]; then\n"
                "    COMPREPLY=($(compgen -W '");
  add_command_names(out);
  wlaw_text_add(out, " --help --version' -- \"$word\"))\n    return\n  fi\n  case \"$command $before\" in\n");
  for (size_t i = 0; i < wlaw_n_commands; i++) each_option(out, wlaw_commands[i], bash_value);
  wlaw_text_add(out, "  esac\n  case $command in\n");
  for (size_t i = 0; i < wlaw_n_commands; i++) {
    wlaw_text_add(out, "    %s) names='--help", wlaw_commands[i]->name);
    each_option(out, wlaw_commands[i], bash_name);
    wlaw_text_add(out, "' ;;\n");
  }
  wlaw_text_add(out,
                "  esac\n  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$names\" -- \"$word\"))\n"
                "  else COMPREPLY=($(compgen -f -- \"$word\")); fi\n}\n"
                "complete -o filenames -F _weightlaw weightlaw\n");
}

/* ---- zsh ---- */

/* A description in _arguments: brackets and colons are its syntax. */
static void add_zsh_text(text_buffer *out, const char *text) {
  for (; *text; text++) {
    if (*text == '[' || *text == ']' || *text == ':' || *text == '\\') wlaw_text_add(out, "\\%c", *text);
    else if (*text == '\'') wlaw_text_add(out, "'\\''");
    else wlaw_text_add_bytes(out, text, 1);
  }
}

static void zsh_spec(text_buffer *out, const char *dashed, const option_spec *row) {
  const bool value = row->kind != OPTION_FLAG;
  wlaw_text_add(out, "        '%s%s[", dashed, !value ? "" : dashed[1] == '-' ? "=" : "+");
  add_zsh_text(out, row->doc);
  wlaw_text_add(out, "]");
  if (value) {
    wlaw_text_add(out, ":");
    add_zsh_text(out, row->metavar ? row->metavar : "value");
    wlaw_text_add(out, ":");
  }
  if (row->kind == OPTION_CHOICE) {
    wlaw_text_add(out, "(");
    add_choices(out, row->choices);
    wlaw_text_add(out, ")");
  } else if (row->kind == OPTION_TEXT) {
    wlaw_text_add(out, "_files");
  }
  wlaw_text_add(out, "' \\\n");
}

static void zsh_option(text_buffer *out, const command_spec *command, const option_spec *row) {
  (void)command;
  char dashed[80];
  text_buffer name = {0};
  wlaw_text_add(&name, "--%s", row->name);
  wlaw_text_printable(dashed, sizeof dashed, wlaw_text_string(&name));
  wlaw_text_free(&name);
  zsh_spec(out, dashed, row);
  if (!row->letter) return;
  const char letter[3] = {'-', row->letter, '\0'};
  zsh_spec(out, letter, row);
}

static void add_zsh(text_buffer *out) {
  wlaw_text_add(
      out,
      "#compdef weightlaw\n# zsh completion of weightlaw, made by `weightlaw completion zsh`\n_weightlaw() {\n"
      "  local -a commands=(\n");
  for (size_t i = 0; i < wlaw_n_commands; i++) {
    wlaw_text_add(out, "    '%s:", wlaw_commands[i]->name);
    add_zsh_text(out, wlaw_commands[i]->summary);
    wlaw_text_add(out, "'\n");
  }
  wlaw_text_add(out,
                "    'help:examples and options of a command'\n  )\n  if (( CURRENT == 2 )); then\n"
                "    _describe command commands\n    return\n  fi\n"
                "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n"
                "    help) _describe command commands ;;\n");
  for (size_t i = 0; i < wlaw_n_commands; i++) {
    wlaw_text_add(out, "    %s)\n      _arguments \\\n", wlaw_commands[i]->name);
    each_option(out, wlaw_commands[i], zsh_option);
    wlaw_text_add(out, "        '--help[examples and options]' \\\n        '*:operand:_files' ;;\n");
  }
  wlaw_text_add(out, "  esac\n}\ncompdef _weightlaw weightlaw\n");
}

/* ---- fish ---- */

static void fish_option(text_buffer *out, const command_spec *command, const option_spec *row) {
  wlaw_text_add(out, "complete -c weightlaw -n '__fish_seen_subcommand_from %s' -l %s", command->name, row->name);
  if (row->letter) wlaw_text_add(out, " -s %c", row->letter);
  if (row->kind == OPTION_TEXT) wlaw_text_add(out, " -r -F");
  else if (row->kind != OPTION_FLAG) wlaw_text_add(out, " -x");
  if (row->kind == OPTION_CHOICE) {
    wlaw_text_add(out, " -a '");
    add_choices(out, row->choices);
    wlaw_text_add(out, "'");
  }
  wlaw_text_add(out, " -d ");
  add_quoted(out, row->doc);
  wlaw_text_add(out, "\n");
}

static void add_fish(text_buffer *out) {
  wlaw_text_add(out, "# fish completion of weightlaw, made by `weightlaw completion fish`\n");
  for (size_t i = 0; i < wlaw_n_commands; i++) {
    wlaw_text_add(out, "complete -c weightlaw -f -n __fish_use_subcommand -a %s -d ", wlaw_commands[i]->name);
    add_quoted(out, wlaw_commands[i]->summary);
    wlaw_text_add(out, "\n");
    each_option(out, wlaw_commands[i], fish_option);
  }
  wlaw_text_add(out,
                "complete -c weightlaw -f -n __fish_use_subcommand -a help -d 'examples and options of a command'\n");
}

wlaw_status wlaw_completion_script(text_buffer *out, const char *shell, wlaw_error *err) {
  if (strcmp(shell, "bash") == 0) add_bash(out);
  else if (strcmp(shell, "zsh") == 0) add_zsh(out);
  else if (strcmp(shell, "fish") == 0) add_fish(out);
  else return wlaw_fail(err, WLAW_NAME, "there is no completion for '%s': bash, zsh or fish", shell);
  return WLAW_OK;
}
