/* The parts of a checkpoint: fused tensors split, low-rank pairs multiplied, nothing lost without a reason. */
#include "study/study.h"

#include "core/memory.h"
#include "core/text.h"
#include "study/published.h"
#include "study/scan_part.h"
#include "support/alloc_fail.h"

/* Entry (r, c) of a tensor seen as [rows, last dimension] is 1000 r + c. */
static void write_numbered(const char *path, const tensor_spec *specs, size_t n) {
  double **values = calloc(n, sizeof *values);
  for (size_t i = 0; i < n; i++) {
    size_t count = 1, cols = specs[i].rank ? specs[i].shape[specs[i].rank - 1] : 1;
    for (size_t d = 0; d < specs[i].rank; d++) count *= specs[i].shape[d];
    values[i] = malloc((count + 1) * sizeof(double));
    for (size_t k = 0; k < count; k++) values[i][k] = 1000.0 * (double)(k / cols) + (double)(k % cols);
  }
  write_tensors(path, specs, n, (const double *const *)values);
  for (size_t i = 0; i < n; i++) free(values[i]);
  free(values);
}

typedef struct opened {
  wlaw_tensors *tensors;
  scan_parts parts;
  wlaw_error *err;
} opened;

static opened open_parts(const char *path, part_request request) {
  opened file = {.err = wlaw_error_new()};
  wlaw_error *err = file.err;
  check_ok(wlaw_tensors_open(&file.tensors, path, err));
  check_ok(wlaw_scan_parts(&file.parts, file.tensors, &request, err));
  return file;
}

static void close_parts(opened *file) {
  wlaw_scan_parts_free(&file->parts);
  wlaw_tensors_close(file->tensors);
  wlaw_error_free(file->err);
}

static const scan_part *find_part(const opened *file, const char *name) {
  for (size_t i = 0; i < file->parts.n; i++) {
    if (strcmp(file->parts.part[i].name, name) == 0) return &file->parts.part[i];
  }
  fail_msg("there is no part %s", name);
  return NULL;
}

/* All values of a part, read in one piece; caller frees. */
static double *read_part(const opened *file, const scan_part *part) {
  wlaw_error *err = file->err;
  weight_source source;
  check_ok(wlaw_part_source(&source, file->tensors, part, err));
  assert_int_equal(source.rows, part->selection.rows);
  assert_int_equal(source.cols, part->selection.cols);
  assert_int_equal(source.dtype, WLAW_F64);
  double *values = malloc((size_t)(source.rows * source.cols) * sizeof *values);
  check_ok(source.read(&source, 0, source.rows, 0, source.cols, values, err));
  wlaw_source_free(&source);
  return values;
}

/* Row r of the part is row rows[r] of the tensor, its first column is column `first`. */
static void check_part(const opened *file, const char *name, tensor_kind kind, const unsigned *rows, size_t n_rows,
                       size_t first, size_t cols) {
  const scan_part *part = find_part(file, name);
  assert_int_equal(part->role.kind, kind);
  assert_false(part->skipped);
  assert_int_equal(part->selection.rows, n_rows);
  assert_int_equal(part->selection.cols, cols);
  double *values = read_part(file, part);
  for (size_t r = 0; r < n_rows; r++) {
    for (size_t c = 0; c < cols; c++) check_near(values[r * cols + c], 1000.0 * rows[r] + (double)(first + c), 0);
  }
  free(values);
}

static void check_reason(const opened *file, const char *name, bool skipped, const char *words) {
  const scan_part *part = find_part(file, name);
  assert_int_equal(part->skipped, skipped);
  assert_non_null(part->reason);
  if (!strstr(part->reason, words)) fail_msg("%s: \"%s\" does not say \"%s\"", name, part->reason, words);
}

