/* The verb kernel: the file is the matrix, at any number of threads and through any interruption; what is refused. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/memory.h"
#include "limit/kernel.h"
#include "study/matrix_file.h"
#include "study/study.h"

#include "support/alloc_fail.h"

extern const command_spec wlaw_command_kernel;

enum { MANY = 1100, FEW = 600, FEATURES = 5 }; /* stripes of 512 rows: three and two */

/* n inputs in a file; rows 7 and 900 (of MANY) are row 3. */
static const char *write_inputs(const char *name, size_t n, uint32_t which) {
  static double x[MANY * FEATURES];
  const char *path = test_scratch(name);
  const tensor_spec spec = {"x", WLAW_F64, 2, {n, FEATURES}};
  const double *values = x;
  wlaw_stream stream = wlaw_stream_start(71, STREAM_TEST, which, 0);
  wlaw_stream_normals(&stream, x, n * FEATURES);
  for (size_t f = 0; f < FEATURES; f++) x[7 * FEATURES + f] = x[3 * FEATURES + f];
  if (n == MANY) memcpy(x + 900 * FEATURES, x + 3 * FEATURES, FEATURES * sizeof *x);
  write_tensors(path, &spec, 1, &values);
  return path;
}

static void read_all(double *out, const char *path, size_t count) {
  wlaw_tensors *tensors = NULL;
  wlaw_error *err = wlaw_error_new();
  check_ok(wlaw_tensors_open(&tensors, path, err));
  check_ok(wlaw_tensors_read(tensors, 0, 0, count, out, err));
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

static void check_matrix(const char *const *inputs, size_t n_inputs, const char *kernel, const char *dtype) {
  const size_t n = MANY, m = n_inputs == 2 ? FEW : MANY;
  double *want = wlaw_array(n * m, sizeof *want), *got = wlaw_array(n * m, sizeof *got);
  double *x = wlaw_array(n * FEATURES, sizeof *x), *y = wlaw_array(m * FEATURES, sizeof *y);
  kernel_spec spec = {.depth = 2, .weight_variance = 1.5, .bias_variance = 0.1, .ntk = strcmp(kernel, "ntk") == 0};
  kernel_inputs a, b;
  wlaw_error *err = wlaw_error_new();
  read_all(x, inputs[0], n * FEATURES);
  read_all(y, inputs[n_inputs - 1], m * FEATURES);
  check_ok(wlaw_dual_parse(&spec.activation, "erf", err));
  check_ok(wlaw_kernel_inputs_new(&a, x, n, FEATURES, err));
  check_ok(wlaw_kernel_inputs_new(&b, y, m, FEATURES, err));
  check_ok(wlaw_kernel_matrix(want, &spec, &a, n_inputs == 2 ? &b : &a, 1, NULL, err));
  for (const char *threads = "13"; *threads; threads++) {
    const char count[2] = {*threads, '\0'};
    const char *output = test_scratch("kernel.npy");
    const char *const pairs[] = {
        "output",          output, "kernel",        kernel, "activation", "erf",  "depth",   "2",   "dtype", dtype,
        "weight-variance", "1.5",  "bias-variance", "0.1",  "force",      "true", "threads", count, NULL};
    wlaw_result *result = NULL;
    check_ok(call_verb(&result, &wlaw_command_kernel, inputs, n_inputs, pairs, err));
    wlaw_result_free(result);
    read_all(got, output, n * m);
    for (size_t i = 0; i < n * m; i++)
      if (!(got[i] == (strcmp(dtype, "f32") == 0 ? (double)(float)want[i] : want[i])))
        fail_msg("%s: entry %zu is %.17g, not %.17g", kernel, i, got[i], want[i]);
  }
  wlaw_kernel_inputs_free(&a);
  wlaw_kernel_inputs_free(&b);
  free(want);
  free(got);
  free(x);
  free(y);
  wlaw_error_free(err);
}

static void the_file_is_the_matrix(void **state) {
  (void)state;
  char paths[2][4096];
  snprintf(paths[0], sizeof paths[0], "%s", write_inputs("many.npy", MANY, 0));
  snprintf(paths[1], sizeof paths[1], "%s", write_inputs("few.npy", FEW, 1));
  const char *const inputs[] = {paths[0], paths[1]};
  check_matrix(inputs, 1, "nngp", "f64");
  check_matrix(inputs, 1, "ntk", "f32");
  check_matrix(inputs, 2, "ntk", "f64");
}

static void twins_are_listed(void **state) {
  (void)state;
  const char *inputs[] = {write_inputs("many.npy", MANY, 0)};
  const char *const pairs[] = {"output", test_scratch("twins.npy"), NULL};
  wlaw_result *result = NULL;
  wlaw_error *err = wlaw_error_new();
  double found[6];
  size_t count = 0;
  check_ok(call_verb(&result, &wlaw_command_kernel, inputs, 1, pairs, err));
  check_ok(wlaw_result_get(result, "duplicates", found, 6, &count, err));
  assert_int_equal(count, 4);
  assert_true(found[0] == 3 && found[1] == 7 && found[2] == 3 && found[3] == 900);
  wlaw_result_free(result);
  wlaw_error_free(err);
}

/* Asks to stop once the work is beyond `limit`, which grows from run to run. */
static int stop_beyond(void *user, double fraction, const char *what) {
  return strcmp(what, "kernel") == 0 && fraction > *(const double *)user;
}

/* Forty layers of 2000 x 2000 take long enough to be interrupted several times on the way. */
static void interruptions_do_not_show(void **state) {
  (void)state;
  enum { LAYERS = 40, SIZE = 2000 };
  static const char *input = "synthetic";
  char path[4096], whole[4096], depth[8], size[8], *bytes[2];
  size_t n[2];
  int interrupted = 0;
  double made = 0.0, limit = 0.05;
  wlaw_error *err = wlaw_error_new();
  snprintf(path, sizeof path, "%s", test_scratch("broken.npy"));
  snprintf(whole, sizeof whole, "%s", test_scratch("whole.npy"));
  snprintf(depth, sizeof depth, "%d", LAYERS);
  snprintf(size, sizeof size, "%d", SIZE);
  for (int run = 0; run < 50; run++, limit += 0.15) {
    const char *const pairs[] = {"output", path,      "samples",           size, "depth", depth, "dtype",
                                 "f32",    "threads", run % 2 ? "1" : "3", NULL};
    wlaw_options *options = NULL;
    wlaw_result *result = NULL;
    check_ok(wlaw_options_make(&options, &wlaw_command_kernel, err));
    for (const char *const *pair = pairs; *pair; pair += 2) check_ok(wlaw_options_set(options, pair[0], pair[1], err));
    const wlaw_status status = wlaw_kernel(&result, &input, 1, options, stop_beyond, &limit, err);
    wlaw_options_free(options);
    if (status == WLAW_OK) made = number_at(result, "tiles_made");
    wlaw_result_free(result);
    if (status == WLAW_OK) break;
    check_status(status, WLAW_CANCELLED);
    assert_string_equal(wlaw_error_hint(err), "the same command goes on where it stopped");
    assert_false(wlaw_path_exists(path));
    interrupted++;
  }
  assert_true(interrupted > 0 && made < 10.0); /* of the 10 tiles some were there */
  const char *const pairs[] = {"output", whole, "samples", size, "depth", depth, "dtype", "f32", NULL};
  wlaw_result *result = NULL;
  check_ok(call_verb(&result, &wlaw_command_kernel, &input, 1, pairs, err));
  assert_true(number_at(result, "tiles_made") == 10.0);
  wlaw_result_free(result);
  check_ok(wlaw_input_whole(&bytes[0], &n[0], path, 1 << 25, err));
  check_ok(wlaw_input_whole(&bytes[1], &n[1], whole, 1 << 25, err));
  assert_true(n[0] == n[1] && memcmp(bytes[0], bytes[1], n[0]) == 0);
  free(bytes[0]);
  free(bytes[1]);
  wlaw_error_free(err);
}

/* ---- the file itself */

static wlaw_status open_file(matrix_file *file, size_t *steps, const char *path, int what, bool force,
                             wlaw_error *err) {
  return wlaw_matrix_file_open(file, steps, path, WLAW_F64, 2, 3, json_pack("{s:i}", "what", what), force, err);
}

static void a_journal_is_believed_only_with_its_file(void **state) {
  (void)state;
  static const double block[6] = {1, 2, 3, 4, 5, 6};
  char path[4096], partial[4200], journal[4200];
  double got[6];
  matrix_file file, other;
  size_t steps = 9;
  wlaw_error *err = wlaw_error_new();
  snprintf(path, sizeof path, "%s", test_scratch("matrix.npy"));
  snprintf(partial, sizeof partial, "%s.partial", path);
  snprintf(journal, sizeof journal, "%s.journal", path);
  check_ok(open_file(&file, &steps, path, 1, false, err));
  assert_int_equal(steps, 0);
  check_ok(wlaw_matrix_file_put(&file, 0, 0, 1, 3, block, 3, NULL, err));
  check_ok(wlaw_matrix_file_save(&file, 1, err));
  check_status(open_file(&other, &steps, path, 1, false, err), WLAW_EXISTS); /* at work */
  assert_non_null(strstr(wlaw_error_message(err), "another process"));
  wlaw_matrix_file_close(&file);
  check_status(open_file(&file, &steps, path, 2, false, err), WLAW_EXISTS);
  assert_non_null(strstr(wlaw_error_message(err), "(what)"));
  check_ok(open_file(&file, &steps, path, 1, false, err));
  assert_int_equal(steps, 1);
  wlaw_matrix_file_close(&file);
  /* a file cut short holds nothing that a journal could speak of */
  assert_int_equal(truncate(partial, 100), 0);
  check_ok(open_file(&file, &steps, path, 1, false, err));
  assert_int_equal(steps, 0);
  check_ok(wlaw_matrix_file_save(&file, 1, err));
  wlaw_matrix_file_close(&file);
  /* neither has one that is lost */
  assert_int_equal(unlink(partial), 0);
  check_ok(open_file(&file, &steps, path, 2, false, err));
  assert_int_equal(steps, 0);
  check_ok(wlaw_matrix_file_save(&file, 1, err));
  wlaw_matrix_file_close(&file);
  write_text(journal, "{\"steps\": 1");
  check_status(open_file(&file, &steps, path, 2, false, err), WLAW_FORMAT);
  write_text(journal, "{\"steps\": -1, \"made_from\": {\"what\": 2}}");
  check_status(open_file(&file, &steps, path, 2, false, err), WLAW_FORMAT);
  check_ok(open_file(&file, &steps, path, 2, true, err));
  assert_int_equal(steps, 0);
  check_ok(wlaw_matrix_file_put(&file, 0, 1, 2, 2, block + 1, 3, NULL, err));
  check_ok(wlaw_matrix_file_put(&file, 0, 0, 2, 1, block, 3, NULL, err));
  check_ok(wlaw_matrix_file_commit(&file, err));
  assert_false(wlaw_path_exists(partial) || wlaw_path_exists(journal));
  read_all(got, path, 6);
  assert_memory_equal(got, block, sizeof got);
  check_status(open_file(&file, &steps, path, 2, false, err), WLAW_EXISTS);
  assert_false(wlaw_path_exists(partial));
  /* sizes that no file has */
  check_status(wlaw_matrix_file_open(&file, &steps, test_scratch("vast.npy"), WLAW_F64, SIZE_MAX / 2, 3, json_object(),
                                     false, err),
               WLAW_LIMIT);
  check_status(wlaw_matrix_file_open(&file, &steps, test_scratch("vast.npy"), WLAW_F64, (size_t)1 << 30,
                                     (size_t)1 << 26, json_object(), false, err),
               WLAW_IO);
  snprintf(partial, sizeof partial, "%s.partial", test_scratch("vast.npy"));
  assert_false(wlaw_path_exists(partial));
  wlaw_error_free(err);
}

typedef struct small_case {
  const char *input;
  char output[4096];
} small_case;

static wlaw_status small_kernel(void *context, wlaw_error *err) {
  const small_case *c = context;
  wlaw_options *options = NULL;
  wlaw_result *result = NULL;
  wlaw_status status = wlaw_options_make(&options, &wlaw_command_kernel, err);
  const char *const pairs[] = {"output", c->output, "force", "true", "threads", "1", "samples", "10", NULL};
  for (const char *const *pair = pairs; *pair && status == WLAW_OK; pair += 2)
    status = wlaw_options_set(options, pair[0], pair[1], err);
  if (status == WLAW_OK) status = wlaw_kernel(&result, &c->input, 1, options, NULL, NULL, err);
  wlaw_result_free(result);
  wlaw_options_free(options);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  small_case c = {.input = write_inputs("many.npy", MANY, 0)};
  snprintf(c.output, sizeof c.output, "%s", test_scratch("small.npy"));
  alloc_fail_each(small_kernel, &c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_file_is_the_matrix),    cmocka_unit_test(twins_are_listed),
      cmocka_unit_test(interruptions_do_not_show), cmocka_unit_test(a_journal_is_believed_only_with_its_file),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
