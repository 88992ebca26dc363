/* The verb `track`: the tensors of checkpoints, or of a run, at several points of time. */
#include "study/track.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/result.h"
#include "core/text.h"
#include "study/run.h"

extern const command_spec wlaw_command_track;

static const option_spec options_table[] = {
    {"tensor", 't', OPTION_TEXT, "PATTERN", NULL, NULL, 0, 0,
     "only tensors of that name, or that a pattern with * and ? fits: '*.q_proj.weight'"},
    {"spectra", 0, OPTION_FLAG, NULL, "false", NULL, 0, 0,
     "exponents of the power law of eigenvalues too (files of single networks only)"},
    {"heads", 0, OPTION_COUNT, "N", NULL, NULL, 1, 65536,
     "attention heads, to split fused tensors; default: as the file or config.json beside it says"},
    {"kv-heads", 0, OPTION_COUNT, "N", NULL, NULL, 1, 65536, "heads of keys and values; default: likewise, or --heads"},
};

static const char examples[] =
    "weightlaw track step1000.safetensors step2000.safetensors step3000.safetensors\n"
    "    how k, lambda and scale of every tensor change, and how far it has moved from the first\n"
    "weightlaw track checkpoint-*/model.safetensors --tensor '*.mlp.*' --spectra\n"
    "    the feed-forward matrices, with the exponents of their spectra\n"
    "weightlaw track RUN\n"
    "    every snapshot of a run of `train`; the weights of all its networks are pooled, layer by layer\n";

static const char details[] =
    "Points are the files in the order given, or the snapshots of a run. Where every file name (or its folder's) tells "
    "an epoch or step (epoch_3000.pt, step1000.safetensors, checkpoint-500/model.safetensors), so do the results.\n"
    "\n"
    "The distance is the Frobenius norm of the change since the first point, over the norm there. Drift is the change "
    "of "
    "k and lambda since the first point in standard errors, as if the two fits were independent; weights at two times "
    "are not, and drift understates what has certainly changed while the network has moved little.";

/* ---- points of time */

static wlaw_status points_of_run(track *all, const char *path, wlaw_error *err) {
  run_directory *run = NULL;
  WLAW_TRY(wlaw_run_open(&run, path, err));
  wlaw_status status = WLAW_OK;
  if (run->n_epochs == 0)
    status = wlaw_error_in_file(err, wlaw_fail(err, WLAW_ARGUMENT, "this run has no snapshots yet"), path);
  else if (!(all->point = wlaw_array(run->n_epochs, sizeof *all->point)))
    status = wlaw_fail_memory(err, run->n_epochs, sizeof *all->point);
  all->networks = run->networks;
  for (size_t i = 0; status == WLAW_OK && i < run->n_epochs; i++) {
    char *snapshot = wlaw_run_snapshot_path(run->path, run->epochs[i]);
    if (!snapshot) status = wlaw_fail_memory(err, strlen(path), 1);
    else all->point[all->n_points++] = (track_point){.path = snapshot, .has_epoch = true, .epoch = run->epochs[i]};
  }
  wlaw_run_close(run);
  return status;
}

/* Epochs count only where every file tells one. */
static wlaw_status points_of_files(track *all, const char *const *paths, size_t n, wlaw_error *err) {
  bool every = true;
  all->point = wlaw_array(n, sizeof *all->point);
  if (!all->point) return wlaw_fail_memory(err, n, sizeof *all->point);
  for (size_t i = 0; i < n; i++) {
    track_point *point = &all->point[i];
    point->path = wlaw_text_duplicate(paths[i], strlen(paths[i]));
    if (!point->path) return wlaw_fail_memory(err, strlen(paths[i]), 1);
    all->n_points++;
    every &= wlaw_path_epoch(&point->epoch, paths[i]);
  }
  for (size_t i = 0; i < n; i++) all->point[i].has_epoch = every;
  return WLAW_OK;
}