static void fused_tensors_are_split(void **state) {
  (void)state;
  const tensor_spec specs[] = {
      {"gpt_neox.layers.0.attention.query_key_value.weight", WLAW_F64, 2, {12, 4}},
      {"h.0.attn.c_attn.weight", WLAW_F64, 2, {4, 12}},
      {"model.layers.0.mlp.gate_up_proj.weight", WLAW_F64, 2, {6, 4}},
      {"model.transformer.blocks.0.ff_proj.weight", WLAW_F64, 2, {6, 4}},
      {"model.layers.0.self_attn.qkv_proj.weight", WLAW_F64, 2, {8, 6}},
  };
  write_numbered(test_scratch("fused.safetensors"), specs, 5);
  opened file = open_parts(test_scratch("fused.safetensors"), (part_request){.heads = 2});
  assert_int_equal(file.parts.kv_heads, 2);
  /* two heads of two: q k v q k v */
  check_part(&file, "gpt_neox.layers.0.attention.query_key_value.weight[q]", TENSOR_Q, (unsigned[]){0, 1, 6, 7}, 4, 0,
             4);
  check_part(&file, "gpt_neox.layers.0.attention.query_key_value.weight[k]", TENSOR_K, (unsigned[]){2, 3, 8, 9}, 4, 0,
             4);
  check_part(&file, "gpt_neox.layers.0.attention.query_key_value.weight[v]", TENSOR_V, (unsigned[]){4, 5, 10, 11}, 4, 0,
             4);
  const unsigned four[] = {0, 1, 2, 3};
  check_part(&file, "h.0.attn.c_attn.weight[q]", TENSOR_Q, four, 4, 0, 4);
  check_part(&file, "h.0.attn.c_attn.weight[k]", TENSOR_K, four, 4, 4, 4);
  check_part(&file, "h.0.attn.c_attn.weight[v]", TENSOR_V, four, 4, 8, 4);
  assert_true(find_part(&file, "h.0.attn.c_attn.weight[v]")->role.transposed);
  check_part(&file, "model.layers.0.mlp.gate_up_proj.weight[gate]", TENSOR_GATE, (unsigned[]){0, 1, 2}, 3, 0, 4);
  check_part(&file, "model.layers.0.mlp.gate_up_proj.weight[up]", TENSOR_UP, (unsigned[]){3, 4, 5}, 3, 0, 4);
  check_part(&file, "model.transformer.blocks.0.ff_proj.weight[up]", TENSOR_UP, (unsigned[]){0, 1, 2}, 3, 0, 4);
  check_part(&file, "model.transformer.blocks.0.ff_proj.weight[gate]", TENSOR_GATE, (unsigned[]){3, 4, 5}, 3, 0, 4);
  check_reason(&file, "model.layers.0.self_attn.qkv_proj.weight", false, "no whole number of heads");
  close_parts(&file);

  /* queries share keys: 6 + 1 + 1 heads of one */
  file = open_parts(test_scratch("fused.safetensors"), (part_request){.heads = 6, .kv_heads = 1, .only = "*qkv_proj*"});
  assert_int_equal(file.parts.n, 3);
  check_part(&file, "model.layers.0.self_attn.qkv_proj.weight[q]", TENSOR_Q, (unsigned[]){0, 1, 2, 3, 4, 5}, 6, 0, 6);
  check_part(&file, "model.layers.0.self_attn.qkv_proj.weight[k]", TENSOR_K, (unsigned[]){6}, 1, 0, 6);
  check_part(&file, "model.layers.0.self_attn.qkv_proj.weight[v]", TENSOR_V, (unsigned[]){7}, 1, 0, 6);
  close_parts(&file);

  /* groups of Falcon: six heads and three keys, (2 q, k, v) three times */
  file = open_parts(test_scratch("fused.safetensors"), (part_request){.heads = 6, .kv_heads = 3, .only = "gpt_neox*"});
  check_part(&file, "gpt_neox.layers.0.attention.query_key_value.weight[q]", TENSOR_Q, (unsigned[]){0, 1, 4, 5, 8, 9},
             6, 0, 4);
  check_part(&file, "gpt_neox.layers.0.attention.query_key_value.weight[v]", TENSOR_V, (unsigned[]){3, 7, 11}, 3, 0, 4);
  close_parts(&file);

  /* without heads: three equal matrices side by side can still be told apart */
  file = open_parts(test_scratch("fused.safetensors"), (part_request){0});
  check_part(&file, "h.0.attn.c_attn.weight[k]", TENSOR_K, four, 4, 4, 4);
  check_reason(&file, "gpt_neox.layers.0.attention.query_key_value.weight", false, "--heads");
  assert_int_equal(find_part(&file, "gpt_neox.layers.0.attention.query_key_value.weight")->role.kind, TENSOR_QKV);
  close_parts(&file);
}

static uint64_t heads_by(const char *config, uint64_t *kv_heads) {
  write_text(test_scratch("configured/config.json"), config);
  opened file = open_parts(test_scratch("configured/model.safetensors"), (part_request){0});
  const uint64_t heads = file.parts.heads;
  *kv_heads = file.parts.kv_heads;
  close_parts(&file);
  return heads;
}

