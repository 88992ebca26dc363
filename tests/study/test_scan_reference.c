/* Scans of a real checkpoint (stories260K) beside the published programs' numbers, and of its other formats. */
#include "study/scan_support.h"

#include "law/ggd.h"

static json_t *reference(void) {
  json_error_t why;
  json_t *document = json_load_file(test_data("checkpoints/stories260K/reference_fits.json"), 0, &why);
  if (!document) fail_msg("%s", why.text);
  return document;
}

/* got and want agree to `relative` of want. */
static void check_relative(const char *tensor, const char *what, double got, double want, double relative) {
  if (!(fabs(got - want) <= relative * fabs(want)))
    fail_msg("%s of %s: %.17g, expected %.17g", what, tensor, got, want);
}

/* ours, theirs, and how far they may be apart, relatively. */
typedef struct compared {
  const char *ours, *theirs;
  double relative;
} compared;

static void compare_rows(const char *protocol, const char *spectra, const compared *pairs, size_t n) {
  json_t *document = reference();
  const json_t *rows = json_object_get(document, "rows");
  const char *path = test_data("checkpoints/stories260K/model-f32.safetensors");
  wlaw_result *result =
      scanned(path, (const char *const[]){"compat", protocol, "spectra", spectra, "quick", "true", NULL});
  assert_true(json_array_size(rows) > 30);
  for (size_t r = 0; r < json_array_size(rows); r++) {
    const json_t *row = json_array_get(rows, r);
    const char *name = json_string_value(json_object_get(row, "name"));
    const json_t *tensor = tensor_named(result, name);
    for (size_t i = 0; i < n; i++)
      check_relative(name, pairs[i].ours, value_of(tensor, pairs[i].ours), value_of(row, pairs[i].theirs),
                     pairs[i].relative);
  }
  wlaw_result_free(result);
  json_decref(document);
}

/* Both protocols to 1e-9; ours is the one of sorted weights for tensors of this size. */
static void weibull_by_every_protocol(void **state) {
  (void)state;
  static const compared sorted[] = {{"weibull.k", "sort_k", 1e-9},
                                    {"weibull.lambda", "sort_lambda", 1e-9},
                                    {"weibull.r2", "sort_R2", 1e-9},
                                    {"count", "n", 0},
                                    {"std", "std", 1e-9},
                                    {"rms", "rms", 1e-9},
                                    {"mean_magnitude", "mean_abs", 1e-9},
                                    {"kurtosis", "kurtosis", 1e-9}};
  static const compared binned[] = {
      {"weibull.k", "hist_k", 1e-9}, {"weibull.lambda", "hist_lambda", 1e-9}, {"weibull.r2", "hist_R2", 1e-9}};
  compare_rows("exact", "false", sorted, sizeof sorted / sizeof *sorted);
  compare_rows("npm-sort", "false", sorted, sizeof sorted / sizeof *sorted);
  compare_rows("npm-hist", "false", binned, sizeof binned / sizeof *binned);
}

/* alpha is a choice of xmin among eigenvalues that agree to 1e-12: the same xmin, and then a sum of logarithms. */
static void spectra(void **state) {
  (void)state;
  static const compared pairs[] = {
      {"spectrum.spectral_norm", "sv_max", 1e-12}, {"spectrum.stable_rank", "stable_rank", 1e-12},
      {"spectrum.alpha", "ww_alpha", 1e-9},        {"spectrum.xmin", "ww_xmin", 1e-9},
      {"spectrum.n_tail", "ww_ntail", 0},          {"spectrum.distance", "ww_D", 1e-9},
      {"spectrum.se_alpha", "ww_sigma", 1e-9}};
  compare_rows("exact", "true", pairs, sizeof pairs / sizeof *pairs);
}

