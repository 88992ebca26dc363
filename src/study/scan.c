/* The verb `scan`: which parts are scanned together, the documents, the rules. */
#include "study/scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/parallel.h"
#include "core/result.h"
#include "study/check.h"
#include "study/scan_json.h"

extern const command_spec wlaw_command_scan;

static const option_spec options_table[] = {
    {"tensor", 't', OPTION_TEXT, "PATTERN", NULL, NULL, 0, 0,
     "only tensors of that name, or that a pattern with * and ? fits: '*.q_proj.weight'"},
    {"spectra", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0,
     "eigenvalues too: power law, norms, Marchenko-Pastur edge, spikes"},
    {"quick", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0,
     "health, moments, Weibull and generalised Gaussian only: no balanced fits, other laws or bits"},
    {"compat", 0, OPTION_CHOICE, "PROTOCOL", "exact", SCAN_PROTOCOLS, 0, 0,
     "numbers as a published program has them: npm-hist and npm-sort for k, backslash for the generalised Gaussian"},
    {"check", 'c', OPTION_TEXT, "RULES", NULL, NULL, 0, 0,
     "rules with commas between, such as nonfinite==0,weibull.k in 1.0..1.4; exit code 1 where a tensor breaks one"},
    {"heads", 0, OPTION_COUNT, "N", NULL, NULL, 1, 65536,
     "attention heads, to split fused tensors; default: as the file or config.json beside it says"},
    {"kv-heads", 0, OPTION_COUNT, "N", NULL, NULL, 1, 65536, "heads of keys and values; default: likewise, or --heads"},
    {"bootstrap", 0, OPTION_COUNT, "R", "0", NULL, 0, 100000,
     "with --spectra: samples drawn for the p-value of the power law"},
};

static const char examples[] =
    "weightlaw scan model.safetensors\n"
    "    health, laws and comparison of every tensor, the worst first\n"
    "weightlaw scan model.gguf --tensor '*attn_q*' --spectra\n"
    "    the query matrices, with their eigenvalues\n"
    "weightlaw scan model.pt --check 'nonfinite==0,dead_rows==0,q:weibull.k in 0.7..1.3'\n"
    "    for use in a pipeline: exits 1 when a tensor breaks a rule\n"
    "weightlaw scan a.safetensors b.safetensors --csv > tensors.csv\n"
    "    one row for each tensor of both files\n";

static const char details[] =
    "Reads .safetensors, .gguf, .pt, .npz, .npy and whatever else weightlaw reads. Fused attention tensors are split, "
    "low-rank pairs multiplied; what cannot be measured is listed with a reason.\n"
    "\n"
    "k and lambda are slope and scale of the Weibull plot of magnitudes over the middle 80 %; a normal law has k = "
    "1.205. "
    "Errors come three times: for independent weights, and for weights that depend on one another within rows or "
    "within "
    "columns. Balanced fits divide rows and columns by their root mean squares first.\n"
    "\n"
    "A rule names a key of a tensor as --json has it (weibull.k, ggd.shape, spectrum.alpha, dead_rows), compares it by "
    "== != < <= > >= or `in low..high`, and may begin with a kind: q:weibull.k>0.9. What is not determined (null) "
    "breaks "
    "no rule unless the rule asks for it (weibull.k!=null); nan breaks every rule.\n"
    "\n"
    "Tensors of at most 512 MiB are read once and kept while they are scanned, larger ones read anew for every pass, "
    "so "
    "that files larger than memory are scanned in less than 1 GB. --spectra needs room for the matrix of the shorter "
    "side as well.";

/* ---- the tensors of one file */

typedef struct file_scan {
  const scan_request *request;
  wlaw_tensors *tensors;
  scan_parts parts;
  json_t **documents; /* [parts.n] */
  unsigned threads;
} file_scan;

static wlaw_status scan_one(const file_scan *file, size_t i, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  const scan_part *part = &file->parts.part[i];
  bool failed = false;
  if (part->skipped) {
    file->documents[i] = wlaw_part_skipped_json(&failed, part, file->tensors);
  } else {
    part_scan scan;
    WLAW_TRY(wlaw_scan_part(&scan, file->tensors, part, file->request, threads, monitor, err));
    file->documents[i] = wlaw_part_scan_json(&failed, &scan, file->request->protocol);
  }
  return failed ? wlaw_fail(err, WLAW_MEMORY, "out of memory while writing the result down") : WLAW_OK;
}

/* Parts side by side, one thread each. */
typedef struct batch {
  const file_scan *file;
  size_t first;
} batch;

static wlaw_status scan_in_batch(void *context, size_t unit, unsigned worker, const atomic_bool *stop,
                                 wlaw_error *err) {
  const batch *work = context;
  (void)worker;
  if (atomic_load(stop)) return wlaw_fail_cancelled(err);
  return scan_one(work->file, work->first + unit, 1, NULL, err);
}

