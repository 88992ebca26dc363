#include "study/scan_split.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/json.h"

/* ---- heads */

/* The first of these keys that holds a count of heads; 0: none. */
static uint64_t count_of(const json_t *config, const char *const *keys, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const json_int_t value = json_integer_value(json_object_get(config, keys[i]));
    if (value > 0 && value <= INT32_MAX) return (uint64_t)value;
  }
  return 0;
}
#define COUNT_OF(config, keys) count_of(config, keys, sizeof(keys) / sizeof *(keys))

static void heads_of_config(uint64_t *heads, uint64_t *kv_heads, const json_t *config) {
  static const char *const head_keys[] = {"num_attention_heads", "n_head", "n_heads", "num_heads"};
  static const char *const kv_keys[] = {"num_key_value_heads", "num_kv_heads", "n_head_kv"};
  static const char *const group_keys[] = {"multi_query_group_num"}; /* ChatGLM */
  const json_t *text = json_object_get(config, "text_config");       /* of models that see as well */
  if (text && !COUNT_OF(config, head_keys)) config = text;
  *heads = COUNT_OF(config, head_keys);
  /* one key and value for all heads: the first Falcon, which states other numbers too, and StarCoder */
  const bool one = json_is_true(json_object_get(config, "multi_query")) &&
                   !json_is_true(json_object_get(config, "new_decoder_architecture"));
  if (one) *kv_heads = 1;
  else if (json_is_true(json_object_get(config, "multi_query_attention"))) *kv_heads = COUNT_OF(config, group_keys);
  else *kv_heads = COUNT_OF(config, kv_keys);
}

static wlaw_status read_config(uint64_t *heads, uint64_t *kv_heads, const char *checkpoint, wlaw_error *err) {
  const size_t most = 1 << 24;
  const size_t folder = (size_t)(wlaw_path_name(checkpoint) - checkpoint);
  text_buffer path = {0};
  wlaw_text_add_bytes(&path, checkpoint, folder);
  wlaw_text_add(&path, "config.json");
  char *bytes = NULL;
  json_t *config = NULL;
  size_t n = 0;
  wlaw_status status = path.failed ? wlaw_fail_memory(err, folder, 1) : WLAW_OK;
  if (status == WLAW_OK && wlaw_path_exists(path.bytes)) status = wlaw_input_whole(&bytes, &n, path.bytes, most, err);
  if (status == WLAW_OK && bytes) status = wlaw_json_parse(&config, bytes, n, err);
  if (status == WLAW_OK && config) heads_of_config(heads, kv_heads, config);
  json_decref(config);
  free(bytes);
  wlaw_text_free(&path);
  return status == WLAW_MEMORY ? status : WLAW_OK;
}

wlaw_status wlaw_attention_heads(uint64_t *heads, uint64_t *kv_heads, const wlaw_tensors *tensors,
                                 const part_request *request, wlaw_error *err) {
  uint64_t found = tensors->heads, found_kv = tensors->kv_heads;
  if (!found) WLAW_TRY(read_config(&found, &found_kv, tensors->file.path, err));
  *heads = request->heads ? request->heads : found;
  *kv_heads = request->kv_heads ? request->kv_heads : found_kv;
  if (!*kv_heads) *kv_heads = *heads;
  return WLAW_OK;
}

/* ---- parts */

/* Outputs first .. first + n of each group of `group` outputs, over `total` of them, which are rows or, transposed,
 * columns (then there is one group). */
static fused_part select_outputs(tensor_kind kind, bool transposed, uint64_t inputs, uint64_t total, uint64_t group,
                                 uint64_t first, uint64_t n) {
  if (transposed)
    return (fused_part){kind, {.rows = inputs, .cols = n, .run = inputs, .period = inputs, .first_column = first}};
  return (fused_part){kind, {.rows = total / group * n, .cols = inputs, .first_row = first, .run = n, .period = group}};
}

static size_t split_halves(fused_part parts[SPLIT_MOST], const char **why, const tensor_role *role, uint64_t outputs,
                           uint64_t inputs) {
  if (outputs % 2) {
    *why = "gate and up are measured together: an odd number of outputs has no halves";
    return 0;
  }
  const bool up_first = role->fused == FUSED_UP_GATE;
  const uint64_t half = outputs / 2;
  parts[0] = select_outputs(up_first ? TENSOR_UP : TENSOR_GATE, role->transposed, inputs, outputs, outputs, 0, half);
  parts[1] = select_outputs(up_first ? TENSOR_GATE : TENSOR_UP, role->transposed, inputs, outputs, outputs, half, half);
  return 2;
}

size_t wlaw_fused_parts(fused_part parts[SPLIT_MOST], const char **why, const tensor_role *role, uint64_t rows,
                        uint64_t cols, uint64_t heads, uint64_t kv_heads) {
  static const tensor_kind kinds[] = {TENSOR_Q, TENSOR_K, TENSOR_V};
  const uint64_t outputs = role->transposed ? cols : rows, inputs = role->transposed ? rows : cols;
  if (role->kind == TENSOR_GATE_UP) return split_halves(parts, why, role, outputs, inputs);

  uint64_t units = 0, queries = 0; /* heads that one group holds in all, and those of them that are queries */
  uint64_t groups = 1;
  if (role->fused == FUSED_CONCATENATED && outputs % 3 == 0 && outputs / 3 == inputs) {
    units = 3, queries = 1; /* three square matrices, whatever the heads */
  } else if (heads == 0) {
    *why = "q, k and v are measured together: their heads are not known (--heads, --kv-heads)";
    return 0;
  } else if (role->fused == FUSED_CONCATENATED) {
    if (heads <= UINT32_MAX && kv_heads <= UINT32_MAX) units = heads + 2 * kv_heads, queries = heads;
  } else if (role->transposed) {
    *why = "q, k and v are measured together: they take turns along the columns";
    return 0;
  } else if (heads <= UINT32_MAX && heads % kv_heads == 0) {
    groups = kv_heads, queries = heads / kv_heads, units = queries + 2;
  }
  if (units == 0 || outputs % groups || outputs / groups % units) {
    *why = "q, k and v are measured together: the outputs are no whole number of heads (--heads, --kv-heads)";
    return 0;
  }
  const uint64_t group = outputs / groups, size = group / units;
  const uint64_t keys = (units - queries) / 2 * size, first_key = queries * size;
  const uint64_t first[] = {0, first_key, first_key + keys}, n[] = {first_key, keys, keys};
  for (size_t i = 0; i < 3; i++)
    parts[i] = select_outputs(kinds[i], role->transposed, inputs, outputs, group, first[i], n[i]);
  return 3;
}
