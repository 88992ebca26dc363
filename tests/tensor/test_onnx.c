/* ONNX initialisers: every way to store numbers, external data, faults, and real models. */
#include "support/test.h"

#include "tensor/byte_file.h"
#include "tensor/make_files.h"
#include "tensor/tensor.h"

enum {
  FLOAT = 1,
  UINT8 = 2,
  INT8 = 3,
  INT64 = 7,
  STRING = 8,
  BOOL = 9,
  HALF = 10,
  DOUBLE = 11,
  UINT32 = 12,
  BF16 = 16,
  E4M3 = 17
};

static void put_model(const char *path, const byte_file *graph) {
  byte_file model;
  onnx_model(&model, graph);
  put_file(path, model.bytes, model.n);
}

/* A graph of this one initialiser. */
static void put_tensor(const char *path, const byte_file *tensor) {
  byte_file graph = {.n = 0};
  field_bytes(&graph, 5, tensor->bytes, tensor->n);
  put_model(path, &graph);
}

typedef struct expectation {
  const char *name;
  wlaw_dtype dtype;
  bool plain, concurrent;
  double values[2];
} expectation;

/* Puts tensors of shape [2] together, in each of the ways the format has. */
static size_t make_every_way(byte_file *graph, const expectation **want) {
  static const expectation expected[] = {
      {"raw", WLAW_F32, true, false, {1.5, -2}},        {"packed", WLAW_F32, true, false, {1.5, -2}},
      {"one by one", WLAW_F32, false, true, {1.5, -2}}, {"pieces", WLAW_F32, false, true, {1.5, -2}},
      {"doubles", WLAW_F64, true, false, {0.1, 3}},     {"half", WLAW_F16, false, true, {1, -2}},
      {"bf16", WLAW_BF16, false, true, {1, -2}},        {"int8", WLAW_I8, false, true, {-1, 100}},
      {"bool", WLAW_BOOL, false, true, {1, 0}},         {"int64", WLAW_I64, false, true, {-3, 1e12}},
      {"uint32", WLAW_U32, false, true, {7, 4e9}},      {"f8", WLAW_F32, false, true, {448, -0x1p-9}},
  };
  static const float two[2] = {1.5f, -2};
  static const double reals[2] = {0.1, 3};
  const uint64_t shape[] = {2};
  byte_file t, numbers;
  *want = expected;
#define START(name, type) onnx_start(&t, name, type, 1, shape), numbers.n = 0
#define END()             field_bytes(graph, 5, t.bytes, t.n)
  START("raw", FLOAT), field_bytes(&t, 9, two, sizeof two), END();
  START("packed", FLOAT), field_bytes(&t, 4, two, sizeof two), END();
  START("one by one", FLOAT);
  for (int k = 0; k < 2; k++) add_varint(&t, 4 << 3 | 5), add_bytes(&t, &two[k], 4);
  END();
  START("pieces", FLOAT), field_bytes(&t, 4, two, 4), field_text(&t, 12, "between"), field_bytes(&t, 4, two + 1, 4),
      END();
  START("doubles", DOUBLE), field_bytes(&t, 10, reals, sizeof reals), END();
  START("half", HALF), add_varint(&numbers, 0x3C00), add_varint(&numbers, 0xC000);
  field_bytes(&t, 5, numbers.bytes, numbers.n), END();
  START("bf16", BF16), field_varint(&t, 5, 0x3F80), field_varint(&t, 5, 0xC000), END();
  START("int8", INT8), add_varint(&numbers, UINT64_MAX), add_varint(&numbers, 100);
  field_bytes(&t, 5, numbers.bytes, numbers.n), END();
  START("bool", BOOL), field_varint(&t, 5, 1), field_varint(&t, 5, 0), END();
  START("int64", INT64), add_varint(&numbers, (uint64_t)-3), add_varint(&numbers, 1000000000000);
  field_bytes(&t, 7, numbers.bytes, numbers.n), END();
  START("uint32", UINT32), field_varint(&t, 11, 7), field_varint(&t, 11, 4000000000u), END();
  START("f8", E4M3), field_bytes(&t, 9, "\x7E\x81", 2), END();
#undef START
#undef END
  return sizeof expected / sizeof *expected;
}