static void heads_come_from_the_configuration(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_folder_make(test_scratch("configured"), err));
  const tensor_spec spec = {"a.q_proj.weight", WLAW_F64, 2, {2, 2}};
  write_numbered(test_scratch("configured/model.safetensors"), &spec, 1);
  static const struct {
    const char *config;
    uint64_t heads, kv_heads;
  } cases[] = {
      {"{\"num_attention_heads\":32,\"num_key_value_heads\":8}", 32, 8},
      {"{\"n_head\":12}", 12, 12},
      {"{\"num_attention_heads\":71,\"num_kv_heads\":71,\"multi_query\":true,\"new_decoder_architecture\":false}", 71,
       1},
      {"{\"num_attention_heads\":128,\"num_kv_heads\":8,\"multi_query\":true,\"new_decoder_architecture\":true}", 128,
       8},
      {"{\"num_attention_heads\":32,\"multi_query_attention\":true,\"multi_query_group_num\":2}", 32, 2},
      {"{\"vision_config\":{\"num_heads\":16},\"text_config\":{\"num_attention_heads\":28,\"num_key_value_heads\":4}}",
       28, 4},
      {"{\"num_attention_heads\":-3,\"num_key_value_heads\":\"x\"}", 0, 0},
      {"not JSON", 0, 0},
      {"[]", 0, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint64_t kv_heads, heads = heads_by(cases[i].config, &kv_heads);
    if (heads != cases[i].heads || kv_heads != cases[i].kv_heads)
      fail_msg("%s: %llu, %llu", cases[i].config, (unsigned long long)heads, (unsigned long long)kv_heads);
  }
  wlaw_error_free(err);
}

static void low_rank_pairs_are_multiplied(void **state) {
  (void)state;
  const tensor_spec specs[] = {
      {"m.layers.3.q_proj.lora_A.default.weight", WLAW_F64, 2, {2, 5}},
      {"m.layers.3.q_proj.base_layer.weight", WLAW_F64, 2, {3, 5}},
      {"m.layers.3.q_proj.lora_B.default.weight", WLAW_F64, 2, {3, 2}},
      {"alone.lora_A.weight", WLAW_F64, 2, {2, 5}},
      {"odd.lora_up.weight", WLAW_F64, 2, {3, 4}},
      {"odd.lora_down.weight", WLAW_F64, 2, {2, 5}},
      {"conv.lora_up.weight", WLAW_F64, 4, {3, 2, 1, 1}},
      {"conv.lora_down.weight", WLAW_F64, 4, {2, 5, 3, 3}},
      {"wide.lora_B.weight", WLAW_F64, 2, {1 << 17, 1}},
      {"wide.lora_A.weight", WLAW_F64, 2, {1, 1 << 17}},
  };
  write_numbered(test_scratch("lora.safetensors"), specs, 10);
  opened file = open_parts(test_scratch("lora.safetensors"), (part_request){0});
  assert_int_equal(file.parts.n, 8);
  assert_string_equal(file.parts.part[0].name, "m.layers.3.q_proj.lora"); /* where the first of the two stands */
  const scan_part *pair = find_part(&file, "m.layers.3.q_proj.lora");
  assert_int_equal(pair->role.kind, TENSOR_LORA);
  assert_int_equal(pair->role.block, 3);
  assert_int_equal(pair->tensor, 2);
  assert_int_equal(pair->partner, 0);
  check_reason(&file, "m.layers.3.q_proj.lora", false, "alpha");
  double *product = read_part(&file, pair);
  for (size_t r = 0; r < 3; r++) {
    for (size_t c = 0; c < 5; c++) {
      double sum = 0;
      for (size_t k = 0; k < 2; k++) sum += (1000.0 * (double)r + (double)k) * (1000.0 * (double)k + (double)c);
      check_near(product[r * 5 + c], sum, 0); /* integers below 2^53 */
    }
  }
  /* a block of it, elsewhere */
  weight_source source;
  wlaw_error *err = file.err;
  double block[4];
  check_ok(wlaw_part_source(&source, file.tensors, pair, err));
  check_ok(source.read(&source, 1, 2, 3, 2, block, err));
  for (size_t r = 0; r < 2; r++) {
    for (size_t c = 0; c < 2; c++) check_near(block[r * 2 + c], product[(r + 1) * 5 + c + 3], 0);
  }
  wlaw_source_free(&source);
  free(product);
  assert_int_equal(find_part(&file, "conv.lora")->selection.rows, 3);
  assert_int_equal(find_part(&file, "conv.lora")->selection.cols, 45);
  check_reason(&file, "alone.lora_A.weight", false, "partner");
  check_reason(&file, "odd.lora_up.weight", false, "do not fit");
  check_reason(&file, "odd.lora_down.weight", false, "do not fit");
  check_reason(&file, "wide.lora_A.weight", false, "2^32");
  assert_int_equal(find_part(&file, "wide.lora_A.weight")->role.kind, TENSOR_LORA_A);
  close_parts(&file);
}

