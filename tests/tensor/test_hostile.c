/* Every hostile file of the shared data meets the outcome its table states, and the good ones hold the values it
 * states. A refusal must be about the file (FORMAT, UNSUPPORTED, LIMIT), name it, and say more than the status does. */
#include "support/test.h"

#include "tensor/tensor.h"

/* Opens the file and reads every readable tensor whole, in constant memory. */
static wlaw_status read_everything(const char *path, wlaw_error *err) {
  enum { BLOCK = 1 << 16 };
  static double values[BLOCK];
  wlaw_tensors *tensors;
  wlaw_status status = wlaw_tensors_open(&tensors, path, err);
  if (status != WLAW_OK) return status;
  for (size_t i = 0; i < wlaw_tensors_count(tensors); i++) {
    if (wlaw_tensors_note(tensors, i)[0]) continue;
    const uint64_t count = tensors->info[i].count;
    for (uint64_t at = 0; at < count && status == WLAW_OK; at += BLOCK)
      status = wlaw_tensors_read(tensors, i, at, count - at < BLOCK ? (size_t)(count - at) : BLOCK, values, err);
  }
  wlaw_tensors_close(tensors);
  return status;
}

/* Rows that the table leaves open or to another layer: what weightlaw decides, and why. */
static const struct {
  const char *file;
  wlaw_status want;
} decisions[] = {
    {"npy_gen/bad_structured_dtype.npy", WLAW_UNSUPPORTED}, /* records are no weights */
    {"npy_gen/bad_duplicate_member.npz", WLAW_FORMAT},      /* which of the two is meant cannot be known */
    {"npy_gen/bad_path_traversal.npz", WLAW_OK},            /* the name is only text: nothing is ever unpacked to it */
    {"npy_gen/bomb_64MiB_deflate.npz", WLAW_OK},            /* 64 MiB that it truly holds, read in constant memory */
    {"idx_gen/bad_label_range", WLAW_OK},                   /* a valid IDX file; labels are the data set's to check */
    {"gguf_gen/edge_unpadded_tail.gguf", WLAW_OK},          /* the weights are all there; only padding is missing */
    {"gguf_gen/ok_or_bad_zero_dim.gguf", WLAW_OK},          /* a tensor without weights is none too many */
};
enum { N_DECISIONS = sizeof decisions / sizeof *decisions };

static bool is_ours(const char *file) {
  return strncmp(file, "safetensors_gen/", 16) == 0 || strncmp(file, "npy_gen/", 8) == 0 ||
         strncmp(file, "idx_gen/", 8) == 0 || strncmp(file, "gguf_gen/", 9) == 0;
}

static bool meets(const char *file, const char *outcome, wlaw_status got) {
  for (size_t k = 0; k < N_DECISIONS; k++)
    if (strcmp(file, decisions[k].file) == 0) return got == decisions[k].want;
  if (strncmp(outcome, "OK", 2) == 0) return got == WLAW_OK;
  return got == WLAW_FORMAT || got == WLAW_UNSUPPORTED || got == WLAW_LIMIT;
}

static void every_row_of_the_table(void **state) {
  (void)state;
  FILE *rows = fopen(test_data("hostile/expected_gen.tsv"), "r");
  assert_non_null(rows);
  wlaw_error *err = wlaw_error_new();
  char line[1024];
  int seen = 0, wrong = 0;
  while (fgets(line, sizeof line, rows)) {
    char file[256], outcome[16], relative[300];
    if (sscanf(line, "%255s %*s %15s", file, outcome) != 2 || !is_ours(file)) continue;
    snprintf(relative, sizeof relative, "hostile/%s", file);
    wlaw_error_clear(err);
    const char *path = test_data(relative);
    const wlaw_status got = read_everything(path, err);
    bool ok = meets(file, outcome, got);
    if (got != WLAW_OK)
      ok = ok && strcmp(wlaw_error_file(err), path) == 0 &&
           strlen(wlaw_error_message(err)) > strlen(path) + strlen(": ") + 10;
    if (!ok) print_message("%s: %s, got %s: %s\n", file, outcome, wlaw_status_name(got), wlaw_error_message(err));
    seen++;
    wrong += !ok;
  }
  fclose(rows);
  wlaw_error_free(err);
  assert_int_equal(seen, 122); /* a table that lost its rows would pass unseen */
  assert_int_equal(wrong, 0);
}

