#include "cli/help.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

const exit_code_row wlaw_exit_codes[] = {
    {0, "done"},
    {1, "the question was answered no: a rule of --check was broken"},
    {2, "usage: an unknown name, a value that cannot be used, an output that exists"},
    {3, "bad input: a file that is damaged, unsupported, or does not fit"},
    {4, "input/output: reading, writing or downloading failed"},
    {5, "no numerical answer exists"},
    {6, "out of memory"},
    {130, "interrupted; what was done is kept where the message says so"},
    {-1, NULL},
};

enum { LABEL_INDENT = 2, DOC_COLUMN = 30 };

void wlaw_help_option_label(text_buffer *out, const option_spec *row) {
  if (row->letter) wlaw_text_add(out, "-%c, ", row->letter);
  else wlaw_text_add(out, "    ");
  const bool on_by_default = row->kind == OPTION_FLAG && row->preset && strcmp(row->preset, "true") == 0;
  wlaw_text_add(out, "--%s%s", on_by_default ? "[no-]" : "", row->name);
  if (row->kind != OPTION_FLAG) wlaw_text_add(out, " %s", row->metavar ? row->metavar : "VALUE");
}

void wlaw_help_option_text(text_buffer *out, const option_spec *row) {
  wlaw_text_add(out, "%s", row->doc);
  if (row->kind == OPTION_CHOICE) {
    wlaw_text_add(out, " (");
    for (const char *at = row->choices; *at;) {
      const size_t length = strcspn(at, "|");
      wlaw_text_add_bytes(out, at, length);
      at += length + (at[length] == '|');
      if (*at) wlaw_text_add(out, ", ");
    }
    wlaw_text_add(out, ")");
  }
  if (row->kind != OPTION_FLAG && row->preset && *row->preset) wlaw_text_add(out, " [default: %s]", row->preset);
}

static void add_heading(text_buffer *out, const text_screen *screen, const char *heading) {
  wlaw_text_add(out, "\n");
  wlaw_screen_bold(out, screen, heading);
  wlaw_text_add(out, "\n");
}

/* A label at the left, its text at DOC_COLUMN; on the next line where the label is too long. */
static void add_row(text_buffer *out, const text_screen *screen, const char *label, const char *text) {
  const size_t used = LABEL_INDENT + wlaw_screen_columns(label);
  wlaw_text_add(out, "%*s", LABEL_INDENT, "");
  wlaw_screen_bold(out, screen, label);
  if (used + 2 > DOC_COLUMN) wlaw_text_add(out, "\n%*s", DOC_COLUMN, "");
  else wlaw_text_add(out, "%*s", (int)(DOC_COLUMN - used), "");
  wlaw_screen_wrap(out, text, DOC_COLUMN, DOC_COLUMN, screen->width);
}

static void add_options(text_buffer *out, const text_screen *screen, const option_spec *rows, size_t n) {
  for (size_t i = 0; i < n; i++) {
    text_buffer label = {0}, text = {0};
    wlaw_help_option_label(&label, &rows[i]);
    wlaw_help_option_text(&text, &rows[i]);
    add_row(out, screen, wlaw_text_string(&label), wlaw_text_string(&text));
    if (label.failed || text.failed) out->failed = true;
    wlaw_text_free(&label);
    wlaw_text_free(&text);
  }
}

/* Commands stay on one line: they are to be copied. What they do, behind spaces in the table, is wrapped. */
static void add_examples(text_buffer *out, const text_screen *screen, const char *examples) {
  for (const char *at = examples; *at;) {
    const size_t length = strcspn(at, "\n"), spaces = strspn(at, " ");
    char *line = wlaw_text_duplicate(at, length);
    if (!line) {
      out->failed = true;
      return;
    }
    const size_t indent = LABEL_INDENT + spaces;
    if (length) wlaw_text_add(out, "%*s", (int)indent, "");
    wlaw_screen_wrap(out, line + (spaces < length ? spaces : length), indent, indent,
                     spaces ? screen->width : SIZE_MAX);
    free(line);
    at += length + (at[length] == '\n');
  }
}

void wlaw_help_paragraphs(text_buffer *out, const char *text, const char *between,
                          void (*add)(text_buffer *out, const char *paragraph, void *context), void *context) {
  while (*text) {
    const char *end = strstr(text, "\n\n");
    const size_t length = end ? (size_t)(end - text) : strlen(text);
    char *paragraph = wlaw_text_duplicate(text, length);
    if (!paragraph) {
      out->failed = true;
      return;
    }
    for (char *at = paragraph; *at; at++)
      if (*at == '\n') *at = ' ';
    add(out, paragraph, context);
    free(paragraph);
    text += length;
    text += strspn(text, "\n");
    if (*text) wlaw_text_add(out, "%s", between);
  }
}

static void add_wrapped(text_buffer *out, const char *paragraph, void *context) {
  const text_screen *screen = context;
  wlaw_screen_wrap(out, paragraph, 0, 0, screen->width);
}

void wlaw_help_command(text_buffer *out, const text_screen *screen, const command_spec *command) {
  wlaw_screen_bold(out, screen, "usage:");
  wlaw_text_add(out, " weightlaw %s %s [options]\n", command->name, command->operands);
  wlaw_screen_wrap(out, command->summary, 0, 0, screen->width);
  if (command->examples && *command->examples) {
    add_heading(out, screen, "examples");
    add_examples(out, screen, command->examples);
  }
  if (command->details && *command->details) {
    wlaw_text_add(out, "\n");
    text_screen own = *screen;
    wlaw_help_paragraphs(out, command->details, "\n", add_wrapped, &own);
  }
  if (command->n_options) {
    add_heading(out, screen, "options");
    add_options(out, screen, command->options, command->n_options);
  }
  add_heading(out, screen, "options of every command");
  add_options(out, screen, wlaw_common_options, wlaw_n_common_options);
  add_row(out, screen, "-h, --help", "this text");
}

void wlaw_help_overview(text_buffer *out, const text_screen *screen) {
  wlaw_screen_bold(out, screen, "usage:");
  wlaw_text_add(out, " weightlaw COMMAND [operands] [options]\n");
  wlaw_screen_wrap(out,
                   "weightlaw finds, draws and extrapolates the probability laws that neural-network weights follow.",
                   0, 0, screen->width);
  add_heading(out, screen, "a first run");
  add_examples(out, screen,
               "weightlaw train synthetic -o run --networks 40 --epochs 3\n"
               "    train an ensemble of networks on made-up data; nothing is downloaded\n"
               "weightlaw fit run --law auto\n"
               "    which law do the weights of its last epoch follow?\n"
               "weightlaw report run -o report.html\n"
               "    the whole story on one page\n");
  add_heading(out, screen, "commands");
  for (size_t i = 0; i < wlaw_n_commands; i++) add_row(out, screen, wlaw_commands[i]->name, wlaw_commands[i]->summary);
  add_row(out, screen, "help COMMAND", "examples and options of a command (also: weightlaw COMMAND --help)");
  add_row(out, screen, "--version", "version, compiler, BLAS and instruction set in use");
  add_heading(out, screen, "exit codes");
  for (const exit_code_row *row = wlaw_exit_codes; row->code >= 0; row++) {
    char code[16];
    snprintf(code, sizeof code, "%d", row->code);
    add_row(out, screen, code, row->meaning);
  }
}