static void shapes_become_matrices(void **state) {
  (void)state;
  const tensor_spec specs[] = {
      {"blk.0.ffn_up_exps.weight", WLAW_F64, 3, {2, 3, 4}},
      {"conv1.weight", WLAW_F64, 4, {2, 3, 2, 2}},
      {"conv/kernel", WLAW_F64, 4, {2, 2, 3, 5}},
      {"norm.weight", WLAW_F64, 1, {7}},
      {"scalar", WLAW_F64, 0, {0}},
      {"empty.weight", WLAW_F64, 2, {0, 3}},
      {"h.0.attn.bias", WLAW_F64, 4, {1, 1, 3, 3}},
      {"bn.running_var", WLAW_F64, 1, {3}},
      {"layers.0.mlp.experts.gate_up_proj", WLAW_F64, 3, {2, 3, 4}},
  };
  static const uint64_t want[][2] = {{6, 4}, {2, 12}, {12, 5}, {1, 7}, {1, 1}, {0, 3}, {3, 3}, {1, 3}, {6, 4}};
  write_numbered(test_scratch("shapes.safetensors"), specs, 9);
  opened file = open_parts(test_scratch("shapes.safetensors"), (part_request){0});
  assert_int_equal(file.parts.n, 9);
  for (size_t i = 0; i < 9; i++) {
    const scan_part *part = find_part(&file, specs[i].name);
    assert_int_equal(part->stored_rows, want[i][0]);
    assert_int_equal(part->stored_cols, want[i][1]);
  }
  assert_true(find_part(&file, "conv/kernel")->role.transposed);
  check_reason(&file, "empty.weight", true, "no elements");
  check_reason(&file, "h.0.attn.bias", true, "mask");
  assert_false(find_part(&file, "bn.running_var")->skipped);
  check_reason(&file, "layers.0.mlp.experts.gate_up_proj", false, "stacks");
  close_parts(&file);
}

/* Of GPT-2's names the square tensors cannot tell their storage: the others of the file can. */
static void squares_follow_the_rest_of_the_file(void **state) {
  (void)state;
  tensor_spec specs[] = {{"h.0.attn.c_proj.weight", WLAW_F64, 2, {4, 4}},
                         {"h.0.attn.c_attn.weight", WLAW_F64, 2, {12, 4}}};
  write_numbered(test_scratch("linear.safetensors"), specs, 2);
  opened file = open_parts(test_scratch("linear.safetensors"), (part_request){0});
  assert_false(find_part(&file, "h.0.attn.c_proj.weight")->role.transposed);
  check_part(&file, "h.0.attn.c_attn.weight[k]", TENSOR_K, (unsigned[]){4, 5, 6, 7}, 4, 0, 4);
  close_parts(&file);
}

