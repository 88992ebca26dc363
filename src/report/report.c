/* The verb report: collect, tell, draw, write. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/file.h"
#include "core/option.h"
#include "core/result.h"
#include "report/collect.h"
#include "report/document_make.h"
#include "report/document_page.h"
#include "report/number.h"
#include "report/page.h"
#include "study/run.h"

extern const command_spec wlaw_command_report;

static const option_spec options_table[] = {
    {"output", 'o', OPTION_TEXT, "FILE", "report.html", NULL, 0, 0, "the page to write"},
    {"title", 0, OPTION_TEXT, "TEXT", NULL, NULL, 0, 0, "heading of the page; default: made from the run"},
    {"law", 'l', OPTION_CHOICE, "LAW", "auto", "auto|permutation|bipartite|iid", 0, 0,
     "law of the distance to initialisation; auto: permutation for square matrices, else bipartite"},
    {"exclude", 0, OPTION_CHOICE, "WHICH", "none", "none|dead", 0, 0,
     "networks of a run to leave out of fits and histograms; dead: outputs constant or not finite at that epoch"},
    {"degree", 0, OPTION_COUNT, "K", "4", NULL, 0, 4,
     "degree of the highest invariants held against the fitted laws, 0: none; unless it is given, matrices that would "
     "take more than a minute in all are left out"},
    {"spectra", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0, "of a checkpoint: eigenvalues too, as scan --spectra"},
    {"prune", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0, "of a run: what pruning does to its networks, as prune"},
    {"redraw", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0,
     "of a run: networks drawn from its laws, as redraw, evaluated and trained"},
    {"source-date-epoch", 0, OPTION_COUNT, "SECONDS", NULL, NULL, 0, 253402300799.0,
     "date to print on the page, in seconds since 1970 UTC; default: no date"},
};

static const char examples[] =
    "weightlaw report RUN -o report.html\n"
    "    training, distance to initialisation, laws, what they miss, and weights of a run, on one page\n"
    "weightlaw report weights.npy --title \"Layer 3\"\n"
    "    a smaller page: the fit, the invariants it misses and the histogram of one file\n"
    "weightlaw report model.safetensors -o model.html\n"
    "    a checkpoint, scanned: tensors by measures, laws by kind and block, distributions\n"
    "weightlaw report 'beta(eta=2,b=0.5)' -o beta.html\n"
    "    a node law at widths 100, 500, 2000 and infinity: densities, joint outputs, active nodes, pruning\n"
    "weightlaw report RUN --prune -o pruned.html\n"
    "    accuracy and output error of pruned networks beside theory\n"
    "weightlaw report RUN --redraw -o redrawn.html\n"
    "    what the laws of the run know: networks drawn from each, untrained and trained, beside ordinary ones\n"
    "weightlaw report scan.json -o scan.html\n"
    "    the page of what scan, track, compare, limit, prune, redraw or fit --law network wrote with --json\n";

static const char details[] =
    "Writes one HTML file that needs nothing else: drawings are inline SVG, there are no scripts, tables stand behind "
    "the "
    "plots, light and dark follow the reader's settings, and it prints. The same input gives the same bytes.\n"
    "\n"
    "Every snapshot is fitted and compared with the law its weights were drawn from, and with the snapshot before. "
    "What "
    "cannot be fitted is a gap in the plots, with its reason among the notes.\n"
    "\n"
    "The invariants of degree 1 to 4 are held against the laws iid, bipartite and permutation at every snapshot, as "
    "fit "
    "--degree 4 does for one law. The global test is simulated for the last snapshot, where that takes seconds "
    "(--seed).\n"
    "\n"
    "A checkpoint (a tensor file of one network) is scanned, and its page shows tensors by measures, Weibull shapes by "
    "kind and block beside published ones, and distributions. A node law is taken to infinite width, with simulated "
    "networks beside it. What scan, track, compare, limit, prune, redraw and fit --law network or node-variances wrote "
    "with "
    "--json has a page, too.";

/* Days since 1970 to a date of the Gregorian calendar, by Fliegel and Van Flandern (1968), DOI 10.1145/364096.364097.
 */
static void date_text(char *out, size_t capacity, uint64_t seconds) {
  const int64_t l = (int64_t)(seconds / 86400) + 2440588 + 68569, n = 4 * l / 146097;
  const int64_t m = l - (146097 * n + 3) / 4, i = 4000 * (m + 1) / 1461001, k = m - 1461 * i / 4 + 31;
  const int64_t j = 80 * k / 2447, day = k - 2447 * j / 80, month = j + 2 - 12 * (j / 11);
  const int64_t year = 100 * (n - 49) + i + j / 11;
  snprintf(out, capacity, "%04lld-%02lld-%02lld", (long long)year, (long long)month, (long long)day);
}