static void every_way(void **state) {
  (void)state;
  byte_file graph = {.n = 0};
  const expectation *want;
  field_text(&graph, 2, "the graph's name");
  const size_t n = make_every_way(&graph, &want);
  const char *path = test_scratch("every.onnx");
  put_model(path, &graph);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_string_equal(wlaw_tensors_format(tensors), "onnx");
  assert_int_equal(wlaw_tensors_count(tensors), n);
  for (size_t i = 0; i < n; i++) {
    const tensor_info *info = &tensors->info[i];
    double values[2];
    check_ok(wlaw_tensors_read(tensors, i, 0, 2, values, err));
    if (strcmp(info->name, want[i].name) != 0 || info->dtype != want[i].dtype || info->plain != want[i].plain ||
        info->concurrent != want[i].concurrent || info->rank != 1 || info->shape[0] != 2)
      fail_msg("'%s' is not as '%s' should be", info->name, want[i].name);
    check_near(values[0], want[i].values[0], 0);
    check_near(values[1], want[i].values[1], 0);
    check_ok(wlaw_tensors_read(tensors, i, 1, 1, values, err));
    check_near(values[0], want[i].values[1], 0);
  }
  assert_string_equal(wlaw_tensors_encoding(tensors, n - 1), "f8_e4m3");
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

static void shapes_and_notes(void **state) {
  (void)state;
  byte_file graph = {.n = 0}, t, sparse = {.n = 0};
  onnx_start(&t, "scalar", FLOAT, 0, NULL);
  field_bytes(&t, 9, "\0\0\x80\x3F", 4);
  field_bytes(&graph, 5, t.bytes, t.n);
  onnx_start(&t, "none", FLOAT, 2, (const uint64_t[]){3, 0});
  field_bytes(&graph, 5, t.bytes, t.n);
  onnx_start(&t, "packed sizes", UINT8, 0, NULL);
  field_bytes(&t, 1, "\x01\x02\x03", 3);
  field_bytes(&t, 9, "abcdef", 6);
  field_bytes(&graph, 5, t.bytes, t.n);
  onnx_start(&t, "texts", STRING, 1, (const uint64_t[]){1});
  field_text(&t, 6, "x");
  field_bytes(&graph, 5, t.bytes, t.n);
  onnx_start(&t, "values", FLOAT, 1, (const uint64_t[]){1});
  field_bytes(&t, 9, "\0\0\x80\x3F", 4);
  field_bytes(&sparse, 1, t.bytes, t.n);
  field_bytes(&graph, 15, sparse.bytes, sparse.n);
  const char *path = test_scratch("notes.onnx");
  put_model(path, &graph);
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_int_equal(wlaw_tensors_count(tensors), 5);
  double value;
  check_ok(wlaw_tensors_read(tensors, 0, 0, 1, &value, err));
  check_near(value, 1, 0);
  assert_int_equal(tensors->info[1].count, 0);
  assert_memory_equal(wlaw_tensors_shape(tensors, 2), ((const uint64_t[]){1, 2, 3}), 3 * sizeof(uint64_t));
  assert_non_null(strstr(wlaw_tensors_note(tensors, 3), "string"));
  assert_non_null(strstr(wlaw_tensors_note(tensors, 4), "sparse"));
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

/* An external float [2] with these properties. */
static void put_external(const char *path, const char *location, const char *offset, const char *length) {
  byte_file t;
  onnx_start(&t, "outside", FLOAT, 1, (const uint64_t[]){2});
  if (location) onnx_external(&t, "location", location);
  if (offset) onnx_external(&t, "offset", offset);
  if (length) onnx_external(&t, "length", length);
  onnx_external(&t, "checksum", "0");
  field_varint(&t, 14, 1);
  put_tensor(path, &t);
}

static void external_data(void **state) {
  (void)state;
  static const float numbers[] = {0, 0, 1.5f, -2};
  put_file(test_scratch("outside.bin"), numbers, sizeof numbers);
  char path[4096];
  snprintf(path, sizeof path, "%s", test_scratch("outside.onnx"));
  put_external(path, "outside.bin", "8", "8");
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  check_ok(wlaw_tensors_open(&tensors, path, err));
  assert_true(!tensors->info[0].plain && tensors->info[0].concurrent);
  double values[2];
  check_ok(wlaw_tensors_read(tensors, 0, 0, 2, values, err));
  check_near(values[0], 1.5, 0);
  check_near(values[1], -2, 0);
  wlaw_tensors_close(tensors);
  static const struct {
    const char *location, *offset, *length;
    wlaw_status want;
    const char *says;
  } cases[] = {
      {"outside.bin", NULL, NULL, WLAW_OK, ""},
      {"./outside.bin", NULL, NULL, WLAW_OK, ""},
      {NULL, NULL, NULL, WLAW_FORMAT, "file ''"},
      {"", NULL, NULL, WLAW_FORMAT, "file ''"},
      {"/etc/passwd", NULL, NULL, WLAW_FORMAT, "no path below"},
      {"../outside.bin", NULL, NULL, WLAW_FORMAT, "no path below"},
      {"a/../outside.bin", NULL, NULL, WLAW_FORMAT, "no path below"},
      {"a/..", NULL, NULL, WLAW_FORMAT, "no path below"},
      {"is not there", NULL, NULL, WLAW_IO, "is not there"},
      {".", NULL, NULL, WLAW_IO, "folder"},
      {"outside.bin", "12", "8", WLAW_FORMAT, "8 bytes from 12 on are not all in 'outside.bin', which has 16"},
      {"outside.bin", "18446744073709551612", "8", WLAW_FORMAT, "not all in"},
      {"outside.bin", "-1", "8", WLAW_FORMAT, "not both numbers"},
      {"outside.bin", "0", "9", WLAW_FORMAT, "asks for 8 bytes, 9 are stated"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    put_external(path, cases[k].location, cases[k].offset, cases[k].length);
    const wlaw_status got = wlaw_tensors_open(&tensors, path, err);
    if (got != cases[k].want || (got != WLAW_OK && !strstr(wlaw_error_message(err), cases[k].says)))
      fail_msg("case %zu: %s '%s'", k, wlaw_status_name(got), wlaw_error_message(err));
    if (got == WLAW_OK) wlaw_tensors_close(tensors);
  }
  wlaw_error_free(err);
}

static void check_refused(const char *path, wlaw_status want, const char *says) {
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  const wlaw_status got = wlaw_tensors_open(&tensors, path, err);
  if (got != want || !strstr(wlaw_error_message(err), says))
    fail_msg("%s '%s', expected %s with '%s'", wlaw_status_name(got), wlaw_error_message(err), wlaw_status_name(want),
             says);
  wlaw_error_free(err);
}

/* A tensor [n] whose data are the field, stored as raw bytes behind the description. */
static void check_data(unsigned type, uint64_t n, unsigned field, const char *bytes, size_t n_bytes, wlaw_status want,
                       const char *says) {
  const char *path = test_scratch("fault.onnx");
  byte_file t;
  onnx_start(&t, "w", type, 1, &n);
  if (field) field_bytes(&t, field, bytes, n_bytes);
  put_tensor(path, &t);
  check_refused(path, want, says);
}

static void faults(void **state) {
  (void)state;
  static const char zeros[32];
  check_data(FLOAT, 2, 0, NULL, 0, WLAW_FORMAT, "no data");
  check_data(FLOAT, 2, 9, zeros, 7, WLAW_FORMAT, "asks for 8 bytes, 7 are there");
  check_data(FLOAT, 2, 4, zeros, 12, WLAW_FORMAT, "asks for 8 bytes, 12 are there");
  check_data(FLOAT, 2, 5, zeros, 2, WLAW_FORMAT, "stand in field 5, not 4");
  check_data(INT8, 3, 5, zeros, 2, WLAW_FORMAT, "asks for 3 numbers, 2 are there");
  check_data(INT8, 1, 5, zeros, 2, WLAW_FORMAT, "asks for 1 numbers, 2 are there");
  check_data(INT8, 1000000000, 5, zeros, 2, WLAW_FORMAT, "the message has");
  check_data(INT8, 2, 5, "\x01\xFF", 2, WLAW_FORMAT, "does not end");
  check_data(INT8, 1, 5, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10, WLAW_FORMAT, "more than 64 bits");
  check_data(E4M3, 2, 9, zeros, 3, WLAW_FORMAT, "asks for 2 bytes, 3 are there");
  check_data(DOUBLE, UINT64_C(1) << 60, 9, zeros, 8, WLAW_LIMIT, "2^63");
  check_data(FLOAT, UINT64_MAX, 9, zeros, 8, WLAW_FORMAT, "negative");
  check_data(0, 2, 9, zeros, 8, WLAW_FORMAT, "data type 0");
  check_data(99, 2, 9, zeros, 8, WLAW_FORMAT, "data type 99");

  const char *path = test_scratch("fault.onnx");
  byte_file t, graph = {.n = 0}, model;
  onnx_start(&t, "w", FLOAT, 1, (const uint64_t[]){1});
  field_bytes(&t, 9, zeros, 4);
  field_bytes(&t, 4, zeros, 4);
  put_tensor(path, &t);
  check_refused(path, WLAW_FORMAT, "data in two fields");
  onnx_start(&t, "w", FLOAT, 1, (const uint64_t[]){1});
  field_bytes(&t, 9, zeros, 4);
  field_bytes(&t, 9, zeros, 4);
  put_tensor(path, &t);
  check_refused(path, WLAW_FORMAT, "twice");
  onnx_start(&t, "w", FLOAT, 1, (const uint64_t[]){1});
  field_text(&t, 8, "another name");
  put_tensor(path, &t);
  check_refused(path, WLAW_FORMAT, "twice");
  onnx_start(&t, "w", FLOAT, 0, NULL);
  for (int k = 0; k < 33; k++) field_varint(&t, 1, 1);
  put_tensor(path, &t);
  check_refused(path, WLAW_LIMIT, "32 dimensions");
  onnx_start(&t, "w", FLOAT, 0, NULL);
  add_varint(&t, 77 << 3 | 3); /* a group */
  put_tensor(path, &t);
  check_refused(path, WLAW_FORMAT, "wire type");
  onnx_start(&t, "w", FLOAT, 1, (const uint64_t[]){1});
  field_bytes(&t, 9, zeros, 4);
  field_bytes(&graph, 5, t.bytes, t.n);
  field_bytes(&graph, 5, t.bytes, t.n);
  put_model(path, &graph);
  check_refused(path, WLAW_FORMAT, "stands twice");
  onnx_model(&model, &(byte_file){.n = 0});
  field_bytes(&model, 7, zeros, 0);
  put_file(path, model.bytes, model.n);
  check_refused(path, WLAW_FORMAT, "two graphs");
  put_file(path, "\x08\x07", 2);
  check_refused(path, WLAW_FORMAT, "no graph");
  put_file(path, "\x3A\x00", 2);
  check_refused(path, WLAW_FORMAT, "no ir_version");
  put_file(path, "hello, world", 12);
  check_refused(path, WLAW_FORMAT, "byte ");
}

static void cut_anywhere(void **state) {
  (void)state;
  byte_file graph = {.n = 0}, model;
  const expectation *want;
  make_every_way(&graph, &want);
  onnx_model(&model, &graph);
  const char *path = test_scratch("cut.onnx");
  for (size_t n = 1; n < model.n; n++) {
    put_file(path, model.bytes, n);
    check_refused(path, WLAW_FORMAT, "");
  }
}

/* 45 networks of one architecture, and one whose sizes are in its name. */
static void real_models(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_tensors *tensors;
  static double values[200 * 784];
  for (int a = 1; a <= 5; a++)
    for (int b = 1; b <= 9; b++) {
      char name[100];
      snprintf(name, sizeof name, "checkpoints/acasxu45/ACASXU_run2a_%d_%d_batch_2000.onnx", a, b);
      check_ok(wlaw_tensors_open(&tensors, test_data(name), err));
      size_t i;
      check_ok(wlaw_tensors_find(&i, tensors, "Operation_6_MatMul_W", err));
      assert_memory_equal(wlaw_tensors_shape(tensors, i), ((const uint64_t[]){50, 50}), 2 * sizeof(uint64_t));
      check_ok(wlaw_tensors_read(tensors, i, 0, 2500, values, err));
      for (int k = 0; k < 2500; k++) assert_true(isfinite(values[k]) && fabs(values[k]) < 1000);
      wlaw_tensors_close(tensors);
    }
  check_ok(wlaw_tensors_open(&tensors, test_data("checkpoints/eran_mnist/mnist_relu_9_200.onnx"), err));
  uint64_t weights = 0;
  for (size_t i = 0; i < wlaw_tensors_count(tensors); i++) {
    check_ok(wlaw_tensors_read(tensors, i, 0, (size_t)tensors->info[i].count, values, err));
    weights += tensors->info[i].count;
  }
  assert_true(weights == 784 * 200 + 200 + 7 * (200 * 200 + 200) + 200 * 10 + 10);
  wlaw_tensors_close(tensors);
  wlaw_error_free(err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_way), cmocka_unit_test(shapes_and_notes), cmocka_unit_test(external_data),
      cmocka_unit_test(faults),    cmocka_unit_test(cut_anywhere),     cmocka_unit_test(real_models),
  };
  return cmocka_run_group_tests_name("tensor.onnx", tests, NULL, NULL);
}
