/* weightlaw: parse, call one function of the library, print. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "cli/completion.h"
#include "cli/csv.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/man.h"
#include "cli/parse.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/spool.h"
#include "commands.h"
#include "core/error.h"
#include "core/file.h"
#include "core/result.h"

/* Where fetched data sets live: the library reads no environment, so the command line fills the option in. */
static wlaw_status fill_cache(wlaw_options *options, const command_spec *command, wlaw_error *err) {
  if (!wlaw_option_find(command, "cache") || wlaw_option_is_set(options, command, "cache")) return WLAW_OK;
  const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  text_buffer path = {0};
  if (xdg && xdg[0] == '/') wlaw_text_add(&path, "%s/weightlaw", xdg);
  else if (home && *home) wlaw_text_add(&path, "%s/.cache/weightlaw", home);
  wlaw_status status = WLAW_OK;
  if (path.failed) status = wlaw_fail_memory(err, path.length, 1);
  else if (path.length) status = wlaw_options_set(options, "cache", wlaw_text_string(&path), err);
  wlaw_text_free(&path);
  return status;
}

static wlaw_status print_result(const wlaw_result *result, const wlaw_options *options, const command_spec *command,
                                wlaw_error *err) {
  text_buffer text = {0};
  const text_screen screen = wlaw_screen_of(STDOUT_FILENO);
  if (wlaw_option_flag(options, command, "json")) wlaw_json_write(&text, result->document);
  else if (wlaw_option_flag(options, command, "csv")) wlaw_csv_write(&text, result->document);
  else wlaw_print_result(&text, &screen, result->document);
  const wlaw_status status = wlaw_screen_write(&text, err);
  wlaw_text_free(&text);
  return status;
}

static wlaw_status print_help(const command_spec *command, wlaw_error *err) {
  text_buffer text = {0};
  const text_screen screen = wlaw_screen_of(STDOUT_FILENO);
  if (command) wlaw_help_command(&text, &screen, command);
  else wlaw_help_overview(&text, &screen);
  const wlaw_status status = wlaw_screen_write(&text, err);
  wlaw_text_free(&text);
  return status;
}

/* `-o -` would make a file of that name: outputs are renamed into place whole, which a stream cannot be. */
static wlaw_status check_output(const wlaw_options *options, const command_spec *command, wlaw_error *err) {
  if (wlaw_option_flag(options, command, "json") && wlaw_option_flag(options, command, "csv"))
    return wlaw_fail(err, WLAW_ARGUMENT, "--json and --csv cannot both be what is printed");
  const char *output = wlaw_option_text(options, command, "output");
  if (!output || strcmp(output, "-") != 0) return WLAW_OK;
  wlaw_fail(err, WLAW_ARGUMENT, "option --output cannot be standard output");
  return wlaw_error_add_hint(err, WLAW_ARGUMENT, "name a file, or ./- for one of that name");
}

/* Did the user ask for something to hold that does not? Any verb may say so in its document. */
static bool is_answered_no(const wlaw_result *result) {
  return json_is_false(json_object_get(json_object_get(result->document, "check"), "passed"));
}

static wlaw_status run_verb(bool *no, const command_spec *command, parsed_line *line, wlaw_error *err) {
  WLAW_TRY(check_output(line->options, command, err));
  WLAW_TRY(fill_cache(line->options, command, err));
  WLAW_TRY(wlaw_spool_operands(line->operands, line->n, err));
  wlaw_result *result = NULL;
  progress_line progress = wlaw_progress_start(wlaw_option_text(line->options, command, "progress"));
  wlaw_status status =
      command->call(&result, line->operands, line->n, line->options, wlaw_progress_show, &progress, err);
  wlaw_progress_end(&progress);
  if (status == WLAW_OK) status = print_result(result, line->options, command, err);
  if (status == WLAW_OK) *no = is_answered_no(result);
  wlaw_result_free(result);
  return status;
}

static wlaw_status run_command(bool *no, const char *name, char *const *argv, size_t n, wlaw_error *err) {
  const command_spec *command = NULL;
  parsed_line line;
  WLAW_TRY(wlaw_command_find(&command, name, err));
  WLAW_TRY(wlaw_parse(&line, command, argv, n, err));
  const wlaw_status status = line.help ? print_help(command, err) : run_verb(no, command, &line, err);
  wlaw_parsed_free(&line);
  return status;
}