/* Some files allow one reader at a time: their parts stay alone, whose source minds that. */
static bool reads_at_once(const wlaw_tensors *tensors, size_t i) {
  return i == SIZE_MAX || tensors->info[i].plain || tensors->info[i].concurrent;
}

/* Bytes that scanning a part holds at most: its weights, counters; of spectra a copy of the weights in random order and
 * two square matrices of the shorter side. */
static double part_memory(const file_scan *file, const scan_part *part) {
  const double rows = (double)part->selection.rows, cols = (double)part->selection.cols;
  const double shorter = fmin(rows, cols), weights = fmin(8.0 * rows * cols, (double)SCAN_HOLD);
  return 8e6 + weights + (file->request->spectra ? weights + 16.0 * shorter * shorter : 0.0);
}

/* Parts in a row that together hold little memory go side by side, which keeps all processors at work in those steps
 * that one thread takes. The numbers are the same either way. */
enum { BATCH_WORKERS = 16 };

static bool is_small(const file_scan *file, const scan_part *part) {
  if (part->skipped) return true;
  return reads_at_once(file->tensors, part->tensor) && reads_at_once(file->tensors, part->partner) &&
         part_memory(file, part) * wlaw_threads_for(file->threads, BATCH_WORKERS) <= (double)SCAN_HOLD;
}

static wlaw_status scan_parts_of(file_scan *file, wlaw_monitor *monitor, const monitor_span *span, wlaw_error *err) {
  const scan_part *part = file->parts.part;
  const size_t n = file->parts.n;
  double whole = 1.0, done = 0.0;
  for (size_t i = 0; i < n; i++) whole += part[i].skipped ? 0.0 : (double)wlaw_part_bytes(file->tensors, &part[i]);
  for (size_t i = 0, end = 0; i < n; i = end) {
    double bytes = 0.0;
    while (end < n && (end == i || (is_small(file, &part[i]) && is_small(file, &part[end])))) {
      bytes += part[end].skipped ? 0.0 : (double)wlaw_part_bytes(file->tensors, &part[end]);
      end++;
    }
    monitor->what = *part[i].name ? part[i].name : file->tensors->file.path;
    wlaw_monitor_stage(monitor, span, done / whole, (done + bytes) / whole);
    done += bytes;
    const unsigned threads = wlaw_threads_for(file->threads, BATCH_WORKERS);
    batch work = {file, i};
    WLAW_TRY(end - i == 1 ? scan_one(file, i, file->threads, monitor, err)
                          : wlaw_parallel(end - i, threads, scan_in_batch, &work, monitor, err));
  }
  return WLAW_OK;
}

static json_t *file_document(bool *failed, file_scan *file, const char *path, const check_rules *rules, bool *passed) {
  json_t *scanned = json_array(), *skipped = json_array();
  for (size_t i = 0; i < file->parts.n; i++) {
    wlaw_json_append(failed, file->parts.part[i].skipped ? skipped : scanned, file->documents[i]);
    file->documents[i] = NULL;
  }
  json_t *check = rules ? wlaw_check_run(failed, rules, scanned) : NULL;
  json_t *document = wlaw_scan_json(failed, path, file->tensors, &file->parts, scanned, skipped);
  *passed &= !rules || json_is_true(json_object_get(check, "passed"));
  if (rules) wlaw_json_put(failed, document, "check", check);
  return document;
}

static wlaw_status scan_open_file(json_t **out, file_scan *file, const char *path, const check_rules *rules,
                                  bool *passed, wlaw_monitor *monitor, const monitor_span *span, wlaw_error *err) {
  bool failed = false;
  WLAW_TRY(wlaw_scan_parts(&file->parts, file->tensors, &file->request->parts, err));
  file->documents = wlaw_array(file->parts.n, sizeof *file->documents);
  if (!file->documents) return wlaw_fail_memory(err, file->parts.n, sizeof *file->documents);
  WLAW_TRY(scan_parts_of(file, monitor, span, err));
  *out = file_document(&failed, file, path, rules, passed);
  if (!failed) return WLAW_OK;
  json_decref(*out);
  *out = NULL;
  return wlaw_fail(err, WLAW_MEMORY, "out of memory while writing the result down");
}

static wlaw_status scan_file(json_t **out, const char *path, const scan_request *request, const check_rules *rules,
                             bool *passed, unsigned threads, wlaw_monitor *monitor, const monitor_span *span,
                             wlaw_error *err) {
  file_scan file = {.request = request, .threads = threads};
  WLAW_TRY(wlaw_tensors_open(&file.tensors, path, err));
  const wlaw_status status = scan_open_file(out, &file, path, rules, passed, monitor, span, err);
  for (size_t i = 0; file.documents && i < file.parts.n; i++) json_decref(file.documents[i]);
  free(file.documents);
  wlaw_scan_parts_free(&file.parts);
  wlaw_tensors_close(file.tensors);
  return status == WLAW_OK ? WLAW_OK : wlaw_error_in_file(err, status, path);
}

