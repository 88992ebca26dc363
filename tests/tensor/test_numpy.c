/* Files exchanged with NumPy in both directions (numpy_files.py). Skipped where no Python with NumPy is found. */
#include "support/test.h"

#include "tensor/writer.h"

static bool run(const char *command) {
  fflush(NULL);
  return system(command) == 0;
}

/* A Python that has NumPy: $WEIGHTLAW_PYTHON, python3, or the system's. */
static const char *find_python(void) {
  const char *const candidates[] = {getenv("WEIGHTLAW_PYTHON"), "python3", "/usr/bin/python3"};
  for (size_t k = 0; k < 3; k++) {
    char command[4096];
    if (!candidates[k]) continue;
    snprintf(command, sizeof command, "%s -c 'import numpy' 2>/dev/null", candidates[k]);
    if (run(command)) return candidates[k];
  }
  print_message("skipped: no Python with NumPy\n");
  skip();
  return NULL;
}

static void run_script(const char *what, const char *folder) {
  char command[8192];
  snprintf(command, sizeof command, "mkdir -p %s && %s %s/tensor/numpy_files.py %s %s", folder, find_python(),
           TEST_SOURCE_DIR, what, folder);
  if (!run(command)) fail_msg("%s", command);
}

/* The tensor `name` of a file against the doubles of a raw file. */
static void check_file(const char *path, const char *name, const char *raw, wlaw_error *err) {
  enum { MOST = 64 };
  double want[MOST], got[MOST];
  FILE *file = fopen(raw, "rb");
  assert_non_null(file);
  const size_t n = fread(want, sizeof *want, MOST, file);
  fclose(file);
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  size_t i;
  check_ok(wlaw_tensors_find(&i, tensors, name, err));
  assert_int_equal(tensors->info[i].count, n);
  check_ok(wlaw_tensors_read(tensors, i, 0, n, got, err));
  for (size_t k = 0; k < n; k++)
    if (!(got[k] == want[k])) fail_msg("%s: element %zu is %g, expected %g", path, k, got[k], want[k]);
  for (size_t k = 0; k < n; k++) {
    check_ok(wlaw_tensors_read(tensors, i, k, 1, got, err));
    assert_true(got[0] == want[k]);
  }
  wlaw_tensors_close(tensors);
}

static void files_by_numpy(void **state) {
  (void)state;
  const char *folder = test_scratch("from-numpy");
  run_script("write", folder);
  char path[4200], raw[4200], name[64];
  snprintf(path, sizeof path, "%s/list.txt", folder);
  FILE *list = fopen(path, "r");
  assert_non_null(list);
  wlaw_error *err = wlaw_error_new();
  int seen = 0;
  for (; fscanf(list, "%63s", name) == 1; seen++) {
    snprintf(raw, sizeof raw, "%s/%s.raw", folder, name);
    snprintf(path, sizeof path, "%s/%s.npy", folder, name);
    check_file(path, "", raw, err);
    snprintf(path, sizeof path, "%s/%s.npz", folder, name);
    check_file(path, "w", raw, err);
    snprintf(path, sizeof path, "%s/%s-packed.npz", folder, name);
    check_file(path, "w", raw, err);
  }
  fclose(list);
  wlaw_error_free(err);
  assert_int_equal(seen, 12 * 5 * 2 * 2);
}

static void files_for_numpy(void **state) {
  (void)state;
  static const struct {
    const char *code;
    wlaw_dtype dtype;
  } types[] = {{"f2", WLAW_F16}, {"f4", WLAW_F32}, {"f8", WLAW_F64}, {"i1", WLAW_I8},
               {"i2", WLAW_I16}, {"i4", WLAW_I32}, {"i8", WLAW_I64}, {"u1", WLAW_U8},
               {"u2", WLAW_U16}, {"u4", WLAW_U32}, {"u8", WLAW_U64}, {"b1", WLAW_BOOL}};
  const char *folder = test_scratch("for-numpy");
  find_python();
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_folder_make(folder, err));
  for (size_t k = 0; k < sizeof types / sizeof *types; k++)
    for (int zip = 0; zip < 2; zip++) {
      const tensor_spec specs[2] = {{"w", types[k].dtype, 2, {7, 3}}, {"other", WLAW_U8, 1, {5}}};
      unsigned char bytes[7 * 3 * 8 + 5] = {0};
      const size_t size = wlaw_dtype_size(types[k].dtype), n = 21 * size;
      /* bytes 1, 0, ... for bool; below 0x7C for f16, so that no NaN comes */
      for (size_t b = 0; b < n; b++) bytes[b] = (unsigned char)(types[k].dtype == WLAW_BOOL ? b & 1 : b * 29 % 61);
      double values[21];
      wlaw_dtype_to_double(values, bytes, types[k].dtype, 21);
      char path[4200], raw[4300];
      snprintf(path, sizeof path, "%s/ours-%s.%s", folder, types[k].code, zip ? "npz" : "npy");
      snprintf(raw, sizeof raw, "%s.raw", path);
      tensor_writer *writer;
      check_ok(wlaw_writer_open(&writer, path, specs, zip ? 2 : 1, NULL, err));
      check_ok(wlaw_writer_add(writer, bytes, zip ? n + 5 : n, err));
      check_ok(wlaw_writer_commit(writer, err));
      check_ok(wlaw_output_whole(raw, values, sizeof values, err));
    }
  wlaw_error_free(err);
  run_script("check", folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(files_by_numpy), cmocka_unit_test(files_for_numpy)};
  return cmocka_run_group_tests_name("tensor.numpy", tests, NULL, NULL);
}
