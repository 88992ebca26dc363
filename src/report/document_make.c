#include "report/document_make.h"

#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/result.h"
#include "law/law.h"
#include "study/checkpoint.h"
#include "study/run.h"

extern const command_spec wlaw_command_report;

typedef struct preset {
  const char *name, *value;
} preset;

/* The paper's own widths, and enough draws for curves that show four decades. */
static const preset limit_presets[] = {{"width", "100,500,2000"}, {"draws", "20000"}, {NULL, NULL}};

/* What a caller may say to report and means for the verb behind it. */
static wlaw_status set_options(wlaw_options *made, const preset *presets, const char *const *passed,
                               const wlaw_options *options, wlaw_error *err) {
  for (; presets && presets->name; presets++) WLAW_TRY(wlaw_options_set(made, presets->name, presets->value, err));
  for (; *passed; passed++)
    if (wlaw_option_is_set(options, &wlaw_command_report, *passed))
      WLAW_TRY(wlaw_options_set(made, *passed, wlaw_option_text(options, &wlaw_command_report, *passed), err));
  return WLAW_OK;
}

/* law: given as an option of limit, which takes no operand for it. */
static wlaw_status run_verb(json_t **document, const char *verb, verb_call call, const char *input, const char *law,
                            const preset *presets, const char *const *passed, const wlaw_options *options,
                            wlaw_progress progress, void *user, wlaw_error *err) {
  wlaw_options *made = NULL;
  wlaw_result *result = NULL;
  WLAW_TRY(wlaw_options_new(&made, verb, err));
  wlaw_status status = set_options(made, presets, passed, options, err);
  if (status == WLAW_OK && law) status = wlaw_options_set(made, "law", law, err);
  if (status == WLAW_OK) status = call(&result, &input, input != NULL, made, progress, user, err);
  if (status == WLAW_OK) *document = json_incref(result->document);
  wlaw_result_free(result);
  wlaw_options_free(made);
  return status;
}

/* A name without brackets may be a file that is missing; what ends in brackets and is no file is a law, or limit says
 * why not: several laws with ';' between and empirical(@FILE) are its to read. */
static bool is_node_law(const char *text) {
  const size_t length = strlen(text);
  wlaw_law *law = NULL;
  if (wlaw_path_exists(text)) return false;
  if (strchr(text, '(') && text[length - 1] == ')') return true;
  if (wlaw_law_parse(&law, text, NULL) != WLAW_OK) return false;
  const bool can = wlaw_law_can(law, "limit");
  wlaw_law_free(law);
  return can;
}

wlaw_status wlaw_document_make(json_t **document, const char *input, const wlaw_options *options,
                               wlaw_progress progress, void *user, wlaw_error *err) {
  static const char *const of_scan[] = {"spectra", "seed", "threads", NULL}, *const others[] = {"seed", "threads",
                                                                                                NULL};
  static const struct {
    const char *verb; /* and the flag that asks for its page */
    verb_call call;
  } of_run[] = {{"prune", wlaw_prune}, {"redraw", wlaw_redraw}};
  for (size_t i = 0; i < sizeof of_run / sizeof *of_run; i++) {
    if (!wlaw_option_flag(options, &wlaw_command_report, of_run[i].verb)) continue;
    if (!wlaw_run_is(input))
      return wlaw_fail(err, WLAW_ARGUMENT, "--%s is for a run, which '%s' is not", of_run[i].verb, input);
    return run_verb(document, of_run[i].verb, of_run[i].call, input, NULL, NULL, others, options, progress, user, err);
  }
  if (is_node_law(input))
    return run_verb(document, "limit", wlaw_limit, NULL, input, limit_presets, others, options, progress, user, err);
  bool is_checkpoint;
  WLAW_TRY(wlaw_checkpoint_is(&is_checkpoint, input, err));
  if (is_checkpoint)
    return run_verb(document, "scan", wlaw_scan, input, NULL, NULL, of_scan, options, progress, user, err);
  return WLAW_OK;
}
