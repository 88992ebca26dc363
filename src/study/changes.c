/* Two checkpoints side by side: which tensors go together, and the document. */
#include "study/changes.h"

#include <string.h>

#include "core/error.h"

/* ---- when compare means checkpoints */

wlaw_status wlaw_changes_apply(bool *apply, const char *a, const char *b, wlaw_error *err) {
  WLAW_TRY(wlaw_checkpoint_is(apply, a, err));
  return *apply ? wlaw_checkpoint_is(apply, b, err) : WLAW_OK;
}

/* ---- tensor by tensor */

enum { TENSORS, ONLY_A, ONLY_B, DIFFERENT_SHAPE, SKIPPED, LISTS };
static const char *const list_keys[LISTS] = {"tensors", "only_a", "only_b", "different_shape", "skipped"};

typedef struct pair_of_files {
  checkpoint file[2];
  unsigned threads;
  wlaw_monitor *monitor;
  json_t *document, *list[LISTS]; /* lists are the document's */
  bool failed;
} pair_of_files;

static void add_name(pair_of_files *work, int list, const char *name) {
  wlaw_json_append(&work->failed, work->list[list], wlaw_json_text(name));
}

static wlaw_status compare_part(pair_of_files *work, const scan_part *a, const scan_part *b, wlaw_error *err) {
  const scan_request quick = {.quick = true};
  const monitor_span all = wlaw_monitor_span(work->monitor);
  part_change change = {.part = a,
                        .encoding = {wlaw_tensors_encoding(work->file[0].tensors, a->tensor),
                                     wlaw_tensors_encoding(work->file[1].tensors, b->tensor)}};
  wlaw_monitor_stage(work->monitor, &all, 0.0, 0.2);
  WLAW_TRY(wlaw_part_change(&change.change, &work->file[0], a, &work->file[1], b, work->threads, work->monitor, err));
  wlaw_monitor_stage(work->monitor, &all, 0.2, 0.6);
  WLAW_TRY(wlaw_scan_part(&change.scan[0], work->file[0].tensors, a, &quick, work->threads, work->monitor, err));
  wlaw_monitor_stage(work->monitor, &all, 0.6, 1.0);
  if (change.change.identical) change.scan[1] = change.scan[0];
  else WLAW_TRY(wlaw_scan_part(&change.scan[1], work->file[1].tensors, b, &quick, work->threads, work->monitor, err));
  wlaw_json_append(&work->failed, work->list[TENSORS], wlaw_part_change_json(&work->failed, &change));
  return WLAW_OK;
}

static void skip(pair_of_files *work, const scan_part *part, const char *file) {
  json_t *object = json_object();
  wlaw_json_put(&work->failed, object, "name", wlaw_json_text(part->name));
  wlaw_json_put(&work->failed, object, "file", wlaw_json_text(file));
  wlaw_json_put(&work->failed, object, "reason", wlaw_json_text(part->reason ? part->reason : ""));
  wlaw_json_append(&work->failed, work->list[SKIPPED], object);
}

static wlaw_status compare_parts(pair_of_files *work, const char *const paths[2], wlaw_error *err) {
  const checkpoint *file = work->file;
  const monitor_span all = wlaw_monitor_span(work->monitor);
  double whole = 1.0, done = 0.0;
  for (size_t i = 0; i < file[0].parts.n; i++)
    whole += (double)wlaw_part_bytes(file[0].tensors, &file[0].parts.part[i]);
  for (size_t i = 0; i < file[0].parts.n; i++) {
    const scan_part *a = &file[0].parts.part[i], *b = wlaw_checkpoint_find(&file[1], a->name);
    const double bytes = (double)wlaw_part_bytes(file[0].tensors, a);
    work->monitor->what = a->name;
    wlaw_monitor_stage(work->monitor, &all, done / whole, (done + bytes) / whole);
    done += bytes;
    if (!b) add_name(work, ONLY_A, a->name);
    else if (a->skipped || b->skipped) skip(work, a->skipped ? a : b, paths[!a->skipped]);
    else if (!wlaw_parts_match(a, b)) add_name(work, DIFFERENT_SHAPE, a->name);
    else WLAW_TRY(compare_part(work, a, b, err));
  }
  for (size_t i = 0; i < file[1].parts.n; i++) {
    const char *name = file[1].parts.part[i].name;
    if (!wlaw_checkpoint_find(&file[0], name)) add_name(work, ONLY_B, name);
  }
  wlaw_monitor_stage(work->monitor, &all, 0.0, 1.0);
  const size_t alone = json_array_size(work->list[ONLY_A]);
  if (alone < file[0].parts.n || file[0].parts.n == 0) return WLAW_OK;
  wlaw_fail(err, WLAW_NAME, "no tensor of %s has its name in %s, the first is '%s' here and '%s' there", paths[0],
            paths[1], file[0].parts.part[0].name, file[1].parts.n ? file[1].parts.part[0].name : "");
  return wlaw_error_add_hint(err, WLAW_NAME, "tensors are compared by name; --law compares their laws instead");
}

wlaw_status wlaw_changes(json_t **out, const char *a, const char *b, const part_request *request, unsigned threads,
                         wlaw_monitor *monitor, wlaw_error *err) {
  const char *const paths[2] = {a, b};
  pair_of_files work = {.threads = threads, .monitor = monitor, .document = json_object()};
  wlaw_json_put(&work.failed, work.document, "schema", json_string("weightlaw.changes/1"));
  wlaw_json_put(&work.failed, work.document, "a", wlaw_json_text(a));
  wlaw_json_put(&work.failed, work.document, "b", wlaw_json_text(b));
  for (int l = 0; l < LISTS; l++) {
    wlaw_json_put(&work.failed, work.document, list_keys[l], json_array());
    work.list[l] = json_object_get(work.document, list_keys[l]);
  }
  wlaw_status status = wlaw_checkpoint_open(&work.file[0], a, request, err);
  if (status == WLAW_OK) status = wlaw_checkpoint_open(&work.file[1], b, request, err);
  if (status == WLAW_OK) status = compare_parts(&work, paths, err);
  wlaw_checkpoint_close(&work.file[0]);
  wlaw_checkpoint_close(&work.file[1]);
  wlaw_json_put(&work.failed, work.document, "findings", wlaw_changes_findings(&work.failed, work.document));
  if (status == WLAW_OK && work.failed)
    status = wlaw_fail(err, WLAW_MEMORY, "out of memory while writing the result down");
  if (status == WLAW_OK) *out = work.document;
  else json_decref(work.document);
  return status;
}