/* The values and shapes that the table states in words. rank and shape, then as many values as are listed. */
typedef struct expectation {
  const char *file, *tensor;
  wlaw_dtype dtype;
  size_t rank;
  uint64_t shape[3];
  size_t n;
  double values[32];
} expectation;

static const expectation expectations[] = {
    {"safetensors_gen/ok_2x2_i32.safetensors", "test", WLAW_I32, 2, {2, 2}, 4, {0}},
    {"safetensors_gen/ok_zero_dim.safetensors", NULL, WLAW_I32, 2, {2, 0}, 0, {0}},
    {"safetensors_gen/ok_nan_inf_denormal_f32.safetensors",
     NULL,
     WLAW_F32,
     1,
     {6},
     6,
     {NAN, INFINITY, -INFINITY, 0x1p-149, -0.0, 0x1.fffffep127}},
    {"safetensors_gen/ok_bf16_f16_f64.safetensors", "b", WLAW_BF16, 1, {2}, 2, {1, -2}},
    {"safetensors_gen/ok_bf16_f16_f64.safetensors", "h", WLAW_F16, 1, {2}, 2, {1, 0x1p-24}},
    {"safetensors_gen/ok_bf16_f16_f64.safetensors", "d", WLAW_F64, 1, {1}, 1, {1e300}},
    {"safetensors_gen/ok_unordered_keys.safetensors", "a", WLAW_F32, 1, {1}, 1, {1}},
    {"safetensors_gen/ok_unordered_keys.safetensors", "z", WLAW_F32, 1, {1}, 1, {2}},
    {"npy_gen/ok_c_f4.npy", NULL, WLAW_F32, 2, {2, 3}, 6, {0, 1, 2, 3, 4, 5}},
    {"npy_gen/ok_fortran_f8.npy", NULL, WLAW_F64, 2, {2, 3}, 6, {0, 2, 4, 1, 3, 5}},
    {"npy_gen/ok_bigendian_f4.npy", NULL, WLAW_F32, 1, {6}, 6, {0, 1, 2, 3, 4, 5}},
    {"npy_gen/ok_bigendian_i2.npy", NULL, WLAW_I16, 1, {6}, 6, {0, 1, 2, 3, 4, 5}},
    {"npy_gen/ok_f2.npy", NULL, WLAW_F16, 1, {6}, 6, {0, 1, 2, 3, 4, 5}},
    {"npy_gen/ok_bool.npy", NULL, WLAW_BOOL, 1, {3}, 3, {1, 0, 1}},
    {"npy_gen/ok_scalar.npy", NULL, WLAW_F64, 0, {0}, 1, {7}},
    {"npy_gen/ok_zero_rows.npy", NULL, WLAW_F32, 2, {0, 5}, 0, {0}},
    {"npy_gen/ok_v2.npy", NULL, WLAW_F32, 1, {6}, 6, {0, 1, 2, 3, 4, 5}},
    {"npy_gen/ok_v3_utf8.npy", NULL, WLAW_F32, 1, {6}, 6, {0, 1, 2, 3, 4, 5}},
    {"npy_gen/ok_keys_other_order.npy", NULL, WLAW_F32, 1, {6}, 6, {0, 1, 2, 3, 4, 5}},
    {"npy_gen/ok_no_padding.npy", NULL, WLAW_F32, 1, {6}, 6, {0, 1, 2, 3, 4, 5}},
    {"npy_gen/ok_py2_long.npy", NULL, WLAW_F32, 1, {6}, 6, {0, 1, 2, 3, 4, 5}},
    {"npy_gen/ok_stored.npz", "w", WLAW_F32, 2, {2, 3}, 6, {0, 1, 2, 3, 4, 5}},
    {"npy_gen/ok_deflate.npz", "w", WLAW_F32, 2, {2, 3}, 6, {0, 1, 2, 3, 4, 5}},
    {"npy_gen/ok_nested_names.npz", "model/pi/fc0/kernel:0", WLAW_F32, 2, {2, 3}, 6, {0, 1, 2, 3, 4, 5}},
    {"npy_gen/ok_non_npy_member.npz", "w", WLAW_F32, 2, {2, 3}, 6, {0, 1, 2, 3, 4, 5}},
    {"idx_gen/ok_images.gz", NULL, WLAW_U8, 3, {2, 28, 28}, 0, {0}},
    {"idx_gen/ok_images_raw", NULL, WLAW_U8, 3, {2, 28, 28}, 0, {0}},
    {"idx_gen/ok_two_members.gz", NULL, WLAW_U8, 3, {2, 28, 28}, 0, {0}},
    {"idx_gen/ok_labels.gz", NULL, WLAW_U8, 1, {2}, 2, {1, 2}},
    {"idx_gen/ok_f32_idx", NULL, WLAW_F32, 2, {1, 2}, 2, {1, 2}},
    {"idx_gen/ok_i16_idx", NULL, WLAW_I16, 1, {2}, 2, {-1, 2}},
    {"gguf_gen/ok_one_f32.gguf", "w", WLAW_F32, 2, {2, 4}, 8, {0, 1, 2, 3, 4, 5, 6, 7}},
    {"gguf_gen/ok_q8_0.gguf", NULL, WLAW_F32, 1, {32}, 32, {0,   .5,   1,   1.5,  2,   2.5,  3,   3.5,  4,   4.5, 5,
                                                            5.5, 6,    6.5, 7,    7.5, 8,    8.5, 9,    9.5, 10,  10.5,
                                                            11,  11.5, 12,  12.5, 13,  13.5, 14,  14.5, 15,  15.5}},
    {"gguf_gen/ok_q4_0.gguf", NULL, WLAW_F32, 1, {32}, 32, {7,  6,  5,  4,  3,  2,  1,  0,  -1, -2, -3,
                                                            -4, -5, -6, -7, -8, -8, -7, -6, -5, -4, -3,
                                                            -2, -1, 0,  1,  2,  3,  4,  5,  6,  7}},
};