static wlaw_status run_version(char *const *argv, size_t n, wlaw_error *err) {
  (void)argv;
  size_t needed = 0;
  if (n) return wlaw_fail(err, WLAW_ARGUMENT, "--version takes no operands");
  WLAW_TRY(wlaw_build_info(NULL, 0, &needed, err));
  char *info = malloc(needed);
  if (!info) return wlaw_fail_memory(err, needed, 1);
  wlaw_status status = wlaw_build_info(info, needed, NULL, err);
  text_buffer text = {0};
  if (status == WLAW_OK) {
    wlaw_text_add(&text, "%s", info);
    status = wlaw_screen_write(&text, err);
  }
  wlaw_text_free(&text);
  free(info);
  return status;
}

static wlaw_status run_help(char *const *argv, size_t n, wlaw_error *err) {
  const command_spec *command = NULL;
  if (n > 1) return wlaw_fail(err, WLAW_ARGUMENT, "help takes one command, not %zu", n);
  if (n == 1) WLAW_TRY(wlaw_command_find(&command, argv[0], err));
  return print_help(command, err);
}

static wlaw_status run_man(char *const *argv, size_t n, wlaw_error *err) {
  const command_spec *command = NULL;
  if (n > 1) return wlaw_fail(err, WLAW_ARGUMENT, "man takes one command, not %zu", n);
  if (n == 1) WLAW_TRY(wlaw_command_find(&command, argv[0], err));
  text_buffer text = {0};
  wlaw_man_page(&text, command);
  const wlaw_status status = wlaw_screen_write(&text, err);
  wlaw_text_free(&text);
  return status;
}

static wlaw_status run_completion(char *const *argv, size_t n, wlaw_error *err) {
  text_buffer text = {0};
  wlaw_status status = n == 1 ? wlaw_completion_script(&text, argv[0], err)
                              : wlaw_fail(err, WLAW_ARGUMENT, "completion takes one shell: bash, zsh or fish");
  if (status == WLAW_OK) status = wlaw_screen_write(&text, err);
  wlaw_text_free(&text);
  return status;
}

/* What is not a verb of the library. */
static const struct {
  const char *name;
  wlaw_status (*run)(char *const *argv, size_t n, wlaw_error *err);
} services[] = {{"help", run_help},  {"--help", run_help},     {"-h", run_help}, {"--version", run_version},
                {"-V", run_version}, {"version", run_version}, {"man", run_man}, {"completion", run_completion}};

/* *no: a question was asked and answered no (exit code 1). */
static wlaw_status dispatch(bool *no, char *const *argv, size_t n, wlaw_error *err) {
  for (size_t i = 0; i < sizeof services / sizeof *services; i++)
    if (strcmp(argv[0], services[i].name) == 0) return services[i].run(argv + 1, n - 1, err);
  if (argv[0][0] == '-') {
    wlaw_fail(err, WLAW_NAME, "'%s' comes before any command", argv[0]);
    return wlaw_error_add_hint(err, WLAW_NAME, "options follow the command; see weightlaw help");
  }
  return run_command(no, argv[0], argv + 1, n - 1, err);
}

/* A program started with a standard descriptor closed would write results into the first file it opens. A read-only
 * null device in that place keeps writes failing, as they should. */
static void guard_descriptors(void) {
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY) != fd) return;
}

static int usage(void) {
  text_buffer text = {0};
  const text_screen screen = wlaw_screen_of(STDERR_FILENO);
  wlaw_help_overview(&text, &screen);
  fputs(wlaw_text_string(&text), stderr);
  wlaw_text_free(&text);
  return wlaw_status_exit_code(WLAW_ARGUMENT);
}

/* A scan takes and releases megabytes for every tensor while small pieces of its document pile up between them: mapped
 * one by one they go back to the system, in the heap they would leave holes that aligned arrays do not fit again. */
static void map_large_arrays(void) {
#ifdef __GLIBC__
  (void)mallopt(M_MMAP_THRESHOLD, 1 << 19);
#endif
}

int main(int argc, char **argv) {
  guard_descriptors();
  map_large_arrays();
  wlaw_interrupt_install();
  if (argc < 2) return usage();
  wlaw_error *err = wlaw_error_new();
  bool no = false;
  const wlaw_status status = dispatch(&no, argv + 1, (size_t)argc - 1, err);
  if (status != WLAW_OK)
    fprintf(stderr, "weightlaw: %s\n", err ? wlaw_error_message(err) : wlaw_status_message(status));
  wlaw_error_free(err);
  return status == WLAW_OK && no ? 1 : wlaw_status_exit_code(status);
}