static wlaw_status find_points(track *all, const char *const *inputs, size_t n, wlaw_error *err) {
  if (n == 1 && wlaw_run_is(inputs[0])) {
    if (!all->spectra) return points_of_run(all, inputs[0], err);
    wlaw_fail(err, WLAW_ARGUMENT, "the matrices of a run's networks are pooled, and a pool has no spectrum");
    return wlaw_error_add_hint(err, WLAW_ARGUMENT, "leave --spectra out");
  }
  for (size_t i = 0; i < n; i++) {
    if (wlaw_run_is(inputs[i]))
      return wlaw_fail(err, WLAW_ARGUMENT, "track takes one run, or files, and %s is a run among others", inputs[i]);
  }
  if (n < 2) return wlaw_fail(err, WLAW_ARGUMENT, "track needs a run, or two or more files");
  return points_of_files(all, inputs, n, err);
}

static void release(track *all) {
  for (size_t i = 0; i < all->n_points; i++) free(all->point[i].path);
  for (size_t i = 0; i < all->n_tensors; i++) {
    free(all->tensor[i].name);
    free(all->tensor[i].at);
  }
  free(all->point);
  free(all->tensor);
}

/* ---- tensors through time */

/* near: where its predecessor in the file stands and then some, since files of one model have one order. */
static tracked *find_tracked(track *all, const scan_part *part, size_t near) {
  for (size_t i = 0; i < all->n_tensors; i++) {
    tracked *one = &all->tensor[(near + i) % all->n_tensors];
    if (strcmp(one->name, part->name) == 0) return one;
  }
  return NULL;
}

/* NULL when out of memory. */
static tracked *add_tracked(track *all, const scan_part *part) {
  if (all->n_tensors == all->capacity) {
    const size_t capacity = all->capacity ? 2 * all->capacity : 64;
    tracked *grown = realloc(all->tensor, capacity * sizeof *grown);
    if (!grown) return NULL;
    all->tensor = grown;
    all->capacity = capacity;
  }
  tracked *one = &all->tensor[all->n_tensors];
  *one = (tracked){.name = wlaw_text_duplicate(part->name, strlen(part->name)),
                   .role = part->role,
                   .at = wlaw_array(all->n_points, sizeof *one->at)};
  if (!one->name || !one->at) {
    free(one->name);
    free(one->at);
    return NULL;
  }
  all->n_tensors++;
  return one;
}

static void keep(tracked_value *out, const part_scan *scan) {
  *out = (tracked_value){.there = true,
                         .rows = scan->rows,
                         .columns = scan->columns,
                         .k = scan->weibull.plot.k,
                         .se_k = scan->weibull.plot.se_k,
                         .lambda = scan->weibull.plot.lambda,
                         .se_lambda = scan->weibull.plot.se_lambda,
                         .scale = scan->summary.rms,
                         .shape = scan->ggd.shape,
                         .alpha = scan->has_spectrum ? scan->spectrum.tail.alpha : NAN,
                         .se_alpha = scan->has_spectrum ? scan->spectrum.tail.se_alpha : NAN,
                         .mean = scan->summary.mean,
                         .sd = scan->summary.sd,
                         .nonfinite = scan->summary.nan + scan->summary.infinite,
                         .dead_rows = scan->summary.dead_rows,
                         .dead_columns = scan->summary.dead_columns,
                         .distance = NAN,
                         .reason = scan->unfitted ? scan->unfitted : scan->weibull.plot.reason};
}

typedef struct track_work {
  track *all;
  scan_request request;
  unsigned threads;
  wlaw_monitor *monitor;
  checkpoint first; /* stays open */
} track_work;

static wlaw_status track_part(track_work *work, tracked *one, size_t p, const checkpoint *now, const scan_part *part,
                              wlaw_error *err) {
  const monitor_span all = wlaw_monitor_span(work->monitor);
  part_scan scan;
  wlaw_monitor_stage(work->monitor, &all, 0.0, 0.7);
  WLAW_TRY(wlaw_scan_part(&scan, now->tensors, part, &work->request, work->threads, work->monitor, err));
  keep(&one->at[p], &scan);
  wlaw_monitor_stage(work->monitor, &all, 0.7, 1.0);
  if (p == 0) one->at[p].distance = 0.0;
  const scan_part *before = p > 0 ? wlaw_checkpoint_find(&work->first, part->name) : NULL;
  if (!before || !wlaw_parts_match(before, part)) return WLAW_OK;
  weight_change change;
  WLAW_TRY(wlaw_part_change(&change, &work->first, before, now, part, work->threads, work->monitor, err));
  one->at[p].distance = change.relative;
  return WLAW_OK;
}