static bool same_value(double a, double b) {
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  return a == b && signbit(a) == signbit(b);
}

static void check_expectation(const expectation *want, wlaw_error *err) {
  char relative[300];
  snprintf(relative, sizeof relative, "hostile/%s", want->file);
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, test_data(relative), err));
  size_t i = 0;
  if (want->tensor) check_ok(wlaw_tensors_find(&i, tensors, want->tensor, err));
  if (wlaw_tensors_dtype(tensors, i) != want->dtype || wlaw_tensors_rank(tensors, i) != want->rank)
    fail_msg("%s: %s of rank %zu, expected %s of %zu", want->file, wlaw_dtype_text(wlaw_tensors_dtype(tensors, i)),
             wlaw_tensors_rank(tensors, i), wlaw_dtype_text(want->dtype), want->rank);
  assert_memory_equal(wlaw_tensors_shape(tensors, i), want->shape, want->rank * sizeof(uint64_t));
  double values[32];
  check_ok(wlaw_tensors_read(tensors, i, 0, want->n, values, err));
  for (size_t k = 0; k < want->n; k++)
    if (!same_value(values[k], want->values[k]))
      fail_msg("%s: value %zu is %.17g, expected %.17g", want->file, k, values[k], want->values[k]);
  wlaw_tensors_close(tensors);
}

static void values_stated_by_the_table(void **state) {
  (void)state;
  test_data("hostile/expected_gen.tsv");
  wlaw_error *err = wlaw_error_new();
  for (size_t k = 0; k < sizeof expectations / sizeof *expectations; k++) check_expectation(&expectations[k], err);
  wlaw_error_free(err);
}

/* Arrays written by other programs: NumPy's own object arrays, and candle's. */
static void files_of_other_programs(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  const char *const objects[] = {"hostile/npy_numpy/py2-objarr.npy", "hostile/npy_numpy/py2-np0-objarr.npy",
                                 "hostile/npy_numpy/py3-objarr.npy", "hostile/npy_numpy/py2-objarr.npz",
                                 "hostile/npy_numpy/py3-objarr.npz"};
  for (size_t k = 0; k < sizeof objects / sizeof *objects; k++)
    check_status(wlaw_tensors_open(&tensors, test_data(objects[k]), err), WLAW_UNSUPPORTED);
  check_ok(read_everything(test_data("hostile/npz_candle/test.npz"), err));
  check_ok(read_everything(test_data("hostile/npz_candle/test.npy"), err));
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_row_of_the_table),
      cmocka_unit_test(values_stated_by_the_table),
      cmocka_unit_test(files_of_other_programs),
  };
  return cmocka_run_group_tests_name("tensor.hostile", tests, NULL, NULL);
}
