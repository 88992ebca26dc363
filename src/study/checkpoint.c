#include "study/checkpoint.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"

/* A stack of matrices whose name tells nothing of experts, convolutions or embeddings: an ensemble of networks. */
static bool holds_networks(const wlaw_tensors *tensors) {
  for (size_t i = 0; i < tensors->n; i++) {
    const tensor_info *info = &tensors->info[i];
    if (info->rank == 3 && wlaw_tensor_role(info->name, info->rank, info->shape).kind == TENSOR_DENSE) return true;
  }
  return false;
}

wlaw_status wlaw_checkpoint_is(bool *is, const char *path, wlaw_error *err) {
  wlaw_tensors *tensors = NULL;
  *is = false;
  if (*path == '@' || !wlaw_path_exists(path) || wlaw_path_is_folder(path)) return WLAW_OK;
  const wlaw_status status = wlaw_tensors_open(&tensors, path, err);
  if (status == WLAW_OK) *is = !holds_networks(tensors);
  wlaw_tensors_close(tensors);
  if (status == WLAW_OK || status == WLAW_MEMORY) return status;
  wlaw_error_clear(err);
  return WLAW_OK;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(((const named_part *)a)->name, ((const named_part *)b)->name);
}

static wlaw_status read_parts(checkpoint *out, const part_request *request, wlaw_error *err) {
  WLAW_TRY(wlaw_scan_parts(&out->parts, out->tensors, request, err));
  const size_t n = out->parts.n;
  out->sorted = wlaw_array(n, sizeof *out->sorted);
  if (!out->sorted) return wlaw_fail_memory(err, n, sizeof *out->sorted);
  for (size_t i = 0; i < n; i++) out->sorted[i] = (named_part){out->parts.part[i].name, i};
  qsort(out->sorted, n, sizeof *out->sorted, compare_names);
  return WLAW_OK;
}

wlaw_status wlaw_checkpoint_open(checkpoint *out, const char *path, const part_request *request, wlaw_error *err) {
  memset(out, 0, sizeof *out);
  WLAW_TRY(wlaw_tensors_open(&out->tensors, path, err));
  const wlaw_status status = read_parts(out, request, err);
  if (status == WLAW_OK) return WLAW_OK;
  wlaw_checkpoint_close(out);
  return wlaw_error_in_file(err, status, path);
}

void wlaw_checkpoint_close(checkpoint *point) {
  free(point->sorted);
  wlaw_scan_parts_free(&point->parts);
  wlaw_tensors_close(point->tensors);
  memset(point, 0, sizeof *point);
}

const scan_part *wlaw_checkpoint_find(const checkpoint *point, const char *name) {
  const named_part key = {.name = name};
  const named_part *found = bsearch(&key, point->sorted, point->parts.n, sizeof key, compare_names);
  return found ? &point->parts.part[found->i] : NULL;
}

bool wlaw_parts_match(const scan_part *a, const scan_part *b) {
  return !a->skipped && !b->skipped && a->selection.rows == b->selection.rows &&
         a->selection.cols == b->selection.cols && a->role.transposed == b->role.transposed;
}

wlaw_status wlaw_part_change(weight_change *out, const checkpoint *of_a, const scan_part *a, const checkpoint *of_b,
                             const scan_part *b, unsigned threads, wlaw_monitor *monitor, wlaw_error *err) {
  weight_source from = {0}, to = {0};
  wlaw_status status = wlaw_part_source(&from, of_a->tensors, a, err);
  if (status == WLAW_OK) status = wlaw_part_source(&to, of_b->tensors, b, err);
  if (status == WLAW_OK) status = wlaw_weight_change(out, &from, &to, threads, monitor, err);
  wlaw_source_free(&from);
  wlaw_source_free(&to);
  if (status != WLAW_OK) return wlaw_error_in_tensor(err, status, a->name);
  if (a->role.transposed) {
    const weight_change stored = *out;
    out->largest.row = stored.largest.column;
    out->largest.column = stored.largest.row;
    out->new_dead_rows = stored.new_dead_columns;
    out->new_dead_columns = stored.new_dead_rows;
  }
  return WLAW_OK;
}

double wlaw_drift(double a, double se_a, double b, double se_b) {
  return a == b ? 0.0 : (b - a) / sqrt(se_a * se_a + se_b * se_b);
}

/* The number behind one of the words in text[0, n). */
static bool find_epoch(uint64_t *epoch, const char *text, size_t n) {
  static const char *const words[] = {"epoch", "step", "checkpoint", "ckpt", "iter"};
  for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
    const size_t length = strlen(words[w]);
    for (size_t i = 0; i + length < n; i++) {
      size_t c = 0;
      while (c < length && tolower((unsigned char)text[i + c]) == words[w][c]) c++;
      if (c < length) continue;
      const char *at = text + i + length, *end = text + n;
      if (at < end && strchr("_-=.", *at)) at++;
      char digits[24] = "";
      for (size_t d = 0; at < end && isdigit((unsigned char)*at) && d + 1 < sizeof digits; d++) digits[d] = *at++;
      if (wlaw_text_u64(digits, epoch)) return true;
    }
  }
  return false;
}

bool wlaw_path_epoch(uint64_t *epoch, const char *path) {
  const char *name = wlaw_path_name(path), *folder = name;
  if (find_epoch(epoch, name, strlen(name))) return true;
  if (name == path) return false;
  for (folder = name - 1; folder > path && folder[-1] != '/';) folder--;
  return find_epoch(epoch, folder, (size_t)(name - folder));
}