/* The moment rule: the shape whose ratio of moments is the tensor's. */
static void backslash(void **state) {
  (void)state;
  json_t *document = reference();
  const char *path = test_data("checkpoints/stories260K/model-f32.safetensors");
  wlaw_result *result = scanned(path, (const char *const[]){"compat", "backslash", "quick", "true", NULL});
  const json_t *rows = json_object_get(document, "rows");
  for (size_t r = 0; r < json_array_size(rows); r++) {
    const json_t *row = json_array_get(rows, r);
    const char *name = json_string_value(json_object_get(row, "name"));
    const double shape = value_of(tensor_named(result, name), "ggd.shape");
    check_relative(name, "ratio", wlaw_ggd_ratio(shape), value_of(row, "ggd_rho"), 1e-9);
  }
  wlaw_result_free(result);
  json_decref(document);
}

/* One tensor in two files: every number the same, to the bit. */
static void same_tensor(const wlaw_result *a, const char *name_a, const wlaw_result *b, const char *name_b) {
  static const char *const keys[] = {
      "rows",      "columns",           "mean",      "std",       "kurtosis", "min", "max",
      "weibull.k", "weibull.se_k_rows", "ggd.shape", "row_spread"};
  const json_t *x = tensor_named(a, name_a), *y = tensor_named(b, name_b);
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (!(value_of(x, keys[i]) == value_of(y, keys[i]))) fail_msg("%s of %s and %s", keys[i], name_a, name_b);
  assert_true(json_equal(json_object_get(x, "histogram"), json_object_get(y, "histogram")));
}

static void two_formats_agree(void **state) {
  (void)state;
  static const char *const pairs[][2] = {{"model-f32.safetensors", "stories260K-f32.gguf"},
                                         {"model-f16.safetensors", "stories260K-f16.gguf"}};
  /* q and k are stored in another order of rows in GGUF */
  static const char *const names[][2] = {{"model.embed_tokens.weight", "token_embd.weight"},
                                         {"model.layers.0.self_attn.v_proj.weight", "blk.0.attn_v.weight"},
                                         {"model.layers.1.self_attn.o_proj.weight", "blk.1.attn_output.weight"},
                                         {"model.layers.2.mlp.gate_proj.weight", "blk.2.ffn_gate.weight"},
                                         {"model.layers.3.mlp.up_proj.weight", "blk.3.ffn_up.weight"},
                                         {"model.layers.4.mlp.down_proj.weight", "blk.4.ffn_down.weight"}};
  for (size_t p = 0; p < 2; p++) {
    char of_a[256], of_b[256];
    snprintf(of_a, sizeof of_a, "checkpoints/stories260K/%s", pairs[p][0]);
    snprintf(of_b, sizeof of_b, "checkpoints/stories260K/%s", pairs[p][1]);
    wlaw_result *a = scanned(test_data(of_a), NULL), *b = scanned(test_data(of_b), NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) same_tensor(a, names[i][0], b, names[i][1]);
    wlaw_result_free(a);
    wlaw_result_free(b);
  }
}

/* A whole checkpoint in two formats: not a character of what is said of its tensors differs. */
static void npz_and_safetensors_agree(void **state) {
  (void)state;
  const char *npz = test_data("checkpoints/ani_1x/ani-1x_train0.npz");
  wlaw_result *a = scanned(npz, NULL);
  wlaw_result *b = scanned(test_data("checkpoints/ani_1x/ani-1x_train0.safetensors"), NULL);
  const json_t *tensors = json_object_get(a->document, "tensors");
  assert_true(json_array_size(tensors) > 10);
  assert_true(json_equal(tensors, json_object_get(b->document, "tensors")));
  wlaw_result_free(a);
  wlaw_result_free(b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(weibull_by_every_protocol), cmocka_unit_test(spectra),
                                     cmocka_unit_test(backslash), cmocka_unit_test(two_formats_agree),
                                     cmocka_unit_test(npz_and_safetensors_agree)};
  return cmocka_run_group_tests_name("study.scan_reference", tests, NULL, NULL);
}
