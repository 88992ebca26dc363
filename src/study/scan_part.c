#include "study/scan_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"
#include "study/scan_split.h"

/* What making the list needs at hand. */
typedef struct named_tensor {
  const char *name;
  size_t i;
} named_tensor;

typedef struct part_list {
  scan_parts *out;
  const wlaw_tensors *tensors;
  const char *only;
  tensor_role *role;    /* [tensors] */
  named_tensor *sorted; /* [tensors] by name */
} part_list;

static int compare_names(const void *a, const void *b) {
  return strcmp(((const named_tensor *)a)->name, ((const named_tensor *)b)->name);
}

static bool is_wanted(const part_list *list, const char *part, size_t tensor, size_t partner) {
  const tensor_info *info = list->tensors->info;
  return !list->only || wlaw_text_matches(list->only, part, '\0') ||
         wlaw_text_matches(list->only, info[tensor].name, '\0') ||
         (partner != SIZE_MAX && wlaw_text_matches(list->only, info[partner].name, '\0'));
}

/* Appends a part called name[0, length) + suffix if it is wanted; reason may be NULL. */
static wlaw_status add_part(part_list *list, scan_part part, size_t length, const char *suffix, const char *reason,
                            wlaw_error *err) {
  text_buffer name = {0};
  wlaw_text_add_bytes(&name, list->tensors->info[part.tensor].name, length);
  wlaw_text_add(&name, "%s", suffix);
  part.name = name.bytes;
  part.reason = reason ? wlaw_text_duplicate(reason, strlen(reason)) : NULL;
  const bool failed = name.failed || (reason && !part.reason);
  if (failed || !is_wanted(list, part.name, part.tensor, part.partner)) {
    free(part.name);
    free(part.reason);
    return failed ? wlaw_fail_memory(err, length, 1) : WLAW_OK;
  }
  list->out->part[list->out->n++] = part;
  return WLAW_OK;
}

/* The tensor as a matrix: a convolution's (or an adapter's) first dimension by the others, for the rest the last
 * dimension by the others, so that stacked matrices lie one below the other. Transposed tensors end with the outputs.
 */
static void see_as_matrix(scan_part *part, const tensor_info *info) {
  const tensor_kind kind = part->role.kind;
  const bool first_alone = (kind == TENSOR_CONV || kind == TENSOR_LORA_A || kind == TENSOR_LORA_B) && info->rank > 0 &&
                           !part->role.transposed;
  const uint64_t alone = info->rank == 0 ? 1 : info->shape[first_alone ? 0 : info->rank - 1];
  const uint64_t others = alone ? info->count / alone : 0;
  part->stored_rows = first_alone ? alone : others;
  part->stored_cols = first_alone ? others : alone;
  part->selection = (weight_selection){
      .rows = part->stored_rows, .cols = part->stored_cols, .run = part->stored_rows, .period = part->stored_rows};
}

static scan_part whole(const part_list *list, size_t i) {
  scan_part part = {.tensor = i, .partner = SIZE_MAX, .role = list->role[i]};
  see_as_matrix(&part, &list->tensors->info[i]);
  return part;
}

static wlaw_status add_whole(part_list *list, size_t i, const char *reason, bool skipped, wlaw_error *err) {
  scan_part part = whole(list, i);
  part.skipped = skipped;
  return add_part(list, part, strlen(list->tensors->info[i].name), "", reason, err);
}

/* ---- low-rank pairs */

static const char *const pair_words[][2] = {
    {"lora_A", "lora_B"},     {"lora_a", "lora_b"},     {"lora_embedding_A", "lora_embedding_B"},
    {"lora_down", "lora_up"}, {"lora.down", "lora.up"}, {"lora_linear_layer.down", "lora_linear_layer.up"},
};

/* The other tensor of a pair, or SIZE_MAX; *prefix: length of what both names begin with. */
static wlaw_status find_partner(size_t *partner, size_t *prefix, const part_list *list, size_t i, wlaw_error *err) {
  const char *name = list->tensors->info[i].name;
  const size_t side = list->role[i].kind == TENSOR_LORA_A ? 0 : 1;
  *partner = SIZE_MAX;
  for (size_t w = 0; w < sizeof pair_words / sizeof *pair_words && *partner == SIZE_MAX; w++) {
    const char *mine = pair_words[w][side], *at = strstr(name, mine);
    if (!at) continue;
    text_buffer other = {0};
    wlaw_text_add_bytes(&other, name, (size_t)(at - name));
    wlaw_text_add(&other, "%s%s", pair_words[w][1 - side], at + strlen(mine));
    if (other.failed) return wlaw_fail_memory(err, strlen(name), 1);
    const named_tensor key = {.name = other.bytes};
    const named_tensor *found = bsearch(&key, list->sorted, list->tensors->n, sizeof key, compare_names);
    if (found) *partner = found->i;
    *prefix = (size_t)(at - name);
    wlaw_text_free(&other);
  }
  return WLAW_OK;
}

/* Why a tensor is not measured at all; NULL: it is. */
static const char *why_skipped(const tensor_info *info, const tensor_role *role) {
  if (info->note) return info->note;
  if (info->count == 0) return "it has no elements";
  const wlaw_dtype dtype = info->dtype;
  if (dtype != WLAW_F16 && dtype != WLAW_BF16 && dtype != WLAW_F32 && dtype != WLAW_F64)
    return "its values are no real numbers but integers or booleans";
  if (role->kind == TENSOR_BUFFER && info->rank != 1) return "it is a counter, a mask or a table, not weights";
  return NULL;
}