/* The page's date as text; false: none is wanted. */
static bool date_option(char *date, size_t capacity, const wlaw_options *options) {
  if (!wlaw_option_is_set(options, &wlaw_command_report, "source-date-epoch")) return false;
  date_text(date, capacity, wlaw_option_count(options, &wlaw_command_report, "source-date-epoch"));
  return true;
}

static wlaw_status label_series(report_series *series, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_report;
  const char *title = wlaw_option_text(options, command, "title");
  char made[160], date[64];
  if (!title && series->is_run && series->networks >= 1)
    snprintf(made, sizeof made, "The weights of %s network%s through training",
             wlaw_number_fixed(series->networks, 0).s, series->networks > 1 ? "s" : "");
  else snprintf(made, sizeof made, "The law of the weights of %.100s", series->source);
  bool named = wlaw_series_set_text(&series->title, title ? title : made);
  if (date_option(date, sizeof date, options)) named = named && wlaw_series_set_text(&series->date, date);
  return named ? WLAW_OK : wlaw_fail_memory(err, 1, sizeof made);
}

static json_t *sentences_json(bool *failed, const sentence_list *list) {
  json_t *array = json_array();
  for (size_t i = 0; i < list->n; i++) wlaw_json_append(failed, array, wlaw_json_text(list->text[i]));
  return array;
}

static wlaw_status wrap(wlaw_result **result, const char *path, size_t bytes, const report_series *series,
                        const sentence_list *story, const sentence_list *notes, wlaw_error *err) {
  bool failed = false;
  json_t *document = json_object();
  wlaw_json_put(&failed, document, "schema", json_string("weightlaw.report/1"));
  wlaw_json_put(&failed, document, "path", wlaw_json_text(path));
  wlaw_json_put(&failed, document, "bytes", wlaw_json_count(bytes));
  wlaw_json_put(&failed, document, "epochs", wlaw_json_count(series->n_epochs));
  wlaw_json_put(&failed, document, "matrices", wlaw_json_count(series->n_tensors));
  wlaw_json_put(&failed, document, "summary", sentences_json(&failed, story));
  wlaw_json_put(&failed, document, "notes", sentences_json(&failed, notes));
  return wlaw_result_wrap(result, document, failed, err);
}

static wlaw_status write_report(wlaw_result **result, const char *path, const report_series *series, wlaw_error *err) {
  sentence_list story = {0}, notes = {0};
  text_buffer page = {0};
  wlaw_story_tell(&story, series);
  wlaw_notes_tell(&notes, series);
  wlaw_page_write(&page, series, &story, &notes);
  wlaw_status status = WLAW_OK;
  if (page.failed || story.failed || notes.failed) status = wlaw_fail_memory(err, page.length, 1);
  if (status == WLAW_OK) status = wlaw_output_whole(path, page.bytes, page.length, err);
  if (status == WLAW_OK) status = wrap(result, path, page.length, series, &story, &notes, err);
  wlaw_text_free(&page);
  wlaw_sentences_free(&story);
  wlaw_sentences_free(&notes);
  return status;
}

/* ---- pages of documents */

enum { DOCUMENT_MOST = 1 << 28 };

/* Of documents of this program that have no page: WLAW_OK where it is not one. */
static wlaw_status refuse_document(const json_t *document, const char *input, wlaw_error *err) {
  const char *schema = wlaw_document_text(document, "schema");
  if (strncmp(schema, "weightlaw.", strlen("weightlaw.")) != 0) return WLAW_OK;
  const wlaw_status status = wlaw_fail(err, WLAW_FORMAT, "is a document '%.80s', which has no page", schema);
  wlaw_error_in_file(err, status, input);
  return wlaw_error_add_hint(err, status,
                             "pages are of what scan, track, compare, limit, prune, redraw and fit --law network or "
                             "node-variances write");
}