static wlaw_status track_file(track_work *work, size_t p, const checkpoint *now, wlaw_error *err) {
  const monitor_span all = wlaw_monitor_span(work->monitor);
  const size_t n = now->parts.n;
  size_t near = 0;
  double whole = 1.0, done = 0.0;
  for (size_t i = 0; i < n; i++) whole += (double)wlaw_part_bytes(now->tensors, &now->parts.part[i]);
  for (size_t i = 0; i < n; i++) {
    const scan_part *part = &now->parts.part[i];
    const double bytes = (double)wlaw_part_bytes(now->tensors, part);
    work->monitor->what = part->name;
    wlaw_monitor_stage(work->monitor, &all, done / whole, (done + bytes) / whole);
    done += bytes;
    if (part->skipped) continue;
    tracked *one = p > 0 ? find_tracked(work->all, part, near) : NULL; /* names of one file are all different */
    if (!one) one = add_tracked(work->all, part);
    if (!one) return wlaw_fail_memory(err, work->all->n_tensors, sizeof *one);
    near = (size_t)(one - work->all->tensor) + 1;
    WLAW_TRY(track_part(work, one, p, now, part, err));
  }
  wlaw_monitor_stage(work->monitor, &all, 0.0, 1.0);
  return WLAW_OK;
}

static wlaw_status track_points(track_work *work, wlaw_error *err) {
  const monitor_span whole = {0.0, 1.0};
  track *all = work->all;
  WLAW_TRY(wlaw_checkpoint_open(&work->first, all->point[0].path, &work->request.parts, err));
  for (size_t p = 0; p < all->n_points; p++) {
    checkpoint later = {0};
    wlaw_monitor_stage(work->monitor, &whole, (double)p / (double)all->n_points,
                       (double)(p + 1) / (double)all->n_points);
    if (p > 0) WLAW_TRY(wlaw_checkpoint_open(&later, all->point[p].path, &work->request.parts, err));
    const wlaw_status status = track_file(work, p, p ? &later : &work->first, err);
    wlaw_checkpoint_close(&later);
    if (status != WLAW_OK) return wlaw_error_in_file(err, status, all->point[p].path);
  }
  return WLAW_OK;
}

wlaw_status wlaw_track(wlaw_result **result, const char *const *inputs, size_t n_inputs, const wlaw_options *options,
                       wlaw_progress progress, void *user, wlaw_error *err) {
  const command_spec *command = &wlaw_command_track;
  WLAW_TRY(wlaw_options_check(options, command, err));
  wlaw_monitor monitor = {.call = progress, .user = user};
  track all = {.spectra = wlaw_option_flag(options, command, "spectra")};
  track_work work = {.all = &all,
                     .request = {.parts = {.only = wlaw_option_text(options, command, "tensor"),
                                           .heads = wlaw_option_count(options, command, "heads"),
                                           .kv_heads = wlaw_option_count(options, command, "kv-heads")},
                                 .quick = true,
                                 .spectra = all.spectra,
                                 .seed = wlaw_option_count(options, command, "seed")},
                     .threads = (unsigned)wlaw_option_count(options, command, "threads"),
                     .monitor = &monitor};
  bool failed = false;
  wlaw_status status = find_points(&all, inputs, n_inputs, err);
  if (status == WLAW_OK) status = track_points(&work, err);
  if (status == WLAW_OK) {
    json_t *document = wlaw_track_json(&failed, &all, &work.first.parts);
    status = wlaw_result_wrap(result, document, failed, err);
  }
  wlaw_checkpoint_close(&work.first);
  release(&all);
  return status;
}

const command_spec wlaw_command_track = {
    .name = "track",
    .summary = "follow the laws of weights through training: checkpoints or a run over time",
    .operands = "FILE FILE... | RUN",
    .examples = examples,
    .details = details,
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .call = wlaw_track,
};