/* ---- the verb */

static wlaw_status read_request(scan_request *out, const wlaw_options *options, wlaw_error *err) {
  const command_spec *command = &wlaw_command_scan;
  *out = (scan_request){
      .parts = {.only = wlaw_option_text(options, command, "tensor"),
                .heads = wlaw_option_count(options, command, "heads"),
                .kv_heads = wlaw_option_count(options, command, "kv-heads")},
      .protocol = (scan_protocol)wlaw_option_choice(options, command, "compat"),
      .quick = wlaw_option_flag(options, command, "quick"),
      .spectra = wlaw_option_flag(options, command, "spectra"),
      .bootstrap = (size_t)wlaw_option_count(options, command, "bootstrap"),
      .seed = wlaw_option_count(options, command, "seed"),
  };
  if (out->bootstrap > 0 && !out->spectra)
    return wlaw_fail(err, WLAW_ARGUMENT, "option --bootstrap has no meaning without --spectra");
  return WLAW_OK;
}

/* Every key that a tensor's document may have, so that a mistyped rule is found before hours of scanning. */
static wlaw_status read_rules(check_rules **out, const char *text, const scan_request *request, wlaw_error *err) {
  const scan_part part = {.name = (char[]){""}, .partner = SIZE_MAX, .role = {.kind = TENSOR_Q, .family = ""}};
  const tensor_info info = {.dtype = WLAW_F32};
  part_scan scan = {.part = &part, .info = &info, .has_spectrum = true, .counted = true, .laws = {.best = -1}};
  bool failed = false;
  scan.lattice.found = true;
  json_t *example = wlaw_part_scan_json(&failed, &scan, request->protocol);
  const wlaw_status status = failed ? wlaw_fail_memory(err, 1, sizeof scan) : wlaw_check_parse(out, text, example, err);
  json_decref(example);
  if (status == WLAW_OK && strstr(text, "spectrum.") && !request->spectra) {
    wlaw_check_free(*out);
    return wlaw_fail(err, WLAW_ARGUMENT, "the rules '%.200s' ask for spectra: give --spectra as well", text);
  }
  return status;
}

static wlaw_status scan_files(json_t **out, const char *const *paths, size_t n, const scan_request *request,
                              const check_rules *rules, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  const monitor_span all = {0.0, 1.0};
  bool failed = false, passed = true;
  json_t *list = json_array(), *one = NULL;
  for (size_t i = 0; i < n; i++) {
    monitor_span span = {(double)i / (double)n, 1.0 / (double)n};
    const wlaw_status status = scan_file(&one, paths[i], request, rules, &passed, threads, monitor, &span, err);
    if (status != WLAW_OK) {
      json_decref(list);
      return status;
    }
    if (n == 1) *out = one;
    else wlaw_json_append(&failed, list, one);
  }
  wlaw_monitor_stage(monitor, &all, 0.0, 1.0);
  if (n == 1) {
    json_decref(list);
    return WLAW_OK;
  }
  *out = json_object();
  wlaw_json_put(&failed, *out, "schema", json_string("weightlaw.scans/1"));
  wlaw_json_put(&failed, *out, "scans", list);
  if (rules) {
    json_t *check = json_object();
    wlaw_json_put(&failed, check, "passed", json_boolean(passed));
    wlaw_json_put(&failed, *out, "check", check);
  }
  if (!failed) return WLAW_OK;
  json_decref(*out);
  return wlaw_fail(err, WLAW_MEMORY, "out of memory while writing the result down");
}

wlaw_status wlaw_scan(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                      wlaw_progress progress, void *user, wlaw_error *err) {
  const command_spec *command = &wlaw_command_scan;
  wlaw_monitor monitor = {.call = progress, .user = user};
  scan_request request;
  check_rules *rules = NULL;
  json_t *document = NULL;
  WLAW_TRY(wlaw_options_check(options, command, err));
  if (n_inputs == 0) return wlaw_fail(err, WLAW_ARGUMENT, "scan needs one or more files");
  WLAW_TRY(read_request(&request, options, err));
  const char *check = wlaw_option_text(options, command, "check");
  if (check) WLAW_TRY(read_rules(&rules, check, &request, err));
  const unsigned threads = (unsigned)wlaw_option_count(options, command, "threads");
  const wlaw_status status = scan_files(&document, inputs, n_inputs, &request, rules, threads, &monitor, err);
  wlaw_check_free(rules);
  return status == WLAW_OK ? wlaw_result_wrap(result, document, false, err) : status;
}

const command_spec wlaw_command_scan = {
    .name = "scan",
    .summary = "weigh a checkpoint: health, entry laws and spectra of its tensors",
    .operands = "FILE...",
    .examples = examples,
    .details = details,
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_scan,
};
