#include "cli/man.h"

#include <ctype.h>
#include <string.h>

#include "cli/help.h"
#include "commands.h"

/* Text of a roff line: a backslash printed as one, every hyphen a plain minus (so that options can be copied), nothing
 * at a line's start taken for a request. Newlines stay. */
static void add_roff(text_buffer *out, const char *text) {
  bool line_start = true;
  for (; *text; text++) {
    if (line_start && (*text == '.' || *text == '\'')) wlaw_text_add(out, "\\&");
    line_start = *text == '\n';
    if (*text == '\\') wlaw_text_add(out, "\\e");
    else if (*text == '-') wlaw_text_add(out, "\\-");
    else wlaw_text_add_bytes(out, text, 1);
  }
}

static void add_paragraph(text_buffer *out, const char *paragraph, void *context) {
  (void)context;
  add_roff(out, paragraph);
  wlaw_text_add(out, "\n");
}

static void add_section(text_buffer *out, const char *name, const char *text) {
  wlaw_text_add(out, ".SH %s\n", name);
  wlaw_help_paragraphs(out, text, ".PP\n", add_paragraph, NULL);
}

static void add_title(text_buffer *out, const char *suffix, const char *summary) {
  wlaw_text_add(out, ".\\\" Made by `weightlaw man` from the tables of the program.\n.TH WEIGHTLAW%s",
                *suffix ? "\\-" : "");
  for (const char *at = suffix; *at; at++) wlaw_text_add(out, "%c", toupper((unsigned char)*at));
  wlaw_text_add(out, " 1 \"\" \"weightlaw %s\" \"weightlaw\"\n.SH NAME\nweightlaw%s%s \\- ", wlaw_version(),
                *suffix ? "\\-" : "", suffix);
  add_roff(out, summary);
  wlaw_text_add(out, "\n");
}

static void add_options(text_buffer *out, const option_spec *rows, size_t n) {
  for (size_t i = 0; i < n; i++) {
    text_buffer label = {0}, text = {0};
    wlaw_help_option_label(&label, &rows[i]);
    wlaw_help_option_text(&text, &rows[i]);
    wlaw_text_add(out, ".TP\n\\fB");
    const char *shown = wlaw_text_string(&label);
    add_roff(out, shown + strspn(shown, " "));
    wlaw_text_add(out, "\\fR\n");
    add_roff(out, wlaw_text_string(&text));
    wlaw_text_add(out, "\n");
    if (label.failed || text.failed) out->failed = true;
    wlaw_text_free(&label);
    wlaw_text_free(&text);
  }
}

static void add_exit_codes(text_buffer *out) {
  wlaw_text_add(out, ".SH EXIT STATUS\n");
  for (const exit_code_row *row = wlaw_exit_codes; row->code >= 0; row++) {
    wlaw_text_add(out, ".TP\n%d\n", row->code);
    add_roff(out, row->meaning);
    wlaw_text_add(out, "\n");
  }
}

static void add_examples(text_buffer *out, const char *examples) {
  if (!examples || !*examples) return;
  wlaw_text_add(out, ".SH EXAMPLES\n.nf\n");
  add_roff(out, examples);
  wlaw_text_add(out, ".fi\n");
}

static void add_environment(text_buffer *out) {
  wlaw_text_add(out,
                ".SH ENVIRONMENT\n"
                ".TP\nXDG_CACHE_HOME, HOME\n"
                "where fetched data sets live: $XDG_CACHE_HOME/weightlaw, else $HOME/.cache/weightlaw\n"
                ".TP\nNO_COLOR\nwhen set and not empty: no colour\n"
                ".TP\nCOLUMNS\nwidth of the text where there is no terminal\n");
}

static void add_command_page(text_buffer *out, const command_spec *command) {
  add_title(out, command->name, command->summary);
  wlaw_text_add(out, ".SH SYNOPSIS\n.B weightlaw %s\n", command->name);
  add_roff(out, command->operands);
  wlaw_text_add(out, " [options]\n");
  if (command->details && *command->details) add_section(out, "DESCRIPTION", command->details);
  add_examples(out, command->examples);
  wlaw_text_add(out, ".SH OPTIONS\n");
  add_options(out, command->options, command->n_options);
  wlaw_text_add(out, ".SS Options of every command\n");
  add_options(out, wlaw_common_options, wlaw_n_common_options);
  add_exit_codes(out);
  add_environment(out);
  wlaw_text_add(out, ".SH SEE ALSO\n.BR weightlaw (1)\n");
}

void wlaw_man_page(text_buffer *out, const command_spec *command) {
  if (command) {
    add_command_page(out, command);
    return;
  }
  add_title(out, "", "the probability laws that neural-network weights follow");
  wlaw_text_add(out, ".SH SYNOPSIS\n.B weightlaw\nCOMMAND [operands] [options]\n");
  add_section(
      out, "DESCRIPTION",
      "weightlaw trains ensembles of networks, fits probability laws to the weights of ensembles and "
      "checkpoints, measures distances between such laws, and draws networks from them.\n\nEvery command has a "
      "page of its own, and `weightlaw help COMMAND` prints its examples and options. An operand - is standard input.");
  wlaw_text_add(out, ".SH COMMANDS\n");
  for (size_t i = 0; i < wlaw_n_commands; i++) {
    wlaw_text_add(out, ".TP\n.BR weightlaw\\-%s (1)\n", wlaw_commands[i]->name);
    add_roff(out, wlaw_commands[i]->summary);
    wlaw_text_add(out, "\n");
  }
  add_exit_codes(out);
  add_environment(out);
}