static wlaw_status add_pair(part_list *list, size_t i, wlaw_error *err) {
  size_t partner, prefix = 0;
  WLAW_TRY(find_partner(&partner, &prefix, list, i, err));
  if (partner == SIZE_MAX) return add_whole(list, i, "its partner, lora_A or lora_B, is not in the file", false, err);
  const bool i_is_b = list->role[i].kind == TENSOR_LORA_B;
  const scan_part b = whole(list, i_is_b ? i : partner), a = whole(list, i_is_b ? partner : i);
  uint64_t count;
  if (why_skipped(&list->tensors->info[partner], &list->role[partner]) || b.stored_cols != a.stored_rows)
    return add_whole(list, i, "it cannot be multiplied with its partner: another type, or shapes that do not fit",
                     false, err);
  if (__builtin_mul_overflow(b.stored_rows, a.stored_cols, &count) || count >> PART_LARGEST_PRODUCT_LOG2)
    return add_whole(list, i, "the product with its partner has 2^32 weights or more", false, err);
  if (partner < i) return WLAW_OK; /* listed where the first of the two stands */
  scan_part part = b;
  part.partner = a.tensor;
  part.role.kind = TENSOR_LORA;
  part.selection =
      (weight_selection){.rows = b.stored_rows, .cols = a.stored_cols, .run = b.stored_rows, .period = b.stored_rows};
  return add_part(list, part, prefix, "lora", "B A without the adapter's factor alpha / rank, which is not in the file",
                  err);
}

/* ---- the list */

static wlaw_status add_fused(part_list *list, size_t i, wlaw_error *err) {
  const tensor_info *info = &list->tensors->info[i];
  if (info->rank > 2)
    return add_whole(list, i, "its parts are measured together: it stacks several matrices", false, err);
  scan_part part = whole(list, i);
  fused_part pieces[SPLIT_MOST];
  const char *why = NULL;
  const size_t n = wlaw_fused_parts(pieces, &why, &part.role, part.stored_rows, part.stored_cols, list->out->heads,
                                    list->out->kv_heads);
  if (n == 0) return add_whole(list, i, why, false, err);
  for (size_t p = 0; p < n; p++) {
    char suffix[16];
    snprintf(suffix, sizeof suffix, "[%s]", wlaw_tensor_kind_text(pieces[p].kind));
    part.role.kind = pieces[p].kind;
    part.selection = pieces[p].selection;
    WLAW_TRY(add_part(list, part, strlen(info->name), suffix, NULL, err));
  }
  return WLAW_OK;
}

static wlaw_status add_tensor(part_list *list, size_t i, wlaw_error *err) {
  const tensor_role *role = &list->role[i];
  const char *skip = why_skipped(&list->tensors->info[i], role);
  if (skip) return add_whole(list, i, skip, true, err);
  if (role->kind == TENSOR_LORA_A || role->kind == TENSOR_LORA_B) return add_pair(list, i, err);
  if (role->fused != FUSED_NONE) return add_fused(list, i, err);
  return add_whole(list, i, NULL, false, err);
}

/* GPT-2's names on linear layers: where a tensor that is not square shows it, the square ones are not transposed. */
static void settle_squares(tensor_role *role, const wlaw_tensors *tensors) {
  bool linear = false;
  for (size_t i = 0; i < tensors->n; i++)
    linear |= strcmp(role[i].family, "gpt-2") == 0 && role[i].kind == TENSOR_QKV && !role[i].transposed;
  for (size_t i = 0; linear && i < tensors->n; i++) {
    if (strcmp(role[i].family, "gpt-2") == 0) role[i].transposed = false;
  }
}

static wlaw_status list_tensors(part_list *list, wlaw_error *err) {
  const wlaw_tensors *tensors = list->tensors;
  for (size_t i = 0; i < tensors->n; i++) {
    const tensor_info *info = &tensors->info[i];
    list->role[i] = wlaw_tensor_role(info->name, info->rank, info->shape);
    list->sorted[i] = (named_tensor){info->name, i};
  }
  qsort(list->sorted, tensors->n, sizeof *list->sorted, compare_names);
  settle_squares(list->role, tensors);
  for (size_t i = 0; i < tensors->n; i++) WLAW_TRY(add_tensor(list, i, err));
  if (!list->only || list->out->n) return WLAW_OK;
  size_t i;
  if (strpbrk(list->only, "*?")) return wlaw_fail(err, WLAW_NAME, "no tensor fits the pattern '%.200s'", list->only);
  return wlaw_tensors_find(&i, tensors, list->only, err);
}

wlaw_status wlaw_scan_parts(scan_parts *out, wlaw_tensors *tensors, const part_request *request, wlaw_error *err) {
  memset(out, 0, sizeof *out);
  WLAW_TRY(wlaw_attention_heads(&out->heads, &out->kv_heads, tensors, request, err));
  const size_t n = tensors->n;
  part_list list = {.out = out,
                    .tensors = tensors,
                    .only = request->only,
                    .role = wlaw_array(n, sizeof *list.role),
                    .sorted = wlaw_array(n, sizeof *list.sorted)};
  out->part = wlaw_array(n, SPLIT_MOST * sizeof *out->part);
  wlaw_status status = WLAW_OK;
  if (!list.role || !list.sorted || !out->part) status = wlaw_fail_memory(err, n, SPLIT_MOST * sizeof *out->part);
  if (status == WLAW_OK) status = list_tensors(&list, err);
  free(list.role);
  free(list.sorted);
  if (status != WLAW_OK) wlaw_scan_parts_free(out);
  return status;
}

void wlaw_scan_parts_free(scan_parts *parts) {
  for (size_t i = 0; i < parts->n; i++) {
    free(parts->part[i].name);
    free(parts->part[i].reason);
  }
  free(parts->part);
  memset(parts, 0, sizeof *parts);
}