static void patterns_select(void **state) {
  (void)state;
  const tensor_spec specs[] = {{"a.q_proj.weight", WLAW_F64, 2, {2, 2}}, {"a.qkv_proj.weight", WLAW_F64, 2, {6, 2}}};
  write_numbered(test_scratch("patterns.safetensors"), specs, 2);
  static const struct {
    const char *only;
    size_t n;
  } cases[] = {{"a.q_proj.weight", 1}, {"*", 4}, {"a.q?v*", 3}, {"a.qkv_proj.weight", 3}, {"*[v]", 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    opened file = open_parts(test_scratch("patterns.safetensors"), (part_request){.only = cases[i].only});
    if (file.parts.n != cases[i].n) fail_msg("%s: %zu parts", cases[i].only, file.parts.n);
    close_parts(&file);
  }
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  scan_parts parts;
  check_ok(wlaw_tensors_open(&tensors, test_scratch("patterns.safetensors"), err));
  check_status(wlaw_scan_parts(&parts, tensors, &(part_request){.only = "a.k_proj.weight"}, err), WLAW_NAME);
  assert_non_null(strstr(wlaw_error_message(err), "a.q_proj.weight"));
  check_status(wlaw_scan_parts(&parts, tensors, &(part_request){.only = "b.*"}, err), WLAW_NAME);
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

static wlaw_status list_and_read(void *context, wlaw_error *err) {
  wlaw_tensors *tensors;
  WLAW_TRY(wlaw_tensors_open(&tensors, context, err));
  scan_parts parts;
  wlaw_status status = wlaw_scan_parts(&parts, tensors, &(part_request){.heads = 2}, err);
  for (size_t i = 0; status == WLAW_OK && i < parts.n; i++) {
    weight_source source;
    if (parts.part[i].skipped) continue;
    status = wlaw_part_source(&source, tensors, &parts.part[i], err);
    if (status == WLAW_OK) wlaw_source_free(&source);
  }
  wlaw_scan_parts_free(&parts); /* empty on failure */
  wlaw_tensors_close(tensors);
  return status;
}

static void memory_may_run_out(void **state) {
  (void)state;
  const tensor_spec specs[] = {{"a.lora_A.weight", WLAW_F64, 2, {2, 5}},
                               {"a.lora_B.weight", WLAW_F64, 2, {3, 2}},
                               {"b.query_key_value.weight", WLAW_F64, 2, {6, 1}}};
  write_numbered(test_scratch("configured/refused.safetensors"), specs, 3);
  write_text(test_scratch("configured/config.json"), "{\"n_head\":2}");
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("configured/refused.safetensors"));
  alloc_fail_each(list_and_read, path);
}

/* ---- published medians */

static void medians_are_those_published(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  char *text;
  size_t n, seen = 0;
  const char *path = test_data("../reference/npm_weibull/database_v9_1/DATABASE_v9_1.csv");
  check_ok(wlaw_input_whole(&text, &n, path, 1 << 20, err));
  static const struct {
    const char *column;
    tensor_kind kind;
  } columns[] = {{"qkv", TENSOR_QKV},   {"q", TENSOR_Q},         {"k", TENSOR_K},   {"v", TENSOR_V},
                 {"o", TENSOR_O},       {"gate", TENSOR_GATE},   {"up", TENSOR_UP}, {"ffn_in", TENSOR_UP},
                 {"down", TENSOR_DOWN}, {"ffn_out", TENSOR_DOWN}};
  char *header[128] = {0}, *field[128], *line_end, *line = text;
  for (size_t row = 0; *line; row++, line = line_end + 1) {
    line_end = strchr(line, '\n');
    assert_non_null(line_end);
    *line_end = '\0';
    size_t fields = 0;
    for (char *at = line; at && fields < 128; fields++) {
      field[fields] = at;
      at = strchr(at, ',');
      if (at) *at++ = '\0';
    }
    if (row == 0) {
      memcpy(header, field, sizeof header);
      continue;
    }
    for (size_t f = 0; f + 2 < fields; f++) {
      for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        char name[64];
        snprintf(name, sizeof name, "k_median_%s", columns[c].column);
        if (strcmp(header[f], name) != 0 || !*field[f]) continue;
        size_t found = 0;
        for (size_t p = 0; p < wlaw_n_published; p++) {
          const published_median *median = &wlaw_published[p];
          if (strcmp(median->model, field[0]) != 0 || median->kind != columns[c].kind) continue;
          found++;
          assert_string_equal(median->family, field[1]);
          assert_int_equal(median->fused, strcmp(field[3], "MHA-merged") == 0);
          /* printed to six decimals; lambda to seven digits */
          check_near(median->k, atof(field[f]), 5.1e-7);
          check_near(median->lambda, atof(field[f + 1]), 5.1e-7 * atof(field[f + 1]) + 5e-9);
          check_near(median->r2, atof(field[f + 2]), 5.1e-7);
        }
        if (found != 1) fail_msg("%s of %s stands %zu times in the table", name, field[0], found);
        seen++;
      }
    }
  }
  assert_int_equal(seen, wlaw_n_published);
  free(text);
  wlaw_error_free(err);
}

static void bands_of_published_medians(void **state) {
  (void)state;
  const published_band gate = wlaw_published_k(TENSOR_GATE), qkv = wlaw_published_k(TENSOR_QKV),
                       q = wlaw_published_k(TENSOR_Q);
  assert_int_equal(gate.n, 7);
  assert_int_equal(qkv.n, 5);
  /* DATABASE_v9_1.md prints four decimals of what is rounded to six here */
  check_near(qkv.low, 1.0488, 6e-5);
  check_near(qkv.median, 1.1466, 5e-5);
  check_near(q.low, .8123, 5e-5);
  check_near(q.high, 1.1638, 5e-5);
  assert_int_equal(wlaw_published_k(TENSOR_UP).n, 12);
  assert_int_equal(wlaw_published_k(TENSOR_CONV).n, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fused_tensors_are_split),
      cmocka_unit_test(heads_come_from_the_configuration),
      cmocka_unit_test(low_rank_pairs_are_multiplied),
      cmocka_unit_test(shapes_become_matrices),
      cmocka_unit_test(squares_follow_the_rest_of_the_file),
      cmocka_unit_test(patterns_select),
      cmocka_unit_test(memory_may_run_out),
      cmocka_unit_test(medians_are_those_published),
      cmocka_unit_test(bands_of_published_medians),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