/* A JSON file whose schema has a page; *document stays NULL for every other input. */
static wlaw_status read_document(json_t **document, const char *input, wlaw_error *err) {
  input_file file = {.fd = -1};
  unsigned char first = 0;
  char *text = NULL;
  size_t n = 0;
  if (wlaw_run_is(input)) return WLAW_OK;
  if (wlaw_path_is_folder(input)) {
    wlaw_tensors *none = NULL;
    return wlaw_tensors_open(&none, input, err); /* refuses, and names the file in it that may be meant */
  }
  WLAW_TRY(wlaw_input_open(&file, input, err));
  wlaw_status status = file.size ? wlaw_input_read(&file, 0, &first, 1, err) : WLAW_OK;
  wlaw_input_close(&file);
  WLAW_TRY(status);
  if (first != '{') return WLAW_OK;
  WLAW_TRY(wlaw_input_whole(&text, &n, input, DOCUMENT_MOST, err));
  status = wlaw_json_parse(document, text, n, err);
  free(text);
  if (status != WLAW_OK) return wlaw_error_in_file(err, status, input);
  if (wlaw_document_has_page(*document)) return WLAW_OK;
  status = refuse_document(*document, input, err);
  json_decref(*document);
  *document = NULL;
  return status;
}

static wlaw_status write_document(wlaw_result **result, const char *path, const json_t *document,
                                  const wlaw_options *options, wlaw_error *err) {
  char date[64];
  const bool dated = date_option(date, sizeof date, options);
  text_buffer page = {0};
  bool failed = false;
  wlaw_document_page(&page, document, wlaw_option_text(options, &wlaw_command_report, "title"), dated ? date : NULL);
  wlaw_status status = page.failed ? wlaw_fail_memory(err, page.length, 1) : WLAW_OK;
  if (status == WLAW_OK) status = wlaw_output_whole(path, page.bytes, page.length, err);
  if (status == WLAW_OK) {
    const json_t *findings = wlaw_document_findings(document);
    json_t *made = json_object();
    wlaw_json_put(&failed, made, "schema", json_string("weightlaw.report/1"));
    wlaw_json_put(&failed, made, "path", wlaw_json_text(path));
    wlaw_json_put(&failed, made, "bytes", wlaw_json_count(page.length));
    wlaw_json_put(&failed, made, "summary", findings ? json_deep_copy(findings) : json_array());
    status = wlaw_result_wrap(result, made, failed, err);
  }
  wlaw_text_free(&page);
  return status;
}

/* Before an hour of work, not after it. */
static wlaw_status check_output(const char *path, bool force, wlaw_error *err) {
  if (!*path) return wlaw_fail(err, WLAW_ARGUMENT, "option --output needs a file name");
  if (wlaw_path_is_folder(path))
    return wlaw_error_in_file(err, wlaw_fail(err, WLAW_ARGUMENT, "is a folder where the page is to be written"), path);
  if (force || !wlaw_path_exists(path)) return WLAW_OK;
  const wlaw_status status = wlaw_fail(err, WLAW_EXISTS, "the page exists already");
  wlaw_error_in_file(err, status, path);
  return wlaw_error_add_hint(err, status, "--force replaces it");
}

wlaw_status wlaw_report(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                        wlaw_progress progress, void *user, wlaw_error *err) {
  const command_spec *command = &wlaw_command_report;
  WLAW_TRY(wlaw_options_check(options, command, err));
  if (n_inputs != 1) return wlaw_fail(err, WLAW_ARGUMENT, "report takes one run or file, not %zu", n_inputs);
  const char *path = wlaw_option_text(options, command, "output");
  WLAW_TRY(check_output(path, wlaw_option_flag(options, command, "force"), err));
  json_t *document = NULL;
  WLAW_TRY(wlaw_document_make(&document, inputs[0], options, progress, user, err));
  if (!document) WLAW_TRY(read_document(&document, inputs[0], err));
  if (document) {
    const wlaw_status written = write_document(result, path, document, options, err);
    json_decref(document);
    return written;
  }
  const collect_request request = {
      .input = inputs[0],
      .exclude = wlaw_option_text(options, command, "exclude"),
      .law = wlaw_option_text(options, command, "law"),
      .seed = wlaw_option_text(options, command, "seed"),
      .seed_number = wlaw_option_count(options, command, "seed"),
      .degree = wlaw_option_count(options, command, "degree"),
      .degree_is_set = wlaw_option_is_set(options, command, "degree"),
      .threads = (unsigned)wlaw_option_count(options, command, "threads"),
  };
  wlaw_monitor monitor = {.call = progress, .user = user};
  report_series *series = NULL;
  WLAW_TRY(wlaw_collect(&series, &request, &monitor, err));
  wlaw_status status = label_series(series, options, err);
  if (status == WLAW_OK) status = write_report(result, path, series, err);
  wlaw_series_free(series);
  return status;
}

const command_spec wlaw_command_report = {
    .name = "report",
    .summary = "write what was found in a run, a file or a node law as one HTML page",
    .operands = "RUN|FILE|LAW",
    .examples = examples,
    .details = details,
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_report,
};
